//! A small tree of YAML with the place of every node. Scalars stay texts: `17.03` is a version here.

use saphyr_parser::{Event, Parser, Span};

use super::Problems;

/// A node and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// How deep front matter may be nested.
const DEPTH_MAX: usize = 8;

/// Reads one document; `first_line` is the number of its first line in the file.
pub(super) fn read(source: &str, first_line: u32, problems: &mut Problems) -> Option<Node> {
    // What is open: the collection and, in a map, a key that waits for its value.
    let mut open: Vec<(Node, Option<Node>)> = Vec::new();
    for event in Parser::new_from_str(source) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let place = place(*error.marker(), first_line);
                problems.add(place.0, place.1, format!("this is no YAML: {}", error.info()));
                return None;
            }
        };
        let done = match event {
            Event::Scalar(text, ..) => Some(node(span, first_line, Value::Text(text.into_owned()))),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let list = matches!(event, Event::SequenceStart(..));
                let value = if list { Value::List(Vec::new()) } else { Value::Map(Vec::new()) };
                let node = node(span, first_line, value);
                if open.len() == DEPTH_MAX {
                    let message = format!("front matter is at most {DEPTH_MAX} levels deep");
                    problems.add(node.line, node.column, message);
                    return None;
                }
                open.push((node, None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|(node, _)| node),
            Event::Alias(_) => {
                let (line, column) = place(span.start, first_line);
                problems.add(line, column, "aliases are not part of the format");
                return None;
            }
            _ => None,
        };
        let Some(done) = done else { continue };
        let Some((parent, key)) = open.last_mut() else { return Some(done) };
        match &mut parent.value {
            Value::List(items) => items.push(done),
            Value::Map(entries) => match key.take() {
                None => *key = Some(done),
                Some(key) => entries.push((key, done)),
            },
            Value::Text(_) => {}
        }
    }
    None
}

fn node(span: Span, first_line: u32, value: Value) -> Node {
    let (line, column) = place(span.start, first_line);
    Node { line, column, value }
}

fn place(marker: saphyr_parser::Marker, first_line: u32) -> (u32, u32) {
    let line = u32::try_from(marker.line()).unwrap_or(u32::MAX).max(1);
    let column = u32::try_from(marker.col() + 1).unwrap_or(u32::MAX);
    (first_line + line - 1, column)
}
