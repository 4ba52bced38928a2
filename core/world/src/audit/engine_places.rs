//! What a host's engine keeps: images, builders' caches, containers with their layers, logs, mounts
//! and configuration.

use sorted::{SortedMap, SortedSet};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

use engine::{Container, ContainerId, Digest, Engine, Image, ImageId, LogEntry};
use os::Machine;
use os::fs::{FsKind, Mount, SharedFs};
use os::machine::Namespace;
use sim::EventId;

use super::surfaces::{Look, Names, bytes_of};
use super::words;
use crate::search::Surface;

/// Images that somebody else has published, or that anybody could pull before the audit began.
#[derive(Debug, Default)]
pub(super) struct Published {
    pub(super) layers: SortedSet<Digest>,
    pub(super) images: SortedSet<ImageId>,
    pub(super) made: Rc<RefCell<engine::registry::Made>>,
}

impl Published {
    fn has_layer(&self, layer: Digest) -> bool {
        self.layers.contains(&layer) || self.made.borrow().layers.contains(&layer)
    }

    fn has_image(&self, image: ImageId) -> bool {
        self.images.contains(&image) || self.made.borrow().images.contains(&image)
    }
}

/// What was looked at of an engine.
#[derive(Debug, Default)]
pub(super) struct EngineSeen {
    containers: SortedMap<ContainerId, ContainerSeen>,
    images: Vec<ImageId>,
    /// Layers in the builders' caches.
    cached: Vec<Digest>,
    /// Folders in the builders' caches and how many of their changes were seen.
    folders: SortedMap<String, Option<u64>>,
    /// Secrets that builds hold.
    build_secrets: Vec<String>,
}

#[derive(Debug)]
struct ContainerSeen {
    name: String,
    /// In front of its files' paths.
    prefix: String,
    root: Option<u64>,
    log: u64,
    /// The event that its first process acts for.
    cause: Option<EventId>,
    /// Its view of the machine; what is mounted there does not change while it runs.
    namespace: Weak<RefCell<Namespace>>,
    mounts: Vec<MountSeen>,
    /// How many secrets the daemon holds for it.
    secrets: Vec<String>,
}

/// A file system in memory, mounted in a container or on a host.
#[derive(Debug)]
pub(super) struct MountSeen {
    at: String,
    root: String,
    fs: SharedFs,
    /// How many of its changes were seen.
    seen: Option<u64>,
}

impl EngineSeen {
    /// What was in memory is gone.
    pub(super) fn restarted(&mut self) {
        self.build_secrets.clear();
        for seen in self.containers.values_mut() {
            seen.namespace = Weak::new();
            seen.mounts.clear();
            seen.secrets.clear();
        }
    }

    /// Looks at what has changed in an engine.
    pub(super) fn follow(
        &mut self,
        engine: &Engine,
        machine: Option<&Machine>,
        look: &mut Look<'_>,
    ) {
        if !engine.images().iter().map(|image| image.id).eq(self.images.iter().copied()) {
            self.images(engine, look);
        }
        if !engine.cached_layers().map(|layer| layer.diff_id).eq(self.cached.iter().copied()) {
            self.cache(engine, look);
        }
        self.builds(engine, look);
        let mut is_same = self.containers.len() == engine.container_count();
        for (container, (id, seen)) in engine.containers().zip(&mut self.containers) {
            is_same &= container.id == *id && container.name == seen.name;
            if is_same {
                seen.follow(container, machine, look);
            }
        }
        if !is_same {
            self.other_containers(engine, machine, look);
        }
    }

    /// There are others than before, or with other names.
    fn other_containers(
        &mut self,
        engine: &Engine,
        machine: Option<&Machine>,
        look: &mut Look<'_>,
    ) {
        let gone: Vec<ContainerId> =
            self.containers.keys().filter(|id| engine.get(id).is_none()).cloned().collect();
        for id in gone {
            if let Some(seen) = self.containers.remove(&id) {
                forget_container(&seen.name, look);
            }
        }
        for container in engine.containers() {
            let is_renamed = match self.containers.get(&container.id) {
                None => true,
                Some(seen) if seen.name != container.name => {
                    forget_container(&seen.name, look);
                    true
                }
                Some(_) => false,
            };
            if is_renamed {
                let image = engine.images().get(container.image);
                let seen = ContainerSeen::new(container, image, look);
                self.containers.insert(container.id.clone(), seen);
            }
            if let Some(seen) = self.containers.get_mut(&container.id) {
                seen.follow(container, machine, look);
            }
        }
    }

    /// Layers that no image needs but the next build: they are on the disk all the same.
    fn cache(&mut self, engine: &Engine, look: &mut Look<'_>) {
        let place = |id: Digest| format!("build cache {}", id.short());
        for id in std::mem::take(&mut self.cached) {
            if engine.cached_layers().all(|layer| layer.diff_id != id) {
                look.forget_below(Surface::Image, &place(id));
            } else {
                self.cached.push(id);
            }
        }
        let mut cached = Vec::new();
        for layer in engine.cached_layers() {
            let is_known = self.cached.contains(&layer.diff_id) || cached.contains(&layer.diff_id);
            cached.push(layer.diff_id);
            if is_known {
                continue;
            }
            let is_old = look.published.has_layer(layer.diff_id);
            for (path, inode) in layer.tree.iter() {
                let place = format!("{} {path}", place(layer.diff_id));
                let bytes = bytes_of(inode).unwrap_or_default();
                look.part(Surface::Image, place, (bytes, None), is_old);
            }
        }
        self.cached = cached;
    }

    fn builds(&mut self, engine: &Engine, look: &mut Look<'_>) {
        for (name, fs) in engine.cache_folders() {
            let fs = fs.borrow();
            let seen = self.folders.entry(name.to_owned()).or_insert(None);
            if *seen != Some(fs.journal().count()) {
                let prefix = format!("build cache {name} ");
                look.files(Surface::Container, Names::after(&prefix), &fs, seen);
            }
        }
        if self.folders.len() > engine.cache_folders().count() {
            for name in std::mem::take(&mut self.folders).into_keys() {
                look.forget_below(Surface::Container, &format!("build cache {name} "));
            }
        }
        let held = || engine.build_secrets().filter(|secret| secret.bytes.is_some());
        if !held().map(|secret| &secret.id).eq(self.build_secrets.iter()) {
            look.forget_below(Surface::Memory, BUILD_MEMORY);
            self.build_secrets = held().map(|secret| secret.id.clone()).collect();
            for secret in held() {
                let bytes = secret.bytes.as_deref().unwrap_or_default();
                let place = format!("{BUILD_MEMORY}secret {}", secret.id);
                look.whole(Surface::Memory, place, bytes, None);
            }
        }
    }

    fn images(&mut self, engine: &Engine, look: &mut Look<'_>) {
        let place = |id: ImageId| format!("image {}", id.0.short());
        for id in &self.images {
            if engine.images().get(*id).is_none() {
                look.forget_below(Surface::Image, &place(*id));
                look.forget_below(Surface::Metadata, &place(*id));
            }
        }
        for image in engine.images().iter().filter(|image| !self.images.contains(&image.id)) {
            for layer in &image.layers {
                let is_old = look.published.has_layer(layer.diff_id);
                for (path, inode) in layer.tree.iter() {
                    let place = format!("{} {path}", place(image.id));
                    let bytes = bytes_of(inode).unwrap_or_default();
                    look.part(Surface::Image, place, (bytes, None), is_old);
                }
            }
            let is_old = look.published.has_image(image.id);
            words::of_image(image, &mut |what, text| {
                let place = format!("{}, {what}", place(image.id));
                look.part(Surface::Metadata, place, (text.as_bytes(), None), is_old);
            });
        }
        self.images = engine.images().iter().map(|image| image.id).collect();
    }
}

/// In front of the name of a container that a daemon keeps secrets for.
pub(super) const DAEMON_MEMORY: &str = "memory of the daemon, ";

/// In front of the name of a secret that a build holds.
pub(super) const BUILD_MEMORY: &str = "memory of a build, ";

fn forget_container(name: &str, look: &mut Look<'_>) {
    for surface in [Surface::Container, Surface::Tmpfs, Surface::Metadata, Surface::Log] {
        look.forget_below(surface, &format!("container {name} "));
        look.forget_below(surface, &format!("container {name},"));
    }
    look.forget(Surface::Log, format!("log of {name}"));
    look.forget_below(Surface::Memory, &format!("{DAEMON_MEMORY}container {name} "));
}

impl ContainerSeen {
    fn new(container: &Container, image: Option<&Image>, look: &mut Look<'_>) -> Self {
        let image = image.filter(|image| look.published.has_image(image.id));
        let cause = look.said_of(container.id.short());
        words::of_container(&container.config, &mut |what, text| {
            let place = format!("container {}, {what}", container.name);
            // A container has its image's variables, too.
            let is_old = image.is_some_and(|image| image.config.env.iter().any(|e| e == text));
            look.part(Surface::Metadata, place, (text.as_bytes(), cause), is_old);
        });
        Self {
            name: container.name.clone(),
            prefix: format!("container {} ", container.name),
            root: None,
            log: 0,
            cause: None,
            namespace: Weak::new(),
            mounts: Vec::new(),
            secrets: Vec::new(),
        }
    }

    fn follow(&mut self, container: &Container, machine: Option<&Machine>, look: &mut Look<'_>) {
        {
            let root = container.root.borrow();
            if self.root != Some(root.journal().count()) {
                let names = Names::after(&self.prefix);
                look.files(Surface::Container, names, &root, &mut self.root);
            }
        }
        self.log(container, machine, look);
        self.mounts(container, look);
        let held = container.config.secrets.iter().filter(|file| file.bytes.is_some());
        if !held.clone().map(|file| &file.target).eq(self.secrets.iter()) {
            let prefix = format!("{DAEMON_MEMORY}{}", self.prefix);
            look.forget_below(Surface::Memory, &prefix);
            for file in held.clone() {
                let bytes = file.bytes.as_deref().unwrap_or_default();
                look.whole(Surface::Memory, format!("{prefix}secret {}", file.target), bytes, None);
            }
            self.secrets = held.map(|file| file.target.clone()).collect();
        }
    }

    fn log(&mut self, container: &Container, machine: Option<&Machine>, look: &mut Look<'_>) {
        let log = container.log.borrow();
        if log.next_index() == self.log {
            return;
        }
        let cause = machine.zip(container.state.pid).and_then(|(it, pid)| it.cause_of(pid));
        self.cause = cause.or(self.cause);
        let key = look.key(Surface::Log, format!("log of {}", self.name));
        // With so much of the old lines that a text which began there is found.
        let base = log.dropped_size();
        let size = |entry: &LogEntry| entry.bytes.len() as u64;
        let end = base + log.entries().map(size).sum::<u64>();
        let new_at = end - log.since(self.log).map(size).sum::<u64>();
        let reach = look.needles.reach();
        let mut from = end;
        let mut lines = Vec::new();
        for entry in log.entries().rev() {
            if from + reach < new_at {
                break;
            }
            from -= size(entry);
            lines.push(&*entry.bytes);
        }
        lines.reverse();
        let bytes = lines.concat();
        if look.because.is_live {
            look.ledger.changed(&key, new_at, self.cause.or(look.because.cause));
        }
        look.ledger.forget_before(&key, base, look.because);
        look.ledger.look(look.needles, &key, (from, new_at), &bytes, look.because);
        self.log = log.next_index();
    }

    fn mounts(&mut self, container: &Container, look: &mut Look<'_>) {
        let prefix = &self.prefix;
        let Some(namespace) = &container.namespace else {
            if !self.mounts.is_empty() {
                self.mounts.clear();
                look.forget_below(Surface::Tmpfs, prefix);
            }
            self.namespace = Weak::new();
            return;
        };
        if !std::ptr::eq(self.namespace.as_ptr(), Rc::as_ptr(namespace)) {
            self.namespace = Rc::downgrade(namespace);
            look.forget_below(Surface::Tmpfs, prefix);
            self.mounts = in_memory(&namespace.borrow()).map(MountSeen::new).collect();
        }
        self.mounts.iter_mut().for_each(|mount| mount.follow(prefix, look));
    }
}

/// What is mounted of file systems in memory.
fn in_memory(namespace: &Namespace) -> impl Iterator<Item = &Mount> {
    let all = namespace.mounts.iter();
    all.filter(|mount| mount.at != "/" && mount.fs.borrow().kind() == FsKind::Tmpfs)
}

/// Looks at the file systems in memory of a host: a kubelet fills some for its pods, before any container is there. Those
/// that Docker makes are looked at in its containers.
pub(super) fn mounts_of_host(machine: &Machine, all: &mut Vec<MountSeen>, look: &mut Look<'_>) {
    let host = machine.host();
    let namespace = host.borrow();
    let own = || in_memory(&namespace).filter(|mount| !mount.at.starts_with("/var/lib/docker/"));
    let is_it =
        |seen: &MountSeen, mount: &Mount| seen.at == mount.at && Rc::ptr_eq(&seen.fs, &mount.fs);
    all.retain(|seen| {
        let is_there = own().any(|mount| is_it(seen, mount));
        if !is_there {
            look.forget_below(Surface::Tmpfs, &seen.at);
        }
        is_there
    });
    for mount in own() {
        if !all.iter().any(|seen| is_it(seen, mount)) {
            all.push(MountSeen::new(mount));
        }
    }
    all.iter_mut().for_each(|mount| mount.follow("", look));
}

impl MountSeen {
    fn new(mount: &Mount) -> Self {
        let (at, root, fs) = (mount.at.clone(), mount.root.clone(), mount.fs.clone());
        Self { at, root, fs, seen: None }
    }

    fn follow(&mut self, prefix: &str, look: &mut Look<'_>) {
        let fs = self.fs.borrow();
        if self.seen != Some(fs.journal().count()) {
            let names = Names { prefix: &format!("{prefix}{}", self.at), root: &self.root };
            look.files(Surface::Tmpfs, names, &fs, &mut self.seen);
        }
    }
}
