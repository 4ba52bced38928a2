//! What a seed draws before anything happens: the cluster, and how often what happens to it.

use serde::{Deserialize, Serialize};
use sim::Rng;
use world::{KubeSpec, Spec};

/// Releases of Docker to run, oldest first; each has its own election timeout, columns and texts.
pub const RELEASES: [&str; 4] = ["17.03", "17.06", "19.03", "28"];

/// Releases of Kubernetes to run, oldest first: what pods get, what is told and what `kubectl` knows differs.
pub const CLUSTER_RELEASES: [&str; 4] = ["1.17", "1.25", "1.31", "1.34"];

/// What a seed's hosts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cluster {
    /// A Docker Swarm.
    #[default]
    Swarm,
    /// A Kubernetes, and on every fourth one's hosts a swarm as well.
    Kubernetes,
}

impl Cluster {
    /// The cluster of a seed.
    pub fn spec(self, seed: u64, rng: &mut Rng) -> Spec {
        match self {
            Self::Swarm => swarm(seed, rng),
            Self::Kubernetes => kubernetes(seed, rng),
        }
    }
}

impl Cluster {
    /// How long nothing is done at most, in milliseconds: some seeds are a storm, some are mostly calm. What a Kubernetes
    /// does of itself takes minutes: a node is silent after 40 s, its pods go after 300 s more.
    pub const fn pauses_ms(self) -> [u64; 5] {
        match self {
            Self::Swarm => [300, 2_000, 2_000, 8_000, 20_000],
            Self::Kubernetes => [500, 3_000, 10_000, 30_000, 60_000],
        }
    }
}

fn names(letter: &str, count: u64) -> Vec<String> {
    (1..=count).map(|number| format!("{letter}{number}")).collect()
}

fn kubernetes(seed: u64, rng: &mut Rng) -> Spec {
    let planes = names("m", *rng.pick(&[1, 3, 3]).unwrap_or(&3));
    let workers = names("w", rng.between(1, 3));
    let hosts: Vec<String> = planes.iter().chain(&workers).cloned().collect();
    let release = rng.pick(&CLUSTER_RELEASES).copied().unwrap_or(CLUSTER_RELEASES[0]);
    let mut kube = KubeSpec::new(hosts.iter().cloned(), release);
    kube.control_planes = planes.len();
    let docker = rng.pick(&RELEASES).copied().unwrap_or(RELEASES[0]);
    let spec = Spec::new(hosts).with_docker(docker).with_seed(seed).with_kube(kube);
    if rng.chance(1, 4) { spec.with_managers(planes) } else { spec }
}

fn swarm(seed: u64, rng: &mut Rng) -> Spec {
    // Mostly three managers: fewer have no quorum to lose, more hide what goes wrong with one.
    let managers = *rng.pick(&[1, 3, 3, 3, 3, 4, 5]).unwrap_or(&3);
    let workers = rng.below(4);
    let (managers, workers) = (names("m", managers), names("w", workers));
    let release = rng.pick(&RELEASES).copied().unwrap_or(RELEASES[0]);
    Spec::new(managers.iter().chain(&workers).cloned())
        .with_managers(managers)
        .with_docker(release)
        .with_seed(seed)
}

/// How often each of `COUNT` things happens, as weights. A third of them does not happen at all, so
/// that what remains meets in new ways.
pub fn weights<const COUNT: usize>(rng: &mut Rng, usual: [u64; COUNT]) -> [u64; COUNT] {
    usual.map(|weight| if rng.chance(1, 3) { 0 } else { weight * rng.between(1, 4) })
}

/// One of the things, by weight; nothing if all weights are zero.
pub fn pick(rng: &mut Rng, weights: &[u64]) -> Option<usize> {
    let all: u64 = weights.iter().sum();
    let mut at = rng.below(all);
    weights.iter().position(|weight| {
        let hit = at < *weight;
        at = at.saturating_sub(*weight);
        hit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept() {
        let mut rng = sim::Streams::new(1).stream("weights");
        let mut counts = [0; 3];
        for _ in 0..4_000 {
            counts[pick(&mut rng, &[1, 0, 3]).expect("one of them")] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_800..3_200).contains(&counts[2]), "{counts:?}");
        assert_eq!(pick(&mut rng, &[0, 0]), None);
    }
}
