//! `docker secret`.

use std::rc::Rc;

use daemon::api::{Error, Filters, Request};
use os::Fd;
use swarm::control::{self, ControlRequest, ControlResponse};
use swarm::objects::{Annotations, Driver, Id, Kind, Secret, SecretBytes, SecretSpec};

use super::{created, filters, go_error, inspect, wrong};
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::output::text::natural;
use crate::output::time::{ago, go_form};
use crate::profile::SecretErrors;
use crate::show;
use crate::table::Outcome;
use crate::value;

/// Twice what a secret may have: more is not read.
const READ_LIMIT: usize = 2 * 500 * 1024;

/// `docker secret create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let file = cli.arg(1);
    if file.is_empty() {
        return Err(Failure::text("secret file is required"));
    }
    let data = read(cli, file).await?;
    let annotations =
        Annotations { name: cli.arg(0).to_owned(), labels: value::map(cli.matches.all("label")) };
    let (data, templating) = (SecretBytes::from(data), templating(cli));
    let spec = SecretSpec { annotations, data, templating, ..SecretSpec::default() };
    let request = ControlRequest::CreateSecret { spec: Box::new(spec) };
    let id = created(cli, Request::Control(request)).await?;
    cli.out(format!("{id}\n")).await;
    Ok(0)
}

/// The bytes of a file, or of standard input for `-`.
pub(crate) async fn read(cli: &Cli, file: &str) -> Result<Vec<u8>, Failure> {
    let failed = |step: &str, errno| {
        let error = go_error(errno);
        Failure::text(match (cli.profile.secret_errors, step) {
            (SecretErrors::Bare, "open") => format!("open {file}: {error}"),
            (SecretErrors::Bare | SecretErrors::Quoted, step) => {
                let file = value::quote(file);
                format!("Error reading content from {file}: {step} {}: {error}", cli.arg(1))
            }
            (SecretErrors::Lower, step) => {
                format!("error reading from {file}: {step} {file}: {error}")
            }
        })
    };
    let fd = if file == "-" {
        Fd::STDIN
    } else {
        cli.proc.open_fd(file).map_err(|errno| failed("open", errno))?
    };
    let mut data = Vec::new();
    while data.len() < READ_LIMIT {
        let bytes = cli.proc.read(fd, 65_536).await.map_err(|errno| failed("read", errno))?;
        if bytes.is_empty() {
            break;
        }
        data.extend(bytes);
    }
    if fd != Fd::STDIN {
        cli.proc.close(fd);
    }
    if data.is_empty() && cli.profile.secret_errors == SecretErrors::Lower {
        let name = if file == "-" { "STDIN" } else { file };
        return Err(Failure::text(format!("error reading from {name}: data is empty")));
    }
    Ok(data)
}

/// `--template-driver`: what fills the bytes in.
pub(super) fn templating(cli: &Cli) -> Option<Driver> {
    let name = cli.flag("template-driver").filter(|name| !name.is_empty())?;
    Some(Driver { name: name.to_owned(), ..Driver::default() })
}

pub(crate) async fn secrets(
    cli: &Cli,
    filters: control::Filters,
) -> Result<Vec<Rc<Secret>>, Error> {
    match cli.client.control(ControlRequest::ListSecrets(filters)).await? {
        ControlResponse::Secrets(secrets) => Ok(secrets),
        other => Err(wrong(other)),
    }
}

/// `docker secret ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let filters = filters(cli).for_swarm(Kind::Secret)?;
    let mut secrets = secrets(cli, filters).await?;
    if cli.profile.natural_order {
        secrets.sort_by(|a, b| natural(&a.spec.annotations.name, &b.spec.annotations.name));
    }
    let now = cli.proc.wall();
    let rows = secrets
        .iter()
        .map(|secret| {
            let driver = secret.spec.driver.as_ref().map(|driver| driver.name.clone());
            let labels = &secret.spec.annotations.labels;
            let labels: Vec<String> =
                labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            vec![
                ("ID", secret.id.to_string()),
                ("Name", secret.spec.annotations.name.clone()),
                ("Driver", driver.unwrap_or_default()),
                ("CreatedAt", ago(cli.profile, now, secret.meta.created_at)),
                ("UpdatedAt", ago(cli.profile, now, secret.meta.updated_at)),
                ("Labels", labels.join(",")),
            ]
        })
        .collect();
    let mut columns = vec![("ID", "ID"), ("Name", "NAME")];
    if cli.profile.secret_driver_column {
        columns.push(("Driver", "DRIVER"));
    }
    columns.extend([("CreatedAt", "CREATED"), ("UpdatedAt", "UPDATED")]);
    let more_titles = &[("Driver", "DRIVER"), ("Labels", "LABELS")];
    let list = List { columns, more_titles, quiet: "ID", rows, cells: cli.profile.secret_cells };
    list.show(cli).await
}

/// `docker secret inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    if cli.is_pretty() {
        return pretty(cli).await;
    }
    let names = looked_up(cli).await?;
    inspect::each(cli, &names, async |name: &str| {
        let found = inspect::swarm_object(cli, ControlRequest::GetSecret { id: Id::from(name) });
        found.await.map_err(|error| cli.not_found("secret", name, error))
    })
    .await
}

async fn pretty(cli: &Cli) -> Outcome {
    if cli.flag("format").is_some_and(|format| format != "pretty") {
        return Err(Failure::text("--format is incompatible with human friendly format"));
    }
    let mut text = String::new();
    for name in cli.args() {
        let request = ControlRequest::GetSecret { id: Id::from(name.as_str()) };
        let secret = match cli.client.control(request).await {
            Ok(ControlResponse::Secret(secret)) => secret,
            Ok(other) => return Err(Failure::Api(wrong(other))),
            Err(error) => return Err(cli.not_found("secret", name, error)),
        };
        let driver = secret.spec.driver.as_ref().map_or("", |driver| driver.name.as_str());
        text += &pretty_head(&secret.id, &secret.spec.annotations);
        // Also without a driver, as the template has it.
        if cli.profile.secret_driver_column {
            text += &format!("Driver:            {driver}\n");
        }
        text += &pretty_times(&secret.meta);
    }
    cli.out(text).await;
    Ok(0)
}

/// The first lines of `inspect --pretty` of secrets and configs.
pub(crate) fn pretty_head(id: &str, annotations: &Annotations) -> String {
    let mut text = format!("ID:              {id}\nName:              {}\n", annotations.name);
    if !annotations.labels.is_empty() {
        text += "Labels:\n";
    }
    for (key, value) in &annotations.labels {
        text += &format!(" - {key}={value}\n");
    }
    text
}

/// The times of `inspect --pretty` of secrets and configs.
pub(crate) fn pretty_times(meta: &swarm::objects::Meta) -> String {
    format!(
        "Created at:        {}\nUpdated at:        {}\n",
        go_form(&show::time(meta.created_at)).to_lowercase(),
        go_form(&show::time(meta.updated_at)).to_lowercase(),
    )
}

/// `docker secret rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    let names = looked_up(cli).await?;
    let mut messages = Vec::new();
    for name in &names {
        let request = ControlRequest::RemoveSecret { id: Id::from(name.as_str()) };
        match super::changed(cli, request).await {
            Ok(()) => cli.out(format!("{name}\n")).await,
            Err(error) => {
                let failure = if cli.words_inspect_only() {
                    Failure::Api(error)
                } else {
                    cli.not_found("secret", name, error)
                };
                messages.push(failure.message(cli.profile));
            }
        }
    }
    if messages.is_empty() { Ok(0) } else { Err(Failure::Text(messages.join("\n"))) }
}

/// What the arguments stand for. Until 17.03 the command line looked secrets up itself: it asked
/// for those with such names or beginnings of identifiers, and went on with what it could make of
/// the answer. Terms that matched nothing were dropped without a word, unless nothing matched at
/// all.
async fn looked_up(cli: &Cli) -> Result<Vec<String>, Failure> {
    let terms = cli.args();
    if !cli.profile.client_secret_lookup {
        return Ok(terms.to_vec());
    }
    // The two filters together asked for secrets that match by name or by identifier.
    let mut found: Vec<Rc<Secret>> = Vec::new();
    for key in ["names", "id"] {
        let mut asked = Filters::default();
        terms.iter().for_each(|term| asked.add(key, term));
        for secret in secrets(cli, asked.for_swarm(Kind::Secret)?).await? {
            if !found.iter().any(|known| known.id == secret.id) {
                found.push(secret);
            }
        }
    }
    if found.is_empty() {
        return Ok(terms.to_vec());
    }
    let mut ids: Vec<String> = Vec::new();
    for term in terms {
        let exact = found
            .iter()
            .find(|secret| secret.id.as_str() == term)
            .or_else(|| found.iter().find(|secret| secret.spec.annotations.name == *term));
        let matches: Vec<&Rc<Secret>> = match exact {
            Some(secret) => vec![secret],
            None => found.iter().filter(|secret| secret.id.starts_with(term.as_str())).collect(),
        };
        if matches.len() > 1 {
            let count = matches.len();
            let text = format!("secret {term} is ambiguous ({count} matches found)");
            return Err(Failure::text(text));
        }
        for secret in matches {
            if !ids.iter().any(|known| known == secret.id.as_str()) {
                ids.push(secret.id.to_string());
            }
        }
    }
    Ok(ids)
}
