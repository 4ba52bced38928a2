//! `docker stats`: what a container's processes use, as far as there is something to count.
//!
//! Processes and limits are the simulation's; a process takes a fixed amount of memory, and what it
//! computes is no share of a processor that could be measured.

use daemon::api::{ContainerStatus, ContainerSummary, Filters, Request, Response};
use daemon::client::unexpected;
use os::Signal;
use os::process::Disposition;
use sim::Duration;

use super::info;
use crate::cli::{Cli, Failure};
use crate::output::list::{List, Row};
use crate::output::text::short_id;
use crate::output::units::bytes_size;
use crate::profile::V17_06;
use crate::table::Outcome;

/// What every process is said to need, in bytes.
const PROCESS_BYTES: u64 = 1 << 20;
/// Between two looks.
const POLL: Duration = Duration::from_millis(500);

/// `docker stats`.
pub(crate) async fn stats(cli: &Cli) -> Outcome {
    let streams = !cli.is_set("no-stream");
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    loop {
        let rows = rows(cli).await?;
        if streams {
            // Clears the screen and begins at its top.
            cli.out("\x1b[2J\x1b[H").await;
        }
        // Until 17.06 a container was shown by what it was called by.
        let first = if cli.profile.version <= V17_06 {
            vec![("Container", "CONTAINER")]
        } else {
            vec![("ID", "CONTAINER ID"), ("Name", "NAME")]
        };
        let columns = [
            ("CPUPerc", "CPU %"),
            ("MemUsage", "MEM USAGE / LIMIT"),
            ("MemPerc", "MEM %"),
            ("NetIO", "NET I/O"),
            ("BlockIO", "BLOCK I/O"),
            ("PIDs", "PIDS"),
        ];
        let columns = first.into_iter().chain(columns).collect();
        let more_titles = &[("Container", "CONTAINER"), ("ID", "CONTAINER ID"), ("Name", "NAME")];
        let cells = cli.profile.cells;
        List { columns, more_titles, quiet: "ID", rows, cells }.show(cli).await?;
        if !streams {
            return Ok(0);
        }
        if cli.proc.sleep(POLL).await.is_err() {
            return Ok(130);
        }
    }
}

async fn rows(cli: &Cli) -> Result<Vec<Row>, Failure> {
    let all = cli.is_set("all") || !cli.args().is_empty();
    let request =
        Request::ListContainers { all, limit: None, size: false, filters: Filters::default() };
    let containers = match cli.client.ask(request).await? {
        Response::Containers(containers) => containers,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let host_bytes = info(cli).await?.memory;
    let mut rows = Vec::new();
    if cli.args().is_empty() {
        for one in &containers {
            rows.push(row(cli, one, &short_id(&one.id), host_bytes).await?);
        }
        return Ok(rows);
    }
    for name in cli.args() {
        let request = Request::InspectContainer { container: name.clone() };
        let about = match cli.client.ask(request).await {
            Ok(Response::Container(about)) => about,
            Ok(other) => return Err(Failure::Api(unexpected(&other))),
            Err(error) => return Err(cli.not_found("container", name, error)),
        };
        if let Some(one) = containers.iter().find(|one| one.id == about.id) {
            rows.push(row(cli, one, name, host_bytes).await?);
        }
    }
    Ok(rows)
}

async fn row(
    cli: &Cli,
    one: &ContainerSummary,
    called: &str,
    host_bytes: u64,
) -> Result<Row, Failure> {
    let request = Request::InspectContainer { container: one.id.clone() };
    let limit = match cli.client.ask(request).await? {
        Response::Container(about) => about.host.settings.get("Memory").cloned(),
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let limit = limit.and_then(|text| text.parse().ok()).filter(|bytes| *bytes > 0);
    let limit: u64 = limit.unwrap_or(host_bytes);
    let runs = matches!(one.state.status, ContainerStatus::Running | ContainerStatus::Paused);
    let processes = match runs {
        true => match cli.client.ask(Request::TopContainer { container: one.id.clone() }).await? {
            Response::Processes(processes) => processes.len() as u64,
            other => return Err(Failure::Api(unexpected(&other))),
        },
        false => 0,
    };
    let used = processes * PROCESS_BYTES;
    let limit = if runs { limit } else { 0 };
    let size = |bytes| bytes_size(bytes, cli.profile.size_gap);
    let hundredths = (used * 10_000).checked_div(limit).unwrap_or(0);
    let nothing = format!("0{gap}B / 0{gap}B", gap = cli.profile.size_gap);
    let id = if cli.is_set("no-trunc") { one.id.clone() } else { short_id(&one.id) };
    Ok(vec![
        ("Container", called.to_owned()),
        ("ID", id),
        ("Name", one.name.clone()),
        ("CPUPerc", "0.00%".to_owned()),
        ("MemUsage", format!("{} / {}", size(used), size(limit))),
        ("MemPerc", format!("{}.{:02}%", hundredths / 100, hundredths % 100)),
        ("NetIO", nothing.clone()),
        ("BlockIO", nothing),
        ("PIDs", processes.to_string()),
    ])
}
