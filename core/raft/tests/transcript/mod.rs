//! Runs `tests/transcripts/*.txt`: a command line, `----`, what it printed, a blank line. Lines that begin
//! with `#` tell the story. `UPDATE=1 cargo test` rewrites what was printed.
//!
//! The commands are in `commands.rs`. Every role change, write, send, application and refused message is
//! printed, in the order in which it happens.

mod commands;
mod show;

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
