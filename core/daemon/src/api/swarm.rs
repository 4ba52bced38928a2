//! How a host comes into a swarm.

use serde::{Deserialize, Serialize};
use swarm::objects::{Availability, ClusterSpec};

/// How a new swarm is made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SwarmInit {
    /// `0.0.0.0:2377` unless given; as typed.
    pub listen_addr: String,
    /// As typed; empty: the host's only address.
    pub advertise_addr: String,
    /// As typed; empty for the advertised one.
    pub data_path_addr: String,
    /// Make a new swarm of one manager out of the present state.
    pub force_new_cluster: bool,
    /// Settings.
    pub spec: ClusterSpec,
    /// Whether this node gets tasks.
    pub availability: Availability,
    /// `10.0.0.0/8` if empty.
    pub default_addr_pool: Vec<String>,
    /// Prefix length of the subnets taken from it.
    pub subnet_size: u32,
    /// VXLAN port; 0 for 4789.
    pub data_path_port: u32,
}

/// How a node joins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SwarmJoin {
    /// Managers, as typed.
    pub remote_addrs: Vec<String>,
    /// The join token, as typed.
    pub token: String,
    /// `0.0.0.0:2377` unless given; as typed.
    pub listen_addr: String,
    /// As typed; empty: the host's only address.
    pub advertise_addr: String,
    /// As typed; empty for the advertised one.
    pub data_path_addr: String,
    /// Whether this node gets tasks.
    pub availability: Availability,
}
