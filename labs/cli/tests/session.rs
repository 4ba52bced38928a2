//! A session as a script sees it: JSON lines in, JSON lines out, on the real simulated cluster.

use std::io::{self, Write};

use serde_json::{Value, json};

/// The answers to some requests, with the exit status and standard error.
fn talk(args: &[&str], requests: &str) -> (u8, Vec<Value>, String) {
    let args: Vec<String> =
        std::iter::once("session").chain(args.iter().copied()).map(str::to_owned).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = glasshive_cli::main(&args, &mut requests.as_bytes(), &mut out, &mut err);
    let answers = String::from_utf8(out).expect("text");
    let answers = answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (status, answers, String::from_utf8(err).expect("text"))
}

fn line(node: &str, text: &str) -> String {
    format!("{}\n", json!({ "type": "line", "node": node, "text": text }))
}

const THREE: [&str; 4] = ["--nodes", "node1,node2,node3", "--managers", "node1"];

#[test]
fn lines_are_typed_and_answered() {
    let requests = [
        line("node1", "echo hello; echo oops >&2; false"),
        line("node1", "cat > f <<END\none\ntwo\nEND"),
        line("node1", "wc -c < f"),
        line("node1", "echo \"open"),
        line("node1", "closed\""),
        line("node1", "docker node ls -q | wc -l"),
        line("node2", "docker node ls"),
    ]
    .concat();
    let (status, answers, err) = talk(&THREE, &requests);
    assert_eq!((status, err.as_str(), answers.len()), (0, "", 7));
    let told = |index: usize| {
        let answer = &answers[index];
        (
            answer["output"].as_str().expect("output"),
            answer["status"].as_i64().expect("status"),
            answer["prompt"].as_str().expect("prompt"),
            answer["more"].as_bool().expect("more"),
        )
    };
    assert_eq!(told(0), ("hello\noops\n", 1, "node1$ ", false));
    assert_eq!(told(1), ("", 0, "node1$ ", false));
    assert_eq!(told(2), ("8\n", 0, "node1$ ", false));
    assert_eq!((told(3).0, told(3).3), ("", true));
    assert_eq!(told(4), ("open\nclosed\n", 0, "node1$ ", false));
    assert_eq!(told(5), ("3\n", 0, "node1$ ", false));
    assert_eq!((told(6).1, told(6).2), (1, "node2$ "));
    assert!(told(6).0.contains("not a swarm manager"), "{}", told(6).0);
    assert!(answers.iter().all(|answer| answer["type"] == "result" && answer["running"].is_null()));
}

#[test]
fn time_moves_by_commands_and_by_advance_only() {
    let requests = [
        line("node1", "sleep 2"),
        "{\"type\":\"observe\"}\n".into(),
        "{\"type\":\"advance\",\"ms\":10000}\n".into(),
        "{\"type\":\"line\",\"node\":\"node1\",\"text\":\"sleep 100\",\"limit_ms\":3000}\n".into(),
        "{\"type\":\"advance\",\"ms\":1000}\n".into(),
        "{\"type\":\"interrupt\",\"node\":\"node1\"}\n".into(),
    ]
    .concat();
    let (_, answers, _) = talk(&THREE, &requests);
    let at = |index: usize| answers[index]["at_ms"].as_u64().expect("at_ms");
    assert!((2_000..2_100).contains(&at(0)), "{}", at(0));
    assert_eq!(at(1), at(0));
    assert_eq!(at(2), at(1) + 10_000);
    assert_eq!((at(3), &answers[3]["running"]), (at(2) + 3_000, &json!(true)));
    assert_eq!(at(4), at(3) + 1_000);
    assert_eq!((&answers[5]["prompt"], &answers[5]["status"]), (&json!("node1$ "), &json!(130)));
    assert_eq!(answers[1]["leader"], "node1");
    assert_eq!(answers[1]["nodes"].as_array().expect("nodes").len(), 3);
}

#[test]
fn bad_requests_are_told_and_the_session_goes_on() {
    let requests = "nonsense\n\
        {\"type\":\"dance\"}\n\
        {\"type\":\"line\",\"node\":\"node1\"}\n\
        {\"type\":\"line\",\"node\":\"node9\",\"text\":\"ls\"}\n\
        {\"type\":\"line\",\"node\":\"node1\",\"text\":\"ls\",\"limit\":1}\n\
        {\"type\":\"advance\",\"ms\":18446744073709551615}\n\
        {\"type\":\"advance\",\"ms\":-1}\n\
        {\"type\":\"restart\",\"node\":\"node1\"}\n\
        {\"type\":\"find\",\"text\":\"\"}\n\
        [1,2\n\
        \n\
        \"line\"\n\
        {\"type\":\"quit\"}\n\
        {\"type\":\"observe\"}\n";
    let (status, answers, _) = talk(&THREE, requests);
    assert_eq!((status, answers.len()), (0, 12));
    let (last, errors) = answers.split_last().expect("answers");
    assert_eq!(last["type"], "bye");
    for error in errors {
        assert_eq!(error["type"], "error", "{error}");
        assert!(error["message"].as_str().is_some_and(|text| text.len() > 5), "{error}");
    }
    let message = |index: usize| errors[index]["message"].as_str().expect("message");
    assert!(message(1).contains("dance") && message(1).contains("observe"), "{}", message(1));
    assert!(message(2).contains("text"), "{}", message(2));
    assert!(message(3).contains("node9") && message(3).contains("node2"), "{}", message(3));
}

/// Not text, and longer than a request may be.
#[test]
fn bytes_that_are_no_text_are_told_too() {
    let args: Vec<String> =
        ["session", "--nodes", "a"].iter().map(|arg| (*arg).to_owned()).collect();
    let mut input = vec![0xff, 0xfe, b'\n'];
    input.extend(vec![b'x'; (16 << 20) + 5]);
    input.extend(b"\n{\"type\":\"quit\"}\n");
    let mut out = Vec::new();
    let status = glasshive_cli::main(&args, &mut input.as_slice(), &mut out, &mut Vec::new());
    let text = String::from_utf8(out).expect("text");
    let types: Vec<_> = text.lines().map(|line| line[9..12].to_owned()).collect();
    assert_eq!((status, types), (0, vec!["err".into(), "err".into(), "bye".into()]));
}

#[test]
fn the_same_requests_get_the_same_bytes() {
    let requests = [
        line("node1", "echo secret | docker secret create a -"),
        line("node1", "docker service create --name web --secret a redis:alpine"),
        "{\"type\":\"advance\",\"ms\":20000}\n{\"type\":\"observe\"}\n{\"type\":\"digest\"}\n"
            .into(),
    ]
    .concat();
    let first = talk(&THREE, &requests);
    assert_eq!(first, talk(&THREE, &requests));
    let seeded = [&THREE[..], &["--seed", "7"]].concat();
    assert_ne!(first.1[0]["output"], talk(&seeded, &requests).1[0]["output"]);
    assert_eq!(first.1[3]["services"][0]["running"], 1);
}

#[test]
fn the_leader_crashes_and_the_others_answer() {
    let requests = [
        line("node1", "echo secret | docker secret create sec1 -"),
        "{\"type\":\"observe\"}\n{\"type\":\"crash\",\"node\":\"node1\"}\n".into(),
        "{\"type\":\"advance\",\"ms\":30000}\n{\"type\":\"observe\"}\n".into(),
        line("node2", "docker secret ls"),
        line("node1", "docker secret ls"),
        "{\"type\":\"restart\",\"node\":\"node1\"}\n{\"type\":\"advance\",\"ms\":30000}\n".into(),
        line("node1", "docker secret ls"),
    ]
    .concat();
    let args = ["--nodes", "node1,node2,node3", "--managers", "node1,node2,node3"];
    let (_, answers, _) = talk(&args, &requests);
    assert_eq!((&answers[1]["leader"], &answers[2]["type"]), (&json!("node1"), &json!("crashed")));
    assert!(answers[4]["leader"] == "node2" || answers[4]["leader"] == "node3", "{}", answers[4]);
    for index in [5, 9] {
        let output = answers[index]["output"].as_str().expect("output");
        assert!(output.contains("sec1"), "{}", answers[index]);
    }
    assert_eq!(answers[6]["type"], "error");
}

#[test]
fn arguments_that_make_no_cluster() {
    for (args, expected) in [
        (vec!["--nodes", "a,a"], "named twice"),
        (vec!["--nodes", "a", "--managers", "b"], "`b`"),
        (vec!["--nodes", "A b"], "not a host name"),
        (vec!["--nodes", "a", "--docker", "9.99"], "9.99"),
    ] {
        let (status, answers, err) = talk(&args, "");
        assert_eq!((status, answers.len()), (2, 0));
        assert!(err.contains(expected), "{err}");
    }
}

/// Writes a little, then its reader is gone.
struct Short(usize);

impl Write for Short {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.0 -= 1;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nobody_reads_any_more() {
    let args: Vec<String> =
        ["session", "--nodes", "a"].iter().map(|arg| (*arg).to_owned()).collect();
    let requests = "{\"type\":\"observe\"}\n".repeat(100);
    let mut err = Vec::new();
    glasshive_cli::main(&args, &mut requests.as_bytes(), &mut Short(3), &mut err);
    assert!(err.is_empty());
}

#[test]
fn an_editor_shows_the_file_and_takes_the_new_text() {
    let edit = |text: Option<&str>| {
        format!("{}\n", json!({ "type": "edit", "node": "node1", "text": text }))
    };
    let requests = [
        line("node1", "echo one > f; vi f"),
        edit(Some("two\nthree")),
        line("node1", "cat f; nano new.txt"),
        edit(None),
        line("node1", "ls; vim f; echo $?"),
        "{\"type\":\"interrupt\",\"node\":\"node1\"}\n".to_owned(),
        edit(Some("nobody asked")),
        line("node1", "vi f\necho behind"),
        edit(Some("four\n")),
        line("node1", "cat f; echo x | vi f"),
    ]
    .concat();
    let (_, answers, _) = talk(&THREE, &requests);
    let editor = |index: usize| &answers[index]["editor"];
    assert_eq!(*editor(0), json!({ "program": "vi", "path": "/root/f", "text": "one\n" }));
    assert_eq!((&answers[1]["output"], editor(1)), (&json!(""), &Value::Null));
    assert_eq!(answers[2]["output"], "two\nthree\n");
    assert_eq!(*editor(2), json!({ "program": "nano", "path": "/root/new.txt", "text": "" }));
    assert_eq!((&answers[3]["status"], &answers[4]["output"]), (&json!(0), &json!("f\n")));
    assert_eq!(editor(4)["text"], "two\nthree\n");
    assert_eq!((&answers[5]["status"], editor(5)), (&json!(130), &Value::Null));
    assert_eq!(answers[6]["message"], "no editor is open on node1");
    assert_eq!((&answers[7]["output"], &editor(7)["path"]), (&json!(""), &json!("/root/f")));
    assert_eq!(answers[8]["output"], "behind\n");
    assert_eq!(answers[9]["output"], "four\nvi: Input is not from a terminal\n");
}
