//! What a service of a compose file means for a swarm (docker/cli: `cli/compose/convert/service.go`).

use compose::{Node, Value};
use swarm::objects::{
    Annotations, BindOptions, ContainerSpec, DnsConfig, Driver, EndpointMode, EndpointSpec,
    FailureAction, Healthcheck, Mount, MountKind, NetworkAttachment, Placement, PortConfig,
    PortProtocol, PublishMode, ResourceAmounts, Resources, RestartCondition, RestartPolicy,
    ServiceMode, ServiceSpec, TaskSpec, TmpfsOptions, UpdateConfig, UpdateOrder, VolumeOptions,
    defaults,
};

use super::convert::{Files, IMAGE, Namespace, count, flag, list, span, texts};
use crate::value;

/// A service.
pub(super) fn service(
    namespace: Namespace<'_>,
    root: &Node,
    (key, node): (&str, &Node),
    files: Files,
    defaults_are_sent: bool,
) -> Result<ServiceSpec, String> {
    let empty = Node::at(node.place, Value::Map(Vec::new()));
    let deploy = node.get("deploy").filter(|deploy| deploy.value != Value::Null).unwrap_or(&empty);
    let image = node.text_of("image");
    let mut labels = namespace.labels(deploy.get("labels"));
    if defaults_are_sent {
        labels.insert(IMAGE.to_owned(), image);
    }
    let placement = deploy.get("placement").unwrap_or(&empty);
    let spread = placement.get("preferences").map_or(&[][..], Node::items).iter();
    let task = TaskSpec {
        container: container(namespace, root, node, files)?,
        resources: resources(deploy)?,
        restart: restart(node, deploy)?,
        placement: Placement {
            constraints: list(placement, "constraints"),
            preferences: spread.map(|item| item.text_of("spread")).collect(),
            max_replicas: count(placement, "max_replicas_per_node").unwrap_or(0),
            platforms: Vec::new(),
        },
        networks: attachments(namespace, root, key, node)?,
        log_driver: node.get("logging").map(|logging| Driver {
            name: logging.text_of("driver"),
            options: texts(logging.get("options")),
        }),
        ..TaskSpec::default()
    };
    Ok(ServiceSpec {
        annotations: Annotations { name: namespace.scope(key), labels },
        task,
        mode: mode(deploy)?,
        update: update(deploy.get("update_config"))?,
        rollback: update(deploy.get("rollback_config"))?,
        endpoint: Some(endpoint(node, deploy)?),
    })
}

fn container(
    namespace: Namespace<'_>,
    root: &Node,
    node: &Node,
    files: Files,
) -> Result<ContainerSpec, String> {
    let mut env: Vec<String> = Vec::new();
    for (key, value) in node.get("environment").map_or(&[][..], Node::entries) {
        env.push(value.text().map_or_else(|| key.clone(), |value| format!("{key}={value}")));
    }
    env.sort();
    let hosts = list(node, "extra_hosts");
    let hosts = hosts.iter().map(|line| {
        let (name, address) = line.split_once(':').unwrap_or((line, ""));
        format!("{address} {name}")
    });
    Ok(ContainerSpec {
        image: node.text_of("image"),
        labels: namespace.labels(node.get("labels")),
        command: list(node, "entrypoint"),
        args: list(node, "command"),
        hostname: node.text_of("hostname"),
        env,
        dir: node.text_of("working_dir"),
        user: node.text_of("user"),
        stop_signal: node.text_of("stop_signal"),
        stop_grace_period: span(node, "stop_grace_period"),
        tty: flag(node, "tty"),
        open_stdin: flag(node, "stdin_open"),
        read_only: flag(node, "read_only"),
        mounts: mounts(namespace, root, node)?,
        healthcheck: healthcheck(node)?,
        hosts: hosts.collect(),
        dns: DnsConfig {
            nameservers: list(node, "dns"),
            search: list(node, "dns_search"),
            options: Vec::new(),
        },
        secrets: files.secrets,
        configs: files.configs,
        init: node.get("init").map(Node::is_true),
        isolation: node.text_of("isolation"),
        cap_add: list(node, "cap_add"),
        cap_drop: list(node, "cap_drop"),
        sysctls: texts(node.get("sysctls")),
        ..ContainerSpec::default()
    })
}

fn mounts(namespace: Namespace<'_>, root: &Node, node: &Node) -> Result<Vec<Mount>, String> {
    let mut mounts = Vec::new();
    for item in node.get("volumes").map_or(&[][..], Node::items) {
        let (kind, source) = (item.text_of("type"), item.text_of("source"));
        let mut mount = Mount {
            kind: match kind.as_str() {
                "" | "volume" => MountKind::Volume,
                "bind" => MountKind::Bind,
                "tmpfs" => MountKind::Tmpfs,
                other => {
                    return Err(format!(
                        "volume type must be volume, bind, tmpfs or npipe: {other}"
                    ));
                }
            },
            target: item.text_of("target"),
            read_only: flag(item, "read_only"),
            consistency: item.text_of("consistency"),
            source,
            ..Mount::default()
        };
        if let Some(bind) = item.get("bind") {
            if mount.kind != MountKind::Bind {
                return Err(format!("bind options are incompatible with type {kind}"));
            }
            let propagation = bind.text_of("propagation");
            mount.bind = Some(BindOptions { propagation, ..BindOptions::default() });
        }
        if let Some(tmpfs) = item.get("tmpfs") {
            let size_bytes = tmpfs.get("size").and_then(Node::int).unwrap_or(0);
            mount.tmpfs = Some(TmpfsOptions { size_bytes, ..TmpfsOptions::default() });
        }
        if mount.kind == MountKind::Volume && !mount.source.is_empty() {
            let key = mount.source.clone();
            let known = root.get("volumes").and_then(|all| all.get(&key));
            let known = known.ok_or_else(|| format!("undefined volume {}", value::quote(&key)))?;
            mount.source = namespace.name_of(known, &key);
            let mut options = VolumeOptions {
                no_copy: item.get("volume").is_some_and(|volume| flag(volume, "nocopy")),
                ..VolumeOptions::default()
            };
            if !flag(known, "external") {
                options.labels = namespace.labels(known.get("labels"));
                let driver = Driver {
                    name: known.text_of("driver"),
                    options: texts(known.get("driver_opts")),
                };
                options.driver = (driver != Driver::default()).then_some(driver);
            }
            mount.volume = Some(options);
        }
        mounts.push(mount);
    }
    for target in list(node, "tmpfs") {
        let target = target.split(':').next().unwrap_or_default().to_owned();
        mounts.push(Mount { kind: MountKind::Tmpfs, target, ..Mount::default() });
    }
    mounts.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(mounts)
}

fn healthcheck(node: &Node) -> Result<Option<Healthcheck>, String> {
    let Some(check) = node.get("healthcheck") else { return Ok(None) };
    let test = list(check, "test");
    if flag(check, "disable") {
        if !test.is_empty() {
            return Err("test and disable can't be set at the same time".to_owned());
        }
        return Ok(Some(Healthcheck { test: vec!["NONE".to_owned()], ..Healthcheck::default() }));
    }
    Ok(Some(Healthcheck {
        test,
        interval: span(check, "interval"),
        timeout: span(check, "timeout"),
        start_period: span(check, "start_period"),
        start_interval: None,
        retries: count(check, "retries").and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
    }))
}

fn resources(deploy: &Node) -> Result<Resources, String> {
    let amounts = |key: &str| -> Result<ResourceAmounts, String> {
        let all = deploy.get("resources").and_then(|resources| resources.get(key));
        let Some(all) = all else { return Ok(ResourceAmounts::default()) };
        let (cpus, memory) = (all.text_of("cpus"), all.text_of("memory"));
        let nano_cpus = match value::nano_cpus(&cpus) {
            Some(nanos) => nanos,
            None if cpus.is_empty() => 0,
            None => return Err(format!("failed to parse {cpus} as a rational number")),
        };
        let bytes = match value::bytes(&memory) {
            Some(bytes) => bytes,
            None if memory.is_empty() => 0,
            None => return Err(format!("invalid size: '{memory}'")),
        };
        Ok(ResourceAmounts {
            nano_cpus: i64::try_from(nano_cpus).unwrap_or(i64::MAX),
            memory_bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            pids: all.get("pids").and_then(Node::int).unwrap_or(0),
        })
    };
    Ok(Resources { limits: amounts("limits")?, reservations: amounts("reservations")? })
}

/// `deploy.restart_policy`, or what `restart` means although it is said to be passed over.
fn restart(node: &Node, deploy: &Node) -> Result<Option<RestartPolicy>, String> {
    let policy = |condition, max_attempts| {
        Some(RestartPolicy { condition, max_attempts, delay: None, window: None })
    };
    let Some(asked) = deploy.get("restart_policy") else {
        let text = node.text_of("restart");
        let (word, attempts) = text.split_once(':').unwrap_or((&text, ""));
        let attempts = match attempts {
            "" => 0,
            text => {
                text.parse().map_err(|_| "maximum retry count must be an integer".to_owned())?
            }
        };
        return match word {
            "" | "no" => Ok(None),
            "always" | "unless-stopped" => Ok(policy(RestartCondition::Any, 0)),
            "on-failure" => Ok(policy(RestartCondition::OnFailure, attempts)),
            other => Err(format!("unknown restart policy: {other}")),
        };
    };
    let condition = match asked.text_of("condition").as_str() {
        "" | "any" => RestartCondition::Any,
        "none" => RestartCondition::None,
        "on-failure" => RestartCondition::OnFailure,
        other => return Err(format!("unknown restart condition: {other}")),
    };
    Ok(Some(RestartPolicy {
        condition,
        delay: span(asked, "delay"),
        max_attempts: count(asked, "max_attempts").unwrap_or(0),
        window: span(asked, "window"),
    }))
}

fn mode(deploy: &Node) -> Result<ServiceMode, String> {
    let replicas = count(deploy, "replicas");
    match deploy.text_of("mode").as_str() {
        "" | "replicated" => Ok(ServiceMode::Replicated { replicas: replicas.unwrap_or(1) }),
        "global" | "global-job" if replicas.is_some() => {
            Err("replicas can only be used with replicated mode".to_owned())
        }
        "global" => Ok(ServiceMode::Global),
        "global-job" => Ok(ServiceMode::GlobalJob),
        "replicated-job" => {
            let total_completions = replicas.unwrap_or(1);
            Ok(ServiceMode::ReplicatedJob { max_concurrent: total_completions, total_completions })
        }
        other => Err(format!("Unknown mode: {other}")),
    }
}

fn update(node: Option<&Node>) -> Result<Option<UpdateConfig>, String> {
    let Some(node) = node else { return Ok(None) };
    let ratio = node.text_of("max_failure_ratio");
    Ok(Some(UpdateConfig {
        parallelism: count(node, "parallelism").unwrap_or(1),
        delay: span(node, "delay").unwrap_or_default(),
        failure_action: match node.text_of("failure_action").as_str() {
            "" | "pause" => FailureAction::Pause,
            "continue" => FailureAction::Continue,
            "rollback" => FailureAction::Rollback,
            other => return Err(format!("unrecognized update failure action {other}")),
        },
        monitor: span(node, "monitor").or(defaults::UPDATE.monitor),
        max_failure_ratio_ppm: value::ratio_ppm(&ratio).unwrap_or(0),
        order: match node.text_of("order").as_str() {
            "" | "stop-first" => UpdateOrder::StopFirst,
            "start-first" => UpdateOrder::StartFirst,
            other => return Err(format!("unrecognized update order {other}")),
        },
    }))
}

fn endpoint(node: &Node, deploy: &Node) -> Result<EndpointSpec, String> {
    let mut ports = Vec::new();
    for item in node.get("ports").map_or(&[][..], Node::items) {
        let number = |key: &str| {
            count(item, key).and_then(|port| u32::try_from(port).ok()).unwrap_or_default()
        };
        let all = [PortProtocol::Tcp, PortProtocol::Udp, PortProtocol::Sctp];
        let word = item.text_of("protocol");
        ports.push(PortConfig {
            name: String::new(),
            protocol: all.into_iter().find(|known| known.word() == word).unwrap_or_default(),
            target_port: number("target"),
            published_port: number("published"),
            publish_mode: match item.text_of("mode").as_str() {
                "host" => PublishMode::Host,
                "" | "ingress" => PublishMode::Ingress,
                other => return Err(format!("invalid publish mode {other}")),
            },
        });
    }
    ports.sort_by_key(|port| port.published_port);
    let mode = match deploy.text_of("endpoint_mode").to_lowercase().as_str() {
        "" | "vip" => EndpointMode::Vip,
        "dnsrr" => EndpointMode::DnsRr,
        other => return Err(format!("invalid Mode: {}", value::quote(other))),
    };
    Ok(EndpointSpec { mode, ports })
}

/// In each network the service answers to its name in the file, too.
fn attachments(
    namespace: Namespace<'_>,
    root: &Node,
    key: &str,
    node: &Node,
) -> Result<Vec<NetworkAttachment>, String> {
    let mut all = Vec::new();
    for (name, place) in node.get("networks").map_or(&[][..], Node::entries) {
        let known = root.get("networks").and_then(|all| all.get(name));
        let target = match known {
            Some(known) => namespace.name_of(known, name),
            None if name == "default" => namespace.scope(name),
            None => return Err(format!("undefined network {}", value::quote(name))),
        };
        let mut aliases = list(place, "aliases");
        aliases.push(key.to_owned());
        all.push(NetworkAttachment { target, aliases });
    }
    all.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(all)
}
