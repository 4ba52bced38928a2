//! Tasks (swarmkit: `manager/controlapi/task.go`).

use std::rc::Rc;

use super::{ApiError, ControlResponse, Filters, filter};
use crate::objects::{Id, Kind, Task};
use crate::store::{Store, StoreError, Tx};

pub(super) fn list(store: &Store, filters: &Filters) -> Vec<Rc<Task>> {
    let matches = |task: &&Rc<Task>| {
        let node = task.node_id.clone().unwrap_or_default();
        filter::matches(filters, &task.id, &task.annotations.name, &task.annotations.labels)
            && filter::contains(&task.service_id, &filters.service_ids)
            && filter::contains(&node, &filters.node_ids)
            && filter::contains(&task.desired_state, &filters.desired_states)
    };
    // The common questions ask for one service's or one node's tasks: the indexes have them.
    match (filters.service_ids.as_slice(), filters.node_ids.as_slice()) {
        ([service], _) => store.tasks_of_service(service).filter(matches).cloned().collect(),
        (_, [node]) => store.tasks_of_node(node).filter(matches).cloned().collect(),
        _ => store.tasks().iter().filter(matches).cloned().collect(),
    }
}

pub(super) fn get(store: &Store, id: &Id) -> Result<Rc<Task>, ApiError> {
    store.task(id).cloned().ok_or_else(|| ApiError::not_found(Kind::Task, id))
}

pub(super) fn remove(tx: &mut Tx, id: &Id) -> Result<ControlResponse, ApiError> {
    match tx.remove::<Task>(id) {
        Ok(()) => Ok(ControlResponse::Done),
        Err(StoreError::NotFound) => Err(ApiError::not_found(Kind::Task, id)),
        Err(other) => Err(other.into()),
    }
}
