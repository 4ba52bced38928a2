//! A cheap view of one node, for maps, invariants and the checks of labs. It borrows; it never shows
//! more than the node itself holds.

use std::rc::Rc;

use sorted::SortedSet;

use raft::{Index, RaftId, Term};
use sim::Time;

use super::swarm_node::{Phase, SwarmNode};
use super::{LocalInfo, LocalState, texts};
use crate::agent::Agent;
use crate::ca::credentials::Own;
use crate::objects::{Config, Id, Role, Secret, Task, TaskStatus};
use crate::raft_driver::sealed::Envelope;
use crate::store::{Store, StoreAction};
use crate::transport::protocol::Member;

/// One node at one moment.
#[derive(Debug)]
pub struct NodeView<'a> {
    /// How it stands to a swarm.
    pub state: LocalState,
    /// Its identifier, if it has one.
    pub node_id: Option<Id>,
    /// What its certificate says.
    pub role: Option<Role>,
    /// Its part in the raft group.
    pub raft: Option<RaftView>,
    /// Everything the managers know, on managers.
    pub store: Option<&'a Store>,
    /// Sessions of agents with this node's dispatcher, on the leader.
    pub session_count: u64,
    /// Its agent.
    pub agent: Option<AgentView<'a>>,
}

/// A member of the raft group.
#[derive(Clone, Debug)]
pub struct RaftView {
    /// Everything Raft itself knows.
    pub status: raft::Status,
    /// True when the leader's work is done here: the loops, the dispatcher, the CA.
    pub is_leading: bool,
    /// Who leads, as far as this member knows.
    pub leader: Option<RaftId>,
    /// The term.
    pub term: Term,
    /// The last index applied to the store.
    pub applied: Index,
    /// All members: number, node, address, and whether it answers.
    pub members: Vec<(RaftId, Id, String, bool)>,
}

/// An agent.
#[derive(Debug)]
pub struct AgentView<'a> {
    /// The manager that it has a session with.
    pub session_with: Option<&'a str>,
    /// It has got the complete set of what it shall have in this session.
    pub is_registered: bool,
    /// Its tasks with their states as the agent knows them.
    pub tasks: Vec<(&'a Task, &'a TaskStatus)>,
    /// The disk had no room for those.
    pub is_unwritten: bool,
    /// The secrets in its memory.
    pub secrets: Vec<&'a Secret>,
    /// The configs in its memory.
    pub configs: Vec<&'a Config>,
}

impl SwarmNode {
    /// A view of the node as it is.
    pub fn observe(&self) -> NodeView<'_> {
        let manager = self.manager.as_ref();
        NodeView {
            state: self.local_state(),
            node_id: self.own().map(Own::node_id),
            role: self.role(),
            raft: manager.map(|manager| {
                let status = manager.driver.raft().status();
                let members = manager.driver.members().iter().map(|(id, member)| {
                    let is_reachable = manager.driver.is_reachable(*id);
                    (*id, member.node_id.clone(), member.addr.clone(), is_reachable)
                });
                RaftView {
                    is_leading: manager.is_leading(),
                    leader: status.leader,
                    term: status.term,
                    applied: manager.applied,
                    members: members.collect(),
                    status,
                }
            }),
            store: manager.map(|manager| &manager.store),
            session_count: self.session_count(),
            agent: self.agent(),
        }
    }

    /// The secrets in the agent's memory: cheaper than [`SwarmNode::observe`] for whoever looks after
    /// every event.
    pub fn agent_secrets(&self) -> impl Iterator<Item = &Secret> {
        self.agent.iter().flat_map(|agent| agent.worker.secrets())
    }

    /// The keys that it has in memory and in its key file: none before the first certificate, and while it
    /// is locked.
    pub fn keys(&self) -> Option<&seal::NodeKeyFile> {
        self.key_file.as_ref()
    }

    /// The agent's tasks, as cheaply.
    pub fn agent_tasks(&self) -> impl Iterator<Item = &Rc<Task>> {
        self.agent.iter().flat_map(|agent| agent.worker.task_objects())
    }

    /// The raft member itself, on managers, for whoever looks after every event.
    pub fn raft(&self) -> Option<&raft::Raft> {
        self.manager.as_ref().map(|manager| manager.driver.raft())
    }

    /// Everything the managers know, on managers, and the index it was last changed at.
    pub fn store(&self) -> Option<(Index, &Store)> {
        self.manager.as_ref().map(|manager| (manager.applied, &manager.store))
    }

    /// True when this member has begun a group of its own since the daemon started (`docker swarm init
    /// --force-new-cluster`): what the cluster's other members had agreed on does not bind it.
    pub fn began_anew(&self) -> bool {
        self.manager.as_ref().is_some_and(|manager| manager.began_anew)
    }

    /// True when the leader's work is done here.
    pub fn is_leading(&self) -> bool {
        self.manager.as_ref().is_some_and(|manager| manager.is_leading())
    }

    /// The cluster that its certificate is from.
    pub fn cluster_id(&self) -> Option<&str> {
        Some(&self.own()?.identity.cluster_id)
    }

    /// Its certificate was not valid by the host's clock when it started: it waits for somebody to start it again.
    pub fn is_out_of_time(&self) -> bool {
        matches!(&self.phase, Phase::Failed(why) if why == texts::EXPIRED)
    }

    /// The node of its certificate.
    pub fn node_id(&self) -> Option<&str> {
        Some(&self.own()?.identity.node_id)
    }

    /// The raft members whose addresses this manager knows, and those that it knows to be removed.
    pub fn members(&self) -> (SortedSet<RaftId>, SortedSet<RaftId>) {
        let Some(manager) = &self.manager else { return Default::default() };
        (manager.driver.members().keys().copied().collect(), manager.driver.removed().clone())
    }

    /// How many agents have a session with this node's dispatcher.
    pub fn session_count(&self) -> u64 {
        let leader = self.manager.as_ref().and_then(|manager| manager.leader());
        leader.map_or(0, |leader| leader.session_count() as u64)
    }

    /// The same number means that the agent's session, tasks, secrets and configs are the same; none
    /// without an agent.
    pub fn agent_change_count(&self) -> Option<u64> {
        self.agent.as_ref().map(Agent::change_count)
    }

    /// The agent's part of the view.
    pub fn agent(&self) -> Option<AgentView<'_>> {
        self.agent.as_ref().map(|agent| AgentView {
            session_with: agent.session_addr(),
            is_registered: agent.is_registered(),
            tasks: agent.worker.tasks().collect(),
            is_unwritten: agent.worker.is_unwritten(),
            secrets: agent.worker.secrets().collect(),
            configs: agent.worker.configs().collect(),
        })
    }

    /// The raft log in memory, for those who want to look at it. Entries hold secrets in clear.
    pub fn raft_log(&self) -> &[raft::Entry] {
        self.manager.as_ref().map_or(&[], |manager| manager.driver.raft().log_entries())
    }

    /// From when to when this node's certificate is valid.
    pub fn certificate_span(&self) -> Option<(Time, Time)> {
        let leaf = &self.own()?.chain.leaf;
        Some((leaf.not_before(), leaf.not_after()))
    }

    /// The root CA that it trusts, and the certificate that it shows to others with what leads to theirs.
    pub fn root_and_chain(&self) -> Option<(&seal::RootCertificate, &seal::Chain)> {
        let credentials = self.credentials.as_ref()?;
        Some((&credentials.root, &credentials.own.as_ref()?.chain))
    }

    fn own(&self) -> Option<&Own> {
        self.credentials.as_ref()?.own.as_ref()
    }

    fn local_state(&self) -> LocalState {
        match &self.phase {
            Phase::Inactive => LocalState::Inactive,
            Phase::Pending => LocalState::Pending,
            Phase::Locked => LocalState::Locked,
            Phase::Failed(_) => LocalState::Error,
            Phase::Active if self.raft_join.is_some() && self.pending.is_empty() => {
                LocalState::Pending
            }
            Phase::Active => LocalState::Active,
        }
    }

    /// What `docker info` tells.
    pub fn info(&self) -> LocalInfo {
        let store = self.manager.as_ref().map(|manager| &manager.store);
        LocalInfo {
            state: self.local_state(),
            node_id: self.own().map(Own::node_id).unwrap_or_default(),
            node_addr: if self.phase == Phase::Inactive {
                String::new()
            } else {
                self.config.addr.clone()
            },
            control_available: self.manager.is_some(),
            error: self.trouble(),
            remote_managers: self
                .managers
                .iter()
                .map(|member| (member.node_id.clone(), member.addr.clone()))
                .collect(),
            cluster_id: store
                .and_then(Store::cluster)
                .map(|cluster| cluster.id.clone())
                .unwrap_or_default(),
            node_count: store.map_or(0, |store| store.nodes().iter().count() as u64),
            manager_count: self.manager.as_ref().map_or(0, |manager| {
                // moby counts those with a manager's status, which are the members of the raft group.
                let members = manager.driver.members().values();
                members.filter(|member| manager.store.node(&member.node_id).is_some()).count()
                    as u64
            }),
            certificate_expires_at: self.own().map(|own| own.chain.leaf.not_after()),
        }
    }
}

/// What a data entry of the raft log does to the store; nothing for other entries. It holds secrets in
/// clear.
pub fn actions_of(entry: &raft::Entry) -> Option<Vec<StoreAction>> {
    match &entry.payload {
        raft::Payload::Data(data) => {
            postcard::from_bytes::<Envelope>(data).ok().map(|envelope| envelope.actions)
        }
        raft::Payload::Empty | raft::Payload::ConfChange(_) => None,
    }
}

/// Who becomes a member of the raft group by this entry, and its node; nothing for other entries.
pub fn joiner_of(entry: &raft::Entry) -> Option<(RaftId, Id)> {
    match &entry.payload {
        raft::Payload::ConfChange(raft::ConfChange::AddVoter { id, context }) => {
            postcard::from_bytes::<Member>(context).ok().map(|member| (*id, member.node_id))
        }
        _ => None,
    }
}
