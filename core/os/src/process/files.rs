//! The system calls on files.

use super::{Fd, Handle, Open, Proc};
use crate::errno::Errno;
use crate::fs::{Attributes, FsKind, Inode, Kind, Located, SharedFs};

/// The set-group-ID bit.
const SET_GROUP: u32 = 0o2000;

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenMode {
    read: bool,
    write: bool,
    create: bool,
    truncate: bool,
    append: bool,
}

impl Proc {
    fn locate(&self, path: &str, follow: bool) -> Result<Located, Errno> {
        let (cwd, user) = self.me(|process| (process.cwd.clone(), process.user));
        self.namespace().borrow().mounts.resolve(&cwd, path, follow, user)
    }

    /// A path's absolute form without links, if all of it but the last part exists.
    ///
    /// # Errors
    /// As path lookup.
    pub fn canonical(&self, path: &str) -> Result<String, Errno> {
        self.locate(path, true).map(|located| located.path)
    }

    /// The inode at a path, links followed.
    ///
    /// # Errors
    /// [`Errno::NotFound`] and as path lookup.
    pub fn stat(&self, path: &str) -> Result<Inode, Errno> {
        if let Some(inode) = self.proc_inode(path) {
            return inode;
        }
        self.locate(path, true)?.inode().ok_or(Errno::NotFound)
    }

    /// The file behind a descriptor (`fstat`), if it is one of a filesystem.
    pub fn stat_fd(&self, fd: super::Fd) -> Option<Inode> {
        let handle = self.handle(fd).ok()?;
        match &*handle.0.borrow() {
            Open::File { fs, inner, .. } => fs.borrow().get(inner).cloned(),
            _ => None,
        }
    }

    /// The inode at a path, a link itself not followed.
    ///
    /// # Errors
    /// As [`Proc::stat`].
    pub fn lstat(&self, path: &str) -> Result<Inode, Errno> {
        if let Some(inode) = self.proc_inode(path) {
            return inode;
        }
        self.locate(path, false)?.inode().ok_or(Errno::NotFound)
    }

    /// True if there is something at `path`.
    pub fn exists(&self, path: &str) -> bool {
        self.stat(path).is_ok()
    }

    /// True if the caller may read / write / run what is at `path` (`test -r/-w/-x`).
    pub fn access(&self, path: &str, read: bool, write: bool, execute: bool) -> bool {
        if let Some(inode) = self.proc_inode(path) {
            let user = self.user();
            let may_read = |inode: &Inode| !read || user.may_read(inode);
            return inode.is_ok_and(|inode| may_read(&inode) && !write && !execute);
        }
        let Ok(located) = self.locate(path, true) else { return false };
        let Some(inode) = located.inode() else { return false };
        let user = self.user();
        (!read || user.may_read(&inode))
            && (!write || user.may_write(&inode) && !located.read_only)
            && (!execute || user.may_execute(&inode))
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::Access`] and as path lookup. A folder can be opened, not read.
    pub fn open_read(&self, path: &str) -> Result<Handle, Errno> {
        let mode =
            OpenMode { read: true, write: false, create: false, truncate: false, append: false };
        self.open(path, mode)
    }

    /// Opens a file to write it, making it if need be; it is emptied, or with `append` written at
    /// its end.
    ///
    /// # Errors
    /// [`Errno::Access`], [`Errno::ReadOnly`], [`Errno::IsDirectory`] and as path lookup.
    pub fn open_write(&self, path: &str, append: bool) -> Result<Handle, Errno> {
        let mode = OpenMode { read: false, write: true, create: true, truncate: !append, append };
        self.open(path, mode)
    }

    /// Opens a file to read and write it from its start (`<>`), making it if need be.
    ///
    /// # Errors
    /// As [`Proc::open_write`].
    pub fn open_read_write(&self, path: &str) -> Result<Handle, Errno> {
        let mode =
            OpenMode { read: true, write: true, create: true, truncate: false, append: false };
        self.open(path, mode)
    }

    fn open(&self, path: &str, mode: OpenMode) -> Result<Handle, Errno> {
        if let Some(fd) = own_descriptor(path) {
            return self.handle(fd).map_err(|_| Errno::NotFound);
        }
        if let Some(inode) = self.proc_inode(path) {
            let inode = inode?;
            return match inode.kind {
                _ if mode.write || !self.user().may_read(&inode) => Err(Errno::Access),
                Kind::File(bytes) => Ok(Handle::bytes(bytes)),
                _ => Err(Errno::IsDirectory),
            };
        }
        let located = self.locate(path, true)?;
        let user = self.user();
        match located.inode() {
            None if !mode.create => return Err(Errno::NotFound),
            None => {
                if path.ends_with('/') {
                    return Err(Errno::IsDirectory);
                }
                self.create(&located, Kind::File(Vec::new()), 0o666)?;
            }
            Some(inode) => {
                if mode.write && inode.is_directory() {
                    return Err(Errno::IsDirectory);
                }
                let denied =
                    mode.read && !user.may_read(&inode) || mode.write && !user.may_write(&inode);
                if denied {
                    return Err(Errno::Access);
                }
                match inode.kind {
                    Kind::NullDevice => return Ok(Handle::null()),
                    Kind::ZeroDevice => return Ok(Handle::new(Open::Zero)),
                    Kind::RandomDevice => return Ok(Handle::new(Open::Random)),
                    Kind::Socket => return Err(Errno::NoDevice),
                    Kind::TerminalDevice => {
                        let id = self.terminal().ok_or(Errno::NotTerminal)?;
                        return Ok(Handle::terminal(id));
                    }
                    _ => {}
                }
                if mode.write && located.read_only {
                    return Err(Errno::ReadOnly);
                }
                if mode.truncate {
                    let now = self.wall();
                    let mut fs = located.fs.borrow_mut();
                    let inode = fs.get_mut(&located.inner)?;
                    inode.kind = Kind::File(Vec::new());
                    inode.attributes.modified = now;
                }
            }
        }
        Ok(Handle::new(Open::File {
            fs: located.fs,
            inner: located.inner,
            offset: 0,
            readable: mode.read,
            writable: mode.write,
            append: mode.append,
        }))
    }

    /// Checks that the caller may add or remove names in the folder that `located` is in.
    fn check_parent(&self, located: &Located) -> Result<Inode, Errno> {
        let parent = match located.path.rfind('/') {
            Some(0) | None => "/",
            Some(index) => &located.path[..index],
        };
        let folder = self.locate(parent, true)?.inode().ok_or(Errno::NotFound)?;
        if !folder.is_directory() {
            return Err(Errno::NotDirectory);
        }
        if located.read_only {
            return Err(Errno::ReadOnly);
        }
        if !self.user().may_write(&folder) { Err(Errno::Access) } else { Ok(folder) }
    }

    fn create(&self, located: &Located, kind: Kind, mode: u32) -> Result<(), Errno> {
        let folder = self.check_parent(located)?.attributes;
        let now = self.wall();
        let user = self.user();
        let mut mode = if matches!(kind, Kind::Symlink(_)) { 0o777 } else { mode & !self.umask() };
        let mut gid = user.gid;
        // What is made in a folder with the set-group-ID bit is its group's (POSIX leaves it open, Linux does it).
        if folder.mode & SET_GROUP != 0 {
            gid = folder.gid;
            mode |= if matches!(kind, Kind::Directory) { SET_GROUP } else { 0 };
        }
        let attributes = Attributes { mode, uid: user.uid, gid, modified: now };
        located.fs.borrow_mut().put(&located.inner, Inode { attributes, kind }, now)
    }

    /// A file's whole content.
    ///
    /// # Errors
    /// As [`Proc::open_read`]; [`Errno::IsDirectory`].
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let inode = self.stat(path)?;
        if !self.user().may_read(&inode) {
            return Err(Errno::Access);
        }
        match inode.kind {
            Kind::File(bytes) => Ok(bytes),
            Kind::Directory => Err(Errno::IsDirectory),
            _ => Ok(Vec::new()),
        }
    }

    /// Replaces a file's content, making it if need be.
    ///
    /// # Errors
    /// As [`Proc::open_write`].
    pub fn write_file(&self, path: &str, bytes: &[u8]) -> Result<(), Errno> {
        let handle = self.open_write(path, false)?;
        let open = handle.0.borrow();
        if let Open::File { fs, inner, .. } = &*open {
            self.check_space(fs, bytes)?;
            fs.borrow_mut().get_mut(inner)?.kind = Kind::File(bytes.to_vec());
        }
        Ok(())
    }

    /// True while the host's disk takes nothing any more.
    pub fn is_disk_full(&self) -> bool {
        self.state.borrow().is_disk_full
    }

    /// Checks that bytes can be added to a file.
    pub(super) fn check_space(&self, fs: &SharedFs, bytes: &[u8]) -> Result<(), Errno> {
        let is_full = self.is_disk_full();
        let is_on_disk = fs.borrow().kind() != FsKind::Tmpfs;
        if is_full && is_on_disk && !bytes.is_empty() { Err(Errno::NoSpace) } else { Ok(()) }
    }

    /// The names in a folder with their inodes, in byte order.
    ///
    /// # Errors
    /// [`Errno::NotDirectory`], [`Errno::Access`] and as path lookup.
    pub fn list(&self, path: &str) -> Result<Vec<(String, Inode)>, Errno> {
        if let Some(names) = self.proc_names(path) {
            return Ok(names);
        }
        let located = self.locate(path, true)?;
        let folder = located.inode().ok_or(Errno::NotFound)?;
        if !folder.is_directory() {
            return Err(Errno::NotDirectory);
        }
        if !self.user().may_read(&folder) {
            return Err(Errno::Access);
        }
        Ok(self.namespace().borrow().mounts.list(&located))
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// [`Errno::Exists`], [`Errno::Access`], [`Errno::ReadOnly`] and as path lookup.
    pub fn make_directory(&self, path: &str, mode: u32) -> Result<(), Errno> {
        let located = self.locate(path, true)?;
        if located.inode().is_some() {
            return Err(Errno::Exists);
        }
        self.create(&located, Kind::Directory, mode)
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// As [`Proc::make_directory`].
    pub fn make_symlink(&self, target: &str, path: &str) -> Result<(), Errno> {
        let located = self.locate(path, false)?;
        if located.inode().is_some() {
            return Err(Errno::Exists);
        }
        self.create(&located, Kind::Symlink(target.to_owned()), 0o777)
    }

    /// Removes a file or a link.
    ///
    /// # Errors
    /// [`Errno::IsDirectory`], [`Errno::Busy`] for a mount point, [`Errno::ReadOnly`],
    /// [`Errno::Access`], [`Errno::NotFound`].
    pub fn remove_file(&self, path: &str) -> Result<(), Errno> {
        self.remove(path, false)
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// [`Errno::NotDirectory`], [`Errno::NotEmpty`] and as [`Proc::remove_file`].
    pub fn remove_directory(&self, path: &str) -> Result<(), Errno> {
        self.remove(path, true)
    }

    fn remove(&self, path: &str, folder: bool) -> Result<(), Errno> {
        let located = self.locate(path, false)?;
        let inode = located.inode().ok_or(Errno::NotFound)?;
        match (inode.is_directory(), folder) {
            (true, false) => return Err(Errno::IsDirectory),
            (false, true) => return Err(Errno::NotDirectory),
            _ => {}
        }
        if located.is_mount_point || located.path == "/" {
            return Err(Errno::Busy);
        }
        self.check_parent(&located)?;
        let now = self.wall();
        located.fs.borrow_mut().remove(&located.inner, now).map(drop)
    }

    /// Gives a file or a folder another name, on the same filesystem.
    ///
    /// # Errors
    /// [`Errno::CrossDevice`] between filesystems, [`Errno::Busy`] for a mount point, and as the
    /// other calls.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        let (source, target) = (self.locate(from, false)?, self.locate(to, false)?);
        source.inode().ok_or(Errno::NotFound)?;
        if source.is_mount_point || target.is_mount_point {
            return Err(Errno::Busy);
        }
        if !std::rc::Rc::ptr_eq(&source.fs, &target.fs) {
            return Err(Errno::CrossDevice);
        }
        self.check_parent(&source)?;
        self.check_parent(&target)?;
        let now = self.wall();
        source.fs.borrow_mut().rename(&source.inner, &target.inner, now)
    }

    /// Changes permission bits and, if given, owner and group.
    ///
    /// # Errors
    /// [`Errno::NotPermitted`] for who neither owns the file nor is root, [`Errno::ReadOnly`].
    pub fn change_attributes(
        &self,
        path: &str,
        mode: Option<u32>,
        owner: Option<u32>,
        group: Option<u32>,
    ) -> Result<(), Errno> {
        let located = self.locate(path, true)?;
        let inode = located.inode().ok_or(Errno::NotFound)?;
        let user = self.user();
        let owner_changes = owner.is_some_and(|owner| owner != inode.attributes.uid);
        if user.uid != 0 && (user.uid != inode.attributes.uid || owner_changes) {
            return Err(Errno::NotPermitted);
        }
        if located.read_only {
            return Err(Errno::ReadOnly);
        }
        let mut fs = located.fs.borrow_mut();
        let attributes = &mut fs.get_mut(&located.inner)?.attributes;
        attributes.mode = mode.map_or(attributes.mode, |mode| mode & 0o7777);
        attributes.uid = owner.unwrap_or(attributes.uid);
        attributes.gid = group.unwrap_or(attributes.gid);
        Ok(())
    }

    /// Sets a file's date to now (`touch`), making the file if need be.
    ///
    /// # Errors
    /// As [`Proc::open_write`].
    pub fn touch(&self, path: &str) -> Result<(), Errno> {
        drop(self.open_write(path, true)?);
        let located = self.locate(path, true)?;
        let now = self.wall();
        located.fs.borrow_mut().get_mut(&located.inner)?.attributes.modified = now;
        Ok(())
    }

    /// Changes the working folder.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::NotDirectory`], [`Errno::Access`].
    pub fn change_directory(&self, path: &str) -> Result<(), Errno> {
        let located = self.locate(path, true)?;
        let folder = located.inode().ok_or(Errno::NotFound)?;
        if !folder.is_directory() {
            return Err(Errno::NotDirectory);
        }
        if !self.user().may_execute(&folder) {
            return Err(Errno::Access);
        }
        self.me(|process| process.cwd = located.path);
        Ok(())
    }

    /// What is mounted where, as (what, where, options) of `/proc/mounts`.
    pub fn mounts(&self) -> Vec<(String, String, bool)> {
        let namespace = self.namespace();
        let namespace = namespace.borrow();
        namespace
            .mounts
            .iter()
            .map(|mount| {
                let kind = format!("{:?}", mount.fs.borrow().kind()).to_lowercase();
                (kind, mount.at.clone(), mount.read_only)
            })
            .collect()
    }

    /// Opens `path` for reading as a new descriptor.
    ///
    /// # Errors
    /// As [`Proc::open_read`].
    pub fn open_fd(&self, path: &str) -> Result<Fd, Errno> {
        Ok(self.add_handle(self.open_read(path)?))
    }
}

/// The descriptor of the caller that a path such as `/dev/stdin` or `/dev/fd/3` stands for. Linux has
/// them as links into `/proc/self/fd`.
fn own_descriptor(path: &str) -> Option<Fd> {
    match path {
        "/dev/stdin" => Some(Fd::STDIN),
        "/dev/stdout" => Some(Fd::STDOUT),
        "/dev/stderr" => Some(Fd::STDERR),
        _ => {
            let number = path.strip_prefix("/dev/fd/").or(path.strip_prefix("/proc/self/fd/"))?;
            number.parse().ok().map(Fd)
        }
    }
}
