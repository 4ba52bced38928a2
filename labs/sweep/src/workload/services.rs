//! Services as people write them: which options there are, and how often.

use sim::Rng;
use swarm::store::Store;

use super::{SECRETS, word};

/// From which of [`RELEASES`](crate::shape::RELEASES) on the client knows something.
pub(super) type Since = usize;
pub(super) const ALWAYS: Since = 0;
pub(super) const SINCE_17_06: Since = 1;
pub(super) const SINCE_19_03: Since = 2;
pub(super) const SINCE_28: Since = 3;

/// How an option is written; nothing if there is nothing that it could name.
type Write = fn(&mut Rng, &Store) -> Option<String>;

/// An option, which clients know it, and how many services out of a hundred have it.
struct Choice {
    since: Since,
    percent: u64,
    write: Write,
}

const fn choice(since: Since, percent: u64, write: Write) -> Choice {
    Choice { since, percent, write }
}

/// What any new service may have.
const OPTIONS: [Choice; 9] = [
    choice(ALWAYS, 50, |rng, store| secret(rng, store, "--secret")),
    choice(SINCE_17_06, 15, |rng, store| config(rng, store, "--config")),
    choice(ALWAYS, 25, |rng, _| Some(constraint(rng, "--constraint"))),
    choice(SINCE_17_06, 15, |_, _| Some("--placement-pref spread=node.labels.zone".to_owned())),
    choice(SINCE_19_03, 10, |rng, _| Some(format!("--replicas-max-per-node {}", rng.below(3)))),
    choice(ALWAYS, 25, |rng, _| Some(restart(rng))),
    choice(ALWAYS, 12, |rng, _| Some(reservation(rng))),
    choice(ALWAYS, 12, |rng, _| Some(format!("--stop-grace-period {}s", rng.below(15)))),
    choice(ALWAYS, 10, |rng, _| Some(format!("--network {}", word(rng, &super::NETWORKS)))),
];

/// What a service that is to go on may have as well; jobs are not updated.
const LASTING: [Choice; 3] = [
    choice(ALWAYS, 33, |rng, _| Some(update(rng))),
    choice(SINCE_17_06, 15, |rng, _| Some(rollback(rng))),
    choice(ALWAYS, 10, |rng, _| Some(format!("--publish 80{}:80", rng.between(80, 83)))),
];

/// What people change, each as often as the others.
const CHANGES: [(Since, Write); 20] = [
    (ALWAYS, |_, _| Some("--force".to_owned())),
    (ALWAYS, |rng, _| Some(format!("--replicas {}", rng.below(6)))),
    (ALWAYS, |rng, _| Some(format!("--env-add A={}", rng.below(3)))),
    (ALWAYS, |rng, store| secret(rng, store, "--secret-add")),
    (ALWAYS, |rng, _| Some(format!("--secret-rm {}", word(rng, &SECRETS)))),
    (ALWAYS, rotated),
    (SINCE_17_06, |rng, store| config(rng, store, "--config-add")),
    (SINCE_17_06, |rng, _| Some(format!("--config-rm {}", word(rng, &super::CONFIGS)))),
    (ALWAYS, |rng, _| Some(constraint(rng, "--constraint-add"))),
    (ALWAYS, |rng, _| Some(constraint(rng, "--constraint-rm"))),
    (SINCE_17_06, |_, _| Some("--placement-pref-add spread=node.labels.zone".to_owned())),
    (SINCE_17_06, |_, _| Some("--placement-pref-rm spread=node.labels.zone".to_owned())),
    (ALWAYS, |rng, _| Some(reservation(rng))),
    (ALWAYS, |rng, _| Some(restart(rng))),
    (ALWAYS, |rng, _| Some(update(rng))),
    (SINCE_17_06, |rng, _| Some(rollback(rng))),
    (SINCE_17_06, |rng, _| Some(format!("--network-add {}", word(rng, &super::NETWORKS)))),
    (ALWAYS, |rng, _| Some(format!("--publish-add 80{}:80", rng.between(80, 83)))),
    (ALWAYS, |_, _| Some("--args 'sleep 1000'".to_owned())),
    (ALWAYS, |rng, _| {
        Some(format!("--image {}", word(rng, &["nginx:alpine", "redis:alpine", "nosuchimage:2"])))
    }),
];

/// Commands that run on, end well, fail at once, fail later, or ignore the signal to stop.
const PROGRAMS: [&str; 8] = [
    "nginx:alpine",
    "redis:alpine",
    "redis:3.2-alpine",
    "alpine sleep 100000",
    "alpine sleep 7",
    "alpine false",
    "alpine sh -c 'sleep 3; exit 1'",
    "nosuchimage:1",
];
/// Those that end.
const JOBS: [&str; 4] =
    ["alpine sleep 7", "alpine true", "alpine false", "alpine sh -c 'sleep 3; exit 1'"];

/// The options and the program of a new service.
pub(super) fn create(rng: &mut Rng, store: &Store, release: Since) -> String {
    let is_job = SINCE_28 <= release && rng.chance(1, 4);
    let mut options = vec![match (is_job, rng.below(6)) {
        (false, 0) => "--mode global".to_owned(),
        (false, _) => format!("--replicas {}", rng.below(6)),
        (true, 0..=2) => "--mode global-job".to_owned(),
        (true, 3) => {
            let (replicas, at_once) = (rng.below(6), rng.between(1, 3));
            format!("--mode replicated-job --replicas {replicas} --max-concurrent {at_once}")
        }
        (true, _) => format!("--mode replicated-job --replicas {}", rng.below(6)),
    }];
    let lasting: &[Choice] = if is_job { &[] } else { &LASTING };
    for choice in OPTIONS.iter().chain(lasting) {
        if choice.since <= release && rng.chance(choice.percent, 100) {
            options.extend((choice.write)(rng, store));
        }
    }
    let program = if is_job { word(rng, &JOBS) } else { word(rng, &PROGRAMS) };
    format!("{} {program}", options.join(" "))
}

/// What is changed in a service.
pub(super) fn change(rng: &mut Rng, store: &Store, release: Since) -> String {
    let known = CHANGES.iter().filter(|(since, _)| *since <= release).count() as u64;
    let at = usize::try_from(rng.below(known)).unwrap_or_default();
    let mut known = CHANGES.iter().filter(|(since, _)| *since <= release);
    known.nth(at).and_then(|(_, write)| write(rng, store)).unwrap_or_else(|| "--force".to_owned())
}

/// A reference to a secret that is there, mostly.
fn secret(rng: &mut Rng, store: &Store, flag: &str) -> Option<String> {
    if rng.chance(1, 8) {
        return Some(format!("{flag} {}", word(rng, &SECRETS)));
    }
    let all: Vec<&str> =
        store.secrets().iter().map(|secret| secret.spec.annotations.name.as_str()).collect();
    rng.pick(&all).map(|name| format!("{flag} {name}"))
}

/// As a password is changed: another secret under the file's name.
fn rotated(rng: &mut Rng, _: &Store) -> Option<String> {
    let (old, new) = (word(rng, &SECRETS), word(rng, &SECRETS));
    Some(format!("--secret-rm {old} --secret-add source={new},target={old}"))
}

fn config(rng: &mut Rng, store: &Store, flag: &str) -> Option<String> {
    let all: Vec<&str> =
        store.configs().iter().map(|config| config.spec.annotations.name.as_str()).collect();
    rng.pick(&all).map(|name| format!("{flag} {name}"))
}

fn constraint(rng: &mut Rng, flag: &str) -> String {
    let constraints =
        ["node.role==worker", "node.role==manager", "node.hostname!=m1", "node.labels.zone==a"];
    format!("{flag} {}", word(rng, &constraints))
}

fn reservation(rng: &mut Rng) -> String {
    word(rng, &["--reserve-memory 700M", "--reserve-memory 100M", "--reserve-cpu 1"]).to_owned()
}

fn restart(rng: &mut Rng) -> String {
    match rng.below(5) {
        0 => "--restart-condition none".to_owned(),
        1 => "--restart-condition on-failure".to_owned(),
        2 => format!("--restart-max-attempts {}", rng.between(1, 3)),
        3 => format!("--restart-max-attempts 2 --restart-window {}s", rng.between(5, 60)),
        _ => format!("--restart-delay {}s", rng.below(4)),
    }
}

fn update(rng: &mut Rng) -> String {
    match rng.below(7) {
        0 => "--update-order start-first".to_owned(),
        1 => format!("--update-parallelism {}", rng.below(4)),
        2 => format!("--update-delay {}s", rng.below(5)),
        3 => "--update-failure-action continue".to_owned(),
        4 => "--update-failure-action rollback".to_owned(),
        5 => format!("--update-max-failure-ratio 0.{}", rng.between(1, 9)),
        _ => format!("--update-monitor {}s", rng.below(10)),
    }
}

fn rollback(rng: &mut Rng) -> String {
    match rng.below(5) {
        0 => "--rollback-order start-first".to_owned(),
        1 => format!("--rollback-parallelism {}", rng.below(4)),
        2 => format!("--rollback-delay {}s", rng.below(5)),
        3 => "--rollback-failure-action continue".to_owned(),
        _ => format!("--rollback-monitor {}s", rng.below(10)),
    }
}
