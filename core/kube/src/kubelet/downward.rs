//! What a pod may know of itself: fields and needs, as variables and as files (kubelet: `pkg/fieldpath`,
//! `resource/helpers.go`).

use serde_json::Value;

use super::volumes::{Payload, bits};
use crate::json::{at, items, members, text};
use crate::quantity;

/// A field of the pod.
pub(super) fn field_of(pod: &Value, path: &str) -> String {
    let found = match path.split_once('[') {
        Some((map, key)) => {
            let key = key.trim_end_matches(']').trim_matches(['\'', '"']);
            at(pod, &map.replace('.', "/")).get(key).unwrap_or(&Value::Null)
        }
        None => at(pod, &path.replace('.', "/")),
    };
    match found {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        // A volume may show all of them.
        Value::Object(_) => {
            let all = members(found, "");
            let lines: Vec<String> = all.map(|(key, value)| format!("{key}={value}")).collect();
            lines.join("\n")
        }
        Value::Array(all) => {
            let all: Vec<&str> = all.iter().map(|one| text(one, "ip")).collect();
            all.join(",")
        }
        other => other.to_string(),
    }
}

/// What a container needs; without a limit, all that the node has.
pub(super) fn resource_of(pod: &Value, own: Option<&Value>, reference: &Value) -> String {
    let name = text(reference, "containerName");
    let mut all =
        items(pod, "spec/containers").iter().chain(items(pod, "spec/initContainers")).chain(own);
    let Some(container) =
        own.filter(|_| name.is_empty()).or_else(|| all.find(|one| text(one, "name") == name))
    else {
        return String::new();
    };
    let asked = match (quantity::asked(container, reference), text(reference, "resource")) {
        (0, "limits.cpu") => quantity::divided(u128::from(daemon::CPU_COUNT) * 1_000, reference),
        (0, "limits.memory") => {
            quantity::divided(u128::from(daemon::MEMORY_SIZE) * 1_000, reference)
        }
        (asked, _) => asked,
    };
    asked.to_string()
}

/// The files of a volume.
pub(super) fn files(pod: &Value, source: &Value, mode: i64, payload: &mut Payload) {
    for item in items(source, "items") {
        let value = match &item["resourceFieldRef"] {
            Value::Null => field_of(pod, text(item, "fieldRef/fieldPath")),
            reference => resource_of(pod, None, reference),
        };
        let own = item["mode"].as_i64().unwrap_or(mode);
        payload.insert(text(item, "path").to_owned(), (value.into_bytes(), bits(own)));
    }
}
