//! What a cluster is made of: its hosts and its release.

use sim::HostId;

/// A host of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterHost {
    /// Its name, which is its node's.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Who it is.
    pub host: HostId,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The hosts, those of the control plane first.
    pub hosts: Vec<ClusterHost>,
    /// So many of them run API server and etcd.
    pub control_plane_count: usize,
    /// The minor version: 25 for 1.25.
    pub minor: u32,
    /// What `docker` is, for a node's status.
    pub docker_version: String,
    /// What the hosts' systems say they are.
    pub distribution: os::Distribution,
}

impl ClusterConfig {
    /// The address in kubeconfigs: that of the first host.
    pub fn endpoint(&self) -> &str {
        self.hosts.first().map_or("", |host| &host.address)
    }

    /// `v1.25.4`.
    pub fn version(&self) -> String {
        format!("v1.{}.{}", self.minor, crate::apiserver::patch_release(self.minor))
    }

    /// The number of a host in the cluster.
    pub fn number_of(&self, host: HostId) -> Option<usize> {
        self.hosts.iter().position(|one| one.host == host)
    }

    /// The host behind a name or an address.
    pub fn host_at(&self, place: &str) -> Option<HostId> {
        self.hosts.iter().find(|one| one.address == place || one.name == place).map(|one| one.host)
    }

    /// The host runs API server and etcd.
    pub fn is_control_plane(&self, host: HostId) -> bool {
        self.number_of(host).is_some_and(|number| number < self.control_plane_count)
    }
}
