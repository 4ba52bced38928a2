//! The pods of a replica set: taken up, made and deleted until there are as many as wanted.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{View, is_active, is_going, is_owned_by, is_ready, owned_by};
use crate::apiserver::selector::Selector;
use crate::client;
use crate::events::Recorder;
use crate::json::{at, flag, in_order, int, items, put, remove, text};

/// kube-controller-manager: no more pods than these at once.
const BURST: usize = 500;

pub(super) fn run(view: &mut View<'_>, recorder: &mut Recorder) {
    for set in view.objects.list("replicasets", "") {
        if is_going(set) {
            continue;
        }
        let home = crate::json::namespace(set);
        if belongs(view, set) {
            continue;
        }
        let mut pods: Vec<&Rc<Value>> = view
            .objects
            .list("pods", home)
            .filter(|pod| is_owned_by(pod, set) && is_active(pod))
            .collect();
        let wanted = usize::try_from(int(set, "spec/replicas")).unwrap_or(0);
        if pods.len() < wanted {
            for _ in pods.len()..wanted.min(pods.len() + BURST) {
                let suffix = crate::apiserver::random_suffix(view.rng, 5);
                let name = format!("{}-{suffix}", crate::json::name(set));
                view.asks.push(client::create(pod_of(set, &name)));
                let message = format!("Created pod: {name}");
                let told = recorder.tell(set, ("Normal", "SuccessfulCreate", &message), view.wall);
                view.asks.push(told);
            }
        } else if wanted < pods.len() {
            // Those go first that are of least use: without a node, not ready, the youngest.
            pods.sort_by_key(|pod| {
                let has_node = !text(pod, "spec/nodeName").is_empty();
                let made = text(pod, "metadata/creationTimestamp").to_owned();
                (has_node, is_ready(pod), std::cmp::Reverse(made))
            });
            for pod in pods.iter().take(pods.len() - wanted) {
                view.asks.push(client::delete(pod, None));
                let message = format!("Deleted pod: {}", crate::json::name(pod));
                let told = recorder.tell(set, ("Normal", "SuccessfulDelete", &message), view.wall);
                view.asks.push(told);
            }
        }
        let ready = pods.iter().filter(|pod| is_ready(pod)).count() as u64;
        let mut status = json!({
            "replicas": pods.len() as u64,
            "fullyLabeledReplicas": pods.len() as u64,
            "observedGeneration": int(set, "metadata/generation"),
        });
        if ready > 0 {
            put(&mut status, "readyReplicas", ready);
            put(&mut status, "availableReplicas", ready);
        }
        let status = in_order(status);
        if *at(set, "status") != status {
            let mut changed = (**set).clone();
            put(&mut changed, "status", status);
            view.asks.push(client::replace(changed, "/status"));
        }
    }
}

/// Takes up pods without a master that the selector chooses, and lets those go that it chooses no more (kubernetes:
/// `controller_ref_manager.go`); true if there were some.
fn belongs(view: &mut View<'_>, set: &Value) -> bool {
    let selector = Selector::of_object(at(set, "spec/selector"));
    let mut has_changed = false;
    for pod in view.objects.list("pods", crate::json::namespace(set)).filter(|pod| !is_going(pod)) {
        let owners = items(pod, "metadata/ownerReferences");
        let owners: Vec<Value> = match (selector.matches(pod), is_owned_by(pod, set)) {
            (true, false)
                if is_active(pod) && !owners.iter().any(|one| flag(one, "controller")) =>
            {
                owners.iter().chain(items(&owned_by(set), "")).cloned().collect()
            }
            (false, true) => {
                let is_own = |one: &&Value| text(one, "uid") == crate::json::uid(set);
                owners.iter().filter(|one| !is_own(one)).cloned().collect()
            }
            _ => continue,
        };
        let mut changed = (**pod).clone();
        if owners.is_empty() {
            remove(&mut changed, "metadata/ownerReferences");
        } else {
            put(&mut changed, "metadata/ownerReferences", owners);
        }
        view.asks.push(client::replace(changed, ""));
        has_changed = true;
    }
    has_changed
}

fn pod_of(set: &Value, name: &str) -> Value {
    let template = at(set, "spec/template");
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": template["metadata"].clone(),
        "spec": template["spec"].clone(),
    });
    put(&mut pod, "metadata/name", name);
    put(&mut pod, "metadata/generateName", format!("{}-", crate::json::name(set)));
    put(&mut pod, "metadata/namespace", crate::json::namespace(set));
    put(&mut pod, "metadata/ownerReferences", owned_by(set));
    pod
}
