//! `docker volume`.

use daemon::api::{Request, Response, VolumeDetails};
use daemon::client::unexpected;

use super::{confirmed, created, filters, inspect as inspection, pruned};
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::output::text::natural;
use crate::output::units::human_size;
use crate::table::Outcome;
use crate::value;

/// `docker volume create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let (typed, named) = (cli.arg(0), cli.flag("name").unwrap_or_default());
    if !typed.is_empty() && !named.is_empty() {
        return Err(Failure::text(
            "conflicting options: either specify --name or provide positional arg, not both",
        ));
    }
    let volume = VolumeDetails {
        name: if typed.is_empty() { named } else { typed }.to_owned(),
        driver: cli.flag("driver").unwrap_or("local").to_owned(),
        labels: value::map(cli.matches.all("label")),
        options: value::map(cli.matches.all("opt")),
        ..VolumeDetails::default()
    };
    let name = created(cli, Request::CreateVolume(Box::new(volume))).await?;
    cli.out(format!("{name}\n")).await;
    Ok(0)
}

/// `docker volume inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    inspection::each(cli, cli.args(), async |name: &str| {
        let found = inspection::volume(cli, name).await;
        found.map_err(|error| cli.not_found("volume", name, error))
    })
    .await
}

/// `docker volume ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let mut volumes = match cli.client.ask(Request::ListVolumes { filters: filters(cli) }).await? {
        Response::Volumes(volumes) => volumes,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    if cli.profile.natural_order {
        volumes.sort_by(|a, b| natural(&a.name, &b.name));
    }
    let rows = volumes
        .iter()
        .map(|volume| {
            let labels: Vec<String> =
                volume.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            vec![
                ("Driver", volume.driver.clone()),
                ("Name", volume.name.clone()),
                ("Scope", "local".to_owned()),
                ("Mountpoint", volume.mountpoint.clone()),
                ("Labels", labels.join(",")),
                ("Links", "N/A".to_owned()),
                ("Availability", "N/A".to_owned()),
                ("Group", "N/A".to_owned()),
                ("Status", "N/A".to_owned()),
                ("Size", "N/A".to_owned()),
            ]
        })
        .collect();
    let columns = vec![("Driver", "DRIVER"), ("Name", "VOLUME NAME")];
    let more_titles = &[
        ("Scope", "SCOPE"),
        ("Mountpoint", "MOUNTPOINT"),
        ("Labels", "LABELS"),
        ("Links", "LINKS"),
        ("Size", "SIZE"),
    ];
    List { columns, more_titles, quiet: "Name", rows, cells: cli.profile.cells }.show(cli).await
}

/// `docker volume rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    cli.for_each_arg(async |name: &str| {
        let request = Request::RemoveVolume { volume: name.to_owned(), force: cli.is_set("force") };
        match cli.client.done(request).await {
            Ok(()) => {
                cli.out(format!("{name}\n")).await;
                Ok(())
            }
            Err(error) => Err(cli.not_found("volume", name, error)),
        }
    })
    .await
}

/// `docker volume prune`.
pub(crate) async fn prune(cli: &Cli) -> Outcome {
    let can_choose = cli.command.flags_of(cli.profile).any(|flag| flag.name() == "all");
    let which = match (can_choose, cli.is_set("all")) {
        (true, false) => "anonymous local volumes",
        (true, true) => "all local volumes",
        (false, _) if cli.profile.natural_order => "all local volumes",
        (false, _) => "all volumes",
    };
    let warning = format!(
        "WARNING! This will remove {which} not used by at least one container.\nAre you sure you want \
         to continue?"
    );
    if !cli.is_set("force") && !confirmed(cli, &warning).await {
        return Ok(0);
    }
    let mut filters = filters(cli);
    if cli.is_set("all") {
        filters.add("all", "true");
    }
    let (names, size) = pruned(cli, Request::PruneVolumes { filters }).await?;
    if !names.is_empty() {
        cli.out(format!("Deleted Volumes:\n{}\n\n", names.join("\n"))).await;
    }
    let size = human_size(size, 4, cli.profile.size_gap);
    cli.out(format!("Total reclaimed space: {size}\n")).await;
    Ok(0)
}
