//! What only the leader does: transactions one at a time, from whoever has one to make.
//!
//! A transaction is made on a copy of the store, proposed, and answered when it is committed *and*
//! applied here; only then the next one starts, so every transaction sees the newest state. The
//! sources, in the order of their turns: jobs (requests of users, certificates, members), the
//! dispatcher's batch of states, certificates to sign, the loops.

use std::collections::VecDeque;

use raft::{ConfChange, Index, Term};
use sim::{Duration, Rng, Time};

use super::manager::{Context, ReplyTo, members_of};
use super::mark::objects_of;
use super::membership::Membership;
use super::{Mark, Rngs, Stage, texts};
use crate::ca::server::{self, CaServer};
use crate::control::{self, ApiError, Code, ControlRequest, ControlResponse};
use crate::dispatcher::Dispatcher;
use crate::leader::Loops;
use crate::objects::{Availability, Cluster, Id, Kind, Network, Node, Role};
use crate::raft_driver::RaftDriver;
use crate::raft_driver::sealed::Envelope;
use crate::store::{MAX_TRANSACTION_BYTES, Store, StoreAction, StoreEvent, Tx, TxContext};
use crate::transport::protocol::Response;

/// swarmkit: `reqTimeout`, 5 s + 2 * election ticks of a second.
const PROPOSAL_TIMEOUT: Duration = Duration::from_secs(25);
/// Transactions that turn out empty cost nothing in virtual time; so many may follow each other.
const EMPTY_COUNT_MAX: u32 = 64;

/// What the first leader of a new cluster creates.
#[derive(Debug)]
pub(crate) struct InitialCluster {
    pub(crate) cluster: Cluster,
    pub(crate) node: Node,
    pub(crate) networks: Vec<Network>,
}

/// A transaction or a change of members that somebody wants.
#[derive(Debug)]
pub(crate) enum Job {
    /// The first of every leader.
    BecomeLeader(Option<Box<InitialCluster>>),
    /// A change that a user wants.
    Control { request: ControlRequest, reply: ReplyTo },
    /// A certificate for a new node.
    Issue { csr: Vec<u8>, token: String, availability: Availability, reply: ReplyTo },
    /// A new certificate for a node.
    Renew { node_id: Id, csr: Vec<u8>, reply: ReplyTo },
    /// A change of the raft group.
    Members { change: ConfChange, reply: ReplyTo },
    /// A node's role follows what was asked for.
    SetRole { node_id: Id, role: Role },
}

/// What happens when the entry in flight is applied.
#[derive(Debug)]
enum Finish {
    Nothing,
    StartLoops,
    Answer { reply: ReplyTo, response: Response },
    Joined { reply: ReplyTo },
}

#[derive(Debug)]
struct InFlight {
    index: Index,
    until: Time,
    finish: Finish,
    /// What it changes.
    objects: Vec<(Kind, String)>,
    is_sent: bool,
}

/// Everything a leader has and a follower has not.
#[derive(Debug)]
pub(crate) struct Leader {
    term: Term,
    node_id: Id,
    jobs: VecDeque<Job>,
    in_flight: Option<InFlight>,
    dispatcher: Option<Dispatcher>,
    loops: Option<Loops>,
    ca: CaServer,
    pub(crate) membership: Membership,
    ids: Rng,
    keys: Rng,
    dispatcher_rng: Option<Rng>,
    loops_rng: Option<Rng>,
    next_envelope: u64,
    /// The loops were due at this instant and did nothing.
    quiet_at: Option<Time>,
}

impl Leader {
    pub(crate) fn new(
        term: Term,
        node_id: Id,
        store: &Store,
        initial: Option<Box<InitialCluster>>,
        rngs: &mut Rngs,
    ) -> Self {
        Self {
            term,
            node_id,
            jobs: VecDeque::from([Job::BecomeLeader(initial)]),
            in_flight: None,
            dispatcher: None,
            loops: None,
            ca: CaServer::new(store),
            membership: Membership::default(),
            ids: Rngs::split(&mut rngs.ids, "leader ids"),
            keys: Rngs::split(&mut rngs.keys, "leader keys"),
            dispatcher_rng: Some(Rngs::split(&mut rngs.dispatcher, "dispatcher")),
            loops_rng: Some(Rngs::split(&mut rngs.loops, "loops")),
            next_envelope: rngs.ids.next_u64(),
            quiet_at: None,
        }
    }

    pub(crate) const fn term(&self) -> Term {
        self.term
    }

    /// The dispatcher, once this leader has begun.
    pub(crate) const fn dispatcher_mut(&mut self) -> Option<&mut Dispatcher> {
        self.dispatcher.as_mut()
    }

    /// The CA.
    pub(crate) const fn ca_mut(&mut self) -> &mut CaServer {
        &mut self.ca
    }

    /// How many agents have a session.
    pub(crate) fn session_count(&self) -> usize {
        self.dispatcher.as_ref().map_or(0, Dispatcher::session_count)
    }

    /// Somebody wants a transaction.
    pub(crate) fn push(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    /// A request of the control API: lists and gets are answered at once.
    pub(crate) fn control(
        &mut self,
        request: ControlRequest,
        reply: ReplyTo,
        driver: &RaftDriver,
        store: &Store,
        context: &mut Context<'_>,
    ) {
        if control::is_write(&request) {
            self.push(Job::Control { request, reply });
        } else {
            let result = control::read(&request, store, &members_of(driver));
            context.answer(reply, result.map(Response::Control));
        }
    }

    /// When there is next something to do by itself.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let in_flight = self.in_flight.as_ref().map(|in_flight| in_flight.until);
        let dispatcher = self.dispatcher.as_ref().and_then(Dispatcher::next_deadline);
        // While an entry is in flight nothing else can start: its application wakes the others.
        let loops = self
            .loops
            .as_ref()
            .filter(|_| self.in_flight.is_none())
            .and_then(Loops::next_deadline)
            .map(|at| self.quiet_at.map_or(at, |quiet| at.max(quiet + Duration::from_millis(1))));
        let idle = self.in_flight.is_none();
        let flush = self.dispatcher.as_ref().filter(|_| idle).and_then(Dispatcher::flush_at);
        let roles = self.membership.next_deadline().filter(|_| idle);
        let rotation = self.ca.rotation_at().filter(|_| idle);
        [in_flight, dispatcher, loops, flush, roles, rotation].into_iter().flatten().min()
    }

    /// Sends what is due and gives up what took too long.
    pub(crate) fn due(
        &mut self,
        driver: &mut RaftDriver,
        store: &Store,
        context: &mut Context<'_>,
    ) {
        if let Some(in_flight) = &mut self.in_flight
            && in_flight.until <= context.now
        {
            // The entry may still be committed; nobody waits for it any more but the loops, which have to begin some time
            // (swarmkit: `manager.go`, `becomeLeader`, begins them whatever became of its writes).
            in_flight.until = context.now + PROPOSAL_TIMEOUT;
            if !matches!(in_flight.finish, Finish::StartLoops) {
                let finish = std::mem::replace(&mut in_flight.finish, Finish::Nothing);
                finish.fail(texts::deadline_exceeded(), context);
            }
        }
        let is_due = |dispatcher: &&mut Dispatcher| {
            dispatcher.next_deadline().is_some_and(|at| at <= context.now)
        };
        if let Some(dispatcher) = self.dispatcher.as_mut().filter(is_due) {
            let managers: Vec<_> = driver.members().values().cloned().collect();
            dispatcher.due(context.now, store, &managers, context.transport, context.out);
        }
    }

    /// The managers are others now.
    pub(crate) fn on_members(&mut self, now: Time) {
        if let Some(dispatcher) = &mut self.dispatcher {
            dispatcher.on_members(now);
        }
        self.membership.look_again(now);
    }

    /// Starts the next transactions, as long as none is in flight. True if one was started.
    pub(crate) fn pump(
        &mut self,
        driver: &mut RaftDriver,
        store: &Store,
        context: &mut Context<'_>,
    ) -> bool {
        let mut happened = false;
        for _ in 0..EMPTY_COUNT_MAX {
            if self.in_flight.is_some() || !self.start_next(driver, store, context) {
                break;
            }
            happened = true;
        }
        happened
    }

    fn start_next(
        &mut self,
        driver: &mut RaftDriver,
        store: &Store,
        context: &mut Context<'_>,
    ) -> bool {
        if let Some(job) = self.jobs.pop_front() {
            self.start_job(job, driver, store, context);
            return true;
        }
        let now = context.now;
        if self.dispatcher.as_ref().is_some_and(|dispatcher| dispatcher.has_due_updates(now)) {
            let mut tx = self.begin(driver, store, now);
            if let Some(dispatcher) = &mut self.dispatcher {
                dispatcher.write_updates(&mut tx);
            }
            self.propose(tx, Finish::Nothing, driver, context);
            return true;
        }
        if self.ca.has_work() && store.cluster().is_some() {
            let mut tx = self.begin(driver, store, now);
            for detail in self.ca.sign(&mut tx, now, &mut self.keys) {
                context.event("ca.issued", detail);
            }
            self.propose(tx, Finish::Nothing, driver, context);
            return true;
        }
        if self.ca.rotation_at().is_some_and(|at| at <= now) {
            let mut tx = self.begin(driver, store, now);
            if let Some(detail) = self.ca.rotate(&mut tx, &mut self.keys) {
                context.event("ca.rotation", detail);
            }
            self.propose(tx, Finish::Nothing, driver, context);
            return true;
        }
        if let Some(job) = self.membership.next_job(&self.node_id, driver, store, context) {
            self.jobs.push_back(job);
            return true;
        }
        let is_due = |loops: &Loops| loops.next_deadline().is_some_and(|at| at <= now);
        if self.quiet_at != Some(now) && self.loops.as_ref().is_some_and(is_due) {
            let mut tx = self.begin(driver, store, now);
            if let Some(loops) = &mut self.loops {
                loops.run(&mut tx);
            }
            self.quiet_at = tx.is_empty().then_some(now);
            self.propose(tx, Finish::Nothing, driver, context);
            return true;
        }
        false
    }

    fn begin(&self, driver: &RaftDriver, store: &Store, now: Time) -> Tx {
        let version_index = driver.raft().position().commit.0;
        Tx::new(store, TxContext { now, version_index })
    }

    fn start_job(
        &mut self,
        job: Job,
        driver: &mut RaftDriver,
        store: &Store,
        context: &mut Context<'_>,
    ) {
        let mut tx = self.begin(driver, store, context.now);
        let made: Result<Finish, (ReplyTo, ApiError)> = match job {
            Job::BecomeLeader(initial) => {
                become_leader(&mut tx, initial);
                Ok(Finish::StartLoops)
            }
            Job::Control { request, reply } => {
                control::write(&request, &mut tx, &mut self.ids, &members_of(driver))
                    .map(|response| Finish::control(reply, response))
                    .map_err(|error| (reply, error))
            }
            Job::Issue { csr, token, availability, reply } => {
                server::request(&mut tx, &mut self.ids, &csr, &token, availability)
                    .map(|node_id| {
                        let response = Response::CertificateRequested { node_id };
                        Finish::Answer { reply, response }
                    })
                    .map_err(|error| (reply, error))
            }
            Job::Renew { node_id, csr, reply } => server::renew(&mut tx, &node_id, &csr)
                .map(|()| {
                    let response = Response::CertificateRequested { node_id };
                    Finish::Answer { reply, response }
                })
                .map_err(|error| (reply, error)),
            Job::SetRole { node_id, role } => {
                set_role(&mut tx, &node_id, role);
                Ok(Finish::Nothing)
            }
            Job::Members { change, reply } => {
                return self.propose_members(change, reply, driver, context);
            }
        };
        match made {
            Ok(finish) => self.propose(tx, finish, driver, context),
            Err((reply, error)) => context.answer(reply, Err(error)),
        }
    }

    fn propose(
        &mut self,
        tx: Tx,
        finish: Finish,
        driver: &mut RaftDriver,
        context: &mut Context<'_>,
    ) {
        if tx.is_empty() {
            return self.finish(finish, driver, tx.store(), context);
        }
        let actions = tx.into_actions();
        let objects = objects_of(&actions);
        let (count, first) = (actions.len(), actions.first().map(StoreAction::words));
        self.next_envelope = self.next_envelope.wrapping_add(1);
        let envelope = Envelope { id: self.next_envelope, actions };
        let data = postcard::to_allocvec(&envelope).expect("objects have no unsized parts");
        if data.len() > MAX_TRANSACTION_BYTES {
            return finish.fail(ApiError::new(Code::Unknown, texts::TOO_LARGE), context);
        }
        let size = data.len();
        match driver.raft_mut().propose(data) {
            Ok((term, index)) => {
                let first = first.unwrap_or_default();
                let detail =
                    format!("index {index} term {term}: {count} changes, {size} bytes, {first}");
                context.event("raft.proposed", detail);
                let until = context.now + PROPOSAL_TIMEOUT;
                let finish = match finish {
                    Finish::Answer { reply, response } if sim::planted!(AnsweredBeforeCommit) => {
                        context.answer(reply, Ok(response));
                        Finish::Nothing
                    }
                    finish => finish,
                };
                let stage = Stage::Appended;
                context.mark(Mark::Entry { stage, objects: objects.clone() });
                self.in_flight = Some(InFlight { index, until, finish, objects, is_sent: false });
            }
            Err(error) => finish.fail(ApiError::new(Code::Unknown, error.to_string()), context),
        }
    }

    fn propose_members(
        &mut self,
        change: ConfChange,
        reply: ReplyTo,
        driver: &mut RaftDriver,
        context: &mut Context<'_>,
    ) {
        if matches!(change, ConfChange::AddVoter { id, .. } if driver.removed().contains(&id)) {
            return context.answer(reply, Ok(Response::RaftIdSpent));
        }
        match driver.raft_mut().propose_conf_change(change.clone()) {
            Ok((term, index)) => {
                context.event("raft.proposed", format!("index {index} term {term}: {change:?}"));
                let until = context.now + PROPOSAL_TIMEOUT;
                let finish = Finish::Joined { reply };
                let objects = Vec::new();
                self.in_flight = Some(InFlight { index, until, finish, objects, is_sent: false });
            }
            Err(error) => {
                context.answer(reply, Err(ApiError::new(Code::Unknown, error.to_string())));
            }
        }
    }

    /// The log up to `last` has left for a follower.
    pub(crate) fn sent(&mut self, last: Index, context: &mut Context<'_>) {
        if let Some(in_flight) = &mut self.in_flight
            && !in_flight.is_sent
            && in_flight.index <= last
        {
            in_flight.is_sent = true;
            let objects = in_flight.objects.clone();
            context.mark(Mark::Entry { stage: Stage::Sent, objects });
        }
    }

    /// An entry was applied. `events` is what it did to the store.
    pub(crate) fn applied(
        &mut self,
        (term, index): (Term, Index),
        events: &[StoreEvent],
        store: &Store,
        driver: &RaftDriver,
        context: &mut Context<'_>,
    ) {
        let now = context.now;
        self.quiet_at = None;
        if let Some(dispatcher) = &mut self.dispatcher {
            dispatcher.on_events(events, now);
        }
        if let Some(loops) = &mut self.loops {
            loops.on_events(events, store, now);
        }
        for (waiting, response) in self.ca.on_events(events) {
            context.answer(ReplyTo::Remote(waiting), Ok(response));
        }
        self.membership.on_events(events, now);
        if let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.index <= index) {
            if in_flight.index == index && term == self.term {
                context.event("raft.committed", format!("index {index} term {term}"));
                let (stage, objects) = (Stage::Committed, in_flight.objects);
                context.mark(Mark::Entry { stage, objects });
                self.finish(in_flight.finish, driver, store, context);
            } else {
                let error = ApiError::new(Code::Unknown, texts::LOST_LEADERSHIP);
                in_flight.finish.fail(error, context);
            }
        }
    }

    fn finish(
        &mut self,
        finish: Finish,
        driver: &RaftDriver,
        store: &Store,
        context: &mut Context<'_>,
    ) {
        match finish {
            Finish::Nothing => {}
            Finish::StartLoops => {
                let now = context.now;
                self.loops = self.loops_rng.take().map(|rng| Loops::new(store, now, rng));
                self.dispatcher =
                    self.dispatcher_rng.take().map(|rng| Dispatcher::new(store, now, rng));
                self.membership.look_again(now);
                context.event("manager.leading", format!("term {}: the loops run", self.term));
            }
            Finish::Answer { reply, response } => context.answer(reply, Ok(response)),
            Finish::Joined { reply } => {
                let members =
                    driver.members().iter().map(|(id, member)| (*id, member.clone())).collect();
                let removed = driver.removed().iter().copied().collect();
                context.answer(reply, Ok(Response::RaftJoined { members, removed }));
            }
        }
    }

    /// This manager leads no more: what is under way fails, the agents look for the new leader.
    pub(crate) fn stop(&mut self, context: &mut Context<'_>) {
        let error = || ApiError::new(Code::Unknown, texts::LOST_LEADERSHIP);
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.finish.fail(error(), context);
        }
        for job in std::mem::take(&mut self.jobs) {
            context.answer(job.reply(), Err(error()));
        }
        self.membership.stop(&error(), context);
        if let Some(dispatcher) = &mut self.dispatcher {
            dispatcher.close(context.transport, context.out);
        }
    }
}

impl Finish {
    fn control(reply: ReplyTo, response: ControlResponse) -> Self {
        Self::Answer { reply, response: Response::Control(response) }
    }

    fn fail(self, error: ApiError, context: &mut Context<'_>) {
        match self {
            Self::Nothing | Self::StartLoops => {}
            Self::Answer { reply, .. } | Self::Joined { reply, .. } => {
                context.answer(reply, Err(error));
            }
        }
    }
}

impl Job {
    const fn reply(&self) -> ReplyTo {
        match self {
            Self::Control { reply, .. }
            | Self::Issue { reply, .. }
            | Self::Renew { reply, .. }
            | Self::Members { reply, .. } => *reply,
            Self::BecomeLeader(_) | Self::SetRole { .. } => ReplyTo::Nobody,
        }
    }
}

/// swarmkit: `manager.go`, `becomeLeader`: the objects that every cluster has, and the dispatcher's
/// doubt about all nodes.
fn become_leader(tx: &mut Tx, initial: Option<Box<InitialCluster>>) {
    if let Some(initial) = initial
        && tx.store().cluster().is_none()
    {
        let InitialCluster { cluster, node, networks } = *initial;
        // A new store has none of these names and identifiers.
        let _ = tx.create(cluster);
        let _ = tx.create(node);
        for network in networks {
            let _ = tx.create(network);
        }
    }
    Dispatcher::mark_nodes_unknown(tx);
}

fn set_role(tx: &mut Tx, node_id: &Id, role: Role) {
    let Some(node) = tx.store().node(node_id).cloned() else { return };
    let mut node = (*node).clone();
    node.role = role;
    // The store can only refuse what is gone or out of sequence; both cannot be here.
    let _ = tx.update(node);
}
