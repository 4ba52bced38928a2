//! The allocator: networks get subnets, services addresses and ports, and tasks pass from NEW to
//! PENDING once theirs are there (swarmkit: `manager/allocator`).

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use sim::subnet::{Subnet, next_subnet};

use super::task::ROOM_MIN;
use crate::objects::{
    Driver, Endpoint, EndpointMode, EndpointSpec, Id, IpamConfig, Network, NetworkAttachment,
    Object, PortConfig, PublishMode, Service, Task, TaskNetwork, TaskState, VirtualIp,
    is_node_local,
};
use crate::store::{Store, StoreEvent, Tx};

/// Published ports that nobody chose come from here (swarmkit: `dynamicPortStart`).
const DYNAMIC_PORTS: std::ops::RangeInclusive<u32> = 30_000..=32_767;
/// The first overlay's VXLAN number (libnetwork: `vxlanIDStart`).
const VXLAN_ID_FIRST: u64 = 4_096;

/// What is to be allocated.
#[derive(Debug, Default)]
pub(super) struct Allocator {
    networks: SortedSet<Id>,
    services: SortedSet<Id>,
    tasks: SortedSet<Id>,
}

impl Allocator {
    pub(super) fn new(store: &Store) -> Self {
        let new = |task: &&Rc<Task>| task.status.state == TaskState::New;
        Self {
            networks: store.networks().iter().map(|network| network.id.clone()).collect(),
            services: store.services().iter().map(|service| service.id.clone()).collect(),
            tasks: store.tasks().iter().filter(new).map(|task| task.id.clone()).collect(),
        }
    }

    pub(super) fn is_due(&self) -> bool {
        !self.networks.is_empty() || !self.services.is_empty() || !self.tasks.is_empty()
    }

    pub(super) fn on_event(&mut self, event: &StoreEvent, store: &Store) {
        let (StoreEvent::Created(object) | StoreEvent::Updated { new: object, .. }) = event else {
            return;
        };
        match object {
            Object::Network(network) => {
                self.networks.insert(network.id.clone());
                // Who waited for it can go on.
                let waiting = store.tasks().iter().filter(|t| t.status.state == TaskState::New);
                self.tasks.extend(waiting.map(|task| task.id.clone()));
                self.services.extend(store.services().iter().map(|service| service.id.clone()));
            }
            Object::Service(service) => {
                self.services.insert(service.id.clone());
            }
            Object::Task(task) if task.status.state == TaskState::New => {
                self.tasks.insert(task.id.clone());
            }
            _ => {}
        }
    }

    pub(super) fn run(&mut self, tx: &mut Tx) {
        while ROOM_MIN < tx.room() {
            let Some(id) = self.networks.pop_first() else { break };
            allocate_network(tx, &id);
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.services.pop_first() else { break };
            allocate_service(tx, &id);
        }
        while ROOM_MIN < tx.room() {
            let Some(id) = self.tasks.pop_first() else { break };
            allocate_task(tx, &id);
        }
    }
}

/// The network an attachment names, by identifier or by name.
fn network<'a>(store: &'a Store, target: &str) -> Option<&'a Rc<Network>> {
    store.network(target).or_else(|| store.networks().by_name(target))
}

fn allocate_network(tx: &mut Tx, id: &Id) {
    let store = tx.store();
    let Some(network) = store.network(id) else { return };
    if network.driver_state.is_some() {
        return;
    }
    let mut network = (**network).clone();
    let taken: Vec<Subnet> = store
        .networks()
        .iter()
        .flat_map(|other| other.ipam.iter().chain(&other.spec.ipam))
        .filter_map(|ipam| Subnet::parse(&ipam.subnet))
        .collect();
    let asked = network.spec.ipam.iter().find(|ipam| !ipam.subnet.is_empty()).cloned();
    let ipam = asked.or_else(|| {
        let cluster = store.cluster();
        let default_pool = vec!["10.0.0.0/8".to_owned()];
        let pools = cluster.map_or(&default_pool, |cluster| match cluster.default_address_pool {
            ref pools if pools.is_empty() => &default_pool,
            ref pools => pools,
        });
        let size = cluster.map_or(24, |cluster| cluster.subnet_size);
        let subnet = next_subnet(pools, if size == 0 { 24 } else { size }, &taken)?;
        Some(IpamConfig { subnet: subnet.to_string(), ..IpamConfig::default() })
    });
    let Some(mut ipam) = ipam else { return };
    if ipam.gateway.is_empty() {
        let gateway = Subnet::parse(&ipam.subnet).map(|subnet| subnet.address(1));
        ipam.gateway = gateway.unwrap_or_default();
    }
    network.ipam = vec![ipam];
    let used: SortedSet<String> = store
        .networks()
        .iter()
        .filter_map(|other| other.driver_state.as_ref()?.options.values().next().cloned())
        .collect();
    let key = "com.docker.network.driver.overlay.vxlanid_list";
    let mut driver = network.spec.driver.clone().unwrap_or_default();
    // libnetwork: `drivers/overlay/ovmanager`; a number that was asked for counts if nobody has it.
    let asked = driver.options.get(key).filter(|id| id.parse::<u32>().is_ok()).cloned();
    let free = (VXLAN_ID_FIRST..).map(|id| id.to_string());
    let vxlan = asked.into_iter().chain(free).find(|id| !used.contains(id));
    if driver.name.is_empty() {
        "overlay".clone_into(&mut driver.name);
    }
    let options = SortedMap::from([(key.to_owned(), vxlan.unwrap_or_default())]);
    network.driver_state = Some(Driver { name: driver.name, options });
    tx.update(network).expect("it was just read, and there is room");
}

/// The networks a service must have addresses in; `None` while one of them is missing.
fn service_networks(store: &Store, service: &Service) -> Option<Vec<Rc<Network>>> {
    let mut networks = Vec::new();
    let ports = service.spec.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
    if ports.clone().any(|port| port.publish_mode == PublishMode::Ingress) {
        networks.extend(store.networks().iter().find(|network| network.spec.ingress).cloned());
    }
    for attachment in swarm_networks(service) {
        networks.push(network(store, &attachment.target).cloned()?);
    }
    networks.iter().all(|network| network.driver_state.is_some()).then_some(networks)
}

fn swarm_networks(service: &Service) -> impl Iterator<Item = &NetworkAttachment> {
    service.spec.task.networks.iter().filter(|one| !is_node_local(&one.target))
}

fn needs_endpoint(service: &Service) -> bool {
    let ports = service.spec.endpoint.as_ref().is_some_and(|endpoint| !endpoint.ports.is_empty());
    ports || swarm_networks(service).next().is_some()
}

fn allocate_service(tx: &mut Tx, id: &Id) {
    let store = tx.store();
    let Some(service) = store.service(id) else { return };
    let asked = service.spec.endpoint.clone().unwrap_or_default();
    if !needs_endpoint(service) && service.endpoint.is_none() {
        return;
    }
    let Some(networks) = service_networks(store, service) else { return };
    let old = service.endpoint.clone().unwrap_or_default();
    let mut virtual_ips = Vec::new();
    if asked.mode == EndpointMode::Vip {
        for network in &networks {
            let kept = old
                .virtual_ips
                .iter()
                .find(|vip| vip.network_id == network.id && !sim::planted!(VipChanged));
            let vip = kept.cloned().or_else(|| {
                let addr = free_address(store, network, &virtual_ips)?;
                Some(VirtualIp { network_id: network.id.clone(), addr })
            });
            virtual_ips.extend(vip);
        }
    }
    let ports = allocate_ports(store, service, &asked, &old);
    let endpoint = Endpoint { spec: asked, ports, virtual_ips };
    if service.endpoint.as_ref() == Some(&endpoint) {
        return;
    }
    let mut service = (**service).clone();
    service.endpoint = Some(endpoint);
    tx.update(service).expect("it was just read, and there is room");
}

fn allocate_ports(
    store: &Store,
    service: &Service,
    asked: &EndpointSpec,
    old: &Endpoint,
) -> Vec<PortConfig> {
    let others = store.services().iter().filter(|other| other.id != service.id);
    let mut used: SortedSet<(u32, _)> = others
        .flat_map(|other| other.endpoint.iter().flat_map(|endpoint| &endpoint.ports))
        .chain(&asked.ports)
        .map(|port| (port.published_port, port.protocol))
        .collect();
    let mut ports = Vec::new();
    for port in &asked.ports {
        let mut port = port.clone();
        if port.published_port == 0 && port.publish_mode == PublishMode::Ingress {
            let kept = old.ports.iter().find(|old| {
                old.target_port == port.target_port
                    && old.protocol == port.protocol
                    && !used.contains(&(old.published_port, old.protocol))
            });
            let chosen = kept.map(|old| old.published_port).or_else(|| {
                DYNAMIC_PORTS.into_iter().find(|free| !used.contains(&(*free, port.protocol)))
            });
            port.published_port = chosen.unwrap_or_default();
            used.insert((port.published_port, port.protocol));
        }
        ports.push(port);
    }
    ports
}

/// The lowest address of the network that no service and no living task has, with its prefix length.
fn free_address(store: &Store, network: &Network, more: &[VirtualIp]) -> Option<String> {
    let subnet = Subnet::parse(&network.ipam.first()?.subnet)?;
    let mut used: SortedSet<&str> = more.iter().map(|vip| vip.addr.as_str()).collect();
    for service in store.services().iter() {
        let vips = service.endpoint.iter().flat_map(|endpoint| &endpoint.virtual_ips);
        used.extend(vips.filter(|vip| vip.network_id == network.id).map(|vip| vip.addr.as_str()));
    }
    let alive = store.tasks().iter().filter(|task| {
        let state = task.status.state;
        state == TaskState::Running || state < TaskState::Running && !sim::planted!(AddressReused)
    });
    for attached in alive.flat_map(|task| &task.networks) {
        if attached.network.id == network.id {
            used.extend(attached.addresses.iter().map(String::as_str));
        }
    }
    // Network address and gateway are not given away, nor is the broadcast address.
    (2..subnet.size().saturating_sub(1))
        .map(|host| format!("{}/{}", subnet.address(host), subnet.bits))
        .find(|address| !used.contains(address.as_str()))
}

fn allocate_task(tx: &mut Tx, id: &Id) {
    let store = tx.store();
    let Some(task) = store.task(id) else { return };
    if task.status.state != TaskState::New || task.desired_state == TaskState::Remove {
        return;
    }
    let Some(service) = store.service(&task.service_id) else { return };
    let ready = !needs_endpoint(service)
        || service.endpoint.as_ref().is_some_and(|endpoint| {
            endpoint.spec == service.spec.endpoint.clone().unwrap_or_default()
        });
    let Some(networks) = service_networks(store, service).filter(|_| ready) else { return };
    let mut attached = Vec::new();
    for network in &networks {
        let Some(address) = free_address(store, network, &[]) else { return };
        let aliases = task.spec.networks.iter().find(|attachment| {
            attachment.target == *network.id || attachment.target == network.spec.annotations.name
        });
        attached.push(TaskNetwork {
            network: Rc::clone(network),
            addresses: vec![address],
            aliases: aliases.map(|attachment| attachment.aliases.clone()).unwrap_or_default(),
        });
    }
    let (endpoint, now) = (service.endpoint.clone(), tx.now());
    tx.change_task(id, |task| {
        task.networks = attached;
        if endpoint.is_some() {
            task.endpoint = endpoint;
        }
        task.status.state = TaskState::Pending;
        task.status.timestamp = now;
        "pending task scheduling".clone_into(&mut task.status.message);
    });
}
