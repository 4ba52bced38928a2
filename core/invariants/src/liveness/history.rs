//! The history of a slot is short.

use sorted::SortedMap;

use sim::{Duration, Time};
use swarm::objects::{Id, TaskState};
use swarm::store::Store;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "history",
    statement: "once all is quiet, a slot keeps at most as many tasks as the history limit ever said (or max-attempts and one), and nothing that is to be removed",
    source: "swarmkit `manager/orchestrator/taskreaper/task_reaper.go`",
};

/// What is so young the reaper may not have looked at: it waits for quiet, but no longer than a second. A
/// service that fails again and again is never quiet.
const YOUNG: Duration = Duration::from_secs(2);

/// A store that has been quiet, what time it is, and the highest limit that there was: the reaper looks at a slot when a
/// task comes, not when the limit changes.
///
/// # Errors
/// Names a slot with too many.
pub fn check(store: &Store, limit: i64, now: Time) -> Verdict {
    let Ok(limit) = u64::try_from(limit) else { return Ok(()) };
    for service in store.services().iter() {
        let attempts = service.spec.task.restart.map_or(0, |restart| restart.max_attempts);
        let least = if attempts == 0 { 1 } else { attempts + 1 };
        let mut slots: SortedMap<(u64, Option<&Id>), (u64, u64)> = SortedMap::new();
        for task in store.tasks_of_service(&service.id) {
            let key = (task.slot, task.node_id.as_ref().filter(|_| task.slot == 0));
            let (all, live) = slots.entry(key).or_default();
            *all += u64::from(YOUNG < now.since(task.meta.created_at));
            *live += u64::from(task.status.state <= TaskState::Running);
            ensure!(
                task.desired_state != TaskState::Remove || task.status.state <= TaskState::Running,
                "task {} is to be removed, and has ended",
                task.short_name()
            );
        }
        // A job keeps all.
        for ((slot, _), (all, live)) in slots.into_iter().filter(|_| !service.spec.mode.is_job()) {
            let name = &service.spec.annotations.name;
            ensure!(
                all <= limit.max(least).max(live),
                "{name}.{slot} keeps {all} tasks; the limit is {limit}"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, service, task};

    #[test]
    fn a_slot_that_keeps_too_many() {
        let (mut store, later) = (Store::new(), Time::from_date(2017, 3, 21));
        let ended = |id: &str| {
            let mut ended = task(id, "web", Some("n1"));
            ended.status.state = TaskState::Failed;
            StoreAction::Create(ended.into())
        };
        store.apply(&[StoreAction::Create(service("web").into()), ended("t1"), ended("t2")]);
        check(&store, 2, later).unwrap();
        store.apply(&[ended("t3")]);
        complains(check(&store, 2, later), &INVARIANT);
    }
}
