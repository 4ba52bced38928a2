//! Looks at a world after every event.

use sorted::{SortedMap, SortedSet};

use raft::{Index, Position, RaftId};
use swarm::node::{SwarmNode, WAL_FOLDER};
use swarm::objects::{Id, NodeState, Task, TaskState};
use swarm::store::Store;
use world::{Probe, World};

use crate::cluster::{Followed, settled};
use crate::group::{Disks, Durable, Group};
use crate::invariant::{Broken, Verdict, Violation};
use crate::liveness::storms::Pace;
use crate::liveness::{converged, history};
use crate::model::Model;
use crate::nodes::plaintext::Scanned;
use crate::nodes::{agent_secrets, agent_tasks, key_files, leader_only, nonces};
use crate::store::equal_stores::Sum;
use crate::tasks::{running, slots};

/// Follows one world. Call [`Watch::after`] after every step and every input.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    hosts: Vec<Seen>,
    /// By cluster; with `docker swarm init --force-new-cluster` another one begins, the newest last.
    swarms: SortedMap<String, Vec<Swarm>>,
    frame_count: u64,
    pace: Pace,
    /// Members whose hosts have thrown their logs away, and how far those went.
    left: SortedMap<RaftId, Index>,
    cluster: Followed,
}

/// What is not yet as it should be at one moment after everything is healed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    swarm: Vec<String>,
    cluster: Vec<String>,
}

/// A swarm's managers.
#[derive(Clone, Debug, Default)]
struct Swarm {
    group: Group,
    model: Model,
}

/// What was last seen of one host.
#[derive(Clone, Debug, Default)]
struct Seen {
    durable: Durable,
    key_files: key_files::Files,
    scanned: Scanned,
    member: Option<Member>,
    agent: Option<Agent>,
    stale: agent_secrets::Stale,
}

/// A raft member of one boot.
#[derive(Clone, Debug)]
struct Member {
    boot_count: u32,
    id: RaftId,
    position: Position,
    leads: bool,
    applied: Index,
    store: Store,
    sum: Sum,
}

/// An agent of one boot.
#[derive(Clone, Debug)]
struct Agent {
    boot_count: u32,
    change_count: u64,
    node_id: Id,
    session_with: Option<String>,
    slots: Vec<(running::Slot, Id)>,
}

impl Look {
    /// All is as it should be.
    pub fn is_clean(&self) -> bool {
        self.swarm.is_empty() && self.cluster.is_empty()
    }

    /// What only those who look after the swarm know of.
    pub fn add_to_swarm(&mut self, why: impl IntoIterator<Item = String>) {
        self.swarm.extend(why);
    }

    /// The swarm cannot be put right any more, for a reason that is nobody's mistake here.
    pub fn forgive_swarm(&mut self) {
        self.swarm.clear();
    }
}

impl Watch {
    /// Begins to look at a world as it is.
    ///
    /// # Errors
    /// If something does not hold already.
    pub fn new(world: &World) -> Result<Self, Box<Violation>> {
        let mut watch = Self { frame_count: world.frame_total(), ..Self::default() };
        watch.hosts.resize_with(world.host_count(), Seen::default);
        let mut order: Vec<usize> = (0..world.host_count()).collect();
        // Disks first: what a member may promise depends on them.
        for (host, seen) in watch.hosts.iter_mut().enumerate() {
            if let Some(probe) = world.probe(host) {
                violated(world, host, seen.durable.follow(probe.disk, WAL_FOLDER))?;
            }
        }
        // Who knows most first: the others' entries are then known to be committed.
        let commit = |host: usize| {
            let raft = world.probe(host)?.daemon?.swarm().raft()?;
            Some(raft.position().commit)
        };
        order.sort_by_key(|host| std::cmp::Reverse(commit(*host)));
        for host in order {
            violated(world, host, watch.look(world, host))?;
        }
        Ok(watch)
    }

    /// Looks at what the last event or input has changed.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn after(&mut self, world: &World) -> Result<(), Box<Violation>> {
        let Some(host) = world.touched() else { return Ok(()) };
        let host = usize::from(host.0);
        let pace = self.pace.check(world.now(), host);
        violated(world, host, pace.and_then(|()| self.look(world, host)))
    }

    /// Everything that is not yet as it should be now that nothing is wrong any more.
    pub fn look_for_rest(&self, world: &World) -> Look {
        Look {
            swarm: converged::why_not(&converged::State::of(world)),
            cluster: settled::why_not(&settled::hosts(world)),
        }
    }

    /// The end of a run that should have come to rest, with what was wrong at the last looks.
    ///
    /// # Errors
    /// If it has not, or if something was left behind.
    pub fn at_rest(&self, world: &World, looks: &[Look]) -> Result<(), Box<Violation>> {
        let all = |part: fn(&Look) -> &Vec<String>| -> Vec<&[String]> {
            looks.iter().map(|look| part(look).as_slice()).collect()
        };
        let store = converged::State::of(world).store;
        let limit = self.models().map(|model| model.history_limit).max().unwrap_or_default();
        let kept = |store| history::check(store, limit, world.now());
        converged::check(&all(|look| &look.swarm))
            .and_then(|()| settled::check(&all(|look| &look.cluster)))
            .and_then(|()| store.as_ref().map_or(Ok(()), kept))
            .map_err(|broken| violation(world, 0, broken))
    }

    /// What the committed entries make of the cluster of this host; none if it is in none.
    pub fn model(&self, world: &World, host: usize) -> Option<&Model> {
        Some(&swarm_of(&self.swarms, world.probe(host)?.daemon?.swarm())?.model)
    }

    /// The models of all clusters that there were.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.swarms.values().flatten().map(|swarm| &swarm.model)
    }

    /// A key of a Kubernetes' etcd is there, by what its members have applied.
    pub fn cluster_has(&self, key: &str) -> bool {
        self.cluster.changes.has(key)
    }

    fn look(&mut self, world: &World, host: usize) -> Verdict {
        let Some(probe) = world.probe(host) else { return Ok(()) };
        self.disk(&probe, host)?;
        self.cluster.look(world, &probe)?;
        if let Some(daemon) = probe.daemon {
            let node = daemon.swarm();
            self.member(&probe, node, host)?;
            self.agent(world, &probe, node, host)?;
            self.plaintext(world, &probe, node, host)
        } else {
            let seen = &mut self.hosts[host];
            (seen.member, seen.agent) = (None, None);
            Ok(())
        }
    }

    fn disk(&mut self, probe: &Probe<'_>, host: usize) -> Verdict {
        let seen = &mut self.hosts[host];
        seen.key_files.follow(probe.disk)?;
        let log = &seen.durable.log;
        let before = log.member().map(|member| (member, log.last()));
        if !seen.durable.follow(probe.disk, WAL_FOLDER)? {
            return Ok(());
        }
        if seen.durable.log.member().is_none() {
            self.left.extend(before);
        }
        nonces::check(&seen.durable.log)
    }

    fn member(&mut self, probe: &Probe<'_>, node: &SwarmNode, host: usize) -> Verdict {
        let (Some(raft), Some((applied, store)), Some(cluster)) =
            (node.raft(), node.store(), node.cluster_id())
        else {
            self.hosts[host].member = None;
            return Ok(());
        };
        let (position, leads) = (raft.position(), node.is_leading());
        let is_same = |m: &&Member| m.boot_count == probe.boot_count && m.id == raft.id();
        let before = self.hosts[host].member.as_ref().filter(is_same);
        if before.is_some_and(|m| (m.position, m.leads, m.applied) == (position, leads, applied)) {
            return Ok(());
        }
        if before.is_none() {
            self.hosts[host].durable.starts(raft)?;
        }
        if !self.swarms.contains_key(cluster) {
            self.swarms.insert(cluster.to_owned(), vec![Swarm::default()]);
        }
        let Some(swarms) = self.swarms.get_mut(cluster) else { return Ok(()) };
        let known = swarms.iter().rposition(|swarm| swarm.group.has(raft.id()));
        if known.is_none() && node.began_anew() {
            swarms.push(Swarm::default());
        }
        let at = known.unwrap_or(swarms.len().saturating_sub(1));
        let Some(Swarm { group, model }) = swarms.get_mut(at) else { return Ok(()) };
        if known.is_none() && node.began_anew() {
            group.begin(applied, raft.voters());
            model.adopt(applied, store);
        }
        let logs = self.hosts.iter().map(|seen| &seen.durable.log).collect();
        let disks = Disks { logs, left: &self.left };
        group.member(raft, before.map(|m| &m.position), &disks, &mut |entry, voters| {
            if model.applied().next() == entry.index {
                model.commit(entry)?;
            } else if model.applied() < applied {
                // Nobody looked when this was committed.
                voters.set(applied, raft.voters().to_vec());
                model.adopt(applied, store);
            }
            Ok(())
        })?;
        let has_applied = before.is_none_or(|m| m.position.applied != position.applied);
        if has_applied && Index(0) < position.applied && position.base <= position.applied {
            group.known_members(position.applied, node)?;
        }
        leader_only::check(position.role, position.term, leads, node.session_count())?;
        let sum = match before {
            Some(m) if m.applied == applied => m.sum,
            Some(m) => {
                let mut sum = m.sum;
                sum.change(&m.store, store);
                sum
            }
            None => Sum::of(store),
        };
        if before.is_none_or(|m| m.applied != applied) {
            model.compare(applied, sum)?;
        }
        let (boot_count, id, store) = (probe.boot_count, raft.id(), store.clone());
        let member = Member { boot_count, id, position, leads, applied, store, sum };
        self.hosts[host].member = Some(member);
        Ok(())
    }

    fn agent(
        &mut self,
        world: &World,
        probe: &Probe<'_>,
        node: &SwarmNode,
        host: usize,
    ) -> Verdict {
        let (Some(change_count), Some(node_id)) = (node.agent_change_count(), node.node_id())
        else {
            self.hosts[host].agent = None;
            return Ok(());
        };
        let seen = &self.hosts[host];
        let is_same = seen.agent.as_ref().is_some_and(|agent| {
            (agent.boot_count, agent.change_count) == (probe.boot_count, change_count)
        });
        if !is_same && let Some(view) = node.agent() {
            let tasks: Vec<(&Task, TaskState)> =
                view.tasks.iter().map(|(task, status)| (*task, status.state)).collect();
            let held: SortedSet<Id> = view.secrets.iter().map(|secret| secret.id.clone()).collect();
            agent_tasks::check(node_id, tasks.iter().map(|(task, _)| *task))?;
            agent_secrets::check(&tasks, &held)?;
            for swarm in self.swarms.values_mut().flatten() {
                swarm.model.unwritten.see(tasks.iter().copied(), view.is_unwritten);
            }
            let session_with = view.session_with.filter(|_| view.is_registered);
            let agent = Agent {
                boot_count: probe.boot_count,
                change_count,
                node_id: node_id.into(),
                session_with: session_with.map(str::to_owned),
                slots: running::slots_of(tasks.iter().copied()).collect(),
            };
            let seen = &mut self.hosts[host];
            seen.stale.see(world.now(), &tasks, &held);
            seen.agent = Some(agent);
            self.running(world, node)?;
        }
        if !self.hosts[host].stale.is_empty() {
            self.stale(world, probe, node, host)?;
        }
        Ok(())
    }

    /// No slot runs twice on nodes that are connected with the leader of this node's cluster.
    fn running(&self, world: &World, node: &SwarmNode) -> Verdict {
        let Some((leader, model)) = self.leader(node) else { return Ok(()) };
        let connected = self.hosts.iter().enumerate().filter_map(|(host, seen)| {
            let probe = world.probe(host)?;
            // Who makes no progress has not heard what it shall do; what waits for it comes at once then.
            let hears = !probe.is_frozen && probe.thawed_at < world.now();
            let agent = seen.agent.as_ref().filter(|_| hears)?;
            is_with(world, agent, leader, model).then_some((probe.name, agent.slots.as_slice()))
        });
        let may_be_two = |service: &Id| {
            // Of a service that is gone all tasks are to end.
            model.store().service(service).is_none_or(|service| slots::starts_first(service))
        };
        running::check(connected, may_be_two)
    }

    fn stale(
        &mut self,
        world: &World,
        probe: &Probe<'_>,
        node: &SwarmNode,
        host: usize,
    ) -> Verdict {
        let is_connected = self.leader(node).is_some_and(|(leader, model)| {
            let agent = self.hosts[host].agent.as_ref();
            agent.is_some_and(|agent| is_with(world, agent, leader, model))
        });
        let stale = &mut self.hosts[host].stale;
        stale.restart(if is_connected { probe.thawed_at } else { world.now() });
        stale.check(world.now())
    }

    /// The host that leads the cluster of this node, and the cluster's model.
    fn leader(&self, node: &SwarmNode) -> Option<(usize, &Model)> {
        let swarm = swarm_of(&self.swarms, node)?;
        let leads = |(host, seen): (usize, &Seen)| {
            let leads = |member: &&Member| member.leads && swarm.group.has(member.id);
            let member = seen.member.as_ref().filter(leads)?;
            Some((member.position.term, host))
        };
        let (_, host) = self.hosts.iter().enumerate().filter_map(leads).max()?;
        Some((host, &swarm.model))
    }

    fn plaintext(
        &mut self,
        world: &World,
        probe: &Probe<'_>,
        node: &SwarmNode,
        host: usize,
    ) -> Verdict {
        let before = std::mem::replace(&mut self.frame_count, world.frame_total());
        let Some(swarm) = swarm_of(&self.swarms, node) else { return Ok(()) };
        let needles = &swarm.model.needles;
        if needles.is_empty() {
            return Ok(());
        }
        for frame in world.frames_since(before) {
            needles.check(&frame.bytes, || format!("a frame to host {}", frame.to.0))?;
        }
        self.hosts[host].scanned.check(probe.disk, needles)
    }
}

/// What a node's raft group has shown; a worker's is the newest of its cluster.
fn swarm_of<'a>(swarms: &'a SortedMap<String, Vec<Swarm>>, node: &SwarmNode) -> Option<&'a Swarm> {
    let swarms = swarms.get(node.cluster_id()?)?;
    let raft = node.raft();
    let own = raft.and_then(|raft| swarms.iter().rfind(|swarm| swarm.group.has(raft.id())));
    own.or(swarms.last())
}

/// The agent has what it shall have from this leader, who thinks that the node is ready.
fn is_with(world: &World, agent: &Agent, leader: usize, model: &Model) -> bool {
    let addr = agent.session_with.as_deref().and_then(|addr| addr.rsplit_once(':'));
    addr.is_some_and(|(addr, _)| addr == world.address(leader))
        && model.store().node(&agent.node_id).is_some_and(|n| n.status.state == NodeState::Ready)
}

/// A check's result as whoever drives a world hears it.
fn violated<T>(world: &World, host: usize, result: Result<T, Broken>) -> Result<T, Box<Violation>> {
    result.map_err(|broken| violation(world, host, broken))
}

fn violation(world: &World, host: usize, broken: Broken) -> Box<Violation> {
    let host = world.probe(host).map_or_else(String::new, |probe| probe.name.to_owned());
    Box::new(Violation { broken, at: world.now(), event: world.event_count(), host })
}
