//! Looks for one planted bug, or all, with more seeds than the test has time for.

#![allow(clippy::print_stdout, reason = "a program whose output is a table")]

use glasshive_planted::{Found, LIST, find};

/// Seeds to try.
const SEEDS: u64 = 300;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    println!("{}", Found::HEAD);
    for (bug, by, finders) in LIST {
        let name = format!("{bug:?}");
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        match find(Some(*bug), *by, SEEDS) {
            Some(found) => {
                println!("{}", found.row(*bug));
                if !finders.contains(&found.name.as_str()) {
                    println!("  not what has to find it: {finders:?}\n  {}", found.what);
                }
            }
            None => println!("{name:<22} not found"),
        }
    }
}
