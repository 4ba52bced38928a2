//! The shortest part of a history that still fails: delta debugging over its inputs (Zeller and
//! Hildebrandt, "Simplifying and Isolating Failure-Inducing Input"). Inputs keep their times.

use std::time::{Duration, Instant};

use world::Recorded;

use crate::case::{Failure, History, Mode};

/// A shorter history may fail a little later than the long one did, in nanoseconds.
const SLACK_NS: u64 = 10_000_000_000;

/// Leaves inputs out as long as the same thing does not hold, for at most `budget` replays and about as
/// many seconds as `patience` has. The failure that comes back is the shorter history's own.
pub fn shrink(history: &History, budget: u32, patience: Duration) -> History {
    let Some(failure) = &history.failure else { return history.clone() };
    let mut best = history.clone();
    if history.mode == Mode::Safety {
        best.end_ns += SLACK_NS;
    }
    let until = Instant::now() + patience;
    let mut tries = Tries { name: failure.name.clone(), left: budget, until };
    // A part that is left out may be as large as half of all; then parts become smaller.
    let mut parts = 2;
    while 1 < best.inputs.len() && tries.left != 0 {
        let size = best.inputs.len().div_ceil(parts);
        let shorter = (0..parts).find_map(|part| {
            let gone =
                (part * size).min(best.inputs.len())..((part + 1) * size).min(best.inputs.len());
            if gone.is_empty() {
                return None;
            }
            let mut inputs: Vec<Recorded> = best.inputs[..gone.start].to_vec();
            inputs.extend_from_slice(&best.inputs[gone.end..]);
            tries.check(&History { inputs, ..best.clone() })
        });
        match shorter {
            Some(shorter) => {
                best = shorter;
                parts = parts.saturating_sub(1).max(2);
            }
            None if best.inputs.len() <= parts => break,
            None => parts = (parts * 2).min(best.inputs.len()),
        }
    }
    best
}

struct Tries {
    name: String,
    left: u32,
    until: Instant,
}

impl Tries {
    /// The history with its failure, if it fails in the same way.
    fn check(&mut self, history: &History) -> Option<History> {
        self.left = self.left.checked_sub(1)?;
        if self.until < Instant::now() {
            self.left = 0;
            return None;
        }
        let failure: Failure = history.replay().failure?;
        (failure.name == self.name).then(|| History { failure: Some(failure), ..history.clone() })
    }
}
