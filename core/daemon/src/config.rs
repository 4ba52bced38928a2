//! What a daemon is started with.

use std::collections::BTreeMap;

use engine::EngineOptions;
use sim::{HostId, Time};
use swarm::node::SwarmOptions;

/// What a Docker release says of itself (`docker version`, `docker info`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// For instance `17.03.0-ce`.
    pub version: String,
    /// For instance `1.26`.
    pub api_version: String,
    /// The lowest API version the daemon speaks.
    pub api_version_min: String,
    /// For instance `go1.7.5`.
    pub go_version: String,
    /// For instance `3a232c8`.
    pub git_commit: String,
    /// When it was built.
    pub built: Option<Time>,
}

/// The host a daemon runs on, and how its Docker release behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// The host's number.
    pub host: HostId,
    /// Its name.
    pub hostname: String,
    /// Its address.
    pub address: String,
    /// Which host has which address.
    pub directory: BTreeMap<String, HostId>,
    /// What the release says of itself.
    pub release: Release,
    /// How its swarm mode behaves.
    pub swarm: SwarmOptions,
    /// How its engine behaves.
    pub engine: EngineOptions,
}

/// Processors of a simulated host.
pub const CPU_COUNT: u32 = 2;
/// Memory of a simulated host in bytes.
pub const MEMORY_SIZE: u64 = 4 * 1024 * 1024 * 1024;
/// The kernel of a simulated host.
pub const KERNEL: &str = "4.4.0-64-generic";
