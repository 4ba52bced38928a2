//! Reading a `.lab.md` file: YAML front matter, Markdown, fenced blocks; all mistakes at once, each with
//! line, column and what was expected.

mod blocks;
mod faults;
mod front;
mod info;
mod lint;
mod markdown;
mod questions;
mod yaml;

use std::fmt;

use crate::model::Lab;

/// A mistake in a lab file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line from 1.
    pub line: u32,
    /// Column from 1, in characters.
    pub column: u32,
    /// What was expected, in one sentence.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// The largest lab file, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Reads a lab.
///
/// # Errors
/// Every mistake of the file, in order of its place.
pub fn read(source: &str) -> Result<Lab, Vec<Problem>> {
    let mut problems = Problems::default();
    if source.len() > FILE_BYTES_MAX {
        problems.add(1, 1, format!("a lab has at most {FILE_BYTES_MAX} bytes"));
        return Err(problems.0);
    }
    // Files from other systems: the columns of a line do not change.
    let source = source.replace("\r\n", "\n");
    let lines: Vec<&str> = source.split('\n').collect();
    let (front, body_line) = front::cut(&lines, &mut problems);
    let mut lab = front::read(&front, &mut problems);
    markdown::read(&lines, body_line, &mut lab, &mut problems);
    lint::lint(&lab, &lines, &mut problems);
    if problems.0.is_empty() {
        return Ok(lab);
    }
    let last = number(lines.len() - 1);
    problems.0.iter_mut().for_each(|problem| problem.line = problem.line.min(last));
    problems.0.sort();
    problems.0.dedup();
    Err(problems.0)
}

/// The mistakes found so far.
#[derive(Debug, Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, line: u32, column: u32, message: impl Into<String>) {
        self.0.push(Problem { line, column, message: message.into() });
    }
}

/// A line number from an index into the lines.
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
