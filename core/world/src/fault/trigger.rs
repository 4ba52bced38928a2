//! What an armed fault waits for: one word for what happens and filters in brackets,
//! `entry.sent(kind=secret,name=pw)`.

use std::fmt;

use serde::{Deserialize, Serialize};
use swarm::node::{Mark, Stage};
use swarm::objects::{NodeState, TaskState};

use super::Unreadable;

/// How each trigger is written; the messages quote it.
pub const FORMS: [&str; 10] = [
    "entry.appended(kind=KIND,name=NAME,node=NODE)",
    "entry.sent(kind=KIND,name=NAME,node=NODE)",
    "entry.committed(kind=KIND,name=NAME,node=NODE)",
    "entry.applied(kind=KIND,name=NAME,node=NODE)",
    "leader.elected(node=NODE)",
    "log.compacted(node=NODE)",
    "keys.written(node=NODE)",
    "task.STATE(service=NAME,slot=N,node=NODE)",
    "node.STATE(name=NODE)",
    "secret.delivered(name=NAME,node=NODE)",
];

/// When an armed fault strikes. Every filter may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Trigger {
    what: What,
    /// In the order in which they were written.
    filters: Vec<(Filter, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Entry(Stage),
    Elected,
    Compacted,
    Keys,
    Task(TaskState),
    Node(NodeState),
    Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    Kind,
    Name,
    Node,
    Service,
    Slot,
}

const STAGES: [(&str, Stage); 4] = [
    ("appended", Stage::Appended),
    ("sent", Stage::Sent),
    ("committed", Stage::Committed),
    ("applied", Stage::Applied),
];

const FILTERS: [(&str, Filter); 5] = [
    ("kind", Filter::Kind),
    ("name", Filter::Name),
    ("node", Filter::Node),
    ("service", Filter::Service),
    ("slot", Filter::Slot),
];

const KINDS: [&str; 7] = ["secret", "config", "service", "task", "node", "network", "cluster"];

const NODE_STATES: [(&str, NodeState); 4] = [
    ("ready", NodeState::Ready),
    ("down", NodeState::Down),
    ("unknown", NodeState::Unknown),
    ("disconnected", NodeState::Disconnected),
];

/// The states that an agent reports.
const TASK_STATES: [TaskState; 10] = [
    TaskState::Accepted,
    TaskState::Preparing,
    TaskState::Ready,
    TaskState::Starting,
    TaskState::Running,
    TaskState::Complete,
    TaskState::Shutdown,
    TaskState::Failed,
    TaskState::Rejected,
    TaskState::Remove,
];

impl What {
    fn parse(word: &str) -> Option<Self> {
        let (object, happens) = word.split_once('.')?;
        match object {
            "entry" => find(&STAGES, happens).map(Self::Entry),
            "leader" => (happens == "elected").then_some(Self::Elected),
            "log" => (happens == "compacted").then_some(Self::Compacted),
            "keys" => (happens == "written").then_some(Self::Keys),
            "task" => TASK_STATES.into_iter().find(|s| s.word() == happens).map(Self::Task),
            "node" => find(&NODE_STATES, happens).map(Self::Node),
            "secret" => (happens == "delivered").then_some(Self::Secret),
            _ => None,
        }
    }

    const fn filters(self) -> &'static [Filter] {
        match self {
            Self::Entry(_) => &[Filter::Kind, Filter::Name, Filter::Node],
            Self::Elected | Self::Compacted | Self::Keys => &[Filter::Node],
            Self::Task(_) => &[Filter::Service, Filter::Slot, Filter::Node],
            Self::Node(_) => &[Filter::Name],
            Self::Secret => &[Filter::Name, Filter::Node],
        }
    }

    fn word(self) -> String {
        match self {
            Self::Entry(stage) => format!("entry.{}", name(&STAGES, stage)),
            Self::Elected => "leader.elected".to_owned(),
            Self::Compacted => "log.compacted".to_owned(),
            Self::Keys => "keys.written".to_owned(),
            Self::Task(state) => format!("task.{}", state.word()),
            Self::Node(state) => format!("node.{}", name(&NODE_STATES, state)),
            Self::Secret => "secret.delivered".to_owned(),
        }
    }
}

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

fn name<T: Copy + PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
}

impl Trigger {
    /// Reads a trigger.
    ///
    /// # Errors
    /// Where it leaves the grammar and what was expected there.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let wrong = |at: usize, message: String| {
            let column = text[..at].chars().count() + 1;
            Unreadable { column: u32::try_from(column).unwrap_or(u32::MAX), message }
        };
        let (word, rest) = text.split_at(text.find('(').unwrap_or(text.len()));
        let Some(what) = What::parse(word) else {
            return Err(wrong(0, format!("expected one of {}, found `{word}`", FORMS.join(", "))));
        };
        let mut trigger = Self { what, filters: Vec::new() };
        let Some(inner) = rest.strip_prefix('(') else { return Ok(trigger) };
        let Some(inner) = inner.strip_suffix(')') else {
            return Err(wrong(text.len(), "expected `)` at the end".to_owned()));
        };
        let mut at = word.len() + 1;
        for pair in inner.split(',') {
            let allowed: Vec<&str> =
                what.filters().iter().map(|filter| name(&FILTERS, *filter)).collect();
            let found = pair.split_once('=').filter(|(key, _)| allowed.contains(key));
            let found = found.filter(|(_, value)| !value.is_empty());
            let Some((key, value)) = found else {
                let expected = allowed.join("=..., ");
                return Err(wrong(at, format!("expected {expected}=..., found `{pair}`")));
            };
            if key == "kind" && !KINDS.contains(&value) {
                let kinds = KINDS.join(", ");
                return Err(wrong(at, format!("expected kind= one of {kinds}, found `{value}`")));
            }
            if let Some(filter) = find(&FILTERS, key) {
                trigger.filters.push((filter, value.to_owned()));
            }
            at += pair.len() + 1;
        }
        Ok(trigger)
    }

    /// The hosts that it names.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let is_node = |filter: Filter| {
            filter == Filter::Node || filter == Filter::Name && matches!(self.what, What::Node(_))
        };
        let nodes = self.filters.iter().filter(move |(filter, _)| is_node(*filter));
        nodes.map(|(_, name)| name.as_str())
    }

    /// True if it strikes before what the host sends at this moment has left.
    pub(crate) fn is_before_sending(&self) -> bool {
        self.what == What::Entry(Stage::Appended)
    }

    fn filter(&self, filter: Filter) -> Option<&str> {
        self.filters.iter().find(|(known, _)| *known == filter).map(|(_, value)| value.as_str())
    }

    /// True if this is what it waits for. `host` is where it happened.
    pub(crate) fn fits(&self, mark: &Mark, host: &str) -> bool {
        let is = |filter, value: &str| self.filter(filter).is_none_or(|wanted| wanted == value);
        if !is(Filter::Node, host) {
            return false;
        }
        match (self.what, mark) {
            (What::Entry(wanted), Mark::Entry { stage, objects }) => {
                wanted == *stage
                    && objects
                        .iter()
                        .any(|(kind, name)| is(Filter::Kind, kind.word()) && is(Filter::Name, name))
            }
            (What::Elected, Mark::Elected)
            | (What::Compacted, Mark::Compacted)
            | (What::Keys, Mark::Keys) => true,
            (What::Task(wanted), Mark::Task { service, slot, state }) => {
                wanted == *state
                    && is(Filter::Service, service)
                    && is(Filter::Slot, &slot.to_string())
            }
            (What::Node(wanted), Mark::Node { name, state }) => {
                wanted == *state && is(Filter::Name, name)
            }
            (What::Secret, Mark::Secret { name }) => is(Filter::Name, name),
            _ => false,
        }
    }
}

/// In words: `when the leader has sent a change of secret pw`.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let get = |filter| self.filter(filter);
        f.write_str("when ")?;
        match self.what {
            What::Entry(stage) => {
                f.write_str(match stage {
                    Stage::Appended => "the leader has written but not sent a change of ",
                    Stage::Sent => "the leader has sent a change of ",
                    Stage::Committed => "the leader has committed a change of ",
                    Stage::Applied => "a manager has applied a change of ",
                })?;
                f.write_str(get(Filter::Kind).unwrap_or("anything"))?;
                if let Some(name) = get(Filter::Name) {
                    write!(f, " {name}")?;
                }
            }
            What::Elected => f.write_str("a leader is elected")?,
            What::Compacted => f.write_str("a manager has compacted its log")?,
            What::Keys => f.write_str("a node has written its certificates or keys")?,
            What::Task(state) => {
                let service = get(Filter::Service).unwrap_or("any service");
                let slot = get(Filter::Slot).map(|slot| format!(".{slot}")).unwrap_or_default();
                write!(f, "a task of {service}{slot} is {}", state.word())?;
            }
            What::Node(state) => {
                let name = get(Filter::Name).unwrap_or("a node");
                write!(f, "{name} counts as {}", crate::fault::trigger::name(&NODE_STATES, state))?;
            }
            What::Secret => {
                write!(f, "secret {} has come to an agent", get(Filter::Name).unwrap_or("any"))?;
            }
        }
        match get(Filter::Node) {
            Some(node) => write!(f, " on {node}"),
            None => Ok(()),
        }
    }
}

/// As it is written.
impl From<Trigger> for String {
    fn from(trigger: Trigger) -> Self {
        let filters: Vec<String> = trigger
            .filters
            .iter()
            .map(|(filter, value)| format!("{}={value}", name(&FILTERS, *filter)))
            .collect();
        let word = trigger.what.word();
        if filters.is_empty() { word } else { format!("{word}({})", filters.join(",")) }
    }
}

impl TryFrom<String> for Trigger {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_can_be_read_and_written() {
        for text in [
            "entry.appended",
            "entry.sent(kind=secret,name=pw)",
            "entry.applied(node=node2)",
            "leader.elected",
            "log.compacted(node=node2)",
            "keys.written",
            "task.running(service=web,slot=1)",
            "node.down(name=node3)",
            "secret.delivered(name=pw,node=node2)",
        ] {
            let read = Trigger::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(String::from(read.clone()), text, "{read}");
        }
        let words = Trigger::parse("entry.sent(kind=secret,name=pw)").unwrap().to_string();
        assert_eq!(words, "when the leader has sent a change of secret pw");
    }

    #[test]
    fn what_is_no_trigger_is_refused_with_its_place() {
        for (text, column, expected) in [
            ("", 1, "expected one of entry.appended"),
            ("entry.lost", 1, "found `entry.lost`"),
            ("entry.sent(", 12, "expected `)`"),
            ("entry.sent(colour=red)", 12, "expected kind=..., name=..., node=..."),
            ("entry.sent(kind=secret,slot=1)", 24, "found `slot=1`"),
            ("entry.sent(kind=shoe)", 12, "expected kind= one of"),
            ("task.running(service=)", 14, "found `service=`"),
        ] {
            let error = Trigger::parse(text).expect_err(text);
            assert!(error.message.contains(expected), "{text}: {error}");
            assert_eq!(error.column, column, "{text}: {error}");
        }
    }
}
