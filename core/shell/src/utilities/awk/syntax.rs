//! What an `awk` program is after parsing.

use std::rc::Rc;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Number(String),
    Text(String),
    /// Alone it matches `$0`.
    Regex(String),
    Place(Place),
    Assign(Place, &'static str, Box<Self>),
    /// `++x` (true) or `x++`, by so much.
    Step(Place, bool, i64),
    Choice(Box<Self>, Box<Self>, Box<Self>),
    Either(Box<Self>, Box<Self>),
    Both(Box<Self>, Box<Self>),
    In(Vec<Self>, String),
    Match(bool, Box<Self>, Box<Self>),
    Compare(&'static str, Box<Self>, Box<Self>),
    Concat(Box<Self>, Box<Self>),
    Arithmetic(&'static str, Box<Self>, Box<Self>),
    Not(Box<Self>),
    Negative(Box<Self>),
    Positive(Box<Self>),
    Call(String, Vec<Self>),
    /// Into what, or the record; from a file, or from a command (true), or the input.
    Getline(Option<Place>, Option<(bool, Box<Self>)>),
    Group(Box<Self>),
}

/// What can be assigned to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Variable(String),
    Element(String, Vec<Expr>),
    Field(Box<Expr>),
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Expr(Expr),
    /// Formatted or not, what, and where it goes: `>` or `>>` a file, `|` a command.
    Print(bool, Vec<Expr>, Option<(&'static str, Expr)>),
    If(Expr, Box<Self>, Option<Box<Self>>),
    While(Expr, Box<Self>),
    Do(Box<Self>, Expr),
    For(Option<Box<Self>>, Option<Expr>, Option<Box<Self>>, Box<Self>),
    ForIn(String, String, Box<Self>),
    Block(Vec<Self>),
    Delete(String, Vec<Expr>),
    Next,
    Exit(Option<Expr>),
    Break,
    Continue,
    Return(Option<Expr>),
}

/// When a rule applies.
#[derive(Clone, Debug)]
pub(super) enum When {
    Begin,
    End,
    Always,
    Holds(Expr),
    Range(Expr, Expr),
}

/// A function of the program.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Statement>,
}

/// A program.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    /// Rules; without statements the record is printed.
    pub(super) rules: Vec<(When, Option<Vec<Statement>>)>,
    pub(super) functions: sorted::SortedMap<String, Rc<Function>>,
    /// `getline` takes records of the input: all of it must be there before the first.
    pub(super) reads_ahead: bool,
    /// It asks commands for something: `system`, `command | getline`.
    pub(super) asks: bool,
}
