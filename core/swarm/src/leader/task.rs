//! What all orchestrators know of tasks (swarmkit: `manager/orchestrator/task.go`).

use std::rc::Rc;

use sim::{Rng, Time};

use super::constraint;
use crate::objects::Availability;
use crate::objects::{
    Annotations, Endpoint, Id, Node, NodeState, RestartCondition, RestartPolicy, Service,
    ServiceMode, Task, TaskSpec, TaskState, TaskStatus, defaults, random_id,
};
use crate::store::{Store, Tx};

/// A loop stops for this transaction when it holds fewer changes than this, and goes on in the next.
pub(super) const ROOM_MIN: usize = 8;

/// Where a task belongs: a slot of a replicated service or a node of a global one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotKey {
    pub(super) service: Id,
    pub(super) slot: u64,
    /// Set for global services only.
    pub(super) node: Option<Id>,
}

impl SlotKey {
    /// The place of this task of a service.
    pub(super) fn of(task: &Task, mode: &ServiceMode) -> Self {
        let node = task.node_id.clone().filter(|_| mode.is_per_node());
        Self { service: task.service_id.clone(), slot: task.slot, node }
    }

    /// The tasks there, by identifier.
    pub(super) fn tasks(&self, store: &Store) -> Vec<Rc<Task>> {
        store
            .tasks_of_slot(&self.service, self.slot)
            .filter(|task| self.node.is_none() || task.node_id == self.node)
            .cloned()
            .collect()
    }
}

/// A new task of the service in this place, as its spec is now.
pub(super) fn new_task(
    ids: &mut Rng,
    now: Time,
    service: &Service,
    slot: u64,
    node: Option<&Id>,
) -> Task {
    let id = random_id(ids);
    let place = node.map_or_else(|| slot.to_string(), Id::to_string);
    let name = format!("{}.{place}.{id}", service.spec.annotations.name);
    let job = service.spec.mode.is_job();
    Task {
        id,
        spec: service.spec.task.clone(),
        spec_version: service.spec_version,
        service_id: service.id.clone(),
        slot,
        node_id: node.cloned(),
        annotations: Annotations::named(name),
        service_annotations: service.spec.annotations.clone(),
        status: TaskStatus {
            state: TaskState::New,
            timestamp: now,
            message: "created".to_owned(),
            ..TaskStatus::default()
        },
        desired_state: if job { TaskState::Complete } else { TaskState::Running },
        endpoint: Some(Endpoint {
            spec: service.spec.endpoint.clone().unwrap_or_default(),
            ..Endpoint::default()
        }),
        job_iteration: service.job_status.map(|job| job.iteration),
        ..Task::default()
    }
}

/// The task's restart policy, or the default one.
pub(super) fn restart_policy(spec: &TaskSpec) -> RestartPolicy {
    spec.restart.unwrap_or(defaults::RESTART)
}

/// When the task's ending is made up for.
pub(super) fn restart_condition(task: &Task) -> RestartCondition {
    restart_policy(&task.spec).condition
}

/// The node cannot keep its tasks: gone, down or drained.
pub(super) fn is_invalid(node: Option<&Rc<Node>>) -> bool {
    node.is_none_or(|node| {
        (node.status.state == NodeState::Down && !sim::planted!(DownIgnored))
            || (node.spec.availability == Availability::Drain && !sim::planted!(DrainIgnored))
    })
}

/// The task is not what the service now asks for. A changed placement alone replaces no task whose
/// node still fits.
pub(super) fn is_dirty(service: &Service, task: &Task, node: Option<&Rc<Node>>) -> bool {
    if service.spec_version == task.spec_version {
        return false;
    }
    let wanted = &service.spec.task;
    if wanted.placement != task.spec.placement {
        let same_placement = TaskSpec { placement: wanted.placement.clone(), ..task.spec.clone() };
        let fits =
            node.is_some_and(|node| constraint::matches_texts(&wanted.placement.constraints, node));
        if same_placement == *wanted && fits {
            return false;
        }
    }
    *wanted != task.spec
        || task.endpoint.as_ref().is_some_and(|endpoint| {
            endpoint.spec != service.spec.endpoint.clone().unwrap_or_default()
        })
}

/// When the task's state changed last, by the manager's clock if a manager wrote it.
pub(super) fn timestamp(task: &Task) -> Time {
    task.status.applied_at.unwrap_or(task.status.timestamp)
}

/// Raises a task's desired state; it never goes back. Returns whether it changed.
pub(super) fn raise_desired(tx: &mut Tx, id: &str, state: TaskState) -> bool {
    let lower = tx.store().task(id).is_some_and(|task| task.desired_state < state);
    lower && tx.change_task(id, |task| task.desired_state = state)
}
