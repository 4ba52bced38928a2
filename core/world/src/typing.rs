//! Typing at a terminal, and what it shows.

use os::terminal::{Awaits, Block};
use serde::Serialize;
use sim::{Duration, Time};

use crate::error::Error;
use crate::input::Input;
use crate::world::World;

/// How much virtual time [`World::run_line`] gives a command unless told otherwise.
pub const LINE_LIMIT: Duration = Duration::from_secs(60);

/// What came of a typed line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LineResult {
    /// What was printed, standard output and standard error in order, without what was typed.
    pub output: String,
    /// The exit status of the last command that ended.
    pub status: i32,
    /// The prompt that is shown now; empty while a program runs or reads.
    pub prompt: String,
    /// The shell waits for the rest of a command, or a program for input.
    pub more: bool,
    /// The limit came first: the command still runs.
    pub running: bool,
    /// A file is open in an editor: see [`Input::Edit`].
    pub editor: Option<EditorView>,
}

/// A file that is open in an editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditorView {
    /// The command that opened it, for instance `vi`.
    pub program: String,
    /// The file's absolute path; empty for a buffer without a name.
    pub path: String,
    /// What it holds now; empty if it does not exist yet.
    pub text: String,
}

impl EditorView {
    fn of(terminal: &os::Terminal) -> Option<Self> {
        let os::terminal::Editor { program, path, text } = terminal.editor()?.clone();
        Some(Self { program, path, text })
    }
}

/// One command and what it printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockView {
    /// The prompt it was typed at.
    pub prompt: String,
    /// The typed lines; from the second on with the secondary prompt in front.
    pub typed: Vec<String>,
    /// What is shown below.
    pub shown: String,
    /// Its exit status, once it has ended.
    pub status: Option<i32>,
    /// When it was typed, in milliseconds since the world was ready.
    pub started_ms: u64,
    /// When the prompt came back.
    pub ended_ms: Option<u64>,
}

/// A terminal as a person sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TerminalView {
    /// Number of the first block that is in `blocks`; the ones before are unchanged.
    pub first: usize,
    /// The blocks from there on.
    pub blocks: Vec<BlockView>,
    /// The prompt that waits for a line, if one does.
    pub prompt: String,
    /// A shell waits for a command.
    pub at_prompt: bool,
    /// The shell waits for the rest of a command, or a program for input.
    pub more: bool,
    /// A file is open in an editor; no line is read meanwhile.
    pub editor: Option<EditorView>,
    /// The host is up.
    pub up: bool,
}

impl World {
    /// Types text (a newline is added if there is none) and lets virtual time pass until the
    /// terminal waits for a line again, at most `limit`.
    ///
    /// # Errors
    /// [`Error::UnknownNode`], [`Error::NodeDown`].
    pub fn run_line(
        &mut self,
        node: &str,
        text: &str,
        limit: Duration,
    ) -> Result<LineResult, Error> {
        let mark = self.mark(node)?;
        self.type_line(node, text)?;
        self.run_until_idle(node, limit)?;
        self.result_since(node, &mark)
    }

    /// Types text without waiting for what comes of it.
    ///
    /// # Errors
    /// As [`World::run_line`].
    pub fn type_line(&mut self, node: &str, text: &str) -> Result<(), Error> {
        let mut text = text.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.apply(Input::Type { node: node.to_owned(), text })
    }

    /// Lets virtual time pass until the node's terminal waits for a line, at most `limit`.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn run_until_idle(&mut self, node: &str, limit: Duration) -> Result<(), Error> {
        let end = self.now + limit;
        let index = self.index(node)?;
        while self.hosts[index].up.is_some() && self.awaits(node)?.is_none() {
            if !self.step(end) {
                self.now = self.now.max(end);
                break;
            }
        }
        Ok(())
    }

    /// Who waits for a line at the node's terminal; nobody while a command runs.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn awaits(&self, node: &str) -> Result<Option<Awaits>, Error> {
        Ok(self.look(self.index(node)?, os::Terminal::awaits).flatten())
    }

    fn look<T>(&self, index: usize, look: impl FnOnce(&os::Terminal) -> T) -> Option<T> {
        let host = &self.hosts[index];
        host.up.as_ref().and_then(|up| up.machine.terminal(host.terminal, look))
    }

    /// Remembers how far the node's terminal has come; see [`World::result_since`].
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn mark(&self, node: &str) -> Result<Mark, Error> {
        let index = self.index(node)?;
        let mark = self.look(index, |terminal| {
            // Also the last one that has ended: Ctrl-D at a prompt opens no block of its own.
            let last = terminal.blocks().last();
            Mark {
                boot_count: 0,
                block: terminal.block_count() - usize::from(last.is_some()),
                printed: last.map(|block| block.screen.printed()).unwrap_or_default(),
            }
        });
        Ok(Mark { boot_count: self.hosts[index].boot_count, ..mark.unwrap_or_default() })
    }

    /// What the node's terminal has shown since a mark.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn result_since(&self, node: &str, mark: &Mark) -> Result<LineResult, Error> {
        let index = self.index(node)?;
        let same_boot = self.hosts[index].boot_count == mark.boot_count;
        let result = self.look(index, |terminal| {
            let blocks = terminal.blocks();
            let dropped = terminal.block_count() - blocks.len();
            let first = if same_boot { mark.block.saturating_sub(dropped) } else { 0 };
            let mut output = String::new();
            for (offset, block) in blocks.iter().skip(first).enumerate() {
                let printed = block.screen.printed();
                let old = if offset == 0 && same_boot { mark.printed.as_str() } else { "" };
                output.push_str(news(old, &printed));
            }
            let awaits = terminal.awaits();
            LineResult {
                output,
                status: terminal.last_status(),
                prompt: if awaits.is_some() { terminal.prompt().to_owned() } else { String::new() },
                more: matches!(awaits, Some(Awaits::Continuation | Awaits::Program)),
                running: awaits.is_none(),
                editor: EditorView::of(terminal),
            }
        });
        Ok(result.unwrap_or_default())
    }

    /// The node's terminal from block number `from` on.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn terminal(&self, node: &str, from: usize) -> Result<TerminalView, Error> {
        let index = self.index(node)?;
        let view = self.look(index, |terminal| {
            let dropped = terminal.block_count() - terminal.blocks().len();
            let first = from.max(dropped);
            let blocks = terminal.blocks().iter().skip(first - dropped);
            let awaits = terminal.awaits();
            TerminalView {
                first,
                blocks: blocks.map(|block| self.block(block)).collect(),
                prompt: terminal.prompt().to_owned(),
                at_prompt: awaits == Some(Awaits::Command),
                more: matches!(awaits, Some(Awaits::Continuation | Awaits::Program)),
                editor: EditorView::of(terminal),
                up: true,
            }
        });
        Ok(view.unwrap_or_default())
    }

    fn block(&self, block: &Block) -> BlockView {
        let since_start = |at: Time| at.since(self.started).as_millis();
        BlockView {
            prompt: block.prompt.clone(),
            typed: block.typed.clone(),
            shown: block.screen.shown(),
            status: block.status,
            started_ms: since_start(block.started),
            ended_ms: block.ended.map(since_start),
        }
    }
}

/// How far a terminal had come at some moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    boot_count: u32,
    block: usize,
    /// What the open block had printed: programs that redraw lines change that too.
    printed: String,
}

/// What of `new` was not there in `old`: the end of it if `old` is its beginning, else whole lines
/// from the first one that was drawn anew.
fn news<'a>(old: &str, new: &'a str) -> &'a str {
    if let Some(end) = new.strip_prefix(old) {
        return end;
    }
    let same = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let line_start = new.as_bytes()[..same].iter().rposition(|byte| *byte == b'\n');
    new.get(line_start.map_or(0, |newline| newline + 1)..).unwrap_or(new)
}

#[cfg(test)]
mod tests {
    use super::news;

    #[test]
    fn what_is_new_is_told_by_whole_lines_when_lines_were_drawn_anew() {
        for (old, new, expected) in [
            ("", "a\n", "a\n"),
            ("a", "ab\n", "b\n"),
            ("a\n", "a\n", ""),
            ("p\nq: 236.5 MB/310 MB", "p\nq: complete\nDigest: x\n", "q: complete\nDigest: x\n"),
            // The prompt became the line in which something was typed.
            ("127.0.0.1:6379> ", "\"5\"\n127.0.0.1:6379> ", "\"5\"\n127.0.0.1:6379> "),
            ("OK\n1> ", "OK\n12\n1> ", "12\n1> "),
            ("\u{e9}", "\u{e8}", "\u{e8}"),
        ] {
            assert_eq!(news(old, new), expected, "{old:?} -> {new:?}");
        }
    }
}
