//! Raft with a disk and a wire: what swarmkit's `manager/state/raft` is around etcd/raft.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`wal`] | the log's files: checksummed records |
//! | [`sealed`] | entries and snapshots as they are on disk: sealed with the DEK, bound to their place |
//! | [`restore`] | what a manager finds on its disk when it starts |
//! | [`opened`] | a manager's disk as a thief sees it |
//! | [`durable`] | what a power loss would leave of the log, for invariants |
//! | [`driver`] | ticks, writes, syncs, sends, and who of the peers answers |

pub(crate) mod driver;
pub(crate) mod durable;
pub(crate) mod opened;
pub(crate) mod restore;
pub(crate) mod sealed;
pub(crate) mod wal;

pub(crate) use driver::{Committed, RaftDriver};

#[cfg(test)]
mod tests;
