//! The module `json`: values from text and to text.

use std::rc::Rc;

use super::value::{Raised, Value, raise};

type Result<T> = std::result::Result<T, Raised>;

/// Values may be nested no deeper.
const DEPTH_MAX: u32 = 50;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// `json.loads`.
pub(super) fn loads(text: &str, is_two: bool) -> Result<Value> {
    let mut reader = Reader { text, at: 0 };
    let kind = if is_two { "ValueError" } else { "json.decoder.JSONDecodeError" };
    let fail = |at: usize| {
        let before = &text[..at.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        raise(kind, format!("Expecting value: line {line} column {column} (char {at})"))
    };
    match reader.value(0) {
        Some(value) => {
            reader.skip();
            if reader.at == text.len() { Ok(value) } else { fail(reader.at) }
        }
        None => fail(reader.at),
    }
}

impl Reader<'_> {
    fn skip(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let found = self.text[self.at..].starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    /// The next value; nothing if there is none, and `at` is where it should be.
    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        for (word, value) in
            [("null", Value::None), ("true", Value::Bool(true)), ("false", Value::Bool(false))]
        {
            if self.take(word) {
                return Some(value);
            }
        }
        if self.take("[") {
            let mut items = Vec::new();
            while !self.take("]") {
                if !items.is_empty() && !self.take(",") {
                    return None;
                }
                items.push(self.value(depth + 1)?);
            }
            return Some(Value::list(items));
        }
        if self.take("{") {
            let mut pairs: Vec<(Value, Value)> = Vec::new();
            while !self.take("}") {
                if !pairs.is_empty() && !self.take(",") {
                    return None;
                }
                self.skip();
                let key = self.text()?;
                if !self.take(":") {
                    return None;
                }
                let (key, value) = (Value::text(key), self.value(depth + 1)?);
                match pairs.iter_mut().find(|(own, _)| own.equals(&key)) {
                    Some((_, old)) => *old = value,
                    None => pairs.push((key, value)),
                }
            }
            return Some(Value::Dict(Rc::new(pairs.into())));
        }
        if self.text[self.at..].starts_with('"') {
            return self.text().map(Value::text);
        }
        let rest = &self.text[self.at..];
        let end =
            rest.find(|char: char| !char.is_ascii_digit() && char != '-').unwrap_or(rest.len());
        let number = rest[..end].parse().ok()?;
        self.at += end;
        Some(Value::Int(number))
    }

    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut chars = self.text[self.at..].strip_prefix('"')?.char_indices();
        while let Some((offset, char)) = chars.next() {
            match char {
                '"' => {
                    self.at += offset + 2;
                    return Some(text);
                }
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'u' => {
                        let digits: String = chars.by_ref().take(4).map(|(_, char)| char).collect();
                        text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    other => text.push(other),
                },
                char => text.push(char),
            }
        }
        None
    }
}

/// How `dumps` writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) indent: Option<usize>,
    pub(super) sorted: bool,
}

/// `json.dumps`.
pub(super) fn dumps(value: &Value, style: Style) -> Result<String> {
    let mut text = String::new();
    write(value, style, 0, &mut text)?;
    Ok(text)
}

fn line(style: Style, depth: usize, out: &mut String) {
    if let Some(indent) = style.indent {
        out.push('\n');
        out.push_str(&" ".repeat(indent * depth));
    }
}

fn write(value: &Value, style: Style, depth: usize, out: &mut String) -> Result<()> {
    if depth > 50 {
        return raise("ValueError", "Circular reference detected");
    }
    let comma = if style.indent.is_some() { "," } else { ", " };
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Text(text) => write_text(text, out),
        Value::List(_) | Value::Tuple(_) => {
            let items = super::builtin::items(value)?;
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { comma } else { "" });
                line(style, depth + 1, out);
                write(item, style, depth + 1, out)?;
            }
            if !items.is_empty() {
                line(style, depth, out);
            }
            out.push(']');
        }
        Value::Dict(pairs) => {
            let mut pairs: Vec<(String, Value)> =
                pairs.borrow().iter().map(|(key, value)| (key.show(), value.clone())).collect();
            if style.sorted {
                pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
            }
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                out.push_str(if index > 0 { comma } else { "" });
                line(style, depth + 1, out);
                write_text(key, out);
                out.push_str(": ");
                write(value, style, depth + 1, out)?;
            }
            if !pairs.is_empty() {
                line(style, depth, out);
            }
            out.push('}');
        }
        other => {
            let kind = other.type_name();
            return raise("TypeError", format!("Object of type {kind} is not JSON serializable"));
        }
    }
    Ok(())
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
            char if char.is_ascii() && !char.is_ascii_control() => out.push(char),
            char => out.push_str(&format!("\\u{:04x}", u32::from(char))),
        }
    }
    out.push('"');
}
