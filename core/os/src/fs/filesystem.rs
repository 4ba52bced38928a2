//! A filesystem: one writable tree over any number of read-only layers.

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use sim::{Journal, Time};

use super::tree::{Attributes, Inode, Kind, Tree};
use crate::errno::Errno;

/// What a filesystem lives on; decides what a leak audit and `df` say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsKind {
    /// A host's disk.
    Disk,
    /// Memory.
    Tmpfs,
    /// A container's layers.
    Overlay,
}

/// A filesystem that several mounts may share.
pub type SharedFs = Rc<RefCell<FileSystem>>;

/// One writable tree over read-only layers, as overlayfs does it: what is changed is copied up, what
/// is removed below leaves a whiteout.
#[derive(Clone, Debug)]
pub struct FileSystem {
    kind: FsKind,
    /// Topmost first.
    layers: Vec<Rc<Tree>>,
    upper: Tree,
    journal: Journal,
}

impl FileSystem {
    /// An empty filesystem with a root folder.
    pub fn new(kind: FsKind, now: Time) -> Self {
        let mut upper = Tree::default();
        let attributes = Attributes::root(0o755, now);
        upper.insert("/", Inode { attributes, kind: Kind::Directory });
        Self { kind, layers: Vec::new(), upper, journal: Journal::default() }
    }

    /// A filesystem that starts as `tree`.
    pub fn from_tree(kind: FsKind, tree: Tree) -> Self {
        Self { kind, layers: Vec::new(), upper: tree, journal: Journal::default() }
    }

    /// An empty writable layer over an image's layers, topmost first.
    pub fn overlay(layers: Vec<Rc<Tree>>) -> Self {
        let (kind, journal) = (FsKind::Overlay, Journal::default());
        Self { kind, layers, upper: Tree::default(), journal }
    }

    /// The same, shared.
    pub fn shared(self) -> SharedFs {
        Rc::new(RefCell::new(self))
    }

    /// What it lives on.
    pub const fn kind(&self) -> FsKind {
        self.kind
    }

    /// The writable tree: of a container, all that `docker commit` would keep.
    pub const fn upper(&self) -> &Tree {
        &self.upper
    }

    /// What changed lately in the writable tree.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The same, to name causes.
    pub const fn journal_mut(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// The read-only layers, topmost first.
    pub fn layers(&self) -> &[Rc<Tree>] {
        &self.layers
    }

    /// The inode at `path`, wherever it lies.
    pub fn get(&self, path: &str) -> Option<&Inode> {
        let found = self
            .upper
            .get(path)
            .or_else(|| self.layers.iter().find_map(|layer| layer.get(path)))?;
        (found.kind != Kind::Whiteout).then_some(found)
    }

    /// True when the inode at `path` comes from a layer below.
    fn is_below(&self, path: &str) -> bool {
        let below = self.layers.iter().find_map(|layer| layer.get(path));
        below.is_some_and(|inode| inode.kind != Kind::Whiteout)
    }

    /// The inode at `path` to change it, copied up if need be.
    ///
    /// # Errors
    /// [`Errno::NotFound`].
    pub fn get_mut(&mut self, path: &str) -> Result<&mut Inode, Errno> {
        self.get_mut_behind(path, 0)
    }

    /// The same for a caller that changes nothing in the first `kept_size` bytes of a file.
    ///
    /// # Errors
    /// As [`FileSystem::get_mut`].
    pub fn get_mut_behind(&mut self, path: &str, kept_size: u64) -> Result<&mut Inode, Errno> {
        let inode = self.get(path).ok_or(Errno::NotFound)?;
        if self.upper.get(path).is_none() {
            let copy = inode.clone();
            self.upper.insert(path, copy);
            self.journal.note(path, 0);
        }
        self.journal.note(path, kept_size);
        self.upper.get_mut(path).ok_or(Errno::NotFound)
    }

    /// Puts an inode at `path`. The folder above must exist; its date changes.
    ///
    /// # Errors
    /// [`Errno::NotFound`] or [`Errno::NotDirectory`] for the folder above.
    pub fn put(&mut self, path: &str, inode: Inode, now: Time) -> Result<(), Errno> {
        self.touch_parent(path, now)?;
        self.upper.insert(path, inode);
        self.journal.note(path, 0);
        Ok(())
    }

    /// Removes what is at `path`.
    ///
    /// # Errors
    /// [`Errno::NotFound`]; [`Errno::NotEmpty`] for a folder with something in it.
    pub fn remove(&mut self, path: &str, now: Time) -> Result<Inode, Errno> {
        let inode = self.get(path).ok_or(Errno::NotFound)?.clone();
        if inode.is_directory() && !self.list(path).is_empty() {
            return Err(Errno::NotEmpty);
        }
        self.upper.remove(path);
        self.journal.note(path, 0);
        if self.is_below(path) {
            let attributes = Attributes::root(0, now);
            self.upper.insert(path, Inode { attributes, kind: Kind::Whiteout });
        }
        self.touch_parent(path, now)?;
        Ok(inode)
    }

    /// Moves what is at `from`, and all below it, to `to`.
    ///
    /// # Errors
    /// As [`FileSystem::put`] and [`FileSystem::remove`]; [`Errno::Invalid`] into itself.
    pub fn rename(&mut self, from: &str, to: &str, now: Time) -> Result<(), Errno> {
        if from == to {
            return Ok(());
        }
        if super::tree::is_at_or_below(to, from) {
            return Err(Errno::Invalid);
        }
        let inode = self.get(from).ok_or(Errno::NotFound)?.clone();
        match (self.get(to), inode.is_directory()) {
            (Some(target), true) if !target.is_directory() => return Err(Errno::NotDirectory),
            (Some(target), false) if target.is_directory() => return Err(Errno::IsDirectory),
            (Some(_), true) if !self.list(to).is_empty() => return Err(Errno::NotEmpty),
            _ => {}
        }
        self.put(to, inode.clone(), now)?;
        if inode.is_directory() {
            for name in self.list(from).into_keys() {
                self.rename(&format!("{from}/{name}"), &format!("{to}/{name}"), now)?;
            }
        }
        self.remove(from, now).map(drop)
    }

    fn touch_parent(&mut self, path: &str, now: Time) -> Result<(), Errno> {
        let parent = match path.rfind('/') {
            Some(0) | None => "/",
            Some(index) => &path[..index],
        };
        let folder = self.get(parent).ok_or(Errno::NotFound)?;
        if !folder.is_directory() {
            return Err(Errno::NotDirectory);
        }
        // A folder holds no bytes: its date is no change that an onlooker would look at.
        if self.upper.get(parent).is_none() {
            let copy = folder.clone();
            self.upper.insert(parent, copy);
        }
        if let Some(folder) = self.upper.get_mut(parent) {
            folder.attributes.modified = now;
        }
        Ok(())
    }

    /// What a folder holds, by name.
    pub fn list(&self, folder: &str) -> SortedMap<String, Inode> {
        let prefix = if folder == "/" { "/".to_owned() } else { format!("{folder}/") };
        let mut names: SortedMap<String, Inode> = SortedMap::new();
        let trees = self.layers.iter().rev().map(|layer| &**layer).chain([&self.upper]);
        for tree in trees {
            for (path, inode) in tree.below(folder) {
                let Some(name) = path.strip_prefix(&prefix) else { continue };
                if name.is_empty() || name.contains('/') {
                    continue;
                }
                if inode.kind == Kind::Whiteout {
                    names.remove(name);
                } else {
                    names.insert(name.to_owned(), inode.clone());
                }
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Inode {
        let attributes = Attributes::root(0o644, Time::EPOCH);
        Inode { attributes, kind: Kind::File(text.into()) }
    }

    fn layered() -> FileSystem {
        let mut base = Tree::default();
        base.add_directory("/", 0o755, Time::EPOCH);
        base.add_file("/etc/hostname", "base", 0o644, Time::EPOCH);
        base.add_file("/etc/passwd", "root", 0o644, Time::EPOCH);
        FileSystem::overlay(vec![Rc::new(base)])
    }

    #[test]
    fn changes_are_copied_up_and_layers_stay() {
        let mut fs = layered();
        fs.get_mut("/etc/hostname").unwrap().kind = Kind::File(b"changed".to_vec());
        assert_eq!(fs.get("/etc/hostname").unwrap().size(), 7);
        assert_eq!(fs.layers()[0].get("/etc/hostname").unwrap().size(), 4);
        assert!(fs.upper().get("/etc/passwd").is_none());
    }

    #[test]
    fn removal_leaves_a_whiteout() {
        let mut fs = layered();
        fs.remove("/etc/hostname", Time::EPOCH).unwrap();
        assert!(fs.get("/etc/hostname").is_none());
        assert_eq!(fs.list("/etc").into_keys().collect::<Vec<_>>(), ["passwd"]);
        fs.put("/etc/hostname", file("new"), Time::EPOCH).unwrap();
        assert_eq!(fs.get("/etc/hostname").unwrap().size(), 3);
        assert_eq!(fs.remove("/etc", Time::EPOCH), Err(Errno::NotEmpty));
    }

    #[test]
    fn folders_move_with_what_is_in_them() {
        let mut fs = layered();
        fs.rename("/etc", "/conf", Time::EPOCH).unwrap();
        assert!(fs.get("/etc/passwd").is_none() && fs.get("/etc").is_none());
        assert_eq!(fs.list("/conf").len(), 2);
        assert_eq!(fs.rename("/conf", "/conf/deeper", Time::EPOCH), Err(Errno::Invalid));
        assert_eq!(fs.put("/no/where", file(""), Time::EPOCH), Err(Errno::NotFound));
    }
}
