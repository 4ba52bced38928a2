//! A manager's disk as a thief sees it: the log and the snapshots, and what of them opens with the keys
//! that lie beside them.
//!
//! Nothing here knows more than the files do. Without autolock the data key is in the header of
//! `swarm-node.key` and everything opens; with autolock that header is sealed with the unlock key, and
//! nothing opens unless somebody keeps that key on the same disk.

use raft::Index;
use seal::keyfile;
use seal::{Kek, Sealer, UnlockKey};
use sim::Disk;

use super::sealed;
use super::wal::{self, EntryKind, Record};
use crate::ca::files;

/// A sealed record.
#[derive(Clone)]
pub struct SealedRecord {
    /// Its file.
    pub path: String,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// The last index that it holds.
    pub index: Index,
    /// What is in it, if a key on the disk opens it. Holds secrets in clear.
    pub content: Option<Vec<u8>>,
}

impl std::fmt::Debug for SealedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let opens = self.content.is_some();
        write!(f, "SealedRecord({} at {}, opens: {opens})", self.path, self.offset)
    }
}

/// The key file's readable part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// There is no key file, or none that can be read.
    NoKey,
    /// The data key lies in the clear.
    Open,
    /// Autolock: sealed with the unlock key of this version.
    Locked(u64),
    /// The same, but that unlock key lies on the disk, too.
    KeyFound(u64),
}

/// Every sealed record of a manager's disk, in the order of the files, and how its keys are kept.
/// `unlock_keys` are those that were found on the disk.
pub fn open_disk(disk: &Disk, unlock_keys: &[UnlockKey]) -> (Lock, Vec<SealedRecord>) {
    let (lock, sealers) = keys(disk, unlock_keys);
    let mut found = Vec::new();
    let paths: Vec<&str> = disk.list(wal::WAL_FOLDER).collect();
    for path in paths {
        let mut owner = String::new();
        // A thief takes what is there: a damaged file is read up to its damage.
        let _ = wal::read_file(path, disk.read(path).unwrap_or_default(), &mut |offset, record| {
            match record {
                Record::Metadata { node_id, .. } => owner = node_id,
                Record::Entry { term, index, kind, data } if kind != EntryKind::Empty => {
                    let place = sealed::entry_position(kind, &owner, term, index);
                    let content = seal::sealer::open_with_any(&sealers, &place, &data).ok();
                    let (path, offset) = (path.to_owned(), offset as u64);
                    found.push(SealedRecord { path, offset, index, content });
                }
                _ => {}
            }
        });
        for path in disk.list(wal::SNAPSHOT_FOLDER) {
            if !owner.is_empty() && found.iter().all(|record| record.path != path) {
                let opened = sealed::open_snapshot_file(disk, path, &sealers, &owner);
                let Some((index, content)) = opened else { continue };
                found.push(SealedRecord { path: path.to_owned(), offset: 0, index, content });
            }
        }
    }
    (lock, found)
}

fn keys(disk: &Disk, unlock_keys: &[UnlockKey]) -> (Lock, Vec<Sealer>) {
    let text = disk.read(files::KEY).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let Some(text) = text else { return (Lock::NoKey, Vec::new()) };
    let Ok((locked, version)) = keyfile::lock_state(text) else {
        return (Lock::NoKey, Vec::new());
    };
    let keys = unlock_keys.iter().map(|key| Some(Kek::from_bytes(*key.as_bytes())));
    let tried = std::iter::once(None).chain(keys);
    let opened = tried.into_iter().find_map(|kek| keyfile::read(text, kek.as_ref()).ok());
    let lock = match (locked, &opened) {
        (false, _) => Lock::Open,
        (true, None) => Lock::Locked(version),
        (true, Some(_)) => Lock::KeyFound(version),
    };
    let deks = opened.into_iter().flat_map(|file| [file.dek, file.pending_dek]);
    (lock, deks.flatten().map(|dek| Sealer::new(&dek)).collect())
}
