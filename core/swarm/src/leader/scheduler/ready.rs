//! Only nodes that are up and take new tasks.

use super::filter::{Filter, count};
use super::node_info::NodeInfo;
use crate::objects::{Availability, NodeState, Task};

#[derive(Debug)]
pub(super) struct Ready;

impl Filter for Ready {
    fn for_task(_: &Task) -> Option<Self> {
        Some(Self)
    }
    fn allows(&self, info: &NodeInfo) -> bool {
        info.node.status.state == NodeState::Ready
            && (info.node.spec.availability == Availability::Active
                || sim::planted!(DrainedNodeChosen))
    }
    fn explain(&self, nodes: u64) -> String {
        format!("{} not available for new tasks", count(nodes))
    }
}
