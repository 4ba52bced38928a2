//! What a seed draws before anything happens: the cluster, and how often what happens to it.

use sim::Rng;
use world::Spec;

/// Releases to run, oldest first; each has its own election timeout, columns and texts.
pub const RELEASES: [&str; 4] = ["17.03", "17.06", "19.03", "28"];

/// The cluster of a seed.
pub fn spec(seed: u64, rng: &mut Rng) -> Spec {
    // Mostly three managers: fewer have no quorum to lose, more hide what goes wrong with one.
    let managers = *rng.pick(&[1, 3, 3, 3, 3, 4, 5]).unwrap_or(&3);
    let workers = rng.below(4);
    let names = |letter: &str, count: u64| -> Vec<String> {
        (1..=count).map(|number| format!("{letter}{number}")).collect()
    };
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
