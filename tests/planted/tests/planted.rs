//! Every planted bug is found, and without one there is nothing to find.

use sorted::{SortedMap, SortedSet};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use glasshive_planted::{By, Found, LIST, find};
use invariants::Invariant;
use sim::planted::{self, Bug};
use sweep::{Cluster, Mode};

/// Seeds that the sweep may take for one bug.
const SEED_BUDGET: u64 = 200;

/// Members of etcd that differ, and writes that etcd forgets: a bug that does so is Raft's, and its invariants show it first.
const NEVER_FIRST: [&str; 2] = ["equal_members", "acknowledged_writes"];

/// Does something with each place of a list, on all cores.
fn on_all_cores<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(SortedMap::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if count <= place {
                        return;
                    }
                    let result = act(place);
                    results.lock().expect("nobody panics here").insert(place, result);
                }
            });
        }
    });
    results.into_inner().expect("nobody panics here").into_values().collect()
}

#[test]
fn every_planted_bug_is_found() {
    let found = on_all_cores(LIST.len(), |place| {
        let (bug, by, _) = LIST[place];
        find(Some(bug), by, SEED_BUDGET)
    });
    let (mut wrong, mut shown) = (Vec::new(), SortedSet::new());
    println!("{}", Found::HEAD);
    for ((bug, _, finders), found) in LIST.iter().zip(found) {
        let Some(found) = found else {
            wrong.push(format!("{bug:?} ({}) is not found", bug.what()));
            continue;
        };
        println!("{}", found.row(*bug));
        shown.insert(found.name.clone());
        if !finders.contains(&found.name.as_str()) {
            wrong.push(format!("{bug:?} is not found by {finders:?}, but: {}", found.what));
        }
    }
    for Invariant { name, .. } in invariants::ALL {
        if !shown.contains(*name) && !NEVER_FIRST.contains(name) {
            wrong.push(format!("no planted bug breaks {name}"));
        }
    }
    // A panic says nothing here: those of the worlds are kept quiet.
    println!("{}", wrong.join("\n"));
    assert!(wrong.is_empty());
}

/// What `glasshive test` says of a lab with a bug planted.
fn tested(bug: Option<Bug>) -> (u8, String) {
    let lab = concat!(env!("CARGO_MANIFEST_DIR"), "/../../labs/secrets");
    let args = ["test", lab].map(str::to_owned);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    planted::choose(bug);
    let status = glasshive_cli::main(&args, &mut io::empty(), &mut out, &mut err);
    planted::choose(None);
    (status, String::from_utf8_lossy(&out).into_owned())
}

#[test]
fn labs_are_tested_under_the_invariants() {
    let (status, told) = tested(Some(Bug::EntryInClear));
    assert_eq!(status, 1, "{told}");
    // At the block with the command that creates the secret.
    assert!(told.contains("secrets.lab.md:59: plaintext: secret sec1 is in the clear"), "{told}");
    assert_eq!(tested(None).0, 0);
}

/// No scenario complains without its bug.
#[test]
fn without_a_bug_there_is_nothing_to_find() {
    let scenarios: Vec<By> =
        LIST.iter().map(|(_, by, _)| *by).filter(|by| !matches!(by, By::Sweep(..))).collect();
    let found = on_all_cores(scenarios.len(), |place| find(None, scenarios[place], 1));
    let others = LIST.iter().filter(|(_, by, _)| !matches!(by, By::Sweep(..)));
    let wrong: Vec<String> = others
        .zip(found)
        .filter_map(|((bug, ..), found)| {
            found.map(|found| format!("the scenario for {bug:?}: {found:?}"))
        })
        .collect();
    println!("{}", wrong.join("\n"));
    assert!(wrong.is_empty());
}

/// Nor does a sweep over the seeds by which bugs are found: all for a Swarm, and as many as the bugs of a Kubernetes take.
#[test]
fn without_a_bug_sweeps_find_nothing() {
    let sweeps: Vec<(By, u64)> = [(Cluster::Swarm, SEED_BUDGET), (Cluster::Kubernetes, 25)]
        .into_iter()
        .flat_map(|(cluster, seeds)| {
            [Mode::Safety, Mode::Liveness].map(|mode| (By::Sweep(cluster, mode), seeds))
        })
        .collect();
    let found = on_all_cores(sweeps.len(), |place| {
        let (by, seeds) = sweeps[place];
        find(None, by, seeds)
    });
    let wrong: Vec<Found> = found.into_iter().flatten().collect();
    println!("{wrong:?}");
    assert!(wrong.is_empty());
}

#[test]
fn the_list_is_complete() {
    for bug in Bug::ALL {
        let count = LIST.iter().filter(|(known, ..)| known == bug).count();
        assert_eq!(count, 1, "{bug:?}");
    }
    assert!(30 <= LIST.len());
}
