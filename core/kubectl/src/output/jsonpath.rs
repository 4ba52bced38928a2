//! JSONPath templates: `{.items[*].metadata.name}`, ranges, filters, slices, unions (client-go: `util/jsonpath`).

use serde_json::Value;

use crate::cli::Failure;

/// What a template is made of.
#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// Values to print, separated by blanks.
    Path(Vec<Step>),
    Range(Vec<Step>, Vec<Part>),
}

/// A step of a path.
#[derive(Clone, Debug)]
enum Step {
    Field(String),
    /// All members or items.
    Wildcard,
    /// Itself and everything below.
    Recursive,
    /// Items from, to (excluded), every so many.
    Slice(Option<i64>, Option<i64>, i64),
    /// One item.
    Index(i64),
    Union(Vec<Vec<Step>>),
    Filter(Vec<Step>, String, Vec<Step>),
    /// A constant inside a filter.
    Constant(Value),
    /// The whole object: `$`.
    Root,
}

/// A simple path for columns and sorting, with or without braces and a leading point, as a template.
///
/// # Errors
/// A text that is no path.
pub(crate) fn relaxed(path: &str) -> Result<String, String> {
    let inner = path.trim().trim_start_matches('{').trim_end_matches('}');
    if inner.contains(['{', '}']) {
        return Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or \
             '{.name1.name2}'"
            .to_owned());
    }
    let inner = inner.trim_start_matches('.');
    Ok(format!("{{.{inner}}}"))
}

/// The template's text for an object.
///
/// # Errors
/// In kubectl's words.
pub(crate) fn print(template: &str, object: &Value) -> Result<String, Failure> {
    let parts = parse(template)?;
    let mut text = String::new();
    write(&parts, object, object, &mut text).map_err(|why| failed(template, &why))?;
    Ok(text)
}

/// All that the paths of a template find.
///
/// # Errors
/// As [`print`].
pub(crate) fn results<'a>(template: &str, object: &'a Value) -> Result<Vec<&'a Value>, Failure> {
    let parts = parse(template)?;
    let mut found = Vec::new();
    for part in &parts {
        if let Part::Path(steps) = part {
            found.extend(walk(steps, vec![object], object).map_err(|why| failed(template, &why))?);
        }
    }
    Ok(found)
}

/// The results as a list.
///
/// # Errors
/// As [`print`].
pub(crate) fn list(template: &str, object: &Value) -> Result<Value, Failure> {
    Ok(results(template, object)?.into_iter().cloned().collect())
}

fn failed(template: &str, why: &str) -> Failure {
    Failure::text(format!(
        "error executing jsonpath \"{template}\": Error executing template: {why}"
    ))
}

/// A value as it is printed.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => super::json::compact(value),
        other => other.to_string(),
    }
}

fn write(parts: &[Part], here: &Value, root: &Value, text: &mut String) -> Result<(), String> {
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Path(steps) => {
                let found = walk(steps, vec![here], root)?;
                let shown: Vec<String> = found.into_iter().map(shown).collect();
                text.push_str(&shown.join(" "));
            }
            Part::Range(steps, inner) => {
                for item in walk(steps, vec![here], root)? {
                    write(inner, item, root, text)?;
                }
            }
        }
    }
    Ok(())
}

fn walk<'a>(
    steps: &[Step],
    from: Vec<&'a Value>,
    root: &'a Value,
) -> Result<Vec<&'a Value>, String> {
    let mut here = from;
    for step in steps {
        let mut next = Vec::new();
        for value in here {
            take(step, value, root, &mut next)?;
        }
        here = next;
    }
    Ok(here)
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => {
            super::json::sorted(members).into_iter().map(|(_, member)| member).collect()
        }
        _ => Vec::new(),
    }
}

fn take<'a>(
    step: &Step,
    value: &'a Value,
    root: &'a Value,
    found: &mut Vec<&'a Value>,
) -> Result<(), String> {
    match step {
        // A list has no fields; its items have, after a wildcard.
        Step::Field(name) => found.extend(value.as_object().and_then(|members| members.get(name))),
        Step::Wildcard => found.extend(children(value)),
        Step::Recursive => {
            found.push(value);
            for child in children(value) {
                take(step, child, root, found)?;
            }
        }
        Step::Root => found.push(root),
        Step::Constant(_) => {}
        Step::Index(place) => {
            let Value::Array(items) = value else { return Ok(()) };
            let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let index = if *place < 0 { place + count } else { *place };
            match usize::try_from(index).ok().and_then(|index| items.get(index)) {
                Some(item) => found.push(item),
                None => {
                    return Err(format!(
                        "array index out of bounds: index {place}, length {count}"
                    ));
                }
            }
        }
        Step::Slice(from, to, every) => {
            let Value::Array(items) = value else { return Ok(()) };
            let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let place = |given: Option<i64>, default: i64| {
                let given = given.unwrap_or(default);
                (if given < 0 { given + count } else { given }).clamp(0, count)
            };
            let (mut index, end) = (place(*from, 0), place(*to, count));
            while index < end {
                found.extend(usize::try_from(index).ok().and_then(|index| items.get(index)));
                index += every;
            }
        }
        Step::Union(paths) => {
            for path in paths {
                found.extend(walk(path, vec![value], root)?);
            }
        }
        Step::Filter(left, operator, right) => {
            for item in children(value) {
                if holds(left, operator, right, item, root)? {
                    found.push(item);
                }
            }
        }
    }
    Ok(())
}

fn side(steps: &[Step], item: &Value, root: &Value) -> Result<Option<Value>, String> {
    if let [Step::Constant(value)] = steps {
        return Ok(Some(value.clone()));
    }
    Ok(walk(steps, vec![item], root)?.first().map(|value| (*value).clone()))
}

fn holds(
    left: &[Step],
    operator: &str,
    right: &[Step],
    item: &Value,
    root: &Value,
) -> Result<bool, String> {
    let left = side(left, item, root)?;
    if operator == "exists" {
        return Ok(left.is_some());
    }
    let right = side(right, item, root)?;
    let (Some(left), Some(right)) = (left, right) else { return Ok(false) };
    let order = match (&left, &right) {
        (Value::Number(a), Value::Number(b)) => a.as_i64().zip(b.as_i64()).map(|(a, b)| a.cmp(&b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    };
    let Some(order) = order else { return Err("unrecognized operand types".to_owned()) };
    Ok(match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        ">" => order.is_gt(),
        "<=" => order.is_le(),
        _ => order.is_ge(),
    })
}

/// Reads a template.
fn parse(template: &str) -> Result<Vec<Part>, Failure> {
    let wrong = |why: String| Failure::text(format!("error parsing jsonpath {template}, {why}"));
    let mut open: Vec<(Vec<Step>, Vec<Part>)> = vec![(Vec::new(), Vec::new())];
    let mut rest = template;
    while !rest.is_empty() {
        let Some((text, after)) = rest.split_once('{') else {
            push(&mut open, Part::Text(rest.to_owned()));
            break;
        };
        if !text.is_empty() {
            push(&mut open, Part::Text(text.to_owned()));
        }
        let end = closing(after).ok_or_else(|| wrong("unclosed action".to_owned()))?;
        let inner = after[..end].trim();
        rest = &after[end + 1..];
        if inner == "end" {
            let closed = open.pop().filter(|_| !open.is_empty());
            let (steps, parts) =
                closed.ok_or_else(|| wrong("not in range, nothing to end".to_owned()))?;
            push(&mut open, Part::Range(steps, parts));
        } else if let Some(path) =
            inner.strip_prefix("range").filter(|rest| !rest.starts_with(char::is_alphanumeric))
        {
            let steps = path_of(path.trim()).map_err(wrong)?;
            open.push((steps, Vec::new()));
        } else if let Some(quoted) = inner.strip_prefix('"').and_then(|text| text.strip_suffix('"'))
        {
            push(&mut open, Part::Text(unescaped(quoted)));
        } else if let Some(quoted) =
            inner.strip_prefix('\'').and_then(|text| text.strip_suffix('\''))
        {
            push(&mut open, Part::Text(unescaped(quoted)));
        } else {
            push(&mut open, Part::Path(path_of(inner).map_err(wrong)?));
        }
    }
    let (_, parts) = open.pop().unwrap_or_default();
    if open.is_empty() { Ok(parts) } else { Err(wrong("unterminated range".to_owned())) }
}

fn push(open: &mut [(Vec<Step>, Vec<Part>)], part: Part) {
    if let Some((_, parts)) = open.last_mut() {
        parts.push(part);
    }
}

/// Where a `}` outside of quotes is.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    for (index, char) in text.char_indices() {
        match (quote, char) {
            _ if is_escaped => is_escaped = false,
            (_, '\\') => is_escaped = true,
            (Some(open), char) if open == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, '}') => return Some(index),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some('r') => plain.push('\r'),
                Some(other) => plain.push(other),
                None => {}
            },
            char => plain.push(char),
        }
    }
    plain
}

/// Reads `.a.b[0]['c\.d'][?(@.x=="y")]..e`.
fn path_of(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text.trim();
    if let Some(after) = rest.strip_prefix('$') {
        steps.push(Step::Root);
        rest = after;
    }
    rest = rest.strip_prefix('@').unwrap_or(rest);
    while let Some(first) = rest.chars().next() {
        match first {
            '.' if rest.starts_with("..") => {
                steps.push(Step::Recursive);
                rest = &rest[1..];
                if rest.starts_with(".[") {
                    rest = &rest[1..];
                }
            }
            '.' => {
                let (name, after) = field(&rest[1..]);
                match name.as_str() {
                    "" => {}
                    "*" => steps.push(Step::Wildcard),
                    _ => steps.push(Step::Field(name)),
                }
                rest = after;
            }
            '[' => {
                let end = bracket(rest).ok_or_else(|| "unterminated array".to_owned())?;
                steps.push(inside(rest[1..end].trim())?);
                rest = &rest[end + 1..];
            }
            char if steps.is_empty() && (char.is_alphanumeric() || char == '_') => {
                return Err(format!("unrecognized identifier {text}"));
            }
            char => {
                return Err(format!(
                    "unrecognized character in action: U+{:04X} '{char}'",
                    u32::from(char)
                ));
            }
        }
    }
    Ok(steps)
}

/// A name up to the next step; a backslash takes a point or bracket into it.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((index, char)) = chars.next() {
        match char {
            '\\' => name.extend(chars.next().map(|(_, escaped)| escaped)),
            '.' | '[' | ' ' | '=' | '!' | '<' | '>' | ')' => return (name, &text[index..]),
            char => name.push(char),
        }
    }
    (name, "")
}

/// Where the bracket that opens a text is closed.
fn bracket(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_u32, None);
    for (index, char) in text.char_indices() {
        match (quote, char) {
            (Some(open), char) if open == char => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, '[') => depth += 1,
            (None, ']') if depth == 1 => return Some(index),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What is in brackets.
fn inside(text: &str) -> Result<Step, String> {
    if text == "*" {
        return Ok(Step::Wildcard);
    }
    if let Some(condition) = text.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        return filter(condition.trim());
    }
    let parts: Vec<&str> = outside_quotes(text, ',');
    if parts.len() > 1 {
        let paths = parts.into_iter().map(|part| inside(part.trim()).map(|step| vec![step]));
        return Ok(Step::Union(paths.collect::<Result<_, _>>()?));
    }
    if let Some(quoted) = text.strip_prefix(['\'', '"']) {
        let name = quoted.strip_suffix(['\'', '"']).ok_or("unterminated quoted string")?;
        return Ok(Step::Field(unescaped(name)));
    }
    let number = |part: &str| -> Result<Option<i64>, String> {
        if part.is_empty() {
            return Ok(None);
        }
        part.parse().map(Some).map_err(|_| format!("invalid array index {text}"))
    };
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    match parts[..] {
        // No number means the first, as in Go.
        [place] => Ok(Step::Index(number(place)?.unwrap_or(0))),
        [from, to] => Ok(Step::Slice(number(from)?, number(to)?, 1)),
        [from, to, every] => {
            let every = number(every)?.unwrap_or(1);
            if every <= 0 {
                return Err("step must be > 0".to_owned());
            }
            Ok(Step::Slice(number(from)?, number(to)?, every))
        }
        _ => Err(format!("invalid array index {text}")),
    }
}

fn outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quote) = (Vec::new(), 0, None);
    for (index, char) in text.char_indices() {
        match (quote, char) {
            (Some(open), char) if open == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, char) if char == separator => {
                parts.push(&text[start..index]);
                start = index + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A condition: `@.type=="Ready"`, `@.x`.
fn filter(condition: &str) -> Result<Step, String> {
    for operator in ["==", "!=", "<=", ">=", "<", ">"] {
        let Some(place) = condition.find(operator) else { continue };
        let left = operand(condition[..place].trim())?;
        let right = operand(condition[place + operator.len()..].trim())?;
        return Ok(Step::Filter(left, operator.to_owned(), right));
    }
    Ok(Step::Filter(operand(condition)?, "exists".to_owned(), Vec::new()))
}

fn operand(text: &str) -> Result<Vec<Step>, String> {
    if text.starts_with(['@', '$', '.']) {
        return path_of(text);
    }
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return Ok(vec![Step::Constant(unescaped(inner).into())]);
        }
    }
    let value =
        serde_json::from_str(text).map_err(|_| format!("unrecognized identifier {text}"))?;
    Ok(vec![Step::Constant(value)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let object = json!({ "kind": "List", "items": [
            { "name": "a", "n": 1, "labels": { "app.io/x": "1", "b": "2" }, "c": [{ "t": "Ready", "s": true }] },
            { "name": "b", "n": 20, "c": [] } ] });
        let found = match print(template, &object) {
            Ok(text) => text,
            Err(failure) => failure.shown(""),
        };
        assert_eq!(found, expected, "{template}");
    }

    #[test]
    fn paths_find_what_they_name() {
        check("{.kind}", "List");
        check("{.items[*].name}", "a b");
        check("{.items[-1].name}{.items[0:1].name}", "ba");
        check("{.items[0].labels.app\\.io/x}", "1");
        check("{.items[0].labels['app\\.io/x','b']}", "1 2");
        check("{range .items[*]}{.name}{\"\\t\"}{.n}{\"\\n\"}{end}", "a\t1\nb\t20\n");
        check("{.items[?(@.name==\"b\")].n}", "20");
        check("{.items[?(@.n>5)].name}", "b");
        check("{.items[?(@.labels)].name}", "a");
        check("{..t}", "Ready");
        check("{.items[0].c}", "[{\"s\":true,\"t\":\"Ready\"}]");
        check("{.nothing.there}", "");
        check("plain .text", "plain .text");
        check("{$.kind}{@.kind}", "ListList");
    }

    #[test]
    fn what_is_wrong_is_told() {
        check("{.a", "error: error parsing jsonpath {.a, unclosed action\n");
        check(
            "{.items[9]}",
            "error: error executing jsonpath \"{.items[9]}\": Error executing template: array index out of bounds: index 9, length 2\n",
        );
        check("{end}", "error: error parsing jsonpath {end}, not in range, nothing to end\n");
        check(
            "{range .items}",
            "error: error parsing jsonpath {range .items}, unterminated range\n",
        );
    }
}
