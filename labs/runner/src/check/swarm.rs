//! Predicates on managers, tasks, links and faults.

use super::verdict::{Judged, Scene, plural};
use super::{Predicate, RaftNumber, Relation};
use crate::bindings::Unbound;
use crate::cluster::{Cluster, NodeFacts, TaskFacts};

impl<C: Cluster> Scene<'_, C> {
    pub(super) fn of_swarm(&self, predicate: &Predicate) -> Result<Judged, Unbound> {
        Ok(match predicate {
            Predicate::Holds { node, secret, there } => {
                let secret = secret.as_deref().map(|name| self.fill(name)).transpose()?;
                self.with_node(node, |node| holds(node, secret.as_deref(), *there))?
            }
            Predicate::Knows { node, secret, there } => {
                let secret = self.fill(secret)?;
                self.with_node(node, |node| {
                    let names: Vec<&str> = node.knows.iter().map(String::as_str).collect();
                    let known =
                        if names.is_empty() { "no secret".to_owned() } else { names.join(", ") };
                    let why = format!("the store of {} has {known}", node.name);
                    (node.knows.contains(&secret) == *there, why)
                })?
            }
            Predicate::Raft { node, number, relation, value } => {
                self.with_node(node, |node| raft_number(node, *number, *relation, *value))?
            }
            Predicate::Term(relation, value) => {
                let terms = self.facts.nodes.iter().filter_map(|node| node.raft.as_ref());
                match terms.map(|raft| raft.term).max() {
                    Some(term) => (relation.holds(term, *value), format!("the term is {term}")),
                    None => (false, "no manager runs".to_owned()),
                }
            }
            Predicate::Quorum { holds } => {
                let has = self.facts.has_quorum;
                let why = if has {
                    "a majority of the managers follows a leader"
                } else {
                    "no majority of the managers follows a leader"
                };
                (has == *holds, why.to_owned())
            }
            Predicate::Agree => self.agree(),
            Predicate::Tasks { service, state, relation, value } => {
                let service = self.fill(service)?;
                let is_it = |task: &&TaskFacts| task.service == service && task.state == *state;
                let count = self.facts.tasks.iter().filter(is_it).count() as u64;
                let verb = if count == 1 { "is" } else { "are" };
                let why = format!("{count} {} of {service} {verb} {state}", plural(count, "task"));
                (relation.holds(count, *value), why)
            }
            Predicate::Link { one, other, cut } => {
                let (one, other) = (self.fill(one)?, self.fill(other)?);
                let is_it = |(from, to): &&(String, String)| {
                    *from == one && *to == other || *from == other && *to == one
                };
                let is_cut = self.facts.cuts.iter().any(|link| is_it(&link));
                let word = if is_cut { "cut" } else { "whole" };
                (is_cut == *cut, format!("the link between {one} and {other} is {word}"))
            }
            Predicate::Struck { fault, struck } => match (self.struck)(fault) {
                Some(has) => {
                    let word = if has { "has struck" } else { "has not struck" };
                    (has == *struck, format!("the fault {fault} {word}"))
                }
                None => (false, format!("the fault {fault} has not had its turn")),
            },
            // Whatever is not listed here is judged before.
            _ => (false, String::new()),
        })
    }

    fn agree(&self) -> Judged {
        let raft = |node: &'_ NodeFacts| {
            node.raft.as_ref().map(|raft| (node.name.clone(), raft.term, raft.applied))
        };
        let known: Vec<(String, u64, u64)> = self.facts.nodes.iter().filter_map(raft).collect();
        let same = known.windows(2).all(|pair| (pair[0].1, pair[0].2) == (pair[1].1, pair[1].2));
        let list: Vec<String> = known
            .iter()
            .map(|(name, term, applied)| format!("{name} is at index {applied} of term {term}"))
            .collect();
        let why = if list.is_empty() { "no manager runs".to_owned() } else { list.join(", ") };
        (same && !known.is_empty(), why)
    }
}

fn raft_number(node: &NodeFacts, number: RaftNumber, relation: Relation, value: u64) -> Judged {
    let Some(raft) = &node.raft else {
        return (false, format!("no manager runs on {}", node.name));
    };
    let (found, what) = match number {
        RaftNumber::Term => (raft.term, "term"),
        RaftNumber::Commit => (raft.commit, "commit index"),
        RaftNumber::Applied => (raft.applied, "applied index"),
    };
    (relation.holds(found, value), format!("the {what} of {} is {found}", node.name))
}

fn holds(node: &NodeFacts, secret: Option<&str>, there: bool) -> Judged {
    let has = match secret {
        Some(secret) => node.secrets.iter().any(|name| name == secret),
        None => !node.secrets.is_empty(),
    };
    let names: Vec<&str> = node.secrets.iter().map(String::as_str).collect();
    let held = if names.is_empty() { "no secret".to_owned() } else { names.join(", ") };
    (has == there, format!("the agent of {} holds {held}", node.name))
}
