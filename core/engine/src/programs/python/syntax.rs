//! What a program is after parsing.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    /// Literal pieces and expressions of an f-string.
    Format(Vec<Self>),
    Name(String),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    Dict(Vec<(Self, Self)>),
    /// `lambda names: value`.
    Lambda(Vec<(String, Option<Self>)>, Box<Self>),
    /// A value with the specification of an f-string's field; true for `!r`.
    Spec(Box<Self>, bool, String),
    /// `[value for target in items if condition]`.
    Each(Box<Self>, Box<Self>, Box<Self>, Option<Box<Self>>),
    /// A number with decimal places, in units of 10^-9.
    Real(i64),
    Attribute(Box<Self>, String),
    Index(Box<Self>, Box<Self>),
    Slice(Box<Self>, Option<Box<Self>>, Option<Box<Self>>),
    Call(Box<Self>, Vec<Self>, Vec<(String, Self)>),
    Not(Box<Self>),
    Negative(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// `+ - * / // % == != < <= > >= in`, `not in`, `is`, `is not`.
    Binary(&'static str, Box<Self>, Box<Self>),
    /// Value, condition, other value.
    Choice(Box<Self>, Box<Self>, Box<Self>),
}

/// A statement and the line it starts on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

pub(super) type Block = Vec<Statement>;

/// `except TYPES as NAME: BODY`; no types catch everything.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Handler {
    pub(super) types: Vec<String>,
    pub(super) name: Option<String>,
    pub(super) body: Block,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Expr(Expr),
    /// Python 2's statement; false if a comma at the end keeps the line open.
    Print(Vec<Expr>, bool),
    Assign(Expr, Expr),
    Change(Expr, &'static str, Expr),
    If(Vec<(Expr, Block)>, Block),
    While(Expr, Block),
    For(Expr, Expr, Block),
    Try {
        body: Block,
        handlers: Vec<Handler>,
        finally: Block,
    },
    With(Expr, Option<String>, Block),
    Define(String, Vec<(String, Option<Expr>)>, Block),
    /// Name, base, body.
    Class(String, Option<Expr>, Block),
    /// `@value` lines in front of a definition.
    Decorated(Vec<Expr>, Box<Statement>),
    Global(Vec<String>),
    Return(Option<Expr>),
    Raise(Option<Expr>),
    Import(Vec<(String, String)>),
    ImportFrom(String, Vec<(String, String)>),
    Delete(Expr),
    Assert(Expr, Option<Expr>),
    Break,
    Continue,
    Pass,
}

/// A program that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) text: String,
}
