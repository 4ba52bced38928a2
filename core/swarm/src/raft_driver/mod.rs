//! Raft with a disk and a wire: what swarmkit's `manager/state/raft` is around etcd/raft.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`wal`] | the log's files: checksummed records |
//! | [`sealed`] | entries and snapshots as they are on disk: sealed with the DEK, bound to their place |
//! | [`restore`] | what a manager finds on its disk when it starts |
//! | [`opened`] | a manager's disk as a thief sees it |
//! | [`durable`] | what a power loss would leave of the log, for invariants |
//! | [`peers`] | which of the peers answer |
//! | [`driver`] | ticks, writes, syncs and sends |

pub(crate) mod driver;
pub(crate) mod durable;
pub(crate) mod opened;
pub(crate) mod peers;
pub(crate) mod restore;
pub(crate) mod sealed;
pub(crate) mod wal;

pub(crate) use driver::{Committed, RaftDriver};
pub(crate) use peers::SEND_TIMEOUT;

#[cfg(test)]
mod tests;
