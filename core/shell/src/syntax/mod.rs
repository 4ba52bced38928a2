//! What a command line is made of: words, commands and lists, and the errors of their grammar.
//!
//! The tree follows POSIX chapter 2.10 with bash's additions (`[[`, `((`, arrays, here-strings).
//! Everything that a forked subshell may run lies behind an [`Rc`], so that forking copies nothing.

mod condition;
mod expansion;
mod grammar;
mod lexer;

use std::cell::OnceCell;
use std::rc::Rc;

pub(crate) use expansion::{is_name, parse_here_body};
pub(crate) use grammar::{assignment, element};
pub(crate) use lexer::Parser;

/// Commands one after the other.
pub(crate) type List = Vec<Item>;

/// A chain of pipelines, in the foreground or behind `&`.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) chain: Rc<Chain>,
    pub(crate) background: bool,
    /// As it was typed, for `jobs`.
    pub(crate) text: String,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) first: Pipeline,
    /// The pipelines that follow; true for `&&`.
    pub(crate) rest: Vec<(bool, Pipeline)>,
}

/// Commands joined by `|`.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    pub(crate) timed: bool,
    pub(crate) commands: Vec<Rc<Command>>,
}

/// One command.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Simple(Simple),
    Compound(Compound, Vec<Redirect>, u32),
    Function(String, Rc<Command>),
}

/// Assignments, words and redirections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirects: Vec<Redirect>,
    /// Line number, counted from 1.
    pub(crate) line: u32,
}

/// `name=value`, `name+=value`, `name[index]=value` or `name=(values)`.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) index: Option<Vec<Part>>,
    pub(crate) append: bool,
    pub(crate) value: Word,
}

/// A compound command without its redirections.
#[derive(Clone, Debug)]
pub(crate) enum Compound {
    Group(List),
    Subshell(Rc<List>),
    If { branches: Vec<(List, List)>, otherwise: Option<List> },
    While { until: bool, condition: List, body: List },
    For { name: String, words: Option<Vec<Word>>, body: List },
    ArithmeticFor { parts: [Vec<Part>; 3], body: List },
    Case { word: Word, arms: Vec<Arm> },
    Arithmetic(Vec<Part>),
    Test(Test),
}

/// One arm of a `case`.
#[derive(Clone, Debug)]
pub(crate) struct Arm {
    pub(crate) patterns: Vec<Word>,
    pub(crate) body: List,
    /// `;&` runs the next arm as well.
    pub(crate) falls_through: bool,
}

/// An expression in `[[ ]]`.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Unary(String, Word),
    Binary(String, Word, Word),
    Word(Word),
}

/// A redirection.
#[derive(Clone, Debug)]
pub(crate) struct Redirect {
    pub(crate) fd: Option<u32>,
    pub(crate) kind: RedirectKind,
}

/// What a redirection does.
#[derive(Clone, Debug)]
pub(crate) enum RedirectKind {
    /// `<`
    Read(Word),
    /// `>` and `>|`
    Write(Word),
    /// `>>`
    Append(Word),
    /// `<>`
    ReadWrite(Word),
    /// `>&` and `<&`
    Duplicate(Word),
    /// `&>` and `&>>`
    Both(Word, bool),
    /// `<<`; the body is read at the end of the line.
    Here(Rc<OnceCell<Word>>),
    /// `<<<`
    HereString(Word),
}

/// A word: its parts and its text as typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
    pub(crate) text: String,
}

impl Word {
    /// The word's text if nothing in it is quoted or expanded.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

/// A part of a word.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Unquoted text.
    Literal(String),
    /// Text in single quotes or behind a backslash.
    Quoted(String),
    /// Double quotes.
    Double(Vec<Part>),
    /// `$name` and `${...}`.
    Parameter(Box<Parameter>),
    /// `$(...)` and backquotes.
    Command(Rc<List>),
    /// `<(...)`.
    Process(Rc<List>),
    /// `$((...))`.
    Arithmetic(Vec<Part>),
    /// The values of `name=(...)`.
    Array(Vec<Word>),
}

/// `$name` or `${...}`.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) index: Option<Index>,
    pub(crate) operation: Operation,
    /// `${!name...}` with an operation: the value of the name is the name that is meant.
    pub(crate) indirect: bool,
    /// As typed.
    pub(crate) text: String,
}

/// Which elements of an array.
#[derive(Clone, Debug)]
pub(crate) enum Index {
    /// `[@]`
    Each,
    /// `[*]`
    Joined,
    /// `[expression]`
    One(Vec<Part>),
}

/// What `${...}` does with the value.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Plain,
    Length,
    Indirect,
    /// `${!name@}`: the names that begin so.
    Names,
    /// `-`, `=`, `?`, `+`; with `colon`, an empty value counts as unset.
    Default {
        operator: char,
        colon: bool,
        word: Vec<Part>,
    },
    Trim {
        suffix: bool,
        longest: bool,
        pattern: Vec<Part>,
    },
    Replace {
        all: bool,
        /// `#` or `%`
        anchor: Option<char>,
        pattern: Vec<Part>,
        replacement: Vec<Part>,
    },
    Slice {
        offset: Vec<Part>,
        length: Option<Vec<Part>>,
    },
    Case {
        upper: bool,
        all: bool,
    },
    /// Not valid; an error when it is expanded.
    Bad,
}

/// Why text is not a command. Each carries the line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyntaxError {
    /// A token that cannot stand here.
    Unexpected { token: String, line: u32 },
    /// The text ended within quotes or brackets.
    Unterminated { wanted: char, line: u32 },
    /// The text ended within a command.
    End { expecting: Option<&'static str>, line: u32 },
    /// The text ended within a here-document (only while more can be typed).
    HereDocument { line: u32 },
    /// `for` with something that is no name.
    Variable { line: u32 },
    /// Nested deeper than we follow.
    TooDeep { line: u32 },
    /// Real, and not simulated.
    NotSimulated { what: &'static str, line: u32 },
}

impl SyntaxError {
    /// True when more text could make a command of it.
    pub(crate) const fn is_incomplete(&self) -> bool {
        matches!(self, Self::Unterminated { .. } | Self::End { .. } | Self::HereDocument { .. })
    }

    /// The line of the error.
    pub(crate) const fn line(&self) -> u32 {
        match self {
            Self::Unexpected { line, .. }
            | Self::Unterminated { line, .. }
            | Self::End { line, .. }
            | Self::HereDocument { line }
            | Self::Variable { line }
            | Self::TooDeep { line }
            | Self::NotSimulated { line, .. } => *line,
        }
    }
}
