//! The scheduler takes the node with the fewest tasks of the service.

use sorted::{SortedMap, SortedSet};

use swarm::leader::constraint;
use swarm::objects::{Availability, Id, Node, NodeState, Object, Service, Task, TaskState};
use swarm::store::{Store, StoreEvent};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "spread",
    statement: "of a service without preferences whose tasks have not failed, no node is given a task while another one that may take it has two less",
    source: "swarmkit `manager/scheduler/scheduler.go`, `nodeLess`",
};

/// Services whose tasks have failed somewhere: their nodes are ranked by that first.
#[derive(Clone, Debug, Default)]
pub struct Spread(SortedSet<Id>);

impl Spread {
    /// All changes of one entry, and the store after it.
    ///
    /// # Errors
    /// Names a node that has too many.
    pub fn see(&mut self, events: &[StoreEvent], store: &Store) -> Verdict {
        let mut placed: SortedSet<(&Id, &Id)> = SortedSet::new();
        for event in events {
            let (StoreEvent::Updated { .. }, Some(Object::Task(old)), Object::Task(new)) =
                (event, event.old(), event.object())
            else {
                continue;
            };
            if matches!(new.status.state, TaskState::Failed | TaskState::Rejected) {
                self.0.insert(new.service_id.clone());
            }
            let version = store.service(&new.service_id).map(|service| service.spec_version);
            let is_placed = old.node_id.is_none()
                && new.status.state == TaskState::Assigned
                && version == Some(new.spec_version);
            if let Some(node) = new.node_id.as_ref().filter(|_| is_placed) {
                placed.insert((&new.service_id, node));
            }
        }
        let mut services: SortedMap<&Id, Vec<&Id>> = SortedMap::new();
        for (service, node) in placed {
            services.entry(service).or_default().push(node);
        }
        for (id, nodes) in services {
            let service = store.service(id).filter(|_| !self.0.contains(id));
            service.map_or(Ok(()), |service| check(service, &nodes, store))?;
        }
        Ok(())
    }
}

/// The nodes that were given a task of the service, and the store after that. What may keep others from
/// taking one is left out of account: preferences, reservations, ports of the node, a limit for each node.
///
/// # Errors
/// Names a node that has too many.
pub fn check(service: &Service, placed: &[&Id], store: &Store) -> Verdict {
    let spec = &service.spec.task;
    let reserved = &spec.resources.reservations;
    let ports = service.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
    let is_simple = spec.placement.preferences.is_empty()
        && spec.placement.max_replicas == 0
        && (reserved.nano_cpus, reserved.memory_bytes) == (0, 0)
        && ports.count() == 0;
    if !is_simple {
        return Ok(());
    }
    let may_take = |node: &Node| {
        node.status.state == NodeState::Ready
            && node.spec.availability == Availability::Active
            && constraint::matches_texts(&spec.placement.constraints, node)
    };
    let count = |node: &Id| {
        let counts = |task: &Task| {
            task.service_id == service.id
                && (TaskState::Assigned..=TaskState::Running).contains(&task.status.state)
                && task.desired_state <= TaskState::Complete
        };
        store.tasks_of_node(node).filter(|task| counts(task)).count()
    };
    let Some(fewest) =
        store.nodes().iter().filter(|node| may_take(node)).map(|node| count(&node.id)).min()
    else {
        return Ok(());
    };
    for node in placed {
        let has = count(node);
        ensure!(
            has <= fewest + 1,
            "{node} is given a task of {} and has {has}, another node has {fewest}",
            service.spec.annotations.name
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, node, service, task};

    #[test]
    fn one_node_has_all() {
        let mut store = Store::new();
        let running = |id: &str, on: &str| {
            let mut running = task(id, "web", Some(on));
            running.status.state = TaskState::Running;
            StoreAction::Create(running.into())
        };
        let objects = [node("n1").into(), node("n2").into(), service("web").into()];
        store.apply(&objects.map(StoreAction::Create));
        store.apply(&[running("t1", "n1")]);
        check(&service("web"), &[&"n1".into()], &store).unwrap();
        store.apply(&[running("t2", "n1")]);
        complains(check(&service("web"), &[&"n1".into()], &store), &INVARIANT);
        let mut drained = node("n2");
        drained.spec.availability = Availability::Drain;
        store.apply(&[StoreAction::Update(drained.into())]);
        check(&service("web"), &[&"n1".into()], &store).unwrap();
    }
}
