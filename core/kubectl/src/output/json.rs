//! JSON as kubectl prints it: members by name, four blanks, Go's escapes.

use serde_json::Value;

/// The members of an object by name.
pub(crate) fn sorted(object: &serde_json::Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = object.iter().collect();
    members.sort_by(|a, b| a.0.cmp(b.0));
    members
}

/// With an indent of four blanks.
pub(crate) fn print(value: &Value) -> String {
    let mut text = String::new();
    write(value, Some((4, 0)), true, &mut text);
    text
}

/// In one line; `<`, `>` and `&` escaped as Go's encoder does.
pub(crate) fn compact(value: &Value) -> String {
    let mut text = String::new();
    write(value, None, true, &mut text);
    text
}

/// With an indent of so many blanks, members in the order in which they are.
pub(crate) fn in_order(value: &Value, indent: usize) -> String {
    let mut text = String::new();
    write(value, Some((indent, 0)), false, &mut text);
    text
}

fn write(value: &Value, indent: Option<(usize, usize)>, by_name: bool, text: &mut String) {
    let newline = |text: &mut String, deeper: usize| {
        if let Some((blanks, depth)) = indent {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', blanks * (depth + deeper)));
        }
    };
    let inner = indent.map(|(blanks, depth)| (blanks, depth + 1));
    match value {
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                newline(text, 1);
                write(item, inner, by_name, text);
            }
            newline(text, 0);
            text.push(']');
        }
        Value::Object(object) if !object.is_empty() => {
            text.push('{');
            let members = if by_name { sorted(object) } else { object.iter().collect() };
            for (index, (key, member)) in members.into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                newline(text, 1);
                string(key, text);
                text.push_str(if indent.is_some() { ": " } else { ":" });
                write(member, inner, by_name, text);
            }
            newline(text, 0);
            text.push('}');
        }
        Value::String(content) => string(content, text),
        other => text.push_str(&other.to_string()),
    }
}

fn string(content: &str, text: &mut String) {
    text.push('"');
    for char in content.chars() {
        match char {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => {
                text.push_str(&format!("\\u{:04x}", u32::from(char)));
            }
            char => text.push(char),
        }
    }
    text.push('"');
}
