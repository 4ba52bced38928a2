//! Looks for one planted bug, or all, with more seeds than the test has time for.

#![allow(clippy::print_stdout, reason = "a program whose output is a table")]

use glasshive_planted::{LIST, find};

/// Seeds to try.
const SEEDS: u64 = 300;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    for (bug, by) in LIST {
        let name = format!("{bug:?}");
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        match find(Some(*bug), *by, SEEDS) {
            Some(found) => println!(
                "{name:<22} {:<26} {:>4} seeds {:>8} events",
                found.name, found.seed_count, found.event_count
            ),
            None => println!("{name:<22} not found"),
        }
    }
}
