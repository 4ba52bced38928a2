//! What is mounted where, and the way from a path to an inode.

use super::filesystem::{FileSystem, FsKind, SharedFs};
use super::tree::{Attributes, Inode, Kind, is_at_or_below};
use crate::errno::Errno;
use serde::{Deserialize, Serialize};
use sim::Time;

/// Who makes a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// User number; 0 may do everything but write to what is read-only.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
    /// Supplementary groups; places that are not used hold `gid`.
    more: [u32; GROUP_COUNT_MAX],
}

/// How many supplementary groups a process can have. Linux has 65,536.
const GROUP_COUNT_MAX: usize = 8;

impl User {
    /// The superuser.
    pub const ROOT: Self = Self::new(0, 0);

    /// A user in one group.
    pub const fn new(uid: u32, gid: u32) -> Self {
        Self { uid, gid, more: [gid; GROUP_COUNT_MAX] }
    }

    /// The same in these groups as well; what is too much is left out.
    #[must_use]
    pub fn with_groups(self, groups: &[u32]) -> Self {
        let mut user = Self::new(self.uid, self.gid);
        for (place, group) in user.more.iter_mut().zip(groups) {
            *place = *group;
        }
        user
    }

    /// True if the user is in that group, whichever way.
    pub fn is_in(&self, gid: u32) -> bool {
        self.gid == gid || self.more.contains(&gid)
    }

    /// All groups, each once, the own one first.
    pub fn groups(&self) -> Vec<u32> {
        let mut all = vec![self.gid];
        for group in self.more {
            if !all.contains(&group) {
                all.push(group);
            }
        }
        all
    }

    fn may(self, inode: &Inode, bit: u32) -> bool {
        let Attributes { mode, uid, gid, .. } = inode.attributes;
        if self.uid == 0 {
            return bit != 1 || inode.is_directory() || mode & 0o111 != 0;
        }
        let shift = match () {
            () if self.uid == uid => 6,
            () if self.is_in(gid) => 3,
            () => 0,
        };
        mode >> shift & bit != 0
    }

    /// May read it.
    pub fn may_read(self, inode: &Inode) -> bool {
        self.may(inode, 4)
    }
    /// May write it, as far as its permission bits go.
    pub fn may_write(self, inode: &Inode) -> bool {
        self.may(inode, 2)
    }
    /// May run it, or search it if it is a folder.
    pub fn may_execute(self, inode: &Inode) -> bool {
        self.may(inode, 1)
    }
}

/// A filesystem, or a part of one, at a path.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Where.
    pub at: String,
    /// What.
    pub fs: SharedFs,
    /// Which part of it: `/`, or for a bind mount the folder or file within `fs`.
    pub root: String,
    /// Nothing may be written through this mount.
    pub read_only: bool,
}

/// The mounts of a host or a container. The one at `/` comes first.
#[derive(Clone, Debug)]
pub struct Mounts {
    mounts: Vec<Mount>,
}

/// An inode's place, found or to be made.
#[derive(Clone, Debug)]
pub struct Located {
    /// The filesystem it is on.
    pub fs: SharedFs,
    /// Its path within that filesystem.
    pub inner: String,
    /// Its path as a process sees it, without links and dots.
    pub path: String,
    /// The mount is read-only.
    pub read_only: bool,
    /// The path is a mount point other than `/`.
    pub is_mount_point: bool,
}

impl Located {
    /// A copy of the inode, if there is one.
    pub fn inode(&self) -> Option<Inode> {
        self.fs.borrow().get(&self.inner).cloned()
    }
}

const LINK_COUNT_MAX: usize = 40;

impl Mounts {
    /// A namespace with `root` at `/`.
    pub fn new(root: SharedFs) -> Self {
        let mount = Mount { at: "/".into(), fs: root, root: "/".into(), read_only: false };
        Self { mounts: vec![mount] }
    }

    /// Mounts on top of what is there.
    pub fn add(&mut self, mount: Mount) {
        self.mounts.push(mount);
    }

    /// Makes what is at `/` read-only or writable; other mounts stay as they are.
    pub fn set_root_read_only(&mut self, read_only: bool) {
        self.mounts[0].read_only = read_only;
    }

    /// Takes the topmost mount at `at` away.
    pub fn remove(&mut self, at: &str) -> Option<Mount> {
        let index = self.mounts.iter().rposition(|mount| mount.at == at && at != "/")?;
        Some(self.mounts.remove(index))
    }

    /// All mounts, the one at `/` first.
    pub fn iter(&self) -> impl Iterator<Item = &Mount> {
        self.mounts.iter()
    }

    /// The filesystem at `/`.
    pub fn root(&self) -> &SharedFs {
        &self.mounts[0].fs
    }

    /// The mount that a path without links and dots lies on.
    fn locate(&self, path: &str) -> Located {
        let mount = self
            .mounts
            .iter()
            .rev()
            .filter(|mount| is_at_or_below(path, &mount.at))
            .max_by_key(|mount| mount.at.len())
            .unwrap_or(&self.mounts[0]);
        let rest = path.strip_prefix(mount.at.trim_end_matches('/')).unwrap_or(path);
        let inner = match (mount.root.as_str(), rest) {
            ("/", "") => "/".to_owned(),
            ("/", rest) => rest.to_owned(),
            (root, "/") => root.to_owned(),
            (root, rest) => format!("{root}{rest}"),
        };
        Located {
            fs: mount.fs.clone(),
            inner,
            path: path.to_owned(),
            read_only: mount.read_only,
            is_mount_point: mount.at == path && path != "/",
        }
    }

    /// Follows `path` from `cwd`. The last part need not exist; with `follow`, a link there is
    /// followed too.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::NotDirectory`] or [`Errno::Access`] for a folder on the way,
    /// [`Errno::Loop`] after 40 links, [`Errno::NotFound`] for an empty path.
    pub fn resolve(
        &self,
        cwd: &str,
        path: &str,
        follow: bool,
        user: User,
    ) -> Result<Located, Errno> {
        if path.is_empty() {
            return Err(Errno::NotFound);
        }
        if path.len() > 4096 {
            return Err(Errno::NameTooLong);
        }
        let must_be_folder = path.len() > 1 && path.ends_with('/');
        let mut left: Vec<String> = parts(path).rev().map(str::to_owned).collect();
        let mut at: Vec<String> = Vec::new();
        if !path.starts_with('/') {
            at.extend(parts(cwd).map(str::to_owned));
        }
        let mut link_count = 0;
        while let Some(part) = left.pop() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    at.pop();
                    continue;
                }
                _ => {}
            }
            let folder = self.locate(&joined(&at)).inode().ok_or(Errno::NotFound)?;
            if !folder.is_directory() {
                return Err(Errno::NotDirectory);
            }
            if !user.may_execute(&folder) {
                return Err(Errno::Access);
            }
            at.push(part);
            let found = self.locate(&joined(&at)).inode();
            let is_last = left.is_empty();
            if let Some(Inode { kind: Kind::Symlink(target), .. }) = &found
                && (!is_last || follow || must_be_folder)
            {
                link_count += 1;
                if link_count > LINK_COUNT_MAX {
                    return Err(Errno::Loop);
                }
                at.pop();
                if target.starts_with('/') {
                    at.clear();
                }
                left.extend(parts(target).rev().map(str::to_owned));
            } else if found.is_none() && !is_last {
                return Err(Errno::NotFound);
            }
        }
        let located = self.locate(&joined(&at));
        if must_be_folder && located.inode().is_some_and(|inode| !inode.is_directory()) {
            return Err(Errno::NotDirectory);
        }
        Ok(located)
    }

    /// The names in a folder and their inodes, mount points included.
    pub fn list(&self, folder: &Located) -> Vec<(String, Inode)> {
        let mut names = folder.fs.borrow().list(&folder.inner);
        let prefix = if folder.path == "/" { "/".to_owned() } else { format!("{}/", folder.path) };
        for mount in &self.mounts {
            let Some(name) = mount.at.strip_prefix(&prefix) else { continue };
            if name.is_empty() || name.contains('/') {
                continue;
            }
            if let Some(inode) = self.locate(&mount.at).inode() {
                names.insert(name.to_owned(), inode);
            }
        }
        names.into_iter().collect()
    }
}

/// The parts of a path, without empty ones.
fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn joined(parts: &[String]) -> String {
    format!("/{}", parts.join("/"))
}

/// An absolute path without dots, by text alone (links are not looked at).
pub fn normalize(cwd: &str, path: &str) -> String {
    let mut at: Vec<&str> = if path.starts_with('/') { Vec::new() } else { parts(cwd).collect() };
    for part in parts(path) {
        match part {
            "." => {}
            ".." => {
                at.pop();
            }
            _ => at.push(part),
        }
    }
    format!("/{}", at.join("/"))
}

impl Mount {
    /// A fresh tmpfs at `at` whose root folder has these permission bits.
    pub fn tmpfs(at: &str, mode: u32, now: Time) -> Self {
        let mut fs = FileSystem::new(FsKind::Tmpfs, now);
        if let Ok(root) = fs.get_mut("/") {
            root.attributes.mode = mode;
        }
        Self { at: at.to_owned(), fs: fs.shared(), root: "/".into(), read_only: false }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    fn namespace() -> Mounts {
        let mut tree = Tree::default();
        tree.add_directory("/", 0o755, Time::EPOCH);
        tree.add_file("/etc/hosts", "127.0.0.1", 0o644, Time::EPOCH);
        tree.add_directory("/root", 0o700, Time::EPOCH);
        tree.add_symlink("/link", "etc/../etc/hosts", Time::EPOCH);
        tree.add_symlink("/loop", "/loop", Time::EPOCH);
        tree.add_directory("/run/secrets", 0o755, Time::EPOCH);
        let mut mounts = Mounts::new(FileSystem::from_tree(FsKind::Disk, tree).shared());
        mounts.add(Mount::tmpfs("/run/secrets", 0o755, Time::EPOCH));
        mounts
    }

    #[track_caller]
    fn check(cwd: &str, path: &str, user: User, expected: Result<&str, Errno>) {
        let found = namespace().resolve(cwd, path, true, user).map(|located| located.path);
        assert_eq!(found, expected.map(str::to_owned), "{path} from {cwd}");
    }

    #[test]
    fn paths_are_followed_as_the_kernel_does() {
        let (root, other) = (User::ROOT, User::new(1000, 1000));
        check("/etc", "hosts", root, Ok("/etc/hosts"));
        check("/", "link", root, Ok("/etc/hosts"));
        check("/", "/etc/../../etc/./hosts", root, Ok("/etc/hosts"));
        check("/", "/loop", root, Err(Errno::Loop));
        check("/", "/etc/hosts/deeper", root, Err(Errno::NotDirectory));
        check("/", "/nowhere/file", root, Err(Errno::NotFound));
        check("/", "/nowhere", root, Ok("/nowhere"));
        check("/", "/root/file", other, Err(Errno::Access));
        check("/", "", root, Err(Errno::NotFound));
    }

    #[test]
    fn a_mount_hides_what_is_below() {
        let mounts = namespace();
        let inside = mounts.resolve("/", "/run/secrets/a", true, User::ROOT).unwrap();
        assert_eq!((inside.inner.as_str(), inside.fs.borrow().kind()), ("/a", FsKind::Tmpfs));
        let point = mounts.resolve("/", "/run/secrets", true, User::ROOT).unwrap();
        assert!(point.is_mount_point);
        let run = mounts.resolve("/", "/run", true, User::ROOT).unwrap();
        assert_eq!(mounts.list(&run).len(), 1);
    }
}
