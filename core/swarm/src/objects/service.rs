//! Services: how many of which task, how they are updated, how they are reached.

use serde::{Deserialize, Serialize};
use sim::{Duration, Time};

use super::{Annotations, Id, Meta, TaskSpec};

/// How many tasks a service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceMode {
    /// So many, anywhere.
    Replicated {
        /// How many.
        replicas: u64,
    },
    /// One on each eligible node.
    Global,
    /// So many that must complete.
    ReplicatedJob {
        /// At a time; 0 for `total_completions`.
        max_concurrent: u64,
        /// In total.
        total_completions: u64,
    },
    /// One on each eligible node that must complete.
    GlobalJob,
}

impl ServiceMode {
    /// `replicated`, `global`, `replicated-job` or `global-job`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Replicated { .. } => "replicated",
            Self::Global => "global",
            Self::ReplicatedJob { .. } => "replicated-job",
            Self::GlobalJob => "global-job",
        }
    }

    /// A job.
    pub const fn is_job(&self) -> bool {
        matches!(self, Self::ReplicatedJob { .. } | Self::GlobalJob)
    }

    /// True where each node has a task of its own: global services and global jobs.
    pub const fn is_per_node(&self) -> bool {
        matches!(self, Self::Global | Self::GlobalJob)
    }
}

impl Default for ServiceMode {
    fn default() -> Self {
        Self::Replicated { replicas: 1 }
    }
}

/// What to do when an update fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FailureAction {
    /// Stop where it is.
    #[default]
    Pause,
    /// Go on.
    Continue,
    /// Return to the previous spec.
    Rollback,
}

/// In which order an update replaces a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UpdateOrder {
    /// The old one stops before the new one starts.
    #[default]
    StopFirst,
    /// The new one runs before the old one stops.
    StartFirst,
}

/// How a service is updated or rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateConfig {
    /// Slots at a time; 0 for all.
    pub parallelism: u64,
    /// Between two slots of one worker.
    pub delay: Duration,
    /// What to do on failure.
    pub failure_action: FailureAction,
    /// How long a new task is watched; `None` for 5 s.
    pub monitor: Option<Duration>,
    /// Failures that are tolerated, in millionths of the tasks.
    pub max_failure_ratio_ppm: u32,
    /// In which order.
    pub order: UpdateOrder,
}

/// How a service's name resolves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EndpointMode {
    /// To one virtual address.
    #[default]
    Vip,
    /// To the tasks' addresses.
    DnsRr,
}

/// A port's protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PortProtocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl PortProtocol {
    /// `tcp`, `udp` or `sctp`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

/// Where a port is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PublishMode {
    /// On every node, by the routing mesh.
    #[default]
    Ingress,
    /// On the nodes that run a task.
    Host,
}

/// A published port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortConfig {
    /// A name, usually empty.
    pub name: String,
    /// The protocol.
    pub protocol: PortProtocol,
    /// The container's port.
    pub target_port: u32,
    /// The nodes' port; 0 asks for one of 30000 to 32767.
    pub published_port: u32,
    /// Where it is published.
    pub publish_mode: PublishMode,
}

/// How a service asks to be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSpec {
    /// How its name resolves.
    pub mode: EndpointMode,
    /// Its ports.
    pub ports: Vec<PortConfig>,
}

/// An address of a service in one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualIp {
    /// The network.
    pub network_id: Id,
    /// For instance `10.0.1.2/24`.
    pub addr: String,
}

/// How a service is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// What was asked for.
    pub spec: EndpointSpec,
    /// The ports, with those that were chosen.
    pub ports: Vec<PortConfig>,
    /// The addresses.
    pub virtual_ips: Vec<VirtualIp>,
}

/// How far an update has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UpdateState {
    /// Under way.
    Updating,
    /// Stopped by failures.
    Paused,
    /// Done.
    Completed,
    /// The rollback is under way.
    RollbackStarted,
    /// The rollback was stopped by failures.
    RollbackPaused,
    /// The rollback is done.
    RollbackCompleted,
}

impl UpdateState {
    /// As `docker service inspect` prints it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Updating => "updating",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::RollbackStarted => "rollback_started",
            Self::RollbackPaused => "rollback_paused",
            Self::RollbackCompleted => "rollback_completed",
        }
    }
}

/// The last update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateStatus {
    /// How far it has come.
    pub state: UpdateState,
    /// When it began; none for a status that only announces a rollback.
    pub started_at: Option<Time>,
    /// When it ended.
    pub completed_at: Option<Time>,
    /// In words.
    pub message: String,
}

/// Which run of a job this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStatus {
    /// The run; tasks of earlier ones do not count.
    pub iteration: u64,
    /// When it was asked for.
    pub last_execution: Time,
}

/// What a user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Name and labels.
    pub annotations: Annotations,
    /// What each task is.
    pub task: TaskSpec,
    /// How many.
    pub mode: ServiceMode,
    /// How it is updated.
    pub update: Option<UpdateConfig>,
    /// How it is rolled back.
    pub rollback: Option<UpdateConfig>,
    /// How it is reached.
    pub endpoint: Option<EndpointSpec>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its identifier.
    pub id: Id,
    /// Version and times.
    pub meta: Meta,
    /// What was asked for.
    pub spec: ServiceSpec,
    /// The version of the service at which `spec` was written; tasks carry it.
    pub spec_version: u64,
    /// What was asked for before, which a rollback returns to.
    pub previous_spec: Option<Box<ServiceSpec>>,
    /// The version at which `previous_spec` was written.
    pub previous_spec_version: Option<u64>,
    /// The last update.
    pub update_status: Option<UpdateStatus>,
    /// How it is reached; none until allocated.
    pub endpoint: Option<Endpoint>,
    /// Which run of a job this is.
    pub job_status: Option<JobStatus>,
}
