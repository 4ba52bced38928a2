//! Managers that have applied the same entries hold the same objects.

use sorted::SortedMap;
use std::rc::Rc;

use raft::Index;
use sha2::{Digest as _, Sha256};
use swarm::objects::{Id, Object, Stored};
use swarm::store::{Store, StoreEvent, Table};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "equal_stores",
    statement: "a manager that has applied up to an index holds exactly what the committed entries up to it make",
    source: "Raft paper, figure 3 (state machine safety); TigerBeetle's byte-identical replicas",
};

/// A digest that follows changes one by one: the sum of the objects' digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u128);

fn digest(object: &Object) -> u128 {
    let bytes = postcard::to_allocvec(object).expect("objects hold nothing that postcard refuses");
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    u128::from_le_bytes(half)
}

impl Sum {
    /// The sum of a whole store.
    pub fn of(store: &Store) -> Self {
        let mut sum = Self::default();
        for object in store.objects() {
            sum.add(&object);
        }
        sum
    }

    fn add(&mut self, object: &Object) {
        self.0 = self.0.wrapping_add(digest(object));
    }

    fn take(&mut self, object: &Object) {
        self.0 = self.0.wrapping_sub(digest(object));
    }

    /// What one entry did.
    pub fn follow(&mut self, event: &StoreEvent) {
        if let Some(old) = event.old() {
            self.take(old);
        }
        if !matches!(event, StoreEvent::Removed(_)) {
            self.add(event.object());
        }
    }

    /// A store has become another: only objects that are not the very same are looked at.
    pub fn change(&mut self, before: &Store, after: &Store) {
        self.tables(before.clusters(), after.clusters());
        self.tables(before.nodes(), after.nodes());
        self.tables(before.services(), after.services());
        self.tables(before.tasks(), after.tasks());
        self.tables(before.secrets(), after.secrets());
        self.tables(before.configs(), after.configs());
        self.tables(before.networks(), after.networks());
    }

    fn tables<T: Stored>(&mut self, before: &Table<T>, after: &Table<T>) {
        let mut gone: SortedMap<&Id, &Rc<T>> = SortedMap::new();
        let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
        // Most objects are the same one in both; both tables are in the order of identifiers.
        loop {
            match (old.peek(), new.peek()) {
                (Some(one), Some(other)) if Rc::ptr_eq(one, other) => {
                    old.next();
                    new.next();
                }
                (Some(one), other) if other.is_none_or(|other| one.id() <= other.id()) => {
                    gone.insert(one.id(), one);
                    old.next();
                }
                (_, Some(other)) => {
                    self.add(&T::wrap(Rc::clone(other)));
                    new.next();
                }
                _ => break,
            }
        }
        for object in gone.into_values() {
            self.take(&T::wrap(Rc::clone(object)));
        }
    }
}

/// A manager holds `sum` after `applied`; the entries up to there make `expected`.
///
/// # Errors
/// If they differ.
pub fn check(applied: Index, sum: Sum, expected: Sum) -> Verdict {
    ensure!(sum == expected, "the store at index {applied} is not what the log makes of it");
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, secret};

    #[test]
    fn a_store_that_differs_in_one_object() {
        let create = |secret| StoreAction::Create(Object::from(secret));
        let (mut one, mut other) = (Store::new(), Store::new());
        one.apply(&[create(secret("a", b"x")), create(secret("b", b"y"))]);
        other.apply(&[create(secret("b", b"y")), create(secret("a", b"x"))]);
        check(Index(2), Sum::of(&one), Sum::of(&other)).unwrap();
        other.apply(&[StoreAction::Update(Object::from(secret("a", b"z")))]);
        complains(check(Index(2), Sum::of(&one), Sum::of(&other)), &INVARIANT);
    }

    #[test]
    fn the_sum_follows_changes() {
        let mut store = Store::new();
        let mut sum = Sum::default();
        let actions = [
            StoreAction::Create(Object::from(secret("a", b"x"))),
            StoreAction::Create(Object::from(secret("b", b"y"))),
            StoreAction::Update(Object::from(secret("a", b"z"))),
            StoreAction::Remove(swarm::objects::Kind::Secret, "b".into()),
        ];
        for action in actions {
            let before = store.clone();
            let mut followed = sum;
            store.apply(&[action]).iter().for_each(|event| followed.follow(event));
            sum.change(&before, &store);
            assert_eq!((sum, followed), (Sum::of(&store), Sum::of(&store)));
        }
    }
}
