//! Runs `tests/transcripts/*.txt`: a command line, `----`, what it printed, a blank line. Lines that begin
//! with `#` tell the story. `UPDATE=1 cargo test` rewrites what was printed.
//!
//! The commands are in `commands.rs`. Every role change, write, send, application and refused message is
//! printed, in the order in which it happens.

mod commands;
mod show;

use sorted::SortedSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use commands::Scene;

/// The scenarios of the conformance list, one file per idea. All failures are reported together.
#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no transcripts in {}", folder.display());
    #[expect(clippy::disallowed_methods, reason = "the switch that rewrites expectations")]
    let update = std::env::var("UPDATE").is_ok();
    let mut failures = String::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "txt")) {
        let expected = fs::read_to_string(file).unwrap();
        let actual = run(&expected);
        if actual == expected {
            continue;
        }
        if update {
            fs::write(file, &actual).unwrap();
        } else {
            let name = file.file_name().unwrap().to_string_lossy();
            let _ = writeln!(failures, "{name}: {}", first_difference(&expected, &actual));
        }
    }
    assert!(failures.is_empty(), "\n{failures}\nUPDATE=1 rewrites the expectations");
}

/// The list's scenarios: how many of each letter.
const SCENARIOS: [(char, u32); 8] =
    [('E', 25), ('R', 18), ('C', 8), ('S', 12), ('M', 18), ('T', 7), ('Q', 6), ('D', 12)];

/// Every scenario is told by a transcript, or `scenarios.txt` says where it is looked at instead.
#[test]
fn every_scenario_has_its_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut told = SortedSet::new();
    for file in fs::read_dir(root.join("tests/transcripts")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| line.starts_with('#')) {
            let names = line.split(|c: char| !c.is_ascii_alphanumeric());
            told.extend(names.map(str::to_owned));
        }
    }
    let elsewhere = fs::read_to_string(root.join("tests/scenarios.txt")).unwrap();
    for line in elsewhere.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, rest) = line.split_once(' ').unwrap();
        let place = rest.trim_start().split("  ").next().unwrap();
        let exists = place == "not offered" || root.join("..").join(place).exists();
        assert!(exists, "{name}: there is no {place}");
        assert!(told.insert(name.to_owned()), "{name} is told twice");
    }
    let all = SCENARIOS.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| (letter, n)));
    let missing: Vec<String> =
        all.map(|(letter, n)| format!("{letter}{n}")).filter(|name| !told.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The transcript with the outputs that the commands give now.
fn run(text: &str) -> String {
    let mut scene = Scene::default();
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            let _ = writeln!(out, "{line}");
            continue;
        }
        // Old output up to the blank line goes, if there is any.
        if lines.peek().is_some_and(|next| *next == "----") {
            while lines.next_if(|next| !next.is_empty()).is_some() {}
        }
        lines.next_if(|next| next.is_empty());
        let printed = scene.command(line);
        let _ = write!(out, "{line}\n----\n{printed}\n");
    }
    format!("{}\n", out.trim_end())
}

fn first_difference(expected: &str, actual: &str) -> String {
    let mut pairs = expected.lines().zip(actual.lines()).enumerate();
    match pairs.find(|(_, (old, new))| old != new) {
        Some((number, (old, new))) => {
            format!("line {}\n    expected {old}\n    printed  {new}", number + 1)
        }
        None => "one is longer than the other".to_owned(),
    }
}
