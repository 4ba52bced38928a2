//! The replicated orchestrator: N slots per service, each with a task that should run (swarmkit:
//! `manager/orchestrator/replicated`).

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use sim::Rng;

use super::restart::Supervisor;
use super::task::{ROOM_MIN, SlotKey, is_invalid, new_task, raise_desired};
use super::update::Updates;
use crate::objects::{Id, Object, Service, ServiceMode, Task, TaskState};
use crate::store::{Store, StoreEvent, Tx};

/// What is to be done for replicated services.
#[derive(Debug, Default)]
pub(super) struct Replicated {
    services: SortedSet<Id>,
    tasks: SortedSet<Id>,
}

fn replicas(service: &Service) -> Option<u64> {
    match service.spec.mode {
        ServiceMode::Replicated { replicas } => Some(replicas),
        _ => None,
    }
}

fn is_replicated(store: &Store, service: &str) -> bool {
    store.service(service).is_some_and(|service| replicas(service).is_some())
}

impl Replicated {
    /// Everything is looked at once when a leader begins.
    pub(super) fn new(store: &Store) -> Self {
        let mut this = Self::default();
        let services = store.services().iter().filter(|service| replicas(service).is_some());
        this.services = services.map(|service| service.id.clone()).collect();
        for task in store.tasks().iter() {
            this.on_task(task, store);
        }
        this
    }

    pub(super) fn is_due(&self) -> bool {
        !self.services.is_empty() || !self.tasks.is_empty()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent, store: &Store) {
        match event {
            StoreEvent::Removed(Object::Service(service)) => {
                self.services.remove(&service.id);
            }
            StoreEvent::Created(Object::Service(service))
            | StoreEvent::Updated { new: Object::Service(service), .. }
                if replicas(service).is_some() =>
            {
                self.services.insert(service.id.clone());
            }
            StoreEvent::Removed(Object::Node(node)) => self.restart_tasks_of(&node.id, store),
            StoreEvent::Created(Object::Node(node))
            | StoreEvent::Updated { new: Object::Node(node), .. }
                if is_invalid(Some(node)) =>
            {
                self.restart_tasks_of(&node.id, store);
            }
            StoreEvent::Removed(Object::Task(task))
                if task.desired_state <= TaskState::Running
                    && is_replicated(store, &task.service_id) =>
            {
                self.services.insert(task.service_id.clone());
            }
            StoreEvent::Created(Object::Task(task))
            | StoreEvent::Updated { new: Object::Task(task), .. } => self.on_task(task, store),
            _ => {}
        }
    }

    /// A task that should run but has ended, or whose node cannot keep it, is restarted.
    fn on_task(&mut self, task: &Task, store: &Store) {
        if TaskState::Running < task.desired_state {
            return;
        }
        let lost = |node: &Id| is_invalid(store.node(node));
        let ended = TaskState::Running < task.status.state;
        if (ended || task.node_id.as_ref().is_some_and(lost))
            && is_replicated(store, &task.service_id)
        {
            self.tasks.insert(task.id.clone());
        }
    }

    fn restart_tasks_of(&mut self, node: &Id, store: &Store) {
        for task in store.tasks_of_node(node) {
            if task.desired_state <= TaskState::Running && is_replicated(store, &task.service_id) {
                self.tasks.insert(task.id.clone());
            }
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
            let Some(task) = tx.store().task(&id).cloned() else { continue };
            let Some(service) = tx.store().service(&task.service_id).cloned() else { continue };
            if task.desired_state <= TaskState::Running && replicas(&service).is_some() {
                restarts.restart(tx, ids, &service, &task);
            }
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.services.pop_first() else { break };
            let Some(service) = tx.store().service(&id).cloned() else { continue };
            if !reconcile(tx, ids, restarts, updates, &service) {
                self.services.insert(id);
                break;
            }
        }
    }
}

/// Makes the service have as many slots as it should. Returns false if the transaction was too small
/// for that.
fn reconcile(
    tx: &mut Tx,
    ids: &mut Rng,
    restarts: &mut Supervisor,
    updates: &mut Updates,
    service: &Rc<Service>,
) -> bool {
    let Some(wanted) = replicas(service) else { return true };
    let (alive, mut dead) = slots(tx.store(), restarts, service);
    let have = alive.len() as u64;
    if have < wanted {
        updates.update(tx, restarts, service, keys(service, alive.keys()));
        let is_free = |slot: &u64| !alive.contains_key(slot) || sim::planted!(SlotUsedTwice);
        let free: Vec<u64> = (1..).filter(is_free).take((wanted - have) as usize).collect();
        for slot in free {
            if tx.room() <= ROOM_MIN {
                return false;
            }
            dead.remove(&slot);
            let task = new_task(ids, tx.now(), service, slot, None);
            tx.create(task).expect("a random identifier is new, and there is room");
        }
        return remove_tasks(tx, dead);
    }
    if have == wanted {
        let done = remove_tasks(tx, dead);
        updates.update(tx, restarts, service, keys(service, alive.keys()));
        return done;
    }
    let order = order_for_scale_down(&alive);
    let (keep, drop) = order.split_at(wanted as usize);
    updates.update(tx, restarts, service, keys(service, keep.iter()));
    if !remove_tasks(tx, dead) {
        return false;
    }
    for task in drop.iter().flat_map(|slot| &alive[slot]) {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        raise_desired(tx, &task.id, TaskState::Remove);
    }
    true
}

fn keys<'a>(service: &Service, slots: impl Iterator<Item = &'a u64>) -> Vec<SlotKey> {
    let key = |slot: &u64| SlotKey { service: service.id.clone(), slot: *slot, node: None };
    slots.map(key).collect()
}

type Slots = SortedMap<u64, Vec<Rc<Task>>>;

/// The slots with a task that should run (or will not be restarted), and the dead ones.
fn slots(store: &Store, restarts: &mut Supervisor, service: &Service) -> (Slots, Slots) {
    let mut all = Slots::new();
    for task in store.tasks_of_service(&service.id) {
        all.entry(task.slot).or_default().push(Rc::clone(task));
    }
    let (mut alive, mut dead) = (Slots::new(), Slots::new());
    for (slot, tasks) in all {
        let updatable = restarts.updatable(&tasks, service);
        if updatable.is_empty() {
            dead.insert(slot, tasks);
        } else {
            alive.insert(slot, updatable);
        }
    }
    (alive, dead)
}

/// Dead slots' histories go at once. A task that has not stopped yet is left to the reaper.
fn remove_tasks(tx: &mut Tx, slots: Slots) -> bool {
    for task in slots.into_values().flatten() {
        if tx.room() <= ROOM_MIN {
            return false;
        }
        let stopped =
            task.status.state < TaskState::Assigned || TaskState::Running < task.status.state;
        if stopped {
            tx.remove::<Task>(&task.id).expect("it was just read, and there is room");
        } else {
            raise_desired(tx, &task.id, TaskState::Remove);
        }
    }
    true
}

/// The slots in the order they are kept: running ones first, evenly over the nodes.
fn order_for_scale_down(alive: &Slots) -> Vec<u64> {
    let running =
        |tasks: &[Rc<Task>]| tasks.iter().any(|task| task.status.state == TaskState::Running);
    let mut by_state: Vec<(&u64, &Vec<Rc<Task>>)> = alive.iter().collect();
    by_state.sort_by_key(|(slot, tasks)| (!running(tasks), **slot));
    let mut count_by_node: SortedMap<&Id, u64> = SortedMap::new();
    let mut order: Vec<(u64, u64)> = Vec::new();
    for (slot, tasks) in by_state {
        let node = match tasks.as_slice() {
            [task] => task.node_id.as_ref(),
            _ => None,
        };
        let nth_on_node = node.map_or(u64::MAX, |node| {
            let count = count_by_node.entry(node).or_default();
            *count += 1;
            *count
        });
        order.push((nth_on_node, *slot));
    }
    // Stable: within one rank the order above stays.
    order.sort_by_key(|(nth_on_node, _)| *nth_on_node);
    order.into_iter().map(|(_, slot)| slot).collect()
}
