//! What nodes say to each other inside a channel, in postcard.
//!
//! It has the services of swarmkit's gRPC API: CA, NodeCA, Health, RaftMembership, Raft, Control and
//! Dispatcher. It has no message by which a node could ask for a secret: secrets travel inside
//! [`AssignmentsMessage`]s only, which the dispatcher sends of its own accord.

use std::rc::Rc;

use raft::RaftId;
use serde::{Deserialize, Serialize};
use sim::Duration;

use crate::control::{ApiError, ControlRequest, ControlResponse};
use crate::objects::{
    Availability, Config, Id, Networking, Node, NodeDescription, Role, Secret, Task, TaskState,
    TaskStatus,
};

/// One message inside a channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    /// A request that expects an [`Message::Answer`] with the same number.
    Call(u64, Request),
    /// The answer to the call with this number.
    Answer(u64, Result<Response, ApiError>),
    /// A message between two members' Raft.
    Raft(raft::Message),
    /// A part of one that is too large to travel at once (swarmkit: `StreamRaftMessage`).
    RaftPart {
        /// Nothing follows.
        is_last: bool,
        /// The message's bytes.
        bytes: Vec<u8>,
    },
    /// The answer to a message from a member that was removed.
    RaftRemoved,
    /// From the dispatcher to an agent with an open session.
    Push(Push),
}

/// What one node asks another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// CA.GetRootCACertificate: anybody may ask.
    RootCa,
    /// NodeCA.IssueNodeCertificate: with a join token, or as a node that renews its own.
    IssueCertificate {
        /// The certificate signing request.
        csr: Vec<u8>,
        /// The join token; empty for a renewal.
        token: String,
        /// What the node wants to be available for.
        availability: Availability,
    },
    /// NodeCA.NodeCertificateStatus.
    CertificateStatus {
        /// The node whose certificate is asked for.
        node_id: Id,
    },
    /// Health.Check: is something listening there?
    Health,
    /// RaftMembership.Join, from a node with a manager's certificate.
    RaftJoin {
        /// Where the new member can be reached.
        addr: String,
        /// The number that it has given itself and written down: in swarmkit the leader gives it. So whoever asks again,
        /// also after a power loss, is no other member.
        raft_id: RaftId,
    },
    /// A control API request that a manager passes to the leader.
    Control(ControlRequest),
    /// Dispatcher.Session.
    OpenSession {
        /// What the node says about itself.
        description: NodeDescription,
        /// The session it had before, if any.
        session_id: Option<String>,
    },
    /// Dispatcher.Heartbeat.
    Heartbeat {
        /// The agent's session.
        session_id: String,
    },
    /// Dispatcher.UpdateTaskStatus.
    UpdateTaskStatus {
        /// The agent's session.
        session_id: String,
        /// The tasks' new states.
        updates: Vec<(Id, TaskStatus)>,
    },
}

/// What the other one answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Response {
    /// The root CA's certificate.
    RootCa {
        /// In PEM.
        certificate_pem: String,
    },
    /// The request was accepted; ask for the status of this node's certificate.
    CertificateRequested {
        /// The node's id.
        node_id: Id,
    },
    /// The state of a node's certificate.
    Certificate(CertificateStatus),
    /// Done, or healthy.
    Done,
    /// The caller is a member now.
    RaftJoined {
        /// All members, the caller included.
        members: Vec<(RaftId, Member)>,
        /// Members that may never come back.
        removed: Vec<RaftId>,
    },
    /// The caller's number is that of another member, or of one that was removed.
    RaftIdSpent,
    /// The leader's answer to a control API request.
    Control(ControlResponse),
    /// A session is open; assignments follow by themselves.
    Session(SessionMessage),
    /// When the next heartbeat is due at the latest.
    Heartbeat {
        /// The period.
        period: Duration,
    },
    /// This manager does not lead; try the one at this address, if it is known.
    NotLeader {
        /// The leader's address.
        leader_addr: Option<String>,
    },
}

/// How far the issuance of a certificate is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum CertificateStatus {
    /// Not signed yet.
    Pending,
    /// Here it is.
    Issued {
        /// In PEM.
        pem: String,
        /// The role it is for.
        role: Role,
    },
}

/// What the dispatcher tells an agent unasked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Push {
    /// News about the session.
    Session(SessionMessage),
    /// Work.
    Assignments(AssignmentsMessage),
}

/// swarmkit: `SessionMessage`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SessionMessage {
    /// Names the session in every later call.
    pub(crate) session_id: String,
    /// The node as the cluster knows it: tells it the role that it shall have.
    pub(crate) node: Rc<Node>,
    /// All managers.
    pub(crate) managers: Vec<Member>,
    /// The heartbeat period.
    pub(crate) period: Duration,
    /// The keys of gossip and of overlays, and the routing mesh's network.
    pub(crate) networking: Networking,
    /// The root CA's certificate that the node is to trust from now on, in PEM.
    pub(crate) root_ca: Vec<u8>,
}

/// Whether a message replaces everything or changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AssignmentsKind {
    /// All that the node shall have.
    Complete,
    /// What is different from before.
    Incremental,
}

/// swarmkit: `AssignmentsMessage`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AssignmentsMessage {
    /// Replaces or changes.
    pub(crate) kind: AssignmentsKind,
    /// The number of the message this one follows.
    pub(crate) applies_to: u64,
    /// This message's number.
    pub(crate) results_in: u64,
    /// What to do.
    pub(crate) changes: Vec<AssignmentChange>,
}

/// One change in what a node shall have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum AssignmentChange {
    /// Hold this secret.
    UpdateSecret(Rc<Secret>),
    /// Forget it.
    RemoveSecret(Id),
    /// Hold this config.
    UpdateConfig(Rc<Config>),
    /// Forget it.
    RemoveConfig(Id),
    /// Run this task as its desired state says.
    UpdateTask(Rc<Task>),
    /// The task is gone.
    RemoveTask(Id),
}

/// A manager, as the members of the cluster know each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// The node.
    pub(crate) node_id: Id,
    /// Where it listens, `host:port`.
    pub(crate) addr: String,
}

impl AssignmentChange {
    /// What a reader of the trace may know about it: never a secret's bytes.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::UpdateSecret(secret) => {
                format!("+secret {} ({})", secret.spec.annotations.name, secret.id)
            }
            Self::RemoveSecret(id) => format!("-secret {id}"),
            Self::UpdateConfig(config) => {
                format!("+config {} ({})", config.spec.annotations.name, config.id)
            }
            Self::RemoveConfig(id) => format!("-config {id}"),
            Self::UpdateTask(task) => format!(
                "{}task {} ({}) desired {:?}",
                if task.status.state <= TaskState::Assigned { "+" } else { "=" },
                task.annotations.name,
                task.id,
                task.desired_state
            ),
            Self::RemoveTask(id) => format!("-task {id}"),
        }
    }
}
