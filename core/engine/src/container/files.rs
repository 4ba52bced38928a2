//! What a container sees as its files: layers, the engine's own files, volumes, binds, memory.

use std::rc::Rc;

use os::fs::{
    Attributes, FileSystem, FsKind, Inode, Kind, Located, Mount as OsMount, Mounts, SharedFs, Tree,
    User,
};
use os::{Errno, Machine};
use sim::Time;

use super::config::{Mount, MountSource};
use super::{Container, MountPoint};
use crate::error::EngineError;

/// Where an engine keeps its files on its host.
pub(crate) const STATE_FOLDER: &str = "/var/lib/docker";

/// Makes a folder and those above it, following links; tells where it is.
pub(crate) fn ensure_folder(
    mounts: &Mounts,
    path: &str,
    mode: u32,
    now: Time,
) -> Result<Located, Errno> {
    let mut at = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        at.push('/');
        at.push_str(part);
        let located = mounts.resolve("/", &at, true, User::ROOT)?;
        match located.inode() {
            Some(inode) if !inode.is_directory() => return Err(Errno::NotDirectory),
            Some(_) => {}
            None => {
                let attributes = Attributes::root(mode, now);
                let inode = Inode { attributes, kind: Kind::Directory };
                located.fs.borrow_mut().put(&located.inner, inode, now)?;
            }
        }
    }
    mounts.resolve("/", if at.is_empty() { "/" } else { &at }, true, User::ROOT)
}

/// Writes a file, making the folders above it.
pub(crate) fn put_file(
    mounts: &Mounts,
    path: &str,
    inode: Inode,
    now: Time,
) -> Result<Located, Errno> {
    let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    ensure_folder(mounts, folder, 0o755, now)?;
    let located = mounts.resolve("/", path, true, User::ROOT)?;
    located.fs.borrow_mut().put(&located.inner, inode, now)?;
    Ok(located)
}

/// A file of root's.
pub(crate) fn file(bytes: impl Into<Vec<u8>>, mode: u32, now: Time) -> Inode {
    Inode { attributes: Attributes::root(mode, now), kind: Kind::File(bytes.into()) }
}

/// What the runtime needs in every container, below the writable layer: not part of a commit.
pub(crate) fn init_layer(now: Time) -> Rc<Tree> {
    let mut tree = Tree::default();
    tree.add_file("/.dockerenv", "", 0o755, now);
    for folder in ["/dev", "/proc", "/sys"] {
        tree.add_directory(folder, 0o755, now);
    }
    for path in ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"] {
        tree.add_file(path, "", 0o755, now);
    }
    tree.add_symlink("/etc/mtab", "/proc/mounts", now);
    Rc::new(tree)
}

fn devices(now: Time) -> SharedFs {
    let mut tree = Tree::default();
    tree.add_directory("/", 0o755, now);
    let nodes = [
        ("/null", Kind::NullDevice),
        ("/zero", Kind::ZeroDevice),
        ("/tty", Kind::TerminalDevice),
        ("/random", Kind::RandomDevice),
        ("/urandom", Kind::RandomDevice),
    ];
    for (path, kind) in nodes {
        tree.insert(path, Inode { attributes: Attributes::root(0o666, now), kind });
    }
    tree.add_directory("/shm", 0o1777, now);
    FileSystem::from_tree(FsKind::Tmpfs, tree).shared()
}

/// A mount point must exist in what lies below; the runtime makes it (runc: `createIfNotExists`).
/// What it makes in the writable layer stays there.
pub(crate) fn ensure_point(
    mounts: &Mounts,
    target: &str,
    is_folder: bool,
    now: Time,
) -> Result<String, Errno> {
    if is_folder {
        return ensure_folder(mounts, target, 0o755, now).map(|located| located.path);
    }
    match mounts.resolve("/", target, true, User::ROOT) {
        Ok(located) if located.inode().is_some() => Ok(located.path),
        _ => put_file(mounts, target, file("", 0o755, now), now).map(|located| located.path),
    }
}

/// Where a bind or tmpfs mount comes from; nothing for a volume, which the caller makes.
pub(crate) fn bind_point(
    machine: &Machine,
    mount: &Mount,
    now: Time,
) -> Result<Option<MountPoint>, EngineError> {
    let point = |kind, source: &str, tmpfs_mode| MountPoint {
        kind,
        name: String::new(),
        source: source.to_owned(),
        target: mount.target.clone(),
        read_only: mount.read_only,
        tmpfs_mode,
    };
    if !mount.target.starts_with('/') {
        return Err(EngineError::invalid(format!(
            "invalid mount config: invalid mount path: '{}' mount path must be absolute",
            mount.target
        )));
    }
    match &mount.source {
        MountSource::Volume { .. } => Ok(None),
        MountSource::Tmpfs { mode } => {
            let mode = if *mode == 0 { 0o1777 } else { *mode };
            Ok(Some(point("tmpfs", "", mode)))
        }
        MountSource::Bind { path, create } => {
            let host = machine.host();
            let mounts = &host.borrow().mounts;
            let found = mounts.resolve("/", path, true, User::ROOT);
            let exists = found.is_ok_and(|located| located.inode().is_some())
                || *create && ensure_folder(mounts, path, 0o755, now).is_ok();
            if !exists {
                return Err(EngineError::invalid(format!(
                    "invalid mount config for type \"bind\": bind source path does not exist: \
                     {path}"
                )));
            }
            Ok(Some(point("bind", path, 0)))
        }
    }
}

/// Writes the files that the engine gives every container and mounts all there is but secrets.
pub(crate) fn mount_all(
    machine: &Machine,
    container: &Container,
    now: Time,
) -> Result<Mounts, Errno> {
    let host = machine.host();
    let host = &host.borrow().mounts;
    let mut mounts = Mounts::new(container.root.clone());
    let dev = OsMount { at: "/dev".into(), fs: devices(now), root: "/".into(), read_only: false };
    mounts.add(dev);
    let folder = format!("{STATE_FOLDER}/containers/{}", container.id);
    for (name, content) in own_files(host, container) {
        let located = put_file(host, &format!("{folder}/{name}"), file(content, 0o644, now), now)?;
        let at = ensure_point(&mounts, &format!("/etc/{name}"), false, now)?;
        mounts.add(OsMount { at, fs: located.fs, root: located.inner, read_only: false });
    }
    // A mount below another one comes after it.
    let mut points: Vec<&MountPoint> = container.mounts.iter().collect();
    points.sort_by_key(|point| point.target.matches('/').count());
    for point in points {
        if point.kind == "tmpfs" {
            let at = ensure_point(&mounts, &point.target, true, now)?;
            let mut mount = OsMount::tmpfs(&at, point.tmpfs_mode, now);
            mount.read_only = point.read_only;
            mounts.add(mount);
            continue;
        }
        let located = host.resolve("/", &point.source, true, User::ROOT)?;
        let inode = located.inode().ok_or(Errno::NotFound)?;
        let at = ensure_point(&mounts, &point.target, inode.is_directory(), now)?;
        let read_only = point.read_only || located.read_only;
        mounts.add(OsMount { at, fs: located.fs, root: located.inner, read_only });
    }
    for mount in &container.more_mounts {
        let inode = mount.fs.borrow().get(&mount.root).cloned();
        let is_folder = inode.is_none_or(|inode| inode.is_directory());
        let at = ensure_point(&mounts, &mount.at, is_folder, now)?;
        mounts.add(OsMount { at, ..mount.clone() });
    }
    Ok(mounts)
}

/// `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`: files of the engine, mounted one by one.
fn own_files(host: &Mounts, container: &Container) -> [(&'static str, String); 3] {
    let hostname = container.config.hostname.clone().unwrap_or_default();
    let mut hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
                     fe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\n\
                     ff02::2\tip6-allrouters\n"
        .to_owned();
    let extra = container.config.extra_hosts.iter().filter_map(|line| line.split_once(':'));
    hosts.extend(extra.map(|(name, address)| format!("{address}\t{name}\n")));
    let own = container.attachments.iter();
    hosts.extend(own.map(|attachment| format!("{}\t{hostname}\n", attachment.address)));
    hosts += &container.linked.hosts;
    let of_host = |path: &str| {
        let found = host.resolve("/", path, true, User::ROOT).ok();
        match found.and_then(|located| located.inode()).map(|inode| inode.kind) {
            Some(Kind::File(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        }
    };
    let config = &container.config;
    if config.network_mode == "host" {
        hosts = of_host("/etc/hosts").unwrap_or(hosts);
    }
    let has_names = container.attachments.iter().any(|a| a.network != "bridge");
    let mut resolv: String = if has_names {
        // The engine's own name server answers for user-defined networks.
        "nameserver 127.0.0.11\n".to_owned()
    } else if config.dns.is_empty() {
        let default = || "nameserver 8.8.8.8\nnameserver 8.8.4.4\n".to_owned();
        of_host("/etc/resolv.conf").unwrap_or_else(default)
    } else {
        config.dns.iter().map(|server| format!("nameserver {server}\n")).collect()
    };
    if !config.dns_search.is_empty() {
        resolv = format!("search {}\n{resolv}", config.dns_search.join(" "));
    }
    let mut options = config.dns_options.clone();
    if has_names && !options.iter().any(|option| option.starts_with("ndots:")) {
        options.push("ndots:0".to_owned());
    }
    if !options.is_empty() {
        resolv += &format!("options {}\n", options.join(" "));
    }
    [("hostname", format!("{hostname}\n")), ("hosts", hosts), ("resolv.conf", resolv)]
}
