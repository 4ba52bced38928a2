//! `down`, `stop`, `rm`, and what else is done to containers that are there.

use compose::Node;
use daemon::api::{ContainerStatus, ContainerSummary, Filters, Request};

use super::project::{self, Project};
use super::report::{Report, tell_first};
use super::{
    PROJECT, SERVICE, containers, convert, delegate, first, images, is_first, is_one_off, label,
};
use crate::cli::{Cli, Failure};
use crate::commands::pull::with_tag;
use crate::commands::{asked_for, network, started};
use crate::table::Outcome;

/// Stops those that run.
pub(super) async fn stop(
    cli: &Cli,
    all: &[ContainerSummary],
    timeout_secs: Option<u64>,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let runs = |one: &&ContainerSummary| super::runs(one);
    let names: Vec<String> = all.iter().filter(runs).map(|one| one.name.clone()).collect();
    for one in all.iter().rev().filter(runs) {
        report.begin();
        let container = one.id.clone();
        cli.client.done(Request::StopContainer { container, timeout_secs }).await?;
        if is_first(cli) {
            tell_first(cli, "Stopping", &names, &one.name).await;
        }
        report.done(format!("Container {}", one.name), "Stopped");
    }
    Ok(())
}

/// Removes them.
pub(super) async fn destroy(
    cli: &Cli,
    all: &[ContainerSummary],
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    for one in all.iter().rev() {
        let container = one.id.clone();
        let volumes = cli.is_set("volumes");
        cli.client.done(Request::RemoveContainer { container, force: true, volumes }).await?;
        if is_first(cli) {
            tell_first(cli, "Removing", &names, &one.name).await;
        }
        report.done(format!("Container {}", one.name), "Removed");
    }
    Ok(())
}

fn timeout(cli: &Cli) -> Option<u64> {
    cli.flag("timeout").and_then(|text| text.parse().ok())
}

/// `docker compose down`.
pub(crate) async fn down(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let mut report = Report::new(cli);
    let all = containers(cli, &project.name).await?;
    stop(cli, &all, timeout(cli), &mut report).await?;
    destroy(cli, &all, &mut report).await?;
    let mut filters = Filters::default();
    filters.add("label", &format!("{PROJECT}={}", project.name));
    let own = network::networks(cli, filters).await?;
    for found in &own {
        let name = &found.network.name;
        report.begin();
        cli.client.done(Request::RemoveNetwork { network: found.network.id.clone() }).await?;
        if is_first(cli) {
            cli.err(format!("Removing network {name}\n")).await;
        }
        report.done(format!("Network {name}"), "Removed");
    }
    if own.is_empty() && is_first(cli) {
        let name = project.name_of("networks", "default");
        cli.err(format!("Removing network {name}\nWARNING: Network {name} not found.\n")).await;
    }
    if cli.is_set("volumes") {
        remove_volumes(cli, &project, &mut report).await?;
    }
    if let Some(which) = cli.flag("rmi") {
        remove_images(cli, &project, which, &mut report).await?;
    }
    if report.is_empty() && !is_first(cli) {
        let name = &project.name;
        cli.err(format!(
            "WARN[0000] Warning: No resource found to remove for project {name:?}. \n"
        ))
        .await;
    }
    report.show("Running").await;
    Ok(0)
}

/// `--rmi`: the images of all services, or those that have no name of their own.
async fn remove_images(
    cli: &Cli,
    project: &Project,
    which: &str,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    if !matches!(which, "all" | "local") {
        return Err(Failure::text(match is_first(cli) {
            true => "ERROR: --rmi flag must be one of: all, local".to_owned(),
            false => format!("invalid value for --rmi: {which:?}"),
        }));
    }
    for (name, service) in project.services() {
        if which == "local" && !service.text_of("image").is_empty() {
            continue;
        }
        report.begin();
        let image = convert::image(cli, project, name, service);
        let request = Request::RemoveImage { image: image.clone(), force: false, no_prune: false };
        let removed = cli.client.ask(request).await;
        if is_first(cli) {
            cli.err(format!("Removing image {image}\n")).await;
            match &removed {
                Err(error) if error.is_not_found() => {
                    cli.err(format!("WARNING: Image {image} not found.\n")).await;
                }
                Err(error) => {
                    cli.err(format!("ERROR: Failed to remove image for service {name}: {error}\n"))
                        .await;
                }
                Ok(_) => {}
            }
        }
        report.done(
            format!("Image {}", with_tag(&image)),
            match removed {
                Ok(_) => "Removed",
                Err(error) if error.is_not_found() => "Warning: No resource found to remove",
                Err(_) => "Resource is still in use",
            },
        );
    }
    Ok(())
}

async fn remove_volumes(
    cli: &Cli,
    project: &Project,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    for (key, node) in project.root.get("volumes").map_or(&[][..], Node::entries) {
        if node.get("external").is_some_and(Node::is_true) {
            continue;
        }
        let name = project.name_of("volumes", key);
        let known = Request::InspectVolume { volume: name.clone() };
        let is_there = cli.client.ask(known).await.is_ok();
        report.begin();
        if is_first(cli) {
            let warning = format!("WARNING: Volume {name} not found.\n");
            let warning = if is_there { "" } else { &warning };
            cli.err(format!("Removing volume {name}\n{warning}")).await;
        }
        if !is_there {
            continue;
        }
        cli.client.done(Request::RemoveVolume { volume: name.clone(), force: false }).await?;
        report.done(format!("Volume {name}"), "Removed");
    }
    Ok(())
}

/// The containers of the services that were asked for.
pub(super) async fn asked(cli: &Cli) -> Result<Vec<ContainerSummary>, Failure> {
    let project = project::load(cli)?;
    project.wanted(cli, cli.args())?;
    let all = containers(cli, &project.name).await?;
    let is_asked =
        |one: &ContainerSummary| cli.args().is_empty() || cli.args().contains(&label(one, SERVICE));
    Ok(all.into_iter().filter(|one| is_asked(one) && !is_one_off(one)).collect())
}

/// `docker compose stop`, `restart`, `kill`, `pause`, `unpause`.
pub(crate) async fn change(cli: &Cli) -> Outcome {
    let mut all = asked(cli).await?;
    let mut report = Report::new(cli);
    let verb = cli.command.name();
    first::some(cli, all.len())?;
    if verb == "kill" {
        all.retain(super::runs);
    }
    let names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    if matches!(verb, "stop" | "restart") {
        // A restart shows one line per container, at its end.
        let mut quiet = Report::new(cli);
        let shown = if verb == "stop" { &mut report } else { &mut quiet };
        if verb == "stop" || !is_first(cli) {
            stop(cli, &all, timeout(cli), shown).await?;
        } else {
            for one in &all {
                let request = Request::StopContainer {
                    container: one.id.clone(),
                    timeout_secs: timeout(cli),
                };
                cli.client.done(request).await?;
            }
        }
    }
    for one in all.iter().filter(|_| verb != "stop") {
        let container = one.id.clone();
        let (request, first, word) = match verb {
            "restart" => {
                (Request::StartContainer { container, stdio: None }, "Restarting", "Started")
            }
            "pause" => (Request::PauseContainer { container, pause: true }, "Pausing", "Paused"),
            "unpause" => {
                (Request::PauseContainer { container, pause: false }, "Unpausing", "Unpaused")
            }
            _ => {
                let signal = cli.flag("signal").unwrap_or("SIGKILL").to_owned();
                (Request::KillContainer { container, signal }, "Killing", "Killed")
            }
        };
        report.begin();
        cli.client.done(request).await?;
        if verb == "restart" {
            started(cli).await;
        }
        if is_first(cli) {
            tell_first(cli, first, &names, &one.name).await;
        }
        report.done(format!("Container {}", one.name), word);
    }
    report.show("Running").await;
    Ok(0)
}

/// `docker compose rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    let mut all = asked(cli).await?;
    let mut report = Report::new(cli);
    if cli.is_set("stop") {
        stop(cli, &all, None, &mut report).await?;
    } else {
        all.retain(|one| one.state.status != ContainerStatus::Running);
    }
    if all.is_empty() {
        cli.out("No stopped containers\n").await;
        return Ok(0);
    }
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    cli.out(format!("Going to remove {}\n", names.join(", "))).await;
    let choice = if is_first(cli) { "[yN]" } else { "[y/N]" };
    if !cli.is_set("force") && !asked_for(cli, &format!("Are you sure? {choice} ")).await {
        return Ok(0);
    }
    destroy(cli, &all, &mut report).await?;
    report.show("Removing").await;
    Ok(0)
}

/// `docker compose push`: the images that are built here.
pub(crate) async fn push(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    for (name, service) in project.wanted(cli, cli.args())? {
        if service.get("build").is_none() {
            continue;
        }
        let image = convert::image(cli, &project, name, service);
        if is_first(cli) {
            cli.err(format!("Pushing {name} ({})...\n", with_tag(&image))).await;
        }
        delegate(cli, "push", &[image]).await?;
    }
    Ok(0)
}

/// `docker compose pull`.
pub(crate) async fn pull(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let mut report = Report::new(cli);
    let wanted = project.wanted(cli, cli.args())?;
    let names: Vec<String> = wanted.iter().map(|(name, _)| (*name).to_owned()).collect();
    let at_once = first::pulls_at_once(cli);
    let mut to_build = Vec::new();
    for (name, service) in &wanted {
        let is_built = service.get("build").is_some();
        let has_name = !service.text_of("image").is_empty();
        if is_built && !(is_first(cli) && has_name) {
            continue;
        }
        report.begin();
        let image = convert::image(cli, &project, name, service);
        match images::pull_one(cli, name, &image, is_first(cli) && !at_once).await {
            Err(_) if is_built => to_build.push(*name),
            pulled => pulled?,
        }
        if at_once {
            tell_first(cli, "Pulling", &names, name).await;
        }
        report.done(format!("{name} Pulled"), "");
    }
    if !to_build.is_empty() {
        cli.err(format!(
            "WARNING: Some service image(s) must be built from source by running:\n    docker-compose build {}\n",
            to_build.join(" ")
        ))
        .await;
    }
    report.show("Pulling").await;
    Ok(0)
}
