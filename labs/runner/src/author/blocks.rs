//! From fenced blocks to the parts of a step.

use super::info::Info;
use super::markdown::prose;
use super::{Problems, faults, questions};
use crate::check::{self, CheckLine};
use crate::model::{Check, Command, Note, Part, Step, Until};
use crate::pattern::{Line, Mode, Pattern};

/// How long a command may run unless its block says otherwise, virtual time.
const LIMIT_MS: u64 = 60_000;

/// How often `until` looks unless its block says otherwise.
const EVERY_MS: u64 = 100;

/// A fenced block with a word of the format.
pub(super) struct Block<'a> {
    pub(super) info: Info,
    /// Number of the line after the fence.
    pub(super) first_line: u32,
    pub(super) lines: &'a [&'a str],
}

/// Adds what a block stands for.
pub(super) fn add(block: &Block<'_>, step: &mut Step, problems: &mut Problems) {
    let parts = &mut step.parts;
    match block.info.word.as_str() {
        "sh" | "solution" => parts.extend(block.command(problems).map(Part::Command)),
        "out" => block.out(parts, problems),
        "until" => parts.push(Part::Until(block.until(problems))),
        "check" => parts.extend(block.check(problems).map(Part::Check)),
        "expect-leak" => parts.extend(block.leak(problems).map(Part::Check)),
        "fault" => parts.push(Part::Fault(faults::fault(block, problems))),
        "accept" | "reject" => step.tries.extend(faults::another_way(block, problems)),
        "hint" => {
            block.info.allow(false, false, &[], &[], problems);
            parts.push(Part::Hint { html: block.prose(problems) });
        }
        "note" => parts.push(Part::Note(block.note(problems))),
        "quiz" => parts.extend(questions::quiz(block, problems).map(Part::Quiz)),
        _ => parts.extend(questions::ask(block, problems).map(Part::Ask)),
    }
}

impl Block<'_> {
    /// The number of the line with this index in the block.
    pub(super) fn line(&self, index: usize) -> u32 {
        self.first_line + u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Complains about the block as a whole.
    pub(super) fn wrong<T>(&self, message: &str, problems: &mut Problems) -> Option<T> {
        problems.add(self.info.line, 1, message);
        None
    }

    fn prose(&self, problems: &mut Problems) -> String {
        prose(self.lines, self.first_line, problems)
    }

    fn command(&self, problems: &mut Problems) -> Option<Command> {
        let info = &self.info;
        info.allow(true, true, &["exit", "pace", "limit"], &[], problems);
        let exit = match info.pair("exit") {
            None => Some(0),
            Some(argument) if argument.text == "any" => None,
            Some(argument) => {
                let exit = argument.text.parse().ok();
                if exit.is_none() {
                    problems.add(
                        info.line,
                        argument.column,
                        "expected `exit=NUMBER` or `exit=any`",
                    );
                }
                exit
            }
        };
        let text = self.lines.join("\n");
        if text.trim().is_empty() {
            return self.wrong("the block is empty: expected a command", problems);
        }
        let Some(node) = &info.node else {
            let message = format!("on which node? expected `{} @NODE`", info.word);
            return self.wrong(&message, problems);
        };
        Some(Command {
            id: info.id_text(),
            line: info.line,
            node: node.text.clone(),
            text,
            solution: info.word == "solution",
            exit,
            pace_ms: info.span("pace", problems),
            limit_ms: info.span("limit", problems).unwrap_or(LIMIT_MS),
            expects: None,
        })
    }

    fn out(&self, parts: &mut [Part], problems: &mut Problems) {
        self.info.allow(false, false, &[], &["exact", "has"], problems);
        let mode = if self.info.has("exact") {
            Mode::Exact
        } else if self.info.has("has") {
            Mode::Has
        } else {
            Mode::Lines
        };
        let mut pattern = Pattern { mode, lines: Vec::new() };
        for (index, line) in self.lines.iter().enumerate() {
            match Line::parse(line, mode) {
                Ok(line) => pattern.lines.push(line),
                Err(error) => problems.add(self.line(index), error.column, error.message),
            }
        }
        // Prose may stand between a command and its output, another action not.
        let last = parts.iter_mut().rev().find(|part| part.acts());
        match last {
            Some(Part::Command(command)) if command.expects.is_none() => {
                command.expects = Some(pattern);
            }
            Some(Part::Command(_)) => {
                self.wrong::<()>("the command before has an `out` block already", problems);
            }
            _ => {
                self.wrong::<()>(
                    "an `out` block follows the `sh` block that it is about",
                    problems,
                );
            }
        }
    }

    fn predicates(&self, problems: &mut Problems) -> (Vec<CheckLine>, String) {
        let mut lines = Vec::new();
        let mut why = String::new();
        for (index, text) in self.lines.iter().enumerate() {
            let trimmed = text.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            if let Some(text) = trimmed.strip_prefix("why:") {
                text.trim().clone_into(&mut why);
                continue;
            }
            match check::parse(text) {
                Ok(line) => lines.push(line),
                Err(error) => problems.add(self.line(index), error.column, error.message),
            }
        }
        let complained = problems.0.iter().any(|problem| problem.line >= self.first_line);
        if lines.is_empty() && !complained {
            self.wrong::<()>("the block is empty: expected at least one predicate", problems);
        }
        (lines, why)
    }

    fn until(&self, problems: &mut Problems) -> Until {
        self.info.allow(false, false, &["within", "every"], &[], problems);
        if self.info.pair("within").is_none() {
            self.wrong::<()>("for how long? expected `until within=30s`", problems);
        }
        let every_ms = self.info.span("every", problems).unwrap_or(EVERY_MS);
        if every_ms == 0 {
            self.wrong::<()>("expected `every=` to be longer than nothing", problems);
        }
        Until {
            line: self.info.line,
            within_ms: self.info.span("within", problems).unwrap_or_default(),
            every_ms: every_ms.max(1),
            lines: self.predicates(problems).0,
        }
    }

    fn check(&self, problems: &mut Problems) -> Option<Check> {
        self.info.allow(false, true, &[], &["standing"], problems);
        let (lines, why) = self.predicates(problems);
        if self.info.id.is_none() {
            return self.wrong("a check needs a name: expected `check #name`", problems);
        }
        Some(Check {
            id: self.info.id_text(),
            line: self.info.line,
            standing: self.info.has("standing"),
            leak: false,
            lines,
            why,
        })
    }

    /// Leaks that the lab shows, one `NAME in PLACE` a line.
    fn leak(&self, problems: &mut Problems) -> Option<Check> {
        self.info.allow(false, true, &[], &[], problems);
        let mut lines = Vec::new();
        let mut why = String::new();
        for (index, text) in self.lines.iter().enumerate() {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Some(text) = text.strip_prefix("why:") {
                text.trim().clone_into(&mut why);
                continue;
            }
            match check::parse(&format!("leak {text}")) {
                Ok(line) => lines.push(line),
                Err(error) => problems.add(self.line(index), 1, error.message),
            }
        }
        if self.info.id.is_none() || self.lines.is_empty() {
            let message = "expected `expect-leak #name` and lines `NAME in PLACE`";
            return self.wrong(message, problems);
        }
        let (id, line) = (self.info.id_text(), self.info.line);
        Some(Check { id, line, standing: false, leak: true, lines, why })
    }

    fn note(&self, problems: &mut Problems) -> Note {
        self.info.allow(false, true, &["proof"], &["erratum"], problems);
        let proof = self.info.pair("proof").map(|argument| {
            argument.text.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()
        });
        let proof: Vec<String> = proof.unwrap_or_default();
        if proof.is_empty() {
            let message = "what proves this note? expected `note proof=ID[,ID]` with the names of \
                           commands or checks";
            self.wrong::<()>(message, problems);
        }
        Note {
            id: self.info.id_text(),
            line: self.info.line,
            erratum: self.info.has("erratum"),
            html: self.prose(problems),
            proof,
        }
    }
}
