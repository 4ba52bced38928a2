//! `docker service create`.

use daemon::api::{Request, Response};
use daemon::client::unexpected;

use super::{progress, spec};
use crate::cli::{Cli, Failure};
use crate::profile::Progress;
use crate::table::Outcome;

/// `docker service create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let mut wanted = spec::from_flags(cli)?;
    wanted.task.container.secrets = spec::secret_references(cli, cli.matches.all("secret")).await?;
    wanted.task.networks = spec::networks(cli, "network").await?;
    wanted.task.container.configs = spec::config_references(cli, cli.matches.all("config")).await?;
    let request = Request::CreateService {
        spec: Box::new(wanted),
        query_registry: !cli.is_set("no-resolve-image"),
    };
    let (id, warnings) = match cli.client.ask(request).await? {
        Response::ServiceCreated { id, warnings } => (id, warnings),
        other => return Err(Failure::Api(unexpected(&other))),
    };
    for warning in warnings {
        cli.err(format!("{warning}\n")).await;
    }
    cli.out(format!("{id}\n")).await;
    if cli.profile.progress == Progress::OnRequest && !cli.matches.changed("detach") {
        cli.err(progress::DETACH_NOTE).await;
    }
    if progress::is_wanted(cli) {
        progress::wait(cli, &id, &id).await?;
    }
    Ok(0)
}
