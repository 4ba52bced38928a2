//! One container of a pod: its image, its creation, start and end, and whether it starts again.

use sorted::SortedMap;

use daemon::api::{self, ContainerStatus};
use daemon::client::Reply;
use os::TerminalId;
use serde_json::{Value, json};
use sim::{Duration, Time};

use super::environment::{self, Missing};
use super::pods::PodRun;
use super::serve::{Written, stdio_of};
use super::{Kubelet, POD_NETWORK, Purpose, Touch, termination, volumes};
use crate::json::{at, flag, items, text};

/// Which pod a container belongs to (dockershim's labels).
pub(super) const UID_LABEL: &str = "io.kubernetes.pod.uid";
const NAME_LABEL: &str = "io.kubernetes.container.name";
const COUNT_LABEL: &str = "annotation.io.kubernetes.container.restartCount";

/// kubelet: `backOffPeriod`; also what a pull waits for the first time, and a container that has ended.
const BACK_OFF: Duration = Duration::from_secs(10);
/// kubelet: `MaxContainerBackOff`.
const BACK_OFF_MAX: Duration = Duration::from_secs(300);
/// A failed pull shows as such for so long, then as waiting for the next.
const PULL_FAILED: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);

/// How far a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is to be started.
    Waiting,
    /// Its image is looked for.
    Looking,
    /// Its image is on the way.
    Pulling(String),
    /// It cannot be started; again at this time.
    Failed(Time),
    /// It is being made.
    Making,
    /// It is being started.
    Starting,
    Running,
    Ended,
    /// It has ended and starts again at this time.
    BackOff(Time),
    /// It is not to be started any more.
    Dropped,
}

impl Phase {
    /// It has been started once.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self, Self::Running | Self::Ended | Self::BackOff(_) | Self::Dropped)
    }

    /// Docker has something to stop.
    pub(super) const fn is_alive(&self) -> bool {
        matches!(self, Self::Running | Self::Starting | Self::Making)
    }
}

/// What Docker was asked.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Image,
    Pull,
    Poll,
    Make,
    Start,
    Exit(String),
}

/// A container.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) is_init: bool,
    pub(super) phase: Phase,
    /// Why it waits: reason and message.
    pub(super) why: (String, String),
    pub(super) docker_id: String,
    pub(super) image_id: String,
    pub(super) restart_count: u32,
    pub(super) started: Option<Time>,
    /// How it ended: the `terminated` state.
    pub(super) ended: Option<Value>,
    /// How it ended the time before.
    pub(super) last: Option<Value>,
    /// What the next end waits for.
    back_off: Option<Duration>,
    pull_back_off: Duration,
    pull_again: Option<Time>,
    pull_began: Time,
    /// It was asked to end.
    is_stopping: bool,
    /// The image it was made of: with another one in the pod it is made anew, whatever the restart policy says.
    image: String,
    is_changed: bool,
    /// Its open standard input and what it writes, for whoever attaches.
    pub(super) terminal: Option<(TerminalId, [Written; 2])>,
    /// Dead containers that are kept for their logs.
    old_ids: Vec<String>,
}

impl Container {
    pub(super) fn new(name: &str, is_init: bool) -> Self {
        Self {
            name: name.to_owned(),
            is_init,
            phase: Phase::Waiting,
            why: Default::default(),
            docker_id: String::new(),
            image_id: String::new(),
            restart_count: 0,
            started: None,
            ended: None,
            last: None,
            back_off: None,
            pull_back_off: BACK_OFF,
            pull_again: None,
            pull_began: Time::EPOCH,
            is_stopping: false,
            image: String::new(),
            is_changed: false,
            terminal: None,
            old_ids: Vec::new(),
        }
    }

    /// Takes up what an earlier kubelet has started; true if there is something to inspect.
    pub(super) fn adopt(&mut self, found: &[api::ContainerSummary]) -> bool {
        let count = |one: &api::ContainerSummary| {
            one.labels.get(COUNT_LABEL).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0)
        };
        let mut own: Vec<_> =
            found.iter().filter(|one| one.labels.get(NAME_LABEL) == Some(&self.name)).collect();
        own.sort_by_key(|one| count(one));
        let Some(newest) = own.pop() else { return false };
        self.docker_id.clone_from(&newest.id);
        self.restart_count = count(newest);
        self.old_ids = own.into_iter().map(|one| one.id.clone()).collect();
        self.phase = Phase::Starting;
        true
    }

    /// Opens its standard input for whoever attaches, if the pod says so.
    fn open(&mut self, touch: &mut Touch<'_>, spec: &Value) -> Option<api::Stdio> {
        if !flag(spec, "stdin") {
            return None;
        }
        let terminal = touch.machine.add_remote_terminal("");
        let written: [Written; 2] = Default::default();
        let stdio = stdio_of(terminal, flag(spec, "tty"), None, true, &written);
        self.terminal = Some((terminal, written));
        Some(stdio)
    }

    /// The exit code, once it has ended.
    pub(super) fn exit_code(&self) -> Option<i64> {
        self.ended.as_ref().and_then(|ended| ended["exitCode"].as_i64())
    }

    /// The container of the last start, or of the one before.
    pub(super) fn id_for_logs(&self, previous: bool) -> Option<&str> {
        if previous {
            return self.old_ids.last().map(String::as_str);
        }
        match self.docker_id.as_str() {
            "" => self.old_ids.last().map(String::as_str),
            id => Some(id),
        }
    }
}

impl PodRun {
    pub(super) fn policy(&self) -> &str {
        text(&self.pod, "spec/restartPolicy")
    }

    fn starts_again(&self, container: &Container) -> bool {
        match (self.policy(), container.exit_code()) {
            _ if container.is_changed => true,
            ("Never", _) => false,
            ("OnFailure", code) => code != Some(0),
            (_, code) => !container.is_init || code != Some(0),
        }
    }

    /// Nothing of it will ever run again.
    pub(super) fn is_done(&self) -> bool {
        let init_failed = self.policy() == "Never"
            && self
                .containers
                .iter()
                .any(|one| one.is_init && one.phase == Phase::Ended && one.exit_code() != Some(0));
        init_failed
            || self
                .containers
                .iter()
                .all(|one| one.phase == Phase::Ended && !self.starts_again(one))
    }
}

impl Kubelet {
    fn container(&mut self, uid: &str, place: usize) -> Option<&mut Container> {
        self.pods.get_mut(uid)?.containers.get_mut(place)
    }

    /// What the pod says of a container.
    fn spec(&self, uid: &str, place: usize) -> Option<Value> {
        let run = self.pods.get(uid)?;
        let all =
            items(&run.pod, "spec/initContainers").iter().chain(items(&run.pod, "spec/containers"));
        all.into_iter().nth(place).cloned()
    }

    /// Starts what is to be started.
    pub(super) fn run_containers(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let Some(run) = self.pods.get(uid) else { return };
        for place in 0..run.containers.len() {
            let Some(run) = self.pods.get(uid) else { return };
            let one = &run.containers[place];
            let is_init_open = one.is_init && one.exit_code() != Some(0);
            self.run_container(touch, uid, place);
            if is_init_open {
                // The others wait for it.
                return;
            }
        }
    }

    fn run_container(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let again = run.starts_again(&run.containers[place]);
        let now = touch.now;
        let all =
            items(&run.pod, "spec/initContainers").iter().chain(items(&run.pod, "spec/containers"));
        let wanted = all.into_iter().nth(place).map_or("", |spec| text(spec, "image"));
        let one = &run.containers[place];
        let differs = !one.image.is_empty() && one.image != wanted && !one.is_stopping;
        match one.phase.clone() {
            Phase::Running if differs => self.change(touch, uid, place),
            Phase::Waiting => self.look_for_image(touch, uid, place),
            Phase::Pulling(pull) => {
                run.wake_at(now + POLL);
                let request = api::Request::PullProgress { pull };
                let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Poll);
                self.runtime(touch, purpose, request);
            }
            Phase::Failed(at) if at <= now => self.try_again(touch, uid, place),
            Phase::Failed(at) => run.wake_at(at),
            Phase::BackOff(at) if at <= now => self.restart(touch, uid, place),
            Phase::BackOff(at) => run.wake_at(at),
            Phase::Ended if again => self.after_end(touch, uid, place),
            _ => {}
        }
    }

    /// Its image is another one by now (kubelet: `computePodActions`).
    fn change(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let pod = run.pod.clone();
        let one = &mut run.containers[place];
        (one.is_stopping, one.is_changed) = (true, true);
        let container = one.docker_id.clone();
        let message = format!("Container {} definition changed, will be restarted", one.name);
        self.tell(touch, &pod, ("Normal", "Killing", &message));
        let grace = at(&pod, "spec/terminationGracePeriodSeconds").as_u64();
        let request = api::Request::StopContainer { container, timeout_secs: grace };
        self.runtime(touch, Purpose::Nothing, request);
    }

    /// A failed start is tried again; a failed pull waits for its turn first.
    fn try_again(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(spec) = self.spec(uid, place) else { return };
        let image = text(&spec, "image").to_owned();
        let Some(one) = self.container(uid, place) else { return };
        match one.pull_again {
            Some(at) if touch.now < at => {
                let message = format!("Back-off pulling image \"{image}\"");
                one.why = ("ImagePullBackOff".into(), message.clone());
                one.phase = Phase::Failed(at);
                if let Some(run) = self.pods.get_mut(uid) {
                    run.wake_at(at);
                    let pod = run.pod.clone();
                    self.tell(touch, &pod, ("Normal", "BackOff", &message));
                    self.tell(touch, &pod, ("Warning", "Failed", "Error: ImagePullBackOff"));
                }
            }
            _ => {
                one.pull_again = None;
                one.phase = Phase::Waiting;
                self.look_for_image(touch, uid, place);
            }
        }
    }

    fn look_for_image(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(spec) = self.spec(uid, place) else { return };
        let image = text(&spec, "image").to_owned();
        if let Some(one) = self.container(uid, place) {
            one.phase = Phase::Looking;
        }
        if text(&spec, "imagePullPolicy") == "Always" {
            return self.pull(touch, uid, place, image);
        }
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Image);
        self.runtime(touch, purpose, api::Request::InspectImage { image });
    }

    fn pull(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, image: String) {
        let now = touch.now;
        if let Some(one) = self.container(uid, place) {
            one.pull_began = now;
        }
        let Some(pod) = self.pods.get(uid).map(|run| run.pod.clone()) else { return };
        self.tell(touch, &pod, ("Normal", "Pulling", &format!("Pulling image \"{image}\"")));
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Pull);
        let request = api::Request::PullImage { reference: image, all_tags: false };
        self.runtime(touch, purpose, request);
    }

    /// It cannot be started: tells why and tries again later.
    fn fail(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        reason: &str,
        message: &str,
        told: &str,
    ) {
        let at = touch.now + BACK_OFF;
        let Some(one) = self.container(uid, place) else { return };
        one.phase = Phase::Failed(at);
        one.why = (reason.to_owned(), message.to_owned());
        if let Some(run) = self.pods.get_mut(uid) {
            run.wake_at(at);
            let pod = run.pod.clone();
            self.tell(touch, &pod, ("Warning", "Failed", told));
        }
    }

    fn pull_failed(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        image: &str,
        why: &str,
    ) {
        let message = format!("rpc error: code = Unknown desc = Error response from daemon: {why}");
        let told = format!("Failed to pull image \"{image}\": {message}");
        self.fail(touch, uid, place, "ErrImagePull", &message, &told);
        let now = touch.now;
        if let Some(one) = self.container(uid, place) {
            one.pull_again = Some(now + one.pull_back_off);
            one.pull_back_off = Duration::from_nanos(
                (one.pull_back_off.as_nanos() * 2).min(BACK_OFF_MAX.as_nanos()),
            );
            one.phase = Phase::Failed(now + PULL_FAILED);
        }
        if let Some(run) = self.pods.get_mut(uid) {
            run.wake_at(now + PULL_FAILED);
            let pod = run.pod.clone();
            self.tell(touch, &pod, ("Warning", "Failed", "Error: ErrImagePull"));
        }
    }

    /// Docker has answered.
    pub(super) fn container_step(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        step: Step,
        reply: Reply,
    ) {
        let Some(spec) = self.spec(uid, place) else { return };
        let image = text(&spec, "image").to_owned();
        let pod = self.pods.get(uid).map(|run| run.pod.clone()).unwrap_or_default();
        let Some(one) = self.container(uid, place) else { return };
        match (step, reply) {
            (Step::Exit(id), Ok(api::Response::Exited { code })) => {
                if one.docker_id == id && one.phase == Phase::Running {
                    self.exited(touch, uid, place, code);
                }
            }
            (Step::Exit(id), Err(_)) => {
                // Docker went away: it is looked at again when it is back.
                if one.docker_id == id && one.phase == Phase::Running {
                    self.exited(touch, uid, place, 255);
                }
            }
            (_, _) if matches!(one.phase, Phase::Dropped) => {}
            (Step::Image, Ok(_)) => {
                let message = format!("Container image \"{image}\" already present on machine");
                self.tell(touch, &pod, ("Normal", "Pulled", &message));
                self.make(touch, uid, place, &spec);
            }
            (Step::Image, Err(error)) if error.is_not_found() => {
                if text(&spec, "imagePullPolicy") == "Never" {
                    let message = format!(
                        "Container image \"{image}\" is not present with pull policy of Never"
                    );
                    let told = "Error: ErrImageNeverPull";
                    self.fail(touch, uid, place, "ErrImageNeverPull", &message, told);
                } else {
                    self.pull(touch, uid, place, image);
                }
            }
            (Step::Pull, Ok(api::Response::Created { id })) => {
                one.phase = Phase::Pulling(id);
                if let Some(run) = self.pods.get_mut(uid) {
                    run.wake_at(touch.now + POLL);
                }
                return;
            }
            (Step::Poll, Ok(api::Response::Pulling { done: false, .. })) => return,
            (Step::Pull | Step::Poll, Ok(_)) => {
                one.pull_back_off = BACK_OFF;
                let took = touch.now.since(one.pull_began).as_millis();
                let took = format!("{}.{:03}s", took / 1_000, took % 1_000);
                let message = format!("Successfully pulled image \"{image}\" in {took}");
                self.tell(touch, &pod, ("Normal", "Pulled", &message));
                self.make(touch, uid, place, &spec);
            }
            (Step::Pull | Step::Poll, Err(error)) => {
                self.pull_failed(touch, uid, place, &image, error.message());
            }
            (Step::Make, Ok(api::Response::ContainerCreated { id, .. })) => {
                one.docker_id.clone_from(&id);
                one.phase = Phase::Starting;
                one.image.clone_from(&image);
                let stdio = one.open(touch, &spec);
                let name = one.name.clone();
                let colon = if 32 <= self.config.minor { ":" } else { "" };
                let message = format!("Created container{colon} {name}");
                self.tell(touch, &pod, ("Normal", "Created", &message));
                let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Start);
                let request = api::Request::StartContainer { container: id, stdio };
                self.runtime(touch, purpose, request);
            }
            (Step::Start, Ok(_)) => self.started(touch, uid, place),
            (Step::Start, Err(error)) if !error.message().is_empty() => {
                let name = one.name.clone();
                let message = error.message().to_owned();
                let told = format!(
                    "Error: failed to start container \"{name}\": Error response from daemon: {message}"
                );
                self.tell(touch, &pod, ("Warning", "Failed", &told));
                let Some(one) = self.container(uid, place) else { return };
                one.phase = Phase::Running;
                self.exited(touch, uid, place, 127);
                if let Some(ended) = self.container(uid, place).and_then(|one| one.ended.as_mut()) {
                    crate::json::put(ended, "reason", "ContainerCannotRun");
                    crate::json::put(ended, "message", message);
                }
            }
            (_, reply) => {
                let message = match &reply {
                    Err(api::Error::Unreachable) => {
                        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the \
                         docker daemon running?"
                            .to_owned()
                    }
                    Err(error) => format!("Error response from daemon: {}", error.message()),
                    Ok(_) => String::new(),
                };
                let told = format!("Error: {message}");
                self.fail(touch, uid, place, "CreateContainerError", &message, &told);
            }
        }
        self.sync(touch, uid);
    }

    fn make(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, spec: &Value) {
        let Some(run) = self.pods.get(uid) else { return };
        let pod = run.pod.clone();
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
            let source = volumes::source_of(touch.machine, touch.now, uid, mounted, mount, number);
            match source {
                Ok(source) => {
                    // Whatever shows a secret is read-only (since 1.9.6).
                    let is_fixed = source.contains("/kubernetes.io~secret/")
                        || source.contains("/kubernetes.io~projected/")
                        || source.contains("/kubernetes.io~configmap/");
                    let mode = if flag(mount, "readOnly") || is_fixed { ":ro" } else { "" };
                    binds.push(format!(
                        "{source}:{}{mode}",
                        text(mount, "mountPath").trim_end_matches('/')
                    ));
                }
                Err(why) => {
                    let told = format!("Error: {why}");
                    return self.fail(touch, uid, place, "CreateContainerConfigError", &why, &told);
                }
            }
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

    fn create_request(
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
        let hostname = match text(pod, "spec/hostname") {
            "" => pod_name,
            hostname => hostname,
        };
        let user = |path: &str| {
            let own = spec["securityContext"][path].as_u64();
            own.or_else(|| pod["spec"]["securityContext"][path].as_u64())
        };
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
                network_mode,
                read_only: flag(spec, "securityContext/readOnlyRootFilesystem"),
                ..api::HostConfig::default()
            },
        }
    }

    fn started(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let wall = touch.wall;
        let Some(one) = self.container(uid, place) else { return };
        one.phase = Phase::Running;
        one.why = Default::default();
        one.started = Some(wall);
        one.ended = None;
        let (name, id) = (one.name.clone(), one.docker_id.clone());
        let Some(run) = self.pods.get(uid) else { return };
        let pod = run.pod.clone();
        self.tell(touch, &pod, ("Normal", "Started", &format!("Started container {name}")));
        touch.note(
            "kube.container",
            format!("container {name} of pod {} has started", crate::json::name(&pod)),
        );
        self.await_exit(touch, uid, place, id);
        self.inspect(touch, uid, place);
    }

    fn await_exit(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, id: String) {
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Exit(id.clone()));
        self.runtime(touch, purpose, api::Request::WaitContainer { container: id, next: false });
    }

    pub(super) fn inspect(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(one) = self.container(uid, place) else { return };
        let container = one.docker_id.clone();
        let purpose = Purpose::Inspected(uid.to_owned(), place);
        self.runtime(touch, purpose, api::Request::InspectContainer { container });
    }

    pub(super) fn inspected(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        reply: Reply,
    ) {
        let Ok(api::Response::Container(details)) = reply else { return };
        let Some(run) = self.pods.get_mut(uid) else { return };
        let Some(one) = run.containers.get_mut(place) else { return };
        one.image_id.clone_from(&details.image_id);
        if let Some(endpoint) = details.networks.iter().find(|one| !one.ip.is_empty()) {
            run.ip.clone_from(&endpoint.ip);
        }
        if one.phase == Phase::Starting {
            // An earlier kubelet has started it.
            one.started = details.state.started_at;
            if details.state.status == ContainerStatus::Running {
                one.phase = Phase::Running;
                let id = one.docker_id.clone();
                self.await_exit(touch, uid, place, id);
            } else {
                one.phase = Phase::Running;
                self.exited(touch, uid, place, details.state.exit_code);
            }
        }
        self.sync(touch, uid);
    }

    fn exited(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, code: i32) {
        let wall = touch.wall;
        let Some(one) = self.container(uid, place) else { return };
        one.phase = Phase::Ended;
        one.terminal = None;
        let attached = one.docker_id.clone();
        let id = format!("docker://{attached}");
        let said = termination::message(touch.machine, (uid, &one.name), one.restart_count);
        one.ended = Some(json!({
            "exitCode": code,
            "reason": if code == 0 { "Completed" } else { "Error" },
            "startedAt": crate::json::time(one.started.unwrap_or(wall)),
            "finishedAt": crate::json::time(wall),
            "containerID": id,
        }));
        if let (Some(said), Some(ended)) = (said, &mut one.ended) {
            crate::json::put(ended, "message", said);
        }
        let name = one.name.clone();
        let pod = self.pods.get(uid).map(|run| crate::json::name(&run.pod).to_owned());
        touch.note(
            "kube.container",
            format!("container {name} of pod {} has ended with {code}", pod.unwrap_or_default()),
        );
        self.attached_ended(touch, &attached, code);
    }

    /// It has ended and starts again: at once the first time, then later and later.
    fn after_end(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let minor = self.config.minor;
        let Some(run) = self.pods.get_mut(uid) else { return };
        let pod = run.pod.clone();
        let one = &mut run.containers[place];
        let ran = one.started.map(|at| touch.wall.since(at)).unwrap_or_default();
        if BACK_OFF_MAX.saturating_mul(2) <= ran {
            one.back_off = None;
        }
        if std::mem::take(&mut one.is_changed) {
            return self.restart(touch, uid, place);
        }
        let Some(delay) = one.back_off else {
            one.back_off = Some(BACK_OFF);
            return self.restart(touch, uid, place);
        };
        let at = touch.now + delay;
        one.back_off =
            Some(Duration::from_nanos((delay.as_nanos() * 2).min(BACK_OFF_MAX.as_nanos())));
        one.phase = Phase::BackOff(at);
        let (home, pod_name) = (crate::json::namespace(&pod), crate::json::name(&pod));
        let span = match delay.as_secs() {
            seconds @ 0..60 => format!("{seconds}s"),
            seconds => format!("{}m{}s", seconds / 60, seconds % 60),
        };
        let name = one.name.clone();
        let message = format!(
            "back-off {span} restarting failed container={name} pod={pod_name}_{home}({uid})"
        );
        one.why = ("CrashLoopBackOff".into(), message);
        run.wake_at(at);
        let told = match minor {
            ..=25 => "Back-off restarting failed container".to_owned(),
            _ => format!(
                "Back-off restarting failed container {name} in pod {pod_name}_{home}({uid})"
            ),
        };
        self.tell(touch, &pod, ("Warning", "BackOff", &told));
    }

    fn restart(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(one) = self.container(uid, place) else { return };
        one.is_stopping = false;
        one.last = one.ended.take();
        one.restart_count += 1;
        one.phase = Phase::Waiting;
        let id = std::mem::take(&mut one.docker_id);
        one.old_ids.push(id);
        // The last dead one stays for its log (kubelet: `--maximum-dead-containers-per-container`, 1).
        let gone: Vec<String> = one.old_ids.drain(..one.old_ids.len() - 1).collect();
        for container in gone.into_iter().filter(|id| !id.is_empty()) {
            let request = api::Request::RemoveContainer { container, force: true, volumes: true };
            self.runtime(touch, Purpose::Nothing, request);
        }
        self.look_for_image(touch, uid, place);
    }

    /// The pod is to go: what runs is asked to end, what does not is not started any more. `again` for what was asked
    /// before, with more time.
    pub(super) fn stop_containers(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        grace: u64,
        again: bool,
    ) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let pod = run.pod.clone();
        let mut stopped = Vec::new();
        for one in &mut run.containers {
            match one.phase {
                Phase::Running if again || !one.is_stopping => {
                    stopped.push((one.name.clone(), one.docker_id.clone(), one.is_stopping));
                    one.is_stopping = true;
                }
                Phase::Running | Phase::Making | Phase::Starting | Phase::Ended => {}
                _ => one.phase = Phase::Dropped,
            }
        }
        for (name, container, is_told) in stopped {
            if !is_told {
                let message = format!("Stopping container {name}");
                self.tell(touch, &pod, ("Normal", "Killing", &message));
            }
            let request = match grace {
                0 => api::Request::KillContainer { container, signal: "KILL".to_owned() },
                _ => api::Request::StopContainer { container, timeout_secs: Some(grace) },
            };
            self.runtime(touch, Purpose::Nothing, request);
        }
    }

    /// Takes all containers of a pod away.
    pub(super) fn remove_containers(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let mut all: Vec<String> = Vec::new();
        for one in &mut run.containers {
            all.append(&mut one.old_ids);
            all.push(std::mem::take(&mut one.docker_id));
        }
        for container in all.into_iter().filter(|id| !id.is_empty()) {
            let request = api::Request::RemoveContainer { container, force: true, volumes: true };
            self.runtime(touch, Purpose::Nothing, request);
        }
    }
}
