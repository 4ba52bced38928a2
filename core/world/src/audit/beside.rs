//! What a disk gives to whoever has it: the sealed log and snapshots of a manager, opened with the keys that
//! lie beside them, and nothing else; and in the same way what an API server has sealed in etcd, with the keys of
//! every `EncryptionConfiguration` on the host. Of a host's own disk, and of every copy of such a state
//! that lies in some folder: stolen, kept for later, put together by hand.

use sorted::SortedMap;

use kube::etcd::encryption::Encryption;
use kube::etcd::opened::sealed_values;
use os::Terminal;
use os::fs::{Kind, Tree};
use seal::UnlockKey;
use sim::Disk;
use swarm::Lock;

use super::matcher::Matcher;
use super::needles::{Hit, Needles};
use crate::host::Host;

/// Whose state it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Manager,
    Etcd,
}

/// A manager's or etcd's state, opened as far as it opens.
#[derive(Clone, Debug)]
pub(super) struct StateSeen {
    pub(super) of: Of,
    /// The folder of a copy; none if it is the host's own.
    pub(super) copy: Option<String>,
    pub(super) lock: Lock,
    /// How many sealed records there are.
    pub(super) sealed_count: u64,
    /// How many of them opened.
    pub(super) opened_count: u64,
    /// In which file, in the record that begins where, what was found; in order.
    pub(super) found: Vec<(String, u64, Hit)>,
}

/// How an unlock key begins where people handle it.
const KEY_PREFIX: &[u8] = b"SWMKEY-1-";

/// What must not have changed for what is known to be true still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Changes {
    disk: u64,
    root: u64,
    terminals: u64,
    needles: usize,
}

/// What is on one host.
#[derive(Debug)]
pub(super) struct DiskSeen {
    changes: Changes,
    states: Vec<StateSeen>,
}

impl DiskSeen {
    /// What is known, if nothing has changed since, or a new look.
    pub(super) fn of<'a>(
        host: &Host,
        needles: &Needles,
        known: &'a mut SortedMap<u16, Self>,
    ) -> &'a [StateSeen] {
        let root = host.root.borrow();
        let mut terminals = u64::from(host.boot_count);
        look_at_terminals(host, &mut |terminal| terminals += terminal.change_count());
        let changes = Changes {
            disk: host.disk.journal().count(),
            root: root.journal().count(),
            terminals,
            needles: needles.all().len(),
        };
        let fresh = || Self { changes, states: Self::look(host, root.upper(), needles) };
        let seen = known.entry(host.id.0).or_insert_with(fresh);
        if seen.changes != changes {
            *seen = fresh();
        }
        &seen.states
    }

    fn look(host: &Host, root: &Tree, needles: &Needles) -> Vec<StateSeen> {
        let prefix = Matcher::new(vec![KEY_PREFIX.into()]);
        let own = StateSeen::open(None, &host.disk, || unlock_keys(root, &prefix), needles);
        let keys = || {
            let mut keys = unlock_keys(root, &prefix);
            // Who has a copy uses what was typed or shown to him, whether he wrote it down or not.
            look_at_terminals(host, &mut |terminal| {
                for block in terminal.blocks() {
                    let typed = block.typed.join("\n");
                    find_keys(typed.as_bytes(), &prefix, &mut keys);
                    let shown = block.screen.shown();
                    find_keys(shown.as_bytes(), &prefix, &mut keys);
                }
            });
            keys
        };
        let stolen = copies(
            root,
            "/raft/wal-v3-encrypted/",
            swarm::state_dir::FOLDER,
            &["certificates/", "raft/"],
        );
        let stolen = stolen.into_iter();
        let stolen = stolen.map(|(at, disk)| StateSeen::open(Some(at), &disk, keys, needles));
        let mut all: Vec<StateSeen> = std::iter::once(own).chain(stolen).collect();
        let configurations = configurations(root);
        let etcd = |copy, disk: &Disk| StateSeen::of_etcd(copy, disk, &configurations, needles);
        all.push(etcd(None, &host.disk));
        let stolen = copies(root, "/member/snap/", ETCD_FOLDER, &["member/"]);
        all.extend(stolen.iter().map(|(at, disk)| etcd(Some(at.clone()), disk)));
        all.retain(|seen| seen.sealed_count > 0);
        all
    }
}

impl StateSeen {
    fn open(
        copy: Option<String>,
        disk: &Disk,
        unlock_keys: impl FnOnce() -> Vec<UnlockKey>,
        needles: &Needles,
    ) -> Self {
        let (lock, records) = swarm::open_disk(disk, &[]);
        let (lock, records) = match lock {
            // Only then is it worth looking for the key.
            Lock::Locked(_) => swarm::open_disk(disk, &unlock_keys()),
            _ => (lock, records),
        };
        let records = records.into_iter();
        let records = records.map(|record| (record.path, record.offset, record.content));
        Self::new(Of::Manager, copy, lock, swarm::state_dir::FOLDER, records, needles)
    }

    fn of_etcd(copy: Option<String>, disk: &Disk, keys: &[Encryption], needles: &Needles) -> Self {
        let values = sealed_values(disk, keys);
        let lock = match values.iter().any(|value| value.content.is_some()) {
            true => Lock::Open,
            false => Lock::NoKey,
        };
        let records = values.into_iter().map(|value| (value.path, value.offset, value.content));
        Self::new(Of::Etcd, copy, lock, ETCD_FOLDER, records, needles)
    }

    /// Looks into what has opened; `home` is the folder that the state of a host has.
    fn new(
        of: Of,
        copy: Option<String>,
        lock: Lock,
        home: &str,
        records: impl Iterator<Item = (String, u64, Option<Vec<u8>>)>,
        needles: &Needles,
    ) -> Self {
        let mut seen = Self { of, copy, lock, sealed_count: 0, opened_count: 0, found: Vec::new() };
        for (path, offset, content) in records {
            seen.sealed_count += 1;
            let Some(content) = content else { continue };
            seen.opened_count += 1;
            let path = match &seen.copy {
                None => path,
                Some(folder) => format!("{folder}/{}", path.trim_start_matches(home)),
            };
            seen.found.extend(
                needles.find(&content, 0).into_iter().map(|hit| (path.clone(), offset, hit)),
            );
        }
        seen
    }
}

/// Where etcd keeps its state.
const ETCD_FOLDER: &str = "/var/lib/etcd/";

/// Every key for encryption at rest that lies in a file.
fn configurations(root: &Tree) -> Vec<Encryption> {
    let text = |inode: &'_ os::fs::Inode| match &inode.kind {
        Kind::File(bytes) => {
            let text = std::str::from_utf8(bytes).ok()?;
            text.contains("EncryptionConfiguration").then(|| Encryption::parse(text).ok())?
        }
        _ => None,
    };
    root.iter().filter_map(|(_, inode)| text(inode)).collect()
}

/// Every folder that is laid out as a state that belongs into `home`, with what is in it as a disk: `mark` is a folder
/// below it, `parts` are those to take.
fn copies(root: &Tree, mark: &str, home: &str, parts: &[&str]) -> Vec<(String, Disk)> {
    let folder = |path: &'_ str| path.find(mark).filter(|at| *at > 0);
    let mut folders: Vec<&str> =
        root.iter().filter_map(|(path, _)| folder(path).map(|at| &path[..at])).collect();
    folders.dedup();
    let copied = |folder: &&str| {
        let mut disk = Disk::default();
        for (path, inode) in root.below(folder) {
            let Some(name) = path[folder.len()..].strip_prefix('/') else { continue };
            let is_part = parts.iter().any(|part| name.starts_with(part));
            if let (true, Kind::File(bytes)) = (is_part, &inode.kind) {
                disk.write(&format!("{home}{name}"), bytes);
            }
        }
        ((*folder).to_owned(), disk)
    };
    folders.iter().map(copied).collect()
}

fn look_at_terminals(host: &Host, look: &mut dyn FnMut(&Terminal)) {
    if let Some(up) = &host.up {
        up.machine.look_at_terminals(&mut |_, terminal| look(terminal));
    }
}

/// Every unlock key that somebody has left in a file.
fn unlock_keys(root: &Tree, prefix: &Matcher) -> Vec<UnlockKey> {
    let mut keys = Vec::new();
    for (_, inode) in root.iter() {
        if let Kind::File(bytes) = &inode.kind {
            find_keys(bytes, prefix, &mut keys);
        }
    }
    keys
}

fn find_keys(bytes: &[u8], prefix: &Matcher, keys: &mut Vec<UnlockKey>) {
    const SIZE: usize = KEY_PREFIX.len() + 43;
    prefix.find(bytes, 0, &mut |_, at| {
        let text = bytes.get(at..at + SIZE).and_then(|text| std::str::from_utf8(text).ok());
        keys.extend(text.and_then(|text| text.parse::<UnlockKey>().ok()));
    });
}
