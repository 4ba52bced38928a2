//! Bugs are planted in the core one by one, and each has to be found: by the sweep, whose invariants know
//! nothing of the bugs, or by a named scenario. What stays unfound is a hole in the net.
//!
//! `cargo test --profile sweep -p glasshive-planted` is the test (part of `cargo xtask test`), and prints what
//! found each bug and how long it took. `cargo run --profile sweep -p glasshive-planted -- BUG` looks for
//! one with more seeds.

mod lab;
mod list;
mod scenarios;

use std::panic;

use sim::planted::{self, Bug};
use sweep::{Case, Cluster, Failure, FaultSet, Mode};

pub use lab::Lab;
pub use list::{By, LIST, Scenario};

/// How a bug was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What did not hold: the name of an invariant, `panic`, or the scenario's.
    pub name: String,
    /// Seeds that were played, the last one included; 1 for a scenario.
    pub seed_count: u64,
    /// Events of all of them.
    pub event_count: u64,
}

/// Looks for a bug in so many seeds at most; nothing if it was not found.
pub fn find(bug: Option<Bug>, by: By, seeds: u64) -> Option<Found> {
    panic::set_hook(Box::new(|_| {}));
    planted::choose(bug);
    let found = match by {
        By::Sweep(cluster, mode) => sweep_for(cluster, mode, seeds),
        By::Part(story) => {
            let failure = story().err();
            failure.map(|Failure { name, .. }| Found { name, seed_count: 1, event_count: 0 })
        }
        By::Scenario(scenario) => {
            let (failure, event_count) = lab::play(scenario);
            failure.map(|Failure { name, .. }| Found { name, seed_count: 1, event_count })
        }
    };
    planted::choose(None);
    found
}

fn sweep_for(cluster: Cluster, mode: Mode, seeds: u64) -> Option<Found> {
    let mut event_count = 0;
    for seed in 0..seeds {
        let (outcome, _) = Case { seed, cluster, mode, faults: FaultSet::default() }.run();
        event_count += outcome.event_count;
        if let Some(Failure { name, .. }) = outcome.failure {
            return Some(Found { name, seed_count: seed + 1, event_count });
        }
    }
    None
}
