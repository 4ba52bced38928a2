//! The write-ahead log's files: checksummed records, each chained to the one before it.
//!
//! A record is `size`, its complement, eight bytes of checksum and the payload. What a power loss
//! leaves behind is a prefix of the last record, which [`read`] drops; a record that is complete and
//! wrong, or a gap, is damage, and the log is refused.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sim::Disk;

use crate::{HardState, Index, RaftId, Term};

/// A file is closed and the next begun when it has grown to this size, in bytes.
const SEGMENT_SIZE_MAX: usize = 1 << 20;
/// Size, its complement, and the checksum.
pub const HEADER_SIZE: usize = 16;

/// One record. Terms, indexes and kinds are readable; the data of entries is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Record {
    /// First in every file.
    Metadata {
        /// The node whose log it is.
        node_id: String,
        /// Its number in Raft.
        raft_id: RaftId,
    },
    /// A log entry.
    Entry {
        /// Its term.
        term: Term,
        /// Its index.
        index: Index,
        /// What it is.
        kind: EntryKind,
        /// The payload, sealed with the DEK.
        data: Vec<u8>,
    },
    /// What Raft must not forget.
    HardState(HardState),
    /// A snapshot up to here is in the snapshot folder.
    Snapshot {
        /// The last index it covers.
        index: Index,
        /// That entry's term.
        term: Term,
    },
}

/// What an entry is, readable without the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// A new leader's first.
    Empty,
    /// A change of the store.
    Data,
    /// A change of the members.
    ConfChange,
}

/// Why a log was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wal: {path}: {what}")]
pub struct WalError {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

/// The writing end. `folder` ends in `/`.
#[derive(Debug)]
pub struct Wal {
    folder: &'static str,
    path: String,
    sequence: u64,
    size: usize,
    chain: [u8; 8],
    metadata: Record,
}

fn checksum(chain: [u8; 8], payload: &[u8]) -> [u8; 8] {
    let digest: [u8; 32] =
        Sha256::new().chain_update(chain).chain_update(payload).finalize().into();
    let mut short = [0; 8];
    short.copy_from_slice(&digest[..8]);
    short
}

fn file_path(folder: &str, sequence: u64, index: Index) -> String {
    format!("{folder}{sequence:016x}-{:016x}.wal", index.0)
}

fn sequence_of(folder: &str, path: &str) -> Option<u64> {
    u64::from_str_radix(path.strip_prefix(folder)?.strip_suffix(".wal")?.split('-').next()?, 16)
        .ok()
}

impl Wal {
    /// Begins a new file behind those that exist. `last` is the last index already in the log.
    pub fn create(
        disk: &mut Disk,
        folder: &'static str,
        node_id: &str,
        raft_id: RaftId,
        last: Index,
    ) -> Self {
        let mut wal = Self::behind(disk, folder, node_id, raft_id, last);
        wal.append(disk, &[]);
        wal
    }

    /// The same for a log that begins anew with some records, and makes those that exist worthless: whenever the power
    /// fails all of it is there, or nothing. It comes into being at `temporary`, outside of the folder. Nothing, and those
    /// stay, if the disk is full.
    pub fn create_whole(
        disk: &mut Disk,
        (folder, temporary): (&'static str, &str),
        node_id: &str,
        raft_id: RaftId,
        last: Index,
        records: &[Record],
    ) -> Option<Self> {
        let mut wal = Self::behind(disk, folder, node_id, raft_id, last);
        let bytes = wal.encoded(records);
        if !disk.replace(temporary, &wal.path, &bytes) {
            return None;
        }
        let others: Vec<String> =
            disk.list(folder).filter(|path| *path != wal.path).map(str::to_owned).collect();
        for path in others {
            disk.remove(&path);
        }
        Some(wal)
    }

    fn behind(
        disk: &Disk,
        folder: &'static str,
        node_id: &str,
        raft_id: RaftId,
        last: Index,
    ) -> Self {
        let numbers = disk.list(folder).filter_map(|path| sequence_of(folder, path));
        let sequence = numbers.max().map_or(0, |newest| newest + 1);
        let metadata = Record::Metadata { node_id: node_id.to_owned(), raft_id };
        let path = file_path(folder, sequence, last);
        Self { folder, path, sequence, size: 0, chain: [0; 8], metadata }
    }

    /// Appends records; durable after the next completed sync.
    pub fn append(&mut self, disk: &mut Disk, records: &[Record]) {
        let bytes = self.encoded(records);
        if !bytes.is_empty() {
            disk.append(&self.path, &bytes);
        }
    }

    fn encoded(&mut self, records: &[Record]) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.size == 0 {
            let metadata = self.metadata.clone();
            self.encode(&metadata, &mut bytes);
        }
        for record in records {
            self.encode(record, &mut bytes);
        }
        self.size += bytes.len();
        bytes
    }

    /// Begins the next file if this one is full.
    pub fn cut_if_full(&mut self, last: Index) {
        if self.size >= SEGMENT_SIZE_MAX {
            self.cut(last);
        }
    }

    /// Begins the next file.
    pub fn cut(&mut self, last: Index) {
        self.sequence += 1;
        self.path = file_path(self.folder, self.sequence, last);
        self.size = 0;
        self.chain = [0; 8];
    }

    /// The file written to.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn encode(&mut self, record: &Record, bytes: &mut Vec<u8>) {
        let payload = postcard::to_allocvec(record).expect("records have no unsized parts");
        self.chain = checksum(self.chain, &payload);
        let size = payload.len() as u32;
        bytes.extend_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(&(!size).to_le_bytes());
        bytes.extend_from_slice(&self.chain);
        bytes.extend_from_slice(&payload);
    }
}

/// Reads all files, oldest first. A torn last record of a file is dropped (and cut off on disk, so
/// that it is not met again); anything else that is wrong is refused.
///
/// # Errors
/// Where the damage is.
pub fn read(disk: &mut Disk, folder: &str) -> Result<Vec<Record>, WalError> {
    let paths: Vec<String> = disk.list(folder).map(str::to_owned).collect();
    let mut records = Vec::new();
    for path in paths {
        let bytes = disk.read(&path).unwrap_or_default();
        let whole = read_file(&path, bytes, &mut |_, record| records.push(record))?;
        if whole < bytes.len() {
            disk.truncate(&path, whole);
        }
    }
    Ok(records)
}

/// The size of the complete records. Each is given to `take` with its position in the file.
///
/// # Errors
/// Where the damage is.
pub fn read_file(
    path: &str,
    bytes: &[u8],
    take: &mut impl FnMut(usize, Record),
) -> Result<usize, WalError> {
    let refuse = |what: &str| WalError { path: path.to_owned(), what: what.to_owned() };
    let mut chain = [0; 8];
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + HEADER_SIZE) {
        let word = |from: usize| {
            u32::from_le_bytes([header[from], header[from + 1], header[from + 2], header[from + 3]])
        };
        let size = word(0);
        if word(4) != !size {
            return Err(refuse("damaged record header"));
        }
        let from = at + HEADER_SIZE;
        let Some(payload) = bytes.get(from..from + size as usize) else { break };
        chain = checksum(chain, payload);
        if chain != header[8..] {
            return Err(refuse("crc mismatch"));
        }
        let record = postcard::from_bytes(payload).map_err(|_| refuse("unreadable record"))?;
        take(at, record);
        at = from + size as usize;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (Disk, String) {
        let mut disk = Disk::default();
        let mut wal = Wal::create(&mut disk, "/wal/", "node", RaftId(7), Index(0));
        for index in 1..=3 {
            let entry = Record::Entry {
                term: Term(1),
                index: Index(index),
                kind: EntryKind::Data,
                data: vec![9; 40],
            };
            wal.append(&mut disk, &[entry]);
        }
        (disk, wal.path().to_owned())
    }

    #[test]
    fn a_torn_tail_is_dropped_at_every_length() {
        let (disk, path) = written();
        let whole = disk.read(&path).unwrap().to_vec();
        let mut counts = Vec::new();
        for size in 0..=whole.len() {
            let mut torn = Disk::default();
            torn.write(&path, &whole[..size]);
            counts.push(read(&mut torn, "/wal/").unwrap().len());
            assert_eq!(read(&mut torn, "/wal/").unwrap().len(), *counts.last().unwrap());
        }
        assert!(counts.is_sorted());
        assert_eq!((counts[0], *counts.last().unwrap()), (0, 4));
    }

    /// Liveness seed 103: a member that lost its power twice had lost its log.
    #[test]
    fn a_power_loss_while_a_torn_tail_is_cut_off_takes_nothing_else() {
        let (disk, path) = written();
        let whole = disk.read(&path).unwrap();
        let mut torn = Disk::default();
        torn.append(&path, &whole[..whole.len() - 5]);
        torn.complete_sync(torn.begin_sync());
        let kept = read(&mut torn, "/wal/").unwrap().len();
        assert_eq!(kept, 3);
        for count in 0..=torn.unsynced_count() {
            for size in 0..whole.len() {
                let mut again = torn.clone();
                again.lose_power_after(count, size);
                assert_eq!(read(&mut again, "/wal/").unwrap().len(), kept, "{count}, {size}");
            }
        }
    }

    #[test]
    fn damage_is_refused() {
        let (disk, path) = written();
        let whole = disk.read(&path).unwrap().to_vec();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            let mut damaged = Disk::default();
            damaged.write(&path, &bytes);
            assert!(read(&mut damaged, "/wal/").is_err(), "a flipped bit at {at} went unnoticed");
        }
    }
}
