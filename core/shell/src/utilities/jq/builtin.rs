//! `jq`'s functions of values.

use super::eval::UNDEFINED;
use super::operations::{each, from_json, length, operate, raw, with_regex};
use json::Decimal;
use json::Json;

type Result<T> = std::result::Result<T, String>;

fn text(value: &str) -> Json {
    Json::Text(value.to_owned())
}

fn texts<'a>(name: &str, a: &'a Json, b: &'a Json) -> Result<(&'a str, &'a str)> {
    match (a, b) {
        (Json::Text(a), Json::Text(b)) => Ok((a, b)),
        _ => Err(format!("{name}() requires string inputs")),
    }
}

fn array<'a>(value: &'a Json, what: &str) -> Result<&'a [Json]> {
    match value {
        Json::Array(items) => Ok(items),
        other => Err(format!(
            "{} ({}) cannot be {what}, as it is not an array",
            other.kind(),
            other.compact()
        )),
    }
}

/// A function of its input and the values of its arguments.
pub(super) fn call(name: &str, input: &Json, args: &[Json]) -> Result<Json> {
    match (name, args) {
        ("length", []) => length(input),
        ("utf8bytelength", []) => Ok(Json::Number(raw(input).len().into())),
        ("type", []) => Ok(text(input.kind())),
        ("tostring", []) => Ok(Json::Text(raw(input))),
        ("tojson", []) => Ok(Json::Text(input.compact())),
        ("fromjson", []) => from_json(&raw(input)),
        ("tonumber", []) => match input {
            Json::Number(_) => Ok(input.clone()),
            Json::Text(own) => Decimal::parse(own)
                .map(Json::Number)
                .ok_or_else(|| format!("Cannot be parsed as a number: {own}")),
            other => {
                Err(format!("{} ({}) cannot be parsed as a number", other.kind(), other.compact()))
            }
        },
        ("floor" | "ceil" | "round", []) => {
            let Json::Number(own) = input else {
                return Err(format!("{} ({}) number required", input.kind(), input.compact()));
            };
            Ok(Json::Number(match name {
                "floor" => own.floor(),
                "ceil" => own.neg().floor().neg(),
                _ => Decimal::prefix(&own.fixed(0)).0,
            }))
        }
        ("ascii_downcase", []) => Ok(Json::Text(raw(input).to_ascii_lowercase())),
        ("ascii_upcase", []) => Ok(Json::Text(raw(input).to_ascii_uppercase())),
        ("trim", []) => Ok(text(raw(input).trim())),
        ("keys" | "keys_unsorted", []) => match input {
            Json::Array(items) => {
                Ok(Json::Array((0..items.len()).map(|at| Json::Number(at.into())).collect()))
            }
            Json::Object(members) => {
                let members = if name == "keys" { input.sorted() } else { members.clone() };
                Ok(Json::Array(members.into_iter().map(|(name, _)| Json::Text(name)).collect()))
            }
            other => Err(format!("{} ({}) has no keys", other.kind(), other.compact())),
        },
        ("add", []) => {
            each(input)?.iter().try_fold(Json::Null, |sum, item| operate("+", &sum, item))
        }
        ("any", []) => Ok(Json::Bool(each(input)?.iter().any(Json::is_true))),
        ("all", []) => Ok(Json::Bool(each(input)?.iter().all(Json::is_true))),
        ("first", []) => Ok(array(input, "indexed")?.first().cloned().unwrap_or(Json::Null)),
        ("last", []) => Ok(array(input, "indexed")?.last().cloned().unwrap_or(Json::Null)),
        ("reverse", []) => match input {
            Json::Text(own) => Ok(Json::Text(own.chars().rev().collect())),
            Json::Null => Ok(Json::Array(Vec::new())),
            other => Ok(Json::Array(array(other, "reversed")?.iter().rev().cloned().collect())),
        },
        ("sort" | "unique" | "min" | "max", []) => {
            let keyed = array(input, "sorted")?.iter().map(|item| (item.clone(), item.clone()));
            Ok(by_key(&format!("{name}_by"), keyed.collect()))
        }
        _ => collection(name, input, args),
    }
}

/// Functions of lists and objects.
fn collection(name: &str, input: &Json, args: &[Json]) -> Result<Json> {
    match (name, args) {
        ("to_entries", []) => {
            let Json::Object(members) = input else {
                return Err(format!("{} ({}) has no keys", input.kind(), input.compact()));
            };
            let entry = |(name, value): &(String, Json)| {
                Json::Object(vec![
                    ("key".to_owned(), text(name)),
                    ("value".to_owned(), value.clone()),
                ])
            };
            Ok(Json::Array(members.iter().map(entry).collect()))
        }
        ("from_entries", []) => {
            let mut members = Vec::new();
            for entry in each(input)? {
                let names = ["key", "k", "name", "Name", "Key"];
                let key = names.iter().find_map(|name| entry.get(name)).map(raw);
                let value =
                    ["value", "v", "Value"].iter().find_map(|name| entry.get(name)).cloned();
                Json::insert(
                    &mut members,
                    key.unwrap_or_else(|| "null".into()),
                    value.unwrap_or(Json::Null),
                );
            }
            Ok(Json::Object(members))
        }
        ("flatten", []) => Ok(Json::Array(flat(array(input, "flattened")?, u32::MAX))),
        ("flatten", [Json::Number(depth)]) => {
            let depth = u32::try_from(depth.whole()).unwrap_or(0);
            Ok(Json::Array(flat(array(input, "flattened")?, depth)))
        }
        _ => comparison(name, input, args),
    }
}

/// Functions of a value and another one.
fn comparison(name: &str, input: &Json, args: &[Json]) -> Result<Json> {
    match (name, args) {
        ("has", [key]) => match (input, key) {
            (Json::Object(_), Json::Text(name)) => Ok(Json::Bool(input.get(name).is_some())),
            (Json::Array(items), Json::Number(at)) => {
                Ok(Json::Bool(usize::try_from(at.whole()).is_ok_and(|at| at < items.len())))
            }
            _ => Err(format!("Cannot check whether {} has a {} key", input.kind(), key.kind())),
        },
        ("contains", [part]) => Ok(Json::Bool(contains(input, part))),
        ("inside", [whole]) => Ok(Json::Bool(contains(whole, input))),
        ("startswith", [start]) => {
            let (own, start) = texts(name, input, start)?;
            Ok(Json::Bool(own.starts_with(start)))
        }
        ("endswith", [end]) => {
            let (own, end) = texts(name, input, end)?;
            Ok(Json::Bool(own.ends_with(end)))
        }
        ("ltrimstr" | "rtrimstr", [part]) => {
            let Ok((own, part)) = texts(name, input, part) else { return Ok(input.clone()) };
            let rest =
                if name == "ltrimstr" { own.strip_prefix(part) } else { own.strip_suffix(part) };
            Ok(text(rest.unwrap_or(own)))
        }
        ("split", [separator]) => {
            let (own, separator) = texts(name, input, separator)?;
            Ok(Json::Array(own.split(separator).map(text).collect()))
        }
        ("join", [separator]) => {
            let items = array(input, "joined")?;
            let parts: Vec<String> = items
                .iter()
                .map(|item| if *item == Json::Null { String::new() } else { raw(item) })
                .collect();
            Ok(Json::Text(parts.join(&raw(separator))))
        }
        ("index", [part]) => {
            let (own, part) = texts(name, input, part)?;
            Ok(own.find(part).map_or(Json::Null, |at| Json::Number(at.into())))
        }
        ("test", [pattern]) => with_regex("test", &raw(input), &raw(pattern), ""),
        ("test" | "sub" | "gsub", [pattern, new]) => {
            with_regex(name, &raw(input), &raw(pattern), &raw(new))
        }
        _ => Err(format!("{UNDEFINED}{name}/{} is not defined", args.len())),
    }
}

/// `sort_by` and its kin, of items with their keys.
pub(super) fn by_key(name: &str, mut keyed: Vec<(Json, Json)>) -> Json {
    keyed.sort_by(|(a, _), (b, _)| a.compare(b));
    let list =
        |items: Vec<(Json, Json)>| Json::Array(items.into_iter().map(|(_, item)| item).collect());
    match name {
        "sort_by" => list(keyed),
        "unique_by" => {
            keyed.dedup_by(|(a, _), (b, _)| a.compare(b).is_eq());
            list(keyed)
        }
        "min_by" => keyed.into_iter().next().map_or(Json::Null, |(_, item)| item),
        "max_by" => keyed.pop().map_or(Json::Null, |(_, item)| item),
        _ => {
            let groups = keyed.chunk_by(|(a, _), (b, _)| a.compare(b).is_eq());
            Json::Array(groups.map(|group| list(group.to_vec())).collect())
        }
    }
}

fn flat(items: &[Json], depth: u32) -> Vec<Json> {
    let mut result = Vec::new();
    for item in items {
        match item {
            Json::Array(inner) if depth > 0 => result.extend(flat(inner, depth - 1)),
            other => result.push(other.clone()),
        }
    }
    result
}

fn contains(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (Json::Text(whole), Json::Text(part)) => whole.contains(part.as_str()),
        (Json::Array(whole), Json::Array(part)) => {
            part.iter().all(|part| whole.iter().any(|item| contains(item, part)))
        }
        (Json::Object(_), Json::Object(members)) => members
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|value| contains(value, part))),
        _ => whole == part,
    }
}
