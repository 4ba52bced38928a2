//! A slot has one task that is to run.

use sorted::SortedMap;

use swarm::objects::{Id, Service, TaskState, UpdateOrder};
use swarm::store::Store;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "slots",
    statement: "of a service's tasks in one slot (or on one node, if it is global) at most one is to run, except in a start-first update",
    source: "swarmkit `design/orchestrators.md`; `manager/orchestrator/update/updater.go`",
};

/// True if an update of the service, or its rollback, starts the new task before the old one stops:
/// it has two in a slot then, and leaves them when it is paused or overtaken.
pub fn starts_first(service: &Service) -> bool {
    let specs = [Some(&service.spec), service.previous_spec.as_deref()];
    specs.into_iter().flatten().any(|spec| {
        let configs = [spec.update, spec.rollback];
        configs.into_iter().flatten().any(|config| config.order == UpdateOrder::StartFirst)
    })
}

/// The tasks of one service.
///
/// # Errors
/// Names a slot with two.
pub fn check(service: &Id, store: &Store) -> Verdict {
    let Some(service) = store.service(service) else { return Ok(()) };
    if service.spec.mode.is_job() || starts_first(service) {
        return Ok(());
    }
    let mut slots: SortedMap<(u64, Option<&Id>), &Id> = SortedMap::new();
    for task in store.tasks_of_service(&service.id) {
        if task.desired_state <= TaskState::Running {
            let node = task.node_id.as_ref().filter(|_| task.slot == 0);
            if let Some(other) = slots.insert((task.slot, node), &task.id) {
                let name = task.short_name();
                ensure!(false, "{name}: tasks {other} and {} are both to run", task.id);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::objects::UpdateConfig;
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, service, task};

    #[test]
    fn two_tasks_of_one_slot_are_to_run() {
        let mut store = Store::new();
        let (one, mut other) = (task("t1", "web", Some("n1")), task("t2", "web", Some("n2")));
        other.desired_state = TaskState::Shutdown;
        let create = [service("web").into(), one.into(), other.clone().into()];
        store.apply(&create.map(StoreAction::Create));
        check(&"web".into(), &store).unwrap();
        other.desired_state = TaskState::Ready;
        store.apply(&[StoreAction::Update(other.into())]);
        complains(check(&"web".into(), &store), &INVARIANT);
        let mut start_first = service("web");
        let order = UpdateOrder::StartFirst;
        start_first.spec.update = Some(UpdateConfig { order, ..swarm::objects::defaults::UPDATE });
        store.apply(&[StoreAction::Update(start_first.into())]);
        check(&"web".into(), &store).unwrap();
    }
}
