//! Does a predicate hold, and why.

use sorted::SortedMap;
use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::{NodeField, Object, Predicate, ServiceNumber, TextRelation};
use crate::bindings::{Bindings, Unbound};
use crate::cluster::{Cluster, Facts, Found, NodeFacts};

/// What came of one predicate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The line as written.
    pub source: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found, in one sentence.
    pub why: String,
}

/// The last command of the step, for `exit` and `output`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCommand {
    /// Its exit status, if it is over and has one.
    pub status: Option<i32>,
    /// What it printed.
    pub output: String,
}

/// What a predicate is judged by.
pub(crate) struct Scene<'a, C> {
    pub(crate) cluster: &'a C,
    pub(crate) facts: &'a Facts,
    pub(crate) bindings: &'a Bindings,
    pub(crate) last: Option<&'a LastCommand>,
    /// Whether a fault of the lab has struck; nothing if its turn has not come.
    pub(crate) struck: &'a dyn Fn(&str) -> Option<bool>,
    /// Where the lab allows clear text or shows it on purpose.
    pub(crate) allowed: &'a [&'a super::LeakPlace],
    /// What was found already: the lines of one check often look for the same bytes.
    pub(crate) found: RefCell<SortedMap<Vec<u8>, Vec<Found>>>,
}

pub(super) type Judged = (bool, String);

impl<C: Cluster> Scene<'_, C> {
    /// Judges one line.
    pub(crate) fn judge(&self, line: &super::CheckLine) -> Verdict {
        let (holds, why) = self.predicate(&line.predicate).unwrap_or_else(|Unbound(name)| {
            (
                false,
                format!("`{name}` has no value yet: the command that shows it has not been run"),
            )
        });
        Verdict { source: self.bindings.fill_known(&line.source), holds, why }
    }

    pub(super) fn find_bytes(&self, needle: &[u8]) -> Vec<Found> {
        let mut found = self.found.borrow_mut();
        found.entry(needle.to_vec()).or_insert_with(|| self.cluster.find_bytes(needle)).clone()
    }

    pub(super) fn fill(&self, text: &str) -> Result<String, Unbound> {
        self.bindings.fill(text)
    }

    fn leader(&self) -> String {
        let leader = self.facts.leader.as_deref().unwrap_or("no manager");
        format!("{leader} leads")
    }

    fn predicate(&self, predicate: &Predicate) -> Result<Judged, Unbound> {
        Ok(match predicate {
            Predicate::Count(object, relation, value) => {
                let names = self.names(*object);
                let count = names.len() as u64;
                (relation.holds(count, *value), amount(count, object.one(), &names))
            }
            Predicate::Leak(place) => self.leak(place)?,
            Predicate::NoLeak(place) => {
                let (is_found, told) = self.leak(place)?;
                (!is_found, told)
            }
            Predicate::NoLeaks => self.no_leaks(),
            Predicate::Exists { object, name, there } => {
                self.exists(*object, &self.fill(name)?, *there)
            }
            Predicate::Service { name, number, relation, value } => {
                let name = self.fill(name)?;
                let Some(service) = self.facts.services.iter().find(|s| s.name == name) else {
                    return Ok((false, self.exists(Object::Service, &name, true).1));
                };
                let (count, what) = match number {
                    ServiceNumber::Running => (service.running, "running"),
                    ServiceNumber::Replicas => (service.replicas, "asked for"),
                };
                let why = format!("service {name} has {count} {} {what}", plural(count, "task"));
                (relation.holds(count, *value), why)
            }
            Predicate::LeaderExists => (self.facts.leader.is_some(), self.leader()),
            Predicate::Leader { equal, node } => {
                let node = self.fill(node)?;
                let leads = |leader: &String| (*leader == node) == *equal;
                (self.facts.leader.as_ref().is_some_and(leads), self.leader())
            }
            Predicate::Node { node, field, equal, value } => {
                self.with_node(node, |node| node_field(node, *field, *equal, value))?
            }
            Predicate::Runs { node, service, there } => {
                let service = self.fill(service)?;
                self.with_node(node, |node| {
                    let count = node.runs.iter().filter(|name| **name == service).count() as u64;
                    let why = format!(
                        "{} runs {count} {} of {service}",
                        node.name,
                        plural(count, "task")
                    );
                    ((count > 0) == *there, why)
                })?
            }
            Predicate::FileExists { file, there } => {
                let (node, path) = (self.fill(&file.node)?, self.fill(&file.path)?);
                let size = self.cluster.file_size(&node, &path);
                (size.is_some() == *there, file_sentence(&node, &path, size))
            }
            Predicate::FileSize { file, relation, value } => {
                let (node, path) = (self.fill(&file.node)?, self.fill(&file.path)?);
                let size = self.cluster.file_size(&node, &path);
                let holds = size.is_some_and(|size| relation.holds(size, *value));
                (holds, file_sentence(&node, &path, size))
            }
            Predicate::Exit(relation, value) => match self.last.map(|last| last.status) {
                None => (false, NO_COMMAND.to_owned()),
                Some(None) => (false, "the last command has no exit status yet".to_owned()),
                Some(Some(status)) => (
                    relation.holds(status, *value),
                    format!("the last command ended with status {status}"),
                ),
            },
            Predicate::OutputHas { text, there } => {
                let text = self.fill(text)?;
                match self.last {
                    None => (false, NO_COMMAND.to_owned()),
                    Some(last) => {
                        let has = last.output.contains(&text);
                        let word = if has { "has" } else { "lacks" };
                        (has == *there, format!("the output {word} `{text}`"))
                    }
                }
            }
            Predicate::OutputLines(relation, value) => match self.last {
                None => (false, NO_COMMAND.to_owned()),
                Some(last) => {
                    let count = last.output.lines().count() as u64;
                    let why = format!("the output has {count} {}", plural(count, "line"));
                    (relation.holds(count, *value), why)
                }
            },
            Predicate::Prompt { node, text } => {
                let (node, text) = (self.fill(node)?, self.fill(text)?);
                let prompt = self.cluster.prompt(&node);
                (prompt == text, format!("the prompt of {node} is `{prompt}`"))
            }
            Predicate::BytesIn { text, place, there } => self.bytes_in(text, place, *there)?,
            Predicate::BytesNowhere { text, except } => self.bytes_nowhere(text, except)?,
            Predicate::Texts { left, relation, right } => {
                texts(&self.fill(left)?, *relation, &self.fill(right)?)
            }
            of_swarm => self.of_swarm(of_swarm)?,
        })
    }

    fn names(&self, object: Object) -> Vec<&str> {
        let nodes = |keep: fn(&NodeFacts) -> bool| {
            self.facts
                .nodes
                .iter()
                .filter(|node| keep(node))
                .map(|node| node.name.as_str())
                .collect()
        };
        match object {
            Object::Secret => self.facts.secrets.iter().map(String::as_str).collect(),
            Object::Service => self.facts.services.iter().map(|s| s.name.as_str()).collect(),
            Object::Node => nodes(|node| node.role != "none"),
            Object::Manager => nodes(|node| node.role == "manager"),
        }
    }

    fn exists(&self, object: Object, name: &str, there: bool) -> Judged {
        let names = self.names(object);
        let is_there = names.contains(&name);
        let what = object.one();
        let why = if is_there {
            format!("there is a {what} {name}")
        } else {
            let count = names.len() as u64;
            format!("there is no {what} {name}; {}", amount(count, what, &names))
        };
        (is_there == there, why)
    }

    pub(super) fn with_node(
        &self,
        name: &str,
        judge: impl FnOnce(&NodeFacts) -> Judged,
    ) -> Result<Judged, Unbound> {
        let name = self.fill(name)?;
        Ok(match self.facts.nodes.iter().find(|node| node.name == name) {
            Some(node) => judge(node),
            None => (false, format!("there is no host {name}")),
        })
    }
}

const NO_COMMAND: &str = "no command of this step has been run";

fn node_field(node: &NodeFacts, field: NodeField, equal: bool, value: &str) -> Judged {
    let host = match (node.up, node.frozen) {
        (true, true) => "frozen",
        (true, false) => "up",
        (false, _) => "down",
    };
    let raft = match node.raft.as_ref().map(|raft| raft.role.as_str()) {
        Some("pre-candidate") => "candidate",
        Some(role) => role,
        None => "none",
    };
    let (found, what) = match field {
        NodeField::Role => (node.role.as_str(), "role"),
        NodeField::Status => (node.status.as_str(), "status"),
        NodeField::Availability => (node.availability.as_str(), "availability"),
        NodeField::Host => (host, "machine"),
        NodeField::Raft => (raft, "raft role"),
    };
    let shown = if found.is_empty() { "unknown" } else { found };
    ((found == value) == equal, format!("the {what} of {} is {shown}", node.name))
}

fn file_sentence(node: &str, path: &str, size: Option<u64>) -> String {
    match size {
        Some(size) => format!("{path} on {node} has {size} {}", plural(size, "byte")),
        None => format!("there is no file {path} on {node}"),
    }
}

fn texts(left: &str, relation: TextRelation, right: &str) -> Judged {
    let (holds, word) = match relation {
        TextRelation::Equal => (left == right, "is"),
        TextRelation::Different => (left != right, "differs from"),
        TextRelation::StartsWith => (left.starts_with(right), "starts with"),
        TextRelation::Contains => (left.contains(right), "contains"),
    };
    let not = if holds { "" } else { "it is not true that " };
    (holds, format!("{not}`{left}` {word} `{right}`"))
}

/// `3 secrets: a, b, c`.
fn amount(count: u64, what: &str, names: &[&str]) -> String {
    if count == 0 {
        return format!("there are no {what}s");
    }
    let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 8 { ", ..." } else { "" };
    format!(
        "there {} {count} {}: {shown}{more}",
        if count == 1 { "is" } else { "are" },
        plural(count, what)
    )
}

pub(super) fn plural(count: u64, what: &str) -> String {
    if count == 1 { what.to_owned() } else { format!("{what}s") }
}
