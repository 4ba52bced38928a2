//! What a daemon says of itself and of its part in a swarm.

use serde::{Deserialize, Serialize};
use std::rc::Rc;

use sim::Time;
use swarm::objects::Cluster;

/// `docker version`'s server part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionInfo {
    /// For instance `17.03.2-ce`.
    pub version: String,
    /// For instance `1.27`.
    pub api_version: String,
    /// The lowest API version it speaks.
    pub api_version_min: String,
    /// For instance `go1.7.5`.
    pub go_version: String,
    /// For instance `f5ec1e2`.
    pub git_commit: String,
    /// When it was built.
    pub built: Option<Time>,
    /// For instance `4.4.0-210-generic`.
    pub kernel: String,
    /// `linux`.
    pub os: String,
    /// `amd64`.
    pub arch: String,
    /// Experimental features are on.
    pub experimental: bool,
}

/// How the node stands to a swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LocalState {
    /// In none.
    #[default]
    Inactive,
    /// Joining.
    Pending,
    /// In one.
    Active,
    /// Something failed for good.
    Error,
    /// It needs the unlock key.
    Locked,
}

impl LocalState {
    /// `inactive`, `pending`, `active`, `error`, `locked`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Error => "error",
            Self::Locked => "locked",
        }
    }
}

/// A manager this node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteManager {
    /// Its node identifier.
    pub node_id: String,
    /// `host:2377`.
    pub addr: String,
}

/// The swarm as this node sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwarmInfo {
    /// The own node identifier; empty if in no swarm.
    pub node_id: String,
    /// The own address.
    pub node_addr: String,
    /// How the node stands to it.
    pub state: LocalState,
    /// It is a manager that can answer.
    pub control_available: bool,
    /// Why the state is an error, or why joining takes long.
    pub error: String,
    /// Managers.
    pub remote_managers: Vec<RemoteManager>,
    /// Number of nodes; managers only.
    pub nodes: u32,
    /// Number of managers among them; managers only.
    pub managers: u32,
    /// The cluster's settings; managers only. Without keys and tokens.
    pub cluster: Option<Rc<Cluster>>,
}

/// `docker info`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The daemon's identifier.
    pub id: String,
    /// The host's name.
    pub name: String,
    /// Containers in all.
    pub containers: u32,
    /// Of them running.
    pub running: u32,
    /// Of them paused.
    pub paused: u32,
    /// Of them stopped.
    pub stopped: u32,
    /// Images.
    pub images: u32,
    /// For instance `17.03.2-ce`.
    pub server_version: String,
    /// `overlay2`.
    pub storage_driver: String,
    /// `extfs`.
    pub backing_filesystem: String,
    /// `json-file`.
    pub logging_driver: String,
    /// `cgroupfs`.
    pub cgroup_driver: String,
    /// For instance `4.4.0-210-generic`.
    pub kernel: String,
    /// For instance `Ubuntu 16.04.7 LTS`.
    pub operating_system: String,
    /// `linux`.
    pub os_type: String,
    /// `x86_64`.
    pub architecture: String,
    /// Processors.
    pub cpus: u32,
    /// Bytes.
    pub memory: u64,
    /// `/var/lib/docker`.
    pub root_dir: String,
    /// `https://index.docker.io/v1/`.
    pub registry: String,
    /// Labels of the engine.
    pub labels: Vec<String>,
    /// The swarm.
    pub swarm: SwarmInfo,
    /// For standard error.
    pub warnings: Vec<String>,
}

/// Something that happened on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// When.
    pub at: Time,
    /// `container`, `image`, `volume`, `network`.
    pub kind: String,
    /// `start`, `health_status: healthy`, ...
    pub action: String,
    /// The object's identifier or name.
    pub id: String,
    /// What is shown in parentheses.
    pub attributes: sorted::SortedMap<String, String>,
    /// `local`, or `swarm` for objects of managers.
    pub scope: String,
}

/// What is on a host's disk (`docker system df`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskUsage {
    /// Images: all, those that containers use, bytes, bytes of those that nothing uses.
    pub images: (u64, u64, u64, u64),
    /// Containers likewise: all, running, bytes, bytes of those that do not run.
    pub containers: (u64, u64, u64, u64),
    /// Volumes likewise: all, used by containers, bytes, bytes of the others.
    pub volumes: (u64, u64, u64, u64),
    /// The builders' caches.
    pub builds: (u64, u64, u64, u64),
}
