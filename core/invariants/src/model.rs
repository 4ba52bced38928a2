//! The store that the watch builds for itself from the committed entries, and what is checked of every
//! entry as it does.

use sorted::{SortedMap, SortedSet};

use raft::{ConfChange, Entry, Index, Payload, RaftId, Term};
use swarm::node::{actions_of, joiner_of};
use swarm::objects::{Cluster, Id, NodeState, Object, Service, TaskState};
use swarm::store::{Store, StoreEvent};

use crate::invariant::Verdict;
use crate::nodes::plaintext::Needles;
use crate::store::equal_stores::{self, Sum};
use crate::store::{addresses, in_use, names, references, versions};
use crate::tasks::replacements::Replacements;
use crate::tasks::restarts::Restarts;
use crate::tasks::spread::Spread;
use crate::tasks::unwritten::Unwritten;
use crate::tasks::{identity, placement, rollbacks, slots, states};

/// So many past indexes are remembered for managers that lag behind.
const SUM_COUNT_MAX: usize = 50_000;

/// What the committed entries of one cluster make.
#[derive(Clone, Debug, Default)]
pub struct Model {
    store: Store,
    applied: Index,
    term: Term,
    sum: Sum,
    sums: SortedMap<Index, Sum>,
    restarts: Restarts,
    replacements: Replacements,
    spread: Spread,
    pub(crate) unwritten: Unwritten,
    /// The nodes of the raft members that have joined since somebody looks.
    members: SortedMap<RaftId, Id>,
    /// The highest history limit that there was.
    pub(crate) history_limit: i64,
    pub(crate) needles: Needles,
}

impl Model {
    /// What the entries so far make.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// How far it has come.
    pub const fn applied(&self) -> Index {
        self.applied
    }

    /// Goes on from a manager's store: entries were compacted before anybody looked.
    pub(crate) fn adopt(&mut self, applied: Index, store: &Store) {
        (self.store, self.applied, self.sum) = (store.clone(), applied, Sum::of(store));
        self.sums = SortedMap::from([(applied, self.sum)]);
        if let Some(cluster) = store.cluster() {
            self.see_cluster(cluster);
        }
        for secret in store.secrets().iter() {
            self.needles.add(&secret.spec.annotations.name, secret.spec.data.expose());
        }
    }

    fn see_cluster(&mut self, cluster: &Cluster) {
        // A negative one is none.
        let limit = u64::try_from(cluster.spec.task_history_limit).ok();
        let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(i64::MAX);
        self.history_limit = self.history_limit.max(limit);
    }

    /// An entry is committed. Its effects are checked.
    pub(crate) fn commit(&mut self, entry: &Entry) -> Verdict {
        let events = match actions_of(entry) {
            Some(actions) => self.store.apply(&actions),
            None => Vec::new(),
        };
        self.applied = entry.index;
        match &entry.payload {
            Payload::ConfChange(ConfChange::RemoveVoter { id }) => {
                self.members.remove(id);
            }
            _ => self.members.extend(joiner_of(entry)),
        }
        if self.term != entry.term {
            // A new leader counts restarts from the tasks that it finds, and does not know what waits.
            (self.term, self.restarts) = (entry.term, Restarts::default());
            self.replacements = Replacements::default();
        }
        let mut services: SortedSet<Id> = SortedSet::new();
        for event in &events {
            self.sum.follow(event);
            match event.object() {
                Object::Task(task) => {
                    services.insert(task.service_id.clone());
                }
                Object::Cluster(cluster) => self.see_cluster(cluster),
                _ => {}
            }
        }
        self.sums.insert(self.applied, self.sum);
        if SUM_COUNT_MAX < self.sums.len() {
            self.sums.pop_first();
        }
        for event in &events {
            self.check(entry.index, event)?;
        }
        self.hear(&events);
        for service in &services {
            slots::check(service, &self.store)?;
        }
        self.spread.see(&events, &self.store)?;
        let store = &self.store;
        let is_down =
            |id: &Id| store.node(id).is_none_or(|node| node.status.state == NodeState::Down);
        self.replacements.see(&events, is_down)
    }

    /// What a service says is known to everybody who may look at it, and to the disks of its workers.
    fn hear(&mut self, events: &[StoreEvent]) {
        let is_new_secret = |event: &StoreEvent| {
            matches!((event, event.object()), (StoreEvent::Created(_), Object::Secret(_)))
        };
        if events.iter().any(is_new_secret) {
            for service in self.store.services().iter() {
                self.needles.forget_those_in(&said(service));
            }
        }
        for event in events {
            if let Object::Service(service) = event.object()
                && !self.needles.is_empty()
            {
                self.needles.forget_those_in(&said(service));
            }
        }
    }

    fn check(&mut self, index: Index, event: &StoreEvent) -> Verdict {
        versions::check(index, event)?;
        names::check(event, &self.store)?;
        addresses::check(event, &self.store)?;
        references::check(event, &self.store)?;
        in_use::check(event, &self.store, |id| self.members.values().any(|node| node == id))?;
        match (event, event.old(), event.object()) {
            (StoreEvent::Created(_), _, Object::Task(task)) => {
                states::check_new(task)?;
                placement::check_new(task, &self.store)?;
                let service = self.store.service(&task.service_id).cloned();
                self.restarts.see(event, service.as_deref())?;
            }
            (StoreEvent::Created(_), _, Object::Secret(secret)) => {
                let name = &secret.spec.annotations.name;
                self.needles.add(name, secret.spec.data.expose());
            }
            (StoreEvent::Updated { .. }, Some(Object::Task(old)), Object::Task(new)) => {
                states::check(old, new, self.unwritten.may_be_forgotten(old))?;
                identity::check(old, new)?;
                placement::check(old, new, &self.store)?;
                if old.desired_state <= TaskState::Running && TaskState::Running < new.desired_state
                {
                    self.restarts.give_up(new);
                }
                if new.desired_state == TaskState::Remove {
                    self.restarts.forget(new);
                }
            }
            (StoreEvent::Removed(_), _, Object::Task(task)) => {
                let node = task.node_id.as_ref().and_then(|id| self.store.node(id));
                let service = self.store.service(&task.service_id);
                states::check_removed(task, node.is_some(), service.is_some())?;
                self.unwritten.forget(&task.id);
            }
            (_, Some(Object::Service(old)), Object::Service(new)) => {
                if matches!(event, StoreEvent::Updated { .. }) {
                    rollbacks::check(old, new)?;
                }
                self.restarts.see(event, None)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A manager has applied up to `applied` and holds `sum`. Indexes that are long past are not
    /// compared.
    pub(crate) fn compare(&self, applied: Index, sum: Sum) -> Verdict {
        match self.sums.get(&applied) {
            Some(expected) => equal_stores::check(applied, sum, *expected),
            None => Ok(()),
        }
    }
}

/// A service as bytes; texts are in it as they are.
fn said(service: &Service) -> Vec<u8> {
    postcard::to_allocvec(&service.spec).expect("a service has no unsized parts")
}
