//! A member's log and snapshots on its disk.

use std::rc::Rc;

use raft::wal::{EntryKind, Record};
use raft::{ConfChange, Entry, HardState, Index, Payload, Restored, Snapshot, Term};
use sim::Disk;

use super::member::{Effect, Member};
use super::{SNAPSHOT_FOLDER, WAL_FOLDER};

/// etcd: `--snapshot-count` (3.6; 100,000 before).
const SNAPSHOT_COUNT: u64 = 10_000;

/// etcd: `DefaultSnapshotCatchUpEntries`.
const CATCH_UP_COUNT: u64 = 5_000;

impl Member {
    pub(super) fn snapshot_if_due(&mut self, disk: &mut Disk, out: &mut Vec<Effect>) {
        let applied = self.raft.position().applied;
        if self.pending_snapshot.is_some() || applied.0 < self.last_snapshot.0 + SNAPSHOT_COUNT {
            return;
        }
        let Ok(data) = postcard::to_allocvec(&self.store) else { return };
        let snapshot = Snapshot {
            index: applied,
            term: self.applied_term,
            voters: self.raft.voters().to_vec(),
            data: Rc::from(data),
        };
        write_snapshot(disk, &snapshot);
        let barrier = disk.begin_sync();
        out.push(Effect::Sync(barrier));
        self.pending_snapshot = Some((barrier, snapshot));
    }

    pub(super) fn compact_log(&mut self, disk: &mut Disk, snapshot: Snapshot) {
        let (index, term) = (snapshot.index, snapshot.term);
        let keep = Index(index.0.saturating_sub(CATCH_UP_COUNT));
        if self.raft.compact(keep, snapshot).is_err() {
            return;
        }
        self.last_snapshot = index;
        let older: Vec<String> = disk.list(WAL_FOLDER).map(str::to_owned).collect();
        self.wal.cut(index);
        let position = self.raft.position();
        let state = HardState { term: position.term, vote: position.vote, commit: position.commit };
        let mut records = vec![Record::Snapshot { index, term }, Record::HardState(state)];
        let after = self.raft.log_entries().iter().filter(|entry| index < entry.index);
        records.extend(after.map(record));
        self.wal.append(disk, &records);
        for path in older {
            disk.remove(&path);
        }
        let kept = snapshot_path(term, index);
        let others: Vec<String> = disk
            .list(SNAPSHOT_FOLDER)
            .filter(|path| path.ends_with(".snap") && **path != *kept)
            .map(str::to_owned)
            .collect();
        for path in others {
            disk.remove(&path);
        }
    }
}

pub(super) fn record(entry: &Entry) -> Record {
    let (kind, data) = match &entry.payload {
        Payload::Empty => (EntryKind::Empty, Vec::new()),
        Payload::Data(data) => (EntryKind::Data, data.to_vec()),
        Payload::ConfChange(change) => {
            (EntryKind::ConfChange, postcard::to_allocvec(change).unwrap_or_default())
        }
    };
    Record::Entry { term: entry.term, index: entry.index, kind, data }
}

fn snapshot_path(term: Term, index: Index) -> String {
    format!("{SNAPSHOT_FOLDER}{:016x}-{:016x}.snap", term.0, index.0)
}

pub(super) fn write_snapshot(disk: &mut Disk, snapshot: &Snapshot) {
    let path = snapshot_path(snapshot.term, snapshot.index);
    let bytes = postcard::to_allocvec(snapshot).unwrap_or_default();
    disk.replace(&format!("{path}.tmp"), &path, &bytes);
}

/// What the disk remembers; nothing if there is no log.
pub(super) fn restore(disk: &mut Disk) -> Result<Option<Restored>, String> {
    let records = raft::wal::read(disk, WAL_FOLDER).map_err(|error| error.to_string())?;
    if records.is_empty() {
        return Ok(None);
    }
    let mut restored = Restored::default();
    let mut snapshot_at = None;
    let mut is_new = true;
    for found in records {
        match found {
            Record::Metadata { .. } => {}
            Record::HardState(state) => {
                if !sim::planted!(EtcdVoteForgotten) {
                    restored.hard_state = state;
                }
                is_new = false;
            }
            Record::Snapshot { index, term } => {
                snapshot_at = Some((term, index));
                restored.entries.retain(|entry| index < entry.index);
            }
            Record::Entry { term, index, kind, data } => {
                is_new = false;
                let payload = match kind {
                    EntryKind::Empty => Payload::Empty,
                    EntryKind::Data => Payload::Data(Rc::from(data)),
                    EntryKind::ConfChange => {
                        let change: ConfChange = postcard::from_bytes(&data)
                            .map_err(|_| format!("wal: entry {index} is unreadable"))?;
                        Payload::ConfChange(change)
                    }
                };
                let entries = &mut restored.entries;
                if let Ok(at) = entries.binary_search_by_key(&index, |known| known.index) {
                    if entries[at].term == term {
                        continue;
                    }
                    entries.truncate(at);
                }
                if entries.last().is_some_and(|last| last.index.next() != index) {
                    return Err(format!("wal: entries are missing before {index}"));
                }
                entries.push(Entry { term, index, payload });
            }
        }
    }
    if is_new {
        return Ok(None);
    }
    if let Some((term, index)) = snapshot_at {
        let bytes = disk.read(&snapshot_path(term, index));
        let snapshot: Snapshot = bytes
            .and_then(|bytes| postcard::from_bytes(bytes).ok())
            .ok_or_else(|| format!("snap: the snapshot at {index} cannot be read"))?;
        restored.voters.clone_from(&snapshot.voters);
        restored.applied = snapshot.index;
        restored.snapshot = Some(snapshot);
    }
    Ok(Some(restored))
}
