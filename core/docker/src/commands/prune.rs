//! `prune` of everything: asks first, then tells what is gone and how much that freed.

use daemon::api::{Removed, Request, Response};
use daemon::client::unexpected;

use super::{confirmed, filters};
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
