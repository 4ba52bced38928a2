//! Tab at the prompt.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use glasshive_shell::complete;
use sim::Duration;
use support::{Host, System};

#[test]
fn commands_and_files_are_completed() {
    let mut host = Host::new(System::Bash, &[]);
    host.settle(Duration::from_secs(1));
    let typed = "cd /tmp; mkdir folder; touch file 'two words' .hidden\n";
    host.type_text(typed);
    host.settle(Duration::from_secs(1));
    let shell = host.stage.machine.reader(host.terminal).unwrap();
    let check = |line: &str, start: usize, expected: &[&str]| {
        let found = complete(&shell, line, line.len());
        assert_eq!(
            (found.start, found.candidates.as_slice()),
            (start, &*strings(expected)),
            "{line}"
        );
    };
    check("hist", 0, &["history"]);
    check("ls | hea", 5, &["head"]);
    check("cat f", 4, &["file", "folder/"]);
    check("cat /etc/pa", 4, &["/etc/passwd"]);
    check("cat tw", 4, &["two\\ words"]);
    check("cat .h", 4, &[".hidden"]);
    check("echo > fi", 7, &["file"]);
    check("cat nothing", 4, &[]);
    check("", 0, &[]);
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
