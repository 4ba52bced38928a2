//! Updates and rollbacks: replaces the tasks of a service slot by slot (swarmkit:
//! `manager/orchestrator/update/updater.go`).

use sorted::{SortedMap, SortedSet};
use std::collections::VecDeque;
use std::rc::Rc;

use sim::{Duration, Rng, Time};

use super::restart::Supervisor;
use super::task::{ROOM_MIN, SlotKey, is_dirty, new_task, raise_desired};
use crate::objects::{
    FailureAction, Id, Object, Service, Task, TaskState, UpdateConfig, UpdateOrder, UpdateState,
    UpdateStatus, defaults,
};
use crate::store::{Store, StoreEvent, Tx};

/// The updates under way, one per service at most.
#[derive(Debug, Default)]
pub(super) struct Updates {
    by_service: SortedMap<Id, Update>,
    /// Something has happened that an update may wait for.
    changed: bool,
}

/// One replacement at a time.
#[derive(Debug)]
enum Worker {
    Idle,
    /// Waits for a task that was there already to be started.
    Existing(Id),
    /// Waits for a new task to run; with start-first the old ones stop then.
    Starting(Id),
    /// Pauses before the next slot.
    Pausing(Time),
}

#[derive(Debug)]
struct Update {
    service: Rc<Service>,
    config: UpdateConfig,
    monitor: Duration,
    queue: VecDeque<SlotKey>,
    workers: Vec<(Worker, Option<SlotKey>)>,
    slot_count: u64,
    /// New tasks and when they were seen running.
    updated: SortedMap<Id, Option<Time>>,
    /// Tasks of the service that ended, not judged yet.
    ended: SortedSet<Id>,
    failed: SortedSet<Id>,
    /// No more slots: paused or rolled back.
    stopped: bool,
    /// All slots are done; the last ones are watched until then.
    monitor_until: Option<Time>,
}

impl Updates {
    pub(super) fn next_deadline(&self) -> Option<Time> {
        if self.changed && !self.by_service.is_empty() {
            return Some(Time::EPOCH);
        }
        self.by_service.values().filter_map(Update::next_deadline).min()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent) {
        match event {
            StoreEvent::Updated { new: Object::Task(task), .. } => {
                if let Some(update) = self.by_service.get_mut(&task.service_id) {
                    self.changed = true;
                    if TaskState::Running < task.status.state {
                        update.ended.insert(task.id.clone());
                    }
                }
            }
            StoreEvent::Removed(Object::Task(task)) => {
                self.changed |= self.by_service.contains_key(&task.service_id);
            }
            StoreEvent::Removed(Object::Service(service)) => {
                self.by_service.remove(&service.id);
            }
            _ => {}
        }
    }

    /// A delayed start is over.
    pub(super) fn on_started(&mut self) {
        self.changed = true;
    }

    /// Begins to update the slots that are not what the service asks for, unless an update to the
    /// same spec is under way.
    pub(super) fn update(
        &mut self,
        tx: &mut Tx,
        restarts: &mut Supervisor,
        service: &Rc<Service>,
        slots: Vec<SlotKey>,
    ) {
        if let Some(update) = self.by_service.get(&service.id) {
            if update.service.spec == service.spec {
                return;
            }
            self.by_service.remove(&service.id);
        }
        let state = service.update_status.as_ref().map(|status| status.state);
        if matches!(state, Some(UpdateState::Paused | UpdateState::RollbackPaused)) {
            return;
        }
        let dirty: VecDeque<SlotKey> = slots
            .into_iter()
            .filter(|slot| slot_is_dirty(tx.store(), restarts, service, slot))
            .collect();
        if dirty.is_empty() {
            if matches!(state, Some(UpdateState::Updating | UpdateState::RollbackStarted)) {
                complete(tx, &service.id);
            }
            return;
        }
        if state.is_none() {
            start(tx, &service.id);
        }
        let rolling_back = state == Some(UpdateState::RollbackStarted);
        let config = if rolling_back { service.spec.rollback } else { service.spec.update };
        let config = config.unwrap_or(defaults::UPDATE);
        let parallelism = match config.parallelism {
            _ if sim::planted!(ParallelismIgnored) => dirty.len(),
            0 => dirty.len(),
            limit => usize::try_from(limit).map_or(dirty.len(), |limit| limit.min(dirty.len())),
        };
        let update = Update {
            service: Rc::clone(service),
            config,
            monitor: config.monitor.unwrap_or(defaults::MONITOR),
            slot_count: dirty.len() as u64,
            queue: dirty,
            workers: (0..parallelism).map(|_| (Worker::Idle, None)).collect(),
            updated: SortedMap::new(),
            ended: SortedSet::new(),
            failed: SortedSet::new(),
            stopped: false,
            monitor_until: None,
        };
        self.by_service.insert(service.id.clone(), update);
        self.changed = true;
    }

    pub(super) fn run(&mut self, tx: &mut Tx, ids: &mut Rng, restarts: &mut Supervisor) {
        self.changed = false;
        let services: Vec<Id> = self.by_service.keys().cloned().collect();
        for id in services {
            let Some(update) = self.by_service.get_mut(&id) else { continue };
            match update.step(tx, ids, restarts) {
                Step::GoesOn => {}
                Step::Over => {
                    self.by_service.remove(&id);
                }
                Step::NoRoom => {
                    self.changed = true;
                    return;
                }
            }
        }
    }
}

fn slot_tasks(
    store: &Store,
    restarts: &mut Supervisor,
    service: &Service,
    slot: &SlotKey,
) -> Vec<Rc<Task>> {
    restarts.updatable(&slot.tasks(store), service)
}

fn task_is_dirty(store: &Store, service: &Service, task: &Task) -> bool {
    is_dirty(service, task, task.node_id.as_ref().and_then(|node| store.node(node)))
}

fn slot_is_dirty(
    store: &Store,
    restarts: &mut Supervisor,
    service: &Service,
    slot: &SlotKey,
) -> bool {
    match slot_tasks(store, restarts, service, slot).as_slice() {
        [] => false,
        [task] => task_is_dirty(store, service, task),
        _ => true,
    }
}

enum Step {
    GoesOn,
    Over,
    NoRoom,
}

impl Update {
    fn next_deadline(&self) -> Option<Time> {
        let pauses = self.workers.iter().filter_map(|(worker, _)| match worker {
            Worker::Pausing(until) => Some(*until),
            _ => None,
        });
        pauses.chain(self.monitor_until).min()
    }

    fn step(&mut self, tx: &mut Tx, ids: &mut Rng, restarts: &mut Supervisor) -> Step {
        for index in 0..self.workers.len() {
            if tx.room() <= ROOM_MIN {
                return Step::NoRoom;
            }
            self.advance(index, tx, restarts);
        }
        if self.judge(tx) {
            self.stopped = true;
            self.queue.clear();
        }
        for index in 0..self.workers.len() {
            while matches!(self.workers[index].0, Worker::Idle) {
                if tx.room() <= ROOM_MIN {
                    return Step::NoRoom;
                }
                let Some(slot) = self.queue.pop_front() else { break };
                self.begin(index, slot, tx, ids, restarts);
            }
        }
        let busy = self.workers.iter().any(|(worker, _)| !matches!(worker, Worker::Idle));
        if busy || !self.queue.is_empty() {
            return Step::GoesOn;
        }
        if self.stopped {
            return Step::Over;
        }
        let now = tx.now();
        let span = if self.monitor <= self.config.delay {
            self.config.delay + Duration::from_secs(1)
        } else {
            self.monitor
        };
        let until = *self.monitor_until.get_or_insert(now + span);
        if until <= now {
            complete(tx, &self.service.id);
            return Step::Over;
        }
        Step::GoesOn
    }

    /// Moves a worker on that has waited for what has come.
    fn advance(&mut self, index: usize, tx: &mut Tx, restarts: &mut Supervisor) {
        let now = tx.now();
        let (worker, slot) = &mut self.workers[index];
        let done = match worker {
            Worker::Idle => return,
            Worker::Pausing(until) => {
                if *until <= now {
                    *worker = Worker::Idle;
                }
                return;
            }
            Worker::Existing(task) => !restarts.is_delayed(task),
            Worker::Starting(new) => {
                // A task that was given up meanwhile (its node is drained or lost) will not run.
                let task = tx.store().task(new);
                let alive = task.filter(|task| {
                    task.desired_state <= TaskState::Running || task.status.state.is_terminal()
                });
                match alive.map(|task| task.status.state) {
                    None => true,
                    Some(state) if state < TaskState::Running => false,
                    Some(state) => {
                        self.updated.entry(new.clone()).or_default().get_or_insert(now);
                        let start_first = self.config.order == UpdateOrder::StartFirst;
                        if start_first
                            && state == TaskState::Running
                            && let Some(slot) = slot.as_ref()
                        {
                            shut_down_others(tx, slot, new);
                        }
                        true
                    }
                }
            }
        };
        if done {
            *worker = if self.config.delay == Duration::ZERO {
                Worker::Idle
            } else {
                Worker::Pausing(now + self.config.delay)
            };
            *slot = None;
        }
    }

    /// Replaces the tasks of one slot.
    fn begin(
        &mut self,
        index: usize,
        slot: SlotKey,
        tx: &mut Tx,
        ids: &mut Rng,
        restarts: &mut Supervisor,
    ) {
        let tasks = slot_tasks(tx.store(), restarts, &self.service, &slot);
        if tasks.is_empty() || tx.store().service(&slot.service).is_none() {
            return;
        }
        let clean = |state: fn(TaskState) -> bool| {
            tasks.iter().find(|task| {
                state(task.desired_state) && !task_is_dirty(tx.store(), &self.service, task)
            })
        };
        let existing = clean(|state| state == TaskState::Running)
            .or_else(|| clean(|state| state < TaskState::Running))
            .cloned();
        if let Some(existing) = existing {
            let old = shut_down_others(tx, &slot, &existing.id);
            if existing.desired_state < TaskState::Running {
                restarts.delay_start(tx.now(), old.as_deref(), &existing.id, Duration::ZERO, true);
                self.workers[index] = (Worker::Existing(existing.id.clone()), Some(slot));
            } else if self.config.delay != Duration::ZERO {
                let until = tx.now() + self.config.delay;
                self.workers[index] = (Worker::Pausing(until), None);
            }
            return;
        }
        let mut new = new_task(ids, tx.now(), &self.service, slot.slot, slot.node.as_ref());
        new.desired_state = TaskState::Ready;
        let id = new.id.clone();
        tx.create(new).expect("a random identifier is new, and there is room");
        self.updated.insert(id.clone(), None);
        let starts_first = self.config.order == UpdateOrder::StartFirst;
        if starts_first || sim::planted!(UpdateOrderSwapped) {
            restarts.delay_start(tx.now(), None, &id, Duration::ZERO, false);
        } else {
            let old = shut_down_others(tx, &slot, &id);
            restarts.delay_start(tx.now(), old.as_deref(), &id, Duration::ZERO, true);
        }
        self.workers[index] = (Worker::Starting(id), Some(slot));
    }

    /// Looks at the tasks that ended: true when there are too many of them and the update pauses or
    /// is rolled back.
    fn judge(&mut self, tx: &mut Tx) -> bool {
        let now = tx.now();
        let ended = std::mem::take(&mut self.ended);
        if self.config.failure_action == FailureAction::Continue || self.stopped {
            return false;
        }
        for id in ended {
            let Some(started) = self.updated.get(&id) else { continue };
            if started.is_some_and(|started| {
                self.monitor < now.since(started) || sim::planted!(MonitorIgnored)
            }) {
                continue;
            }
            if !self.failed.insert(id.clone()) {
                continue;
            }
            let failures = self.failed.len() as u64;
            let tolerated = u64::from(self.config.max_failure_ratio_ppm) * self.slot_count;
            if failures * 1_000_000 <= tolerated {
                continue;
            }
            fail(tx, &self.service.id, self.config.failure_action, &id);
            return true;
        }
        false
    }
}

/// Shuts the slot's other tasks down; returns the last of them.
fn shut_down_others(tx: &mut Tx, slot: &SlotKey, keep: &Id) -> Option<Rc<Task>> {
    let mut last = None;
    for task in slot.tasks(tx.store()) {
        if task.id != *keep
            && task.desired_state <= TaskState::Running
            && raise_desired(tx, &task.id, TaskState::Shutdown)
        {
            last = Some(task);
        }
    }
    last
}

fn change_service(tx: &mut Tx, id: &Id, change: impl FnOnce(&mut Service)) {
    if let Some(mut service) = tx.store().service(id).map(|service| (**service).clone()) {
        change(&mut service);
        tx.update(service).expect("it was just read, and there is room");
    }
}

fn start(tx: &mut Tx, id: &Id) {
    let now = tx.now();
    change_service(tx, id, |service| {
        service.update_status.get_or_insert(UpdateStatus {
            state: UpdateState::Updating,
            started_at: Some(now),
            completed_at: None,
            message: "update in progress".to_owned(),
        });
    });
}

fn complete(tx: &mut Tx, id: &Id) {
    let now = tx.now();
    if tx.store().service(id).is_none_or(|service| service.update_status.is_none()) {
        return;
    }
    change_service(tx, id, |service| {
        let Some(status) = &mut service.update_status else { return };
        let (state, message) = match status.state {
            UpdateState::RollbackStarted => (UpdateState::RollbackCompleted, "rollback completed"),
            _ => (UpdateState::Completed, "update completed"),
        };
        (status.state, status.message, status.completed_at) =
            (state, message.to_owned(), Some(now));
    });
}

/// Pauses the update, or returns to the previous spec. A rollback that fails can only pause.
fn fail(tx: &mut Tx, id: &Id, action: FailureAction, task: &Id) {
    let because = format!("due to failure or early termination of task {task}");
    change_service(tx, id, |service| {
        let Some(status) = &mut service.update_status else { return };
        let rolling_back = status.state == UpdateState::RollbackStarted;
        let previous = service.previous_spec.take_if(|_| {
            action == FailureAction::Rollback && !rolling_back && !sim::planted!(RollbackForgotten)
        });
        if let Some(previous) = previous {
            status.state = UpdateState::RollbackStarted;
            status.message = format!("update rolled back {because}");
            service.spec = *previous;
            service.spec_version = service.previous_spec_version.take().unwrap_or_default();
        } else if rolling_back {
            status.state = UpdateState::RollbackPaused;
            // swarmkit speaks of an update here unless the rollback's own action is rollback.
            let what = if action == FailureAction::Rollback { "rollback" } else { "update" };
            status.message = format!("{what} paused {because}");
        } else {
            status.state = UpdateState::Paused;
            status.message = format!("update paused {because}");
        }
    });
}
