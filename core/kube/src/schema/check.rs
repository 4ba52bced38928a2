//! Does an object fit its kind? Decoding, required fields, allowed words, defaults.

use serde_json::{Map, Value};

use super::{Shape, Type};

/// What a server does with fields that it does not know (`fieldValidation`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// Drop them.
    #[default]
    Ignore,
    /// Drop them and say so.
    Warn,
    /// Refuse the object.
    Strict,
}

impl Strictness {
    /// As the query's parameter has it; servers since 1.25 warn unless they are told otherwise.
    pub fn parse(text: &str) -> Self {
        match text {
            "Strict" => Self::Strict,
            "Ignore" => Self::Ignore,
            _ => Self::Warn,
        }
    }
}

/// Something that is wrong with one field of an object that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's path, as in `spec.containers[0].image`.
    pub field: String,
    /// As in `FieldValueRequired`.
    pub reason: &'static str,
    /// As in `Required value`.
    pub message: String,
}

impl Problem {
    /// A field must be there.
    pub fn required(field: impl Into<String>, more: &str) -> Self {
        let more = if more.is_empty() { String::new() } else { format!(": {more}") };
        let message = format!("Required value{more}");
        Self { field: field.into(), reason: "FieldValueRequired", message }
    }

    /// A value is not right.
    pub fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        let message = format!("Invalid value: {}: {why}", shown(value));
        Self { field: field.into(), reason: "FieldValueInvalid", message }
    }

    /// A field must not be set, or not be changed.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        let message = format!("Forbidden: {why}");
        Self { field: field.into(), reason: "FieldValueForbidden", message }
    }

    /// As it is told.
    pub fn text(&self) -> String {
        format!("{}: {}", self.field, self.message)
    }
}

/// A value as Go's validation prints it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null => "\"null\"".to_owned(),
        other => other.to_string(),
    }
}

/// Go's name of a JSON value's type.
pub const fn json_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Go's name of a field's type.
fn go_word(shape: &Shape) -> String {
    match shape {
        Shape::Text(_) => "string".to_owned(),
        Shape::Int => "int32".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Bytes => "[]uint8".to_owned(),
        Shape::Time => "v1.Time".to_owned(),
        Shape::Quantity => "resource.Quantity".to_owned(),
        Shape::IntOrText => "intstr.IntOrString".to_owned(),
        Shape::Any => "object".to_owned(),
        Shape::Object(name) => format!("v1.{name}"),
        Shape::List(inner, _) => format!("[]{}", go_word(inner)),
        Shape::Map(inner) => format!("map[string]{}", go_word(inner)),
    }
}

/// What was found in an object that can be read.
#[derive(Debug, Default)]
pub struct Decoded {
    /// Fields that the kind does not have, as in `unknown field "spec.foo"`.
    pub unknown: Vec<String>,
    /// Paths of fields that nothing acts on.
    pub kept: Vec<String>,
}

/// Checks that an object can be read as its kind, as Go's decoder does. Fields that the kind does not have are
/// taken out of `value`.
///
/// # Errors
/// The decoder's text for a value of a wrong type.
pub fn check_decoding(kind: &Type, value: &mut Value) -> Result<Decoded, String> {
    let mut walk = Decoded::default();
    let Value::Object(map) = value else {
        return Err(format!(
            "json: cannot unmarshal {} into Go value of type v1.{}",
            json_word(value),
            kind.name
        ));
    };
    walk.object(kind, map, "", "")?;
    Ok(walk)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

impl Decoded {
    /// `path` has the places in lists, `plain` has not.
    fn object(
        &mut self,
        kind: &Type,
        map: &mut Map<String, Value>,
        path: &str,
        plain: &str,
    ) -> Result<(), String> {
        let mut strangers = Vec::new();
        for (name, value) in map.iter_mut() {
            let Some(field) = kind.field(name) else {
                strangers.push(name.clone());
                continue;
            };
            let (path, plain) = (join(path, name), join(plain, name));
            let says_nothing = match value {
                Value::Null | Value::Bool(false) => true,
                Value::Object(map) => map.is_empty(),
                Value::Array(list) => list.is_empty(),
                _ => false,
            };
            if field.is_kept && !says_nothing {
                self.kept.push(path.clone());
            }
            self.value(&field.shape, value, (&path, &plain), kind.name)?;
        }
        for name in strangers {
            self.unknown.push(format!("unknown field \"{}\"", join(path, &name)));
            map.shift_remove(&name);
        }
        Ok(())
    }

    fn value(
        &mut self,
        shape: &Shape,
        value: &mut Value,
        (path, plain): (&str, &str),
        owner: &str,
    ) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        match (shape, &mut *value) {
            (Shape::Object(name), Value::Object(map)) => match super::type_named(name) {
                Some(kind) => self.object(kind, map, path, plain),
                None => Ok(()),
            },
            (Shape::List(inner, _), Value::Array(list)) => {
                for (place, item) in list.iter_mut().enumerate() {
                    let path = format!("{path}[{place}]");
                    self.value(inner, item, (&path, plain), owner)?;
                }
                Ok(())
            }
            (Shape::Map(inner), Value::Object(map)) => {
                for (name, item) in map.iter_mut() {
                    self.value(inner, item, (&join(path, name), plain), owner)?;
                }
                Ok(())
            }
            (Shape::Bytes, Value::String(text)) => {
                let text: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
                match seal::base64::decode(&text) {
                    Some(_) => Ok(()),
                    None => {
                        let place = wrong_base64(&text);
                        Err(format!("illegal base64 data at input byte {place}"))
                    }
                }
            }
            (Shape::Time, Value::String(text)) => match sim::Time::parse_rfc3339(text) {
                Some(_) => Ok(()),
                None => Err(format!(
                    "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \
                     \"{text}\" as \"2006\""
                )),
            },
            (Shape::Any, _)
            | (Shape::Text(_), Value::String(_))
            | (Shape::Bool, Value::Bool(_))
            | (Shape::Quantity | Shape::IntOrText, Value::String(_) | Value::Number(_)) => Ok(()),
            (Shape::Int, Value::Number(number)) if number.is_i64() => Ok(()),
            (shape, found) => Err(format!(
                "json: cannot unmarshal {} into Go struct field {owner}.{plain} of type {}",
                json_word(found),
                go_word(shape)
            )),
        }
    }
}

/// Where Go's decoder stops.
fn wrong_base64(text: &str) -> usize {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let end = text.trim_end_matches('=').len();
    text.bytes()
        .position(|byte| !is_digit(byte))
        .filter(|at| *at < end)
        .unwrap_or(text.len() / 4 * 4)
}

/// Fills in what is said nowhere.
pub fn set_defaults(kind: &Type, value: &mut Value) {
    let Value::Object(map) = value else { return };
    for field in &kind.fields {
        let is_absent = map.get(field.name).is_none_or(Value::is_null);
        if is_absent && let Some(text) = field.default {
            let default = serde_json::from_str(text).unwrap_or(Value::Null);
            map.insert(field.name.to_owned(), default);
        }
        if let Some(value) = map.get_mut(field.name) {
            defaults_in(&field.shape, value);
        }
    }
}

fn defaults_in(shape: &Shape, value: &mut Value) {
    match (shape, &mut *value) {
        (Shape::Object(name), value) => {
            if let Some(kind) = super::type_named(name) {
                set_defaults(kind, value);
            }
        }
        (Shape::List(inner, _), Value::Array(list)) => {
            list.iter_mut().for_each(|item| defaults_in(inner, item));
        }
        (Shape::Map(inner), Value::Object(map)) => {
            map.iter_mut().for_each(|(_, item)| defaults_in(inner, item));
        }
        _ => {}
    }
}

/// Fields that must be there and are not, and words that are not allowed.
pub fn missing(kind: &Type, value: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    missing_in(kind, value, "", &mut problems);
    problems
}

fn missing_in(kind: &Type, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    for field in &kind.fields {
        let at = join(path, field.name);
        let value = value.get(field.name).unwrap_or(&Value::Null);
        let is_empty = match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if is_empty && field.required {
            problems.push(Problem::required(&at, ""));
        } else {
            missing_value(&field.shape, value, &at, problems);
        }
    }
}

fn missing_value(shape: &Shape, value: &Value, at: &str, problems: &mut Vec<Problem>) {
    match (shape, value) {
        (Shape::Object(name), Value::Object(_)) => {
            if let Some(kind) = super::type_named(name) {
                missing_in(kind, value, at, problems);
            }
        }
        (Shape::List(inner, _), Value::Array(list)) => {
            for (place, item) in list.iter().enumerate() {
                missing_value(inner, item, &format!("{at}[{place}]"), problems);
            }
        }
        (Shape::Text(words), Value::String(text))
            if !words.is_empty() && !text.is_empty() && !words.contains(&text.as_str()) =>
        {
            let mut sorted: Vec<String> = words.iter().map(|w| format!("\"{w}\"")).collect();
            sorted.sort();
            let words = sorted.join(", ");
            let message = format!("Unsupported value: \"{text}\": supported values: {words}");
            let reason = "FieldValueNotSupported";
            problems.push(Problem { field: at.to_owned(), reason, message });
        }
        _ => {}
    }
}
