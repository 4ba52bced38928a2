//! The agent's session with the dispatcher on the leader (swarmkit: `agent/agent.go`, `session.go`).
//!
//! In swarmkit any manager takes the session and proxies it to the leader; here a manager that does
//! not lead names the leader and the agent goes there itself. What the node sees is the same.

use sorted::SortedMap;

use sim::{Disk, Duration, Rng, Time};

use super::Worker;
use crate::control::ApiError;
use crate::node::Output;
use crate::objects::{Id, NodeDescription, TaskStatus};
use crate::transport::protocol::{
    AssignmentsKind, Member, Push, Request, Response, SessionMessage,
};
use crate::transport::{CallId, LinkId, Transport, Trust};

/// swarmkit: `initialSessionFailureBackoff`.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// swarmkit: `maxSessionFailureBackoff`.
const BACKOFF_MAX: Duration = Duration::from_secs(8);
/// swarmkit: `dispatcherRPCTimeout`.
const RPC_TIMEOUT: Duration = Duration::from_secs(5);

/// How the session is.
#[derive(Debug)]
enum Session {
    /// None; the next attempt at this time.
    Waiting { until: Time },
    /// Registration is under way.
    Opening { call: CallId },
    /// Open.
    Open(Open),
}

#[derive(Debug)]
struct Open {
    link: LinkId,
    addr: String,
    id: String,
    period: Duration,
    heartbeat_at: Time,
    heartbeat: Option<CallId>,
    report: Option<(CallId, SortedMap<Id, TaskStatus>)>,
    /// The number of the last assignments; none before the COMPLETE set.
    sequence: Option<u64>,
}

/// The agent of a node.
#[derive(Debug)]
pub(crate) struct Agent {
    /// What the node shall have.
    pub(crate) worker: Worker,
    description: NodeDescription,
    session: Session,
    target: String,
    last_session_id: Option<String>,
    backoff: Duration,
    rng: Rng,
    /// Why there is no session, for `docker info`.
    error: Option<String>,
    /// What the dispatcher said about the node last.
    news: Option<SessionMessage>,
    /// Rises whenever the session, the tasks or what they need may have changed.
    change_count: u64,
}

impl Agent {
    /// An agent that registers at once.
    pub(crate) fn new(now: Time, description: NodeDescription, worker: Worker, rng: Rng) -> Self {
        Self {
            worker,
            description,
            session: Session::Waiting { until: now },
            target: String::new(),
            last_session_id: None,
            backoff: Duration::ZERO,
            rng,
            error: None,
            news: None,
            change_count: 0,
        }
    }

    /// The same number means the same session, tasks, secrets and configs.
    pub(crate) const fn change_count(&self) -> u64 {
        self.change_count + self.worker.change_count()
    }

    /// True once the dispatcher has taken the registration in: the managers show the node as ready
    /// before they send the first, complete set.
    pub(crate) const fn is_registered(&self) -> bool {
        matches!(self.session, Session::Open(Open { sequence: Some(_), .. }))
    }

    /// The manager that the session is with.
    pub(crate) fn session_addr(&self) -> Option<&str> {
        match &self.session {
            Session::Open(open) => Some(&open.addr),
            _ => None,
        }
    }

    /// Why there is no session.
    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// What the dispatcher said about the node since the last call.
    pub(crate) fn take_news(&mut self) -> Option<SessionMessage> {
        self.news.take()
    }

    /// When there is next something to do.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let session = match &self.session {
            Session::Waiting { until } => Some(*until),
            Session::Opening { .. } => None,
            Session::Open(open) => open.heartbeat.is_none().then_some(open.heartbeat_at),
        };
        [session, self.worker.next_deadline()].into_iter().flatten().min()
    }

    /// Does what is due. `managers` are those the node knows; `own` is its own address if it is one.
    pub(crate) fn due(
        &mut self,
        now: Time,
        managers: &[Member],
        own: Option<&str>,
        transport: &mut Transport,
        out: &mut Vec<Output>,
    ) {
        self.worker.due(now, out);
        match &mut self.session {
            Session::Waiting { until } if *until <= now => {
                self.open(now, managers, own, transport, out);
            }
            Session::Open(open) if open.heartbeat.is_none() && open.heartbeat_at <= now => {
                let request = Request::Heartbeat { session_id: open.id.clone() };
                let target = (open.addr.as_str(), Trust::Mutual);
                open.heartbeat = Some(transport.call(now, target, request, RPC_TIMEOUT, out));
            }
            _ => {}
        }
        self.report(now, transport, out);
    }

    fn open(
        &mut self,
        now: Time,
        managers: &[Member],
        own: Option<&str>,
        transport: &mut Transport,
        out: &mut Vec<Output>,
    ) {
        // swarmkit: connectionbroker prefers the local manager; others are drawn with equal weight.
        if self.target.is_empty() {
            let drawn = self.rng.pick(managers).map(|member| member.addr.clone());
            let Some(addr) = own.map(str::to_owned).or(drawn) else {
                return self.lost(now, "no manager is known", out);
            };
            self.target = addr;
        }
        let request = Request::OpenSession {
            description: self.description.clone(),
            session_id: self.last_session_id.clone(),
        };
        let target = (self.target.as_str(), Trust::Mutual);
        let call = transport.call(now, target, request, RPC_TIMEOUT, out);
        self.session = Session::Opening { call };
    }

    fn report(&mut self, now: Time, transport: &mut Transport, out: &mut Vec<Output>) {
        let Session::Open(open) = &mut self.session else { return };
        if open.report.is_some() || !self.worker.has_unreported() {
            return;
        }
        let statuses = self.worker.take_unreported();
        let updates = statuses.iter().map(|(id, status)| (id.clone(), status.clone())).collect();
        let request = Request::UpdateTaskStatus { session_id: open.id.clone(), updates };
        let target = (open.addr.as_str(), Trust::Mutual);
        let call = transport.call(now, target, request, RPC_TIMEOUT, out);
        open.report = Some((call, statuses));
    }

    /// The session is over or did not come about; the next attempt follows after a random wait.
    fn lost(&mut self, now: Time, why: &str, out: &mut Vec<Output>) {
        self.change_count += 1;
        if let Session::Open(open) = &mut self.session {
            let detail = format!("with {}: {why}", open.addr);
            let of = open.addr.clone();
            out.push(Output::Silence { of, kind: "agent.session_lost", detail });
            if let Some((_, statuses)) = open.report.take() {
                self.worker.report_failed(statuses);
            }
        }
        self.backoff = (BACKOFF_FIRST + self.backoff.saturating_mul(2)).min(BACKOFF_MAX);
        let span = if sim::planted!(NoBackoff) { 1 } else { self.backoff.as_nanos() };
        let wait = Duration::from_nanos(self.rng.below(span));
        self.session = Session::Waiting { until: now + wait };
        self.target.clear();
        self.error = Some(why.to_owned());
    }

    /// The node says something else of itself now: it registers again (swarmkit: `agent.go`,
    /// "restarting session due to changed node description").
    pub(crate) fn describe(
        &mut self,
        now: Time,
        description: NodeDescription,
        out: &mut Vec<Output>,
    ) {
        if self.description != description {
            self.description = description;
            self.restart(now, out);
        }
    }

    /// Closes the session, for instance because the node has another certificate now.
    pub(crate) fn restart(&mut self, now: Time, out: &mut Vec<Output>) {
        self.lost(now, "the agent starts again", out);
        self.backoff = Duration::ZERO;
        self.session = Session::Waiting { until: now };
        self.error = None;
    }

    /// True if the answer is for the agent, which has then taken it.
    pub(crate) fn on_answer(
        &mut self,
        now: Time,
        call: CallId,
        result: &Result<Response, ApiError>,
        transport: &mut Transport,
        out: &mut Vec<Output>,
    ) -> bool {
        match &mut self.session {
            Session::Opening { call: own } if *own == call => {
                self.on_opened(now, result, transport, out);
                true
            }
            Session::Open(open) if open.heartbeat == Some(call) => {
                open.heartbeat = None;
                match result {
                    Ok(Response::Heartbeat { period }) => {
                        open.period = *period;
                        open.heartbeat_at = now + *period;
                    }
                    Ok(_) => self.lost(now, "session invalid", out),
                    Err(error) => self.lost(now, &error.to_string(), out),
                }
                true
            }
            Session::Open(open) if open.report.as_ref().is_some_and(|(own, _)| *own == call) => {
                let report = open.report.take();
                if let Err(error) = result {
                    if let Some((_, statuses)) = report {
                        self.worker.report_failed(statuses);
                    }
                    self.lost(now, &error.to_string(), out);
                }
                self.report(now, transport, out);
                true
            }
            _ => false,
        }
    }

    fn on_opened(
        &mut self,
        now: Time,
        result: &Result<Response, ApiError>,
        transport: &Transport,
        out: &mut Vec<Output>,
    ) {
        match result {
            Ok(Response::Session(message)) => {
                let Some(link) = transport.mutual_link(&self.target) else {
                    return self.lost(now, "transport is closing", out);
                };
                let addr = std::mem::take(&mut self.target);
                let detail = format!("with {addr}, session {}", message.session_id);
                out.push(Output::Event { kind: "agent.session_opened", detail });
                self.change_count += 1;
                self.last_session_id = Some(message.session_id.clone());
                self.session = Session::Open(Open {
                    link,
                    addr,
                    id: message.session_id.clone(),
                    period: message.period,
                    heartbeat_at: now + message.period,
                    heartbeat: None,
                    report: None,
                    sequence: None,
                });
                self.backoff = Duration::ZERO;
                self.error = None;
                self.worker.report_all();
                self.news = Some(message.clone());
            }
            Ok(Response::NotLeader { leader_addr: Some(addr) }) if *addr != self.target => {
                self.target.clone_from(addr);
                self.session = Session::Waiting { until: now };
            }
            Ok(_) => self.lost(now, "no elected cluster leader", out),
            Err(error) => self.lost(now, &error.to_string(), out),
        }
    }

    /// The dispatcher says something.
    pub(crate) fn on_push(
        &mut self,
        now: Time,
        link: LinkId,
        push: Push,
        transport: &mut Transport,
        out: &mut Vec<Output>,
    ) {
        let Session::Open(open) = &mut self.session else { return };
        if open.link != link {
            return;
        }
        match push {
            Push::Session(message) => {
                self.change_count += 1;
                self.news = Some(message);
            }
            Push::Assignments(message) => {
                let fits = message.kind == AssignmentsKind::Complete
                    || open.sequence == Some(message.applies_to);
                if !fits {
                    return self.lost(now, "assignments are out of sequence", out);
                }
                open.sequence = Some(message.results_in);
                self.worker.assign(now, &message, out);
                self.report(now, transport, out);
            }
        }
    }

    /// A connection is gone; if it was the session's, so is the session.
    pub(crate) fn on_link_lost(&mut self, now: Time, link: LinkId, out: &mut Vec<Output>) {
        if matches!(&self.session, Session::Open(open) if open.link == link) {
            self.lost(now, "transport is closing", out);
        }
    }

    /// Writes `tasks.db` if something changed; true if it did.
    pub(crate) fn store(&mut self, disk: &mut Disk) -> bool {
        self.worker.store(disk)
    }
}
