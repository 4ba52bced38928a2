//! Containers: what a list shows, what `inspect` shows, what a new one is made of.

use serde::{Deserialize, Serialize};
use sorted::SortedMap;

use os::process::Handle;
use sim::{Duration, Time};
use swarm::objects::Mount;

/// The open files a process in a container gets from the process that asked for it.
#[derive(Clone, Debug)]
pub struct Stdio {
    /// Standard input; none: nothing to read.
    pub stdin: Option<Handle>,
    /// Standard output; none: nowhere but the log.
    pub stdout: Option<Handle>,
    /// Standard error; none: nowhere but the log.
    pub stderr: Option<Handle>,
    /// A terminal (`-t`): the files stay terminals. Otherwise they no longer look like one.
    pub tty: bool,
}

/// How far a container has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContainerStatus {
    /// Never started.
    #[default]
    Created,
    /// Its first process runs.
    Running,
    /// Frozen.
    Paused,
    /// Between two runs.
    Restarting,
    /// Being removed.
    Removing,
    /// Its first process has ended.
    Exited,
    /// Could not be removed.
    Dead,
}

impl ContainerStatus {
    /// As `inspect` has it: `created`, `running`, ...
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

/// A container's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerState {
    /// How far it has come.
    pub status: ContainerStatus,
    /// Its first process on the host; 0 when none runs.
    pub pid: u32,
    /// Its last exit code.
    pub exit_code: i32,
    /// Why it could not be started.
    pub error: String,
    /// Its last start.
    pub started_at: Option<Time>,
    /// Its last end.
    pub finished_at: Option<Time>,
    /// `starting`, `healthy`, `unhealthy`; none without a health check.
    pub health: Option<String>,
    /// Failed checks in a row.
    pub failing_streak: u32,
    /// The last checks, oldest first.
    pub probes: Vec<engine::Probe>,
}

/// A port.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContainerPort {
    /// The container's port.
    pub private_port: u16,
    /// The host's, if it is published.
    pub public_port: Option<u16>,
    /// The host's address it is published on, `0.0.0.0` for all.
    pub ip: String,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// A container in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSummary {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without the leading slash.
    pub name: String,
    /// As it was asked for when the container was made.
    pub image: String,
    /// `sha256:...`.
    pub image_id: String,
    /// Path and arguments of the first process, joined by blanks.
    pub command: String,
    /// When it was made.
    pub created: Time,
    /// How far it has come.
    pub state: ContainerState,
    /// Ports, sorted.
    pub ports: Vec<ContainerPort>,
    /// Labels.
    pub labels: SortedMap<String, String>,
    /// Names of its networks.
    pub networks: Vec<String>,
    /// Sources of its mounts.
    pub mounts: Vec<String>,
    /// Bytes in its writable layer and in all layers, if asked for.
    pub size: Option<(u64, u64)>,
}

/// What runs in a container (`Config` of `inspect`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerConfig {
    /// Host name in it; the short identifier if empty.
    pub hostname: String,
    /// Domain.
    pub domainname: String,
    /// `name`, `uid`, `uid:gid`.
    pub user: String,
    /// Which of its streams were attached at its creation.
    pub attached: Attached,
    /// With a terminal.
    pub tty: bool,
    /// Standard input stays open.
    pub open_stdin: bool,
    /// It is closed when the first client that attached is gone.
    pub stdin_once: bool,
    /// `KEY=value`.
    pub env: Vec<String>,
    /// Arguments; empty: the image's.
    pub cmd: Vec<String>,
    /// Program; none: the image's.
    pub entrypoint: Option<Vec<String>>,
    /// As it was asked for.
    pub image: String,
    /// Paths of anonymous volumes.
    pub volumes: Vec<String>,
    /// Empty: the image's.
    pub working_dir: String,
    /// Labels.
    pub labels: SortedMap<String, String>,
    /// `6379/tcp`.
    pub exposed_ports: Vec<String>,
    /// Empty: SIGTERM.
    pub stop_signal: String,
    /// Seconds until SIGKILL.
    pub stop_timeout_secs: Option<u64>,
    /// How to find out whether it is well; none: the image's.
    pub health: Option<engine::HealthCheck>,
}

/// Which streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
}

/// How the host runs a container (`HostConfig` of `inspect`), as far as it is simulated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostConfig {
    /// Remove it when it has ended.
    pub auto_remove: bool,
    /// `no`, `always`, `unless-stopped`, `on-failure`.
    pub restart_policy: String,
    /// At most so often (`on-failure:3`).
    pub restart_count_max: u32,
    /// Its root file system is read-only.
    pub read_only: bool,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// `host:container[:ro]`, as typed.
    pub binds: Vec<String>,
    /// Path and options of tmpfs mounts.
    pub tmpfs: SortedMap<String, String>,
    /// Published ports.
    pub ports: Vec<ContainerPort>,
    /// All exposed ports too, on ports of the host that are free.
    pub publish_all: bool,
    /// `default`, `bridge`, `host`, `none` or a network's name.
    pub network_mode: String,
    /// Places in networks; none: one in that of the mode.
    pub networks: Vec<super::Endpoint>,
    /// Name servers.
    pub dns: Vec<String>,
    /// Domains that names are looked up in.
    pub dns_search: Vec<String>,
    /// Options of the resolver.
    pub dns_options: Vec<String>,
    /// Links to other containers, `name:alias`; of an existing one `/name:/own/alias`.
    pub links: Vec<String>,
    /// Lines of `/etc/hosts` as `name:address`.
    pub extra_hosts: Vec<String>,
    /// More groups, by name or number.
    pub groups: Vec<String>,
    /// Settings that have no effect here: members of `inspect`'s `HostConfig`, as JSON.
    pub settings: SortedMap<String, String>,
}

/// A container to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateContainer {
    /// A made-up one if none.
    pub name: Option<String>,
    /// What runs.
    pub config: ContainerConfig,
    /// How.
    pub host: HostConfig,
}

/// A mount as `inspect` shows it. A task's secrets are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPoint {
    /// `bind`, `volume`, `tmpfs`.
    pub kind: String,
    /// A volume's name.
    pub name: String,
    /// The host's path.
    pub source: String,
    /// The container's path.
    pub destination: String,
    /// A volume's driver.
    pub driver: String,
    /// As typed: `ro`, `z`.
    pub mode: String,
    /// Writable.
    pub writable: bool,
    /// `rprivate`, ...
    pub propagation: String,
}

/// A container's place in one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerEndpoint {
    /// The network's name.
    pub network: String,
    /// The network's identifier.
    pub network_id: String,
    /// 64 hexadecimal digits.
    pub endpoint_id: String,
    /// Empty when it does not run.
    pub ip: String,
    /// Prefix length.
    pub ip_prefix_len: u8,
    /// The network's way out.
    pub gateway: String,
    /// `02:42:ac:11:00:02`.
    pub mac: String,
    /// More names for the container in it.
    pub aliases: Vec<String>,
}

/// All about a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerDetails {
    /// The folders of its layers, as the storage driver names them.
    pub folders: Vec<(String, String)>,
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without the leading slash.
    pub name: String,
    /// When it was made.
    pub created: Time,
    /// Path of the first process's program.
    pub path: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// How far it has come.
    pub state: ContainerState,
    /// `sha256:...`.
    pub image_id: String,
    /// How often the restart policy has started it again.
    pub restart_count: u32,
    /// `overlay2`.
    pub driver: String,
    /// `linux`.
    pub platform: String,
    /// What runs.
    pub config: ContainerConfig,
    /// How.
    pub host: HostConfig,
    /// Mounts.
    pub mounts: Vec<MountPoint>,
    /// The ports that it publishes while it runs.
    pub published: Vec<ContainerPort>,
    /// Networks.
    pub networks: Vec<ContainerEndpoint>,
    /// Identifiers of running execs.
    pub execs: Vec<String>,
    /// Bytes in its writable layer and in all layers.
    pub size: (u64, u64),
    /// Between SIGTERM and SIGKILL.
    pub stop_grace: Option<Duration>,
}

/// A process to be started in a running container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecConfig {
    /// Program and arguments.
    pub cmd: Vec<String>,
    /// Added to the container's environment.
    pub env: Vec<String>,
    /// The container's if empty.
    pub user: String,
    /// The container's if empty.
    pub working_dir: String,
    /// With a terminal.
    pub tty: bool,
    /// All capabilities.
    pub privileged: bool,
}
