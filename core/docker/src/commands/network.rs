//! `docker network`.

use daemon::api::{Endpoint, Error, Network, NetworkDetails, Request, Response};
use daemon::client::unexpected;

use super::{confirmed, created, filters, inspect as inspection, pruned};
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::output::text::{natural, short_id};
use crate::output::time::go_form;
use crate::show;
use crate::table::Outcome;
use crate::value;

/// `docker network create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let driver = cli.flag("driver").unwrap_or("bridge").to_owned();
    let text = |flag: &str| cli.matches.all(flag).first().cloned().unwrap_or_default();
    if cli.matches.all("subnet").len() > 1 {
        return Err(Failure::text("not simulated: several subnets"));
    }
    let subnet = text("subnet");
    let needs_subnet = [("ip-range", "every ip-range or gateway must have a corresponding subnet")]
        .into_iter()
        .chain([("gateway", "every ip-range or gateway must have a corresponding subnet")]);
    for (flag, reason) in needs_subnet {
        if !text(flag).is_empty() && subnet.is_empty() {
            return Err(Failure::text(reason));
        }
    }
    let network = Network {
        name: cli.arg(0).to_owned(),
        // A network of an overlay's driver is the swarm's.
        is_swarm: driver == "overlay" || cli.flag("scope") == Some("swarm"),
        driver,
        internal: cli.is_set("internal"),
        attachable: cli.is_set("attachable"),
        ingress: cli.is_set("ingress"),
        labels: value::map(cli.matches.all("label")),
        options: value::map(cli.matches.all("opt")),
        subnet,
        gateway: text("gateway"),
        range: text("ip-range"),
        ..Network::default()
    };
    let id = created(cli, Request::CreateNetwork(Box::new(network))).await?;
    cli.out(format!("{id}\n")).await;
    Ok(0)
}

/// One network.
pub(crate) async fn details(cli: &Cli, name: &str) -> Result<NetworkDetails, Error> {
    match cli.client.ask(Request::InspectNetwork { network: name.to_owned() }).await? {
        Response::Network(found) => Ok(*found),
        other => Err(unexpected(&other)),
    }
}

/// `docker network inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    inspection::each(cli, cli.args(), async |name: &str| {
        let found = inspection::network(cli, name).await;
        found.map_err(|error| cli.not_found("network", name, error))
    })
    .await
}

/// All networks that match.
pub(crate) async fn networks(
    cli: &Cli,
    filters: daemon::api::Filters,
) -> Result<Vec<NetworkDetails>, Error> {
    match cli.client.ask(Request::ListNetworks { filters }).await? {
        Response::Networks(networks) => Ok(networks),
        other => Err(unexpected(&other)),
    }
}

/// `docker network ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let mut found = networks(cli, filters(cli)).await?;
    if cli.profile.natural_order {
        found.sort_by(|a, b| natural(&a.network.name, &b.network.name));
    }
    let whole = cli.is_set("no-trunc");
    let rows = found
        .iter()
        .map(|details| {
            let network = &details.network;
            let labels: Vec<String> =
                network.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            vec![
                ("ID", if whole { network.id.clone() } else { short_id(&network.id) }),
                ("Name", network.name.clone()),
                ("Driver", network.driver.clone()),
                ("Scope", show::network::scope(network).to_owned()),
                ("IPv4", "true".to_owned()),
                ("IPv6", "false".to_owned()),
                ("Internal", network.internal.to_string()),
                ("Labels", labels.join(",")),
                ("CreatedAt", go_form(&show::time(network.created))),
            ]
        })
        .collect();
    let columns =
        vec![("ID", "NETWORK ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("Scope", "SCOPE")];
    let more_titles = &[
        ("IPv6", "IPV6"),
        ("Internal", "INTERNAL"),
        ("Labels", "LABELS"),
        ("CreatedAt", "CREATED AT"),
    ];
    List { columns, more_titles, quiet: "ID", rows, cells: cli.profile.cells }.show(cli).await
}

/// `docker network connect`.
pub(crate) async fn connect(cli: &Cli) -> Outcome {
    let endpoint = Endpoint {
        network: cli.arg(0).to_owned(),
        address: cli.flag("ip").unwrap_or_default().to_owned(),
        aliases: cli.matches.all("alias").to_vec(),
    };
    let container = cli.arg(1).to_owned();
    cli.client.done(Request::ConnectNetwork { container, endpoint }).await?;
    Ok(0)
}

/// `docker network disconnect`.
pub(crate) async fn disconnect(cli: &Cli) -> Outcome {
    let (network, container) = (cli.arg(0).to_owned(), cli.arg(1).to_owned());
    cli.client.done(Request::DisconnectNetwork { container, network }).await?;
    Ok(0)
}

/// What is asked before the routing mesh's network is removed.
const INGRESS_WARNING: &str = "WARNING! Before removing the routing-mesh network, make sure all the nodes \
    in your swarm run the same docker engine version. Otherwise, removal may not be effective and \
    functionality of newly create ingress networks will be impaired.\nAre you sure you want to continue?";

/// `docker network rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    cli.for_each_arg(async |name: &str| {
        if let Ok(found) = details(cli, name).await
            && found.network.ingress
            && !confirmed(cli, INGRESS_WARNING).await
        {
            return Ok(());
        }
        let request = Request::RemoveNetwork { network: name.to_owned() };
        match cli.client.ask(request).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() && cli.is_set("force") => return Ok(()),
            Err(error) => return Err(cli.not_found("network", name, error)),
        }
        cli.out(format!("{name}\n")).await;
        Ok(())
    })
    .await
}

/// `docker network prune`.
pub(crate) async fn prune(cli: &Cli) -> Outcome {
    let which = if cli.profile.natural_order { "custom networks" } else { "networks" };
    let warning = format!(
        "WARNING! This will remove all {which} not used by at least one container.\nAre you sure you \
         want to continue?"
    );
    if !cli.is_set("force") && !confirmed(cli, &warning).await {
        return Ok(0);
    }
    let (names, _) = pruned(cli, Request::PruneNetworks { filters: filters(cli) }).await?;
    if !names.is_empty() {
        cli.out(format!("Deleted Networks:\n{}\n\n", names.join("\n"))).await;
    }
    Ok(0)
}
