//! What an object refers to is there when it is written.

use swarm::objects::{Object, Service, Task, TaskState};
use swarm::store::{Store, StoreEvent};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "references",
    statement: "a new task's service exists; a task that gets a node gets one that exists; the secrets and configs that a service's new spec names exist under that name",
    source: "swarmkit `manager/controlapi/service.go`, `checkSecretExistence`; referential integrity",
};

/// What a change did, and the store after it.
///
/// # Errors
/// Names the reference that leads nowhere.
pub fn check(event: &StoreEvent, store: &Store) -> Verdict {
    match (event, event.old()) {
        (StoreEvent::Removed(_), _) => Ok(()),
        (_, old) => match (event.object(), old) {
            (Object::Service(new), Some(Object::Service(old))) if old.spec == new.spec => Ok(()),
            (Object::Service(service), _) => check_service(service, store),
            (Object::Task(task), None) => check_new_task(task, store),
            (Object::Task(new), Some(Object::Task(old))) if old.node_id == new.node_id => Ok(()),
            (Object::Task(task), _) => check_node(task, store),
            _ => Ok(()),
        },
    }
}

fn check_service(service: &Service, store: &Store) -> Verdict {
    let (name, container) = (&service.spec.annotations.name, &service.spec.task.container);
    for reference in &container.secrets {
        let found = store.secret(&reference.secret_id);
        ensure!(
            found.is_some_and(|found| found.spec.annotations.name == reference.secret_name),
            "service {name} refers to secret {}, which does not exist",
            reference.secret_name
        );
    }
    for reference in &container.configs {
        let found = store.config(&reference.config_id);
        ensure!(
            found.is_some_and(|found| found.spec.annotations.name == reference.config_name),
            "service {name} refers to config {}, which does not exist",
            reference.config_name
        );
    }
    Ok(())
}

fn check_new_task(task: &Task, store: &Store) -> Verdict {
    let name = task.short_name();
    ensure!(store.service(&task.service_id).is_some(), "task {name} is of no service");
    check_node(task, store)
}

fn check_node(task: &Task, store: &Store) -> Verdict {
    let is_over = TaskState::Running < task.status.state;
    if let Some(node) = task.node_id.as_ref().filter(|_| !is_over) {
        ensure!(
            store.node(node).is_some(),
            "task {} is on node {node}, which does not exist",
            task.short_name()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, node, refers_to, secret, service, task};

    #[test]
    fn references_that_lead_nowhere() {
        let mut store = Store::new();
        let create = |store: &mut Store, object: Object| {
            let events = store.apply(&[StoreAction::Create(object)]);
            check(&events[0], store)
        };
        complains(create(&mut store, task("t0", "web", None).into()), &INVARIANT);
        create(&mut store, service("web").into()).unwrap();
        create(&mut store, task("t1", "web", None).into()).unwrap();
        complains(create(&mut store, task("t2", "web", Some("n1")).into()), &INVARIANT);
        create(&mut store, node("n1").into()).unwrap();
        create(&mut store, task("t3", "web", Some("n1")).into()).unwrap();
        let mut wants = service("db");
        wants.spec.task.container.secrets = vec![refers_to("a")];
        complains(create(&mut store, wants.clone().into()), &INVARIANT);
        create(&mut store, secret("a", b"x").into()).unwrap();
        create(&mut store, wants.into()).unwrap();
    }
}
