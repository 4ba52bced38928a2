//! The dispatcher on the leader: the agents' sessions, their heartbeats, their work and their reports
//! (swarmkit: `manager/dispatcher`).
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`assignments`] | what one node was told and must be told next |
//! | [`updates`] | states of nodes and tasks that wait to be written to the store |
//!
//! It only speaks over a session that an agent opened, and it decides alone what it says: there is no
//! request for a secret.

pub(crate) mod assignments;
pub(crate) mod updates;

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use sim::{Duration, Rng, Time};

use self::assignments::AssignmentSet;
use self::updates::{NodeUpdate, Updates};
use crate::control::{ApiError, Code};
use crate::node::Output;
use crate::objects::{
    Cluster, Id, Network, Networking, Node, NodeDescription, NodeState, NodeStatus, Object,
    TaskStatus, random_id,
};
use crate::store::{Store, StoreEvent, Tx};
use crate::transport::protocol::{
    AssignmentChange, AssignmentsKind, AssignmentsMessage, Member, Push, Response, SessionMessage,
};
use crate::transport::{LinkId, Transport};

/// swarmkit: `defaultHeartBeatEpsilon`.
const HEARTBEAT_EPSILON: Duration = Duration::from_millis(500);
/// swarmkit: `defaultGracePeriodMultiplier`.
const GRACE_FACTOR: u64 = 3;

/// So many heartbeat periods a node may be silent.
fn grace_factor() -> u64 {
    let short = u64::from(sim::planted!(GraceTooShort));
    GRACE_FACTOR - short + u64::from(sim::planted!(GraceTooLong))
}

/// swarmkit: nodes of state UNKNOWN get twice the grace period.
const UNKNOWN_GRACE_FACTOR: u64 = 6;
/// swarmkit: `defaultRateLimitPeriod` and its count.
const RATE_LIMIT_PERIOD: Duration = Duration::from_secs(8);
const RATE_LIMIT_COUNT: u32 = 3;
/// swarmkit: `batchingWaitTime` of assignments.
const ASSIGNMENT_DELAY: Duration = Duration::from_millis(100);
/// swarmkit: `modificationBatchLimit`.
const ASSIGNMENT_CHANGES_MAX: usize = 100;
/// swarmkit: `defaultNodeDownPeriod`.
const ORPHAN_AFTER: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug)]
struct Session {
    id: String,
    link: LinkId,
    heartbeat_until: Time,
    set: AssignmentSet,
    sequence: u64,
    dirty: SortedSet<Id>,
    send_at: Option<Time>,
    node_changed: bool,
    /// The store shows the node as ready; nothing is assigned before (swarmkit: `markNodeReady`).
    is_ready: bool,
}

/// The dispatcher of a leader.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    period: Duration,
    sessions: SortedMap<Id, Session>,
    registrations: SortedMap<Id, (Time, u32)>,
    /// Nodes that a new leader has not heard from yet, and until when it waits.
    unknown: SortedMap<Id, Time>,
    /// Nodes that are DOWN, and when their tasks become orphans.
    down: SortedMap<Id, Time>,
    updates: Updates,
    /// The root CA's certificate that the agents were told of.
    root_ca: Vec<u8>,
    rng: Rng,
}

/// Zero is not set: the daemon does not pass it on (moby: `MergeSwarmSpecToGRPC`).
fn heartbeat_period(cluster: &Cluster) -> Option<Duration> {
    Some(cluster.spec.heartbeat_period).filter(|period| *period != Duration::ZERO)
}

/// What every node must know of the cluster's networks.
fn networking(store: &Store) -> Networking {
    let is_ready = |network: &&Rc<Network>| network.spec.ingress && network.driver_state.is_some();
    Networking {
        keys: store.cluster().map(|cluster| cluster.network_keys.clone()).unwrap_or_default(),
        ingress: store.networks().iter().find(is_ready).cloned(),
    }
}

fn error(code: Code, text: &str) -> ApiError {
    ApiError::new(code, text.to_owned())
}

impl Dispatcher {
    /// The dispatcher of a new leader. Every node that was thought to be there must register again.
    pub(crate) fn new(store: &Store, now: Time, rng: Rng) -> Self {
        let (period, root_ca) = store.cluster().map_or_else(
            || (crate::objects::defaults::HEARTBEAT_PERIOD, Vec::new()),
            |cluster| {
                let period = heartbeat_period(cluster);
                let period = period.unwrap_or(crate::objects::defaults::HEARTBEAT_PERIOD);
                (period, cluster.root_ca.certificate.clone())
            },
        );
        let mut dispatcher = Self {
            period,
            sessions: SortedMap::new(),
            registrations: SortedMap::new(),
            unknown: SortedMap::new(),
            down: SortedMap::new(),
            updates: Updates::default(),
            root_ca,
            rng,
        };
        for node in store.nodes().iter() {
            if node.status.state == NodeState::Down {
                dispatcher.down.insert(node.id.clone(), now + ORPHAN_AFTER);
            } else {
                let until = now + period.saturating_mul(UNKNOWN_GRACE_FACTOR);
                dispatcher.unknown.insert(node.id.clone(), until);
            }
        }
        dispatcher
    }

    /// The transaction of a new leader: READY nodes become UNKNOWN until they register.
    pub(crate) fn mark_nodes_unknown(tx: &mut Tx) {
        let ready: Vec<_> = tx
            .store()
            .nodes()
            .iter()
            .filter(|node| node.status.state == NodeState::Ready)
            .cloned()
            .collect();
        for node in ready.iter().take(tx.room()) {
            let mut node = (**node).clone();
            node.status.state = NodeState::Unknown;
            node.status.message =
                "Node moved to \"unknown\" state due to leadership change in cluster".to_owned();
            // The store can only refuse what is gone or out of sequence; both cannot be here.
            let _ = tx.update(node);
        }
    }

    /// An agent registers.
    ///
    /// # Errors
    /// The node is not in the store, or registers too often.
    pub(crate) fn open_session(
        &mut self,
        now: Time,
        from: (Id, LinkId, String),
        description: NodeDescription,
        cluster: (&Store, &[Member]),
        out: &mut Vec<Output>,
    ) -> Result<SessionMessage, ApiError> {
        let (node_id, link, addr) = from;
        let (store, managers) = cluster;
        let node = store.node(&node_id).ok_or_else(|| error(Code::NotFound, "node not found"))?;
        let (since, count) = self.registrations.entry(node_id.clone()).or_insert((now, 0));
        if now.since(*since) > RATE_LIMIT_PERIOD {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        if *count > RATE_LIMIT_COUNT {
            let text = format!("node {node_id} exceeded rate limit count of registrations");
            return Err(error(Code::Unavailable, &text));
        }
        self.unknown.remove(&node_id);
        self.down.remove(&node_id);
        let is_ready = node.status.state == NodeState::Ready && node.description == description;
        let id = random_id(&mut self.rng).to_string();
        let period = self.choose_period();
        let session = Session {
            id: id.clone(),
            link,
            heartbeat_until: now + period.saturating_mul(grace_factor()),
            set: AssignmentSet::default(),
            sequence: 0,
            dirty: SortedSet::new(),
            send_at: is_ready.then_some(now),
            node_changed: false,
            is_ready,
        };
        let detail = format!("{} ({node_id}) session {id}", description.hostname);
        out.push(Output::Event { kind: "dispatcher.session_opened", detail });
        self.sessions.insert(node_id.clone(), session);
        let status = NodeStatus { state: NodeState::Ready, message: String::new(), addr };
        self.updates.node(now, node_id, NodeUpdate { status, description: Some(description) });
        Ok(session_message(id, node, managers, period, store))
    }

    fn choose_period(&mut self) -> Duration {
        let epsilon = HEARTBEAT_EPSILON.min(self.period).as_nanos();
        let least = self.period.saturating_sub(Duration::from_nanos(epsilon));
        least + Duration::from_nanos(self.rng.below(2 * epsilon + 1))
    }

    fn session(&mut self, node_id: &str, session_id: &str) -> Result<&mut Session, ApiError> {
        self.sessions
            .get_mut(node_id)
            .filter(|session| session.id == session_id)
            .ok_or_else(|| error(Code::InvalidArgument, "session invalid"))
    }

    /// An agent is there.
    ///
    /// # Errors
    /// `session invalid`.
    pub(crate) fn heartbeat(
        &mut self,
        now: Time,
        node_id: &str,
        session_id: &str,
    ) -> Result<Response, ApiError> {
        let period = self.choose_period();
        let session = self.session(node_id, session_id)?;
        session.heartbeat_until = now + period.saturating_mul(grace_factor());
        Ok(Response::Heartbeat { period })
    }

    /// An agent reports states of tasks; they are written with the next batch.
    ///
    /// # Errors
    /// `session invalid`, or a task that is not this node's.
    pub(crate) fn update_task_status(
        &mut self,
        now: Time,
        node_id: &str,
        session_id: &str,
        updates: Vec<(Id, TaskStatus)>,
        store: &Store,
    ) -> Result<Response, ApiError> {
        self.session(node_id, session_id)?;
        let foreign =
            |id: &Id| store.task(id).is_some_and(|task| task.node_id.as_deref() != Some(node_id));
        if updates.iter().any(|(id, _)| foreign(id)) {
            return Err(error(
                Code::PermissionDenied,
                "cannot update a task not assigned this node",
            ));
        }
        for (id, status) in updates {
            if store.task(&id).is_some() {
                self.updates.task(now, id, status);
            }
        }
        Ok(Response::Done)
    }

    /// Something in the store changed.
    pub(crate) fn on_events(&mut self, events: &[StoreEvent], now: Time) {
        for event in events {
            match event.object() {
                Object::Task(task) => {
                    if sim::planted!(TasksForAll) {
                        for session in self.sessions.values_mut() {
                            session.dirty.insert(task.id.clone());
                        }
                    }
                    let node = task.node_id.as_ref().and_then(|id| self.sessions.get_mut(id));
                    if let Some(session) = node {
                        session.dirty.insert(task.id.clone());
                        if session.is_ready {
                            session.send_at.get_or_insert(now + ASSIGNMENT_DELAY);
                        }
                    }
                }
                Object::Node(node) => {
                    if matches!(event, StoreEvent::Removed(_)) {
                        self.sessions.remove(&node.id);
                        self.unknown.remove(&node.id);
                        self.down.remove(&node.id);
                        self.registrations.remove(&node.id);
                    } else if let Some(session) = self.sessions.get_mut(&node.id) {
                        session.node_changed = true;
                        if session.is_ready {
                            session.send_at.get_or_insert(now + ASSIGNMENT_DELAY);
                        } else if node.status.state == NodeState::Ready {
                            session.is_ready = true;
                            session.send_at = Some(now);
                        }
                    } else if matches!(event, StoreEvent::Created(_)) {
                        let until = now + self.period.saturating_mul(UNKNOWN_GRACE_FACTOR);
                        self.unknown.insert(node.id.clone(), until);
                    }
                }
                Object::Network(network) if network.spec.ingress => self.on_members(now),
                Object::Cluster(cluster) => {
                    self.period = heartbeat_period(cluster).unwrap_or(self.period);
                    if self.root_ca != cluster.root_ca.certificate {
                        self.root_ca.clone_from(&cluster.root_ca.certificate);
                        self.on_members(now);
                    }
                }
                _ => {}
            }
        }
    }

    /// The managers, or the root CA, changed: everyone is told.
    pub(crate) fn on_members(&mut self, now: Time) {
        for session in self.sessions.values_mut() {
            session.node_changed = true;
            if session.is_ready {
                session.send_at.get_or_insert(now + ASSIGNMENT_DELAY);
            }
        }
    }

    /// When the batch of states is to be written.
    pub(crate) const fn flush_at(&self) -> Option<Time> {
        self.updates.flush_at()
    }

    /// When there is next something to send or to give up.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let sessions = self.sessions.values().map(|session| {
            session.send_at.map_or(session.heartbeat_until, |at| at.min(session.heartbeat_until))
        });
        let waits = self.unknown.values().chain(self.down.values()).copied();
        sessions.chain(waits).min()
    }

    /// Ends what is over and sends what is due.
    pub(crate) fn due(
        &mut self,
        now: Time,
        store: &Store,
        managers: &[Member],
        transport: &mut Transport,
        out: &mut Vec<Output>,
    ) {
        self.expire(now, store, out);
        let due: Vec<Id> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.send_at.is_some_and(|at| at <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for node_id in due {
            self.send(&node_id, store, managers, transport, out);
        }
    }

    fn expire(&mut self, now: Time, store: &Store, out: &mut Vec<Output>) {
        let silent: Vec<Id> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.heartbeat_until <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in silent {
            self.sessions.remove(&id);
            self.node_down(now, &id, "heartbeat failure", store, out);
        }
        let unheard: Vec<Id> =
            self.unknown.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
        for id in unheard {
            self.unknown.remove(&id);
            let why = "heartbeat failure for node in \"unknown\" state";
            self.node_down(now, &id, why, store, out);
        }
        let gone: Vec<Id> =
            self.down.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.down.remove(&id);
            if !sim::planted!(OrphansNever) {
                self.updates.orphan(now, id);
            }
        }
    }

    fn node_down(&mut self, now: Time, id: &Id, why: &str, store: &Store, out: &mut Vec<Output>) {
        let Some(node) = store.node(id) else { return };
        let detail = format!("{} ({id}): {why}", node.description.hostname);
        let of = node.description.hostname.clone();
        out.push(Output::Silence { of, kind: "dispatcher.node_down", detail });
        self.down.insert(id.clone(), now + ORPHAN_AFTER);
        let addr = node.status.addr.clone();
        let status = NodeStatus { state: NodeState::Down, message: why.to_owned(), addr };
        self.updates.node(now, id.clone(), NodeUpdate { status, description: None });
    }

    fn send(
        &mut self,
        node_id: &Id,
        store: &Store,
        managers: &[Member],
        transport: &mut Transport,
        out: &mut Vec<Output>,
    ) {
        let period = self.period;
        let Some(session) = self.sessions.get_mut(node_id) else { return };
        session.send_at = None;
        if std::mem::take(&mut session.node_changed)
            && let Some(node) = store.node(node_id)
        {
            let id = session.id.clone();
            let message = session_message(id, node, managers, period, store);
            transport.push(session.link, Push::Session(message), out);
        }
        let dirty = std::mem::take(&mut session.dirty);
        if session.sequence == 0 {
            let (set, changes) = AssignmentSet::complete(store, node_id);
            session.set = set;
            session.sequence = 1;
            let kind = AssignmentsKind::Complete;
            let message = AssignmentsMessage { kind, applies_to: 0, results_in: 1, changes };
            send_assignments(node_id, session.link, message, transport, out);
            return;
        }
        let changes = session.set.update(store, node_id, &dirty);
        // Secrets come first in the list, so they are there before the tasks that need them.
        for part in changes.chunks(ASSIGNMENT_CHANGES_MAX) {
            let message = AssignmentsMessage {
                kind: AssignmentsKind::Incremental,
                applies_to: session.sequence,
                results_in: session.sequence + 1,
                changes: part.to_vec(),
            };
            session.sequence += 1;
            send_assignments(node_id, session.link, message, transport, out);
        }
    }

    /// True when a batch of states is to be written now.
    pub(crate) fn has_due_updates(&self, now: Time) -> bool {
        self.updates.flush_at().is_some_and(|at| at <= now)
    }

    /// Writes the batch.
    pub(crate) fn write_updates(&mut self, tx: &mut Tx) {
        self.updates.write(tx);
    }

    /// How many sessions are open.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// This manager stops leading: the sessions' connections are closed, so that the agents look for
    /// the new leader.
    pub(crate) fn close(&mut self, transport: &mut Transport, out: &mut Vec<Output>) {
        for session in std::mem::take(&mut self.sessions).into_values() {
            transport.close(session.link, "dispatcher is stopped", out);
        }
    }
}

fn session_message(
    session_id: String,
    node: &Rc<Node>,
    managers: &[Member],
    period: Duration,
    store: &Store,
) -> SessionMessage {
    let root_ca = store.cluster().map(|cluster| cluster.root_ca.certificate.clone());
    let (node, managers) = (Rc::clone(node), managers.to_vec());
    let (root_ca, networking) = (root_ca.unwrap_or_default(), networking(store));
    SessionMessage { session_id, node, managers, period, root_ca, networking }
}

fn send_assignments(
    node_id: &Id,
    link: LinkId,
    message: AssignmentsMessage,
    transport: &mut Transport,
    out: &mut Vec<Output>,
) {
    let list: Vec<String> = message.changes.iter().map(AssignmentChange::describe).collect();
    let detail = format!("{:?} to {node_id}: {}", message.kind, list.join(", "));
    out.push(Output::Event { kind: "dispatcher.assignments", detail });
    transport.push(link, Push::Assignments(message), out);
}
