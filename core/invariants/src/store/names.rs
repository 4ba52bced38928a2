//! Names are unique per kind.

use sorted::SortedMap;

use swarm::objects::{Id, Object, Stored};
use swarm::store::{Store, StoreEvent, Table};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "names",
    statement: "two services, secrets, configs or networks never have the same name, whatever its case",
    source: "swarmkit `manager/state/store`: the name indexes are in lower case",
};

/// What a change did, and the store after it.
///
/// # Errors
/// If the object's name belongs to another one, too.
pub fn check(event: &StoreEvent, store: &Store) -> Verdict {
    let is_rename = match (event, event.old()) {
        (StoreEvent::Removed(_), _) => return Ok(()),
        (_, Some(old)) => old.name() != event.object().name(),
        (_, None) => true,
    };
    if !is_rename {
        return Ok(());
    }
    match event.object() {
        Object::Service(_) => unique(store.services()),
        Object::Secret(_) => unique(store.secrets()),
        Object::Config(_) => unique(store.configs()),
        Object::Network(_) => unique(store.networks()),
        Object::Cluster(_) => unique(store.clusters()),
        Object::Node(_) | Object::Task(_) => Ok(()),
    }
}

fn unique<T: Stored>(table: &Table<T>) -> Verdict {
    let mut names: SortedMap<String, &Id> = SortedMap::new();
    for object in table.iter() {
        let Some(name) = object.unique_name() else { continue };
        if let Some(other) = names.insert(name.to_lowercase(), object.id()) {
            let kind = T::KIND.word();
            ensure!(false, "{kind}s {other} and {} are both called {name:?}", object.id());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, secret};

    #[test]
    fn two_secrets_with_one_name() {
        let mut store = Store::new();
        let mut other = secret("a", b"x");
        other.id = "another".into();
        other.spec.annotations.name = "A".to_owned();
        let mut events = store.apply(&[StoreAction::Create(Object::from(secret("a", b"x")))]);
        check(&events[0], &store).unwrap();
        events = store.apply(&[StoreAction::Create(Object::from(other))]);
        complains(check(&events[0], &store), &INVARIANT);
    }
}
