//! The replicated store (swarmkit: `manager/state/store`).
//!
//! Tables of shared objects, copied on write: a clone of the store costs a few counters, and only
//! the tables that a transaction touches are copied. Names are unique per kind without regard to
//! case; tasks are indexed by service and by node. All iteration is in the order of identifiers, so
//! that equal stores give equal digests on every manager.
//!
//! Changes come as [`StoreAction`]s: a [`Tx`] makes them on the leader, [`Store::apply`] plays them
//! back everywhere once they are committed.

mod query;
mod snapshot;
mod table;
#[cfg(test)]
mod tests;
mod tx;

use sorted::SortedSet;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::objects::{
    Cluster, Config, Id, Kind, Network, Node, Object, Secret, Service, Stored, Task,
};

pub use snapshot::RestoreError;
pub use table::Table;
pub use tx::{MAX_CHANGES, MAX_TRANSACTION_BYTES, StoreError, Tx, TxContext};

/// One change, with the whole object: what a raft entry holds a list of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreAction {
    /// A new object.
    Create(Object),
    /// A new version of an object.
    Update(Object),
    /// The object is gone.
    Remove(Kind, Id),
}

impl StoreAction {
    /// `task` and its identifier, for the history.
    pub fn words(&self) -> String {
        let (kind, id) = match self {
            Self::Create(object) | Self::Update(object) => (object.kind(), object.id()),
            Self::Remove(kind, id) => (*kind, id),
        };
        format!("{} {id}", kind.word())
    }
}

/// What a change did, for those who watch the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// There is a new object.
    Created(Object),
    /// An object has changed.
    Updated {
        /// What it was.
        old: Object,
        /// What it is.
        new: Object,
    },
    /// An object is gone; this is what it was.
    Removed(Object),
}

impl StoreEvent {
    /// The object as it is now, or was last.
    pub fn object(&self) -> &Object {
        match self {
            Self::Created(object) | Self::Removed(object) | Self::Updated { new: object, .. } => {
                object
            }
        }
    }

    /// The object before the change, if there was one.
    pub fn old(&self) -> Option<&Object> {
        match self {
            Self::Created(_) => None,
            Self::Updated { old, .. } | Self::Removed(old) => Some(old),
        }
    }

    /// `create`, `update` or `remove`, as `docker events` prints it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Created(_) => "create",
            Self::Updated { .. } => "update",
            Self::Removed(_) => "remove",
        }
    }
}

/// The objects of one cluster as one manager holds them.
#[derive(Clone, Debug, Default)]
pub struct Store {
    clusters: Table<Cluster>,
    nodes: Table<Node>,
    services: Table<Service>,
    tasks: Table<Task>,
    secrets: Table<Secret>,
    configs: Table<Config>,
    networks: Table<Network>,
    /// (service, slot, task)
    tasks_by_service: Rc<SortedSet<(Id, u64, Id)>>,
    /// (node, task)
    tasks_by_node: Rc<SortedSet<(Id, Id)>>,
}

/// An object type together with its table.
pub trait Row: Stored {
    /// Its table.
    fn table(store: &Store) -> &Table<Self>;
    /// Its table, to change.
    fn table_mut(store: &mut Store) -> &mut Table<Self>;
}

macro_rules! row {
    ($($type:ident: $field:ident),*) => {$(
        impl Row for $type {
            fn table(store: &Store) -> &Table<Self> {
                &store.$field
            }
            fn table_mut(store: &mut Store) -> &mut Table<Self> {
                &mut store.$field
            }
        }
    )*};
}
row!(Cluster: clusters, Node: nodes, Service: services, Task: tasks);
row!(Secret: secrets, Config: configs, Network: networks);

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Plays back committed changes and says what they did. A change that cannot be (an update of
    /// what is not there) is taken for what it must have meant: all managers do the same.
    pub fn apply(&mut self, actions: &[StoreAction]) -> Vec<StoreEvent> {
        actions.iter().filter_map(|action| self.apply_one(action)).collect()
    }

    fn apply_one(&mut self, action: &StoreAction) -> Option<StoreEvent> {
        let old = match action {
            StoreAction::Create(object) | StoreAction::Update(object) => self.put(object),
            StoreAction::Remove(kind, id) => self.take(*kind, id),
        };
        match (action, old) {
            (StoreAction::Remove(..), old) => old.map(StoreEvent::Removed),
            (StoreAction::Create(new) | StoreAction::Update(new), Some(old)) => {
                Some(StoreEvent::Updated { old, new: new.clone() })
            }
            (StoreAction::Create(new) | StoreAction::Update(new), None) => {
                Some(StoreEvent::Created(new.clone()))
            }
        }
    }

    fn put(&mut self, object: &Object) -> Option<Object> {
        match object {
            Object::Cluster(object) => self.clusters.put(object).map(Object::Cluster),
            Object::Node(object) => self.nodes.put(object).map(Object::Node),
            Object::Service(object) => self.services.put(object).map(Object::Service),
            Object::Secret(object) => self.secrets.put(object).map(Object::Secret),
            Object::Config(object) => self.configs.put(object).map(Object::Config),
            Object::Network(object) => self.networks.put(object).map(Object::Network),
            Object::Task(object) => {
                let old = self.tasks.put(object);
                self.reindex(old.as_deref(), Some(object));
                old.map(Object::Task)
            }
        }
    }

    fn take(&mut self, kind: Kind, id: &Id) -> Option<Object> {
        match kind {
            Kind::Cluster => self.clusters.take(id).map(Object::Cluster),
            Kind::Node => self.nodes.take(id).map(Object::Node),
            Kind::Service => self.services.take(id).map(Object::Service),
            Kind::Secret => self.secrets.take(id).map(Object::Secret),
            Kind::Config => self.configs.take(id).map(Object::Config),
            Kind::Network => self.networks.take(id).map(Object::Network),
            Kind::Task => {
                let old = self.tasks.take(id);
                self.reindex(old.as_deref(), None);
                old.map(Object::Task)
            }
        }
    }

    /// Keeps the tasks' indexes; most changes of a task touch neither.
    fn reindex(&mut self, old: Option<&Task>, new: Option<&Task>) {
        let service = |task: Option<&Task>| {
            task.filter(|task| !task.service_id.is_empty())
                .map(|task| (task.service_id.clone(), task.slot, task.id.clone()))
        };
        let node = |task: Option<&Task>| {
            task.and_then(|task| Some((task.node_id.clone()?, task.id.clone())))
        };
        change(&mut self.tasks_by_service, service(old), service(new));
        change(&mut self.tasks_by_node, node(old), node(new));
    }
}

fn change<K: Ord + Clone>(index: &mut Rc<SortedSet<K>>, old: Option<K>, new: Option<K>) {
    if old == new {
        return;
    }
    let index = Rc::make_mut(index);
    if let Some(old) = old {
        index.remove(&old);
    }
    if let Some(new) = new {
        index.insert(new);
    }
}
