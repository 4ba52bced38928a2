//! What the commands do, and what they share.

pub(crate) mod annotate;
pub(crate) mod apply;
pub(crate) mod auth;
pub(crate) mod config;
pub(crate) mod copy;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod discovery;
pub(crate) mod edit;
pub(crate) mod events;
pub(crate) mod exec;
pub(crate) mod explain;
pub(crate) mod get;
pub(crate) mod logs;
pub(crate) mod make;
pub(crate) mod node;
pub(crate) mod patch;
pub(crate) mod rights;
pub(crate) mod rollout;
pub(crate) mod run;
pub(crate) mod secret;
pub(crate) mod set;
pub(crate) mod wait;
mod watch;

use std::cmp::Reverse;

use serde_json::{Value, json};
use sim::Duration;

use crate::cli::{Call, Cli, Failure};
use crate::json::{items, text};
use crate::output::{DryRun, json};

/// The annotation that holds what was applied last.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How often an object is looked at while something is awaited.
pub(crate) const POLL: Duration = Duration::from_millis(500);

/// An object's annotation; empty if it has none of that name.
pub(crate) fn annotation<'a>(object: &'a Value, name: &str) -> &'a str {
    let annotations = object.get("metadata").and_then(|metadata| metadata.get("annotations"));
    annotations.and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default()
}

/// Sets an annotation.
pub(crate) fn annotated(object: &mut Value, name: &str, value: String) {
    let annotations = crate::json::object(object, "metadata/annotations");
    annotations.insert(name.to_owned(), value.into());
}

/// An object with itself, without that annotation, in its annotation of what was applied last.
pub(crate) fn with_last_applied(object: &Value) -> Value {
    let mut bare = object.clone();
    crate::json::object(&mut bare, "metadata/annotations").shift_remove(LAST_APPLIED);
    let text = json::compact(&bare) + "\n";
    annotated(&mut bare, LAST_APPLIED, text);
    bare
}

/// A request that changes something, with what the flags say of all of them.
pub(crate) fn changing(cli: &Cli, call: Call, manager: &str) -> Result<Call, Failure> {
    let manager = match cli.flag("field-manager") {
        "" => manager,
        given => given,
    };
    let validation = match cli.flag("validate") {
        _ if !cli.profile.server_checks => "",
        "strict" | "true" | "" => "Strict",
        "warn" => "Warn",
        "ignore" | "false" => "Ignore",
        other => {
            return Err(Failure::text(format!(
                "invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore (or false)"
            )));
        }
    };
    let manager = if cli.profile.minor < 18 { "" } else { manager };
    Ok(call
        .with("dryRun", DryRun::of(cli)?.parameter())
        .with("fieldManager", manager)
        .with("fieldValidation", validation))
}

/// The pod behind `POD`, `pod/x`, `deployment/x`.
///
/// # Errors
/// No such object, no pod of it.
pub(crate) async fn pod_of(cli: &Cli, word: &str) -> Result<Value, Failure> {
    let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
    let Some(resource) = kube::resources::Resource::find(kind) else {
        return crate::select::unknown_kind(cli, kind).await;
    };
    let path = crate::select::object_path(resource, cli.namespace(), name);
    let object = cli.call(Call::get(path)).await?;
    if resource.kind == "Pod" {
        return Ok(object);
    }
    let selector = crate::json::at(&object, "spec/selector");
    if selector.is_null() {
        return Err(Failure::text(format!(
            "cannot attach to *v1.{}: not implemented",
            resource.kind
        )));
    }
    let pods = pods_of(cli, selector).await?;
    let found = items(&pods, "items").iter();
    match found.max_by(|a, b| activity(a).cmp(&activity(b))) {
        Some(pod) => Ok(pod.clone()),
        None => Err(Failure::text("timed out waiting for the condition")),
    }
}

/// How active a pod is: running before pending, ready before not, the longest ready first; also one that is being deleted
/// (kubectl: `util/podutils`, `ActivePods`).
fn activity(pod: &Value) -> impl Ord + use<> {
    let phase = match text(pod, "status/phase") {
        "Running" => 2,
        "Unknown" => 1,
        _ => 0,
    };
    let mut conditions = items(pod, "status/conditions").iter();
    let ready =
        conditions.find(|one| text(one, "type") == "Ready" && text(one, "status") == "True");
    let since = ready.map(|one| Reverse(text(one, "lastTransitionTime").to_owned()));
    let created = Reverse(text(pod, "metadata/creationTimestamp").to_owned());
    (phase, ready.is_some(), since, created)
}

/// The pods that a selector chooses.
pub(crate) async fn pods_of(cli: &Cli, selector: &Value) -> Result<Value, Failure> {
    let path = format!("/api/v1/namespaces/{}/pods", cli.namespace());
    let selector = crate::printers::selector(selector);
    cli.call(Call::get(path).with("labelSelector", selector)).await
}

/// The container that is meant if none is named; tells which if there are several.
///
/// # Errors
/// A container that the pod does not have.
pub(crate) fn container(cli: &Cli, pod: &Value, wanted: &str) -> Result<String, Failure> {
    let all = ["spec/containers", "spec/initContainers", "spec/ephemeralContainers"];
    let names: Vec<&str> = all
        .iter()
        .flat_map(|list| items(pod, list))
        .map(|container| text(container, "name"))
        .collect();
    let pod_name = crate::json::name(pod);
    if !wanted.is_empty() {
        if names.contains(&wanted) {
            return Ok(wanted.to_owned());
        }
        return Err(Failure::text(format!("container {wanted} not found in pod {pod_name}")));
    }
    let marked = annotation(pod, "kubectl.kubernetes.io/default-container");
    if names.contains(&marked) {
        return Ok(marked.to_owned());
    }
    let first = names.first().copied().unwrap_or_default();
    if names.len() > 1 && !cli.is_set("quiet") {
        if cli.profile.minor < 20 {
            cli.err(format!(
                "Defaulting container name to {first}.\nUse 'kubectl describe pod/{pod_name} -n {}' to see all of the \
                 containers in this pod.\n",
                crate::json::namespace(pod)
            ));
        } else {
            cli.err(format!("Defaulted container \"{first}\" out of: {}\n", names.join(", ")));
        }
    }
    Ok(first.to_owned())
}

/// Exactly one name.
///
/// # Errors
/// None or more of them.
pub(crate) fn one_name(cli: &Cli) -> Result<&str, Failure> {
    let given = cli.matches.dash.unwrap_or(cli.args().len());
    match &cli.args()[..given] {
        [name] => Ok(name),
        several => cli.usage(format!("exactly one NAME is required, got {}", several.len())),
    }
}

/// `key=value` texts; the rest is a mistake.
pub(crate) fn pairs(texts: &[String]) -> Value {
    let mut map = json!({});
    for text in texts.iter().flat_map(|text| text.split(',')).filter(|text| !text.is_empty()) {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        map[key] = value.into();
    }
    map
}
