//! What a container is asked to be.

use serde::{Deserialize, Serialize};
use sorted::{SortedMap, SortedSet};
use std::fmt;
use std::rc::Rc;

use sim::Duration;

use crate::digest::ContainerId;

/// Where a mount's content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A path of the host. It must exist unless `create` (the `-v` form makes a folder).
    Bind {
        /// The path.
        path: String,
        /// Make a folder if there is nothing.
        create: bool,
    },
    /// A volume, made if need be; an empty name for an anonymous one.
    Volume {
        /// Its name.
        name: String,
        /// Do not copy what the image has there into a new volume.
        no_copy: bool,
    },
    /// Memory.
    Tmpfs {
        /// Permission bits of its folder, 0 for `0o1777`.
        mode: u32,
    },
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where its content comes from.
    pub source: MountSource,
    /// The path in the container.
    pub target: String,
    /// Not writable.
    pub read_only: bool,
}

/// A secret or config that is a file in the container.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFile {
    /// The object's identity.
    pub id: String,
    /// A name below `/run/secrets` (a config's: below `/`) or an absolute path.
    pub target: String,
    /// The content; none once the container has ended (see `Engine::provide_secrets`).
    pub bytes: Option<Rc<[u8]>>,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

/// Says how long the content is, never what it is.
impl fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.bytes.as_ref().map(|bytes| bytes.len());
        write!(f, "SecretFile({} at {}, {size:?} bytes)", self.id, self.target)
    }
}

/// When the engine itself starts a container again. Tasks of a swarm have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Never.
    #[default]
    No,
    /// After every end.
    Always,
    /// After every end but one by `docker stop`; nor when the engine starts after such a stop.
    UnlessStopped,
    /// After an exit code other than 0; so many times, 0 for no limit.
    OnFailure(u32),
}

impl RestartPolicy {
    /// `no`, `always`, `unless-stopped`, `on-failure`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
            Self::OnFailure(_) => "on-failure",
        }
    }
}

/// A published port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortBinding {
    /// The port in the container.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The host's address, usually `0.0.0.0`.
    pub host_ip: String,
    /// The port on the host; 0 for any that is free.
    pub host_port: u16,
}

/// A place in a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Identifier of the network; when it is asked for, its name will do.
    pub network: String,
    /// Address without prefix length; empty for any that is free.
    pub address: String,
    /// More names for the container in it.
    pub aliases: Vec<String>,
}

/// What a container is asked to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerConfig {
    /// The image as asked for.
    pub image: String,
    /// A name; a random one if none.
    pub name: Option<String>,
    /// Replaces the image's command.
    pub command: Vec<String>,
    /// Replaces the image's entrypoint (and drops its command).
    pub entrypoint: Option<Vec<String>>,
    /// `KEY=value`, or `KEY` to take one away.
    pub env: Vec<String>,
    /// Labels.
    pub labels: SortedMap<String, String>,
    /// Host name; the short identity if none.
    pub hostname: Option<String>,
    /// User, empty for the image's.
    pub user: String,
    /// Working folder, empty for the image's.
    pub working_dir: String,
    /// With a terminal.
    pub tty: bool,
    /// With an open standard input.
    pub open_stdin: bool,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// Secrets.
    pub secrets: Vec<SecretFile>,
    /// Configs.
    pub configs: Vec<SecretFile>,
    /// When the engine starts it again.
    pub restart: RestartPolicy,
    /// Signal that stops it, empty for the image's.
    pub stop_signal: String,
    /// Between that signal and SIGKILL; 10 s if none.
    pub stop_grace: Option<Duration>,
    /// The root filesystem is read-only.
    pub read_only: bool,
    /// Remove it when it ends (`--rm`).
    pub auto_remove: bool,
    /// Ports that are documented, `6379/tcp`.
    pub exposed_ports: SortedSet<String>,
    /// Ports that are published.
    pub ports: Vec<PortBinding>,
    /// Publish what is exposed too, on ports of the host that are free.
    pub publish_all: bool,
    /// `default`, `host`, `none` or a network's name.
    pub network_mode: String,
    /// Places in networks; without any it gets one in the network of its mode.
    pub networks: Vec<Endpoint>,
    /// Containers that it knows under a name of its own choice.
    pub links: Vec<(ContainerId, String)>,
    /// More lines of `/etc/hosts`, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// Name servers; the host's if none.
    pub dns: Vec<String>,
    /// Domains that names are looked up in.
    pub dns_search: Vec<String>,
    /// Options of the resolver.
    pub dns_options: Vec<String>,
    /// More groups that its programs are in, by name or number.
    pub groups: Vec<String>,
    /// Settings of the kernel that have no effect here: members of `inspect`'s `HostConfig` with
    /// their values as JSON.
    pub settings: SortedMap<String, String>,
    /// How to find out whether it is well; the image's if none.
    pub health: Option<HealthCheck>,
    /// It runs a step of a build: it is in no list and nobody finds it.
    pub hidden: bool,
}

/// How to find out whether a container is well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `NONE`; `CMD` and words; `CMD-SHELL` and a line. Empty: the image's.
    pub test: Vec<String>,
    /// Between two checks; zero for 30 s.
    pub interval: Duration,
    /// A check that takes longer has failed; zero for 30 s.
    pub timeout: Duration,
    /// So long after the start failures do not count.
    pub start_period: Duration,
    /// So many failures in a row make it unwell; 0 for 3.
    pub retries: u32,
}

impl ContainerConfig {
    /// False with the log driver `none`: what the container writes is for those who are attached.
    pub fn keeps_log(&self) -> bool {
        self.settings.get("LogConfig").is_none_or(|text| !text.contains("\"Type\":\"none\""))
    }
}
