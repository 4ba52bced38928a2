//! A task stays what it is and where it is.

use swarm::objects::{Task, TaskState};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "task_identity",
    statement: "a task's service, slot and, once given, node never change; from ASSIGNED on it has a node",
    source: "swarmkit `design/tla/Tasks.tla`; `design/task_model.md`: a task is one-shot",
};

/// One entry changed a task.
///
/// # Errors
/// If it has moved.
pub fn check(old: &Task, new: &Task) -> Verdict {
    let name = new.short_name();
    ensure!(
        (&old.service_id, old.slot) == (&new.service_id, new.slot),
        "task {} became {name}",
        old.short_name()
    );
    ensure!(
        old.node_id.is_none() || old.node_id == new.node_id,
        "task {name} moved from node {:?} to {:?}",
        old.node_id,
        new.node_id
    );
    let (state, ended) = (new.status.state, [TaskState::Rejected, TaskState::Shutdown]);
    // What ended before it had a node never gets one.
    let needs_node = TaskState::Assigned <= state && !ended.contains(&state);
    ensure!(!needs_node || new.node_id.is_some(), "task {name} is {state:?} without a node");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, task};

    #[test]
    fn a_task_that_moves() {
        let old = task("t1", "web", Some("n1"));
        check(&old, &old).unwrap();
        complains(check(&old, &task("t1", "web", Some("n2"))), &INVARIANT);
        complains(check(&old, &task("t1", "db", Some("n1"))), &INVARIANT);
        complains(check(&old, &Task { slot: 2, ..old.clone() }), &INVARIANT);
        let mut nowhere = task("t1", "web", None);
        nowhere.status.state = TaskState::Assigned;
        complains(check(&task("t1", "web", None), &nowhere), &INVARIANT);
    }
}
