//! A tree of YAML with the place of every node: what go-yaml decodes without types.

use sorted::SortedMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Where something stands, from 1; 0 for what stands nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which of the files.
    pub file: u16,
    /// The line.
    pub line: u32,
}

/// A node of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a node is. Numbers with a point stay texts, as nobody counts with them here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after YAML's own kinds")]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Deeper than this nobody nests on purpose.
const DEPTH_MAX: usize = 64;
/// Aliases may not make more nodes than this of one file (go-yaml: `document contains excessive aliasing`).
const NODE_COUNT_MAX: usize = 50_000;

impl Node {
    /// A node that stands where another one does.
    pub const fn at(place: Place, value: Value) -> Self {
        Self { place, value }
    }

    /// A text that stands where another node does.
    pub fn text_at(place: Place, text: impl Into<String>) -> Self {
        Self { place, value: Value::Text(text.into()) }
    }

    /// A member of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    /// A member of a map, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.value {
            Value::Map(entries) => {
                entries.iter_mut().find(|(known, _)| known == key).map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// The members of a map; none for anything else.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// A scalar as Go prints it; nothing for lists, maps and null.
    pub fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Float(text) => Some(text.clone()),
            Value::Int(number) => Some(number.to_string()),
            Value::Bool(bool) => Some(bool.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// A member's text; empty if it is not there.
    pub fn text_of(&self, key: &str) -> String {
        self.get(key).and_then(Self::text).unwrap_or_default()
    }

    /// A whole number, also one that is written as a text.
    pub fn int(&self) -> Option<i64> {
        match &self.value {
            Value::Int(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A truth, also one that is written as a text.
    pub fn is_true(&self) -> bool {
        match &self.value {
            Value::Bool(bool) => *bool,
            Value::Text(text) => matches!(text.as_str(), "true" | "True" | "1" | "t"),
            _ => false,
        }
    }

    /// Puts a member into a map, in place of one of that name.
    pub fn put(&mut self, key: &str, node: Self) {
        if let Value::Map(entries) = &mut self.value {
            match entries.iter_mut().find(|(known, _)| known == key) {
                Some((_, old)) => *old = node,
                None => entries.push((key.to_owned(), node)),
            }
        }
    }

    fn count(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|(_, node)| node.count()).sum::<usize>(),
            _ => 1,
        }
    }
}

/// What a plain scalar is (YAML 1.2's core schema and go-yaml's octal numbers).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let grouped = digits.replace('_', "");
    let number = if let Some(hex) = grouped.strip_prefix("0x") {
        i64::from_str_radix(hex, 16).ok()
    } else if let Some(octal) = grouped.strip_prefix("0o") {
        i64::from_str_radix(octal, 8).ok()
    } else if let Some(binary) = grouped.strip_prefix("0b") {
        i64::from_str_radix(binary, 2).ok()
    } else if grouped.len() > 1 && grouped.starts_with('0') {
        i64::from_str_radix(&grouped, 8).ok()
    } else {
        grouped.parse().ok()
    };
    let begins = digits.starts_with(|char: char| char.is_ascii_digit());
    if let Some(number) = number.filter(|_| begins) {
        return Value::Int(sign * number);
    }
    let is_float = digits.contains(|char: char| char.is_ascii_digit())
        && digits
            .chars()
            .all(|char| char.is_ascii_digit() || matches!(char, '.' | 'e' | 'E' | '-' | '+'))
        && (begins || digits.starts_with('.'))
        && digits.matches('.').count() == 1;
    if is_float { Value::Float(text.to_owned()) } else { Value::Text(text.to_owned()) }
}

/// A collection that is not at its end.
struct Open {
    node: Node,
    anchor: usize,
    /// In a map: the key that waits for its value, and where it stands.
    key: Option<(Node, Place)>,
    /// In a map: where each key stands, and what `<<` brings.
    keys: SortedMap<String, u32>,
    merged: Vec<Node>,
}

/// Reads the one document of a file.
///
/// # Errors
/// As go-yaml says it: `yaml: line 3: mapping values are not allowed in this context`.
pub fn read(file: u16, source: &str) -> Result<Node, String> {
    read_as(file, source, false)
}

/// As [`read`]; of a key that a map has twice the last one counts, as where go-yaml is not strict.
///
/// # Errors
/// As [`read`], except for keys that are there twice.
pub fn read_lenient(source: &str) -> Result<Node, String> {
    read_as(0, source, true)
}

fn read_as(file: u16, source: &str, is_lenient: bool) -> Result<Node, String> {
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: SortedMap<usize, Node> = SortedMap::new();
    let mut made = 0_usize;
    for event in Parser::new_from_str(source) {
        let (event, span) = event.map_err(|error| {
            let line = error.marker().line().max(1);
            format!("yaml: line {line}: {}", worded(error.info()))
        })?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        let place = Place { file, line };
        let done = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text =
                    tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let value = if style == ScalarStyle::Plain && !is_text {
                    plain(&text)
                } else {
                    Value::Text(text.into_owned())
                };
                Some((Node { place, value }, anchor))
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                if open.len() >= DEPTH_MAX {
                    return Err(format!("yaml: line {line}: exceeded max depth of {DEPTH_MAX}"));
                }
                let is_list = matches!(event, Event::SequenceStart(..));
                let value = if is_list { Value::List(Vec::new()) } else { Value::Map(Vec::new()) };
                let (keys, merged) = (SortedMap::new(), Vec::new());
                open.push(Open { node: Node { place, value }, anchor, key: None, keys, merged });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|mut closed| {
                merge(&mut closed);
                (closed.node, closed.anchor)
            }),
            Event::Alias(anchor) => {
                let known = anchors.get(&anchor).cloned();
                let known = known.ok_or_else(|| format!("yaml: line {line}: unknown anchor"))?;
                made += known.count();
                if made > NODE_COUNT_MAX {
                    return Err("yaml: document contains excessive aliasing".to_owned());
                }
                Some((known, 0))
            }
            _ => None,
        };
        let Some((done, anchor)) = done else { continue };
        if anchor > 0 {
            anchors.insert(anchor, done.clone());
        }
        match open.last_mut() {
            None => return Ok(done),
            Some(parent) => add(parent, done, is_lenient)?,
        }
    }
    Ok(Node { place: Place { file, line: 1 }, value: Value::Null })
}

fn add(parent: &mut Open, done: Node, is_lenient: bool) -> Result<(), String> {
    match &mut parent.node.value {
        Value::List(items) => items.push(done),
        Value::Map(entries) => match parent.key.take() {
            None => {
                let place = done.place;
                parent.key = Some((done, place));
            }
            Some((key, place)) => {
                let Some(name) = key.text() else {
                    return Err(format!("yaml: line {}: a key must be a scalar", place.line));
                };
                if name == "<<" && matches!(key.value, Value::Text(_)) {
                    match done.value {
                        Value::List(items) => parent.merged.extend(items),
                        _ => parent.merged.push(done),
                    }
                    return Ok(());
                }
                let first = parent.keys.insert(name.clone(), place.line);
                if first.is_some() && is_lenient {
                    entries.retain(|(known, _)| *known != name);
                } else if let Some(first) = first {
                    return Err(format!(
                        "yaml: unmarshal errors:\n  line {}: mapping key {name:?} already defined at \
                         line {first}",
                        place.line
                    ));
                }
                // A member stands where its key stands; that is what a reader looks for.
                entries.push((name, Node { place, ..done }));
            }
        },
        _ => {}
    }
    Ok(())
}

/// What `<<` brings is there unless the map has it itself; earlier maps win.
fn merge(closed: &mut Open) {
    for other in std::mem::take(&mut closed.merged) {
        for (key, node) in other.entries() {
            if closed.node.get(key).is_none() {
                closed.node.put(key, node.clone());
            }
        }
    }
}

/// The parser's words where libyaml has others.
fn worded(info: &str) -> &str {
    // What was being read is not told; what is missing is.
    let info = match info.split_once(", ") {
        Some((context, rest)) if context.starts_with("while ") => rest,
        _ => info,
    };
    let lower = info.to_lowercase();
    match () {
        () if lower.contains("tab") => "found character that cannot start any token",
        () if lower.contains("expected <block end>") || lower.contains("expected block end") => {
            "did not find expected key"
        }
        () if lower.contains("simple key expect") || lower.contains("simple key expected") => {
            "could not find expected ':'"
        }
        () if lower.contains("unexpected end of") && lower.contains("quoted") => {
            "found unexpected end of stream"
        }
        () => info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: &str) -> Value {
        read(0, source).unwrap().value
    }

    #[test]
    fn scalars_are_what_go_yaml_makes_of_them() {
        for (source, expected) in [
            ("0444", Value::Int(292)),
            ("0o17", Value::Int(15)),
            ("-12", Value::Int(-12)),
            ("0.5", Value::Float("0.5".into())),
            ("3.8", Value::Float("3.8".into())),
            ("\"3\"", Value::Text("3".into())),
            ("yes", Value::Text("yes".into())),
            ("~", Value::Null),
            ("True", Value::Bool(true)),
            ("10.0.0.1", Value::Text("10.0.0.1".into())),
            ("22:22", Value::Text("22:22".into())),
            ("1e3x", Value::Text("1e3x".into())),
            ("!!str 7", Value::Text("7".into())),
        ] {
            assert_eq!(one(source), expected, "{source}");
        }
    }

    #[test]
    fn merge_keys_and_anchors_work_and_duplicates_do_not() {
        let source = "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n";
        let tree = read(0, source).unwrap();
        let y = tree.get("y").unwrap();
        assert_eq!((y.get("a").unwrap().int(), y.get("b").unwrap().int()), (Some(1), Some(3)));
        assert_eq!(y.place.line, 2);
        let twice = read(0, "a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(
            twice,
            "yaml: unmarshal errors:\n  line 3: mapping key \"a\" already defined at line 1"
        );
    }

    #[test]
    fn a_file_cannot_grow_without_end() {
        let mut source = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = level - 1;
            let ten = vec![format!("*a{before}"); 10].join(", ");
            source += &format!("a{level}: &a{level} [{ten}]\n");
        }
        assert_eq!(read(0, &source).unwrap_err(), "yaml: document contains excessive aliasing");
        let deep = "[".repeat(5_000);
        assert!(read(0, &deep).is_err());
    }
}
