//! The node: its parts, and how an input goes through them.
//!
//! Whatever comes in is given to the part that it is for; then [`SwarmNode::pump`] lets all parts act
//! until nothing more happens at this instant.

use sorted::SortedMap;
use std::rc::Rc;

use seal::{Kek, NodeKeyFile};
use sim::disk::Barrier;
use sim::{Clock, Disk, Duration, Time};

use super::manager::Manager;
use super::mark::Mark;
use super::raft_join::RaftJoin;
use super::saving::Saving;
use super::{Input, LocalRequest, LocalResponse, NodeConfig, Output, RequestId, Rngs, texts};
use crate::agent::Agent;
use crate::ca::Credentials;
use crate::ca::join::JoinFlow;
use crate::control::{ApiError, ControlResponse};
use crate::objects::{Networking, NodeDescription, Payload, Role};
use crate::transport::Transport;
use crate::transport::protocol::Member;

/// The port of managers (moby: `defaultListenAddr`).
pub(crate) const PORT: u16 = 2377;

/// How the node stands to a swarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In none.
    Inactive,
    /// It waits for its first certificate, or for its disk.
    Pending,
    /// In one.
    Active,
    /// Needs the unlock key.
    Locked,
    /// Cannot start; why.
    Failed(String),
}

/// What the daemon waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    Init,
    Join,
    Control,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) what: Waiting,
    pub(crate) deadline: Time,
}

/// The outside, while an input is handled.
pub(crate) struct Io<'a> {
    pub(crate) now: Time,
    pub(crate) disk: &'a mut Disk,
    pub(crate) out: &'a mut Vec<Output>,
}

impl Io<'_> {
    pub(crate) fn event(&mut self, kind: &'static str, detail: String) {
        self.out.push(Output::Event { kind, detail });
    }

    pub(crate) fn sync(&mut self) {
        self.out.push(Output::Sync(self.disk.begin_sync()));
    }

    /// The same after certificates or keys were written.
    pub(crate) fn sync_keys(&mut self) {
        self.sync();
        self.out.push(Output::Mark(Mark::Keys));
    }
}

/// One host's part of a swarm. A crash drops it; a restart makes a new one, which gets the same disk and
/// [`Input::Boot`].
#[derive(Debug)]
pub struct SwarmNode {
    pub(crate) config: NodeConfig,
    /// What the host's clock shows: certificates are judged by it.
    pub(crate) clock: Clock,
    pub(crate) rngs: Rngs,
    pub(crate) transport: Transport,
    pub(crate) credentials: Option<Rc<Credentials>>,
    pub(crate) key_file: Option<NodeKeyFile>,
    pub(crate) kek: Option<Kek>,
    /// Where others reach this node, `host:port`.
    pub(crate) advertise: String,
    pub(crate) managers: Vec<Member>,
    pub(crate) phase: Phase,
    pub(crate) joining: Option<JoinFlow>,
    /// The manager that this node joins by, until it is ready for the first time.
    pub(crate) joins_by: Option<String>,
    pub(crate) renewing: Option<JoinFlow>,
    /// What was written before this node began is on its way to the disk; then it begins.
    pub(crate) begins_at: Option<Barrier>,
    /// A certificate on its way to the disk.
    pub(crate) saving: Option<Saving>,
    /// The disk was full when the root CA's certificate was to be written.
    pub(crate) is_root_unwritten: bool,
    pub(crate) renew_at: Option<Time>,
    /// When a node that failed is started again.
    pub(crate) restart_at: Option<Time>,
    /// How long it then waits if it fails once more.
    pub(crate) restart_backoff: Duration,
    /// It was told that the disk takes nothing.
    pub(crate) knows_full_disk: bool,
    /// Renewals that failed since the last one that worked.
    pub(crate) renewal_failures: u32,
    pub(crate) raft_join: Option<RaftJoin>,
    pub(crate) manager: Option<Box<Manager>>,
    pub(crate) agent: Option<Agent>,
    pub(crate) networking: Networking,
    pub(crate) pending: SortedMap<RequestId, Pending>,
    pub(crate) replies: Vec<(RequestId, Result<ControlResponse, ApiError>)>,
    /// The version of the cluster object that the key file was written for.
    pub(crate) keys_of_version: u64,
}

/// The parts of `$node` that a manager acts on, together with the outside.
macro_rules! context {
    ($node:ident, $io:ident) => {
        $crate::node::manager::Context {
            now: $io.now,
            disk: $io.disk,
            transport: &mut $node.transport,
            out: $io.out,
            replies: &mut $node.replies,
        }
    };
}
pub(crate) use context;

impl SwarmNode {
    /// A node whose daemon has not started yet: give it [`Input::Boot`].
    pub fn new(config: NodeConfig, mut rngs: Rngs) -> Self {
        let channels = Rngs::split(&mut rngs.channels, "channels");
        let transport = Transport::new(config.host, config.directory.clone(), channels);
        let advertise = format!("{}:{PORT}", config.addr);
        Self {
            config,
            clock: Clock::default(),
            rngs,
            transport,
            credentials: None,
            key_file: None,
            kek: None,
            advertise,
            managers: Vec::new(),
            phase: Phase::Inactive,
            joining: None,
            joins_by: None,
            renewing: None,
            begins_at: None,
            saving: None,
            is_root_unwritten: false,
            renew_at: None,
            restart_at: None,
            restart_backoff: super::storage::RESTART_BACKOFF_FIRST,
            knows_full_disk: false,
            renewal_failures: 0,
            raft_join: None,
            manager: None,
            agent: None,
            networking: Networking::default(),
            pending: SortedMap::new(),
            replies: Vec::new(),
            keys_of_version: 0,
        }
    }

    /// What the host's clock shows from now on.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
        self.transport.set_clock(clock);
    }

    /// Something happens at `now`. What the node does is appended to `out`.
    pub fn handle(&mut self, now: Time, input: Input, disk: &mut Disk, out: &mut Vec<Output>) {
        let mut io = Io { now, disk, out };
        match input {
            Input::Boot => self.boot(&mut io),
            Input::Frame { from, flow, bytes } => {
                self.transport.receive(now, from, flow, &bytes, io.out);
            }
            Input::Due => {}
            Input::Synced(barrier) => {
                if self.begins_at.take_if(|at| *at <= barrier).is_some() {
                    self.start_from_disk(self.kek.clone(), &mut io);
                }
                self.saved(barrier, &mut io);
                if let Some(join) = &mut self.raft_join {
                    join.synced(barrier);
                }
                if let Some(manager) = &mut self.manager
                    && manager.driver.synced(io.disk, barrier)
                {
                    io.out.push(Output::Mark(Mark::Compacted));
                }
            }
            Input::Local(id, request) => self.local(id, request, &mut io),
            Input::Executor { task, event } => {
                if let Some(agent) = &mut self.agent {
                    agent.worker.on_executor(now, &task, event, io.out);
                }
            }
        }
        self.due(&mut io);
        self.pump(&mut io);
        if let Some(path) = io.disk.take_failure() {
            self.write_failed(&path, &mut io);
        }
    }

    /// The daemon ends in order: connections are closed, so that others know at once. Nothing is given to
    /// the node any more.
    pub fn stop(&mut self, out: &mut Vec<Output>) {
        self.transport.close_all(out);
    }

    /// When [`Input::Due`] is to come next.
    pub fn next_deadline(&self) -> Option<Time> {
        let flows = [&self.joining, &self.renewing];
        let mut next = [
            self.transport.next_deadline(),
            self.manager.as_ref().and_then(|manager| manager.next_deadline()),
            self.agent.as_ref().and_then(Agent::next_deadline),
            self.renew_at,
            self.restart_at,
            self.raft_join.as_ref().and_then(RaftJoin::next_deadline),
            self.pending.values().map(|pending| pending.deadline).min(),
        ]
        .into_iter()
        .flatten()
        .min();
        for at in flows.into_iter().flatten().filter_map(JoinFlow::next_deadline) {
            next = Some(next.map_or(at, |next| next.min(at)));
        }
        next
    }

    /// A secret, for a task of this node that names it in its spec: the agent's restricted getter.
    ///
    /// # Errors
    /// `task not authorized to access secret <id>`; or the secret is not here (any more, yet).
    pub fn secret(&self, task: &str, secret_id: &str) -> Result<Payload, ApiError> {
        let agent = self.agent.as_ref().ok_or_else(|| texts::unavailable(texts::NOT_PART))?;
        agent.worker.secret(task, secret_id)
    }

    /// A config, for a task of this node that names it in its spec.
    ///
    /// # Errors
    /// As [`SwarmNode::secret`].
    pub fn config(&self, task: &str, config_id: &str) -> Result<Payload, ApiError> {
        let agent = self.agent.as_ref().ok_or_else(|| texts::unavailable(texts::NOT_PART))?;
        agent.worker.config(task, config_id)
    }

    /// What the managers have told this node's agent of the cluster's networks; nothing while it is in
    /// no cluster.
    pub fn networking(&self) -> Option<&Networking> {
        self.agent.as_ref().map(|_| &self.networking)
    }

    fn due(&mut self, io: &mut Io<'_>) {
        let now = io.now;
        self.transport.due(now, io.out);
        if let Some(manager) = &mut self.manager {
            manager.due(&mut context!(self, io));
        }
        for flow in [&mut self.joining, &mut self.renewing].into_iter().flatten() {
            flow.due(now, &mut self.transport, io.out);
        }
        self.raft_join_due(io);
        self.renewal_due(io);
        self.restart_due(io);
        let late: Vec<(RequestId, Waiting)> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.deadline <= now)
            .map(|(id, pending)| (*id, pending.what))
            .collect();
        for (id, what) in late {
            let error = match what {
                Waiting::Control => texts::deadline_exceeded(),
                Waiting::Init | Waiting::Join => texts::unavailable(texts::JOIN_TIMEOUT),
            };
            self.reply(id, Err(error), io);
        }
    }

    /// Lets all parts act until nothing more happens at this instant.
    fn pump(&mut self, io: &mut Io<'_>) {
        loop {
            let mut happened = false;
            let mut events = self.transport.take_events();
            for event in events.drain(..) {
                self.on_transport(event, io);
                happened = true;
            }
            self.transport.reuse(events);
            if let Some(manager) = &mut self.manager {
                happened |= manager.pump(&mut context!(self, io));
            }
            happened |= self.follow_manager(io);
            happened |= self.follow_news(io);
            self.agent_due(io);
            if !happened {
                break;
            }
        }
        for (id, result) in std::mem::take(&mut self.replies) {
            self.reply(id, result.map(LocalResponse::Control), io);
        }
        if (self.joins_by.is_some() || !self.pending.is_empty()) && self.is_ready() {
            self.ready(io);
        }
        if self.agent.as_mut().is_some_and(|agent| agent.store(io.disk)) {
            io.sync();
        }
    }

    fn agent_due(&mut self, io: &mut Io<'_>) {
        // The local manager is asked first, as swarmkit's connection broker does.
        let own = self.manager.is_some().then_some(self.advertise.as_str());
        if let Some(agent) = &mut self.agent {
            agent.due(io.now, &self.managers, own, &mut self.transport, io.out);
        }
    }

    /// Answers the daemon, if it still waits.
    pub(crate) fn reply(
        &mut self,
        id: RequestId,
        result: Result<LocalResponse, ApiError>,
        io: &mut Io<'_>,
    ) {
        if self.pending.remove(&id).is_some() {
            io.out.push(Output::Reply(id, result));
        }
    }

    fn local(&mut self, id: RequestId, request: LocalRequest, io: &mut Io<'_>) {
        let answer = match request {
            LocalRequest::Init(options) => self.init(id, &options, io),
            LocalRequest::Join(options) => self.join(id, &options, io),
            LocalRequest::Leave { force } => self.leave(force, io).map(Some),
            LocalRequest::Unlock { key } => self.unlock(&key, io).map(Some),
            LocalRequest::Info => Ok(Some(LocalResponse::Info(self.info()))),
            LocalRequest::Control(request) => match self.why_no_manager() {
                Some(text) => Err(texts::unavailable(text)),
                None => {
                    self.wait(id, Waiting::Control, io);
                    let reply = super::manager::ReplyTo::Local(id);
                    if let Some(manager) = &mut self.manager {
                        manager.control(request, reply, false, &mut context!(self, io));
                    }
                    Ok(None)
                }
            },
        };
        match answer {
            Ok(None) => {}
            Ok(Some(response)) => io.out.push(Output::Reply(id, Ok(response))),
            Err(error) => io.out.push(Output::Reply(id, Err(error))),
        }
    }

    /// The daemon waits for this request, 20 s at most (moby: `swarmRequestTimeout`,
    /// `swarmConnectTimeout`).
    pub(crate) fn wait(&mut self, id: RequestId, what: Waiting, io: &Io<'_>) {
        let deadline = io.now + super::manager::REQUEST_TIMEOUT;
        self.pending.insert(id, Pending { what, deadline });
    }

    /// Why this node cannot be asked about the cluster (moby: `errNoManager`).
    fn why_no_manager(&self) -> Option<&'static str> {
        match &self.phase {
            Phase::Inactive => Some(texts::NO_SWARM),
            Phase::Locked => Some(texts::LOCKED),
            Phase::Failed(_) if self.is_out_of_time() => Some(texts::EXPIRED),
            Phase::Failed(_) | Phase::Pending => Some(texts::MANAGER_NOT_READY),
            Phase::Active if self.role() == Some(Role::Worker) => Some(texts::WORKER),
            Phase::Active if self.manager.is_none() => Some(texts::MANAGER_NOT_READY),
            Phase::Active => None,
        }
    }

    /// What this node's certificate says.
    pub(crate) fn role(&self) -> Option<Role> {
        self.credentials.as_ref()?.own.as_ref().map(crate::ca::credentials::Own::role)
    }

    /// What this node says of itself.
    pub(crate) fn description(&self) -> NodeDescription {
        NodeDescription {
            hostname: self.config.hostname.clone(),
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            nano_cpus: self.config.nano_cpus,
            memory_bytes: self.config.memory_bytes,
            engine_version: self.config.engine_version.clone(),
            engine_labels: self.config.engine_labels.clone(),
            plugins: super::plugins::plugins(&self.config.engine_version)
                .map(|(kind, name)| (kind.to_owned(), name.to_owned()))
                .collect(),
            tls: self.credentials.as_ref().map(|all| all.tls_info()).unwrap_or_default(),
        }
    }
}
