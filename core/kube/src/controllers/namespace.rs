//! A namespace that is deleted goes when nothing is in it any more.

use serde_json::json;

use super::{View, is_going};
use crate::client;
use crate::json::put;
use crate::resources::RESOURCES;
use crate::rest::Method;

pub(super) fn run(view: &mut View<'_>) {
    for space in view.objects.list("namespaces", "").filter(|one| is_going(one)) {
        let name = crate::json::name(space);
        let mut is_empty = true;
        for resource in RESOURCES.iter().filter(|one| one.namespaced && one.is_kept()) {
            let left: Vec<_> = view.objects.list(resource.name, name).collect();
            is_empty &= left.is_empty() || resource.name == "events";
            if left.iter().any(|one| !is_going(one)) {
                let path = resource.path(Some(name));
                view.asks.push(client::request(Method::Delete, &path, json!({})));
            }
        }
        if is_empty {
            let mut changed = (**space).clone();
            put(&mut changed, "spec/finalizers", json!([]));
            view.asks.push(client::replace(changed, "/finalize"));
        }
    }
}
