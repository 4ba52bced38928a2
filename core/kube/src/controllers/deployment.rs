//! Deployments: one replica set per template, and a step-by-step change from the old ones to the new one.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{View, digest, is_going, is_owned_by, owned_by};
use crate::client;
use crate::conditions;
use crate::events::Recorder;
use crate::json::{at, flag, in_order, int, put, remove, text};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

fn revision(object: &Value) -> u64 {
    at(object, "metadata/annotations")[REVISION]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// A template without what the replica set adds to it.
fn plain_template(set: &Value) -> Value {
    let mut template = at(set, "spec/template").clone();
    remove(&mut template, &format!("metadata/labels/{HASH}"));
    in_order(template)
}

/// `25%` of so many, or a number.
fn share(value: &Value, of: i64, rounds_up: bool) -> i64 {
    match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            (percent * of + if rounds_up { 99 } else { 0 }) / 100
        }
        other => other.as_i64().unwrap_or(0),
    }
}

pub(super) fn run(view: &mut View<'_>, recorder: &mut Recorder) {
    let all: Vec<Rc<Value>> = view.objects.list("deployments", "").cloned().collect();
    for deployment in all.iter().filter(|one| !is_going(one)) {
        one(view, recorder, deployment);
    }
}

fn one(view: &mut View<'_>, recorder: &mut Recorder, deployment: &Rc<Value>) {
    let home = crate::json::namespace(deployment);
    let mut sets: Vec<Rc<Value>> = view
        .objects
        .list("replicasets", home)
        .filter(|set| is_owned_by(set, deployment))
        .cloned()
        .collect();
    sets.sort_by_key(|set| revision(set));
    let template = in_order(at(deployment, "spec/template").clone());
    let newest = sets.last().map_or(0, |set| revision(set));
    let place = sets.iter().position(|set| plain_template(set) == template);
    let is_paused = flag(deployment, "spec/paused");
    let Some(place) = place else {
        if !is_paused {
            make_set(view, recorder, deployment, &template, newest + 1);
        }
        return;
    };
    let new = sets.remove(place);
    // An undo: the old replica set is the newest again.
    let is_old_again = revision(&new) < newest && !is_paused;
    let mut noted = (*new).clone();
    note(&mut noted, deployment, if is_old_again { newest + 1 } else { revision(&new) });
    if in_order(noted["metadata"].clone()) != *at(&new, "metadata") {
        view.asks.push(client::replace(noted, ""));
        return;
    }
    if revision(deployment) != revision(&new) {
        let mut changed = (**deployment).clone();
        annotate(&mut changed, revision(&new));
        view.asks.push(client::replace(changed, ""));
        return;
    }
    if !is_paused || sets.iter().all(|set| int(set, "spec/replicas") == 0) {
        step(view, recorder, deployment, &new, &sets);
    }
    tell_status(view, deployment, &new, &sets);
    let limit = usize::try_from(int(deployment, "spec/revisionHistoryLimit")).unwrap_or(10);
    let idle = sets
        .iter()
        .filter(|set| int(set, "status/replicas") == 0 && int(set, "spec/replicas") == 0);
    let idle: Vec<&Rc<Value>> = idle.collect();
    for set in idle.iter().take(idle.len().saturating_sub(limit)) {
        view.asks.push(client::delete(set, None));
    }
}

fn annotate(object: &mut Value, revision: u64) {
    crate::json::object(object, "metadata/annotations")
        .insert(REVISION.to_owned(), revision.to_string().into());
}

/// What a replica set is told of its deployment: its annotations, its revision, how many pods there are to be
/// (kubernetes: `util.SetNewReplicaSetAnnotations`).
fn note(set: &mut Value, deployment: &Value, revision: u64) {
    let wanted = int(deployment, "spec/replicas");
    let notes = crate::json::object(set, "metadata/annotations");
    for (key, value) in crate::json::members(deployment, "metadata/annotations") {
        if key != REVISION && key != "kubectl.kubernetes.io/last-applied-configuration" {
            notes.insert(key.to_owned(), value.clone());
        }
    }
    for (key, value) in [("desired", wanted), ("max", wanted + surge(deployment))] {
        let key = format!("deployment.kubernetes.io/{key}-replicas");
        notes.insert(key, value.to_string().into());
    }
    annotate(set, revision);
}

fn make_set(
    view: &mut View<'_>,
    recorder: &mut Recorder,
    deployment: &Value,
    template: &Value,
    revision: u64,
) {
    let hash = digest(template);
    let name = format!("{}-{hash}", crate::json::name(deployment));
    let mut template = template.clone();
    put(&mut template, &format!("metadata/labels/{HASH}"), hash.clone());
    let mut selector = at(deployment, "spec/selector").clone();
    put(&mut selector, &format!("matchLabels/{HASH}"), hash);
    let wanted = int(deployment, "spec/replicas");
    let others: i64 = view
        .objects
        .list("replicasets", crate::json::namespace(deployment))
        .filter(|set| is_owned_by(set, deployment))
        .map(|set| int(set, "spec/replicas"))
        .sum();
    let most = wanted + surge(deployment);
    let replicas = match text(deployment, "spec/strategy/type") {
        "Recreate" if others > 0 => 0,
        "Recreate" => wanted,
        _ => wanted.min((most - others).max(0)),
    };
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": crate::json::namespace(deployment),
            "labels": template["metadata"]["labels"].clone(),
            "ownerReferences": owned_by(deployment),
        },
        "spec": { "replicas": replicas, "selector": selector, "template": template },
    });
    note(&mut set, deployment, revision);
    view.asks.push(client::create(set));
    tell_scaled(view, recorder, deployment, &name, (None, replicas));
}

fn surge(deployment: &Value) -> i64 {
    let wanted = int(deployment, "spec/replicas");
    // Without a rolling update there is no such field, and nothing more than wanted.
    share(at(deployment, "spec/strategy/rollingUpdate/maxSurge"), wanted, true)
}

fn unavailable(deployment: &Value) -> i64 {
    let wanted = int(deployment, "spec/replicas");
    let value = share(at(deployment, "spec/strategy/rollingUpdate/maxUnavailable"), wanted, false);
    // One of the two must allow a step.
    if value == 0 && surge(deployment) == 0 { 1 } else { value }
}

fn tell_scaled(
    view: &mut View<'_>,
    recorder: &mut Recorder,
    deployment: &Value,
    name: &str,
    (old, to): (Option<i64>, i64),
) {
    let from = old.unwrap_or(0);
    if from == to {
        return;
    }
    let way = if from < to { "up" } else { "down" };
    let message = match (view.minor, old) {
        (31.., _) => format!("Scaled {way} replica set {name} from {from} to {to}"),
        (25.., Some(_)) => format!("Scaled {way} replica set {name} to {to} from {from}"),
        _ => format!("Scaled {way} replica set {name} to {to}"),
    };
    let told = recorder.tell(deployment, ("Normal", "ScalingReplicaSet", &message), view.wall);
    view.asks.push(told);
}

fn scale(
    view: &mut View<'_>,
    recorder: &mut Recorder,
    deployment: &Value,
    set: &Rc<Value>,
    replicas: i64,
) {
    let old = int(set, "spec/replicas");
    if old == replicas {
        return;
    }
    let mut changed = (**set).clone();
    put(&mut changed, "spec/replicas", replicas);
    view.asks.push(client::replace(changed, ""));
    tell_scaled(view, recorder, deployment, crate::json::name(set), (Some(old), replicas));
}

/// One step towards what is wanted.
fn step(
    view: &mut View<'_>,
    recorder: &mut Recorder,
    deployment: &Value,
    new: &Rc<Value>,
    olds: &[Rc<Value>],
) {
    let wanted = int(deployment, "spec/replicas");
    let sum = |field: &str, sets: &[Rc<Value>]| sets.iter().map(|set| int(set, field)).sum::<i64>();
    let old_count = sum("spec/replicas", olds);
    if text(deployment, "spec/strategy/type") == "Recreate" {
        for set in olds {
            scale(view, recorder, deployment, set, 0);
        }
        let home = crate::json::namespace(deployment);
        let is_left =
            view.objects.list("pods", home).any(|pod| olds.iter().any(|set| is_owned_by(pod, set)));
        if old_count == 0 && !is_left {
            scale(view, recorder, deployment, new, wanted);
        }
        return;
    }
    let new_count = int(new, "spec/replicas");
    if wanted < new_count {
        return scale(view, recorder, deployment, new, wanted);
    }
    let most = wanted + surge(deployment);
    if new_count < wanted && new_count + old_count < most {
        let room = most - new_count - old_count;
        return scale(view, recorder, deployment, new, wanted.min(new_count + room));
    }
    // Old pods go as far as enough are left that are available; first those that are not.
    let least = wanted - unavailable(deployment);
    let new_missing = new_count - int(new, "status/availableReplicas");
    let mut may_go = new_count + old_count - least - new_missing;
    for set in olds {
        let count = int(set, "spec/replicas");
        let ill = (count - int(set, "status/availableReplicas")).clamp(0, count);
        let available =
            int(new, "status/availableReplicas") + sum("status/availableReplicas", olds);
        let well = (available - least).clamp(0, count - ill);
        let goes = (ill + well).min(may_go.max(0)).min(count);
        may_go -= goes;
        scale(view, recorder, deployment, set, count - goes);
    }
}

fn tell_status(view: &mut View<'_>, deployment: &Rc<Value>, new: &Value, olds: &[Rc<Value>]) {
    let all = |field: &str| int(new, field) + olds.iter().map(|set| int(set, field)).sum::<i64>();
    let wanted = int(deployment, "spec/replicas");
    let available = all("status/availableReplicas");
    let updated = int(new, "status/replicas");
    let mut changed = (**deployment).clone();
    let counts = [
        ("observedGeneration", int(deployment, "metadata/generation")),
        ("replicas", all("status/replicas")),
        ("updatedReplicas", updated),
        ("readyReplicas", all("status/readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (wanted.max(all("status/replicas")) - available).max(0)),
    ];
    for (field, count) in counts {
        let path = format!("status/{field}");
        if count == 0 { remove(&mut changed, &path) } else { put(&mut changed, &path, count) }
    }
    let enough = wanted - unavailable(deployment) <= available;
    let why = match enough {
        true => ("True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        false => (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        ),
    };
    conditions::set(&mut changed, "Available", why.0, (why.1, why.2), view.wall);
    let is_done = updated == wanted && all("status/replicas") == wanted && available == wanted;
    let name = crate::json::name(new);
    let (reason, text) = match is_done {
        true => (
            "NewReplicaSetAvailable",
            format!("ReplicaSet \"{name}\" has successfully progressed."),
        ),
        false => ("ReplicaSetUpdated", format!("ReplicaSet \"{name}\" is progressing.")),
    };
    conditions::set(&mut changed, "Progressing", "True", (reason, &text), view.wall);
    if in_order(changed["status"].clone()) != *at(deployment, "status") {
        view.asks.push(client::replace(changed, "/status"));
    }
}
