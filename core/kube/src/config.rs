//! What a cluster is made of: its hosts and its release.

use sim::HostId;

/// The name of several API servers (as in kubeadm's documentation).
const ENDPOINT: &str = "cluster-endpoint";

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
    /// Where kubeconfigs say that the API server is: a name for the hosts of the control plane if they are several
    /// (`kubeadm init --control-plane-endpoint`), otherwise the address of the only one.
    pub fn endpoint(&self) -> &str {
        match self.hosts.first() {
            Some(host) if self.control_plane_count < 2 => &host.address,
            _ => ENDPOINT,
        }
    }

    /// Lines for `/etc/hosts`: the endpoint's name, once for every host that is behind it. Who connects to a name tries
    /// its addresses one after the other (Go: `net.Dialer`).
    pub fn endpoint_lines(&self) -> String {
        let planes = self.hosts.iter().take(self.control_plane_count);
        let line = |host: &ClusterHost| format!("{}\t{ENDPOINT}\n", host.address);
        if self.control_plane_count < 2 { String::new() } else { planes.map(line).collect() }
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
