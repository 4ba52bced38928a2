//! Where a call goes: into a container of this host, across the wire into another host's, through the
//! routing mesh, or nowhere.

use engine::ContainerId;
use os::machine::SharedNamespace;
use os::{Errno, NetAnswer, NetAsk, NetReply, NetRequest, RequestId};
use sim::{HostId, Time};
use swarm::node::LocalState;

use super::send;
use super::wire::{Content, Datagram, HOST_FLOW, OVERLAY_FLOW, OVERLAY_PLACE, Packet, Payload};
use crate::daemon::{Context, Daemon};
use crate::remote::After;

/// Questions that never get an answer are forgotten when there are more than this.
const WAITING_COUNT_MAX: usize = 1_024;

/// Who asks a port of this host from another one.
const OUTSIDE: &str = "from outside";

/// Who gets an answer.
#[derive(Debug)]
pub(super) enum Asker {
    /// A process of this host.
    Process(RequestId),
    /// This daemon itself, which asks a registry.
    Registry(Box<After>),
    /// Another host, for its question; the overlay it came through.
    Host(HostId, Option<u32>, Datagram),
}

impl Asker {
    pub(super) fn is_process(&self, id: RequestId) -> bool {
        matches!(self, Self::Process(own) if *own == id)
    }
}

/// Where something goes.
enum Route {
    /// To a port of the host or of a container here, with the address that it seems to come from.
    Here(SharedNamespace, u16, String),
    /// To this daemon's own API.
    Api,
    /// The address is a virtual one, or a router's: it answers an echo and nothing else.
    Virtual,
    /// Into an overlay, to a container of another host.
    Overlay { host: HostId, vni: u32, source: String, address: String, port: u16 },
    /// To another host.
    Host { host: HostId, address: String, port: u16 },
    /// It fails at once.
    Fails(Errno),
    /// Nobody answers.
    Nowhere,
}

impl Daemon {
    /// A process of this host asks the network.
    pub fn network_request(
        &mut self,
        context: &mut Context<'_>,
        id: RequestId,
        request: NetRequest,
    ) {
        let from = if request.from.borrow().on_host_network {
            None
        } else {
            self.container_at(&request.from)
        };
        let asker = Asker::Process(id);
        match request.ask {
            NetAsk::Resolve { name } => {
                let addresses = self.look_up(from.as_ref(), &name);
                self.answer(context, asker, Ok(NetAnswer::Addresses(addresses)));
            }
            NetAsk::Call { address, port, request } => {
                let route = self.route(context, from.as_ref(), &address, port);
                self.go(context, asker, route, Content::Request(request));
            }
            NetAsk::Links => {
                let links = self.engine.links(from.as_ref(), &self.config.address);
                self.answer(context, asker, Ok(NetAnswer::Links(links)));
            }
            NetAsk::Ports => {
                let ports = if from.is_some() { Vec::new() } else { self.open_ports() };
                self.answer(context, asker, Ok(NetAnswer::Ports(ports)));
            }
            NetAsk::Respond { call, answer } => {
                self.answered(context, call, Ok(NetAnswer::Bytes(answer)));
            }
            NetAsk::Echo { address } => {
                let route = self.route(context, from.as_ref(), &address, 0);
                self.go(context, asker, route, Content::Echo);
            }
        }
    }

    /// What listens on the host for containers, the mesh and the swarm.
    fn open_ports(&self) -> Vec<(u16, &'static str)> {
        let running = self.engine.containers().filter(|container| container.is_running());
        let published = running.flat_map(|container| &container.published);
        let mut ports: Vec<(u16, &'static str)> =
            published.map(|binding| (binding.host_port, "docker-proxy")).collect();
        let own = self.tcp.listening().ports();
        ports.extend(own.chain(self.net.table.mesh_ports()).map(|port| (port, "dockerd")));
        let swarm = self.swarm().info();
        if swarm.state == LocalState::Active {
            ports.push((7_946, "dockerd"));
        }
        if swarm.control_available {
            ports.push((2_377, "dockerd"));
        }
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Asks a registry at an address, or at a name that the directory of hosts knows.
    pub(crate) fn call_registry(
        &mut self,
        context: &mut Context<'_>,
        host: &str,
        port: u16,
        request: Vec<u8>,
        after: After,
    ) {
        let route = self.route_of_host(context, host, port, None);
        let asker = Asker::Registry(Box::new(after));
        self.go(context, asker, route, Content::Request(request));
    }

    fn go(&mut self, context: &mut Context<'_>, asker: Asker, route: Route, content: Content) {
        match (route, content) {
            (Route::Here(..) | Route::Virtual | Route::Api, Content::Echo) => {
                self.answer(context, asker, Ok(NetAnswer::Echo));
            }
            (Route::Api, Content::Request(bytes)) => {
                let from = match &asker {
                    Asker::Host(_, _, question) => question.source.clone(),
                    Asker::Process(_) | Asker::Registry(_) => String::new(),
                };
                let call = self.wait(context.now, asker);
                self.api_called(context, call, &from, &bytes);
            }
            (Route::Here(namespace, port, from), Content::Request(bytes)) => {
                let call = self.wait(context.now, asker);
                let reply = match context.machine.call(&namespace, port, call, &from, &bytes) {
                    Ok(Some(bytes)) => Ok(NetAnswer::Bytes(bytes)),
                    // The server asks others first.
                    Ok(None) => return,
                    Err(errno) => Err(errno),
                };
                self.answered(context, call, reply);
            }
            (Route::Overlay { host, vni, source, address, port }, content) => {
                let call = self.wait(context.now, asker);
                let datagram = Datagram { source, destination: address, port, call, content };
                self.send_overlay(context, host, vni, datagram);
            }
            (Route::Host { host, address, port }, content) => {
                let call = self.wait(context.now, asker);
                let source = self.config.address.clone();
                let datagram = Datagram { source, destination: address, port, call, content };
                send(context, host, HOST_FLOW, &Packet::Host(datagram));
            }
            (Route::Fails(errno), _) => self.answer(context, asker, Err(errno)),
            (Route::Virtual, _) => self.answer(context, asker, Err(Errno::Refused)),
            (Route::Nowhere, _) if matches!(asker, Asker::Registry(_)) => {
                self.answer(context, asker, Err(Errno::HostUnreachable));
            }
            (Route::Nowhere | Route::Here(..) | Route::Api, _) => {}
        }
    }

    fn wait(&mut self, now: Time, asker: Asker) -> u64 {
        while self.net.waiting.len() >= WAITING_COUNT_MAX {
            self.net.waiting.pop_first();
        }
        // Numbers go up, also from one daemon of the host to the next: who gets one twice knows it.
        self.net.next_call = (self.net.next_call + 1).max(now.unix_nanos() / 1_000);
        self.net.waiting.insert(self.net.next_call, asker);
        self.net.next_call
    }

    /// The API's answer to a call.
    pub(crate) fn answer_bytes(&mut self, context: &mut Context<'_>, call: u64, bytes: Vec<u8>) {
        self.answered(context, call, Ok(NetAnswer::Bytes(bytes)));
    }

    /// The API's connection is gone.
    pub(crate) fn refuse_call(&mut self, context: &mut Context<'_>, call: u64) {
        self.answered(context, call, Err(Errno::Refused));
    }

    fn answered(&mut self, context: &mut Context<'_>, call: u64, reply: NetReply) {
        if let Some(asker) = self.net.waiting.remove(&call) {
            self.answer(context, asker, reply);
        }
    }

    fn answer(&mut self, context: &mut Context<'_>, asker: Asker, reply: NetReply) {
        match asker {
            Asker::Process(id) => context.machine.reply(id, Box::new(reply)),
            Asker::Registry(after) => self.registry_answered(context, *after, reply),
            Asker::Host(host, vni, question) => {
                let content = match reply {
                    Ok(NetAnswer::Bytes(bytes)) => Content::Answer(bytes),
                    Ok(NetAnswer::Echo) => Content::EchoReply,
                    Ok(NetAnswer::Addresses(_) | NetAnswer::Links(_) | NetAnswer::Ports(_))
                    | Err(_) => Content::Refused,
                };
                let datagram = question.reply(content);
                match vni {
                    Some(vni) => self.send_overlay(context, host, vni, datagram),
                    None => send(context, host, HOST_FLOW, &Packet::Host(datagram)),
                }
            }
        }
    }

    fn is_sealed(&self, vni: u32) -> bool {
        self.engine.networks().any(|network| network.vni == vni && network.is_encrypted())
    }

    fn send_overlay(
        &mut self,
        context: &mut Context<'_>,
        host: HostId,
        vni: u32,
        datagram: Datagram,
    ) {
        let payload = if self.is_sealed(vni) {
            let Some(key) = &mut self.net.overlay_key else { return };
            let bytes = postcard::to_allocvec(&datagram).unwrap_or_default();
            Payload::Sealed(key.seal(OVERLAY_PLACE, &bytes))
        } else {
            Payload::Clear(datagram)
        };
        send(context, host, OVERLAY_FLOW, &Packet::Overlay { vni, payload });
    }

    pub(super) fn overlay_came(
        &mut self,
        context: &mut Context<'_>,
        from: HostId,
        vni: u32,
        payload: Payload,
    ) {
        let datagram = match payload {
            // An encrypted network takes nothing that is not sealed.
            Payload::Clear(datagram) => (!self.is_sealed(vni)).then_some(datagram),
            Payload::Sealed(record) => {
                let key = self.net.overlay_key.as_ref();
                let opened = key.and_then(|key| key.open(OVERLAY_PLACE, &record));
                opened.and_then(|bytes| postcard::from_bytes(&bytes).ok())
            }
        };
        if let Some(datagram) = datagram {
            self.datagram_came(context, from, Some(vni), datagram);
        }
    }

    pub(super) fn datagram_came(
        &mut self,
        context: &mut Context<'_>,
        from: HostId,
        vni: Option<u32>,
        datagram: Datagram,
    ) {
        let reply = match &datagram.content {
            Content::Answer(bytes) => Ok(NetAnswer::Bytes(bytes.clone())),
            Content::EchoReply => Ok(NetAnswer::Echo),
            Content::Refused => Err(Errno::Refused),
            Content::Request(_) | Content::Echo => {
                let heard = self.net.heard.entry((from, vni.is_some())).or_default();
                if datagram.call <= *heard {
                    // A link has doubled it; TCP would drop it.
                    return;
                }
                *heard = datagram.call;
                let route = match vni {
                    Some(vni) => {
                        let place = (vni, datagram.source.as_str());
                        self.overlay_here(place, &datagram.destination, datagram.port)
                    }
                    None => {
                        let from = (OUTSIDE, datagram.source.as_str());
                        self.port_of_host(context, datagram.port, from)
                    }
                };
                let content = datagram.content.clone();
                let question = Datagram { content: Content::Echo, ..datagram };
                return self.go(context, Asker::Host(from, vni, question), route, content);
            }
        };
        if let Some(asker) = self.net.waiting.remove(&datagram.call) {
            self.answer(context, asker, reply);
        }
    }

    fn overlay_here(&self, (vni, source): (u32, &str), address: &str, port: u16) -> Route {
        let network = self.engine.networks().find(|network| network.vni == vni);
        let container = network.and_then(|known| self.engine.in_network(&known.id, address));
        match container.and_then(|container| container.namespace.clone()) {
            Some(namespace) => Route::Here(namespace, port, source.to_owned()),
            None => Route::Nowhere,
        }
    }

    fn route(
        &mut self,
        context: &Context<'_>,
        from: Option<&ContainerId>,
        address: &str,
        port: u16,
    ) -> Route {
        let Some(id) = from else { return self.route_of_host(context, address, port, None) };
        let attachments = self.engine.get(id).map(|one| one.attachments.clone());
        let mut has_way_out = None;
        for attachment in attachments.unwrap_or_default() {
            let Some(network) = self.engine.network(&attachment.network_id) else { continue };
            if !network.internal {
                has_way_out.get_or_insert_with(|| attachment.address.clone());
            }
            if !network.contains(address) {
                continue;
            }
            if network.is_swarm {
                let (network, vni) = (network.id.clone(), network.vni);
                let place = (network.as_str(), vni, attachment.address.as_str());
                return self.route_in_overlay(id.as_str(), place, address, port);
            }
            if address == network.gateway {
                return self.port_of_host(context, port, (id.as_str(), &attachment.address));
            }
            let found = self.engine.in_network(&network.id, address);
            return match found.and_then(|container| container.namespace.clone()) {
                Some(namespace) => Route::Here(namespace, port, attachment.address),
                None => Route::Fails(Errno::HostUnreachable),
            };
        }
        match has_way_out {
            Some(source) => self.route_of_host(context, address, port, Some(&source)),
            None => Route::Fails(Errno::NetUnreachable),
        }
    }

    /// `place`: the network, its number, and the address of who asks.
    fn route_in_overlay(
        &mut self,
        from: &str,
        place: (&str, u32, &str),
        address: &str,
        port: u16,
    ) -> Route {
        let (network, vni, source) = place;
        let is_vip = |endpoint: &super::gossip::Endpoint| {
            let vip = endpoint.member.as_ref().and_then(|member| member.vip.as_deref());
            vip == Some(address)
        };
        let found = self.net.table.of_network(network).filter(|(_, endpoint)| is_vip(endpoint));
        let mut behind: Vec<String> = found.map(|(_, it)| it.address.clone()).collect();
        let address = if behind.is_empty() {
            address.to_owned()
        } else if port == 0 {
            return Route::Virtual;
        } else {
            behind.sort();
            self.turn(from, address, &behind)
        };
        let host = self.net.table.of_network(network).find(|(_, it)| it.address == address);
        match host.map(|(host, _)| host) {
            Some(Some(host)) => {
                Route::Overlay { host, vni, source: source.to_owned(), address, port }
            }
            // Here, or told by nobody (yet, any more).
            _ => match self.overlay_here((vni, source), &address, port) {
                Route::Nowhere => Route::Fails(Errno::HostUnreachable),
                route => route,
            },
        }
    }

    /// Round robin, as IPVS does it for each container by itself.
    fn turn(&mut self, from: &str, address: &str, behind: &[String]) -> String {
        let turn = self.net.turns.entry((from.to_owned(), address.to_owned())).or_default();
        let count = u32::try_from(behind.len()).unwrap_or(u32::MAX).max(1);
        let chosen = usize::try_from(*turn % count).unwrap_or_default();
        *turn = turn.wrapping_add(1);
        behind.get(chosen).cloned().unwrap_or_default()
    }

    /// `source`: the container's address, if one asks.
    fn route_of_host(
        &mut self,
        context: &Context<'_>,
        address: &str,
        port: u16,
        source: Option<&str>,
    ) -> Route {
        let is_own =
            address.starts_with("127.") || address == "0.0.0.0" || *address == self.config.address;
        let bridge =
            self.engine.networks().find(|network| !network.is_swarm && network.contains(address));
        if is_own || bridge.is_some_and(|network| network.gateway == *address) {
            return self.port_of_host(context, port, ("", source.unwrap_or_default()));
        }
        if let Some(host) = self.config.directory.get(address) {
            return Route::Host { host: *host, address: address.to_owned(), port };
        }
        if let Some(bridge) = bridge {
            let found = self.engine.in_network(&bridge.id, address);
            let source = source.unwrap_or(&bridge.gateway).to_owned();
            return match found.and_then(|container| container.namespace.clone()) {
                Some(namespace) => Route::Here(namespace, port, source),
                None => Route::Fails(Errno::HostUnreachable),
            };
        }
        // The Internet, from where nothing comes back.
        Route::Nowhere
    }

    /// A port of this host: a container that publishes it, the routing mesh, or a program of the host.
    /// `from`: who asks, and its address, which is empty for the host itself.
    fn port_of_host(
        &mut self,
        context: &Context<'_>,
        port: u16,
        (from, source): (&str, &str),
    ) -> Route {
        if port == 0 {
            return Route::Virtual;
        }
        if self.tcp.listening().answers(port, from != OUTSIDE) {
            return Route::Api;
        }
        if let Some((container, port)) = self.engine.by_host_port(port)
            && let Some(namespace) = &container.namespace
        {
            // Docker's own processes bring what comes from the host: from the bridge's address.
            let network = container.attachments.first().map(|it| &it.network_id);
            let bridge = network.and_then(|id| self.engine.network(id));
            let source = match bridge {
                Some(bridge) if source.is_empty() => &bridge.gateway,
                _ => source,
            };
            return Route::Here(namespace.clone(), port, source.to_owned());
        }
        let mesh = self.engine.networks().find(|network| network.ingress);
        if let Some((network, vni)) = mesh.map(|network| (network.id.clone(), network.vni)) {
            let mut behind: Vec<(String, u16)> = self
                .net
                .table
                .of_network(&network)
                .filter_map(|(_, endpoint)| {
                    let ports = &endpoint.member.as_ref()?.ports;
                    let (_, target) = ports.iter().find(|(published, _)| *published == port)?;
                    Some((endpoint.address.clone(), *target))
                })
                .collect();
            behind.sort();
            if let Some((_, target)) = behind.first().cloned() {
                let addresses: Vec<String> = behind.into_iter().map(|(it, _)| it).collect();
                // The mesh has one balancer per host, whoever asks.
                let address = self.turn("", &format!("*:{port}"), &addresses);
                let source = self.config.address.clone();
                return self.route_in_overlay(from, (&network, vni, &source), &address, target);
            }
        }
        let source = if source.is_empty() { "127.0.0.1" } else { source };
        Route::Here(context.machine.host(), port, source.to_owned())
    }
}
