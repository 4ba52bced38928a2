//! The store by itself.

use sim::Time;

use super::{MAX_CHANGES, Store, StoreError, StoreEvent, Tx, TxContext};
use crate::objects::{Annotations, Id, Object, Secret, SecretBytes, SecretSpec, Task};

fn secret(id: &str, name: &str) -> Secret {
    let data = SecretBytes::from(b"top secret".to_vec());
    let spec = SecretSpec { annotations: Annotations::named(name), data, ..SecretSpec::default() };
    Secret { id: Id::from(id), spec, ..Secret::default() }
}

fn tx(store: &Store, version_index: u64) -> Tx {
    Tx::new(store, TxContext { now: Time::from_unix_nanos(version_index), version_index })
}

fn with(objects: &[Secret]) -> Store {
    let mut store = Store::new();
    let mut tx = tx(&store, 7);
    for object in objects {
        tx.create(object.clone()).unwrap();
    }
    store.apply(&tx.into_actions());
    store
}

#[test]
fn names_are_unique_whatever_their_case() {
    let store = with(&[secret("1", "Password")]);
    let mut tx = tx(&store, 8);
    assert_eq!(tx.create(secret("2", "pASSWORD")), Err(StoreError::NameConflict));
    assert_eq!(tx.create(secret("1", "other")), Err(StoreError::Exists));
    tx.remove::<Secret>(&Id::from("1")).unwrap();
    tx.create(secret("2", "password")).unwrap();
    assert_eq!(tx.remove::<Secret>(&Id::from("1")), Err(StoreError::NotFound));
    assert_eq!(&*tx.store().secrets().by_name("PASSWORD").unwrap().id, "2");
    assert_eq!(&*store.secrets().by_name("PASSWORD").unwrap().id, "1", "nothing is committed");
}

#[test]
fn an_update_must_name_the_version_it_has_read() {
    let mut store = with(&[secret("1", "a")]);
    let read = (**store.secret("1").unwrap()).clone();
    assert_eq!(read.meta.version, 7);
    let mut first = tx(&store, 9);
    first.update(read.clone()).unwrap();
    store.apply(&first.into_actions());
    let mut second = tx(&store, 10);
    let error = second.update(read).unwrap_err();
    assert_eq!(error.to_string(), "update out of sequence");
    let meta = store.secret("1").unwrap().meta;
    let times = (meta.created_at.unix_nanos(), meta.updated_at.unix_nanos());
    assert_eq!((meta.version, times), (9, (7, 9)));
}

#[test]
fn a_transaction_has_a_limit() {
    let store = Store::new();
    let mut tx = tx(&store, 1);
    for number in 0..MAX_CHANGES {
        tx.create(Task { id: Id::from(number.to_string()), ..Task::default() }).unwrap();
    }
    let one_more = tx.create(Task { id: Id::from("x"), ..Task::default() });
    assert_eq!(one_more, Err(StoreError::TooLarge));
}

#[test]
fn a_snapshot_restores_the_same_store() {
    let store = with(&[secret("1", "a"), secret("2", "b")]);
    let restored = Store::restore(&store.save()).unwrap();
    assert_eq!(restored.digest(), store.digest());
    assert_eq!(restored.secrets().by_name("B").unwrap().spec.data.expose(), b"top secret");
    assert!(Store::restore(b"\xff\xff\xff").is_err());
    assert_ne!(with(&[secret("1", "a")]).digest(), store.digest());
}

#[test]
fn events_carry_what_was_and_what_is() {
    let mut store = with(&[secret("1", "a")]);
    let mut tx = tx(&store, 8);
    let mut changed = (**store.secret("1").unwrap()).clone();
    changed.spec.annotations.labels.insert("k".to_owned(), "v".to_owned());
    tx.update(changed).unwrap();
    tx.remove::<Secret>(&Id::from("1")).unwrap();
    let events = store.apply(&tx.into_actions());
    let actions: Vec<&str> = events.iter().map(StoreEvent::action).collect();
    assert_eq!(actions, ["update", "remove"]);
    let Some(Object::Secret(old)) = events[0].old() else { panic!("{events:?}") };
    assert!(old.spec.annotations.labels.is_empty());
}

#[test]
fn one_transaction_changes_an_object_once() {
    let mut store = Store::new();
    let mut tx = tx(&store, 8);
    tx.create(secret("1", "a")).unwrap();
    for label in ["x", "y"] {
        let mut changed = (**tx.store().secret("1").unwrap()).clone();
        changed.spec.annotations.labels.insert(label.to_owned(), String::new());
        tx.update(changed).unwrap();
    }
    let events = store.apply(&tx.into_actions());
    assert!(matches!(events.as_slice(), [StoreEvent::Created(_)]), "{events:?}");
    assert_eq!(store.secret("1").unwrap().spec.annotations.labels.len(), 2);
}

#[test]
fn secret_bytes_are_not_printed() {
    let text = format!("{:?}", secret("1", "a"));
    assert!(text.contains("<secret, 10 bytes>") && !text.contains("top"), "{text}");
}
