//! Secrets and config maps of the node's pods. The kubelet asks for each by its name, watches it while a pod uses it, and
//! forgets it with the last one (kubelet: `pkg/kubelet/util/manager`, the watch-based manager).

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use serde_json::{Value, json};
use sim::{Duration, Time};

use super::{Kubelet, Output, Purpose, Touch};
use crate::client;
use crate::json::{flag, items, text};
use crate::rest::{Method, StreamEvent};
use crate::wire::Came;

/// Resource, namespace and name.
pub(super) type ObjectKey = (&'static str, String, String);

/// How far an object is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) object: Option<Rc<Value>>,
    /// The API server has answered at least once.
    pub(super) is_read: bool,
    /// Why it may not be read.
    pub(super) refusal: Option<String>,
    asks: bool,
    stream: Option<u64>,
}

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) known: SortedMap<ObjectKey, Known>,
    /// Tokens of pods' service accounts, by pod.
    pub(super) tokens: SortedMap<String, String>,
    pub(super) tokens_asked: SortedSet<String>,
    pub(super) services: super::services::Services,
    pub(super) retry_at: Option<Time>,
}

const RETRY: Duration = Duration::from_secs(2);

/// The objects that a pod uses.
pub(super) fn used_by(pod: &Value) -> SortedSet<ObjectKey> {
    let home = crate::json::namespace(pod);
    let mut used = SortedSet::new();
    let mut add = |resource: &'static str, name: &str| {
        if !name.is_empty() {
            used.insert((resource, home.to_owned(), name.to_owned()));
        }
    };
    for volume in items(pod, "spec/volumes") {
        add("secrets", text(volume, "secret/secretName"));
        add("configmaps", text(volume, "configMap/name"));
        for source in items(volume, "projected/sources") {
            add("secrets", text(source, "secret/name"));
            add("configmaps", text(source, "configMap/name"));
        }
    }
    for list in ["spec/containers", "spec/initContainers"] {
        for container in items(pod, list) {
            for env in items(container, "env") {
                add("secrets", text(env, "valueFrom/secretKeyRef/name"));
                add("configmaps", text(env, "valueFrom/configMapKeyRef/name"));
            }
            for from in items(container, "envFrom") {
                add("secrets", text(from, "secretRef/name"));
                add("configmaps", text(from, "configMapRef/name"));
            }
        }
    }
    used
}

impl Kubelet {
    /// Asks for what pods use, forgets what none uses any more.
    pub(super) fn follow_uses(&mut self, touch: &mut Touch<'_>) {
        let mut used = SortedSet::new();
        for run in self.pods.values().filter(|run| run.uses_objects()) {
            used.extend(used_by(&run.pod));
        }
        let gone: Vec<ObjectKey> =
            self.cache.known.keys().filter(|key| !used.contains(*key)).cloned().collect();
        for key in gone.into_iter().filter(|_| !sim::planted!(ObjectKept)) {
            if let Some(stream) = self.cache.known.remove(&key).and_then(|known| known.stream) {
                self.purposes.remove(&stream);
                touch.out.push(Output::Close(stream));
            }
        }
        let pods = &self.pods;
        self.cache.tokens.retain(|uid, _| pods.get(uid).is_some_and(super::PodRun::uses_objects));
        self.cache
            .tokens_asked
            .retain(|uid| pods.get(uid).is_some_and(super::PodRun::uses_objects));
        for key in used {
            let known = self.cache.known.entry(key.clone()).or_default();
            if known.stream.is_none() && !known.asks && !known.is_read {
                self.list_object(touch, key);
            }
        }
    }

    fn list_object(&mut self, touch: &mut Touch<'_>, key: ObjectKey) {
        let Some(known) = self.cache.known.get_mut(&key) else { return };
        known.asks = true;
        let mut request = client::request(Method::Get, &folder(&key), Value::Null);
        request.query.push(("fieldSelector".into(), format!("metadata.name={}", key.2)));
        self.ask(touch, Purpose::List(key), request, false);
    }

    pub(super) fn object_listed(&mut self, touch: &mut Touch<'_>, key: ObjectKey, came: Came) {
        let Some(known) = self.cache.known.get_mut(&key) else { return };
        known.asks = false;
        match came {
            Came::Response(answer) if answer.code == 200 => {
                known.is_read = true;
                known.refusal = None;
                known.object = items(&answer.body, "items").first().map(|one| Rc::new(one.clone()));
                // What cannot change need not be watched.
                let is_fixed = known.object.as_ref().is_some_and(|one| flag(one, "immutable"));
                if !is_fixed {
                    let mut request = client::request(Method::Get, &folder(&key), Value::Null);
                    let version = text(&answer.body, "metadata/resourceVersion").to_owned();
                    request.query = vec![
                        ("watch".into(), "true".into()),
                        ("fieldSelector".into(), format!("metadata.name={}", key.2)),
                        ("resourceVersion".into(), version),
                    ];
                    let stream = self.ask(touch, Purpose::Watch(key.clone()), request, true);
                    if let Some(known) = self.cache.known.get_mut(&key) {
                        known.stream = Some(stream);
                    }
                }
                self.sync_waiting(touch);
            }
            Came::Response(answer) => {
                known.refusal = Some(text(&answer.body, "message").to_owned());
                self.cache.retry_at = Some(touch.now + RETRY);
                self.sync_waiting(touch);
            }
            _ => self.cache.retry_at = Some(touch.now + RETRY),
        }
    }

    pub(super) fn object_changed(
        &mut self,
        touch: &mut Touch<'_>,
        stream: u64,
        key: ObjectKey,
        came: Came,
    ) {
        let Some(known) = self.cache.known.get_mut(&key) else { return };
        if known.stream != Some(stream) {
            return;
        }
        match came {
            Came::Opened => {}
            Came::Event(StreamEvent::Change(change)) => {
                if sim::planted!(ObjectNotRefreshed) {
                    return;
                }
                let is_gone = change["type"] == "DELETED";
                known.object = (!is_gone).then(|| Rc::new(change["object"].clone()));
                if known.object.as_ref().is_some_and(|one| flag(one, "immutable")) {
                    known.stream = None;
                    self.purposes.remove(&stream);
                    touch.out.push(Output::Close(stream));
                }
            }
            _ => {
                // What was known stays known until it can be read again.
                known.stream = None;
                self.cache.retry_at = Some(touch.now + RETRY);
            }
        }
    }

    pub(super) fn cache_due(&mut self, touch: &mut Touch<'_>) {
        if self.cache.retry_at.is_none_or(|at| at > touch.now) {
            return;
        }
        self.cache.retry_at = None;
        let again: Vec<ObjectKey> = self
            .cache
            .known
            .iter()
            .filter(|(_, known)| known.stream.is_none() && !known.asks)
            .filter(|(_, known)| !known.object.as_ref().is_some_and(|one| flag(one, "immutable")))
            .map(|(key, _)| key.clone())
            .collect();
        for key in again {
            self.list_object(touch, key);
        }
    }

    /// The token of a pod's service account, asked for once.
    pub(super) fn token(&mut self, touch: &mut Touch<'_>, pod: &Value) -> Option<String> {
        let uid = crate::json::uid(pod).to_owned();
        if let Some(token) = self.cache.tokens.get(&uid) {
            return Some(token.clone());
        }
        if self.cache.tokens_asked.insert(uid.clone()) {
            let (home, name) = (crate::json::namespace(pod), text(pod, "spec/serviceAccountName"));
            let path = format!("/api/v1/namespaces/{home}/serviceaccounts/{name}/token");
            let body = json!({
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": { "expirationSeconds": 3607 },
            });
            let request = client::request(Method::Post, &path, body);
            self.ask(touch, Purpose::Token(uid), request, false);
        }
        None
    }

    /// The same as objects.
    pub(crate) fn held_objects(&self) -> impl Iterator<Item = &Value> {
        self.cache.known.values().filter_map(|known| known.object.as_deref())
    }

    /// The secrets and config maps in memory, for whoever checks that they belong here.
    pub(crate) fn held(&self) -> impl Iterator<Item = (String, String, String)> {
        let known = self.cache.known.iter().filter(|(_, known)| known.object.is_some());
        known
            .map(|((resource, home, name), _)| ((*resource).to_owned(), home.clone(), name.clone()))
    }

    /// What the pods of the node name.
    pub(crate) fn used(&self) -> impl Iterator<Item = (String, String, String)> {
        let pods = self.pods.values().flat_map(|run| used_by(&run.pod));
        pods.map(|(resource, home, name)| (resource.to_owned(), home, name))
    }
}

fn folder(key: &ObjectKey) -> String {
    format!("/api/v1/namespaces/{}/{}", key.1, key.0)
}
