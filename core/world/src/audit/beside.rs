//! What a host's disk gives to whoever has it: the sealed log and snapshots of a manager, opened with
//! the keys that lie on the same disk, and nothing else.

use os::fs::{Kind, Tree};
use seal::UnlockKey;
use sim::Disk;
use swarm::Lock;

use super::matcher::Matcher;
use super::needles::{Hit, Needles};
use crate::host::Host;

/// A disk, opened as far as it opens.
#[derive(Clone, Debug)]
pub(super) struct DiskSeen {
    /// Changes of the disk and of the host's files, and how many texts were looked for.
    seen: (u64, u64, usize),
    pub(super) lock: Lock,
    /// How many sealed records there are.
    pub(super) sealed_count: u64,
    /// How many of them opened.
    pub(super) opened_count: u64,
    /// In which file, in the record that begins where, what was found; in order.
    pub(super) found: Vec<(String, u64, Hit)>,
}

impl DiskSeen {
    /// What is known, if nothing has changed since, or a new look.
    pub(super) fn of(host: &Host, needles: &Needles, known: Option<&Self>) -> Self {
        let root = host.root.borrow();
        let changes = (host.disk.journal().count(), root.journal().count(), needles.all().len());
        match known {
            Some(known) if known.seen == changes => known.clone(),
            _ => Self::look(&host.disk, root.upper(), needles, changes),
        }
    }

    fn look(disk: &Disk, root: &Tree, needles: &Needles, seen: (u64, u64, usize)) -> Self {
        let (lock, records) = swarm::open_disk(disk, &[]);
        let (lock, records) = match lock {
            // Only then is it worth looking for the key.
            Lock::Locked(_) => swarm::open_disk(disk, &unlock_keys(root)),
            _ => (lock, records),
        };
        let mut found = Vec::new();
        for record in &records {
            let Some(content) = &record.content else { continue };
            for hit in needles.find(content, 0) {
                found.push((record.path.clone(), record.offset, hit));
            }
        }
        let opened = records.iter().filter(|record| record.content.is_some());
        let (sealed_count, opened_count) = (records.len() as u64, opened.count() as u64);
        Self { seen, lock, sealed_count, opened_count, found }
    }
}

/// Every unlock key that somebody has left in a file.
fn unlock_keys(root: &Tree) -> Vec<UnlockKey> {
    const PREFIX: &[u8] = b"SWMKEY-1-";
    const SIZE: usize = PREFIX.len() + 43;
    let matcher = Matcher::new(vec![PREFIX.into()]);
    let mut keys = Vec::new();
    for (_, inode) in root.iter() {
        let Kind::File(bytes) = &inode.kind else { continue };
        matcher.find(bytes, 0, &mut |_, at| {
            let text = bytes.get(at..at + SIZE).and_then(|text| std::str::from_utf8(text).ok());
            keys.extend(text.and_then(|text| text.parse::<UnlockKey>().ok()));
        });
    }
    keys
}
