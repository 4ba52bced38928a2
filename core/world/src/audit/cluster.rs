//! A Kubernetes: its objects as an API server has them, and what a kubelet holds. The values of secrets are to be
//! looked for; everything else of an object is what the API shows to whoever may ask.

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use kube::KubeNode;
use serde_json::Value;

use super::needles::NeedleKind;
use super::objects::NewNeedle;
use super::surfaces::Look;
use crate::search::Surface;

/// In front of the name of a secret that an API server has in memory.
pub(super) const SERVER_MEMORY: &str = "memory of the API server, ";
/// In front of the name of a secret that a kubelet has in memory.
pub(super) const KUBELET_MEMORY: &str = "memory of the kubelet, ";

/// What was looked at of a node.
#[derive(Debug, Default)]
pub(super) struct ClusterSeen {
    revision: Option<u64>,
    objects: SortedMap<String, Rc<Value>>,
    held: SortedSet<String>,
}

/// `secret default/user-pass`.
fn place(object: &Value) -> String {
    let kind = kube::json::text(object, "kind").to_lowercase();
    match kube::json::namespace(object) {
        "" => format!("{kind} {}", kube::json::name(object)),
        namespace => format!("{kind} {namespace}/{}", kube::json::name(object)),
    }
}

/// What `kubectl apply` notes in an object: the file as it was, a secret's too. It stays when the secret is changed in
/// another way.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// That note as a place.
fn applied(object: &Value) -> String {
    format!("{}, annotation {LAST_APPLIED}", place(object))
}

fn is_secret(object: &Value) -> bool {
    object["kind"] == "Secret"
}

/// What an object is called as a place; a secret's bytes are in memory alone.
fn surface_of(object: &Value) -> (Surface, String) {
    match is_secret(object) {
        true => (Surface::Memory, format!("{SERVER_MEMORY}{}", place(object))),
        false => (Surface::Metadata, place(object)),
    }
}

impl ClusterSeen {
    /// Nothing of it is in memory any more.
    pub(super) fn forget(&mut self, look: &mut Look<'_>) {
        self.revision = None;
        for object in std::mem::take(&mut self.objects).into_values() {
            let (surface, place) = surface_of(&object);
            look.forget(surface, place);
            look.forget(Surface::Metadata, applied(&object));
        }
        for place in std::mem::take(&mut self.held) {
            look.forget(Surface::Memory, place);
        }
    }

    /// Looks at what has changed; true if the kubelet holds something else.
    pub(super) fn follow(&mut self, node: &KubeNode, look: &mut Look<'_>) -> bool {
        match node.objects() {
            None if self.revision.is_some() => self.forget(look),
            None => {}
            Some(objects) if self.revision == Some(objects.revision) => {}
            Some(objects) => {
                self.revision = Some(objects.revision);
                self.objects(objects, look);
            }
        }
        self.kubelet(node, look)
    }

    fn objects(&mut self, objects: &kube::apiserver::Objects, look: &mut Look<'_>) {
        let gone: Vec<String> =
            self.objects.keys().filter(|key| objects.get(key).is_none()).cloned().collect();
        for key in gone {
            if let Some(object) = self.objects.remove(&key) {
                let (surface, place) = surface_of(&object);
                look.forget(surface, place);
                look.forget(Surface::Metadata, applied(&object));
            }
        }
        for (key, object) in objects.range("/registry/".to_owned()) {
            let is_known = self.objects.get(key).is_some_and(|known| Rc::ptr_eq(known, object));
            // What renews itself all the time says nothing that a person wrote.
            if is_known || key.starts_with("/registry/leases/") {
                continue;
            }
            if is_secret(object) {
                needles(object, look);
            }
            let cause = look.said_of(kube::json::uid(object));
            if is_secret(object) {
                let note = kube::json::at(object, "metadata/annotations")[LAST_APPLIED].as_str();
                look.whole(
                    Surface::Metadata,
                    applied(object),
                    note.unwrap_or_default().as_bytes(),
                    cause,
                );
            }
            let (surface, place) = surface_of(object);
            look.whole(surface, place, object.to_string().as_bytes(), cause);
            self.objects.insert(key.to_owned(), Rc::clone(object));
        }
    }

    fn kubelet(&mut self, node: &KubeNode, look: &mut Look<'_>) -> bool {
        let held = node.held_objects();
        let secrets = held.into_iter().filter(|object| is_secret(object));
        let now: SortedMap<String, &Value> =
            secrets.map(|object| (format!("{KUBELET_MEMORY}{}", place(object)), object)).collect();
        for place in self.held.iter().filter(|place| !now.contains_key(*place)) {
            look.forget(Surface::Memory, place.clone());
        }
        for (place, object) in &now {
            if !self.held.contains(place) {
                let cause = look.because.cause;
                look.whole(Surface::Memory, place.clone(), object.to_string().as_bytes(), cause);
            }
        }
        let now: SortedSet<String> = now.into_keys().collect();
        let is_new = now != self.held;
        self.held = now;
        is_new
    }
}

/// Every value of a secret. What a cluster makes for itself is nobody's secret to look for.
fn needles(secret: &Value, look: &mut Look<'_>) {
    if kube::json::text(secret, "type") == "kubernetes.io/service-account-token" {
        return;
    }
    let id = kube::json::uid(secret).to_owned();
    for (key, value) in kube::json::members(secret, "data") {
        let text = value.as_str().and_then(seal::base64::decode);
        let name = format!("{}/{key}", kube::json::name(secret));
        if let Some(text) = text {
            look.new.push(NewNeedle { kind: NeedleKind::Secret, name, id: id.clone(), text });
        }
    }
}
