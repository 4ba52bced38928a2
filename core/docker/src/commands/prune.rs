//! `prune` of everything: asks first, then tells what is gone and how much that freed.

use daemon::api::{Removed, Request, Response};
use daemon::client::unexpected;

use super::{confirmed, filters, pruned};
use crate::cli::{Cli, Failure};
use crate::output::units::human_size;
use crate::table::Outcome;

const QUESTION: &str = "Are you sure you want to continue?";

/// True if the user agrees, or said so beforehand.
async fn agrees(cli: &Cli, warning: &str) -> bool {
    cli.is_set("force") || confirmed(cli, &format!("{warning}\n{QUESTION}")).await
}

/// A list under its title, if there is anything.
async fn tell(cli: &Cli, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        cli.out(format!("{title}:\n{}\n\n", lines.join("\n"))).await;
    }
}

fn image_lines(images: &[Removed]) -> Vec<String> {
    let line = |removed: &Removed| match removed {
        Removed::Untagged(name) => format!("untagged: {name}"),
        Removed::Deleted(id) => format!("deleted: {id}"),
    };
    images.iter().map(line).collect()
}

async fn total(cli: &Cli, freed: u64) {
    let freed = human_size(freed, 4, cli.profile.size_gap);
    cli.out(format!("Total reclaimed space: {freed}\n")).await;
}

/// `docker image prune`.
pub(crate) async fn images(cli: &Cli) -> Outcome {
    let all = cli.is_set("all");
    let warning = if all {
        "WARNING! This will remove all images without at least one container associated to them."
    } else {
        "WARNING! This will remove all dangling images."
    };
    if !agrees(cli, warning).await {
        return Ok(0);
    }
    match cli.client.ask(Request::PruneImages { all, filters: filters(cli) }).await? {
        Response::PrunedImages { images, freed } => {
            tell(cli, "Deleted Images", &image_lines(&images)).await;
            total(cli, freed).await;
            Ok(0)
        }
        other => Err(Failure::Api(unexpected(&other))),
    }
}

/// `docker container prune`.
pub(crate) async fn containers(cli: &Cli) -> Outcome {
    if !agrees(cli, "WARNING! This will remove all stopped containers.").await {
        return Ok(0);
    }
    let request = Request::PruneContainers { filters: filters(cli) };
    let (names, size) = pruned(cli, request).await?;
    tell(cli, "Deleted Containers", &names).await;
    total(cli, size).await;
    Ok(0)
}

/// `docker builder prune`.
pub(crate) async fn builds(cli: &Cli) -> Outcome {
    let which = if cli.is_set("all") { "all" } else { "all dangling" };
    if !agrees(cli, &format!("WARNING! This will remove {which} build cache.")).await {
        return Ok(0);
    }
    let (_, size) = pruned(cli, Request::PruneBuilds).await?;
    let size = human_size(size, 4, cli.profile.size_gap);
    cli.out(format!("Total reclaimed space: {size}\n")).await;
    Ok(0)
}

/// `docker system prune`.
pub(crate) async fn system(cli: &Cli) -> Outcome {
    let (all, volumes) = (cli.is_set("all"), cli.is_set("volumes"));
    let modern = cli.profile.natural_order;
    let mut lines =
        vec!["all stopped containers", "all networks not used by at least one container"];
    if volumes {
        lines.push(if cli.profile.buildkit {
            "all anonymous volumes not used by at least one container"
        } else {
            "all volumes not used by at least one container"
        });
    }
    lines.push(if all {
        "all images without at least one container associated to them"
    } else {
        "all dangling images"
    });
    if modern {
        lines.push(match (cli.profile.buildkit, all) {
            (true, false) => "unused build cache",
            (false, false) => "all dangling build cache",
            (_, true) => "all build cache",
        });
    }
    let mark = if modern { "  - " } else { "\t- " };
    let list: String = lines.iter().map(|line| format!("{mark}{line}\n")).collect();
    let gap = if modern { "\n" } else { "" };
    let warning = format!("WARNING! This will remove:\n{list}{gap}");
    if !agrees(cli, warning.trim_end_matches('\n').trim_end()).await {
        return Ok(0);
    }
    let mut freed = 0;
    let mut steps = vec![
        ("Deleted Containers", Request::PruneContainers { filters: filters(cli) }),
        ("Deleted Networks", Request::PruneNetworks { filters: filters(cli) }),
    ];
    if volumes {
        let filters = filters(cli);
        steps.push(("Deleted Volumes", Request::PruneVolumes { filters }));
    }
    for (title, request) in steps {
        let (names, size) = pruned(cli, request).await?;
        tell(cli, title, &names).await;
        freed += size;
    }
    match cli.client.ask(Request::PruneImages { all, filters: filters(cli) }).await? {
        Response::PrunedImages { images, freed: size } => {
            tell(cli, "Deleted Images", &image_lines(&images)).await;
            freed += size;
        }
        other => return Err(Failure::Api(unexpected(&other))),
    }
    if modern {
        freed += pruned(cli, Request::PruneBuilds).await?.1;
    }
    total(cli, freed).await;
    Ok(0)
}
