//! The API server: requests come in, objects go into etcd, changes go to whoever watches.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `path` | what a request names |
//! | `access`, `token` | who asks, and may they: certificates, tokens, the node authoriser, RBAC |
//! | `calls` | a request's way from its arrival to its answer |
//! | `serve` | reading, and the way to the other verbs |
//! | `change`, `delete`, `subresources` | the other verbs |
//! | `kinds`, `checks`, `names` | what is done to objects of a kind before they are kept, and what must be true of them |
//! | `watches` | changes, and who watches them |
//! | `selector`, `patch`, `status` | parts of the API's language |
//! | `objects` | what etcd holds, in memory |
//! | `bootstrap` | what every cluster begins with |

pub(crate) mod access;
mod bootstrap;
mod calls;
mod change;
mod checks;
mod delete;
mod kinds;
mod names;
pub(crate) mod objects;
mod patch;
pub(crate) mod path;
pub(crate) mod selector;
mod serve;
mod status;
mod subresources;
pub(crate) mod token;
mod watches;

use sorted::SortedMap;
use std::collections::VecDeque;

use serde_json::{Value, json};
use sim::{Duration, Rng, Time};

pub use access::uses;
pub use objects::Objects;
pub use status::Status;
pub(crate) use watches::Change;

use crate::etcd::encryption::Encryption;
use crate::etcd::{Applied, Effect, Member, Operation, Outcome};
use crate::rest::{Request, Response, StreamEvent};
use access::User;
use calls::{Call, Served, Stage, Then, Write};
use token::TokenKey;
use watches::Watch;

/// apiserver: `--etcd-compaction-interval`.
const COMPACTION_INTERVAL: Duration = Duration::from_secs(300);

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
    /// A part of the control plane on this host: 0 the API server itself, otherwise controllers and scheduler.
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
        uid(&mut self.rng)
    }
}

/// A random identity (RFC 4122, version 4).
pub(crate) fn uid(rng: &mut Rng) -> String {
    let mut bytes: [u8; 16] = rng.bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &hex[range]);
    parts.join("-")
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

#[cfg(test)]
mod tests;
