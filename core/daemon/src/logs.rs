//! `docker service logs`: a manager asks the hosts that have the tasks (swarmkit: `manager/logbroker`).
//!
//! swarmkit's agents listen to the leader for such questions; here the asked manager asks the hosts itself,
//! sealed with the swarm's key as gossip is. A question ends at the moment it was asked: what comes later is
//! for the next one, so that nothing is told twice or lost while somebody follows.

use sorted::SortedSet;

use serde::{Deserialize, Serialize};
use sim::{Duration, HostId, Time};
use swarm::control::{ApiError, ControlRequest, ControlResponse};
use swarm::node::{LocalRequest, LocalResponse};
use swarm::objects::{Kind, NodeState, Task};

use crate::api::{Error, LogChunk, LogLine, LogOptions, Response};
use crate::daemon::{Caller, Context, Daemon};
use crate::managers::Then;

/// Hosts that have not answered by then are left out.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far a question has come.
#[derive(Clone, Debug)]
pub(crate) struct LogQuestion {
    pub(crate) caller: Caller,
    pub(crate) target: String,
    pub(crate) options: LogOptions,
}

/// The step that an answer of the swarm is for.
#[derive(Clone, Debug)]
pub(crate) enum LogStep {
    /// It says which service is meant, or that none is.
    Service,
    /// It says which task is meant.
    Task,
    /// It is the tasks.
    Tasks,
    /// It is the nodes that these tasks are on.
    Nodes(Vec<(String, String)>),
}

/// A question that hosts are answering.
#[derive(Debug)]
pub(crate) struct Gathering {
    caller: Caller,
    lines: Vec<LogLine>,
    missing: SortedSet<HostId>,
    until: Time,
    tty: bool,
    pub(crate) give_up: Time,
}

/// What hosts say to each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    Ask { number: u64, tasks: Vec<String>, tail: Option<u64>, after: Option<Time>, until: Time },
    Answer { number: u64, lines: Vec<Line>, tty: bool },
}

/// A line on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    time: Time,
    stderr: bool,
    bytes: Vec<u8>,
    task: String,
    node: String,
}

impl Daemon {
    pub(crate) fn service_logs(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        target: String,
        options: LogOptions,
    ) {
        let question = LogQuestion { caller, target, options };
        self.resolve_for_logs(context, question, Kind::Service, LogStep::Service);
    }

    fn resolve_for_logs(
        &mut self,
        context: &mut Context<'_>,
        question: LogQuestion,
        kind: Kind,
        step: LogStep,
    ) {
        let request = ControlRequest::Resolve { kind, text: question.target.clone() };
        let then = Then::Logs(Box::new(question), step);
        self.ask_swarm(context, LocalRequest::Control(request), then);
    }

    /// The swarm has answered one step.
    pub(crate) fn logs_answered(
        &mut self,
        context: &mut Context<'_>,
        question: LogQuestion,
        step: LogStep,
        answer: Result<LocalResponse, ApiError>,
    ) {
        let answer = answer.map(|response| match response {
            LocalResponse::Control(response) => Some(response),
            _ => None,
        });
        let mut filters = swarm::control::Filters::default();
        match (step, answer) {
            (LogStep::Service, Ok(Some(ControlResponse::Resolved(id)))) => {
                filters.service_ids.push(id);
                let request = ControlRequest::ListTasks(filters);
                let then = Then::Logs(Box::new(question), LogStep::Tasks);
                self.ask_swarm(context, LocalRequest::Control(request), then);
            }
            (LogStep::Service, Err(error)) if error.code == swarm::control::Code::NotFound => {
                self.resolve_for_logs(context, question, Kind::Task, LogStep::Task);
            }
            (LogStep::Task, Ok(Some(ControlResponse::Resolved(id)))) => {
                filters.id_prefixes.push(id.to_string());
                let request = ControlRequest::ListTasks(filters);
                let then = Then::Logs(Box::new(question), LogStep::Tasks);
                self.ask_swarm(context, LocalRequest::Control(request), then);
            }
            (LogStep::Tasks, Ok(Some(ControlResponse::Tasks(tasks)))) => {
                let place = |task: &Task| {
                    let node = task.node_id.as_ref()?;
                    Some((task.id.to_string(), node.to_string()))
                };
                let places = tasks.iter().filter_map(|task| place(task)).collect();
                let request = ControlRequest::ListNodes(filters);
                let then = Then::Logs(Box::new(question), LogStep::Nodes(places));
                self.ask_swarm(context, LocalRequest::Control(request), then);
            }
            (LogStep::Nodes(places), Ok(Some(ControlResponse::Nodes(nodes)))) => {
                let mut hosts: Vec<(HostId, Vec<String>)> = Vec::new();
                for node in nodes.iter().filter(|node| node.status.state == NodeState::Ready) {
                    let address = node.status.addr.split(':').next().unwrap_or_default();
                    let Some(host) = self.config.directory.get(address) else { continue };
                    let here = places.iter().filter(|(_, on)| *on == *node.id);
                    let tasks: Vec<String> = here.map(|(task, _)| task.clone()).collect();
                    if !tasks.is_empty() {
                        hosts.push((*host, tasks));
                    }
                }
                self.gather(context, &question, hosts);
            }
            (_, Err(error)) => context.reply(question.caller, Err(Error::from(error))),
            _ => {
                let error = Error::internal("unexpected answer of the swarm");
                context.reply(question.caller, Err(error));
            }
        }
    }

    fn gather(
        &mut self,
        context: &mut Context<'_>,
        question: &LogQuestion,
        hosts: Vec<(HostId, Vec<String>)>,
    ) {
        let LogOptions { tail, since, until, cursor, .. } = question.options;
        // A cursor is the moment up to which everything was told.
        let after = cursor.map(Time::from_unix_nanos).or_else(|| {
            let since = since.map(|since| since.unix_nanos().saturating_sub(1));
            since.map(Time::from_unix_nanos)
        });
        let now = until.map_or(context.now, |until| until.min(context.now));
        let mut gathering = Gathering {
            caller: question.caller,
            lines: Vec::new(),
            missing: SortedSet::new(),
            until: now,
            tty: false,
            give_up: context.now + PATIENCE,
        };
        let number = self.next_log;
        self.next_log += 1;
        for (host, tasks) in hosts {
            if host == self.config.host {
                let (lines, tty) = self.log_lines(&tasks, tail, after, now);
                gathering.take(lines, tty);
                continue;
            }
            gathering.missing.insert(host);
            let message = Message::Ask { number, tasks, tail, after, until: now };
            self.send_log_message(context, host, &message);
        }
        self.gatherings.insert(number, gathering);
        self.tell_gathered(context);
    }

    /// What this host's containers of these tasks have written.
    fn log_lines(
        &self,
        tasks: &[String],
        tail: Option<u64>,
        after: Option<Time>,
        until: Time,
    ) -> (Vec<Line>, bool) {
        let (mut lines, mut tty) = (Vec::new(), false);
        for container in self.engine.containers() {
            let Some(task) = self.task_of(&container.id).filter(|task| tasks.contains(task)) else {
                continue;
            };
            tty |= container.config.tty;
            let node = container.config.labels.get("com.docker.swarm.node.id").cloned();
            let log = container.log.borrow();
            let wanted = |entry: &&engine::LogEntry| {
                after.is_none_or(|after| entry.time > after) && entry.time <= until
            };
            let mut own: Vec<Line> = log
                .entries()
                .filter(wanted)
                .map(|entry| Line {
                    time: entry.time,
                    stderr: entry.stream == engine::Stream::Stderr,
                    bytes: entry.bytes.clone(),
                    task: task.clone(),
                    node: node.clone().unwrap_or_default(),
                })
                .collect();
            if let Some(tail) = tail {
                let skip = (own.len() as u64).saturating_sub(tail);
                own.drain(..usize::try_from(skip).unwrap_or(usize::MAX).min(own.len()));
            }
            lines.extend(own);
        }
        (lines, tty)
    }

    /// Another host asks or answers.
    pub(crate) fn log_message(
        &mut self,
        context: &mut Context<'_>,
        from: HostId,
        message: Message,
    ) {
        match message {
            Message::Ask { number, tasks, tail, after, until } => {
                let (lines, tty) = self.log_lines(&tasks, tail, after, until);
                let answer = Message::Answer { number, lines, tty };
                self.send_log_message(context, from, &answer);
            }
            Message::Answer { number, lines, tty } => {
                if let Some(gathering) = self.gatherings.get_mut(&number)
                    && gathering.missing.remove(&from)
                {
                    gathering.take(lines, tty);
                }
                self.tell_gathered(context);
            }
        }
    }

    /// Answers the questions that are complete or too old.
    pub(crate) fn tell_gathered(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        let is_done = |one: &Gathering| one.missing.is_empty() || one.give_up <= now;
        let done: Vec<u64> = self
            .gatherings
            .iter()
            .filter(|(_, one)| is_done(one))
            .map(|(number, _)| *number)
            .collect();
        for number in done {
            let Some(mut gathering) = self.gatherings.remove(&number) else { continue };
            gathering.lines.sort_by(|a, b| (a.time, &a.task).cmp(&(b.time, &b.task)));
            let chunk = LogChunk {
                lines: gathering.lines,
                cursor: gathering.until.unix_nanos(),
                ended: false,
                tty: gathering.tty,
            };
            context.reply(gathering.caller, Ok(Response::Log(chunk)));
        }
    }
}

impl Gathering {
    fn take(&mut self, lines: Vec<Line>, tty: bool) {
        self.tty |= tty;
        self.lines.extend(lines.into_iter().map(|line| LogLine {
            time: line.time,
            stderr: line.stderr,
            bytes: line.bytes,
            task: Some(line.task),
            node: Some(line.node),
        }));
    }
}
