//! What runs on the leader only (swarmkit: `manager/orchestrator`, `manager/scheduler`,
//! `manager/allocator`).
//!
//! A service becomes running containers step by step, each step a transaction of its own:
//!
//! 1. an orchestrator makes tasks (NEW): [`replicated`](self), global or jobs;
//! 2. the allocator gives them addresses (PENDING);
//! 3. the scheduler gives them a node (ASSIGNED);
//! 4. the dispatcher hands them to the node's agent, which reports the later states;
//! 5. when one ends, the restart supervisor shuts it down and puts another in its slot;
//! 6. the reaper forgets the oldest.
//!
//! No loop talks to another: each watches the store's events and changes the store. A task's state
//! and desired state never go back.

mod allocator;
pub mod constraint;
mod enforcer;
mod global;
mod jobs;
mod reaper;
mod removal;
mod replicated;
mod restart;
mod scheduler;
mod task;
#[cfg(test)]
mod tests;
mod update;

use sim::{Rng, Streams, Time};

use crate::store::{Store, StoreEvent, Tx};

/// All loops of a leader. Made when a manager leads and has applied everything; dropped when it
/// stops leading.
#[derive(Debug)]
pub struct Loops {
    /// The stream of task identifiers.
    ids: Rng,
    removal: removal::Removal,
    replicated: replicated::Replicated,
    global: global::Global,
    jobs: jobs::Jobs,
    restarts: restart::Supervisor,
    updates: update::Updates,
    allocator: allocator::Allocator,
    enforcer: enforcer::Enforcer,
    scheduler: scheduler::Scheduler,
    reaper: reaper::Reaper,
}

impl Loops {
    /// The loops of a new leader, which take up what they find in the store.
    pub fn new(store: &Store, now: Time, mut rng: Rng) -> Self {
        let streams = Streams::new(rng.next_u64());
        let mut restarts = restart::Supervisor::default();
        restarts.take_up(store, now);
        Self {
            ids: streams.stream("task ids"),
            removal: removal::Removal::new(store),
            replicated: replicated::Replicated::new(store),
            global: global::Global::new(store),
            jobs: jobs::Jobs::new(store),
            restarts,
            updates: update::Updates::default(),
            allocator: allocator::Allocator::new(store),
            enforcer: enforcer::Enforcer::new(store),
            scheduler: scheduler::Scheduler::new(store, now, streams.stream("scheduler ties")),
            reaper: reaper::Reaper::new(store, now),
        }
    }

    /// Tells the loops what a committed transaction did: one of theirs, an API request's or the
    /// dispatcher's.
    pub fn on_events(&mut self, events: &[StoreEvent], store: &Store, now: Time) {
        for event in events {
            self.removal.on_event(event);
            self.restarts.on_event(event);
            self.updates.on_event(event);
            self.replicated.on_event(event, store);
            self.global.on_event(event, store);
            self.jobs.on_event(event, store);
            self.allocator.on_event(event, store);
            self.enforcer.on_event(event);
            self.scheduler.on_event(event, now);
            self.reaper.on_event(event, store, now);
        }
    }

    fn has_work(&self) -> bool {
        self.removal.is_due()
            || self.replicated.is_due()
            || self.global.is_due()
            || self.jobs.is_due()
            || self.allocator.is_due()
            || self.enforcer.is_due()
    }

    /// When [`Loops::run`] has something to do; an instant in the past means now.
    pub fn next_deadline(&self) -> Option<Time> {
        if self.has_work() {
            return Some(Time::EPOCH);
        }
        let deadlines = [
            self.restarts.next_deadline(),
            self.updates.next_deadline(),
            self.scheduler.next_deadline(),
            self.reaper.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Does what is due, at most one transaction's worth and one loop's. If the transaction is not
    /// empty the caller proposes it, applies it, reports its events, and calls again while
    /// [`Loops::next_deadline`] is not in the future.
    pub fn run(&mut self, tx: &mut Tx) {
        let now = tx.now();
        let due = |deadline: Option<Time>| deadline.is_some_and(|at| at <= now);
        self.removal.run(tx);
        if tx.is_empty() {
            self.replicated.run(tx, &mut self.ids, &mut self.restarts, &mut self.updates);
        }
        if tx.is_empty() {
            self.global.run(tx, &mut self.ids, &mut self.restarts, &mut self.updates);
        }
        if tx.is_empty() {
            self.jobs.run(tx, &mut self.ids, &mut self.restarts);
        }
        if tx.is_empty()
            && due(self.restarts.next_deadline())
            && self.restarts.run(tx, &mut self.ids)
        {
            self.updates.on_started();
        }
        if tx.is_empty() && due(self.updates.next_deadline()) {
            self.updates.run(tx, &mut self.ids, &mut self.restarts);
        }
        if tx.is_empty() {
            self.allocator.run(tx);
        }
        if tx.is_empty() {
            self.enforcer.run(tx);
        }
        if tx.is_empty() && due(self.scheduler.next_deadline()) {
            self.scheduler.run(tx);
        }
        if tx.is_empty() && due(self.reaper.next_deadline()) {
            self.reaper.run(tx);
        }
    }
}
