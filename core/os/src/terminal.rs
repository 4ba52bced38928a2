//! Terminals: what was typed, what is shown, and who waits for a line.
//!
//! A terminal's transcript is a list of [`Block`]s, one per line that a shell read at its prompt. A
//! block's [`Screen`] understands the few control sequences that command lines use to redraw
//! progress.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sim::{EventId, Time};

use crate::process::Pid;
use crate::remote::RemoteEvent;

/// A terminal of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TerminalId(pub u32);

/// Who waits for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Awaits {
    /// A shell at its prompt: the last command is over.
    Command,
    /// A shell that needs the rest of a command (its secondary prompt).
    Continuation,
    /// A program that reads its standard input.
    Program,
    /// An editor: it reads no lines but waits for [`crate::Machine::finish_editor`].
    Editor,
}

/// A file that is open in an editor. The terminal has lines only, so whoever shows it lets a person
/// change the text elsewhere and gives the whole text back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Editor {
    /// What was typed to start it: `vi`, `nano`.
    pub program: String,
    /// The file's absolute path; empty for a buffer without a name.
    pub path: String,
    /// What the file holds now; empty if it does not exist yet.
    pub text: String,
}

/// One command typed at a prompt and what came of it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The prompt it was typed at.
    pub prompt: String,
    /// The typed lines; from the second on with the secondary prompt in front.
    pub typed: Vec<String>,
    /// What was shown since.
    pub screen: Screen,
    /// The command's exit status once it is over.
    pub status: Option<i32>,
    /// When it was typed.
    pub started: Time,
    /// When the prompt came back.
    pub ended: Option<Time>,
    /// The event that typed it.
    pub cause: Option<EventId>,
    /// [`Terminal::change_count`] when it changed last.
    pub changed: u64,
}

/// Rows of text with a cursor, after carriage returns and the like have had their effect.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    rows: Vec<Row>,
    row: usize,
    column: usize,
    /// The start of a control sequence that is not complete yet.
    pending: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Row {
    text: Vec<char>,
    /// Typed, not printed.
    echo: bool,
}

/// The most rows one block keeps; the oldest go first.
const ROW_COUNT_MAX: usize = 10_000;

impl Screen {
    /// Shows bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.pending);
        all.extend_from_slice(bytes);
        let text = match std::str::from_utf8(&all) {
            Ok(text) => text.to_owned(),
            // A character cut in two waits for its rest; anything else is shown as a replacement.
            Err(error) if error.error_len().is_none() => {
                self.pending = all.split_off(error.valid_up_to());
                String::from_utf8_lossy(&all).into_owned()
            }
            Err(_) => String::from_utf8_lossy(&all).into_owned(),
        };
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            if char == '\x1b' {
                let rest = chars.as_str();
                match self.control(rest) {
                    Some(used) => chars = rest[used..].chars(),
                    None => {
                        let incomplete = [b"\x1b", rest.as_bytes()].concat();
                        self.pending.splice(0..0, incomplete);
                        return;
                    }
                }
            } else {
                self.put(char);
            }
        }
    }

    /// Shows what was typed.
    pub fn echo(&mut self, text: &str) {
        self.ensure_row();
        self.rows[self.row].echo = true;
        self.write(text.as_bytes());
    }

    fn ensure_row(&mut self) {
        while self.rows.len() <= self.row {
            self.rows.push(Row::default());
        }
        if self.rows.len() > ROW_COUNT_MAX {
            let extra = self.rows.len() - ROW_COUNT_MAX;
            self.rows.drain(..extra);
            self.row = self.row.saturating_sub(extra);
        }
    }

    fn put(&mut self, char: char) {
        self.ensure_row();
        match char {
            '\n' => {
                self.row += 1;
                self.column = 0;
                self.ensure_row();
            }
            '\r' => self.column = 0,
            '\x08' => self.column = self.column.saturating_sub(1),
            '\t' => {
                let next = (self.column / 8 + 1) * 8;
                while self.column < next {
                    self.put(' ');
                }
            }
            char if char.is_control() => {}
            char => {
                let text = &mut self.rows[self.row].text;
                while text.len() < self.column {
                    text.push(' ');
                }
                if self.column < text.len() {
                    text[self.column] = char;
                } else {
                    text.push(char);
                }
                self.column += 1;
            }
        }
    }

    /// Obeys a control sequence (the text after ESC); how much of it was used, or nothing if it is
    /// not complete.
    fn control(&mut self, rest: &str) -> Option<usize> {
        let Some(body) = rest.strip_prefix('[') else {
            return if rest.is_empty() { None } else { Some(rest.chars().next()?.len_utf8()) };
        };
        let end = body.find(|char: char| char.is_ascii_alphabetic())?;
        let number = body[..end].trim_start_matches('?').split(';').next().unwrap_or_default();
        let count = number.parse().unwrap_or(0_usize);
        self.ensure_row();
        match &body[end..=end] {
            "A" => self.row = self.row.saturating_sub(count.max(1)),
            "B" => self.row += count.clamp(1, 1_000),
            "C" => self.column += count.clamp(1, 1_000),
            "D" => self.column = self.column.saturating_sub(count.max(1)),
            "G" => self.column = count.clamp(1, 1_000) - 1,
            "K" if count == 2 => self.rows[self.row].text.clear(),
            "K" => self.rows[self.row].text.truncate(self.column),
            "J" if count >= 2 => {
                self.rows.clear();
                (self.row, self.column) = (0, 0);
            }
            "J" => {
                self.rows[self.row].text.truncate(self.column);
                self.rows.truncate(self.row + 1);
            }
            "H" => (self.row, self.column) = (0, 0),
            _ => {}
        }
        self.ensure_row();
        Some(end + 2)
    }

    /// What was printed, without what was typed.
    pub fn printed(&self) -> String {
        self.join(|row| !row.echo)
    }

    /// Everything that is shown.
    pub fn shown(&self) -> String {
        self.join(|_| true)
    }

    fn join(&self, keep: impl Fn(&Row) -> bool) -> String {
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| keep(row)) {
            text.extend(&row.text);
            if index + 1 < self.rows.len() {
                text.push('\n');
            }
        }
        text
    }

    /// True when the cursor is at the start of a line.
    pub const fn at_line_start(&self) -> bool {
        self.column == 0
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Typed {
    Line(String),
    EndOfFile,
}

/// One terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    pub(crate) input: VecDeque<Typed>,
    pub(crate) partial: String,
    pub(crate) waiting: Vec<Pid>,
    pub(crate) awaits: Option<(Pid, Awaits, String)>,
    /// What a program reads is not shown: a password is typed.
    pub(crate) is_silent: bool,
    /// What is open while an editor waits.
    pub(crate) editor: Option<Editor>,
    /// How the editor was left: with a text to save, or without.
    pub(crate) edited: Option<Option<String>>,
    /// At a remote terminal, what the other side was not told yet.
    pub(crate) events: Option<Vec<RemoteEvent>>,
    /// Process groups that were put in the foreground, the last one on top.
    pub(crate) foreground: Vec<Pid>,
    blocks: Vec<Block>,
    /// Blocks that were dropped from the front.
    dropped_count: usize,
    last_status: i32,
    /// The event that typed last.
    pub(crate) cause: Option<EventId>,
    change_count: u64,
    /// Width in characters.
    pub columns: u16,
}

/// How many blocks a terminal keeps.
const BLOCK_COUNT_MAX: usize = 2_000;

/// As wide a terminal is unless something else is said.
pub(crate) const COLUMNS: u16 = 80;

impl Default for Terminal {
    fn default() -> Self {
        Self {
            input: VecDeque::new(),
            partial: String::new(),
            waiting: Vec::new(),
            awaits: None,
            is_silent: false,
            editor: None,
            edited: None,
            events: None,
            foreground: Vec::new(),
            blocks: Vec::new(),
            dropped_count: 0,
            last_status: 0,
            cause: None,
            change_count: 0,
            columns: COLUMNS,
        }
    }
}

impl Terminal {
    /// The transcript, oldest block first.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// How many blocks there ever were.
    pub fn block_count(&self) -> usize {
        self.dropped_count + self.blocks.len()
    }

    /// The event that typed last.
    pub const fn cause(&self) -> Option<EventId> {
        self.cause
    }

    /// How often anything in the transcript changed.
    pub const fn change_count(&self) -> u64 {
        self.change_count
    }

    /// Who waits for a line now; nobody while a command runs or typed lines are left. Lines that were
    /// typed behind an editor's command are for whoever reads after it.
    pub fn awaits(&self) -> Option<Awaits> {
        let awaits = self.awaits.as_ref().map(|(_, awaits, _)| *awaits);
        awaits.filter(|awaits| self.input.is_empty() || *awaits == Awaits::Editor)
    }

    /// The file that is open in an editor, while one waits.
    pub fn editor(&self) -> Option<&Editor> {
        self.editor.as_ref().filter(|_| self.awaits() == Some(Awaits::Editor))
    }

    /// The prompt that is shown, if a shell waits.
    pub fn prompt(&self) -> &str {
        self.awaits.as_ref().map_or("", |(_, _, prompt)| prompt)
    }

    /// The exit status of the last command.
    pub const fn last_status(&self) -> i32 {
        self.last_status
    }

    /// A shell read `line` at `prompt`.
    pub(crate) fn accept(&mut self, awaits: Awaits, prompt: &str, line: &str, now: Time) {
        let shown = if self.is_silent { "" } else { line };
        match (awaits, self.changing()) {
            (Awaits::Continuation, Some(block)) => block.typed.push(format!("{prompt}{line}")),
            (Awaits::Program, Some(block)) => block.screen.echo(&format!("{shown}\n")),
            _ => self.open_block(prompt, line, now),
        }
    }

    /// The last block, which is about to change.
    fn changing(&mut self) -> Option<&mut Block> {
        self.change_count += 1;
        let block = self.blocks.last_mut()?;
        block.changed = self.change_count;
        Some(block)
    }

    fn open_block(&mut self, prompt: &str, line: &str, now: Time) {
        self.change_count += 1;
        if self.blocks.len() == BLOCK_COUNT_MAX {
            self.blocks.remove(0);
            self.dropped_count += 1;
        }
        self.blocks.push(Block {
            prompt: prompt.to_owned(),
            typed: vec![line.to_owned()],
            screen: Screen::default(),
            status: None,
            started: now,
            ended: None,
            cause: self.cause,
            changed: self.change_count,
        });
    }

    /// The interactive shell says that the last command is over.
    pub(crate) fn finish(&mut self, status: i32, now: Time) {
        self.tell(RemoteEvent::Finished(status));
        self.last_status = status;
        if let Some(block) = self.blocks.last_mut()
            && block.ended.is_none()
        {
            block.status = Some(status);
            block.ended = Some(now);
        }
    }

    /// Takes all blocks away, as `clear` does.
    pub(crate) fn clear(&mut self) {
        self.tell(RemoteEvent::Cleared);
        self.dropped_count += self.blocks.len();
        self.blocks.clear();
        self.change_count += 1;
    }

    /// Shows bytes.
    pub(crate) fn write(&mut self, bytes: &[u8], now: Time) {
        if self.events.is_some() {
            // The other side keeps the transcript.
            self.tell(RemoteEvent::Shown(bytes.to_vec()));
            return;
        }
        if self.blocks.is_empty() {
            self.open_block("", "", now);
        }
        if let Some(block) = self.changing() {
            block.screen.write(bytes);
        }
    }

    /// Shows typed text that no program reads, such as `^C`.
    pub(crate) fn echo(&mut self, text: &str, now: Time) {
        if self.blocks.is_empty() {
            self.open_block("", "", now);
        }
        if let Some(block) = self.changing() {
            block.screen.echo(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, expected: &str) {
        let mut screen = Screen::default();
        screen.write(bytes.as_bytes());
        assert_eq!(screen.shown(), expected);
        // The same in single bytes: nothing depends on how the output was cut.
        let mut screen = Screen::default();
        for byte in bytes.as_bytes() {
            screen.write(&[*byte]);
        }
        assert_eq!(screen.shown(), expected);
    }

    #[test]
    fn progress_is_redrawn_in_place() {
        check("one\ntwo\n", "one\ntwo\n");
        check("1/2\r2/2\n", "2/2\n");
        check("a\nb\n\x1b[2A\x1b[2Kfirst\n\x1b[2Ksecond\n", "first\nsecond\n");
        check("long text\rshort\x1b[K\n", "short\n");
        check("gone\x1b[H\x1b[2Jleft", "left");
        check("caf\u{e9} \u{2026}\n", "caf\u{e9} \u{2026}\n");
        check("\x1b[1mbold\x1b[0m", "bold");
    }

    #[test]
    fn typed_text_is_told_from_printed_text() {
        let mut screen = Screen::default();
        screen.echo("typed\n");
        screen.write(b"printed\n");
        assert_eq!(
            (screen.printed(), screen.shown()),
            ("printed\n".into(), "typed\nprinted\n".into())
        );
    }
}
