//! A few seconds of sweeping in every test run; the large sweeps are `glasshive sweep`.

use glasshive_sweep::{Case, Cluster, FaultSet, Mode};

fn holds(seeds: std::ops::Range<u64>, cluster: Cluster, mode: Mode) {
    for seed in seeds {
        let case = Case { seed, cluster, mode, faults: FaultSet::default() };
        let (outcome, history) = case.run();
        if let Some(failure) = outcome.failure {
            panic!("seed {seed}: {failure}\n{:#?}", history.inputs);
        }
        assert!(outcome.event_count > 100);
    }
}

#[test]
fn nothing_is_ever_wrong() {
    holds(0..6, Cluster::Swarm, Mode::Safety);
}

#[test]
fn what_is_healed_comes_to_rest() {
    holds(100..103, Cluster::Swarm, Mode::Liveness);
}

#[test]
fn nothing_is_ever_wrong_in_a_kubernetes() {
    holds(0..2, Cluster::Kubernetes, Mode::Safety);
}

#[test]
fn a_kubernetes_that_is_healed_comes_to_rest() {
    holds(100..102, Cluster::Kubernetes, Mode::Liveness);
}

#[test]
fn a_seed_and_its_recorded_history_are_the_same() {
    for cluster in [Cluster::Swarm, Cluster::Kubernetes] {
        let case = Case { seed: 7, cluster, mode: Mode::Safety, faults: FaultSet::default() };
        let (outcome, history) = case.run();
        let again = history.replay();
        assert_eq!((outcome.digest, outcome.event_count), (again.digest, again.event_count));
    }
}
