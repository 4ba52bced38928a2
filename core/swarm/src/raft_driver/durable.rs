//! What a power loss now would leave of a manager's log, followed as it grows: for invariants. Positions,
//! hard state and nonces are readable without a key; nothing here opens a record.

use sorted::SortedMap;

use raft::{HardState, Index, RaftId, Term};
use sha2::{Digest as _, Sha256};
use sim::Disk;

use super::wal::{HEADER_SIZE, Record};

/// The digest of one sealed record.
type RecordDigest = [u8; 32];

/// What the durable files of one disk say.
#[derive(Clone, Debug, Default)]
pub struct DurableLog {
    settled_count: Option<u64>,
    files: SortedMap<String, Tail>,
    state: Folded,
    /// A nonce that seals two contents in one file, which one key sealed.
    reused_nonce: Option<String>,
}

/// One file, read up to some byte.
#[derive(Clone, Debug, Default)]
struct Tail {
    read_size: usize,
    marks: Vec<Mark>,
    nonces: SortedMap<[u8; 12], RecordDigest>,
    is_damaged: bool,
}

#[derive(Clone, Copy, Debug)]
enum Mark {
    Member(RaftId),
    HardState(HardState),
    Snapshot(Index, Term),
    Entry(Index, Term),
}

#[derive(Clone, Debug, Default)]
struct Folded {
    member: Option<RaftId>,
    hard_state: HardState,
    snapshot: Option<(Index, Term)>,
    entries: SortedMap<Index, Term>,
    is_damaged: bool,
}

impl Folded {
    fn take(&mut self, mark: Mark) {
        match mark {
            Mark::Member(id) => {
                if self.member.is_some_and(|known| known != id) {
                    // A log that begins anew: what was before is another member's.
                    *self = Self { is_damaged: self.is_damaged, ..Self::default() };
                }
                self.member = Some(id);
            }
            Mark::HardState(state) => self.hard_state = state,
            Mark::Snapshot(index, term) => {
                self.snapshot = Some((index, term));
                self.entries.retain(|known, _| index < *known);
            }
            Mark::Entry(index, term) => {
                // The same entry again is compaction's copy: nothing behind it is replaced.
                if self.entries.get(&index) != Some(&term) {
                    self.entries.split_off(&index);
                    self.entries.insert(index, term);
                }
            }
        }
    }
}

impl DurableLog {
    /// Reads what became durable in this folder since the last call; false if nothing did. A log of etcd's members has the
    /// same records, unsealed.
    pub fn follow(&mut self, disk: &Disk, folder: &str) -> bool {
        if self.settled_count == Some(disk.settled_count()) {
            return false;
        }
        self.settled_count = Some(disk.settled_count());
        let found: Vec<(&str, &[u8])> =
            disk.durable_files().filter(|(path, _)| path.starts_with(folder)).collect();
        let count = self.files.len();
        self.files.retain(|path, _| found.iter().any(|(known, _)| known == path));
        let mut is_new = count != self.files.len();
        let last = found.len().saturating_sub(1);
        for (place, (path, bytes)) in found.into_iter().enumerate() {
            let tail = self.files.entry(path.to_owned()).or_default();
            if bytes.len() < tail.read_size {
                *tail = Tail::default();
                is_new = true;
            }
            let before = tail.marks.len();
            if let Some(what) = tail.read(bytes) {
                self.reused_nonce.get_or_insert(format!("{path}: {what}"));
            }
            is_new |= tail.is_damaged || (place != last && before < tail.marks.len());
            if !is_new {
                tail.marks[before..].iter().for_each(|mark| self.state.take(*mark));
            }
        }
        if is_new {
            // Files came out of order or went: from the beginning.
            self.state = Folded::default();
            for tail in self.files.values() {
                tail.marks.iter().for_each(|mark| self.state.take(*mark));
                self.state.is_damaged |= tail.is_damaged;
            }
        }
        true
    }

    /// The member whose log it is; nobody's if there is none.
    pub const fn member(&self) -> Option<RaftId> {
        self.state.member
    }

    /// The newest durable hard state.
    pub const fn hard_state(&self) -> HardState {
        self.state.hard_state
    }

    /// True if this entry, or a snapshot that covers it, is durable.
    pub fn holds(&self, index: Index, term: Term) -> bool {
        self.state.snapshot.is_some_and(|(covered, _)| index <= covered)
            || self.state.entries.get(&index) == Some(&term)
    }

    /// The last index that is durable.
    pub fn last(&self) -> Index {
        let covered = self.state.snapshot.map(|(index, _)| index);
        self.state.entries.keys().next_back().copied().max(covered).unwrap_or_default()
    }

    /// True if something other than the writer has changed the files: they say nothing then.
    pub const fn is_damaged(&self) -> bool {
        self.state.is_damaged
    }

    /// Where one nonce seals two contents, if anywhere.
    pub fn reused_nonce(&self) -> Option<&str> {
        self.reused_nonce.as_deref()
    }
}

impl Tail {
    /// Reads the complete records that are new; a nonce that is used again is told.
    fn read(&mut self, bytes: &[u8]) -> Option<String> {
        let mut reused = None;
        while let Some(header) = bytes.get(self.read_size..self.read_size + HEADER_SIZE) {
            let word = |from: usize| {
                u32::from_le_bytes([
                    header[from],
                    header[from + 1],
                    header[from + 2],
                    header[from + 3],
                ])
            };
            let (size, from) = (word(0), self.read_size + HEADER_SIZE);
            if word(4) != !size {
                self.is_damaged = true;
                return reused;
            }
            let Some(payload) = bytes.get(from..from + size as usize) else { break };
            let Ok(record) = postcard::from_bytes::<Record>(payload) else {
                self.is_damaged = true;
                return reused;
            };
            self.read_size = from + size as usize;
            self.marks.push(match record {
                Record::Metadata { raft_id, .. } => Mark::Member(raft_id),
                Record::HardState(state) => Mark::HardState(state),
                Record::Snapshot { index, term } => Mark::Snapshot(index, term),
                Record::Entry { term, index, data, .. } => {
                    if let Ok(nonce) = seal::nonce_of(&data) {
                        let digest: RecordDigest = Sha256::digest(&data).into();
                        let known = *self.nonces.entry(nonce.bytes()).or_insert(digest);
                        if known != digest {
                            let what =
                                format!("the nonce of index {index} term {term} is used twice");
                            reused.get_or_insert(what);
                        }
                    }
                    Mark::Entry(index, term)
                }
            });
        }
        reused
    }
}

#[cfg(test)]
mod tests {
    use super::super::wal::{EntryKind, WAL_FOLDER, Wal};
    use super::*;

    fn entry(term: u64, index: u64, byte: u8) -> Record {
        let (term, index, kind) = (Term(term), Index(index), EntryKind::Data);
        let mut sealer = seal::Sealer::new(&seal::Dek::from_bytes([byte; 32]));
        let data = sealer.seal(seal::Nonce::entry(term.0 as u32, index.0), b"", &[byte; 9]);
        Record::Entry { term, index, kind, data }
    }

    #[test]
    fn only_what_is_durable_counts() {
        let (mut disk, mut log) = (Disk::default(), DurableLog::default());
        let mut wal = Wal::create(&mut disk, WAL_FOLDER, "node", RaftId(7), Index(0));
        wal.append(&mut disk, &[entry(1, 1, 1)]);
        disk.complete_sync(disk.begin_sync());
        wal.append(&mut disk, &[entry(1, 2, 2)]);
        assert!(log.follow(&disk, WAL_FOLDER));
        assert!(log.holds(Index(1), Term(1)) && !log.holds(Index(2), Term(1)));
        assert_eq!(log.member(), Some(RaftId(7)));
        disk.complete_sync(disk.begin_sync());
        assert!(log.follow(&disk, WAL_FOLDER) && !log.follow(&disk, WAL_FOLDER));
        assert!(log.holds(Index(2), Term(1)));
        // Another leader's entry replaces it, and all after it.
        wal.append(&mut disk, &[entry(2, 1, 3)]);
        disk.complete_sync(disk.begin_sync());
        log.follow(&disk, WAL_FOLDER);
        assert!(log.holds(Index(1), Term(2)) && !log.holds(Index(2), Term(1)));
        assert_eq!(log.reused_nonce(), None);
    }

    #[test]
    fn a_reused_nonce_and_damage_are_told() {
        let (mut disk, mut log) = (Disk::default(), DurableLog::default());
        let mut wal = Wal::create(&mut disk, WAL_FOLDER, "node", RaftId(7), Index(0));
        wal.append(&mut disk, &[entry(1, 1, 1), entry(1, 1, 2)]);
        disk.complete_sync(disk.begin_sync());
        log.follow(&disk, WAL_FOLDER);
        assert!(log.reused_nonce().is_some_and(|what| what.contains("index 1 term 1")));
        assert!(!log.is_damaged());
        disk.append(wal.path(), &[7; 30]);
        disk.complete_sync(disk.begin_sync());
        log.follow(&disk, WAL_FOLDER);
        assert!(log.is_damaged());
    }
}
