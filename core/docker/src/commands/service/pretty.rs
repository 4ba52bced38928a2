//! `docker service inspect --pretty`.

use swarm::objects::{
    ContainerSpec, EndpointMode, FailureAction, PublishMode, Service, ServiceMode, UpdateConfig,
    UpdateOrder, defaults,
};

use crate::cli::Cli;
use crate::output::units::{bytes_size, human_duration};

pub(super) fn text(cli: &Cli, service: &Service, networks: &[String]) -> String {
    let spec = &service.spec;
    let mut text = format!("\nID:\t\t{}\nName:\t\t{}\n", service.id, spec.annotations.name);
    if !spec.annotations.labels.is_empty() {
        text += "Labels:\n";
        for (key, value) in &spec.annotations.labels {
            text += &format!(" {key}={value}\n");
        }
    }
    text += "Service Mode:\t";
    text += &match &spec.mode {
        ServiceMode::Replicated { replicas } => format!("Replicated\n Replicas:\t{replicas}\n"),
        ServiceMode::Global => "Global\n".to_owned(),
        ServiceMode::ReplicatedJob { max_concurrent, total_completions } => format!(
            "ReplicatedJob\n Max Concurrent:\t{max_concurrent}\n Total \
             Completions:\t{total_completions}\n"
        ),
        ServiceMode::GlobalJob => "GlobalJob\n".to_owned(),
    };
    if let Some(update) = &service.update_status {
        text += &format!("UpdateStatus:\n State:\t\t{}\n", update.state.word());
        let now = cli.proc.wall();
        let ago = |then| human_duration(cli.profile, now.since(then)).to_lowercase();
        if let Some(then) = update.started_at {
            text += &format!(" Started:\t{} ago\n", ago(then));
        }
        if let Some(then) = update.completed_at {
            text += &format!(" Completed:\t{} ago\n", ago(then));
        }
        text += &format!(" Message:\t{}\n", update.message);
    }
    text += "Placement:\n";
    let placement = &spec.task.placement;
    if !placement.constraints.is_empty() {
        text += &format!(" Constraints:\t[{}]\n", placement.constraints.join(" "));
    }
    if !placement.preferences.is_empty() {
        let keys: Vec<String> =
            placement.preferences.iter().map(|key| format!("spread={key}")).collect();
        text += &format!(" Preferences:   [{}]\n", keys.join(" "));
    }
    if placement.max_replicas > 0 {
        text += &format!(" Max Replicas Per Node:   {}\n", placement.max_replicas);
    }
    let filled = |config: Option<UpdateConfig>| {
        config.or_else(|| cli.profile.insert_defaults.then_some(defaults::UPDATE))
    };
    let has_order = cli.profile.rollback_config;
    if let Some(config) = filled(spec.update) {
        text += &update_config("UpdateConfig", " Update order:      ", &config, has_order);
    }
    if let Some(config) = filled(spec.rollback).filter(|_| has_order) {
        text += &update_config("RollbackConfig", " Rollback order:    ", &config, has_order);
    }
    text += &container(service, cli.profile.init_member);
    text += &log_driver(service);
    text += &resources(service, cli.profile.size_gap);
    if !networks.is_empty() {
        text += &format!("Networks: {} \n", networks.join(" "));
    }
    text + &endpoint(service)
}

fn endpoint(service: &Service) -> String {
    let mode = service.spec.endpoint.as_ref().map_or(EndpointMode::Vip, |endpoint| endpoint.mode);
    let mode = if mode == EndpointMode::DnsRr { "dnsrr" } else { "vip" };
    let ports = service.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
    let mut shown: Vec<String> = Vec::new();
    for port in ports {
        let publish = if port.publish_mode == PublishMode::Host { "host" } else { "ingress" };
        shown.push(format!(
            " PublishedPort = {}\n  Protocol = {}\n  TargetPort = {}\n  PublishMode = {publish}",
            port.published_port,
            port.protocol.word(),
            port.target_port
        ));
    }
    if shown.is_empty() {
        return format!("Endpoint Mode:\t{mode}\n");
    }
    // The blank at the end is the template's.
    format!("Endpoint Mode:\t{mode}\nPorts:\n{} \n", shown.join("\n"))
}

fn update_config(title: &str, order: &str, config: &UpdateConfig, has_order: bool) -> String {
    let mut text = format!("{title}:\n Parallelism:\t{}\n", config.parallelism);
    if config.delay != sim::Duration::ZERO {
        text += &format!(" Delay:\t\t{}\n", config.delay);
    }
    text += &format!(
        " On failure:\t{}\n",
        match config.failure_action {
            FailureAction::Pause => "pause",
            FailureAction::Continue => "continue",
            FailureAction::Rollback => "rollback",
        }
    );
    if let Some(monitor) = config.monitor {
        text += &format!(" Monitoring Period: {monitor}\n");
    }
    let ppm = config.max_failure_ratio_ppm;
    let ratio = format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000);
    text += &format!(" Max failure ratio: {}\n", ratio.trim_end_matches('0').trim_end_matches('.'));
    if has_order {
        let word = match config.order {
            UpdateOrder::StopFirst => "stop-first",
            UpdateOrder::StartFirst => "start-first",
        };
        text += &format!("{order}{word}\n");
    }
    text
}

fn container(service: &Service, has_init: bool) -> String {
    let spec = &service.spec.task.container;
    let mut text = format!("ContainerSpec:\n Image:\t\t{}\n", spec.image);
    if !spec.args.is_empty() {
        text += &format!(" Args:\t\t{} \n", spec.args.join(" "));
    }
    if !spec.env.is_empty() {
        text += &format!(" Env:\t\t{} \n", spec.env.join(" "));
    }
    if !spec.dir.is_empty() {
        text += &format!(" Dir:\t\t{}\n", spec.dir);
    }
    if has_init && let Some(init) = spec.init {
        text += &format!(" Init:\t\t{init}\n");
    }
    if !spec.user.is_empty() {
        text += &format!(" User: {}\n", spec.user);
    }
    text += &kernel(spec);
    if !spec.mounts.is_empty() {
        text += "Mounts:\n";
    }
    for mount in &spec.mounts {
        let (target, source, kind) = (&mount.target, &mount.source, mount.kind.word());
        text += &format!(
            " Target:\t{target}\n  Source:\t{source}\n  ReadOnly:\t{}\n  Type:\t\t{kind}\n",
            mount.read_only
        );
    }
    if !spec.configs.is_empty() {
        text += "Configs:\n";
        for one in &spec.configs {
            let target = one.file.as_ref().map_or("", |file| file.name.as_str());
            text += &format!(" Target:\t{target}\n  Source:\t{}\n", one.config_name);
        }
    }
    if !spec.secrets.is_empty() {
        text += "Secrets:\n";
        for one in &spec.secrets {
            let target = one.file.as_ref().map_or("", |file| file.name.as_str());
            text += &format!(" Target:\t{target}\n  Source:\t{}\n", one.secret_name);
        }
    }
    text
}

/// Capabilities, kernel settings and limits.
fn kernel(spec: &ContainerSpec) -> String {
    let mut text = String::new();
    if !spec.cap_add.is_empty() || !spec.cap_drop.is_empty() {
        text += "Capabilities:\n";
    }
    for (word, list) in [("Add", &spec.cap_add), ("Drop", &spec.cap_drop)] {
        if !list.is_empty() {
            text += &format!(" {word}: {}\n", list.join(", "));
        }
    }
    if !spec.sysctls.is_empty() {
        text += "SysCtls:\n";
    }
    for (key, value) in &spec.sysctls {
        text += &format!(" {key}: {value}\n");
    }
    if !spec.ulimits.is_empty() {
        text += "Ulimits:\n";
    }
    for (name, soft, hard) in &spec.ulimits {
        text += &format!(" {name}: {soft}:{hard}\n");
    }
    text
}

/// The log driver, if one was asked for.
fn log_driver(service: &Service) -> String {
    let Some(driver) = &service.spec.task.log_driver else { return String::new() };
    let mut text = "Log Driver:\n".to_owned();
    if !driver.name.is_empty() {
        text += &format!(" Name:\t\t{}\n", driver.name);
    }
    if !driver.options.is_empty() {
        text += " LogOpts:\n";
    }
    for (key, value) in &driver.options {
        text += &format!("  {key}:       {value}\n");
    }
    text + "\n"
}

fn resources(service: &Service, gap: &str) -> String {
    let all = &service.spec.task.resources;
    let mut text = "Resources:\n".to_owned();
    for (title, amounts) in [("Reservations", all.reservations), ("Limits", all.limits)] {
        if amounts.nano_cpus == 0 && amounts.memory_bytes == 0 {
            continue;
        }
        text += &format!(" {title}:\n");
        if amounts.nano_cpus != 0 {
            let cpus = format!(
                "{}.{:09}",
                amounts.nano_cpus / 1_000_000_000,
                amounts.nano_cpus % 1_000_000_000
            );
            text += &format!("  CPU:\t\t{}\n", cpus.trim_end_matches('0').trim_end_matches('.'));
        }
        if amounts.memory_bytes != 0 {
            let bytes = u64::try_from(amounts.memory_bytes).unwrap_or(0);
            text += &format!("  Memory:\t{}\n", bytes_size(bytes, gap));
        }
    }
    text
}
