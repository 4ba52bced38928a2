//! `up`, `create`, `start`, `scale`: containers made, changed, started.

use sorted::SortedMap;

use compose::Node;
use daemon::api::{ContainerStatus, ContainerSummary, Endpoint, Request, Response};
use daemon::client::unexpected;
use os::Signal;
use os::process::Disposition;
use sim::Duration;

use super::images::provide_image;
use super::places::{networks, volumes};
use super::project::{self, Project};
use super::report::{Report, tell_first};
use super::{
    HASH, as_command, containers, convert, down, first, is_first, is_one_off, label, list, number,
};
use crate::cli::{Cli, Failure};
use crate::commands::{run as runner, started};
use crate::table::Outcome;

/// Between two looks at a container that is waited for.
const POLL: Duration = Duration::from_millis(500);
/// As long as a container is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// `docker compose up`.
pub(crate) async fn up(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    warn(cli, &project).await;
    let wanted = project.wanted(cli, cli.args())?;
    let mut report = Report::new(cli);
    let starts = !cli.is_set("no-start");
    make(cli, &project, &wanted, &mut report, starts).await?;
    report.show("Running").await;
    if cli.is_set("detach") || cli.is_set("wait") || !starts {
        return Ok(0);
    }
    let names: Vec<String> = wanted.iter().map(|(name, _)| (*name).to_owned()).collect();
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    if list::attach(cli, &project.name, &names).await? == 0 {
        return Ok(0);
    }
    let first = is_first(cli);
    let word = if first { "Gracefully stopping... (press Ctrl+C again to force)" } else { "" };
    cli.out(format!("{word}\n")).await;
    while cli.proc.take_signal().is_some() {}
    let mut report = Report::new(cli);
    let all = containers(cli, &project.name).await?;
    down::stop(cli, &all, None, &mut report).await?;
    report.show("Stopping").await;
    Ok(if first { 0 } else { 130 })
}

/// `docker compose create`.
pub(crate) async fn create(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    warn(cli, &project).await;
    let wanted = project.wanted(cli, cli.args())?;
    let mut report = Report::new(cli);
    make(cli, &project, &wanted, &mut report, false).await?;
    report.show("Creating").await;
    Ok(0)
}

/// `docker compose scale`.
pub(crate) async fn scale(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let mut asked = Vec::new();
    for arg in cli.args() {
        let (name, count) = arg.split_once('=').unwrap_or((arg, ""));
        if name.is_empty() || count.is_empty() {
            return Err(Failure::text(match is_first(cli) {
                true => "ERROR: Arguments to scale should be in the form service=num".to_owned(),
                false => format!("invalid scale specifier: {arg}"),
            }));
        }
        if count.parse::<u16>().is_err() {
            return Err(Failure::text(match is_first(cli) {
                true => {
                    format!("ERROR: Number of containers for service \"{name}\" is not a number")
                }
                false => {
                    format!("invalid scale specifier: can't parse replica value as int: {arg}")
                }
            }));
        }
        asked.push(name.to_owned());
    }
    if is_first(cli) {
        cli.err(
            "WARNING: The scale command is deprecated. Use the up command with the --scale flag \
             instead.\n",
        )
        .await;
    }
    let wanted = project.wanted(cli, &asked)?;
    let mut report = Report::new(cli);
    make(cli, &project, &wanted, &mut report, true).await?;
    report.show("Running").await;
    Ok(0)
}

/// `docker compose start`.
pub(crate) async fn start(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let asked = |name: &str| cli.args().is_empty() || cli.args().iter().any(|one| one == name);
    let wanted = project.wanted(cli, cli.args())?;
    let mut report = Report::new(cli);
    first::some(cli, containers(cli, &project.name).await?.len())?;
    for (name, _) in wanted.into_iter().filter(|(name, _)| asked(name)) {
        let all = containers(cli, &project.name).await?;
        for one in all.iter().filter(|one| label(one, super::SERVICE) == name && !is_one_off(one)) {
            start_one(cli, one, &mut report).await?;
        }
    }
    report.show("Running").await;
    Ok(0)
}

/// A word on what a newer command line no longer reads.
pub(super) async fn warn(cli: &Cli, project: &Project) {
    let is_given = |file: &String| {
        let text = cli.proc.read_file(file).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().any(|line| line.starts_with("version:"))
    };
    let in_swarm = async || {
        let info = crate::commands::info(cli).await;
        info.is_ok_and(|info| info.swarm.control_available)
    };
    if is_first(cli) && cli.command.name() == "up" && in_swarm().await {
        cli.err(
            "WARNING: The Docker Engine you're using is running in swarm mode.\n\nCompose does not use \
             swarm mode to deploy services to multiple nodes in a swarm. All containers will be \
             scheduled on the current node.\n\nTo deploy your application across the swarm, use \
             `docker stack deploy`.\n\n",
        )
        .await;
    }
    if !cli.profile.buildkit {
        return;
    }
    for file in project.files.iter().filter(|file| is_given(file)) {
        cli.err(format!(
            "WARN[0000] {file}: the attribute `version` is obsolete, it will be ignored, please remove \
             it to avoid potential confusion \n"
        ))
        .await;
    }
}

/// Makes what is missing and changes what differs; with `starts` all of it runs then.
pub(super) async fn make(
    cli: &Cli,
    project: &Project,
    wanted: &[(&str, &Node)],
    report: &mut Report<'_>,
    starts: bool,
) -> Result<(), Failure> {
    // The command line in Python makes the places first.
    if is_first(cli) {
        networks(cli, project, wanted, report).await?;
        volumes(cli, project, wanted, report).await?;
    }
    for (name, service) in wanted {
        provide_image(cli, project, name, service, report).await?;
    }
    if !is_first(cli) {
        networks(cli, project, wanted, report).await?;
        volumes(cli, project, wanted, report).await?;
    }
    let mut names = Vec::new();
    for (name, service) in wanted {
        let count = count(cli, name, service);
        warn_of_scale(cli, name, service, count).await?;
        for number in 1..=count {
            names.push(convert::container_name(cli, project, name, service, number));
        }
    }
    for (name, service) in wanted {
        if starts {
            wait_for(cli, project, service, report).await?;
        }
        let known = containers(cli, &project.name).await?;
        let known =
            known.iter().filter(|one| label(one, super::SERVICE) == *name && !is_one_off(one));
        let mut known: SortedMap<u64, &ContainerSummary> =
            known.map(|one| (number(one), one)).collect();
        for number in 1..=count(cli, name, service) {
            let old = known.remove(&number);
            container(cli, project, (name, service), number, old, &names, report).await?;
            if !starts {
                continue;
            }
            let all = containers(cli, &project.name).await?;
            let here = |one: &&ContainerSummary| {
                label(one, super::SERVICE) == *name
                    && super::number(one) == number
                    && !is_one_off(one)
            };
            if let Some(one) = all.iter().find(here) {
                start_one(cli, one, report).await?;
            }
        }
        // What is left over is more than was asked for.
        let rest: Vec<ContainerSummary> = known.into_values().cloned().collect();
        down::stop(cli, &rest, None, report).await?;
        down::destroy(cli, &rest, report).await?;
    }
    Ok(())
}

/// Says what stands against more than one container of a service.
async fn warn_of_scale(cli: &Cli, name: &str, service: &Node, count: u64) -> Result<(), Failure> {
    if count < 2 {
        return Ok(());
    }
    let own = service.text_of("container_name");
    let ports = service.get("ports").map_or(&[][..], Node::items);
    if is_first(cli) {
        if !own.is_empty() {
            cli.err(format!(
                "WARNING: The \"{name}\" service is using the custom container name \"{own}\". Docker \
                 requires each container to have a unique name. Remove the custom name to scale the \
                 service.\n"
            ))
            .await;
        }
        if ports.iter().any(|port| port.get("published").is_some()) {
            cli.err(format!(
                "WARNING: The \"{name}\" service specifies a port on the host. If multiple containers for \
                 this service are created on a single host, the port will clash.\n"
            ))
            .await;
        }
    } else if !own.is_empty() {
        return Err(Failure::text(format!(
            "can't set container_name and {name} as container name must be unique: services.deploy.replicas: \
             can't set container_name and {name} as container name must be unique"
        )));
    }
    Ok(())
}

/// How many containers a service has.
fn count(cli: &Cli, name: &str, service: &Node) -> u64 {
    // Of `scale` the arguments, of `up` the flag.
    let flags = cli.matches.all("scale").iter();
    let is_scale = cli.command.name() == "scale";
    let asked = flags.chain(cli.args().iter().filter(|_| is_scale)).find_map(|text| {
        let (service, count) = text.split_once('=')?;
        (service == name).then(|| count.parse().ok())?
    });
    let deploy = service.get("deploy").and_then(|deploy| deploy.get("replicas"));
    let own = [service.get("scale"), deploy].into_iter().flatten().find_map(Node::int);
    asked.or_else(|| own.and_then(|count| u64::try_from(count).ok())).unwrap_or(1).min(1_000)
}

/// One container is there, and is what the file asks for.
async fn container(
    cli: &Cli,
    project: &Project,
    (name, service): (&str, &Node),
    number: u64,
    old: Option<&ContainerSummary>,
    names: &[String],
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let shown = convert::container_name(cli, project, name, service, number);
    let is_same = old.is_some_and(|old| label(old, HASH) == convert::hash(service));
    if is_same && !cli.is_set("force-recreate") {
        return Ok(());
    }
    report.begin();
    if let Some(old) = old {
        down::stop(cli, std::slice::from_ref(old), None, &mut Report::new(cli)).await?;
        let container = old.id.clone();
        let request = Request::RemoveContainer { container, force: true, volumes: false };
        cli.client.done(request).await?;
    }
    let args = convert::arguments(cli, project, (name, service), number, None)?;
    describe(cli, project, (name, service), &args).await?;
    if is_first(cli) {
        tell_first(cli, if old.is_some() { "Recreating" } else { "Creating" }, names, &shown).await;
    }
    report.done(format!("Container {shown}"), if old.is_some() { "Recreated" } else { "Created" });
    Ok(())
}

/// Makes a container from arguments, and brings it into all networks of its service.
async fn describe(
    cli: &Cli,
    project: &Project,
    (name, service): (&str, &Node),
    args: &[String],
) -> Result<String, Failure> {
    let command = as_command(cli, "create", args)?;
    let wanted = runner::wanted(&command).await?;
    let id = match cli.client.ask(Request::CreateContainer(Box::new(wanted))).await? {
        Response::ContainerCreated { id, .. } => id,
        other => return Err(Failure::Api(unexpected(&other))),
    };
    for (network, aliases) in convert::networks(project, name, service).into_iter().skip(1) {
        let endpoint = Endpoint { network, aliases, ..Endpoint::default() };
        cli.client.done(Request::ConnectNetwork { container: id.clone(), endpoint }).await?;
    }
    Ok(id)
}

async fn start_one(
    cli: &Cli,
    one: &ContainerSummary,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let object = format!("Container {}", one.name);
    if one.state.status == ContainerStatus::Running {
        if is_first(cli) {
            cli.err(format!("{} is up-to-date\n", one.name)).await;
        }
        report.done(object, "Running");
        return Ok(());
    }
    report.begin();
    let request = Request::StartContainer { container: one.id.clone(), stdio: None };
    cli.client.done(request).await?;
    started(cli).await;
    let is_new = report.knows(&object);
    if is_first(cli) && !is_new {
        let shown = match cli.command.name() {
            "start" => label(one, super::SERVICE),
            _ => one.name.clone(),
        };
        cli.err(format!("Starting {shown} ... done\n")).await;
    }
    // Whoever is attached sees what was made; the start follows.
    let attaches = cli.command.name() == "up" && !cli.is_set("detach") && !cli.is_set("wait");
    if !(attaches && is_new) {
        report.done(object, "Started");
    }
    Ok(())
}

/// Waits for what a service depends on, if it says in which state.
async fn wait_for(
    cli: &Cli,
    project: &Project,
    service: &Node,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let Some(needs) = service.get("depends_on") else { return Ok(()) };
    for (need, how) in needs.entries() {
        let condition = how.text_of("condition");
        if !matches!(condition.as_str(), "service_healthy" | "service_completed_successfully") {
            continue;
        }
        let give_up = cli.proc.now() + PATIENCE;
        report.begin();
        loop {
            let all = containers(cli, &project.name).await?;
            let mut here = all.iter().filter(|one| label(one, super::SERVICE) == *need);
            let Some(one) = here.next() else { break };
            let health = one.state.health.as_deref();
            let object = format!("Container {}", one.name);
            match (condition.as_str(), one.state.status, health) {
                ("service_healthy", ContainerStatus::Running, Some("healthy")) => {
                    report.done(object, "Healthy");
                    break;
                }
                ("service_healthy", ContainerStatus::Running, Some("unhealthy")) => {
                    return Err(Failure::text(format!(
                        "dependency failed to start: container {} is unhealthy",
                        one.name
                    )));
                }
                ("service_healthy", ContainerStatus::Running, None) => {
                    return Err(Failure::text(format!(
                        "container {} has no healthcheck configured",
                        one.name
                    )));
                }
                (_, ContainerStatus::Exited, _) if one.state.exit_code == 0 && health.is_none() => {
                    report.done(object, "Exited");
                    break;
                }
                (_, ContainerStatus::Exited, _) => {
                    return Err(Failure::text(format!(
                        "dependency failed to start: container {} exited ({})",
                        one.name, one.state.exit_code
                    )));
                }
                _ => {}
            }
            if cli.proc.now() >= give_up || cli.proc.sleep(POLL).await.is_err() {
                return Err(Failure::Status(String::new(), 130));
            }
        }
    }
    Ok(())
}
