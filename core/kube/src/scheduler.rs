//! Places pods on nodes (kube-scheduler): taints, node selector, readiness; then the node with the fewest pods.

use sorted::SortedMap;
use std::rc::Rc;

use serde_json::{Value, json};
use sim::{Rng, Time};

use crate::apiserver::Objects;
use crate::client;
use crate::conditions;
use crate::events::Recorder;
use crate::json::{flag, items, members, text};
use crate::rest::{Method, Request};

/// What keeps it from a node, in the scheduler's words; nothing if it fits.
fn obstacle(pod: &Value, node: &Value) -> Option<String> {
    if flag(node, "spec/unschedulable")
        && !tolerates(
            pod,
            &json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" }),
        )
    {
        return Some("node(s) were unschedulable".to_owned());
    }
    let blocking = items(node, "spec/taints")
        .iter()
        .find(|taint| text(taint, "effect") != "PreferNoSchedule" && !tolerates(pod, taint));
    if let Some(taint) = blocking {
        let (key, value) = (text(taint, "key"), text(taint, "value"));
        return Some(format!("node(s) had untolerated taint {{{key}: {value}}}"));
    }
    let labels = &node["metadata"]["labels"];
    let fits = members(pod, "spec/nodeSelector").all(|(key, value)| labels.get(key) == Some(value));
    if !fits {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    (conditions::get(node, "Ready") == "Unknown" || conditions::get(node, "Ready") == "False")
        .then(|| "node(s) were not ready".to_owned())
}

/// True if a pod tolerates a taint.
pub(crate) fn tolerates(pod: &Value, taint: &Value) -> bool {
    items(pod, "spec/tolerations").iter().any(|one| {
        let (key, effect) = (text(one, "key"), text(one, "effect"));
        let is_key =
            key.is_empty() && text(one, "operator") == "Exists" || key == text(taint, "key");
        let is_effect = effect.is_empty() || effect == text(taint, "effect");
        let is_value =
            text(one, "operator") == "Exists" || text(one, "value") == text(taint, "value");
        is_key && is_effect && is_value
    })
}

/// The requests that place what waits for a place.
pub(crate) fn run(
    objects: &Objects,
    recorder: &mut Recorder,
    rng: &mut Rng,
    wall: Time,
) -> Vec<Request> {
    let waits = |pod: &&Rc<Value>| {
        text(pod, "spec/nodeName").is_empty()
            && text(pod, "spec/schedulerName") == "default-scheduler"
            && text(pod, "metadata/deletionTimestamp").is_empty()
            && !matches!(text(pod, "status/phase"), "Succeeded" | "Failed")
    };
    let pods: Vec<Rc<Value>> = objects.list("pods", "").filter(waits).cloned().collect();
    if pods.is_empty() {
        return Vec::new();
    }
    let mut counts: SortedMap<String, u32> = SortedMap::new();
    for pod in objects.list("pods", "") {
        if !matches!(text(pod, "status/phase"), "Succeeded" | "Failed") {
            *counts.entry(text(pod, "spec/nodeName").to_owned()).or_default() += 1;
        }
    }
    let mut requests = Vec::new();
    for pod in pods {
        let mut why: SortedMap<String, u32> = SortedMap::new();
        let mut fitting: Vec<(u32, &str)> = Vec::new();
        let mut total = 0;
        for node in objects.list("nodes", "") {
            total += 1;
            let name = crate::json::name(node);
            match obstacle(&pod, node) {
                None => fitting.push((counts.get(name).copied().unwrap_or(0), name)),
                Some(text) => *why.entry(text).or_default() += 1,
            }
        }
        let least = fitting.iter().map(|(count, _)| *count).min();
        let best: Vec<&str> = fitting
            .iter()
            .filter(|(count, _)| Some(*count) == least)
            .map(|(_, name)| *name)
            .collect();
        let name = crate::json::name(&pod);
        let home = crate::json::namespace(&pod);
        let Some(node) = rng.pick(&best) else {
            requests.extend(unschedulable(&pod, total, &why, recorder, wall));
            continue;
        };
        *counts.entry((*node).to_owned()).or_default() += 1;
        let binding = json!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": { "name": name, "namespace": home },
            "target": { "apiVersion": "v1", "kind": "Node", "name": node },
        });
        let path = format!("{}/binding", client::path_of(&pod));
        requests.push(client::request(Method::Post, &path, binding));
        let message = format!("Successfully assigned {home}/{name} to {node}");
        requests.push(recorder.tell(&pod, ("Normal", "Scheduled", &message), wall));
    }
    requests
}

fn unschedulable(
    pod: &Rc<Value>,
    total: u32,
    why: &SortedMap<String, u32>,
    recorder: &mut Recorder,
    wall: Time,
) -> Vec<Request> {
    let parts: Vec<String> = why.iter().map(|(text, count)| format!("{count} {text}")).collect();
    let message = match parts.is_empty() {
        true => "no nodes available to schedule pods".to_owned(),
        false => format!("0/{total} nodes are available: {}.", parts.join(", ")),
    };
    let known = items(pod, "status/conditions")
        .iter()
        .any(|one| text(one, "type") == "PodScheduled" && text(one, "message") == message);
    // It is tried again when something changes; told once.
    if known {
        return Vec::new();
    }
    let mut changed = (**pod).clone();
    conditions::set(&mut changed, "PodScheduled", "False", ("Unschedulable", &message), wall);
    vec![
        client::replace(changed, "/status"),
        recorder.tell(pod, ("Warning", "FailedScheduling", &message), wall),
    ]
}
