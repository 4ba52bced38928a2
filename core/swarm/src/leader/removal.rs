//! After a service is gone its tasks follow (swarmkit: `manager/orchestrator/service.go`,
//! `SetServiceTasksRemove`).

use sorted::SortedSet;

use super::task::{ROOM_MIN, raise_desired};
use crate::objects::{Id, Object, Task, TaskState};
use crate::store::{Store, StoreEvent, Tx};

/// The services whose tasks are still to be told.
#[derive(Debug, Default)]
pub(super) struct Removal {
    services: SortedSet<Id>,
    /// Tasks found without a service when the leader began: nobody will ever ask for them.
    strays: SortedSet<Id>,
}

impl Removal {
    pub(super) fn new(store: &Store) -> Self {
        let strays = store
            .tasks()
            .iter()
            .filter(|task| !task.service_id.is_empty() && store.service(&task.service_id).is_none())
            .map(|task| task.id.clone())
            .collect();
        Self { services: SortedSet::new(), strays }
    }

    pub(super) fn is_due(&self) -> bool {
        !self.services.is_empty() || !self.strays.is_empty()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent) {
        if let StoreEvent::Removed(Object::Service(service)) = event
            && !sim::planted!(TasksOutliveService)
        {
            self.services.insert(service.id.clone());
        }
    }

    pub(super) fn run(&mut self, tx: &mut Tx) {
        while ROOM_MIN < tx.room() {
            let Some(id) = self.strays.pop_first() else { break };
            if tx.store().task(&id).is_some() {
                tx.remove::<Task>(&id).expect("it was just read, and there is room");
            }
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.services.pop_first() else { break };
            let waiting = |task: &&std::rc::Rc<Task>| task.desired_state < TaskState::Remove;
            let tasks: Vec<Id> = tx
                .store()
                .tasks_of_service(&id)
                .filter(waiting)
                .map(|task| task.id.clone())
                .take(tx.room() - ROOM_MIN)
                .collect();
            for task in &tasks {
                raise_desired(tx, task, TaskState::Remove);
            }
            if tx.store().tasks_of_service(&id).any(|task| waiting(&task)) {
                self.services.insert(id);
                break;
            }
        }
    }
}
