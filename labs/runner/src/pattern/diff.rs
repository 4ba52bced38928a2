//! Expected and real lines side by side, and the first difference in a sentence.
//!
//! A library's text diff cannot do this: whether two lines are "equal" here is a question of holes.

use serde::{Deserialize, Serialize};

use super::matching::Matcher;
use super::{Line, Pattern, Piece};
use crate::bindings::Bindings;

/// Where a line of a diff comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Expected and there.
    Same,
    /// Expected and not there.
    Missing,
    /// There and not expected.
    Extra,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Where it comes from.
    pub mark: Mark,
    /// The line: as printed, or as expected where it is missing.
    pub text: String,
}

impl Mark {
    /// As a diff writes it.
    pub const fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Missing => '-',
            Self::Extra => '+',
        }
    }
}

/// The most lines on either side that are aligned; the rest is told as it is.
const ALIGNED_COUNT_MAX: usize = 400;

/// The diff and a sentence for output that does not match.
pub(super) fn explain(
    pattern: &Pattern,
    real: &[&str],
    matcher: &mut Matcher<'_>,
    bindings: &Bindings,
) -> (Vec<DiffLine>, String) {
    let expected: Vec<&Line> = pattern.lines.iter().take(ALIGNED_COUNT_MAX).collect();
    let real = &real[..real.len().min(ALIGNED_COUNT_MAX)];
    let mut matcher = matcher.renewed();
    let mut same = |line: &Line, text: &str| {
        matcher.tries = 0;
        line.pieces.as_ref().is_some_and(|pieces| {
            let free = without_names(pieces);
            matcher.line(&free, text, bindings).is_some()
        })
    };
    // The classic table of longest common subsequences, from the end.
    let equal: Vec<Vec<bool>> =
        expected.iter().map(|line| real.iter().map(|text| same(line, text)).collect()).collect();
    let mut longest = vec![vec![0_u32; real.len() + 1]; expected.len() + 1];
    for row in (0..expected.len()).rev() {
        for column in (0..real.len()).rev() {
            longest[row][column] = if equal[row][column] {
                longest[row + 1][column + 1] + 1
            } else {
                longest[row + 1][column].max(longest[row][column + 1])
            };
        }
    }
    let mut diff = Vec::new();
    let push = |diff: &mut Vec<DiffLine>, mark, text: &str| {
        diff.push(DiffLine { mark, text: text.to_owned() });
    };
    let (mut row, mut column) = (0, 0);
    while row < expected.len() || column < real.len() {
        let both = row < expected.len() && column < real.len();
        if both && equal[row][column] {
            push(&mut diff, Mark::Same, real[column]);
            (row, column) = (row + 1, column + 1);
        } else if row < expected.len()
            && (column == real.len() || longest[row + 1][column] >= longest[row][column + 1])
        {
            // `...` may stand for nothing: it is never missing.
            if expected[row].pieces.is_some() {
                push(&mut diff, Mark::Missing, &expected[row].source);
            }
            row += 1;
        } else {
            push(&mut diff, Mark::Extra, real[column]);
            column += 1;
        }
    }
    let why = sentence(&diff, pattern, bindings);
    (diff, why)
}

fn sentence(diff: &[DiffLine], pattern: &Pattern, bindings: &Bindings) -> String {
    let first = |mark| diff.iter().find(|line| line.mark == mark).map(|line| line.text.as_str());
    if let Some(name) = pattern.needs().find(|name| bindings.get(name).is_none()) {
        return format!("`{name}` has no value yet: the command that shows it has not been run");
    }
    match (first(Mark::Missing), first(Mark::Extra)) {
        (Some(missing), Some(extra)) => format!("expected `{missing}`, got `{extra}`"),
        (Some(missing), None) => format!("the line `{missing}` is missing"),
        (None, Some(extra)) if pattern.lines.is_empty() => {
            format!("expected no output, got `{extra}`")
        }
        (None, Some(extra)) if pattern.mode != super::Mode::Has && no_dots(pattern) => {
            format!("`{extra}` was not expected")
        }
        _ => {
            let known: Vec<String> = pattern
                .captures()
                .filter_map(|(name, _)| Some(format!("{name} = {}", bindings.get(name)?)))
                .collect();
            if known.is_empty() {
                "each line fits alone, but a name would stand for two values".to_owned()
            } else {
                format!(
                    "each line fits alone, but not with the values known so far: {}",
                    known.join(", ")
                )
            }
        }
    }
}

fn no_dots(pattern: &Pattern) -> bool {
    pattern.lines.iter().all(|line| line.pieces.is_some())
}

fn without_names(pieces: &[Piece]) -> Vec<Piece> {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Hole(kind, _) => Piece::Hole(*kind, None),
            piece => piece.clone(),
        })
        .collect()
}
