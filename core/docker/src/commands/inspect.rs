//! `inspect`: JSON of some objects, or a template for each (docker/cli:
//! `cli/command/inspect/inspector.go`).

use daemon::api::{Error, Request, Response};
use serde::Serialize;
use serde_json::Value as Json;
use swarm::control::{ControlRequest, ControlResponse};

use super::{info, wrong};
use crate::cli::{Cli, Failure};
use crate::output::template::{Format, swarm_value, value};
use crate::show::{self, Form, Style};
use crate::table::Outcome;

/// An object that was found.
pub(crate) struct Found {
    /// As it is printed.
    pub(crate) printed: Json,
    /// As a template sees it.
    pub(crate) typed: Json,
    /// Its times are times.
    pub(crate) is_swarm: bool,
}

impl Found {
    /// Shows an object in both forms.
    pub(crate) fn new(cli: &Cli, is_swarm: bool, show: impl Fn(Style) -> Json) -> Self {
        let style = |form| Style { profile: cli.profile, form };
        Self { printed: show(style(Form::Printed)), typed: show(style(Form::Typed)), is_swarm }
    }
}

/// JSON indented by four blanks, as Go prints it.
pub(crate) fn indented(json: &Json) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    match json.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => json.to_string(),
    }
}

/// Shows the objects that were found and then what went wrong.
pub(crate) async fn show_all(cli: &Cli, found: Vec<Found>, mut failures: Vec<String>) -> Outcome {
    let format = cli.flag("format").filter(|format| !format.is_empty());
    let text = match format {
        None => {
            let all: Json = found.into_iter().map(|object| object.printed).collect();
            indented(&all) + "\n"
        }
        Some(format) => {
            let json = format == "json" && cli.profile.format_json;
            let format = Format::new(if json { "{{json .}}" } else { format });
            let mut text = String::new();
            for object in found {
                let data =
                    if object.is_swarm { swarm_value(&object.typed) } else { value(&object.typed) };
                match format.over(&object.typed, &object.printed).execute(&data) {
                    Ok(line) => text += &(line + "\n"),
                    Err(message) if !message.contains("executing") => {
                        let word = cli.profile.template_word;
                        return Err(Failure::Status(
                            format!("{word} parsing error: {message}"),
                            64,
                        ));
                    }
                    Err(message) => {
                        let word = cli.profile.template_word;
                        failures.push(format!("{word} parsing error: {message}"));
                        if cli.profile.inspect_stops {
                            break;
                        }
                    }
                }
            }
            if text.is_empty() { "\n".to_owned() } else { text }
        }
    };
    cli.out(text).await;
    if failures.is_empty() { Ok(0) } else { Err(Failure::Text(failures.join("\n"))) }
}

/// Looks up each argument with `find`.
pub(crate) async fn each(
    cli: &Cli,
    refs: &[String],
    mut find: impl AsyncFnMut(&str) -> Result<Found, Failure>,
) -> Outcome {
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for reference in refs {
        match find(reference).await {
            Ok(object) => found.push(object),
            Err(failure) => {
                failures.push(failure.message(cli.profile));
                if cli.profile.inspect_stops {
                    break;
                }
            }
        }
    }
    show_all(cli, found, failures).await
}

/// A container.
pub(crate) async fn container(cli: &Cli, name: &str) -> Result<Found, Error> {
    match cli.client.ask(Request::InspectContainer { container: name.to_owned() }).await? {
        Response::Container(about) => Ok(Found::new(cli, false, |style| {
            show::container::container(style, &about, cli.is_set("size"))
        })),
        other => Err(daemon::client::unexpected(&other)),
    }
}

/// An image.
pub(crate) async fn image(cli: &Cli, name: &str) -> Result<Found, Error> {
    match cli.client.ask(Request::InspectImage { image: name.to_owned() }).await? {
        Response::Image(about) => {
            Ok(Found::new(cli, false, |style| show::image::image(style, &about)))
        }
        other => Err(daemon::client::unexpected(&other)),
    }
}

/// A swarm object of any kind.
pub(crate) async fn swarm_object(cli: &Cli, request: ControlRequest) -> Result<Found, Error> {
    Ok(match cli.client.control(request).await? {
        ControlResponse::Service(object) => {
            Found::new(cli, true, |style| show::service::service(style, &object))
        }
        ControlResponse::Task(object) => {
            Found::new(cli, true, |style| show::task::task(style, &object))
        }
        ControlResponse::Node(object) => {
            Found::new(cli, true, |style| show::node::node(style, &object))
        }
        ControlResponse::Secret(object) => {
            Found::new(cli, true, |style| show::secret::secret(style, &object))
        }
        ControlResponse::Config(object) => {
            Found::new(cli, true, |style| show::secret::config(style, &object))
        }
        other => return Err(wrong(other)),
    })
}

/// A network by name or identifier.
pub(crate) async fn network(cli: &Cli, name: &str) -> Result<Found, Error> {
    let details = super::network::details(cli, name).await?;
    Ok(Found::new(cli, false, |style| show::network::network(style, &details)))
}

/// A volume by name.
pub(crate) async fn volume(cli: &Cli, name: &str) -> Result<Found, Error> {
    match cli.client.ask(Request::InspectVolume { volume: name.to_owned() }).await? {
        Response::Volume(volume) => {
            Ok(Found::new(cli, false, |style| show::network::volume(style, &volume)))
        }
        other => Err(daemon::client::unexpected(&other)),
    }
}

/// The kinds that `docker inspect` tries, in order.
const KINDS: [&str; 9] =
    ["container", "image", "network", "volume", "service", "task", "node", "secret", "config"];

/// `docker inspect`.
pub(crate) async fn any(cli: &Cli) -> Outcome {
    let wanted = cli.flag("type").unwrap_or_default();
    if wanted == "plugin" {
        return Err(Failure::text(format!("not simulated: docker inspect --type {wanted}")));
    }
    if !wanted.is_empty() && !KINDS.contains(&wanted) {
        return Err(Failure::text(format!("\"{wanted}\" is not a valid value for --type")));
    }
    let is_manager = info(cli).await.is_ok_and(|info| info.swarm.control_available);
    each(cli, cli.args(), async |name: &str| {
        for kind in KINDS {
            let is_local = matches!(kind, "container" | "image" | "network" | "volume");
            if (wanted.is_empty() && !is_local && !is_manager)
                || (!wanted.is_empty() && kind != wanted)
            {
                continue;
            }
            let id = swarm::objects::Id::from(name);
            let result = match kind {
                "container" => container(cli, name).await,
                "image" => image(cli, name).await,
                "network" => network(cli, name).await,
                "volume" => volume(cli, name).await,
                "service" => swarm_object(cli, ControlRequest::GetService { id }).await,
                "task" => swarm_object(cli, ControlRequest::GetTask { id }).await,
                "node" => swarm_object(cli, ControlRequest::GetNode { id }).await,
                "secret" => swarm_object(cli, ControlRequest::GetSecret { id }).await,
                _ => swarm_object(cli, ControlRequest::GetConfig { id }).await,
            };
            match result {
                Ok(found) => return Ok(found),
                Err(error) if error.is_not_found() && wanted.is_empty() => {}
                Err(error) => return Err(cli.not_found(kind, name, error)),
            }
        }
        Err(Failure::text(format!("Error: No such object: {name}")))
    })
    .await
}
