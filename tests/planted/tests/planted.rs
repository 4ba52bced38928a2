//! Every planted bug is found, and without one there is nothing to find.

use sorted::SortedMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use glasshive_planted::{By, Found, LIST, find};
use sim::planted::Bug;

/// Seeds that the sweep may take for one bug.
const SEED_BUDGET: u64 = 80;

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
        let (bug, by) = LIST[place];
        find(Some(bug), by, SEED_BUDGET)
    });
    let mut unfound = Vec::new();
    println!("{:<22} {:<26} {:>6} {:>8}", "planted bug", "found by", "seeds", "events");
    for ((bug, _), found) in LIST.iter().zip(found) {
        match found {
            Some(Found { name, seed_count, event_count }) => {
                println!("{:<22} {name:<26} {seed_count:>6} {event_count:>8}", format!("{bug:?}"));
            }
            None => unfound.push((bug, bug.what())),
        }
    }
    assert!(unfound.is_empty(), "not found: {unfound:#?}");
}

#[test]
fn without_a_bug_there_is_nothing_to_find() {
    let scenarios: Vec<By> =
        LIST.iter().map(|(_, by)| *by).filter(|by| !matches!(by, By::Sweep(..))).collect();
    let found = on_all_cores(scenarios.len(), |place| find(None, scenarios[place], 1));
    for ((bug, _), found) in LIST.iter().filter(|(_, by)| !matches!(by, By::Sweep(..))).zip(found) {
        assert!(found.is_none(), "the scenario for {bug:?}: {found:?}");
    }
}

#[test]
fn the_list_is_complete() {
    for bug in Bug::ALL {
        let count = LIST.iter().filter(|(known, _)| known == bug).count();
        assert_eq!(count, 1, "{bug:?}");
    }
    assert!(30 <= LIST.len());
}
