//! What there is, as plain data: for the map, for checks in labs, for scripts.

use sorted::SortedMap;

use serde::Serialize;
use sim::net::Condition;
use sim::{Duration, HostId, Time};
use swarm::node::NodeView as SwarmView;
use swarm::objects::{Availability, Id, NodeState, Role, ServiceMode, Task, TaskState};
use swarm::store::Store;

use crate::fault::{Armed, ArmedState};
use crate::host::Host;
use crate::input::words;
use crate::world::World;

/// The world at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// Milliseconds since the world was ready.
    pub at_ms: u64,
    /// The date and time of the simulated hosts, RFC 3339.
    pub time: String,
    /// The name of the node that leads, if there is one.
    pub leader: Option<String>,
    /// Managers that are up and know of a leader, as a majority of all managers.
    pub has_quorum: bool,
    /// The hosts, in the order of the spec.
    pub nodes: Vec<NodeView>,
    /// Services, by name.
    pub services: Vec<ServiceView>,
    /// Tasks that the managers know, by service and slot, newest first.
    pub tasks: Vec<TaskView>,
    /// Secrets, by name.
    pub secrets: Vec<SecretView>,
    /// Ways between hosts with which something is wrong.
    pub links: Vec<LinkView>,
    /// Faults that wait for something.
    pub armed: Vec<ArmedView>,
    /// The Kubernetes, if there is one and its API server runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<crate::cluster::ClusterView>,
}

/// A fault that waits for something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ArmedView {
    /// The number to disarm it by.
    pub id: u64,
    /// What it waits for and what strikes then, in words.
    pub text: String,
}

/// A way from one host to another with which something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkView {
    /// Who sends.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// Everything is lost.
    pub cut: bool,
    /// How many milliseconds every frame takes longer.
    pub latency_ms: u64,
    /// How many frames of a thousand are lost on their way.
    pub loss: u16,
    /// How many frames of a thousand arrive twice.
    pub duplicate: u16,
}

/// One host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeView {
    /// The host's name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// It runs.
    pub up: bool,
    /// It runs but makes no progress.
    pub frozen: bool,
    /// What else is wrong with it, in words: `disk full`, `clock 90d ahead`.
    pub troubles: Vec<String>,
    /// The node's identifier in the swarm, if it is in one.
    pub id: Option<String>,
    /// `inactive`, `pending`, `active`, `locked` or `error`: how the host stands to a swarm.
    pub swarm: String,
    /// `manager` or `worker`, if it is in a swarm.
    pub role: Option<String>,
    /// As the managers see it: `ready`, `down`, `unknown`, `disconnected`.
    pub state: Option<String>,
    /// `active`, `pause` or `drain`.
    pub availability: Option<String>,
    /// It is the leader.
    pub leader: bool,
    /// Its part in the raft group, on managers.
    pub raft: Option<RaftView>,
    /// Its containers that the engine knows, newest first.
    pub containers: Vec<ContainerView>,
    /// Names of the secrets in its agent's memory.
    pub agent_secrets: Vec<String>,
    /// Names of the secrets in its store: all of them, on managers.
    pub store_secrets: Vec<String>,
}

/// A raft member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RaftView {
    /// `follower`, `candidate`, `pre-candidate` or `leader`.
    pub role: String,
    /// Its term.
    pub term: u64,
    /// The last index that is committed, as far as it knows.
    pub commit: u64,
    /// The last index applied to its store.
    pub applied: u64,
    /// The last index of its log.
    pub last: u64,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContainerView {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its image as it was asked for.
    pub image: String,
    /// `created`, `running`, `restarting` or `exited`.
    pub state: String,
    /// The swarm task it runs, if it runs one.
    pub task: Option<String>,
    /// Names of the secrets mounted in it now.
    pub secrets: Vec<String>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServiceView {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `replicated`, `global`, ...
    pub mode: String,
    /// Its image.
    pub image: String,
    /// How many tasks should run.
    pub desired: u64,
    /// How many run.
    pub running: u64,
    /// Names of its secrets.
    pub secrets: Vec<String>,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TaskView {
    /// Its identifier.
    pub id: String,
    /// `service.slot`, or for a global service `service.<node id>`.
    pub name: String,
    /// Its service's name.
    pub service: String,
    /// Its slot; 0 for a global service.
    pub slot: u64,
    /// The host it is placed on.
    pub node: Option<String>,
    /// `running`, `failed`, ...
    pub state: String,
    /// The desired state.
    pub desired: String,
    /// The last error.
    pub error: Option<String>,
}

/// A secret, without what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SecretView {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many bytes.
    pub size: u64,
}

impl World {
    /// What there is now. What the managers know is taken from the leader, or from the manager that
    /// has applied most.
    pub fn observe(&self) -> Observation {
        let views: Vec<Option<SwarmView<'_>>> = self
            .hosts
            .iter()
            .map(|host| host.up.as_ref().map(|up| up.daemon.swarm().observe()))
            .collect();
        let best = views.iter().flatten().max_by_key(|view| {
            let raft = view.raft.as_ref();
            (raft.is_some_and(|raft| raft.is_leading), raft.map(|raft| raft.applied))
        });
        let store = best.and_then(|view| view.store);
        let names = self.node_names(&views);
        let nodes: Vec<NodeView> = self
            .hosts
            .iter()
            .zip(&views)
            .enumerate()
            .map(|(index, (host, view))| node(index, host, view.as_ref(), store))
            .collect();
        let leader = nodes.iter().find(|node| node.leader).map(|node| node.name.clone());
        let members = best.and_then(|view| view.raft.as_ref()).map_or(0, |raft| raft.members.len());
        let knowing = views
            .iter()
            .flatten()
            .filter(|view| view.raft.as_ref().is_some_and(|raft| raft.leader.is_some()));
        Observation {
            at_ms: self.at_ms(),
            time: self.now.rfc3339(),
            has_quorum: members > 0 && leader.is_some() && knowing.count() > members / 2,
            leader,
            nodes,
            services: store.map(services).unwrap_or_default(),
            tasks: store.map(|store| tasks(store, &names)).unwrap_or_default(),
            secrets: store.map(secrets).unwrap_or_default(),
            links: self.links_in_trouble(),
            armed: self.armed_faults(),
            cluster: self.observe_cluster(),
        }
    }

    fn armed_faults(&self) -> Vec<ArmedView> {
        let waiting = self.armed().iter().filter(|armed| armed.state == ArmedState::Waiting);
        let view = |armed: &Armed| ArmedView {
            id: armed.id,
            text: format!("{}: {}", armed.on, words(&armed.faults)),
        };
        waiting.map(view).collect()
    }

    fn links_in_trouble(&self) -> Vec<LinkView> {
        let name = |host: HostId| self.hosts[usize::from(host.0)].name.clone();
        let view = |((from, to), condition): ((HostId, HostId), Condition)| LinkView {
            from: name(from),
            to: name(to),
            cut: condition.is_cut,
            latency_ms: condition.latency.as_millis(),
            loss: condition.loss,
            duplicate: condition.duplicate,
        };
        self.net.conditions().map(view).collect()
    }

    fn node_names(&self, views: &[Option<SwarmView<'_>>]) -> SortedMap<Id, String> {
        let mut names = SortedMap::new();
        for (host, view) in self.hosts.iter().zip(views) {
            let Some(view) = view else { continue };
            if let Some(id) = &view.node_id {
                names.insert(id.clone(), host.name.clone());
            }
            for known in view.store.iter().flat_map(|store| store.nodes().iter()) {
                names.entry(known.id.clone()).or_insert_with(|| known.description.hostname.clone());
            }
        }
        names
    }
}

fn node(
    index: usize,
    host: &Host,
    view: Option<&SwarmView<'_>>,
    store: Option<&Store>,
) -> NodeView {
    let mut node = NodeView {
        name: host.name.clone(),
        address: crate::boot::address(index),
        up: host.up.is_some(),
        frozen: host.is_frozen(),
        troubles: troubles(host),
        swarm: "inactive".into(),
        ..NodeView::default()
    };
    let id = view.and_then(|view| view.node_id.clone());
    let known = store.and_then(|store| match &id {
        Some(id) => store.node(id),
        // A host that is down cannot say who it is; the managers know it by its name.
        None => store.nodes().iter().find(|known| known.description.hostname == host.name),
    });
    if let Some(known) = known {
        node.id = Some(known.id.to_string());
        node.role = Some(role(known.role).into());
        node.state = Some(node_state(known.status.state).into());
        node.availability = Some(availability(known.spec.availability).into());
    }
    if let (Some(view), Some(up)) = (view, &host.up) {
        node.swarm = view.state.word().into();
        node.id = id.map(|id| id.to_string()).or(node.id);
        node.role = view.role.map(|own| role(own).to_owned()).or(node.role);
        node.leader = view.raft.as_ref().is_some_and(|raft| raft.is_leading);
        node.raft = view.raft.as_ref().map(|raft| RaftView {
            role: raft_role(raft.status.role).to_owned(),
            term: raft.term.0,
            commit: raft.status.commit.0,
            applied: raft.applied.0,
            last: raft.status.last_index.0,
        });
        node.containers = up.daemon.container_views().into_iter().map(container).collect();
        let mut held: Vec<String> = view
            .agent
            .iter()
            .flat_map(|agent| {
                agent.secrets.iter().map(|secret| secret.spec.annotations.name.clone())
            })
            .collect();
        held.sort();
        node.agent_secrets = held;
        node.store_secrets =
            view.store.map(secrets).unwrap_or_default().into_iter().map(|s| s.name).collect();
    }
    node
}

fn troubles(host: &Host) -> Vec<String> {
    let mut troubles = Vec::new();
    if host.disk.is_full() {
        troubles.push("disk full".to_owned());
    }
    if host.slow_disk != Duration::ZERO {
        troubles.push(format!("disk {} slower", host.slow_disk));
    }
    if !host.clock.is_right() {
        let noon = Time::from_date(2100, 1, 1);
        let shown = host.clock.wall(noon);
        let (span, word) =
            if noon < shown { (shown.since(noon), "ahead") } else { (noon.since(shown), "behind") };
        troubles.push(format!("clock {span} {word}"));
    }
    troubles
}

fn container(view: daemon::ContainerView) -> ContainerView {
    ContainerView {
        id: view.id,
        name: view.name,
        image: view.image,
        state: view.state.to_owned(),
        task: view.task,
        secrets: view.secrets,
    }
}

const fn raft_role(role: raft::Role) -> &'static str {
    match role {
        raft::Role::Follower => "follower",
        raft::Role::PreCandidate => "pre-candidate",
        raft::Role::Candidate => "candidate",
        raft::Role::Leader => "leader",
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Manager => "manager",
        Role::Worker => "worker",
    }
}

const fn node_state(state: NodeState) -> &'static str {
    match state {
        NodeState::Unknown => "unknown",
        NodeState::Down => "down",
        NodeState::Ready => "ready",
        NodeState::Disconnected => "disconnected",
    }
}

const fn availability(availability: Availability) -> &'static str {
    match availability {
        Availability::Active => "active",
        Availability::Pause => "pause",
        Availability::Drain => "drain",
    }
}

fn services(store: &Store) -> Vec<ServiceView> {
    let mut all: Vec<ServiceView> = store
        .services()
        .iter()
        .map(|service| {
            let live = |task: &&std::rc::Rc<Task>| task.desired_state <= TaskState::Running;
            let tasks: Vec<_> = store.tasks_of_service(&service.id).filter(live).collect();
            let running =
                tasks.iter().filter(|task| task.status.state == TaskState::Running).count() as u64;
            let (mode, desired) = match &service.spec.mode {
                ServiceMode::Replicated { replicas } => ("replicated", *replicas),
                ServiceMode::Global => ("global", tasks.len() as u64),
                ServiceMode::ReplicatedJob { total_completions, .. } => {
                    ("replicated job", *total_completions)
                }
                ServiceMode::GlobalJob => ("global job", tasks.len() as u64),
            };
            let container = &service.spec.task.container;
            ServiceView {
                id: service.id.to_string(),
                name: service.spec.annotations.name.clone(),
                mode: mode.into(),
                image: container.image.clone(),
                desired,
                running,
                secrets: container.secrets.iter().map(|s| s.secret_name.clone()).collect(),
            }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn tasks(store: &Store, names: &SortedMap<Id, String>) -> Vec<TaskView> {
    let mut all: Vec<&std::rc::Rc<Task>> = store.tasks().iter().collect();
    all.sort_by_key(|task| {
        let name = task.service_annotations.name.clone();
        (name, task.slot, std::cmp::Reverse(task.meta.created_at), task.id.clone())
    });
    let view = |task: &std::rc::Rc<Task>| {
        let service = task.service_annotations.name.clone();
        let node = task.node_id.as_ref().filter(|id| !id.is_empty());
        let suffix = match (task.slot, node) {
            (0, Some(node)) => node.to_string(),
            (slot, _) => slot.to_string(),
        };
        TaskView {
            id: task.id.to_string(),
            name: format!("{service}.{suffix}"),
            service,
            slot: task.slot,
            node: node.map(|id| names.get(id).cloned().unwrap_or_else(|| id.to_string())),
            state: task.status.state.word().into(),
            desired: task.desired_state.word().into(),
            error: task.status.err.clone(),
        }
    };
    all.into_iter().map(view).collect()
}

fn secrets(store: &Store) -> Vec<SecretView> {
    let mut all: Vec<SecretView> = store
        .secrets()
        .iter()
        .map(|secret| SecretView {
            id: secret.id.to_string(),
            name: secret.spec.annotations.name.clone(),
            size: secret.spec.data.len() as u64,
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
