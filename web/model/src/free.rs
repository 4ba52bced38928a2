//! Free play: a cluster of one's own, without a lesson.

use labs::Lab;
use world::Spec;

/// What the form for a cluster of one's own offers at most.
pub const NODE_COUNT_MAX: u32 = 9;
/// Swarms with more managers gain nothing; Docker's manual names this number.
pub const MANAGER_COUNT_MAX: u32 = 7;
/// Nodes of a Kubernetes beside them at most: one control plane and four workers.
pub const KUBE_COUNT_MAX: u32 = 5;

/// A cluster of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    /// How many hosts with Docker and nothing else; there can be none if there is a Kubernetes.
    pub node_count: u32,
    /// How many of them are managers of one swarm; with none, no host is in a swarm.
    pub manager_count: u32,
    /// The Docker version.
    pub docker: String,
    /// The seed.
    pub seed: u64,
    /// How many more hosts, the nodes of a Kubernetes; with none there is no Kubernetes.
    pub kube_count: u32,
    /// The release of that Kubernetes and of its `kubectl`.
    pub kubectl: String,
}

impl Default for Free {
    fn default() -> Self {
        let docker = docker_versions().last().unwrap_or("").to_owned();
        let kubectl = kubectl_versions().last().unwrap_or("").to_owned();
        Self { node_count: 5, manager_count: 3, docker, seed: 1, kube_count: 0, kubectl }
    }
}

/// The Docker versions that a cluster can have, oldest first.
pub fn docker_versions() -> impl DoubleEndedIterator<Item = &'static str> {
    Spec::docker_versions()
}

/// The releases of Kubernetes that a cluster can have, oldest first.
pub fn kubectl_versions() -> impl DoubleEndedIterator<Item = &'static str> {
    Spec::kubectl_versions()
}

impl Free {
    /// Reads the end of an address: hosts, managers, version, seed, and for a Kubernetes its hosts and
    /// its release; nothing if there is no such cluster.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let ([nodes, managers, docker, seed], kube) = words.split_first_chunk()?;
        let (kube_count, kubectl) = match kube {
            [] => (0, Self::default().kubectl),
            [count, release] => {
                (count.parse().ok().filter(|&count| count > 0)?, (*release).to_owned())
            }
            _ => return None,
        };
        let free = Self {
            node_count: nodes.parse().ok()?,
            manager_count: managers.parse().ok()?,
            docker: (*docker).to_owned(),
            seed: seed.parse().ok()?,
            kube_count,
            kubectl,
        };
        let counts = free == free.clone().within_limits();
        (counts && free.lab().spec(None).check().is_ok()).then_some(free)
    }

    /// The nearest cluster that there can be.
    #[must_use]
    pub fn within_limits(mut self) -> Self {
        self.kube_count = self.kube_count.min(KUBE_COUNT_MAX);
        self.node_count = self.node_count.clamp(self.node_count_min(), NODE_COUNT_MAX);
        self.manager_count = self.manager_count.min(self.node_count).min(MANAGER_COUNT_MAX);
        self
    }

    /// The fewest hosts beside the Kubernetes.
    pub fn node_count_min(&self) -> u32 {
        u32::from(self.kube_count == 0)
    }

    /// The name in addresses and in storage.
    pub fn id(&self) -> String {
        let Self { node_count, manager_count, docker, seed, kube_count, kubectl } = self;
        let kube =
            if *kube_count == 0 { String::new() } else { format!("/{kube_count}/{kubectl}") };
        format!("free/{node_count}/{manager_count}/{docker}/{seed}{kube}")
    }

    /// What it is, for people.
    pub fn title(&self) -> String {
        let many =
            |count: u32, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let swarm = match self.manager_count {
            0 => "no swarm yet".to_owned(),
            count => many(count, "manager"),
        };
        let mut parts = Vec::new();
        if self.node_count > 0 {
            parts.extend([many(self.node_count, "host"), swarm]);
        }
        if self.kube_count > 0 {
            parts.push(format!("Kubernetes {} on {}", self.kubectl, many(self.kube_count, "node")));
        }
        parts.join(", ")
    }

    /// The cluster as a lab that asks for nothing.
    pub fn lab(&self) -> Lab {
        let node = |number: u32| format!("node{number}");
        let kube_node = |number: u32| match number {
            0 => "master".to_owned(),
            number => format!("worker{number}"),
        };
        let kubernetes: Vec<String> = (0..self.kube_count).map(kube_node).collect();
        Lab {
            id: self.id(),
            title: self.title(),
            docker: self.docker.clone(),
            seed: self.seed,
            nodes: (1..=self.node_count).map(node).chain(kubernetes.iter().cloned()).collect(),
            managers: (1..=self.manager_count).map(node).collect(),
            kubectl: if kubernetes.is_empty() { String::new() } else { self.kubectl.clone() },
            kubernetes,
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
        for version in kubectl_versions() {
            let free = Free { kubectl: version.to_owned(), kube_count: 3, ..Free::default() };
            assert!(free.lab().spec(None).check().is_ok(), "{version}");
        }
    }

    #[test]
    fn a_kubernetes_has_hosts_of_its_own() {
        let free = Free::parse(&["0", "0", "20.10", "7", "3", "1.25"]).expect("there can be one");
        assert_eq!(free.lab().nodes, ["master", "worker1", "worker2"]);
        assert_eq!(free.title(), "Kubernetes 1.25 on 3 nodes");
        let both = Free { node_count: 1, manager_count: 1, ..free };
        assert_eq!(both.lab().nodes, ["node1", "master", "worker1", "worker2"]);
        assert_eq!(both.title(), "1 host, 1 manager, Kubernetes 1.25 on 3 nodes");
    }
}
