//! Volumes: folders of the host below `/var/lib/docker/volumes`.

use sorted::SortedMap;

use os::Machine;
use os::fs::{Inode, SharedFs, Tree, User};
use sim::Time;

use crate::container::files::{STATE_FOLDER, ensure_folder};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::{Happened, words};

/// A volume. Its content is on the host's disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name; 64 hexadecimal digits for an anonymous one.
    pub name: String,
    /// Its labels.
    pub labels: SortedMap<String, String>,
    /// When it was made.
    pub created: Time,
    /// Options of its driver.
    pub options: SortedMap<String, String>,
    /// It was made for a container without being named.
    pub is_anonymous: bool,
}

impl Volume {
    /// The folder on the host.
    pub fn path(&self) -> String {
        format!("{STATE_FOLDER}/volumes/{}/_data", self.name)
    }

    /// Bytes in its files.
    pub fn size(&self, machine: &Machine) -> u64 {
        let host = machine.host();
        let found = host.borrow().mounts.resolve("/", &self.path(), true, User::ROOT);
        found.map_or(0, |found| {
            let tree = tree_below(&found.fs, &found.inner);
            tree.iter().filter(|(_, it)| !it.is_directory()).map(|(_, it)| it.size()).sum()
        })
    }
}

impl Engine {
    /// All volumes by name.
    pub fn volumes(&self) -> impl Iterator<Item = &Volume> {
        self.volumes.values()
    }

    /// One volume.
    ///
    /// # Errors
    /// `get x: no such volume`.
    pub fn volume(&self, name: &str) -> Result<&Volume, EngineError> {
        let missing = || EngineError::not_found(format!("get {name}: no such volume"));
        self.volumes.get(name).ok_or_else(missing)
    }

    /// Makes a volume unless there is one of that name; an empty name makes an anonymous one.
    ///
    /// # Errors
    /// A name that is not allowed.
    pub fn create_volume(
        &mut self,
        now: Time,
        machine: &Machine,
        name: &str,
        labels: SortedMap<String, String>,
    ) -> Result<Volume, EngineError> {
        let is_anonymous = name.is_empty();
        let name = if is_anonymous {
            crate::digest::hex(&self.rng.bytes::<32>())
        } else {
            name.to_owned()
        };
        if let Some(volume) = self.volumes.get(&name) {
            return Ok(volume.clone());
        }
        if !is_allowed(&name) {
            return Err(EngineError::invalid(format!(
                "create {name}: \"{name}\" includes invalid characters for a local volume name, \
                 only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host \
                 directory, use absolute path"
            )));
        }
        let volume = Volume {
            name: name.clone(),
            labels,
            created: now,
            options: SortedMap::new(),
            is_anonymous,
        };
        ensure_folder(&machine.host().borrow().mounts, &volume.path(), 0o755, now)
            .map_err(|errno| EngineError::system(format!("create {name}: {errno}")))?;
        self.volumes.insert(name.clone(), volume.clone());
        self.note(now, Happened::Volume("create", name), words([("driver", "local")]));
        Ok(volume)
    }

    /// The containers that use a volume, whether they run or not.
    pub fn volume_users(&self, name: &str) -> Vec<String> {
        self.containers()
            .filter(|container| container.mounts.iter().any(|mount| mount.name == name))
            .map(|container| container.id.to_string())
            .collect()
    }

    /// Removes a volume and what is in it.
    ///
    /// # Errors
    /// `get x: no such volume`; `remove x: volume is in use - [container]`.
    pub fn remove_volume(
        &mut self,
        now: Time,
        machine: &Machine,
        name: &str,
    ) -> Result<(), EngineError> {
        let path = self.volume(name)?.path();
        let users = self.volume_users(name);
        if !users.is_empty() {
            return Err(EngineError::conflict(format!(
                "remove {name}: volume is in use - [{}]",
                users.join(", ")
            )));
        }
        let folder = path.strip_suffix("/_data").unwrap_or(&path);
        remove_all(machine, folder, now);
        self.volumes.remove(name);
        self.note(now, Happened::Volume("destroy", name.to_owned()), words([("driver", "local")]));
        Ok(())
    }
}

fn is_allowed(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphanumeric())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '-'))
        && name.len() > 1
}

/// Removes a folder of the host with everything in it.
pub(crate) fn remove_all(machine: &Machine, path: &str, now: Time) {
    let host = machine.host();
    let found = host.borrow().mounts.resolve("/", path, false, User::ROOT);
    if let Ok(located) = found {
        remove_below(&located.fs, &located.inner, now);
    }
}

pub(crate) fn remove_below(fs: &SharedFs, path: &str, now: Time) {
    let names = fs.borrow().list(path);
    for (name, inode) in names {
        let inner = if path == "/" { format!("/{name}") } else { format!("{path}/{name}") };
        if inode.is_directory() {
            remove_below(fs, &inner, now);
        } else {
            // It was listed a moment ago.
            let _ = fs.borrow_mut().remove(&inner, now);
        }
    }
    let _ = fs.borrow_mut().remove(path, now);
}

/// Everything at and below a path of a filesystem, as a tree whose root is that path.
pub(crate) fn tree_below(fs: &SharedFs, path: &str) -> Tree {
    fn add(fs: &SharedFs, from: &str, to: &str, inode: Inode, tree: &mut Tree) {
        let is_directory = inode.is_directory();
        tree.insert(if to.is_empty() { "/" } else { to }, inode);
        if is_directory {
            let names = fs.borrow().list(from);
            for (name, inode) in names {
                let from = if from == "/" { format!("/{name}") } else { format!("{from}/{name}") };
                add(fs, &from, &format!("{to}/{name}"), inode, tree);
            }
        }
    }
    let mut tree = Tree::default();
    let inode = fs.borrow().get(path).cloned();
    if let Some(inode) = inode {
        add(fs, path, "", inode, &mut tree);
    }
    tree
}
