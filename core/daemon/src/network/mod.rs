//! The network of one host's containers: local bridges, overlays between hosts, published ports, the
//! routing mesh, and the name server at 127.0.0.11 (moby: libnetwork).
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`gossip`] | who is in which overlay on which host |
//! | [`wire`] | what goes from host to host |
//! | [`traffic`] | where a call goes, and its answer back |
//! | [`names`] | the name server |
//! | [`requests`] | `docker network` |

mod gossip;
mod names;
mod requests;
mod traffic;
mod wire;

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use engine::ContainerId;
use sim::{Frame, HostId, Rng, Time};
use swarm::objects::{Id, PublishMode, Task};

use crate::daemon::{Context, Daemon, Output};
pub(crate) use requests::{Attaching, NetworkQuestion};
pub use wire::{FrameContent, content_of};
use wire::{GOSSIP_FLOW, GOSSIP_PLACE, HOST_FLOW, Keyed, LOGS_PLACE, OVERLAY_FLOW, Packet};

/// What a daemon has in memory of its host's networks.
#[derive(Debug)]
pub(crate) struct Networking {
    table: gossip::Table,
    gossip_key: Option<Keyed>,
    overlay_key: Option<Keyed>,
    rng: Rng,
    /// Questions that went to another host.
    waiting: SortedMap<u64, traffic::Asker>,
    next_call: u64,
    /// The last question of each other host, through overlays or not.
    heard: SortedMap<(HostId, bool), u64>,
    /// Whose turn it is behind a virtual address or a published port, per container that asks.
    turns: SortedMap<(String, String), u32>,
    /// The routing mesh's network as the managers told it last; none outside a swarm.
    followed: Option<Option<Id>>,
    /// Containers may have changed.
    is_dirty: bool,
    /// Requests for a place in an overlay that has no addresses yet.
    attaching: Vec<Attaching>,
}

impl Networking {
    pub(crate) fn new(mut rng: Rng) -> Self {
        Self {
            table: gossip::Table::new(rng.next_u64()),
            gossip_key: None,
            overlay_key: None,
            rng,
            waiting: SortedMap::new(),
            next_call: 0,
            heard: SortedMap::new(),
            turns: SortedMap::new(),
            followed: None,
            is_dirty: false,
            attaching: Vec::new(),
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let attaching = self.attaching.iter().map(|one| one.again).min();
        [self.table.next_deadline(), attaching].into_iter().flatten().min()
    }

    /// What was asked of the engine may have changed who is in which network.
    pub(crate) const fn touch(&mut self) {
        self.is_dirty = true;
    }

    /// The process no longer waits.
    pub(crate) fn forget(&mut self, id: os::RequestId) {
        self.waiting.retain(|_, asker| !asker.is_process(id));
    }
}

/// True for the frames of containers' networks; all others are the swarm's own.
pub(crate) const fn is_network_flow(flow: u64) -> bool {
    matches!(flow, GOSSIP_FLOW | OVERLAY_FLOW | HOST_FLOW)
}

impl Daemon {
    /// A frame of a container's network has come.
    pub(crate) fn network_frame(&mut self, context: &mut Context<'_>, frame: &Frame) {
        match postcard::from_bytes(&frame.bytes) {
            Ok(Packet::Gossip(sealed)) => self.gossip_came(context, frame.from, &sealed),
            Ok(Packet::Logs(sealed)) => {
                let key = self.net.gossip_key.as_ref();
                let opened = key.and_then(|key| key.open(LOGS_PLACE, &sealed));
                if let Some(message) = opened.and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
                    self.log_message(context, frame.from, message);
                }
            }
            Ok(Packet::Overlay { vni, payload }) => {
                self.overlay_came(context, frame.from, vni, payload);
            }
            Ok(Packet::Host(datagram)) => self.datagram_came(context, frame.from, None, datagram),
            // Damaged on the way: as if it were lost.
            Err(_) => {}
        }
    }

    fn gossip_came(&mut self, context: &mut Context<'_>, from: HostId, sealed: &[u8]) {
        let opened = self.net.gossip_key.as_ref().and_then(|key| key.open(GOSSIP_PLACE, sealed));
        let telling = opened.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        // Another swarm's, or damaged.
        let Some(telling) = telling else { return };
        if self.net.table.hear(context.now, from, telling) {
            self.gossip_to(context, &[from]);
        }
        self.mesh_changed();
    }

    /// The host's ports that the routing mesh takes.
    fn mesh_changed(&mut self) {
        self.engine.reserve_ports(self.net.table.mesh_ports().collect());
    }

    fn other_hosts(&self) -> Vec<HostId> {
        let hosts: SortedSet<HostId> = self.config.directory.values().copied().collect();
        hosts.into_iter().filter(|host| *host != self.config.host).collect()
    }

    fn gossip_to(&mut self, context: &mut Context<'_>, to: &[HostId]) {
        let telling = self.net.table.telling(context.now);
        let Some(key) = &mut self.net.gossip_key else { return };
        let bytes = postcard::to_allocvec(&telling).unwrap_or_default();
        for host in to {
            let packet = Packet::Gossip(key.seal(GOSSIP_PLACE, &bytes));
            send(context, *host, GOSSIP_FLOW, &packet);
        }
    }

    /// A question for logs, or the answer to one.
    pub(crate) fn send_log_message(
        &mut self,
        context: &mut Context<'_>,
        to: HostId,
        message: &crate::logs::Message,
    ) {
        let Some(key) = &mut self.net.gossip_key else { return };
        let bytes = postcard::to_allocvec(message).unwrap_or_default();
        let packet = Packet::Logs(key.seal(LOGS_PLACE, &bytes));
        send(context, to, HOST_FLOW, &packet);
    }

    /// Does what is due in the networks.
    pub(crate) fn networks_due(&mut self, context: &mut Context<'_>) {
        if self.net.table.due(context.now) {
            self.gossip_to(context, &self.other_hosts());
        }
        self.mesh_changed();
        self.attach_again(context);
    }

    /// The swarm may have told something new.
    pub(crate) fn follow_swarm(&mut self, context: &mut Context<'_>) {
        let told = self.swarm.networking();
        // Without keys there was no session yet.
        let told = told.filter(|told| !told.keys.is_empty());
        let ingress = told.map(|told| told.ingress.as_ref().map(|network| network.id.clone()));
        if ingress == self.net.followed {
            return;
        }
        let told = told.cloned();
        self.net.followed = ingress;
        let Some(told) = told else {
            self.engine.drop_swarm_networks();
            self.net.table.clear();
            (self.net.gossip_key, self.net.overlay_key) = (None, None);
            self.mesh_changed();
            return;
        };
        let rng = &mut self.net.rng;
        Keyed::follow(&mut self.net.gossip_key, &told.keys, "networking:gossip", rng);
        Keyed::follow(&mut self.net.overlay_key, &told.keys, "networking:ipsec", rng);
        self.engine.make_gateway_bridge(context.now);
        if let Some(ingress) = &told.ingress {
            self.engine.adopt_network(engine_network(ingress));
        }
        // Also with nothing to tell: who hears of a new host tells it what there is.
        self.gossip_to(context, &self.other_hosts());
    }

    /// Tells the others if containers of this host have come into overlays or left them.
    pub(crate) fn networks_changed(&mut self, context: &mut Context<'_>) {
        if !std::mem::take(&mut self.net.is_dirty) {
            return;
        }
        let own = self.own_endpoints();
        if self.net.table.set_own(own) {
            self.gossip_to(context, &self.other_hosts());
            self.mesh_changed();
        }
    }

    fn own_endpoints(&self) -> Vec<gossip::Endpoint> {
        let mut endpoints = Vec::new();
        for container in self.engine.containers().filter(|container| container.is_running()) {
            let run = self.running_task(&container.id);
            for attachment in &container.attachments {
                let network = self.engine.network(&attachment.network_id);
                if !network.is_some_and(|network| network.is_swarm) {
                    continue;
                }
                let member = match run {
                    // It is not healthy yet, or is being stopped: nobody is to be sent there.
                    None if self.task_of(&container.id).is_some() => continue,
                    None => None,
                    Some(task) => Some(member(task, &attachment.network_id)),
                };
                endpoints.push(gossip::Endpoint {
                    network: attachment.network_id.clone(),
                    container: container.name.clone(),
                    address: attachment.address.clone(),
                    aliases: attachment.aliases.clone(),
                    member,
                });
            }
        }
        endpoints.sort_by(|a, b| (&a.network, &a.address).cmp(&(&b.network, &b.address)));
        endpoints
    }

    /// The places of a task's container in networks, which this host now knows.
    pub(crate) fn task_endpoints(&mut self, task: &Task) -> Vec<engine::Endpoint> {
        let mut endpoints = Vec::new();
        for attached in &task.networks {
            self.engine.adopt_network(engine_network(&attached.network));
            let address = attached.addresses.first().map_or("", String::as_str);
            let address = address.split('/').next().unwrap_or_default().to_owned();
            endpoints.push(engine::Endpoint {
                network: attached.network.id.to_string(),
                address,
                aliases: attached.aliases.clone(),
            });
        }
        // The routing mesh's network comes last, as a container's first one is the one it is known by.
        endpoints.sort_by_key(|endpoint| {
            self.engine.network(&endpoint.network).is_some_and(|network| network.ingress)
        });
        endpoints
    }

    /// The ports that a task's container publishes on this host itself.
    pub(crate) fn task_ports(task: &Task) -> Vec<engine::PortBinding> {
        let ports = task.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
        let of_host = ports.filter(|port| port.publish_mode == PublishMode::Host);
        let binding = of_host.map(|port| engine::PortBinding {
            container_port: u16::try_from(port.target_port).unwrap_or_default(),
            protocol: port.protocol.word().to_owned(),
            host_ip: "0.0.0.0".to_owned(),
            host_port: u16::try_from(port.published_port).unwrap_or_default(),
        });
        binding.collect()
    }

    fn container_at(&self, namespace: &os::machine::SharedNamespace) -> Option<ContainerId> {
        let here = |one: &&engine::Container| {
            one.namespace.as_ref().is_some_and(|known| Rc::ptr_eq(known, namespace))
        };
        self.engine.containers().find(here).map(|container| container.id.clone())
    }
}

fn member(task: &Task, network: &str) -> gossip::Member {
    let endpoint = task.endpoint.as_ref();
    let vip = endpoint.and_then(|endpoint| {
        let vip = endpoint.virtual_ips.iter().find(|vip| &*vip.network_id == network)?;
        vip.addr.split('/').next().map(str::to_owned)
    });
    let is_mesh =
        task.networks.iter().any(|one| &*one.network.id == network && one.network.spec.ingress);
    let ports = endpoint.into_iter().flat_map(|endpoint| &endpoint.ports);
    let ports = ports.filter(|port| is_mesh && port.publish_mode == PublishMode::Ingress);
    let number = |port: u32| u16::try_from(port).unwrap_or_default();
    gossip::Member {
        service: task.service_annotations.name.clone(),
        vip,
        ports: ports.map(|port| (number(port.published_port), number(port.target_port))).collect(),
    }
}

/// A network of the swarm as an engine keeps it.
pub(crate) fn engine_network(network: &swarm::objects::Network) -> engine::Network {
    let ipam = network.ipam.first().or(network.spec.ipam.first()).cloned().unwrap_or_default();
    let state = network.driver_state.as_ref();
    let mut options =
        network.spec.driver.as_ref().map(|driver| driver.options.clone()).unwrap_or_default();
    options.extend(state.map(|state| state.options.clone()).unwrap_or_default());
    let vni = options.get("com.docker.network.driver.overlay.vxlanid_list");
    engine::Network {
        id: network.id.to_string(),
        name: network.spec.annotations.name.clone(),
        driver: "overlay".to_owned(),
        created: network.meta.created_at,
        is_swarm: true,
        internal: network.spec.internal,
        attachable: network.spec.attachable,
        ingress: network.spec.ingress,
        labels: network.spec.annotations.labels.clone(),
        vni: vni.and_then(|number| number.parse().ok()).unwrap_or_default(),
        options,
        subnet: ipam.subnet,
        gateway: ipam.gateway,
        range: ipam.range,
    }
}

fn send(context: &mut Context<'_>, to: HostId, flow: u64, packet: &Packet) {
    // Types of our own, none of which fails to serialise.
    let bytes = postcard::to_allocvec(packet).unwrap_or_default();
    context.out.push(Output::Frame { to, flow, bytes: bytes.into() });
}
