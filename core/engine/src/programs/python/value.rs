//! Values, and how they print.

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use super::classes::{Class, Object};
use super::syntax::{Block, Expr};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    /// In units of 10^-9.
    Real(i64),
    Text(Rc<str>),
    List(Rc<RefCell<Vec<Self>>>),
    Tuple(Rc<[Self]>),
    Dict(Rc<RefCell<Vec<(Self, Self)>>>),
    /// A function of the program's own.
    Function(Rc<Function>),
    /// A function or module by its full name: `len`, `os`, `os.path.exists`.
    Known(String),
    /// A method and what it belongs to.
    Method(Box<Self>, String),
    /// The environment, which is a dictionary that the process shares.
    Environ,
    File(Rc<RefCell<File>>),
    /// An exception as a value.
    Exception(Rc<Raised>),
    Class(Rc<Class>),
    Object(Rc<Object>),
    /// `super()`: an object as one of its class's base.
    Super(Rc<Object>, Option<Rc<Class>>),
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, Option<Expr>)>,
    pub(super) body: Block,
    /// The names around it when it was defined inside another function.
    pub(super) around: SortedMap<String, Value>,
    /// The class that it was defined in.
    pub(super) class: RefCell<Option<Rc<Class>>>,
}

/// An open file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) rest: String,
    pub(super) writes: Option<String>,
    pub(super) is_closed: bool,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raised {
    /// `KeyError`.
    pub(super) kind: String,
    pub(super) text: String,
    /// The lines it went through, innermost first, with the function's name.
    pub(super) trace: Vec<(usize, String)>,
    /// Lines of a library that the traceback shows last.
    pub(super) library: &'static str,
    /// `sys.exit`'s code.
    pub(super) exit: Option<i32>,
}

pub(super) fn raise<T>(kind: &str, text: impl Into<String>) -> Result<T, Raised> {
    let (kind, text) = (kind.to_owned(), text.into());
    Err(Raised { kind, text, trace: Vec::new(), library: "", exit: None })
}

pub(super) fn unknown<T>(what: &str) -> Result<T, Raised> {
    raise("NotImplementedError", format!("not simulated: {what}"))
}

impl Value {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    pub(super) fn list(values: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(values)))
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(number) | Self::Real(number) => *number != 0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.borrow().is_empty(),
            Self::Tuple(items) => !items.is_empty(),
            Self::Dict(pairs) => !pairs.borrow().is_empty(),
            _ => true,
        }
    }

    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Real(_) => "float",
            Self::Text(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) | Self::Environ => "dict",
            Self::Function(_) => "function",
            Self::Known(_) | Self::Method(..) => "builtin_function_or_method",
            Self::File(_) => "file",
            Self::Exception(_) => "exception",
            Self::Class(_) => "type",
            Self::Object(_) | Self::Super(..) => "object",
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Bool(a), Self::Int(b)) | (Self::Int(b), Self::Bool(a)) => i64::from(*a) == *b,
            (Self::Int(a), Self::Int(b)) | (Self::Real(a), Self::Real(b)) => a == b,
            (Self::Dict(a), Self::Dict(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                let has = |key: &Self, value: &Self| {
                    b.iter().any(|(own, other)| own.equals(key) && other.equals(value))
                };
                a.len() == b.len() && a.iter().all(|(key, value)| has(key, value))
            }
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b))
            }
            (Self::Tuple(a), Self::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b))
            }
            (Self::Object(a), Self::Object(b)) => Rc::ptr_eq(a, b),
            (Self::Class(a), Self::Class(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// As `str` has it.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Exception(raised) => raised.shown(),
            Self::Object(object) if object.field("message").is_some() => {
                object.field("message").map(|text| text.show()).unwrap_or_default()
            }
            other => other.repr(0),
        }
    }

    /// As `repr` has it. A list that holds itself is cut off.
    pub(super) fn repr(&self, depth: u32) -> String {
        if depth > 20 {
            return "...".to_owned();
        }
        let join = |items: &[Self]| {
            items.iter().map(|item| item.repr(depth + 1)).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::None => "None".to_owned(),
            Self::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Real(units) => real(*units),
            Self::Text(text) => quote(text),
            Self::List(items) => format!("[{}]", join(&items.borrow())),
            Self::Tuple(items) if items.len() == 1 => format!("({},)", join(items)),
            Self::Tuple(items) => format!("({})", join(items)),
            Self::Dict(pairs) => {
                let shown: Vec<String> = pairs
                    .borrow()
                    .iter()
                    .map(|(k, v)| format!("{}: {}", k.repr(depth + 1), v.repr(depth + 1)))
                    .collect();
                format!("{{{}}}", shown.join(", "))
            }
            Self::Exception(raised) => format!("{}({})", raised.kind, quote(&raised.text)),
            Self::Function(function) => format!("<function {}>", function.name),
            Self::Known(name) => format!("<built-in {name}>"),
            Self::Method(_, name) => format!("<built-in method {name}>"),
            Self::File(file) => format!("<open file '{}'>", file.borrow().path),
            Self::Environ => "<environment>".to_owned(),
            Self::Class(class) => format!("<class '__main__.{}'>", class.name),
            Self::Object(object) | Self::Super(object, _) => {
                format!("<__main__.{} object>", object.class.name)
            }
        }
    }
}

impl Raised {
    /// What `str` makes of it: a missing key is shown quoted.
    pub(super) fn shown(&self) -> String {
        self.text.clone()
    }
}

/// A number of units of 10^-9, as `repr` shows a float.
fn real(units: i64) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) =
        (units.unsigned_abs() / 1_000_000_000, units.unsigned_abs() % 1_000_000_000);
    let fraction = format!("{rest:09}");
    let fraction = fraction.trim_end_matches('0');
    format!("{sign}{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
}

pub(super) fn quote(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for char in text.chars() {
        match char {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            '\\' => shown.push_str("\\\\"),
            char if char == quote => shown.extend(['\\', char]),
            char => shown.push(char),
        }
    }
    shown.push(quote);
    shown
}
