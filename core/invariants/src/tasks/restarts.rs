//! A restart policy's limit is kept.

use sorted::SortedMap;

use swarm::objects::{Id, Object, Service, ServiceMode, Task};
use swarm::store::StoreEvent;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "restarts",
    statement: "under a restart policy with max-attempts and no window, a slot gets at most that many replacements per version of the spec from one leader",
    source: "swarmkit `manager/orchestrator/restart/restart.go`, `shouldRestart`; `taskinit/init.go`",
};

/// How many tasks each slot got, by version of the spec.
#[derive(Clone, Debug, Default)]
pub struct Restarts {
    counts: SortedMap<Key, u64>,
    /// The task that has just been given up: the next one may take its place.
    given_up: Option<Key>,
}

/// A slot, and a version of the spec.
type Key = (Id, u64, Option<Id>, u64);

impl Restarts {
    /// A change, and the service that the task is of. With each version of the spec all slots begin
    /// anew.
    ///
    /// # Errors
    /// If a slot has had more tasks than its policy gives it.
    pub fn see(&mut self, event: &StoreEvent, service: Option<&Service>) -> Verdict {
        let StoreEvent::Created(Object::Task(task)) = event else {
            let is_same = |old: &Object, new: &Service| {
                matches!(old, Object::Service(old)
                if old.spec_version == new.spec_version)
            };
            match event {
                StoreEvent::Updated { old, new: Object::Service(new) } if is_same(old, new) => {}
                StoreEvent::Updated { new: Object::Service(service), .. }
                | StoreEvent::Removed(Object::Service(service)) => {
                    self.counts.retain(|(id, ..), _| *id != service.id);
                }
                _ => {}
            }
            return Ok(());
        };
        let Some(policy) = service.and_then(|service| service.spec.task.restart) else {
            return Ok(());
        };
        let is_counted =
            policy.max_attempts != 0 && policy.window.is_none_or(|w| w.as_nanos() == 0);
        // A node that comes back gets a task again.
        let is_global = service
            .is_some_and(|s| matches!(s.spec.mode, ServiceMode::Global | ServiceMode::GlobalJob));
        if !is_counted || is_global {
            return Ok(());
        }
        let count = self.counts.entry(key(task)).or_default();
        // One of an earlier version has a policy of its own, and gets a successor of this one.
        let is_successor = self.given_up.take().is_some_and(|(id, slot, node, version)| {
            (id, slot, node) == slot_of(task) && version < task.spec_version
        });
        if is_successor && 0 < *count {
            return Ok(());
        }
        *count += 1;
        ensure!(
            *count <= policy.max_attempts + 1,
            "{} gets task number {count} of one spec; max-attempts is {}",
            task.short_name(),
            policy.max_attempts
        );
        Ok(())
    }

    /// A task is not wanted any more.
    pub fn give_up(&mut self, task: &Task) {
        self.given_up = Some(key(task));
    }

    /// A slot was scaled away, or its node taken: it begins anew.
    pub fn forget(&mut self, task: &Task) {
        self.counts.remove(&key(task));
    }
}

fn slot_of(task: &Task) -> (Id, u64, Option<Id>) {
    let is_on_a_node = task.slot == 0 && task.job_iteration.is_none();
    (task.service_id.clone(), task.slot, task.node_id.clone().filter(|_| is_on_a_node))
}

fn key(task: &Task) -> Key {
    let (service, slot, node) = slot_of(task);
    (service, slot, node, task.spec_version)
}

#[cfg(test)]
mod tests {
    use swarm::objects::RestartPolicy;

    use super::*;
    use crate::testing::{complains, service, task};

    #[test]
    fn one_restart_too_many() {
        let mut restarts = Restarts::default();
        let mut limited = service("web");
        limited.spec.task.restart = Some(RestartPolicy { max_attempts: 2, ..Default::default() });
        let create = |id| StoreEvent::Created(task(id, "web", None).into());
        for id in ["t1", "t2", "t3"] {
            restarts.see(&create(id), Some(&limited)).unwrap();
        }
        complains(restarts.clone().see(&create("t4"), Some(&limited)), &INVARIANT);
        restarts.see(&create("t5"), Some(&service("web"))).unwrap();
        let mut old = task("t0", "web", None);
        restarts.give_up(&old);
        complains(restarts.clone().see(&create("t4"), Some(&limited)), &INVARIANT);
        // Liveness seed 200415: an update with start-first, whose new task fails sooner than the old one.
        let mut new = task("t4", "web", None);
        new.spec_version = 7;
        old.spec_version = 6;
        for (id, holds) in [("t1", true), ("t2", true), ("t3", true), ("t4", false)] {
            new.id = id.into();
            let verdict = restarts.see(&StoreEvent::Created(new.clone().into()), Some(&limited));
            assert_eq!(verdict.is_ok(), holds);
        }
        restarts.give_up(&old);
        restarts.see(&StoreEvent::Created(new.into()), Some(&limited)).unwrap();
    }
}
