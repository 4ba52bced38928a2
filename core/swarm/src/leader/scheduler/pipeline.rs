//! The filters in their order, and what they refused (swarmkit: `manager/scheduler/pipeline.go`).

use super::constraints::Constraints;
use super::filter::Filter;
use super::host_port::HostPort;
use super::max_replicas::MaxReplicas;
use super::node_info::NodeInfo;
use super::platform::Platform;
use super::plugin::Plugin;
use super::ready::Ready;
use super::resource::Resource;
use crate::objects::Task;

/// The filters that have something to say about one kind of task.
#[derive(Debug)]
pub(super) struct Pipeline {
    filters: Vec<(Box<dyn Filter>, u64)>,
}

fn boxed<F: Filter + 'static>(task: &Task) -> Option<(Box<dyn Filter>, u64)> {
    F::for_task(task).map(|filter| (Box::new(filter) as Box<dyn Filter>, 0))
}

impl Pipeline {
    pub(super) fn new(task: &Task) -> Self {
        let filters = [
            boxed::<Ready>(task),
            boxed::<Resource>(task),
            boxed::<Plugin>(task),
            boxed::<Constraints>(task),
            boxed::<Platform>(task),
            boxed::<HostPort>(task),
            boxed::<MaxReplicas>(task),
        ];
        Self { filters: filters.into_iter().flatten().collect() }
    }

    /// The node passes all filters; the first that refuses it counts it.
    pub(super) fn allows(&mut self, info: &NodeInfo) -> bool {
        for (filter, refused) in &mut self.filters {
            if !filter.allows(info) {
                *refused += 1;
                return false;
            }
        }
        true
    }

    pub(super) fn reset(&mut self) {
        for (_, refused) in &mut self.filters {
            *refused = 0;
        }
    }

    /// Why nodes were refused, the most frequent reason first.
    pub(super) fn explanation(&self) -> String {
        let mut reasons: Vec<_> = self.filters.iter().filter(|(_, refused)| 0 < *refused).collect();
        reasons.sort_by_key(|(_, refused)| std::cmp::Reverse(*refused));
        let texts: Vec<String> =
            reasons.into_iter().map(|(filter, refused)| filter.explain(*refused)).collect();
        texts.join("; ")
    }
}
