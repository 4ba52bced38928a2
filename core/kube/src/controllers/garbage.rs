//! What has owners and lost all of them goes too.

use super::{View, is_going};
use crate::apiserver::objects::resource;
use crate::client;
use crate::json::{items, text};
use crate::resources::Resource;

pub(super) fn run(view: &mut View<'_>) {
    for name in ["replicasets", "pods", "secrets", "configmaps", "services"] {
        for object in view.objects.list(resource(name).name, "") {
            let owners = items(object, "metadata/ownerReferences");
            if owners.is_empty() || is_going(object) {
                continue;
            }
            let home = crate::json::namespace(object);
            let is_there = |owner: &serde_json::Value| {
                let kind = Resource::of(text(owner, "apiVersion"), text(owner, "kind"));
                // An owner of a kind that is not here cannot be missed.
                kind.is_none_or(|kind| {
                    let found = view.objects.get(&kind.key(home, text(owner, "name")));
                    found.is_some_and(|found| crate::json::uid(found) == text(owner, "uid"))
                })
            };
            if !owners.iter().any(is_there) && !sim::planted!(OrphansKept) {
                view.asks.push(client::delete(object, None));
            }
        }
    }
}
