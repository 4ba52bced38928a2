//! `glasshive audit`: what it finds in a lab and in a recorded run, and its exit status.

use std::io;
use std::path::PathBuf;

use serde_json::Value;

fn call(args: &[&str]) -> (u8, String, String) {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = glasshive_cli::main(&args, &mut io::empty(), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status, text(out), text(err))
}

fn written(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("written");
    path.to_string_lossy().into_owned()
}

const LAB: &str = r#"---
format: glasshive-lab/1
id: leaky
title: A leak
docker: "20.10"
cluster: { nodes: [node1, node2], managers: [node1] }
allow: ["pw in terminal"]
---

## Make it {#make}

```sh @node1
printf otter-42-glass | docker secret create pw -
```
```sh @node1
docker service create -q --name app --constraint node.hostname==node2 --secret pw nginx sh -c 'cat /run/secrets/pw; echo; sleep 100'
```
```until within=60s
service app running == 1
```
```expect-leak #log
pw in log:node2:log of app.1
```
```check #only standing
no leaks
```
"#;

#[test]
fn a_leak_that_is_expected_must_be_there_and_no_other() {
    let path = written("leaky.lab.md", LAB);
    let (status, out, err) = call(&["test", &path]);
    assert_eq!(status, 0, "{out}{err}");
    let (status, out, _) = call(&["audit", &path]);
    assert_eq!(status, 0, "{out}");
    for told in [
        "Leaks that the lab shows\n  secret \"pw\" in the clear\n    in log of node2: log of app.1.",
        "the lab shows this leak: pw in log:node2:log of app.1",
        "node1$ docker service create -q --name app",
        "Allowed by the lab",
        "Allowed by how a swarm works",
        "\nclean: 0 unexpected, 1 shown on purpose, 1 allowed by the lab, ",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    assert!(!out.contains("otter-42-glass -"), "the bytes are never shown: {out}");

    // Without the program's slip the expectation is not met.
    let quiet = LAB.replace("cat /run/secrets/pw; echo;", "");
    let path = written("quiet.lab.md", &quiet);
    let (status, out, _) = call(&["test", &path]);
    assert_eq!(status, 1);
    assert!(out.contains("check log: `leak pw in log:node2:log of app.1`"), "{out}");
    let (status, out, _) = call(&["audit", &path]);
    assert!(status == 1 && out.contains("Missing: the lab expects a leak"), "{out}");

    // And without the expectation it is a leak like any other.
    let silent = LAB.replace("```expect-leak #log\npw in log:node2:log of app.1\n```\n", "");
    let path = written("silent.lab.md", &silent);
    let (status, out, _) = call(&["test", &path]);
    assert_eq!(status, 1);
    assert!(out.contains(":1: a leak: pw is in the clear in log of node2 (log of app.1."), "{out}");
    assert!(out.contains("check only: `no leaks`"), "{out}");
    let (status, out, _) = call(&["audit", "--json", &path]);
    assert_eq!(status, 1);
    let seen: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&seen["type"], &seen["clean"]), (&"audit".into(), &false.into()));
    let first = &seen["findings"][0];
    assert_eq!((&first["surface"], &first["verdict"]), (&"log".into(), &"unexpected".into()));
    assert_eq!(first["offset"], 0);
}

#[test]
fn a_recorded_run_is_audited_too() {
    let spec = world::Spec::new(["node1"]).with_managers(["node1"]);
    let mut world = world::World::new(spec).expect("a world");
    let line = "printf otter-42-glass | docker secret create pw -";
    world.run_line("node1", line, world::LINE_LIMIT).expect("typed");
    let recording = serde_json::to_string(&world.recording()).expect("JSON");
    let path = written("run.json", &recording);
    let (status, out, _) = call(&["audit", &path]);
    assert!(status == 1 && out.contains("in terminal of node1: line 1, typed"), "{out}");
    let (status, out, _) = call(&["audit", &path, "--allow", "pw in terminal:node1"]);
    assert_eq!(status, 0, "{out}");
    let (status, _, err) = call(&["audit", &path, "--allow", "pocket"]);
    assert!(status == 2 && err.contains("`pocket` is no kind of place"), "{err}");
    let (status, _, err) = call(&["audit", &written("bad.json", "{}")]);
    assert!(status == 2 && err.contains("missing field"), "{err}");
}

/// Whatever is found in a lab of this project is allowed by how a swarm works, by the lab, or shown on
/// purpose.
#[test]
fn every_lab_shows_only_what_it_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).expect("the labs") {
        let path = entry.expect("an entry").path();
        let is_lab = std::fs::read_dir(&path).is_ok_and(|mut files| {
            files.any(|file| {
                file.is_ok_and(|file| file.file_name().to_string_lossy().ends_with(".lab.md"))
            })
        });
        if !is_lab {
            continue;
        }
        let (status, out, err) = call(&["audit", &path.to_string_lossy()]);
        assert_eq!(status, 0, "{}\n{out}{err}", path.display());
        played += 1;
    }
    assert!(played >= 4, "{played}");
    for lab in ["commit", "logs", "newline"] {
        let (status, out, err) = call(&["test", &format!("{folder}/{lab}"), "--seeds", "2"]);
        assert_eq!(status, 0, "{out}{err}");
    }
}
