//! YAML as kubectl prints it (go-yaml 2 behind sigs.k8s.io/yaml): members by name, lists not indented, long scalars
//! folded, texts quoted only where they would be something else.

use commandline::text::quote;
use serde_json::Value;

use super::json::sorted;

/// Where a scalar is folded, in columns.
const WIDTH: usize = 80;

/// A document.
pub(crate) fn print(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(object) if !object.is_empty() => members(value, 0, &mut text),
        Value::Array(list) if !list.is_empty() => items(list, 0, &mut text),
        _ => {
            scalar(value, 0, 0, &mut text);
            text.push('\n');
        }
    }
    text
}

fn blanks(count: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', count));
}

fn members(value: &Value, indent: usize, text: &mut String) {
    let Value::Object(object) = value else { return };
    for (index, (key, member)) in sorted(object).into_iter().enumerate() {
        // The first member of a list's item stands behind its dash.
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            blanks(indent, text);
        }
        let before = text.len();
        plain_or_quoted(key, text);
        text.push(':');
        let column = indent + text.len() - before;
        match member {
            Value::Object(object) if !object.is_empty() => {
                text.push('\n');
                members(member, indent + 2, text);
            }
            Value::Array(list) if !list.is_empty() => {
                text.push('\n');
                items(list, indent, text);
            }
            member => {
                text.push(' ');
                scalar(member, indent + 2, column + 1, text);
                text.push('\n');
            }
        }
    }
}

fn items(list: &[Value], indent: usize, text: &mut String) {
    for item in list {
        if text.is_empty() || text.ends_with('\n') {
            blanks(indent, text);
        }
        text.push_str("- ");
        match item {
            Value::Object(object) if !object.is_empty() => members(item, indent + 2, text),
            Value::Array(list) if !list.is_empty() => items(list, indent + 2, text),
            item => {
                scalar(item, indent + 2, indent + 2, text);
                text.push('\n');
            }
        }
    }
}

/// A scalar or an empty collection that begins in `column`; its other lines are indented by `indent`.
fn scalar(value: &Value, indent: usize, column: usize, text: &mut String) {
    match value {
        Value::Array(_) => text.push_str("[]"),
        Value::Object(_) => text.push_str("{}"),
        Value::String(content) if content.contains('\n') && may_be_block(content) => {
            block(content, indent, text);
        }
        Value::String(content) => match style(content) {
            Style::Plain => fold(content, indent, column, text),
            Style::Single => {
                text.push('\'');
                fold(&content.replace('\'', "''"), indent, column + 1, text);
                text.push('\'');
            }
            Style::Double => text.push_str(&quote(content)),
        },
        other => text.push_str(&other.to_string()),
    }
}

fn plain_or_quoted(key: &str, text: &mut String) {
    match style(key) {
        Style::Plain => text.push_str(key),
        Style::Single => text.push_str(&format!("'{}'", key.replace('\'', "''"))),
        Style::Double => text.push_str(&quote(key)),
    }
}

/// Whether a text of several lines can be a literal block.
fn may_be_block(content: &str) -> bool {
    let is_special = |char: char| char.is_control() && char != '\n' && char != '\t';
    !content.chars().any(is_special) && !content.contains(" \n") && !content.ends_with(' ')
}

fn block(content: &str, indent: usize, text: &mut String) {
    text.push('|');
    if content.starts_with([' ', '\n']) {
        text.push('2');
    }
    if !content.ends_with('\n') {
        text.push('-');
    } else if content.ends_with("\n\n") || content == "\n" {
        text.push('+');
    }
    for line in content.strip_suffix('\n').unwrap_or(content).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            blanks(indent, text);
            text.push_str(line);
        }
    }
}

/// Writes a text, going to a new line at the first lone blank after the width.
fn fold(content: &str, indent: usize, column: usize, text: &mut String) {
    let mut column = column;
    let chars: Vec<char> = content.chars().collect();
    for (index, char) in chars.iter().enumerate() {
        let beside = |place: Option<&char>| place.is_none_or(|char| *char == ' ');
        let is_lone = *char == ' '
            && !beside(chars.get(index + 1))
            && !beside(index.checked_sub(1).and_then(|place| chars.get(place)));
        if is_lone && column > WIDTH {
            text.push('\n');
            blanks(indent, text);
            column = indent;
        } else {
            text.push(*char);
            column += 1;
        }
    }
}

#[derive(PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
}

fn style(content: &str) -> Style {
    if content.is_empty() || is_other(content) {
        return Style::Double;
    }
    if content.chars().any(char::is_control) {
        return Style::Double;
    }
    let first = content.chars().next().unwrap_or_default();
    let second = content.chars().nth(1);
    let starts = match first {
        '-' | '?' | ':' => second.is_none_or(|char| char == ' '),
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' | ' ' => true,
        _ => false,
    };
    let inside = content.contains(": ")
        || content.contains(" #")
        || content.ends_with(':')
        || content.ends_with(' ')
        || content.starts_with("---")
        || content.starts_with("...");
    if starts || inside { Style::Single } else { Style::Plain }
}

/// A plain text that YAML would read as something else than a text.
fn is_other(content: &str) -> bool {
    const WORDS: [&str; 14] = [
        "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", ".nan", ".inf",
        "-.inf",
    ];
    let lower = content.to_ascii_lowercase();
    let cased = [lower.clone(), lower.to_ascii_uppercase(), capital(&lower)];
    if WORDS.contains(&lower.as_str()) && cased.iter().any(|form| form == content) {
        return true;
    }
    let digits = content.strip_prefix(['-', '+']).unwrap_or(content);
    if !digits.starts_with(|char: char| char.is_ascii_digit() || char == '.') {
        return false;
    }
    let is_number = |char: char| char.is_ascii_digit() || matches!(char, '.' | '_');
    let based = |prefix: &str, radix: u32| {
        digits.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|char| char.is_digit(radix) || char == '_')
        })
    };
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let is_float = mantissa.chars().all(is_number)
        && mantissa.chars().any(|char| char.is_ascii_digit())
        && mantissa.matches('.').count() <= 1
        && !exponent.is_empty()
        && exponent.chars().all(|char| char.is_ascii_digit());
    is_float
        || based("0x", 16)
        || based("0o", 8)
        || based("0b", 2)
        || is_time(content)
        || is_base_60(digits)
}

fn capital(lower: &str) -> String {
    let mut chars = lower.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// `2016-03-21`, `2016-03-21T19:37:00Z`: a time in YAML 1.1.
fn is_time(content: &str) -> bool {
    let shape: String =
        content.chars().map(|char| if char.is_ascii_digit() { '9' } else { char }).collect();
    shape == "9999-99-99" || shape.starts_with("9999-99-99T99:99:99")
}

/// `12:30`: a number in YAML 1.1.
fn is_base_60(digits: &str) -> bool {
    let mut parts = digits.split(':');
    let head = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    rest.peek().is_some()
        && !head.is_empty()
        && head.chars().all(|char| char.is_ascii_digit())
        && rest.all(|part| {
            (1..=2).contains(&part.len()) && part.parse::<u8>().is_ok_and(|number| number < 60)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, expected: &str) {
        assert_eq!(print(&value), expected);
        let again = crate::json::from_yaml(expected).unwrap();
        if !expected.contains("yes") {
            assert_eq!(again, value, "{expected}");
        }
    }

    #[test]
    fn members_are_sorted_and_lists_are_not_indented() {
        let pod = json!({ "kind": "Pod", "apiVersion": "v1", "spec": { "containers": [
            { "name": "a", "image": "redis:3.2", "args": ["x", ["z"]], "env": [] }, { "name": "b" } ] },
            "metadata": {} });
        let expected = "\
apiVersion: v1
kind: Pod
metadata: {}
spec:
  containers:
  - args:
    - x
    - - z
    env: []
    image: redis:3.2
    name: a
  - name: b
";
        check(pod, expected);
    }

    #[test]
    fn texts_are_quoted_only_where_they_must_be() {
        check(
            json!({ "a": "yes", "b": "12", "c": "", "d": "x: y", "e": "*", "f": "a\nb\n", "g": "a\nb" }),
            "a: \"yes\"\nb: \"12\"\nc: \"\"\nd: 'x: y'\ne: '*'\nf: |\n  a\n  b\ng: |-\n  a\n  b\n",
        );
        check(
            json!({ "a": "amRvZQo=", "t": "2016-03-21T19:37:00Z", "v": "1.25", "u": null, "q": "it's", "h": "x#y" }),
            "a: amRvZQo=\nh: x#y\nq: it's\nt: \"2016-03-21T19:37:00Z\"\nu: null\nv: \"1.25\"\n",
        );
    }

    #[test]
    fn long_texts_are_folded() {
        let words = vec!["word"; 30].join(" ");
        let text = print(&json!({ "message": words }));
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().nth(1).unwrap().starts_with("  word"));
    }
}
