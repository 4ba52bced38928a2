//! Containers in networks: connecting and disconnecting, addresses, ports of the host (libnetwork:
//! `endpoint.go`, `ipam`, `portallocator`).

use sorted::SortedSet;

use os::Machine;
use sim::Time;
use sim::subnet::Subnet;

use crate::container::{Attachment, Container, Endpoint, PortBinding};
use crate::digest::{ContainerId, Digest};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::network::{Network, forbidden};
use crate::options::Release;

impl Engine {
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
