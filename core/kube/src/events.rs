//! Events about objects: written once, then counted (client-go: `tools/record`).

use sorted::SortedMap;

use serde_json::{Value, json};
use sim::{Rng, Time};

use crate::client;
use crate::json::{int, put, text};
use crate::rest::Request;

/// More different events than these are not remembered.
const KNOWN_COUNT_MAX: usize = 512;

/// Who tells events.
#[derive(Debug)]
pub(crate) struct Recorder {
    component: &'static str,
    host: String,
    rng: Rng,
    count: u64,
    known: SortedMap<(String, String, String), Value>,
}

/// Which object an event is about.
pub(crate) fn reference(object: &Value) -> Value {
    let mut reference = json!({
        "kind": text(object, "kind"),
        "apiVersion": text(object, "apiVersion"),
        "name": crate::json::name(object),
        "uid": crate::json::uid(object),
    });
    if !crate::json::namespace(object).is_empty() {
        put(&mut reference, "namespace", crate::json::namespace(object));
    }
    reference
}

impl Recorder {
    pub(crate) fn new(component: &'static str, host: &str, rng: Rng) -> Self {
        Self { component, host: host.to_owned(), rng, count: 0, known: SortedMap::new() }
    }

    /// The request that tells of something. `what` is type, reason and message.
    pub(crate) fn tell(&mut self, about: &Value, what: (&str, &str, &str), wall: Time) -> Request {
        let (kind, reason, message) = what;
        let involved = if about["metadata"].is_object() { reference(about) } else { about.clone() };
        let key = (text(&involved, "uid").to_owned(), reason.to_owned(), message.to_owned());
        let at = crate::json::time(wall);
        if let Some(known) = self.known.get_mut(&key) {
            put(known, "count", int(known, "count") + 1);
            put(known, "lastTimestamp", at);
            return client::replace(known.clone(), "");
        }
        if KNOWN_COUNT_MAX <= self.known.len() {
            self.known.pop_first();
        }
        let namespace = match text(&involved, "namespace") {
            "" => "default",
            namespace => namespace,
        };
        // Later events sort after earlier ones, and no two hosts make the same name.
        self.count += 1;
        let front = wall.unix_nanos() & !0xff_ffff;
        let stamp = front | (self.count & 0xff) << 16 | self.rng.below(1 << 16);
        let name = format!("{}.{stamp:x}", text(&involved, "name"));
        let mut source = json!({ "component": self.component });
        if !self.host.is_empty() {
            put(&mut source, "host", self.host.clone());
        }
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": name, "namespace": namespace },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
            "type": kind,
        });
        self.known.insert(key, event.clone());
        client::create(event)
    }
}
