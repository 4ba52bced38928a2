//! What goes into a [`super::SwarmNode`] and what comes out of it.

use sorted::SortedMap;
use std::rc::Rc;

use sim::disk::Barrier;
use sim::{HostId, Rng, Streams};

use crate::control::{ApiError, ControlRequest, ControlResponse};
use crate::objects::{Availability, Id, Task};

use super::mark::Mark;

/// The host that a swarm node runs on.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The host's number.
    pub host: HostId,
    /// Its name.
    pub hostname: String,
    /// Its address, without a port.
    pub addr: String,
    /// Which host has which address (without ports); the host itself included.
    pub directory: SortedMap<String, HostId>,
    /// The engine's version.
    pub engine_version: String,
    /// Labels of the engine.
    pub engine_labels: SortedMap<String, String>,
    /// Processors, in billionths.
    pub nano_cpus: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
    /// What differs between Docker's versions.
    pub options: SwarmOptions,
}

/// What differs between Docker's versions, and what a lab may switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwarmOptions {
    /// Raft's election timeout in ticks of a second: 10, until 18.03 it was 3.
    pub election_ticks: u32,
    /// Raft's heartbeats in ticks.
    pub heartbeat_ticks: u32,
    /// Managers ask whether they could win before they campaign. Off in swarmkit.
    pub pre_vote: bool,
}

impl Default for SwarmOptions {
    fn default() -> Self {
        Self { election_ticks: 10, heartbeat_ticks: 1, pre_vote: false }
    }
}

/// The node's streams of randomness, one per purpose.
#[derive(Clone, Debug)]
pub struct Rngs {
    /// Election timeouts.
    pub raft: Rng,
    /// Identifiers of objects, members and sessions.
    pub ids: Rng,
    /// Keys, certificates and join tokens.
    pub keys: Rng,
    /// Handshakes.
    pub channels: Rng,
    /// The agent's choice of a manager and its waits.
    pub agent: Rng,
    /// Heartbeat periods.
    pub dispatcher: Rng,
    /// The leader's loops.
    pub loops: Rng,
}

impl Rngs {
    /// The streams of the `boot`-th start of a host. Every start must have its own number: a
    /// stream that began again would repeat keys.
    pub fn new(streams: &Streams, hostname: &str, boot: u64) -> Self {
        let stream = |what: &str| streams.stream(&format!("swarm/{hostname}/{boot}/{what}"));
        Self {
            raft: stream("raft"),
            ids: stream("ids"),
            keys: stream("keys"),
            channels: stream("channels"),
            agent: stream("agent"),
            dispatcher: stream("dispatcher"),
            loops: stream("loops"),
        }
    }

    /// A stream of its own, split from another.
    pub(crate) fn split(rng: &mut Rng, what: &str) -> Rng {
        Streams::new(rng.next_u64()).stream(what)
    }
}

/// Names a local request, chosen by who makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What happens to a node.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "handled at once, nobody keeps many; large on 64 bits only"
)]
pub enum Input {
    /// The daemon starts: whatever the disk remembers is taken up again.
    Boot,
    /// A frame arrived.
    Frame {
        /// Who sent it.
        from: HostId,
        /// The connection's number.
        flow: u64,
        /// What was on the wire.
        bytes: Rc<[u8]>,
    },
    /// The deadline that [`super::SwarmNode::next_deadline`] named has come.
    Due,
    /// The disk has made everything up to here durable (the caller has completed the sync).
    Synced(Barrier),
    /// The daemon on this host asks something.
    Local(RequestId, LocalRequest),
    /// The executor says something about a task.
    Executor {
        /// The task.
        task: Id,
        /// What.
        event: ExecutorEvent,
    },
}

/// `docker swarm init`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitOptions {
    /// The address that others reach this manager at; the host's own if none. With or without port.
    pub advertise_addr: Option<String>,
    /// What the node is available for.
    pub availability: Availability,
    /// Managers are to be locked at once.
    pub autolock: bool,
    /// Begin again with this node alone, keeping all objects.
    pub force_new_cluster: bool,
}

/// `docker swarm join`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinOptions {
    /// The join token.
    pub token: String,
    /// Managers, `host:port`.
    pub remotes: Vec<String>,
    /// The address that others reach this node at; the host's own if none.
    pub advertise_addr: Option<String>,
    /// What the node is available for.
    pub availability: Availability,
}

/// What the daemon on the host asks.
#[derive(Clone, Debug)]
pub enum LocalRequest {
    /// A new swarm.
    Init(InitOptions),
    /// Into an existing one.
    Join(JoinOptions),
    /// Out of it.
    Leave {
        /// Also if that harms the swarm.
        force: bool,
    },
    /// Something for the managers.
    Control(ControlRequest),
    /// Open a locked manager.
    Unlock {
        /// The unlock key, `SWMKEY-1-…`.
        key: String,
    },
    /// How is this node?
    Info,
}

/// What the daemon is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum LocalResponse {
    /// There is a new swarm.
    Initialized {
        /// This node.
        node_id: Id,
    },
    /// The node is in the swarm.
    Joined {
        /// As a manager.
        as_manager: bool,
    },
    /// The node is out of the swarm.
    Left,
    /// A manager's answer.
    Control(ControlResponse),
    /// The manager is open.
    Unlocked,
    /// How this node is.
    Info(LocalInfo),
}

/// How the node stands to a swarm (moby: `api/types/swarm`, `LocalNodeState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalState {
    /// In none.
    #[default]
    Inactive,
    /// On its way into one.
    Pending,
    /// In one.
    Active,
    /// It failed.
    Error,
    /// It needs the unlock key.
    Locked,
}

impl LocalState {
    /// As `docker info` prints it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Error => "error",
            Self::Locked => "locked",
        }
    }
}

/// What `docker info` tells about the swarm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalInfo {
    /// How it stands.
    pub state: LocalState,
    /// This node; empty if in no swarm.
    pub node_id: Id,
    /// Its address.
    pub node_addr: String,
    /// True on a manager that takes requests.
    pub control_available: bool,
    /// What is wrong.
    pub error: String,
    /// The managers this node knows: (node id, `host:port`).
    pub remote_managers: Vec<(Id, String)>,
    /// The cluster's id, on managers.
    pub cluster_id: Id,
    /// How many nodes the swarm has, on managers.
    pub node_count: u64,
    /// How many managers the swarm has, on managers.
    pub manager_count: u64,
    /// When the node's certificate ends.
    pub certificate_expires_at: Option<sim::Time>,
}

/// What a node does.
#[derive(Clone, Debug)]
pub enum Output {
    /// Sends a frame.
    Frame {
        /// To whom; may be this host itself.
        to: HostId,
        /// The connection's number.
        flow: u64,
        /// What is on the wire.
        bytes: Rc<[u8]>,
    },
    /// Wants the disk to make everything up to here durable, and to be told.
    Sync(Barrier),
    /// Answers the daemon.
    Reply(RequestId, Result<LocalResponse, ApiError>),
    /// Tells the executor to do something.
    Executor(ExecutorCommand),
    /// A manager's store has changed: for `docker events`. A secret comes with its bytes.
    Changed(crate::store::StoreEvent),
    /// Something that somebody may be waiting for.
    Mark(Mark),
    /// Something for a person that happened because another node was not heard: whoever injects
    /// faults knows why.
    Silence {
        /// The node's host name, or its address with or without a port.
        of: String,
        /// For instance `raft.unreachable`.
        kind: &'static str,
        /// For a reader.
        detail: String,
    },
    /// Something that a person may ask "why?" about. Never holds a secret's bytes.
    Event {
        /// For instance `raft.elected`.
        kind: &'static str,
        /// For a reader.
        detail: String,
    },
}

/// What the agent wants of the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum ExecutorCommand {
    /// Pull the image, create networks and the container. Answer with `Prepared`, `Rejected` or
    /// `Temporary`.
    Prepare(Rc<Task>),
    /// Start the container. Answer with `Started` (once healthy, if there is a health check), and with
    /// `Exited` when it ends.
    Start(Id),
    /// The agent had this task before it was restarted, or before another manager took it away; it may have a
    /// container. Of one that was started: `Started` if its container runs (again), `Exited` if it does not; of others no
    /// answer.
    Resume {
        /// The task.
        task: Rc<Task>,
        /// It was to run.
        was_started: bool,
    },
    /// Stop the container within its grace period. Answer with `Stopped`, also if none runs.
    Shutdown(Id),
    /// Remove the container, stopping it if need be. No answer.
    Remove(Id),
}

/// What the engine says about a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutorEvent {
    /// The container exists.
    Prepared {
        /// 64 hexadecimal digits.
        container_id: String,
    },
    /// The container's process runs.
    Started {
        /// The process.
        pid: u32,
    },
    /// The container's process has ended by itself.
    Exited {
        /// Its exit status.
        code: i32,
        /// What the runtime says besides, for instance `dockerexec: unhealthy container`.
        error: Option<String>,
    },
    /// The container was stopped on request.
    Stopped,
    /// The task cannot be run: REJECTED before STARTING, FAILED from there on.
    Rejected {
        /// Why.
        error: String,
    },
    /// The same as `Rejected`, for what went wrong while running.
    Failed {
        /// Why.
        error: String,
    },
    /// It may work later: the step is tried again after a second.
    Temporary {
        /// Why not now.
        error: String,
    },
}
