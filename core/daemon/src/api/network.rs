//! Networks and volumes in the API (moby: `api/types/network`, `api/types/volume`).

use serde::{Deserialize, Serialize};
use sorted::SortedMap;

use sim::Time;

pub use engine::{Endpoint, Network};

/// A container in a network as `network inspect` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkContainer {
    /// The container's identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 64 hexadecimal digits.
    pub endpoint_id: String,
    /// `02:42:ac:12:00:02`.
    pub mac: String,
    /// `172.18.0.2/16`.
    pub address: String,
}

/// All about a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkDetails {
    /// The network.
    pub network: Network,
    /// The containers of this host in it, by identifier.
    pub containers: Vec<NetworkContainer>,
    /// Hosts with containers in it, as (name, address); overlays only.
    pub peers: Vec<(String, String)>,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeDetails {
    /// Its name.
    pub name: String,
    /// `local`.
    pub driver: String,
    /// Its folder on the host.
    pub mountpoint: String,
    /// When it was made.
    pub created: Time,
    /// Labels.
    pub labels: SortedMap<String, String>,
    /// Options of the driver.
    pub options: SortedMap<String, String>,
    /// Made for a container without being named.
    pub is_anonymous: bool,
    /// Containers that use it, running or not.
    pub user_count: u32,
    /// Bytes in it.
    pub size: u64,
}
