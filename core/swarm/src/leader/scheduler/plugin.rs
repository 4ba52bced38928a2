//! The node must have the volume and log drivers that a task names.

use super::filter::{Filter, count};
use super::node_info::NodeInfo;
use crate::objects::{MountKind, Task};

/// Drivers every engine has; a list of plugins need not name them.
const BUILT_IN: [(&str, &str); 4] =
    [("Volume", "local"), ("Log", "json-file"), ("Log", "none"), ("Log", "local")];

#[derive(Debug)]
pub(super) struct Plugin(Vec<(&'static str, String)>);

impl Filter for Plugin {
    fn for_task(task: &Task) -> Option<Self> {
        let container = &task.spec.container;
        let volumes = container.mounts.iter().filter(|mount| mount.kind == MountKind::Volume);
        let volume_drivers = volumes
            .filter_map(|mount| mount.volume.as_ref()?.driver.as_ref())
            .map(|driver| ("Volume", driver.name.clone()));
        let log_driver = task.spec.log_driver.iter().map(|driver| ("Log", driver.name.clone()));
        let needed: Vec<_> = volume_drivers
            .chain(log_driver)
            .filter(|(kind, name)| !name.is_empty() && !BUILT_IN.contains(&(kind, name)))
            .collect();
        (!needed.is_empty()).then_some(Self(needed))
    }
    fn allows(&self, info: &NodeInfo) -> bool {
        let plugins = &info.node.description.plugins;
        self.0.iter().all(|(kind, name)| plugins.iter().any(|(k, n)| k == kind && n == name))
    }
    fn explain(&self, nodes: u64) -> String {
        format!("missing plugin on {}", count(nodes))
    }
}
