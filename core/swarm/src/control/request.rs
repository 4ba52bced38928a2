//! What can be asked of a manager, and what it answers. Both cross the wire when a follower hands a
//! request to the leader.

use sorted::SortedMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::objects::{
    Cluster, ClusterSpec, Config, ConfigSpec, Id, Kind, Network, NetworkSpec, Node, NodeSpec, Role,
    Secret, SecretBytes, SecretSpec, Service, ServiceSpec, Task, TaskState,
};

/// What a list is narrowed to. Within one field any match will do; all fields that are not empty
/// must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filters {
    /// Exact names.
    pub names: Vec<String>,
    /// Beginnings of names (docker's `--filter name=`).
    pub name_prefixes: Vec<String>,
    /// Beginnings of identifiers.
    pub id_prefixes: Vec<String>,
    /// Labels of the object; an empty value matches any.
    pub labels: SortedMap<String, String>,
    /// Labels of the node (nodes only).
    pub node_labels: SortedMap<String, String>,
    /// Roles (nodes only).
    pub roles: Vec<Role>,
    /// Exact service identifiers (tasks only).
    pub service_ids: Vec<Id>,
    /// Exact node identifiers (tasks only).
    pub node_ids: Vec<Id>,
    /// Desired states (tasks only).
    pub desired_states: Vec<TaskState>,
    /// Modes: `replicated`, `global`, `replicated-job`, `global-job` (services only).
    pub modes: Vec<String>,
}

/// Which keys an update of the cluster renews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotation {
    /// The workers' join token.
    pub worker_token: bool,
    /// The managers' join token.
    pub manager_token: bool,
    /// The unlock key.
    pub unlock_key: bool,
}

/// A member of the raft group as the answering manager sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftMember {
    /// The raft member's number.
    pub raft_id: u64,
    /// Its address, `host:2377`.
    pub addr: String,
    /// It leads.
    pub leader: bool,
    /// It answers.
    pub reachable: bool,
}

/// The raft group by node, as the answering manager sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftMembers(pub SortedMap<Id, RaftMember>);

impl RaftMembers {
    /// Without this node the others still have a quorum (swarmkit: `raft.go`, `CanRemoveMember`).
    pub fn can_remove(&self, node: &str) -> bool {
        let reachable =
            self.0.iter().filter(|(id, member)| &***id != node && member.reachable).count();
        let left = self.0.len().saturating_sub(1);
        left > 0 && reachable > left / 2
    }
}

/// How many tasks of a service run (`docker service ls`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// The service.
    pub service_id: Id,
    /// How many should run.
    pub desired_tasks: u64,
    /// How many run.
    pub running_tasks: u64,
    /// How many have completed (jobs).
    pub completed_tasks: u64,
}

/// A request. Identifiers are exact: the daemon resolves names before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the same in all of them: see the objects")]
pub enum ControlRequest {
    /// What a user means by a name, an identifier or its beginning.
    Resolve { kind: Kind, text: String },
    /// The cluster object, its CA's key and the unlock keys cleared.
    GetCluster,
    /// New settings, new tokens, a new unlock key.
    UpdateCluster { version: u64, spec: Box<ClusterSpec>, rotation: KeyRotation },
    /// The key that unlocks a manager.
    GetUnlockKey,
    /// Nodes, with their part in the raft group.
    ListNodes(Filters),
    /// One node.
    GetNode { id: Id },
    /// New role, availability, labels.
    UpdateNode { id: Id, version: u64, spec: Box<NodeSpec> },
    /// Takes a node out of the cluster.
    RemoveNode { id: Id, force: bool },
    /// Services.
    ListServices(Filters),
    /// How many tasks run.
    ListServiceStatuses { ids: Vec<Id> },
    /// One service.
    GetService { id: Id },
    /// A new service.
    CreateService { spec: Box<ServiceSpec> },
    /// A new spec; with `rollback` the previous one, whatever `spec` says.
    UpdateService { id: Id, version: u64, spec: Box<ServiceSpec>, rollback: bool },
    /// Takes a service away; its tasks follow.
    RemoveService { id: Id },
    /// Tasks.
    ListTasks(Filters),
    /// One task.
    GetTask { id: Id },
    /// Takes a task away.
    RemoveTask { id: Id },
    /// Secrets, data cleared.
    ListSecrets(Filters),
    /// One secret, data cleared.
    GetSecret { id: Id },
    /// A new secret.
    CreateSecret { spec: Box<SecretSpec> },
    /// New labels.
    UpdateSecret { id: Id, version: u64, spec: Box<SecretSpec> },
    /// Takes a secret away, unless a service uses it.
    RemoveSecret { id: Id },
    /// Configs.
    ListConfigs(Filters),
    /// One config.
    GetConfig { id: Id },
    /// A new config.
    CreateConfig { spec: Box<ConfigSpec> },
    /// New labels.
    UpdateConfig { id: Id, version: u64, spec: Box<ConfigSpec> },
    /// Takes a config away, unless a service uses it.
    RemoveConfig { id: Id },
    /// Networks.
    ListNetworks(Filters),
    /// One network.
    GetNetwork { id: Id },
    /// A new network.
    CreateNetwork { spec: Box<NetworkSpec> },
    /// Takes a network away, unless something uses it.
    RemoveNetwork { id: Id },
}

impl ControlRequest {
    /// It changes the store.
    pub const fn is_write(&self) -> bool {
        matches!(
            self,
            Self::UpdateCluster { .. }
                | Self::UpdateNode { .. }
                | Self::RemoveNode { .. }
                | Self::CreateService { .. }
                | Self::UpdateService { .. }
                | Self::RemoveService { .. }
                | Self::RemoveTask { .. }
                | Self::CreateSecret { .. }
                | Self::UpdateSecret { .. }
                | Self::RemoveSecret { .. }
                | Self::CreateConfig { .. }
                | Self::UpdateConfig { .. }
                | Self::RemoveConfig { .. }
                | Self::CreateNetwork { .. }
                | Self::RemoveNetwork { .. }
        )
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ControlResponse {
    /// To `Resolve`.
    Resolved(Id),
    /// The cluster.
    Cluster(Rc<Cluster>),
    /// The unlock key (32 bytes), if autolock is on, and the cluster's version it belongs to.
    UnlockKey {
        /// The key.
        key: Option<SecretBytes>,
        /// The cluster's version.
        version: u64,
    },
    /// Nodes.
    Nodes(Vec<Rc<Node>>),
    /// A node.
    Node(Rc<Node>),
    /// Services.
    Services(Vec<Rc<Service>>),
    /// Counts of tasks.
    ServiceStatuses(Vec<ServiceStatus>),
    /// A service.
    Service(Rc<Service>),
    /// Tasks.
    Tasks(Vec<Rc<Task>>),
    /// A task.
    Task(Rc<Task>),
    /// Secrets, data cleared.
    Secrets(Vec<Rc<Secret>>),
    /// A secret, data cleared.
    Secret(Rc<Secret>),
    /// Configs.
    Configs(Vec<Rc<Config>>),
    /// A config.
    Config(Rc<Config>),
    /// Networks.
    Networks(Vec<Rc<Network>>),
    /// A network.
    Network(Rc<Network>),
    /// The new object's identifier.
    Created {
        /// It.
        id: Id,
    },
    /// Done.
    Done,
}
