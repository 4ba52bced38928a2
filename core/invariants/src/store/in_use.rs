//! A secret or config that a service uses is not removed.

use swarm::objects::{Id, Object};
use swarm::store::{Store, StoreEvent};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "in_use",
    statement: "no secret or config is removed while a service's spec refers to it, and no node while it is a raft member whom nobody has asked to demote",
    source: "swarmkit `manager/controlapi/secret.go`, `RemoveSecret`; `manager/controlapi/node.go`, `RemoveNode`",
};

/// What a change did, the store after it, and who is known to be a member of the raft group.
///
/// # Errors
/// Names the service that is left without.
pub fn check(event: &StoreEvent, store: &Store, is_member: impl Fn(&Id) -> bool) -> Verdict {
    let StoreEvent::Removed(object) = event else { return Ok(()) };
    let user = match object {
        Object::Secret(secret) => store.services_using_secret(&secret.id).next(),
        Object::Config(config) => store.services_using_config(&config.id).next(),
        Object::Node(node) => {
            let is_to_be = node.spec.desired_role == swarm::objects::Role::Manager;
            let stays = is_to_be && is_member(&node.id);
            ensure!(!stays, "manager {} was removed", node.description.hostname);
            None
        }
        _ => None,
    };
    if let Some(service) = user {
        let (kind, name) = (object.kind().word(), object.name());
        let user = &service.spec.annotations.name;
        ensure!(false, "{kind} {name} was removed while service {user} refers to it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::objects::{Kind, Role};
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, node, refers_to, secret, service};

    #[test]
    fn a_secret_in_use_is_removed() {
        let mut store = Store::new();
        let mut uses = service("db");
        uses.spec.task.container.secrets = vec![refers_to("a")];
        store.apply(&[
            StoreAction::Create(secret("a", b"x").into()),
            StoreAction::Create(secret("b", b"y").into()),
            StoreAction::Create(uses.into()),
        ]);
        let events = store.apply(&[StoreAction::Remove(Kind::Secret, "b".into())]);
        check(&events[0], &store, |_| false).unwrap();
        let events = store.apply(&[StoreAction::Remove(Kind::Secret, "a".into())]);
        complains(check(&events[0], &store, |_| true), &INVARIANT);
    }

    #[test]
    fn a_manager_is_removed() {
        let mut store = Store::new();
        let mut manager = node("n1");
        manager.spec.desired_role = Role::Manager;
        store.apply(&[StoreAction::Create(manager.into())]);
        let events = store.apply(&[StoreAction::Remove(Kind::Node, "n1".into())]);
        complains(check(&events[0], &store, |_| true), &INVARIANT);
        check(&events[0], &store, |_| false).unwrap();
    }
}
