//! Label and field selectors.

use serde_json::Value;

use crate::json::{at, items, members, text};

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

/// Which objects are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<Condition>,
    fields: Vec<(String, String, bool)>,
}

impl Condition {
    fn holds(&self, labels: &Value) -> bool {
        let value = |key: &str| labels.get(key).and_then(Value::as_str);
        let among = |key: &str, values: &[String]| {
            value(key).is_some_and(|value| values.iter().any(|one| one == value))
        };
        match self {
            Self::In(key, values) => among(key, values),
            Self::NotIn(key, values) => !among(key, values),
            Self::Exists(key) => value(key).is_some(),
            Self::Missing(key) => value(key).is_none(),
        }
    }
}

impl Selector {
    /// The selectors of a query, both possibly empty.
    ///
    /// # Errors
    /// apimachinery's text for what cannot be read.
    pub(crate) fn parse(labels: &str, fields: &str) -> Result<Self, String> {
        let mut selector = Self::default();
        for part in split(labels) {
            selector.labels.push(condition(part).ok_or_else(|| {
                let found = match part.split_whitespace().nth(1) {
                    Some(second) => {
                        format!("'{second}', expected: in, notin, =, ==, !=, gt, lt")
                    }
                    None => format!("'{part}', expected: !, identifier, or 'end of string'"),
                };
                format!("unable to parse requirement: found {found}")
            })?);
        }
        for part in fields.split(',').filter(|part| !part.is_empty()) {
            let (key, value, equal) = match part.split_once("!=") {
                Some((key, value)) => (key, value, false),
                None => {
                    let (key, value) = part.split_once('=').ok_or_else(|| {
                        format!("invalid selector: '{fields}'; can't understand '{part}'")
                    })?;
                    (key, value.trim_start_matches('='), true)
                }
            };
            selector.fields.push((key.trim().to_owned(), value.trim().to_owned(), equal));
        }
        Ok(selector)
    }

    /// Are these fields that a kind's objects can be selected by (kubernetes: `AddFieldLabelConversionFunc`)?
    ///
    /// # Errors
    /// The server's text for the first one that is not.
    pub(crate) fn check_fields(&self, kind: &str) -> Result<(), String> {
        let own = match kind {
            "Pod" => {
                "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName \
                 spec.hostNetwork status.phase status.podIP status.podIPs status.nominatedNodeName"
            }
            "Secret" => "type",
            "Namespace" => "status.phase",
            "Node" => "spec.unschedulable",
            "ReplicaSet" => "status.replicas",
            "Event" => {
                "involvedObject.kind involvedObject.namespace involvedObject.name \
                 involvedObject.uid involvedObject.apiVersion involvedObject.resourceVersion \
                 involvedObject.fieldPath reason reportingComponent source type"
            }
            _ => "",
        };
        let is_known = |field: &str| {
            matches!(field, "metadata.name" | "metadata.namespace")
                || own.split_whitespace().any(|one| one == field)
        };
        match self.fields.iter().find(|(field, _, _)| !is_known(field)) {
            None => Ok(()),
            Some((field, _, _)) if own.is_empty() => Err(format!(
                "\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            )),
            Some((field, _, _)) => Err(format!("field label not supported: {field}")),
        }
    }

    /// A selector of an object: `matchLabels` and `matchExpressions`.
    pub(crate) fn of_object(value: &Value) -> Self {
        let mut labels: Vec<Condition> = members(value, "matchLabels")
            .map(|(key, value)| {
                Condition::In(key.to_owned(), vec![value.as_str().unwrap_or_default().to_owned()])
            })
            .collect();
        for one in items(value, "matchExpressions") {
            let key = text(one, "key").to_owned();
            let values = items(one, "values").iter().filter_map(Value::as_str);
            let values = values.map(str::to_owned).collect();
            labels.push(match text(one, "operator") {
                "In" => Condition::In(key, values),
                "NotIn" => Condition::NotIn(key, values),
                "Exists" => Condition::Exists(key),
                _ => Condition::Missing(key),
            });
        }
        Self { labels, fields: Vec::new() }
    }

    /// A selector that is nothing but labels, as a service's.
    pub(crate) fn of_labels(value: &Value) -> Self {
        let labels = members(value, "").map(|(key, value)| {
            Condition::In(key.to_owned(), vec![value.as_str().unwrap_or_default().to_owned()])
        });
        Self { labels: labels.collect(), fields: Vec::new() }
    }

    /// The name, if the selector names one object.
    pub(crate) fn name(&self) -> Option<&str> {
        self.field("metadata.name")
    }

    /// The value that a field must have.
    pub(crate) fn field(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _, equal)| *equal && field == key);
        found.map(|(_, value, _)| value.as_str())
    }

    /// True if it selects this object.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = at(object, "metadata/labels");
        self.labels.iter().all(|one| one.holds(labels))
            && self.fields.iter().all(|(key, value, equal)| {
                let found = match at(object, &key.replace('.', "/")) {
                    Value::String(text) => text.clone(),
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                (found == *value) == *equal
            })
    }
}

/// At commas that are not inside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_u32, 0);
    for (place, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[from..place]);
                from = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn condition(part: &str) -> Option<Condition> {
    let one = |value: &str| vec![value.trim().to_owned()];
    let key = |text: &str| {
        let text = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        (!text.is_empty() && text.chars().all(fits)).then(|| text.to_owned())
    };
    for (word, is_in) in [(" notin ", false), (" in ", true), (" notin(", false), (" in(", true)] {
        if let Some((left, right)) = part.split_once(word) {
            let inner = right.trim().trim_start_matches('(').strip_suffix(')')?;
            let values = inner.split(',').map(|value| value.trim().to_owned()).collect();
            let key = key(left)?;
            return Some(if is_in {
                Condition::In(key, values)
            } else {
                Condition::NotIn(key, values)
            });
        }
    }
    if let Some((left, right)) = part.split_once("!=") {
        return Some(Condition::NotIn(key(left)?, one(right)));
    }
    if let Some((left, right)) = part.split_once('=') {
        return Some(Condition::In(key(left)?, one(right.trim_start_matches('='))));
    }
    match part.strip_prefix('!') {
        Some(missing) => Some(Condition::Missing(key(missing)?)),
        None => Some(Condition::Exists(key(part)?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(labels: &str, fields: &str, expected: bool) {
        let object = json!({
            "metadata": { "name": "a", "labels": { "app": "web", "tier": "front" } },
            "spec": { "nodeName": "worker1" },
        });
        let selector = Selector::parse(labels, fields).expect("it can be read");
        assert_eq!(selector.matches(&object), expected, "{labels} {fields}");
    }

    #[test]
    fn selectors_select() {
        check("", "", true);
        check("app=web,tier==front", "", true);
        check("app!=web", "", false);
        check("app in (db, web),!gone", "", true);
        check("app notin (db,web)", "", false);
        check("tier", "metadata.name=a,spec.nodeName!=worker2", true);
        check("", "spec.nodeName=worker2", false);
        assert!(Selector::parse("a b", "").is_err());
    }
}
