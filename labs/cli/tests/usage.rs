//! Arguments and files that are wrong, and output that nobody reads: one clear message, the right status.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};

/// Status, standard output and standard error of a call.
fn call(args: &[&str]) -> (u8, String, String) {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = glasshive_cli::main(&args, &mut io::empty(), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status, text(out), text(err))
}

#[track_caller]
fn check(args: &[&str], expected: Expect) {
    let (status, out, err) = call(args);
    expected.assert_eq(&format!("{out}{err}status {status}"));
}

/// A folder of this test alone.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn wrong_arguments() {
    check(
        &["rum"],
        expect![[r#"
        glasshive: unknown command `rum`: expected run, test, lint, audit, session, sweep or differences
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["run"],
        expect![[r#"
        glasshive: expected the path of a lab
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["run", "a", "b"],
        expect![[r#"
        glasshive: expected one path, got 2
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["run", "a", "--seed"],
        expect![[r#"
        glasshive: --seed needs a value
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["run", "a", "--seed", "x"],
        expect![[r#"
        glasshive: --seed takes a whole number, not `x`
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["run", "a", "--colour=red"],
        expect![[r#"
        glasshive: unknown option `--colour=red`: expected --seed, --json
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["run", "a", "-j"],
        expect![[r#"
        glasshive: unknown option `-j`
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["test", "a", "--seeds", "0"],
        expect![[r#"
        glasshive: --seeds takes a number from 1 to 1000
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["session"],
        expect![[r#"
        glasshive: a session needs hosts: expected --nodes node1,node2,...
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["session", "--nodes", "a,,b"],
        expect![[r#"
        glasshive: --nodes takes names with commas between them, not `a,,b`
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["session", "--nodes", "a", "b"],
        expect![[r#"
        glasshive: unexpected argument `b`
        See `glasshive --help`.
        status 2"#]],
    );
    check(
        &["session", "--nodes", "a", "--nodes", "b"],
        expect![[r#"
        glasshive: --nodes is here twice
        See `glasshive --help`.
        status 2"#]],
    );
    assert_eq!(call(&[]).0, 2);
    assert_eq!(call(&["--help"]).0, 0);
    assert_eq!(call(&["--version"]).1, format!("glasshive {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn files_that_are_no_labs() {
    let (status, _, err) = call(&["run", "no/such/lab"]);
    assert_eq!(status, 2);
    assert!(err.starts_with("glasshive: no/such/lab: "), "{err}");

    let empty = folder("empty");
    let (status, _, err) = call(&["lint", &empty.to_string_lossy()]);
    assert_eq!((status, err.contains("no file *.lab.md")), (2, true), "{err}");

    let broken = folder("broken").join("broken.lab.md");
    fs::write(&broken, "---\nformat: glasshive-lab/1\n---\n## A {#a}\n```sh\nls\n```\n")
        .expect("written");
    let name = broken.to_string_lossy().into_owned();
    let (status, out, err) = call(&["run", &name]);
    assert_eq!((status, out.as_str()), (2, ""));
    expect![[r#"
        broken.lab.md:1:1: the front matter lacks `id`, `title`, `docker`, `cluster`
        broken.lab.md:5:1: on which node? expected `sh @NODE`
    "#]]
    .assert_eq(&err.replace(&name, "broken.lab.md"));

    let bytes = folder("bytes").join("bytes.lab.md");
    fs::write(&bytes, [0xff, 0xfe, 0]).expect("written");
    let (status, _, err) = call(&["lint", &bytes.to_string_lossy()]);
    assert_eq!((status, err.contains("1:1: this is no UTF-8 text")), (2, true), "{err}");
}

#[test]
fn the_labs_of_this_project_have_no_mistakes() {
    let (status, out, err) = call(&["lint", concat!(env!("CARGO_MANIFEST_DIR"), "/../secrets")]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.ends_with("secrets.lab.md: 4 steps, 24 commands, no mistakes\n"), "{out}");
}

/// What the manual shows as a whole lab is one.
#[test]
fn the_example_of_the_manual_has_no_mistakes() {
    let manual = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    let manual = manual.expect("the manual");
    let example =
        manual.split("`````markdown\n").nth(1).and_then(|rest| rest.split("`````").next());
    let path = folder("manual").join("hello.lab.md");
    fs::write(&path, example.expect("an example")).expect("written");
    let (status, _, err) = call(&["lint", &path.to_string_lossy()]);
    assert_eq!((status, err.as_str()), (0, ""));
}

/// A pipe whose reader has gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let args = ["--help".to_owned()];
    let mut err = Vec::new();
    assert_eq!(glasshive_cli::main(&args, &mut io::empty(), &mut Closed, &mut err), 1);
    assert!(err.is_empty());
}

/// One line an item: what it is about, how the real one has it, how it is here.
/// What the simulation can differ from.
const ORIGINALS: [&str; 9] = [
    "Docker",
    "Docker Hub",
    "Docker's hosts",
    "Kubernetes",
    "OpenSSL",
    "Python",
    "Servers",
    "gzip",
    "mysqld, postgres",
];

#[test]
fn differences_are_a_list_that_a_program_can_read() {
    let (status, out, err) = call(&["differences"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let items: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert!(items.len() > 20);
    for item in items {
        let rest = item.strip_prefix("**").and_then(|rest| rest.split_once(".** "));
        let (about, real) = rest.unwrap_or_else(|| panic!("{item}"));
        assert!(!about.is_empty(), "{item}");
        let original = real.split_once(": ").map_or("", |(original, _)| original);
        assert!(ORIGINALS.contains(&original), "{item}: of whom?");
        assert_eq!(item.matches(". Here: ").count(), 1, "{item}");
        assert!(item.ends_with('.'), "{item}");
    }
    let sections = out.lines().filter(|line| line.starts_with("## ")).count();
    assert!(sections >= 3);
}
