//! Changes, and who watches them.

use std::rc::Rc;

use serde_json::{Value, json};

use super::selector::Selector;
use super::status::Status;
use super::{ApiServer, Origin, Output, objects};
use crate::etcd::Member;
use crate::rest::StreamEvent;

/// Changes that are remembered for watches that begin in the past.
const CHANGE_COUNT_MAX: usize = 2_000;

#[derive(Debug)]
pub(super) struct Watch {
    pub(super) origin: Origin,
    pub(super) prefix: String,
    pub(super) selector: Selector,
}

/// A change, for watches.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) key: String,
    pub(crate) old: Option<Rc<Value>>,
    pub(crate) new: Option<Rc<Value>>,
}

impl ApiServer {
    pub(super) fn change(&mut self, member: &Member, key: String, revision: u64) {
        let Some(resource) = objects::resource_of(&key) else { return };
        let stored = match member.store.at_revision(&key, revision) {
            Ok(found) => found.map(|bytes| (bytes, revision)),
            // Compacted meanwhile: only the newest value counts.
            Err(_) => member.store.get(&key).map(|found| (&*found.value, found.modified)),
        };
        let old = match stored {
            Some((bytes, revision)) => {
                let value = self.options.encryption.open(resource.name, &key, bytes);
                let is_stale = self.options.encryption.is_stale(resource.name, bytes);
                self.objects.mark(&key, is_stale);
                self.objects.put(&key, &value, revision)
            }
            None if sim::planted!(DeletionNotCached) => None,
            None => self.objects.remove(&key, revision),
        };
        let new = self.objects.get(&key).cloned();
        let change = Change { revision, key, old, new };
        for watch in self.watches.values() {
            let is_lost = sim::planted!(WatchEventLost) && change.revision.is_multiple_of(10);
            if let Some(event) = event_of(&change, watch).filter(|_| !is_lost) {
                self.out.push(Output::Event(watch.origin, StreamEvent::Change(event)));
            }
        }
        self.fresh.push(change.clone());
        self.changes.push_back(change);
        while CHANGE_COUNT_MAX < self.changes.len() {
            if let Some(gone) = self.changes.pop_front() {
                self.forgotten = gone.revision;
            }
        }
    }

    pub(super) fn begin_watch(&mut self, id: u64, watch: Watch, since: Option<u64>) {
        let origin = watch.origin;
        match since {
            Some(since) if since < self.forgotten => {
                let text = format!("too old resource version: {since} ({})", self.forgotten);
                let expired = Status::new(410, "Expired", text);
                return self.out.push(Output::Respond(origin, expired.into()));
            }
            Some(since) => {
                self.out.push(Output::Opened(origin));
                for change in self.changes.iter().filter(|change| since < change.revision) {
                    if let Some(event) = event_of(change, &watch) {
                        self.out.push(Output::Event(origin, StreamEvent::Change(event)));
                    }
                }
            }
            None => {
                self.out.push(Output::Opened(origin));
                for (_, object) in self.objects.range(watch.prefix.clone()) {
                    if watch.selector.matches(object) {
                        let event = json!({ "type": "ADDED", "object": **object });
                        self.out.push(Output::Event(origin, StreamEvent::Change(event)));
                    }
                }
            }
        }
        self.watches.insert(id, watch);
    }
}

/// What a watch is told of a change: an object that begins to be selected is new, one that no longer is is gone.
fn event_of(change: &Change, watch: &Watch) -> Option<Value> {
    if !change.key.starts_with(&watch.prefix) {
        return None;
    }
    let is_seen = |object: &Option<Rc<Value>>| {
        object.as_ref().is_some_and(|object| watch.selector.matches(object))
    };
    let (kind, object) = match (is_seen(&change.old), is_seen(&change.new)) {
        (false, true) => ("ADDED", change.new.as_ref()?),
        (true, true) => ("MODIFIED", change.new.as_ref()?),
        (true, false) => ("DELETED", change.old.as_ref()?),
        (false, false) => return None,
    };
    let mut object = (**object).clone();
    if kind == "DELETED" {
        crate::json::put(&mut object, "metadata/resourceVersion", change.revision.to_string());
    }
    Some(json!({ "type": kind, "object": object }))
}
