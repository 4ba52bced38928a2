//! `docker config`.

use std::rc::Rc;

use daemon::api::{Error, Request};
use swarm::control::{self, ControlRequest, ControlResponse};
use swarm::objects::{Annotations, Config, ConfigSpec, Id, Kind, SecretBytes};

use super::secret::{pretty_head, pretty_times, read};
use super::{changed, created, filters, inspect, wrong};
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::output::text::natural;
use crate::output::time::ago;
use crate::table::Outcome;
use crate::value;

/// `docker config create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let data = read(cli, cli.arg(1)).await?;
    let annotations =
        Annotations { name: cli.arg(0).to_owned(), labels: value::map(cli.matches.all("label")) };
    let templating = super::secret::templating(cli);
    let spec = ConfigSpec { annotations, data: SecretBytes::from(data), templating };
    let request = ControlRequest::CreateConfig { spec: Box::new(spec) };
    let id = created(cli, Request::Control(request)).await?;
    cli.out(format!("{id}\n")).await;
    Ok(0)
}

pub(crate) async fn configs(
    cli: &Cli,
    filters: control::Filters,
) -> Result<Vec<Rc<Config>>, Error> {
    match cli.client.control(ControlRequest::ListConfigs(filters)).await? {
        ControlResponse::Configs(configs) => Ok(configs),
        other => Err(wrong(other)),
    }
}

/// `docker config ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let filters = filters(cli).for_swarm(Kind::Config)?;
    let mut configs = configs(cli, filters).await?;
    if cli.profile.natural_order {
        configs.sort_by(|a, b| natural(&a.spec.annotations.name, &b.spec.annotations.name));
    }
    let now = cli.proc.wall();
    let rows = configs
        .iter()
        .map(|config| {
            let labels = &config.spec.annotations.labels;
            let labels: Vec<String> =
                labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            vec![
                ("ID", config.id.to_string()),
                ("Name", config.spec.annotations.name.clone()),
                ("CreatedAt", ago(cli.profile, now, config.meta.created_at)),
                ("UpdatedAt", ago(cli.profile, now, config.meta.updated_at)),
                ("Labels", labels.join(",")),
            ]
        })
        .collect();
    let columns =
        vec![("ID", "ID"), ("Name", "NAME"), ("CreatedAt", "CREATED"), ("UpdatedAt", "UPDATED")];
    let more_titles = &[("Labels", "LABELS")];
    let list = List { columns, more_titles, quiet: "ID", rows, cells: cli.profile.cells };
    list.show(cli).await
}

/// `docker config inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    if !cli.is_pretty() {
        return inspect::each(cli, cli.args(), async |name: &str| {
            let request = ControlRequest::GetConfig { id: Id::from(name) };
            let found = inspect::swarm_object(cli, request).await;
            found.map_err(|error| cli.not_found("config", name, error))
        })
        .await;
    }
    let mut text = Vec::new();
    for name in cli.args() {
        let request = ControlRequest::GetConfig { id: Id::from(name.as_str()) };
        let config = match cli.client.control(request).await {
            Ok(ControlResponse::Config(config)) => config,
            Ok(other) => return Err(Failure::Api(wrong(other))),
            Err(error) => return Err(cli.not_found("config", name, error)),
        };
        text.extend(pretty_head(&config.id, &config.spec.annotations).into_bytes());
        text.extend(pretty_times(&config.meta).into_bytes());
        text.extend(b"Data:\n");
        text.extend(config.spec.data.expose());
        text.push(b'\n');
    }
    cli.out(text).await;
    Ok(0)
}

/// `docker config rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    cli.for_each_arg(async |name: &str| {
        let request = ControlRequest::RemoveConfig { id: Id::from(name) };
        match changed(cli, request).await {
            Ok(()) => {
                cli.out(format!("{name}\n")).await;
                Ok(())
            }
            Err(error) if cli.words_inspect_only() => Err(Failure::Api(error)),
            Err(error) => Err(cli.not_found("config", name, error)),
        }
    })
    .await
}
