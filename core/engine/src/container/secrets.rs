//! Secrets and configs as files: in memory on the host, seen read-only in the container.
//!
//! moby: `daemon/container_operations_unix.go`. Through 17.05 the memory's folder is mounted as a
//! whole on `/run/secrets`. Since 17.06 every file is bind-mounted to its own target, so the runtime
//! must make an empty file at each target first, in the writable layer if nothing else is there.

use os::fs::{
    Attributes, FileSystem, FsKind, Inode, Kind, Mount as OsMount, Mounts, SharedFs, Tree,
};
use os::{Errno, Machine};
use sim::Time;

use super::Container;
use super::config::SecretFile;
use super::files::{STATE_FOLDER, ensure_folder, ensure_point};
use crate::error::EngineError;
use crate::options::SecretMounts;

/// Where secrets are unless they say otherwise.
const SECRETS_FOLDER: &str = "/run/secrets";

/// The folder on the host that the memory is mounted on.
pub(crate) fn host_folder(container: &Container, how: SecretMounts) -> String {
    let folder = format!("{STATE_FOLDER}/containers/{}", container.id);
    match how {
        SecretMounts::OneTmpfs => format!("{folder}/secrets"),
        SecretMounts::PerFile => format!("{folder}/mounts/secrets"),
    }
}

fn target_of(file: &SecretFile, folder: &str) -> String {
    if file.target.starts_with('/') {
        file.target.clone()
    } else {
        format!("{folder}/{}", file.target)
    }
}

fn inode_of(file: &SecretFile, kind: &str, now: Time) -> Result<Inode, EngineError> {
    // moby: the daemon asks the agent's store when the container starts.
    let bytes = file.bytes.as_ref().ok_or_else(|| {
        EngineError::system(format!(
            "unable to get {kind} from {kind} store: {kind} {} not found",
            file.id
        ))
    })?;
    let attributes =
        Attributes { mode: file.mode & 0o7777, uid: file.uid, gid: file.gid, modified: now };
    Ok(Inode { attributes, kind: Kind::File(bytes.to_vec()) })
}

/// Puts a container's secrets and configs into memory and mounts them.
pub(crate) fn mount(
    machine: &Machine,
    container: &Container,
    mounts: &mut Mounts,
    how: SecretMounts,
    now: Time,
) -> Result<(), EngineError> {
    let (secrets, configs) = (&container.config.secrets, &container.config.configs);
    if secrets.is_empty() && configs.is_empty() {
        return Ok(());
    }
    let failed =
        |errno: Errno| EngineError::system(format!("error setting up secret mounts: {errno}"));
    let one = how == SecretMounts::OneTmpfs;
    let mut tree = Tree::default();
    // Through 17.05 the memory's own folder is what the container sees.
    tree.add_directory("/", if one { 0o1777 } else { 0o700 }, now);
    let mut files = Vec::new();
    for secret in secrets {
        let inner = if one { format!("/{}", secret.target) } else { format!("/{}", secret.id) };
        tree.insert(inner.clone(), inode_of(secret, "secret", now)?);
        files.push((inner, target_of(secret, SECRETS_FOLDER)));
    }
    for config in configs {
        let inner = format!("/{}", config.id);
        tree.insert(inner.clone(), inode_of(config, "config", now)?);
        files.push((inner, target_of(config, "")));
    }
    let fs = FileSystem::from_tree(FsKind::Tmpfs, tree).shared();
    let bind = |at: String, root: &str, fs: &SharedFs| OsMount {
        at,
        fs: fs.clone(),
        root: root.to_owned(),
        read_only: true,
    };
    let at = host_folder(container, how);
    {
        let host = machine.host();
        let mut host = host.borrow_mut();
        ensure_folder(&host.mounts, &at, 0o700, now).map_err(failed)?;
        host.mounts.add(bind(at, "/", &fs));
    }
    if one {
        let at = ensure_point(mounts, SECRETS_FOLDER, true, now).map_err(failed)?;
        mounts.add(bind(at, "/", &fs));
        return Ok(());
    }
    for (inner, target) in files {
        let at = ensure_point(mounts, &target, false, now).map_err(failed)?;
        mounts.add(bind(at, &inner, &fs));
    }
    Ok(())
}

/// Takes the memory away from the host: nothing holds it any more once the container's processes
/// are gone.
pub(crate) fn unmount(machine: &Machine, container: &Container, how: SecretMounts) {
    if sim::planted!(SecretStaysMounted) {
        return;
    }
    let host = machine.host();
    host.borrow_mut().mounts.remove(&host_folder(container, how));
}
