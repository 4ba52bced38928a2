//! Predicates on the cluster: a closed vocabulary, one predicate a line, each with a sentence that says
//! why it holds or not.

mod bytes;
mod leak;
#[cfg(feature = "author")]
mod parse;
mod swarm;
mod verdict;

use serde::{Deserialize, Serialize};

pub use leak::LeakPlace;
pub(crate) use leak::outside;
#[cfg(feature = "author")]
pub(crate) use leak::parse as parse_leak;
#[cfg(feature = "author")]
pub(crate) use parse::parse;
pub(crate) use verdict::Scene;
pub use verdict::{LastCommand, Verdict};

/// One line of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckLine {
    /// As written.
    pub source: String,
    /// What it asks.
    pub predicate: Predicate,
}

/// A text in which `{{name}}` stands for a captured value.
pub type Template = String;

/// What a line of a check asks. Every text may hold `{{name}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Predicate {
    /// `secrets == 0`: how many objects the cluster has.
    Count(Object, Relation, u64),
    /// `secret sec1 exists`, `service web absent`.
    Exists {
        /// What.
        object: Object,
        /// Its name.
        name: Template,
        /// `exists` or `absent`.
        there: bool,
    },
    /// `service web running == 3`: a number of a service.
    Service {
        /// Its name.
        name: Template,
        /// Which number.
        number: ServiceNumber,
        /// How it is compared.
        relation: Relation,
        /// With what.
        value: u64,
    },
    /// `leader exists`.
    LeaderExists,
    /// `leader == node1`, `leader != node1`.
    Leader {
        /// `==` or `!=`.
        equal: bool,
        /// The host's name.
        node: Template,
    },
    /// `node node1 role == manager`: a property of a host.
    Node {
        /// Its name.
        node: Template,
        /// Which property.
        field: NodeField,
        /// `==` or `!=`.
        equal: bool,
        /// With what.
        value: String,
    },
    /// `node node1 runs web`, `node node1 runs no web`.
    Runs {
        /// The host's name.
        node: Template,
        /// The service's name.
        service: Template,
        /// `runs` or `runs no`.
        there: bool,
    },
    /// `node node1 holds secret sec1`, `node node1 holds no secrets`.
    Holds {
        /// The host's name.
        node: Template,
        /// The secret's name; nothing for any.
        secret: Option<Template>,
        /// `holds` or `holds no`.
        there: bool,
    },
    /// `node node1 knows secret sec1`: in the store of its manager.
    Knows {
        /// The host's name.
        node: Template,
        /// The secret's name.
        secret: Template,
        /// `knows` or `knows no`.
        there: bool,
    },
    /// `node node1 term > 2`: a number of a manager's part in the raft group.
    Raft {
        /// The host's name.
        node: Template,
        /// Which number.
        number: RaftNumber,
        /// How it is compared.
        relation: Relation,
        /// With what.
        value: u64,
    },
    /// `term > 2`: the highest term of all managers that run.
    Term(Relation, u64),
    /// `quorum holds`, `quorum lost`.
    Quorum {
        /// `holds` or `lost`.
        holds: bool,
    },
    /// `managers agree`: all that run have the same term and have applied the same entries.
    Agree,
    /// `tasks web running == 2`: tasks of a service in a state, as the managers know.
    Tasks {
        /// The service's name.
        service: Template,
        /// The state.
        state: String,
        /// How it is compared.
        relation: Relation,
        /// With what.
        value: u64,
    },
    /// `link node1 node2 cut`, `link node1 node2 whole`: one of the two ways, or neither.
    Link {
        /// The one host.
        one: Template,
        /// The other.
        other: Template,
        /// `cut` or `whole`.
        cut: bool,
    },
    /// `fault boom struck`, `fault boom waits`: a fault of the lab that was armed.
    Struck {
        /// The fault's name.
        fault: String,
        /// `struck` or `waits`.
        struck: bool,
    },
    /// `file node1:/root/sec.txt exists`, `... absent`.
    FileExists {
        /// Where.
        file: FilePlace,
        /// `exists` or `absent`.
        there: bool,
    },
    /// `file node1:/root/sec.txt size == 22`, in bytes.
    FileSize {
        /// Where.
        file: FilePlace,
        /// How it is compared.
        relation: Relation,
        /// With what.
        value: u64,
    },
    /// `exit == 0`: the exit status of the last command.
    Exit(Relation, i32),
    /// `output has "text"`, `output lacks "text"`: what the last command printed.
    OutputHas {
        /// The text.
        text: Template,
        /// `has` or `lacks`.
        there: bool,
    },
    /// `output lines == 3`: how many lines the last command printed.
    OutputLines(Relation, u64),
    /// `prompt node1 == "/data # "`: what the terminal of a host shows now.
    Prompt {
        /// The host's name.
        node: Template,
        /// The prompt.
        text: Template,
    },
    /// `bytes "text" in tmpfs of node2`, `bytes "text" not in frame`.
    BytesIn {
        /// The bytes.
        text: Template,
        /// Where.
        place: Place,
        /// `in` or `not in`.
        there: bool,
    },
    /// `bytes "text" nowhere`, `bytes "text" nowhere else except file:node1:/root/sec.txt`.
    BytesNowhere {
        /// The bytes.
        text: Template,
        /// Where they may be.
        except: Vec<Place>,
    },
    /// `leak pw in log:node2`: the audit has found it there, now or before.
    Leak(LeakPlace),
    /// `no leak pw in file:laptop`: the audit has never found it there.
    NoLeak(LeakPlace),
    /// `no leaks`: the audit has found nothing but what the lab allows or shows on purpose.
    NoLeaks,
    /// `"{{a}}" == "{{b}}"`: two texts.
    Texts {
        /// The one.
        left: Template,
        /// How they are compared.
        relation: TextRelation,
        /// The other.
        right: Template,
    },
}

/// What can be counted and named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Object {
    /// Secrets of the cluster.
    Secret,
    /// Services.
    Service,
    /// Hosts that are in the swarm.
    Node,
    /// Managers of the swarm.
    Manager,
}

/// A number of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceNumber {
    /// Tasks that run.
    Running,
    /// Tasks that its specification asks for.
    Replicas,
}

/// A number of a manager's part in the raft group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RaftNumber {
    /// Its term.
    Term,
    /// The last index that it knows to be committed.
    Commit,
    /// The last index that its store has.
    Applied,
}

/// A property of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeField {
    /// `manager`, `worker` or `none`.
    Role,
    /// `ready`, `down`, `unknown` or `disconnected`, as the managers see it.
    Status,
    /// `active`, `pause` or `drain`.
    Availability,
    /// `up`, `down` or `frozen`: whether the machine runs.
    Host,
    /// `leader`, `follower`, `candidate` or `none`: its part in the raft group.
    Raft,
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    Different,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextRelation {
    /// `==`
    Equal,
    /// `!=`
    Different,
    /// `starts-with`
    StartsWith,
    /// `contains`
    Contains,
}

/// A file of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePlace {
    /// The host's name.
    pub node: Template,
    /// An absolute path.
    pub path: Template,
}

/// Where bytes can be: a surface, perhaps of one host, perhaps one path on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The surface's name, as the world's search calls it.
    pub surface: String,
    /// The host's name.
    pub node: Option<Template>,
    /// The beginning of the place.
    pub path: Option<Template>,
}

impl Relation {
    /// As written in a check.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Different => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    fn holds<T: Ord>(self, left: T, right: T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Different => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl Object {
    const fn one(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Service => "service",
            Self::Node => "node",
            Self::Manager => "manager",
        }
    }
}

impl Predicate {
    /// The texts that may hold `{{name}}`.
    pub fn templates(&self) -> Vec<&str> {
        match self {
            Self::Count(..)
            | Self::LeaderExists
            | Self::Exit(..)
            | Self::OutputLines(..)
            | Self::Term(..)
            | Self::Quorum { .. }
            | Self::Agree
            | Self::Struck { .. }
            | Self::NoLeaks => Vec::new(),
            Self::Leak(place) | Self::NoLeak(place) => place.templates().collect(),
            Self::Knows { node, secret, .. } => vec![node, secret],
            Self::Raft { node, .. } => vec![node],
            Self::Tasks { service, .. } => vec![service],
            Self::Link { one, other, .. } => vec![one, other],
            Self::Exists { name, .. } | Self::Service { name, .. } => vec![name],
            Self::Leader { node, .. } | Self::Node { node, .. } => vec![node],
            Self::Runs { node, service, .. } => vec![node, service],
            Self::Holds { node, secret, .. } => {
                std::iter::once(node).chain(secret).map(String::as_str).collect()
            }
            Self::FileExists { file, .. } | Self::FileSize { file, .. } => {
                vec![&file.node, &file.path]
            }
            Self::OutputHas { text, .. } => vec![text],
            Self::Prompt { node, text } => vec![node, text],
            Self::BytesIn { text, place, .. } => {
                std::iter::once(text.as_str()).chain(place.templates()).collect()
            }
            Self::BytesNowhere { text, except } => std::iter::once(text.as_str())
                .chain(except.iter().flat_map(Place::templates))
                .collect(),
            Self::Texts { left, right, .. } => vec![left, right],
        }
    }

    /// The hosts that it names, for the linter.
    pub fn nodes(&self) -> Vec<&str> {
        match self {
            Self::Leader { node, .. }
            | Self::Node { node, .. }
            | Self::Runs { node, .. }
            | Self::Holds { node, .. }
            | Self::Knows { node, .. }
            | Self::Raft { node, .. }
            | Self::Prompt { node, .. } => vec![node],
            Self::FileExists { file, .. } | Self::FileSize { file, .. } => vec![&file.node],
            Self::Link { one, other, .. } => vec![one, other],
            Self::BytesIn { place, .. }
            | Self::Leak(LeakPlace { place, .. })
            | Self::NoLeak(LeakPlace { place, .. }) => {
                place.node.iter().map(String::as_str).filter(|node| *node != "*").collect()
            }
            Self::BytesNowhere { except, .. } => {
                except.iter().filter_map(|place| place.node.as_deref()).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Place {
    fn templates(&self) -> impl Iterator<Item = &str> {
        self.node.iter().chain(&self.path).map(String::as_str)
    }
}
