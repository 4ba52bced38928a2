//! What a sweep tells of a violation is enough to see it again.

use std::env;
use std::fs;
use std::io;
use std::path::Path;

use sim::planted::{self, Bug};
use sweep::History;

/// Status and standard output of a call of `glasshive`.
fn call(args: &[&str]) -> (u8, String) {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = glasshive_cli::main(&args, &mut io::empty(), &mut out, &mut err);
    (status, String::from_utf8(out).expect("text"))
}

#[test]
fn a_violation_is_told_short_and_can_be_played_again() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).expect("a folder");
    // The history is written where the command is run; nothing else in this test program is.
    env::set_current_dir(&folder).expect("the folder");

    planted::choose(Some(Bug::SecretKept));
    let (status, out) = call(&["sweep", "--seeds", "0..4", "--faults", "none", "--threads", "1"]);
    assert_eq!(status, 1, "{out}");
    let command = out.lines().find_map(|line| line.trim().strip_prefix("again: glasshive "));
    let command: Vec<&str> = command.expect("a command").split(' ').collect();

    let file = command.last().expect("a file");
    let history = fs::read_to_string(file).expect("the file");
    let history: History = serde_json::from_str(&history).expect("a history");
    // A secret, a service that has it, and its end.
    assert!(history.inputs.len() <= 6, "{:#?}", history.inputs);
    let what = history.failure.expect("a failure").what;
    assert!(what.starts_with("agent_secrets:") && out.contains(&what), "{what}\n{out}");

    assert_eq!(call(&command), (1, format!("{what}\n")));
    planted::choose(None);
    let (status, out) = call(&command);
    assert!(status == 0 && out.starts_with("all holds:"), "{out}");
}
