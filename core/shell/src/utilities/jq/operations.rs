//! What `jq` does with values: looking into them, changing them, operators, formats.

use crate::utilities::regex::Regex;
use json::{Json, Reader};

/// Values, or an error's message.
type Values = Result<Vec<Json>, String>;

/// One step of a path into a value.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Name(String),
    Index(i64),
}

/// How large a list may grow.
pub(super) const VALUE_COUNT_MAX: usize = 1_000_000;

fn number(value: usize) -> Json {
    Json::Number(value.into())
}

fn shown(value: &Json) -> String {
    let text = value.compact();
    // As jq cuts what it complains about.
    if text.len() > 11 { format!("{}...", text.chars().take(10).collect::<String>()) } else { text }
}

pub(super) fn not(value: &Json, what: &str) -> String {
    format!("{} ({}) {what}", value.kind(), shown(value))
}

/// The members of a list or an object.
pub(super) fn each(value: &Json) -> Values {
    match value {
        Json::Array(items) => Ok(items.clone()),
        Json::Object(members) => Ok(members.iter().map(|(_, value)| value.clone()).collect()),
        Json::Null => Err("Cannot iterate over null (null)".to_owned()),
        other => Err(format!("Cannot iterate over {} ({})", other.kind(), shown(other))),
    }
}

pub(super) fn field(value: &Json, index: &Json) -> Result<Json, String> {
    match (value, index) {
        (Json::Null, Json::Text(_) | Json::Number(_)) => Ok(Json::Null),
        (Json::Object(_), Json::Text(name)) => Ok(value.get(name).cloned().unwrap_or(Json::Null)),
        (Json::Array(items), Json::Number(number)) => {
            let at = place(items.len(), number.floor().whole());
            Ok(at.and_then(|at| items.get(at)).cloned().unwrap_or(Json::Null))
        }
        (value, Json::Text(name)) => {
            Err(format!("Cannot index {} with string \"{name}\"", value.kind()))
        }
        (value, index) => Err(format!("Cannot index {} with {}", value.kind(), index.kind())),
    }
}

/// A place from the front, for one that may count from the back.
fn place(count: usize, index: i64) -> Option<usize> {
    let size = i64::try_from(count).unwrap_or(i64::MAX);
    usize::try_from(if index < 0 { size + index } else { index }).ok()
}

pub(super) fn slice(value: &Json, from: Option<&Json>, to: Option<&Json>) -> Result<Json, String> {
    let bound = |end: Option<&Json>, count: usize, default: usize| match end {
        Some(Json::Number(number)) => place(count, number.whole()).unwrap_or(0).min(count),
        _ => default,
    };
    match value {
        Json::Null => Ok(Json::Null),
        Json::Array(items) => {
            let (from, to) = (bound(from, items.len(), 0), bound(to, items.len(), items.len()));
            Ok(Json::Array(items.get(from..to.max(from)).unwrap_or_default().to_vec()))
        }
        Json::Text(text) => {
            let chars: Vec<char> = text.chars().collect();
            let (from, to) = (bound(from, chars.len(), 0), bound(to, chars.len(), chars.len()));
            Ok(Json::Text(chars.get(from..to.max(from)).unwrap_or_default().iter().collect()))
        }
        other => Err(format!("Cannot index {} with object", other.kind())),
    }
}

pub(super) fn at(value: &Json, path: &[Step]) -> Result<Json, String> {
    path.iter().try_fold(value.clone(), |value, step| match step {
        Step::Name(name) => field(&value, &Json::Text(name.clone())),
        Step::Index(index) => field(&value, &Json::Number((*index).into())),
    })
}

pub(super) fn replaced(value: &Json, path: &[Step], new: Json) -> Result<Json, String> {
    let Some((step, rest)) = path.split_first() else { return Ok(new) };
    let inner = replaced(&at(value, std::slice::from_ref(step))?, rest, new)?;
    match (value, step) {
        (Json::Null, Step::Name(name)) => Ok(Json::Object(vec![(name.clone(), inner)])),
        (Json::Object(members), Step::Name(name)) => {
            let mut members = members.clone();
            Json::insert(&mut members, name.clone(), inner);
            Ok(Json::Object(members))
        }
        (Json::Null | Json::Array(_), Step::Index(index)) => {
            let mut items = if let Json::Array(items) = value { items.clone() } else { Vec::new() };
            let at = place(items.len(), *index).ok_or("Out of bounds negative array index")?;
            if at > VALUE_COUNT_MAX {
                return Err("Array index too large".to_owned());
            }
            if items.len() <= at {
                items.resize(at + 1, Json::Null);
            }
            items[at] = inner;
            Ok(Json::Array(items))
        }
        (value, _) => Err(format!("Cannot index {}", value.kind())),
    }
}

pub(super) fn without(value: &Json, path: &[Step]) -> Result<Json, String> {
    let Some((last, rest)) = path.split_last() else { return Ok(Json::Null) };
    let inner = match (at(value, rest)?, last) {
        (Json::Object(mut members), Step::Name(name)) => {
            members.retain(|(own, _)| own != name);
            Json::Object(members)
        }
        (Json::Array(mut items), Step::Index(index)) => {
            if let Some(at) = place(items.len(), *index).filter(|at| *at < items.len()) {
                items.remove(at);
            }
            Json::Array(items)
        }
        (Json::Null, _) => return Ok(value.clone()),
        (other, _) => return Err(format!("Cannot delete field at index of {}", other.kind())),
    };
    replaced(value, rest, inner)
}

/// A text as it is, anything else as JSON.
pub(super) fn raw(value: &Json) -> String {
    if let Json::Text(text) = value { text.clone() } else { value.compact() }
}

pub(super) fn formatted(name: &str, value: &Json) -> Result<String, String> {
    let cells = || -> Result<Vec<Json>, String> {
        match value {
            Json::Array(items) => Ok(items.clone()),
            other => Err(not(other, "cannot be formatted, only an array can be")),
        }
    };
    Ok(match name {
        "text" => raw(value),
        "json" => value.compact(),
        "base64" => crate::utilities::binary::encode(raw(value).as_bytes()),
        "base64d" => {
            let (bytes, _) = crate::utilities::binary::decode(raw(value).as_bytes(), true);
            String::from_utf8_lossy(&bytes).into_owned()
        }
        "tsv" => cells()?.iter().map(raw).collect::<Vec<_>>().join("\t"),
        "csv" => {
            let cell = |value: &Json| match value {
                Json::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
                other => other.compact(),
            };
            cells()?.iter().map(cell).collect::<Vec<_>>().join(",")
        }
        "sh" => {
            let word = |value: &Json| match value {
                Json::Text(text) => format!("'{}'", text.replace('\'', "'\\''")),
                other => other.compact(),
            };
            match value {
                Json::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(" "),
                other => word(other),
            }
        }
        other => return Err(format!("{other} is not a valid format")),
    })
}

/// Two values and an operator.
pub(super) fn operate(sign: &str, a: &Json, b: &Json) -> Result<Json, String> {
    let order = a.compare(b);
    let fails = |what: &str| {
        let (a_kind, b_kind) = (a.kind(), b.kind());
        Err(format!("{a_kind} ({}) and {b_kind} ({}) cannot be {what}", shown(a), shown(b)))
    };
    Ok(match sign {
        "==" => Json::Bool(order.is_eq()),
        "!=" => Json::Bool(order.is_ne()),
        "<" => Json::Bool(order.is_lt()),
        "<=" => Json::Bool(order.is_le()),
        ">" => Json::Bool(order.is_gt()),
        ">=" => Json::Bool(order.is_ge()),
        "+" => match (a, b) {
            (Json::Null, other) | (other, Json::Null) => other.clone(),
            (Json::Number(a), Json::Number(b)) => Json::Number(a.add(*b)),
            (Json::Text(a), Json::Text(b)) => Json::Text(format!("{a}{b}")),
            (Json::Array(a), Json::Array(b)) => Json::Array([a.clone(), b.clone()].concat()),
            (Json::Object(a), Json::Object(b)) => {
                let mut members = a.clone();
                for (name, value) in b {
                    Json::insert(&mut members, name.clone(), value.clone());
                }
                Json::Object(members)
            }
            _ => return fails("added"),
        },
        "-" => match (a, b) {
            (Json::Number(a), Json::Number(b)) => Json::Number(a.sub(*b)),
            (Json::Array(a), Json::Array(b)) => {
                Json::Array(a.iter().filter(|item| !b.contains(item)).cloned().collect())
            }
            _ => return fails("subtracted"),
        },
        "*" => match (a, b) {
            (Json::Number(a), Json::Number(b)) => Json::Number(a.mul(*b)),
            _ => return fails("multiplied"),
        },
        _ => match (a, b) {
            (Json::Number(a), Json::Number(b)) => {
                let quotient = if sign == "/" { a.div(*b) } else { a.rem(*b) };
                match quotient {
                    Some(quotient) => Json::Number(quotient),
                    None => return fails("divided because the divisor is zero"),
                }
            }
            (Json::Text(a), Json::Text(b)) if sign == "/" => {
                Json::Array(a.split(b.as_str()).map(|part| Json::Text(part.to_owned())).collect())
            }
            _ => return fails("divided"),
        },
    })
}

/// `test`, `sub`, `gsub`.
pub(super) fn with_regex(name: &str, text: &str, pattern: &str, new: &str) -> Result<Json, String> {
    let ignore = name == "test" && new.contains('i');
    let regex = Regex::new(pattern, true, ignore)?;
    let chars: Vec<char> = text.chars().collect();
    if name == "test" {
        return Ok(Json::Bool(regex.is_match(&chars)));
    }
    let (mut result, mut from) = (String::new(), 0);
    while let Some((start, end)) = regex.find(&chars, from).and_then(|groups| groups[0]) {
        result.extend(&chars[from..start]);
        result.push_str(new);
        from = end;
        if start == end {
            result.extend(chars.get(end));
            from = end + 1;
        }
        if name == "sub" || from > chars.len() {
            break;
        }
    }
    result.extend(chars.get(from..).unwrap_or_default());
    Ok(Json::Text(result))
}

/// JSON in a text.
pub(super) fn from_json(text: &str) -> Result<Json, String> {
    let wrong = |error: &str| format!("{error} (while parsing '{text}')");
    let read = Reader::new(text).read().map_err(|error| wrong(&error.to_string()))?;
    read.ok_or_else(|| wrong("Unfinished JSON term"))
}

/// The number of things in a value.
pub(super) fn length(value: &Json) -> Result<Json, String> {
    Ok(match value {
        Json::Null => number(0),
        Json::Bool(_) => return Err(not(value, "has no length")),
        Json::Number(own) => Json::Number((*own).max(own.neg())),
        Json::Text(text) => number(text.chars().count()),
        Json::Array(items) => number(items.len()),
        Json::Object(members) => number(members.len()),
    })
}
