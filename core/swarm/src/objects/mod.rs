//! The typed objects of a cluster, as the store holds and the API shows them (swarmkit:
//! `api/objects.proto`, `api/specs.proto`, `api/types.proto`).
//!
//! A *spec* is what a user asked for; the rest of an object is what the cluster made of it. Secret
//! bytes are held in [`SecretBytes`], whose `Debug` prints a label only.

pub mod cluster;
pub mod container;
pub mod defaults;
pub mod id;
pub mod network;
pub mod node;
pub mod secret;
pub mod service;
pub mod task;

use sorted::SortedMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sim::Time;

pub use cluster::{
    Cluster, ClusterCa, ClusterSpec, EncryptionKey, NetworkKey, RaftConfig, RootRotation, SigningCa,
};
pub use container::{
    BindOptions, ConfigReference, ContainerSpec, DnsConfig, FileTarget, Healthcheck, Mount,
    MountKind, SecretReference, TmpfsOptions, VolumeOptions,
};
pub use id::{Id, random_id, random_token_secret};
pub use network::{IpamConfig, Network, NetworkSpec, Networking};
pub use node::{
    Availability, IssuanceState, ManagerStatus, Node, NodeCertificate, NodeDescription, NodeSpec,
    NodeState, NodeStatus, Reachability, Role, TlsInfo,
};
pub use secret::{Config, ConfigSpec, Payload, Secret, SecretBytes, SecretSpec};
pub use service::{
    Endpoint, EndpointMode, EndpointSpec, FailureAction, JobStatus, PortConfig, PortProtocol,
    PublishMode, Service, ServiceMode, ServiceSpec, UpdateConfig, UpdateOrder, UpdateState,
    UpdateStatus, VirtualIp,
};
pub use task::{
    ContainerStatus, NetworkAttachment, Placement, ResourceAmounts, Resources, RestartCondition,
    RestartPolicy, Task, TaskNetwork, TaskSpec, TaskState, TaskStatus, is_node_local,
};

/// What the store writes into every object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// `Version.Index`: the raft commit index known at the start of the transaction that wrote the
    /// object last. An update must name the version it has read.
    pub version: u64,
    /// When the object was created.
    pub created_at: Time,
    /// When it was last written.
    pub updated_at: Time,
}

/// Name and labels, which every spec begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotations {
    /// The name, unique per kind without regard to case (tasks excepted).
    pub name: String,
    /// The user's labels.
    pub labels: SortedMap<String, String>,
}

impl Annotations {
    /// A name without labels.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), labels: SortedMap::new() }
    }
}

/// A driver and its options (secret drivers, templating, log and network drivers).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    /// The driver's name.
    pub name: String,
    /// Its options.
    pub options: SortedMap<String, String>,
}

/// The kinds of objects, in the order a snapshot holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// [`Cluster`].
    Cluster,
    /// [`Node`].
    Node,
    /// [`Service`].
    Service,
    /// [`Task`].
    Task,
    /// [`Secret`].
    Secret,
    /// [`Config`].
    Config,
    /// [`Network`].
    Network,
}

impl Kind {
    /// The word Docker's messages use for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Node => "node",
            Self::Service => "service",
            Self::Task => "task",
            Self::Secret => "secret",
            Self::Config => "config",
            Self::Network => "network",
        }
    }
}

/// Any object. The parts are shared: a clone costs one counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Object {
    /// The cluster itself (there is one).
    Cluster(Rc<Cluster>),
    /// A node.
    Node(Rc<Node>),
    /// A service.
    Service(Rc<Service>),
    /// A task.
    Task(Rc<Task>),
    /// A secret, with its bytes.
    Secret(Rc<Secret>),
    /// A config.
    Config(Rc<Config>),
    /// A network.
    Network(Rc<Network>),
}

impl Object {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Cluster(_) => Kind::Cluster,
            Self::Node(_) => Kind::Node,
            Self::Service(_) => Kind::Service,
            Self::Task(_) => Kind::Task,
            Self::Secret(_) => Kind::Secret,
            Self::Config(_) => Kind::Config,
            Self::Network(_) => Kind::Network,
        }
    }

    /// Its identifier.
    pub fn id(&self) -> &Id {
        match self {
            Self::Cluster(object) => &object.id,
            Self::Node(object) => &object.id,
            Self::Service(object) => &object.id,
            Self::Task(object) => &object.id,
            Self::Secret(object) => &object.id,
            Self::Config(object) => &object.id,
            Self::Network(object) => &object.id,
        }
    }

    /// Version and times.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Cluster(object) => &object.meta,
            Self::Node(object) => &object.meta,
            Self::Service(object) => &object.meta,
            Self::Task(object) => &object.meta,
            Self::Secret(object) => &object.meta,
            Self::Config(object) => &object.meta,
            Self::Network(object) => &object.meta,
        }
    }

    /// The bytes that a raft entry holds of it before they are sealed.
    pub fn encoded(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("objects have no unsized parts")
    }

    /// The name a person would use: the spec's name, a node's host name, a task's `service.slot`.
    pub fn name(&self) -> &str {
        match self {
            Self::Cluster(object) => &object.spec.annotations.name,
            Self::Node(object) => &object.description.hostname,
            Self::Service(object) => &object.spec.annotations.name,
            Self::Task(object) => &object.annotations.name,
            Self::Secret(object) => &object.spec.annotations.name,
            Self::Config(object) => &object.spec.annotations.name,
            Self::Network(object) => &object.spec.annotations.name,
        }
    }
}

/// An object type the store has a table for.
pub trait Stored: Clone {
    /// Its kind.
    const KIND: Kind;
    /// Its identifier.
    fn id(&self) -> &Id;
    /// Version and times.
    fn meta(&self) -> &Meta;
    /// Version and times, for the store to write.
    fn meta_mut(&mut self) -> &mut Meta;
    /// The name that must be unique among its kind; none for tasks and nodes.
    fn unique_name(&self) -> Option<&str>;
    /// Wraps it.
    fn wrap(this: Rc<Self>) -> Object;
}

macro_rules! stored {
    ($type:ident, $this:ident => $name:expr) => {
        impl Stored for $type {
            const KIND: Kind = Kind::$type;
            fn id(&self) -> &Id {
                &self.id
            }
            fn meta(&self) -> &Meta {
                &self.meta
            }
            fn meta_mut(&mut self) -> &mut Meta {
                &mut self.meta
            }
            fn unique_name(&self) -> Option<&str> {
                let $this = self;
                $name
            }
            fn wrap(this: Rc<Self>) -> Object {
                Object::$type(this)
            }
        }
        impl From<$type> for Object {
            fn from(object: $type) -> Self {
                Self::$type(Rc::new(object))
            }
        }
    };
}
stored!(Cluster, this => Some(&this.spec.annotations.name));
stored!(Node, _this => None);
stored!(Service, this => Some(&this.spec.annotations.name));
stored!(Task, _this => None);
stored!(Secret, this => Some(&this.spec.annotations.name));
stored!(Config, this => Some(&this.spec.annotations.name));
stored!(Network, this => Some(&this.spec.annotations.name));
