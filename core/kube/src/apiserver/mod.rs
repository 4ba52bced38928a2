//! The API server: requests come in, objects go into etcd, changes go to whoever watches.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `path` | what a request names |
//! | `access`, `token` | who asks, and may they: certificates, tokens, the node authoriser, RBAC |
//! | `serve` | reading, and the way to the other verbs |
//! | `change` | create, update, patch, delete |
//! | `kinds`, `names` | what is done to objects of a kind before they are kept |
//! | `selector`, `patch`, `status` | parts of the API's language |
//! | `objects` | what etcd holds, in memory |
//! | `bootstrap` | what every cluster begins with |

pub(crate) mod access;
mod bootstrap;
mod change;
mod kinds;
mod names;
pub(crate) mod objects;
mod patch;
pub(crate) mod path;
pub(crate) mod selector;
mod serve;
mod status;
pub(crate) mod token;

use sorted::SortedMap;
use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::{Value, json};
use sim::{Duration, Rng, Time};

pub use objects::Objects;
pub use status::Status;

use crate::etcd::encryption::Encryption;
use crate::etcd::{Applied, Effect, Member, Operation, Outcome};
use crate::json::remove;
use crate::rest::{Request, Response, StreamEvent};
use access::User;
use selector::Selector;
use token::TokenKey;

/// etcd's client gives up after so long without a leader (`etcdserver: request timed out`).
const STORE_TIMEOUT: Duration = Duration::from_secs(7);
/// Changes that are remembered for watches that begin in the past.
const CHANGE_COUNT_MAX: usize = 2_000;
/// apiserver: `--etcd-compaction-interval`.
const COMPACTION_INTERVAL: Duration = Duration::from_secs(300);
/// A write that somebody else was faster than is tried so often.
const TRY_COUNT_MAX: u32 = 8;

/// Admission plug-in `ServiceAccount`: the account `default` of a new namespace is looked for so often, so long apart.
const ACCOUNT_TRIES: u32 = 10;
const ACCOUNT_PAUSE: Duration = Duration::from_millis(100);

/// Who is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// A client, by its connection and its own number.
    Client {
        /// The connection.
        link: u64,
        /// The request on it.
        number: u64,
    },
    /// A part of the control plane on this host.
    Internal(u64),
}

/// What the server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The minor version.
    pub(crate) minor: u32,
    /// The host's address.
    pub(crate) address: String,
    /// What tokens are signed with.
    pub(crate) token_key: TokenKey,
    /// How values are kept.
    pub(crate) encryption: Encryption,
}

/// What the server wants done.
#[derive(Debug)]
pub(crate) enum Output {
    Respond(Origin, Response),
    Opened(Origin),
    Event(Origin, StreamEvent),
    /// A kubelet is to be asked.
    Proxy {
        origin: Origin,
        address: String,
        request: Box<Request>,
        opens: bool,
    },
}

/// A write to etcd.
#[derive(Clone, Debug)]
struct Write {
    key: String,
    seen: Option<u64>,
    value: Option<Value>,
}

/// What is answered when all writes are done.
#[derive(Clone, Debug)]
enum Then {
    /// The object of a key, as it is then.
    Object(u16, String),
    /// This.
    Reply(u16, Value),
}

enum Served {
    Now(Response),
    Write(Vec<Write>, Then, Vec<String>),
    Watch { prefix: String, selector: Selector, since: Option<u64> },
    Proxy { address: String, request: Box<Request> },
}

#[derive(Debug)]
enum Stage {
    /// There was no leader.
    Waiting,
    /// It is tried again then.
    Later(Time),
    Reading(u64),
    Writing {
        left: Vec<u64>,
        is_conflict: bool,
        then: Then,
        warnings: Vec<String>,
    },
}

#[derive(Debug)]
struct Call {
    origin: Origin,
    user: User,
    request: Request,
    opens: bool,
    stage: Stage,
    deadline: Time,
    tries: u32,
}

#[derive(Debug)]
struct Watch {
    origin: Origin,
    prefix: String,
    selector: Selector,
}

/// A change, for watches.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) key: String,
    pub(crate) old: Option<Rc<Value>>,
    pub(crate) new: Option<Rc<Value>>,
}

/// `kube-apiserver`.
#[derive(Debug)]
pub(crate) struct ApiServer {
    options: Options,
    pub(crate) objects: Objects,
    calls: SortedMap<u64, Call>,
    next_call: u64,
    watches: SortedMap<u64, Watch>,
    changes: VecDeque<Change>,
    /// Changes since somebody on this host asked.
    fresh: Vec<Change>,
    /// Revisions up to here are not in `changes` any more.
    forgotten: u64,
    out: Vec<Output>,
    rng: Rng,
    next_compaction: Time,
    compact_at: u64,
    is_bootstrapped: bool,
}

impl ApiServer {
    /// A server over what the host's etcd holds.
    pub(crate) fn new(now: Time, options: Options, member: &Member, rng: Rng) -> Self {
        let mut server = Self {
            options,
            objects: Objects::default(),
            calls: SortedMap::new(),
            next_call: 0,
            watches: SortedMap::new(),
            changes: VecDeque::new(),
            fresh: Vec::new(),
            forgotten: 0,
            out: Vec::new(),
            rng,
            next_compaction: now + COMPACTION_INTERVAL,
            compact_at: 0,
            is_bootstrapped: false,
        };
        server.load(member);
        server
    }

    /// Reads everything anew.
    fn load(&mut self, member: &Member) {
        self.objects.clear();
        for (key, found) in member.store.range("/registry/") {
            if let Some(resource) = objects::resource_of(key) {
                let value = self.options.encryption.open(resource.name, key, &found.value);
                self.objects.put(key, &value, found.modified);
                let is_stale = self.options.encryption.is_stale(resource.name, &found.value);
                self.objects.mark(key, is_stale);
            }
        }
        self.objects.revision = member.store.revision;
        self.forgotten = member.store.revision;
        self.changes.clear();
        // Whoever watches begins again.
        for (_, watch) in std::mem::take(&mut self.watches) {
            self.out.push(Output::Event(watch.origin, StreamEvent::Ended(Value::Null)));
        }
    }

    /// The version, as `kubectl version` shows it.
    pub(crate) fn version(&self) -> Value {
        version_info(self.options.minor)
    }

    /// What has happened since the last call.
    pub(crate) fn take_out(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// The changes since the last call, for the control plane's own loops.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.fresh)
    }

    /// What tokens are checked with.
    pub(crate) const fn token_key(&self) -> &TokenKey {
        &self.options.token_key
    }

    /// A request has come.
    pub(crate) fn ask(
        &mut self,
        now: Time,
        origin: Origin,
        user: User,
        request: Request,
        opens: bool,
    ) {
        let id = self.next_call;
        self.next_call += 1;
        let deadline = now + STORE_TIMEOUT;
        let stage = Stage::Waiting;
        self.calls.insert(id, Call { origin, user, request, opens, stage, deadline, tries: 0 });
    }

    /// A client has gone: what it asked is nobody's.
    pub(crate) fn forget(&mut self, gone: impl Fn(Origin) -> bool) {
        self.watches.retain(|_, watch| !gone(watch.origin));
        self.calls
            .retain(|_, call| !gone(call.origin) || matches!(call.stage, Stage::Writing { .. }));
    }

    /// It ends: whoever watches or waits is told.
    pub(crate) fn stop(&mut self) {
        for (_, watch) in std::mem::take(&mut self.watches) {
            self.out.push(Output::Event(watch.origin, StreamEvent::Ended(Value::Null)));
        }
        for (_, call) in std::mem::take(&mut self.calls) {
            let gone = Status::new(503, "ServiceUnavailable", "apiserver is shutting down");
            self.out.push(Output::Respond(call.origin, gone.into()));
        }
    }

    /// When a request is given up, or etcd compacted.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let calls = self.calls.values().map(|call| match call.stage {
            Stage::Later(at) => at,
            _ => call.deadline,
        });
        let calls = calls.min();
        [calls, Some(self.next_compaction)].into_iter().flatten().min()
    }

    /// Takes up what etcd has applied.
    pub(crate) fn applied(&mut self, member: &Member, applied: Vec<Applied>) {
        for one in applied {
            match one {
                Applied::Replaced => self.load(member),
                Applied::Passed { own } => self.written(own, true),
                Applied::Changed { key, own, outcome } => {
                    if let Outcome::Done(revision) = outcome {
                        self.change(member, key, revision);
                    }
                    self.written(own, matches!(outcome, Outcome::Done(_)));
                }
            }
        }
    }

    fn change(&mut self, member: &Member, key: String, revision: u64) {
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
            None => self.objects.remove(&key, revision),
        };
        let new = self.objects.get(&key).cloned();
        let change = Change { revision, key, old, new };
        for watch in self.watches.values() {
            if let Some(event) = event_of(&change, watch) {
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

    /// A proposal of this host has been applied.
    fn written(&mut self, own: Option<u64>, is_done: bool) {
        let Some(id) = own else { return };
        for call in self.calls.values_mut() {
            if let Stage::Writing { left, is_conflict, .. } = &mut call.stage
                && let Some(place) = left.iter().position(|one| *one == id)
            {
                left.remove(place);
                *is_conflict |= !is_done;
            }
        }
    }

    /// Goes on with all requests as far as they can go; true if some have gone on.
    pub(crate) fn drive(
        &mut self,
        now: Time,
        wall: Time,
        member: &mut Member,
        out: &mut Vec<Effect>,
    ) -> bool {
        if !self.is_bootstrapped && member.is_leader() {
            self.bootstrap(now);
        }
        if self.next_compaction <= now {
            self.next_compaction = now + COMPACTION_INTERVAL;
            if member.is_leader() && self.compact_at > 0 {
                member.propose(Operation::Compact(self.compact_at), out);
            }
            self.compact_at = member.store.revision;
            self.expire_events(now, wall);
        }
        let ids: Vec<u64> = self.calls.keys().copied().collect();
        let mut has_moved = false;
        for id in ids {
            while self.drive_call(now, wall, id, member, out) {
                has_moved = true;
            }
        }
        has_moved
    }

    /// One step of one request; true if there may be another.
    fn drive_call(
        &mut self,
        now: Time,
        wall: Time,
        id: u64,
        member: &mut Member,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        if call.deadline <= now {
            if let Stage::Reading(read) = call.stage {
                member.forget_read(read);
            }
            let origin = call.origin;
            self.calls.remove(&id);
            self.out.push(Output::Respond(origin, Status::store_timeout().into()));
            return false;
        }
        match &mut call.stage {
            Stage::Later(at) if now < *at => false,
            // Admission looks into a cache, not into etcd.
            Stage::Later(_) => {
                let Some(call) = self.calls.remove(&id) else { return false };
                self.serve_call((now, wall), id, call, member, out);
                true
            }
            Stage::Waiting => match member.begin_read(out) {
                Some(read) => {
                    call.stage = Stage::Reading(read);
                    true
                }
                None => false,
            },
            Stage::Reading(read) => {
                if member.is_read_over(*read) {
                    member.forget_read(*read);
                    call.stage = Stage::Waiting;
                    return true;
                }
                if !member.take_read(*read) {
                    return false;
                }
                let Some(call) = self.calls.remove(&id) else { return false };
                self.serve_call((now, wall), id, call, member, out);
                false
            }
            Stage::Writing { left, is_conflict, .. } => {
                if !left.is_empty() {
                    return false;
                }
                if *is_conflict && call.tries < TRY_COUNT_MAX {
                    call.tries += 1;
                    call.stage = Stage::Waiting;
                    return true;
                }
                let Some(call) = self.calls.remove(&id) else { return false };
                if let Stage::Writing { then, warnings, .. } = call.stage {
                    let (code, body) = match then {
                        Then::Reply(code, body) => (code, body),
                        Then::Object(code, key) => {
                            let found = self.objects.get(&key).map(|object| (**object).clone());
                            (code, found.unwrap_or(Value::Null))
                        }
                    };
                    self.out.push(Output::Respond(call.origin, Response { code, warnings, body }));
                }
                false
            }
        }
    }

    fn serve_call(
        &mut self,
        (now, wall): (Time, Time),
        id: u64,
        mut call: Call,
        member: &mut Member,
        out: &mut Vec<Effect>,
    ) {
        let origin = call.origin;
        match self.serve(wall, &call.user, &call.request) {
            Err(status)
                if call.tries < ACCOUNT_TRIES
                    && status.message().ends_with("serviceaccount \"default\" not found") =>
            {
                call.tries += 1;
                call.stage = Stage::Later(now + ACCOUNT_PAUSE);
                self.calls.insert(id, call);
            }
            Err(status) => self.out.push(Output::Respond(origin, status.into())),
            Ok(Served::Now(response)) => self.out.push(Output::Respond(origin, response)),
            Ok(Served::Proxy { address, request }) => {
                let opens = call.opens;
                self.out.push(Output::Proxy { origin, address, request, opens });
            }
            Ok(Served::Watch { prefix, selector, since }) => {
                self.begin_watch(id, Watch { origin, prefix, selector }, since);
            }
            Ok(Served::Write(writes, then, warnings)) => {
                let mut left = Vec::new();
                for write in writes {
                    let value = write.value.map(|value| self.encode(&write.key, value));
                    let operation = Operation::Put { key: write.key, seen: write.seen, value };
                    match member.propose(operation, out) {
                        Some(proposal) => left.push(proposal),
                        None => {
                            let lost = Status::new(500, "", "etcdserver: no leader");
                            return self.out.push(Output::Respond(origin, lost.into()));
                        }
                    }
                }
                call.stage = Stage::Writing { left, is_conflict: false, then, warnings };
                self.calls.insert(id, call);
            }
        }
    }

    /// What etcd gets.
    fn encode(&mut self, key: &str, mut value: Value) -> Vec<u8> {
        remove(&mut value, "metadata/resourceVersion");
        let bytes = value.to_string().into_bytes();
        match objects::resource_of(key) {
            Some(resource) => {
                self.options.encryption.seal(resource.name, key, bytes, &mut self.rng)
            }
            None => bytes,
        }
    }

    fn begin_watch(&mut self, id: u64, watch: Watch, since: Option<u64>) {
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

    /// Events live for an hour (apiserver: `--event-ttl`).
    fn expire_events(&mut self, now: Time, wall: Time) {
        const LIFE: Duration = Duration::from_secs(3_600);
        let old = self.objects.list("events", "").filter(|event| {
            let last = crate::json::parse_time(event, "lastTimestamp");
            last.is_some_and(|last| last + LIFE < wall)
        });
        let paths: Vec<String> = old
            .map(|event| {
                let home = crate::json::namespace(event);
                format!("/api/v1/namespaces/{home}/events/{}", crate::json::name(event))
            })
            .collect();
        for path in paths {
            let request = crate::client::request(crate::rest::Method::Delete, &path, Value::Null);
            self.ask(now, Origin::Internal(0), User::internal("system:apiserver"), request, false);
        }
    }

    /// A name's random end (apiserver: `names.SimpleNameGenerator`).
    fn suffix(&mut self) -> String {
        random_suffix(&mut self.rng, 5)
    }

    fn uid(&mut self) -> String {
        let mut bytes: [u8; 16] = self.rng.bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &hex[range]);
        parts.join("-")
    }
}

/// Letters and digits that make no words (apimachinery: `rand.String`).
pub(crate) fn random_suffix(rng: &mut Rng, size: usize) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..size).map(|_| char::from(LETTERS[rng.below(27) as usize])).collect()
}

/// What a release says of itself.
pub(crate) fn version_info(minor: u32) -> Value {
    json!({
        "major": "1",
        "minor": minor.to_string(),
        "gitVersion": format!("v1.{minor}.{}", patch_release(minor)),
        "gitTreeState": "clean",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// The patch release of a minor version that is simulated.
pub(crate) const fn patch_release(minor: u32) -> u32 {
    match minor {
        17 => 17,
        25 => 4,
        31 => 2,
        _ => 0,
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

#[cfg(test)]
mod tests;
