//! What must hold at every commit, whoever wrote it.

use sorted::SortedMap;

use crate::leader::constraint;
use crate::objects::{Availability, NodeState, Object, Task, TaskState, UpdateOrder};
use crate::store::{Store, StoreEvent};

/// Who made a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    Api,
    Loops,
    Dispatcher,
    Agent,
}

pub(crate) fn check_event(writer: Writer, event: &StoreEvent, store: &Store) {
    if let StoreEvent::Updated { old, new } = event {
        // S2: versions strictly increase.
        assert!(old.meta().version < new.meta().version, "S2: {old:?} -> {new:?}");
        assert_eq!(old.meta().created_at, new.meta().created_at);
    }
    match event {
        StoreEvent::Created(Object::Task(task)) => {
            assert_eq!((writer, task.status.state), (Writer::Loops, TaskState::New), "O1");
        }
        StoreEvent::Updated { old: Object::Task(old), new: Object::Task(new) } => {
            check_task(writer, old, new, store);
        }
        _ => {}
    }
}

fn check_task(writer: Writer, old: &Task, new: &Task, store: &Store) {
    let place = |task: &Task| (task.id.clone(), task.service_id.clone(), task.slot);
    assert_eq!(place(old), place(new), "O4: a task stays where it is");
    assert!(old.node_id.is_none() || old.node_id == new.node_id, "O4: a task keeps its node");
    let (from, to) = (old.status.state, new.status.state);
    assert!(from <= to, "O2: {from:?} -> {to:?}");
    assert!(old.desired_state <= new.desired_state, "O2: desired state of {new:?}");
    if from != to {
        let allowed = match writer {
            Writer::Loops => matches!(
                (from, to),
                (TaskState::New, TaskState::Pending)
                    | (TaskState::Pending, TaskState::Assigned)
                    | (TaskState::Pending, TaskState::Shutdown)
                    | (_, TaskState::Rejected)
            ),
            Writer::Agent => TaskState::Assigned <= from && to < TaskState::Remove,
            Writer::Api | Writer::Dispatcher => to == TaskState::Orphaned,
        };
        assert!(allowed, "O1: {writer:?} moved a task from {from:?} to {to:?}");
    }
    // What ended before it had a node never gets one.
    let ended = matches!(to, TaskState::Rejected | TaskState::Shutdown);
    if TaskState::Assigned <= to && !ended {
        assert!(new.node_id.is_some(), "O3: {new:?}");
    }
    if from < TaskState::Assigned && to == TaskState::Assigned {
        check_placement(new, store);
    }
}

/// O7, O8: the node passed every filter.
fn check_placement(task: &Task, store: &Store) {
    let node = store.node(task.node_id.as_ref().unwrap()).unwrap();
    assert_eq!(node.status.state, NodeState::Ready, "O7");
    assert_eq!(node.spec.availability, Availability::Active, "O7");
    assert!(constraint::matches_texts(&task.spec.placement.constraints, node), "O7");
    let here = store.tasks_of_node(&node.id).filter(|task| {
        TaskState::Assigned <= task.status.state && task.status.state <= TaskState::Running
    });
    let reserved: i64 = here.map(|task| task.spec.resources.reservations.memory_bytes).sum();
    let asks = task.spec.resources.reservations.memory_bytes != 0;
    assert!(!asks || reserved <= node.description.memory_bytes, "O8: {reserved} on {node:?}");
}

pub(crate) fn check_store(store: &Store) {
    let mut names = SortedMap::new();
    for service in store.services().iter() {
        let name = service.spec.annotations.name.to_lowercase();
        assert!(names.insert(name, &service.id).is_none(), "S3: {service:?}");
    }
    for service in store.services().iter() {
        let start_first = [&service.spec.update, &service.spec.rollback]
            .iter()
            .any(|config| config.is_some_and(|config| config.order == UpdateOrder::StartFirst));
        // A start-first update has two, and leaves them when it is paused or overtaken.
        if service.spec.mode.is_job() || start_first {
            continue;
        }
        let mut per_slot: SortedMap<_, usize> = SortedMap::new();
        for task in store.tasks_of_service(&service.id) {
            if task.desired_state <= TaskState::Running {
                let node = task.node_id.clone().filter(|_| task.slot == 0);
                *per_slot.entry((task.slot, node)).or_default() += 1;
            }
        }
        assert!(per_slot.values().all(|count| *count <= 1), "O5: {per_slot:?}");
    }
}
