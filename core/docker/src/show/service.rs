//! Services as `inspect` shows them.

use serde_json::{Value as Json, json};
use swarm::objects::{
    ConfigReference, ContainerSpec, Endpoint, EndpointMode, EndpointSpec, FailureAction,
    FileTarget, Mount, PortConfig, PublishMode, ResourceAmounts, Resources, RestartPolicy,
    SecretReference, Service, ServiceMode, ServiceSpec, TaskSpec, UpdateConfig, UpdateOrder,
    defaults,
};

use super::{Form, Style, annotations, driver, head, nanos, texts, time};
use crate::output::time::ZERO;

/// A service.
pub(crate) fn service(style: Style, service: &Service) -> Json {
    let mut object = head(style, &service.id, &service.meta);
    object.put("Spec", spec(style, &service.spec));
    object.some("PreviousSpec", service.previous_spec.as_ref().map(|old| spec(style, old)));
    object.put("Endpoint", endpoint(style, service.endpoint.as_ref()));
    match &service.update_status {
        Some(update) => {
            let mut status = style.object();
            status.fill("State", update.state.word());
            status.some("StartedAt", update.started_at.map(time));
            status.some("CompletedAt", update.completed_at.map(time));
            if style.profile.zero_update_status && update.completed_at.is_none() {
                status.put("CompletedAt", ZERO);
            }
            status.fill("Message", update.message.clone());
            object.put("UpdateStatus", status.json());
        }
        None if style.profile.zero_update_status => {
            object.put("UpdateStatus", json!({"StartedAt": ZERO, "CompletedAt": ZERO}));
        }
        None => {}
    }
    if let Some(job) = &service.job_status {
        let iteration = style.object().fill("Index", job.iteration).json();
        let status = json!({"JobIteration": iteration, "LastExecution": time(job.last_execution)});
        object.put("JobStatus", status);
    }
    object.json()
}

fn spec(style: Style, spec: &ServiceSpec) -> Json {
    let fill = style.profile.insert_defaults;
    let mut object = annotations(style, &spec.annotations);
    object.put("TaskTemplate", task_spec(style, &spec.task));
    object.put("Mode", mode(style, &spec.mode));
    let default = || (fill && !spec.mode.is_job()).then_some(defaults::UPDATE);
    let update = spec.update.or_else(default);
    object.some("UpdateConfig", update.map(|config| update_config(style, &config)));
    if style.profile.rollback_config {
        let rollback = spec.rollback.or_else(default);
        object.some("RollbackConfig", rollback.map(|config| update_config(style, &config)));
    }
    let networks: Vec<Json> = spec.task.networks.iter().map(|one| network(style, one)).collect();
    if !style.profile.insert_defaults {
        object.fill("Networks", networks);
    }
    let shown = spec.endpoint.as_ref().map(|spec| endpoint_spec(style, spec));
    let shown = shown.or_else(|| fill.then(|| json!({"Mode": "vip"})));
    object.some("EndpointSpec", shown).json()
}

fn network(style: Style, network: &swarm::objects::NetworkAttachment) -> Json {
    let mut object = style.object();
    object.fill("Target", network.target.clone()).fill("Aliases", network.aliases.clone()).json()
}

/// What each task of a service is.
pub(crate) fn task_spec(style: Style, spec: &TaskSpec) -> Json {
    let fill = style.profile.insert_defaults;
    let mut object = style.object();
    object.put("ContainerSpec", container(style, &spec.container));
    object.put("Resources", resources(style, &spec.resources));
    let default = || fill.then_some(defaults::RESTART);
    let restart = spec.restart.or_else(default);
    object.some("RestartPolicy", restart.map(|policy| restart_policy(style, &policy)));
    let mut placement = style.object();
    placement.fill("Constraints", spec.placement.constraints.clone());
    let preferences: Vec<Json> = spec
        .placement
        .preferences
        .iter()
        .map(|key| json!({"Spread": {"SpreadDescriptor": key}}))
        .collect();
    placement.fill("Preferences", preferences);
    placement.fill("MaxReplicas", spec.placement.max_replicas);
    if style.profile.insert_defaults {
        let platforms: Vec<Json> = spec
            .placement
            .platforms
            .iter()
            .map(|(os, arch)| {
                let mut platform = style.object();
                platform.fill("Architecture", arch.clone()).fill("OS", os.clone()).json()
            })
            .collect();
        placement.fill("Platforms", platforms);
    }
    object.put("Placement", placement.json());
    let networks: Vec<Json> = spec.networks.iter().map(|one| network(style, one)).collect();
    object.fill("Networks", networks);
    object.some("LogDriver", spec.log_driver.as_ref().map(|one| driver(style, one)));
    object.put("ForceUpdate", spec.force_update);
    if style.profile.rollback_config {
        object.put("Runtime", "container");
    }
    object.json()
}

fn container(style: Style, spec: &ContainerSpec) -> Json {
    let profile = style.profile;
    let mut object = style.object();
    object.fill("Image", spec.image.clone()).fill("Labels", texts(&spec.labels));
    object.fill("Command", spec.command.clone()).fill("Args", spec.args.clone());
    object.fill("Hostname", spec.hostname.clone()).fill("Env", spec.env.clone());
    object.fill("Dir", spec.dir.clone()).fill("User", spec.user.clone());
    object.fill("Groups", spec.groups.clone());
    if profile.init_member {
        object.put("Init", spec.init.unwrap_or(false));
    }
    object.fill("StopSignal", spec.stop_signal.clone());
    object.fill("TTY", spec.tty).fill("OpenStdin", spec.open_stdin);
    object.fill("ReadOnly", spec.read_only);
    object.fill("Mounts", spec.mounts.iter().map(|one| mount(style, one)).collect::<Vec<_>>());
    let default = || profile.insert_defaults.then_some(defaults::STOP_GRACE_PERIOD);
    object.some("StopGracePeriod", spec.stop_grace_period.or_else(default).map(nanos));
    object.some(
        "Healthcheck",
        spec.healthcheck.as_ref().map(|check| {
            let mut shown = style.object();
            shown.fill("Test", check.test.clone());
            shown.some("Interval", check.interval.map(nanos));
            shown.some("Timeout", check.timeout.map(nanos));
            shown.some("StartPeriod", check.start_period.map(nanos));
            shown.some("StartInterval", check.start_interval.map(nanos));
            shown.fill("Retries", check.retries).json()
        }),
    );
    object.fill("Hosts", spec.hosts.clone());
    let mut dns = style.object();
    dns.fill("Nameservers", spec.dns.nameservers.clone());
    dns.fill("Search", spec.dns.search.clone()).fill("Options", spec.dns.options.clone());
    object.put("DNSConfig", dns.json());
    object.fill("Secrets", spec.secrets.iter().map(secret_reference).collect::<Vec<_>>());
    object.fill("Configs", spec.configs.iter().map(config_reference).collect::<Vec<_>>());
    if profile.init_member {
        let isolation = if spec.isolation.is_empty() { "default" } else { &spec.isolation };
        object.put("Isolation", isolation);
    }
    object.fill("Sysctls", texts(&spec.sysctls));
    let limits = spec.ulimits.iter();
    let limits = limits.map(|(name, soft, hard)| json!({"Name": name, "Hard": hard, "Soft": soft}));
    object.fill("CapabilityAdd", spec.cap_add.clone());
    object.fill("CapabilityDrop", spec.cap_drop.clone());
    object.fill("Ulimits", limits.collect::<Vec<_>>());
    object.json()
}

fn file(target: &FileTarget) -> Json {
    json!({"Name": target.name, "UID": target.uid, "GID": target.gid, "Mode": target.mode})
}

fn secret_reference(reference: &SecretReference) -> Json {
    json!({
        "File": reference.file.as_ref().map(file),
        "SecretID": reference.secret_id.as_str(),
        "SecretName": reference.secret_name,
    })
}

fn config_reference(reference: &ConfigReference) -> Json {
    let mut object = serde_json::Map::new();
    if let Some(target) = &reference.file {
        object.insert("File".to_owned(), file(target));
    }
    if reference.runtime {
        object.insert("Runtime".to_owned(), json!({}));
    }
    object.insert("ConfigID".to_owned(), reference.config_id.as_str().into());
    object.insert("ConfigName".to_owned(), reference.config_name.clone().into());
    Json::Object(object)
}

fn mount(style: Style, mount: &Mount) -> Json {
    let mut object = style.object();
    object.put("Type", mount.kind.word()).fill("Source", mount.source.clone());
    object.fill("Target", mount.target.clone()).fill("ReadOnly", mount.read_only);
    object.fill("Consistency", mount.consistency.clone());
    if let Some(bind) = &mount.bind {
        let mut options = style.object();
        object.put("BindOptions", options.fill("Propagation", bind.propagation.clone()).json());
    }
    if let Some(volume) = &mount.volume {
        let mut options = style.object();
        options.fill("NoCopy", volume.no_copy).fill("Labels", texts(&volume.labels));
        options.some("DriverConfig", volume.driver.as_ref().map(|one| driver(style, one)));
        object.put("VolumeOptions", options.json());
    }
    if let Some(tmpfs) = &mount.tmpfs {
        let mut options = style.object();
        options.fill("SizeBytes", tmpfs.size_bytes).fill("Mode", tmpfs.mode);
        object.put("TmpfsOptions", options.json());
    }
    object.json()
}

fn resources(style: Style, resources: &Resources) -> Json {
    let amounts = |amounts: &ResourceAmounts| {
        let mut object = style.object();
        object.fill("NanoCPUs", amounts.nano_cpus).fill("MemoryBytes", amounts.memory_bytes);
        if amounts.pids != 0 {
            object.put("Pids", amounts.pids);
        }
        object.json()
    };
    json!({
        "Limits": amounts(&resources.limits),
        "Reservations": amounts(&resources.reservations),
    })
}

fn restart_policy(style: Style, policy: &RestartPolicy) -> Json {
    let mut object = style.object();
    object.put("Condition", policy.condition.word());
    let default = || style.profile.insert_defaults.then_some(defaults::RESTART_DELAY);
    object.some("Delay", policy.delay.or_else(default).map(nanos));
    object.put("MaxAttempts", policy.max_attempts);
    object.some("Window", policy.window.map(nanos)).json()
}

fn mode(style: Style, mode: &ServiceMode) -> Json {
    match mode {
        ServiceMode::Replicated { replicas } => json!({"Replicated": {"Replicas": replicas}}),
        ServiceMode::Global => json!({"Global": {}}),
        ServiceMode::ReplicatedJob { max_concurrent, total_completions } => {
            let mut job = style.object();
            job.put("MaxConcurrent", *max_concurrent).put("TotalCompletions", *total_completions);
            json!({"ReplicatedJob": job.json()})
        }
        ServiceMode::GlobalJob => json!({"GlobalJob": {}}),
    }
}

/// A ratio of millionths as a JSON number with as many decimals as needed.
fn ratio(ppm: u32) -> Json {
    if ppm.is_multiple_of(1_000_000) {
        return Json::from(ppm / 1_000_000);
    }
    let text = format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000);
    serde_json::from_str(text.trim_end_matches('0')).unwrap_or(Json::Null)
}

fn update_config(style: Style, config: &UpdateConfig) -> Json {
    let mut object = style.object();
    object.put("Parallelism", config.parallelism);
    object.fill("Delay", nanos(config.delay));
    object.put(
        "FailureAction",
        match config.failure_action {
            FailureAction::Pause => "pause",
            FailureAction::Continue => "continue",
            FailureAction::Rollback => "rollback",
        },
    );
    let default = || style.profile.insert_defaults.then_some(defaults::MONITOR);
    object.some("Monitor", config.monitor.or_else(default).map(nanos));
    object.put("MaxFailureRatio", ratio(config.max_failure_ratio_ppm));
    if style.profile.rollback_config {
        object.put(
            "Order",
            match config.order {
                UpdateOrder::StopFirst => "stop-first",
                UpdateOrder::StartFirst => "start-first",
            },
        );
    }
    object.json()
}

fn port(style: Style, port: &PortConfig) -> Json {
    let mut object = style.object();
    object.fill("Name", port.name.clone()).put("Protocol", port.protocol.word());
    object.fill("TargetPort", port.target_port).fill("PublishedPort", port.published_port);
    object.put(
        "PublishMode",
        match port.publish_mode {
            PublishMode::Ingress => "ingress",
            PublishMode::Host => "host",
        },
    );
    object.json()
}

fn endpoint_spec(style: Style, spec: &EndpointSpec) -> Json {
    let mut object = style.object();
    object.put(
        "Mode",
        match spec.mode {
            EndpointMode::Vip => "vip",
            EndpointMode::DnsRr => "dnsrr",
        },
    );
    object.fill("Ports", spec.ports.iter().map(|one| port(style, one)).collect::<Vec<_>>()).json()
}

fn endpoint(style: Style, endpoint: Option<&Endpoint>) -> Json {
    let Some(endpoint) = endpoint else {
        return match style.form {
            Form::Printed => json!({"Spec": {}}),
            Form::Typed => {
                json!({"Spec": {"Mode": "", "Ports": []}, "Ports": [], "VirtualIPs": []})
            }
        };
    };
    // A service without ports and networks has nothing allocated.
    let is_bare = endpoint.ports.is_empty() && endpoint.virtual_ips.is_empty();
    let spec = if is_bare { json!({}) } else { endpoint_spec(style, &endpoint.spec) };
    let mut object = style.object();
    object.put("Spec", spec);
    object.fill("Ports", endpoint.ports.iter().map(|one| port(style, one)).collect::<Vec<_>>());
    let ips: Vec<Json> = endpoint
        .virtual_ips
        .iter()
        .map(|ip| json!({"NetworkID": ip.network_id.as_str(), "Addr": ip.addr}))
        .collect();
    object.fill("VirtualIPs", ips).json()
}
