//! Ends of tasks that an agent has told and its disk had no room for: it may have forgotten them when it starts again, and
//! tell another end. swarmkit's agent tells whoever listens before it knows that the disk has it (`agent/worker.go`,
//! `updateTaskStatus`), and its dispatcher takes every later state (`dispatcher.go`, `processUpdates`).

use sorted::SortedMap;

use swarm::objects::{Id, Task, TaskState};

/// Tasks by what their agents knew last and could not write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unwritten {
    ends: SortedMap<Id, TaskState>,
}

impl Unwritten {
    /// An agent's tasks are these now; the disk had no room for them, or has them.
    pub(crate) fn see<'a>(
        &mut self,
        tasks: impl Iterator<Item = (&'a Task, TaskState)>,
        is_unwritten: bool,
    ) {
        for (task, state) in tasks.filter(|(_, state)| TaskState::Running < *state) {
            if is_unwritten {
                self.ends.entry(task.id.clone()).or_insert(state);
            } else if self.ends.get(&task.id) == Some(&state) {
                self.ends.remove(&task.id);
            }
        }
    }

    /// A task is gone.
    pub(crate) fn forget(&mut self, task: &str) {
        self.ends.remove(task);
    }

    /// The agent may have forgotten how this task ended.
    pub(crate) fn may_be_forgotten(&self, task: &Task) -> bool {
        self.ends.get(&task.id) == Some(&task.status.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::task;

    #[test]
    fn an_end_that_no_disk_has() {
        let mut unwritten = Unwritten::default();
        let mut old = task("t1", "web", Some("n1"));
        old.status.state = TaskState::Shutdown;
        let mut see = |state, is_unwritten| {
            unwritten.see([(&old, state)].into_iter(), is_unwritten);
            unwritten.may_be_forgotten(&old)
        };
        assert!(!see(TaskState::Running, true));
        assert!(!see(TaskState::Shutdown, false));
        assert!(see(TaskState::Shutdown, true));
        // It has started again, and has another end now.
        assert!(see(TaskState::Running, false));
        assert!(see(TaskState::Failed, false));
        // There was room before that.
        assert!(!see(TaskState::Shutdown, false));
        assert!(see(TaskState::Shutdown, true));
        unwritten.forget("t1");
        assert!(!unwritten.may_be_forgotten(&old));
    }
}
