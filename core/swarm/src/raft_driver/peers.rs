//! Which of a member's peers answer (swarmkit: `manager/state/raft/transport/peer.go`).
//!
//! Of a peer that has just become known nobody knows that it answers: it is asked whether it is there. It counts
//! as active from its first sign of life on, until a message to it has had none in return for 2 s. What `docker
//! node ls` shows as reachability is the leader's view of this.

use sorted::SortedMap;

use raft::RaftId;
use sim::{Duration, Time};

/// swarmkit: `sendTimeout` of the raft transport.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    /// Since when it answers, if it does.
    active_since: Option<Time>,
    /// When the oldest message was sent that nothing came back for.
    awaiting_since: Option<Time>,
}

/// Everybody that a member sends to or hears from.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    known: SortedMap<RaftId, Peer>,
    /// Those that nobody has asked yet.
    unasked: Vec<RaftId>,
}

impl Peers {
    /// Somebody is a member.
    pub(crate) fn meet(&mut self, id: RaftId) {
        if !self.known.contains_key(&id) {
            self.known.insert(id, Peer::default());
            self.unasked.push(id);
        }
    }

    /// Somebody is a member no more.
    pub(crate) fn forget(&mut self, id: RaftId) {
        self.known.remove(&id);
    }

    /// Those that are to be asked whether they are there; each once.
    pub(crate) fn take_unasked(&mut self) -> Vec<RaftId> {
        std::mem::take(&mut self.unasked)
    }

    /// A message leaves for a peer.
    pub(crate) fn sent(&mut self, id: RaftId, now: Time) {
        self.known.entry(id).or_default().awaiting_since.get_or_insert(now);
    }

    /// A sign of life.
    pub(crate) fn heard(&mut self, id: RaftId, now: Time) {
        let peer = self.known.entry(id).or_default();
        peer.awaiting_since = None;
        peer.active_since.get_or_insert(now);
    }

    /// Those of whom too long nothing was heard; each is told once.
    pub(crate) fn take_silent(&mut self, now: Time) -> Vec<RaftId> {
        let mut silent = Vec::new();
        for (id, peer) in &mut self.known {
            if peer.awaiting_since.is_some_and(|since| since + SEND_TIMEOUT <= now) {
                *peer = Peer::default();
                silent.push(*id);
            }
        }
        silent
    }

    /// When somebody will have been silent for too long.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let waits = self.known.values().filter_map(|peer| peer.awaiting_since);
        waits.map(|since| since + SEND_TIMEOUT).min()
    }

    /// Whether a peer answers.
    pub(crate) fn is_active(&self, id: RaftId) -> bool {
        self.known.get(&id).is_some_and(|peer| peer.active_since.is_some())
    }

    /// Who has answered for the longest time, of those that are asked for.
    pub(crate) fn longest_active(&self, is_asked_for: impl Fn(RaftId) -> bool) -> Option<RaftId> {
        let active = self.known.iter().filter(|(id, _)| is_asked_for(**id));
        let active = active.filter_map(|(id, peer)| Some((peer.active_since?, *id)));
        active.min().map(|(_, id)| id)
    }
}
