//! Objects in the form of protobuf's text format, which `swarm-rafttool` prints (gogo/protobuf:
//! `MarshalText`): `name: value` lines, messages in angle brackets, what is zero left out.
//!
//! The names and the nesting are those of the objects here, which follow swarmkit's but are not generated
//! from its `.proto` files.

use std::fmt;

use serde::ser::{self, Serialize};

/// What a field holds.
#[derive(Clone, Debug, Default)]
enum Value {
    #[default]
    Absent,
    /// A number, a name of an enumeration.
    Word(String),
    /// Quoted.
    Text(Vec<u8>),
    /// An element of what may turn out to be bytes.
    Byte(u8),
    List(Vec<Value>),
    Message(Vec<(String, Value)>),
}

/// The lines of an object, indented.
pub(crate) fn lines(object: &impl Serialize, indent: usize) -> String {
    let mut text = String::new();
    if let Ok(Value::Message(fields)) = object.serialize(Tree) {
        show(&fields, indent, &mut text);
    }
    text
}

fn show(fields: &[(String, Value)], indent: usize, text: &mut String) {
    for (name, value) in fields {
        show_field(name, value, indent, text);
    }
}

fn show_field(name: &str, value: &Value, indent: usize, text: &mut String) {
    let gap = " ".repeat(indent);
    match value {
        Value::Absent => {}
        Value::Word(word) => *text += &format!("{gap}{name}: {word}\n"),
        Value::Byte(byte) => *text += &format!("{gap}{name}: {byte}\n"),
        Value::Text(bytes) => *text += &format!("{gap}{name}: \"{}\"\n", quoted(bytes)),
        Value::List(list) => {
            for value in list {
                show_field(name, value, indent, text);
            }
        }
        Value::Message(fields) => {
            *text += &format!("{gap}{name}: <\n");
            show(fields, indent + 2, text);
            *text += &format!("{gap}>\n");
        }
    }
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\n' => text += "\\n",
            b'\r' => text += "\\r",
            b'\t' => text += "\\t",
            b'"' => text += "\\\"",
            b'\\' => text += "\\\\",
            0x20..=0x7e => text.push(char::from(byte)),
            _ => text += &format!("\\{byte:03o}"),
        }
    }
    text
}

/// `ImageReference` as `image_reference`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// Times and spans are messages of seconds and nanoseconds in protobuf.
fn seconds(nanos: &Value) -> Option<Value> {
    let Value::Word(word) = nanos else { return None };
    let nanos: u64 = word.parse().ok()?;
    let number = |name: &str, value: u64| {
        (name.to_owned(), if value == 0 { Value::Absent } else { Value::Word(value.to_string()) })
    };
    let (secs, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    Some(Value::Message(vec![number("seconds", secs), number("nanos", rest)]))
}

/// Builds the [`Value`] of anything that can be serialised.
#[derive(Clone, Copy, Debug)]
struct Tree;

#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not serialisable")
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Built = Result<Value, Failed>;

/// Collects the parts of a sequence, tuple, map or struct.
#[derive(Debug, Default)]
struct Parts {
    fields: Vec<(String, Value)>,
    /// The name of the variant that they are in.
    variant: Option<String>,
    key: Value,
}

impl Parts {
    fn in_variant(variant: &str) -> Self {
        Self { variant: Some(snake(variant)), ..Self::default() }
    }

    fn add(&mut self, name: &str, value: Value) {
        self.fields.push((name.to_owned(), value));
    }

    fn message(self) -> Value {
        let message = Value::Message(self.fields);
        match self.variant {
            Some(variant) => Value::Message(vec![(variant, message)]),
            None => message,
        }
    }

    fn list(self) -> Value {
        let list: Vec<Value> = self.fields.into_iter().map(|(_, value)| value).collect();
        let bytes: Option<Vec<u8>> = list
            .iter()
            .map(|value| if let Value::Byte(byte) = value { Some(*byte) } else { None })
            .collect();
        match bytes {
            Some(bytes) if bytes.is_empty() => Value::Absent,
            Some(bytes) => Value::Text(bytes),
            None => Value::List(list),
        }
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Built {
            let is_zero = value == <$type>::default();
            Ok(if is_zero { Value::Absent } else { Value::Word(value.to_string()) })
        }
    )*};
}

impl ser::Serializer for Tree {
    type Ok = Value;
    type Error = Failed;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    numbers!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32);
    numbers!(serialize_i64: i64, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    fn serialize_u8(self, value: u8) -> Built {
        Ok(Value::Byte(value))
    }
    fn serialize_f32(self, _: f32) -> Built {
        Err(Failed)
    }
    fn serialize_f64(self, _: f64) -> Built {
        Err(Failed)
    }
    fn serialize_char(self, value: char) -> Built {
        self.serialize_str(&value.to_string())
    }
    fn serialize_str(self, value: &str) -> Built {
        self.serialize_bytes(value.as_bytes())
    }
    fn serialize_bytes(self, value: &[u8]) -> Built {
        Ok(if value.is_empty() { Value::Absent } else { Value::Text(value.to_vec()) })
    }
    fn serialize_none(self) -> Built {
        Ok(Value::Absent)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Built {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Built {
        Ok(Value::Absent)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Built {
        Ok(Value::Absent)
    }
    fn serialize_unit_variant(self, _: &'static str, index: u32, variant: &'static str) -> Built {
        // What an enumeration begins with is its zero.
        Ok(if index == 0 { Value::Absent } else { Value::Word(snake(variant).to_uppercase()) })
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Built {
        let value = value.serialize(self)?;
        Ok(match name {
            "Time" | "Duration" => seconds(&value).unwrap_or(value),
            _ => value,
        })
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Built {
        Ok(Value::Message(vec![(snake(variant), value.serialize(self)?)]))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Parts, Failed> {
        Ok(Parts::default())
    }
    fn serialize_tuple(self, _: usize) -> Result<Parts, Failed> {
        Ok(Parts::default())
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts, Failed> {
        Ok(Parts::default())
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Failed> {
        Ok(Parts::in_variant(variant))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Parts, Failed> {
        Ok(Parts::default())
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts, Failed> {
        Ok(Parts::default())
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Failed> {
        Ok(Parts::in_variant(variant))
    }
}

impl ser::SerializeSeq for Parts {
    type Ok = Value;
    type Error = Failed;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let value = value.serialize(Tree)?;
        self.add("", value);
        Ok(())
    }
    fn end(self) -> Built {
        Ok(self.list())
    }
}

/// The names of a tuple's parts: most are pairs.
const PLACES: [&str; 3] = ["key", "value", "more"];

impl Parts {
    fn place(&mut self, value: Value) {
        let name = PLACES[self.fields.len().min(PLACES.len() - 1)];
        self.add(name, value);
    }
}

impl ser::SerializeTuple for Parts {
    type Ok = Value;
    type Error = Failed;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let value = value.serialize(Tree)?;
        self.place(value);
        Ok(())
    }
    fn end(self) -> Built {
        Ok(self.message())
    }
}

impl ser::SerializeTupleStruct for Parts {
    type Ok = Value;
    type Error = Failed;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        ser::SerializeTuple::serialize_element(self, value)
    }
    fn end(self) -> Built {
        Ok(self.message())
    }
}

impl ser::SerializeTupleVariant for Parts {
    type Ok = Value;
    type Error = Failed;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        ser::SerializeTuple::serialize_element(self, value)
    }
    fn end(self) -> Built {
        Ok(self.message())
    }
}

impl ser::SerializeMap for Parts {
    type Ok = Value;
    type Error = Failed;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.key = key.serialize(Tree)?;
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let value = value.serialize(Tree)?;
        let key = std::mem::take(&mut self.key);
        let pair = vec![("key".to_owned(), key), ("value".to_owned(), value)];
        self.add("", Value::Message(pair));
        Ok(())
    }
    fn end(self) -> Built {
        Ok(self.list())
    }
}

impl ser::SerializeStruct for Parts {
    type Ok = Value;
    type Error = Failed;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        let value = value.serialize(Tree)?;
        self.add(name, value);
        Ok(())
    }
    fn end(self) -> Built {
        Ok(self.message())
    }
}

impl ser::SerializeStructVariant for Parts {
    type Ok = Value;
    type Error = Failed;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        ser::SerializeStruct::serialize_field(self, name, value)
    }
    fn end(self) -> Built {
        Ok(self.message())
    }
}

#[cfg(test)]
mod tests {
    use swarm::objects::{Annotations, Secret, SecretBytes, SecretSpec};

    use super::*;

    #[test]
    fn an_object_is_shown_field_by_field() {
        let mut annotations = Annotations::named("pw");
        annotations.labels.insert("a".to_owned(), "\"b\"\u{e9}".to_owned());
        let mut secret = Secret {
            id: "x1".into(),
            spec: SecretSpec {
                annotations,
                data: SecretBytes::from(&b"geheim\n"[..]),
                ..SecretSpec::default()
            },
            ..Secret::default()
        };
        secret.meta.version = 7;
        secret.meta.created_at = sim::Time::from_unix_nanos(1_500_000_002);
        let expected = "id: \"x1\"\nmeta: <\n  version: 7\n  created_at: <\n    seconds: 1\n    \
                        nanos: 500000002\n  >\n>\nspec: <\n  annotations: <\n    name: \"pw\"\n    \
                        labels: <\n      key: \"a\"\n      value: \"\\\"b\\\"\\303\\251\"\n    >\n  \
                        >\n  data: \"geheim\\n\"\n>\n";
        assert_eq!(lines(&secret, 0), expected);
    }
}
