//! What a filter is (swarmkit: `manager/scheduler/filter.go`).

use super::node_info::NodeInfo;
use crate::objects::Task;

/// One reason why a node may be unsuitable for a task.
pub(super) trait Filter: std::fmt::Debug {
    /// The filter for this task; none if it has nothing to say about it.
    fn for_task(task: &Task) -> Option<Self>
    where
        Self: Sized;
    /// The node passes.
    fn allows(&self, info: &NodeInfo) -> bool;
    /// Why so many nodes did not pass.
    fn explain(&self, nodes: u64) -> String;
}

/// `1 node` or `3 nodes`.
pub(super) fn count(nodes: u64) -> String {
    if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") }
}
