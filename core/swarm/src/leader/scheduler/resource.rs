//! What a task reserves must be free.

use super::filter::{Filter, count};
use super::node_info::NodeInfo;
use crate::objects::{ResourceAmounts, Task};

#[derive(Debug)]
pub(super) struct Resource(ResourceAmounts);

impl Filter for Resource {
    fn for_task(task: &Task) -> Option<Self> {
        let reserved = task.spec.resources.reservations;
        (reserved.nano_cpus != 0 || reserved.memory_bytes != 0).then_some(Self(reserved))
    }
    fn allows(&self, info: &NodeInfo) -> bool {
        let fits = self.0.nano_cpus <= info.free_nano_cpus
            && self.0.memory_bytes <= info.free_memory_bytes;
        fits || sim::planted!(ReservationsIgnored)
    }
    fn explain(&self, nodes: u64) -> String {
        format!("insufficient resources on {}", count(nodes))
    }
}
