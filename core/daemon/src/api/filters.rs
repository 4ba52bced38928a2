//! `--filter` as it is typed, and the managers' typed filters made of it (moby:
//! `daemon/cluster/filters.go`).

use serde::{Deserialize, Serialize};
use sorted::SortedMap;

use swarm::control;
use swarm::objects::{Id, Kind, Role, TaskState};

use super::Error;

/// Filters by key; within a key any value will do, all keys must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filters(pub SortedMap<String, Vec<String>>);

impl Filters {
    /// Adds one value of one key.
    pub fn add(&mut self, key: &str, value: &str) {
        let values = self.0.entry(key.to_owned()).or_default();
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }

    /// The values of a key; none if it was not given.
    pub fn get(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// No filter at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails for a key that is not among `known`.
    ///
    /// # Errors
    /// `invalid filter 'foo'`, status 400.
    pub fn validate(&self, known: &[&str]) -> Result<(), Error> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(Error::invalid(format!("invalid filter '{key}'"))),
            None => Ok(()),
        }
    }

    /// The managers' filters for a list of `kind`. Names of services and nodes in a list of tasks
    /// must have been resolved to identifiers.
    ///
    /// # Errors
    /// An unknown key or value, as Docker says it.
    pub fn for_swarm(&self, kind: Kind) -> Result<control::Filters, Error> {
        self.validate(match kind {
            Kind::Node => &["id", "label", "node.label", "membership", "name", "role"],
            Kind::Service => &["id", "label", "mode", "name", "runtime"],
            Kind::Task => &["desired-state", "id", "label", "name", "node", "service"],
            Kind::Secret | Kind::Config => &["id", "label", "name", "names"],
            Kind::Network | Kind::Cluster => &["id", "label", "name"],
        })?;
        let mut filters = control::Filters {
            names: self.get("names").to_vec(),
            name_prefixes: self.get("name").to_vec(),
            id_prefixes: self.get("id").to_vec(),
            labels: labels(self.get("label")),
            node_labels: labels(self.get("node.label")),
            modes: self.get("mode").to_vec(),
            ..control::Filters::default()
        };
        for role in self.get("role") {
            filters.roles.push(match role.as_str() {
                "worker" => Role::Worker,
                "manager" => Role::Manager,
                _ => return Err(Error::invalid(format!("Invalid role filter: '{role}'"))),
            });
        }
        for membership in self.get("membership") {
            if membership != "accepted" && membership != "pending" {
                let message = format!("Invalid membership filter: '{membership}'");
                return Err(Error::invalid(message));
            }
        }
        for state in self.get("desired-state") {
            filters.desired_states.push(match state.as_str() {
                "running" => TaskState::Running,
                "shutdown" => TaskState::Shutdown,
                "accepted" => TaskState::Accepted,
                _ => return Err(Error::invalid(format!("Invalid task filter: '{state}'"))),
            });
        }
        filters.service_ids = self.get("service").iter().map(|id| Id::from(id.as_str())).collect();
        filters.node_ids = self.get("node").iter().map(|id| Id::from(id.as_str())).collect();
        Ok(filters)
    }
}

fn labels(values: &[String]) -> SortedMap<String, String> {
    let split = values.iter().map(|value| value.split_once('=').unwrap_or((value, "")));
    split.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
