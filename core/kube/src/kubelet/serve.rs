//! Logs and programs, for the API server (kubelet: `pkg/kubelet/server`).

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use daemon::api;
use daemon::client::Reply;
use os::TerminalId;
use os::process::{Handle, Sink};
use os::remote::{RemoteEvent, RemoteInput};
use serde_json::Value;
use sim::{Duration, Time};

use super::{Kubelet, Output, Purpose, Touch};
use crate::apiserver::Status;
use crate::apiserver::path::parameter;
use crate::rest::{Request, Response, StreamEvent};

/// Who asks: the connection, and the request on it.
pub(crate) type Asker = (u64, u64);

/// What Docker was asked for it.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Log,
    Made,
    Started,
    Ended,
}

/// How often a log that is followed is looked at.
const FOLLOW: Duration = Duration::from_millis(500);

/// What a program without a terminal has written.
#[derive(Clone, Debug, Default)]
pub(super) struct Written(Rc<RefCell<Vec<u8>>>);

impl Sink for Written {
    fn write(&mut self, _: Time, bytes: &[u8]) {
        self.0.borrow_mut().extend_from_slice(bytes);
    }
}

#[derive(Debug)]
enum Kind {
    Log {
        container: String,
        follows: bool,
        options: api::LogOptions,
        stamps: bool,
        poll_at: Option<Time>,
        is_open: bool,
    },
    Exec {
        /// The exec, or the container that somebody is attached to.
        exec: String,
        is_attached: bool,
        terminal: Option<TerminalId>,
        written: [Written; 2],
        tty: bool,
        input: Option<Vec<u8>>,
        has_input: bool,
    },
}

#[derive(Debug)]
struct Session {
    asker: Asker,
    kind: Kind,
}

/// All that is under way.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: SortedMap<u64, Session>,
    next: u64,
}

impl Sessions {
    pub(super) fn next_deadline(&self) -> Option<Time> {
        let polls = self.all.values().filter_map(|session| match &session.kind {
            Kind::Log { poll_at, .. } => *poll_at,
            Kind::Exec { .. } => None,
        });
        polls.min()
    }
}

fn yes(request: &Request, name: &str) -> bool {
    parameter(request, name).is_some_and(|value| matches!(value, "true" | "1"))
}

/// The files of a program.
pub(super) fn stdio_of(
    terminal: TerminalId,
    tty: bool,
    input: Option<Vec<u8>>,
    has_input: bool,
    written: &[Written; 2],
) -> api::Stdio {
    let handle = Handle::terminal(terminal);
    if tty {
        let handle = Some(handle);
        return api::Stdio { stdin: handle.clone(), stdout: handle.clone(), stderr: handle, tty };
    }
    let sink = |one: &Written| Some(Handle::sink(Rc::new(RefCell::new(one.clone()))));
    let stdin = match (input, has_input) {
        (Some(bytes), _) => Handle::bytes(bytes),
        (None, true) => handle.without_terminal(),
        (None, false) => Handle::null(),
    };
    let [out, err] = written;
    api::Stdio { stdin: Some(stdin), stdout: sink(out), stderr: sink(err), tty }
}

impl Kubelet {
    /// The API server asks for a log or a program.
    pub(crate) fn serve(
        &mut self,
        touch: &mut Touch<'_>,
        asker: Asker,
        request: &Request,
        opens: bool,
    ) {
        let steps: Vec<&str> = request.path.split('/').filter(|step| !step.is_empty()).collect();
        let [what, home, pod, container] = steps[..] else {
            return touch.out.push(Output::Respond(asker, Status::no_resource().into()));
        };
        let found = self.pods.values().find(|run| {
            crate::json::namespace(&run.pod) == home && crate::json::name(&run.pod) == pod
        });
        let one = found.and_then(|run| run.containers.iter().find(|one| one.name == container));
        let missing =
            || Status::new(500, "InternalError", format!("container not found (\"{container}\")"));
        match what {
            "containerLogs" => {
                let previous = yes(request, "previous");
                let id = one.and_then(|one| one.id_for_logs(previous)).map(str::to_owned);
                let Some(id) = id else {
                    let text = match previous {
                        true => format!(
                            "previous terminated container \"{container}\" in pod \"{pod}\" not found"
                        ),
                        false => {
                            format!("container \"{container}\" in pod \"{pod}\" is not available")
                        }
                    };
                    return touch
                        .out
                        .push(Output::Respond(asker, Status::bad_request(text).into()));
                };
                self.begin_log(touch, asker, request, id, opens);
            }
            "exec" | "attach" => {
                let running = one.filter(|one| one.phase == super::container::Phase::Running);
                let Some(running) = running else {
                    return touch.out.push(Output::Respond(asker, missing().into()));
                };
                let (id, terminal) = (running.docker_id.clone(), running.terminal.clone());
                match terminal {
                    _ if what == "exec" => self.begin_exec(touch, asker, request, id),
                    Some(terminal) => self.begin_attach(touch, asker, request, id, terminal),
                    // Nobody reads here: what it writes from now on is in its log.
                    None => {
                        let query = vec![
                            ("follow".to_owned(), "true".to_owned()),
                            ("tailLines".to_owned(), "0".to_owned()),
                        ];
                        let request = Request { query, ..request.clone() };
                        self.begin_log(touch, asker, &request, id, opens);
                    }
                }
            }
            _ => touch.out.push(Output::Respond(asker, Status::no_resource().into())),
        }
    }

    fn begin(&mut self, asker: Asker, kind: Kind) -> u64 {
        let number = self.sessions.next;
        self.sessions.next += 1;
        self.sessions.all.insert(number, Session { asker, kind });
        number
    }

    fn begin_log(
        &mut self,
        touch: &mut Touch<'_>,
        asker: Asker,
        request: &Request,
        container: String,
        opens: bool,
    ) {
        let number =
            |name: &str| parameter(request, name).and_then(|value| value.parse::<u64>().ok());
        let since = number("sinceSeconds").map(|seconds| touch.now - Duration::from_secs(seconds));
        let since = since.or_else(|| parameter(request, "sinceTime").and_then(Time::parse_rfc3339));
        let options = api::LogOptions {
            stdout: true,
            stderr: true,
            tail: number("tailLines"),
            since,
            until: None,
            cursor: None,
        };
        let follows = opens && yes(request, "follow");
        let stamps = yes(request, "timestamps");
        let (poll_at, is_open) = (None, false);
        let kind = Kind::Log {
            container: container.clone(),
            follows,
            options: options.clone(),
            stamps,
            poll_at,
            is_open,
        };
        let session = self.begin(asker, kind);
        let request = api::Request::ContainerLogs { container, options };
        self.runtime(touch, Purpose::Serve(session, Step::Log), request);
    }

    /// To a container with an open standard input.
    fn begin_attach(
        &mut self,
        touch: &mut Touch<'_>,
        asker: Asker,
        request: &Request,
        container: String,
        (terminal, written): (TerminalId, [Written; 2]),
    ) {
        let kind = Kind::Exec {
            exec: container,
            is_attached: true,
            terminal: Some(terminal),
            written,
            tty: false,
            input: None,
            has_input: true,
        };
        self.begin(asker, kind);
        touch.out.push(Output::Opened(asker));
        if let Some(bytes) = request.body.as_str().and_then(seal::base64::decode) {
            touch.machine.type_text(terminal, &String::from_utf8_lossy(&bytes));
            touch.machine.enter(terminal, RemoteInput::EndOfFile);
        }
        self.look_at_sessions(touch);
    }

    /// A container has ended: so have those who were attached to it.
    pub(super) fn attached_ended(&mut self, touch: &mut Touch<'_>, container: &str, code: i32) {
        self.look_at_sessions(touch);
        let is_its = |session: &Session| matches!(&session.kind, Kind::Exec { exec, is_attached: true, .. } if exec == container);
        let all = self.sessions.all.iter().filter(|(_, session)| is_its(session));
        for (number, asker) in all.map(|(number, one)| (*number, one.asker)).collect::<Vec<_>>() {
            let closed = StreamEvent::Terminal(RemoteEvent::Closed(code));
            touch.out.push(Output::Event(asker, closed));
            self.end_session(touch, number, Ok(()));
        }
    }

    fn begin_exec(
        &mut self,
        touch: &mut Touch<'_>,
        asker: Asker,
        request: &Request,
        container: String,
    ) {
        let words = request.query.iter().filter(|(name, _)| name == "command");
        let cmd: Vec<String> = words.map(|(_, value)| value.clone()).collect();
        let tty = yes(request, "tty");
        let has_input = yes(request, "stdin");
        let input = request.body.as_str().and_then(seal::base64::decode);
        let kind = Kind::Exec {
            exec: String::new(),
            is_attached: false,
            terminal: None,
            written: Default::default(),
            tty,
            input,
            has_input,
        };
        let session = self.begin(asker, kind);
        let config = api::ExecConfig { cmd, tty, ..api::ExecConfig::default() };
        let request = api::Request::CreateExec { container, config };
        self.runtime(touch, Purpose::Serve(session, Step::Made), request);
    }

    fn end_session(&mut self, touch: &mut Touch<'_>, session: u64, answer: Result<(), Response>) {
        let Some(gone) = self.sessions.all.remove(&session) else { return };
        match answer {
            Ok(()) => touch.out.push(Output::Event(gone.asker, StreamEvent::Ended(Value::Null))),
            Err(response) => touch.out.push(Output::Respond(gone.asker, response)),
        }
    }

    /// Docker has answered.
    pub(super) fn served(&mut self, touch: &mut Touch<'_>, number: u64, step: Step, reply: Reply) {
        let Some(session) = self.sessions.all.get_mut(&number) else { return };
        let asker = session.asker;
        match (step, reply, &mut session.kind) {
            (
                Step::Log,
                Ok(api::Response::Log(chunk)),
                Kind::Log { options, follows, stamps, poll_at, is_open, .. },
            ) => {
                let mut bytes = Vec::new();
                for line in &chunk.lines {
                    if *stamps {
                        bytes.extend_from_slice(line.time.rfc3339().as_bytes());
                        bytes.push(b' ');
                    }
                    bytes.extend_from_slice(&line.bytes);
                    if !line.bytes.ends_with(b"\n") {
                        bytes.push(b'\n');
                    }
                }
                if !*follows {
                    let body = String::from_utf8_lossy(&bytes).into_owned().into();
                    let response = Response { code: 200, warnings: Vec::new(), body };
                    return self.end_session(touch, number, Err(response));
                }
                if !*is_open {
                    *is_open = true;
                    touch.out.push(Output::Opened(asker));
                }
                options.cursor = Some(chunk.cursor);
                options.tail = None;
                *poll_at = Some(touch.now + FOLLOW);
                if !bytes.is_empty() {
                    touch.out.push(Output::Event(asker, StreamEvent::Log(bytes)));
                }
                if chunk.ended {
                    self.end_session(touch, number, Ok(()));
                }
            }
            (
                Step::Made,
                Ok(api::Response::Created { id }),
                Kind::Exec { exec, terminal, written, tty, input, has_input, .. },
            ) => {
                exec.clone_from(&id);
                let tty_id = touch.machine.add_remote_terminal("");
                *terminal = Some(tty_id);
                let stdio = stdio_of(tty_id, *tty, input.take(), *has_input, written);
                let request = api::Request::StartExec { exec: id, stdio: Some(stdio) };
                self.runtime(touch, Purpose::Serve(number, Step::Started), request);
            }
            (Step::Started, Ok(_), Kind::Exec { exec, .. }) => {
                let exec = exec.clone();
                touch.out.push(Output::Opened(asker));
                let request = api::Request::WaitExec { exec };
                self.runtime(touch, Purpose::Serve(number, Step::Ended), request);
            }
            (Step::Ended, reply, Kind::Exec { .. }) => {
                self.look_at_sessions(touch);
                let code = match reply {
                    Ok(api::Response::Exited { code }) => code,
                    _ => 137,
                };
                let closed = StreamEvent::Terminal(RemoteEvent::Closed(code));
                touch.out.push(Output::Event(asker, closed));
                self.end_session(touch, number, Ok(()));
            }
            (_, Err(error), _) => {
                let text = error.message().to_owned();
                let text = match text.starts_with("OCI runtime") {
                    true => text,
                    false => format!("Error response from daemon: {text}"),
                };
                let status = Status::new(500, "InternalError", text);
                self.end_session(touch, number, Err(status.into()));
            }
            _ => {}
        }
    }

    /// Input for a program.
    pub(crate) fn input(&mut self, touch: &mut Touch<'_>, asker: Asker, input: RemoteInput) {
        let found = self.sessions.all.values().find(|session| session.asker == asker);
        if let Some(Kind::Exec { terminal: Some(terminal), .. }) =
            found.map(|session| &session.kind)
        {
            touch.machine.enter(*terminal, input);
        }
    }

    /// Whoever asked has gone.
    pub(crate) fn hang_up(&mut self, touch: &mut Touch<'_>, gone: impl Fn(Asker) -> bool) {
        let all: Vec<u64> = self
            .sessions
            .all
            .iter()
            .filter(|(_, session)| gone(session.asker))
            .map(|(number, _)| *number)
            .collect();
        for number in all {
            let Some(session) = self.sessions.all.remove(&number) else { continue };
            if let Kind::Exec { terminal: Some(terminal), is_attached: false, .. } = session.kind {
                touch.machine.hang_up(terminal);
            }
        }
    }

    /// What programs have written since the last look.
    pub(crate) fn look_at_sessions(&mut self, touch: &mut Touch<'_>) {
        for session in self.sessions.all.values() {
            let Kind::Exec { terminal: Some(terminal), written, .. } = &session.kind else {
                continue;
            };
            let mut events = touch.machine.take_events(*terminal);
            let [out, err] = written.each_ref().map(|one| one.0.take());
            if !out.is_empty() {
                events.push(RemoteEvent::Shown(out));
            }
            if !err.is_empty() {
                events.push(RemoteEvent::Complained(err));
            }
            for event in events {
                touch.out.push(Output::Event(session.asker, StreamEvent::Terminal(event)));
            }
        }
    }

    pub(super) fn sessions_due(&mut self, touch: &mut Touch<'_>) {
        let mut due = Vec::new();
        for (number, session) in &mut self.sessions.all {
            if let Kind::Log { container, options, poll_at, .. } = &mut session.kind
                && poll_at.is_some_and(|at| at <= touch.now)
            {
                *poll_at = None;
                due.push((*number, container.clone(), options.clone()));
            }
        }
        for (number, container, options) in due {
            let request = api::Request::ContainerLogs { container, options };
            self.runtime(touch, Purpose::Serve(number, Step::Log), request);
        }
    }

    /// True if some program's output may have come.
    pub(crate) fn has_sessions(&self) -> bool {
        !self.sessions.all.is_empty()
    }
}
