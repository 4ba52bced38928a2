//! One run of the command line: what was typed, where to print, whom to ask, and what a failure looks like.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use commandline::pflag::Matches;
use kube::rest::{
    self, Answer, Ask, CONNECTION_LOST, Method, Reply, Request, StreamEvent, Unreachable,
};
use os::remote::RemoteInput;
use os::{Errno, Fd, Proc};
use serde_json::{Value, json};
use sim::Time;

use crate::json::{items, text};
use crate::kubeconfig::Config;
use crate::profile::Profile;
use crate::table::{Command, Outcome};

/// A future that is not inlined into those who wait for it.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A command that is being run.
#[derive(Debug)]
pub struct Cli {
    /// The process.
    pub proc: Proc,
    /// The release.
    pub profile: &'static Profile,
    /// The command.
    pub command: &'static Command,
    /// How the command was typed: `kubectl create secret generic`.
    pub typed: String,
    /// Flags and arguments.
    pub matches: Matches,
    /// The cluster, the user and the namespace.
    pub config: Config,
    /// What is not printed yet.
    pub(crate) printed: RefCell<Vec<(Fd, Vec<u8>)>>,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// A `Status` of the server.
    Status(Value),
    /// A text that is shown after `error: `.
    Text(String),
    /// A text that is shown as it is.
    Plain(String),
    /// Arguments that make no sense: the text and a hint to the command's help.
    Usage(String),
    /// Several failures, one line each.
    Many(Vec<Failure>),
    /// Everything is said; an exit status.
    Exit(i32),
}

impl Failure {
    /// A text after `error: `.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// One failure of several; nothing for none.
    ///
    /// # Errors
    /// What was given, if there is something.
    pub fn all(mut failures: Vec<Self>) -> Result<(), Self> {
        match failures.len() {
            0 => Ok(()),
            1 => Err(failures.remove(0)),
            _ => Err(Self::Many(failures)),
        }
    }

    /// True if the server has no such object.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status(status) if text(status, "reason") == "NotFound")
    }

    /// Tells what was being done with an object of a file.
    #[must_use]
    pub fn when(self, verb: &str, source: &str) -> Self {
        if source.is_empty() {
            return self;
        }
        match self {
            Self::Status(mut status) => {
                let message = text(&status, "message").to_owned();
                status["message"] = format!("error when {verb} \"{source}\": {message}").into();
                Self::Status(status)
            }
            Self::Text(text) => Self::Text(format!("error when {verb} \"{source}\": {text}")),
            other => other,
        }
    }

    /// The exit status.
    pub const fn status(&self) -> i32 {
        match self {
            Self::Exit(status) => *status,
            _ => 1,
        }
    }

    /// As it is shown, with a newline; `typed` is the command (kubectl: `cmd/util/helpers.go`).
    pub fn shown(&self, typed: &str) -> String {
        match self {
            Self::Status(_) => ended(self.bare(true)),
            Self::Text(text) if text.starts_with("error: ") => ended(text.clone()),
            Self::Text(text) => ended(format!("error: {text}")),
            Self::Plain(text) => ended(text.clone()),
            Self::Usage(text) => {
                format!("error: {text}\nSee '{typed} -h' for help and examples\n")
            }
            Self::Many(failures) => {
                let mut lines = failures.iter().map(|one| ended(one.bare(false)));
                let mut seen: Vec<String> = Vec::new();
                lines.by_ref().for_each(|line| {
                    if !seen.contains(&line) {
                        seen.push(line);
                    }
                });
                seen.concat()
            }
            Self::Exit(_) => String::new(),
        }
    }

    /// The words alone; an invalid object is told in its own form if it is the only failure.
    pub fn bare(&self, is_alone: bool) -> String {
        let status = match self {
            Self::Status(status) => status,
            Self::Text(text) | Self::Plain(text) | Self::Usage(text) => return text.clone(),
            Self::Many(_) => return self.shown(""),
            Self::Exit(_) => return String::new(),
        };
        let (reason, message) = (text(status, "reason"), text(status, "message"));
        match reason {
            "Invalid" if is_alone => invalid(status),
            "Unauthorized" => format!("error: You must be logged in to the server ({message})"),
            "" => format!("Error from server: {message}"),
            reason => format!("Error from server ({reason}): {message}"),
        }
    }
}

fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// An invalid object with its causes.
fn invalid(status: &Value) -> String {
    let message = text(status, "message");
    let (kind, name) = (text(status, "details/kind"), text(status, "details/name"));
    let mut causes: Vec<String> = Vec::new();
    for cause in items(status, "details/causes") {
        let shown = format!("{}: {}", text(cause, "field"), text(cause, "message"));
        if !causes.contains(&shown) {
            causes.push(shown);
        }
    }
    let head = if !kind.is_empty() || !name.is_empty() {
        format!("The {kind} \"{name}\" is invalid")
    } else if causes.is_empty() && !message.is_empty() {
        format!("The request is invalid: {message}")
    } else {
        "The request is invalid".to_owned()
    };
    match &causes[..] {
        [] => head,
        [cause] => format!("{head}: {cause}"),
        several => {
            let lines: Vec<String> = several.iter().map(|cause| format!("* {cause}\n")).collect();
            format!("{head}: \n{}", lines.concat())
        }
    }
}

/// A request that is to be made.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    content_type: &'static str,
    body: Value,
}

impl Call {
    /// A request without query and body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            method,
            path,
            query: Vec::new(),
            content_type: "application/json",
            body: Value::Null,
        }
    }

    /// Reads.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// With a parameter of the query, unless its value is empty.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if value.is_empty() { self } else { self.with_any(name, &value) }
    }

    /// With a parameter of the query that may be empty.
    #[must_use]
    pub fn with_any(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// A patch of this kind: `merge`, `strategic`, `json`.
    #[must_use]
    pub fn patch(mut self, kind: &str, body: Value) -> Self {
        self.method = Method::Patch;
        self.content_type = match kind {
            "merge" => "application/merge-patch+json",
            "json" => "application/json-patch+json",
            _ => "application/strategic-merge-patch+json",
        };
        self.body(body)
    }
}

/// An answer that goes on; the server is told when it is dropped.
#[derive(Debug)]
pub struct Stream<'a> {
    cli: &'a Cli,
    id: u64,
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        self.cli.proc.notify(rest::PORT, Box::new(Ask::Close(self.id)));
    }
}

impl Stream<'_> {
    /// What has come since; nothing if a signal came first.
    pub fn next(&self) -> Boxed<'_, Result<Option<Vec<StreamEvent>>, Failure>> {
        Box::pin(async move {
            self.cli.flush().await;
            match self.cli.ask(Ask::Next(self.id)).await {
                Ok(Answer::Events(events)) => Ok(Some(events)),
                Err(None) => Ok(None),
                Err(Some(failure)) => Err(failure),
                Ok(_) => Err(Failure::text("unexpected EOF")),
            }
        })
    }

    /// Something typed, for the other side.
    pub fn send(&self, input: RemoteInput) -> Boxed<'_, ()> {
        Box::pin(async move { drop(self.cli.ask(Ask::Send(self.id, input)).await) })
    }
}

impl Cli {
    /// Prints to standard output.
    pub fn out(&self, text: impl AsRef<[u8]>) {
        self.printed.borrow_mut().push((Fd::STDOUT, text.as_ref().to_vec()));
    }

    /// Prints to standard error.
    pub fn err(&self, text: impl AsRef<[u8]>) {
        self.printed.borrow_mut().push((Fd::STDERR, text.as_ref().to_vec()));
    }

    /// Writes what was printed.
    pub fn flush(&self) -> Boxed<'_, ()> {
        Box::pin(async move {
            let printed = self.printed.take();
            for (fd, bytes) in printed {
                let _ = self.proc.write(fd, &bytes).await;
            }
        })
    }

    /// The clock on the wall.
    pub fn now(&self) -> Time {
        self.proc.wall()
    }

    /// The arguments that are not flags.
    pub fn args(&self) -> &[String] {
        &self.matches.args
    }

    /// A boolean flag.
    pub fn is_set(&self, flag: &str) -> bool {
        self.matches.is_set(flag)
    }

    /// A flag's value or its default; empty for neither.
    pub fn flag(&self, flag: &str) -> &str {
        self.matches.get(flag).unwrap_or_else(|| self.command.default_of(self.profile, flag))
    }

    /// The namespace of the flag, the context or `default`.
    pub fn namespace(&self) -> &str {
        &self.config.namespace
    }

    fn request(&self, call: Call) -> Request {
        let Call { method, path, query, content_type, body } = call;
        let (server, credential) = (self.config.server.clone(), self.config.credential.clone());
        Request { server, credential, method, path, query, content_type, body }
    }

    async fn ask(&self, ask: Ask) -> Result<Answer, Option<Failure>> {
        let reply = self.proc.request(rest::PORT, Box::new(ask)).await;
        match reply.map(|body| body.downcast::<Reply>().map(|reply| *reply)) {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(why))) => Err(Some(self.unreachable(&why))),
            Ok(Err(_)) => Err(Some(self.unreachable(&Unreachable::Refused))),
            Err(Errno::Interrupted) => Err(None),
            Err(errno) => Err(Some(Failure::text(errno.to_string()))),
        }
    }

    /// Asks for one answer.
    pub fn call(&self, call: Call) -> Boxed<'_, Result<Value, Failure>> {
        Box::pin(async move {
            self.flush().await;
            match self.ask(Ask::Call(self.request(call))).await {
                Ok(Answer::Response(response)) => self.answered(response),
                Ok(_) => Err(Failure::text("unexpected EOF")),
                Err(failure) => Err(failure.unwrap_or(Failure::Exit(130))),
            }
        })
    }

    /// Asks for an answer that goes on.
    pub fn open(&self, call: Call) -> Boxed<'_, Result<Stream<'_>, Failure>> {
        Box::pin(async move {
            self.flush().await;
            match self.ask(Ask::Open(self.request(call))).await {
                Ok(Answer::Opened(id)) => Ok(Stream { cli: self, id }),
                Ok(Answer::Response(response)) => {
                    self.answered(response)?;
                    Err(Failure::text("unable to upgrade connection"))
                }
                Ok(_) => Err(Failure::text("unexpected EOF")),
                Err(failure) => Err(failure.unwrap_or(Failure::Exit(130))),
            }
        })
    }

    fn answered(&self, response: rest::Response) -> Result<Value, Failure> {
        for warning in &response.warnings {
            self.err(format!("Warning: {warning}\n"));
        }
        if (200..300).contains(&response.code) {
            Ok(response.body)
        } else {
            let body = response.body;
            let message = body.as_str().unwrap_or("unknown").to_owned();
            Err(Failure::Status(if body.is_object() {
                body
            } else {
                json!({ "message": message })
            }))
        }
    }

    fn unreachable(&self, why: &Unreachable) -> Failure {
        let server = &self.config.server;
        let address = server.split_once("://").map_or(server.as_str(), |(_, address)| address);
        let address = address.split('/').next().unwrap_or_default();
        Failure::Plain(match why {
            Unreachable::Refused => format!(
                "The connection to the server {address} was refused - did you specify the right host or port?"
            ),
            Unreachable::TimedOut => {
                format!("Unable to connect to the server: dial tcp {address}: i/o timeout")
            }
            Unreachable::Broken => "Unable to connect to the server: EOF".to_owned(),
            Unreachable::Gone => format!("Unable to connect to the server: {CONNECTION_LOST}"),
            Unreachable::UnknownAuthority => {
                let tls = if self.profile.minor > 26 {
                    "tls: failed to verify certificate: "
                } else {
                    ""
                };
                format!(
                    "Unable to connect to the server: {tls}x509: certificate signed by unknown authority"
                )
            }
        })
    }

    /// Arguments that this command cannot have.
    ///
    /// # Errors
    /// Always: the text with a hint to the command's help.
    pub fn usage<T>(&self, text: impl Into<String>) -> Result<T, Failure> {
        Err(Failure::Usage(text.into()))
    }

    /// Everything is done.
    ///
    /// # Errors
    /// What went wrong on the way, if something did.
    pub fn done(&self, failures: Vec<Failure>) -> Outcome {
        Failure::all(failures).map(|()| 0)
    }
}
