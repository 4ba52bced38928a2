//! The global orchestrator: one task per eligible node (swarmkit: `manager/orchestrator/global`).

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use sim::Rng;

use super::constraint;
use super::restart::Supervisor;
use super::task::{ROOM_MIN, SlotKey, is_dirty, is_invalid, new_task, raise_desired};
use super::update::Updates;
use crate::objects::{Availability, Id, Node, Object, Service, ServiceMode, Task, TaskState};
use crate::store::{Store, StoreEvent, Tx};

/// What is to be done for global services.
#[derive(Debug, Default)]
pub(super) struct Global {
    services: SortedSet<Id>,
    nodes: SortedSet<Id>,
    tasks: SortedSet<Id>,
}

fn is_global(service: &Service) -> bool {
    service.spec.mode == ServiceMode::Global
}

fn fits(service: &Service, node: &Node) -> bool {
    constraint::matches_texts(&service.spec.task.placement.constraints, node)
}

impl Global {
    /// Everything is looked at once when a leader begins.
    pub(super) fn new(store: &Store) -> Self {
        let mut this = Self::default();
        let services = store.services().iter().filter(|service| is_global(service));
        this.services = services.map(|service| service.id.clone()).collect();
        if !this.services.is_empty() {
            this.nodes = store.nodes().iter().map(|node| node.id.clone()).collect();
            for task in store.tasks().iter() {
                this.on_task(task, store);
            }
        }
        this
    }

    pub(super) fn is_due(&self) -> bool {
        !self.services.is_empty() || !self.nodes.is_empty() || !self.tasks.is_empty()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent, store: &Store) {
        match event {
            StoreEvent::Removed(Object::Service(service)) => {
                self.services.remove(&service.id);
            }
            StoreEvent::Created(Object::Service(service))
            | StoreEvent::Updated { new: Object::Service(service), .. }
                if is_global(service) =>
            {
                self.services.insert(service.id.clone());
            }
            StoreEvent::Created(Object::Node(node))
            | StoreEvent::Updated { new: Object::Node(node), .. }
            | StoreEvent::Removed(Object::Node(node)) => {
                self.nodes.insert(node.id.clone());
            }
            StoreEvent::Removed(Object::Task(task))
                if task.desired_state <= TaskState::Running
                    && store
                        .service(&task.service_id)
                        .is_some_and(|service| is_global(service)) =>
            {
                self.services.insert(task.service_id.clone());
            }
            StoreEvent::Created(Object::Task(task))
            | StoreEvent::Updated { new: Object::Task(task), .. } => self.on_task(task, store),
            _ => {}
        }
    }

    fn on_task(&mut self, task: &Task, store: &Store) {
        if task.desired_state <= TaskState::Running
            && TaskState::Running < task.status.state
            && store.service(&task.service_id).is_some_and(|service| is_global(service))
        {
            self.tasks.insert(task.id.clone());
        }
    }

    pub(super) fn run(
        &mut self,
        tx: &mut Tx,
        ids: &mut Rng,
        restarts: &mut Supervisor,
        updates: &mut Updates,
    ) {
        while ROOM_MIN < tx.room() {
            let Some(id) = self.tasks.pop_first() else { break };
            restart_task(tx, ids, restarts, &id);
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.nodes.pop_first() else { break };
            if !reconcile_node(tx, ids, restarts, &id) {
                self.nodes.insert(id);
                return;
            }
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.services.pop_first() else { break };
            let Some(service) = tx.store().service(&id).cloned() else { continue };
            if !reconcile_service(tx, ids, restarts, updates, &service) {
                self.services.insert(id);
                return;
            }
        }
    }
}

fn restart_task(tx: &mut Tx, ids: &mut Rng, restarts: &mut Supervisor, id: &Id) {
    let store = tx.store();
    let Some(task) = store.task(id).cloned() else { return };
    let Some(service) = store.service(&task.service_id).cloned() else { return };
    let node = task.node_id.as_ref().and_then(|node| store.node(node)).cloned();
    if TaskState::Running < task.desired_state || is_invalid(node.as_ref()) {
        return;
    }
    let stays = node
        .is_some_and(|node| node.spec.availability != Availability::Pause && fits(&service, &node));
    if stays {
        restarts.restart(tx, ids, &service, &task);
    } else {
        raise_desired(tx, id, TaskState::Shutdown);
    }
}

fn shut_down(tx: &mut Tx, tasks: &[Rc<Task>]) -> bool {
    for task in tasks {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        raise_desired(tx, &task.id, TaskState::Shutdown);
    }
    true
}

fn reconcile_node(tx: &mut Tx, ids: &mut Rng, restarts: &mut Supervisor, id: &Id) -> bool {
    let store = tx.store();
    let global =
        |task: &Task| store.service(&task.service_id).is_some_and(|service| is_global(service));
    let tasks: Vec<Rc<Task>> =
        store.tasks_of_node(id).filter(|task| global(task)).cloned().collect();
    let node = match store.node(id).cloned() {
        Some(node) if !is_invalid(Some(&node)) => node,
        _ => return shut_down(tx, &tasks),
    };
    if node.spec.availability == Availability::Pause {
        return true;
    }
    let services: Vec<Rc<Service>> =
        store.services().iter().filter(|service| is_global(service)).cloned().collect();
    for service in services.iter().filter(|service| fits(service, &node)) {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        let slot: Vec<Rc<Task>> =
            tasks.iter().filter(|task| task.service_id == service.id).cloned().collect();
        let slot = restarts.updatable(&slot, service);
        let (mut dirty, clean): (Vec<_>, Vec<_>) =
            slot.into_iter().partition(|task| is_dirty(service, task, Some(&node)));
        if clean.is_empty() {
            add_task(tx, ids, service, id);
        }
        dirty.extend(clean.into_iter().skip(1));
        if !shut_down(tx, &dirty) {
            return false;
        }
    }
    true
}

fn add_task(tx: &mut Tx, ids: &mut Rng, service: &Service, node: &Id) {
    let task = new_task(ids, tx.now(), service, 0, Some(node));
    tx.create(task).expect("a random identifier is new, and there is room");
}

fn reconcile_service(
    tx: &mut Tx,
    ids: &mut Rng,
    restarts: &mut Supervisor,
    updates: &mut Updates,
    service: &Rc<Service>,
) -> bool {
    if !is_global(service) {
        return true;
    }
    let mut by_node: SortedMap<Id, Vec<Rc<Task>>> = SortedMap::new();
    for task in tx.store().tasks_of_service(&service.id) {
        let node = task.node_id.clone().unwrap_or_default();
        by_node.entry(node).or_default().push(Rc::clone(task));
    }
    for slot in by_node.values_mut() {
        *slot = restarts.updatable(slot, service);
    }
    let nodes: Vec<Rc<Node>> = tx.store().nodes().iter().cloned().collect();
    let mut to_update = Vec::new();
    for node in nodes.iter().filter(|node| !is_invalid(Some(node))) {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        let slot = by_node.remove(&node.id).unwrap_or_default();
        if !fits(service, node) {
            if !shut_down(tx, &slot) {
                return false;
            }
        } else if node.spec.availability != Availability::Pause {
            if slot.is_empty() {
                add_task(tx, ids, service, &node.id);
            } else {
                let node = Some(node.id.clone());
                to_update.push(SlotKey { service: service.id.clone(), slot: 0, node });
            }
        }
    }
    // What is left sits on nodes that are down, drained or gone.
    for slot in by_node.values() {
        if !shut_down(tx, slot) {
            return false;
        }
    }
    if !to_update.is_empty() {
        updates.update(tx, restarts, service, to_update);
    }
    true
}
