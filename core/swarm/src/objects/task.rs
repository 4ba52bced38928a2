//! Tasks: one run of a service's container on one node. A task never runs twice; what fails is
//! replaced by a new task in the same slot.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sim::{Duration, Time};

use super::{Annotations, ContainerSpec, Driver, Endpoint, Id, Meta, Network};

/// How far a task has come. The numbers are swarmkit's; a task's state never goes back.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum TaskState {
    /// Made by an orchestrator.
    #[default]
    New = 0,
    /// Its networks are allocated; it waits for a node.
    Pending = 64,
    /// It has a node.
    Assigned = 192,
    /// The agent has it.
    Accepted = 256,
    /// The agent prepares it: pulls, creates.
    Preparing = 320,
    /// It could start.
    Ready = 384,
    /// It starts, or is not healthy yet.
    Starting = 448,
    /// It runs.
    Running = 512,
    /// It ended with exit status 0.
    Complete = 576,
    /// It was stopped on request.
    Shutdown = 640,
    /// It ended otherwise.
    Failed = 704,
    /// It could not be run at all.
    Rejected = 768,
    /// Only as a desired state: delete it once it has stopped.
    Remove = 800,
    /// Its node is gone for good.
    Orphaned = 832,
}

impl TaskState {
    /// All states in order.
    pub const ALL: [Self; 14] = [
        Self::New,
        Self::Pending,
        Self::Assigned,
        Self::Accepted,
        Self::Preparing,
        Self::Ready,
        Self::Starting,
        Self::Running,
        Self::Complete,
        Self::Shutdown,
        Self::Failed,
        Self::Rejected,
        Self::Remove,
        Self::Orphaned,
    ];

    /// swarmkit's number.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// As `docker` prints it in lower case.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Pending => "pending",
            Self::Assigned => "assigned",
            Self::Accepted => "accepted",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Shutdown => "shutdown",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Remove => "remove",
            Self::Orphaned => "orphaned",
        }
    }

    /// The task will not run any more.
    pub fn is_terminal(self) -> bool {
        self > Self::Running
    }
}

/// Amounts of a node's resources; 0 asks for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceAmounts {
    /// Processors, in billionths.
    pub nano_cpus: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
    /// Processes (limits only).
    pub pids: i64,
}

/// What a task may use, and what is set aside for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// At most.
    pub limits: ResourceAmounts,
    /// Set aside; the scheduler counts these only.
    pub reservations: ResourceAmounts,
}

/// When an ended task is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RestartCondition {
    /// Never.
    None,
    /// When it failed.
    OnFailure,
    /// Always.
    #[default]
    Any,
}

impl RestartCondition {
    /// `none`, `on-failure` or `any`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OnFailure => "on-failure",
            Self::Any => "any",
        }
    }
}

/// How ended tasks are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartPolicy {
    /// When.
    pub condition: RestartCondition,
    /// After how long; `None` for 5 s.
    pub delay: Option<Duration>,
    /// How often; 0 for no limit.
    pub max_attempts: u64,
    /// Attempts are counted within this span; `None` or 0 for all time.
    pub window: Option<Duration>,
}

/// Where tasks may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// `node.role==manager` and the like; all must hold.
    pub constraints: Vec<String>,
    /// Spread over the values of these keys (`node.labels.rack`), first to last.
    pub preferences: Vec<String>,
    /// At most so many on one node; 0 for no limit.
    pub max_replicas: u64,
    /// (os, architecture) pairs the image exists for; empty for any.
    pub platforms: Vec<(String, String)>,
}

/// A network a task asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAttachment {
    /// Name or identifier of the network.
    pub target: String,
    /// More names for the task in it.
    pub aliases: Vec<String>,
}

/// True for the name of a network that every node has for itself: a task in it gets no address of the
/// swarm's (swarmkit: `PredefinedNetworks`, of which the managers keep an object each; here the name
/// does).
pub fn is_node_local(target: &str) -> bool {
    matches!(target, "bridge" | "host")
}

/// A network a task has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNetwork {
    /// The network, whole: the node that runs the task needs no manager to set it up.
    pub network: Rc<Network>,
    /// For instance `10.0.1.3/24`.
    pub addresses: Vec<String>,
    /// More names for the task in it.
    pub aliases: Vec<String>,
}

/// What a task is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// What it runs.
    pub container: ContainerSpec,
    /// What it may use.
    pub resources: Resources,
    /// How it is replaced; `None` for the default policy.
    pub restart: Option<RestartPolicy>,
    /// Where it may run.
    pub placement: Placement,
    /// Its networks.
    pub networks: Vec<NetworkAttachment>,
    /// Its log driver.
    pub log_driver: Option<Driver>,
    /// Raised to replace tasks although nothing else changed.
    pub force_update: u64,
}

/// What the agent reports of the container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerStatus {
    /// 64 hexadecimal digits.
    pub container_id: String,
    /// The first process; 0 when none runs.
    pub pid: u32,
    /// Its exit status.
    pub exit_code: i32,
}

/// How far a task has come, as whoever moved it last reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStatus {
    /// The state.
    pub state: TaskState,
    /// When it was reached, on the reporter's clock.
    pub timestamp: Time,
    /// In words: `created`, `pending task scheduling`, `started`.
    pub message: String,
    /// What is wrong, if something is.
    pub err: Option<String>,
    /// The container, once there is one.
    pub container: Option<ContainerStatus>,
    /// Which manager wrote it into the store, and when.
    pub applied_at: Option<Time>,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its identifier.
    pub id: Id,
    /// Version and times.
    pub meta: Meta,
    /// What it is to be.
    pub spec: TaskSpec,
    /// The service's `spec_version` it was made from.
    pub spec_version: u64,
    /// Its service; empty for none.
    pub service_id: Id,
    /// Its slot, from 1; 0 for global services.
    pub slot: u64,
    /// Its node, once it has one.
    pub node_id: Option<Id>,
    /// Name: `service.slot.id`, for global services `service.node.id`.
    pub annotations: Annotations,
    /// The service's name and labels when it was made.
    pub service_annotations: Annotations,
    /// How far it has come.
    pub status: TaskStatus,
    /// How far it should come; never goes back.
    pub desired_state: TaskState,
    /// Its networks, once allocated.
    pub networks: Vec<TaskNetwork>,
    /// How its service is reached.
    pub endpoint: Option<Endpoint>,
    /// The job's run it belongs to.
    pub job_iteration: Option<u64>,
}

impl Task {
    /// What a log or a map calls it: `service.slot` or, for a global service, `service.node`.
    pub fn short_name(&self) -> String {
        let service = &self.service_annotations.name;
        match (&self.node_id, self.slot) {
            (Some(node), 0) => format!("{service}.{node}"),
            (_, slot) => format!("{service}.{slot}"),
        }
    }
}
