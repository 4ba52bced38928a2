//! What a user was told is done, is done and stays.

use sorted::SortedMap;

use swarm::objects::Kind;
use swarm::store::Store;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "acknowledged",
    statement: "an object whose creation was acknowledged is there until somebody asks for its removal; one whose removal was acknowledged is gone until it is created again",
    source: "the client oracle of openraft's `tests-turmoil`; Jepsen's set tests",
};

/// What is known of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Its creation was acknowledged, nobody asked for its removal.
    There,
    /// Its removal was acknowledged, nobody asked for its creation.
    Gone,
    /// A request is under way, or failed: it may still take effect.
    Unknown,
}

/// What users asked for and were told, by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged(SortedMap<(Kind, String), Known>);

impl Acknowledged {
    /// Somebody asks for an object to be created or removed.
    pub fn asked(&mut self, kind: Kind, name: &str) {
        self.0.insert((kind, name.to_owned()), Known::Unknown);
    }

    /// It was created, the user was told.
    pub fn created(&mut self, kind: Kind, name: &str) {
        self.0.insert((kind, name.to_owned()), Known::There);
    }

    /// It was removed, the user was told.
    pub fn removed(&mut self, kind: Kind, name: &str) {
        self.0.insert((kind, name.to_owned()), Known::Gone);
    }

    /// Nothing is known any more: the cluster was given up on purpose.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Everything that was acknowledged is so in this store.
    ///
    /// # Errors
    /// Names the object that is lost, or has come back.
    pub fn check(&self, store: &Store) -> Verdict {
        for ((kind, name), known) in &self.0 {
            let found = match kind {
                Kind::Secret => store.secrets().by_name(name).is_some(),
                Kind::Config => store.configs().by_name(name).is_some(),
                Kind::Service => store.services().by_name(name).is_some(),
                Kind::Network => store.networks().by_name(name).is_some(),
                Kind::Cluster | Kind::Node | Kind::Task => continue,
            };
            let word = kind.word();
            ensure!(
                found || *known != Known::There,
                "the creation of {word} {name} was acknowledged, and it is not there"
            );
            ensure!(
                !found || *known != Known::Gone,
                "the removal of {word} {name} was acknowledged, and it is there"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, secret};

    #[test]
    fn an_acknowledged_write_is_lost() {
        let (mut told, mut store) = (Acknowledged::default(), Store::new());
        told.asked(Kind::Secret, "a");
        told.check(&store).unwrap();
        told.created(Kind::Secret, "a");
        complains(told.check(&store), &INVARIANT);
        store.apply(&[StoreAction::Create(secret("a", b"x").into())]);
        told.check(&store).unwrap();
        told.removed(Kind::Secret, "a");
        complains(told.check(&store), &INVARIANT);
    }
}
