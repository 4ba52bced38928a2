//! Jobs: services whose tasks are to complete (swarmkit: `manager/orchestrator/jobs`).

use sorted::SortedSet;
use std::rc::Rc;

use sim::Rng;

use super::constraint;
use super::restart::Supervisor;
use super::task::{ROOM_MIN, is_invalid, new_task, raise_desired};
use crate::objects::{Availability, Id, NodeState, Object, Service, ServiceMode, Task, TaskState};
use crate::store::{Store, StoreEvent, Tx};

/// What is to be done for jobs. Only a service that changes, or a task that has ended, is looked at: a node that is drained
/// or lost is not (swarmkit: `orchestrator.go`, `handleEvent`).
#[derive(Debug, Default)]
pub(super) struct Jobs {
    services: SortedSet<Id>,
    /// What a former leader has left where nothing may run any more.
    lost: SortedSet<Id>,
}

impl Jobs {
    pub(super) fn new(store: &Store) -> Self {
        let jobs = store.services().iter().filter(|service| service.spec.mode.is_job());
        let is_lost = |task: &&Rc<Task>| {
            let service = store.service(&task.service_id);
            service.is_some_and(|service| service.spec.mode == ServiceMode::GlobalJob)
                && task.desired_state <= TaskState::Complete
                && is_invalid(task.node_id.as_ref().and_then(|node| store.node(node)))
        };
        Self {
            services: jobs.map(|service| service.id.clone()).collect(),
            // swarmkit: `jobs/global/reconciler.go`, `FixTask`: those that have completed, too.
            lost: store.tasks().iter().filter(is_lost).map(|task| task.id.clone()).collect(),
        }
    }

    pub(super) fn is_due(&self) -> bool {
        !self.services.is_empty() || !self.lost.is_empty()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent, store: &Store) {
        match event {
            StoreEvent::Removed(Object::Service(service)) => {
                self.services.remove(&service.id);
            }
            StoreEvent::Created(Object::Service(service))
            | StoreEvent::Updated { new: Object::Service(service), .. }
                if service.spec.mode.is_job() =>
            {
                self.services.insert(service.id.clone());
            }
            StoreEvent::Updated { new: Object::Task(task), .. } if has_ended(task) => {
                let service = store.service(&task.service_id);
                self.services.extend(
                    service.filter(|s| s.spec.mode.is_job()).map(|service| service.id.clone()),
                );
            }
            _ => {}
        }
    }

    pub(super) fn run(&mut self, tx: &mut Tx, ids: &mut Rng, restarts: &mut Supervisor) {
        while ROOM_MIN < tx.room() {
            let Some(id) = self.lost.pop_first() else { break };
            raise_desired(tx, &id, TaskState::Shutdown);
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.services.pop_first() else { break };
            let Some(service) = tx.store().service(&id).cloned() else { continue };
            if reconcile(tx, ids, restarts, &service).is_none() {
                self.services.insert(id);
                break;
            }
        }
    }
}

/// It has ended and was not told to.
fn has_ended(task: &Task) -> bool {
    task.desired_state <= TaskState::Complete && TaskState::Running < task.status.state
}

/// Looks at a job's tasks; none if there was no room for all that is to be done.
fn reconcile(
    tx: &mut Tx,
    ids: &mut Rng,
    restarts: &mut Supervisor,
    service: &Service,
) -> Option<()> {
    let iteration = service.job_status.map(|job| job.iteration);
    let tasks: Vec<Rc<Task>> = tx.store().tasks_of_service(&service.id).cloned().collect();
    let (current, former): (Vec<_>, Vec<_>) =
        tasks.into_iter().partition(|task| task.job_iteration == iteration);
    let is_global = service.spec.mode == ServiceMode::GlobalJob;
    match service.spec.mode {
        ServiceMode::ReplicatedJob { max_concurrent, total_completions } => {
            let total = total_completions + u64::from(sim::planted!(JobOneTooMany));
            fill_slots(tx, ids, service, &current, max_concurrent, total)?;
        }
        ServiceMode::GlobalJob => fill_nodes(tx, ids, restarts, service, &current)?,
        ServiceMode::Replicated { .. } | ServiceMode::Global => {}
    }
    let has_failed = |task: &&Rc<Task>| has_ended(task) && task.status.state != TaskState::Complete;
    for task in current.iter().filter(has_failed) {
        has_room(tx)?;
        let has_node = task.node_id.as_ref().is_some_and(|id| tx.store().node(id).is_some());
        if is_global && !has_node {
            // Nobody can take its place.
            raise_desired(tx, &task.id, TaskState::Shutdown);
        } else {
            restarts.restart(tx, ids, service, task);
        }
    }
    // What still runs of an earlier run is stopped; what ended is history, but not of a global job.
    let is_left_over = |task: &&Rc<Task>| is_global || task.status.state <= TaskState::Running;
    for task in former.iter().filter(is_left_over) {
        has_room(tx)?;
        raise_desired(tx, &task.id, TaskState::Remove);
    }
    if is_global {
        empty_nodes(tx, service, &current)?;
    }
    Some(())
}

/// None if the transaction is full.
fn has_room(tx: &Tx) -> Option<()> {
    (ROOM_MIN < tx.room()).then_some(())
}

/// Slots from 0; a slot is free unless a task there has completed or is on its way.
fn fill_slots(
    tx: &mut Tx,
    ids: &mut Rng,
    service: &Service,
    tasks: &[Rc<Task>],
    max_concurrent: u64,
    total: u64,
) -> Option<()> {
    let completed = tasks.iter().filter(|task| task.status.state == TaskState::Complete).count();
    // One that has failed and will be restarted is still under way.
    let under_way = tasks.iter().filter(|task| {
        task.status.state != TaskState::Complete && task.desired_state <= TaskState::Complete
    });
    let under_way = under_way.count() as u64;
    let left = total.saturating_sub(completed as u64 + under_way);
    let room = max_concurrent.saturating_sub(under_way);
    // A slot that failed for good is not filled again: the restart supervisor has decided.
    let used: SortedSet<u64> = tasks.iter().map(|task| task.slot).collect();
    let free: Vec<u64> =
        (0..total).filter(|slot| !used.contains(slot)).take(left.min(room) as usize).collect();
    for slot in free {
        has_room(tx)?;
        let task = new_task(ids, tx.now(), service, slot, None);
        tx.create(task).expect("a random identifier is new, and there is room");
    }
    Some(())
}

/// One task for each node that may run it (swarmkit: `jobs/global/reconciler.go`).
fn fill_nodes(
    tx: &mut Tx,
    ids: &mut Rng,
    restarts: &mut Supervisor,
    service: &Service,
    tasks: &[Rc<Task>],
) -> Option<()> {
    // What was shut down does not count, unless the restart policy has given it up.
    let mut counts = |task: &Task| {
        let has_failed = matches!(task.status.state, TaskState::Failed | TaskState::Rejected);
        task.desired_state <= TaskState::Complete
            || has_failed && !restarts.should_restart(task, service)
    };
    let taken: SortedSet<Id> =
        tasks.iter().filter(|task| counts(task)).filter_map(|task| task.node_id.clone()).collect();
    let free: Vec<Id> = tx
        .store()
        .nodes()
        .iter()
        .filter(|node| {
            node.status.state == NodeState::Ready
                && (node.spec.availability == Availability::Active
                    || sim::planted!(JobsOnDrainedNodes))
                && constraint::matches_texts(&service.spec.task.placement.constraints, node)
                && !taken.contains(&node.id)
        })
        .map(|node| node.id.clone())
        .collect();
    for node in free {
        has_room(tx)?;
        let task = new_task(ids, tx.now(), service, 0, Some(&node));
        tx.create(task).expect("a random identifier is new, and there is room");
    }
    Some(())
}

/// What is under way where nothing may run any more is stopped.
fn empty_nodes(tx: &mut Tx, service: &Service, tasks: &[Rc<Task>]) -> Option<()> {
    let constraints = &service.spec.task.placement.constraints;
    for task in tasks.iter().filter(|task| task.desired_state <= TaskState::Complete) {
        let node = task.node_id.as_ref().and_then(|node| tx.store().node(node));
        let is_lost = node.is_some_and(|node| {
            is_invalid(Some(node)) && constraint::matches_texts(constraints, node)
        });
        if is_lost && task.status.state <= TaskState::Running {
            has_room(tx)?;
            raise_desired(tx, &task.id, TaskState::Shutdown);
        }
    }
    Some(())
}
