//! Makes faults happen.

use sim::net::Condition;
use sim::{EventId, HostId};

use super::{Fault, Jump, Reach, Target};
use crate::error::Error;
use crate::input::Input;
use crate::world::World;

/// A fault that has struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Its event in the history.
    pub event: EventId,
    /// Milliseconds since the world was ready.
    pub at_ms: u64,
    /// What happened, in words, with the hosts' names.
    pub words: String,
    /// The hosts it struck, in the order in which the fault names them.
    pub nodes: Vec<String>,
    /// Which armed fault it was, if it was one.
    pub armed: Option<u64>,
}

impl World {
    /// Reads a fault and makes it happen, now.
    ///
    /// # Errors
    /// [`Error::Fault`] for a line that is no fault and for one that is not possible now; nothing has
    /// happened then.
    pub fn inject(&mut self, line: &str) -> Result<Struck, Error> {
        let fault = Fault::parse(line).map_err(|error| Error::Fault(error.message))?;
        self.apply(Input::Fault { fault })?;
        self.struck.last().cloned().ok_or_else(|| Error::Fault("nothing happened".to_owned()))
    }

    /// The faults that have struck, oldest first.
    pub fn struck(&self) -> &[Struck] {
        &self.struck
    }

    /// The host that a target is now.
    pub(crate) fn resolve(&self, target: &Target) -> Result<usize, Error> {
        let none = |text: String| Error::Fault(text);
        match target {
            Target::Named(name) => self.index(name),
            Target::Leader | Target::Follower => {
                let wants_leader = *target == Target::Leader;
                let is_it = |host: &crate::host::Host| {
                    let up = host.up.as_ref().filter(|_| !host.is_frozen());
                    let raft = up.and_then(|up| up.daemon.swarm().observe().raft);
                    raft.is_some_and(|raft| {
                        (raft.status.role == raft::Role::Leader) == wants_leader
                    })
                };
                self.hosts.iter().position(is_it).ok_or_else(|| {
                    none(if wants_leader {
                        "there is no leader now".to_owned()
                    } else {
                        "there is no manager now that runs and does not lead".to_owned()
                    })
                })
            }
            Target::NodeOf(task) => {
                let seen = self.observe();
                // Newest first: the one that should run, whether the managers know it does or not yet.
                let live = |known: &&crate::TaskView| {
                    known.name == *task && known.desired == "running" && known.node.is_some()
                };
                let node = seen.tasks.iter().find(live).and_then(|task| task.node.as_deref());
                match node {
                    Some(node) => self.index(node),
                    None => Err(none(format!("no task {task} runs now"))),
                }
            }
        }
    }

    /// Checks a fault against the world as it is; the hosts it is for.
    pub(crate) fn check_fault(&self, fault: &Fault) -> Result<Vec<usize>, Error> {
        let found: Vec<usize> = fault
            .targets()
            .into_iter()
            .map(|target| self.resolve(target))
            .collect::<Result<_, _>>()?;
        let name = |index: usize| self.hosts[index].name.clone();
        let impossible = |text: String| Err(Error::Fault(text));
        let state = |index: usize| (self.hosts[index].up.is_some(), self.hosts[index].is_frozen());
        match (fault, found.as_slice()) {
            (Fault::Restart(_), &[index]) if state(index).0 => {
                return Err(Error::NodeUp(name(index)));
            }
            (
                Fault::Crash(_) | Fault::PowerLoss(_) | Fault::Freeze(_) | Fault::Thaw(_),
                &[index],
            ) if !state(index).0 => {
                return Err(Error::NodeDown(name(index)));
            }
            (Fault::Freeze(_), &[index]) if state(index).1 => {
                return impossible(format!("{} is frozen already", name(index)));
            }
            (Fault::Thaw(_), &[index]) if !state(index).1 => {
                return impossible(format!("{} is not frozen", name(index)));
            }
            (Fault::Partition(_), found) => {
                let mut seen = found.to_vec();
                seen.sort_unstable();
                if let Some(twice) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
                    return impossible(format!("{} is in two groups", name(twice[0])));
                }
            }
            (_, &[a, b]) if a == b => {
                return impossible(format!("{} is named twice", name(a)));
            }
            (Fault::FlipBit(_, path), &[index]) => {
                let files = self.hosts[index].disk.files();
                if !files
                    .into_iter()
                    .any(|(file, bytes)| file.starts_with(path) && !bytes.is_empty())
                {
                    return impossible(format!("there is no file {path} on {}", name(index)));
                }
            }
            _ => {}
        }
        Ok(found)
    }

    /// Makes a fault happen; its cause is what the history says now.
    pub(crate) fn strike(&mut self, fault: &Fault, armed: Option<u64>) -> Result<(), Error> {
        let found = self.check_fault(fault)?;
        let names: Vec<String> =
            found.iter().map(|index| self.hosts[*index].name.clone()).collect();
        let mut fault = fault.clone().with_targets(&names);
        let flip = self.choose_bit(&mut fault, &found);
        let words = fault.to_string();
        let host = found.first().map(|index| self.hosts[*index].id);
        let event = self.trace.record(self.now, host, "fault", words.as_str());
        self.trace.set_cause(Some(event));
        let at_ms = self.at_ms();
        self.struck.push(crate::Struck { event, at_ms, words, nodes: names, armed });
        match (&fault, found.as_slice()) {
            (Fault::Crash(_) | Fault::PowerLoss(_), &[index]) => {
                self.blame.host(self.hosts[index].id, event);
                self.crash(index, matches!(fault, Fault::PowerLoss(_)));
            }
            (Fault::Restart(_), &[index]) => {
                self.blame.host_well(self.hosts[index].id, self.now);
                self.boot(index);
            }
            (Fault::Freeze(_), &[index]) => {
                self.blame.host(self.hosts[index].id, event);
                self.hosts[index].held = Some(Vec::new());
            }
            (Fault::Thaw(_), &[index]) => {
                self.blame.host_well(self.hosts[index].id, self.now);
                self.thaw(index);
            }
            (Fault::Cut(reach), found) => {
                self.change_links(reach, found, event, |condition| condition.is_cut = true);
            }
            (Fault::Latency(reach, span), found) => {
                self.change_links(reach, found, event, |condition| condition.latency = *span);
            }
            (Fault::Loss(reach, share), found) => {
                self.change_links(reach, found, event, |condition| condition.loss = *share);
            }
            (Fault::Duplicate(reach, share), found) => {
                self.change_links(reach, found, event, |condition| condition.duplicate = *share);
            }
            (Fault::Heal(reach), found) => {
                self.change_links(reach, found, event, |condition| {
                    *condition = Condition::default()
                });
                let disks = match reach {
                    Reach::All => (0..self.hosts.len()).collect(),
                    Reach::Node(_) => found.to_vec(),
                    Reach::Link(..) | Reach::OneWay(..) => Vec::new(),
                };
                for index in disks {
                    self.heal_disk(index);
                }
            }
            (Fault::Partition(groups), found) => self.part(groups, found, event),
            (Fault::SlowDisk(_, span), &[index]) => {
                self.blame.host(self.hosts[index].id, event);
                self.hosts[index].slow_disk = *span;
            }
            (Fault::FullDisk(_), &[index]) => {
                self.blame.host(self.hosts[index].id, event);
                self.set_disk_full(index, true);
            }
            (Fault::FlipBit(_, path), &[index]) => {
                if let Some((byte, bit)) = flip {
                    self.hosts[index].disk.flip_bit(path, byte, bit);
                }
            }
            (Fault::StealDisk { .. }, &[of, to]) => self.steal(of, to, event),
            (Fault::Clock(_, jump), &[index]) => {
                self.blame.host(self.hosts[index].id, event);
                self.jump(index, *jump);
            }
            _ => {}
        }
        Ok(())
    }

    /// The seed's choice of a file, a byte and a bit; the fault names the file then.
    fn choose_bit(&mut self, fault: &mut Fault, found: &[usize]) -> Option<(u64, u8)> {
        let (Fault::FlipBit(_, path), &[index]) = (fault, found) else { return None };
        let disk = &self.hosts[index].disk;
        let fitting: Vec<(String, u64)> = disk
            .files()
            .filter(|(file, bytes)| file.starts_with(path.as_str()) && !bytes.is_empty())
            .map(|(file, bytes)| (file.to_owned(), bytes.len() as u64))
            .collect();
        let (file, size) = self.fault_rng.pick(&fitting)?.clone();
        *path = file;
        Some((self.fault_rng.below(size), self.fault_rng.below(8) as u8))
    }

    /// Changes what is wrong with links.
    fn change_links(
        &mut self,
        reach: &Reach,
        found: &[usize],
        event: EventId,
        change: impl Fn(&mut Condition),
    ) {
        for (from, to) in self.links() {
            let is_of = |index: usize| self.hosts[index].id == from || self.hosts[index].id == to;
            let is_meant = match (reach, found) {
                (Reach::All, _) => true,
                (Reach::Node(_), &[node]) => is_of(node),
                (Reach::Link(..), &[a, b]) => is_of(a) && is_of(b),
                (Reach::OneWay(..), &[a, b]) => self.hosts[a].id == from && self.hosts[b].id == to,
                _ => false,
            };
            if is_meant {
                self.change_link((from, to), event, &change);
            }
        }
    }

    fn change_link(
        &mut self,
        link: (HostId, HostId),
        event: EventId,
        change: &impl Fn(&mut Condition),
    ) {
        let before = self.net.condition(link.0, link.1);
        let mut condition = before;
        change(&mut condition);
        if condition == before {
            return;
        }
        self.net.set_condition(link.0, link.1, condition);
        self.told_links.remove(&link);
        if condition.is_fine() {
            self.blame.link_well(link, self.now);
        } else {
            self.blame.link(link, event);
        }
    }

    fn part(&mut self, groups: &[Vec<Target>], found: &[usize], event: EventId) {
        // Hosts that are not named are one more group.
        let mut group_of = vec![groups.len(); self.hosts.len()];
        let mut found = found.iter();
        for (number, group) in groups.iter().enumerate() {
            for index in found.by_ref().take(group.len()) {
                group_of[*index] = number;
            }
        }
        let cut = |condition: &mut Condition| condition.is_cut = true;
        for (from, to) in self.links() {
            if group_of[usize::from(from.0)] != group_of[usize::from(to.0)] {
                self.change_link((from, to), event, &cut);
            }
        }
    }

    /// Every directed link between two hosts.
    fn links(&self) -> Vec<(HostId, HostId)> {
        let ids: Vec<HostId> = self.hosts.iter().map(|host| host.id).collect();
        let pairs = ids.iter().flat_map(|from| ids.iter().map(move |to| (*from, *to)));
        pairs.filter(|(from, to)| from != to).collect()
    }

    fn heal_disk(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        if host.slow_disk == sim::Duration::ZERO && !host.disk.is_full() {
            return;
        }
        host.slow_disk = sim::Duration::ZERO;
        let id = host.id;
        self.set_disk_full(index, false);
        self.blame.host_well(id, self.now);
    }

    fn set_disk_full(&mut self, index: usize, is_full: bool) {
        let host = &mut self.hosts[index];
        host.disk.set_full(is_full);
        if let Some(up) = &mut host.up {
            up.machine.set_disk_full(is_full);
        }
    }

    fn steal(&mut self, of: usize, to: usize, event: EventId) {
        let tree =
            crate::state_folder::tree(crate::state_folder::SWARM, &self.hosts[of].disk, self.now);
        let name = self.hosts[of].name.clone();
        let thief = &mut self.hosts[to];
        thief.put_loot(&name, &tree, self.now);
        thief.root.borrow_mut().journal_mut().explain(Some(event));
    }

    fn jump(&mut self, index: usize, jump: Jump) {
        let host = &mut self.hosts[index];
        match jump {
            Jump::Ahead(span) => host.clock.jump_ahead(span),
            Jump::Back(span) => host.clock.jump_back(span),
        }
        let clock = host.clock;
        if let Some(up) = &mut host.up {
            up.machine.set_clock(clock);
            up.daemon.set_clock(clock);
            if let Some(node) = &mut up.kube {
                node.set_clock(clock);
            }
        }
    }
}
