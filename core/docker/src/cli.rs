//! One run of the command line: what was typed, where to print, whom to ask, and what a failure
//! looks like in this release.

use daemon::api::Error;
use daemon::client::Client;
use os::Proc;

use crate::parse::Matches;
use crate::profile::{GrpcCode, NotFound, Profile};
use crate::table::Command;

/// A command that is being run.
#[derive(Debug)]
pub struct Cli {
    /// The process.
    pub proc: Proc,
    /// The daemon.
    pub client: Client,
    /// The release.
    pub profile: &'static Profile,
    /// The command.
    pub command: &'static Command,
    /// How the command was typed: `docker ps`.
    pub typed: String,
    /// Flags and arguments.
    pub matches: Matches,
    /// Flags between the command's group and its word.
    pub group: Matches,
    /// Flags before the command: which daemon it is for.
    pub root: Matches,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The daemon's answer.
    Api(Error),
    /// A text for standard error; exit status 1.
    Text(String),
    /// A text, which may be empty, and an exit status.
    Status(String, i32),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Api(error)
    }
}

impl Failure {
    /// A text with exit status 1.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As it is shown in a release.
    pub fn message(&self, profile: &Profile) -> String {
        match self {
            Self::Api(error) => error_text(profile, error),
            Self::Text(text) | Self::Status(text, _) => text.clone(),
        }
    }

    /// The exit status.
    pub const fn status(&self) -> i32 {
        match self {
            Self::Api(Error::Interrupted) => 130,
            Self::Api(_) | Self::Text(_) => 1,
            Self::Status(_, status) => *status,
        }
    }
}

/// A daemon's error as the command line shows it.
pub fn error_text(profile: &Profile, error: &Error) -> String {
    match error {
        Error::Api { code: None, message, .. } => format!("Error response from daemon: {message}"),
        Error::Api { code: Some(code), message, .. } => {
            let code = match profile.grpc {
                GrpcCode::Number => code.number().to_string(),
                GrpcCode::Name => code.name().to_owned(),
            };
            format!("Error response from daemon: rpc error: code = {code} desc = {message}")
        }
        Error::Denied { verb, path } => denied(profile, verb, path),
        Error::Unreachable | Error::NoWay(_) | Error::Interrupted => error.message().to_owned(),
    }
}

/// The text for who may not use the socket (docker/cli: `client/request.go`).
fn denied(profile: &Profile, verb: &str, path: &str) -> String {
    profile.denied.replace("VERB", verb).replace("API", profile.api).replace("PATH", path)
}

impl Cli {
    /// Prints to standard output.
    pub async fn out(&self, text: impl AsRef<[u8]>) {
        self.proc.print(text).await;
    }

    /// Prints to standard error.
    pub async fn err(&self, text: impl AsRef<[u8]>) {
        self.proc.eprint(text).await;
    }

    /// The arguments that are not flags.
    pub fn args(&self) -> &[String] {
        &self.matches.args
    }

    /// An argument; empty if there are fewer.
    pub fn arg(&self, index: usize) -> &str {
        self.matches.args.get(index).map_or("", String::as_str)
    }

    /// A boolean flag.
    pub fn is_set(&self, flag: &str) -> bool {
        self.matches.is_set(flag)
    }

    /// For people: `--pretty`, or the format of that name.
    pub fn is_pretty(&self) -> bool {
        self.is_set("pretty") || self.flag("format") == Some("pretty")
    }

    /// A flag's value.
    pub fn flag(&self, flag: &str) -> Option<&str> {
        self.matches.get(flag)
    }

    /// A daemon's error about an object that was asked for by `name`: the client of older releases
    /// has its own words for one that does not exist.
    pub fn not_found(&self, kind: &str, name: &str, error: Error) -> Failure {
        if !error.is_not_found() {
            return Failure::Api(error);
        }
        match (self.profile.not_found, kind) {
            (NotFound::ClientMixed, "secret" | "config") => {
                Failure::text(format!("Error: no such {kind}: {name}"))
            }
            (NotFound::ClientMixed | NotFound::Client, _) => {
                Failure::text(format!("Error: No such {kind}: {name}"))
            }
            (NotFound::Daemon, _) => Failure::Api(error),
        }
    }

    /// True in releases until 17.09, whose client words only what `inspect` does not find.
    pub const fn words_inspect_only(&self) -> bool {
        matches!(self.profile.not_found, NotFound::ClientMixed)
    }

    /// Does something for each argument; what fails does not keep the rest from being done. The
    /// messages are shown together at the end.
    pub async fn for_each_arg(
        &self,
        mut action: impl AsyncFnMut(&str) -> Result<(), Failure>,
    ) -> crate::table::Outcome {
        let mut messages = Vec::new();
        for arg in self.args() {
            if let Err(failure) = action(arg).await {
                messages.push(failure.message(self.profile));
            }
        }
        if messages.is_empty() { Ok(0) } else { Err(Failure::Text(messages.join("\n"))) }
    }
}
