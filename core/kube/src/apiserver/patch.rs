//! The three kinds of patches: JSON (RFC 6902), merge (RFC 7386) and strategic merge, which finds the items of
//! lists by a key of their type.

use serde_json::{Map, Value};

use crate::json::merge;
use crate::schema::{self, Shape, Type};

/// A patched object.
///
/// # Errors
/// What is wrong with the patch.
pub(super) fn apply(
    content_type: &str,
    kind: Option<&Type>,
    object: &Value,
    patch: &Value,
) -> Result<Value, String> {
    let mut result = object.clone();
    match content_type {
        "application/json-patch+json" => {
            let Value::Array(steps) = patch else {
                return Err("json: cannot unmarshal object into Go value of type \
                            jsonpatch.Patch"
                    .to_owned());
            };
            for step in steps {
                json_step(&mut result, step)?;
            }
        }
        "application/merge-patch+json" => merge(&mut result, patch),
        _ => match kind {
            Some(kind) => strategic(&mut result, patch, &Shape::Object(kind.name)),
            None => merge(&mut result, patch),
        },
    }
    Ok(result)
}

fn strategic(target: &mut Value, patch: &Value, shape: &Shape) {
    match (shape, patch) {
        (Shape::List(inner, Some(key)), Value::Array(changes)) => {
            if !target.is_array() {
                *target = Value::Array(Vec::new());
            }
            let Value::Array(list) = target else { return };
            if changes.iter().any(|one| one["$patch"] == "replace") {
                *list = changes.iter().filter(|one| one.get("$patch").is_none()).cloned().collect();
                return;
            }
            let before: Vec<Value> = list.iter().map(|item| item[*key].clone()).collect();
            for change in changes {
                let place = list.iter().position(|item| item.get(*key) == change.get(*key));
                match (place, change["$patch"] == "delete") {
                    (Some(place), true) => drop(list.remove(place)),
                    (None, true) => {}
                    (Some(place), false) => strategic(&mut list[place], change, inner),
                    (None, false) => {
                        let mut new = Value::Null;
                        strategic(&mut new, change, inner);
                        list.push(new);
                    }
                }
            }
            put_in_order(list, key, &before, &keys(patch, key));
        }
        (Shape::Object(_) | Shape::Map(_), Value::Object(changes)) => {
            let kind = match shape {
                Shape::Object(name) => schema::type_named(name),
                _ => None,
            };
            if changes.get("$patch").is_some_and(|word| word == "replace") {
                let mut plain = changes.clone();
                plain.shift_remove("$patch");
                *target = Value::Object(plain);
                return;
            }
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let Value::Object(map) = target else { return };
            if let Some(Value::Array(kept)) = changes.get("$retainKeys") {
                map.retain(|name, _| kept.iter().any(|one| one == name));
            }
            // Orders of lists, with the order that there was.
            let mut orders = Vec::new();
            for (name, order) in changes {
                let field =
                    name.strip_prefix("$setElementOrder/").and_then(|name| kind?.field(name));
                if let Some((field, Shape::List(_, Some(key)))) = field.map(|one| (one, &one.shape))
                {
                    let list = map.get(field.name).cloned().unwrap_or_default();
                    orders.push((field.name, *key, keys(&list, key), keys(order, key)));
                }
            }
            for (name, change) in changes {
                if let Some(field) = name.strip_prefix("$deleteFromPrimitiveList/") {
                    if let (Some(Value::Array(list)), Value::Array(gone)) =
                        (map.get_mut(field), change)
                    {
                        list.retain(|item| !gone.contains(item));
                    }
                } else if name.starts_with('$') {
                    // Orders and kept members have their own turns.
                } else if change.is_null() {
                    map.shift_remove(name);
                } else {
                    let inner = match shape {
                        Shape::Map(inner) => Some(&**inner),
                        _ => kind.and_then(|kind| kind.field(name)).map(|field| &field.shape),
                    };
                    let place = map.entry(name.clone()).or_insert(Value::Null);
                    strategic(place, change, inner.unwrap_or(&Shape::Any));
                }
            }
            for (field, key, before, named) in orders {
                if let Some(Value::Array(list)) = map.get_mut(field) {
                    put_in_order(list, key, &before, &named);
                }
            }
        }
        (_, patch) => {
            let is_plain = !patch.is_object();
            if is_plain {
                *target = patch.clone();
            } else {
                merge(target, patch);
            }
        }
    }
}

/// The keys of a list's items.
fn keys(list: &Value, key: &str) -> Vec<Value> {
    crate::json::items(list, "").iter().map(|item| item[key].clone()).collect()
}

/// Puts the items that a patch names into its order; the others stay before those that they were before (apimachinery:
/// `strategicpatch.mergeSortedSlice`).
fn put_in_order(list: &mut Vec<Value>, key: &str, before: &[Value], named: &[Value]) {
    let place = |item: &Value, all: &[Value]| all.iter().position(|one| *one == item[key]);
    let (mut own, others): (Vec<Value>, Vec<Value>) =
        std::mem::take(list).into_iter().partition(|item| place(item, named).is_some());
    own.sort_by_key(|item| place(item, named));
    let mut others = others.into_iter().peekable();
    for item in own {
        let was = place(&item, before);
        let goes_first = |other: &Value| was.is_some_and(|was| place(other, before) < Some(was));
        while let Some(other) = others.next_if(goes_first) {
            list.push(other);
        }
        list.push(item);
    }
    list.extend(others);
}

fn json_step(target: &mut Value, step: &Value) -> Result<(), String> {
    let word = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let (path, value) = (word("path"), step.get("value").cloned().unwrap_or(Value::Null));
    let missing = |op: &str| {
        format!("{op} operation does not apply: doc is missing path: \"{path}\": missing value")
    };
    match word("op").as_str() {
        "add" => add(target, &path, value).ok_or_else(|| missing("add")),
        "replace" => {
            *target.pointer_mut(&path).ok_or_else(|| {
                format!(
                    "replace operation does not apply: doc is missing key: {path}: missing value"
                )
            })? = value;
            Ok(())
        }
        "remove" => take(target, &path).map(drop).ok_or_else(|| missing("remove")),
        "test" => {
            if target.pointer(&path).unwrap_or(&Value::Null) == &value {
                Ok(())
            } else {
                Err(format!("testing value {path} failed: test failed"))
            }
        }
        "move" => {
            let from = word("from");
            let value = take(target, &from).ok_or_else(|| missing("move"))?;
            add(target, &path, value).ok_or_else(|| missing("move"))
        }
        "copy" => {
            let from = word("from");
            let value = target.pointer(&from).cloned().ok_or_else(|| missing("copy"))?;
            add(target, &path, value).ok_or_else(|| missing("copy"))
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn parent<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (folder, name) = path.rsplit_once('/')?;
    Some((target.pointer_mut(folder)?, name.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *target = value;
        return Some(());
    }
    let (folder, name) = parent(target, path)?;
    match folder {
        Value::Object(map) => drop(map.insert(name, value)),
        Value::Array(list) => {
            let place = if name == "-" { list.len() } else { name.parse().ok()? };
            if place > list.len() {
                return None;
            }
            list.insert(place, value);
        }
        _ => return None,
    }
    Some(())
}

fn take(target: &mut Value, path: &str) -> Option<Value> {
    let (folder, name) = parent(target, path)?;
    match folder {
        Value::Object(map) => map.shift_remove(&name),
        Value::Array(list) => {
            let place: usize = name.parse().ok()?;
            (place < list.len()).then(|| list.remove(place))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_changes_what_it_names() {
        let pod = json!({ "spec": { "containers": [
            { "name": "a", "image": "x", "env": [{ "name": "K", "value": "1" }] },
            { "name": "b", "image": "y" },
        ] } });
        let patch = json!({ "spec": { "containers": [
            { "name": "a", "image": "z", "env": [{ "name": "L", "value": "2" }] },
            { "name": "b", "$patch": "delete" },
        ] } });
        let kind = "application/strategic-merge-patch+json";
        let changed = apply(kind, schema::kind("Pod"), &pod, &patch).unwrap();
        let a = &changed["spec"]["containers"];
        assert_eq!(a.as_array().unwrap().len(), 1);
        // What is new comes first, unless the patch says in which order all are.
        assert_eq!((&a[0]["image"], &a[0]["env"][0]["name"]), (&json!("z"), &json!("L")));
        let order = json!({ "spec": {
            "$setElementOrder/containers": [{ "name": "b" }, { "name": "c" }],
            "containers": [{ "name": "c" }],
        } });
        let changed = apply(kind, schema::kind("Pod"), &pod, &order).unwrap();
        let all = changed["spec"]["containers"].as_array().unwrap();
        let names: Vec<&str> = all.iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);

        let merged = apply("application/merge-patch+json", None, &pod, &json!({ "spec": null }));
        assert_eq!(merged.unwrap(), json!({}));

        let steps = json!([
            { "op": "test", "path": "/spec/containers/0/name", "value": "a" },
            { "op": "add", "path": "/data", "value": {} },
            { "op": "add", "path": "/data/a~1b", "value": "c" },
            { "op": "remove", "path": "/spec/containers/1" },
        ]);
        let stepped = apply("application/json-patch+json", None, &pod, &steps).unwrap();
        assert_eq!(stepped["data"]["a/b"], "c");
        assert!(
            apply(
                "application/json-patch+json",
                None,
                &pod,
                &json!([{ "op": "remove",
            "path": "/none" }])
            )
            .is_err()
        );
    }
}
