//! A member of the raft group: the log is applied to the store, and what users ask of any manager goes
//! to the leader (swarmkit: `manager/manager.go`, `protobuf/plugin/raftproxy`).

use sorted::SortedMap;
use std::collections::VecDeque;
use std::rc::Rc;

use raft::{Index, Message, MessageBody, RaftId, Term};
use sim::{Disk, Duration, Time};

use super::leader::Leader;
use super::{Mark, Output, RequestId, Stage, texts};
use crate::ca::server::Waiting;
use crate::control::{
    self, ApiError, Code, ControlRequest, ControlResponse, RaftMember, RaftMembers,
};
use crate::objects::{Cluster, Id, Object};
use crate::raft_driver::sealed::Envelope;
use crate::raft_driver::{Committed, RaftDriver, SEND_TIMEOUT};
use crate::store::{Store, StoreEvent};
use crate::transport::protocol::{Request, Response};
use crate::transport::{CallId, Transport, Trust};

/// moby: `swarmRequestTimeout`.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// swarmkit: raftproxy polls for a new leader at this interval.
const FORWARD_RETRY: Duration = Duration::from_millis(500);
/// swarmkit: `lostQuorumTimeout`, in ticks.
const LOST_QUORUM_TICKS: u32 = 10;

/// Who asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReplyTo {
    /// The daemon on this host.
    Local(RequestId),
    /// Another node, over this call.
    Remote(Waiting),
    /// Nobody.
    Nobody,
}

/// Everything that a part of the node needs from the rest while it acts.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) now: Time,
    pub(crate) disk: &'a mut Disk,
    pub(crate) transport: &'a mut Transport,
    pub(crate) out: &'a mut Vec<Output>,
    /// Answers to the daemon, kept back until the node has checked that it still waits.
    pub(crate) replies: &'a mut Vec<(RequestId, Result<ControlResponse, ApiError>)>,
}

impl Context<'_> {
    pub(crate) fn event(&mut self, kind: &'static str, detail: String) {
        self.out.push(Output::Event { kind, detail });
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        self.out.push(Output::Mark(mark));
    }

    /// Asks whether a manager can be reached (swarmkit: `peer.go`, `healthCheck`).
    fn is_there(&mut self, addr: &str) -> CallId {
        let target = (addr, Trust::Mutual);
        self.transport.call(self.now, target, Request::Health, SEND_TIMEOUT, self.out)
    }

    pub(crate) fn answer(&mut self, to: ReplyTo, result: Result<Response, ApiError>) {
        match to {
            ReplyTo::Nobody => {}
            ReplyTo::Remote(waiting) => {
                self.transport.answer(waiting.link, waiting.number, result, self.out);
            }
            ReplyTo::Local(id) => match result {
                Ok(Response::Control(response)) => self.replies.push((id, Ok(response))),
                Ok(_) => self.replies.push((id, Ok(ControlResponse::Done))),
                Err(error) => self.replies.push((id, Err(error))),
            },
        }
    }
}

/// A request on its way to the leader.
#[derive(Debug)]
struct Forward {
    request: ControlRequest,
    reply: ReplyTo,
    deadline: Time,
    not_before: Time,
}

/// Whether this manager leads.
#[derive(Debug)]
enum Leadership {
    /// No.
    None,
    /// It was elected and still applies what was in its log then.
    Taking { term: Term, until: Index },
    /// Yes.
    Leading(Box<Leader>),
}

/// A member of the raft group.
#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) driver: RaftDriver,
    pub(crate) store: Store,
    pub(crate) node_id: Id,
    pub(crate) applied: Index,
    leadership: Leadership,
    waiting: VecDeque<Forward>,
    forwarded: SortedMap<CallId, Forward>,
    /// Requests for a vote whose senders are asked whether they can be reached.
    doubted: SortedMap<CallId, Message>,
    /// Members that are asked whether they are there.
    asked: SortedMap<CallId, RaftId>,
    rngs: super::Rngs,
    /// It goes on alone, with everything that was applied (`--force-new-cluster`).
    pub(crate) began_anew: bool,
    /// What the first leader of a new cluster creates.
    pub(crate) initial: Option<Box<super::leader::InitialCluster>>,
}

impl Manager {
    pub(crate) fn new(node_id: Id, driver: RaftDriver, rngs: super::Rngs) -> Self {
        Self {
            driver,
            store: Store::new(),
            node_id,
            applied: Index(0),
            leadership: Leadership::None,
            waiting: VecDeque::new(),
            forwarded: SortedMap::new(),
            doubted: SortedMap::new(),
            asked: SortedMap::new(),
            rngs,
            began_anew: false,
            initial: None,
        }
    }

    /// True while this manager leads and has applied what it must.
    pub(crate) const fn is_leading(&self) -> bool {
        matches!(self.leadership, Leadership::Leading(_))
    }

    /// The leader's parts, if this manager leads.
    pub(crate) fn leader_mut(&mut self) -> Option<(&mut Leader, &mut RaftDriver, &Store)> {
        match &mut self.leadership {
            Leadership::Leading(leader) => Some((leader, &mut self.driver, &self.store)),
            _ => None,
        }
    }

    /// The leader's parts, to look at.
    pub(crate) fn leader(&self) -> Option<&Leader> {
        match &self.leadership {
            Leadership::Leading(leader) => Some(leader),
            _ => None,
        }
    }

    /// Where the leader is, as far as this manager knows.
    pub(crate) fn leader_addr(&self) -> Option<String> {
        self.driver.leader().map(|member| member.addr.clone())
    }

    /// The raft group as this manager sees it.
    pub(crate) fn raft_members(&self) -> RaftMembers {
        members_of(&self.driver)
    }

    /// When there is next something to do.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let mut next = self.driver.next_deadline();
        for forward in &self.waiting {
            next = next.min(forward.deadline).min(forward.not_before);
        }
        if let Leadership::Leading(leader) = &self.leadership
            && let Some(at) = leader.next_deadline()
        {
            next = next.min(at);
        }
        Some(next)
    }

    /// Ticks; peers that did not answer lose their connections.
    pub(crate) fn due(&mut self, context: &mut Context<'_>) {
        let (leader, role) = (self.driver.raft().leader(), self.driver.raft().position().role);
        let silent = self.driver.due(context.now);
        let is_campaigning =
            |role| matches!(role, raft::Role::Candidate | raft::Role::PreCandidate);
        if is_campaigning(self.driver.raft().position().role) && !is_campaigning(role) {
            // Whom it followed is not heard any more. At the very start it followed nobody.
            let leader = leader.and_then(|id| self.driver.members().get(&id));
            let of = leader.map(|member| member.addr.clone()).unwrap_or_default();
            let detail = format!("asks for votes in term {}", self.driver.raft().term());
            context.out.push(Output::Silence { of, kind: "raft.campaign", detail });
        }
        for member in silent {
            let detail = format!("{} does not answer", member.addr);
            let of = member.addr.clone();
            context.out.push(Output::Silence { of, kind: "raft.unreachable", detail });
            context.transport.close_peer(&member.addr, context.out);
        }
        if let Leadership::Leading(leader) = &mut self.leadership {
            leader.due(&mut self.driver, &self.store, context);
        }
    }

    /// A request of the control API, from this host or from another manager. `is_forwarded`: it was
    /// sent here because this manager leads.
    pub(crate) fn control(
        &mut self,
        request: ControlRequest,
        reply: ReplyTo,
        is_forwarded: bool,
        context: &mut Context<'_>,
    ) {
        if is_forwarded && !self.driver.raft().is_leader() {
            let error = ApiError::new(Code::Unavailable, "the connection is unavailable");
            return context.answer(reply, Err(error));
        }
        let deadline = context.now + REQUEST_TIMEOUT;
        self.waiting.push_back(Forward { request, reply, deadline, not_before: context.now });
    }

    /// A message of a verified peer; false if it is none of the group's any more.
    ///
    /// A candidate that this manager cannot reach gets no vote: it would lead without being able to
    /// hear (swarmkit: `raft.go`, `ProcessRaftMessage`).
    pub(crate) fn on_message(&mut self, message: Message, context: &mut Context<'_>) -> bool {
        let is_request = matches!(message.body, MessageBody::VoteRequest { .. });
        let sender = self.driver.members().get(&message.from).map(|member| member.addr.clone());
        match sender {
            Some(addr) if is_request && !self.driver.removed().contains(&message.from) => {
                self.doubted.insert(context.is_there(&addr), message);
                true
            }
            _ => self.driver.step(context.now, message),
        }
    }

    /// The leader's answer to a forwarded request; false if it is none.
    pub(crate) fn on_answer(
        &mut self,
        call: CallId,
        result: &Result<Response, ApiError>,
        context: &mut Context<'_>,
    ) -> bool {
        if let Some(message) = self.doubted.remove(&call) {
            if result.is_ok() {
                self.driver.step(context.now, message);
            }
            return true;
        }
        if let Some(id) = self.asked.remove(&call) {
            if result.is_ok() {
                self.driver.heard(id, context.now);
            }
            return true;
        }
        let Some(mut forward) = self.forwarded.remove(&call) else { return false };
        match result {
            // raftproxy: a connection that breaks is tried again, perhaps with another leader.
            Err(error) if error.code == Code::Unavailable && context.now < forward.deadline => {
                forward.not_before = context.now + FORWARD_RETRY;
                self.waiting.push_back(forward);
            }
            _ => context.answer(forward.reply, result.clone()),
        }
        true
    }

    /// Goes on as far as possible: log, store, leadership, requests. True if anything happened.
    pub(crate) fn pump(&mut self, context: &mut Context<'_>) -> bool {
        let mut happened = false;
        for (addr, message) in self.driver.flush(context.now, context.disk, context.out) {
            if let MessageBody::Snapshot(snapshot) = &message.body {
                let (index, size) = (snapshot.index, snapshot.data.len());
                context.event("raft.snapshot_sent", format!("index {index}, {size} bytes: {addr}"));
            }
            if let (Leadership::Leading(leader), MessageBody::Append { entries, .. }) =
                (&mut self.leadership, &message.body)
                && let Some(last) = entries.last()
            {
                leader.sent(last.index, context);
            }
            context.transport.send_raft(context.now, &addr, message, context.out);
        }
        for committed in self.driver.take_committed() {
            self.apply(committed, context);
            happened = true;
        }
        for (id, addr) in self.driver.take_unasked() {
            self.asked.insert(context.is_there(&addr), id);
        }
        if self.driver.take_members_changed()
            && let Leadership::Leading(leader) = &mut self.leadership
        {
            leader.on_members(context.now);
        }
        happened |= self.follow_leadership(context);
        happened |= self.route_waiting(context);
        if let Leadership::Leading(leader) = &mut self.leadership {
            happened |= leader.pump(&mut self.driver, &self.store, context);
        }
        let is_worth_a_look = happened || self.driver.is_rotating();
        if let (true, Some(cluster)) = (is_worth_a_look, cluster_of(&self.store)) {
            let config = cluster.spec.raft;
            let store = &self.store;
            self.driver.snapshot_if_due(
                self.applied,
                &config,
                || store.save(),
                context.disk,
                context.out,
            );
        }
        happened
    }

    fn apply(&mut self, committed: Committed, context: &mut Context<'_>) {
        match committed {
            Committed::Snapshot { index, store } => {
                if let Ok(store) = Store::restore(&store) {
                    self.store = store;
                }
                self.applied = index;
                context.event("store.restored", format!("from a snapshot at index {index}"));
            }
            Committed::Passed { term, index } => self.applied_entry(term, index, &[], context),
            Committed::Data { term, index, data } => {
                // An entry that cannot be read changes nothing, on any manager.
                let is_skipped = sim::planted!(EntrySkipped)
                    && index.0 % 20 == 0
                    && !self.driver.raft().is_leader();
                let events = postcard::from_bytes::<Envelope>(&data)
                    .ok()
                    .filter(|_| !is_skipped)
                    .map(|envelope| self.store.apply(&envelope.actions))
                    .unwrap_or_default();
                self.applied_entry(term, index, &events, context);
            }
        }
    }

    fn applied_entry(
        &mut self,
        term: Term,
        index: Index,
        events: &[StoreEvent],
        context: &mut Context<'_>,
    ) {
        self.applied = index;
        for event in events {
            let object = event.object();
            if !matches!(object, Object::Task(_) | Object::Cluster(_)) {
                context.out.push(Output::Changed(event.clone()));
            }
            // Tasks change too often to be told every time; the agents tell their states.
            let is_change_of_task = object.kind() == crate::objects::Kind::Task
                && matches!(event, StoreEvent::Updated { .. });
            if !is_change_of_task {
                let detail = format!(
                    "{} {} {} ({}) at index {index}",
                    event.action(),
                    object.kind().word(),
                    object.name(),
                    object.id()
                );
                context.event("store.applied", detail);
            }
            if self.is_leading()
                && let (Some(Object::Node(old)), Object::Node(new)) = (event.old(), object)
                && old.status.state != new.status.state
            {
                let (name, state) = (new.description.hostname.clone(), new.status.state);
                context.mark(Mark::Node { name, state });
            }
        }
        if !events.is_empty() {
            let name = |event: &StoreEvent| {
                let object = event.object();
                (object.kind(), object.name().to_owned())
            };
            let objects = events.iter().map(name).collect();
            context.mark(Mark::Entry { stage: Stage::Applied, objects });
        }
        if let Leadership::Leading(leader) = &mut self.leadership {
            leader.applied((term, index), events, &self.store, &self.driver, context);
        }
    }

    /// Becomes leader when Raft says so and everything is applied; stops when it no longer says so.
    fn follow_leadership(&mut self, context: &mut Context<'_>) -> bool {
        let is_leader = self.driver.raft().is_leader();
        let raft_term = self.driver.raft().term();
        let own_term = match &self.leadership {
            Leadership::None => None,
            Leadership::Taking { term, .. } => Some(*term),
            Leadership::Leading(leader) => Some(leader.term()),
        };
        let is_over = own_term.is_some_and(|term| !is_leader || term != raft_term);
        if is_over && !(self.is_leading() && sim::planted!(LoopsAfterLeading)) {
            if let Leadership::Leading(mut leader) =
                std::mem::replace(&mut self.leadership, Leadership::None)
            {
                leader.stop(context);
            }
            // A higher term came in, or too few members were heard.
            let detail = format!("in term {raft_term}");
            let of = String::new();
            context.out.push(Output::Silence { of, kind: "raft.stepped_down", detail });
            return true;
        }
        if !is_leader {
            return false;
        }
        match &self.leadership {
            Leadership::None => {
                let until = self.driver.raft().position().last_index;
                context.event("raft.elected", format!("leader of term {raft_term}"));
                context.mark(Mark::Elected);
                self.leadership = Leadership::Taking { term: raft_term, until };
                true
            }
            Leadership::Taking { term, until } if *until <= self.applied => {
                let leader = Leader::new(
                    *term,
                    self.node_id.clone(),
                    &self.store,
                    self.initial.take(),
                    &mut self.rngs,
                );
                self.leadership = Leadership::Leading(Box::new(leader));
                true
            }
            _ => false,
        }
    }

    /// Requests go to the leader: into its queue here, or over the wire.
    fn route_waiting(&mut self, context: &mut Context<'_>) -> bool {
        let mut happened = false;
        for forward in std::mem::take(&mut self.waiting) {
            if forward.deadline <= context.now {
                context.answer(forward.reply, Err(texts::deadline_exceeded()));
                continue;
            }
            if let Leadership::Leading(leader) = &mut self.leadership {
                leader.control(forward.request, forward.reply, &self.driver, &self.store, context);
                happened = true;
            } else if self.driver.raft().leader().is_none()
                && self.driver.ticks_without_leader() > LOST_QUORUM_TICKS
            {
                let error = ApiError::new(Code::Unknown, texts::LOST_QUORUM);
                context.answer(forward.reply, Err(error));
            } else if sim::planted!(StaleRead) && !control::is_write(&forward.request) {
                let read = control::read(&forward.request, &self.store, &self.raft_members());
                context.answer(forward.reply, read.map(Response::Control));
            } else {
                self.forward(forward, context);
            }
        }
        happened
    }

    fn forward(&mut self, forward: Forward, context: &mut Context<'_>) {
        let leader = self.driver.leader().filter(|leader| leader.node_id != self.node_id);
        match leader {
            Some(leader) if forward.not_before <= context.now => {
                let request = Request::Control(forward.request.clone());
                let target = (leader.addr.as_str(), Trust::Mutual);
                let timeout = forward.deadline.since(context.now);
                let call =
                    context.transport.call(context.now, target, request, timeout, context.out);
                self.forwarded.insert(call, forward);
            }
            _ => {
                let not_before = forward.not_before.max(context.now + FORWARD_RETRY);
                // Looked at again when something happens or at the next poll.
                self.waiting.push_back(Forward { not_before, ..forward });
            }
        }
    }
}

/// The cluster object; there is one. (Looking it up by name costs more, and this is asked often.)
pub(crate) fn cluster_of(store: &Store) -> Option<&Rc<Cluster>> {
    store.clusters().iter().next()
}

/// The raft group by node.
pub(crate) fn members_of(driver: &RaftDriver) -> RaftMembers {
    let leader = driver.raft().leader();
    RaftMembers(
        driver
            .members()
            .iter()
            .map(|(id, member)| {
                let member_view = RaftMember {
                    raft_id: id.0,
                    addr: member.addr.clone(),
                    leader: leader == Some(*id),
                    reachable: driver.is_reachable(*id),
                };
                (member.node_id.clone(), member_view)
            })
            .collect(),
    )
}
