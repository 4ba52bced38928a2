//! `run` and `exec`: a command in a container of its own, and one in a container that runs.

use compose::Node;
use daemon::api::ContainerStatus;

use super::images::provide_image;
use super::places::{networks, volumes};
use super::project;
use super::report::Report;
use super::up::{make, warn};
use super::{containers, convert, delegate, is_first, is_one_off, label, number};
use crate::cli::{Cli, Failure};
use crate::table::Outcome;

/// `docker compose run`: a container of its own, attached.
pub(crate) async fn run(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    warn(cli, &project).await;
    let name = cli.arg(0).to_owned();
    let wanted = project.wanted(cli, std::slice::from_ref(&name))?;
    let Some((_, service)) = wanted.iter().find(|(one, _)| *one == name) else { return Ok(0) };
    let needed: Vec<(&str, &Node)> =
        wanted.iter().filter(|(one, _)| *one != name).copied().collect();
    let mut report = Report::new(cli);
    make(cli, &project, &needed, &mut report, true).await?;
    provide_image(cli, &project, &name, service, &mut report).await?;
    networks(cli, &project, &[(&name, service)], &mut report).await?;
    volumes(cli, &project, &[(&name, service)], &mut report).await?;
    report.show("Creating").await;
    let moment = engine::Digest::of(cli.proc.now().unix_nanos().to_string().as_bytes()).hex();
    let gap = if is_first(cli) { '_' } else { '-' };
    let container = format!("{}{gap}{name}{gap}run{gap}{}", project.name, &moment[..12]);
    let mut args = convert::arguments(cli, &project, (&name, service), 1, Some(&container))?;
    let mut first: Vec<String> = Vec::new();
    if cli.is_set("rm") {
        first.push("--rm".to_owned());
    }
    match cli.is_set("detach") {
        true => first.push("--detach".to_owned()),
        false if !cli.is_set("no-TTY") && cli.proc.is_terminal(os::Fd::STDIN) => {
            first.push("-it".to_owned());
        }
        false => first.push("-i".to_owned()),
    }
    for (flag, to) in [("env", "env"), ("publish", "publish"), ("volume", "volume")] {
        first.extend(cli.matches.all(flag).iter().map(|text| format!("--{to}={text}")));
    }
    for flag in ["user", "workdir", "entrypoint"] {
        first.extend(cli.flag(flag).map(|text| format!("--{flag}={text}")));
    }
    first.append(&mut args);
    delegate(cli, "run", &first).await
}

/// `docker compose exec`.
pub(crate) async fn execute(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let name = cli.arg(0).to_owned();
    project.wanted(cli, std::slice::from_ref(&name))?;
    let index = cli.flag("index").and_then(|text| text.parse::<u64>().ok()).unwrap_or(1).max(1);
    let all = containers(cli, &project.name).await?;
    let found = all.iter().find(|one| {
        label(one, super::SERVICE) == name
            && number(one) == index
            && !is_one_off(one)
            && one.state.status == ContainerStatus::Running
    });
    let Some(found) = found else {
        return Err(Failure::text(match is_first(cli) {
            true => format!("ERROR: No container found for {name}_{index}"),
            false => format!("service {name:?} is not running"),
        }));
    };
    let mut args: Vec<String> = Vec::new();
    if cli.is_set("detach") {
        args.push("--detach".to_owned());
    } else {
        let tty = !cli.is_set("no-TTY") && cli.proc.is_terminal(os::Fd::STDIN);
        args.push(if tty { "-it" } else { "-i" }.to_owned());
    }
    args.extend(cli.matches.all("env").iter().map(|text| format!("--env={text}")));
    for flag in ["user", "workdir"] {
        args.extend(cli.flag(flag).map(|text| format!("--{flag}={text}")));
    }
    args.push(found.id.clone());
    args.extend(cli.args().iter().skip(1).cloned());
    delegate(cli, "exec", &args).await
}
