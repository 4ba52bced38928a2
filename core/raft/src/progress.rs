//! What a leader knows of one other member.
//!
//! ```text
//!            ack                          reject, unreachable
//!   Probe ---------> Replicate      Replicate ----------------> Probe
//!     |  entries needed are compacted                  ^
//!     +--------------------------> Snapshot -----------+
//!                                     acked, failed, or one election timeout without news
//! ```
//!
//! In *probe* one append is under way at a time; in *replicate* appends follow each other without
//! waiting, up to a window; in *snapshot* nothing but heartbeats is sent.
//! Invariant: `matched < next`, and at most `max_inflight_count` appends are in flight.

use std::collections::VecDeque;

use crate::Index;

/// How a leader feeds one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressState {
    /// One append at a time, to find where the logs agree.
    Probe,
    /// Appends stream.
    Replicate,
    /// A snapshot is under way.
    Snapshot,
}

#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) matched: Index,
    pub(crate) next: Index,
    state: Flow,
    /// An answer came since the last check for a quorum.
    pub(crate) recently_active: bool,
    /// The newest commit index that was sent.
    pub(crate) commit_sent: Index,
}

#[derive(Clone, Debug)]
enum Flow {
    /// `paused` until the append is answered, or a heartbeat is.
    Probe { paused: bool },
    /// The last index of each append in flight.
    Replicate { inflight: VecDeque<Index> },
    /// `stale` once a check for a quorum passed without news of it.
    Snapshot { pending: Index, stale: bool },
}

impl Progress {
    /// A member of which nothing is known; `next` is where the first probe starts.
    pub(crate) const fn new(next: Index, recently_active: bool) -> Self {
        Self {
            matched: Index(0),
            next,
            state: Flow::Probe { paused: false },
            recently_active,
            commit_sent: Index(0),
        }
    }

    pub(crate) const fn state(&self) -> ProgressState {
        match self.state {
            Flow::Probe { .. } => ProgressState::Probe,
            Flow::Replicate { .. } => ProgressState::Replicate,
            Flow::Snapshot { .. } => ProgressState::Snapshot,
        }
    }

    pub(crate) fn inflight_count(&self) -> usize {
        match &self.state {
            Flow::Replicate { inflight } => inflight.len(),
            Flow::Probe { .. } | Flow::Snapshot { .. } => 0,
        }
    }

    /// True while no append may be sent.
    pub(crate) fn is_paused(&self, window: u32) -> bool {
        match &self.state {
            Flow::Probe { paused } => *paused,
            Flow::Replicate { inflight } => window as usize <= inflight.len(),
            Flow::Snapshot { .. } => true,
        }
    }

    /// An append with entries up to `last` (none if empty) was sent.
    pub(crate) fn sent(&mut self, last: Option<Index>) {
        match (&mut self.state, last) {
            (Flow::Probe { paused }, _) => *paused = true,
            (Flow::Replicate { inflight }, Some(last)) => {
                inflight.push_back(last);
                self.next = last.next();
            }
            (Flow::Replicate { .. }, None) | (Flow::Snapshot { .. }, _) => {}
        }
    }

    pub(crate) fn become_probe(&mut self) {
        self.next = match self.state {
            Flow::Snapshot { pending, .. } => self.matched.max(pending).next(),
            Flow::Probe { .. } | Flow::Replicate { .. } => self.matched.next(),
        };
        self.state = Flow::Probe { paused: false };
    }

    pub(crate) fn become_snapshot(&mut self, pending: Index) {
        self.next = pending.next();
        self.state = Flow::Snapshot { pending, stale: false };
    }

    /// The transport gave up on a snapshot: probe again where we were, after the next heartbeat.
    pub(crate) fn snapshot_done(&mut self, arrived: bool) {
        if let Flow::Snapshot { pending, .. } = &mut self.state {
            if !arrived {
                *pending = Index(0);
            }
            self.become_probe();
            self.state = Flow::Probe { paused: true };
        }
    }

    /// Called once per election timeout: a snapshot without news for a whole one is probed after.
    pub(crate) fn doubt_snapshot(&mut self) {
        if let Flow::Snapshot { stale, .. } = &mut self.state {
            if *stale {
                self.become_probe();
            } else {
                *stale = true;
            }
        }
    }

    /// The member's durable log equals ours up to `matched`. `first` is our first entry. True if
    /// this is news.
    pub(crate) fn accepted(&mut self, matched: Index, first: Index) -> bool {
        let rose = self.matched < matched;
        if rose {
            self.matched = matched;
            self.next = self.next.max(matched.next());
        }
        match &mut self.state {
            Flow::Replicate { inflight } => {
                while inflight.pop_front_if(|last| *last <= matched).is_some() {}
                rose
            }
            Flow::Probe { .. } if matched == self.matched => {
                self.next = self.matched.next();
                self.state = Flow::Replicate { inflight: VecDeque::new() };
                true
            }
            // Any snapshot that reconnects the logs will do, not only the one we sent.
            Flow::Snapshot { .. } if rose && first <= self.matched.next() => {
                self.next = self.matched.next();
                self.state = Flow::Replicate { inflight: VecDeque::new() };
                true
            }
            Flow::Probe { .. } | Flow::Snapshot { .. } => rose,
        }
    }

    /// The member refused the append after `rejected`; it may agree at `hint`. False if the refusal
    /// is an old one that says nothing now. `next` never falls to `matched`.
    pub(crate) fn rejected(&mut self, rejected: Index, hint: Index) -> bool {
        match &mut self.state {
            Flow::Replicate { .. } => {
                let news = self.matched < rejected;
                if news {
                    self.become_probe();
                }
                news
            }
            Flow::Probe { paused } => {
                let news = self.next.previous() == rejected && self.matched < rejected;
                if news {
                    self.next = rejected.min(hint.next()).max(self.matched.next());
                    *paused = false;
                }
                news
            }
            Flow::Snapshot { .. } => false,
        }
    }

    /// The member answered a heartbeat: a lost probe may be repeated.
    pub(crate) const fn resume(&mut self) {
        if let Flow::Probe { paused } = &mut self.state {
            *paused = false;
        }
    }

    /// The transport lost the connection: appends in flight are probably lost.
    pub(crate) fn unreachable(&mut self) {
        if matches!(self.state, Flow::Replicate { .. }) {
            self.become_probe();
            self.state = Flow::Probe { paused: true };
        }
    }
}

/// One member as a leader sees it, for people and for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Up to here the member's durable log is known to equal the leader's.
    pub matched: Index,
    /// The next entry to send.
    pub next: Index,
    /// How it is fed.
    pub state: ProgressState,
    /// Appends without an answer.
    pub inflight_count: usize,
    /// It answered since the last check for a quorum.
    pub recently_active: bool,
}

impl Progress {
    pub(crate) fn status(&self) -> PeerStatus {
        PeerStatus {
            matched: self.matched,
            next: self.next,
            state: self.state(),
            inflight_count: self.inflight_count(),
            recently_active: self.recently_active,
        }
    }
}
