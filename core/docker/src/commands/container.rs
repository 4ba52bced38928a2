//! `docker container` and its short forms.

use daemon::api::{ContainerPort, ContainerStatus, ContainerSummary, Error, Request, Response};
use daemon::client::unexpected;
use sim::Time;

pub(crate) use super::exec::exec;
pub(crate) use super::logs::container as logs;
pub(crate) use super::run::{attach, create, run};

use super::{created, filters, inspect as inspection, started};
use crate::cli::{Cli, Failure};
use crate::output::list::List;
use crate::output::text::{cut, short_id, without_digest};
use crate::output::time::go_seconds;
use crate::output::units::{human_duration, human_size};
use crate::profile::Profile;
use crate::table::Outcome;
use crate::value::quote;

/// The longest command a table shows.
const COMMAND_LENGTH_MAX: usize = 20;

/// `docker ps`.
pub(crate) async fn list(cli: &Cli) -> Outcome {
    let last = cli.flag("last").and_then(|text| text.parse().ok());
    let limit = if cli.is_set("latest") { Some(1) } else { last };
    let size = cli.is_set("size") || cli.flag("format").is_some_and(|text| text.contains(".Size"));
    let request = Request::ListContainers {
        all: cli.is_set("all") || limit.is_some(),
        limit,
        size,
        filters: filters(cli),
    };
    let containers = match cli.client.ask(request).await? {
        Response::Containers(containers) => containers,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let whole = cli.is_set("no-trunc");
    let now = cli.proc.wall();
    let rows = containers.iter().map(|one| row(cli.profile, one, whole, now)).collect();
    let mut columns = vec![
        ("ID", "CONTAINER ID"),
        ("Image", "IMAGE"),
        ("Command", "COMMAND"),
        ("RunningFor", "CREATED"),
        ("Status", "STATUS"),
        ("Ports", "PORTS"),
        ("Names", "NAMES"),
    ];
    if cli.is_set("size") {
        columns.push(("Size", "SIZE"));
    }
    let more_titles = &[
        ("CreatedAt", "CREATED AT"),
        ("Size", "SIZE"),
        ("Labels", "LABELS"),
        ("Mounts", "MOUNTS"),
        ("Networks", "NETWORKS"),
        ("State", "STATE"),
        ("LocalVolumes", "LOCAL VOLUMES"),
    ];
    List { columns, more_titles, quiet: "ID", rows, cells: cli.profile.cells }.show(cli).await
}

pub(super) fn row(
    profile: &Profile,
    container: &ContainerSummary,
    whole: bool,
    now: Time,
) -> Vec<(&'static str, String)> {
    let image = &container.image;
    let image = if whole {
        image.clone()
    } else if short_id(image) == short_id(&container.image_id) {
        short_id(image)
    } else if profile.ps_hides_digest {
        let short = without_digest(image);
        short.split_once('@').map_or(short.clone(), |(name, _)| name.to_owned())
    } else {
        image.clone()
    };
    let command = if whole {
        container.command.clone()
    } else {
        cut(&container.command, COMMAND_LENGTH_MAX, profile.ellipsis)
    };
    let created = human_duration(profile, now.since(container.created));
    let size = container.size.map(|(own, all)| {
        let text = |bytes| human_size(bytes, 3, profile.size_gap);
        match all {
            // Nobody asked for it.
            0 => text(own),
            _ => format!("{} (virtual {})", text(own), text(all)),
        }
    });
    let labels: Vec<String> =
        container.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mounts: Vec<String> = container
        .mounts
        .iter()
        .map(|mount| if whole { mount.clone() } else { cut(mount, 15, profile.ellipsis) })
        .collect();
    vec![
        ("ID", if whole { container.id.clone() } else { short_id(&container.id) }),
        ("Image", image),
        ("Command", quote(&command)),
        ("RunningFor", format!("{created} ago")),
        ("CreatedAt", go_seconds(container.created)),
        ("Status", status(profile, container, now)),
        ("State", container.state.status.word().to_owned()),
        ("Ports", ports(profile, &container.ports)),
        ("Names", container.name.clone()),
        ("Size", size.unwrap_or_else(|| format!("0{}B", profile.size_gap))),
        ("Labels", labels.join(",")),
        ("Mounts", mounts.join(",")),
        ("Networks", container.networks.join(",")),
        (
            "LocalVolumes",
            container.mounts.iter().filter(|m| !m.starts_with('/')).count().to_string(),
        ),
    ]
}

/// `Up 7 minutes`, `Exited (0) 5 seconds ago`.
fn status(profile: &Profile, container: &ContainerSummary, now: Time) -> String {
    let state = &container.state;
    let since =
        |then: Option<Time>| human_duration(profile, now.since(then.unwrap_or(container.created)));
    match state.status {
        ContainerStatus::Created => "Created".to_owned(),
        ContainerStatus::Running => {
            let health = match state.health.as_deref() {
                None => String::new(),
                Some("starting") => " (health: starting)".to_owned(),
                Some(word) => format!(" ({word})"),
            };
            format!("Up {}{health}", since(state.started_at))
        }
        ContainerStatus::Paused => format!("Up {} (Paused)", since(state.started_at)),
        ContainerStatus::Restarting => {
            format!("Restarting ({}) {} ago", state.exit_code, since(state.finished_at))
        }
        ContainerStatus::Removing => "Removal In Progress".to_owned(),
        ContainerStatus::Dead => "Dead".to_owned(),
        ContainerStatus::Exited => {
            format!("Exited ({}) {} ago", state.exit_code, since(state.finished_at))
        }
    }
}

/// `0.0.0.0:80->8080/tcp, 6379-6380/tcp`: neighbouring ports that are not published elsewhere are
/// one range.
pub(super) fn ports(profile: &Profile, ports: &[ContainerPort]) -> String {
    let mut sorted = ports.to_vec();
    sorted.sort();
    for port in &mut sorted {
        port.ip = bracketed(profile, &port.ip);
    }
    let mut ranges: Vec<(String, String, u16, u16)> = Vec::new();
    let mut moved = Vec::new();
    for port in &sorted {
        let host = match port.public_port {
            Some(public) if public != port.private_port => {
                let (private, protocol) = (port.private_port, &port.protocol);
                moved.push(format!("{}:{public}->{private}/{protocol}", port.ip));
                continue;
            }
            Some(_) => port.ip.clone(),
            None => String::new(),
        };
        let next = ranges.iter_mut().rev().find(|(ip, protocol, _, last)| {
            *ip == host
                && *protocol == port.protocol
                && last.checked_add(1) == Some(port.private_port)
        });
        match next {
            Some((.., last)) => *last = port.private_port,
            None => {
                let port_number = port.private_port;
                ranges.push((host, port.protocol.clone(), port_number, port_number));
            }
        }
    }
    let shown = ranges.into_iter().map(|(ip, protocol, first, last)| {
        let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
        if ip.is_empty() {
            format!("{range}/{protocol}")
        } else {
            format!("{ip}:{range}->{range}/{protocol}")
        }
    });
    shown.chain(moved).collect::<Vec<_>>().join(", ")
}

/// An IPv6 address in brackets, as Go's `net.JoinHostPort` has it; until 20.10 without.
fn bracketed(profile: &Profile, ip: &str) -> String {
    if ip.contains(':') && profile.brackets_ipv6 { format!("[{ip}]") } else { ip.to_owned() }
}

/// `docker port`.
pub(crate) async fn port(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    let request = Request::InspectContainer { container: name.to_owned() };
    let about = match cli.client.ask(request).await {
        Ok(Response::Container(about)) => about,
        Ok(other) => return Err(Failure::Api(unexpected(&other))),
        Err(error) => return Err(cli.not_found("container", name, error)),
    };
    let wanted = cli.args().get(1);
    let mut lines = Vec::new();
    for port in &about.published {
        let Some(public) = port.public_port else { continue };
        let inside = format!("{}/{}", port.private_port, port.protocol);
        let outside = format!("{}:{public}", bracketed(cli.profile, &port.ip));
        match wanted {
            None => lines.push(format!("{inside} -> {outside}")),
            Some(wanted) if *wanted == inside || format!("{wanted}/tcp") == inside => {
                lines.push(outside);
            }
            Some(_) => {}
        }
    }
    if let Some(wanted) = wanted.filter(|_| lines.is_empty()) {
        let wanted = if wanted.contains('/') { wanted.clone() } else { format!("{wanted}/tcp") };
        let error = if cli.profile.brackets_ipv6 { "no" } else { "Error: No" };
        return Err(Failure::text(format!("{error} public port '{wanted}' published for {name}")));
    }
    for line in lines {
        cli.out(line + "\n").await;
    }
    Ok(0)
}

/// `docker container inspect`.
pub(crate) async fn inspect(cli: &Cli) -> Outcome {
    inspection::each(cli, cli.args(), async |name: &str| {
        let found = inspection::container(cli, name).await;
        found.map_err(|error| cli.not_found("container", name, error))
    })
    .await
}

/// Does something to each container and prints its name.
async fn each(cli: &Cli, request: impl Fn(String) -> Request) -> Outcome {
    cli.for_each_arg(async |name: &str| {
        cli.client.done(request(name.to_owned())).await?;
        cli.out(format!("{name}\n")).await;
        Ok(())
    })
    .await
}

/// `docker stop`.
pub(crate) async fn stop(cli: &Cli) -> Outcome {
    let text = cli.flag("timeout").or(cli.flag("time"));
    let timeout_secs = text.and_then(|text| text.parse().ok());
    each(cli, |container| Request::StopContainer { container, timeout_secs }).await
}

/// `docker kill`.
pub(crate) async fn kill(cli: &Cli) -> Outcome {
    let signal = cli.flag("signal").unwrap_or("KILL");
    each(cli, |container| Request::KillContainer { container, signal: signal.to_owned() }).await
}

/// `docker restart`.
pub(crate) async fn restart(cli: &Cli) -> Outcome {
    let text = cli.flag("timeout").or(cli.flag("time"));
    let timeout_secs = text.and_then(|text| text.parse().ok());
    cli.for_each_arg(async |name: &str| {
        let container = name.to_owned();
        cli.client.done(Request::StopContainer { container, timeout_secs }).await?;
        let container = name.to_owned();
        cli.client.done(Request::StartContainer { container, stdio: None }).await?;
        cli.out(format!("{name}\n")).await;
        Ok(())
    })
    .await
}

/// `docker rm`.
pub(crate) async fn remove(cli: &Cli) -> Outcome {
    let (force, volumes) = (cli.is_set("force"), cli.is_set("volumes"));
    cli.for_each_arg(async |name: &str| {
        let container = name.to_owned();
        match cli.client.done(Request::RemoveContainer { container, force, volumes }).await {
            Ok(()) => {
                cli.out(format!("{name}\n")).await;
                Ok(())
            }
            Err(error) if cli.words_inspect_only() => Err(Failure::Api(error)),
            Err(error) => Err(cli.not_found("container", name, error)),
        }
    })
    .await
}

/// `docker start`.
pub(crate) async fn start(cli: &Cli) -> Outcome {
    if cli.is_set("attach") || cli.is_set("interactive") {
        return super::run::start_attached(cli).await;
    }
    let mut failed = Vec::new();
    for name in cli.args() {
        let request = Request::StartContainer { container: name.clone(), stdio: None };
        match cli.client.done(request).await {
            Ok(()) => {
                started(cli).await;
                cli.out(format!("{name}\n")).await;
            }
            Err(error) => {
                let text = Failure::Api(error).message(cli.profile);
                cli.err(format!("{text}\n")).await;
                failed.push(name.clone());
            }
        }
    }
    if failed.is_empty() {
        return Ok(0);
    }
    Err(Failure::text(format!("Error: failed to start containers: {}", failed.join(", "))))
}

/// `docker wait`.
pub(crate) async fn wait(cli: &Cli) -> Outcome {
    cli.for_each_arg(async |name: &str| {
        let request = Request::WaitContainer { container: name.to_owned(), next: false };
        match cli.client.ask(request).await? {
            Response::Exited { code } => {
                cli.out(format!("{code}\n")).await;
                Ok(())
            }
            other => Err(Failure::Api(unexpected(&other))),
        }
    })
    .await
}

/// `docker rename`.
pub(crate) async fn rename(cli: &Cli) -> Outcome {
    let request =
        Request::RenameContainer { container: cli.arg(0).to_owned(), name: cli.arg(1).to_owned() };
    match cli.client.done(request).await {
        Ok(()) => Ok(0),
        Err(error) => {
            let text = Failure::Api(error).message(cli.profile);
            cli.err(format!("{text}\n")).await;
            let name = cli.arg(0);
            Err(Failure::text(format!("Error: failed to rename container named {name}")))
        }
    }
}

/// `docker commit`.
pub(crate) async fn commit(cli: &Cli) -> Outcome {
    let request = Request::CommitContainer {
        container: cli.arg(0).to_owned(),
        reference: cli.arg(1).to_owned(),
        comment: cli.flag("message").unwrap_or_default().to_owned(),
        author: cli.flag("author").unwrap_or_default().to_owned(),
        changes: cli.matches.all("change").to_vec(),
    };
    let id = created(cli, request).await.map_err(|error: Error| Failure::Api(error))?;
    cli.out(format!("{id}\n")).await;
    Ok(0)
}

/// `docker pause`.
pub(crate) async fn pause(cli: &Cli) -> Outcome {
    each(cli, |container| Request::PauseContainer { container, pause: true }).await
}

/// `docker unpause`.
pub(crate) async fn unpause(cli: &Cli) -> Outcome {
    each(cli, |container| Request::PauseContainer { container, pause: false }).await
}

/// `docker update`.
pub(crate) async fn update(cli: &Cli) -> Outcome {
    let restart = match cli.flag("restart") {
        None | Some("") => None,
        Some(_) => Some(super::run::restart(cli)?),
    };
    let settings = super::settings::settings(cli)?;
    each(cli, |container| Request::UpdateContainer {
        container,
        restart: restart.clone(),
        settings: settings.clone(),
    })
    .await
}

/// `docker diff`.
pub(crate) async fn diff(cli: &Cli) -> Outcome {
    match cli.client.ask(Request::DiffContainer { container: cli.arg(0).to_owned() }).await? {
        Response::Changes(changes) => {
            for (letter, path) in changes {
                cli.out(format!("{letter} {path}\n")).await;
            }
            Ok(0)
        }
        other => Err(Failure::Api(unexpected(&other))),
    }
}

/// `docker top`: what `ps -ef` says on the host.
pub(crate) async fn top(cli: &Cli) -> Outcome {
    if !matches!(cli.args().get(1..), None | Some([])) {
        return Err(Failure::text("not simulated: docker top with options of ps"));
    }
    let (titles, rows) = processes(cli, cli.arg(0)).await?;
    let mut text = titles.join("\t") + "\n";
    for row in rows {
        text += &(row.join("\t") + "\n");
    }
    cli.out(commandline::tab::align(&text, crate::profile::Cells { min: 20, padding: 3 })).await;
    Ok(0)
}

/// The processes of a container: titles, and a row for each.
pub(super) async fn processes(
    cli: &Cli,
    container: &str,
) -> Result<([&'static str; 8], Vec<Vec<String>>), Failure> {
    let request = Request::TopContainer { container: container.to_owned() };
    let processes = match cli.client.ask(request).await? {
        Response::Processes(processes) => processes,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    let accounts = cli.proc.read_file("/etc/passwd").unwrap_or_default();
    let accounts = String::from_utf8_lossy(&accounts).into_owned();
    let name = |uid: u32| {
        let mut lines = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = lines.find(|fields| fields.get(2) == Some(&uid.to_string().as_str()));
        found
            .and_then(|fields| fields.first().map(|name| (*name).to_owned()))
            .unwrap_or_else(|| uid.to_string())
    };
    let rows = processes.iter().map(|one| {
        let start = one.started.civil();
        vec![
            name(one.user.uid),
            one.pid.0.to_string(),
            one.parent.0.to_string(),
            "0".to_owned(),
            format!("{:02}:{:02}", start.hour, start.minute),
            if one.terminal.is_some() { "pts/0" } else { "?" }.to_owned(),
            "00:00:00".to_owned(),
            one.args.join(" "),
        ]
    });
    Ok((["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], rows.collect()))
}
