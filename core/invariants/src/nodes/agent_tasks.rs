//! An agent has only tasks of its own node.

use swarm::objects::Task;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "agent_tasks",
    statement: "an agent runs only tasks that were assigned to its node",
    source: "swarmkit `manager/dispatcher/assignments.go`; raft.md A4",
};

/// The tasks of an agent, and its node.
///
/// # Errors
/// Names a task of another node.
pub fn check<'a>(node_id: &str, tasks: impl Iterator<Item = &'a Task>) -> Verdict {
    for task in tasks {
        ensure!(
            task.node_id.as_deref() == Some(node_id),
            "node {node_id} has task {} of node {:?}",
            task.short_name(),
            task.node_id
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, task};

    #[test]
    fn a_task_of_another_node() {
        let (one, other) = (task("t1", "web", Some("n1")), task("t2", "web", Some("n2")));
        check("n1", [&one].into_iter()).unwrap();
        complains(check("n1", [&one, &other].into_iter()), &INVARIANT);
    }
}
