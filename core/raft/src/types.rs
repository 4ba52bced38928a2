//! The words of Raft as types: terms, indices, ids, entries, configuration changes, snapshots.
//!
//! Everything here is stored by the caller or travels in messages, so it has fixed widths and a
//! stable order. Payloads hold users' secrets: their `Debug` prints a size, never the bytes.

use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

/// A leader's period of office. Terms only grow; 0 is before the first election.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Term(pub u64);

/// A position in the log. The first entry has index 1; 0 is the empty log.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Index(pub u64);

/// A member's identity in Raft: drawn at random by whoever creates the member, never used again
/// after the member was removed. Printed in hexadecimal, as swarmkit does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RaftId(pub u64);

impl Term {
    /// The term after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Index {
    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The position before this one; 0 stays 0.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RaftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl fmt::Debug for RaftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A change of the set of voters. One at a time; it takes effect when it is *applied*
/// ([`crate::Raft::apply_conf_change`]), not when it is appended (etcd/raft's rule, and swarmkit's).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfChange {
    /// `id` becomes a voter. Adding a voter twice changes nothing.
    AddVoter {
        /// The new member.
        id: RaftId,
        /// The caller's own data about the member (swarmkit: node id and address).
        context: Vec<u8>,
    },
    /// `id` is no longer a member. Removing an absent member changes nothing.
    RemoveVoter {
        /// The member that goes.
        id: RaftId,
    },
}

impl ConfChange {
    /// The member that the change is about.
    pub const fn id(&self) -> RaftId {
        match self {
            Self::AddVoter { id, .. } | Self::RemoveVoter { id } => *id,
        }
    }
}

impl fmt::Debug for ConfChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddVoter { id, context } => {
                write!(f, "AddVoter({id}, {} bytes)", context.len())
            }
            Self::RemoveVoter { id } => write!(f, "RemoveVoter({id})"),
        }
    }
}

/// What an entry carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// The entry with which a leader opens its term. Nothing to apply.
    Empty,
    /// A proposal's bytes, shared by all who hold the entry.
    Data(#[serde(with = "crate::bytes")] Rc<[u8]>),
    /// A change of the set of voters.
    ConfChange(ConfChange),
}

impl Payload {
    /// The bytes that count against the limits on messages and on uncommitted entries.
    pub fn size(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Data(data) => data.len() as u64,
            Self::ConfChange(ConfChange::AddVoter { context, .. }) => context.len() as u64,
            Self::ConfChange(ConfChange::RemoveVoter { .. }) => 0,
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Data(data) => write!(f, "Data({} bytes)", data.len()),
            Self::ConfChange(change) => change.fmt(f),
        }
    }
}

/// One entry of the log. (index, term) names it: two entries with the same pair are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The term of the leader that made it.
    pub term: Term,
    /// Its position.
    pub index: Index,
    /// What it carries.
    pub payload: Payload,
}

impl Entry {
    /// The size that counts against [`crate::Config::max_message_size`], in bytes.
    pub fn size(&self) -> u64 {
        // Term, index and tag: what an entry costs at most besides its payload.
        const HEADER_SIZE: u64 = 16;
        HEADER_SIZE + self.payload.size()
    }

    pub(crate) const fn conf_change(&self) -> Option<&ConfChange> {
        match &self.payload {
            Payload::ConfChange(change) => Some(change),
            Payload::Empty | Payload::Data(_) => None,
        }
    }
}

/// What a member must not forget. `term` and `vote` must be durable before anything that depends
/// on them is sent; `commit` may be older on disk, the leader tells it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HardState {
    /// The newest term seen.
    pub term: Term,
    /// Who got this member's vote in `term`.
    pub vote: Option<RaftId>,
    /// The newest index known to be committed.
    pub commit: Index,
}

/// The state machine's contents at an index, in place of the log up to there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last entry that `data` includes.
    pub index: Index,
    /// That entry's term.
    pub term: Term,
    /// The voters as of `index`.
    pub voters: Vec<RaftId>,
    /// The caller's state machine, in the caller's format.
    #[serde(with = "crate::bytes")]
    pub data: Rc<[u8]>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("index", &self.index)
            .field("term", &self.term)
            .field("voters", &self.voters)
            .field("data_size", &self.data.len())
            .finish()
    }
}

/// What a member finds on its disk when it starts. The default is a member that never ran: it waits
/// until a leader contacts it. The first member of a new cluster is made by
/// [`crate::Raft::bootstrap`] instead.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The newest durable hard state.
    pub hard_state: HardState,
    /// The newest durable snapshot.
    pub snapshot: Option<Snapshot>,
    /// The log. It may begin before the snapshot's index (entries kept for slow members) and must
    /// leave no gap after it; what is not contiguous is not used.
    pub entries: Vec<Entry>,
    /// The voters as of `applied`.
    pub voters: Vec<RaftId>,
    /// The last index whose effects the caller's state machine holds already. A caller that
    /// rebuilds its state from the snapshot gives the snapshot's index and voters.
    pub applied: Index,
}
