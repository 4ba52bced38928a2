//! `/var/lib/docker/swarm` and `/var/lib/etcd` as the host's tools see them: what is on the simulated disk, byte for byte.
//!
//! The daemon writes to [`sim::Disk`], which knows what a crash leaves; programs read files. This view
//! follows the disk before programs run. It is read-only: a student looks at the state, and harms it by
//! faults of the disk.

use os::fs::{Attributes, FileSystem, FsKind, Inode, Kind, Mount, Mounts, SharedFs, Tree};
use sim::{Disk, Time};

/// A swarm's.
pub(crate) const SWARM: &str = "/var/lib/docker/swarm";
/// etcd's.
pub(crate) const ETCD: &str = "/var/lib/etcd";

/// The view of one host.
#[derive(Debug)]
pub(crate) struct StateFolder {
    at: &'static str,
    fs: SharedFs,
    seen_count: Option<u64>,
}

/// What a disk holds now, as a tree of its own.
pub(crate) fn tree(at: &'static str, disk: &Disk, now: Time) -> Tree {
    let mut folder = StateFolder::new(at, now);
    folder.follow(disk, now);
    let fs = folder.fs.borrow();
    fs.upper().clone()
}

impl StateFolder {
    pub(crate) fn new(at: &'static str, now: Time) -> Self {
        Self { at, fs: FileSystem::new(FsKind::Disk, now).shared(), seen_count: None }
    }

    /// Mounts the view over the host's own folder.
    pub(crate) fn mount(&self, mounts: &mut Mounts) {
        let (at, root) = (self.at.to_owned(), "/".to_owned());
        mounts.add(Mount { at, fs: self.fs.clone(), root, read_only: true });
    }

    /// Shows what the disk holds now. A file that did not change keeps its date.
    pub(crate) fn follow(&mut self, disk: &Disk, now: Time) {
        if self.seen_count == Some(disk.change_count()) {
            return;
        }
        self.seen_count = Some(disk.change_count());
        let mut fs = self.fs.borrow_mut();
        let mut tree = Tree::default();
        tree.add_directory("/", 0o700, now);
        for (path, bytes) in disk.files() {
            let Some(path) = path.strip_prefix(self.at) else { continue };
            match fs.get(path) {
                Some(Inode { kind: Kind::File(old), attributes }) if old == bytes => {
                    let attributes = *attributes;
                    tree.add_file(path, Vec::new(), 0, attributes.modified);
                    tree.insert(path, Inode { attributes, kind: Kind::File(bytes.to_vec()) });
                }
                _ => tree.add_file(path, bytes, 0o600, now),
            }
        }
        let folders: Vec<String> = tree
            .iter()
            .filter(|(_, inode)| inode.is_directory())
            .map(|(path, _)| path.to_owned())
            .collect();
        for path in folders {
            let modified = fs.get(&path).map_or(now, |inode| inode.attributes.modified);
            let attributes = Attributes::root(0o700, modified);
            tree.insert(path, Inode { attributes, kind: Kind::Directory });
        }
        *fs = FileSystem::from_tree(FsKind::Disk, tree);
    }
}
