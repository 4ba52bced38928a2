//! One seed, from its first input to its verdict; the same again from a recorded history.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use invariants::Violation;
use raft::RaftId;
use serde::{Deserialize, Serialize};
use sim::{Duration, Rng, Streams};
use world::{Input, Recorded, Spec, World};

use crate::faults::{FaultSet, Faults, peace};
use crate::session::Session;
use crate::shape;
use crate::workload::{self, Workload};

/// What a run must show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is ever wrong.
    #[default]
    Safety,
    /// Nor is it in the end not as it was asked for.
    Liveness,
}

/// One seed.
#[derive(Clone, Debug)]
pub struct Case {
    /// The seed of everything.
    pub seed: u64,
    /// What it must show.
    pub mode: Mode,
    /// What may break.
    pub faults: FaultSet,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The invariant's name, `panic`, or `boot`.
    pub name: String,
    /// What was seen.
    pub what: String,
}

impl Failure {
    /// A failure that no invariant names.
    pub fn new(name: &str, what: String) -> Self {
        Self { name: name.to_owned(), what }
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::new(violation.broken.invariant.name, violation.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What was done to a world, and what it must show: what a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// What it must show.
    pub mode: Mode,
    /// What did not hold.
    pub failure: Option<Failure>,
    /// What was built.
    pub spec: Spec,
    /// What was done.
    pub inputs: Vec<Recorded>,
    /// How long it goes on, in nanoseconds since the world was ready. In liveness mode peace comes
    /// then.
    pub end_ns: u64,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What did not hold.
    pub failure: Option<Failure>,
    /// Events handled.
    pub event_count: u64,
    /// Virtual time that passed.
    pub simulated: Duration,
    /// Commands whose effect was remembered that ended well, and others.
    pub commands: (u64, u64),
    /// The history's digest in hexadecimal; empty if it did not come to its end.
    pub digest: String,
}

/// Runs something that may panic; a panic is a failure like others.
fn guarded(act: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        Err(Failure::new("panic", format!("panic: {text}")))
    })
}

/// What is told of a run while it is under way, so that a panic does not take it along.
#[derive(Debug, Default)]
struct Tally {
    event_count: u64,
    simulated: Duration,
    commands: (u64, u64),
    digest: String,
    end_ns: u64,
}

impl Tally {
    fn take(&mut self, session: &Session<'_>) {
        let world = &session.world;
        self.event_count = world.event_count();
        self.simulated = world.now().since(world.started());
        self.end_ns = self.simulated.as_nanos();
        self.commands = session.oracle.counts;
    }
}

impl Case {
    /// Plays the seed. Everything that was done comes back with the verdict.
    pub fn run(&self) -> (Outcome, History) {
        let mut rng = Streams::new(self.seed).stream("sweep");
        let spec = shape::spec(self.seed, &mut rng);
        let (mut inputs, mut tally) = (Vec::new(), Tally::default());
        let result = guarded(|| {
            let mut session = Session::new(spec.clone(), &mut inputs)?;
            let played = self.play(&mut session, &mut rng, &mut tally);
            // Peace is not part of the history: a replay makes its own.
            let played = played.and_then(|()| end(&mut session, self.mode));
            let end_ns = tally.end_ns;
            tally.take(&session);
            tally.end_ns =
                if played.is_ok() || self.mode == Mode::Liveness { end_ns } else { tally.end_ns };
            tally.digest = session.world.digest().to_string();
            played
        });
        let failure = result.err();
        let history = History {
            mode: self.mode,
            failure: failure.clone(),
            spec,
            inputs: inputs.into_iter().filter(|input| input.at_ns <= tally.end_ns).collect(),
            end_ns: tally.end_ns,
        };
        (outcome(failure, tally), history)
    }

    fn play(
        &self,
        session: &mut Session<'_>,
        rng: &mut Rng,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let docker = session.world.spec().docker.clone();
        let mut workload = Workload::draw(rng, &docker);
        let set = match self.mode {
            Mode::Safety => self.faults.clone(),
            Mode::Liveness => self.faults.that_can_be_mended(),
        };
        let mut faults = Faults::draw(rng, &set);
        let fault_share = if set.is_empty() { 0 } else { rng.between(0, 60) };
        // How long nothing is done: some seeds are a storm, some are mostly calm.
        let pause_ms = *rng.pick(&[300, 2_000, 2_000, 8_000, 20_000]).unwrap_or(&2_000);
        let count = rng.between(20, 120);
        for _ in 0..count {
            let pause = Duration::from_nanos(rng.below(pause_ms * 1_000_000));
            session.run_until(session.world.now() + pause)?;
            let inputs = if rng.chance(fault_share, 100) {
                faults.next(&session.world, rng)
            } else {
                workload.next(session, rng)
            };
            for input in inputs {
                session.apply(input)?;
            }
            tally.take(session);
        }
        session.run_until(session.world.now() + Duration::from_secs(rng.between(1, 40)))?;
        tally.take(session);
        Ok(())
    }
}

fn outcome(failure: Option<Failure>, tally: Tally) -> Outcome {
    let Tally { event_count, simulated, commands, digest, .. } = tally;
    Outcome { failure, event_count, simulated, commands, digest }
}

impl History {
    /// Plays a recorded history under a watch. Inputs that are not possible (any more) are left out.
    pub fn replay(&self) -> Outcome {
        self.replay_and(|_| {})
    }

    /// The same with a look at the world as it is in the end, or where something did not hold; there is
    /// none left after a panic.
    pub fn replay_and(&self, look: impl FnOnce(&World)) -> Outcome {
        let (mut inputs, mut tally) = (Vec::new(), Tally::default());
        let result = guarded(|| {
            let mut session = Session::new(self.spec.clone(), &mut inputs)?;
            let started = session.world.started();
            let played = (|| {
                for Recorded { at_ns, input } in &self.inputs {
                    session.run_until(started + Duration::from_nanos(*at_ns))?;
                    session.apply(input.clone())?;
                }
                session.run_until(started + Duration::from_nanos(self.end_ns))?;
                end(&mut session, self.mode)
            })();
            look(&session.world);
            tally.take(&session);
            tally.digest = session.world.digest().to_string();
            played
        });
        outcome(result.err(), tally)
    }
}

/// The end of a run: what was told is so; in liveness mode peace comes and all becomes as asked for.
fn end(session: &mut Session<'_>, mode: Mode) -> Result<(), Failure> {
    let told = session.oracle.end(&session.world, &session.watch);
    told.map_err(|broken| session.broken(broken, 0))?;
    match mode {
        Mode::Safety => Ok(()),
        Mode::Liveness => rest(session),
    }
}

/// Between two looks at whether all is as asked for; not a divisor of the usual delays.
const LOOK_INTERVAL: Duration = Duration::from_millis(5_300);
/// What is wrong at so many looks in a row is wrong.
const LOOK_COUNT: usize = 6;

/// How long a healed cluster may take: two elections (40 s), agents that look for the new leader
/// (8 s) and a leader that waits for them (`unknown` nodes: 30 s), the last tasks of the old state to
/// stop (60 s), and for each task of each service its turn in a rolling update: stop (10 s), delay
/// (5 s), pull and start (10 s), monitor (10 s), for an update and its rollback.
fn bound(world: &World, session: &Session<'_>) -> Duration {
    let tasks: u64 = session
        .watch
        .models()
        .flat_map(|model| {
            model.store().services().iter().map(|service| match service.spec.mode {
                swarm::objects::ServiceMode::Replicated { replicas } => replicas,
                _ => world.host_count() as u64,
            })
        })
        .sum();
    Duration::from_secs(240 + tasks * 70)
}

fn rest(session: &mut Session<'_>) -> Result<(), Failure> {
    for input in peace(&session.world) {
        session.apply(input)?;
    }
    let nodes = session.world.spec().nodes.clone();
    for node in &nodes {
        if !session.is_at_prompt(node) {
            session.apply(Input::Interrupt { node: node.clone() })?;
        }
    }
    session.run_until(session.world.now() + Duration::from_secs(2))?;
    for node in &nodes {
        // Somebody has stopped it; where it runs nothing changes.
        let text = "systemctl start docker\n".to_owned();
        if session.is_at_prompt(node) {
            session.apply(Input::Type { node: node.clone(), text })?;
        }
    }
    let end = session.world.now() + bound(&session.world, session);
    let mut looks: Vec<Vec<String>> = Vec::new();
    loop {
        session.run_until(session.world.now() + LOOK_INTERVAL)?;
        unlock_all(session, &nodes)?;
        if cannot_recover(session) {
            return Ok(());
        }
        looks.push(session.watch.why_not_converged(&session.world));
        let last = &looks[looks.len().saturating_sub(LOOK_COUNT)..];
        let verdict = session.watch.at_rest(&session.world, last);
        match verdict {
            Ok(()) if last.len() == LOOK_COUNT => return Ok(()),
            Err(violation) if end <= session.world.now() => return Err(Failure::from(*violation)),
            _ => {}
        }
    }
}

/// Somebody types the key at every locked host.
fn unlock_all(session: &mut Session<'_>, nodes: &[String]) -> Result<(), Failure> {
    for (host, node) in nodes.iter().enumerate() {
        let Some(daemon) = session.world.probe(host).and_then(|probe| probe.daemon) else {
            continue;
        };
        let is_locked = daemon.swarm().observe().state == swarm::node::LocalState::Locked;
        if !is_locked || !session.is_at_prompt(node) {
            continue;
        }
        let keys: Vec<String> = session
            .watch
            .models()
            .filter_map(|model| workload::unlock(model.store().cluster()?))
            .collect();
        for key in keys {
            let text = format!("echo {key} | docker swarm unlock\n");
            session.apply(Input::Type { node: node.clone(), text })?;
            session.run_until(session.world.now() + Duration::from_secs(2))?;
        }
    }
    Ok(())
}

/// True when the managers that are left are no majority of their group, because others have left it
/// without being demoted, or are locked with a key that nobody has any more: only
/// `--force-new-cluster` helps then, as Docker says.
fn cannot_recover(session: &Session<'_>) -> bool {
    let world = &session.world;
    let members: Vec<(RaftId, Vec<RaftId>)> = (0..world.host_count())
        .filter_map(|host| world.probe(host)?.daemon)
        .filter_map(|daemon| daemon.swarm().raft())
        .map(|raft| (raft.id(), raft.voters().to_vec()))
        .collect();
    let alive: Vec<RaftId> = members.iter().map(|(id, _)| *id).collect();
    members.iter().any(|(_, voters)| {
        let count = voters.iter().filter(|voter| alive.contains(voter)).count();
        count * 2 <= voters.len()
    }) || members.is_empty()
}
