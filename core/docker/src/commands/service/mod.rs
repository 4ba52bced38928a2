//! `docker service`.

mod create;
mod pretty;
pub(crate) mod progress;
mod settings;
mod spec;
mod update;

use sorted::SortedMap;
use std::rc::Rc;

use daemon::api::{Error, Filters, Request, Response};
use daemon::client::unexpected;
use sim::Duration;
use swarm::control::{self, ControlRequest, ControlResponse, ServiceStatus};
use swarm::objects::{Id, Kind, PortConfig, PublishMode, Service, ServiceMode, ServiceSpec};

pub(crate) use create::create;
pub(crate) use update::{rollback, update};

use super::{changed, filters, inspect as inspection, node, tasks, wrong};
use crate::cli::{Cli, Failure};
use crate::help;
use crate::output::list::List;
use crate::output::text::{natural, short_id, without_digest};
use crate::ports::published;
use crate::table::Outcome;

pub(crate) async fn services(
    cli: &Cli,
    filters: control::Filters,
) -> Result<Vec<Rc<Service>>, Error> {
    match cli.client.control(ControlRequest::ListServices(filters)).await? {
        ControlResponse::Services(services) => Ok(services),
        other => Err(wrong(other)),
    }
}

async fn service(cli: &Cli, name: &str) -> Result<Rc<Service>, Failure> {
    let request = ControlRequest::GetService { id: Id::from(name) };
    match cli.client.control(request).await {
        Ok(ControlResponse::Service(service)) => Ok(service),
        Ok(other) => Err(Failure::Api(wrong(other))),
        Err(error) => Err(cli.not_found("service", name, error)),
    }
}

/// Sends a changed spec; what the daemon warns of goes to standard error.
pub(crate) async fn send_update(
    cli: &Cli,
    service: &Service,
    spec: ServiceSpec,
    rollback: bool,
    query_registry: bool,
) -> Result<(), Failure> {
    let request = Request::UpdateService {
        service: service.id.to_string(),
        version: service.meta.version,
        spec: Box::new(spec),
        rollback,
        query_registry,
    };
    match cli.client.ask(request).await? {
        Response::ServiceUpdated { warnings } => {
            for warning in warnings {
                cli.err(format!("{warning}\n")).await;
            }
            Ok(())
        }
        other => Err(Failure::Api(unexpected(&other))),
    }
}

/// `docker service ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let services = services(cli, filters(cli).for_swarm(Kind::Service)?).await?;
    show(cli, services).await
}

/// Shows services in a list.
pub(crate) async fn show(cli: &Cli, mut services: Vec<Rc<Service>>) -> Outcome {
    if cli.profile.natural_order {
        services.sort_by(|a, b| natural(&a.spec.annotations.name, &b.spec.annotations.name));
    }
    let mut statuses: SortedMap<Id, ServiceStatus> = SortedMap::new();
    if !services.is_empty() && !cli.is_set("quiet") {
        let ids = services.iter().map(|service| service.id.clone()).collect();
        let request = ControlRequest::ListServiceStatuses { ids };
        if let ControlResponse::ServiceStatuses(counted) = cli.client.control(request).await? {
            statuses = counted.into_iter().map(|one| (one.service_id.clone(), one)).collect();
        }
    }
    let rows = services
        .iter()
        .map(|service| {
            let spec = &service.spec;
            let status = statuses.get(&service.id).cloned().unwrap_or_default();
            vec![
                ("ID", short_id(&service.id)),
                ("FullID", service.id.to_string()),
                ("Name", spec.annotations.name.clone()),
                ("Mode", spec.mode.word().replace('-', " ")),
                ("Replicas", replicas(spec, &status)),
                ("Image", without_digest(&spec.task.container.image)),
                ("Ports", ports(service)),
            ]
        })
        .collect();
    let mut columns = vec![
        ("ID", "ID"),
        ("Name", "NAME"),
        ("Mode", "MODE"),
        ("Replicas", "REPLICAS"),
        ("Image", "IMAGE"),
    ];
    if cli.profile.service_ports_column {
        columns.push(("Ports", "PORTS"));
    }
    let quiet = if cli.profile.service_quiet_full { "FullID" } else { "ID" };
    let more_titles = &[("Ports", "PORTS")];
    List { columns, more_titles, quiet, rows, cells: cli.profile.swarm_cells }.show(cli).await
}

fn replicas(spec: &ServiceSpec, status: &ServiceStatus) -> String {
    let ServiceStatus { running_tasks, desired_tasks, completed_tasks, .. } = status;
    match &spec.mode {
        ServiceMode::Replicated { replicas } => match spec.task.placement.max_replicas {
            0 => format!("{running_tasks}/{replicas}"),
            max => format!("{running_tasks}/{replicas} (max {max} per node)"),
        },
        ServiceMode::Global => format!("{running_tasks}/{desired_tasks}"),
        ServiceMode::ReplicatedJob { total_completions, .. } => format!(
            "{running_tasks}/{desired_tasks} ({completed_tasks}/{total_completions} completed)"
        ),
        ServiceMode::GlobalJob => format!(
            "{running_tasks}/{desired_tasks} ({completed_tasks}/{} completed)",
            desired_tasks + completed_tasks
        ),
    }
}

/// Ports published on all nodes.
fn ports(service: &Service) -> String {
    let Some(endpoint) = &service.endpoint else { return String::new() };
    let of_mesh = |port: &&PortConfig| port.publish_mode == PublishMode::Ingress;
    let ports: Vec<PortConfig> = endpoint.ports.iter().filter(of_mesh).cloned().collect();
    published(&ports)
}

/// `docker service ps`.
pub(crate) async fn ps(cli: &Cli) -> Outcome {
    let mut wanted = filters(cli);
    let mut missing = Vec::new();
    let mut count = 0_usize;
    for name in cli.args() {
        match find(cli, name).await? {
            Some(id) => {
                wanted.add("service", &id);
                count += 1;
            }
            None => missing.push(format!("no such service: {name}")),
        }
    }
    if count == 0 {
        return Err(Failure::Text(missing.join("\n")));
    }
    resolve_nodes(cli, &mut wanted).await?;
    let found = tasks::tasks(cli, wanted.for_swarm(Kind::Task)?).await?;
    tasks::show(cli, found).await?;
    if missing.is_empty() { Ok(0) } else { Err(Failure::Text(missing.join("\n"))) }
}

/// Names of nodes in a filter become identifiers.
pub(crate) async fn resolve_nodes(cli: &Cli, wanted: &mut Filters) -> Result<(), Failure> {
    for name in wanted.0.remove("node").unwrap_or_default() {
        let reference = node::reference(cli, &name).await?;
        let request = ControlRequest::GetNode { id: Id::from(reference.as_str()) };
        let id = match cli.client.control(request).await {
            Ok(ControlResponse::Node(node)) => node.id.to_string(),
            _ => reference,
        };
        wanted.add("node", &id);
    }
    Ok(())
}

/// A service by identifier, name or the beginning of its identifier, as `service ps` looks it up.
async fn find(cli: &Cli, name: &str) -> Result<Option<String>, Failure> {
    let mut by_id = Filters::default();
    by_id.add("id", name);
    let by_id = services(cli, by_id.for_swarm(Kind::Service)?).await?;
    let mut by_name = Filters::default();
    by_name.add("name", name);
    let by_name = services(cli, by_name.for_swarm(Kind::Service)?).await?;
    let exact = by_id
        .iter()
        .find(|service| service.id.as_str() == name)
        .or_else(|| by_name.iter().find(|service| service.spec.annotations.name == name));
    match (exact, by_id.as_slice()) {
        (Some(service), _) => Ok(Some(service.id.to_string())),
        (None, [service]) => Ok(Some(service.id.to_string())),
        (None, []) => Ok(None),
        (None, _) => {
            Err(Failure::text(format!("multiple services found with provided prefix: {name}")))
        }
    }
}

/// `docker service inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    if cli.is_pretty() {
        let mut text = String::new();
        for name in cli.args() {
            let found = service(cli, name).await?;
            let mut networks = Vec::new();
            for attachment in &found.spec.task.networks {
                let details = super::network::details(cli, &attachment.target).await;
                networks.push(
                    details
                        .map_or_else(|_| attachment.target.clone(), |details| details.network.name),
                );
            }
            text += &pretty::text(cli, &found, &networks);
        }
        cli.out(text).await;
        return Ok(0);
    }
    inspection::each(cli, cli.args(), async |name: &str| {
        let request = ControlRequest::GetService { id: Id::from(name) };
        let found = inspection::swarm_object(cli, request).await;
        found.map_err(|error| {
            if error.is_not_found() {
                Failure::text(format!("Error: no such service: {name}"))
            } else {
                Failure::Api(error)
            }
        })
    })
    .await
}

/// `docker service scale`.
pub(crate) async fn scale(cli: &Cli) -> Outcome {
    if let Some(arg) = cli.args().iter().find(|arg| !arg.contains('=')) {
        let usage = help::use_line(cli.profile, &cli.typed, cli.command);
        let (typed, short) = (&cli.typed, cli.command.short(cli.profile));
        return Err(Failure::text(format!(
            "Invalid scale specifier '{arg}'.\nSee '{typed} --help'.\n\nUsage:  {usage}\n\n{short}"
        )));
    }
    let mut messages = Vec::new();
    let mut scaled = Vec::new();
    for arg in cli.args() {
        let (name, count) = arg.split_once('=').unwrap_or((arg, ""));
        let result = match count.parse::<u64>() {
            Ok(replicas) => scale_one(cli, name, replicas).await,
            Err(_) => {
                let quoted = crate::value::quote(count);
                let reason = format!("strconv.ParseUint: parsing {quoted}: invalid syntax");
                Err(Failure::text(format!("invalid replicas value {count}: {reason}")))
            }
        };
        match result {
            Ok(()) => scaled.push(name),
            Err(failure) => messages.push(format!("{name}: {}", failure.message(cli.profile))),
        }
    }
    if progress::is_wanted(cli) {
        for name in scaled {
            if let Err(failure) = progress::wait(cli, name, name).await {
                messages.push(format!("{name}: {}", failure.message(cli.profile)));
            }
        }
    }
    if messages.is_empty() { Ok(0) } else { Err(Failure::Text(messages.join("\n"))) }
}

/// What a client's start and its two questions take: whoever types one change after the other does not meet
/// the managers in the middle of the first.
const READ_TIME: Duration = Duration::from_millis(30);

/// A service that is to be changed.
async fn service_to_change(cli: &Cli, name: &str) -> Result<Rc<Service>, Failure> {
    let _ = cli.proc.sleep(READ_TIME).await;
    service(cli, name).await
}

async fn scale_one(cli: &Cli, name: &str, count: u64) -> Result<(), Failure> {
    let service = service_to_change(cli, name).await?;
    let mut spec = service.spec.clone();
    match &mut spec.mode {
        ServiceMode::Replicated { replicas } => *replicas = count,
        ServiceMode::ReplicatedJob { total_completions, .. } => *total_completions = count,
        ServiceMode::Global | ServiceMode::GlobalJob => {
            let modes = if cli.profile.init_member {
                "replicated or replicated-job mode"
            } else {
                "replicated mode"
            };
            return Err(Failure::text(format!("scale can only be used with {modes}")));
        }
    }
    send_update(cli, &service, spec, false, false).await?;
    cli.out(format!("{name} scaled to {count}\n")).await;
    Ok(())
}

/// `docker service rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    cli.for_each_arg(async |name: &str| {
        match changed(cli, ControlRequest::RemoveService { id: Id::from(name) }).await {
            Ok(()) => {
                cli.out(format!("{name}\n")).await;
                Ok(())
            }
            Err(error) => Err(cli.not_found("service", name, error)),
        }
    })
    .await
}

/// `docker service logs`.
pub(crate) async fn logs(cli: &Cli) -> Outcome {
    super::logs::service(cli).await
}
