//! `docker network`: the host's own networks and the swarm's in one list (moby: `daemon/network.go`,
//! `api/server/router/network`).

use sorted::SortedMap;

use engine::Network;
use sim::{Duration, Time};
use swarm::control::{ApiError, ControlRequest, ControlResponse};
use swarm::node::{LocalRequest, LocalResponse};
use swarm::objects::{Annotations, Driver, Id, IpamConfig, NetworkSpec};

use super::engine_network;
use crate::api::{Error, Filters, NetworkContainer, NetworkDetails, Request, Response};
use crate::daemon::{Caller, Context, Daemon};
use crate::managers::Then;

/// Between two questions for a network's addresses.
const ATTACH_POLL: Duration = Duration::from_millis(100);
/// moby: `swarmRequestTimeout`, which `AttachNetwork` waits at most.
const ATTACH_PATIENCE: Duration = Duration::from_secs(20);
/// So many hosts share the upper half of a subnet for containers that are no tasks.
const HOST_COUNT_MAX: u32 = 21;

/// What is to be done once the swarm's networks are known, if this node may ask for them.
#[derive(Debug)]
pub(crate) enum NetworkQuestion {
    /// `network ls`.
    List(Filters),
    /// `network inspect`.
    Inspect(String),
    /// `network create`.
    Create(Box<Network>),
    /// `network rm`.
    Remove(String),
    /// `network prune`.
    Prune(Filters),
    /// A new container, or one that is to be connected, asks for networks that this host may not know.
    Attach(Attaching),
}

/// A request for a place in a network of the swarm.
#[derive(Debug)]
pub(crate) struct Attaching {
    request: Box<Request>,
    /// When the swarm is asked again, because the network has no addresses yet.
    pub(super) again: Time,
    /// When that makes no sense any more.
    give_up: Time,
    caller: Option<Caller>,
}

impl Attaching {
    pub(crate) fn new(request: Request, now: Time) -> Self {
        let give_up = now + ATTACH_PATIENCE;
        Self { request: Box::new(request), again: now, give_up, caller: None }
    }
}

impl Daemon {
    /// Begins with the swarm's networks.
    pub(crate) fn network_question(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        question: NetworkQuestion,
    ) {
        let request = ControlRequest::ListNetworks(swarm::control::Filters::default());
        let then = Then::Networks(caller, question);
        self.ask_swarm(context, LocalRequest::Control(request), then);
    }

    /// The swarm's networks are there, or this node is no manager.
    pub(crate) fn networks_answered(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        question: NetworkQuestion,
        answer: Result<LocalResponse, ApiError>,
    ) {
        let mut all: SortedMap<String, Network> =
            self.engine.networks().map(|one| (one.id.clone(), one.clone())).collect();
        if let Ok(LocalResponse::Control(ControlResponse::Networks(networks))) = answer {
            all.extend(networks.iter().map(|one| (one.id.to_string(), engine_network(one))));
        }
        let all: Vec<Network> = all.into_values().collect();
        let result = match question {
            NetworkQuestion::List(filters) => self.list_networks(&all, &filters),
            NetworkQuestion::Inspect(text) => find(&all, &text)
                .map(|found| Response::Network(Box::new(self.network_details(found)))),
            NetworkQuestion::Create(asked) => match self.create_network(context, &all, *asked) {
                Ok(Ok(id)) => Ok(Response::Created { id }),
                Ok(Err(request)) => {
                    return self.ask_swarm(
                        context,
                        LocalRequest::Control(*request),
                        Then::Reply(caller),
                    );
                }
                Err(error) => Err(error),
            },
            NetworkQuestion::Remove(text) => match find(&all, &text) {
                Ok(found) if found.is_swarm => {
                    let request = ControlRequest::RemoveNetwork { id: Id::from(found.id.as_str()) };
                    return self.ask_swarm(
                        context,
                        LocalRequest::Control(request),
                        Then::Reply(caller),
                    );
                }
                Ok(found) => {
                    let removed = self.engine.remove_network(context.now, &found.id);
                    removed.map(|()| Response::Done).map_err(Error::from)
                }
                Err(error) => Err(error),
            },
            NetworkQuestion::Prune(filters) => self.prune_networks(context, &filters),
            NetworkQuestion::Attach(asked) if self.is_too_early(context.now, &all, &asked) => {
                let again = context.now + ATTACH_POLL;
                self.net.attaching.push(Attaching { again, caller: Some(caller), ..asked });
                return;
            }
            NetworkQuestion::Attach(asked) => {
                match self.attach_and_go_on(context, caller, &all, *asked.request) {
                    Ok(Some(response)) => Ok(response),
                    Ok(None) => return self.after_engine(context),
                    Err(error) => Err(error),
                }
            }
        };
        context.reply(caller, result);
        self.after_engine(context);
    }

    /// True if a request names a network that is the swarm's or not known here.
    pub(crate) fn needs_swarm_networks(&self, request: &Request) -> bool {
        let is_own =
            |name: &str| self.engine.network(name).is_some_and(|network| !network.is_swarm);
        match request {
            Request::CreateContainer(create) => {
                create.host.networks.iter().any(|endpoint| !is_own(&endpoint.network))
            }
            Request::ConnectNetwork { endpoint, .. } => !is_own(&endpoint.network),
            _ => false,
        }
    }

    /// Takes up the swarm's networks that a request names, gives out addresses in them, and does what was
    /// asked. swarmkit makes a task for each such place, and its managers give the address out; here each
    /// host has addresses of its own in the upper half of every subnet.
    fn attach_and_go_on(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        all: &[Network],
        mut request: Request,
    ) -> Result<Option<Response>, Error> {
        let endpoints = match &mut request {
            Request::CreateContainer(create) => create.host.networks.iter_mut().collect(),
            Request::ConnectNetwork { endpoint, .. } => vec![endpoint],
            _ => Vec::new(),
        };
        for endpoint in endpoints {
            let Some(network) = of_swarm(all, &endpoint.network) else { continue };
            if network.attachable && endpoint.address.is_empty() {
                endpoint.address = self.free_address(network)?;
            }
            self.engine.adopt_network(network.clone());
        }
        self.local_request(context, caller, request)
    }

    /// True while managers have not given a network its addresses: it was made a moment ago.
    fn is_too_early(&self, now: Time, all: &[Network], asked: &Attaching) -> bool {
        let bare = |name: &str| {
            of_swarm(all, name)
                .is_some_and(|network| network.attachable && network.subnet.is_empty())
        };
        let early = match &*asked.request {
            Request::CreateContainer(create) => {
                create.host.networks.iter().any(|endpoint| bare(&endpoint.network))
            }
            Request::ConnectNetwork { endpoint, .. } => bare(&endpoint.network),
            _ => false,
        };
        early && now < asked.give_up
    }

    /// Asks again for the networks that had no addresses.
    pub(super) fn attach_again(&mut self, context: &mut Context<'_>) {
        let all = std::mem::take(&mut self.net.attaching);
        let (due, rest): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one.again <= context.now);
        self.net.attaching = rest;
        for one in due {
            if let Some(caller) = one.caller {
                self.network_question(context, caller, NetworkQuestion::Attach(one));
            }
        }
    }

    fn free_address(&self, network: &Network) -> Result<String, Error> {
        let full =
            || Error::new(403, "no available IPv4 addresses on this network's address pools");
        let subnet = sim::subnet::Subnet::parse(&network.subnet).ok_or_else(full)?;
        let half = subnet.size() / 2;
        let share = half / HOST_COUNT_MAX;
        let first = half + u32::from(self.config.host.0) % HOST_COUNT_MAX * share;
        (first..first + share)
            .map(|number| subnet.address(number))
            .find(|address| self.engine.in_network(&network.id, address).is_none())
            .ok_or_else(full)
    }

    fn list_networks(&self, all: &[Network], filters: &Filters) -> Result<Response, Error> {
        filters.validate(&["dangling", "driver", "id", "label", "name", "scope", "type"])?;
        let any = |key: &str, test: &dyn Fn(&str) -> bool| {
            let values = filters.get(key);
            values.is_empty() || values.iter().any(|value| test(value))
        };
        let in_use = |one: &Network| self.engine.containers_in(&one.id).next().is_some();
        let matches = |one: &&Network| {
            any("driver", &|value| one.driver == value)
                && any("id", &|value| one.id.starts_with(value))
                && any("name", &|value| one.name.contains(value))
                && any("scope", &|value| scope(one) == value)
                && any("label", &|value| has_label(&one.labels, value))
                && any("type", &|value| (value == "builtin") == one.is_predefined())
                && any("dangling", &|value| {
                    matches!(value, "true" | "1") == (!in_use(one) && !one.is_predefined())
                })
        };
        let mut found: Vec<NetworkDetails> =
            all.iter().filter(matches).map(|one| self.network_details(one)).collect();
        found.sort_by(|a, b| a.network.name.cmp(&b.network.name));
        Ok(Response::Networks(found))
    }

    fn network_details(&self, network: &Network) -> NetworkDetails {
        let mut containers = Vec::new();
        for container in self.engine.containers_in(&network.id) {
            for attachment in container.attachments.iter().filter(|a| a.network_id == network.id) {
                containers.push(NetworkContainer {
                    id: container.id.to_string(),
                    name: container.name.clone(),
                    endpoint_id: attachment.endpoint_id.clone(),
                    mac: attachment.mac.clone(),
                    address: format!("{}/{}", attachment.address, attachment.prefix_length),
                });
            }
        }
        containers.sort_by(|a, b| a.id.cmp(&b.id));
        let mut peers = Vec::new();
        for (address, host) in &self.config.directory {
            let is_own = *host == self.config.host;
            let here = |found: Option<sim::HostId>| found.map_or(is_own, |found| found == *host);
            let mut endpoints = self.net.table.of_network(&network.id);
            if endpoints.any(|(found, _)| here(found)) {
                let name = engine::Digest::of(address.as_bytes()).hex();
                peers.push((name[..12].to_owned(), address.clone()));
            }
        }
        NetworkDetails { network: network.clone(), containers, peers }
    }

    /// Makes a network of this host, or the request to the managers for one of the swarm.
    fn create_network(
        &mut self,
        context: &mut Context<'_>,
        all: &[Network],
        asked: Network,
    ) -> Result<Result<String, Box<ControlRequest>>, Error> {
        let name = &asked.name;
        if !asked.is_swarm {
            return Ok(Ok(self.engine.create_network(context.now, asked)?));
        }
        if all.iter().any(|known| known.name == *name) {
            return Err(Error::conflict(format!("network with name {name} already exists")));
        }
        let ipam = IpamConfig { subnet: asked.subnet, range: asked.range, gateway: asked.gateway };
        let has_ipam = !ipam.subnet.is_empty();
        let spec = NetworkSpec {
            annotations: Annotations { name: asked.name, labels: asked.labels },
            driver: Some(Driver { name: asked.driver, options: asked.options }),
            internal: asked.internal,
            attachable: asked.attachable,
            ingress: asked.ingress,
            ipv6: false,
            ipam: if has_ipam { vec![ipam] } else { Vec::new() },
        };
        Ok(Err(Box::new(ControlRequest::CreateNetwork { spec: Box::new(spec) })))
    }

    fn prune_networks(
        &mut self,
        context: &mut Context<'_>,
        filters: &Filters,
    ) -> Result<Response, Error> {
        filters.validate(&["label", "label!", "until"])?;
        let labels = filters.get("label");
        let unused = self.engine.networks().filter(|one| {
            !one.is_predefined()
                && !one.is_swarm
                && one.name != engine::network::GATEWAY_BRIDGE
                && self.engine.containers_in(&one.id).next().is_none()
                && labels.iter().all(|label| has_label(&one.labels, label))
        });
        let mut names: Vec<String> = unused.map(|one| one.name.clone()).collect();
        names.sort();
        for name in &names {
            self.engine.remove_network(context.now, name)?;
        }
        Ok(Response::Pruned { names, size: 0 })
    }

    /// A container joins a network.
    pub(crate) fn connect_network(
        &mut self,
        context: &mut Context<'_>,
        container: &str,
        endpoint: engine::Endpoint,
    ) -> Result<(), Error> {
        let id = self.engine.find(container)?.id.clone();
        self.check_attachable(&endpoint.network)?;
        self.net.touch();
        Ok(self.engine.connect(context.now, &id, endpoint)?)
    }

    /// Refuses an overlay for a container that is no task's.
    pub(crate) fn check_attachable(&self, network: &str) -> Result<(), Error> {
        let found = self.engine.network(network).filter(|found| found.is_swarm);
        match found {
            Some(found) if !found.attachable => Err(Error::new(
                403,
                format!(
                    "Could not attach to network {network}: rpc error: code = PermissionDenied desc \
                     = network {network} not manually attachable"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// A container leaves a network.
    pub(crate) fn disconnect_network(
        &mut self,
        context: &mut Context<'_>,
        container: &str,
        network: &str,
    ) -> Result<(), Error> {
        let id = self.engine.find(container)?.id.clone();
        self.net.touch();
        Ok(self.engine.disconnect(context.now, &id, network)?)
    }
}

/// The swarm's network of that name or identifier.
fn of_swarm<'a>(all: &'a [Network], name: &str) -> Option<&'a Network> {
    all.iter().find(|one| one.name == name || one.id == name).filter(|found| found.is_swarm)
}

/// `local` or `swarm`.
pub(crate) const fn scope(network: &Network) -> &'static str {
    if network.is_swarm { "swarm" } else { "local" }
}

fn has_label(labels: &SortedMap<String, String>, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|label| label == value),
        None => labels.contains_key(wanted),
    }
}

/// A network by identifier, by name, or by the beginning of its identifier.
fn find<'a>(all: &'a [Network], text: &str) -> Result<&'a Network, Error> {
    let exact = all.iter().find(|one| one.id == text);
    if let Some(found) = exact.or_else(|| all.iter().find(|one| one.name == text)) {
        return Ok(found);
    }
    let mut found = all.iter().filter(|one| !text.is_empty() && one.id.starts_with(text));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Error::invalid(format!(
            "network {text} is ambiguous ({} matches found based on ID prefix)",
            found.count() + 2
        ))),
        _ => Err(Error::not_found(format!("network {text} not found"))),
    }
}
