//! What a world is built from.

use serde::{Deserialize, Serialize};
use sim::Time;

use crate::error::Error;

/// Hosts, Docker version and seed: together with the inputs, the whole history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The hosts' names, in order.
    pub nodes: Vec<String>,
    /// Hosts that are managers of one swarm from the start; the others are its workers then. If
    /// empty, no host is in a swarm.
    #[serde(default)]
    pub managers: Vec<String>,
    /// The Docker version, for instance `17.03`.
    pub docker: String,
    /// The seed of all randomness.
    #[serde(default)]
    pub seed: u64,
    /// The date at which the hosts boot; that of the Docker version if none.
    #[serde(default)]
    pub start: Option<Time>,
    /// Who is logged in at the terminals; root if nothing. Any other user is in the groups `sudo` and
    /// `docker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// That user's prompt as bash's `PS1`; `\h$ ` for root and `\u@\h:\w\$ ` for anybody else if
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How wide the terminals are, in columns; 80 if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<u16>,
    /// Managers ask whether they could win before they campaign (Raft's pre-vote). Swarms do not; with
    /// it a lab can show what that changes.
    #[serde(default)]
    pub pre_vote: bool,
    /// A Kubernetes on some of the hosts, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kube: Option<KubeSpec>,
}

/// A Kubernetes cluster of a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubeSpec {
    /// Hosts that are its nodes, those of the control plane first.
    pub hosts: Vec<String>,
    /// So many of them run API server and etcd.
    #[serde(default = "one")]
    pub control_planes: usize,
    /// Its release and that of `kubectl`: `1.17`, `1.25`, `1.31`.
    pub version: String,
}

const fn one() -> usize {
    1
}

impl KubeSpec {
    /// A cluster on these hosts, the first of them its control plane.
    pub fn new<N: Into<String>>(hosts: impl IntoIterator<Item = N>, version: &str) -> Self {
        let hosts = hosts.into_iter().map(Into::into).collect();
        Self { hosts, control_planes: 1, version: version.to_owned() }
    }

    /// The minor version: 25 for `1.25`.
    pub fn minor(&self) -> u32 {
        self.version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0)
    }

    fn check(&self, nodes: &[String]) -> Result<(), Error> {
        let spec = |text: String| Err(Error::Spec(text));
        if let Some(name) = self.hosts.iter().find(|name| !nodes.contains(name)) {
            return spec(format!("kube host `{name}` is not among the nodes {}", nodes.join(", ")));
        }
        if let Some((place, name)) =
            self.hosts.iter().enumerate().find(|(place, name)| self.hosts[..*place].contains(name))
        {
            return spec(format!("kube host `{name}` is named twice (place {place})"));
        }
        if self.control_planes == 0 || self.hosts.len() < self.control_planes {
            let (count, hosts) = (self.control_planes, self.hosts.len());
            return spec(format!(
                "{count} control planes on {hosts} kube hosts: at least one is needed"
            ));
        }
        let parts: Vec<&str> = self.version.split('.').collect();
        let known = matches!(parts[..], ["1", minor] if minor.parse().is_ok_and(|minor: u32| (17..=34).contains(&minor)));
        if !known {
            let version = &self.version;
            return spec(format!("Kubernetes `{version}` is not known: 1.17 to 1.34"));
        }
        Ok(())
    }
}

/// More hosts than this help nobody and cost every step.
const NODE_COUNT_MAX: usize = 20;

impl Spec {
    /// Hosts with these names, in no swarm, Docker 17.03, seed 0.
    pub fn new<N: Into<String>>(nodes: impl IntoIterator<Item = N>) -> Self {
        Self {
            nodes: nodes.into_iter().map(Into::into).collect(),
            managers: Vec::new(),
            docker: "17.03".into(),
            seed: 0,
            start: None,
            user: None,
            prompt: None,
            columns: None,
            pre_vote: false,
            kube: None,
        }
    }

    /// The same with a Kubernetes on some of the hosts.
    #[must_use]
    pub fn with_kube(mut self, kube: KubeSpec) -> Self {
        self.kube = Some(kube);
        self
    }

    /// The same with this user at the terminals.
    #[must_use]
    pub fn with_user(mut self, name: &str) -> Self {
        self.user = Some(name.to_owned());
        self
    }

    /// Who is logged in at the terminals.
    pub fn user_name(&self) -> &str {
        self.user.as_deref().unwrap_or("root")
    }

    /// The same with these managers of one swarm.
    #[must_use]
    pub fn with_managers<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.managers = names.into_iter().map(Into::into).collect();
        self
    }

    /// The same with another Docker version.
    #[must_use]
    pub fn with_docker(mut self, version: &str) -> Self {
        version.clone_into(&mut self.docker);
        self
    }

    /// The same with another seed.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The release of `kubectl` that all hosts have; nothing in a world without a Kubernetes.
    pub fn kubectl(&self) -> Option<&'static kubectl::Profile> {
        kubectl::Profile::parse(&self.kube.as_ref()?.version).ok()
    }

    /// The Docker versions that [`Spec::docker`] can name, oldest first.
    pub fn docker_versions() -> impl DoubleEndedIterator<Item = &'static str> {
        docker::profile::PROFILES.iter().map(|profile| profile.name)
    }

    /// The releases of Kubernetes whose `kubectl` is known best, oldest first. [`KubeSpec::version`] can
    /// name those between them, too.
    pub fn kubectl_versions() -> impl DoubleEndedIterator<Item = &'static str> {
        kubectl::profile::PROFILES.iter().map(|profile| profile.name)
    }

    /// Checks all that can be checked before the hosts boot.
    ///
    /// # Errors
    /// [`Error::Spec`] with what was expected.
    pub fn check(&self) -> Result<&'static docker::Profile, Error> {
        let spec = |text: String| Err(Error::Spec(text));
        if self.nodes.is_empty() || self.nodes.len() > NODE_COUNT_MAX {
            let count = self.nodes.len();
            return spec(format!("a world has 1 to {NODE_COUNT_MAX} nodes, not {count}"));
        }
        for (index, name) in self.nodes.iter().enumerate() {
            if !is_hostname(name) {
                return spec(format!(
                    "`{name}` is not a host name: 1 to 63 of a-z, 0-9 and -, beginning and ending \
                     with a letter or digit"
                ));
            }
            if self.nodes[..index].contains(name) {
                return spec(format!("node `{name}` is named twice"));
            }
        }
        for (index, name) in self.managers.iter().enumerate() {
            if !self.nodes.contains(name) {
                let known = self.nodes.join(", ");
                return spec(format!("manager `{name}` is not among the nodes {known}"));
            }
            if self.managers[..index].contains(name) {
                return spec(format!("manager `{name}` is named twice"));
            }
        }
        if !is_user_name(self.user_name()) || crate::rootfs::is_taken(self.user_name()) {
            let name = self.user_name();
            return spec(format!(
                "`{name}` cannot log in: expected root or a name of 1 to 32 of a-z, 0-9, _ and -, \
                 beginning with a letter, that is no system account"
            ));
        }
        if let Some(kube) = &self.kube {
            kube.check(&self.nodes)?;
        }
        docker::Profile::parse(&self.docker).map_err(|error| Error::Spec(error.to_string()))
    }
}

fn is_user_name(name: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=32).contains(&name.len())
        && name.bytes().all(fits)
        && name.starts_with(|char: char| char.is_ascii_lowercase())
}

fn is_hostname(name: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|&byte| alphanumeric(byte) || byte == b'-')
        && bytes.first().is_some_and(|&byte| alphanumeric(byte))
        && bytes.last().is_some_and(|&byte| alphanumeric(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(spec: &Spec, expected: &str) {
        let error = spec.check().expect_err("it should be refused").to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_contradiction_is_named() {
        assert!(Spec::new(["node1"]).with_managers(["node1"]).check().is_ok());
        refuses(&Spec::new::<&str>([]), "1 to 20 nodes");
        refuses(&Spec::new(["a", "a"]), "named twice");
        refuses(&Spec::new(["Node 1"]), "not a host name");
        refuses(&Spec::new(["a"]).with_managers(["b"]), "not among the nodes a");
        refuses(&Spec::new(["a"]).with_docker("9.99"), "9.99");
    }
}
