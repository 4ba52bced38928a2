//! The scheduler places a task only on a node that may take it.

use swarm::leader::constraint;
use swarm::objects::{Availability, NodeState, ServiceMode, Task, TaskState};
use swarm::store::Store;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "placement",
    statement: "a task is assigned to a node that is ready and active, meets its constraints, has what it reserves and runs no more replicas than allowed; a global job comes to no node that is down or drained",
    source: "swarmkit `manager/scheduler/filter.go`; `manager/orchestrator/jobs/global/reconciler.go`",
};

/// A task is new; the store is the one after it was made.
///
/// # Errors
/// If it is the first of a global job on its node, and that one can run nothing. Who takes the place of one that has failed
/// there waits until it can.
pub fn check_new(task: &Task, store: &Store) -> Verdict {
    use TaskState as S;
    let service = store.service(&task.service_id);
    if service.is_none_or(|service| service.spec.mode != ServiceMode::GlobalJob) {
        return Ok(());
    }
    let Some(node) = task.node_id.as_ref().and_then(|id| store.node(id)) else { return Ok(()) };
    let place = |task: &Task| (task.node_id.clone(), task.job_iteration);
    let before = store
        .tasks_of_service(&task.service_id)
        .filter(|other| other.id != task.id && place(other) == place(task))
        .max_by_key(|other| other.meta.created_at);
    let has_failed = |state| matches!(state, S::Failed | S::Rejected | S::Orphaned);
    if before.is_some_and(|before| has_failed(before.status.state)) {
        return Ok(());
    }
    ensure!(
        node.status.state != NodeState::Down && node.spec.availability != Availability::Drain,
        "task {} is made for {}, which can run nothing",
        task.short_name(),
        node.description.hostname
    );
    Ok(())
}

/// One entry changed a task; the store is the one after it.
///
/// # Errors
/// Names what the node lacks.
pub fn check(old: &Task, new: &Task, store: &Store) -> Verdict {
    if TaskState::Assigned <= old.status.state || new.status.state != TaskState::Assigned {
        return Ok(());
    }
    let name = new.short_name();
    let Some(node) = new.node_id.as_ref().and_then(|id| store.node(id)) else { return Ok(()) };
    let host = &node.description.hostname;
    ensure!(
        node.status.state == NodeState::Ready,
        "task {name} is assigned to {host}, which is {}",
        node.status.state.word()
    );
    ensure!(
        node.spec.availability == Availability::Active,
        "task {name} is assigned to {host}, which is set to {}",
        node.spec.availability.word()
    );
    let constraints = &new.spec.placement.constraints;
    ensure!(
        constraint::matches_texts(constraints, node),
        "task {name} is assigned to {host} against {constraints:?}"
    );
    let here = |task: &&std::rc::Rc<Task>| {
        (TaskState::Assigned..=TaskState::Running).contains(&task.status.state)
    };
    let (mut memory, mut cpus, mut replicas) = (0, 0, 0_u64);
    for task in store.tasks_of_node(&node.id).filter(here) {
        memory += task.spec.resources.reservations.memory_bytes;
        cpus += task.spec.resources.reservations.nano_cpus;
        let same = task.service_id == new.service_id && task.desired_state <= TaskState::Complete;
        replicas += u64::from(same);
    }
    let asks = &new.spec.resources.reservations;
    ensure!(
        asks.memory_bytes == 0 || memory <= node.description.memory_bytes,
        "{host} has {} bytes of memory, {memory} are reserved",
        node.description.memory_bytes
    );
    ensure!(
        asks.nano_cpus == 0 || cpus <= node.description.nano_cpus,
        "{host} has {} nano CPUs, {cpus} are reserved",
        node.description.nano_cpus
    );
    let limit = new.spec.placement.max_replicas;
    ensure!(
        limit == 0 || replicas <= limit,
        "{host} has {replicas} tasks of {name}'s service, {limit} are allowed"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::objects::Node;
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, node, service, task};

    fn placed(alter_node: impl FnOnce(&mut Node), alter: impl Fn(&mut Task)) -> Verdict {
        let mut on = node("n1");
        alter_node(&mut on);
        let mut old = task("t1", "web", None);
        alter(&mut old);
        let mut new = task("t1", "web", Some("n1"));
        alter(&mut new);
        old.status.state = TaskState::Pending;
        new.status.state = TaskState::Assigned;
        let mut store = Store::new();
        store.apply(&[StoreAction::Create(on.into()), StoreAction::Create(new.clone().into())]);
        check(&old, &new, &store)
    }

    #[test]
    fn a_node_that_may_not_take_the_task() {
        let any = |_: &mut Task| {};
        placed(|_| {}, any).unwrap();
        complains(placed(|node| node.status.state = NodeState::Down, any), &INVARIANT);
        complains(placed(|node| node.spec.availability = Availability::Drain, any), &INVARIANT);
        complains(placed(|node| node.spec.availability = Availability::Pause, any), &INVARIANT);
        let manager = |task: &mut Task| {
            task.spec.placement.constraints = vec!["node.role==manager".to_owned()];
        };
        complains(placed(|_| {}, manager), &INVARIANT);
        let large = |task: &mut Task| task.spec.resources.reservations.memory_bytes = 1 << 40;
        complains(placed(|_| {}, large), &INVARIANT);
    }

    #[test]
    fn a_global_job_comes_to_where_nothing_can_run() {
        let mut job = service("job");
        job.spec.mode = ServiceMode::GlobalJob;
        let mut store = Store::new();
        store.apply(&[StoreAction::Create(node("n1").into()), StoreAction::Create(job.into())]);
        let new = task("t1", "job", Some("n1"));
        check_new(&new, &store).unwrap();
        let mut drained = node("n1");
        drained.spec.availability = Availability::Drain;
        store.apply(&[StoreAction::Update(drained.into())]);
        complains(check_new(&new, &store), &INVARIANT);
        let mut before = task("t0", "job", Some("n1"));
        store.apply(&[StoreAction::Create(before.clone().into())]);
        complains(check_new(&new, &store), &INVARIANT);
        before.status.state = TaskState::Failed;
        store.apply(&[StoreAction::Update(before.into())]);
        check_new(&new, &store).unwrap();
    }
}
