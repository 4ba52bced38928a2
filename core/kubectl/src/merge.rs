//! Patches: what turns one object into another (apimachinery: `util/strategicpatch`).
//!
//! [`three_way`] is what `apply` sends: additions and changes are what the file has and the server has not; deletions are
//! what the file had when it was applied last and has no more. What others have added stays.

use kube::json::{members, text};
use kube::schema::{self, Shape, Type};
use serde_json::{Map, Value, json};

/// The patch that brings `current` to `modified` and takes away what `original` had.
pub(crate) fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    Value::Object(objects(schema::kind(text(modified, "kind")), original, modified, current))
}

/// The patch that brings one object to another.
pub(crate) fn two_way(from: &Value, to: &Value) -> Value {
    three_way(from, to, from)
}

fn objects(
    kind: Option<&'static Type>,
    original: &Value,
    modified: &Value,
    current: &Value,
) -> Map<String, Value> {
    let mut patch = Map::new();
    let empty = Map::new();
    let of = |value: &Value| value.as_object().cloned().unwrap_or_else(|| empty.clone());
    let (original, modified, current) = (of(original), of(modified), of(current));
    for (key, wanted) in &modified {
        let had = original.get(key).unwrap_or(&Value::Null);
        let shape = kind.and_then(|kind| kind.field(key)).map(|field| &field.shape);
        match current.get(key) {
            _ if wanted.is_null() => {
                if current.contains_key(key) {
                    patch.insert(key.clone(), Value::Null);
                }
            }
            None => drop(patch.insert(key.clone(), without_nulls(wanted))),
            Some(is) if is == wanted => {}
            Some(is) if is.is_object() && wanted.is_object() => {
                let mut inner = objects(shape.and_then(Shape::object), had, wanted, is);
                if !inner.is_empty() {
                    // Its members exclude each other.
                    if kind.is_some_and(|kind| kind.name == "DeploymentSpec") && key == "strategy" {
                        let mut kept: Vec<&str> =
                            members(wanted, "").map(|(name, _)| name).collect();
                        kept.sort_unstable();
                        inner.insert("$retainKeys".to_owned(), json!(kept));
                    }
                    patch.insert(key.clone(), inner.into());
                }
            }
            Some(is) => match lists(shape, had, wanted, is) {
                Some(items) if items.is_empty() => {}
                Some(items) => {
                    if let Some(Shape::List(_, Some(name))) = shape {
                        let order = kube::json::items(wanted, "").iter();
                        let order: Vec<Value> =
                            order.map(|one| json!({ *name: one[*name] })).collect();
                        patch.insert(format!("$setElementOrder/{key}"), order.into());
                    }
                    patch.insert(key.clone(), items.into());
                }
                None => drop(patch.insert(key.clone(), wanted.clone())),
            },
        }
    }
    for key in original.keys() {
        if !modified.contains_key(key) && current.contains_key(key) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    patch
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, member)| !member.is_null());
            kept.map(|(key, member)| (key.clone(), without_nulls(member)))
                .collect::<Map<_, _>>()
                .into()
        }
        other => other.clone(),
    }
}

/// The changes of a list whose items have a key; nothing if they have none.
fn lists(
    shape: Option<&Shape>,
    original: &Value,
    modified: &Value,
    current: &Value,
) -> Option<Vec<Value>> {
    let Some(Shape::List(inner, Some(key))) = shape else { return None };
    let (modified, current) = (modified.as_array()?, current.as_array()?);
    let none = Vec::new();
    let original = original.as_array().unwrap_or(&none);
    let of = |list: &'_ [Value], item: &Value| -> Option<Value> {
        list.iter().find(|other| other.get(*key) == item.get(*key)).cloned()
    };
    let mut patch = Vec::new();
    for wanted in modified {
        match of(current, wanted) {
            None => patch.push(without_nulls(wanted)),
            Some(is) => {
                let had = of(original, wanted).unwrap_or(Value::Null);
                let mut inner = objects(inner.object(), &had, wanted, &is);
                if !inner.is_empty() {
                    inner.insert((*key).to_owned(), wanted[*key].clone());
                    patch.push(inner.into());
                }
            }
        }
    }
    for had in original {
        if of(modified, had).is_none() && of(current, had).is_some() {
            let mut gone = json!({ "$patch": "delete" });
            gone[*key] = had[*key].clone();
            patch.push(gone);
        }
    }
    Some(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(original: Value, modified: Value, current: Value, expected: Value) {
        assert_eq!(three_way(&original, &modified, &current), expected);
    }

    #[test]
    fn what_others_added_stays_and_what_the_file_lost_goes() {
        check(
            json!({ "a": "1", "b": "2" }),
            json!({ "a": "3", "c": "4" }),
            json!({ "a": "1", "b": "2", "x": "other" }),
            json!({ "a": "3", "c": "4", "b": null }),
        );
        check(json!({ "a": 1 }), json!({ "a": 1 }), json!({ "a": 1, "y": 2 }), json!({}));
    }

    #[test]
    fn items_with_keys_are_changed_one_by_one() {
        let spec = |spec: Value| json!({ "kind": "Pod", "spec": spec });
        let original = json!({ "containers": [{ "name": "a", "image": "x" }, { "name": "b" }] });
        let modified = json!({ "containers": [{ "name": "a", "image": "y" }, { "name": "c" }] });
        let current =
            json!({ "containers": [{ "name": "a", "image": "x", "tty": false }, { "name": "b" }] });
        let expected = json!({
            "$setElementOrder/containers": [{ "name": "a" }, { "name": "c" }],
            "containers": [
                { "image": "y", "name": "a" }, { "name": "c" }, { "$patch": "delete", "name": "b" },
            ],
        });
        check(spec(original), spec(modified), spec(current), json!({ "spec": expected }));
        check(
            json!({}),
            json!({ "args": ["a"] }),
            json!({ "args": ["b", "c"] }),
            json!({ "args": ["a"] }),
        );
    }
}
