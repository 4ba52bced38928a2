//! Nodes: what a user asked of one, what it reports of itself, and what the managers think of it.

use sorted::SortedMap;

use serde::{Deserialize, Serialize};

use super::{Annotations, Id, Meta};

/// What a node may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Runs tasks only.
    #[default]
    Worker,
    /// Takes part in the raft group as well.
    Manager,
}

impl Role {
    /// `worker` or `manager`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Manager => "manager",
        }
    }
}

/// Whether a node gets tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Availability {
    /// It does.
    #[default]
    Active,
    /// No new ones.
    Pause,
    /// None; those it has are moved.
    Drain,
}

impl Availability {
    /// `active`, `pause` or `drain`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pause => "pause",
            Self::Drain => "drain",
        }
    }
}

/// What the dispatcher thinks of a node's agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NodeState {
    /// A new leader has not heard from it yet.
    #[default]
    Unknown = 0,
    /// Its heartbeats ended.
    Down = 1,
    /// It has a session.
    Ready = 2,
    /// Its session was closed by a manager that stopped leading.
    Disconnected = 3,
}

impl NodeState {
    /// `unknown`, `down`, `ready` or `disconnected`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Down => "down",
            Self::Ready => "ready",
            Self::Disconnected => "disconnected",
        }
    }
}

/// The dispatcher's view of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// The state.
    pub state: NodeState,
    /// Why, for instance `heartbeat failure`.
    pub message: String,
    /// The address its session comes from.
    pub addr: String,
}

/// What a node says of itself when it registers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeDescription {
    /// The host's name.
    pub hostname: String,
    /// For instance `linux`.
    pub os: String,
    /// For instance `x86_64`.
    pub arch: String,
    /// Processors, in billionths.
    pub nano_cpus: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
    /// The engine's version.
    pub engine_version: String,
    /// The engine's labels (`engine.labels.<key>` in constraints).
    pub engine_labels: SortedMap<String, String>,
    /// Plugins as (type, name), for instance `("Network", "overlay")`.
    pub plugins: Vec<(String, String)>,
    /// Which CA it trusts, and which one signed its certificate.
    pub tls: TlsInfo,
}

/// Which CA a node trusts and which one signed its certificate, or which ones the cluster wants
/// (swarmkit: `NodeTLSInfo`). While they differ, the node's certificate is to be renewed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsInfo {
    /// The root CA's certificate, in PEM.
    pub trust_root: String,
    /// The issuer's name, in DER.
    pub issuer_subject: Vec<u8>,
    /// The issuer's public key, in DER.
    pub issuer_public_key: Vec<u8>,
}

impl TlsInfo {
    /// Whether both have the same issuer.
    pub fn has_issuer_of(&self, other: &Self) -> bool {
        self.issuer_subject == other.issuer_subject
            && self.issuer_public_key == other.issuer_public_key
    }
}

impl std::fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TlsInfo({} bytes)", self.trust_root.len())
    }
}

/// How the answering manager sees a raft member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reachability {
    /// Not known.
    #[default]
    Unknown,
    /// The last message to it failed.
    Unreachable,
    /// It answers.
    Reachable,
}

impl Reachability {
    /// `unknown`, `unreachable` or `reachable`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unreachable => "unreachable",
            Self::Reachable => "reachable",
        }
    }
}

/// A manager's part in the raft group. It is not stored: who answers a read fills it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerStatus {
    /// The raft member's number.
    pub raft_id: u64,
    /// Its address, `host:2377`.
    pub addr: String,
    /// It leads.
    pub leader: bool,
    /// How the answering manager sees it.
    pub reachability: Reachability,
}

/// How far a certificate request has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum IssuanceState {
    /// None asked for.
    #[default]
    Unknown,
    /// Renewal asked for by its holder.
    Renew,
    /// Waits for the leader's CA.
    Pending,
    /// Signed.
    Issued,
    /// Refused.
    Failed,
    /// The node must ask for a new one (root rotation).
    Rotate,
}

/// A node's certificate and the request for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCertificate {
    /// The role it is for.
    pub role: Role,
    /// How far it has come.
    pub state: IssuanceState,
    /// Why it failed, if it did.
    pub error: String,
    /// The request.
    pub csr: Vec<u8>,
    /// The signed chain.
    pub certificate: Vec<u8>,
}

/// What a user asked of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSpec {
    /// Labels (`node.labels.<key>` in constraints); the name is usually empty.
    pub annotations: Annotations,
    /// The role it should have.
    pub desired_role: Role,
    /// Whether it gets tasks.
    pub availability: Availability,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its identifier, which its certificate names.
    pub id: Id,
    /// Version and times.
    pub meta: Meta,
    /// What was asked for.
    pub spec: NodeSpec,
    /// The role it has.
    pub role: Role,
    /// The dispatcher's view.
    pub status: NodeStatus,
    /// What it says of itself.
    pub description: NodeDescription,
    /// Its part in the raft group.
    pub manager_status: Option<ManagerStatus>,
    /// Its certificate.
    pub certificate: NodeCertificate,
}
