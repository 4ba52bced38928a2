//! An agent holds the secrets of its live tasks and no others.

use sorted::{SortedMap, SortedSet};

use sim::{Duration, Time};
use swarm::objects::{Id, Task, TaskState};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "agent_secrets",
    statement: "an agent holds a secret only if one of its tasks names it, and while it has a session it forgets it within half a minute after the last such task has ended",
    source: "swarmkit `manager/dispatcher/assignments.go`: only tasks up to RUNNING count; ARCHITECTURE.md, invariant 8",
};

/// Report, commit, batch and assignment take about a second; a change of leader on the way takes
/// longer, and ends the session.
pub const FORGET_TIME_MAX: Duration = Duration::from_secs(30);

/// The tasks of an agent with their states, and the secrets in its memory.
///
/// # Errors
/// Names a secret that none of the tasks names.
pub fn check(tasks: &[(&Task, TaskState)], held: &SortedSet<Id>) -> Verdict {
    let named: SortedSet<&Id> = tasks.iter().flat_map(|(task, _)| secrets_of(task)).collect();
    if let Some(stranger) = held.iter().find(|id| !named.contains(id)) {
        ensure!(false, "the agent holds secret {stranger}, which no task of the node names");
    }
    Ok(())
}

fn secrets_of(task: &Task) -> impl Iterator<Item = &Id> {
    task.spec.container.secrets.iter().map(|reference| &reference.secret_id)
}

/// Secrets that no live task names, and since when.
#[derive(Clone, Debug, Default)]
pub struct Stale(SortedMap<Id, Time>);

impl Stale {
    /// Something has changed at the agent.
    pub fn see(&mut self, now: Time, tasks: &[(&Task, TaskState)], held: &SortedSet<Id>) {
        let is_live = |state: TaskState| state <= TaskState::Running;
        let live = tasks.iter().filter(|(_, state)| is_live(*state));
        let named: SortedSet<&Id> = live.flat_map(|(task, _)| secrets_of(task)).collect();
        self.0.retain(|id, _| held.contains(id) && !named.contains(id));
        for id in held.iter().filter(|id| !named.contains(id)) {
            self.0.entry(id.clone()).or_insert(now);
        }
    }

    /// Nothing is stale.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The agent had no session until then, or made no progress: the time does not begin before.
    pub fn restart(&mut self, at: Time) {
        self.0.values_mut().for_each(|since| *since = at.max(*since));
    }

    /// Time has passed, with a session.
    ///
    /// # Errors
    /// Names a secret that should have been forgotten.
    pub fn check(&self, now: Time) -> Verdict {
        for (id, since) in &self.0 {
            let held = now.since(*since);
            ensure!(
                held <= FORGET_TIME_MAX,
                "the agent holds secret {id} {held} after the last task that names it has ended"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, refers_to, task};

    fn with_secret() -> Task {
        let mut with = task("t1", "web", Some("n1"));
        with.spec.container.secrets = vec![refers_to("a")];
        with
    }

    #[test]
    fn a_secret_that_no_task_names() {
        let (task, held) = (with_secret(), SortedSet::from([Id::from("a"), Id::from("b")]));
        let tasks = [(&task, TaskState::Running)];
        check(&tasks, &SortedSet::from([Id::from("a")])).unwrap();
        complains(check(&tasks, &held), &INVARIANT);
    }

    #[test]
    fn a_secret_that_is_kept_too_long() {
        let (task, held) = (with_secret(), SortedSet::from([Id::from("a")]));
        let mut stale = Stale::default();
        let at = |secs| Time::EPOCH + Duration::from_secs(secs);
        stale.see(at(0), &[(&task, TaskState::Running)], &held);
        assert!(stale.is_empty());
        stale.see(at(10), &[(&task, TaskState::Failed)], &held);
        stale.check(at(40)).unwrap();
        complains(stale.check(at(41)), &INVARIANT);
        stale.restart(at(41));
        stale.check(at(70)).unwrap();
        stale.see(at(80), &[(&task, TaskState::Failed)], &SortedSet::new());
        stale.check(at(200)).unwrap();
    }
}
