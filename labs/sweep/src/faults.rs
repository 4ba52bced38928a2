//! What breaks.

use std::fmt;

use sorted::{SortedMap, SortedSet};

use sim::{Duration, Rng, Time};
use world::fault::{ArmedState, Jump, Reach, Target, Trigger};
use world::{Fault, Input, Probe, Spec, World};

use crate::shape;

/// Kinds of faults that a sweep may be limited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSet(SortedSet<&'static str>);

/// One kind.
struct Kind {
    name: &'static str,
    /// How often, if it happens at all.
    weight: u64,
    /// What is broken may stay so for good, so that nobody may expect a cluster to come to rest.
    lasts: bool,
    /// It strikes when its host comes to one of [`MOMENTS`].
    waits: bool,
    /// The next fault of this kind; nothing if there is nothing that it could break.
    draw: fn(&mut Faults, &Hosts<'_>, &mut Rng) -> Vec<Fault>,
}

const fn kind(
    name: &'static str,
    weight: u64,
    draw: fn(&mut Faults, &Hosts<'_>, &mut Rng) -> Vec<Fault>,
) -> Kind {
    Kind { name, weight, lasts: false, waits: false, draw }
}

/// All of them. What puts things right again is named in [`MENDS`].
const KINDS: [Kind; 16] = [
    kind("crash", 2, |_, hosts, rng| one(rng, &hosts.up, Fault::Crash)),
    kind("restart", 6, |_, hosts, rng| one(rng, &hosts.down, Fault::Restart)),
    kind("cut", 2, Faults::cut),
    kind("cut-one-way", 1, |faults, hosts, rng| {
        faults.on_a_way(hosts, rng, |_, way| Fault::Cut(way))
    }),
    kind("heal", 4, Faults::heal),
    kind("power-loss", 2, |_, hosts, rng| {
        // With nothing to lose on the disk it is a crash like any other.
        let losers = if hosts.unsynced.is_empty() { &hosts.up } else { &hosts.unsynced };
        one(rng, losers, Fault::PowerLoss)
    }),
    Kind {
        waits: true,
        ..kind("ambush", 3, |_, hosts, rng| one(rng, &hosts.managers, Fault::PowerLoss))
    },
    kind("freeze", 1, |_, hosts, rng| one(rng, &hosts.moving, Fault::Freeze)),
    kind("thaw", 4, |_, hosts, rng| one(rng, &hosts.frozen, Fault::Thaw)),
    kind("latency", 1, |faults, hosts, rng| {
        faults.on_a_way(hosts, rng, |rng, way| Fault::Latency(way, span(rng, &LATENCIES_MS)))
    }),
    kind("loss", 1, |faults, hosts, rng| {
        faults.on_a_way(hosts, rng, |rng, way| Fault::Loss(way, share(rng)))
    }),
    kind("duplicate", 1, |faults, hosts, rng| {
        faults.on_a_way(hosts, rng, |rng, way| Fault::Duplicate(way, share(rng)))
    }),
    kind("slow-disk", 1, |_, hosts, rng| {
        let slower = span(rng, &SYNCS_MS);
        one(rng, &hosts.all, |node| Fault::SlowDisk(node, slower))
    }),
    // Healing the host makes room again.
    kind("full-disk", 1, |_, hosts, rng| one(rng, &hosts.all, Fault::FullDisk)),
    kind("clock", 1, |_, hosts, rng| jump(hosts, rng)),
    Kind { lasts: true, ..kind("flip-bit", 1, Faults::flip) },
];

/// Those of a world with a Kubernetes.
const CLUSTER_KINDS: [Kind; 1] =
    [kind("etcd-leader", 2, |_, hosts, rng| one(rng, &hosts.etcd_leaders, Fault::Crash))];

fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().chain(&CLUSTER_KINDS)
}

/// When a host has written what its disk does not have yet: a disk takes less than a millisecond, which nobody hits by chance.
const MOMENTS: [&str; 3] =
    ["entry.appended(node=NODE)", "log.compacted(node=NODE)", "keys.written(node=NODE)"];

/// What puts things right again: it always happens.
const MENDS: [&str; 3] = ["restart", "heal", "thaw"];

/// What a frame takes longer, at most, in milliseconds.
const LATENCIES_MS: [u64; 4] = [20, 200, 700, 2_000];
/// What a sync takes longer, at most, in milliseconds: some longer than an election timeout's part.
const SYNCS_MS: [u64; 4] = [20, 200, 1_000, 4_000];
/// How far a clock is wrong at most, in seconds. A certificate is valid from an hour before it is
/// issued, so that this much never keeps a node out.
const CLOCK_ERROR_SECS_MAX: u64 = 600;
/// The files whose bits may flip: their records are chained by checksums, so that a manager, or a member of etcd,
/// notices. A wrong bit of `worker/tasks.db` would be news to the agent, as it is to swarmkit's.
const CHECKED_FILES: [&str; 2] = ["/var/lib/docker/swarm/raft/", "/var/lib/etcd/member/wal/"];

impl Default for FaultSet {
    /// All of them.
    fn default() -> Self {
        Self(kinds().map(|kind| kind.name).collect())
    }
}

impl fmt::Display for FaultSet {
    /// As [`FaultSet::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        if *self == Self::default() {
            return f.write_str("all");
        }
        let names: Vec<&str> = self.0.iter().copied().collect();
        f.write_str(&names.join(","))
    }
}

impl FaultSet {
    /// The kinds with these names, with commas between them; `all` and `none` are sets, too.
    ///
    /// # Errors
    /// Names what is not known, and what is.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::default()),
            "none" => return Ok(Self(SortedSet::new())),
            _ => {}
        }
        let known = || kinds().map(|kind| kind.name);
        let mut set = SortedSet::new();
        for name in text.split(',') {
            let Some(kind) = known().find(|kind| *kind == name) else {
                let all: Vec<&str> = known().collect();
                return Err(format!(
                    "no fault `{name}`: expected all, none or some of {}",
                    all.join(",")
                ));
            };
            set.insert(kind);
        }
        Ok(Self(set))
    }

    /// No faults at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those after which a cluster can come to rest again.
    pub fn that_can_be_mended(&self) -> Self {
        let lasts = kinds().filter(|kind| kind.lasts).map(|kind| kind.name);
        let lasts: SortedSet<&str> = lasts.collect();
        Self(self.0.difference(&lasts).copied().collect())
    }

    fn has(&self, kind: &str) -> bool {
        self.0.contains(kind)
    }
}

/// The faults of one seed.
#[derive(Debug)]
pub struct Faults {
    weights: Vec<u64>,
    /// Ways that something is or was wrong with.
    ways: SortedSet<(String, String)>,
    has_flipped: bool,
}

/// The hosts as they are.
#[derive(Debug, Default)]
struct Hosts<'a> {
    all: Vec<&'a str>,
    up: Vec<&'a str>,
    /// Those of them whose disks a power loss would take something from.
    unsynced: Vec<&'a str>,
    down: Vec<&'a str>,
    moving: Vec<&'a str>,
    frozen: Vec<&'a str>,
    managers: Vec<&'a str>,
    etcd_members: Vec<&'a str>,
    etcd_leaders: Vec<&'a str>,
    errors: SortedMap<&'a str, Jump>,
}

impl<'a> Hosts<'a> {
    fn of(world: &'a World) -> Self {
        let mut hosts = Self::default();
        for probe in (0..world.host_count()).filter_map(|host| world.probe(host)) {
            let name = probe.name;
            hosts.all.push(name);
            if let Some(daemon) = probe.daemon {
                hosts.up.push(name);
                hosts.unsynced.extend((!probe.disk.is_synced()).then_some(name));
                if probe.is_frozen { &mut hosts.frozen } else { &mut hosts.moving }.push(name);
                if daemon.swarm().raft().is_some() {
                    hosts.managers.push(name);
                }
            } else {
                hosts.down.push(name);
            }
            if let Some(node) = probe.kube.filter(|node| node.etcd().is_some()) {
                hosts.etcd_members.push(name);
                hosts.etcd_leaders.extend(node.leads().then_some(name));
            }
            hosts.errors.extend(right(&probe, world.now()).map(|jump| (name, jump)));
        }
        hosts
    }
}

/// The jump that makes a host's clock right; none if it is.
fn right(probe: &Probe<'_>, now: Time) -> Option<Jump> {
    let shown = probe.clock.wall(now);
    match (now.since(shown), shown.since(now)) {
        (Duration::ZERO, Duration::ZERO) => None,
        (Duration::ZERO, ahead) => Some(Jump::Back(ahead)),
        (behind, _) => Some(Jump::Ahead(behind)),
    }
}

fn one(rng: &mut Rng, nodes: &[&str], fault: impl FnOnce(Target) -> Fault) -> Vec<Fault> {
    rng.pick(nodes).map(|node| fault(Target::from(*node))).into_iter().collect()
}

/// Up to one of some lengths.
fn span(rng: &mut Rng, longest_ms: &[u64]) -> Duration {
    let most = rng.pick(longest_ms).copied().unwrap_or(1);
    Duration::from_millis(rng.between(1, most))
}

/// A little or a lot, in thousandths.
fn share(rng: &mut Rng) -> u16 {
    *rng.pick(&[5, 20, 100, 300]).unwrap_or(&5)
}

/// A fault that waits for a moment of its host.
fn wait(rng: &mut Rng, fault: Fault) -> Option<Input> {
    let node = match fault.targets().first()? {
        Target::Named(name) => name.clone(),
        _ => return None,
    };
    let on = Trigger::parse(&rng.pick(&MOMENTS)?.replace("NODE", &node)).ok()?;
    Some(Input::Arm { on, faults: vec![fault] })
}

/// A clock that is right jumps; one that is wrong is put right.
fn jump(hosts: &Hosts<'_>, rng: &mut Rng) -> Vec<Fault> {
    let span = Duration::from_millis(rng.between(1, CLOCK_ERROR_SECS_MAX * 1_000));
    let jump = if rng.chance(1, 2) { Jump::Ahead(span) } else { Jump::Back(span) };
    let Some(node) = rng.pick(&hosts.all) else { return Vec::new() };
    let jump = hosts.errors.get(node).copied().unwrap_or(jump);
    vec![Fault::Clock(Target::from(*node), jump)]
}

impl Faults {
    /// Which kinds there are, and how often.
    pub fn draw(rng: &mut Rng, set: &FaultSet, spec: &Spec) -> Self {
        let mut weights = shape::weights(rng, KINDS.map(|kind| kind.weight)).to_vec();
        if spec.kube.is_some() {
            weights.extend(shape::weights(rng, CLUSTER_KINDS.map(|kind| kind.weight)));
        }
        for (weight, kind) in weights.iter_mut().zip(kinds()) {
            if MENDS.contains(&kind.name) {
                *weight = kind.weight;
            }
            if !set.has(kind.name) {
                *weight = 0;
            }
        }
        Self { weights, ways: SortedSet::new(), has_flipped: false }
    }

    /// The next ones; nothing if there is nothing that they could break.
    pub fn next(&mut self, world: &World, rng: &mut Rng) -> Vec<Input> {
        let kind = shape::pick(rng, &self.weights).and_then(|place| kinds().nth(place));
        let Some(kind) = kind else { return Vec::new() };
        let faults = (kind.draw)(self, &Hosts::of(world), rng).into_iter();
        if kind.waits {
            return faults.filter_map(|fault| wait(rng, fault)).collect();
        }
        faults.map(Input::fault).collect()
    }

    /// Something that is wrong with the way from one host to another.
    fn on_a_way(
        &mut self,
        hosts: &Hosts<'_>,
        rng: &mut Rng,
        fault: impl FnOnce(&mut Rng, Reach) -> Fault,
    ) -> Vec<Fault> {
        match (rng.pick(&hosts.all), rng.pick(&hosts.all)) {
            (Some(from), Some(to)) if from != to => {
                self.ways.insert(((*from).to_owned(), (*to).to_owned()));
                vec![fault(rng, Reach::one_way(from, to))]
            }
            _ => Vec::new(),
        }
    }

    /// Two halves of any size, or one host alone.
    fn cut(&mut self, hosts: &Hosts<'_>, rng: &mut Rng) -> Vec<Fault> {
        let mut nodes = hosts.all.clone();
        rng.shuffle(&mut nodes);
        let size = if rng.chance(1, 2) { 1 } else { rng.below(nodes.len() as u64 + 1) };
        let size = usize::try_from(size).unwrap_or(0).min(nodes.len());
        let (here, there) = nodes.split_at(size);
        let pairs = here.iter().flat_map(|a| there.iter().flat_map(|b| [(*a, *b), (*b, *a)]));
        let cut = |(from, to): (&str, &str)| {
            self.ways.insert((from.to_owned(), to.to_owned()));
            Fault::Cut(Reach::one_way(from, to))
        };
        pairs.map(cut).collect()
    }

    /// Everything, one host with its disk, or one direction of one link.
    fn heal(&mut self, hosts: &Hosts<'_>, rng: &mut Rng) -> Vec<Fault> {
        match rng.below(4) {
            0 => {
                let ways: Vec<(String, String)> = self.ways.iter().cloned().collect();
                let Some(way) = rng.pick(&ways) else { return Vec::new() };
                self.ways.remove(way);
                vec![Fault::Heal(Reach::one_way(&way.0, &way.1))]
            }
            1 => one(rng, &hosts.all, |node| Fault::Heal(Reach::Node(node))),
            _ => {
                self.ways.clear();
                vec![Fault::Heal(Reach::All)]
            }
        }
    }

    /// One bit of one member's log in a seed: more, and a majority may lose what it has acknowledged.
    fn flip(&mut self, hosts: &Hosts<'_>, rng: &mut Rng) -> Vec<Fault> {
        if std::mem::replace(&mut self.has_flipped, true) {
            return Vec::new();
        }
        let [managers, members] = CHECKED_FILES;
        let (nodes, files) = match hosts.managers.as_slice() {
            [] => (&hosts.etcd_members, members),
            _ => (&hosts.managers, managers),
        };
        one(rng, nodes, |node| Fault::FlipBit(node, files.to_owned()))
    }
}

/// What makes everything whole again.
pub fn peace(world: &World) -> Vec<Input> {
    let mut faults = vec![Fault::Heal(Reach::All)];
    for probe in (0..world.host_count()).filter_map(|host| world.probe(host)) {
        let node = || Target::from(probe.name);
        // Before it boots: certificates may not be valid by a wrong clock.
        faults.extend(right(&probe, world.now()).map(|jump| Fault::Clock(node(), jump)));
        if probe.daemon.is_none() {
            faults.push(Fault::Restart(node()));
        } else if probe.is_frozen {
            faults.push(Fault::Thaw(node()));
        }
    }
    let waiting = world.armed().iter().filter(|armed| armed.state == ArmedState::Waiting);
    let disarmed = waiting.map(|armed| Input::Disarm { armed: armed.id });
    disarmed.chain(faults.into_iter().map(Input::fault)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_named() {
        assert!(FaultSet::parse("all").is_ok_and(|set| kinds().all(|kind| set.has(kind.name))));
        assert!(FaultSet::parse("none").is_ok_and(|set| set.is_empty()));
        assert!(FaultSet::parse("crash,heal").is_ok_and(|set| set.has("heal") && !set.has("cut")));
        for text in ["all", "none", "crash", "crash,cut"] {
            assert_eq!(FaultSet::parse(text).map(|set| set.to_string()), Ok(text.to_owned()));
        }
        let error = FaultSet::parse("crash,fire").expect_err("there is no such fault");
        assert!(error.contains("`fire`") && error.contains("cut-one-way"), "{error}");
    }
}
