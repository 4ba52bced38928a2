//! JSON values as Go templates see them.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::Value;
use serde_json::Value as Json;

/// A JSON value as templates see it.
pub fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Value::Int(int),
            (None, Some(uint)) => Value::Uint(uint),
            (None, None) => Value::from(number.to_string()),
        },
        Json::String(text) => Value::from(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(members) => {
            let map: BTreeMap<Arc<str>, Value> = members
                .iter()
                .map(|(key, member)| (Arc::from(key.as_str()), value(member)))
                .collect();
            Value::Map(Arc::new(map))
        }
    }
}
