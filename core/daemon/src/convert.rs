//! From the API's and the swarm's words to the engine's, and back.

use engine::layer::folders;
use engine::{Mount, MountSource};
use swarm::objects::MountKind;

use crate::api::{
    Attached, ContainerConfig, ContainerDetails, ContainerEndpoint, ContainerPort, ContainerState,
    ContainerStatus, ContainerSummary, Error, HostConfig, ImageConfig, ImageDetails, ImageSummary,
    MountPoint,
};

/// The mounts of a spec as the engine takes them. Kinds that Linux engines refuse were refused when
/// the spec was read.
pub(crate) fn engine_mounts(mounts: &[swarm::objects::Mount]) -> Vec<Mount> {
    let source = |mount: &swarm::objects::Mount| match mount.kind {
        MountKind::Tmpfs => {
            MountSource::Tmpfs { mode: mount.tmpfs.as_ref().map_or(0, |tmpfs| tmpfs.mode) }
        }
        MountKind::Volume | MountKind::Cluster => MountSource::Volume {
            name: mount.source.clone(),
            no_copy: mount.volume.as_ref().is_some_and(|volume| volume.no_copy),
        },
        MountKind::Bind | MountKind::Npipe => {
            MountSource::Bind { path: mount.source.clone(), create: false }
        }
    };
    mounts
        .iter()
        .map(|mount| Mount {
            source: source(mount),
            target: mount.target.clone(),
            read_only: mount.read_only,
        })
        .collect()
}

/// The image that a task's container is made of: until 17.03 `name@digest`, without the tag.
pub(crate) fn container_image(image: &str, digest_replaces_tag: bool) -> String {
    match image.split_once('@') {
        Some((name, digest)) if digest_replaces_tag => {
            let start_of_last = name.rfind('/').map_or(0, |index| index + 1);
            let name = match name[start_of_last..].find(':') {
                Some(colon) => &name[..start_of_last + colon],
                None => name,
            };
            format!("{name}@{digest}")
        }
        _ => image.to_owned(),
    }
}

impl From<engine::EngineError> for Error {
    fn from(error: engine::EngineError) -> Self {
        use engine::ErrorKind as Kind;
        let status = match error.kind {
            Kind::InvalidParameter => 400,
            Kind::NotFound => 404,
            Kind::Conflict => 409,
            Kind::Forbidden => 403,
            Kind::System => 500,
        };
        Self::new(status, error.message)
    }
}

fn state(container: &engine::Container) -> ContainerState {
    let state = &container.state;
    ContainerState {
        status: match state.phase {
            engine::Phase::Created => ContainerStatus::Created,
            engine::Phase::Running if state.paused => ContainerStatus::Paused,
            engine::Phase::Running => ContainerStatus::Running,
            engine::Phase::Restarting => ContainerStatus::Restarting,
            engine::Phase::Exited => ContainerStatus::Exited,
        },
        pid: state.pid.map_or(0, |pid| pid.0),
        exit_code: state.exit_code,
        error: state.error.clone(),
        started_at: state.started,
        finished_at: state.finished,
        health: container.health.as_ref().map(|health| health.status.word().to_owned()),
        failing_streak: container.health.as_ref().map_or(0, |health| health.failing_streak),
        probes: container.health.as_ref().map(|health| health.log.clone()).unwrap_or_default(),
    }
}

fn asked_port(port: &engine::PortBinding) -> ContainerPort {
    ContainerPort {
        private_port: port.container_port,
        public_port: Some(port.host_port),
        ip: port.host_ip.clone(),
        protocol: port.protocol.clone(),
    }
}

fn ports(container: &engine::Container) -> Vec<ContainerPort> {
    let config = &container.config;
    let mut ports: Vec<ContainerPort> = container
        .published
        .iter()
        .map(|port| ContainerPort {
            private_port: port.container_port,
            public_port: Some(port.host_port),
            ip: port.host_ip.clone(),
            protocol: port.protocol.clone(),
        })
        .collect();
    for exposed in &config.exposed_ports {
        let (number, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
        let Ok(private_port) = number.parse() else { continue };
        let is_published =
            ports.iter().any(|port| port.private_port == private_port && port.protocol == protocol);
        if !is_published && container.is_running() {
            ports.push(ContainerPort {
                private_port,
                protocol: protocol.to_owned(),
                ..ContainerPort::default()
            });
        }
    }
    ports.sort();
    ports
}

pub(crate) fn summary(container: &engine::Container, with_size: bool) -> ContainerSummary {
    let mount_source = |mount: &engine::container::MountPoint| {
        if mount.name.is_empty() { mount.source.clone() } else { mount.name.clone() }
    };
    ContainerSummary {
        id: container.id.to_string(),
        name: container.name.clone(),
        image: container.config.image.clone(),
        image_id: container.image.to_string(),
        command: command_line(container),
        created: container.created,
        state: state(container),
        ports: ports(container),
        labels: container.config.labels.clone(),
        networks: container.attachments.iter().map(|a| a.network.clone()).collect(),
        mounts: container.mounts.iter().map(mount_source).collect(),
        size: with_size.then(|| size(container)),
    }
}

/// Path and arguments; those with a blank in quotes (moby: `daemon/list.go`).
fn command_line(container: &engine::Container) -> String {
    let words = container.path_and_args();
    let shown = words.iter().enumerate().map(|(index, word)| {
        if index > 0 && word.contains(' ') { format!("'{word}'") } else { word.clone() }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Bytes in the writable layer, and in all layers.
fn size(container: &engine::Container) -> (u64, u64) {
    let root = container.root.borrow();
    let of = |tree: &os::fs::Tree| {
        tree.iter().filter(|(_, inode)| !inode.is_directory()).map(|(_, inode)| inode.size()).sum()
    };
    let writable: u64 = of(root.upper());
    let below: u64 = root.layers().iter().map(|layer| of(layer)).sum();
    (writable, writable + below)
}

pub(crate) fn details(
    container: &engine::Container,
    image: Option<&engine::Image>,
    driver: &str,
) -> ContainerDetails {
    let path_and_args = container.path_and_args();
    let (path, args) = path_and_args
        .split_first()
        .map_or_else(Default::default, |(path, args)| (path.clone(), args.to_vec()));
    let config = &container.config;
    let (restart_policy, restart_count_max) = match config.restart {
        engine::RestartPolicy::OnFailure(count) => ("on-failure", count),
        other => (other.word(), 0),
    };
    let interactive = config.tty || config.open_stdin;
    let layers = image.map_or(&[][..], |image| &image.layers);
    let has_folders = driver == "overlay2";
    ContainerDetails {
        folders: if has_folders {
            folders(layers, Some(container.id.as_str()))
        } else {
            Vec::new()
        },
        id: container.id.to_string(),
        name: container.name.clone(),
        created: container.created,
        path,
        args,
        state: state(container),
        image_id: container.image.to_string(),
        restart_count: container.state.restart_count,
        driver: driver.to_owned(),
        platform: "linux".to_owned(),
        config: ContainerConfig {
            hostname: config.hostname.clone().unwrap_or_default(),
            domainname: String::new(),
            user: config.user.clone(),
            attached: Attached { stdin: interactive, stdout: interactive, stderr: interactive },
            tty: config.tty,
            open_stdin: config.open_stdin,
            stdin_once: config.open_stdin,
            env: config.env.clone(),
            cmd: config.command.clone(),
            entrypoint: config.entrypoint.clone().filter(|words| !words.is_empty()),
            image: config.image.clone(),
            volumes: Vec::new(),
            working_dir: config.working_dir.clone(),
            labels: config.labels.clone(),
            exposed_ports: config.exposed_ports.iter().cloned().collect(),
            stop_signal: config.stop_signal.clone(),
            stop_timeout_secs: None,
            health: config.health.clone(),
        },
        host: HostConfig {
            auto_remove: config.auto_remove,
            restart_policy: restart_policy.to_owned(),
            restart_count_max,
            read_only: config.read_only,
            ports: config.ports.iter().map(asked_port).collect(),
            network_mode: config.network_mode.clone(),
            dns: config.dns.clone(),
            dns_search: config.dns_search.clone(),
            dns_options: config.dns_options.clone(),
            links: Vec::new(),
            extra_hosts: config.extra_hosts.clone(),
            groups: config.groups.clone(),
            settings: config.settings.clone(),
            ..HostConfig::default()
        },
        mounts: container.mounts.iter().map(mount_point).collect(),
        published: ports(container).into_iter().filter(|port| port.public_port.is_some()).collect(),
        networks: container.attachments.iter().map(endpoint).collect(),
        execs: container.execs.keys().map(|id| id.0.to_string()).collect(),
        size: size(container),
        stop_grace: config.stop_grace,
    }
}

fn mount_point(mount: &engine::container::MountPoint) -> MountPoint {
    let is_volume = mount.kind == "volume";
    MountPoint {
        kind: mount.kind.to_owned(),
        name: mount.name.clone(),
        source: mount.source.clone(),
        destination: mount.target.clone(),
        driver: if is_volume { "local".to_owned() } else { String::new() },
        mode: if is_volume { "z".to_owned() } else { String::new() },
        writable: !mount.read_only,
        propagation: if mount.kind == "bind" { "rprivate".to_owned() } else { String::new() },
    }
}

fn endpoint(attachment: &engine::container::Attachment) -> ContainerEndpoint {
    ContainerEndpoint {
        network: attachment.network.clone(),
        ip: attachment.address.clone(),
        ip_prefix_len: attachment.prefix_length,
        gateway: attachment.gateway.clone(),
        mac: attachment.mac.clone(),
        network_id: attachment.network_id.clone(),
        endpoint_id: attachment.endpoint_id.clone(),
        aliases: attachment.aliases.clone(),
    }
}

pub(crate) fn image_summary(
    image: &engine::Image,
    store: &engine::image::ImageStore,
) -> ImageSummary {
    let is_shared = |layer| {
        let others = store.iter().filter(|other| other.id != image.id);
        others.flat_map(|other| &other.layers).any(|other| other.diff_id == layer)
    };
    ImageSummary {
        id: image.id.to_string(),
        tags: store.tags_of(image.id),
        digests: store.digests_of(image.id),
        created: image.created,
        size: image.size(),
        shared: image.layers.iter().filter(|l| is_shared(l.diff_id)).map(|l| l.size).sum(),
        labels: image.config.labels.clone(),
    }
}

pub(crate) fn image_details(
    image: &engine::Image,
    store: &engine::image::ImageStore,
) -> ImageDetails {
    let config = &image.config;
    ImageDetails {
        folders: folders(&image.layers, None),
        id: image.id.to_string(),
        tags: store.tags_of(image.id),
        digests: store.digests_of(image.id),
        parent: image.parent.map(|id| id.to_string()).unwrap_or_default(),
        comment: image.comment.clone(),
        author: image.author.clone(),
        container: image.container.clone(),
        created: image.created,
        docker_version: image.docker_version.clone(),
        architecture: "amd64".to_owned(),
        os: "linux".to_owned(),
        size: image.size(),
        config: ImageConfig {
            user: config.user.clone(),
            env: config.env.clone(),
            cmd: config.cmd.clone(),
            entrypoint: config.entrypoint.clone(),
            volumes: config.volumes.iter().cloned().collect(),
            working_dir: config.working_dir.clone(),
            labels: config.labels.clone(),
            exposed_ports: config.exposed_ports.iter().cloned().collect(),
            stop_signal: config.stop_signal.clone(),
            health: config.health.clone(),
            shell: config.shell.clone(),
            on_build: config.on_build.clone(),
        },
        layers: image.layers.iter().map(|layer| layer.diff_id.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::container_image;

    #[test]
    fn the_digest_replaced_the_tag_until_17_03() {
        let image = "redis:alpine@sha256:9cd4";
        assert_eq!(container_image(image, true), "redis@sha256:9cd4");
        assert_eq!(container_image(image, false), image);
        assert_eq!(
            container_image("host:5000/a/b:1@sha256:9cd4", true),
            "host:5000/a/b@sha256:9cd4"
        );
        assert_eq!(container_image("redis:alpine", true), "redis:alpine");
    }
}
