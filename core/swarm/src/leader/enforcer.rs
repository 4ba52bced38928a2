//! The constraint enforcer: rejects running tasks whose node no longer fits (swarmkit:
//! `manager/orchestrator/constraintenforcer`).

use sorted::SortedSet;
use std::rc::Rc;

use super::constraint;
use super::task::ROOM_MIN;
use crate::objects::{Availability, Id, Node, Object, Task, TaskState};
use crate::store::{Store, StoreEvent, Tx};

/// The nodes to look at.
#[derive(Debug, Default)]
pub(super) struct Enforcer {
    nodes: SortedSet<Id>,
}

impl Enforcer {
    pub(super) fn new(store: &Store) -> Self {
        Self { nodes: store.nodes().iter().map(|node| node.id.clone()).collect() }
    }

    pub(super) fn is_due(&self) -> bool {
        !self.nodes.is_empty()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent) {
        if let StoreEvent::Updated { old: Object::Node(old), new: Object::Node(new) } = event {
            // Most updates of a node are news of its health, which constraints cannot name.
            let same = old.spec == new.spec
                && old.role == new.role
                && old.description == new.description
                && old.status.addr == new.status.addr;
            if !same && !sim::planted!(LabelsNotWatched) {
                self.nodes.insert(new.id.clone());
            }
        }
    }

    pub(super) fn run(&mut self, tx: &mut Tx) {
        while ROOM_MIN < tx.room() {
            let Some(id) = self.nodes.pop_first() else { break };
            let Some(node) = tx.store().node(&id).cloned() else { continue };
            if node.spec.availability == Availability::Active && !reject(tx, &node) {
                self.nodes.insert(id);
                break;
            }
        }
    }
}

fn reject(tx: &mut Tx, node: &Node) -> bool {
    for id in misplaced(tx.store(), node) {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        let now = tx.now();
        tx.change_task(&id, |task| {
            task.status.state = TaskState::Rejected;
            "task rejected by constraint enforcer".clone_into(&mut task.status.message);
            task.status.err = Some("assigned node no longer meets constraints".to_owned());
            task.status.timestamp = now;
        });
    }
    true
}

fn misplaced(store: &Store, node: &Node) -> Vec<Id> {
    let mut nano_cpus = node.description.nano_cpus;
    let mut memory_bytes = node.description.memory_bytes;
    let concerned = |task: &&Rc<Task>| {
        TaskState::Assigned <= task.desired_state
            && task.desired_state <= TaskState::Complete
            && task.status.state < TaskState::Complete
    };
    let mut misplaced = Vec::new();
    for task in store.tasks_of_node(&node.id).filter(concerned) {
        let service = store.service(&task.service_id);
        let placement =
            service.map_or(&task.spec.placement, |service| &service.spec.task.placement);
        let reserved = &task.spec.resources.reservations;
        let fits = constraint::matches_texts(&placement.constraints, node)
            && reserved.nano_cpus <= nano_cpus
            && reserved.memory_bytes <= memory_bytes;
        if fits {
            nano_cpus -= reserved.nano_cpus;
            memory_bytes -= reserved.memory_bytes;
        } else {
            misplaced.push(task.id.clone());
        }
    }
    misplaced
}
