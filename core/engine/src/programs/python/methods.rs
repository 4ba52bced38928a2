//! Methods of strings, lists and dictionaries.

use std::cell::RefCell;

use super::value::{Raised, Value, raise, unknown};

type Result<T> = std::result::Result<T, Raised>;

pub(super) fn text_method(
    text: &str,
    name: &str,
    args: &[Value],
    named: &[(String, Value)],
) -> Result<Value> {
    let words: Vec<String> = args.iter().map(Value::show).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let list = |parts: Vec<&str>| Value::list(parts.into_iter().map(Value::text).collect());
    Ok(match (name, words.as_slice()) {
        ("format", _) => Value::text(format(text, args, named)?),
        ("strip", []) => Value::text(text.trim()),
        ("rstrip", []) => Value::text(text.trim_end()),
        ("lstrip", []) => Value::text(text.trim_start()),
        ("strip", [set]) => Value::text(text.trim_matches(|char| set.contains(char))),
        ("rstrip", [set]) => Value::text(text.trim_end_matches(|char| set.contains(char))),
        ("lstrip", [set]) => Value::text(text.trim_start_matches(|char| set.contains(char))),
        ("upper", []) => Value::text(text.to_uppercase()),
        ("lower", []) => Value::text(text.to_lowercase()),
        ("splitlines", []) => list(text.lines().collect()),
        ("split", []) => list(text.split_whitespace().collect()),
        ("split", [""]) => return raise("ValueError", "empty separator"),
        ("split", [separator]) => list(text.split(separator).collect()),
        ("split", [separator, count]) => {
            let count = count.parse::<usize>().unwrap_or(0);
            list(text.splitn(count + 1, separator).collect())
        }
        ("join", _) => {
            let items = super::builtin::items(args.first().unwrap_or(&Value::None))?;
            Value::text(items.iter().map(Value::show).collect::<Vec<_>>().join(text))
        }
        ("replace", [from, to]) => Value::text(text.replace(from, to)),
        ("startswith", [start]) => Value::Bool(text.starts_with(start)),
        ("endswith", [end]) => Value::Bool(text.ends_with(end)),
        ("find", [part]) => {
            let at = text.find(part).map(|at| text[..at].chars().count());
            Value::Int(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
        }
        ("count", [part]) if !part.is_empty() => {
            Value::Int(i64::try_from(text.matches(part).count()).unwrap_or(i64::MAX))
        }
        ("isdigit", []) => {
            Value::Bool(!text.is_empty() && text.chars().all(|char| char.is_ascii_digit()))
        }
        ("encode" | "decode", _) => Value::text(text),
        _ => return unknown(&format!("str.{name}")),
    })
}

/// `{}`, `{0}`, `{name}`, `{{` and `}}`.
fn format(text: &str, args: &[Value], named: &[(String, Value)]) -> Result<String> {
    let mut shown = String::new();
    let mut chars = text.chars().peekable();
    let mut next = 0;
    while let Some(char) = chars.next() {
        match char {
            '{' | '}' if chars.peek() == Some(&char) => {
                chars.next();
                shown.push(char);
            }
            '{' => {
                let field: String = chars.by_ref().take_while(|char| *char != '}').collect();
                let (field, spec) = field.split_once(':').unwrap_or((&field, ""));
                let (field, is_repr) =
                    field.split_once('!').map_or((field, false), |(it, _)| (it, true));
                let found = match field {
                    "" => {
                        next += 1;
                        args.get(next - 1)
                    }
                    name => match name.parse::<usize>() {
                        Ok(index) => args.get(index),
                        Err(_) if name.contains(['.', '[']) => {
                            return unknown("this field of str.format");
                        }
                        Err(_) => named.iter().find(|(own, _)| own == name).map(|(_, v)| v),
                    },
                };
                match found {
                    Some(value) if is_repr => shown.push_str(&value.repr(0)),
                    Some(value) => shown += &super::format::formatted(value, spec)?,
                    None => return raise("IndexError", "tuple index out of range"),
                }
            }
            char => shown.push(char),
        }
    }
    Ok(shown)
}

pub(super) fn list_method(
    items: &RefCell<Vec<Value>>,
    name: &str,
    args: &[Value],
) -> Result<Value> {
    match (name, args) {
        ("append", [value]) => items.borrow_mut().push(value.clone()),
        ("extend", [value]) => {
            let more = super::builtin::items(value)?;
            items.borrow_mut().extend(more);
        }
        ("pop", []) => {
            let last = items.borrow_mut().pop();
            return last.map_or_else(|| raise("IndexError", "pop from empty list"), Ok);
        }
        ("reverse", []) => items.borrow_mut().reverse(),
        ("sort", []) => super::builtin::sort(&mut items.borrow_mut()),
        ("insert", [Value::Int(at), value]) => {
            let mut items = items.borrow_mut();
            let at = usize::try_from(*at).unwrap_or(0).min(items.len());
            items.insert(at, value.clone());
        }
        ("count", [value]) => {
            let found = items.borrow().iter().filter(|item| item.equals(value)).count();
            return Ok(Value::Int(i64::try_from(found).unwrap_or(i64::MAX)));
        }
        _ => return unknown(&format!("list.{name}")),
    }
    Ok(Value::None)
}

pub(super) fn dict_method(
    pairs: &RefCell<Vec<(Value, Value)>>,
    name: &str,
    args: &[Value],
) -> Result<Value> {
    match (name, args) {
        ("update", [Value::Dict(other)]) => {
            let other = other.borrow().clone();
            let mut pairs = pairs.borrow_mut();
            for (key, value) in other {
                match pairs.iter_mut().find(|(own, _)| own.equals(&key)) {
                    Some((_, old)) => *old = value,
                    None => pairs.push((key, value)),
                }
            }
            return Ok(Value::None);
        }
        ("pop", [key, rest @ ..]) => {
            let at = pairs.borrow().iter().position(|(own, _)| own.equals(key));
            return match (at, rest.first()) {
                (Some(at), _) => Ok(pairs.borrow_mut().remove(at).1),
                (None, Some(default)) => Ok(default.clone()),
                (None, None) => raise("KeyError", key.repr(0)),
            };
        }
        _ => {}
    }
    let pairs = pairs.borrow();
    let find = |key: &Value| pairs.iter().find(|(own, _)| own.equals(key)).map(|(_, v)| v.clone());
    Ok(match (name, args) {
        ("get", [key]) => find(key).unwrap_or(Value::None),
        ("get", [key, other]) => find(key).unwrap_or_else(|| other.clone()),
        ("has_key", [key]) => Value::Bool(find(key).is_some()),
        ("keys", []) => Value::list(pairs.iter().map(|(key, _)| key.clone()).collect()),
        ("values", []) => Value::list(pairs.iter().map(|(_, value)| value.clone()).collect()),
        ("items", []) => Value::list(
            pairs.iter().map(|(k, v)| Value::Tuple([k.clone(), v.clone()].into())).collect(),
        ),
        _ => return unknown(&format!("dict.{name}")),
    })
}
