//! `up`, `create`, `start`, `build`, `run`, `exec`.

use sorted::SortedMap;

use compose::Node;
use daemon::api::{
    ContainerStatus, ContainerSummary, Endpoint, Network, Request, Response, VolumeDetails,
};
use daemon::client::unexpected;
use os::Signal;
use os::process::Disposition;
use sim::Duration;

use super::project::{self, Project};
use super::report::{Report, tell_first};
use super::{
    HASH, as_command, containers, convert, down, is_first, is_one_off, label, labels, list, number,
};
use crate::cli::{Cli, Failure};
use crate::commands::{build as builder, created, pull as puller, run as runner, started};
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
    make(cli, &project, &wanted, &mut report, true).await?;
    report.show("Running").await;
    if cli.is_set("detach") || cli.is_set("wait") {
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

/// `docker compose start`.
pub(crate) async fn start(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    let asked = |name: &str| cli.args().is_empty() || cli.args().iter().any(|one| one == name);
    let wanted = project.wanted(cli, cli.args())?;
    let mut report = Report::new(cli);
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
    for (name, service) in wanted {
        provide_image(cli, project, name, service, report).await?;
    }
    networks(cli, project, wanted, report).await?;
    volumes(cli, project, wanted, report).await?;
    let mut names = Vec::new();
    for (name, service) in wanted {
        for number in 1..=count(cli, name, service) {
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

/// How many containers a service has.
fn count(cli: &Cli, name: &str, service: &Node) -> u64 {
    let asked = cli.matches.all("scale").iter().find_map(|text| {
        let (service, count) = text.split_once('=')?;
        (service == name).then(|| count.parse().ok())?
    });
    let deploy = service.get("deploy").and_then(|deploy| deploy.get("replicas"));
    let own = [service.get("scale"), deploy].into_iter().flatten().find_map(Node::int);
    asked.or_else(|| own.and_then(|count| u64::try_from(count).ok())).unwrap_or(1).min(1_000)
}

/// The image of a service is there, or is built or pulled.
pub(super) async fn provide_image(
    cli: &Cli,
    project: &Project,
    name: &str,
    service: &Node,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let image = convert::image(cli, project, name, service);
    let request = Request::InspectImage { image: image.clone() };
    let is_there = cli.client.ask(request).await.is_ok();
    let is_built = service.get("build").is_some();
    if is_built && (!is_there || cli.is_set("build")) {
        build_one(cli, project, name, service).await?;
        if is_first(cli) && !cli.is_set("build") {
            cli.err(format!(
                "WARNING: Image for service {name} was built because it did not already exist. To \
                 rebuild this image you must use `docker-compose build` or `docker-compose up --build`.\n"
            ))
            .await;
        }
        return Ok(());
    }
    let policy = service.text_of("pull_policy");
    if is_built || (is_there && policy != "always" && cli.flag("pull") != Some("always")) {
        return Ok(());
    }
    report.begin();
    pull_one(cli, name, &image).await?;
    report.done(format!("{name} Pulled"), "");
    Ok(())
}

/// Pulls the image of a service.
pub(super) async fn pull_one(cli: &Cli, name: &str, image: &str) -> Result<(), Failure> {
    if is_first(cli) {
        cli.err(format!("Pulling {name} ({})...\n", puller::with_tag(image))).await;
    }
    // Only the first of the two command lines shows the layers in the way that `docker pull` does.
    let pulled = puller::pull_for_compose(cli, image, !is_first(cli)).await;
    pulled.map_err(|error| {
        let hint = puller::hint(image, &error);
        Failure::text(Failure::Api(error).message(cli.profile) + hint)
    })
}

/// Builds the image of a service as `docker build` does.
async fn build_one(
    cli: &Cli,
    project: &Project,
    name: &str,
    service: &Node,
) -> Result<(), Failure> {
    let Some(build) = service.get("build") else { return Ok(()) };
    let context = build.text().unwrap_or_else(|| build.text_of("context"));
    let context = match context.as_str() {
        "" | "." => project.folder.clone(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("{}/{}", project.folder, path.trim_start_matches("./")),
    };
    let mut args = vec![format!("--tag={}", convert::image(cli, project, name, service))];
    let file = build.text_of("dockerfile");
    if !file.is_empty() {
        let path = if file.starts_with('/') { file } else { format!("{context}/{file}") };
        args.push(format!("--file={path}"));
    }
    let target = build.text_of("target");
    if !target.is_empty() {
        args.push(format!("--target={target}"));
    }
    if let Some(all) = build.get("args") {
        let listed = all.items().iter().filter_map(Node::text);
        let mapped = all.entries().iter().map(|(key, value)| {
            value.text().map_or_else(|| key.clone(), |value| format!("{key}={value}"))
        });
        args.extend(listed.chain(mapped).map(|one| format!("--build-arg={one}")));
    }
    if cli.is_set("no-cache") {
        args.push("--no-cache".to_owned());
    }
    args.push(context);
    if is_first(cli) {
        cli.err(format!("Building {name}\n")).await;
    }
    let command = as_command(cli, "build", &args)?;
    builder::build(&command).await.map(drop)
}

/// `docker compose build`.
pub(crate) async fn build(cli: &Cli) -> Outcome {
    let project = project::load(cli)?;
    warn(cli, &project).await;
    if let Some(unknown) = cli.args().iter().find(|name| project.service(name).is_none()) {
        return Err(Failure::text(format!("no such service: {unknown}")));
    }
    for (name, service) in project.services() {
        let is_asked = cli.args().is_empty() || cli.args().iter().any(|one| one == name);
        if !is_asked {
            continue;
        }
        match service.get("build") {
            Some(_) => build_one(cli, &project, name, service).await?,
            None if is_first(cli) => {
                cli.err(format!("{name} uses an image, skipping\n")).await;
            }
            None => {}
        }
    }
    Ok(0)
}

pub(super) async fn networks(
    cli: &Cli,
    project: &Project,
    wanted: &[(&str, &Node)],
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let used = |key: &str| {
        wanted.iter().any(|(name, service)| {
            let name_here = project.name_of("networks", key);
            convert::networks(project, name, service).iter().any(|(one, _)| *one == name_here)
        })
    };
    let own = project.root.get("networks").map_or(&[][..], Node::entries);
    let mut keys: Vec<&str> = own.iter().map(|(key, _)| key.as_str()).collect();
    if !keys.contains(&"default") {
        keys.push("default");
    }
    keys.sort_unstable();
    for key in keys.into_iter().filter(|key| used(key)) {
        let node = own.iter().find(|(known, _)| known == key).map(|(_, node)| node);
        let name = project.name_of("networks", key);
        let is_there = crate::commands::network::details(cli, &name).await.is_ok();
        if node.is_some_and(|node| node.get("external").is_some_and(Node::is_true)) {
            if is_there {
                continue;
            }
            return Err(Failure::text(format!(
                "network {name} declared as external, but could not be found"
            )));
        }
        if is_there {
            continue;
        }
        report.begin();
        let text = |member: &str| node.map(|node| node.text_of(member)).unwrap_or_default();
        let driver = text("driver");
        if is_first(cli) {
            let driver = if driver.is_empty() { "default" } else { &driver };
            let what = if driver == "default" {
                "the default driver".to_owned()
            } else {
                format!("driver \"{driver}\"")
            };
            cli.err(format!("Creating network \"{name}\" with {what}\n")).await;
        }
        let config = node.and_then(|node| node.get("ipam")).and_then(|ipam| ipam.get("config"));
        let first = config.and_then(|config| config.items().first());
        let member = |key: &str| first.map(|first| first.text_of(key)).unwrap_or_default();
        let flag = |key: &str| node.and_then(|node| node.get(key)).is_some_and(Node::is_true);
        let network = Network {
            name: name.clone(),
            is_swarm: driver == "overlay",
            driver: if driver.is_empty() { "bridge".to_owned() } else { driver },
            internal: flag("internal"),
            attachable: flag("attachable"),
            labels: labels(&project.name, &[("com.docker.compose.network", key)]),
            subnet: member("subnet"),
            gateway: member("gateway"),
            range: member("ip_range"),
            ..Network::default()
        };
        created(cli, Request::CreateNetwork(Box::new(network))).await?;
        report.done(format!("Network {name}"), "Created");
    }
    Ok(())
}

pub(super) async fn volumes(
    cli: &Cli,
    project: &Project,
    wanted: &[(&str, &Node)],
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    for (key, node) in project.root.get("volumes").map_or(&[][..], Node::entries) {
        let is_used = wanted.iter().any(|(_, service)| {
            let mounts = service.get("volumes").map_or(&[][..], Node::items).iter();
            mounts
                .filter(|mount| mount.text_of("type") == "volume")
                .any(|m| m.text_of("source") == *key)
        });
        let name = project.name_of("volumes", key);
        let known = Request::InspectVolume { volume: name.clone() };
        if !is_used || cli.client.ask(known).await.is_ok() {
            continue;
        }
        if node.get("external").is_some_and(Node::is_true) {
            return Err(Failure::text(format!("external volume {name:?} not found")));
        }
        report.begin();
        if is_first(cli) {
            cli.err(format!("Creating volume \"{name}\" with default driver\n")).await;
        }
        let volume = VolumeDetails {
            name: name.clone(),
            driver: "local".to_owned(),
            labels: labels(&project.name, &[("com.docker.compose.volume", key)]),
            ..VolumeDetails::default()
        };
        created(cli, Request::CreateVolume(Box::new(volume))).await?;
        report.done(format!("Volume {name}"), "Created");
    }
    Ok(())
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
