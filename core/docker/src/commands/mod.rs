//! What the commands do: ask the daemon, show the answer.

pub(crate) mod build;
pub(crate) mod ca;
pub(crate) mod compose;
pub(crate) mod config;
pub(crate) mod container;
pub(crate) mod context;
pub(crate) mod copy;
pub(crate) mod events;
pub(crate) mod exec;
pub(crate) mod image;
pub(crate) mod inspect;
pub(crate) mod logs;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod prune;
pub(crate) mod pull;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod secret;
pub(crate) mod service;
mod settings;
pub(crate) mod stack;
pub(crate) mod stats;
pub(crate) mod swarm;
pub(crate) mod system;
pub(crate) mod tasks;
pub(crate) mod usage;
pub(crate) mod volume;

use ::swarm::control::{ControlRequest, ControlResponse};
use daemon::api::{Error, Filters, Info, Request, Response};
use daemon::client::unexpected;
use os::Errno;
use sim::Duration;

use crate::cli::{Cli, Failure};

/// What setting a container up takes a daemon (namespaces, mounts, networks): about a third of a second.
/// Whoever started it in the background finds its program at work afterwards.
const START_TIME: Duration = Duration::from_millis(300);

/// A container was started in the background.
pub(crate) async fn started(cli: &Cli) {
    let _ = cli.proc.sleep(START_TIME).await;
}

/// What the daemon says of itself.
pub(crate) async fn info(cli: &Cli) -> Result<Info, Error> {
    match cli.client.ask(Request::Info).await? {
        Response::Info(info) => Ok(*info),
        other => Err(unexpected(&other)),
    }
}

/// A request whose answer is an identifier.
pub(crate) async fn created(cli: &Cli, request: Request) -> Result<String, Error> {
    match cli.client.ask(request).await? {
        Response::Created { id } => Ok(id),
        Response::Control(ControlResponse::Created { id }) => Ok(id.to_string()),
        other => Err(unexpected(&other)),
    }
}

/// A request to the managers whose answer says no more than that it was done.
pub(crate) async fn changed(cli: &Cli, request: ControlRequest) -> Result<(), Error> {
    cli.client.control(request).await.map(|_| ())
}

/// An answer that does not fit its request.
pub(crate) fn wrong(response: ControlResponse) -> Error {
    unexpected(&Response::Control(response))
}

/// The filters that were typed.
pub(crate) fn filters(cli: &Cli) -> Filters {
    let mut filters = Filters::default();
    for text in cli.matches.all("filter") {
        if let Some((key, value)) = text.split_once('=') {
            filters.add(key.trim().to_lowercase().as_str(), value.trim());
        }
    }
    filters
}

/// What was pruned, and how many bytes it had.
pub(crate) async fn pruned(cli: &Cli, request: Request) -> Result<(Vec<String>, u64), Error> {
    match cli.client.ask(request).await? {
        Response::Pruned { names, size } => Ok((names, size)),
        other => Err(unexpected(&other)),
    }
}

/// Asks a question; anything but `y` or `Y` is a no.
pub(crate) async fn confirmed(cli: &Cli, question: &str) -> bool {
    asked_for(cli, &format!("{question} [y/N] ")).await
}

/// Asks with these very words.
pub(crate) async fn asked_for(cli: &Cli, question: &str) -> bool {
    cli.out(question).await;
    let line = cli.proc.read(os::Fd::STDIN, 4_096).await.unwrap_or_default();
    let answer = String::from_utf8_lossy(&line).trim().to_lowercase();
    answer == "y"
}

/// An error of the system as Go says it.
pub(crate) fn go_error(errno: Errno) -> String {
    errno.to_string().to_lowercase()
}

/// Lines of a `--env-file` or the like, `KEY=value`, without comments.
///
/// # Errors
/// `open x: no such file or directory`.
pub(crate) fn env_lines(cli: &Cli, flag: &str) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for path in cli.matches.all(flag) {
        let bytes = cli
            .proc
            .read_file(path)
            .map_err(|errno| Failure::text(format!("open {path}: {}", go_error(errno))))?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                lines.push(line.to_owned());
            }
        }
    }
    Ok(lines)
}

/// Environment variables of `--env-file` and `flag`, later ones replacing earlier ones; one without
/// a value takes the caller's.
///
/// # Errors
/// As [`env_lines`].
pub(crate) fn environment(cli: &Cli, flag: &str) -> Result<Vec<String>, Failure> {
    let mut variables: Vec<String> = Vec::new();
    let lines = env_lines(cli, "env-file")?;
    for text in lines.iter().chain(cli.matches.all(flag)) {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text.as_str(), cli.proc.env(text)),
        };
        let prefix = format!("{key}=");
        variables.retain(|known| !known.starts_with(&prefix));
        if let Some(value) = value {
            variables.push(prefix + &value);
        }
    }
    Ok(variables)
}
