//! What happened, because of what, and the digest of all of it.
//!
//! Every event names its cause, so that "why?" can be asked of any effect and followed back to the
//! command or the fault that began it. The running SHA-256 over all events is the history's digest:
//! two runs are the same exactly if their digests are.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::net::HostId;
use crate::time::Time;

/// An event of the history, numbered from 1 in the order they happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(pub u64);

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub id: EventId,
    /// When.
    pub at: Time,
    /// The event that caused it; none for what came from outside (an input, a fault, the start).
    pub cause: Option<EventId>,
    /// Where, if at one host.
    pub host: Option<HostId>,
    /// What kind of thing, for instance `raft.elected`.
    pub kind: &'static str,
    /// For a reader; empty for routine events. Never holds a secret's bytes.
    pub detail: Rc<str>,
}

/// The digest of a history.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryDigest(pub [u8; 32]);

impl fmt::Display for HistoryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for HistoryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How many entries with a detail are kept for reading; the digest covers all that ever were.
const KEPT_COUNT_MAX: usize = 50_000;

/// The history of one world.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: Sha256,
    next_id: u64,
    kept: VecDeque<Entry>,
    /// The cause that new entries get unless they name another.
    current: Option<EventId>,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: Sha256::new(), next_id: 1, kept: VecDeque::new(), current: None }
    }
}

impl Trace {
    /// Everything recorded from now on is caused by `cause`, until the next call.
    pub fn set_cause(&mut self, cause: Option<EventId>) {
        self.current = cause;
    }

    /// The cause that new entries get.
    pub const fn cause(&self) -> Option<EventId> {
        self.current
    }

    /// Records an event that a reader may want to see.
    pub fn record(
        &mut self,
        at: Time,
        host: Option<HostId>,
        kind: &'static str,
        detail: impl Into<Rc<str>>,
    ) -> EventId {
        let detail = detail.into();
        let id = self.digest(at, host, kind, detail.as_bytes());
        if self.kept.len() == KEPT_COUNT_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(Entry { id, at, cause: self.current, host, kind, detail });
        id
    }

    /// Records an event that only counts for the digest and as a cause: a tick, a frame.
    pub fn routine(
        &mut self,
        at: Time,
        host: Option<HostId>,
        kind: &'static str,
        bytes: &[u8],
    ) -> EventId {
        self.digest(at, host, kind, bytes)
    }

    fn digest(
        &mut self,
        at: Time,
        host: Option<HostId>,
        kind: &'static str,
        bytes: &[u8],
    ) -> EventId {
        let id = EventId(self.next_id);
        self.next_id += 1;
        let mut head = [0_u8; 32];
        head[..8].copy_from_slice(&at.unix_nanos().to_le_bytes());
        head[8..16].copy_from_slice(&self.current.map_or(0, |cause| cause.0).to_le_bytes());
        head[16..18].copy_from_slice(&host.map_or(u16::MAX, |host| host.0).to_le_bytes());
        head[18..20].copy_from_slice(&(kind.len() as u16).to_le_bytes());
        head[24..].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.hash.update(head);
        self.hash.update(kind.as_bytes());
        self.hash.update(bytes);
        id
    }

    /// The digest of everything so far.
    pub fn history_digest(&self) -> HistoryDigest {
        HistoryDigest(self.hash.clone().finalize().into())
    }

    /// How many events there were.
    pub const fn count(&self) -> u64 {
        self.next_id - 1
    }

    /// The kept entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.kept.iter()
    }

    /// The kept entry with this number; routine and long past ones are not kept.
    pub fn entry(&self, id: EventId) -> Option<&Entry> {
        let index = self.kept.binary_search_by_key(&id, |entry| entry.id).ok()?;
        self.kept.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(details: &[&str]) -> Trace {
        let mut trace = Trace::default();
        for detail in details {
            let id = trace.record(Time::EPOCH, Some(HostId(1)), "test", *detail);
            trace.set_cause(Some(id));
        }
        trace
    }

    #[test]
    fn the_digest_tells_histories_apart() {
        assert_eq!(history(&["a", "b"]).history_digest(), history(&["a", "b"]).history_digest());
        assert_ne!(history(&["a", "b"]).history_digest(), history(&["ab", ""]).history_digest());
        assert_ne!(history(&["a", "b"]).history_digest(), history(&["b", "a"]).history_digest());
    }

    #[test]
    fn a_cause_can_be_followed_back() {
        let trace = history(&["command", "proposal", "commit"]);
        let last = trace.entries().next_back().unwrap();
        let before = trace.entry(last.cause.unwrap()).unwrap();
        assert_eq!((&*last.detail, &*before.detail), ("commit", "proposal"));
    }
}
