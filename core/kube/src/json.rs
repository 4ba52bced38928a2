//! Small steps through trees of JSON values.

use serde_json::{Map, Value};

/// What is at a place, `Null` if there is nothing. The steps are separated by `/`; numbers are places in lists.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let mut here = value;
    for step in path.split('/').filter(|step| !step.is_empty()) {
        here = match here {
            Value::Array(list) => step.parse().ok().and_then(|place: usize| list.get(place)),
            other => other.get(step),
        }
        .unwrap_or(&Value::Null);
    }
    here
}

/// The text at a place, empty if there is none.
pub fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    at(value, path).as_str().unwrap_or_default()
}

/// The whole number at a place, 0 if there is none.
pub fn int(value: &Value, path: &str) -> i64 {
    at(value, path).as_i64().unwrap_or_default()
}

/// True if there is a `true`.
pub fn flag(value: &Value, path: &str) -> bool {
    at(value, path).as_bool().unwrap_or_default()
}

/// The items of a list, none if there is no list.
pub fn items<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

/// The members of an object, none if there is no object.
pub fn members<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    at(value, path).as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The object at a place, made if need be; what is in the way is replaced.
pub fn object<'a>(value: &'a mut Value, path: &str) -> &'a mut Map<String, Value> {
    let mut here = value;
    for step in path.split('/').filter(|step| !step.is_empty()) {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        here = &mut here[step];
    }
    if !here.is_object() {
        *here = Value::Object(Map::new());
    }
    match here {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object just now"),
    }
}

/// Puts something at a place, making objects on the way.
pub fn put(value: &mut Value, path: &str, what: impl Into<Value>) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    object(value, folder).insert(name.to_owned(), what.into());
}

/// Takes away what is at a place.
pub fn remove(value: &mut Value, path: &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if at(value, folder).is_object() {
        object(value, folder).shift_remove(name);
    }
}

/// An object's namespace.
pub fn namespace(object: &Value) -> &str {
    text(object, "metadata/namespace")
}

/// An object's name.
pub fn name(object: &Value) -> &str {
    text(object, "metadata/name")
}

/// An object's identity.
pub fn uid(object: &Value) -> &str {
    text(object, "metadata/uid")
}

/// A time as objects have it: seconds, no fractions.
pub fn time(at: sim::Time) -> String {
    let text = at.rfc3339();
    format!("{}Z", text.get(..19).unwrap_or_default())
}

/// The same to the microsecond, as leases have it.
pub fn micro_time(at: sim::Time) -> String {
    let text = at.rfc3339();
    format!("{}.{:06}Z", text.get(..19).unwrap_or_default(), at.unix_nanos() / 1_000 % 1_000_000)
}

/// A time of an object.
pub fn parse_time(value: &Value, path: &str) -> Option<sim::Time> {
    sim::Time::parse_rfc3339(text(value, path))
}

/// The same with all members in the order of their names and without those that are nothing: objects that say the same
/// are equal then.
pub fn in_order(mut value: Value) -> Value {
    fn sort(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.sort_keys();
                map.retain(|_, value| !value.is_null());
                map.iter_mut().for_each(|(_, value)| sort(value));
            }
            Value::Array(list) => list.iter_mut().for_each(sort),
            _ => {}
        }
    }
    sort(&mut value);
    value
}

/// A merge patch (RFC 7386): what it has is put in, what it has as nothing goes.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.shift_remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// A document of YAML as JSON.
///
/// # Errors
/// In go-yaml's words.
pub fn from_yaml(text: &str) -> Result<Value, String> {
    yaml::read_lenient(text).map(|node| of_yaml(&node))
}

fn of_yaml(node: &yaml::Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(bool) => (*bool).into(),
        yaml::Value::Int(number) => (*number).into(),
        yaml::Value::Float(digits) => {
            serde_json::from_str(digits).unwrap_or_else(|_| digits.as_str().into())
        }
        yaml::Value::Text(text) => text.as_str().into(),
        yaml::Value::List(nodes) => nodes.iter().map(of_yaml).collect(),
        yaml::Value::Map(entries) => {
            let members = entries.iter().map(|(key, node)| (key.clone(), of_yaml(node)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}
