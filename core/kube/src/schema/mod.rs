//! What fields the kinds have: one table, read by validation, defaulting, strategic merge patches and
//! `kubectl explain`.
//!
//! The table is text ([`core`], [`apps`], [`access`]), for it is small that way and reads like `kubectl explain`:
//! a line `Kind NAME | description` or `Type NAME | description` begins a type, every other line is a field,
//! `name type | description`. A type is `string`, `int`, `bool`, `bytes` (base64), `time`, `quantity`, `intstr`,
//! `any`, the name of another type, `string(a,b)` with the values that are allowed, `[x]` for a list, `[x:key]` for a
//! list whose items a strategic merge patch finds by `key`, `{x}` for a map by name. A `*` behind it: it must be
//! there. A `~`: it is kept, and nothing acts on it. `=json`: the default.

mod access;
mod apps;
mod check;
mod core;

use sorted::SortedMap;
use std::sync::OnceLock;

pub use check::{Decoded, Problem, Strictness, check_decoding, json_word, missing, set_defaults};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text; if there are words, one of them.
    Text(Vec<&'static str>),
    /// A whole number.
    Int,
    /// True or false.
    Bool,
    /// Base64.
    Bytes,
    /// RFC 3339.
    Time,
    /// `500m`, `1Gi`.
    Quantity,
    /// A number or a text.
    IntOrText,
    /// Anything.
    Any,
    /// An object of the type with this name.
    Object(&'static str),
    /// A list, and the key by which patches find its items.
    List(Box<Shape>, Option<&'static str>),
    /// Values by name.
    Map(Box<Shape>),
}

/// A field of a type.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// It must be there.
    pub required: bool,
    /// It is kept, and nothing acts on it: not simulated, and told by a warning.
    pub is_kept: bool,
    /// What it is if nothing is said, in JSON.
    pub default: Option<&'static str>,
    /// For a reader.
    pub description: &'static str,
}

/// A type: a kind or a part of one.
#[derive(Clone, Debug, Default)]
pub struct Type {
    /// Its name.
    pub name: &'static str,
    /// It is a kind: its objects have `apiVersion`, `kind` and `metadata`.
    pub is_kind: bool,
    /// For a reader.
    pub description: &'static str,
    /// Its fields, in the order of their names.
    pub fields: Vec<Field>,
}

impl Type {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Shape {
    fn parse(text: &'static str) -> Self {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let (inner, key) = match inner.rsplit_once(':') {
                Some((inner, key)) => (inner, Some(key)),
                None => (inner, None),
            };
            return Self::List(Box::new(Self::parse(inner)), key);
        }
        if let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            return Self::Map(Box::new(Self::parse(inner)));
        }
        if let Some(words) = text.strip_prefix("string(").and_then(|rest| rest.strip_suffix(')')) {
            return Self::Text(words.split(',').collect());
        }
        match text {
            "string" => Self::Text(Vec::new()),
            "int" => Self::Int,
            "bool" => Self::Bool,
            "bytes" => Self::Bytes,
            "time" => Self::Time,
            "quantity" => Self::Quantity,
            "intstr" => Self::IntOrText,
            "any" => Self::Any,
            name => Self::Object(name),
        }
    }

    /// The type behind it, through lists and maps.
    pub fn object(&self) -> Option<&'static Type> {
        match self {
            Self::Object(name) => type_named(name),
            Self::List(inner, _) | Self::Map(inner) => inner.object(),
            _ => None,
        }
    }

    /// As `kubectl explain` names it: `<string>`, `<[]Container>`, `<map[string]string>`.
    pub fn word(&self) -> String {
        match self {
            Self::Text(_) | Self::Bytes | Self::Time | Self::Quantity | Self::IntOrText => {
                "string".to_owned()
            }
            Self::Int => "integer".to_owned(),
            Self::Bool => "boolean".to_owned(),
            Self::Any => "Object".to_owned(),
            Self::Object(name) => (*name).to_owned(),
            Self::List(inner, _) => format!("[]{}", inner.word()),
            Self::Map(inner) => format!("map[string]{}", inner.word()),
        }
    }
}

fn table() -> &'static SortedMap<&'static str, Type> {
    static TABLE: OnceLock<SortedMap<&'static str, Type>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut types: SortedMap<&'static str, Type> = SortedMap::new();
        let mut open = Type::default();
        let texts = [core::TYPES, apps::TYPES, access::TYPES];
        let lines = texts.iter().flat_map(|text| text.lines()).chain(["Type  | "]);
        for line in lines.filter(|line| !line.is_empty()) {
            let (head, description) = line.split_once(" | ").unwrap_or((line, ""));
            let (name, kind) = head.split_once(' ').unwrap_or((head, ""));
            if matches!(name, "Kind" | "Type") {
                let is_kind = name == "Kind";
                let new = Type { name: kind, is_kind, description, fields: Vec::new() };
                let done = std::mem::replace(&mut open, new);
                if !done.name.is_empty() {
                    types.insert(done.name, done);
                }
                if is_kind {
                    open.fields.extend(core::OF_EVERY_KIND.lines().map(field));
                }
                continue;
            }
            open.fields.push(field(line));
        }
        for one in types.values_mut() {
            one.fields.sort_by_key(|field| field.name);
        }
        types
    })
}

fn field(line: &'static str) -> Field {
    let (head, description) = line.split_once(" | ").unwrap_or((line, ""));
    let (name, kind) = head.split_once(' ').unwrap_or((head, "any"));
    let (kind, default) = match kind.split_once('=') {
        Some((kind, default)) => (kind, Some(default)),
        None => (kind, None),
    };
    let (kind, required) = match kind.strip_suffix('*') {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let (kind, is_kept) = kind.strip_suffix('~').map_or((kind, false), |kind| (kind, true));
    Field { name, shape: Shape::parse(kind), required, is_kept, default, description }
}

/// A type by its name.
pub fn type_named(name: &str) -> Option<&'static Type> {
    table().get(name)
}

/// A kind by its name. The groups that are served have no kind in common.
pub fn kind(name: &str) -> Option<&'static Type> {
    type_named(name).filter(|found| found.is_kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_there() {
        for one in table().values() {
            for field in &one.fields {
                let mut shape = &field.shape;
                while let Shape::List(inner, _) | Shape::Map(inner) = shape {
                    shape = inner;
                }
                if let Shape::Object(name) = shape {
                    assert!(type_named(name).is_some(), "{}.{}: {name}", one.name, field.name);
                }
                if let Some(default) = field.default {
                    let parsed: Result<serde_json::Value, _> = serde_json::from_str(default);
                    assert!(parsed.is_ok(), "{}.{}: {default}", one.name, field.name);
                }
            }
        }
        for resource in crate::resources::RESOURCES {
            assert!(kind(resource.kind).is_some(), "{}", resource.kind);
        }
    }
}
