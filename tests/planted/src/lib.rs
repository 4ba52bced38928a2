//! Bugs are planted in the core one by one, and each has to be found: by the sweep, whose invariants know
//! nothing of the bugs, or by a named scenario. What stays unfound is a hole in the net.
//!
//! `cargo test --profile sweep -p glasshive-planted` is the test (part of `cargo xtask test`): what has to find
//! each bug finds it, and nothing else does before. With `-- --nocapture` it prints the table. `cargo run --profile sweep -p glasshive-planted -- BUG` looks for
//! one with more seeds.

mod consensus;
mod kubernetes;
mod lab;
mod lasting;
mod list;
mod scenarios;

use std::panic;

use sim::Duration;
use sim::planted::{self, Bug};
use sweep::{Case, Cluster, Failure, FaultSet, Mode};

pub use lab::Lab;
pub use list::{By, Finders, LIST, Scenario};

/// How a bug was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What did not hold: the name of an invariant, `panic`, or the scenario's.
    pub name: String,
    /// Seeds that were played, the last one included; 1 for a scenario.
    pub seed_count: u64,
    /// Events of all of them.
    pub event_count: u64,
    /// Virtual time of all of them.
    pub simulated: Duration,
    /// What was seen.
    pub what: String,
}

impl Found {
    /// The heads of [`Found::row`]'s columns.
    pub const HEAD: &'static str =
        "planted bug            found by                    seeds   events   simulated";

    /// One line of the table.
    pub fn row(&self, bug: Bug) -> String {
        let Self { name, seed_count, event_count, simulated, .. } = self;
        let (bug, seconds) = (format!("{bug:?}"), simulated.as_secs());
        format!("{bug:<22} {name:<26} {seed_count:>6} {event_count:>8} {seconds:>9} s")
    }
}

/// Looks for a bug in so many seeds at most; nothing if it was not found.
pub fn find(bug: Option<Bug>, by: By, seeds: u64) -> Option<Found> {
    panic::set_hook(Box::new(|_| {}));
    planted::choose(bug);
    let result = match by {
        By::Sweep(cluster, mode) => sweep_for(cluster, mode, seeds),
        By::Part(story) => story().err().map(|failure| found(failure, 1, 0, Duration::ZERO)),
        By::Scenario(scenario) => play(Cluster::Swarm, scenario),
        By::KubeScenario(scenario) => play(Cluster::Kubernetes, scenario),
    };
    planted::choose(None);
    result
}

fn play(cluster: Cluster, scenario: Scenario) -> Option<Found> {
    let (failure, event_count, simulated) = lab::play(cluster, scenario);
    failure.map(|failure| found(failure, 1, event_count, simulated))
}

fn found(failure: Failure, seed_count: u64, event_count: u64, simulated: Duration) -> Found {
    let Failure { name, what } = failure;
    Found { name, seed_count, event_count, simulated, what }
}

fn sweep_for(cluster: Cluster, mode: Mode, seeds: u64) -> Option<Found> {
    let (mut event_count, mut simulated) = (0, Duration::ZERO);
    for seed in 0..seeds {
        let (outcome, _) = Case { seed, cluster, mode, faults: FaultSet::default() }.run();
        event_count += outcome.event_count;
        simulated = simulated + outcome.simulated;
        if let Some(failure) = outcome.failure {
            return Some(found(failure, seed + 1, event_count, simulated));
        }
    }
    None
}
