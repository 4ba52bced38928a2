//! The daemon's words for a node that cannot do what it is asked (moby: `daemon/cluster/errors.go`,
//! `cluster.go`, `swarm.go`).

use crate::control::{ApiError, Code};

/// Not in a swarm, asked for something that needs a manager.
pub(crate) const NO_SWARM: &str = "This node is not a swarm manager. Use \"docker swarm init\" or \
     \"docker swarm join\" to connect this node to swarm and try again.";
/// A worker, asked for something that needs a manager.
pub(crate) const WORKER: &str = "This node is not a swarm manager. Worker nodes can't be used to \
     view or modify cluster state. Please run this command on a manager node or promote the current \
     node to a manager.";
/// A manager that is not ready.
pub(crate) const MANAGER_NOT_READY: &str = "This node is not a swarm manager. Manager is being \
     prepared or has trouble connecting to the cluster.";
/// A locked manager.
pub(crate) const LOCKED: &str = "Swarm is encrypted and needs to be unlocked before it can be used. \
     Please use \"docker swarm unlock\" to unlock it.";
/// A node whose certificate is over.
pub(crate) const EXPIRED: &str = "Swarm certificates have expired. To replace them, leave the swarm \
     and join again.";
/// Init or join twice.
pub(crate) const ALREADY: &str = "This node is already part of a swarm. Use \"docker swarm leave\" \
     to leave this swarm and join another one.";
/// An address to advertise that is none.
pub(crate) const BAD_ADVERTISE: &str = "advertise address must be a non-zero IP address or network \
     interface (with optional port number)";
/// Leave without a swarm.
pub(crate) const NOT_PART: &str = "This node is not part of a swarm";
/// A join that takes longer than 20 s.
pub(crate) const JOIN_TIMEOUT: &str = "Timeout was reached before node joined. The attempt to join \
     the swarm will continue in the background. Use the \"docker info\" command to see the current \
     swarm status of your node.";
/// Leave on a locked manager.
pub(crate) const LEAVE_LOCKED: &str = "Swarm is encrypted and locked. Please unlock it first or use \
     `--force` to ignore this message.";
/// swarmkit, manager/state/raft: more than 10 ticks without a leader.
pub(crate) const LOST_QUORUM: &str = "The swarm does not have a leader. It's possible that too few \
     managers are online. Make sure more than half of the managers are online.";
/// swarmkit: a proposal of a leader that is none any more.
pub(crate) const LOST_LEADERSHIP: &str = "raft: failed to process the request: node lost leader \
     status";
/// swarmkit: a proposal of a manager that ends.
pub(crate) const STOPPED: &str = "raft: failed to process the request: node is stopped";
/// swarmkit: what is too large for one entry.
pub(crate) const TOO_LARGE: &str = "raft: raft message is too large and can't be sent";
/// gRPC's words for a passed deadline.
pub(crate) const DEADLINE: &str = "context deadline exceeded";
/// swarmkit: to a member that was removed.
pub(crate) const MEMBER_REMOVED: &str = "raft: member was removed from the cluster";

const LEAVING: &str =
    "You are attempting to leave the swarm on a node that is participating as a manager. ";
const LEAVE_CLOSING: &str = "The only way to restore a swarm that has lost consensus is to \
     reinitialize it with `--force-new-cluster`. Use `--force` to suppress this message.";

/// The daemon's own error for a node that is not (ready to be) a manager: HTTP 503.
pub(crate) fn unavailable(text: &str) -> ApiError {
    ApiError::local(Code::Unavailable, text)
}

/// gRPC's error for a passed deadline.
pub(crate) fn deadline_exceeded() -> ApiError {
    ApiError::new(Code::DeadlineExceeded, DEADLINE)
}

/// What a manager that is to leave knows of the managers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Managers {
    /// It is not ready itself.
    NotReady,
    /// There is no leader to ask.
    Unknown,
    /// So many.
    Counted {
        /// Can be reached, itself included.
        reachable: u64,
        /// Cannot.
        unreachable: u64,
    },
}

/// The refusal of `docker swarm leave` without `--force` on a manager.
pub(crate) fn leave_refused(managers: Managers) -> ApiError {
    let rest = match managers {
        Managers::NotReady => {
            format!("Doing so may lose the consensus of your cluster. {LEAVE_CLOSING}")
        }
        // moby: isLastManager and removingManagerCausesLossOfQuorum.
        Managers::Counted { reachable: 1, unreachable: 0 } => "Removing the last manager erases \
             all current state of the swarm. Use `--force` to ignore this message. "
            .to_owned(),
        Managers::Counted { reachable, unreachable }
            if reachable.saturating_sub(2) <= unreachable =>
        {
            format!(
                "Removing this node leaves {} managers out of {}. Without a Raft quorum your swarm \
                 will be inaccessible. {LEAVE_CLOSING}",
                reachable.saturating_sub(1),
                reachable + unreachable
            )
        }
        Managers::Unknown | Managers::Counted { .. } => LEAVE_CLOSING.to_owned(),
    };
    // moby: errors of this kind are "not acceptable" requests, HTTP 503.
    ApiError::local(Code::Unavailable, format!("{LEAVING}{rest}"))
}
