//! `docker run` and `docker start -a`.

use sorted::SortedMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use daemon::api::{
    Attached, ContainerConfig, ContainerPort, ContainerStatus, CreateContainer, Endpoint, Error,
    HostConfig, Request, Response, Stdio,
};
use daemon::client::unexpected;
use os::Signal;
use os::process::Disposition;

use super::exec::{check_tty, start_status, stdio};
use super::{env_lines, environment, go_error, pull, settings, started};
use crate::cli::{Cli, Failure};
use crate::table::Outcome;
use crate::value;
use crate::{mounts, ports};

/// What `run` itself fails with.
const RUN_STATUS: i32 = 125;

/// `docker run`.
pub(crate) async fn run(cli: &Cli) -> Outcome {
    let is_detached = cli.is_set("detach");
    let (tty, interactive) = (cli.is_set("tty"), cli.is_set("interactive"));
    let wanted = wanted(cli).await?;
    if !is_detached {
        check_tty(cli, interactive, tty)?;
    }
    let id = make(cli, wanted).await?;
    write_cidfile(cli, &id)?;
    if is_detached {
        let request = Request::StartContainer { container: id.clone(), stdio: None };
        if let Err(error) = cli.client.done(request).await {
            return Err(not_started(cli, &error));
        }
        started(cli).await;
        cli.out(format!("{id}\n")).await;
        return Ok(0);
    }
    attached(cli, &id, stdio(cli, tty, interactive)).await
}

/// `docker start -a`, `docker start -i`.
pub(super) async fn start_attached(cli: &Cli) -> Outcome {
    let [name] = cli.args() else {
        return Err(Failure::text("you cannot start and attach multiple containers at once"));
    };
    let request = Request::InspectContainer { container: name.clone() };
    let about = match cli.client.ask(request).await {
        Ok(Response::Container(about)) => about,
        Ok(other) => return Err(Failure::Api(unexpected(&other))),
        Err(error) => return Err(cli.not_found("container", name, error)),
    };
    let tty = about.config.tty;
    let interactive = cli.is_set("interactive") && about.config.open_stdin;
    attached(cli, &about.id, stdio(cli, tty, interactive)).await
}

/// `docker create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let wanted = wanted(cli).await?;
    let id = make(cli, wanted).await?;
    write_cidfile(cli, &id)?;
    cli.out(format!("{id}\n")).await;
    Ok(0)
}

/// `docker attach`: shows what the container writes from now on, and waits for its end.
pub(crate) async fn attach(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    let request = Request::InspectContainer { container: name.to_owned() };
    let about = match cli.client.ask(request).await {
        Ok(Response::Container(about)) => about,
        Ok(other) => return Err(Failure::Api(unexpected(&other))),
        Err(error) => return Err(cli.not_found("container", name, error)),
    };
    let refusal = match about.state.status {
        ContainerStatus::Running if about.config.open_stdin && !cli.is_set("no-stdin") => {
            "not simulated: the standard input of docker attach; use --no-stdin or docker exec"
        }
        ContainerStatus::Running => "",
        ContainerStatus::Paused => "You cannot attach to a paused container, unpause it first",
        ContainerStatus::Restarting => {
            "You cannot attach to a restarting container, wait until it is running"
        }
        _ => "You cannot attach to a stopped container, start it first",
    };
    if !refusal.is_empty() {
        return Err(Failure::text(refusal));
    }
    let stdio = stdio(cli, about.config.tty, false);
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    cli.client
        .done(Request::AttachContainer { container: about.id.clone(), stdio: Some(stdio) })
        .await?;
    let request = Request::WaitContainer { container: about.id.clone(), next: false };
    let result = cli.client.ask(request).await;
    ended(cli, &about.id, result).await
}

/// Starts a container and waits for its end.
async fn attached(cli: &Cli, id: &str, stdio: Stdio) -> Outcome {
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    let result = start_and_wait(cli, id, stdio).await?;
    ended(cli, id, result).await
}

/// The exit code of a container that is waited for; signals go to it meanwhile.
async fn ended(cli: &Cli, id: &str, mut result: Result<Response, Error>) -> Outcome {
    loop {
        match result {
            Ok(Response::Exited { code }) => return Ok(code),
            Ok(other) => return Err(Failure::Api(unexpected(&other))),
            // Without a proxy Ctrl-C ends the client alone.
            Err(Error::Interrupted) if cli.flag("sig-proxy") == Some("false") => return Ok(130),
            Err(Error::Interrupted) => {
                while let Some(signal) = cli.proc.take_signal() {
                    let (container, signal) = (id.to_owned(), signal.name().to_owned());
                    let request = Request::KillContainer { container, signal };
                    if cli.client.done(request).await.is_err() {
                        return Ok(130);
                    }
                }
                let request = Request::WaitContainer { container: id.to_owned(), next: false };
                result = cli.client.ask(request).await;
            }
            // It has been removed as soon as it had ended.
            Err(error) if error.is_not_found() => return Ok(130),
            Err(error) => return Err(Failure::Api(error)),
        }
    }
}

/// Asks for the container's end before its start, so that one which ends and is removed at once is
/// not missed.
async fn start_and_wait(
    cli: &Cli,
    id: &str,
    stdio: Stdio,
) -> Result<Result<Response, Error>, Failure> {
    let start = Request::StartContainer { container: id.to_owned(), stdio: Some(stdio) };
    let wait = Request::WaitContainer { container: id.to_owned(), next: true };
    let mut wait = pin!(cli.client.ask(wait));
    let mut start = pin!(cli.client.done(start));
    let (mut ended, mut started) = (None, None);
    poll_fn(|context| {
        if ended.is_none()
            && let Poll::Ready(result) = wait.as_mut().poll(context)
        {
            ended = Some(result);
        }
        if started.is_none()
            && let Poll::Ready(result) = start.as_mut().poll(context)
        {
            started = Some(result);
        }
        match (&started, &mut ended) {
            (Some(Err(Error::Interrupted)), _) => Poll::Ready(Ok(Err(Error::Interrupted))),
            (Some(Err(error)), _) => Poll::Ready(Err(not_started(cli, error))),
            (Some(Ok(())), Some(_)) => match ended.take() {
                Some(result) => Poll::Ready(Ok(result)),
                None => Poll::Pending,
            },
            _ => Poll::Pending,
        }
    })
    .await
}

fn not_started(cli: &Cli, error: &Error) -> Failure {
    let text = Failure::Api(error.clone()).message(cli.profile);
    Failure::Status(format!("docker: {text}."), start_status(&text))
}

/// A container's description from flags and arguments.
pub(super) async fn wanted(cli: &Cli) -> Result<CreateContainer, Failure> {
    check_platform(cli)?;
    let text = |flag: &str| cli.flag(flag).unwrap_or_default().to_owned();
    let is_detached = cli.is_set("detach");
    let interactive = cli.is_set("interactive");
    let entrypoint = cli
        .flag("entrypoint")
        .map(|text| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] });
    let config = ContainerConfig {
        hostname: text("hostname"),
        user: text("user"),
        attached: Attached {
            stdin: interactive && !is_detached,
            stdout: !is_detached,
            stderr: !is_detached,
        },
        tty: cli.is_set("tty"),
        open_stdin: interactive,
        stdin_once: interactive && !is_detached,
        env: environment(cli, "env")?,
        cmd: cli.args().get(1..).unwrap_or_default().to_vec(),
        entrypoint,
        image: cli.arg(0).to_owned(),
        working_dir: text("workdir"),
        labels: labels(cli)?,
        health: settings::health(cli)?,
        exposed_ports: exposed(cli)?,
        stop_signal: text("stop-signal"),
        stop_timeout_secs: cli.flag("stop-timeout").and_then(|text| text.parse().ok()),
        ..ContainerConfig::default()
    };
    let (restart_policy, restart_count_max) = restart(cli)?;
    let auto_remove = cli.is_set("rm");
    if auto_remove && !matches!(restart_policy.as_str(), "" | "no") {
        return Err(failed(cli, "Conflicting options: --restart and --rm"));
    }
    let (network_mode, networks) = networks(cli)?;
    let links = read_all(cli, "link", link)?;
    if !links.is_empty() && network_mode == "host" {
        return Err(failed(
            cli,
            "conflicting options: host type networking can't be used with links. This would result in \
             undefined behavior",
        ));
    }
    let mut mounts = read_all(cli, "mount", mounts::mount)?;
    for mount in &mut mounts {
        mount.source = from_here(cli, &mount.source);
    }
    let mut binds: Vec<String> =
        cli.matches.all("volume").iter().map(|bind| from_here(cli, bind)).collect();
    binds.extend(volumes_from(cli).await?);
    let host = HostConfig {
        auto_remove,
        restart_policy,
        restart_count_max,
        read_only: cli.is_set("read-only"),
        mounts,
        binds,
        tmpfs: tmpfs(cli),
        ports: published(cli)?,
        publish_all: cli.is_set("publish-all"),
        links,
        extra_hosts: cli.matches.all("add-host").to_vec(),
        network_mode,
        networks,
        groups: cli.matches.all("group-add").to_vec(),
        settings: settings::settings(cli)?,
        dns: cli.matches.all("dns").to_vec(),
        dns_search: cli.matches.all("dns-search").to_vec(),
        dns_options: cli.matches.all("dns-option").to_vec(),
    };
    Ok(CreateContainer { name: cli.flag("name").map(str::to_owned), config, host })
}

/// Reads a `--link`, `name:alias`; without an alias the name is one.
fn link(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [""] => Err("empty string specified for links".to_owned()),
        [name] => Ok(format!("{name}:{name}")),
        [name, alias] => Ok(format!("{name}:{}", alias.rsplit('/').next().unwrap_or(alias))),
        _ => Err(format!("bad format for links: {text}")),
    }
}

/// A source that begins with `.` is a folder below this one, in releases that take it so.
fn from_here(cli: &Cli, bind: &str) -> String {
    let (source, rest) = bind.split_at(bind.find(':').unwrap_or(bind.len()));
    match cli.profile.relative_binds && source.starts_with('.') {
        true => os::fs::normalize(&cli.proc.cwd(), source) + rest,
        false => bind.to_owned(),
    }
}

/// `--cidfile`: a new file with the identifier.
fn write_cidfile(cli: &Cli, id: &str) -> Result<(), Failure> {
    let Some(path) = cli.flag("cidfile").filter(|path| !path.is_empty()) else { return Ok(()) };
    if cli.proc.exists(path) {
        return Err(failed(
            cli,
            &format!(
                "container ID file found, make sure the other container isn't running or delete \
                 {path}"
            ),
        ));
    }
    let written = cli.proc.write_file(path, id.as_bytes());
    written.map_err(|errno| failed(cli, &format!("open {path}: {}", go_error(errno))))
}

fn check_platform(cli: &Cli) -> Result<(), Failure> {
    match cli.flag("platform") {
        None | Some("" | "linux" | "linux/amd64" | "amd64") => Ok(()),
        Some(other) => Err(Failure::text(format!(
            "not simulated: {} --platform {other} (other platforms)",
            cli.typed
        ))),
    }
}

/// Labels of `--label-file` and `--label`.
fn labels(cli: &Cli) -> Result<SortedMap<String, String>, Failure> {
    let mut labels = value::map(&env_lines(cli, "label-file")?);
    labels.extend(value::map(cli.matches.all("label")));
    Ok(labels)
}

/// `--volumes-from`: the other containers' volumes and binds, as `-v` writes them.
async fn volumes_from(cli: &Cli) -> Result<Vec<String>, Failure> {
    let mut binds = Vec::new();
    for text in cli.matches.all("volumes-from") {
        let (name, mode) = text.split_once(':').unwrap_or((text, ""));
        let request = Request::InspectContainer { container: name.to_owned() };
        let about = match cli.client.ask(request).await {
            Ok(Response::Container(about)) => about,
            Ok(other) => return Err(Failure::Api(unexpected(&other))),
            Err(error) => return Err(api_failed(cli, &error)),
        };
        for mount in about.mounts.iter().filter(|mount| mount.kind != "tmpfs") {
            let source = if mount.name.is_empty() { &mount.source } else { &mount.name };
            let mode = if mode == "ro" || !mount.writable { ":ro" } else { "" };
            binds.push(format!("{source}:{}{mode}", mount.destination));
        }
    }
    Ok(binds)
}

fn read_all<T>(
    cli: &Cli,
    flag: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Failure> {
    let texts = cli.matches.all(flag).iter();
    texts.map(|text| read(text).map_err(|reason| failed(cli, &reason))).collect()
}

/// `-p`, each of which may be a range.
fn published(cli: &Cli) -> Result<Vec<ContainerPort>, Failure> {
    Ok(read_all(cli, "publish", ports::ports)?.into_iter().flatten().collect())
}

/// The mode, and places in networks that were asked for by name.
fn networks(cli: &Cli) -> Result<(String, Vec<Endpoint>), Failure> {
    let mut networks = read_all(cli, "network", ports::network)?;
    if networks.is_empty() {
        networks.push(Endpoint { network: "default".to_owned(), ..Endpoint::default() });
    }
    if networks.len() > 1 && !cli.profile.many_networks {
        // Only since 25.0 may the flag be given twice; until then the last one counted.
        networks.drain(..networks.len() - 1);
    }
    let first = &mut networks[0];
    first.aliases.extend(cli.matches.all("network-alias").iter().cloned());
    if let Some(address) = cli.flag("ip") {
        address.clone_into(&mut first.address);
    }
    let mode = first.network.clone();
    let is_special = matches!(mode.as_str(), "host" | "none") || mode.starts_with("container:");
    let has_own = !first.aliases.is_empty() || !first.address.is_empty();
    if is_special && (has_own || networks.len() > 1) {
        return Err(failed(
            cli,
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
        ));
    }
    if is_special || (mode == "default" && !has_own) {
        networks.clear();
    } else if mode == "default" {
        "bridge".clone_into(&mut networks[0].network);
    }
    Ok((mode, networks))
}

/// `--expose`, and the ports that are published.
fn exposed(cli: &Cli) -> Result<Vec<String>, Failure> {
    let with_protocol =
        |text: &String| if text.contains('/') { text.clone() } else { format!("{text}/tcp") };
    let mut all: Vec<String> = cli.matches.all("expose").iter().map(with_protocol).collect();
    for port in published(cli)? {
        all.push(format!("{}/{}", port.private_port, port.protocol));
    }
    Ok(all)
}

/// `--tmpfs /run:size=64k`.
fn tmpfs(cli: &Cli) -> SortedMap<String, String> {
    let texts = cli.matches.all("tmpfs").iter();
    let split = texts.map(|text| text.split_once(':').unwrap_or((text, "")));
    split.map(|(path, options)| (path.to_owned(), options.to_owned())).collect()
}

pub(super) fn restart(cli: &Cli) -> Result<(String, u32), Failure> {
    let text = cli.flag("restart").unwrap_or("no");
    let (name, count) = match text.split_once(':') {
        Some((name, count)) => (name, Some(count)),
        None => (text, None),
    };
    let max = match count.map(str::parse::<u32>) {
        None => 0,
        Some(Ok(max)) if name == "on-failure" => max,
        Some(_) => {
            let text = "maximum retry count must be an integer";
            return Err(failed(cli, text));
        }
    };
    Ok((name.to_owned(), max))
}

/// A failure of `run` itself.
pub(super) fn failed(cli: &Cli, text: &str) -> Failure {
    let dot = if cli.profile.run_hint.starts_with('\n') { "" } else { "." };
    Failure::Status(format!("docker: {text}{dot}\n{}", cli.profile.run_hint), RUN_STATUS)
}

/// Makes the container; pulls its image if it is not there.
async fn make(cli: &Cli, wanted: CreateContainer) -> Result<String, Failure> {
    let image = wanted.config.image.clone();
    let policy = cli.flag("pull").unwrap_or("missing");
    if policy == "always" {
        pull_image(cli, &image).await?;
    }
    let request = |wanted: &CreateContainer| Request::CreateContainer(Box::new(wanted.clone()));
    let mut reply = cli.client.ask(request(&wanted)).await;
    if let Err(error) = &reply
        && error.is_not_found()
        && error.message().starts_with("No such image")
        && policy == "missing"
    {
        let shown = pull::with_tag(&image);
        cli.err(format!("Unable to find image '{shown}' locally\n")).await;
        pull_image(cli, &image).await?;
        reply = cli.client.ask(request(&wanted)).await;
    }
    match reply {
        Ok(Response::ContainerCreated { id, warnings }) => {
            for warning in warnings {
                cli.err(format!("WARNING: {warning}\n")).await;
            }
            Ok(id)
        }
        Ok(other) => Err(Failure::Api(unexpected(&other))),
        Err(error) => Err(api_failed(cli, &error)),
    }
}

async fn pull_image(cli: &Cli, image: &str) -> Result<(), Failure> {
    let pulled = pull::pull_for_run(cli, image).await;
    pulled.map_err(|error| {
        let text = api_failed(cli, &error).message(cli.profile);
        Failure::Status(text + pull::hint(image, &error), RUN_STATUS)
    })
}

fn api_failed(cli: &Cli, error: &Error) -> Failure {
    let text = Failure::Api(error.clone()).message(cli.profile);
    failed(cli, text.trim_end_matches('.'))
}
