//! Services (swarmkit: `manager/controlapi/service.go`).

use std::rc::Rc;

use sim::Rng;

use super::network::needs_ingress;
use super::resolve::resolve;
use super::{ApiError, Code, ControlResponse, Filters, ServiceStatus, filter, service_spec};
use crate::objects::{
    Id, JobStatus, Kind, PortConfig, PublishMode, Service, ServiceMode, ServiceSpec, TaskState,
    UpdateState, UpdateStatus, is_node_local, random_id,
};
use crate::store::{Store, StoreError, Tx};

pub(super) fn list(store: &Store, filters: &Filters) -> Vec<Rc<Service>> {
    let matches = |service: &&Rc<Service>| {
        let annotations = &service.spec.annotations;
        filter::matches(filters, &service.id, &annotations.name, &annotations.labels)
            && filter::contains(service.spec.mode.word(), &filters.modes)
    };
    store.services().iter().filter(matches).cloned().collect()
}

pub(super) fn get(store: &Store, id: &Id) -> Result<Rc<Service>, ApiError> {
    store.service(id).cloned().ok_or_else(|| ApiError::not_found(Kind::Service, id))
}

/// How many tasks run, as `docker service ls` shows it (swarmkit: `ListServiceStatuses`).
pub(super) fn statuses(store: &Store, ids: &[Id]) -> Vec<ServiceStatus> {
    ids.iter().map(|id| status(store, id)).collect()
}

fn status(store: &Store, id: &Id) -> ServiceStatus {
    let mut status = ServiceStatus { service_id: id.clone(), ..ServiceStatus::default() };
    let Some(service) = store.service(id) else {
        return status;
    };
    let global = match service.spec.mode {
        ServiceMode::Replicated { replicas } => {
            status.desired_tasks = replicas;
            false
        }
        ServiceMode::ReplicatedJob { max_concurrent, .. } => {
            status.desired_tasks = max_concurrent;
            false
        }
        ServiceMode::Global | ServiceMode::GlobalJob => true,
    };
    let iteration = service.job_status.map(|job| job.iteration);
    for task in store.tasks_of_service(id) {
        if iteration.is_some() && task.job_iteration != iteration {
            continue;
        }
        if iteration.is_some() && task.status.state == TaskState::Complete {
            status.completed_tasks += 1;
        }
        if task.status.state == TaskState::Running {
            status.running_tasks += 1;
        }
        let wanted = match task.desired_state {
            TaskState::Running => true,
            TaskState::Complete => task.status.state != TaskState::Complete,
            _ => false,
        };
        if global && wanted {
            status.desired_tasks += 1;
        }
    }
    status
}

/// Networks are there (moby: `daemon/cluster/services.go`, `populateNetworkID`), and none is the ingress network.
fn check_networks(store: &Store, spec: &ServiceSpec) -> Result<(), ApiError> {
    for target in spec.task.networks.iter().map(|attachment| &attachment.target) {
        if !is_node_local(target) {
            resolve(store, Kind::Network, target)?;
        }
    }
    let ingress = spec.task.networks.iter().find_map(|attachment| {
        store.network(&attachment.target).filter(|network| network.spec.ingress)
    });
    match ingress {
        None => Ok(()),
        Some(network) => Err(ApiError::invalid(format!(
            "Service cannot be explicitly attached to the ingress network {:?}",
            network.spec.annotations.name
        ))),
    }
}

fn check_ingress(store: &Store, spec: &ServiceSpec) -> Result<(), ApiError> {
    if needs_ingress(spec) && !store.networks().iter().any(|network| network.spec.ingress) {
        return Err(ApiError::new(
            Code::FailedPrecondition,
            "service needs ingress network, but no ingress network is present",
        ));
    }
    Ok(())
}

/// No other service may publish the same port.
fn check_ports(store: &Store, spec: &ServiceSpec, own: Option<&Id>) -> Result<(), ApiError> {
    if sim::planted!(PortPublishedTwice) {
        return Ok(());
    }
    let wanted = |port: &PortConfig, mode: PublishMode| {
        spec.endpoint.iter().flat_map(|endpoint| &endpoint.ports).any(|mine| {
            mine.published_port == port.published_port
                && mine.protocol == port.protocol
                && mine.publish_mode == mode
        })
    };
    for service in store.services().iter().filter(|service| Some(&service.id) != own) {
        let asked = service.spec.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
        let allocated = service.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
        for port in asked.chain(allocated).filter(|port| port.published_port != 0) {
            let (conflict, what) = match port.publish_mode {
                PublishMode::Host => (wanted(port, PublishMode::Ingress), "a host-published port"),
                PublishMode::Ingress => (
                    wanted(port, PublishMode::Ingress) || wanted(port, PublishMode::Host),
                    "an ingress port",
                ),
            };
            if conflict {
                return Err(ApiError::invalid(format!(
                    "port '{}' is already in use by service '{}' ({}) as {what}",
                    port.published_port, service.spec.annotations.name, service.id
                )));
            }
        }
    }
    Ok(())
}

/// Every secret and config the spec refers to is there, under that name.
fn check_references(store: &Store, spec: &ServiceSpec) -> Result<(), ApiError> {
    if sim::planted!(ReferencesNotChecked) {
        return Ok(());
    }
    let container = &spec.task.container;
    let missing_secrets: Vec<&str> = container
        .secrets
        .iter()
        .filter(|r| {
            let found = store.secret(&r.secret_id);
            found.is_none_or(|secret| secret.spec.annotations.name != r.secret_name)
        })
        .map(|r| r.secret_name.as_str())
        .collect();
    not_found("secret", &missing_secrets)?;
    let missing_configs: Vec<&str> = container
        .configs
        .iter()
        .filter(|r| {
            let found = store.config(&r.config_id);
            found.is_none_or(|config| config.spec.annotations.name != r.config_name)
        })
        .map(|r| r.config_name.as_str())
        .collect();
    not_found("config", &missing_configs)
}

fn not_found(word: &str, names: &[&str]) -> Result<(), ApiError> {
    let plural = match names.len() {
        0 => return Ok(()),
        1 => "",
        _ => "s",
    };
    Err(ApiError::invalid(format!("{word}{plural} not found: {}", names.join(", "))))
}

pub(super) fn create(
    tx: &mut Tx,
    rng: &mut Rng,
    spec: &ServiceSpec,
) -> Result<ControlResponse, ApiError> {
    service_spec::check(spec)?;
    check_networks(tx.store(), spec)?;
    check_ports(tx.store(), spec, None)?;
    check_ingress(tx.store(), spec)?;
    check_references(tx.store(), spec)?;
    let id = random_id(rng);
    let job = JobStatus { iteration: 0, last_execution: tx.now() };
    let service = Service {
        id: id.clone(),
        spec: spec.clone(),
        job_status: spec.mode.is_job().then_some(job),
        ..Service::default()
    };
    match tx.create(service) {
        Ok(()) => Ok(ControlResponse::Created { id }),
        Err(error @ StoreError::NameConflict) => Err(ApiError::new(
            Code::AlreadyExists,
            format!("{error}: service {} already exists", spec.annotations.name),
        )),
        Err(other) => Err(other.into()),
    }
}

pub(super) fn update(
    tx: &mut Tx,
    id: &Id,
    version: u64,
    spec: &ServiceSpec,
    rollback: bool,
) -> Result<ControlResponse, ApiError> {
    service_spec::check(spec)?;
    check_networks(tx.store(), spec)?;
    let old = get(tx.store(), id)?;
    if spec.endpoint.is_some() && spec.endpoint != old.spec.endpoint {
        check_ports(tx.store(), spec, Some(id))?;
    }
    check_references(tx.store(), spec)?;
    if old.spec.mode.word() != spec.mode.word() {
        return Err(ApiError::new(Code::Unimplemented, "service mode change is not allowed"));
    }
    if old.spec.annotations.name != spec.annotations.name {
        return Err(ApiError::new(Code::Unimplemented, "renaming services is not supported"));
    }
    let mut service = (*old).clone();
    service.meta.version = version;
    if let Some(job) = &mut service.job_status {
        job.iteration += 1;
        job.last_execution = tx.now();
    }
    if rollback {
        roll_back(&mut service, tx)?;
    } else {
        service.previous_spec_version = Some(service.spec_version);
        service.previous_spec = Some(Box::new(std::mem::replace(&mut service.spec, spec.clone())));
        service.spec_version = version;
        service.update_status = None;
    }
    check_ingress(tx.store(), &service.spec)?;
    tx.update(service)?;
    Ok(ControlResponse::Done)
}

/// Exchanges the spec and the previous one.
fn roll_back(service: &mut Service, tx: &Tx) -> Result<(), ApiError> {
    let Some(previous) = service.previous_spec.take() else {
        return Err(ApiError::new(
            Code::FailedPrecondition,
            format!("service {} does not have a previous spec", service.id),
        ));
    };
    let previous =
        if sim::planted!(RollbackToSelf) { Box::new(service.spec.clone()) } else { previous };
    // What was removed since cannot come back with the spec.
    check_references(tx.store(), &previous)?;
    let current = std::mem::replace(&mut service.spec, *previous);
    let previous_version = service.previous_spec_version.unwrap_or_default();
    service.previous_spec = Some(Box::new(current));
    service.previous_spec_version =
        Some(std::mem::replace(&mut service.spec_version, previous_version));
    service.update_status = Some(UpdateStatus {
        state: UpdateState::RollbackStarted,
        started_at: Some(tx.now()),
        completed_at: None,
        message: "manually requested rollback".to_owned(),
    });
    Ok(())
}

/// The service goes at once; the orchestrator stops its tasks after it. That is why its secrets can
/// be removed at once, too.
pub(super) fn remove(tx: &mut Tx, id: &Id) -> Result<ControlResponse, ApiError> {
    match tx.remove::<Service>(id) {
        Ok(()) => Ok(ControlResponse::Done),
        Err(StoreError::NotFound) => Err(ApiError::not_found(Kind::Service, id)),
        Err(other) => Err(other.into()),
    }
}
