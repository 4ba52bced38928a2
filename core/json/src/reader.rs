//! Values from text.

use std::fmt;

use crate::decimal::Decimal;
use crate::value::Json;

/// Values may be nested no deeper.
const DEPTH_MAX: u32 = 100;

/// What is wrong in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// As `jq` says it.
    pub what: &'static str,
    /// Where what is wrong begins, in bytes.
    pub at: usize,
    /// Where it ends.
    end: usize,
    text: String,
}

/// The line, from 1, and the bytes before a place in it.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before.len() - begin)
}

impl Wrong {
    /// The line and the column where it begins, from 1.
    pub fn place(&self) -> (usize, usize) {
        let (line, column) = place(&self.text, self.at);
        (line, column + 1)
    }
}

/// As `jq` says it: it has read to the end of what is wrong.
impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = place(&self.text, self.end);
        write!(f, "{} at line {line}, column {column}", self.what)
    }
}

/// Reads values from a text, one after the other.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn skip(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn wrong<T>(&self, what: &'static str) -> Result<T, Wrong> {
        Err(Wrong { what, at: self.at, end: self.at, text: self.text.to_owned() })
    }

    /// The next value; nothing at the end.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(&mut self) -> Result<Option<Json>, Wrong> {
        self.skip();
        if self.at == self.text.len() { Ok(None) } else { self.value(0).map(Some) }
    }

    /// Nothing but blanks is left.
    ///
    /// # Errors
    /// Where more begins.
    pub fn end(&mut self) -> Result<(), Wrong> {
        self.skip();
        if self.at == self.text.len() { Ok(()) } else { self.wrong("Unexpected extra JSON values") }
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        let found = self.text[self.at..].starts_with(sign);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: u32) -> Result<Json, Wrong> {
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
                let end = self.at + rest.find(char::is_whitespace).unwrap_or(rest.len());
                self.wrong("Invalid numeric literal").map_err(|wrong| Wrong { end, ..wrong })
            }
        }
    }

    fn string(&mut self) -> Result<String, Wrong> {
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
        let end = self.text.len();
        self.wrong("Unfinished string").map_err(|wrong| Wrong { end, ..wrong })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Style;

    #[test]
    fn what_is_read_is_printed_again() {
        let text = r#"{"a":[1,-2.5,"x\n\u00e9",null,true],"b":{}}"#;
        let value = Reader::new(text).read().ok().flatten().expect("a value");
        assert_eq!(value.compact(), text.replace("\\u00e9", "\u{e9}"));
        let python = Style { python: true, ..Style::default() };
        assert_eq!(value.show(python), r#"{"a": [1, -2.5, "x\n\u00e9", null, true], "b": {}}"#);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, what, place) in [
            ("{\"a\":\n tru}", "Invalid numeric literal", (2, 2)),
            ("[1 2]", "Expected separator between values", (1, 4)),
            ("[1,", "Unfinished JSON term", (1, 4)),
            ("\"abc", "Unfinished string", (1, 1)),
            ("{a:1}", "Object keys must be strings", (1, 2)),
        ] {
            let wrong = Reader::new(text).read().expect_err(text);
            assert_eq!((wrong.what, wrong.place()), (what, place), "{text}");
        }
        let deep = "[".repeat(1_000);
        assert!(Reader::new(&deep).read().is_err());
    }
}
