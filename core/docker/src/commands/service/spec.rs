//! A service's spec from the flags of `create`, and the references to secrets and configs that
//! `create` and `update` share.

use sorted::SortedSet;

use daemon::api::Filters;
use sim::Duration;
use swarm::objects::{
    Annotations, ConfigReference, ContainerSpec, DnsConfig, EndpointMode, EndpointSpec,
    FailureAction, Id, Kind, Mount, NetworkAttachment, Placement, PortConfig, ResourceAmounts,
    Resources, RestartCondition, RestartPolicy, SecretReference, ServiceMode, ServiceSpec,
    TaskSpec, UpdateConfig, UpdateOrder, defaults, is_node_local,
};

use super::settings;
use crate::cli::{Cli, Failure};
use crate::commands::{config, environment, network, secret};
use crate::options::{config_reference, secret_reference};
use crate::ports::{attachment, service_ports};
use crate::value;

/// What the flags and arguments of `service create` ask for.
pub(super) fn from_flags(cli: &Cli) -> Result<ServiceSpec, Failure> {
    let text = |flag: &str| cli.flag(flag).unwrap_or_default().to_owned();
    let mut container = ContainerSpec {
        image: cli.arg(0).to_owned(),
        command: words(cli, "entrypoint"),
        args: cli.args().get(1..).unwrap_or_default().to_vec(),
        env: environment(cli, "env")?,
        hostname: text("hostname"),
        labels: value::map(cli.matches.all("container-label")),
        dir: text("workdir"),
        user: text("user"),
        tty: cli.is_set("tty"),
        read_only: cli.is_set("read-only"),
        mounts: mounts(cli, "mount")?,
        stop_signal: text("stop-signal"),
        hosts: cli.matches.all("host").iter().map(|text| host_line(text)).collect(),
        dns: DnsConfig {
            nameservers: cli.matches.all("dns").to_vec(),
            search: cli.matches.all("dns-search").to_vec(),
            options: cli.matches.all("dns-option").to_vec(),
        },
        stop_grace_period: duration(cli, "stop-grace-period"),
        init: cli.profile.init_member.then_some(cli.is_set("init")),
        groups: cli.matches.all("group").to_vec(),
        healthcheck: settings::health(cli, None)?,
        sysctls: value::map(cli.matches.all("sysctl")),
        ulimits: settings::ulimits(cli, "ulimit", Vec::new())?,
        ..ContainerSpec::default()
    };
    settings::capabilities(cli, &mut container);
    let mode = mode(cli)?;
    let update = update_config(cli, "update", None)?;
    let rollback = update_config(cli, "rollback", None)?;
    if mode.is_job() && (update.is_some() || rollback.is_some()) {
        let text = "update and rollback configuration is not supported for jobs";
        return Err(Failure::text(text));
    }
    // Older releases sent what they took for the defaults.
    let update = update.or_else(|| {
        (!cli.profile.insert_defaults).then_some(UpdateConfig { monitor: None, ..defaults::UPDATE })
    });
    let restart = restart_policy(cli, None)?.or_else(|| {
        let policy = RestartPolicy { delay: None, ..defaults::RESTART };
        (!cli.profile.insert_defaults).then_some(policy)
    });
    let task = TaskSpec {
        container,
        resources: resources(cli, Resources::default()),
        restart,
        placement: Placement {
            constraints: cli.matches.all("constraint").to_vec(),
            preferences: preferences(cli, "placement-pref")?,
            max_replicas: number(cli, "replicas-max-per-node").unwrap_or(0),
            platforms: Vec::new(),
        },
        log_driver: settings::log_driver(cli, None),
        ..TaskSpec::default()
    };
    let annotations =
        Annotations { name: text("name"), labels: value::map(cli.matches.all("label")) };
    let endpoint = EndpointSpec { mode: endpoint_mode(cli)?, ports: ports(cli, "publish")? };
    Ok(ServiceSpec { annotations, task, mode, update, rollback, endpoint: Some(endpoint) })
}

/// The ports a flag asks for.
pub(super) fn ports(cli: &Cli, flag: &str) -> Result<Vec<PortConfig>, Failure> {
    let texts = cli.matches.all(flag).iter();
    let read = texts.map(|text| service_ports(text).map_err(Failure::Text));
    Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The networks a flag asks for, by identifier as the command line sends them.
pub(super) async fn networks(cli: &Cli, flag: &str) -> Result<Vec<NetworkAttachment>, Failure> {
    let mut networks: Vec<NetworkAttachment> = Vec::new();
    for text in cli.matches.all(flag) {
        let mut wanted = attachment(text).map_err(Failure::Text)?;
        let found = network::details(cli, &wanted.target).await;
        let found = found.map_err(|error| cli.not_found("network", &wanted.target, error))?;
        let found = found.network;
        if !found.is_swarm {
            let name = &found.name;
            // Networks that every node has for itself are there for services since 17.06.
            if is_node_local(&found.name) && cli.profile.rollback_config {
                wanted.target = found.name;
                networks.push(wanted);
                continue;
            }
            let text = format!(
                "The network {name} cannot be used with services. Only networks scoped to the swarm \
                 can be used, such as those created with the overlay driver."
            );
            return Err(Failure::Api(daemon::api::Error::new(403, text)));
        }
        wanted.target = found.id;
        if !networks.iter().any(|known| known.target == wanted.target) {
            networks.push(wanted);
        }
    }
    networks.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(networks)
}

/// The mounts a flag asks for.
pub(super) fn mounts(cli: &Cli, flag: &str) -> Result<Vec<Mount>, Failure> {
    let texts = cli.matches.all(flag).iter();
    texts.map(|text| crate::mounts::mount(text).map_err(Failure::Text)).collect()
}

/// `name:address` as a line of `/etc/hosts`.
pub(super) fn host_line(text: &str) -> String {
    let (name, address) = text.split_once(':').unwrap_or((text, ""));
    format!("{address} {name}")
}

pub(super) fn number(cli: &Cli, flag: &str) -> Option<u64> {
    cli.flag(flag).and_then(|text| text.parse().ok())
}

pub(super) fn duration(cli: &Cli, flag: &str) -> Option<Duration> {
    cli.flag(flag).and_then(value::duration)
}

/// A command line in one text, split at blanks outside quotes.
pub(super) fn words(cli: &Cli, flag: &str) -> Vec<String> {
    let text = cli.flag(flag).unwrap_or_default();
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), char) if open == char => quote = None,
            (None, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, char) if char.is_whitespace() => words.extend(word.take()),
            (_, char) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

fn mode(cli: &Cli) -> Result<ServiceMode, Failure> {
    let has_jobs = cli.command.flags_of(cli.profile).any(|flag| flag.name() == "max-concurrent");
    let replicas = number(cli, "replicas");
    let concurrent = number(cli, "max-concurrent");
    let mode = cli.flag("mode").unwrap_or("replicated");
    let is_global = matches!(mode, "global" | "global-job");
    if is_global && replicas.is_some() {
        let modes = if has_jobs { "replicated or replicated-job mode" } else { "replicated mode" };
        return Err(Failure::text(format!("replicas can only be used with {modes}")));
    }
    if is_global && number(cli, "replicas-max-per-node").is_some_and(|max| max > 0) {
        let modes = if has_jobs { "replicated or replicated-job mode" } else { "replicated mode" };
        return Err(Failure::text(format!("replicas-max-per-node can only be used with {modes}")));
    }
    if mode != "replicated-job" && concurrent.is_some() {
        return Err(Failure::text("max-concurrent can only be used with replicated-job mode"));
    }
    match mode {
        "replicated" => Ok(ServiceMode::Replicated { replicas: replicas.unwrap_or(1) }),
        "global" => Ok(ServiceMode::Global),
        "replicated-job" if has_jobs => {
            let total_completions = replicas.unwrap_or(1);
            let max_concurrent = concurrent.or(replicas).unwrap_or(1);
            Ok(ServiceMode::ReplicatedJob { max_concurrent, total_completions })
        }
        "global-job" if has_jobs => Ok(ServiceMode::GlobalJob),
        other => Err(Failure::text(if cli.profile.init_member {
            format!("Unknown mode: {other}, only replicated and global supported")
        } else {
            format!("Unknown mode: {other}")
        })),
    }
}

pub(super) fn endpoint_mode(cli: &Cli) -> Result<EndpointMode, Failure> {
    match cli.flag("endpoint-mode").map(str::to_lowercase).as_deref() {
        None | Some("" | "vip") => Ok(EndpointMode::Vip),
        Some("dnsrr") => Ok(EndpointMode::DnsRr),
        Some(other) => {
            let text = format!("invalid Mode: {}", value::quote(other));
            Err(Failure::Api(daemon::api::Error::invalid(text)))
        }
    }
}

pub(super) fn resources(cli: &Cli, before: Resources) -> Resources {
    let amount = |cpu: &str, memory: &str, before: ResourceAmounts| {
        let cpus = cli.flag(cpu).and_then(value::nano_cpus).map(|n| i64::try_from(n).unwrap_or(0));
        let bytes = cli.flag(memory).and_then(value::bytes).map(|n| i64::try_from(n).unwrap_or(0));
        ResourceAmounts {
            nano_cpus: cpus.unwrap_or(before.nano_cpus),
            memory_bytes: bytes.unwrap_or(before.memory_bytes),
            pids: before.pids,
        }
    };
    let mut limits = amount("limit-cpu", "limit-memory", before.limits);
    if let Some(pids) = number(cli, "limit-pids") {
        limits.pids = i64::try_from(pids).unwrap_or(i64::MAX);
    }
    Resources { limits, reservations: amount("reserve-cpu", "reserve-memory", before.reservations) }
}

/// `spread=node.labels.rack`.
pub(super) fn preferences(cli: &Cli, flag: &str) -> Result<Vec<String>, Failure> {
    let texts = cli.matches.all(flag).iter();
    let read = texts.map(|text| match text.split_once('=') {
        None => Err(Failure::Status(
            "placement preference must be of the format \"<strategy>=<arg>\"".to_owned(),
            125,
        )),
        Some(("spread", key)) => Ok(key.to_owned()),
        Some((other, _)) => Err(Failure::Status(
            format!("unsupported placement preference {other} (only spread is supported)"),
            125,
        )),
    });
    read.collect()
}

/// The restart policy with what the flags change; none if they change nothing.
pub(super) fn restart_policy(
    cli: &Cli,
    before: Option<RestartPolicy>,
) -> Result<Option<RestartPolicy>, Failure> {
    let flags = ["condition", "delay", "max-attempts", "window"];
    if !flags.iter().any(|flag| cli.matches.changed(&format!("restart-{flag}"))) {
        return Ok(before);
    }
    let mut policy = before.unwrap_or(defaults::RESTART);
    if let Some(text) = cli.flag("restart-condition") {
        policy.condition = match text {
            "none" => RestartCondition::None,
            "on-failure" => RestartCondition::OnFailure,
            "any" => RestartCondition::Any,
            other => {
                let text = format!("invalid RestartCondition: {}", value::quote(other));
                return Err(Failure::Api(daemon::api::Error::invalid(text)));
            }
        };
    }
    policy.delay = duration(cli, "restart-delay").or(policy.delay);
    policy.max_attempts = number(cli, "restart-max-attempts").unwrap_or(policy.max_attempts);
    policy.window = duration(cli, "restart-window").or(policy.window);
    Ok(Some(policy))
}

/// The update or rollback settings with what the flags change; none if they change nothing.
pub(super) fn update_config(
    cli: &Cli,
    prefix: &str,
    before: Option<UpdateConfig>,
) -> Result<Option<UpdateConfig>, Failure> {
    let flag = |name: &str| cli.flag(&format!("{prefix}-{name}"));
    let names = ["parallelism", "delay", "monitor", "failure-action", "max-failure-ratio", "order"];
    if !names.iter().any(|name| flag(name).is_some()) {
        return Ok(before);
    }
    let mut config = before.unwrap_or(defaults::UPDATE);
    if let Some(count) = flag("parallelism").and_then(|text| text.parse().ok()) {
        config.parallelism = count;
    }
    config.delay = flag("delay").and_then(value::duration).unwrap_or(config.delay);
    config.monitor = flag("monitor").and_then(value::duration).or(config.monitor);
    if let Some(ratio) = flag("max-failure-ratio").and_then(value::ratio_ppm) {
        config.max_failure_ratio_ppm = ratio;
    }
    let unknown = |what: &str, text: &str| {
        let text = format!("unrecognized update {what} {text}");
        Failure::Api(daemon::api::Error::invalid(text))
    };
    if let Some(text) = flag("failure-action") {
        config.failure_action = match text {
            "pause" => FailureAction::Pause,
            "continue" => FailureAction::Continue,
            "rollback" if prefix == "update" && cli.profile.rollback_config => {
                FailureAction::Rollback
            }
            other => return Err(unknown("failure action", other)),
        };
    }
    if let Some(text) = flag("order") {
        config.order = match text {
            "stop-first" => UpdateOrder::StopFirst,
            "start-first" => UpdateOrder::StartFirst,
            other => return Err(unknown("order", other)),
        };
    }
    Ok(Some(config))
}

/// References to the secrets that `--secret` values name. The lookup is by exact name.
pub(super) async fn secret_references(
    cli: &Cli,
    texts: &[String],
) -> Result<Vec<SecretReference>, Failure> {
    let mut wanted = Vec::new();
    let mut targets = SortedSet::new();
    for text in texts {
        let one = secret_reference(cli.profile, text).map_err(Failure::Text)?;
        if !targets.insert(one.file.name.clone()) {
            let text = format!("duplicate secret target for {} not allowed", one.name);
            return Err(Failure::text(text));
        }
        wanted.push(one);
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = Filters::default();
    wanted.iter().for_each(|one| names.add("names", &one.name));
    let found = secret::secrets(cli, names.for_swarm(Kind::Secret)?).await?;
    wanted
        .into_iter()
        .map(|one| {
            let known = found.iter().find(|secret| secret.spec.annotations.name == one.name);
            let Some(known) = known else {
                return Err(Failure::text(format!("secret not found: {}", one.name)));
            };
            let secret_id: Id = known.id.clone();
            Ok(SecretReference { secret_id, secret_name: one.name, file: Some(one.file) })
        })
        .collect()
}

/// References to the configs that `--config` values name.
pub(super) async fn config_references(
    cli: &Cli,
    texts: &[String],
) -> Result<Vec<ConfigReference>, Failure> {
    let mut wanted = Vec::new();
    let mut targets = SortedSet::new();
    for text in texts {
        let one = config_reference(cli.profile, text).map_err(Failure::Text)?;
        if !targets.insert(one.file.name.clone()) {
            let text = format!("duplicate config target for {} not allowed", one.name);
            return Err(Failure::text(text));
        }
        wanted.push(one);
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = Filters::default();
    wanted.iter().for_each(|one| names.add("names", &one.name));
    let found = config::configs(cli, names.for_swarm(Kind::Config)?).await?;
    wanted
        .into_iter()
        .map(|one| {
            let known = found.iter().find(|config| config.spec.annotations.name == one.name);
            let Some(known) = known else {
                return Err(Failure::text(format!("config not found: {}", one.name)));
            };
            Ok(ConfigReference {
                config_id: known.id.clone(),
                config_name: one.name,
                file: Some(one.file),
                runtime: false,
            })
        })
        .collect()
}
