//! `docker version` and `docker info`.

use daemon::api::{Error, Info, LocalState, Request, Response, VersionInfo};
use daemon::client::unexpected;
use serde_json::{Value as Json, json};
use swarm::node::plugins::plugins;
use swarm::objects::Cluster;

use super::info as ask_info;
use super::inspect::Found;
use crate::cli::{Cli, Failure};
use crate::endpoint::context_name;
use crate::output::template::{Format, value};
use crate::output::time::ansic;
use crate::output::units::{bytes_size, human_duration};
use crate::profile::{Cells, Profile, Version};
use crate::show::cluster::cluster as cluster_json;
use crate::table::Outcome;
use commandline::tab::align;

/// `docker version`.
pub(crate) async fn version(cli: &Cli) -> Outcome {
    let client = cli.profile.version_info("");
    let server = match cli.client.ask(Request::Version).await {
        Ok(Response::Version(server)) => Ok(*server),
        Ok(other) => return Err(Failure::Api(unexpected(&other))),
        Err(error) => Err(error),
    };
    if let Some(format) = cli.flag("format").filter(|format| !format.is_empty()) {
        let json = json!({
            "Client": version_json(&client),
            "Server": server.as_ref().map_or(Json::Null, version_json),
        });
        template(cli, format, &json).await?;
    } else {
        let known = server.as_ref().ok();
        let text = if cli.profile.version_components {
            components(
                cli.profile,
                &context_name(&cli.proc, cli.profile, &cli.root),
                &client,
                known,
            )
        } else {
            plain(&client, known)
        };
        cli.out(text).await;
    }
    match server {
        Ok(_) => Ok(0),
        Err(error) => Err(Failure::Api(error)),
    }
}

async fn template(cli: &Cli, format: &str, json: &Json) -> Result<(), Failure> {
    let source = if format == "json" && cli.profile.format_json { "{{json .}}" } else { format };
    let text = Format::new(source).over(json, json).execute(&value(json)).map_err(|message| {
        let word = cli.profile.template_word;
        Failure::Status(format!("{word} parsing error: {message}"), 64)
    })?;
    cli.out(format!("{text}\n")).await;
    Ok(())
}

fn built(version: &VersionInfo) -> String {
    version.built.map(ansic).unwrap_or_default()
}

fn version_json(version: &VersionInfo) -> Json {
    json!({
        "Version": version.version,
        "ApiVersion": version.api_version,
        "APIVersion": version.api_version,
        "MinAPIVersion": version.api_version_min,
        "GitCommit": version.git_commit,
        "GoVersion": version.go_version,
        "Os": version.os,
        "Arch": version.arch,
        "KernelVersion": version.kernel,
        "Experimental": version.experimental,
        "BuildTime": built(version),
    })
}

fn plain(client: &VersionInfo, server: Option<&VersionInfo>) -> String {
    let block = |version: &VersionInfo, minimum: &str| {
        format!(
            " Version:      {}\n API version:  {}{minimum}\n Go version:   {}\n Git commit:   {}\n \
             Built:        {}\n OS/Arch:      {}/{}",
            version.version,
            version.api_version,
            version.go_version,
            version.git_commit,
            built(version),
            version.os,
            version.arch,
        )
    };
    let mut text = format!("Client:\n{}", block(client, ""));
    if let Some(server) = server {
        let minimum = format!(" (minimum version {})", server.api_version_min);
        text += &format!(
            "\n\nServer:\n{}\n Experimental: {}",
            block(server, &minimum),
            server.experimental
        );
    }
    text + "\n"
}

/// What an engine runs containers with.
const RUNTIMES: [&str; 3] = ["containerd", "runc", "docker-init"];

fn components(
    profile: &Profile,
    context: &str,
    client: &VersionInfo,
    server: Option<&VersionInfo>,
) -> String {
    let experimental = if profile.format_json { "" } else { "\n Experimental:\tfalse" };
    let context =
        if profile.quotes_duration { format!("\n Context:\t{context}") } else { String::new() };
    let mut text = format!(
        "Client: Docker Engine - Community\n Version:\t{}\n API version:\t{}\n Go version:\t{}\n \
         Git commit:\t{}\n Built:\t{}\n OS/Arch:\t{}/{}{context}{experimental}\n",
        client.version,
        client.api_version,
        client.go_version,
        client.git_commit,
        built(client),
        client.os,
        client.arch,
    );
    if let Some(server) = server {
        text += &format!(
            "\nServer: Docker Engine - Community\n Engine:\n  Version:\t{}\n  API version:\t{} \
             (minimum version {})\n  Go version:\t{}\n  Git commit:\t{}\n  Built:\t{}\n  \
             OS/Arch:\t{}/{}\n  Experimental:\t{}\n",
            server.version,
            server.api_version,
            server.api_version_min,
            server.go_version,
            server.git_commit,
            built(server),
            server.os,
            server.arch,
            server.experimental,
        );
        for (name, (version, commit)) in RUNTIMES.iter().zip(profile.runtimes) {
            text += &format!(" {name}:\n  Version:\t{version}\n  GitCommit:\t{commit}\n");
        }
    }
    align(&text, Cells { min: 20, padding: 1 })
}

/// `docker info`.
pub(crate) async fn info(cli: &Cli) -> Outcome {
    let name = context_name(&cli.proc, cli.profile, &cli.root);
    let client = match cli.profile.version < Version(23, 0) {
        true => "Client:\n".to_owned(),
        false => {
            format!("Client: Docker Engine - Community\n Version:    {}\n", cli.profile.engine)
        }
    };
    let client = format!("{client} Context:    {name}\n Debug Mode: false\n\nServer:\n");
    let info = match ask_info(cli).await {
        Err(error @ (Error::Unreachable | Error::NoWay(_)))
            if cli.profile.version_components && cli.flag("format").is_none() =>
        {
            cli.out(client).await;
            let text = format!("ERROR: {}\nerrors pretty printing info", error.message());
            return Err(Failure::text(text));
        }
        info => info?,
    };
    if let Some(format) = cli.flag("format").filter(|format| !format.is_empty()) {
        let found = Found::new(cli, false, |style| info_json(style, &info));
        template(cli, format, &found.printed).await?;
        return Ok(0);
    }
    let text = if cli.profile.version_components {
        format!("{client}{}\n", indent(&server(cli.profile, &info)))
    } else {
        server(cli.profile, &info) + "\n"
    };
    cli.out(text).await;
    for warning in &info.warnings {
        cli.err(format!("{warning}\n")).await;
    }
    Ok(0)
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!(" {line}\n")).collect()
}

/// The lines about the daemon, as releases until 18.06 print them; later ones indent them.
fn server(profile: &Profile, info: &Info) -> String {
    let Info { containers, running, paused, stopped, images, .. } = info;
    let mut text = format!(
        "Containers: {containers}\n Running: {running}\n Paused: {paused}\n Stopped: \
         {stopped}\nImages: {images}\n"
    );
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text += &format!("{name}: {value}\n");
        }
    };
    line("Server Version", &info.server_version);
    line("Storage Driver", &info.storage_driver);
    // The older driver names its folder and counts layers.
    let is_aufs = info.storage_driver == "aufs";
    line(" Root Dir", if is_aufs { "/var/lib/docker/aufs" } else { "" });
    line(" Backing Filesystem", &info.backing_filesystem);
    line(" Supports d_type", if is_aufs { "" } else { "true" });
    line(" Native Overlay Diff", if is_aufs { "" } else { "true" });
    line(" Dirperm1 Supported", if is_aufs { "true" } else { "" });
    line("Logging Driver", &info.logging_driver);
    line("Cgroup Driver", &info.cgroup_driver);
    text += if profile.version_components { "Plugins:\n" } else { "Plugins: \n" };
    for kind in ["Volume", "Network", "Log"] {
        let all = plugins(&info.server_version).filter(|(one, _)| *one == kind);
        let names: Vec<&str> = all.map(|(_, name)| name).collect();
        if !names.is_empty() {
            text += &format!(" {kind}: {}\n", names.join(" "));
        }
    }
    text += &format!("Swarm: {}\n", info.swarm.state.word());
    text += &swarm(profile, info);
    text += "Runtimes: runc\nDefault Runtime: runc\nInit Binary: docker-init\n";
    for (name, (_, commit)) in ["containerd", "runc", "init"].iter().zip(profile.runtimes) {
        text += &format!("{name} version: {commit}\n");
    }
    text += "Security Options:\n apparmor\n seccomp\n  Profile: default\n";
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text += &format!("{name}: {value}\n");
        }
    };
    line("Kernel Version", &info.kernel);
    line("Operating System", &info.operating_system);
    line("OSType", &info.os_type);
    line("Architecture", &info.architecture);
    line("CPUs", &info.cpus.to_string());
    line("Total Memory", &bytes_size(info.memory, profile.size_gap));
    line("Name", &info.name);
    line("ID", &info.id);
    line("Docker Root Dir", &info.root_dir);
    if profile.version_components {
        line("Debug Mode", "false");
    } else {
        line("Debug Mode (client)", "false");
        line("Debug Mode (server)", "false");
    }
    line("Registry", &info.registry);
    if !info.labels.is_empty() {
        text += "Labels:\n";
        for label in &info.labels {
            text += &format!(" {label}\n");
        }
    } else if profile.version_components {
        text += "Labels:\n";
    }
    text +=
        "Experimental: false\nInsecure Registries:\n 127.0.0.0/8\nLive Restore Enabled: false\n";
    text
}

fn swarm(profile: &Profile, info: &Info) -> String {
    let swarm = &info.swarm;
    if matches!(swarm.state, LocalState::Inactive | LocalState::Locked) {
        return String::new();
    }
    let mut text = format!(" NodeID: {}\n", swarm.node_id);
    if !swarm.error.is_empty() {
        text += &format!(" Error: {}\n", swarm.error);
    }
    text += &format!(" Is Manager: {}\n", swarm.control_available);
    if swarm.control_available
        && let Some(cluster) = &swarm.cluster
    {
        text += &format!(" ClusterID: {}\n", cluster.id);
        text += &format!(" Managers: {}\n Nodes: {}\n", swarm.managers, swarm.nodes);
        text += &settings(profile, cluster);
    }
    text += &format!(" Node Address: {}\n", swarm.node_addr);
    let mut managers: Vec<&str> =
        swarm.remote_managers.iter().map(|manager| manager.addr.as_str()).collect();
    managers.sort_unstable();
    if !managers.is_empty() {
        text += " Manager Addresses:\n";
        for manager in managers {
            text += &format!("  {manager}\n");
        }
    }
    text
}

fn settings(profile: &Profile, cluster: &Cluster) -> String {
    let spec = &cluster.spec;
    let mut text = String::new();
    if profile.version_components {
        let pools: String =
            cluster.default_address_pool.iter().map(|pool| format!("{pool}  ")).collect();
        text += &format!(" Default Address Pool: {pools}\n SubnetSize: {}\n", cluster.subnet_size);
        if cluster.vxlan_udp_port > 0 {
            text += &format!(" Data Path Port: {}\n", cluster.vxlan_udp_port);
        }
    }
    text += &format!(
        " Orchestration:\n  Task History Retention Limit: {}\n Raft:\n  Snapshot Interval: {}\n  \
         Number of Old Snapshots to Retain: {}\n  Heartbeat Tick: {}\n  Election Tick: {}\n \
         Dispatcher:\n  Heartbeat Period: {}\n CA Configuration:\n  Expiry Duration: {}\n",
        spec.task_history_limit,
        spec.raft.snapshot_interval,
        spec.raft.keep_old_snapshots,
        spec.raft.heartbeat_tick,
        spec.raft.election_tick,
        human_duration(profile, spec.heartbeat_period),
        human_duration(profile, spec.node_cert_expiry),
    );
    if profile.version_components {
        text += &format!(
            "  Force Rotate: {}\n Autolock Managers: {}\n Root Rotation In Progress: {}\n",
            spec.ca_force_rotate,
            spec.autolock,
            cluster.root_ca.rotation.is_some(),
        );
    }
    text
}

fn info_json(style: crate::show::Style, info: &Info) -> Json {
    let swarm = &info.swarm;
    let managers: Json = swarm
        .remote_managers
        .iter()
        .map(|manager| json!({"NodeID": manager.node_id, "Addr": manager.addr}))
        .collect();
    let mut about = json!({
        "NodeID": swarm.node_id,
        "NodeAddr": swarm.node_addr,
        "LocalNodeState": swarm.state.word(),
        "ControlAvailable": swarm.control_available,
        "Error": swarm.error,
        "RemoteManagers": if swarm.remote_managers.is_empty() { Json::Null } else { managers },
    });
    if swarm.control_available && swarm.error.is_empty() {
        about["Nodes"] = swarm.nodes.into();
        about["Managers"] = swarm.managers.into();
    }
    if let Some(cluster) = &swarm.cluster {
        about["Cluster"] = cluster_json(style, cluster);
    }
    json!({
        "ID": info.id,
        "Containers": info.containers,
        "ContainersRunning": info.running,
        "ContainersPaused": info.paused,
        "ContainersStopped": info.stopped,
        "Images": info.images,
        "Driver": info.storage_driver,
        "LoggingDriver": info.logging_driver,
        "CgroupDriver": info.cgroup_driver,
        "KernelVersion": info.kernel,
        "OperatingSystem": info.operating_system,
        "OSType": info.os_type,
        "Architecture": info.architecture,
        "IndexServerAddress": info.registry,
        "NCPU": info.cpus,
        "MemTotal": info.memory,
        "DockerRootDir": info.root_dir,
        "Name": info.name,
        "Labels": info.labels,
        "ServerVersion": info.server_version,
        "Warnings": info.warnings,
        "Swarm": about,
    })
}
