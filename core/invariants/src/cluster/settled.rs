//! What a Kubernetes is, is what was asked of it.

use std::rc::Rc;

use kube::KubeNode;
use kube::apiserver::{Objects, uses};
use kube::json::{at, flag, int, items, members, name, namespace, text, uid};
use serde_json::Value;
use sorted::{SortedMap, SortedSet};
use world::World;

use super::follow::UID_LABEL;
use crate::invariant::{Invariant, Verdict};
use crate::liveness::lasting;

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "settled",
    statement: "some time after the last fault and the last command one member leads etcd, all have applied the same, every API server answers from it, every node is ready, every pod runs or has ended or says rightly why not, deployments have their replicas, what lost its owner is gone, and every kubelet has exactly the pods, containers and objects that are its own, as they are now",
    source: "kubernetes: controllers are level-triggered; `test/e2e` waits for the same",
};

/// The control plane's part on one host.
#[derive(Debug)]
pub struct Plane<'a> {
    /// Its etcd leads.
    pub leads: bool,
    /// What its etcd has applied.
    pub revision: u64,
    /// What its API server has, if one runs.
    pub objects: Option<&'a Objects>,
}

/// One host as this check needs it.
#[derive(Debug)]
pub struct HostState<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its control plane, if it is to have one that is whole.
    pub plane: Option<Plane<'a>>,
    /// The UIDs of its kubelet's pods.
    pub pods: SortedSet<&'a str>,
    /// The secrets and config maps in its kubelet's memory.
    pub held: Vec<&'a Value>,
    /// Running containers: UID of the pod.
    pub containers: Vec<&'a str>,
}

/// The hosts that are up.
pub fn hosts(world: &World) -> Vec<HostState<'_>> {
    let probes = (0..world.host_count()).filter_map(|host| world.probe(host));
    probes.filter_map(|probe| Some(host(probe.name, probe.kube?, probe.daemon?))).collect()
}

fn host<'a>(name: &'a str, node: &'a KubeNode, daemon: &'a daemon::Daemon) -> HostState<'a> {
    let plane = node.etcd().map(|store| Plane {
        leads: node.leads(),
        revision: store.revision,
        objects: node.objects(),
    });
    let running = daemon.engine().containers().filter(|one| one.is_running());
    let uids = running.filter_map(|one| one.config.labels.get(UID_LABEL));
    HostState {
        name,
        plane,
        pods: node.pods().into_iter().map(|(pod, _)| uid(pod)).collect(),
        held: node.held_objects(),
        containers: uids.map(String::as_str).collect(),
    }
}

/// Everything that is not yet as it should be, in words; empty when all is.
pub fn why_not(hosts: &[HostState<'_>]) -> Vec<String> {
    let mut why = Vec::new();
    let planes = || hosts.iter().filter_map(|host| Some((host.name, host.plane.as_ref()?)));
    let leaders = planes().filter(|(_, plane)| plane.leads).count();
    if leaders != 1 && !hosts.is_empty() {
        why.push(format!("{leaders} members lead etcd"));
    }
    let Some((_, leader)) = planes().find(|(_, plane)| plane.leads) else { return why };
    for (name, plane) in planes() {
        if plane.revision != leader.revision {
            why.push(format!("etcd of {name} is at {}, not {}", plane.revision, leader.revision));
        }
        if plane.objects.is_none() {
            why.push(format!("the API server of {name} does not run"));
        }
    }
    let Some(objects) = leader.objects else { return why };
    if let Some((key, trouble)) = objects.trouble("") {
        why.push(format!("{key} cannot be read: {trouble}"));
    }
    let state = State { objects, hosts };
    for node in objects.list("nodes", "") {
        state.node(node, &mut why);
    }
    for pod in objects.list("pods", "") {
        state.pod(pod, &mut why);
    }
    for set in objects.list("replicasets", "").filter(|set| !is_going(set)) {
        state.set(set, &mut why);
    }
    for deployment in objects.list("deployments", "").filter(|one| !is_going(one)) {
        state.deployment(deployment, &mut why);
    }
    for space in objects.list("namespaces", "").filter(|space| is_going(space)) {
        why.push(format!("namespace {} does not go", name(space)));
    }
    state.owners(&mut why);
    for host in hosts {
        state.kubelet(host, &mut why);
    }
    why
}

/// What was wrong at every one of some looks.
///
/// # Errors
/// With the first reasons.
pub fn check(looks: &[&[String]]) -> Verdict {
    lasting(looks).map_or(Ok(()), |what| Err(INVARIANT.broken(what)))
}

fn is_going(object: &Value) -> bool {
    !text(object, "metadata/deletionTimestamp").is_empty()
}

fn is_over(pod: &Value) -> bool {
    matches!(text(pod, "status/phase"), "Succeeded" | "Failed")
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a str {
    let found = items(object, "status/conditions").iter().find(|one| text(one, "type") == kind);
    found.map_or("", |one| text(one, "status"))
}

fn is_owned_by(object: &Value, owner: &Value) -> bool {
    items(object, "metadata/ownerReferences").iter().any(|one| text(one, "uid") == uid(owner))
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    items(pod, "spec/initContainers").iter().chain(items(pod, "spec/containers"))
}

struct State<'a> {
    objects: &'a Objects,
    hosts: &'a [HostState<'a>],
}

impl State<'_> {
    fn node(&self, node: &Value, why: &mut Vec<String>) {
        let is_up = self.hosts.iter().any(|host| host.name == name(node));
        if is_up && condition(node, "Ready") != "True" {
            why.push(format!("node {} is up and not ready", name(node)));
        }
        let silent =
            items(node, "spec/taints").iter().any(|taint| text(taint, "effect") == "NoExecute");
        if is_up && silent {
            why.push(format!("node {} is up and tainted as silent", name(node)));
        }
    }

    fn pod(&self, pod: &Value, why: &mut Vec<String>) {
        if kube::is_mirror(pod) {
            return;
        }
        let name = name(pod);
        let phase = text(pod, "status/phase");
        if is_going(pod) {
            return why.push(format!("pod {name} does not go"));
        }
        let own = text(pod, "spec/nodeName");
        if own.is_empty() {
            if self.objects.list("nodes", "").any(|node| fits(pod, node)) {
                why.push(format!("pod {name} has no node, and there is one"));
            }
            return;
        }
        let Some(host) = self.hosts.iter().find(|host| host.name == own) else { return };
        if !host.pods.contains(uid(pod)) {
            why.push(format!("the kubelet of {own} does not know pod {name}"));
        }
        let runs = host.containers.contains(&uid(pod));
        if is_over(pod) && runs {
            why.push(format!("pod {name} is {phase} and runs on {own}"));
        }
        if phase == "Pending" && !self.lacks(pod) || phase.is_empty() {
            why.push(format!("pod {name} stays pending on {own}: {}", waits_for(pod)));
        }
        if phase == "Running"
            && is_lasting(pod)
            && !self.lacks(pod)
            && condition(pod, "Ready") != "True"
        {
            why.push(format!("pod {name} is not ready on {own}: {}", waits_for(pod)));
        }
    }

    /// A pod names something that is not there, so that it cannot start (again).
    fn lacks(&self, pod: &Value) -> bool {
        let has = |resource: &str, source: &Value, name: &str, keys: &[&str]| {
            if name.is_empty() || flag(source, "optional") {
                return true;
            }
            let found = self.objects.find(resource, namespace(pod), name);
            found.is_some_and(|object| keys.iter().all(|key| object["data"].get(*key).is_some()))
        };
        let volume = |one: &Value, secret: &str| {
            [("secrets", "secret", secret), ("configmaps", "configMap", "name")].into_iter().all(
                |(resource, field, name)| {
                    let source = at(one, field);
                    let keys: Vec<&str> =
                        items(source, "items").iter().map(|item| text(item, "key")).collect();
                    has(resource, source, text(source, name), &keys)
                },
            )
        };
        let volumes = items(pod, "spec/volumes").iter().all(|one| {
            let mut sources = items(one, "projected/sources").iter();
            volume(one, "secretName") && sources.all(|source| volume(source, "name"))
        });
        let environment = containers(pod).all(|container| {
            let refs = [
                ("secrets", "secretKeyRef", "secretRef"),
                ("configmaps", "configMapKeyRef", "configMapRef"),
            ];
            refs.into_iter().all(|(resource, key, all)| {
                let one = |env: &Value| {
                    let source = &env["valueFrom"][key];
                    has(resource, source, text(source, "name"), &[text(source, "key")])
                };
                let from = |env: &Value| has(resource, &env[all], text(&env[all], "name"), &[]);
                items(container, "env").iter().all(one)
                    && items(container, "envFrom").iter().all(from)
            })
        });
        let images = containers(pod).all(|one| !text(one, "image").starts_with("nosuch"));
        !(volumes && environment && images)
    }

    fn set(&self, set: &Value, why: &mut Vec<String>) {
        let pods = self.objects.list("pods", namespace(set));
        let count =
            pods.filter(|pod| is_owned_by(pod, set) && !is_over(pod) && !is_going(pod)).count();
        let wanted = int(set, "spec/replicas");
        if i64::try_from(count) != Ok(wanted) {
            why.push(format!("replica set {} has {count} of {wanted} pods", name(set)));
        }
    }

    fn deployment(&self, deployment: &Value, why: &mut Vec<String>) {
        let sets: Vec<&Rc<Value>> = self
            .objects
            .list("replicasets", namespace(deployment))
            .filter(|set| is_owned_by(set, deployment))
            .collect();
        let pods: Vec<&Rc<Value>> = self
            .objects
            .list("pods", namespace(deployment))
            .filter(|pod| sets.iter().any(|set| is_owned_by(pod, set)) && !is_over(pod))
            .collect();
        // What cannot run holds a roll-out up, rightly; so does somebody who has paused it.
        let is_held_up = pods.iter().any(|pod| {
            self.lacks(pod) || !is_lasting(pod) || text(pod, "spec/nodeName").is_empty()
        });
        if is_held_up || flag(deployment, "spec/paused") {
            return;
        }
        let wanted = int(deployment, "spec/replicas");
        let ready = pods.iter().filter(|pod| condition(pod, "Ready") == "True").count();
        if i64::try_from(ready) != Ok(wanted) {
            why.push(format!("deployment {} has {ready} of {wanted} pods ready", name(deployment)));
        }
        for field in ["replicas", "readyReplicas", "updatedReplicas", "availableReplicas"] {
            let told = at(deployment, "status")[field].as_i64().unwrap_or(0);
            if told != wanted {
                let name = name(deployment);
                why.push(format!("deployment {name} says {field} {told}, not {wanted}"));
            }
        }
    }

    fn owners(&self, why: &mut Vec<String>) {
        let all: SortedSet<&str> =
            self.objects.range(String::new()).map(|(_, one)| uid(one)).collect();
        for (key, object) in self.objects.range(String::new()) {
            let mut owners = items(object, "metadata/ownerReferences").iter().peekable();
            if owners.peek().is_some() && owners.all(|one| !all.contains(text(one, "uid"))) {
                why.push(format!("{key} has outlived its owner"));
            }
        }
    }

    fn kubelet(&self, host: &HostState<'_>, why: &mut Vec<String>) {
        let own: Vec<&Rc<Value>> = self
            .objects
            .list("pods", "")
            .filter(|pod| text(pod, "spec/nodeName") == host.name)
            .collect();
        for known in &host.pods {
            if own.iter().all(|pod| uid(pod) != *known) {
                why.push(format!("the kubelet of {} has pod {known}, which is gone", host.name));
            }
        }
        for runs in &host.containers {
            if own.iter().all(|pod| uid(pod) != *runs) {
                why.push(format!(
                    "a container of pod {runs}, which is gone, runs on {}",
                    host.name
                ));
            }
        }
        let mut held: SortedMap<(&str, &str, &str), &Value> = SortedMap::new();
        for object in &host.held {
            let resource = if text(object, "kind") == "Secret" { "secrets" } else { "configmaps" };
            held.insert((resource, namespace(object), name(object)), object);
        }
        for resource in ["secrets", "configmaps"] {
            for object in self.objects.list(resource, "") {
                let key = (resource, namespace(object), name(object));
                let is_used = own.iter().any(|pod| {
                    namespace(pod) == key.1 && !is_over(pod) && uses(pod, resource, key.2)
                });
                let version = "metadata/resourceVersion";
                match held.get(&key) {
                    None if is_used => {
                        why.push(format!(
                            "the kubelet of {} lacks {resource} {}",
                            host.name, key.2
                        ));
                    }
                    // An immutable one is not looked at again.
                    Some(known) if flag(known, "immutable") => {}
                    Some(known) if text(known, version) != text(object, version) => {
                        why.push(format!(
                            "the kubelet of {} has an old {resource} {}",
                            host.name, key.2
                        ));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The pod's containers are meant to go on: by a name that whoever drives a world gives them.
fn is_lasting(pod: &Value) -> bool {
    items(pod, "spec/containers").iter().all(|one| text(one, "name") == "lasts")
}

/// What the first container that does not run waits for.
fn waits_for(pod: &Value) -> &str {
    let all = items(pod, "status/initContainerStatuses").iter();
    let mut all = all.chain(items(pod, "status/containerStatuses"));
    all.find_map(|one| Some(text(one, "state/waiting/reason")).filter(|why| !why.is_empty()))
        .unwrap_or("it says nothing")
}

/// The node would take the pod.
fn fits(pod: &Value, node: &Value) -> bool {
    let tolerates = |taint: &Value| {
        items(pod, "spec/tolerations").iter().any(|one| {
            let key = text(one, "key");
            key.is_empty() || key == text(taint, "key")
        })
    };
    let taints = items(node, "spec/taints");
    let has_labels = members(pod, "spec/nodeSelector")
        .all(|(key, value)| at(node, "metadata/labels").get(key) == Some(value));
    !flag(node, "spec/unschedulable")
        && has_labels
        && condition(node, "Ready") == "True"
        && taints
            .iter()
            .all(|taint| text(taint, "effect") == "PreferNoSchedule" || tolerates(taint))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::complains;

    fn objects() -> Objects {
        let mut objects = Objects::default();
        let ready = json!([{ "type": "Ready", "status": "True" }]);
        let owner = |kind: &str, uid: &str| json!([{ "kind": kind, "name": "web", "uid": uid }]);
        let all = [
            (
                "/registry/minions/a",
                json!({
                    "kind": "Node", "metadata": { "name": "a" }, "status": { "conditions": ready },
                }),
            ),
            (
                "/registry/secrets/default/s",
                json!({
                    "kind": "Secret", "metadata": { "name": "s", "namespace": "default" },
                }),
            ),
            (
                "/registry/deployments/default/web",
                json!({
                    "kind": "Deployment", "metadata": { "name": "web", "namespace": "default", "uid": "d" },
                    "spec": { "replicas": 1 },
                    "status": { "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1 },
                }),
            ),
            (
                "/registry/replicasets/default/web",
                json!({
                    "kind": "ReplicaSet", "spec": { "replicas": 1 },
                    "metadata": { "name": "web", "namespace": "default", "uid": "r", "ownerReferences": owner("Deployment", "d") },
                }),
            ),
            (
                "/registry/pods/default/web-1",
                json!({
                    "kind": "Pod",
                    "metadata": { "name": "web-1", "namespace": "default", "uid": "p", "ownerReferences": owner("ReplicaSet", "r") },
                    "spec": {
                        "nodeName": "a", "containers": [{ "name": "lasts" }],
                        "volumes": [{ "secret": { "secretName": "s" } }],
                    },
                    "status": { "phase": "Running", "conditions": ready },
                }),
            ),
        ];
        for (revision, (key, value)) in (2..).zip(all) {
            objects.put(key, &Ok(value.to_string().into_bytes()), revision);
        }
        objects
    }

    fn looks(change: impl FnOnce(&mut Objects), spoil: impl FnOnce(&mut HostState<'_>)) -> Verdict {
        let mut objects = objects();
        let held = (**objects.find("secrets", "default", "s").unwrap()).clone();
        change(&mut objects);
        let mut host = HostState {
            name: "a",
            plane: Some(Plane { leads: true, revision: 6, objects: Some(&objects) }),
            pods: SortedSet::from(["p"]),
            held: vec![&held],
            containers: vec!["p"],
        };
        spoil(&mut host);
        check(&[&why_not(&[host])])
    }

    #[test]
    fn what_is_not_as_it_should_be() {
        looks(|_| {}, |_| {}).unwrap();
        let bad = |change: fn(&mut Objects)| complains(looks(change, |_| {}), &INVARIANT);
        bad(|all| drop(all.remove("/registry/deployments/default/web", 7)));
        bad(|all| drop(all.remove("/registry/pods/default/web-1", 7)));
        bad(|all| {
            drop(all.put("/registry/secrets/default/s", &Ok(b"{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"namespace\":\"default\"}}".to_vec()), 9))
        });
        bad(|all| {
            drop(all.put(
                "/registry/minions/a",
                &Ok(b"{\"kind\":\"Node\",\"metadata\":{\"name\":\"a\"}}".to_vec()),
                9,
            ))
        });
        complains(looks(|_| {}, |host| host.held.clear()), &INVARIANT);
        complains(looks(|_| {}, |host| host.pods = SortedSet::new()), &INVARIANT);
        complains(looks(|_| {}, |host| host.containers.push("q")), &INVARIANT);
        complains(looks(|_| {}, |host| host.plane.as_mut().unwrap().leads = false), &INVARIANT);
        complains(looks(|_| {}, |host| host.plane.as_mut().unwrap().objects = None), &INVARIANT);
    }
}
