//! Several files become one: later ones win (docker/cli: `cli/compose/loader/merge.go`).

use yaml::{Node, Value};

/// What tells two items of a list of maps apart.
fn identity(path: &[&str], item: &Node) -> Option<String> {
    let text = |key: &str| item.text_of(key);
    match path {
        ["services", _, "secrets" | "configs"] => Some(text("source")),
        ["services", _, "volumes"] => Some(text("target")),
        ["services", _, "ports"] => Some(format!(
            "{} {} {} {}",
            text("mode"),
            text("target"),
            text("published"),
            text("protocol")
        )),
        _ => None,
    }
}

/// Lays `over` over `base`.
pub(crate) fn merge(base: &mut Node, over: Node) {
    lay(base, over, &[]);
}

fn lay(base: &mut Node, over: Node, path: &[&str]) {
    match (&mut base.value, over.value) {
        (Value::Map(_), Value::Map(entries)) => {
            for (key, node) in entries {
                let inner: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                match base.get_mut(&key) {
                    Some(known) => lay(known, node, &inner),
                    None => base.put(&key, node),
                }
            }
        }
        (Value::List(known), Value::List(items)) => {
            let replaces = matches!(path, ["services", _, "command" | "entrypoint"])
                || matches!(path, ["services", _, "healthcheck", "test"]);
            if replaces {
                *known = items;
                return;
            }
            for item in items {
                let own = identity(path, &item);
                let same = |other: &&mut Node| match &own {
                    Some(own) => identity(path, other).as_ref() == Some(own),
                    None => other.value == item.value,
                };
                match known.iter_mut().find(same) {
                    Some(other) => *other = item,
                    None => known.push(item),
                }
            }
        }
        (_, Value::Null) if !path.is_empty() => {}
        (base, over) => *base = over,
    }
}
