//! Values, their order, and how they are printed.

use crate::decimal::Decimal;

/// A value. Members keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Vec<(String, Self)>),
}

/// How values are printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// What each level is indented by; nothing for one line.
    pub indent: Option<&'static str>,
    /// Members by name.
    pub sorted: bool,
    /// As Python prints: blanks behind commas and colons, and nothing but ASCII.
    pub python: bool,
}

impl Json {
    /// As `jq` calls it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// False for `null` and `false` only.
    pub const fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Sets a member, at its old place if there is one.
    pub fn insert(members: &mut Vec<(String, Self)>, name: String, value: Self) {
        match members.iter_mut().find(|(own, _)| *own == name) {
            Some((_, old)) => *old = value,
            None => members.push((name, value)),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::Text(_) => 4,
            Self::Array(_) => 5,
            Self::Object(_) => 6,
        }
    }

    /// `jq`'s order of all values.
    pub fn compare(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Array(a), Self::Array(b)) => {
                let order = a.iter().zip(b).map(|(a, b)| a.compare(b)).find(|order| order.is_ne());
                order.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Object(_), Self::Object(_)) => {
                let (a, b) = (self.sorted(), other.sorted());
                let names = |members: &[(String, Self)]| -> Vec<String> {
                    members.iter().map(|(name, _)| name.clone()).collect()
                };
                names(&a).cmp(&names(&b)).then_with(|| {
                    let pairs = a.iter().zip(&b);
                    let order = pairs.map(|((_, a), (_, b))| a.compare(b)).find(|it| it.is_ne());
                    order.unwrap_or(std::cmp::Ordering::Equal)
                })
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// An object's members by name.
    pub fn sorted(&self) -> Vec<(String, Self)> {
        let Self::Object(members) = self else { return Vec::new() };
        let mut members = members.clone();
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        members
    }

    /// On one line.
    pub fn compact(&self) -> String {
        self.show(Style::default())
    }

    /// As text.
    pub fn show(&self, style: Style) -> String {
        let mut text = String::new();
        self.write(style, 0, &mut text);
        text
    }

    fn write(&self, style: Style, depth: usize, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Text(text) => write_text(style, text, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(style, depth, index, out);
                    item.write(style, depth + 1, out);
                }
                close(style, depth, items.is_empty(), ']', out);
            }
            Self::Object(members) => {
                let sorted = if style.sorted { self.sorted() } else { members.clone() };
                out.push('{');
                for (index, (name, value)) in sorted.iter().enumerate() {
                    separate(style, depth, index, out);
                    write_text(style, name, out);
                    let blank = style.indent.is_some() || style.python;
                    out.push_str(if blank { ": " } else { ":" });
                    value.write(style, depth + 1, out);
                }
                close(style, depth, members.is_empty(), '}', out);
            }
        }
    }
}

fn separate(style: Style, depth: usize, index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(if style.python && style.indent.is_none() { ", " } else { "," });
    }
    if let Some(indent) = style.indent {
        out.push('\n');
        out.push_str(&indent.repeat(depth + 1));
    }
}

fn close(style: Style, depth: usize, is_empty: bool, end: char, out: &mut String) {
    if let (Some(indent), false) = (style.indent, is_empty) {
        out.push('\n');
        out.push_str(&indent.repeat(depth));
    }
    out.push(end);
}

fn write_text(style: Style, text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            char if char.is_ascii_control() || style.python && !char.is_ascii() => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            char => out.push(char),
        }
    }
    out.push('"');
}
