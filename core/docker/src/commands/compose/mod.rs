//! `docker compose` and `docker-compose`: the services of a file as containers of this host
//! (docker/compose).
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`project`] | which files, which name, which services |
//! | [`convert`] | a service as the arguments of `docker create` |
//! | [`places`], [`images`](mod@images) | networks, volumes, images |
//! | [`up`] | containers: made, started, changed |
//! | [`run`](mod@run) | one command in a container |
//! | [`down`] | the way back, and what is done to containers that are there |
//! | [`list`] | `ps`, `ls`, `config`, `logs` |
//! | [`inside`] | `top`, `images`, `cp` |
//! | [`first`] | what only the command line in Python has |
//! | [`report`] | what is shown meanwhile |
//!
//! A container is described as a user would at the command line, so that one reader of options serves both.

mod convert;
mod down;
mod first;
mod images;
mod inside;
mod list;
mod places;
mod project;
mod report;
mod run;
mod up;

pub(crate) use down::{change, down, pull, push, remove};
pub(crate) use images::build;
pub(crate) use inside::{copy, shown as images, top};
pub(crate) use list::{config, list, logs, port, ps, version};
pub(crate) use run::{execute, run};
pub(crate) use up::{create, scale, start, up};

use sorted::SortedMap;

use daemon::api::{ContainerStatus, ContainerSummary, Error, Filters, Request, Response};
use daemon::client::unexpected;

use crate::cli::{Cli, Failure};
use crate::parse::{Problem, parse};
use crate::table::{self, Outcome};

/// Labels that say what a container, network or volume belongs to.
const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const NUMBER: &str = "com.docker.compose.container-number";
const HASH: &str = "com.docker.compose.config-hash";
const ONE_OFF: &str = "com.docker.compose.oneoff";
const FILES: &str = "com.docker.compose.project.config_files";

/// True for the command line in Python, which puts `_` into names and draws no lines anew.
fn is_first(cli: &Cli) -> bool {
    cli.typed.starts_with("docker-compose") && !cli.profile.buildkit
}

/// A command of docker's with other arguments, and what runs it.
fn as_command(cli: &Cli, top: &str, args: &[String]) -> Result<Cli, Failure> {
    let command = table::at_top(cli.profile, top)
        .ok_or_else(|| Failure::text(format!("no such command: {top}")))?;
    let flags: Vec<_> = command.flags_of(cli.profile).collect();
    let matches = match parse(cli.profile, &flags, command.interspersed, args) {
        Ok(matches) => matches,
        Err(Problem::Help(_)) => return Err(Failure::text("")),
        Err(Problem::Text(text)) => return Err(Failure::text(text)),
    };
    Ok(Cli {
        proc: cli.proc.clone(),
        client: cli.client.clone(),
        profile: cli.profile,
        command,
        typed: format!("docker {top}"),
        matches,
        group: cli.group.clone(),
        root: cli.root.clone(),
    })
}

/// The containers of a project, whatever their state, by service and number.
async fn containers(cli: &Cli, project: &str) -> Result<Vec<ContainerSummary>, Error> {
    let mut filters = Filters::default();
    filters.add("label", &format!("{PROJECT}={project}"));
    let request = Request::ListContainers { all: true, limit: None, size: false, filters };
    let mut found = match cli.client.ask(request).await? {
        Response::Containers(found) => found,
        other => return Err(unexpected(&other)),
    };
    let key = |one: &ContainerSummary| (label(one, SERVICE), number(one), one.name.clone());
    found.sort_by_key(key);
    Ok(found)
}

fn label(container: &ContainerSummary, label: &str) -> String {
    container.labels.get(label).cloned().unwrap_or_default()
}

fn number(container: &ContainerSummary) -> u64 {
    label(container, NUMBER).parse().unwrap_or(0)
}

/// Its first process is there.
fn runs(container: &ContainerSummary) -> bool {
    matches!(container.state.status, ContainerStatus::Running | ContainerStatus::Restarting)
}

fn is_one_off(container: &ContainerSummary) -> bool {
    label(container, ONE_OFF) == "True"
}

/// The labels of something that is the project's.
fn labels(project: &str, more: &[(&str, &str)]) -> SortedMap<String, String> {
    let all = [(PROJECT, project)].into_iter().chain(more.iter().copied());
    all.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Runs a command of docker's for a container of a service.
async fn delegate(cli: &Cli, top: &str, args: &[String]) -> Outcome {
    let other = as_command(cli, top, args)?;
    match other.command.run {
        Some(run) => run(&other).await,
        None => Err(Failure::text(format!("not simulated: docker {top}"))),
    }
}
