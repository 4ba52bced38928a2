//! Where swarmkit keeps the log's files (`storage/storage.go`); what is in them is [`raft::wal`]'s.

pub(crate) use raft::wal::{EntryKind, HEADER_SIZE, Record, Wal, read_file};

/// The log.
pub const WAL_FOLDER: &str = "/var/lib/docker/swarm/raft/wal-v3-encrypted/";
/// Where a log that begins anew comes into being.
pub(crate) const NEW_LOG: &str = "/var/lib/docker/swarm/raft/wal.tmp";
/// Snapshots, each in one file.
pub(crate) const SNAPSHOT_FOLDER: &str = "/var/lib/docker/swarm/raft/snap-v3-encrypted/";

/// Reads all files, oldest first, as [`raft::wal::read`] does.
pub(crate) fn read(disk: &mut sim::Disk) -> Result<Vec<Record>, raft::wal::WalError> {
    raft::wal::read(disk, WAL_FOLDER)
}
