//! `docker service update` and `docker service rollback`.

use sorted::SortedMap;

use swarm::objects::{EndpointSpec, ServiceMode, ServiceSpec};

use super::spec::{
    config_references, duration, endpoint_mode, host_line, mounts, networks, number, ports,
    preferences, resources, restart_policy, secret_references, update_config, words,
};
use super::{progress, send_update, service_to_change, settings};
use crate::cli::{Cli, Failure};
use crate::commands::{environment, network};
use crate::profile::{Progress, V20_10};
use crate::table::Outcome;
use crate::value;

/// `docker service update`.
pub(crate) async fn update(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    let found = service_to_change(cli, name).await?;
    let rollback = cli.is_set("rollback");
    if rollback {
        let mut others = cli.matches.names();
        if others.any(|flag| !matches!(flag, "rollback" | "detach" | "quiet")) {
            return Err(Failure::text("other flags may not be combined with --rollback"));
        }
        if found.previous_spec.is_none() && !cli.profile.rollback_config {
            let text = "service does not have a previous specification to roll back to";
            return Err(Failure::text(text));
        }
    }
    let mut spec = found.spec.clone();
    change(cli, &mut spec)?;
    change_references(cli, &mut spec).await?;
    let query_registry = cli.matches.changed("image") && !cli.is_set("no-resolve-image");
    send_update(cli, &found, spec, rollback, query_registry).await?;
    cli.out(format!("{name}\n")).await;
    if cli.profile.progress == Progress::OnRequest && !cli.matches.changed("detach") {
        cli.err(progress::UPDATE_DETACH_NOTE).await;
    }
    if progress::is_wanted(cli) {
        progress::wait(cli, name, name).await?;
    }
    Ok(0)
}

/// `docker service rollback`.
pub(crate) async fn rollback(cli: &Cli) -> Outcome {
    let name = cli.arg(0);
    let found = service_to_change(cli, name).await?;
    send_update(cli, &found, found.spec.clone(), true, false).await?;
    cli.out(format!("{name}\n")).await;
    if progress::is_wanted(cli) {
        progress::wait(cli, name, name).await?;
    }
    Ok(0)
}

fn change(cli: &Cli, spec: &mut ServiceSpec) -> Result<(), Failure> {
    let set = |flag: &str, text: &mut String| {
        if let Some(value) = cli.flag(flag) {
            value.clone_into(text);
        }
    };
    let container = &mut spec.task.container;
    set("image", &mut container.image);
    set("workdir", &mut container.dir);
    set("user", &mut container.user);
    set("hostname", &mut container.hostname);
    if cli.matches.changed("args") {
        container.args = words(cli, "args");
    }
    if cli.matches.changed("entrypoint") {
        container.command = words(cli, "entrypoint");
    }
    if cli.matches.changed("tty") {
        container.tty = cli.is_set("tty");
    }
    if cli.matches.changed("read-only") {
        container.read_only = cli.is_set("read-only");
    }
    set("stop-signal", &mut container.stop_signal);
    let removed = cli.matches.all("mount-rm");
    container.mounts.retain(|known| !removed.contains(&known.target));
    for added in mounts(cli, "mount-add")? {
        container.mounts.retain(|known| known.target != added.target);
        container.mounts.push(added);
    }
    let removed: Vec<String> =
        cli.matches.all("host-rm").iter().map(|text| host_line(text)).collect();
    container.hosts.retain(|known| !removed.contains(known));
    container.hosts.extend(cli.matches.all("host-add").iter().map(|text| host_line(text)));
    container.stop_grace_period =
        duration(cli, "stop-grace-period").or(container.stop_grace_period);
    change_list(cli, "dns", &mut container.dns.nameservers);
    change_list(cli, "dns-search", &mut container.dns.search);
    change_list(cli, "dns-option", &mut container.dns.options);
    change_list(cli, "group", &mut container.groups);
    container.healthcheck = settings::health(cli, container.healthcheck.take())?;
    settings::capabilities(cli, container);
    container.ulimits =
        settings::ulimits(cli, "ulimit-add", std::mem::take(&mut container.ulimits))?;
    for name in cli.matches.all("sysctl-rm") {
        container.sysctls.remove(name);
    }
    container.sysctls.extend(value::map(cli.matches.all("sysctl-add")));
    if cli.matches.changed("init") {
        container.init = Some(cli.is_set("init"));
    }
    spec.task.log_driver = settings::log_driver(cli, spec.task.log_driver.take());
    change_environment(cli, &mut container.env)?;
    change_labels(cli, "container-label", &mut container.labels);
    change_labels(cli, "label", &mut spec.annotations.labels);
    let placement = &mut spec.task.placement;
    change_list(cli, "constraint", &mut placement.constraints);
    let removed = preferences(cli, "placement-pref-rm")?;
    placement.preferences.retain(|key| !removed.contains(key));
    placement.preferences.extend(preferences(cli, "placement-pref-add")?);
    placement.max_replicas = number(cli, "replicas-max-per-node").unwrap_or(placement.max_replicas);
    spec.task.resources = resources(cli, spec.task.resources);
    spec.task.restart = restart_policy(cli, spec.task.restart)?;
    spec.update = update_config(cli, "update", spec.update)?;
    spec.rollback = update_config(cli, "rollback", spec.rollback)?;
    if let Some(count) = number(cli, "replicas") {
        match &mut spec.mode {
            ServiceMode::Replicated { replicas } => *replicas = count,
            ServiceMode::ReplicatedJob { total_completions, .. } => *total_completions = count,
            ServiceMode::Global | ServiceMode::GlobalJob => {
                return Err(Failure::text("replicas can only be used with replicated mode"));
            }
        }
    }
    if let (Some(count), ServiceMode::ReplicatedJob { max_concurrent, .. }) =
        (number(cli, "max-concurrent"), &mut spec.mode)
    {
        *max_concurrent = count;
    }
    if cli.matches.changed("endpoint-mode") {
        let mode = endpoint_mode(cli)?;
        spec.endpoint.get_or_insert_with(EndpointSpec::default).mode = mode;
    }
    change_ports(cli, spec)?;
    if cli.is_set("force") {
        spec.task.force_update += 1;
    }
    Ok(())
}

/// Removals name a target port; what is added may be there already.
fn change_ports(cli: &Cli, spec: &mut ServiceSpec) -> Result<(), Failure> {
    let (removed, added) = (ports(cli, "publish-rm")?, ports(cli, "publish-add")?);
    if removed.is_empty() && added.is_empty() {
        return Ok(());
    }
    let all = &mut spec.endpoint.get_or_insert_default().ports;
    all.retain(|port| {
        !removed.iter().any(|gone| {
            (gone.target_port, gone.protocol, gone.publish_mode)
                == (port.target_port, port.protocol, port.publish_mode)
        })
    });
    for port in added {
        if !all.contains(&port) {
            all.push(port);
        }
    }
    all.sort_by_key(|port| (port.target_port, port.published_port));
    Ok(())
}

/// Removals name a network by name or identifier.
async fn change_networks(cli: &Cli, spec: &mut ServiceSpec) -> Result<(), Failure> {
    let mut gone = Vec::new();
    for name in cli.matches.all("network-rm") {
        let found = network::details(cli, name).await;
        gone.push(found.map_or_else(|_| name.clone(), |found| found.network.id));
    }
    let added = networks(cli, "network-add").await?;
    let all = &mut spec.task.networks;
    all.retain(|known| !gone.contains(&known.target));
    for wanted in added {
        if all.iter().any(|known| known.target == wanted.target) {
            let name = network::details(cli, &wanted.target).await?.network.name;
            return Err(Failure::text(format!("service is already attached to network {name}")));
        }
        all.push(wanted);
    }
    all.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(())
}

/// What is removed goes first, so that `--env-rm A --env-add A=2` sets A anew. Before 20.10 it went last, and took what
/// had been added with it.
fn removes_first(cli: &Cli) -> bool {
    cli.profile.version >= V20_10
}

/// Additions replace variables of the same name; removals name variables.
fn change_environment(cli: &Cli, env: &mut Vec<String>) -> Result<(), Failure> {
    let key = |text: &str| text.split_once('=').map_or(text.to_owned(), |(key, _)| key.to_owned());
    let removed = cli.matches.all("env-rm");
    let stays = |known: &String| !removed.iter().any(|name| key(known) == key(name));
    if removes_first(cli) {
        env.retain(stays);
    }
    for added in environment(cli, "env-add")? {
        match env.iter_mut().find(|known| key(known) == key(&added)) {
            Some(known) => *known = added,
            None => env.push(added),
        }
    }
    if !removes_first(cli) {
        env.retain(stays);
    }
    Ok(())
}

fn change_labels(cli: &Cli, flag: &str, labels: &mut SortedMap<String, String>) {
    let removed = cli.matches.all(&format!("{flag}-rm"));
    let mut added = value::map(cli.matches.all(&format!("{flag}-add")));
    if !removes_first(cli) {
        added.retain(|name, _| !removed.contains(name));
    }
    labels.retain(|name, _| !removed.contains(name));
    labels.extend(added);
}

fn change_list(cli: &Cli, flag: &str, list: &mut Vec<String>) {
    let removed = cli.matches.all(&format!("{flag}-rm"));
    list.retain(|known| !removed.contains(known));
    for added in cli.matches.all(&format!("{flag}-add")) {
        if !list.contains(added) {
            list.push(added.clone());
        }
    }
}

/// Removals come first, so that a target can pass from one secret to another; a removal that names
/// nothing is no error.
async fn change_references(cli: &Cli, spec: &mut ServiceSpec) -> Result<(), Failure> {
    change_networks(cli, spec).await?;
    let container = &mut spec.task.container;
    let removed = cli.matches.all("secret-rm");
    container.secrets.retain(|known| !removed.contains(&known.secret_name));
    container.secrets.extend(secret_references(cli, cli.matches.all("secret-add")).await?);
    let removed = cli.matches.all("config-rm");
    container.configs.retain(|known| !removed.contains(&known.config_name));
    container.configs.extend(config_references(cli, cli.matches.all("config-add")).await?);
    Ok(())
}
