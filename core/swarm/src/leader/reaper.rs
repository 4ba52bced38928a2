//! The task reaper: keeps a slot's history short and deletes what is to be removed (swarmkit:
//! `manager/orchestrator/taskreaper/task_reaper.go`).

use sorted::SortedSet;

use sim::{Duration, Time};

use super::task::{ROOM_MIN, SlotKey, timestamp};
use crate::objects::{Id, Object, Task, TaskState, defaults};
use crate::store::{Store, StoreEvent, Tx};

/// It waits for so much quiet.
const BATCHING_INTERVAL: Duration = Duration::from_millis(250);
/// With more to look at than this it waits no longer.
const DIRTY_LIMIT: usize = 1_000;
/// Nor longer than so: swarmkit has no such limit and needs none, because a container takes longer to
/// start than the quiet lasts. Here it is faster, and a service that fails again and again would never
/// be quiet.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The slots and tasks to look at.
#[derive(Debug, Default)]
pub(super) struct Reaper {
    dirty: SortedSet<SlotKey>,
    cleanup: SortedSet<Id>,
    due_at: Option<Time>,
    /// Since when something waits.
    waits_since: Option<Time>,
}

/// A task to be removed that has stopped or never ran, or a lost one that belongs to nobody.
fn is_garbage(task: &Task, store: &Store) -> bool {
    let state = task.status.state;
    let stopped = state < TaskState::Assigned || TaskState::Complete <= state;
    let orphan = TaskState::Orphaned <= state && store.service(&task.service_id).is_none();
    (task.desired_state == TaskState::Remove && stopped) || orphan
}

/// Where the task belongs; a job keeps its history, and so does what has no service.
fn slot_of(task: &Task, store: &Store) -> Option<SlotKey> {
    let service = store.service(&task.service_id)?;
    (!service.spec.mode.is_job()).then(|| SlotKey::of(task, &service.spec.mode))
}

impl Reaper {
    pub(super) fn new(store: &Store, now: Time) -> Self {
        let mut this = Self::default();
        for task in store.tasks().iter() {
            this.dirty.extend(slot_of(task, store));
            if is_garbage(task, store) {
                this.cleanup.insert(task.id.clone());
            }
        }
        this.schedule(now);
        this
    }

    fn schedule(&mut self, now: Time) {
        let count = self.dirty.len() + self.cleanup.len();
        self.due_at = match count {
            0 => None,
            count if DIRTY_LIMIT < count => Some(now),
            _ => {
                let since = *self.waits_since.get_or_insert(now);
                let patience = if sim::planted!(QuietAwaited) { u64::MAX } else { 1 };
                Some((now + BATCHING_INTERVAL).min(since + WAIT_MAX.saturating_mul(patience)))
            }
        };
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.due_at
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent, store: &Store, now: Time) {
        match event {
            StoreEvent::Created(Object::Task(task)) => {
                self.dirty.extend(slot_of(task, store));
            }
            StoreEvent::Updated { new: Object::Task(task), .. } => {
                if is_garbage(task, store) {
                    self.cleanup.insert(task.id.clone());
                }
            }
            _ => return,
        }
        self.schedule(now);
    }

    pub(super) fn run(&mut self, tx: &mut Tx) {
        (self.due_at, self.waits_since) = (None, None);
        while ROOM_MIN < tx.room() {
            let Some(id) = self.cleanup.pop_first() else { break };
            if tx.store().task(&id).is_some() {
                tx.remove::<Task>(&id).expect("it was just read, and there is room");
            }
        }
        if !self.cleanup.is_empty() {
            self.due_at = Some(tx.now());
            return;
        }
        let limit = tx
            .store()
            .cluster()
            .map_or(defaults::TASK_HISTORY_LIMIT, |cluster| cluster.spec.task_history_limit);
        let slots: Vec<SlotKey> = self.dirty.iter().cloned().collect();
        for slot in slots {
            if tx.room() <= ROOM_MIN {
                self.due_at = Some(tx.now());
                return;
            }
            if shorten(tx, &slot, limit) {
                self.dirty.remove(&slot);
            }
        }
    }
}

/// Deletes the oldest ended tasks of a slot beyond the limit. Returns false if the slot must be
/// looked at again because several of its tasks still run.
fn shorten(tx: &mut Tx, slot: &SlotKey, limit: i64) -> bool {
    let Some(service) = tx.store().service(&slot.service) else { return true };
    let attempts = service.spec.task.restart.map_or(0, |restart| restart.max_attempts);
    let limit = match i64::try_from(attempts) {
        Ok(0) => limit,
        Ok(attempts) => attempts.saturating_add(1),
        Err(_) => i64::MAX,
    };
    let Ok(limit) = usize::try_from(limit) else { return true };
    let limit = limit + usize::from(sim::planted!(HistoryTooLong));
    let mut tasks = slot.tasks(tx.store());
    tasks.sort_by_key(|task| timestamp(task));
    let Some(mut excess) = tasks.len().checked_sub(limit).filter(|excess| *excess > 0) else {
        return true;
    };
    let mut running = 0;
    for task in &tasks {
        let ended = TaskState::Running < task.status.state || sim::planted!(LiveTaskReaped);
        let never_ran =
            task.status.state < TaskState::Assigned && TaskState::Running < task.desired_state;
        if !ended && !never_ran {
            running += 1;
        } else if 0 < excess {
            if tx.room() <= ROOM_MIN {
                return false;
            }
            tx.remove::<Task>(&task.id).expect("it was just read, and there is room");
            excess -= 1;
        }
    }
    running <= 1
}
