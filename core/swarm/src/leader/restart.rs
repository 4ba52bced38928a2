//! The restart supervisor: replaces ended tasks, after a delay and after the old one has stopped
//! (swarmkit: `manager/orchestrator/restart/restart.go`).

use sorted::{SortedMap, SortedSet};
use std::collections::VecDeque;
use std::rc::Rc;

use sim::{Duration, Rng, Time};

use super::task::{
    ROOM_MIN, SlotKey, new_task, raise_desired, restart_condition, restart_policy, timestamp,
};
use crate::objects::{
    Availability, Id, NodeState, Object, RestartCondition, Service, ServiceMode, Task, TaskState,
    UpdateState, defaults,
};
use crate::store::{Store, StoreEvent, Tx};

/// How long a replacement waits at most for the old task to stop.
const OLD_TASK_TIMEOUT: Duration = Duration::from_secs(60);

/// A task that is to be started later: its desired state is READY until then.
#[derive(Debug)]
struct Delay {
    start_at: Time,
    waits: Vec<Wait>,
}

/// An old task that must stop before.
#[derive(Clone, Debug)]
struct Wait {
    old: Id,
    node: Option<Id>,
    until: Time,
}

impl Delay {
    fn due(&self) -> Time {
        self.waits.iter().map(|wait| wait.until).fold(self.start_at, Time::max)
    }
}

/// How often a slot was restarted; only kept where the policy has a limit.
#[derive(Debug, Default)]
struct History {
    spec_version: u64,
    total: u64,
    /// When, oldest first; only kept where the policy has a window.
    restarts: VecDeque<Time>,
}

/// The supervisor of one leader. Its counts begin anew with each leader, from the tasks it finds.
#[derive(Debug, Default)]
pub(super) struct Supervisor {
    delays: SortedMap<Id, Delay>,
    /// Tasks that ended while they were still to be started.
    waiters: SortedSet<Id>,
    history: SortedMap<SlotKey, History>,
}

impl Supervisor {
    /// The task still waits for its start.
    pub(super) fn is_delayed(&self, task: &str) -> bool {
        self.delays.contains_key(task)
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.delays.values().map(Delay::due).min()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent) {
        match event {
            StoreEvent::Updated { new: Object::Task(task), .. }
                if TaskState::Running < task.status.state =>
            {
                self.stopped(|wait| wait.old == task.id);
            }
            StoreEvent::Removed(Object::Task(task)) => {
                self.delays.remove(&task.id);
                self.waiters.remove(&task.id);
                self.stopped(|wait| wait.old == task.id);
            }
            StoreEvent::Updated { new: Object::Node(node), .. }
                if node.status.state == NodeState::Down =>
            {
                self.stopped(|wait| wait.node.as_ref() == Some(&node.id));
            }
            StoreEvent::Removed(Object::Node(node)) => {
                self.stopped(|wait| wait.node.as_ref() == Some(&node.id));
            }
            StoreEvent::Removed(Object::Service(service)) => {
                self.history.retain(|key, _| key.service != service.id);
            }
            _ => {}
        }
    }

    /// Those who waited for it need not any more.
    fn stopped(&mut self, is_it: impl Fn(&Wait) -> bool) {
        for delay in self.delays.values_mut() {
            delay.waits.retain(|wait| !is_it(wait));
        }
    }

    /// Starts the tasks whose delay is over. Returns whether any delay ended.
    pub(super) fn run(&mut self, tx: &mut Tx, ids: &mut Rng) -> bool {
        let now = tx.now();
        let due: Vec<Id> = self
            .delays
            .iter()
            .filter(|(_, delay)| delay.due() <= now)
            .map(|(id, _)| id.clone())
            .take(tx.room().saturating_sub(ROOM_MIN) / 3)
            .collect();
        for id in &due {
            self.delays.remove(id);
            if self.waiters.remove(id) {
                self.restart_waiting(tx, ids, id);
            } else {
                start_now(tx, id);
            }
        }
        !due.is_empty()
    }

    fn restart_waiting(&mut self, tx: &mut Tx, ids: &mut Rng, id: &Id) {
        let Some(task) = tx.store().task(id).cloned() else { return };
        let Some(service) = tx.store().service(&task.service_id).cloned() else { return };
        if task.desired_state <= TaskState::Complete {
            self.restart(tx, ids, &service, &task);
        }
    }

    /// Shuts the task down and, if its policy says so, makes another in its place.
    pub(super) fn restart(&mut self, tx: &mut Tx, ids: &mut Rng, service: &Service, task: &Task) {
        if self.delays.contains_key(&task.id) {
            self.waiters.insert(task.id.clone());
            return;
        }
        if TaskState::Complete < task.desired_state {
            return;
        }
        raise_desired(tx, &task.id, TaskState::Shutdown);
        if !self.should_restart(task, service) {
            return;
        }
        let now = tx.now();
        // A global service's replacement belongs to the same node.
        let node_id = task.node_id.clone().filter(|_| service.spec.mode.is_per_node());
        let mut replacement = new_task(ids, now, service, task.slot, node_id.as_ref());
        replacement.desired_state = TaskState::Ready;
        let node = task.node_id.as_ref().and_then(|id| tx.store().node(id)).cloned();
        let drained =
            node.as_ref().is_some_and(|node| node.spec.availability == Availability::Drain);
        let delay = if drained || sim::planted!(DelayIgnored) {
            Duration::ZERO
        } else {
            restart_policy(&task.spec).delay.unwrap_or(defaults::RESTART_DELAY)
        };
        let down = node.as_ref().is_some_and(|node| node.status.state == NodeState::Down);
        let wait_stop = !down && task.status.state <= TaskState::Running;
        let id = replacement.id.clone();
        self.record(&replacement, &service.spec.mode, now);
        if tx.create(replacement).is_ok() {
            self.delay_start(now, Some(task), &id, delay, wait_stop);
        }
    }

    /// Lets the new task run after the delay and, if asked, after the old one has stopped.
    pub(super) fn delay_start(
        &mut self,
        now: Time,
        old: Option<&Task>,
        new: &Id,
        delay: Duration,
        wait_stop: bool,
    ) {
        let wait = old
            .filter(|old| {
                wait_stop
                    && !sim::planted!(OldTaskNotAwaited)
                    && old.status.state <= TaskState::Running
            })
            .map(|old| Wait {
                old: old.id.clone(),
                node: old.node_id.clone(),
                until: now + OLD_TASK_TIMEOUT,
            });
        // An update that comes to a task that waits already lets it wait on, or whoever takes its place. swarmkit's
        // `DelayStart` forgets what it waited for, and two tasks run in the slot until the old one has stopped.
        let before = old.map(|old| &old.id).into_iter().chain([new]).filter(|_| wait_stop);
        let inherited = before.filter_map(|task| self.delays.get(task)).flat_map(|one| &one.waits);
        let waits = inherited.cloned().chain(wait).collect();
        self.delays.insert(new.clone(), Delay { start_at: now + delay, waits });
    }

    /// What the restart policy says of a task that has ended.
    pub(super) fn should_restart(&mut self, task: &Task, service: &Service) -> bool {
        let complete = task.status.state == TaskState::Complete;
        match restart_condition(task) {
            RestartCondition::Any if complete && service.spec.mode.is_job() => return false,
            RestartCondition::OnFailure if complete => return false,
            RestartCondition::None => return false,
            RestartCondition::Any | RestartCondition::OnFailure => {}
        }
        let policy = restart_policy(&task.spec);
        if policy.max_attempts == 0 || sim::planted!(AttemptsIgnored) {
            return true;
        }
        let Some(history) = self.history.get_mut(&SlotKey::of(task, &service.spec.mode)) else {
            return true;
        };
        if task.spec_version != history.spec_version {
            return true;
        }
        let Some(window) = policy.window.filter(|window| *window != Duration::ZERO) else {
            return history.total < policy.max_attempts;
        };
        let ended = timestamp(task);
        let lookback = ended - window;
        while history.restarts.front().is_some_and(|at| *at <= lookback)
            && !sim::planted!(WindowForgotten)
        {
            history.restarts.pop_front();
        }
        let attempts = history.restarts.iter().filter(|at| **at < ended).count() as u64;
        attempts < policy.max_attempts
    }

    /// Counts a replacement.
    pub(super) fn record(&mut self, replacement: &Task, mode: &ServiceMode, now: Time) {
        let policy = restart_policy(&replacement.spec);
        if policy.max_attempts == 0 {
            return;
        }
        let history = self.history.entry(SlotKey::of(replacement, mode)).or_default();
        if history.spec_version != replacement.spec_version {
            *history = History { spec_version: replacement.spec_version, ..History::default() };
        }
        history.total += 1;
        if policy.window.is_some_and(|window| window != Duration::ZERO) {
            history.restarts.push_back(now);
        }
    }

    /// The tasks of a slot that an update may replace: those that should run, or the last one if it
    /// is not going to be restarted. None: the slot is dead.
    pub(super) fn updatable(&mut self, slot: &[Rc<Task>], service: &Service) -> Vec<Rc<Task>> {
        let alive: Vec<Rc<Task>> =
            slot.iter().filter(|task| task.desired_state <= TaskState::Running).cloned().collect();
        if !alive.is_empty() {
            return alive;
        }
        let rolling_back = service
            .update_status
            .as_ref()
            .is_some_and(|status| status.state == UpdateState::RollbackStarted);
        // The first of equals, so that the result does not depend on how the list was made.
        let newest = slot.iter().rev().max_by_key(|task| timestamp(task));
        match newest {
            Some(newest) if !rolling_back && !self.should_restart(newest, service) => {
                vec![Rc::clone(newest)]
            }
            _ => Vec::new(),
        }
    }

    /// Takes up what a former leader left: counts its restarts, goes on with its delays (swarmkit:
    /// `manager/orchestrator/taskinit/init.go`).
    pub(super) fn take_up(&mut self, store: &Store, now: Time) {
        let mut slots: SortedMap<SlotKey, (&ServiceMode, Vec<&Rc<Task>>)> = SortedMap::new();
        for task in store.tasks().iter() {
            let Some(service) = store.service(&task.service_id) else { continue };
            let slot = slots.entry(SlotKey::of(task, &service.spec.mode));
            slot.or_insert_with(|| (&service.spec.mode, Vec::new())).1.push(task);
            if task.desired_state == TaskState::Ready
                && task.status.state <= TaskState::Complete
                && !sim::planted!(ReadyForgotten)
            {
                let delay = restart_policy(&task.spec).delay.unwrap_or(defaults::RESTART_DELAY);
                let start_at = (timestamp(task) + delay).min(now + delay);
                self.delays.insert(task.id.clone(), Delay { start_at, waits: Vec::new() });
            }
        }
        for (mode, tasks) in slots.values_mut() {
            let newest = tasks.iter().map(|task| task.spec_version).max().unwrap_or_default();
            tasks.retain(|task| task.spec_version == newest);
            tasks.sort_by_key(|task| task.meta.created_at);
            for task in tasks.iter().skip(1) {
                self.record(task, mode, task.meta.created_at);
            }
        }
    }
}

/// The task may run now, unless it has been given up meanwhile.
fn start_now(tx: &mut Tx, id: &Id) {
    let job = tx.store().task(id).is_some_and(|task| task.job_iteration.is_some());
    raise_desired(tx, id, if job { TaskState::Complete } else { TaskState::Running });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_waits_for_an_old_one_waits_on_when_an_update_comes_to_it() {
        let (mut restarts, now) = (Supervisor::default(), Time::from_date(2017, 3, 21));
        let old = Task { id: "old".into(), ..Task::default() };
        restarts.delay_start(now, Some(&old), &"new".into(), Duration::ZERO, true);
        restarts.delay_start(now, None, &"new".into(), Duration::ZERO, true);
        assert_eq!(restarts.next_deadline(), Some(now + OLD_TASK_TIMEOUT));
        // Liveness seed 401263: the update replaces the task that waits.
        let waiting = Task { id: "new".into(), ..Task::default() };
        restarts.delay_start(now, Some(&waiting), &"newer".into(), Duration::ZERO, true);
        restarts.stopped(|wait| *wait.old == *"new");
        assert_eq!(restarts.next_deadline(), Some(now + OLD_TASK_TIMEOUT));
        restarts.stopped(|wait| *wait.old == *"old");
        assert_eq!(restarts.next_deadline(), Some(now));
    }
}
