//! A slot runs once, on all nodes that have a session with the leader.

use sorted::SortedMap;

use swarm::objects::{Id, Task, TaskState};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "running_once",
    statement: "two nodes that are connected with the leader never both run, wanted, a task of one slot, unless the update order allows it",
    source: "swarmkit `manager/orchestrator/restart/restart.go`: the replacement waits for the old task; raft.md B35",
};

/// What is asked of a slot: service, slot, and for a global service the node.
pub type Slot = (Id, u64, Option<Id>);

/// The slots of the tasks that an agent runs and knows it is to run.
pub fn slots_of<'a>(
    tasks: impl Iterator<Item = (&'a Task, TaskState)>,
) -> impl Iterator<Item = (Slot, Id)> {
    tasks
        .filter(|(task, state)| {
            *state == TaskState::Running
                && task.desired_state == TaskState::Running
                && !task.service_id.is_empty()
                && task.job_iteration.is_none()
        })
        .map(|(task, _)| {
            let node = task.node_id.clone().filter(|_| task.slot == 0);
            ((task.service_id.clone(), task.slot, node), task.id.clone())
        })
}

/// Every running task of the connected nodes, by slot; `may_be_two` names services for which two are
/// allowed.
///
/// # Errors
/// Names a slot that runs twice.
pub fn check<'a>(
    connected: impl Iterator<Item = (&'a str, &'a [(Slot, Id)])>,
    may_be_two: impl Fn(&Id) -> bool,
) -> Verdict {
    let mut found: SortedMap<&Slot, (&str, &Id)> = SortedMap::new();
    for (host, slots) in connected {
        for (slot, task) in slots {
            if let Some((other, first)) = found.insert(slot, (host, task)) {
                let (service, number, _) = slot;
                ensure!(
                    first == task || may_be_two(service),
                    "slot {number} of service {service} runs on {other} ({first}) and on {host} ({task})"
                );
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, task};

    #[test]
    fn a_slot_that_runs_twice() {
        let (one, other) = (task("t1", "web", Some("n1")), task("t2", "web", Some("n2")));
        let runs = |task: &Task, state| -> Vec<(Slot, Id)> {
            slots_of([(task, state)].into_iter()).collect()
        };
        let (first, second) = (runs(&one, TaskState::Running), runs(&other, TaskState::Running));
        let both = || [("a", &first[..]), ("b", &second[..])].into_iter();
        complains(check(both(), |_| false), &INVARIANT);
        check(both(), |_| true).unwrap();
        let ready = runs(&other, TaskState::Ready);
        check([("a", &first[..]), ("b", &ready[..])].into_iter(), |_| false).unwrap();
    }
}
