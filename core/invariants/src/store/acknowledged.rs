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

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An object of a swarm.
    Swarm(Kind),
    /// An object of a Kubernetes' namespace `default`, by its resource, as in `secrets`.
    Cluster(&'static str),
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Swarm(kind) => kind.word(),
            Self::Cluster(resource) => resource,
        }
    }
}

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

/// What users asked for and were told, by what it is and its name.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged(SortedMap<(What, String), Known>);

impl Acknowledged {
    /// Somebody asks for an object to be created or removed.
    pub fn asked(&mut self, what: What, name: &str) {
        self.0.insert((what, name.to_owned()), Known::Unknown);
    }

    /// It was created, the user was told.
    pub fn created(&mut self, what: What, name: &str) {
        self.0.insert((what, name.to_owned()), Known::There);
    }

    /// It was removed, the user was told.
    pub fn removed(&mut self, what: What, name: &str) {
        self.0.insert((what, name.to_owned()), Known::Gone);
    }

    /// Nothing is known any more: the cluster was given up on purpose.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Everything that was acknowledged is so. `is_there` says whether an object is there; nothing for what is not looked
    /// at.
    ///
    /// # Errors
    /// Names the object that is lost, or has come back.
    pub fn check(&self, is_there: &dyn Fn(What, &str) -> Option<bool>) -> Verdict {
        for ((what, name), known) in &self.0 {
            let Some(found) = is_there(*what, name) else { continue };
            let word = what.word();
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

/// Whether a swarm's store has an object; nothing for kinds that nobody is told of.
pub fn is_in_store(store: &Store, what: What, name: &str) -> Option<bool> {
    let What::Swarm(kind) = what else { return None };
    Some(match kind {
        Kind::Secret => store.secrets().by_name(name).is_some(),
        Kind::Config => store.configs().by_name(name).is_some(),
        Kind::Service => store.services().by_name(name).is_some(),
        Kind::Network => store.networks().by_name(name).is_some(),
        Kind::Cluster | Kind::Node | Kind::Task => return None,
    })
}

#[cfg(test)]
mod tests {
    use swarm::store::StoreAction;

    use super::*;
    use crate::testing::{complains, secret};

    #[test]
    fn an_acknowledged_write_is_lost() {
        let a = What::Swarm(Kind::Secret);
        let (mut told, mut store) = (Acknowledged::default(), Store::new());
        let check = |told: &Acknowledged, store: &Store| {
            told.check(&|what, name| is_in_store(store, what, name))
        };
        told.asked(a, "a");
        check(&told, &store).unwrap();
        told.created(a, "a");
        complains(check(&told, &store), &INVARIANT);
        store.apply(&[StoreAction::Create(secret("a", b"x").into())]);
        check(&told, &store).unwrap();
        told.removed(a, "a");
        complains(check(&told, &store), &INVARIANT);
    }
}
