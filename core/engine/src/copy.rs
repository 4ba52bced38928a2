//! `docker cp`: files in and out of a container, through its mounts while it runs.

use os::Machine;
use os::fs::{Mounts, Tree, User};
use sim::Time;

use crate::container::Container;
use crate::container::files::put_file;
use crate::digest::ContainerId;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::volume::tree_below;

/// Files taken out of a container.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The last part of the path.
    pub name: String,
    /// The file, link or folder: its own place in the tree is `/`.
    pub tree: Tree,
}

impl Engine {
    /// What a container has at `path`; a link at the end of it is followed.
    ///
    /// # Errors
    /// `No such container:path: …` / `Could not find the file x in container y`.
    pub fn copy_out(
        &self,
        machine: &Machine,
        id: &ContainerId,
        path: &str,
    ) -> Result<Copied, EngineError> {
        let container = self.containers.get(id);
        let container =
            container.ok_or_else(|| EngineError::not_found(format!("No such container: {id}")))?;
        let absolute = os::fs::normalize("/", path);
        let missing = || {
            EngineError::not_found(format!(
                "Could not find the file {path} in container {}",
                container.name
            ))
        };
        let mounts = view(machine, container);
        let found = mounts.resolve("/", &absolute, true, User::ROOT).map_err(|_| missing())?;
        found.inode().ok_or_else(missing)?;
        let mut tree = tree_below(&found.fs, &found.inner);
        // What is mounted below shows its own content.
        let prefix = if found.path == "/" { "/".to_owned() } else { format!("{}/", found.path) };
        for mount in mounts.iter().filter(|mount| mount.at.starts_with(&prefix)) {
            if mount.at == "/" {
                continue;
            }
            let to = mount.at.strip_prefix(found.path.trim_end_matches('/')).unwrap_or_default();
            for (below, inode) in tree_below(&mount.fs, &mount.root).iter() {
                let below = if below == "/" { "" } else { below };
                tree.insert(format!("{to}{below}"), inode.clone());
            }
        }
        let name = absolute.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Copied { name, tree })
    }

    /// Puts files into a container; `path` is where the tree's root comes to lie.
    ///
    /// # Errors
    /// `No such container: x`; the folder is missing; the place is read-only.
    pub fn copy_in(
        &mut self,
        now: Time,
        machine: &Machine,
        id: &ContainerId,
        path: &str,
        tree: &Tree,
    ) -> Result<(), EngineError> {
        let container = self.container(id)?;
        let mounts = view(machine, container);
        let base = os::fs::normalize("/", path);
        for (inner, inode) in tree.iter() {
            let to = match (base.as_str(), inner) {
                (base, "/") => base.to_owned(),
                ("/", inner) => inner.to_owned(),
                (base, inner) => format!("{base}{inner}"),
            };
            let found = mounts.resolve("/", &to, true, User::ROOT).ok();
            if found.as_ref().is_some_and(|located| located.read_only) {
                return Err(EngineError::system("container rootfs is marked read-only"));
            }
            let existing = found.and_then(|located| located.inode());
            if inode.is_directory() && existing.is_some_and(|inode| inode.is_directory()) {
                continue;
            }
            put_file(&mounts, &to, inode.clone(), now).map_err(|errno| {
                EngineError::not_found(format!(
                    "Could not find the file {to} in container {id}: {errno}"
                ))
            })?;
        }
        Ok(())
    }
}

/// A container's files as they are now: with its mounts if it runs, else with volumes and binds.
fn view(machine: &Machine, container: &Container) -> Mounts {
    if let Some(namespace) = &container.namespace {
        return namespace.borrow().mounts.clone();
    }
    let mut mounts = Mounts::new(container.root.clone());
    let host = machine.host();
    let host = host.borrow();
    for point in container.mounts.iter().filter(|point| !point.source.is_empty()) {
        if let Ok(located) = host.mounts.resolve("/", &point.source, true, User::ROOT) {
            mounts.add(os::fs::Mount {
                at: point.target.clone(),
                fs: located.fs,
                root: located.inner,
                read_only: point.read_only,
            });
        }
    }
    mounts
}
