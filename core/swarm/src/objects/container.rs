//! What a task runs: image, command, environment, mounts, secrets.

use sorted::SortedMap;

use serde::{Deserialize, Serialize};
use sim::Duration;

use super::{Driver, Id};

/// The file a secret or config becomes in the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTarget {
    /// Relative to `/run/secrets` (secrets) or absolute.
    pub name: String,
    /// The owner, a number as text.
    pub uid: String,
    /// The group, a number as text.
    pub gid: String,
    /// Permission bits.
    pub mode: u32,
}

/// A service's claim on a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretReference {
    /// The secret.
    pub secret_id: Id,
    /// Its name, for messages only.
    pub secret_name: String,
    /// The file; `None` is refused by the control API.
    pub file: Option<FileTarget>,
}

/// A service's claim on a config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigReference {
    /// The config.
    pub config_id: Id,
    /// Its name, for messages only.
    pub config_name: String,
    /// The file; `None` is refused by the control API unless `runtime` is set.
    pub file: Option<FileTarget>,
    /// Used by the runtime itself (credential specs), not as a file.
    pub runtime: bool,
}

/// Where a mount's content comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MountKind {
    /// A path of the host.
    #[default]
    Bind,
    /// A volume.
    Volume,
    /// Memory.
    Tmpfs,
    /// A Windows pipe.
    Npipe,
    /// A CSI volume.
    Cluster,
}

impl MountKind {
    /// `bind`, `volume`, `tmpfs`, `npipe` or `cluster`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Volume => "volume",
            Self::Tmpfs => "tmpfs",
            Self::Npipe => "npipe",
            Self::Cluster => "cluster",
        }
    }
}

/// Options of a bind mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindOptions {
    /// `rprivate`, `rshared`, ...; empty for the default.
    pub propagation: String,
    /// Without the mounts below it.
    pub non_recursive: bool,
}

/// Options of a volume mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeOptions {
    /// Do not copy the image's content into it.
    pub no_copy: bool,
    /// Labels of a volume made for the task.
    pub labels: SortedMap<String, String>,
    /// The volume's driver.
    pub driver: Option<Driver>,
}

/// Options of a tmpfs mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TmpfsOptions {
    /// Bytes; 0 for no limit.
    pub size_bytes: i64,
    /// Permission bits; 0 for the default.
    pub mode: u32,
}

/// A mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Where its content comes from.
    pub kind: MountKind,
    /// The host's path or the volume's name.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Not writable.
    pub read_only: bool,
    /// `default`, `consistent`, `cached`, `delegated` or empty.
    pub consistency: String,
    /// Options of a bind mount.
    pub bind: Option<BindOptions>,
    /// Options of a volume mount.
    pub volume: Option<VolumeOptions>,
    /// Options of a tmpfs mount.
    pub tmpfs: Option<TmpfsOptions>,
}

/// How to find out whether the container is healthy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", ...]` or `["CMD-SHELL", text]`; empty inherits the image's.
    pub test: Vec<String>,
    /// Between checks.
    pub interval: Option<Duration>,
    /// For one check.
    pub timeout: Option<Duration>,
    /// Failures at the start that do not count.
    pub start_period: Option<Duration>,
    /// Between checks at the start.
    pub start_interval: Option<Duration>,
    /// Failures in a row that count.
    pub retries: u32,
}

/// Name resolution in the container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsConfig {
    /// Servers.
    pub nameservers: Vec<String>,
    /// Search domains.
    pub search: Vec<String>,
    /// Options.
    pub options: Vec<String>,
}

/// What a task runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// The image, possibly with a digest.
    pub image: String,
    /// Labels of the container.
    pub labels: SortedMap<String, String>,
    /// Replaces the image's entry point.
    pub command: Vec<String>,
    /// Replaces the image's command.
    pub args: Vec<String>,
    /// Host name in the container.
    pub hostname: String,
    /// `KEY=value`.
    pub env: Vec<String>,
    /// Working directory.
    pub dir: String,
    /// User.
    pub user: String,
    /// More groups.
    pub groups: Vec<String>,
    /// Signal that stops it; empty for the image's.
    pub stop_signal: String,
    /// Between that signal and SIGKILL; `None` for 10 s.
    pub stop_grace_period: Option<Duration>,
    /// With a terminal.
    pub tty: bool,
    /// With an open standard input.
    pub open_stdin: bool,
    /// The root file system is read-only.
    pub read_only: bool,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// How to find out whether it is healthy.
    pub healthcheck: Option<Healthcheck>,
    /// Lines of `/etc/hosts`.
    pub hosts: Vec<String>,
    /// Name resolution.
    pub dns: DnsConfig,
    /// Secrets.
    pub secrets: Vec<SecretReference>,
    /// Configs.
    pub configs: Vec<ConfigReference>,
    /// A small init as process 1.
    pub init: Option<bool>,
    /// `default`, `process`, `hyperv` or empty.
    pub isolation: String,
    /// Capabilities added.
    pub cap_add: Vec<String>,
    /// Capabilities dropped.
    pub cap_drop: Vec<String>,
    /// Kernel settings.
    pub sysctls: SortedMap<String, String>,
    /// Limits as (name, soft, hard).
    pub ulimits: Vec<(String, i64, i64)>,
    /// OOM score adjustment.
    pub oom_score_adj: i64,
}
