//! One seed, from its first input to its verdict; the same again from a recorded history.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use invariants::Violation;
use serde::{Deserialize, Serialize};
use sim::{Duration, Rng, Streams};
use world::{Recorded, Spec, World};

use crate::faults::{FaultSet, Faults};
use crate::rest::rest;
use crate::session::Session;
use crate::shape::Cluster;
use crate::workload::People;

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
    /// What its hosts are.
    pub cluster: Cluster,
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
        let spec = self.cluster.spec(self.seed, &mut rng);
        let (mut inputs, mut tally) = (Vec::new(), Tally::default());
        let result = guarded(|| {
            let mut session = Session::new(spec.clone(), &mut inputs)?;
            let played = self.play(&mut session, &mut rng, &mut tally);
            // As far as the history goes, also where something did not hold on the way.
            tally.take(&session);
            let end_ns = tally.end_ns;
            // Peace is not part of it: a replay makes its own.
            let played = played.and_then(|()| end(&mut session, self.mode));
            tally.take(&session);
            tally.end_ns = end_ns;
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
        let spec = session.world.spec().clone();
        let mut people = People::draw(rng, &spec);
        let set = match self.mode {
            Mode::Safety => self.faults.clone(),
            Mode::Liveness => self.faults.that_can_be_mended(),
        };
        let mut faults = Faults::draw(rng, &set, &spec);
        let fault_share = if set.is_empty() { 0 } else { rng.between(0, 60) };
        let pause_ms = *rng.pick(&self.cluster.pauses_ms()).unwrap_or(&2_000);
        let count = rng.between(20, 120);
        for _ in 0..count {
            let pause = Duration::from_nanos(rng.below(pause_ms * 1_000_000));
            session.run_until(session.world.now() + pause)?;
            let inputs = if rng.chance(fault_share, 100) {
                faults.next(&session.world, rng)
            } else {
                people.next(session, rng)
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
