//! Conditions of objects: observed aspects with the time of their last change.

use serde_json::{Value, json};
use sim::Time;

use crate::json::{items, put, text};

/// The status of a condition, empty if there is none.
pub(crate) fn get<'a>(object: &'a Value, kind: &str) -> &'a str {
    let found = items(object, "status/conditions").iter().find(|one| text(one, "type") == kind);
    found.map(|one| text(one, "status")).unwrap_or_default()
}

/// Sets a condition; its time changes with its status only. `why` is reason and message.
pub(crate) fn set(object: &mut Value, kind: &str, status: &str, why: (&str, &str), wall: Time) {
    let old = items(object, "status/conditions").iter().find(|one| text(one, "type") == kind);
    let since = match old {
        Some(old) if text(old, "status") == status => text(old, "lastTransitionTime").to_owned(),
        _ => crate::json::time(wall),
    };
    let is_node = text(object, "kind") == "Node";
    let mut new = json!({ "type": kind, "status": status, "lastTransitionTime": since });
    if is_node {
        put(&mut new, "lastHeartbeatTime", crate::json::time(wall));
    }
    if !why.0.is_empty() {
        put(&mut new, "reason", why.0);
    }
    if !why.1.is_empty() {
        put(&mut new, "message", why.1);
    }
    let mut all = items(object, "status/conditions").to_vec();
    match all.iter_mut().find(|one| text(one, "type") == kind) {
        Some(place) => *place = new,
        None => all.push(new),
    }
    put(object, "status/conditions", all);
}
