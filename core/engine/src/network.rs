//! The networks of one host: the three that are always there, bridges that people make, and the overlays
//! that tasks of this host are in (libnetwork: `controller.go`, `network.go`; moby: `daemon/network.go`).
//!
//! An engine gives out addresses and knows who has which; it carries nothing. Addresses in an overlay are
//! given out by the swarm's managers.

use sorted::{SortedMap, SortedSet};

use os::Machine;
use sim::Time;
use sim::subnet::{Subnet, next_subnet};

use crate::container::{Attachment, Container, Endpoint, PortBinding};
use crate::digest::{ContainerId, Digest, hex};
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

fn forbidden(text: impl Into<String>) -> EngineError {
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

    /// The running containers in a network, by name.
    pub fn containers_in(&self, network_id: &str) -> impl Iterator<Item = &Container> {
        let mut found: Vec<&Container> = self
            .containers
            .values()
            .filter(|one| one.attachments.iter().any(|a| a.network_id == network_id))
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.into_iter()
    }

    /// The running container that has an address in a network.
    pub fn in_network(&self, network_id: &str, address: &str) -> Option<&Container> {
        self.containers.values().find(|container| {
            let here = |a: &Attachment| a.network_id == network_id && a.address == address;
            container.is_running() && container.attachments.iter().any(here)
        })
    }

    /// Gives a container a place in a network, at once if it runs.
    ///
    /// # Errors
    /// `network x not found`; it is there already; an address that is taken or outside the subnet.
    pub fn connect(
        &mut self,
        now: Time,
        id: &ContainerId,
        endpoint: Endpoint,
    ) -> Result<(), EngineError> {
        let network = self.network(&endpoint.network).cloned();
        let missing = || EngineError::not_found(format!("network {} not found", endpoint.network));
        let network = network.ok_or_else(missing)?;
        let container = self.container(id)?;
        if network.driver == "host" || container.config.network_mode == "host" {
            return Err(EngineError::invalid(
                "container cannot be disconnected from host network or connected to host network",
            ));
        }
        if container.config.networks.iter().any(|known| known.network == network.id) {
            let (name, network) = (&container.name, &network.name);
            return Err(forbidden(format!(
                "endpoint with name {name} already exists in network {network}"
            )));
        }
        let endpoint = Endpoint { network: network.id.clone(), ..endpoint };
        container.config.networks.push(endpoint);
        if container.is_running() {
            match self.attach(id) {
                Ok(attachments) => self.set_attachments(id, attachments),
                Err(error) => {
                    self.container(id)?.config.networks.pop();
                    return Err(error);
                }
            }
        }
        self.note_network(now, "connect", &network, Some(id));
        Ok(())
    }

    /// Takes a container out of a network.
    ///
    /// # Errors
    /// `network x not found`; it is not there.
    pub fn disconnect(
        &mut self,
        now: Time,
        id: &ContainerId,
        network: &str,
    ) -> Result<(), EngineError> {
        let found = self.network(network).cloned();
        let found =
            found.ok_or_else(|| EngineError::not_found(format!("network {network} not found")))?;
        let container = self.container(id)?;
        let count = container.config.networks.len();
        container.config.networks.retain(|known| known.network != found.id);
        if container.config.networks.len() == count {
            return Err(forbidden(format!(
                "container {id} is not connected to network {}",
                found.name
            )));
        }
        let mut left = container.attachments.clone();
        left.retain(|attachment| attachment.network_id != found.id);
        self.set_attachments(id, left);
        self.note_network(now, "disconnect", &found, Some(id));
        Ok(())
    }

    fn set_attachments(&mut self, id: &ContainerId, attachments: Vec<Attachment>) {
        let Some(container) = self.containers.get_mut(id) else { return };
        if let Some(namespace) = &container.namespace {
            namespace.borrow_mut().addresses =
                attachments.iter().map(|one| one.address.clone()).collect();
        }
        container.attachments = attachments;
    }

    /// Gives a container its addresses: those it was made with, or free ones.
    pub(crate) fn attach(&self, id: &ContainerId) -> Result<Vec<Attachment>, EngineError> {
        let Some(container) = self.containers.get(id) else { return Ok(Vec::new()) };
        let mut attachments: Vec<Attachment> = Vec::new();
        for endpoint in &container.config.networks {
            let known = container.attachments.iter().find(|a| a.network_id == endpoint.network);
            if let Some(known) = known {
                attachments.push(known.clone());
                continue;
            }
            let network = self.networks.get(&endpoint.network);
            let missing =
                || EngineError::not_found(format!("network {} not found", endpoint.network));
            let network = network.ok_or_else(missing)?;
            if network.subnet.is_empty() {
                continue;
            }
            let address = self.address_for(network, endpoint)?;
            attachments.push(Attachment {
                network_id: network.id.clone(),
                network: network.name.clone(),
                endpoint_id: Digest::of(format!("{id}/{}", network.id).as_bytes()).hex(),
                mac: mac(&address),
                address,
                prefix_length: network.prefix_length(),
                gateway: if network.is_swarm { String::new() } else { network.gateway.clone() },
                aliases: endpoint.aliases.clone(),
            });
        }
        Ok(attachments)
    }

    fn address_for(&self, network: &Network, endpoint: &Endpoint) -> Result<String, EngineError> {
        let holder = |address: &str| {
            let mut all = self.containers.values().flat_map(|other| &other.attachments);
            address == network.gateway
                || all.any(|other| other.network_id == network.id && other.address == address)
        };
        let asked = &endpoint.address;
        if !asked.is_empty() {
            if !network.contains(asked) {
                return Err(EngineError::invalid(format!(
                    "no configured subnet contains IP address {asked}"
                )));
            }
            return if holder(asked) && !network.is_swarm {
                Err(forbidden("Address already in use"))
            } else {
                Ok(asked.clone())
            };
        }
        let pool = if network.range.is_empty() { &network.subnet } else { &network.range };
        let pool = Subnet::parse(pool).or_else(|| Subnet::parse(&network.subnet));
        let free = pool.and_then(|pool| {
            let first = u32::from(pool.to_string() == network.subnet);
            (first..pool.size().saturating_sub(1))
                .map(|number| pool.address(number))
                .find(|address| !holder(address))
        });
        free.ok_or_else(|| forbidden("no available IPv4 addresses on this network's address pools"))
    }

    /// The ports that a container publishes, those that nobody chose filled in.
    ///
    /// # Errors
    /// `driver failed programming external connectivity on endpoint x (...): ...` for a port that is taken.
    pub(crate) fn bind_ports(
        &self,
        machine: &Machine,
        id: &ContainerId,
    ) -> Result<Vec<PortBinding>, EngineError> {
        let Some(container) = self.containers.get(id) else { return Ok(Vec::new()) };
        let config = &container.config;
        if config.network_mode == "host" || config.networks.is_empty() {
            return Ok(Vec::new());
        }
        let others = self.containers.values().filter(|other| other.is_running());
        let mut taken: SortedSet<(u16, String)> = others
            .flat_map(|other| &other.published)
            .map(|port| (port.host_port, port.protocol.clone()))
            .collect();
        let listening: Vec<u16> =
            machine.listeners(&machine.host()).into_iter().map(|(port, _)| port).collect();
        let mut published = Vec::new();
        let is_bound = |port: u16, protocol: &str| {
            config.ports.iter().any(|b| b.container_port == port && b.protocol == protocol)
        };
        let exposed = config.exposed_ports.iter().filter_map(|exposed| {
            let (port, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
            let container_port = port.parse().ok()?;
            let wanted = config.publish_all && !is_bound(container_port, protocol);
            let protocol = protocol.to_owned();
            wanted.then(|| PortBinding { container_port, protocol, ..PortBinding::default() })
        });
        let wanted: Vec<PortBinding> = config.ports.iter().cloned().chain(exposed).collect();
        for mut port in wanted {
            // Without an address it is bound to all, IPv6's too since 20.10.
            let everywhere = port.host_ip.is_empty();
            if everywhere {
                "0.0.0.0".clone_into(&mut port.host_ip);
            }
            let in_use =
                |port: u16| listening.contains(&port) || self.reserved_ports.contains(&port);
            if port.host_port == 0 {
                let first: u16 =
                    if self.options.release < Release(20, 10) { 32_768 } else { 49_153 };
                let free = (first..=60_999).find(|free| {
                    !in_use(*free) && !taken.contains(&(*free, port.protocol.clone()))
                });
                port.host_port = free.unwrap_or_default();
            } else {
                let (ip, number) = (&port.host_ip, port.host_port);
                let cause = if taken.contains(&(number, port.protocol.clone())) {
                    format!("Bind for {ip}:{number} failed: port is already allocated")
                } else if in_use(number) {
                    let protocol = &port.protocol;
                    let proxy = if self.options.release < Release(28, 0) {
                        "Error starting userland proxy: "
                    } else {
                        "failed to bind host port for "
                    };
                    if self.options.release < Release(28, 0) {
                        format!(
                            "{proxy}listen {protocol} {ip}:{number}: bind: address already in use"
                        )
                    } else {
                        format!("{proxy}{ip}:{number}/{protocol}: address already in use")
                    }
                } else {
                    String::new()
                };
                if !cause.is_empty() {
                    return Err(self.cannot_publish(container, &cause));
                }
            }
            taken.insert((port.host_port, port.protocol.clone()));
            published.push(port.clone());
            if everywhere && self.options.release >= Release(20, 10) {
                published.push(PortBinding { host_ip: "::".to_owned(), ..port });
            }
        }
        Ok(published)
    }

    fn cannot_publish(&self, container: &Container, cause: &str) -> EngineError {
        let network = container.config.networks.first().map_or("", |one| one.network.as_str());
        let endpoint = Digest::of(format!("{}/{network}", container.id).as_bytes()).hex();
        let prefix = if self.options.release < Release(28, 0) {
            ""
        } else {
            "failed to set up container networking: "
        };
        let name = &container.name;
        EngineError::system(format!(
            "{prefix}driver failed programming external connectivity on endpoint {name} \
             ({endpoint}): {cause}"
        ))
    }
}

/// `02:42:` and the address.
pub(crate) fn mac(address: &str) -> String {
    let octets: Vec<u8> = address.split('.').filter_map(|octet| octet.parse().ok()).collect();
    let tail: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("02:42:{}", tail.join(":"))
}
