//! What one node has been told, and what it must be told next (swarmkit:
//! `manager/dispatcher/assignments.go`).
//!
//! A secret goes to a node together with the first task of that node that refers to it, and is taken
//! back when the last such task has left RUNNING or is gone. Only tasks up to RUNNING count. Nothing
//! else makes a secret travel: not its creation, not a change of its labels, not a wish of the node.

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use crate::objects::{Id, Task, TaskState};
use crate::store::Store;
use crate::transport::protocol::AssignmentChange;

/// What one node holds as far as the dispatcher told it.
#[derive(Debug, Default)]
pub(crate) struct AssignmentSet {
    tasks: SortedMap<Id, Rc<Task>>,
    secret_users: SortedMap<Id, SortedSet<Id>>,
    config_users: SortedMap<Id, SortedSet<Id>>,
}

/// True when nothing but the status (and the version that goes with it) is different.
fn is_same_work(one: &Task, other: &Task) -> bool {
    one.desired_state == other.desired_state
        && one.spec_version == other.spec_version
        && one.spec == other.spec
        && one.networks == other.networks
        && one.endpoint == other.endpoint
        && one.annotations == other.annotations
        && one.node_id == other.node_id
}

impl AssignmentSet {
    /// Everything the node shall have: secrets, configs, tasks.
    pub(crate) fn complete(store: &Store, node_id: &str) -> (Self, Vec<AssignmentChange>) {
        let mut set = Self::default();
        let mut changes = Changes::default();
        for task in store.tasks_of_node(node_id) {
            if task.status.state >= TaskState::Assigned {
                set.put(store, task, &mut changes);
            }
        }
        if sim::planted!(SecretsForAll) {
            changes.secrets.extend(store.secrets().iter().map(|secret| (secret.id.clone(), true)));
        }
        let list = changes.into_list(store);
        (set, list)
    }

    /// Tasks that changed in the store (or are gone) since.
    pub(crate) fn update(
        &mut self,
        store: &Store,
        node_id: &str,
        dirty: &SortedSet<Id>,
    ) -> Vec<AssignmentChange> {
        let mut changes = Changes::default();
        for id in dirty {
            match store.task(id) {
                Some(task)
                    if (task.node_id.as_deref() == Some(node_id) || sim::planted!(TasksForAll))
                        && task.status.state >= TaskState::Assigned =>
                {
                    self.put(store, task, &mut changes);
                }
                Some(_) => {}
                None => self.remove(id, &mut changes),
            }
        }
        changes.into_list(store)
    }

    fn put(&mut self, store: &Store, task: &Rc<Task>, changes: &mut Changes) {
        let known = self.tasks.get(&task.id);
        // Up to ASSIGNED the agent has not spoken: it is told whatever changed.
        let is_news = known.is_none_or(|known| {
            (!is_same_work(known, task) && !sim::planted!(ChangeNotSent))
                || (task.status.state <= TaskState::Assigned && known.status != task.status)
        });
        if task.status.state <= TaskState::Running {
            if is_news {
                self.take_dependencies(store, task, changes);
            }
        } else {
            self.release_dependencies(task, changes);
        }
        if is_news {
            changes.tasks.insert(task.id.clone(), Some(Rc::clone(task)));
        }
        self.tasks.insert(task.id.clone(), Rc::clone(task));
    }

    fn remove(&mut self, id: &Id, changes: &mut Changes) {
        if let Some(task) = self.tasks.remove(id) {
            self.release_dependencies(&task, changes);
            changes.tasks.insert(id.clone(), None);
        }
    }

    fn take_dependencies(&mut self, store: &Store, task: &Task, changes: &mut Changes) {
        for reference in &task.spec.container.secrets {
            let id = &reference.secret_id;
            let users = self.secret_users.entry(id.clone()).or_default();
            if users.is_empty() && store.secret(id).is_some() {
                changes.secrets.insert(id.clone(), true);
            }
            users.insert(task.id.clone());
        }
        for reference in &task.spec.container.configs {
            let id = &reference.config_id;
            let users = self.config_users.entry(id.clone()).or_default();
            if users.is_empty() && store.config(id).is_some() {
                changes.configs.insert(id.clone(), true);
            }
            users.insert(task.id.clone());
        }
    }

    fn release_dependencies(&mut self, task: &Task, changes: &mut Changes) {
        for reference in &task.spec.container.secrets {
            release(&mut self.secret_users, &reference.secret_id, &task.id, &mut changes.secrets);
        }
        for reference in &task.spec.container.configs {
            release(&mut self.config_users, &reference.config_id, &task.id, &mut changes.configs);
        }
    }
}

fn release(
    users_of: &mut SortedMap<Id, SortedSet<Id>>,
    id: &Id,
    task: &Id,
    changes: &mut SortedMap<Id, bool>,
) {
    let Some(users) = users_of.get_mut(id) else { return };
    if users.remove(task) && users.is_empty() {
        users_of.remove(id);
        changes.insert(id.clone(), false);
    }
}

/// What is to be told: `true` for "hold", `false` for "forget".
#[derive(Default)]
struct Changes {
    secrets: SortedMap<Id, bool>,
    configs: SortedMap<Id, bool>,
    tasks: SortedMap<Id, Option<Rc<Task>>>,
}

impl Changes {
    fn into_list(self, store: &Store) -> Vec<AssignmentChange> {
        let mut list = Vec::new();
        for (id, hold) in self.secrets {
            match store.secret(&id).filter(|_| hold) {
                // A plugin would give its bytes; there is none, so the node gets nothing.
                Some(secret) if secret.spec.driver.is_some() => {}
                Some(secret) => list.push(AssignmentChange::UpdateSecret(Rc::clone(secret))),
                None => list.push(AssignmentChange::RemoveSecret(id)),
            }
        }
        for (id, hold) in self.configs {
            match store.config(&id).filter(|_| hold) {
                Some(config) => list.push(AssignmentChange::UpdateConfig(Rc::clone(config))),
                None => list.push(AssignmentChange::RemoveConfig(id)),
            }
        }
        for (id, task) in self.tasks {
            list.push(match task {
                Some(task) => AssignmentChange::UpdateTask(task),
                None => AssignmentChange::RemoveTask(id),
            });
        }
        list
    }
}
