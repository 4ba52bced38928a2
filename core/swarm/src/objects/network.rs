//! Overlay networks.

use sorted::SortedMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{Annotations, Driver, Id, Meta, NetworkKey};

/// One address range of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpamConfig {
    /// For instance `10.0.1.0/24`.
    pub subnet: String,
    /// The part containers get addresses from.
    pub range: String,
    /// For instance `10.0.1.1`.
    pub gateway: String,
}

/// What a user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// Name and labels.
    pub annotations: Annotations,
    /// `overlay` unless given.
    pub driver: Option<Driver>,
    /// No way out.
    pub internal: bool,
    /// Containers outside services may join.
    pub attachable: bool,
    /// The routing mesh's network.
    pub ingress: bool,
    /// IPv6 as well.
    pub ipv6: bool,
    /// Address ranges asked for; empty: from the default pool.
    pub ipam: Vec<IpamConfig>,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its identifier.
    pub id: Id,
    /// Version and times.
    pub meta: Meta,
    /// What was asked for.
    pub spec: NetworkSpec,
    /// The driver with its allocated options (the VXLAN number); empty until allocated.
    pub driver_state: Option<Driver>,
    /// The allocated ranges; empty until allocated.
    pub ipam: Vec<IpamConfig>,
    /// Predefined networks of single hosts (`host`, `bridge`): known, not managed.
    pub options: SortedMap<String, String>,
}

/// What a node must know of the cluster's networks before any task of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Networking {
    /// Keys, newest last.
    pub keys: Vec<NetworkKey>,
    /// The routing mesh's network, once it has addresses.
    pub ingress: Option<Rc<Network>>,
}
