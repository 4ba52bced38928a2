//! Free play: a cluster of one's own, without a lesson.

use labs::Lab;
use world::Spec;

/// What the form for a cluster of one's own offers at most.
pub const NODE_COUNT_MAX: u32 = 9;
/// Swarms with more managers gain nothing; Docker's manual names this number.
pub const MANAGER_COUNT_MAX: u32 = 7;

/// A cluster of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    /// How many hosts.
    pub node_count: u32,
    /// How many of them are managers of one swarm; with none, no host is in a swarm.
    pub manager_count: u32,
    /// The Docker version.
    pub docker: String,
    /// The seed.
    pub seed: u64,
}

impl Default for Free {
    fn default() -> Self {
        let docker = docker_versions().last().unwrap_or("").to_owned();
        Self { node_count: 5, manager_count: 3, docker, seed: 1 }
    }
}

/// The Docker versions that a cluster can have, oldest first.
pub fn docker_versions() -> impl DoubleEndedIterator<Item = &'static str> {
    Spec::docker_versions()
}

impl Free {
    /// Reads the end of an address: hosts, managers, version, seed; nothing if there is no such
    /// cluster.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let [nodes, managers, docker, seed] = words else { return None };
        let free = Self {
            node_count: nodes.parse().ok()?,
            manager_count: managers.parse().ok()?,
            docker: (*docker).to_owned(),
            seed: seed.parse().ok()?,
        };
        let counts = (1..=NODE_COUNT_MAX).contains(&free.node_count)
            && free.manager_count <= free.node_count.min(MANAGER_COUNT_MAX);
        (counts && free.lab().spec(None).check().is_ok()).then_some(free)
    }

    /// The name in addresses and in storage.
    pub fn id(&self) -> String {
        format!("free/{}/{}/{}/{}", self.node_count, self.manager_count, self.docker, self.seed)
    }

    /// What it is, for people.
    pub fn title(&self) -> String {
        let plural = |count: u32| if count == 1 { "" } else { "s" };
        let nodes = format!("{} host{}", self.node_count, plural(self.node_count));
        match self.manager_count {
            0 => format!("{nodes}, no swarm yet"),
            count => format!("{nodes}, {count} manager{}", plural(count)),
        }
    }

    /// The cluster as a lab that asks for nothing.
    pub fn lab(&self) -> Lab {
        let node = |number: u32| format!("node{number}");
        Lab {
            id: self.id(),
            title: self.title(),
            docker: self.docker.clone(),
            seed: self.seed,
            nodes: (1..=self.node_count).map(node).collect(),
            managers: (1..=self.manager_count).map(node).collect(),
            ..Lab::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_makes_a_cluster() {
        for version in docker_versions() {
            let free = Free { docker: version.to_owned(), ..Free::default() };
            assert!(free.lab().spec(None).check().is_ok(), "{version}");
        }
        assert!(docker_versions().count() > 3);
    }
}
