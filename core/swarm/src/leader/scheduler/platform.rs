//! The image must exist for the node's platform.

use super::filter::{Filter, count};
use super::node_info::NodeInfo;
use crate::objects::Task;

#[derive(Debug)]
pub(super) struct Platform(Vec<(String, String)>);

/// The kernel's names for architectures, as images name them.
fn normalized(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

impl Filter for Platform {
    fn for_task(task: &Task) -> Option<Self> {
        let platforms = &task.spec.placement.platforms;
        (!platforms.is_empty()).then(|| Self(platforms.clone()))
    }
    fn allows(&self, info: &NodeInfo) -> bool {
        let node = &info.node.description;
        self.0.iter().any(|(os, arch)| {
            (os.is_empty() || *os == node.os)
                && (arch.is_empty() || normalized(arch) == normalized(&node.arch))
        })
    }
    fn explain(&self, nodes: u64) -> String {
        format!("unsupported platform on {}", count(nodes))
    }
}
