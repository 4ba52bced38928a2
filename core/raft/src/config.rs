//! The parameters of one member.

use crate::RaftId;

/// How a member behaves. [`Config::new`] gives swarmkit's values
/// (swarmkit: manager/state/raft/raft.go, `DefaultNodeConfig`).
#[derive(Clone, Debug)]
pub struct Config {
    /// Who this member is.
    pub id: RaftId,
    /// Ticks without a leader until an election: each time a number is drawn from
    /// `election_ticks..2 * election_ticks`. Also the length of the lease and of the leader's
    /// check for a quorum.
    pub election_ticks: u32,
    /// Ticks between two heartbeats of a leader.
    pub heartbeat_ticks: u32,
    /// A leader that did not hear from a majority for `election_ticks` steps down, and a member that
    /// heard its leader within `election_ticks` ignores requests for votes (the lease).
    pub check_quorum: bool,
    /// Before it raises its term, a member asks whether it could win (Raft thesis, 9.6).
    pub pre_vote: bool,
    /// Entries in one append: at least one, then as many as fit into this number of bytes.
    pub max_message_size: u32,
    /// Appends to one member that may be without an answer.
    pub max_inflight_count: u32,
    /// The leader refuses proposals that would bring the payloads of its uncommitted entries above
    /// this number of bytes.
    pub max_uncommitted_size: u64,
}

impl Config {
    /// Swarmkit's values: election 10 ticks, heartbeat 1 tick (a tick is a second), check-quorum on,
    /// pre-vote off, 65 535 bytes in a message, 256 messages in flight, no limit on uncommitted bytes.
    pub const fn new(id: RaftId) -> Self {
        Self {
            id,
            election_ticks: 10,
            heartbeat_ticks: 1,
            check_quorum: true,
            pre_vote: false,
            max_message_size: 65_535,
            max_inflight_count: 256,
            max_uncommitted_size: u64::MAX,
        }
    }

    /// The window of appends in flight; with 0 nothing would ever be replicated.
    pub(crate) fn window(&self) -> u32 {
        self.max_inflight_count.max(1)
    }
}
