//! `docker stack ls`, `ps`, `services` and `rm`.

use sorted::SortedMap;
use std::rc::Rc;

use daemon::api::{Filters, Request};
use swarm::control::ControlRequest;
use swarm::objects::{Kind, Service};

use super::convert::NAMESPACE;
use super::{check_manager, check_name, of_stack, stack_networks, stack_services};
use crate::cli::{Cli, Failure};
use crate::commands::{changed, config, filters, secret, service, tasks};
use crate::output::list::List;
use crate::output::text::natural;
use crate::table::Outcome;

/// `docker stack ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let mut labelled = Filters::default();
    labelled.add("label", NAMESPACE);
    let mut counts: SortedMap<String, usize> = SortedMap::new();
    for service in service::services(cli, labelled.for_swarm(Kind::Service)?).await? {
        if let Some(stack) = service.spec.annotations.labels.get(NAMESPACE) {
            *counts.entry(stack.clone()).or_default() += 1;
        }
    }
    let mut stacks: Vec<(String, usize)> = counts.into_iter().collect();
    if cli.profile.natural_order {
        stacks.sort_by(|a, b| natural(&a.0, &b.0));
    }
    let row = |(name, count): (String, usize)| {
        vec![
            ("Name", name),
            ("Services", count.to_string()),
            ("Orchestrator", "Swarm".to_owned()),
            ("Namespace", String::new()),
        ]
    };
    let rows = stacks.into_iter().map(row).collect();
    let mut columns = vec![("Name", "NAME"), ("Services", "SERVICES")];
    if cli.profile.orchestrator_column {
        columns.push(("Orchestrator", "ORCHESTRATOR"));
    }
    let more_titles = &[("Orchestrator", "ORCHESTRATOR"), ("Namespace", "NAMESPACE")];
    List { columns, more_titles, quiet: "Name", rows, cells: cli.profile.swarm_cells }
        .show(cli)
        .await
}

/// What was typed as filters, and that it is the stack's.
fn filters_of(cli: &Cli, stack: &str) -> Filters {
    let mut wanted = filters(cli);
    for value in of_stack(stack).get("label") {
        wanted.add("label", value);
    }
    wanted
}

/// `docker stack ps`.
pub(crate) async fn ps(cli: &Cli) -> Outcome {
    let stack = cli.arg(0);
    check_name(stack)?;
    let mut wanted = filters(cli);
    let services = stack_services(cli, stack).await?;
    if services.is_empty() {
        return Err(Failure::text(format!("nothing found in stack: {stack}")));
    }
    for service in services {
        wanted.add("service", &service.id);
    }
    service::resolve_nodes(cli, &mut wanted).await?;
    let found = tasks::tasks(cli, wanted.for_swarm(Kind::Task)?).await?;
    tasks::show(cli, found).await
}

/// `docker stack services`.
pub(crate) async fn services(cli: &Cli) -> Outcome {
    let stack = cli.arg(0);
    check_name(stack)?;
    let found = service::services(cli, filters_of(cli, stack).for_swarm(Kind::Service)?).await?;
    if found.is_empty() {
        cli.err(format!("Nothing found in stack: {stack}\n")).await;
        return Ok(0);
    }
    service::show(cli, found).await
}

/// Removes a service and says so.
pub(super) async fn remove_service(cli: &Cli, service: &Rc<Service>) -> Result<(), Failure> {
    cli.out(format!("Removing service {}\n", service.spec.annotations.name)).await;
    changed(cli, ControlRequest::RemoveService { id: service.id.clone() }).await?;
    Ok(())
}

/// `docker stack rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    check_manager(cli).await?;
    cli.for_each_arg(async |stack: &str| {
        check_name(stack)?;
        let services = stack_services(cli, stack).await?;
        let label = of_stack(stack);
        let secrets = secret::secrets(cli, label.for_swarm(Kind::Secret)?).await?;
        let configs = config::configs(cli, label.for_swarm(Kind::Config)?).await?;
        let networks = stack_networks(cli, stack).await?;
        if services.is_empty() && secrets.is_empty() && configs.is_empty() && networks.is_empty() {
            cli.err(format!("Nothing found in stack: {stack}\n")).await;
            return Ok(());
        }
        let mut failed = false;
        for service in services {
            failed |= remove_service(cli, &service).await.is_err();
        }
        for secret in secrets {
            cli.out(format!("Removing secret {}\n", secret.spec.annotations.name)).await;
            let request = ControlRequest::RemoveSecret { id: secret.id.clone() };
            failed |= complain(cli, changed(cli, request).await).await;
        }
        for config in configs {
            cli.out(format!("Removing config {}\n", config.spec.annotations.name)).await;
            let request = ControlRequest::RemoveConfig { id: config.id.clone() };
            failed |= complain(cli, changed(cli, request).await).await;
        }
        for network in networks {
            cli.out(format!("Removing network {}\n", network.network.name)).await;
            let request = Request::RemoveNetwork { network: network.network.id.clone() };
            failed |= complain(cli, cli.client.ask(request).await.map(|_| ())).await;
        }
        if failed {
            return Err(Failure::text(format!(
                "Failed to remove some resources from stack: {stack}"
            )));
        }
        Ok(())
    })
    .await
}

/// Tells what failed; true if something did.
async fn complain(cli: &Cli, result: Result<(), daemon::api::Error>) -> bool {
    let Err(error) = result else { return false };
    let text = Failure::Api(error).message(cli.profile);
    cli.err(format!("{text}\n")).await;
    true
}
