//! Expected output with typed holes, and how real output is compared with it.
//!
//! A pattern is a list of lines; a line is text with holes such as `<id>` or `<age>`. A hole with a
//! name (`<id:sec>`) binds what it meets; the second time the name must meet the same value, where a
//! short form of an id (`<id12:sec>`, `<hex12:c>`) agrees with the long one.

mod diff;
mod hole;
mod matching;

use serde::{Deserialize, Serialize};

pub use diff::{DiffLine, Mark};
pub use hole::Kind;
pub use matching::Comparison;

/// How strictly lines are compared. Blanks at the end of a line never count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Every line, in order; two or more blanks stand for any such run, so that columns may be wider.
    #[default]
    Lines,
    /// Every line, in order, blank for blank up to the first hole of varying width in a line.
    Exact,
    /// These lines, in this order, with any others before, between and after.
    Has,
}

/// What a command should print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// How strictly.
    pub mode: Mode,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// As written, for messages.
    pub source: String,
    /// What it is made of; nothing for `...`, which stands for any number of lines.
    pub pieces: Option<Vec<Piece>>,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// These characters.
    Text(String),
    /// Two or more blanks.
    Gap,
    /// The captured value of this name.
    Value(String),
    /// Something of a kind, with an optional name.
    Hole(Kind, Option<String>),
}

/// Why a line of an expectation cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Column from 1, in characters.
    pub column: u32,
    /// What was expected.
    pub message: String,
}

/// The most holes of variable length (`<any>`, `<word>`) in one line: more make a match ambiguous.
const LOOSE_COUNT_MAX: usize = 4;

impl Pattern {
    /// The names that it binds or compares, in order of appearance.
    pub fn captures(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.pieces().filter_map(|piece| match piece {
            Piece::Hole(kind, Some(name)) => Some((name.as_str(), *kind)),
            _ => None,
        })
    }

    /// The names that must have a value before.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.pieces().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name.as_str()),
            _ => None,
        })
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.lines.iter().flat_map(|line| line.pieces.iter().flatten())
    }

    /// The text as written.
    pub fn source(&self) -> String {
        self.lines.iter().map(|line| line.source.as_str()).collect::<Vec<_>>().join("\n")
    }
}

impl Line {
    /// Reads one line of an expectation.
    ///
    /// # Errors
    /// An unknown kind of hole, a name that is none, too many loose holes.
    pub fn parse(source: &str, mode: Mode) -> Result<Self, Unreadable> {
        let source = source.trim_end();
        if source.trim() == "..." {
            return Ok(Self { source: source.to_owned(), pieces: None });
        }
        let pieces = Reader { source, at: 0, mode, pieces: Vec::new() }.read()?;
        let loose = |piece: &&Piece| matches!(piece, Piece::Hole(kind, _) if kind.is_loose());
        if pieces.iter().filter(loose).count() > LOOSE_COUNT_MAX {
            return Err(Unreadable {
                column: 1,
                message: format!(
                    "a line may hold at most {LOOSE_COUNT_MAX} holes <any> or <word>: use typed ones"
                ),
            });
        }
        Ok(Self { source: source.to_owned(), pieces: Some(pieces) })
    }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    mode: Mode,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Vec<Piece>, Unreadable> {
        while let Some(char) = self.source[self.at..].chars().next() {
            let rest = &self.source[self.at..];
            if rest.starts_with("\\<") || rest.starts_with("\\{") {
                self.text(&rest[1..2]);
                self.at += 2;
            } else if rest.starts_with("  ") && (self.mode != Mode::Exact || self.width_varies()) {
                self.pieces.push(Piece::Gap);
                self.at += rest.len() - rest.trim_start_matches(' ').len();
            } else if let Some(name) = value_name(rest) {
                self.pieces.push(Piece::Value(name.to_owned()));
                self.at += name.len() + 4;
            } else if let Some(hole) = hole_text(rest) {
                let piece = self.hole(hole)?;
                self.pieces.push(piece);
                self.at += hole.len() + 2;
            } else {
                self.text(&rest[..char.len_utf8()]);
                self.at += char.len_utf8();
            }
        }
        Ok(self.pieces)
    }

    /// True after a hole whose values differ in length: where the next column begins, nobody knows.
    fn width_varies(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Hole(kind, _) if kind.width_varies()))
    }

    fn text(&mut self, text: &str) {
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            last.push_str(text);
        } else {
            self.pieces.push(Piece::Text(text.to_owned()));
        }
    }

    fn hole(&self, inside: &str) -> Result<Piece, Unreadable> {
        let error = |message: String| Unreadable { column: self.column(), message };
        let (kind, name) = match inside.split_once(':') {
            Some((kind, name)) => (kind, Some(name)),
            None => (inside, None),
        };
        let Some(kind) = Kind::by_name(kind) else {
            return Err(error(format!(
                "unknown hole <{kind}>: expected one of {}; write \\< for a plain <",
                Kind::names()
            )));
        };
        match name {
            Some(name) if !crate::bindings::is_name(name) => Err(error(format!(
                "`{name}` is no name: expected a letter, then letters, digits, `_` or `-`"
            ))),
            name => Ok(Piece::Hole(kind, name.map(str::to_owned))),
        }
    }

    fn column(&self) -> u32 {
        u32::try_from(self.source[..self.at].chars().count() + 1).unwrap_or(u32::MAX)
    }
}

/// The inside of `<...>` at the start of a text, if it looks like a hole: a small letter first and
/// only what kinds and names are made of.
fn hole_text(rest: &str) -> Option<&str> {
    let inside = rest.strip_prefix('<')?;
    let inside = &inside[..inside.find('>')?];
    let plausible = inside.starts_with(|c: char| c.is_ascii_lowercase())
        && inside.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.'));
    plausible.then_some(inside)
}

/// The name in `{{name}}` at the start of a text.
fn value_name(rest: &str) -> Option<&str> {
    let inside = rest.strip_prefix("{{")?;
    let name = &inside[..inside.find("}}")?];
    crate::bindings::is_name(name).then_some(name)
}
