//! Why something was refused. Nothing that a peer, a user or a disk can cause is a panic.

use crate::{Index, RaftId};

/// Why a message was not taken. The member's state is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The message is addressed to another member.
    #[error("raft: message for {0} delivered to the wrong member")]
    NotForUs(RaftId),
    /// The message claims to come from this member itself.
    #[error("raft: message from the member itself")]
    FromSelf,
    /// The sender was removed from the cluster; its id is never accepted again.
    #[error("raft: member {0} was removed from the cluster")]
    Removed(RaftId),
    /// No correct member sends this.
    #[error("raft: implausible message: {0}")]
    Implausible(&'static str),
}

/// Why a proposal was not appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Only a leader appends; `leader` is who that is, as far as this member knows.
    #[error("raft: not the leader")]
    NotLeader {
        /// The member to ask instead.
        leader: Option<RaftId>,
    },
    /// The leader is handing over to `to`.
    #[error("raft: leadership is being transferred to {to}")]
    TransferInProgress {
        /// The member that is to lead next.
        to: RaftId,
    },
    /// Too many bytes wait for a quorum already.
    #[error("raft: too many uncommitted bytes")]
    UncommittedLimit,
    /// A change of members is refused until the entry at `until` is applied: it may be another
    /// change, or the entry with which this leader opens its term.
    #[error("raft: a change of members has to wait until entry {until} is applied")]
    ConfChangePending {
        /// The entry to wait for.
        until: Index,
    },
    /// The last voter cannot be removed.
    #[error("raft: the last voter cannot be removed")]
    LastVoter,
    /// The id belonged to a removed member.
    #[error("raft: member {0} was removed from the cluster")]
    Removed(RaftId),
    /// A joining member would never learn the voters that [`crate::Restored`] named, because
    /// neither the log nor a snapshot does: see [`crate::Raft::bootstrap`].
    #[error("raft: the configuration is neither in the log nor in a snapshot")]
    ConfigurationNotInLog,
}

/// Why [`crate::Raft::compact`] did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompactError {
    /// Only durable, applied entries may be dropped.
    #[error("raft: entry {0} is not applied and durable yet")]
    NotApplied(Index),
    /// The snapshot ends before the entries that would be dropped, is older than the one before, or
    /// does not belong to this log.
    #[error("raft: the snapshot does not cover the entries to drop")]
    Uncovered,
}
