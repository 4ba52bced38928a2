//! etcd: keys and values that a majority of its members has on its disks, on [`raft`].
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`store`] | keys, values and revisions |
//! | `member` | one member: ticks, writes, what it says to the others |
//! | `durable` | its log and snapshots on the disk |
//! | `reads` | reads that see all that was acknowledged |
//! | [`etcdctl`] | the command line |
//! | [`encryption`] | how an API server seals values before they come here, if it does |
//! | [`opened`] | what of that opens with keys that are found beside it |

mod durable;
pub mod encryption;
pub mod etcdctl;
mod member;
pub mod opened;
mod reads;
pub mod store;

pub(crate) use member::{Applied, Effect, Member, Message, Peer};
pub use store::{KeyValue, Operation, Outcome, Store};

/// The number of the member with this name.
pub(crate) fn member_id(name: &str) -> raft::RaftId {
    member::id_of(name)
}

/// The log.
pub const WAL_FOLDER: &str = "/var/lib/etcd/member/wal/";
/// Snapshots and the file with the keys.
pub const SNAPSHOT_FOLDER: &str = "/var/lib/etcd/member/snap/";
