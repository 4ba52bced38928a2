//! Jobs: services whose tasks are to complete (swarmkit: `manager/orchestrator/jobs`).

use sorted::SortedSet;
use std::rc::Rc;

use sim::Rng;

use super::constraint;
use super::restart::Supervisor;
use super::task::{ROOM_MIN, is_invalid, new_task, raise_desired};
use crate::objects::{Availability, Id, NodeState, Object, Service, ServiceMode, Task, TaskState};
use crate::store::{Store, StoreEvent, Tx};

/// What is to be done for jobs.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    services: SortedSet<Id>,
    tasks: SortedSet<Id>,
}

fn is_job(store: &Store, service: &str) -> bool {
    store.service(service).is_some_and(|service| service.spec.mode.is_job())
}

impl Jobs {
    pub(super) fn new(store: &Store) -> Self {
        let mut this = Self::default();
        this.look_at_all(store);
        for task in store.tasks().iter() {
            this.on_task(task, store);
        }
        this
    }

    pub(super) fn is_due(&self) -> bool {
        !self.services.is_empty() || !self.tasks.is_empty()
    }

    fn look_at_all(&mut self, store: &Store) {
        let jobs = store.services().iter().filter(|service| service.spec.mode.is_job());
        self.services.extend(jobs.map(|service| service.id.clone()));
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
            StoreEvent::Created(Object::Node(_)) => self.look_at_all(store),
            StoreEvent::Updated { new: Object::Node(node), .. } => {
                self.look_at_all(store);
                if is_invalid(Some(node)) {
                    for task in store.tasks_of_node(&node.id) {
                        self.on_task(task, store);
                    }
                }
            }
            StoreEvent::Created(Object::Task(task))
            | StoreEvent::Updated { new: Object::Task(task), .. } => self.on_task(task, store),
            StoreEvent::Removed(Object::Task(task)) if is_job(store, &task.service_id) => {
                self.services.insert(task.service_id.clone());
            }
            _ => {}
        }
    }

    fn on_task(&mut self, task: &Task, store: &Store) {
        if task.job_iteration.is_none() || !is_job(store, &task.service_id) {
            return;
        }
        let lost = |node: &Id| is_invalid(store.node(node));
        let unfinished =
            task.status.state <= TaskState::Running && task.node_id.as_ref().is_some_and(lost);
        let failed = TaskState::Complete < task.status.state;
        if task.desired_state <= TaskState::Complete && (failed || unfinished) {
            self.tasks.insert(task.id.clone());
        }
        if task.status.state == TaskState::Complete {
            self.services.insert(task.service_id.clone());
        }
    }

    pub(super) fn run(&mut self, tx: &mut Tx, ids: &mut Rng, restarts: &mut Supervisor) {
        while ROOM_MIN < tx.room() {
            let Some(id) = self.tasks.pop_first() else { break };
            let Some(task) = tx.store().task(&id).cloned() else { continue };
            let Some(service) = tx.store().service(&task.service_id).cloned() else { continue };
            let current = task.job_iteration == service.job_status.map(|job| job.iteration);
            if !current || TaskState::Complete < task.desired_state {
                continue;
            }
            let node = task.node_id.as_ref().and_then(|node| tx.store().node(node));
            let is_tied =
                service.spec.mode == ServiceMode::GlobalJob && !sim::planted!(JobsOnDrainedNodes);
            if is_tied && is_invalid(node) {
                // Its place is that node: another one is made when the node is back.
                raise_desired(tx, &id, TaskState::Shutdown);
            } else {
                restarts.restart(tx, ids, &service, &task);
            }
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.services.pop_first() else { break };
            let Some(service) = tx.store().service(&id).cloned() else { continue };
            if !reconcile(tx, ids, &service) {
                self.services.insert(id);
                break;
            }
        }
    }
}

fn reconcile(tx: &mut Tx, ids: &mut Rng, service: &Service) -> bool {
    let iteration = service.job_status.map(|job| job.iteration);
    let tasks: Vec<Rc<Task>> = tx.store().tasks_of_service(&service.id).cloned().collect();
    let (current, former): (Vec<_>, Vec<_>) =
        tasks.into_iter().partition(|task| task.job_iteration == iteration);
    // What still runs of an earlier run is stopped; what ended is history.
    for task in former.iter().filter(|task| task.status.state <= TaskState::Running) {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        raise_desired(tx, &task.id, TaskState::Remove);
    }
    match service.spec.mode {
        ServiceMode::ReplicatedJob { max_concurrent, total_completions } => {
            let total = total_completions + u64::from(sim::planted!(JobOneTooMany));
            fill_slots(tx, ids, service, &current, max_concurrent, total)
        }
        ServiceMode::GlobalJob => fill_nodes(tx, ids, service, &current),
        ServiceMode::Replicated { .. } | ServiceMode::Global => true,
    }
}

/// Slots from 0; a slot is free unless a task there has completed or is on its way.
fn fill_slots(
    tx: &mut Tx,
    ids: &mut Rng,
    service: &Service,
    tasks: &[Rc<Task>],
    max_concurrent: u64,
    total: u64,
) -> bool {
    let completed: SortedSet<u64> = tasks
        .iter()
        .filter(|task| task.status.state == TaskState::Complete)
        .map(|task| task.slot)
        .collect();
    let under_way: SortedSet<u64> = tasks
        .iter()
        .filter(|task| {
            task.status.state < TaskState::Complete && task.desired_state <= TaskState::Complete
        })
        .map(|task| task.slot)
        .collect();
    let max_concurrent = if max_concurrent == 0 { total } else { max_concurrent };
    let left = total.saturating_sub((completed.len() + under_way.len()) as u64);
    let room = max_concurrent.saturating_sub(under_way.len() as u64);
    // A slot that failed for good is not filled again: the restart supervisor has decided.
    let used: SortedSet<u64> = tasks.iter().map(|task| task.slot).collect();
    let free: Vec<u64> =
        (0..total).filter(|slot| !used.contains(slot)).take(left.min(room) as usize).collect();
    for slot in free {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        let task = new_task(ids, tx.now(), service, slot, None);
        tx.create(task).expect("a random identifier is new, and there is room");
    }
    true
}

/// The nodes that were there when the job began (swarmkit: `jobs/global/reconciler.go`).
fn fill_nodes(tx: &mut Tx, ids: &mut Rng, service: &Service, tasks: &[Rc<Task>]) -> bool {
    // What was shut down with its node does not count; what ended by itself does.
    let counts = |task: &Task| {
        task.desired_state <= TaskState::Complete
            || matches!(
                task.status.state,
                TaskState::Complete | TaskState::Failed | TaskState::Rejected
            )
    };
    let has_task =
        |node: &Id| tasks.iter().any(|task| task.node_id.as_ref() == Some(node) && counts(task));
    let began = service.job_status.map_or(service.meta.created_at, |job| job.last_execution);
    let free: Vec<Id> = tx
        .store()
        .nodes()
        .iter()
        .filter(|node| {
            node.status.state == NodeState::Ready
                && node.spec.availability == Availability::Active
                && constraint::matches_texts(&service.spec.task.placement.constraints, node)
                && node.meta.created_at < began
                && !has_task(&node.id)
        })
        .map(|node| node.id.clone())
        .collect();
    for node in free {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        let task = new_task(ids, tx.now(), service, 0, Some(&node));
        tx.create(task).expect("a random identifier is new, and there is room");
    }
    true
}
