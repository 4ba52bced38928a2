//! Containers as `inspect` shows them.

use daemon::api::{ContainerConfig, ContainerDetails, ContainerState, ContainerStatus, HostConfig};
use serde_json::{Map, Value as Json, json};

use super::image::{graph, list, set};
use super::{Style, texts, time};
use crate::output::text::short_id;
use crate::output::time::ZERO;

const FOLDER: &str = "/var/lib/docker/containers";

/// A container. A task's secrets show nowhere in it.
pub(crate) fn container(style: Style, about: &ContainerDetails, sizes: bool) -> Json {
    let id = &about.id;
    let mut object = style.object();
    object.put("Id", id.clone()).put("Created", time(about.created));
    object.put("Path", about.path.clone()).put("Args", about.args.clone());
    object.put("State", state(&about.state)).put("Image", about.image_id.clone());
    object.put("ResolvConfPath", format!("{FOLDER}/{id}/resolv.conf"));
    object.put("HostnamePath", format!("{FOLDER}/{id}/hostname"));
    object.put("HostsPath", format!("{FOLDER}/{id}/hosts"));
    object.put("LogPath", format!("{FOLDER}/{id}/{id}-json.log"));
    object.put("Name", format!("/{}", about.name)).put("RestartCount", about.restart_count);
    object.put("Driver", about.driver.clone());
    if style.profile.init_member {
        object.put("Platform", about.platform.clone());
    }
    object.put("MountLabel", "").put("ProcessLabel", "").put("AppArmorProfile", "docker-default");
    object.put("ExecIDs", list(&about.execs)).put("HostConfig", host(&about.host));
    object.put("GraphDriver", graph(&about.folders, &about.driver));
    if sizes {
        object.put("SizeRw", about.size.0).put("SizeRootFs", about.size.1);
    }
    object.put("Mounts", mounts(about)).put("Config", config(style, about));
    object.put("NetworkSettings", network_settings(about)).json()
}

fn state(state: &ContainerState) -> Json {
    let at = |moment: Option<sim::Time>| moment.map_or_else(|| ZERO.to_owned(), time);
    let mut object = json!({
        "Status": state.status.word(),
        "Running": matches!(state.status, ContainerStatus::Running | ContainerStatus::Paused),
        "Paused": state.status == ContainerStatus::Paused,
        "Restarting": state.status == ContainerStatus::Restarting,
        "OOMKilled": false,
        "Dead": state.status == ContainerStatus::Dead,
        "Pid": state.pid,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": at(state.started_at),
        "FinishedAt": at(state.finished_at),
    });
    if let Some(health) = &state.health {
        let probe = |probe: &engine::Probe| {
            json!({
                "Start": time(probe.start),
                "End": time(probe.end),
                "ExitCode": probe.exit_code,
                "Output": probe.output,
            })
        };
        let log: Json = state.probes.iter().map(probe).collect();
        object["Health"] =
            json!({"Status": health, "FailingStreak": state.failing_streak, "Log": log});
    }
    object
}

fn host(host: &HostConfig) -> Json {
    let bindings: Map<String, Json> = host
        .ports
        .iter()
        .map(|port| {
            let chosen = port.public_port.filter(|port| *port != 0);
            let public = chosen.map(|port| port.to_string()).unwrap_or_default();
            let binding = json!([{"HostIp": port.ip, "HostPort": public}]);
            (format!("{}/{}", port.private_port, port.protocol), binding)
        })
        .collect();
    let policy = if host.restart_policy.is_empty() { "no" } else { host.restart_policy.as_str() };
    let mut object = json!({
        "Binds": list(&host.binds),
        "ContainerIDFile": "",
        "LogConfig": {"Type": "json-file", "Config": {}},
        "NetworkMode": if host.network_mode.is_empty() { "default" } else { &host.network_mode },
        "PortBindings": bindings,
        "RestartPolicy": {"Name": policy, "MaximumRetryCount": host.restart_count_max},
        "AutoRemove": host.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": null,
        "CapAdd": null,
        "CapDrop": null,
        "Dns": host.dns,
        "DnsOptions": host.dns_options,
        "DnsSearch": host.dns_search,
        "ExtraHosts": list(&host.extra_hosts),
        "GroupAdd": list(&host.groups),
        "IpcMode": "",
        "Cgroup": "",
        "Links": list(&host.links),
        "OomScoreAdj": 0,
        "PidMode": "",
        "Privileged": false,
        "PublishAllPorts": host.publish_all,
        "ReadonlyRootfs": host.read_only,
        "SecurityOpt": null,
        "UTSMode": "",
        "UsernsMode": "",
        "ShmSize": 67_108_864,
        "Runtime": "runc",
        "ConsoleSize": [0, 0],
        "Isolation": "",
        "CpuShares": 0,
        "Memory": 0,
        "NanoCpus": 0,
        "CgroupParent": "",
        "BlkioWeight": 0,
        "BlkioWeightDevice": null,
        "BlkioDeviceReadBps": null,
        "BlkioDeviceWriteBps": null,
        "BlkioDeviceReadIOps": null,
        "BlkioDeviceWriteIOps": null,
        "CpuPeriod": 0,
        "CpuQuota": 0,
        "CpuRealtimePeriod": 0,
        "CpuRealtimeRuntime": 0,
        "CpusetCpus": "",
        "CpusetMems": "",
        "Devices": [],
        "DiskQuota": 0,
        "KernelMemory": 0,
        "MemoryReservation": 0,
        "MemorySwap": 0,
        "MemorySwappiness": -1,
        "OomKillDisable": false,
        "PidsLimit": 0,
        "Ulimits": null,
        "CpuCount": 0,
        "CpuPercent": 0,
        "IOMaximumIOps": 0,
        "IOMaximumBandwidth": 0,
    });
    for (member, text) in &host.settings {
        object[member] = serde_json::from_str(text).unwrap_or(Json::Null);
    }
    object
}

fn mounts(about: &ContainerDetails) -> Json {
    about
        .mounts
        .iter()
        .map(|mount| {
            let mut object = Map::new();
            let mut put = |key: &str, text: &str, always: bool| {
                if always || !text.is_empty() {
                    object.insert(key.to_owned(), text.into());
                }
            };
            put("Type", &mount.kind, true);
            put("Name", &mount.name, false);
            put("Source", &mount.source, true);
            put("Destination", &mount.destination, true);
            put("Driver", &mount.driver, false);
            put("Mode", &mount.mode, true);
            object.insert("RW".to_owned(), mount.writable.into());
            object.insert("Propagation".to_owned(), mount.propagation.clone().into());
            Json::Object(object)
        })
        .collect()
}

fn config(style: Style, about: &ContainerDetails) -> Json {
    let config: &ContainerConfig = &about.config;
    let hostname =
        if config.hostname.is_empty() { short_id(&about.id) } else { config.hostname.clone() };
    let mut object = style.object();
    object.put("Hostname", hostname).put("Domainname", config.domainname.clone());
    object.put("User", config.user.clone()).put("AttachStdin", config.attached.stdin);
    object.put("AttachStdout", config.attached.stdout);
    object.put("AttachStderr", config.attached.stderr);
    if !config.exposed_ports.is_empty() {
        object.put("ExposedPorts", set(style, &config.exposed_ports));
    }
    object.put("Tty", config.tty).put("OpenStdin", config.open_stdin);
    object.put("StdinOnce", config.stdin_once).put("Env", config.env.clone());
    object.put("Cmd", list(&config.cmd)).put("Image", config.image.clone());
    let volumes = set(style, &config.volumes);
    object.put("Volumes", if volumes.is_empty() { Json::Null } else { Json::Object(volumes) });
    object.put("WorkingDir", config.working_dir.clone());
    object.put("Entrypoint", config.entrypoint.as_deref().map_or(Json::Null, list));
    object.put("OnBuild", Json::Null).put("Labels", texts(&config.labels));
    if !config.stop_signal.is_empty() {
        object.put("StopSignal", config.stop_signal.clone());
    }
    if let Some(health) = &config.health {
        object.put("Healthcheck", super::image::healthcheck(health));
    }
    object.some("StopTimeout", config.stop_timeout_secs).json()
}

fn network_settings(about: &ContainerDetails) -> Json {
    let networks: Map<String, Json> = about
        .networks
        .iter()
        .map(|network| {
            let shown = json!({
                "IPAMConfig": null,
                "Links": null,
                "Aliases": if network.aliases.is_empty() { Json::Null } else { list(&network.aliases) },
                "NetworkID": network.network_id,
                "EndpointID": network.endpoint_id,
                "Gateway": network.gateway,
                "IPAddress": network.ip,
                "IPPrefixLen": network.ip_prefix_len,
                "IPv6Gateway": "",
                "GlobalIPv6Address": "",
                "GlobalIPv6PrefixLen": 0,
                "MacAddress": network.mac,
            });
            (network.network.clone(), shown)
        })
        .collect();
    let bridge = about.networks.iter().find(|network| network.network == "bridge");
    let text = |look: fn(&daemon::api::ContainerEndpoint) -> &String| {
        bridge.map(look).cloned().unwrap_or_default()
    };
    let mut ports: Map<String, Json> =
        about.config.exposed_ports.iter().map(|port| (port.clone(), Json::Null)).collect();
    for port in &about.published {
        let key = format!("{}/{}", port.private_port, port.protocol);
        let public = port.public_port.map(|port| port.to_string()).unwrap_or_default();
        let binding = json!({"HostIp": port.ip, "HostPort": public});
        match ports.entry(key).or_insert(Json::Null) {
            Json::Array(bindings) => bindings.push(binding),
            empty => *empty = json!([binding]),
        }
    }
    json!({
        "Bridge": "",
        "SandboxID": "",
        "HairpinMode": false,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Ports": ports,
        "SandboxKey": "",
        "SecondaryIPAddresses": null,
        "SecondaryIPv6Addresses": null,
        "EndpointID": text(|network| &network.endpoint_id),
        "Gateway": text(|network| &network.gateway),
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "IPAddress": text(|network| &network.ip),
        "IPPrefixLen": bridge.map_or(0, |network| network.ip_prefix_len),
        "IPv6Gateway": "",
        "MacAddress": text(|network| &network.mac),
        "Networks": networks,
    })
}
