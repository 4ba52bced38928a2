//! A tree as YAML again, as `docker stack config` prints it.

use yaml::{Node, Value};

/// The members of the file, in the order of docker's own type; inside them the order of the alphabet.
const SECTIONS: [&str; 6] = ["version", "services", "networks", "volumes", "secrets", "configs"];

/// The sections by name, as the command line in Python has them.
pub const BY_NAME: [&str; 5] = ["configs", "networks", "secrets", "services", "volumes"];

/// The whole file.
pub fn emit(root: &Node) -> String {
    emit_in(root, &SECTIONS)
}

/// Some sections in an order.
pub fn emit_in(root: &Node, sections: &[&str]) -> String {
    let mut text = String::new();
    for section in sections {
        let Some(node) = root.get(section).filter(|node| !is_empty(node)) else { continue };
        member(section, node, 0, &mut text);
    }
    text
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

fn indent(depth: usize, text: &mut String) {
    text.push_str(&"  ".repeat(depth));
}

fn member(key: &str, node: &Node, depth: usize, text: &mut String) {
    indent(depth, text);
    text.push_str(&scalar(key));
    text.push(':');
    inside(node, depth, text);
}

fn inside(node: &Node, depth: usize, text: &mut String) {
    match &node.value {
        Value::Map(entries) if entries.is_empty() => text.push_str(" {}\n"),
        Value::Map(entries) => {
            text.push('\n');
            let mut sorted: Vec<&(String, Node)> = entries.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, node) in sorted {
                member(key, node, depth + 1, text);
            }
        }
        Value::List(items) if items.is_empty() => text.push_str(" []\n"),
        Value::List(items) => {
            text.push('\n');
            for item in items {
                indent(depth, text);
                text.push('-');
                list_item(item, depth, text);
            }
        }
        _ => {
            text.push(' ');
            text.push_str(&value(node));
            text.push('\n');
        }
    }
}

fn list_item(item: &Node, depth: usize, text: &mut String) {
    let Value::Map(entries) = &item.value else { return inside(item, depth + 1, text) };
    let mut sorted: Vec<&(String, Node)> = entries.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    for (index, (key, node)) in sorted.into_iter().enumerate() {
        if index == 0 {
            text.push(' ');
            text.push_str(&scalar(key));
            text.push(':');
            inside(node, depth + 1, text);
        } else {
            member(key, node, depth + 1, text);
        }
    }
}

fn value(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => scalar(text),
        _ => node.text().unwrap_or_else(|| "null".to_owned()),
    }
}

/// A text as it must be written to be read as a text again.
fn scalar(text: &str) -> String {
    let special = text.is_empty()
        || text.starts_with(|char: char| ",[]{}#&*!|>'\"%@` ".contains(char))
        || matches!(text, "-" | "?" | ":")
        || ["- ", "? ", ": "].iter().any(|mark| text.starts_with(mark))
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
        || matches!(
            text.to_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "~"
        );
    let is_number = text
        .starts_with(|char: char| char.is_ascii_digit() || char == '.' || char == '+')
        && text.chars().all(|char| char.is_ascii_hexdigit() || "._xo:+-".contains(char));
    if text.contains('\n') || special && text.contains('\'') {
        format!("{text:?}")
    } else if special && !is_number {
        format!("'{text}'")
    } else if is_number {
        format!("\"{text}\"")
    } else {
        text.to_owned()
    }
}
