//! The labs of this project, played on the real simulated cluster.

use std::io;

/// Status, standard output and standard error of a call.
fn call(args: &[&str]) -> (u8, String, String) {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = glasshive_cli::main(&args, &mut io::empty(), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status, text(out), text(err))
}

const SECRETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../secrets");

#[test]
fn the_secrets_lab_holds_and_two_runs_print_the_same_bytes() {
    let first = call(&["run", SECRETS]);
    assert_eq!(first.0, 0, "{}{}", first.1, first.2);
    assert_eq!(first, call(&["run", SECRETS]));
    let other = call(&["run", SECRETS, "--seed", "5"]);
    assert_eq!(other.0, 0, "{}", other.1);
    assert_ne!(first.1, other.1, "another seed, other ids");
}

#[test]
fn every_line_of_json_is_json_and_the_last_one_is_the_end() {
    let (status, out, _) = call(&["run", SECRETS, "--json"]);
    assert_eq!(status, 0);
    let lines: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.first().map(|line| &line["type"]), Some(&"lab".into()));
    let end = lines.last().expect("an end");
    assert_eq!((&end["type"], &end["holds"]), (&"end".into(), &true.into()));
    assert!(end["digest"].as_str().is_some_and(|digest| digest.len() >= 16), "{end}");
}

/// Every lab is a test, with its wrong ways and for more than one seed.
#[test]
fn every_lab_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let folders = std::fs::read_dir(folder).expect("the folder of labs");
    let mut names: Vec<String> = folders
        .map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let lab_count = |name: &String| {
        let files = std::fs::read_dir(name).into_iter().flatten().flatten();
        files.filter(|file| file.file_name().to_string_lossy().ends_with(".lab.md")).count()
    };
    names.retain(|name| lab_count(name) > 0);
    assert!(names.iter().any(|name| name.ends_with("/secrets")), "{names:?}");
    for name in names {
        let (status, out, err) = call(&["test", &name, "--seeds", "2"]);
        assert_eq!(status, 0, "{out}{err}");
        assert_eq!(out.lines().count(), 2 * lab_count(&name), "{out}");
    }
}

/// Wrong ways must fail as the author says, right ones must pass.
#[test]
fn other_ways_are_played() {
    let source = std::fs::read_to_string(format!("{SECRETS}/secrets.lab.md")).expect("the lab");
    let create = "## Look at secrets {#manage}";
    for (block, told) in [
        (
            "accept\n@node1: printf 'secrets are important\\n' > sec.txt\n@node1: docker secret create sec1 - < sec.txt",
            "",
        ),
        (
            "accept\n@node1: docker secret create sec2 sec.txt",
            "checks that fail: expected none, got file, created, still-in-file",
        ),
        ("reject fails=file,created,still-in-file\n@node1: echo other > sec.txt", ""),
        (
            "reject fails=file\n@node1: echo other > sec.txt",
            "expected file, got file, created, still-in-file",
        ),
    ] {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ways.lab.md");
        let with = source.replacen(create, &format!("```{block}\n```\n\n{create}"), 1);
        std::fs::write(&path, with).expect("written");
        let (status, out, err) = call(&["test", &path.to_string_lossy()]);
        assert_eq!(status, u8::from(!told.is_empty()), "{block}: {out}{err}");
        assert!(out.contains(told), "{block}: {out}");
    }
}

/// What the manual shows as a whole lab can be played.
#[test]
fn the_example_of_the_manual_holds() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    let manual = manual.expect("the manual");
    let example =
        manual.split("`````markdown\n").nth(1).and_then(|rest| rest.split("`````").next());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("example.lab.md");
    std::fs::write(&path, example.expect("an example")).expect("written");
    let (status, out, err) = call(&["test", &path.to_string_lossy()]);
    assert_eq!(status, 0, "{out}{err}");
}

/// A lab whose text does not tell the truth fails, and says where.
#[test]
fn what_is_not_true_is_told() {
    let source = std::fs::read_to_string(format!("{SECRETS}/secrets.lab.md")).expect("the lab");
    for (truth, lie, told) in [
        (
            "root root 22 <time>",
            "root root 10 <time>",
            "expected `-rw-r--r-- 1 root root 10 <time> sec.txt`",
        ),
        ("size == 22", "size == 10", "/root/sec.txt on node1 has 22 bytes"),
        ("\"/data # \"", "\"data# \"", "is `/data # `"),
        (
            "bytes \"secrets are important\" in tmpfs of {{task_node}}",
            "bytes \"secrets are important\" not in tmpfs of {{task_node}}",
            "they are in tmpfs of",
        ),
        (
            "docker secret create sec1 ./sec.txt",
            "docker secret create sec2 ./sec.txt",
            "there is no secret sec1; there is 1 secret: sec2",
        ),
    ] {
        assert!(source.contains(truth), "{truth}");
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("lie.lab.md");
        std::fs::write(&path, source.replacen(truth, lie, 1)).expect("written");
        let (status, out, err) = call(&["run", &path.to_string_lossy()]);
        assert_eq!(status, 1, "{lie}: {out}{err}");
        assert!(out.contains(told), "{lie}: {out}");
    }
}

#[test]
fn the_orchestrating_lab_holds() {
    let lab = concat!(env!("CARGO_MANIFEST_DIR"), "/../orchestrating");
    let (status, out, err) = call(&["test", lab, "--seeds", "2"]);
    assert_eq!(status, 0, "{out}\n{err}");
}
