//! Networks (swarmkit: `manager/controlapi/network.go`).

use std::rc::Rc;

use sim::Rng;

use super::names::check_dns_name;
use super::{ApiError, Code, ControlResponse, Filters, filter};
use crate::objects::{
    Annotations, Driver, Id, IpamConfig, Kind, Network, NetworkSpec, PublishMode, Service,
    ServiceSpec, TaskState, random_id,
};
use crate::store::{Store, StoreError, Tx};

/// The networks a new cluster begins with: the routing mesh's (swarmkit: `manager/manager.go`,
/// `newIngressNetwork`).
pub fn initial_networks(rng: &mut Rng) -> Vec<Network> {
    let mut annotations = Annotations::named("ingress");
    annotations.labels.insert("com.docker.swarm.internal".to_owned(), "true".to_owned());
    let subnet = IpamConfig {
        subnet: "10.0.0.0/24".to_owned(),
        gateway: "10.0.0.1".to_owned(),
        ..IpamConfig::default()
    };
    let spec = NetworkSpec {
        annotations,
        driver: Some(Driver { name: "overlay".to_owned(), ..Driver::default() }),
        ingress: true,
        ipam: vec![subnet],
        ..NetworkSpec::default()
    };
    vec![Network { id: random_id(rng), spec, ..Network::default() }]
}

pub(super) fn list(store: &Store, filters: &Filters) -> Vec<Rc<Network>> {
    let matches = |network: &&Rc<Network>| {
        let annotations = &network.spec.annotations;
        filter::matches(filters, &network.id, &annotations.name, &annotations.labels)
    };
    store.networks().iter().filter(matches).cloned().collect()
}

pub(super) fn get(store: &Store, id: &Id) -> Result<Rc<Network>, ApiError> {
    store.network(id).cloned().ok_or_else(|| ApiError::not_found(Kind::Network, id))
}

pub(super) fn create(
    tx: &mut Tx,
    rng: &mut Rng,
    spec: &NetworkSpec,
) -> Result<ControlResponse, ApiError> {
    check_dns_name(&spec.annotations)?;
    if spec.ingress && tx.store().networks().iter().any(|network| network.spec.ingress) {
        return Err(ApiError::new(
            Code::AlreadyExists,
            "ingress network (ingress) is already present",
        ));
    }
    let id = random_id(rng);
    let network = Network { id: id.clone(), spec: spec.clone(), ..Network::default() };
    match tx.create(network) {
        Ok(()) => Ok(ControlResponse::Created { id }),
        // The daemon looks for the name before it asks the manager.
        Err(StoreError::NameConflict) => Err(ApiError::local(
            Code::AlreadyExists,
            format!("network with name {} already exists", spec.annotations.name),
        )),
        Err(other) => Err(other.into()),
    }
}

/// The service publishes a port on the routing mesh.
pub(super) fn needs_ingress(spec: &ServiceSpec) -> bool {
    let mut ports = spec.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
    ports.any(|port| port.publish_mode == PublishMode::Ingress)
}

/// The service asks for the network, by identifier or by name.
fn uses(service: &Service, network: &Network) -> bool {
    service.spec.task.networks.iter().any(|attachment| {
        attachment.target == *network.id || attachment.target == network.spec.annotations.name
    })
}

pub(super) fn remove(tx: &mut Tx, id: &Id) -> Result<ControlResponse, ApiError> {
    let store = tx.store();
    let network = store.network(id).ok_or_else(|| ApiError::not_found(Kind::Network, id))?;
    let refuse = |user: String| {
        let text = format!("network {id} is in use by {user}");
        Err(ApiError::new(Code::FailedPrecondition, text))
    };
    if network.spec.ingress
        && let Some(service) = store.services().iter().find(|service| needs_ingress(&service.spec))
    {
        return Err(ApiError::new(
            Code::FailedPrecondition,
            format!(
                "ingress network cannot be removed because service {} depends on it",
                service.id
            ),
        ));
    }
    if let Some(service) = store.services().iter().find(|service| uses(service, network)) {
        return refuse(format!("service {}", service.id));
    }
    let task = store.tasks().iter().find(|task| {
        task.desired_state <= TaskState::Running
            && task.status.state <= TaskState::Running
            && task.networks.iter().any(|attached| attached.network.id == *id)
    });
    if let Some(task) = task {
        return refuse(format!("task {}", task.id));
    }
    tx.remove::<Network>(id)?;
    Ok(ControlResponse::Done)
}
