//! A task's state moves along the edges of the model, and never back.

use swarm::objects::{Task, TaskState};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "task_states",
    statement: "a task begins as NEW; its state and its desired state never go back; it is PENDING before it is ASSIGNED, and only what is assigned runs, and what may run is not deleted while its service is there",
    source: "swarmkit `design/tla/Tasks.tla`, `TransitionsOK`; `design/task_model.md`",
};

/// A task is created.
///
/// # Errors
/// If it is further than NEW.
pub fn check_new(task: &Task) -> Verdict {
    let state = task.status.state;
    ensure!(state == TaskState::New, "task {} is created as {state:?}", task.short_name());
    Ok(())
}

/// One entry changed a task; its agent may have forgotten how it had ended, or not.
///
/// # Errors
/// If a state went back, or took a step that there is not.
pub fn check(old: &Task, new: &Task, is_forgotten: bool) -> Verdict {
    use TaskState as S;
    let name = new.short_name();
    let (from, to) = (old.status.state, new.status.state);
    ensure!(from <= to, "task {name} went back from {from:?} to {to:?}");
    let (wanted, wants) = (old.desired_state, new.desired_state);
    ensure!(wanted <= wants, "task {name}'s desired state went back from {wanted:?} to {wants:?}");
    let allowed = match from {
        // A node that goes, or a service that is given up, ends a task in any state.
        _ if from == to || matches!(to, S::Orphaned | S::Rejected | S::Shutdown) => true,
        S::New => to == S::Pending,
        S::Pending => to == S::Assigned,
        // The agent's reports may arrive in one.
        _ => to != S::Remove,
    };
    ensure!(allowed, "task {name} went from {from:?} to {to:?}");
    ensure!(
        from <= S::Running || from == to || to == S::Orphaned || is_forgotten,
        "task {name} was over as {from:?} and became {to:?}"
    );
    Ok(())
}

/// A task is deleted; its node and its service are still there or not. Of a service that is gone a new
/// leader deletes every task at once, and leaves it to the agents to stop them (swarmkit:
/// `manager/orchestrator/taskinit/init.go`).
///
/// # Errors
/// If it may still run somewhere.
pub fn check_removed(task: &Task, has_node: bool, has_service: bool) -> Verdict {
    let state = task.status.state;
    let may_run = (TaskState::Assigned..=TaskState::Running).contains(&state);
    let is_left = may_run && has_node && has_service;
    ensure!(!is_left, "task {} is deleted as {state:?}", task.short_name());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, task};

    fn in_state(state: TaskState) -> Task {
        let mut task = task("t1", "web", Some("n1"));
        task.status.state = state;
        task
    }

    #[test]
    fn steps_that_there_are_not() {
        use TaskState as S;
        let step = |from, to| check(&in_state(from), &in_state(to), false);
        for (from, to) in [(S::New, S::Pending), (S::Assigned, S::Running), (S::Ready, S::Shutdown)]
        {
            step(from, to).unwrap();
        }
        for (from, to) in [
            (S::Running, S::Ready),
            (S::New, S::Assigned),
            (S::Pending, S::Running),
            (S::Complete, S::Failed),
            (S::Running, S::Remove),
        ] {
            complains(step(from, to), &INVARIANT);
        }
        complains(check_new(&in_state(S::Pending)), &INVARIANT);
        check_removed(&in_state(S::Shutdown), true, true).unwrap();
        check_removed(&in_state(S::Running), false, true).unwrap();
        check_removed(&in_state(S::Running), true, false).unwrap();
        complains(check_removed(&in_state(S::Running), true, true), &INVARIANT);
        let mut later = in_state(S::Running);
        later.desired_state = S::Shutdown;
        complains(check(&later, &in_state(S::Running), true), &INVARIANT);
        complains(step(S::Complete, S::Shutdown), &INVARIANT);
        check(&in_state(S::Complete), &in_state(S::Shutdown), true).unwrap();
        complains(check(&in_state(S::Shutdown), &in_state(S::Complete), true), &INVARIANT);
    }
}
