//! A port of the node itself can be taken once.

use super::filter::{Filter, count};
use super::node_info::{NodeInfo, host_ports};
use crate::objects::{PortProtocol, Task};

#[derive(Debug)]
pub(super) struct HostPort(Vec<(u32, PortProtocol)>);

impl Filter for HostPort {
    fn for_task(task: &Task) -> Option<Self> {
        let ports: Vec<_> = host_ports(task).collect();
        (!ports.is_empty()).then_some(Self(ports))
    }
    fn allows(&self, info: &NodeInfo) -> bool {
        !self.0.iter().any(|port| info.host_ports.contains(port))
    }
    fn explain(&self, nodes: u64) -> String {
        format!("host-mode port already in use on {}", count(nodes))
    }
}
