//! The networks of one host: the three that are always there, bridges that people make, and the overlays
//! that tasks of this host are in (libnetwork: `controller.go`, `network.go`; moby: `daemon/network.go`).
//!
//! An engine gives out addresses and knows who has which; it carries nothing. Addresses in an overlay are
//! given out by the swarm's managers.

use serde::{Deserialize, Serialize};
use sorted::{SortedMap, SortedSet};

use sim::Time;
use sim::subnet::{Subnet, next_subnet};

use crate::container::Container;
use crate::digest::{Digest, hex};
use crate::engine::Engine;
use crate::error::{EngineError, ErrorKind};
use crate::options::Release;

/// moby: `daemon/config`: pools of bridges, and the prefix lengths of what is taken from them.
const POOLS: [(&str, u32); 2] = [("172.16.0.0/12", 16), ("192.168.0.0/16", 20)];
/// The default bridge.
const BRIDGE_SUBNET: &str = "172.17.0.0/16";
/// The bridge that gives tasks a way out of their overlays.
pub const GATEWAY_BRIDGE: &str = "docker_gwbridge";

/// A network as one host knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// 64 hexadecimal digits; an overlay's swarm identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `bridge`, `host`, `null` or `overlay`.
    pub driver: String,
    /// When it was made.
    pub created: Time,
    /// It is the swarm's, not this host's.
    pub is_swarm: bool,
    /// No way out.
    pub internal: bool,
    /// Containers outside services may join.
    pub attachable: bool,
    /// The routing mesh's network.
    pub ingress: bool,
    /// Labels.
    pub labels: SortedMap<String, String>,
    /// Options of the driver; `encrypted` seals an overlay's frames.
    pub options: SortedMap<String, String>,
    /// `172.18.0.0/16`; empty for `host` and `none`.
    pub subnet: String,
    /// `172.18.0.1`.
    pub gateway: String,
    /// The part of the subnet that containers get addresses from; empty for all of it.
    pub range: String,
    /// The overlay's VXLAN number; 0 for others.
    pub vni: u32,
}

impl Network {
    /// True for `bridge`, `host` and `none`, which nobody can make or remove.
    pub fn is_predefined(&self) -> bool {
        !self.is_swarm && matches!(self.name.as_str(), "bridge" | "host" | "none")
    }

    /// True if the address is one of its subnet's.
    pub fn contains(&self, address: &str) -> bool {
        Subnet::parse(&self.subnet).is_some_and(|subnet| subnet.contains(address))
    }

    /// The prefix length of its subnet; 0 without one.
    pub fn prefix_length(&self) -> u8 {
        let bits = Subnet::parse(&self.subnet).map_or(0, |subnet| subnet.bits);
        u8::try_from(bits).unwrap_or(32)
    }

    /// True if the engine's name server answers for it: not for the default bridge.
    pub fn has_names(&self) -> bool {
        self.is_swarm || self.name != "bridge"
    }

    /// True if what it carries between hosts is sealed.
    pub fn is_encrypted(&self) -> bool {
        self.options.contains_key("encrypted")
    }
}

pub(crate) fn forbidden(text: impl Into<String>) -> EngineError {
    EngineError::new(ErrorKind::Forbidden, text)
}

impl Engine {
    /// The networks that are there from the start.
    pub(crate) fn make_predefined_networks(&mut self) {
        for (name, driver) in [("bridge", "bridge"), ("host", "host"), ("none", "null")] {
            let id = hex(&self.rng.bytes::<32>());
            let is_bridge = name == "bridge";
            let text = |text: &str| if is_bridge { text.to_owned() } else { String::new() };
            let options = [
                ("com.docker.network.bridge.default_bridge", "true"),
                ("com.docker.network.bridge.enable_icc", "true"),
                ("com.docker.network.bridge.enable_ip_masquerade", "true"),
                ("com.docker.network.bridge.host_binding_ipv4", "0.0.0.0"),
                ("com.docker.network.bridge.name", "docker0"),
                ("com.docker.network.driver.mtu", "1500"),
            ];
            let options = options.into_iter().filter(|_| is_bridge);
            let network = Network {
                id: id.clone(),
                name: name.to_owned(),
                driver: driver.to_owned(),
                options: options.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
                subnet: text(BRIDGE_SUBNET),
                gateway: text("172.17.0.1"),
                ..Network::default()
            };
            self.networks.insert(id, network);
        }
    }

    /// The networks this host knows, by identifier.
    pub fn networks(&self) -> impl Iterator<Item = &Network> {
        self.networks.values()
    }

    /// A network by identifier or name.
    pub fn network(&self, text: &str) -> Option<&Network> {
        let by_name = || self.networks.values().find(|network| network.name == text);
        self.networks.get(text).or_else(by_name)
    }

    /// Makes a bridge.
    ///
    /// # Errors
    /// A name that is taken, a subnet that overlaps another, a driver that has one network only.
    pub fn create_network(&mut self, now: Time, asked: Network) -> Result<String, EngineError> {
        let mut network = asked;
        let name = network.name.clone();
        if matches!(name.as_str(), "bridge" | "host" | "none" | "default") {
            let text = format!("operation is not permitted on predefined {name} network");
            return Err(forbidden(text));
        }
        if self.networks.values().any(|known| known.name == name) {
            return Err(EngineError::conflict(format!("network with name {name} already exists")));
        }
        match network.driver.as_str() {
            "host" | "null" => {
                let text =
                    format!("only one instance of \"{}\" network is allowed", network.driver);
                return Err(forbidden(text));
            }
            "bridge" => {}
            other => {
                let text = format!("not simulated: networks of the driver {other}");
                return Err(EngineError::new(ErrorKind::System, text));
            }
        }
        let taken: Vec<Subnet> =
            self.networks.values().filter_map(|known| Subnet::parse(&known.subnet)).collect();
        if network.subnet.is_empty() {
            // 172.16.0.0/16 is left out, as in moby's pools.
            let mut used = taken.clone();
            used.extend(
                ["172.16.0.0/16", "192.168.0.0/24"].map(Subnet::parse).into_iter().flatten(),
            );
            let free = POOLS
                .iter()
                .find_map(|(pool, bits)| next_subnet(&[(*pool).to_owned()], *bits, &used));
            let free = free.ok_or_else(|| {
                EngineError::system(
                    "could not find an available, non-overlapping IPv4 address pool among the \
                     defaults to assign to the network",
                )
            })?;
            network.subnet = free.to_string();
        } else {
            let subnet = Subnet::parse(&network.subnet).ok_or_else(|| {
                let subnet = &network.subnet;
                EngineError::invalid(format!(
                    "invalid subnet {subnet}: invalid CIDR address: {subnet}"
                ))
            })?;
            if taken.iter().any(|other| other.overlaps(subnet)) {
                let prefix = if self.options.release < Release(27, 0) {
                    ""
                } else {
                    "invalid pool request: "
                };
                return Err(forbidden(format!(
                    "{prefix}Pool overlaps with other one on this address space"
                )));
            }
            network.subnet = subnet.to_string();
        }
        if network.gateway.is_empty() {
            let subnet = Subnet::parse(&network.subnet);
            network.gateway = subnet.map(|subnet| subnet.address(1)).unwrap_or_default();
        } else if !network.contains(&network.gateway) {
            return Err(EngineError::invalid(
                "no matching subnet for gateway ".to_owned() + &network.gateway,
            ));
        }
        network.id = hex(&self.rng.bytes::<32>());
        network.created = now;
        let id = network.id.clone();
        self.note_network(now, "create", &network, None);
        self.networks.insert(id.clone(), network);
        Ok(id)
    }

    /// The bridge that gives tasks a way out of their overlays; it comes with the swarm and stays.
    pub fn make_gateway_bridge(&mut self, now: Time) {
        let options = [
            ("com.docker.network.bridge.enable_icc", "false"),
            ("com.docker.network.bridge.enable_ip_masquerade", "true"),
            ("com.docker.network.bridge.name", GATEWAY_BRIDGE),
        ];
        let network = Network {
            name: GATEWAY_BRIDGE.to_owned(),
            driver: "bridge".to_owned(),
            options: options.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Network::default()
        };
        if self.network(GATEWAY_BRIDGE).is_none() {
            // Without a free subnet there is none; tasks then have no way out.
            let _ = self.create_network(now, network);
        }
    }

    /// Takes up a network of the swarm, or what has changed of it.
    pub fn adopt_network(&mut self, network: Network) {
        self.networks.insert(network.id.clone(), network);
    }

    /// Forgets networks of the swarm that no container of this host is in; the routing mesh's stays.
    pub fn drop_idle_swarm_networks(&mut self) {
        let used: SortedSet<String> = self
            .containers
            .values()
            .flat_map(|container| &container.config.networks)
            .map(|endpoint| endpoint.network.clone())
            .collect();
        self.networks
            .retain(|id, network| !network.is_swarm || network.ingress || used.contains(id));
    }

    /// Forgets all networks of the swarm: the host has left it.
    pub fn drop_swarm_networks(&mut self) {
        self.networks.retain(|_, network| !network.is_swarm);
    }

    /// Removes a network of this host.
    ///
    /// # Errors
    /// `network x not found`; one that is predefined or has containers.
    pub fn remove_network(&mut self, now: Time, text: &str) -> Result<(), EngineError> {
        let network = self.network(text);
        let missing = || EngineError::not_found(format!("network {text} not found"));
        let network = network.ok_or_else(missing)?.clone();
        if network.is_predefined() {
            let text = format!("{} is a pre-defined network and cannot be removed", network.name);
            return Err(forbidden(text));
        }
        let users: Vec<&Container> = self.containers_in(&network.id).collect();
        if !users.is_empty() {
            let (name, id) = (&network.name, &network.id);
            return Err(forbidden(if self.options.release < Release(28, 0) {
                format!("error while removing network: network {name} id {id} has active endpoints")
            } else {
                let named = users.iter().map(|one| {
                    let endpoint = Digest::of(format!("{}/{id}", one.id).as_bytes()).hex();
                    format!("name:\"{}\" id:\"{}\"", one.name, &endpoint[..12])
                });
                let named = named.collect::<Vec<_>>().join(", ");
                format!(
                    "error while removing network: network {name} has active endpoints ({named})"
                )
            }));
        }
        self.networks.remove(&network.id);
        self.note_network(now, "destroy", &network, None);
        Ok(())
    }
}
