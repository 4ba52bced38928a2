//! A restart policy's limit is kept.

use sorted::SortedMap;

use swarm::objects::{Id, Object, Service, Task};
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
pub struct Restarts(SortedMap<(Id, u64, Option<Id>, u64), u64>);

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
                    self.0.retain(|(id, ..), _| *id != service.id);
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
        if !is_counted || task.slot == 0 {
            return Ok(());
        }
        let count = self.0.entry(key(task)).or_default();
        *count += 1;
        ensure!(
            *count <= policy.max_attempts + 1,
            "{} gets task number {count} of one spec; max-attempts is {}",
            task.short_name(),
            policy.max_attempts
        );
        Ok(())
    }

    /// A slot was scaled away, or its node taken: it begins anew.
    pub fn forget(&mut self, task: &Task) {
        self.0.remove(&key(task));
    }
}

fn key(task: &Task) -> (Id, u64, Option<Id>, u64) {
    let node = task.node_id.clone().filter(|_| task.slot == 0);
    (task.service_id.clone(), task.slot, node, task.spec_version)
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
        complains(restarts.see(&create("t4"), Some(&limited)), &INVARIANT);
        restarts.see(&create("t5"), Some(&service("web"))).unwrap();
    }
}
