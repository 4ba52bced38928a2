//! Sessions at a terminal, as a student would see them: `tests/transcripts/*.txt`.
//!
//! `@ bash`, `@ dash` or `@ ash` starts a fresh host. `$ line` is typed at the prompt, `> line` at the
//! secondary prompt, `< line` while a program runs; `^C` and `^D` are keys, `+5s` lets time pass. What
//! follows is what was shown (a line that could be mistaken has a backslash in front), then the status in brackets unless it is 0. `UPDATE=1` rewrites them.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]
#![allow(clippy::disallowed_methods, reason = "the test runner reads its own environment")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use sim::Duration;
use support::{Host, System};

struct Session {
    host: Host,
    shown: String,
    seen: usize,
    block_count: usize,
    prompt: String,
    reported: bool,
}

impl Session {
    fn new(system: System) -> Self {
        let mut host = Host::new(system, &[]);
        host.settle(Duration::from_secs(10));
        let mut session = Self {
            host,
            shown: String::new(),
            seen: 0,
            block_count: 0,
            prompt: String::new(),
            reported: true,
        };
        session.collect();
        session
    }

    /// Adds what was printed since the last time.
    fn collect(&mut self) {
        let (count, printed, status, prompt) = self
            .host
            .machine
            .terminal(self.host.terminal, |terminal| {
                let last = terminal.blocks().last();
                (
                    terminal.block_count(),
                    last.map(|block| block.screen.printed()).unwrap_or_default(),
                    last.and_then(|block| block.status),
                    terminal.prompt().to_owned(),
                )
            })
            .unwrap();
        if count != self.block_count {
            self.block_count = count;
            self.seen = 0;
            self.reported = false;
        }
        let new: String = printed.chars().skip(self.seen).collect();
        self.seen = printed.chars().count();
        self.shown.push_str(&escaped(&new));
        if !self.shown.is_empty() && !self.shown.ends_with('\n') {
            self.shown.push_str("\u{b6}\n");
        }
        if let Some(status) = status.filter(|_| !self.reported) {
            self.reported = true;
            if status != 0 {
                self.shown.push_str(&format!("[{status}]\n"));
            }
        }
        let is_command = self.host.awaits() == Some(os::terminal::Awaits::Command);
        if is_command && prompt != self.prompt {
            self.shown.push_str(&format!("(prompt: {prompt})\n"));
            self.prompt = prompt;
        }
        if let Some(exit) = self.host.exit.take() {
            self.shown.push_str(&format!("(the shell ended: {})\n", exit.code()));
        }
    }

    fn event(&mut self, line: &str) {
        self.shown.push_str(&format!("{line}\n"));
        if line == "^C" {
            self.host.pass(Duration::from_secs(1));
            self.collect();
            self.host.machine.interrupt(self.host.terminal);
        } else if line == "^D" {
            self.host.machine.type_end_of_file(self.host.terminal);
        } else if let Some(seconds) = line.strip_prefix('+') {
            let seconds: u64 = seconds.trim_end_matches('s').parse().unwrap();
            self.host.pass(Duration::from_secs(seconds));
            self.collect();
            return;
        } else {
            self.host.machine.type_text(self.host.terminal, &format!("{}\n", &line[2..]));
        }
        self.host.settle(Duration::from_secs(3_600));
        self.collect();
    }
}

/// Output that would read as an event or as a blank line gets a backslash in front.
fn escaped(output: &str) -> String {
    let line = |line: &str| {
        let body = line.trim_end_matches('\n');
        let mistaken = is_event(body)
            || body.is_empty()
            || ["# ", "@ ", "\\"].iter().any(|mark| body.starts_with(mark));
        format!("{}{line}", if mistaken { "\\" } else { "" })
    };
    output.split_inclusive('\n').map(line).collect()
}

fn is_event(line: &str) -> bool {
    let keys = line == "^C" || line == "^D";
    let typed = ["$ ", "> ", "< "].iter().any(|mark| line.starts_with(mark));
    let passes = line.strip_prefix('+').and_then(|rest| rest.strip_suffix('s'));
    keys || typed || passes.is_some_and(|digits| digits.parse::<u64>().is_ok())
}

fn replay(text: &str) -> String {
    let mut result = String::new();
    let mut session: Option<Session> = None;
    // A command whose next line is an event of its own must not be waited for.
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(system) = line.strip_prefix("@ ") {
            if let Some(session) = session.take() {
                result.push_str(&session.shown);
            }
            let system = match system {
                "bash" => System::Bash,
                "dash" => System::Dash,
                _ => System::Ash,
            };
            result.push_str(&format!("{line}\n"));
            session = Some(Session::new(system));
        } else if line.starts_with("# ") || line.is_empty() {
            let target = session.as_mut().map_or(&mut result, |session| &mut session.shown);
            target.push_str(&format!("{line}\n"));
        } else if is_event(line) {
            let session = session.as_mut().expect("a session was started");
            let next = lines[index + 1..].iter().find(|line| is_event(line));
            let interrupts = next.is_some_and(|next| *next == "^C" || next.starts_with('+'));
            if interrupts && *line != "^C" && line.len() >= 2 && !line.starts_with('+') {
                session.shown.push_str(&format!("{line}\n"));
                let text = format!("{}\n", &line[2..]);
                session.host.machine.type_text(session.host.terminal, &text);
                session.host.pass(Duration::from_millis(500));
                session.collect();
            } else {
                session.event(line);
            }
        }
    }
    if let Some(session) = session {
        result.push_str(&session.shown);
    }
    result
}

#[test]
fn sessions_read_as_recorded() {
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
        } else {
            let line = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
            let line = line.unwrap_or(found.lines().count().min(expected.lines().count()));
            let show = |text: &str| {
                text.lines().skip(line.saturating_sub(2)).take(8).collect::<Vec<_>>().join("\n")
            };
            wrong.push(format!(
                "{}:{}\n--- expected\n{}\n--- found\n{}",
                path.display(),
                line + 1,
                show(&expected),
                show(&found)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
