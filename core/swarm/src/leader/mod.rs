//! What runs on the leader only: orchestrators, allocator, scheduler, updater, reaper.

pub mod constraint;

use sim::{Rng, Time};

use crate::store::{Store, StoreEvent, Tx};

/// All loops of a leader. Made when a manager leads and has applied everything; dropped when it
/// stops leading.
#[derive(Debug)]
pub struct Loops {
    rng: Rng,
}

impl Loops {
    /// The loops of a new leader.
    pub fn new(_store: &Store, _now: Time, rng: Rng) -> Self {
        Self { rng }
    }

    /// Tells the loops what a committed transaction did.
    pub fn on_events(&mut self, _events: &[StoreEvent], _store: &Store, _now: Time) {}

    /// When [`Loops::run`] has something to do; an instant in the past means now.
    pub fn next_deadline(&self) -> Option<Time> {
        None
    }

    /// Does what is due, at most one transaction's worth. If the transaction is not empty the
    /// caller proposes it, applies it, reports its events, and calls again.
    pub fn run(&mut self, _tx: &mut Tx) {
        let _ = &mut self.rng;
    }
}
