//! JSON values, as `jq` reads and prints them.

use crate::decimal::Decimal;

/// A value. Members keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// How values are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// What each level is indented by; nothing for one line.
    pub(super) indent: Option<&'static str>,
    pub(super) sorted: bool,
}

/// Values may be nested no deeper.
const DEPTH_MAX: u32 = 100;

impl Json {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    pub(super) const fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Sets a member, at its old place if there is one.
    pub(super) fn insert(members: &mut Vec<(String, Self)>, name: String, value: Self) {
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
    pub(super) fn compare(&self, other: &Self) -> std::cmp::Ordering {
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
    pub(super) fn sorted(&self) -> Vec<(String, Self)> {
        let Self::Object(members) = self else { return Vec::new() };
        let mut members = members.clone();
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        members
    }

    /// On one line.
    pub(super) fn compact(&self) -> String {
        self.show(Style { indent: None, sorted: false })
    }

    pub(super) fn show(&self, style: Style) -> String {
        let mut text = String::new();
        self.write(style, 0, &mut text);
        text
    }

    fn write(&self, style: Style, depth: usize, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Text(text) => write_text(text, out),
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
                    write_text(name, out);
                    out.push_str(if style.indent.is_some() { ": " } else { ":" });
                    value.write(style, depth + 1, out);
                }
                close(style, depth, members.is_empty(), '}', out);
            }
        }
    }
}

fn separate(style: Style, depth: usize, index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
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

fn write_text(text: &str, out: &mut String) {
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
            char if u32::from(char) < 0x20 || char == '\x7f' => {
                out.push_str(&format!("\\u{:04x}", u32::from(char)));
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

/// Reads values from a text, one after the other.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn skip(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        let before = &self.text[..self.at.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        Err(format!("{what} at line {line}, column {column}"))
    }

    /// The next value; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Json>, String> {
        self.skip();
        if self.at == self.text.len() { Ok(None) } else { self.value(0).map(Some) }
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        let found = self.text[self.at..].starts_with(sign);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: u32) -> Result<Json, String> {
        if depth > DEPTH_MAX {
            return self.wrong("Exceeds depth limit for parsing");
        }
        self.skip();
        let rest = &self.text[self.at..];
        for (word, value) in
            [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
        {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match rest.bytes().next() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'[') => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.take(']') {
                    if !items.is_empty() && !self.take(',') {
                        return self.wrong("Expected separator between values");
                    }
                    items.push(self.value(depth + 1)?);
                }
                Ok(Json::Array(items))
            }
            Some(b'{') => {
                self.at += 1;
                let mut members = Vec::new();
                while !self.take('}') {
                    if !members.is_empty() && !self.take(',') {
                        return self.wrong("Expected separator between values");
                    }
                    self.skip();
                    if !self.text[self.at..].starts_with('"') {
                        return self.wrong("Object keys must be strings");
                    }
                    let name = self.string()?;
                    if !self.take(':') {
                        return self.wrong("Objects must consist of key:value pairs");
                    }
                    let value = self.value(depth + 1)?;
                    Json::insert(&mut members, name, value);
                }
                Ok(Json::Object(members))
            }
            Some(b'-' | b'0'..=b'9') => {
                let (number, used) = Decimal::prefix(rest);
                self.at += used;
                if used == 0 {
                    self.wrong("Invalid numeric literal")
                } else {
                    Ok(Json::Number(number))
                }
            }
            None => self.wrong("Unfinished JSON term"),
            Some(_) => {
                self.at += rest.find(char::is_whitespace).unwrap_or(rest.len());
                self.wrong("Invalid numeric literal")
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.text[self.at + 1..].char_indices();
        while let Some((offset, char)) = chars.next() {
            match char {
                '"' => {
                    self.at += offset + 2;
                    return Ok(text);
                }
                '\\' => match chars.next().map(|(_, char)| char) {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('b') => text.push('\x08'),
                    Some('f') => text.push('\x0c'),
                    Some('u') => {
                        let digits: String = chars.by_ref().take(4).map(|(_, char)| char).collect();
                        let code = u32::from_str_radix(&digits, 16).ok();
                        text.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
                    }
                    Some(other) => text.push(other),
                    None => break,
                },
                char => text.push(char),
            }
        }
        self.at = self.text.len();
        self.wrong("Unfinished string")
    }
}
