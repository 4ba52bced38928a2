//! `worker/tasks.db`: the node's tasks with their secret *references* and last states, so that an agent
//! that starts again knows what it ran. Secret data is not in a task, and so not here.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sim::Disk;

use crate::objects::{Task, TaskStatus};

/// Where swarmkit keeps it (`node/node.go`, `agent/storage.go`).
pub(crate) const TASKS_PATH: &str = "/var/lib/docker/swarm/worker/tasks.db";

/// One task as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredTask {
    /// As assigned.
    pub(crate) task: Rc<Task>,
    /// As the agent knows it.
    pub(crate) status: TaskStatus,
}

/// Replaces the file's content at once.
pub(crate) fn write(disk: &mut Disk, tasks: &[StoredTask]) {
    let bytes = postcard::to_allocvec(tasks).expect("tasks have no unsized parts");
    disk.replace(&format!("{TASKS_PATH}.tmp"), TASKS_PATH, &bytes);
}

/// What the file holds; nothing if it is absent or unreadable (the COMPLETE set brings it back).
pub(crate) fn read(disk: &Disk) -> Vec<StoredTask> {
    disk.read(TASKS_PATH).and_then(|bytes| postcard::from_bytes(bytes).ok()).unwrap_or_default()
}
