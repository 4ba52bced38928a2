//! Sessions at a terminal, as a student would see them: `tests/transcripts/*.txt`, in the form of [`transcripts`].
//!
//! `@ bash`, `@ dash` or `@ ash` starts a fresh host. `$ line` is typed at the prompt, `> line` at the
//! secondary prompt, `< line` while a program runs; `^C` and `^D` are keys.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use os::terminal::Awaits;
use sim::Duration;
use support::{Host, System};
use transcripts::{Event, Scene, Shown, check};

struct Session {
    host: Host,
    seen: usize,
    block_count: usize,
    prompt: String,
    is_reported: bool,
    has_ended: bool,
}

impl Session {
    /// What was printed since the last time.
    fn collect(&mut self) -> Shown {
        let mut shown = Shown::default();
        let look = |terminal: &os::Terminal| {
            let last = terminal.blocks().last();
            (
                terminal.block_count(),
                last.map(|block| block.screen.printed()).unwrap_or_default(),
                last.and_then(|block| block.status),
                terminal.prompt().to_owned(),
            )
        };
        let (count, printed, status, prompt) =
            self.host.stage.machine.terminal(self.host.terminal, look).unwrap();
        if count != self.block_count {
            self.block_count = count;
            self.seen = 0;
            self.is_reported = false;
        }
        shown.printed = printed.chars().skip(self.seen).collect();
        self.seen = printed.chars().count();
        if let Some(status) = status.filter(|_| !self.is_reported) {
            self.is_reported = true;
            if status != 0 {
                shown.notes.push(format!("[{status}]"));
            }
        }
        if self.host.awaits() == Some(Awaits::Command) && prompt != self.prompt {
            shown.notes.push(format!("(prompt: {prompt})"));
            self.prompt = prompt;
        }
        if let Some(code) = self.host.exit().filter(|_| !self.has_ended) {
            self.has_ended = true;
            shown.notes.push(format!("(the shell ended: {code})"));
        }
        shown
    }
}

impl Scene for Session {
    fn begin(name: &str) -> (Self, Shown) {
        let system = match name {
            "bash" => System::Bash,
            "dash" => System::Dash,
            "ash" => System::Ash,
            _ => panic!("no shell {name}"),
        };
        let mut host = Host::new(system, &[]);
        host.settle(Duration::from_secs(10));
        let mut session = Self {
            host,
            seen: 0,
            block_count: 0,
            prompt: String::new(),
            is_reported: true,
            has_ended: false,
        };
        let shown = session.collect();
        (session, shown)
    }

    fn pass(&mut self, span: Duration) -> Shown {
        self.host.stage.pass(span);
        self.collect()
    }

    fn play(&mut self, event: Event<'_>, next: Option<Event<'_>>) -> Shown {
        match event.mark {
            "^C" => {
                self.host.stage.pass(Duration::from_secs(1));
                self.host.stage.machine.interrupt(self.host.terminal);
            }
            "^D" => self.host.stage.machine.type_end_of_file(self.host.terminal),
            "$" | ">" | "<" => self.host.type_text(&format!("{}\n", event.text)),
            _ => panic!("{event:?}"),
        }
        // A command whose next line is an event of its own must not be waited for.
        if event.mark != "^C" && next.is_some_and(|next| next.mark == "^C" || next.mark == "+") {
            self.host.stage.pass(Duration::from_millis(500));
        } else {
            self.host.settle(Duration::from_secs(3_600));
        }
        self.collect()
    }
}

#[test]
fn sessions_read_as_recorded() {
    check::<Session>(env!("CARGO_MANIFEST_DIR"));
}
