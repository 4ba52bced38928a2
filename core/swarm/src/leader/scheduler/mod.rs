//! The scheduler: gives pending tasks a node (swarmkit: `manager/scheduler/scheduler.go`).
//!
//! It waits for a moment of quiet, then decides for groups of equal tasks. Nodes that pass all
//! filters are ranked: those where the service failed a lot lately come last, then the one with the
//! fewest tasks of the service wins, then the one with the fewest tasks. Ties go to whoever the seed
//! favours.

mod constraints;
mod filter;
mod host_port;
mod max_replicas;
mod node_info;
mod pipeline;
mod platform;
mod plugin;
mod ready;
mod resource;
mod spread;

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use sim::{Duration, Rng, Time};

use super::task::ROOM_MIN;
use crate::objects::{Id, Object, Task, TaskState, TaskStatus};
use crate::store::{Store, StoreEvent, Tx};
use node_info::{Failures, NodeInfo};
use pipeline::Pipeline;

/// So much quiet is enough.
const QUIET: Duration = Duration::from_millis(50);
/// So long it waits for quiet at most.
const LATENCY_MAX: Duration = Duration::from_secs(1);

/// The tasks that wait for a node.
#[derive(Debug)]
pub(super) struct Scheduler {
    unassigned: SortedSet<Id>,
    /// Tasks of global services: their node is given, but must still accept them.
    preassigned: SortedSet<Id>,
    failures: Failures,
    ties: Rng,
    waiting_since: Option<Time>,
    due_at: Option<Time>,
}

fn waits(task: &Task) -> bool {
    task.status.state == TaskState::Pending && task.desired_state < TaskState::Remove
}

/// It was given up before it got a node: nobody but the scheduler can say that it has ended.
fn is_given_up(task: &Task) -> bool {
    TaskState::Complete < task.desired_state
}

impl Scheduler {
    pub(super) fn new(store: &Store, now: Time, ties: Rng) -> Self {
        let mut this = Self {
            unassigned: SortedSet::new(),
            preassigned: SortedSet::new(),
            failures: Failures::default(),
            ties,
            waiting_since: None,
            due_at: None,
        };
        for task in store.tasks().iter() {
            this.enqueue(task);
        }
        // A new scheduler does not wait for quiet.
        this.due_at = this.has_waiting().then_some(now);
        this
    }

    fn has_waiting(&self) -> bool {
        !self.unassigned.is_empty() || !self.preassigned.is_empty()
    }

    fn enqueue(&mut self, task: &Task) {
        if waits(task) {
            let queue =
                if task.node_id.is_some() { &mut self.preassigned } else { &mut self.unassigned };
            queue.insert(task.id.clone());
        } else {
            self.unassigned.remove(&task.id);
            self.preassigned.remove(&task.id);
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.due_at
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent, now: Time) {
        match event {
            StoreEvent::Created(Object::Task(task)) => self.enqueue(task),
            StoreEvent::Updated { old: Object::Task(old), new: Object::Task(new) } => {
                let explained = old.status.state == new.status.state
                    && old.status.err != new.status.err
                    && waits(new);
                if explained {
                    // This scheduler wrote down why the task must wait: nothing to try again.
                    return;
                }
                self.enqueue(new);
                let failed = matches!(new.status.state, TaskState::Failed | TaskState::Rejected);
                if failed && old.status.state != new.status.state && new.slot != 0 {
                    self.failures.record(new, now);
                }
            }
            StoreEvent::Removed(Object::Task(task)) => {
                self.unassigned.remove(&task.id);
                self.preassigned.remove(&task.id);
            }
            StoreEvent::Removed(Object::Node(node)) => self.failures.forget(&node.id),
            StoreEvent::Created(Object::Node(_))
            | StoreEvent::Updated { new: Object::Node(_), .. } => {}
            _ => return,
        }
        if !self.has_waiting() {
            (self.waiting_since, self.due_at) = (None, None);
            return;
        }
        let since = *self.waiting_since.get_or_insert(now);
        self.due_at = Some((now + QUIET).min(since + LATENCY_MAX));
    }

    pub(super) fn run(&mut self, tx: &mut Tx) {
        (self.waiting_since, self.due_at) = (None, None);
        if !self.end_given_up(tx) {
            self.due_at = Some(tx.now());
            return;
        }
        let mut nodes: Vec<NodeInfo> =
            tx.store().nodes().iter().map(|node| NodeInfo::new(node, tx.store())).collect();
        self.ties.shuffle(&mut nodes);
        self.place_preassigned(tx, &mut nodes);
        for (_, group) in groups(tx.store(), &self.unassigned) {
            if tx.room() <= ROOM_MIN {
                break;
            }
            // The rest of a large group waits for the next transaction.
            let some: Vec<Rc<Task>> = group.into_iter().take(tx.room() - ROOM_MIN).collect();
            self.place_group(tx, &mut nodes, &some);
        }
        if tx.room() <= ROOM_MIN {
            self.due_at = Some(tx.now());
        }
    }

    /// Returns false if the transaction was too small for all of them.
    fn end_given_up(&mut self, tx: &mut Tx) -> bool {
        let waiting: Vec<Id> = self.unassigned.union(&self.preassigned).cloned().collect();
        for id in waiting {
            if tx.room() <= ROOM_MIN {
                return false;
            }
            let now = tx.now();
            if tx.store().task(&id).is_some_and(|task| is_given_up(task)) {
                tx.change_task(&id, |task| {
                    task.status.state = TaskState::Shutdown;
                    task.status.timestamp = now;
                    task.status.err = None;
                });
                self.unassigned.remove(&id);
                self.preassigned.remove(&id);
            }
        }
        true
    }

    fn place_preassigned(&mut self, tx: &mut Tx, nodes: &mut [NodeInfo]) {
        for id in self.preassigned.clone() {
            if tx.room() <= ROOM_MIN {
                return;
            }
            let Some(task) = tx.store().task(&id).cloned() else { continue };
            let Some(info) =
                nodes.iter_mut().find(|info| Some(&info.node.id) == task.node_id.as_ref())
            else {
                continue;
            };
            let mut pipeline = Pipeline::new(&task);
            if pipeline.allows(info) {
                info.add(&task);
                let id = info.node.id.clone();
                assign(tx, &task, &id, "scheduler confirmed task can run on preassigned node");
            } else {
                explain(tx, &task, &pipeline.explanation());
            }
        }
    }

    /// Places tasks that are all alike.
    fn place_group(&mut self, tx: &mut Tx, nodes: &mut [NodeInfo], group: &[Rc<Task>]) {
        let Some(first) = group.first() else { return };
        let pipeline = Pipeline::new(first);
        let mut placing = spread::Placing {
            pipeline,
            failures: &self.failures,
            now: tx.now(),
            nodes,
            tasks: group,
            decisions: Vec::new(),
        };
        placing.place();
        let decisions = placing.decisions;
        let mut pipeline = placing.pipeline;
        for (task, node) in group.iter().zip(&decisions) {
            assign(tx, task, node, "scheduler assigned task to node");
        }
        let left = &group[decisions.len()..];
        if left.is_empty() {
            return;
        }
        pipeline.reset();
        for info in nodes.iter() {
            pipeline.allows(info);
        }
        let reasons = pipeline.explanation();
        let text = match reasons.as_str() {
            "" => "no suitable node".to_owned(),
            reasons => format!("no suitable node ({reasons})"),
        };
        for task in left {
            explain(tx, task, &text);
        }
    }
}

/// Tasks of one service and one version of its spec are alike.
fn groups(store: &Store, unassigned: &SortedSet<Id>) -> SortedMap<(Id, u64), Vec<Rc<Task>>> {
    let mut groups: SortedMap<(Id, u64), Vec<Rc<Task>>> = SortedMap::new();
    for task in unassigned.iter().filter_map(|id| store.task(id)) {
        let key = (task.service_id.clone(), task.spec_version);
        groups.entry(key).or_default().push(Rc::clone(task));
    }
    groups
}

fn assign(tx: &mut Tx, task: &Task, node: &Id, message: &str) {
    let now = tx.now();
    tx.change_task(&task.id, |task| {
        task.node_id = Some(node.clone());
        task.slot += u64::from(sim::planted!(TaskMoved));
        task.status = TaskStatus {
            state: TaskState::Assigned,
            timestamp: now,
            message: message.to_owned(),
            ..TaskStatus::default()
        };
    });
}

/// Says why the task waits, if that is news.
fn explain(tx: &mut Tx, task: &Task, text: &str) {
    if task.status.err.as_deref() == Some(text) {
        return;
    }
    let now = tx.now();
    tx.change_task(&task.id, |task| {
        task.status.timestamp = now;
        task.status.err = Some(text.to_owned());
    });
}
