//! What is shown of the work: lines of one table that ends with how long each took (docker/compose:
//! `pkg/progress/tty.go`), or a line per object as the command line in Python had it.

use sim::Time;

use super::is_first;
use crate::cli::Cli;

/// Objects, and what became of them.
pub(super) struct Report<'a> {
    cli: &'a Cli,
    lines: Vec<(String, &'static str, Time, Time)>,
    /// When the work at hand began.
    since: Time,
}

impl<'a> Report<'a> {
    pub(super) fn new(cli: &'a Cli) -> Self {
        Self { cli, lines: Vec::new(), since: cli.proc.now() }
    }

    /// Nothing was done.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Work on an object begins.
    pub(super) fn begin(&mut self) {
        self.since = self.cli.proc.now();
    }

    /// It was told of an object already.
    pub(super) fn knows(&self, object: &str) -> bool {
        self.lines.iter().any(|(known, ..)| known == object)
    }

    /// An object is what it should be: `Container web-1`, `Started`.
    pub(super) fn done(&mut self, object: String, word: &'static str) {
        let now = self.cli.proc.now();
        let since = std::mem::replace(&mut self.since, now);
        self.lines.retain(|(known, ..)| *known != object);
        self.lines.push((object, word, since, now));
    }

    /// Shows all of it; in Python's form the lines were shown when they were done.
    pub(super) async fn show(self, verb: &str) {
        if self.lines.is_empty() || is_first(self.cli) || self.cli.is_set("quiet") {
            return;
        }
        let count = self.lines.len();
        let width = self.lines.iter().map(|(object, ..)| object.chars().count()).max().unwrap_or(0);
        let mut text = format!("[+] {verb} {count}/{count}\n");
        for (object, word, since, now) in &self.lines {
            let tenths = now.since(*since).as_millis() / 100;
            let timer = format!("{}.{}s ", tenths / 10, tenths % 10);
            let padding = " ".repeat(width - object.chars().count());
            let line = format!(" ✔ {object}{padding}  {word}");
            let columns = usize::from(self.cli.proc.columns());
            let gap = columns.saturating_sub(line.chars().count() + timer.len()).max(1);
            text += &format!("{line}{}{timer}\n", " ".repeat(gap));
        }
        self.cli.err(text).await;
    }
}

/// Lines of the command line in Python: `Creating web_1 ... done`, with the names of all in one width.
pub(super) async fn tell_first(cli: &Cli, verb: &str, names: &[String], name: &str) {
    let width = names.iter().map(String::len).max().unwrap_or(0);
    cli.err(format!("{verb} {name:width$} ... done\n")).await;
}
