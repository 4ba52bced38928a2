//! `--replicas-max-per-node`.

use super::filter::Filter;
use super::node_info::NodeInfo;
use crate::objects::{Id, Task};

#[derive(Debug)]
pub(super) struct MaxReplicas {
    service: Id,
    limit: u64,
}

impl Filter for MaxReplicas {
    fn for_task(task: &Task) -> Option<Self> {
        let limit = task.spec.placement.max_replicas;
        (limit > 0).then(|| Self { service: task.service_id.clone(), limit })
    }
    fn allows(&self, info: &NodeInfo) -> bool {
        info.active_of(&self.service) < self.limit
    }
    fn explain(&self, _: u64) -> String {
        "max replicas per node limit exceed".to_owned()
    }
}
