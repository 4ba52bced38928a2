//! A tree of inodes, keyed by absolute path.

use sorted::SortedMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use sim::Time;

/// Owner, permissions and date of an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Permission bits, for instance `0o644`.
    pub mode: u32,
    /// Owning user.
    pub uid: u32,
    /// Owning group.
    pub gid: u32,
    /// When the content last changed.
    pub modified: Time,
}

impl Attributes {
    /// Root's, with these permission bits.
    pub const fn root(mode: u32, modified: Time) -> Self {
        Self { mode, uid: 0, gid: 0, modified }
    }
}

/// What an inode is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A regular file with its bytes.
    File(Vec<u8>),
    /// A folder.
    Directory,
    /// A symbolic link with its target.
    Symlink(String),
    /// `/dev/null`.
    NullDevice,
    /// `/dev/zero`.
    ZeroDevice,
    /// `/dev/tty`.
    TerminalDevice,
    /// `/dev/urandom`.
    RandomDevice,
    /// A socket in the file system, as the daemon's `/run/docker.sock`.
    Socket,
    /// In an upper layer: the path is gone, whatever lies below.
    Whiteout,
}

/// A file, a folder, a link or a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inode {
    /// Owner, permissions, date.
    pub attributes: Attributes,
    /// What it is.
    pub kind: Kind,
}

impl Inode {
    /// Size in bytes as `ls -l` shows it: 4096 for a folder, a link's length.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(bytes) => bytes.len() as u64,
            Kind::Directory => 4096,
            Kind::Symlink(target) => target.len() as u64,
            _ => 0,
        }
    }

    /// True for a folder.
    pub const fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// The first character of an `ls -l` line.
    pub const fn type_letter(&self) -> char {
        match self.kind {
            Kind::Directory => 'd',
            Kind::Symlink(_) => 'l',
            Kind::Socket => 's',
            Kind::File(_) => '-',
            _ => 'c',
        }
    }
}

/// Inodes by absolute path. `/` is the root; a path never ends in `/` otherwise. Also an image's
/// layer: a tree of what the layer adds, changes and (as whiteouts) removes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    nodes: SortedMap<String, Inode>,
}

impl Tree {
    /// The inode at `path`.
    pub fn get(&self, path: &str) -> Option<&Inode> {
        self.nodes.get(path)
    }

    /// The inode at `path`, to change it.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Inode> {
        self.nodes.get_mut(path)
    }

    /// Puts an inode at `path`, replacing what was there.
    pub fn insert(&mut self, path: impl Into<String>, inode: Inode) {
        self.nodes.insert(path.into(), inode);
    }

    /// Takes the inode at `path` away.
    pub fn remove(&mut self, path: &str) -> Option<Inode> {
        self.nodes.remove(path)
    }

    /// Puts a file of root's at `path`, making the folders above it.
    pub fn add_file(&mut self, path: &str, bytes: impl Into<Vec<u8>>, mode: u32, at: Time) {
        self.add_parents(path, at);
        let attributes = Attributes::root(mode, at);
        self.insert(path, Inode { attributes, kind: Kind::File(bytes.into()) });
    }

    /// Puts a symbolic link at `path`, making the folders above it.
    pub fn add_symlink(&mut self, path: &str, target: &str, at: Time) {
        self.add_parents(path, at);
        let attributes = Attributes::root(0o777, at);
        self.insert(path, Inode { attributes, kind: Kind::Symlink(target.to_owned()) });
    }

    /// Puts a folder of root's at `path`, making the folders above it.
    pub fn add_directory(&mut self, path: &str, mode: u32, at: Time) {
        self.add_parents(path, at);
        self.insert(path, Inode { attributes: Attributes::root(mode, at), kind: Kind::Directory });
    }

    fn add_parents(&mut self, path: &str, at: Time) {
        let folders = path.match_indices('/').map(|(index, _)| &path[..index.max(1)]);
        for folder in folders {
            if !self.nodes.contains_key(folder) && folder != path {
                let attributes = Attributes::root(0o755, at);
                self.insert(folder, Inode { attributes, kind: Kind::Directory });
            }
        }
    }

    /// Everything at and below `path`, in order of path.
    pub fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a Inode)> {
        self.nodes
            .range::<str, _>((Bound::Included(path), Bound::Unbounded))
            .map(|(key, inode)| (key.as_str(), inode))
            .take_while(move |(key, _)| key.starts_with(path))
            .filter(move |(key, _)| is_at_or_below(key, path))
    }

    /// All paths and inodes, in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Inode)> {
        self.nodes.iter().map(|(path, inode)| (path.as_str(), inode))
    }

    /// True when there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// True when `path` is `folder` or lies below it.
pub(super) fn is_at_or_below(path: &str, folder: &str) -> bool {
    folder == "/"
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
