//! One host, looked at after an event: only what has changed since the last look.
//!
//! Every kind of place has a counter that tells whether anything changed there, and most tell what. A
//! look without memory ([`HostSeen::default`]) looks at everything; that a look with memory comes to the
//! same is a test.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use engine::{Container, ContainerId, Digest, Engine, Image, ImageId, LogEntry};
use os::fs::{FileSystem, FsKind, Inode, Kind, SharedFs, Tree};
use os::machine::Namespace;
use os::{Machine, Pid, ProcessWords};
use sim::journal::Journal;
use sim::{EventId, Time};

use super::ledger::{Because, Key, Ledger};
use super::needles::Needles;
use super::objects::StoreSeen;
use super::words;
use crate::host::Host;
use crate::search::Surface;
use crate::subjects::Subjects;

/// What was looked at of a host.
#[derive(Debug, Default)]
pub(super) struct HostSeen {
    boot_count: Option<u32>,
    is_up: bool,
    disk: Option<u64>,
    root: Option<u64>,
    terminals: BTreeMap<u32, u64>,
    processes: u64,
    pids: BTreeSet<Pid>,
    pub(super) store: StoreSeen,
    agent: Vec<(String, String)>,
    agent_changes: Option<u64>,
    /// The node's tasks are others than at the last judgement.
    pub(super) has_new_tasks: bool,
    containers: BTreeMap<ContainerId, ContainerSeen>,
    images: Vec<ImageId>,
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

/// A file system in memory, mounted in a container.
#[derive(Debug)]
struct MountSeen {
    at: String,
    root: String,
    fs: SharedFs,
    /// How many of its changes were seen.
    seen: Option<u64>,
}

/// Images that anybody could pull before the audit began.
#[derive(Debug, Default)]
pub(super) struct Published {
    pub(super) layers: BTreeSet<Digest>,
    pub(super) images: BTreeSet<ImageId>,
}

/// How byte strings of one kind are called as places.
#[derive(Clone, Copy)]
struct Names<'a> {
    prefix: &'a str,
    /// Only what is at or below this path; it is left out of the name.
    root: &'a str,
}

impl<'a> Names<'a> {
    const fn after(prefix: &'a str) -> Self {
        Self { prefix, root: "/" }
    }
}

/// A look at one host.
pub(super) struct Look<'a> {
    pub(super) host: u16,
    pub(super) needles: &'a Needles,
    pub(super) ledger: &'a mut Ledger,
    pub(super) because: Because,
    pub(super) subjects: &'a Subjects,
    /// What was published before the audit began.
    pub(super) published: &'a Published,
    /// When the audit began: an older file was not changed by anybody.
    pub(super) started: Time,
}

impl Look<'_> {
    pub(super) fn key(&self, surface: Surface, place: impl Into<String>) -> Key {
        Key { host: self.host, surface, place: place.into() }
    }

    /// The event behind a change of an object: what was said of it last, if anything was.
    pub(super) fn said_of(&self, id: &str) -> Option<EventId> {
        let said = self.subjects.last(id).filter(|_| self.because.is_live);
        said.or(self.because.cause)
    }

    /// Bytes that are new or anew as they are, by the event at hand or another one.
    pub(super) fn whole(
        &mut self,
        surface: Surface,
        place: impl Into<String>,
        bytes: &[u8],
        cause: Option<EventId>,
    ) {
        let key = self.key(surface, place);
        if self.because.is_live || cause.is_some() {
            self.ledger.changed(&key, 0, cause.or(self.because.cause));
        }
        self.ledger.look(self.needles, &key, (0, 0), bytes, self.because);
    }

    /// A part of something; an old part is as it was published by somebody else.
    fn part(
        &mut self,
        surface: Surface,
        place: String,
        (bytes, cause): (&[u8], Option<EventId>),
        is_old: bool,
    ) {
        if !is_old {
            return self.whole(surface, place, bytes, cause);
        }
        let key = self.key(surface, place);
        let because = Because { cause: None, is_live: false, ..self.because };
        self.ledger.look(self.needles, &key, (0, 0), bytes, because);
    }

    fn forget(&mut self, surface: Surface, place: impl Into<String>) {
        let key = self.key(surface, place);
        self.ledger.forget(&key, self.because.now);
    }

    fn forget_below(&mut self, surface: Surface, prefix: &str) {
        self.ledger.forget_below(self.host, surface, prefix, self.because.now);
    }

    /// A surface's places: those of named byte strings below `root`, with something in front of the
    /// rest of their names.
    fn place(names: Names<'_>, path: &str) -> Option<String> {
        let Names { prefix, root } = names;
        let rest = if root == "/" { path } else { path.strip_prefix(root)? };
        Some(format!("{prefix}{rest}"))
    }

    /// Named byte strings of which a journal tells what changed after the first `seen` changes.
    fn follow<'b>(
        &mut self,
        surface: Surface,
        names: Names<'_>,
        (journal, seen): (&Journal, &mut Option<u64>),
        read: impl Fn(&str) -> Option<&'b [u8]>,
        all: impl Iterator<Item = (&'b str, Time)>,
    ) {
        if *seen == Some(journal.count()) {
            return;
        }
        let recent = seen.and_then(|seen| journal.since(seen));
        let is_first = seen.is_none();
        *seen = Some(journal.count());
        let Some(recent) = recent else {
            return self.everything(surface, names, is_first, read, all);
        };
        for change in recent {
            let Some(place) = Self::place(names, &change.path) else { continue };
            let name = self.key(surface, format!("{place} (its name)"));
            let key = self.key(surface, place);
            match read(&change.path) {
                None => {
                    self.ledger.forget(&key, self.because.now);
                    self.ledger.forget(&name, self.because.now);
                }
                Some(bytes) => {
                    let cause = change.cause.or(self.because.cause);
                    let kept = change.kept_size;
                    self.ledger.changed(&key, kept, cause);
                    self.ledger.look(self.needles, &key, (0, kept), bytes, self.because);
                    let path = change.path.as_bytes();
                    self.ledger.look(self.needles, &name, (0, 0), path, self.because);
                }
            }
        }
    }

    fn everything<'b>(
        &mut self,
        surface: Surface,
        names: Names<'_>,
        is_first: bool,
        read: impl Fn(&str) -> Option<&'b [u8]>,
        all: impl Iterator<Item = (&'b str, Time)>,
    ) {
        let mut before: BTreeSet<Key> =
            self.ledger.with_hits(self.host, surface, names.prefix).into_iter().collect();
        for (path, modified) in all {
            let Some(bytes) = read(path) else { continue };
            let Some(place) = Self::place(names, path) else { continue };
            let name = self.key(surface, format!("{place} (its name)"));
            let key = self.key(surface, place);
            if self.because.is_live && (!is_first || self.started < modified) {
                self.ledger.changed(&key, 0, self.because.cause);
            }
            self.ledger.look(self.needles, &key, (0, 0), bytes, self.because);
            self.ledger.look(self.needles, &name, (0, 0), path.as_bytes(), self.because);
            before.remove(&key);
            before.remove(&name);
        }
        for key in before {
            self.ledger.forget(&key, self.because.now);
        }
    }

    fn files(
        &mut self,
        surface: Surface,
        names: Names<'_>,
        fs: &FileSystem,
        seen: &mut Option<u64>,
    ) {
        let tree = fs.upper();
        let all = tree.iter().map(|(path, inode)| (path, inode.attributes.modified));
        self.follow(surface, names, (fs.journal(), seen), |path| bytes_at(tree, path), all);
    }
}

/// A file's bytes, a link's target; a folder has a name only.
fn bytes_of(inode: &Inode) -> Option<&[u8]> {
    match &inode.kind {
        Kind::File(bytes) => Some(bytes),
        Kind::Symlink(target) => Some(target.as_bytes()),
        Kind::Directory => Some(&[]),
        _ => None,
    }
}

fn bytes_at<'a>(tree: &'a Tree, path: &str) -> Option<&'a [u8]> {
    bytes_of(tree.get(path)?)
}

impl HostSeen {
    /// Looks at what has changed on a host.
    pub(super) fn follow(&mut self, host: &Host, look: &mut Look<'_>) {
        let is_up = host.up.is_some();
        if self.boot_count != Some(host.boot_count) || self.is_up != is_up {
            self.restarted(look);
            (self.boot_count, self.is_up) = (Some(host.boot_count), is_up);
        }
        let (disk, now) = (&host.disk, look.because.now);
        let files = disk.files().map(|(path, _)| (path, now));
        let seen = (disk.journal(), &mut self.disk);
        look.follow(Surface::Disk, Names::after(""), seen, |path| disk.read(path), files);
        look.files(Surface::File, Names::after(""), &host.root.borrow(), &mut self.root);
        if let Some(up) = &host.up {
            self.machine(&up.machine, look);
            self.memory(up.daemon.swarm(), look);
        }
        match (&host.up, &host.engine) {
            (Some(up), _) => self.engine(up.daemon.engine(), Some(&up.machine), look),
            (None, Some(engine)) => self.engine(engine, None, look),
            (None, None) => {}
        }
    }

    /// What was in memory is gone; what is on disks is not.
    fn restarted(&mut self, look: &mut Look<'_>) {
        let memory = [Surface::Terminal, Surface::Process, Surface::Memory, Surface::Tmpfs];
        for surface in memory {
            look.forget_below(surface, "");
        }
        self.store.forget(look);
        self.terminals.clear();
        self.pids.clear();
        self.processes = 0;
        self.agent.clear();
        self.agent_changes = None;
        self.has_new_tasks = true;
        for seen in self.containers.values_mut() {
            seen.namespace = Weak::new();
            seen.mounts.clear();
            seen.secrets.clear();
        }
    }

    fn machine(&mut self, machine: &Machine, look: &mut Look<'_>) {
        machine.look_at_terminals(&mut |id, terminal| {
            let seen = self.terminals.entry(id.0).or_insert(0);
            // A terminal without any change has nothing to show either.
            if *seen == terminal.change_count() {
                return;
            }
            let prefix = match id.0 {
                0 => "line ".to_owned(),
                other => format!("terminal {other}, line "),
            };
            let first = terminal.block_count() - terminal.blocks().len();
            let mut kept = BTreeSet::new();
            for (index, block) in terminal.blocks().iter().enumerate() {
                let number = first + index + 1;
                let places = ["typed", "shown"].map(|what| format!("{prefix}{number}, {what}"));
                if *seen < block.changed {
                    let typed = block.typed.join("\n");
                    look.whole(Surface::Terminal, &*places[0], typed.as_bytes(), block.cause);
                    let shown = block.screen.shown();
                    look.whole(Surface::Terminal, &*places[1], shown.as_bytes(), block.cause);
                }
                kept.extend(places);
            }
            for key in look.ledger.with_hits(look.host, Surface::Terminal, &prefix) {
                if !kept.contains(&key.place) {
                    look.ledger.forget(&key, look.because.now);
                }
            }
            *seen = terminal.change_count();
        });
        if self.processes == machine.process_changes() {
            return;
        }
        let mut alive = BTreeSet::new();
        machine.processes_since(0, &mut |ProcessWords { pid, .. }| {
            alive.insert(pid);
        });
        for pid in self.pids.difference(&alive) {
            look.forget_below(Surface::Process, &format!("{pid} "));
        }
        self.pids = alive;
        machine.processes_since(self.processes, &mut |process| {
            let name = process.args.first().map_or("", String::as_str);
            let name = name.rsplit('/').next().unwrap_or_default();
            let place = format!("{} {name}, arguments", process.pid);
            look.forget_below(Surface::Process, &format!("{} ", process.pid));
            let words = process.args.join("\0");
            look.whole(Surface::Process, place, words.as_bytes(), process.cause);
            for (variable, value) in process.env {
                let place = format!("{} {name}, env {variable}", process.pid);
                look.whole(Surface::Process, place, value.as_bytes(), process.cause);
            }
        });
        self.processes = machine.process_changes();
    }

    fn memory(&mut self, node: &swarm::node::SwarmNode, look: &mut Look<'_>) {
        self.store.follow(node.store(), look);
        let changes = node.agent_change_count();
        if self.agent_changes == changes {
            return;
        }
        self.agent_changes = changes;
        self.has_new_tasks = true;
        let place = |name: &str| format!("{AGENT_MEMORY}{name}");
        let held: Vec<(String, String)> = node
            .agent_secrets()
            .map(|secret| (secret.id.to_string(), secret.spec.annotations.name.clone()))
            .collect();
        for (id, name) in &self.agent {
            if !held.iter().any(|(other, _)| other == id) {
                look.forget(Surface::Memory, place(name));
            }
        }
        for secret in node.agent_secrets() {
            let name = &secret.spec.annotations.name;
            if !self.agent.iter().any(|(known, _)| *known == *secret.id) {
                let cause = look.said_of(&secret.id);
                look.whole(Surface::Memory, place(name), secret.spec.data.expose(), cause);
            }
        }
        self.agent = held;
    }

    fn engine(&mut self, engine: &Engine, machine: Option<&Machine>, look: &mut Look<'_>) {
        if !engine.images().iter().map(|image| image.id).eq(self.images.iter().copied()) {
            self.images(engine, look);
        }
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
                let is_old = look.published.layers.contains(&layer.diff_id);
                for (path, inode) in layer.tree.iter() {
                    let place = format!("{} {path}", place(image.id));
                    let bytes = bytes_of(inode).unwrap_or_default();
                    look.part(Surface::Image, place, (bytes, None), is_old);
                }
            }
            let is_old = look.published.images.contains(&image.id);
            words::of_image(image, &mut |what, text| {
                let place = format!("{}, {what}", place(image.id));
                look.part(Surface::Metadata, place, (text.as_bytes(), None), is_old);
            });
        }
        self.images = engine.images().iter().map(|image| image.id).collect();
    }
}

/// In front of the name of a secret that an agent holds.
pub(super) const AGENT_MEMORY: &str = "memory of the agent, secret ";
/// In front of the name of a container that a daemon keeps secrets for.
pub(super) const DAEMON_MEMORY: &str = "memory of the daemon, ";

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
        let image = image.filter(|image| look.published.images.contains(&image.id));
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
            let namespace = namespace.borrow();
            let in_memory = namespace
                .mounts
                .iter()
                .filter(|mount| mount.at != "/" && mount.fs.borrow().kind() == FsKind::Tmpfs);
            look.forget_below(Surface::Tmpfs, prefix);
            let new = in_memory.map(|mount| MountSeen {
                at: mount.at.clone(),
                root: mount.root.clone(),
                fs: mount.fs.clone(),
                seen: None,
            });
            self.mounts = new.collect();
        }
        for MountSeen { at, root, fs, seen } in &mut self.mounts {
            let fs = fs.borrow();
            if *seen != Some(fs.journal().count()) {
                let names = Names { prefix: &format!("{prefix}{at}"), root };
                look.files(Surface::Tmpfs, names, &fs, seen);
            }
        }
    }
}
