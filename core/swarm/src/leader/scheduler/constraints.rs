//! The node must meet the placement constraints.

use super::filter::{Filter, count};
use super::node_info::NodeInfo;
use crate::leader::constraint::{Constraint, matches, parse};
use crate::objects::Task;

#[derive(Debug)]
pub(super) struct Constraints(Vec<Constraint>);

impl Filter for Constraints {
    fn for_task(task: &Task) -> Option<Self> {
        let texts = &task.spec.placement.constraints;
        // The control API lets nothing through that cannot be read.
        parse(texts).ok().filter(|constraints| !constraints.is_empty()).map(Self)
    }
    fn allows(&self, info: &NodeInfo) -> bool {
        matches(&self.0, &info.node) || sim::planted!(ConstraintIgnored)
    }
    fn explain(&self, nodes: u64) -> String {
        format!("scheduling constraints not satisfied on {}", count(nodes))
    }
}
