//! What a file may say, and the words for what it may not (docker/cli: `cli/compose/schema`).

use crate::table::{Prop, ROOT, Type};
use yaml::{Node, Place, Value};

/// What is wrong, and where.
pub(crate) type Wrong = (String, Place);

/// Checks a whole file of version `3.minor`.
///
/// # Errors
/// `services.web.deploy.replicas must be a integer`; `services.web Additional property x is not allowed`.
pub(crate) fn check(root: &Node, minor: u8) -> Result<(), Wrong> {
    object(root, ROOT, "", minor)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn must_be(node: &Node, path: &str, what: &str) -> Wrong {
    let path = if path.is_empty() { "(root)" } else { path };
    (format!("{path} must be a {what}"), node.place)
}

fn object(node: &Node, props: &[Prop], path: &str, minor: u8) -> Result<(), Wrong> {
    if !matches!(node.value, Value::Map(_)) {
        return Err(must_be(node, path, "mapping"));
    }
    for (key, member) in node.entries() {
        let known = props.iter().find(|prop| prop.name == key && prop.since <= minor);
        match known {
            Some(prop) => value(member, &prop.kind, &join(path, key), minor)?,
            None if key.starts_with("x-") && minor >= 4 => {}
            None => {
                let path = if path.is_empty() { "(root)" } else { path };
                let text = format!("{path} Additional property {key} is not allowed");
                return Err((text, member.place));
            }
        }
    }
    Ok(())
}

/// The first word of what is expected, as the schema's type has it.
const fn word(kind: &Type) -> &'static str {
    match kind {
        Type::Text | Type::TextOrTexts => "string",
        Type::Int => "integer",
        Type::Number => "number",
        Type::Bool => "boolean",
        Type::TextOrNumber => "string or number",
        Type::Texts | Type::Scalars | Type::ListOf(_) => "list",
        Type::Dict | Type::Object(_) | Type::MapOf(_) | Type::ScalarMap => "mapping",
        Type::Either(all) => word(&all[0]),
        Type::Nullable(kind) => word(kind),
        Type::Duration => "string",
        Type::Any => "value",
    }
}

const fn is_scalar(node: &Node) -> bool {
    !matches!(node.value, Value::List(_) | Value::Map(_))
}

fn value(node: &Node, kind: &Type, path: &str, minor: u8) -> Result<(), Wrong> {
    match kind {
        Type::Nullable(_) if node.value == Value::Null => Ok(()),
        Type::Nullable(kind) => value(node, kind, path, minor),
        Type::Object(props) => object(node, props, path, minor),
        Type::Texts | Type::Scalars => different(node, kind, path),
        Type::TextOrTexts => texts(node, kind, path),
        Type::Dict if matches!(node.value, Value::List(_)) => different(node, &Type::Texts, path),
        Type::Dict | Type::ScalarMap => scalars(node, kind, path),
        Type::ListOf(inner) => {
            let Value::List(items) = &node.value else { return Err(must_be(node, path, "list")) };
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| value(item, inner, &format!("{path}.{index}"), minor))
        }
        Type::MapOf(inner) => members(node, inner, path, minor),
        Type::Either(kinds) => {
            // The form that has the node's shape tells what is wrong inside it.
            let shape = |kind: &&Type| match kind {
                Type::Object(_) | Type::MapOf(_) => matches!(node.value, Value::Map(_)),
                Type::Texts | Type::ListOf(_) => matches!(node.value, Value::List(_)),
                Type::Nullable(_) => node.value == Value::Null,
                kind => value(node, kind, path, minor).is_ok(),
            };
            match kinds.iter().find(shape) {
                Some(kind) => value(node, kind, path, minor),
                None => Err(must_be(node, path, word(kind))),
            }
        }
        kind => single(node, kind, path),
    }
}

/// One scalar.
fn single(node: &Node, kind: &Type, path: &str) -> Result<(), Wrong> {
    let is_text = matches!(node.value, Value::Text(_));
    let fits = match (kind, &node.value) {
        (Type::Any, _) => true,
        (Type::Duration, Value::Text(text)) if crate::duration_nanos(text).is_none() => {
            return Err((format!("{path} Does not match format 'duration'"), node.place));
        }
        // A text may stand for a number or a truth: variables leave nothing but texts behind.
        (Type::Int, Value::Int(_)) | (Type::Bool, Value::Bool(_)) => true,
        (Type::Int, _) => is_text && node.int().is_some(),
        (Type::Number | Type::TextOrNumber, Value::Int(_) | Value::Float(_)) => true,
        (Type::Number, Value::Text(text)) => {
            let digits = text.trim_start_matches('-').replacen('.', "", 1);
            !digits.is_empty() && digits.chars().all(|char| char.is_ascii_digit())
        }
        (Type::Bool, Value::Text(text)) => matches!(text.as_str(), "true" | "false"),
        (Type::Text | Type::Duration | Type::TextOrNumber, _) => is_text,
        _ => false,
    };
    if fits { Ok(()) } else { Err(must_be(node, path, word(kind))) }
}

/// A list of different texts, or of texts and numbers.
fn different(node: &Node, kind: &Type, path: &str) -> Result<(), Wrong> {
    let Value::List(items) = &node.value else { return Err(must_be(node, path, "list")) };
    for (index, item) in items.iter().enumerate() {
        let is_number = matches!(item.value, Value::Int(_) | Value::Float(_));
        let fits =
            matches!(item.value, Value::Text(_)) || is_number && matches!(kind, Type::Scalars);
        if !fits {
            return Err(must_be(item, &format!("{path}.{index}"), "string"));
        }
        if let Some(first) = items[..index].iter().position(|other| other.value == item.value) {
            let text = format!("{path} array items[{first},{index}] must be unique");
            return Err((text, item.place));
        }
    }
    Ok(())
}

/// A text, or a list of texts.
fn texts(node: &Node, kind: &Type, path: &str) -> Result<(), Wrong> {
    match &node.value {
        Value::Text(_) | Value::Null => Ok(()),
        Value::List(items) => {
            let wrong =
                items.iter().enumerate().find(|(_, it)| !matches!(it.value, Value::Text(_)));
            match wrong {
                Some((index, item)) => Err(must_be(item, &format!("{path}.{index}"), "string")),
                None => Ok(()),
            }
        }
        _ => Err(must_be(node, path, word(kind))),
    }
}

/// A map of scalars; in environments and labels a truth is none.
fn scalars(node: &Node, kind: &Type, path: &str) -> Result<(), Wrong> {
    if !matches!(node.value, Value::Map(_)) {
        return Err(must_be(node, path, word(kind)));
    }
    let is_dict = matches!(kind, Type::Dict);
    for (key, member) in node.entries() {
        if !is_scalar(member) || is_dict && matches!(member.value, Value::Bool(_)) {
            let expected = if is_dict { "string, number or null" } else { "string" };
            return Err(must_be(member, &join(path, key), expected));
        }
    }
    Ok(())
}

/// A map with names of one's own.
fn members(node: &Node, kind: &Type, path: &str, minor: u8) -> Result<(), Wrong> {
    if !matches!(node.value, Value::Map(_)) {
        return Err(must_be(node, path, "mapping"));
    }
    for (key, member) in node.entries() {
        let allowed = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
        if key.is_empty() || !key.chars().all(allowed) {
            return Err((format!("{path} Additional property {key} is not allowed"), member.place));
        }
        value(member, kind, &join(path, key), minor)?;
    }
    Ok(())
}
