//! What a daemon is started with.

use sorted::SortedMap;

use engine::EngineOptions;
use sim::HostId;
use swarm::node::SwarmOptions;

use crate::api::VersionInfo;

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
    pub directory: SortedMap<String, HostId>,
    /// The daemon's identifier, as `docker info` shows it.
    pub daemon_id: String,
    /// What the release says of itself.
    pub version: VersionInfo,
    /// What the host's system says it is.
    pub distribution: os::Distribution,
    /// A task's container is made of `image@digest`, without the tag (until 17.03).
    pub digest_replaces_tag: bool,
    /// How its swarm mode behaves.
    pub swarm: SwarmOptions,
    /// How its engine behaves.
    pub engine: EngineOptions,
}

/// Processors of a simulated host.
pub const CPU_COUNT: u32 = 2;
/// Memory of a simulated host in bytes.
pub const MEMORY_SIZE: u64 = 4 * 1024 * 1024 * 1024;
