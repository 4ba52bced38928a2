//! What must be true of an object of its kind before it is kept, and of a change of it (kubernetes:
//! `pkg/apis/*/validation`).

use serde_json::{Value, json};

use super::names;
use crate::json::{at, flag, items, members, object, remove, text};
use crate::resources::Resource;
use crate::schema::{self, Problem};

/// The most bytes that all values of a secret may have together (`MaxSecretSize`).
const SECRET_SIZE_MAX: usize = 1_048_576;

/// All that is wrong with an object.
pub(super) fn problems(resource: &Resource, value: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    let name = crate::json::name(value);
    found.extend(names::check(resource, name));
    found.extend(names::labels(at(value, "metadata/labels"), "metadata.labels"));
    match resource.kind {
        "Secret" => found.extend(secret_problems(value)),
        "ConfigMap" => found.extend(key_problems(at(value, "data"))),
        _ => {}
    }
    if let Some(kind) = schema::kind(resource.kind) {
        found.extend(schema::missing(kind, value));
    }
    match resource.kind {
        "Pod" => pod_problems(&value["spec"], "spec", &mut found),
        "Deployment" | "ReplicaSet" => {
            if text(value, "spec/strategy/type") == "Recreate"
                && !at(value, "spec/strategy/rollingUpdate").is_null()
            {
                let why = "may not be specified when strategy `type` is 'Recreate'";
                found.push(Problem::forbidden("spec.strategy.rollingUpdate", why));
            }
            pod_problems(at(value, "spec/template/spec"), "spec.template.spec", &mut found);
            let labels = at(value, "spec/template/metadata/labels");
            let selector = super::selector::Selector::of_object(at(value, "spec/selector"));
            if at(value, "spec/selector").is_object()
                && !selector.matches(&json!({ "metadata": { "labels": labels } }))
            {
                found.push(Problem {
                    field: "spec.template.metadata.labels".to_owned(),
                    reason: "FieldValueInvalid",
                    message: format!(
                        "Invalid value: {}: `selector` does not match template `labels`",
                        go_map(labels)
                    ),
                });
            }
        }
        _ => {}
    }
    found
}

/// `map[string]string{"app":"web"}`.
fn go_map(labels: &Value) -> String {
    let parts: Vec<String> =
        members(labels, "").map(|(key, value)| format!("\"{key}\":{value}")).collect();
    match labels.is_object() {
        true => format!("map[string]string{{{}}}", parts.join(", ")),
        false => "map[string]string(nil)".to_owned(),
    }
}

fn key_problems(data: &Value) -> impl Iterator<Item = Problem> {
    members(data, "").filter_map(|(key, _)| {
        let field = format!("data[{key}]");
        names::config_key(key).map(|why| Problem::invalid(field, &key.into(), why))
    })
}

fn secret_problems(secret: &Value) -> Vec<Problem> {
    let mut found: Vec<Problem> = key_problems(&secret["data"]).collect();
    let size: usize = members(secret, "data")
        .filter_map(|(_, value)| seal::base64::decode(value.as_str()?))
        .map(|bytes| bytes.len())
        .sum();
    if SECRET_SIZE_MAX < size {
        let message = format!("Too long: must have at most {SECRET_SIZE_MAX} bytes");
        let (field, reason) = ("data".to_owned(), "FieldValueTooLong");
        found.push(Problem { field, reason, message });
    }
    let needs: &[&str] = match text(secret, "type") {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    const ACCOUNT: &str = "kubernetes.io/service-account.name";
    if text(secret, "type") == "kubernetes.io/service-account-token"
        && at(secret, "metadata/annotations")[ACCOUNT].is_null()
    {
        found.push(Problem::required(format!("metadata.annotations[{ACCOUNT}]"), ""));
    }
    for key in needs {
        if secret["data"].get(*key).is_none() {
            found.push(Problem::required(format!("data[{key}]"), ""));
        }
    }
    found
}

fn pod_problems(spec: &Value, path: &str, found: &mut Vec<Problem>) {
    let volumes = items(spec, "volumes");
    let mut seen: Vec<&str> = Vec::new();
    for (place, volume) in volumes.iter().enumerate() {
        let path = format!("{path}.volumes[{place}]");
        let name = text(volume, "name");
        if seen.contains(&name) {
            found.push(duplicate(format!("{path}.name"), name));
        }
        seen.push(name);
        if volume["secret"].is_object() && text(volume, "secret/secretName").is_empty() {
            found.push(Problem::required(format!("{path}.secret.secretName"), ""));
        }
        let listed = items(volume, "secret/items").iter().enumerate();
        for (place, item) in listed {
            let target = text(item, "path");
            let path = format!("{path}.secret.items[{place}].path");
            if target.starts_with('/') {
                found.push(Problem::invalid(path, &target.into(), "must be a relative path"));
            } else if target.split('/').any(|step| step == "..") {
                found.push(Problem::invalid(path, &target.into(), "must not contain '..'"));
            } else if target.starts_with("..") {
                found.push(Problem::invalid(path, &target.into(), "must not start with '..'"));
            }
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for list in ["containers", "initContainers"] {
        for (place, container) in items(spec, list).iter().enumerate() {
            let path = format!("{path}.{list}[{place}]");
            let name = text(container, "name");
            if let Some(why) = names::label(name).filter(|_| !name.is_empty()) {
                found.push(Problem::invalid(format!("{path}.name"), &name.into(), &why));
            }
            if names.contains(&name) {
                found.push(duplicate(format!("{path}.name"), name));
            }
            names.push(name);
            if text(container, "image").is_empty() {
                found.push(Problem::required(format!("{path}.image"), ""));
            }
            for (place, env) in items(container, "env").iter().enumerate() {
                if !text(env, "value").is_empty() && env["valueFrom"].is_object() {
                    let why = "may not be specified when `value` is not empty";
                    let path = format!("{path}.env[{place}].valueFrom");
                    found.push(Problem::invalid(path, &"".into(), why));
                }
            }
            for (place, mount) in items(container, "volumeMounts").iter().enumerate() {
                let name = text(mount, "name");
                if !name.is_empty() && !seen.contains(&name) {
                    let field = format!("{path}.volumeMounts[{place}].name");
                    let (reason, message) =
                        ("FieldValueNotFound", format!("Not found: \"{name}\""));
                    found.push(Problem { field, reason, message });
                }
            }
        }
    }
}

fn duplicate(field: String, value: &str) -> Problem {
    let message = format!("Duplicate value: \"{value}\"");
    Problem { field, reason: "FieldValueDuplicate", message }
}

/// What a change of an object may not do.
pub(super) fn change_problems(resource: &Resource, old: &Value, new: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    let differs = |path: &str| at(old, path) != at(new, path);
    match resource.kind {
        "Secret" | "ConfigMap" => {
            let why = "field is immutable when `immutable` is set";
            if flag(old, "immutable") {
                if !flag(new, "immutable") {
                    found.push(Problem::forbidden("immutable", why));
                }
                for field in ["data", "binaryData"] {
                    if differs(field) {
                        found.push(Problem::forbidden(field, why));
                    }
                }
            }
            if resource.kind == "Secret" && differs("type") {
                found.push(Problem::invalid("type", &new["type"], "field is immutable"));
            }
        }
        "Deployment" | "ReplicaSet" if differs("spec/selector") => {
            found.push(Problem::invalid(
                "spec.selector",
                at(new, "spec/selector"),
                "field is immutable",
            ));
        }
        "RoleBinding" | "ClusterRoleBinding" if differs("roleRef") => {
            found.push(Problem::invalid("roleRef", &new["roleRef"], "cannot change roleRef"));
        }
        "Pod" if mutable_removed(&old["spec"]) != mutable_removed(&new["spec"]) => {
            found.push(Problem::forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`, \
                 `spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations` \
                 (only additions to existing tolerations) or `spec.terminationGracePeriodSeconds` \
                 (allow it to be set to 1 if it was previously negative)",
            ));
        }
        _ => {}
    }
    found
}

/// A pod's spec without what may change.
fn mutable_removed(spec: &Value) -> Value {
    let mut rest = spec.clone();
    let map = object(&mut rest, "");
    for field in ["activeDeadlineSeconds", "tolerations", "nodeName"] {
        map.shift_remove(field);
    }
    for list in ["containers", "initContainers"] {
        for container in map.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            remove(container, "image");
        }
    }
    crate::json::in_order(rest)
}
