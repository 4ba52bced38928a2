//! What changed in the swarm, for `docker events` on a manager (moby: `daemon/events.go`; since 17.06).
//!
//! Every manager tells what its own store has applied; tasks and the cluster itself are not told.

use sorted::SortedMap;

use engine::Release;
use sim::Time;
use swarm::objects::{Node, Object, Service, ServiceMode};
use swarm::store::StoreEvent;

use crate::api::EventLine;
use crate::daemon::Daemon;

type Attributes = SortedMap<String, String>;

impl Daemon {
    /// Keeps a change of the swarm.
    pub(crate) fn remember_swarm(&mut self, now: Time, event: &StoreEvent) {
        if self.config.engine.release < Release(17, 6) {
            return;
        }
        let object = event.object();
        let mut attributes = Attributes::new();
        let meta = match (object, event.old()) {
            (Object::Service(new), old) => {
                if let Some(Object::Service(old)) = old {
                    service_changes(old, new, &mut attributes);
                }
                new.meta
            }
            (Object::Node(new), old) => {
                if let Some(Object::Node(old)) = old {
                    node_changes(old, new, &mut attributes);
                }
                new.meta
            }
            (Object::Secret(new), _) => new.meta,
            (Object::Config(new), _) => new.meta,
            (Object::Network(new), _) => new.meta,
            (Object::Task(_) | Object::Cluster(_), _) => return,
        };
        let name = match object {
            Object::Node(node) if node.spec.annotations.name.is_empty() => {
                node.description.hostname.clone()
            }
            object => object.name().to_owned(),
        };
        attributes.insert("name".to_owned(), name);
        let (action, at) = match event {
            StoreEvent::Created(_) => ("create", meta.created_at),
            StoreEvent::Updated { .. } => ("update", meta.updated_at),
            StoreEvent::Removed(_) => ("remove", now),
        };
        self.events.push(EventLine {
            at,
            kind: object.kind().word().to_owned(),
            action: action.to_owned(),
            id: object.id().to_string(),
            attributes,
            scope: "swarm".to_owned(),
        });
    }
}

/// `key.old` and `key.new`, if they differ.
fn differ(attributes: &mut Attributes, key: &str, old: impl ToString, new: impl ToString) {
    let (old, new) = (old.to_string(), new.to_string());
    if old != new {
        attributes.insert(format!("{key}.old"), old);
        attributes.insert(format!("{key}.new"), new);
    }
}

fn service_changes(old: &Service, new: &Service, attributes: &mut Attributes) {
    let image = |service: &Service| service.spec.task.container.image.clone();
    differ(attributes, "image", image(old), image(new));
    if let (ServiceMode::Replicated { replicas: old }, ServiceMode::Replicated { replicas: new }) =
        (&old.spec.mode, &new.spec.mode)
    {
        differ(attributes, "replicas", old, new);
    }
    let Some(status) = &new.update_status else { return };
    match &old.update_status {
        Some(old) => differ(attributes, "updatestate", old.state.word(), status.state.word()),
        None => {
            attributes.insert("updatestate.new".to_owned(), status.state.word().to_owned());
        }
    }
}

fn node_changes(old: &Node, new: &Node, attributes: &mut Attributes) {
    let availability = |node: &Node| node.spec.availability.word();
    differ(attributes, "availability", availability(old), availability(new));
    differ(attributes, "role", old.role.word(), new.role.word());
    differ(attributes, "state", old.status.state.word(), new.status.state.word());
    if let (Some(old), Some(new)) = (&old.manager_status, &new.manager_status) {
        differ(attributes, "leader", old.leader, new.leader);
        differ(attributes, "reachability", old.reachability.word(), new.reachability.word());
    }
}
