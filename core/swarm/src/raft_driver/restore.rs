//! What a manager finds on its disk when it starts.

use raft::{Entry, HardState, Index, Payload, RaftId, Restored, Snapshot, Term};
use seal::Sealer;
use sim::Disk;

use super::sealed;
use super::wal::{self, Record};

/// The log as it was.
#[derive(Debug)]
pub(crate) struct FoundLog {
    /// This member's number.
    pub(crate) raft_id: RaftId,
    /// For [`raft::Raft::new`].
    pub(crate) restored: Restored,
}

impl FoundLog {
    /// Nothing is in it but the member's number: it has promised nothing to anybody.
    pub(crate) fn is_new(&self) -> bool {
        let Restored { hard_state, snapshot, entries, .. } = &self.restored;
        *hard_state == HardState::default() && snapshot.is_none() && entries.is_empty()
    }

    /// There is something in it for a store: the first that a new group's log gets is the cluster object.
    pub(crate) fn has_cluster(&self) -> bool {
        let is_data = |entry: &Entry| matches!(entry.payload, Payload::Data(_));
        self.restored.snapshot.is_some() || self.restored.entries.iter().any(is_data)
    }
}

/// Reads log and snapshot. Nothing if there is no log at all.
///
/// # Errors
/// A damaged log, or one that none of the keys opens.
pub(crate) fn read(
    disk: &mut Disk,
    sealers: &[Sealer],
    node_id: &str,
) -> Result<Option<FoundLog>, String> {
    let records = wal::read(disk).map_err(|error| error.to_string())?;
    let mut raft_id = None;
    let mut hard_state = HardState::default();
    let mut entries: Vec<Entry> = Vec::new();
    let mut snapshot_at: Option<(Term, Index)> = None;
    for record in records {
        match record {
            Record::Metadata { node_id: owner, raft_id: id } => {
                if owner != node_id {
                    return Err(format!("wal: written by node {owner}"));
                }
                if raft_id.replace(id).is_some_and(|known| known != id) {
                    // A log that begins anew (`--force-new-cluster`): what was before is another member's.
                    (hard_state, snapshot_at) = (HardState::default(), None);
                    entries.clear();
                }
            }
            Record::HardState(state) => hard_state = state,
            Record::Snapshot { index, term } => {
                snapshot_at = Some((term, index));
                // A received snapshot replaces the log; a compacted log follows its own snapshot.
                entries.retain(|entry| index < entry.index);
            }
            Record::Entry { term, index, kind, data } => {
                let entry = sealed::open_entry(sealers, node_id, (term, index), kind, &data)
                    .map_err(|error| format!("wal: entry {index}: {error}"))?;
                // Compaction writes entries again into a new file. A power loss may have torn that: what
                // it did not reach is still in the older file, and stands.
                if let Ok(at) = entries.binary_search_by_key(&index, |known| known.index) {
                    if entries[at].term == term {
                        entries[at] = entry;
                        continue;
                    }
                    entries.truncate(at);
                }
                if entries.last().is_some_and(|last| last.index.next() != index) {
                    return Err(format!("wal: entries are missing before {index}"));
                }
                entries.push(entry);
            }
        }
    }
    let Some(raft_id) = raft_id else { return Ok(None) };
    let snapshot: Option<Snapshot> = match snapshot_at {
        None => None,
        Some(at) => Some(
            sealed::read_snapshot(disk, sealers, node_id, at)
                .ok_or_else(|| format!("snap: the snapshot at {} cannot be read", at.1))?,
        ),
    };
    let (voters, applied) = snapshot
        .as_ref()
        .map_or((Vec::new(), Index(0)), |snapshot| (snapshot.voters.clone(), snapshot.index));
    let restored = Restored { hard_state, snapshot, entries, voters, applied };
    Ok(Some(FoundLog { raft_id, restored }))
}
