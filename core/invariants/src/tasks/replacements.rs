//! A replacement waits for what it replaces.

use sorted::SortedMap;

use sim::{Duration, Time};
use swarm::objects::{Id, NodeState, Object, Task, TaskState};
use swarm::store::StoreEvent;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "replacements",
    statement: "a task that was made as another one of its slot was told to stop is started when that one has stopped, its node is down or gone, or a minute is over",
    source: "swarmkit `manager/orchestrator/restart/restart.go`, `DelayStart`; `manager/orchestrator/update/updater.go`, `StopFirst`; raft.md B35",
};

/// swarmkit: `defaultOldTaskTimeout`.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a replacement waits for.
#[derive(Clone, Debug)]
struct Old {
    task: Id,
    node: Option<Id>,
    since: Time,
}

/// The replacements of one leader that are still to wait: a new leader does not know of them.
#[derive(Clone, Debug, Default)]
pub struct Replacements(SortedMap<Id, Old>);

impl Replacements {
    /// All changes of one entry.
    ///
    /// # Errors
    /// If it starts a task too early.
    pub fn see(&mut self, events: &[StoreEvent], is_down: impl Fn(&Id) -> bool) -> Verdict {
        for event in events {
            self.end(event);
        }
        for event in events {
            self.starts(event)?;
        }
        self.begin(events, is_down);
        Ok(())
    }

    /// What need not be waited for any more.
    fn end(&mut self, event: &StoreEvent) {
        match (event, event.object()) {
            (StoreEvent::Removed(_), Object::Task(task)) => {
                self.0.retain(|new, old| old.task != task.id && *new != task.id);
            }
            (StoreEvent::Updated { .. }, Object::Task(task))
                if TaskState::Running < task.status.state =>
            {
                self.0.retain(|_, old| old.task != task.id);
            }
            (_, Object::Node(node))
                if matches!(event, StoreEvent::Removed(_))
                    || node.status.state == NodeState::Down =>
            {
                self.0.retain(|_, old| old.node.as_ref() != Some(&node.id));
            }
            _ => {}
        }
    }

    /// A task that waits may not start, but be given up.
    fn starts(&mut self, event: &StoreEvent) -> Verdict {
        let (StoreEvent::Updated { .. }, Object::Task(task)) = (event, event.object()) else {
            return Ok(());
        };
        if task.desired_state <= TaskState::Ready {
            return Ok(());
        }
        let Some(old) = self.0.remove(&task.id) else { return Ok(()) };
        let is_late = old.since + PATIENCE <= task.meta.updated_at;
        let is_given_up = TaskState::Complete < task.desired_state;
        ensure!(
            is_late || is_given_up,
            "{} ({}) is to run, task {} has not stopped",
            task.short_name(),
            task.id,
            old.task
        );
        Ok(())
    }

    /// The replacements that an entry makes, where it is plain what they replace.
    fn begin(&mut self, events: &[StoreEvent], is_down: impl Fn(&Id) -> bool) {
        let made = events.iter().filter_map(|event| match event {
            StoreEvent::Created(Object::Task(task)) if task.desired_state == TaskState::Ready => {
                Some(task)
            }
            _ => None,
        });
        for new in made {
            let mut stopped = events.iter().filter_map(|event| stopped(event));
            let mut same = stopped.by_ref().filter(|old| slot(old) == slot(new));
            let (Some(old), None) = (same.next(), same.next()) else { continue };
            if old.status.state <= TaskState::Running && !old.node_id.as_ref().is_some_and(&is_down)
            {
                let (task, node) = (old.id.clone(), old.node_id.clone());
                self.0.insert(new.id.clone(), Old { task, node, since: new.meta.created_at });
            }
        }
    }
}

/// The task that an event tells to stop.
fn stopped(event: &StoreEvent) -> Option<&Task> {
    match (event.old(), event.object()) {
        (Some(Object::Task(old)), Object::Task(new))
            if old.desired_state <= TaskState::Running
                && new.desired_state == TaskState::Shutdown =>
        {
            Some(new)
        }
        _ => None,
    }
}

fn slot(task: &Task) -> (&Id, u64, Option<&Id>) {
    (&task.service_id, task.slot, task.node_id.as_ref().filter(|_| task.slot == 0))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::testing::{complains, node, task};

    /// `t2` replaces `t1`, which runs.
    fn replaced() -> (Replacements, Task, Task) {
        let mut old = task("t1", "web", Some("n1"));
        old.status.state = TaskState::Running;
        let mut new = task("t2", "web", None);
        new.desired_state = TaskState::Ready;
        let told = Task { desired_state: TaskState::Shutdown, ..old.clone() };
        let events = [update(&old, &told), StoreEvent::Created(new.clone().into())];
        let mut replacements = Replacements::default();
        replacements.see(&events, |_| false).unwrap();
        (replacements, told, new)
    }

    fn update(old: &Task, new: &Task) -> StoreEvent {
        let [old, new] = [old, new].map(|task| Object::Task(Rc::new(task.clone())));
        StoreEvent::Updated { old, new }
    }

    fn start(new: &Task, after: Duration) -> StoreEvent {
        let mut started = Task { desired_state: TaskState::Running, ..new.clone() };
        started.meta.updated_at = new.meta.created_at + after;
        update(new, &started)
    }

    #[test]
    fn a_replacement_that_does_not_wait() {
        let soon = Duration::from_secs(5);
        let (mut replacements, old, new) = replaced();
        complains(replacements.see(&[start(&new, soon)], |_| false), &INVARIANT);

        let (mut replacements, ..) = replaced();
        replacements.see(&[start(&new, PATIENCE)], |_| false).unwrap();

        let (mut replacements, ..) = replaced();
        let mut ended = old.clone();
        ended.status.state = TaskState::Shutdown;
        replacements.see(&[update(&old, &ended), start(&new, soon)], |_| false).unwrap();

        let (mut replacements, ..) = replaced();
        let mut down = node("n1");
        down.status.state = NodeState::Down;
        let [old, new_node] = [node("n1"), down].map(|node| Object::Node(Rc::new(node)));
        let falls = StoreEvent::Updated { old, new: new_node };
        replacements.see(&[falls, start(&new, soon)], |_| false).unwrap();
    }
}
