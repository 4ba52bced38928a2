//! The module `json`: values from text and to text.

use std::rc::Rc;

use json::{Decimal, Json, Reader, Style};

use super::value::{Raised, Value, raise};

type Result<T> = std::result::Result<T, Raised>;

/// Values may be nested no deeper.
const DEPTH_MAX: u32 = 50;

/// `json.loads`.
pub(super) fn loads(text: &str, is_two: bool) -> Result<Value> {
    let mut reader = Reader::new(text);
    let read = reader.read().and_then(|value| reader.end().map(|()| value));
    let (what, at, (line, column)) = match read {
        Ok(Some(value)) => return Ok(made(value)),
        Ok(None) => ("", text.len(), (1, text.len() + 1)),
        Err(wrong) => (wrong.what, wrong.at, wrong.place()),
    };
    let what = match what {
        "Unexpected extra JSON values" => "Extra data",
        "Expected separator between values" => "Expecting ',' delimiter",
        "Object keys must be strings" => "Expecting property name enclosed in double quotes",
        "Objects must consist of key:value pairs" => "Expecting ':' delimiter",
        "Unfinished string" => "Unterminated string starting at",
        _ if is_two => return raise("ValueError", "No JSON object could be decoded"),
        _ => "Expecting value",
    };
    let kind = if is_two { "ValueError" } else { "json.decoder.JSONDecodeError" };
    raise(kind, format!("{what}: line {line} column {column} (char {at})"))
}

fn made(value: Json) -> Value {
    match value {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) if number.is_whole() => Value::Int(number.whole()),
        Json::Number(number) => Value::Real(number.units()),
        Json::Text(text) => Value::text(text),
        Json::Array(items) => Value::list(items.into_iter().map(made).collect()),
        Json::Object(members) => {
            let pairs = members.into_iter().map(|(name, value)| (Value::text(name), made(value)));
            Value::Dict(Rc::new(pairs.collect::<Vec<_>>().into()))
        }
    }
}

/// How `dumps` writes: so many blanks for each level, or all on one line.
pub(super) fn style(indent: Option<usize>, sorted: bool) -> Style {
    const BLANKS: &str = "                ";
    let indent = indent.map(|width| &BLANKS[..width.min(BLANKS.len())]);
    Style { indent, sorted, python: true }
}

/// `json.dumps`.
pub(super) fn dumps(value: &Value, style: Style) -> Result<String> {
    read(value, 0).map(|value| value.show(style))
}

fn read(value: &Value, depth: u32) -> Result<Json> {
    if depth > DEPTH_MAX {
        return raise("ValueError", "Circular reference detected");
    }
    Ok(match value {
        Value::None => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::Number(Decimal::from(*number)),
        Value::Real(units) => Json::Number(Decimal::of_units(*units)),
        Value::Text(text) => Json::Text(text.to_string()),
        Value::List(_) | Value::Tuple(_) => {
            let items = super::builtin::items(value)?;
            Json::Array(items.iter().map(|item| read(item, depth + 1)).collect::<Result<_>>()?)
        }
        Value::Dict(pairs) => {
            let pairs = pairs.borrow().clone();
            let members =
                pairs.iter().map(|(key, value)| Ok((key.show(), read(value, depth + 1)?)));
            Json::Object(members.collect::<Result<_>>()?)
        }
        other => {
            let kind = other.type_name();
            return raise("TypeError", format!("Object of type {kind} is not JSON serializable"));
        }
    })
}
