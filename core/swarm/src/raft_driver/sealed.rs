//! Entries and snapshots as they are on disk. Term, index and kind are readable; what an entry or a
//! snapshot holds is sealed with the manager's DEK and opens only at its own place.

use sorted::SortedSet;
use std::rc::Rc;

use raft::{ConfChange, Entry, Index, Payload, RaftId, Snapshot, Term};
use seal::{Nonce, SealError, Sealer};
use serde::{Deserialize, Serialize};
use sim::Disk;

use super::wal::{EntryKind, Record, SNAPSHOT_FOLDER};
use crate::store::StoreAction;
use crate::transport::protocol::Member;

/// What a data entry of the log holds (swarmkit: `InternalRaftRequest`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// Chosen by the proposer.
    pub(crate) id: u64,
    /// The transaction.
    pub(crate) actions: Vec<StoreAction>,
}

/// What a snapshot's data holds.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SnapshotData {
    /// The store as `Store::save` gives it.
    pub(crate) store: Vec<u8>,
    /// The members.
    pub(crate) members: Vec<(RaftId, Member)>,
    /// Members that may never come back.
    pub(crate) removed: SortedSet<RaftId>,
}

impl std::fmt::Debug for SnapshotData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SnapshotData({} bytes, {:?})", self.store.len(), self.members)
    }
}

/// A snapshot's file.
#[derive(Serialize, Deserialize)]
struct SnapshotFile {
    index: Index,
    term: Term,
    voters: Vec<RaftId>,
    data: Vec<u8>,
}

fn position(what: &str, node_id: &str, term: Term, index: Index) -> Vec<u8> {
    format!("{what} {node_id} {term} {index}").into_bytes()
}

/// The place that the record of an entry is sealed for.
pub(crate) fn entry_position(kind: EntryKind, node_id: &str, term: Term, index: Index) -> Vec<u8> {
    position(&format!("{kind:?}"), node_id, term, index)
}

/// Terms above 32 bits cannot come about within the simulated time; the nonce keeps the low ones.
const fn epoch(term: Term) -> u32 {
    term.0 as u32
}

/// The record of an entry.
pub(crate) fn seal_entry(sealer: &mut Sealer, node_id: &str, entry: &Entry) -> Record {
    let (kind, data) = match &entry.payload {
        Payload::Empty => (EntryKind::Empty, Vec::new()),
        Payload::Data(data) => (EntryKind::Data, data.to_vec()),
        Payload::ConfChange(change) => {
            let bytes = postcard::to_allocvec(change).expect("a change has no unsized parts");
            (EntryKind::ConfChange, bytes)
        }
    };
    let data = if kind == EntryKind::Empty || sim::planted!(EntryInClear) {
        data
    } else {
        let place = sim::planted!(NonceReused).then_some((1, 1));
        let nonce = place.map(|(term, index)| Nonce::entry(term, index));
        let nonce = nonce.unwrap_or_else(|| Nonce::entry(epoch(entry.term), entry.index.0));
        let place = entry_position(kind, node_id, entry.term, entry.index);
        sealer.seal(nonce, &place, &data)
    };
    Record::Entry { term: entry.term, index: entry.index, kind, data }
}

/// The entry of a record.
pub(crate) fn open_entry(
    sealers: &[Sealer],
    node_id: &str,
    at: (Term, Index),
    kind: EntryKind,
    data: &[u8],
) -> Result<Entry, SealError> {
    let (term, index) = at;
    let data = unsealed(sealers, node_id, at, kind, data.to_vec())?;
    let payload = match kind {
        EntryKind::Empty => Payload::Empty,
        EntryKind::Data => Payload::Data(Rc::from(data)),
        EntryKind::ConfChange => {
            let change: ConfChange =
                postcard::from_bytes(&data).map_err(|_| SealError::UnknownFormat)?;
            Payload::ConfChange(change)
        }
    };
    Ok(Entry { term, index, payload })
}

/// What an entry's record seals.
pub(crate) fn unsealed(
    sealers: &[Sealer],
    node_id: &str,
    at: (Term, Index),
    kind: EntryKind,
    data: Vec<u8>,
) -> Result<Vec<u8>, SealError> {
    if kind == EntryKind::Empty {
        return Ok(data);
    }
    let place = entry_position(kind, node_id, at.0, at.1);
    seal::sealer::open_with_any(sealers, &place, &data)
}

/// A snapshot's file without its seal.
pub(crate) fn unsealed_snapshot(
    disk: &Disk,
    path: &str,
    sealers: &[Sealer],
    node_id: &str,
) -> Option<Vec<u8>> {
    let mut file: SnapshotFile = postcard::from_bytes(disk.read(path)?).ok()?;
    let place = position("snapshot", node_id, file.term, file.index);
    file.data = seal::sealer::open_with_any(sealers, &place, &file.data).ok()?;
    postcard::to_allocvec(&file).ok()
}

fn snapshot_path(term: Term, index: Index) -> String {
    format!("{SNAPSHOT_FOLDER}{:016x}-{:016x}.snap", term.0, index.0)
}

/// Writes a snapshot's file; older ones go once it is durable, with [`remove_other_snapshots`]. False if the disk is full.
pub(crate) fn write_snapshot(
    disk: &mut Disk,
    sealer: &mut Sealer,
    node_id: &str,
    snapshot: &Snapshot,
) -> bool {
    let place = position("snapshot", node_id, snapshot.term, snapshot.index);
    let nonce = Nonce::snapshot(epoch(snapshot.term), snapshot.index.0);
    let file = SnapshotFile {
        index: snapshot.index,
        term: snapshot.term,
        voters: snapshot.voters.clone(),
        data: sealer.seal(nonce, &place, &snapshot.data),
    };
    let bytes = postcard::to_allocvec(&file).expect("a snapshot has no unsized parts");
    let path = snapshot_path(snapshot.term, snapshot.index);
    disk.replace(&format!("{path}.tmp"), &path, &bytes)
}

/// Removes all snapshots but this one and the `keep` before it (swarmkit: `KeepOldSnapshots`).
pub(crate) fn remove_other_snapshots(disk: &mut Disk, at: (Term, Index), keep: u64) {
    let kept = snapshot_path(at.0, at.1);
    let mut others: Vec<String> =
        disk.list(SNAPSHOT_FOLDER).filter(|path| **path != *kept).map(str::to_owned).collect();
    // Their names sort as they were taken.
    others.truncate(others.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX)));
    for path in others {
        disk.remove(&path);
    }
}

/// A snapshot's file, opened by whoever has only the disk: the last index it covers and, if one of the
/// keys fits, what is in it. Nothing if it is no snapshot.
pub(crate) fn open_snapshot_file(
    disk: &Disk,
    path: &str,
    sealers: &[Sealer],
    node_id: &str,
) -> Option<(Index, Option<Vec<u8>>)> {
    let file: SnapshotFile = postcard::from_bytes(disk.read(path)?).ok()?;
    let place = position("snapshot", node_id, file.term, file.index);
    Some((file.index, seal::sealer::open_with_any(sealers, &place, &file.data).ok()))
}

/// Reads the snapshot that ends at this place.
pub(crate) fn read_snapshot(
    disk: &Disk,
    sealers: &[Sealer],
    node_id: &str,
    at: (Term, Index),
) -> Option<Snapshot> {
    let bytes = disk.read(&snapshot_path(at.0, at.1))?;
    let file: SnapshotFile = postcard::from_bytes(bytes).ok()?;
    let place = position("snapshot", node_id, file.term, file.index);
    let data = seal::sealer::open_with_any(sealers, &place, &file.data).ok()?;
    Some(Snapshot { index: file.index, term: file.term, voters: file.voters, data: Rc::from(data) })
}
