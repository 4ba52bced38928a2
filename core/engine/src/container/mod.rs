//! Containers: what is asked for, and what there is.

mod config;
pub(crate) mod files;
mod log;
mod names;
pub(crate) mod secrets;
mod user;

use sorted::SortedMap;

use os::fs::SharedFs;
use os::machine::SharedNamespace;
use os::process::{Handle, Onlookers};
use os::{Pid, Signal};
use sim::{Duration, Time};

pub use config::{
    ContainerConfig, Endpoint, HealthCheck, Mount, MountSource, PortBinding, RestartPolicy,
    SecretFile,
};
pub use log::{Log, LogEntry, SharedLog, Stream};

pub(crate) use log::LogSink;
pub(crate) use names::random_name;
pub(crate) use user::{resolve_groups, resolve_user};

use crate::digest::{ContainerId, ImageId};
use crate::exec::{Exec, ExecId};
use crate::health::Health;
use crate::linked::Linked;

/// What a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Never started.
    Created,
    /// Its first process runs.
    Running,
    /// Ended, and will be started again.
    Restarting,
    /// Ended.
    Exited,
}

impl Phase {
    /// `created`, `running`, `restarting` or `exited`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
        }
    }
}

/// A container's state as `inspect` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What it does.
    pub phase: Phase,
    /// The first process's number on the host.
    pub pid: Option<Pid>,
    /// Of the last run.
    pub exit_code: i32,
    /// Why the last start failed.
    pub error: String,
    /// The last start.
    pub started: Option<Time>,
    /// The last end.
    pub finished: Option<Time>,
    /// Starts by the restart policy.
    pub restart_count: u32,
    /// Frozen.
    pub paused: bool,
}

/// A mount as `inspect` shows it. Secrets are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// `bind`, `volume` or `tmpfs`.
    pub kind: &'static str,
    /// A volume's name.
    pub name: String,
    /// The path on the host; empty for tmpfs.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Not writable.
    pub read_only: bool,
    /// Permission bits of a tmpfs.
    pub(crate) tmpfs_mode: u32,
}

/// A container's place in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Identifier of the network.
    pub network_id: String,
    /// 64 hexadecimal digits.
    pub endpoint_id: String,
    /// Name of the network, `bridge` for the default one.
    pub network: String,
    /// Address, for instance `172.17.0.2`.
    pub address: String,
    /// Length of the network's prefix.
    pub prefix_length: u8,
    /// Gateway.
    pub gateway: String,
    /// Hardware address, `02:42:ac:11:00:02`.
    pub mac: String,
    /// More names for the container in it.
    pub aliases: Vec<String>,
}

/// What is to happen without anyone asking again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    /// SIGKILL at this moment: the grace period's end.
    pub(crate) kill_at: Option<Time>,
    /// Start again at this moment: the restart policy.
    pub(crate) restart_at: Option<Time>,
    /// A person stopped it: the restart policy has no say.
    pub(crate) stopped_by_hand: bool,
    /// Start again as soon as it has ended: `docker restart`.
    pub(crate) start_after_exit: bool,
    /// Remove it as soon as it has ended; with its anonymous volumes if true.
    pub(crate) remove_after_exit: Option<bool>,
    /// The restart policy's last wait.
    pub(crate) backoff: Duration,
}

/// A container.
#[derive(Clone)]
pub struct Container {
    /// Identity.
    pub id: ContainerId,
    /// Name without slash.
    pub name: String,
    /// When it was made.
    pub created: Time,
    /// The image it was made of.
    pub image: ImageId,
    /// What it was asked to be. `entrypoint`, `command`, `env`, `labels` and the like are complete
    /// (the image's are merged in); `image` is as it was asked for. Once it has ended it holds no
    /// secret's bytes.
    pub config: ContainerConfig,
    /// What it knows of the containers that it is linked to, since its start.
    pub(crate) linked: Linked,
    /// What it does.
    pub state: State,
    /// Its mounts.
    pub mounts: Vec<MountPoint>,
    /// How well it is, if that is checked.
    pub health: Option<Health>,
    /// Mounts of a build's step, which no list shows.
    pub(crate) more_mounts: Vec<os::fs::Mount>,
    /// Its networks while it runs.
    pub attachments: Vec<Attachment>,
    /// The ports that it publishes while it runs.
    pub published: Vec<PortBinding>,
    /// Its files: the writable layer is [`os::fs::FileSystem::upper`].
    pub root: SharedFs,
    /// Its log.
    pub log: SharedLog,
    /// Its view of the machine while it runs.
    pub namespace: Option<SharedNamespace>,
    /// What runs in it besides its first process.
    pub execs: SortedMap<ExecId, Exec>,
    pub(crate) out: Onlookers,
    pub(crate) err: Onlookers,
    /// Keeps the standard input open while nobody is attached.
    pub(crate) stdin_writer: Option<Handle>,
    pub(crate) pending: Pending,
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Container")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Container {
    /// True while its first process runs.
    pub const fn is_running(&self) -> bool {
        self.state.pid.is_some()
    }

    /// True while it is being removed by force.
    pub const fn is_removing(&self) -> bool {
        self.pending.remove_after_exit.is_some()
    }

    /// The program and its arguments: `inspect`'s Path and Args.
    pub fn path_and_args(&self) -> Vec<String> {
        let entrypoint = self.config.entrypoint.iter().flatten();
        entrypoint.chain(&self.config.command).cloned().collect()
    }

    /// The signal that stops it.
    pub fn stop_signal(&self) -> Signal {
        Signal::parse(&self.config.stop_signal).unwrap_or(Signal::Terminate)
    }

    /// Bytes in the files of the writable layer.
    pub fn layer_size(&self) -> u64 {
        crate::layer::content_size(self.root.borrow().upper())
    }

    /// What the writable layer changed, as `docker diff` lists it: `A`dded, `C`hanged, `D`eleted.
    pub fn diff(&self) -> Vec<(char, String)> {
        let root = self.root.borrow();
        let is_below = |path: &str| {
            let found = root.layers().iter().find_map(|layer| layer.get(path));
            found.is_some_and(|inode| inode.kind != os::fs::Kind::Whiteout)
        };
        let mut found = SortedMap::new();
        for (path, inode) in root.upper().iter().filter(|(path, _)| *path != "/") {
            let letter = match (inode.kind == os::fs::Kind::Whiteout, is_below(path)) {
                (true, _) => 'D',
                (false, true) => 'C',
                (false, false) => 'A',
            };
            found.insert(path.to_owned(), letter);
            // The folders above have changed too.
            for (end, _) in path.match_indices('/').skip(1) {
                found.entry(path[..end].to_owned()).or_insert('C');
            }
        }
        found.into_iter().map(|(path, letter)| (letter, path)).collect()
    }
}
