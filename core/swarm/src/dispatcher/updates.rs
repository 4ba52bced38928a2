//! States of nodes and tasks on their way to the store, in batches of 100 ms (swarmkit:
//! `dispatcher.go`, `processUpdates`).

use sorted::{SortedMap, SortedSet};

use sim::{Duration, Time};

use crate::objects::{Id, NodeDescription, NodeStatus, TaskState, TaskStatus};
use crate::store::Tx;

/// swarmkit: `maxBatchInterval`.
const BATCH_INTERVAL: Duration = Duration::from_millis(100);

/// A node's new state.
#[derive(Clone, Debug)]
pub(crate) struct NodeUpdate {
    /// What the dispatcher thinks of it.
    pub(crate) status: NodeStatus,
    /// What it says of itself, if it registered.
    pub(crate) description: Option<NodeDescription>,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(crate) struct Updates {
    nodes: SortedMap<Id, NodeUpdate>,
    tasks: SortedMap<Id, TaskStatus>,
    orphans: SortedSet<Id>,
    flush_at: Option<Time>,
}

impl Updates {
    /// When the batch is due.
    pub(crate) const fn flush_at(&self) -> Option<Time> {
        self.flush_at
    }

    fn begin(&mut self, now: Time) {
        self.flush_at.get_or_insert(now + BATCH_INTERVAL);
    }

    /// A node's state. A later one replaces an earlier one, but keeps its description.
    pub(crate) fn node(&mut self, now: Time, id: Id, mut update: NodeUpdate) {
        self.begin(now);
        if let Some(before) = self.nodes.remove(&id) {
            update.description = update.description.or(before.description);
        }
        self.nodes.insert(id, update);
    }

    /// A task's state; within a batch it does not go back either.
    pub(crate) fn task(&mut self, now: Time, id: Id, status: TaskStatus) {
        self.begin(now);
        match self.tasks.get(&id) {
            Some(before) if before.state > status.state => {}
            _ => {
                self.tasks.insert(id, status);
            }
        }
    }

    /// All tasks of a node that never came back.
    pub(crate) fn orphan(&mut self, now: Time, node: Id) {
        self.begin(now);
        self.orphans.insert(node);
    }

    /// Writes as much as one transaction holds; the rest stays due.
    pub(crate) fn write(&mut self, tx: &mut Tx) {
        let now = tx.now();
        while tx.room() > 0 {
            let Some((id, update)) = self.nodes.pop_first() else { break };
            write_node(tx, &id, update);
        }
        while tx.room() > 0 {
            let Some((id, status)) = self.tasks.pop_first() else { break };
            write_task(tx, &id, status, now);
        }
        while tx.room() > 0 {
            let Some(node) = self.orphans.pop_first() else { break };
            if !write_orphans(tx, &node, now) {
                self.orphans.insert(node);
            }
        }
        let is_empty = self.nodes.is_empty() && self.tasks.is_empty() && self.orphans.is_empty();
        self.flush_at = (!is_empty).then_some(now);
    }
}

fn write_node(tx: &mut Tx, id: &Id, update: NodeUpdate) {
    let Some(node) = tx.store().node(id) else { return };
    let mut changed = (**node).clone();
    changed.status = update.status;
    if let Some(description) = update.description {
        changed.description = description;
    }
    if changed != **node {
        // The store can only refuse what is gone or out of sequence; both cannot be here.
        let _ = tx.update(changed);
    }
}

fn write_task(tx: &mut Tx, id: &Id, status: TaskStatus, now: Time) {
    let Some(task) = tx.store().task(id) else { return };
    let is_older = task.status.state > status.state
        || (task.status.state == status.state
            && TaskStatus { applied_at: task.status.applied_at, ..status.clone() } == task.status);
    if is_older && !sim::planted!(StateGoesBack) {
        return;
    }
    tx.change_task(id, |task| task.status = TaskStatus { applied_at: Some(now), ..status });
}

/// False when not all of them fitted.
fn write_orphans(tx: &mut Tx, node: &Id, now: Time) -> bool {
    let tasks: Vec<Id> = tx
        .store()
        .tasks_of_node(node)
        .filter(|task| (TaskState::Assigned..=TaskState::Running).contains(&task.status.state))
        .map(|task| task.id.clone())
        .collect();
    for id in &tasks {
        if tx.room() == 0 {
            return false;
        }
        tx.change_task(id, |task| {
            task.status =
                TaskStatus { state: TaskState::Orphaned, timestamp: now, ..task.status.clone() };
        });
    }
    true
}
