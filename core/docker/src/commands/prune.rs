//! `prune` of everything: asks first, then tells what is gone and how much that freed.

use daemon::api::{Pruned, Removed, Request, Response};
use daemon::client::unexpected;
use os::Fd;

use super::filters;
use crate::cli::{Cli, Failure};
use crate::output::units::human_size;
use crate::table::Outcome;

/// True if the user agrees, or said so beforehand.
async fn agrees(cli: &Cli, warning: &str) -> bool {
    if cli.is_set("force") {
        return true;
    }
    cli.out(format!("{warning}\nAre you sure you want to continue? [y/N] ")).await;
    let line = cli.proc.read(Fd::STDIN, 256).await.unwrap_or_default();
    matches!(String::from_utf8_lossy(&line).trim(), "y" | "Y")
}

async fn ask(cli: &Cli, request: Request) -> Result<Pruned, Failure> {
    match cli.client.ask(request).await? {
        Response::Pruned(pruned) => Ok(pruned),
        other => Err(Failure::Api(unexpected(&other))),
    }
}

/// A list under its title, if there is anything.
async fn tell(cli: &Cli, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        cli.out(format!("{title}:\n{}\n\n", lines.join("\n"))).await;
    }
}

fn image_lines(pruned: &Pruned) -> Vec<String> {
    let line = |removed: &Removed| match removed {
        Removed::Untagged(name) => format!("untagged: {name}"),
        Removed::Deleted(id) => format!("deleted: {id}"),
    };
    pruned.images.iter().map(line).collect()
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
    let pruned = ask(cli, Request::PruneImages { all, filters: filters(cli) }).await?;
    tell(cli, "Deleted Images", &image_lines(&pruned)).await;
    total(cli, pruned.freed).await;
    Ok(0)
}
