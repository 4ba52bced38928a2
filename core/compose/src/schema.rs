//! What a file may say, and the words for what it may not (docker/cli: `cli/compose/schema`).

use crate::table::{Prop, ROOT, Type};
use crate::tree::{Node, Place, Value};

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
    let is_text = matches!(node.value, Value::Text(_));
    let fits = match kind {
        Type::Any => true,
        Type::Text => is_text,
        Type::Duration => {
            if let Value::Text(text) = &node.value
                && crate::duration_nanos(text).is_none()
            {
                return Err((format!("{path} Does not match format 'duration'"), node.place));
            }
            is_text
        }
        // A text may stand for a number or a truth: variables leave nothing but texts behind.
        Type::Int => matches!(node.value, Value::Int(_)) || is_text && node.int().is_some(),
        Type::Number => match &node.value {
            Value::Int(_) | Value::Float(_) => true,
            Value::Text(text) => {
                let digits = text.trim_start_matches('-').replacen('.', "", 1);
                !digits.is_empty() && digits.chars().all(|char| char.is_ascii_digit())
            }
            _ => false,
        },
        Type::Bool => match &node.value {
            Value::Bool(_) => true,
            Value::Text(text) => matches!(text.as_str(), "true" | "false"),
            _ => false,
        },
        Type::TextOrNumber => is_text || matches!(node.value, Value::Int(_) | Value::Float(_)),
        Type::Nullable(kind) => {
            return if node.value == Value::Null { Ok(()) } else { value(node, kind, path, minor) };
        }
        Type::Texts | Type::Scalars => {
            let Value::List(items) = &node.value else { return Err(must_be(node, path, "list")) };
            for (index, item) in items.iter().enumerate() {
                let is_number = matches!(item.value, Value::Int(_) | Value::Float(_));
                let fits = matches!(item.value, Value::Text(_))
                    || is_number && matches!(kind, Type::Scalars);
                if !fits {
                    return Err(must_be(item, &format!("{path}.{index}"), "string"));
                }
                if items[..index].iter().any(|other| other.value == item.value) {
                    let text = format!("{path} array items[{},{index}] must be unique", {
                        let first = items.iter().position(|other| other.value == item.value);
                        first.unwrap_or_default()
                    });
                    return Err((text, item.place));
                }
            }
            true
        }
        Type::TextOrTexts => match &node.value {
            Value::Text(_) | Value::Null => true,
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if !matches!(item.value, Value::Text(_)) {
                        return Err(must_be(item, &format!("{path}.{index}"), "string"));
                    }
                }
                true
            }
            _ => false,
        },
        Type::Dict => match &node.value {
            Value::Map(entries) => {
                for (key, member) in entries {
                    let is_bool = matches!(member.value, Value::Bool(_));
                    if !is_scalar(member) || is_bool {
                        let expected = "string, number or null";
                        return Err(must_be(member, &join(path, key), expected));
                    }
                }
                true
            }
            Value::List(_) => return value(node, &Type::Texts, path, minor),
            _ => false,
        },
        Type::ScalarMap => {
            let entries = node.entries();
            if let Some((key, member)) = entries.iter().find(|(_, member)| !is_scalar(member)) {
                return Err(must_be(member, &join(path, key), "string"));
            }
            matches!(node.value, Value::Map(_))
        }
        Type::ListOf(kind) => {
            let Value::List(items) = &node.value else { return Err(must_be(node, path, "list")) };
            for (index, item) in items.iter().enumerate() {
                value(item, kind, &format!("{path}.{index}"), minor)?;
            }
            true
        }
        Type::MapOf(kind) => {
            if !matches!(node.value, Value::Map(_)) {
                return Err(must_be(node, path, "mapping"));
            }
            for (key, member) in node.entries() {
                if key.starts_with("x-") && minor >= 4 && path.is_empty() {
                    continue;
                }
                let allowed = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
                if key.is_empty() || !key.chars().all(allowed) {
                    let text = format!("{path} Additional property {key} is not allowed");
                    return Err((text, member.place));
                }
                value(member, kind, &join(path, key), minor)?;
            }
            true
        }
        Type::Object(props) => return object(node, props, path, minor),
        Type::Either(kinds) => {
            // The form that has the node's shape tells what is wrong inside it.
            let shape = |kind: &&Type| match kind {
                Type::Object(_) | Type::MapOf(_) => matches!(node.value, Value::Map(_)),
                Type::Texts | Type::ListOf(_) => matches!(node.value, Value::List(_)),
                Type::Nullable(_) => node.value == Value::Null,
                kind => value(node, kind, path, minor).is_ok(),
            };
            return match kinds.iter().find(shape) {
                Some(kind) => value(node, kind, path, minor),
                None => Err(must_be(node, path, word(kind))),
            };
        }
    };
    if fits { Ok(()) } else { Err(must_be(node, path, word(kind))) }
}
