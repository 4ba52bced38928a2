//! `ps`, `ls`, `config`, `logs`, `port`, `version`.

use sorted::SortedMap;

use daemon::api::{ContainerStatus, ContainerSummary, Filters, LogOptions, Request, Response};
use daemon::client::unexpected;
use sim::Duration;

use super::{
    FILES, PROJECT, SERVICE, containers, delegate, first, is_first, is_one_off, label, number,
    project,
};
use crate::cli::{Cli, Failure};
use crate::commands::container;
use crate::output::list::List;
use crate::table::Outcome;

/// Between two looks at the logs.
const POLL: Duration = Duration::from_millis(100);

/// `docker compose ps`.
pub(crate) async fn ps(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let services = cli.args();
    project.wanted(cli, services)?;
    let runs = |one: &ContainerSummary| {
        matches!(one.state.status, ContainerStatus::Running | ContainerStatus::Restarting)
    };
    let all = containers(cli, &project.name).await?;
    let shown: Vec<&ContainerSummary> = all
        .iter()
        .filter(|one| services.is_empty() || services.contains(&label(one, SERVICE)))
        .filter(|one| is_first(cli) || cli.is_set("all") || runs(one))
        .filter(|one| !is_one_off(one) || cli.is_set("all"))
        .collect();
    if cli.is_set("services") {
        let mut names: Vec<String> = match is_first(cli) {
            true => project.in_order_of_file(),
            false => shown.iter().map(|one| label(one, SERVICE)).collect(),
        };
        names.dedup();
        cli.out(names.iter().map(|name| format!("{name}\n")).collect::<String>()).await;
        return Ok(0);
    }
    if is_first(cli) && !cli.is_set("quiet") {
        return first::ps(cli, &shown).await;
    }
    let now = cli.proc.wall();
    let rows = shown.iter().map(|one| {
        let mut row = container::row(cli.profile, one, cli.is_set("no-trunc"), now);
        row.retain(|(key, _)| !matches!(*key, "ID" | "Names"));
        row.push(("ID", one.id.clone()));
        row.push(("Name", one.name.clone()));
        row.push(("Service", label(one, SERVICE)));
        row.push(("Project", project.name.clone()));
        row.push(("ExitCode", one.state.exit_code.to_string()));
        row.push(("Health", one.state.health.clone().unwrap_or_default()));
        row
    });
    let rows = rows.collect();
    let columns = vec![
        ("Name", "NAME"),
        ("Image", "IMAGE"),
        ("Command", "COMMAND"),
        ("Service", "SERVICE"),
        ("RunningFor", "CREATED"),
        ("Status", "STATUS"),
        ("Ports", "PORTS"),
    ];
    let cells = cli.profile.cells;
    List {
        columns,
        more_titles: &[("ID", "CONTAINER ID"), ("State", "STATE")],
        quiet: "ID",
        rows,
        cells,
    }
    .show(cli)
    .await
}

/// `docker compose ls`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let mut filters = Filters::default();
    filters.add("label", PROJECT);
    let request =
        Request::ListContainers { all: cli.is_set("all"), limit: None, size: false, filters };
    let found = match cli.client.ask(request).await? {
        Response::Containers(found) => found,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let mut projects: SortedMap<String, (SortedMap<&str, u64>, String)> = SortedMap::new();
    for one in &found {
        let project = projects.entry(label(one, PROJECT)).or_default();
        *project.0.entry(one.state.status.word()).or_default() += 1;
        project.1 = label(one, FILES);
    }
    let rows = projects.into_iter().map(|(name, (states, files))| {
        let states: Vec<String> =
            states.iter().map(|(word, count)| format!("{word}({count})")).collect();
        vec![("Name", name), ("Status", states.join(", ")), ("ConfigFiles", files)]
    });
    let columns = vec![("Name", "NAME"), ("Status", "STATUS"), ("ConfigFiles", "CONFIG FILES")];
    let (rows, cells) = (rows.collect(), cli.profile.cells);
    List { columns, more_titles: &[], quiet: "Name", rows, cells }.show(cli).await
}

/// `docker compose config`.
pub(crate) async fn config(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    if cli.is_set("services") {
        let names = project.services().into_iter().map(|(name, _)| format!("{name}\n"));
        cli.out(names.collect::<String>()).await;
        return Ok(0);
    }
    if cli.is_set("quiet") {
        return Ok(0);
    }
    if is_first(cli) {
        cli.out(first::config(&project.root, &version_of(cli, &project)) + "\n").await;
        return Ok(0);
    }
    let text = compose::emit(&project.root);
    let lines =
        text.lines().filter(|line| !line.starts_with("version:") && !line.starts_with("name:"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    cli.out(format!("name: {}\n{text}", project.name)).await;
    Ok(0)
}

/// The version that a file says it is of.
fn version_of(cli: &Cli, project: &project::Project) -> String {
    let text = project.files.first().and_then(|file| cli.proc.read_file(file).ok());
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    let said = text.lines().find_map(|line| line.strip_prefix("version:"));
    said.unwrap_or("1").trim().trim_matches(['"', '\'']).to_owned()
}

/// `docker compose port`.
pub(crate) async fn port(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let name = cli.arg(0);
    let all = containers(cli, &project.name).await?;
    let Some(one) = all.iter().find(|one| label(one, SERVICE) == name) else {
        return Err(Failure::text(format!("no such service: {name}")));
    };
    delegate(cli, "port", &[one.id.clone(), cli.arg(1).to_owned()]).await
}

/// `docker compose version`.
pub(crate) async fn version(cli: &Cli) -> Outcome {
    // The releases of compose that came with the docker of the time.
    let number = match cli.profile.name {
        "28" => "v2.40.3",
        "20.10" if !cli.typed.starts_with("docker-compose") => "v2.17.2",
        _ => return first::version(cli).await,
    };
    let text = match cli.is_set("short") {
        true => number.trim_start_matches('v').to_owned(),
        false => format!("Docker Compose version {number}"),
    };
    cli.out(format!("{text}\n")).await;
    Ok(0)
}

/// `docker compose logs`.
pub(crate) async fn logs(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    project.wanted(cli, cli.args())?;
    let names = cli.args().to_vec();
    if is_first(cli) {
        let all = selected(cli, &project.name, &names).await?;
        let shown: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        cli.out(format!("Attaching to {}\n", shown.join(", "))).await;
    }
    let tail = cli.flag("tail").and_then(|text| text.parse().ok());
    follow(cli, &project.name, &names, tail, cli.is_set("follow")).await
}

/// What the services write, until Ctrl-C or until all have ended.
pub(super) async fn attach(cli: &Cli, project: &str, names: &[String]) -> Outcome {
    let all = selected(cli, project, names).await?;
    let shown: Vec<String> = all
        .iter()
        .map(|one| if is_first(cli) { one.name.clone() } else { prefix(cli, one) })
        .collect();
    cli.out(format!("Attaching to {}\n", shown.join(", "))).await;
    follow(cli, project, names, None, true).await
}

async fn selected(
    cli: &Cli,
    project: &str,
    names: &[String],
) -> Result<Vec<ContainerSummary>, Failure> {
    let mut all = containers(cli, project).await?;
    all.retain(|one| names.is_empty() || names.contains(&label(one, SERVICE)));
    all.retain(|one| !is_one_off(one));
    Ok(all)
}

/// `web-1`, `web_1`, or the name that the file gives the container.
fn prefix(cli: &Cli, one: &ContainerSummary) -> String {
    let gap = if is_first(cli) { '_' } else { '-' };
    let short = format!("{}{gap}{}", label(one, SERVICE), number(one));
    if one.name.ends_with(&short) { short } else { one.name.clone() }
}

async fn follow(
    cli: &Cli,
    project: &str,
    names: &[String],
    tail: Option<u64>,
    follows: bool,
) -> Outcome {
    let all = selected(cli, project, names).await?;
    let prefixes: Vec<String> = all.iter().map(|one| prefix(cli, one)).collect();
    let width = prefixes.iter().map(|one| one.chars().count()).max().unwrap_or(0);
    // The second command line leaves two blanks.
    let gap = if is_first(cli) { "" } else { " " };
    let mut cursors: Vec<Option<u64>> = vec![None; all.len()];
    let mut told: Vec<bool> = vec![false; all.len()];
    loop {
        let mut lines = Vec::new();
        let mut has_ended = true;
        for (index, one) in all.iter().enumerate() {
            let first = cursors[index].is_none();
            let options = LogOptions {
                stdout: true,
                stderr: true,
                tail: tail.filter(|_| first),
                since: None,
                until: None,
                cursor: cursors[index],
            };
            let request = Request::ContainerLogs { container: one.id.clone(), options };
            let chunk = match cli.client.ask(request).await {
                Ok(Response::Log(chunk)) => chunk,
                Ok(other) => return Err(Failure::Api(unexpected(&other))),
                Err(error) if error.is_not_found() => continue,
                Err(daemon::api::Error::Interrupted) => return Ok(130),
                Err(error) => return Err(Failure::Api(error)),
            };
            cursors[index] = Some(chunk.cursor);
            has_ended &= chunk.ended;
            lines.extend(chunk.lines.into_iter().map(|line| (line.time, index, line.bytes)));
            if chunk.ended && follows && !std::mem::replace(&mut told[index], true) {
                let code = exit_code(cli, &one.id).await;
                let text = format!("{} exited with code {code}", prefixes[index]).into_bytes();
                lines.push((sim::Time::from_unix_nanos(u64::MAX), usize::MAX, text));
            }
        }
        lines.sort_by_key(|(time, index, _)| (*time, *index));
        for (_, index, bytes) in lines {
            let mut text = match prefixes.get(index) {
                Some(prefix) if !cli.is_set("no-log-prefix") => {
                    format!("{prefix:width$}{gap} | ").into_bytes()
                }
                _ => Vec::new(),
            };
            text.extend(&bytes);
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            cli.out(text).await;
        }
        if !follows || has_ended {
            return Ok(0);
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Ok(130);
        }
    }
}

async fn exit_code(cli: &Cli, id: &str) -> i32 {
    match cli.client.ask(Request::InspectContainer { container: id.to_owned() }).await {
        Ok(Response::Container(about)) => about.state.exit_code,
        _ => 0,
    }
}
