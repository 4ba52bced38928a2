//! What the runner asks of a cluster, so that it can be tested with a small fake; [`crate::real`]
//! is the bridge to the simulated one.

use serde::{Deserialize, Serialize};
use sim::Time;

/// Who waits for a line at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaits {
    /// A shell at its prompt.
    Command,
    /// A shell that needs the rest of a command.
    Continuation,
    /// A program that reads its standard input.
    Program,
}

/// A cluster that can be typed into.
pub trait Cluster {
    /// A place in the transcript of a terminal.
    type Mark: Clone;
    /// The current virtual time.
    fn now(&self) -> Time;
    /// All hosts.
    fn nodes(&self) -> Vec<String>;
    /// Lets virtual time pass up to `until`, including the events at that instant.
    fn advance_until(&mut self, until: Time);
    /// Lets virtual time pass until the terminal of `node` waits for a line, at most up to `until`.
    /// True if it waits; the time is then that of the event that made it wait.
    fn run_until_waiting(&mut self, node: &str, until: Time) -> bool;
    /// Types lines, one after the other.
    ///
    /// # Errors
    /// One sentence: no such host, the host is down.
    fn type_text(&mut self, node: &str, text: &str) -> Result<(), String>;
    /// Who waits for a line at the terminal of a host; nobody while a command runs.
    fn awaits(&self, node: &str) -> Option<Awaits>;
    /// The prompt that the terminal of a host shows.
    fn prompt(&self, node: &str) -> String;
    /// The end of a terminal's transcript.
    fn mark(&self, node: &str) -> Self::Mark;
    /// What was printed since, without what was typed.
    fn printed_since(&self, node: &str, mark: &Self::Mark) -> String;
    /// The exit status of the last command typed since, if it is over.
    fn status_since(&self, node: &str, mark: &Self::Mark) -> Option<i32>;
    /// Makes a fault happen, as [`world::Fault`] reads it.
    ///
    /// # Errors
    /// One sentence: no such host, not possible now.
    fn inject(&mut self, fault: &str) -> Result<Injected, String>;
    /// Arms faults, to strike when something happens; their number.
    ///
    /// # Errors
    /// One sentence: no such host.
    fn arm(&mut self, on: &str, faults: &[String]) -> Result<u64, String>;
    /// What became of armed faults.
    fn armed(&self, id: u64) -> Armed;
    /// The state that checks look at.
    fn facts(&self) -> Facts;
    /// The size of a file in bytes; nothing if there is none.
    fn file_size(&self, node: &str, path: &str) -> Option<u64>;
    /// Every place in the world where these bytes are.
    fn find_bytes(&self, needle: &[u8]) -> Vec<Found>;
    /// Every place where the audit has found clear text that does not belong there by how a swarm
    /// works, now or before; nothing without an audit.
    fn leaks(&self) -> Vec<Leak> {
        Vec::new()
    }
}

/// A fault that has struck.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Injected {
    /// What happened, in words.
    pub words: String,
    /// The hosts that it struck.
    pub nodes: Vec<String>,
}

/// What became of armed faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Armed {
    /// They wait.
    Waiting,
    /// They have struck, each of them.
    Struck(Vec<Injected>),
    /// They were not possible when it happened; why.
    Missed(String),
}

/// The state of a cluster as far as checks ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The host whose manager leads.
    pub leader: Option<String>,
    /// All hosts.
    pub nodes: Vec<NodeFacts>,
    /// All services.
    pub services: Vec<ServiceFacts>,
    /// The names of all secrets.
    pub secrets: Vec<String>,
    /// A majority of the managers knows a leader.
    pub has_quorum: bool,
    /// Every task that the managers know: its service, its slot, its state and its host.
    pub tasks: Vec<TaskFacts>,
    /// Ways between hosts on which everything is lost, from and to.
    pub cuts: Vec<(String, String)>,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFacts {
    /// `service.slot`.
    pub name: String,
    /// Its service.
    pub service: String,
    /// Its state.
    pub state: String,
    /// Where it is placed.
    pub node: Option<String>,
}

/// A manager's part in the raft group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RaftFacts {
    /// `follower`, `candidate`, `pre-candidate` or `leader`.
    pub role: String,
    /// Its term.
    pub term: u64,
    /// The last index that it knows to be committed.
    pub commit: u64,
    /// The last index that its store has.
    pub applied: u64,
}

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its name.
    pub name: String,
    /// Whether the machine runs.
    pub up: bool,
    /// Whether it makes no progress.
    pub frozen: bool,
    /// `manager`, `worker` or `none`.
    pub role: String,
    /// As the managers see it.
    pub status: String,
    /// As an operator set it.
    pub availability: String,
    /// The services with a running task on it, one entry a task.
    pub runs: Vec<String>,
    /// The names of the secrets that its agent holds.
    pub secrets: Vec<String>,
    /// The names of the secrets in its store, on managers.
    pub knows: Vec<String>,
    /// Its part in the raft group, on managers.
    pub raft: Option<RaftFacts>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its name.
    pub name: String,
    /// Tasks that its specification asks for.
    pub replicas: u64,
    /// Tasks that run.
    pub running: u64,
}

/// A place where bytes were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What kind of place: one of [`SURFACES`].
    pub surface: String,
    /// Of which host; empty where there is none.
    pub node: String,
    /// Which file, frame, layer or so.
    pub place: String,
}

/// Clear text that does not belong where it is by how a swarm works; a lab may allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The names of what was found: secrets with the same bytes, or a watched word.
    pub names: Vec<String>,
    /// What kind of place: one of [`SURFACES`].
    pub surface: String,
    /// Of which host.
    pub node: String,
    /// Which file, frame, layer or so.
    pub place: String,
    /// How it is written, in one word: `plain`, `base64`.
    pub form: String,
    /// The same in words: `in the clear`, `in Base64`.
    pub written: String,
    /// What came from outside and led to it: a typed line, as a rule; empty if that is not known.
    pub cause: String,
}

impl Leak {
    /// What was found where and because of what, without the bytes.
    pub fn sentence(&self) -> String {
        let Self { surface, node, place, written, .. } = self;
        let names = self.names.join(", ");
        let cause = match self.cause.as_str() {
            "" => String::new(),
            cause => format!(", because of `{cause}`"),
        };
        format!("{names} is {written} in {surface} of {node} ({place}){cause}")
    }
}

/// The surfaces that a search for bytes covers, with what each is.
pub const SURFACES: [(&str, &str); 11] = [
    ("process", "arguments and environment of a running process"),
    ("file", "a file of a host itself"),
    ("disk", "the swarm's state on a host's disk: Raft log, keys, the agent's tasks"),
    ("image", "a layer of an image"),
    ("container", "a container's writable layer"),
    ("metadata", "a container's configuration: environment, arguments, labels"),
    ("tmpfs", "a file system in memory"),
    ("log", "what a container printed"),
    ("memory", "what a manager or an agent keeps in memory"),
    ("frame", "bytes that crossed a wire"),
    ("terminal", "what a terminal shows"),
];
