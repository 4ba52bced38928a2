//! Looks for one planted bug, or all, with more seeds than the test has time for; or runs the `glasshive`
//! program with one: `glasshive-planted BUG -- sweep --seeds 0..50`.

#![allow(clippy::print_stdout, reason = "a program whose output is a table")]

use std::io;
use std::process::ExitCode;

use glasshive_planted::{Found, LIST, find};
use sim::planted::{self, Bug};

/// Seeds to try.
const SEEDS: u64 = 300;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut parts = args.split(|arg| arg == "--");
    let names = parts.next().unwrap_or_default();
    let bug = |name: &String| Bug::ALL.iter().copied().find(|bug| format!("{bug:?}") == *name);
    if let Some(unknown) = names.iter().find(|name| bug(name).is_none()) {
        println!("no bug `{unknown}`: expected some of {:?}", Bug::ALL);
        return ExitCode::from(2);
    }
    if let Some(command) = parts.next() {
        planted::choose(names.first().and_then(bug));
        let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
        return glasshive_cli::main(command, &mut io::empty(), &mut out, &mut err).into();
    }
    table(names);
    ExitCode::SUCCESS
}

fn table(names: &[String]) {
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
