//! Comparing output with a pattern: backtracking over holes, lines and `...`, within a budget.

use serde::{Deserialize, Serialize};

use super::{DiffLine, Line, Mode, Pattern, Piece, diff};
use crate::bindings::Bindings;

/// What came of comparing output with an expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Whether the output is as expected.
    pub holds: bool,
    /// One sentence that says where it is not; empty if it is.
    pub why: String,
    /// Expected and real lines side by side; empty if all is as expected.
    pub diff: Vec<DiffLine>,
    /// What the holes with names met for the first time.
    pub captured: Vec<(String, String)>,
}

/// Tries before a match is given up as ambiguous: a line with four loose holes needs far fewer.
const TRY_COUNT_MAX: u32 = 400_000;

impl Pattern {
    /// Compares `output` with the pattern. New names are bound in `bindings` if all of it holds.
    pub fn compare(&self, output: &str, nodes: &[String], bindings: &mut Bindings) -> Comparison {
        let real = real_lines(output);
        let mut matcher = Matcher { mode: self.mode, nodes, tries: 0 };
        let Some(bound) = matcher.lines(&self.lines, &real, bindings.clone()) else {
            let (diff, why) = diff::explain(self, &real, &mut matcher, bindings);
            return Comparison { holds: false, why, diff, captured: Vec::new() };
        };
        let captured = bound
            .iter()
            .filter(|(name, value)| bindings.get(name) != Some(*value))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        *bindings = bound;
        Comparison { holds: true, why: String::new(), diff: Vec::new(), captured }
    }
}

/// The lines of what a terminal shows, without blanks at their ends and empty ones at the end.
fn real_lines(output: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

pub(super) struct Matcher<'a> {
    mode: Mode,
    nodes: &'a [String],
    pub(super) tries: u32,
}

impl Matcher<'_> {
    /// A new one with a full budget.
    pub(super) const fn renewed(&self) -> Self {
        Self { tries: 0, ..*self }
    }

    fn spent(&mut self) -> bool {
        self.tries += 1;
        self.tries > TRY_COUNT_MAX
    }

    /// Matches all `expected` lines with all `real` ones.
    fn lines(&mut self, expected: &[Line], real: &[&str], bindings: Bindings) -> Option<Bindings> {
        if self.spent() {
            return None;
        }
        let Some((line, later)) = expected.split_first() else {
            return (real.is_empty() || self.mode == Mode::Has).then_some(bindings);
        };
        let Some(pieces) = &line.pieces else {
            return (0..=real.len())
                .find_map(|skip| self.lines(later, &real[skip..], bindings.clone()));
        };
        let skips = if self.mode == Mode::Has { real.len() } else { usize::from(!real.is_empty()) };
        (0..skips).find_map(|skip| {
            let bound = self.line(pieces, real[skip], &bindings)?;
            self.lines(later, &real[skip + 1..], bound)
        })
    }

    /// Matches one line; what is bound then.
    pub(super) fn line(
        &mut self,
        pieces: &[Piece],
        text: &str,
        bindings: &Bindings,
    ) -> Option<Bindings> {
        if self.spent() {
            return None;
        }
        let Some((piece, later)) = pieces.split_first() else {
            return text.is_empty().then(|| bindings.clone());
        };
        match piece {
            Piece::Text(expected) => self.line(later, text.strip_prefix(expected)?, bindings),
            Piece::Gap => {
                let rest = text.trim_start_matches(' ');
                // The gap before an empty cell at the end of a line is a blank at its end.
                let wide = text.len() - rest.len() >= 2 || rest.is_empty();
                if wide { self.line(later, rest, bindings) } else { None }
            }
            Piece::Value(name) => {
                let value = bindings.get(name)?;
                self.line(later, text.strip_prefix(value)?, bindings)
            }
            Piece::Hole(kind, name) => {
                kind.lengths(text, self.nodes).into_iter().find_map(|length| {
                    let (value, rest) = text.split_at(length);
                    let Some(name) = name else {
                        return self.line(later, rest, bindings);
                    };
                    let mut bound = bindings.clone();
                    match bindings.get(name) {
                        Some(known) if !kind.agree(value, known) => return None,
                        Some(known) if known.len() >= value.len() => {}
                        _ => bound.set(name, value),
                    }
                    self.line(later, rest, &bound)
                })
            }
        }
    }
}
