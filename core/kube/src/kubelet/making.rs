//! A container as Docker is asked to make it.

use sorted::SortedMap;

use daemon::api;
use serde_json::Value;

use super::container::{COUNT_LABEL, NAME_LABEL, Phase, Step, UID_LABEL};
use super::environment::{self, Missing};
use super::{Kubelet, POD_NETWORK, Purpose, Touch, termination, volumes};
use crate::json::{at, flag, items, put, text};

/// A setting of a container, or else of its pod.
fn security<'a>(pod: &'a Value, spec: &'a Value, field: &str) -> &'a Value {
    let own = &spec["securityContext"][field];
    if own.is_null() { &pod["spec"]["securityContext"][field] } else { own }
}

/// Why a container that must not be root's may be (kubelet: `verifyRunAsNonRoot`).
fn breaks_policy(pod: &Value, spec: &Value, image_user: &str) -> Option<String> {
    let user = image_user.split(':').next().unwrap_or_default();
    let why = match (security(pod, spec, "runAsUser").as_u64(), user) {
        (Some(0), _) => "container's runAsUser breaks non-root policy".to_owned(),
        (Some(_), _) => return None,
        (None, "" | "0") => "container has runAsNonRoot and image will run as root".to_owned(),
        (None, user) if user.parse::<u32>().is_err() => format!(
            "container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root"
        ),
        (None, _) => return None,
    };
    let (name, home, uid) =
        (crate::json::name(pod), crate::json::namespace(pod), crate::json::uid(pod));
    Some(format!("{why} (pod: \"{name}_{home}({uid})\", container: {})", text(spec, "name")))
}

impl Kubelet {
    /// The image is there: the container is made, if its user is one that it may have.
    pub(super) fn make(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, spec: &Value) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        if security(&run.pod, spec, "runAsNonRoot") != true {
            return self.make_container(touch, uid, place, spec);
        }
        run.containers[place].phase = Phase::Making;
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::User);
        let image = text(spec, "image").to_owned();
        self.runtime(touch, purpose, api::Request::InspectImage { image });
    }

    /// The image's user is known.
    pub(super) fn make_as(
        &mut self,
        touch: &mut Touch<'_>,
        (uid, place): (&str, usize),
        spec: &Value,
        image_user: &str,
    ) {
        let pod = self.pods.get(uid).map(|run| run.pod.clone()).unwrap_or_default();
        let Some(why) = breaks_policy(&pod, spec, image_user) else {
            return self.make_container(touch, uid, place, spec);
        };
        let told = format!("Error: {why}");
        self.fail(touch, uid, place, "CreateContainerConfigError", &why, &told);
    }

    fn make_container(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, spec: &Value) {
        self.give_address(uid);
        let Some(run) = self.pods.get(uid) else { return };
        let mut pod = (*run.pod).clone();
        put(&mut pod, "status/podIP", run.ip.clone());
        put(&mut pod, "status/podIPs", serde_json::json!([{ "ip": run.ip }]));
        put(&mut pod, "status/hostIP", self.address.clone());
        let variables = match environment::environment(&pod, spec, &self.cache) {
            Ok(variables) => variables,
            Err(missing) => {
                let why = match missing {
                    Missing::Wait => "timed out waiting for the condition".to_owned(),
                    Missing::What(why) => why,
                };
                let told = format!("Error: {why}");
                return self.fail(touch, uid, place, "CreateContainerConfigError", &why, &told);
            }
        };
        let mut binds = Vec::new();
        for (number, mount) in items(spec, "volumeMounts").iter().enumerate() {
            let Some(mounted) = run.volumes.get(text(mount, "name")) else { continue };
            let part = match text(mount, "subPathExpr") {
                "" => text(mount, "subPath").to_owned(),
                part => environment::expand(part, &variables),
            };
            let place = (text(mount, "name"), part.as_str(), number);
            let source = volumes::source_of(touch.machine, touch.now, uid, mounted, place);
            // Whatever shows a secret is read-only (since 1.9.6).
            let is_fixed = source.contains("/kubernetes.io~secret/")
                || source.contains("/kubernetes.io~projected/")
                || source.contains("/kubernetes.io~downward-api/")
                || source.contains("/kubernetes.io~configmap/");
            let mode = if flag(mount, "readOnly") || is_fixed { ":ro" } else { "" };
            let target = text(mount, "mountPath").trim_end_matches('/');
            binds.push(format!("{source}:{target}{mode}"));
        }
        let start = run.containers[place].restart_count;
        let own = (uid, text(spec, "name"));
        let said = termination::prepare(touch.machine, touch.now, own, start);
        let target = text(spec, "terminationMessagePath");
        binds.extend(said.filter(|_| !target.is_empty()).map(|file| format!("{file}:{target}")));
        let create = self.create_request(uid, place, spec, &pod, &variables, binds);
        let Some(one) = self.container(uid, place) else { return };
        one.phase = Phase::Making;
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Make);
        self.runtime(touch, purpose, api::Request::CreateContainer(Box::new(create)));
    }

    pub(super) fn create_request(
        &self,
        uid: &str,
        place: usize,
        spec: &Value,
        pod: &Value,
        variables: &[(String, String)],
        binds: Vec<String>,
    ) -> api::CreateContainer {
        let run = self.pods.get(uid);
        let count = run.map_or(0, |run| run.containers[place].restart_count);
        let (home, pod_name) = (crate::json::namespace(pod), crate::json::name(pod));
        let name = text(spec, "name");
        let words = |field: &str| -> Vec<String> {
            let all = items(spec, field).iter().filter_map(Value::as_str);
            all.map(|word| environment::expand(word, variables)).collect()
        };
        let labels: SortedMap<String, String> = [
            (UID_LABEL, uid.to_owned()),
            (NAME_LABEL, name.to_owned()),
            ("io.kubernetes.pod.name", pod_name.to_owned()),
            ("io.kubernetes.pod.namespace", home.to_owned()),
            (COUNT_LABEL, count.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        // One address for the pod: the others share the first one's network.
        let first =
            run.and_then(|run| run.containers.iter().find(|one| one.phase == Phase::Running));
        let network_mode = match (flag(pod, "spec/hostNetwork"), first) {
            (true, _) => "host".to_owned(),
            (false, Some(first)) => format!("container:{}", first.docker_id),
            (false, None) => POD_NETWORK.to_owned(),
        };
        let is_own = network_mode == POD_NETWORK;
        let endpoint = || api::Endpoint {
            network: POD_NETWORK.to_owned(),
            address: run.map(|run| run.ip.clone()).unwrap_or_default(),
            aliases: Vec::new(),
        };
        let hosts = items(pod, "spec/hostAliases").iter().flat_map(|alias| {
            let names = items(alias, "hostnames").iter().filter_map(Value::as_str);
            names.map(|name| format!("{name}:{}", text(alias, "ip")))
        });
        let of_pod = at(pod, "spec/securityContext");
        let groups = items(of_pod, "supplementalGroups").iter().chain(of_pod.get("fsGroup"));
        let mut groups: Vec<u64> = groups.filter_map(Value::as_u64).collect();
        groups.sort_unstable();
        let hostname = match text(pod, "spec/hostname") {
            "" => pod_name,
            hostname => hostname,
        };
        let user = |field: &str| security(pod, spec, field).as_u64();
        let user = match (user("runAsUser"), user("runAsGroup")) {
            (Some(user), Some(group)) => format!("{user}:{group}"),
            (Some(user), None) => user.to_string(),
            _ => String::new(),
        };
        let entrypoint = words("command");
        api::CreateContainer {
            name: Some(format!("k8s_{name}_{pod_name}_{home}_{uid}_{count}")),
            config: api::ContainerConfig {
                hostname: if is_own { hostname.to_owned() } else { String::new() },
                user,
                tty: flag(spec, "tty"),
                open_stdin: flag(spec, "stdin"),
                env: variables.iter().map(|(name, value)| format!("{name}={value}")).collect(),
                cmd: words("args"),
                entrypoint: Some(entrypoint).filter(|words| !words.is_empty()),
                image: text(spec, "image").to_owned(),
                working_dir: text(spec, "workingDir").to_owned(),
                labels,
                ..api::ContainerConfig::default()
            },
            host: api::HostConfig {
                binds,
                networks: is_own.then(endpoint).into_iter().collect(),
                network_mode,
                extra_hosts: hosts.collect(),
                groups: groups.iter().map(u64::to_string).collect(),
                read_only: flag(spec, "securityContext/readOnlyRootFilesystem"),
                ..api::HostConfig::default()
            },
        }
    }
}
