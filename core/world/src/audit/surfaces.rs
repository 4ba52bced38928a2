//! One host, looked at after an event: only what has changed since the last look.
//!
//! Every kind of place has a counter that tells whether anything changed there, and most tell what. A
//! look without memory ([`HostSeen::default`]) looks at everything; that a look with memory comes to the
//! same is a test.

use sorted::{SortedMap, SortedSet};

use os::fs::{FileSystem, Inode, Kind, Tree};
use os::{Machine, Pid, ProcessWords};
use sim::journal::Journal;
use sim::{EventId, Time};

use super::cluster::ClusterSeen;
use super::engine_places::{EngineSeen, MountSeen, Published, mounts_of_host};
use super::ledger::{Because, Key, Ledger};
use super::needles::{NeedleKind, Needles};
use super::objects::{NewNeedle, StoreSeen};
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
    terminals: SortedMap<u32, u64>,
    processes: u64,
    pids: SortedSet<Pid>,
    pub(super) store: StoreSeen,
    agent: Vec<(String, String)>,
    agent_changes: Option<u64>,
    /// The node's tasks are others than at the last judgement.
    pub(super) has_new_tasks: bool,
    engine: EngineSeen,
    cluster: ClusterSeen,
    mounts: Vec<MountSeen>,
}

/// How byte strings of one kind are called as places.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) prefix: &'a str,
    /// Only what is at or below this path; it is left out of the name.
    pub(super) root: &'a str,
}

impl<'a> Names<'a> {
    pub(super) const fn after(prefix: &'a str) -> Self {
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
    /// What is to be looked for from now on.
    pub(super) new: Vec<NewNeedle>,
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
    pub(super) fn part(
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

    pub(super) fn forget(&mut self, surface: Surface, place: impl Into<String>) {
        let key = self.key(surface, place);
        self.ledger.forget(&key, self.because.now);
    }

    pub(super) fn forget_below(&mut self, surface: Surface, prefix: &str) {
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
        let mut before: SortedSet<Key> =
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

    pub(super) fn files(
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
pub(super) fn bytes_of(inode: &Inode) -> Option<&[u8]> {
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
        // A node that has other keys writes them.
        let has_new_disk = self.disk != Some(disk.journal().count());
        let seen = (disk.journal(), &mut self.disk);
        look.follow(Surface::Disk, Names::after(""), seen, |path| disk.read(path), files);
        look.files(Surface::File, Names::after(""), &host.root.borrow(), &mut self.root);
        if let Some(up) = &host.up {
            if has_new_disk {
                keys(&host.name, up.daemon.swarm(), look);
            }
            self.machine(&up.machine, look);
            mounts_of_host(&up.machine, &mut self.mounts, look);
            self.memory(up.daemon.swarm(), look);
            if let Some(node) = &up.kube {
                self.has_new_tasks |= self.cluster.follow(node, look);
            }
        }
        match (&host.up, &host.engine) {
            (Some(up), _) => self.engine.follow(up.daemon.engine(), Some(&up.machine), look),
            (None, Some(engine)) => self.engine.follow(engine, None, look),
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
        self.cluster.forget(look);
        self.mounts.clear();
        self.terminals.clear();
        self.pids.clear();
        self.processes = 0;
        self.agent.clear();
        self.agent_changes = None;
        self.has_new_tasks = true;
        self.engine.restarted();
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
            let mut kept = SortedSet::new();
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
        let mut alive = SortedSet::new();
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
}

/// The keys that the node of a host has now.
fn keys(host: &str, node: &swarm::node::SwarmNode, look: &mut Look<'_>) {
    let Some(file) = node.keys() else { return };
    let mut add = |kind: NeedleKind, text: &[u8]| {
        let name = format!("{} of {host}", kind.word());
        look.new.push(NewNeedle { kind, name, id: String::new(), text: text.to_vec() });
    };
    for dek in [&file.dek, &file.pending_dek].into_iter().flatten() {
        add(NeedleKind::DataKey, dek.as_bytes());
    }
    add(NeedleKind::NodeKey, &*file.key.to_bytes());
}

/// In front of the name of a secret that an agent holds.
pub(super) const AGENT_MEMORY: &str = "memory of the agent, secret ";
