//! Commands and what they print: `tests/transcripts/*.txt`.
//!
//! `@ 1.25` begins a host with that release. `$ kubectl ...` is a command whose standard input is empty or what follows
//! ` <<< ` (a text in double quotes); `$t kubectl ...` runs on a terminal where that is typed. `+5s` lets time pass.
//! `! edit A => B` changes a text in the next editor, `! put FILE` puts an object of `tests/files` on the server as it is,
//! `! set PATH VALUE` changes a member of an object there. After the output comes the exit status in brackets unless it
//! is 0. `UPDATE=1` rewrites what was printed.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]
#![allow(clippy::disallowed_methods, reason = "the test runner reads its own environment")]

#[allow(unreachable_pub, dead_code, reason = "each test uses its part")]
mod support;

use sim::Duration;
use support::{Ended, World};

/// Splits a line into words; single and double quotes are taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for char in line.chars() {
        match (quote, char) {
            (Some(open), char) if open == char => quote = None,
            (None, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, char) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

fn show(ended: &Ended) -> String {
    let mut text = ended.printed.clone();
    if !text.is_empty() && !text.ends_with('\n') {
        text += "\u{b6}\n";
    }
    match ended.status {
        Some(0) => text,
        Some(status) => format!("{text}[{status}]\n"),
        None => format!("{text}[still runs]\n"),
    }
}

fn run(world: &mut World, line: &str) -> String {
    let (mark, rest) = line.split_once(' ').unwrap();
    let (command, input) = rest.split_once(" <<< ").unwrap_or((rest, ""));
    let input = input.trim_matches('"').replace("\\n", "\n");
    let words = words(command);
    assert_eq!(words[0], "kubectl", "{line}");
    show(&world.run(&words[1..], &input, mark == "$t"))
}

fn change(world: &mut World, line: &str) {
    let (what, rest) = line.split_once(' ').unwrap();
    match what {
        "edit" => {
            let (from, to) = rest.split_once(" => ").unwrap();
            world.edits.push((from.replace("\\n", "\n"), to.replace("\\n", "\n")));
        }
        "set" => {
            let (path, value) = rest.split_once(' ').unwrap();
            let (object, place) = path.split_once('#').unwrap();
            let object = world.server.objects.get_mut(object).unwrap();
            let (folder, name) = place.rsplit_once('/').unwrap();
            let folder = object.pointer_mut(folder).unwrap();
            folder[name] = serde_json::from_str(value).unwrap();
        }
        "put" => {
            let path = format!("{}/tests/files/{rest}", env!("CARGO_MANIFEST_DIR"));
            let objects: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            for (path, object) in objects.as_object().unwrap() {
                world.server.objects.insert(path.clone(), object.clone());
            }
        }
        _ => panic!("{line}"),
    }
}

fn is_event(line: &str) -> bool {
    ["@ ", "$ ", "$t ", "! ", "# "].iter().any(|mark| line.starts_with(mark))
        || line.starts_with('+') && line.ends_with('s')
}

fn replay(text: &str) -> String {
    let mut result = String::new();
    let mut world: Option<World> = None;
    // What a command printed may look like an event: only lines after an empty one or another event are.
    for line in text.lines().filter(|line| {
        is_event(line) && !line.starts_with("# Please") && !line.starts_with("# and ")
    }) {
        result += &format!("{line}\n");
        if let Some(profile) = line.strip_prefix("@ ") {
            world = Some(World::new(profile));
            continue;
        }
        if line.starts_with("# ") {
            continue;
        }
        let world = world.as_mut().expect("a release comes first");
        if let Some(seconds) = line.strip_prefix('+') {
            world.pass(Duration::from_secs(seconds.trim_end_matches('s').parse().unwrap()));
        } else if let Some(line) = line.strip_prefix("! ") {
            change(world, line);
        } else {
            result += &run(world, line);
        }
    }
    result
}

#[test]
fn commands_print_as_recorded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in paths {
        let expected = std::fs::read_to_string(&path).unwrap();
        let found = replay(&expected);
        if found == expected {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, found).unwrap();
            continue;
        }
        let line = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
        let line = line.unwrap_or(found.lines().count().min(expected.lines().count()));
        let part = |text: &str| {
            text.lines().skip(line.saturating_sub(3)).take(9).collect::<Vec<_>>().join("\n")
        };
        wrong.push(format!(
            "{}:{}\n--- expected\n{}\n--- found\n{}",
            path.display(),
            line + 1,
            part(&expected),
            part(&found)
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
