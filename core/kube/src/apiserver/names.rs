//! How objects and their parts may be called (apimachinery: `pkg/util/validation`).

use serde_json::Value;

use crate::json::members;
use crate::resources::Resource;
use crate::schema::Problem;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
     '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
     start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. \
     'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
     '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
     used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const SEGMENT: &str = "may not contain '/'";

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| inner(*byte) || *byte == b'-')
        && bytes.first().is_some_and(|byte| inner(*byte))
        && bytes.last().is_some_and(|byte| inner(*byte))
}

/// What is wrong with a DNS label.
pub(super) fn label(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".to_owned());
    }
    (!is_label(text)).then(|| LABEL.to_owned())
}

/// What is wrong with a DNS subdomain.
pub(super) fn subdomain(text: &str) -> Option<String> {
    if text.len() > 253 {
        return Some("must be no more than 253 characters".to_owned());
    }
    (!text.split('.').all(is_label)).then(|| SUBDOMAIN.to_owned())
}

/// What is wrong with a key of a secret or config map.
pub(super) fn config_key(key: &str) -> Option<&'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if key.len() > 253 {
        return Some("must be no more than 253 characters");
    }
    (key.is_empty() || !key.bytes().all(fits)).then_some(CONFIG_KEY)
}

/// What is wrong with an object's name.
pub(super) fn check(resource: &Resource, name: &str) -> Option<Problem> {
    if name.is_empty() {
        return Some(Problem::required("metadata.name", "name or generateName is required"));
    }
    let why = match resource.kind {
        "Namespace" | "Service" => label(name),
        kind if kind.contains("Role") => name.contains('/').then(|| SEGMENT.to_owned()),
        "Event" => None,
        _ => subdomain(name),
    };
    why.map(|why| Problem::invalid("metadata.name", &name.into(), &why))
}

/// What is wrong with labels.
pub(super) fn labels(map: &Value, path: &str) -> Vec<Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_value = |text: &str| {
        text.is_empty()
            || text.len() <= 63
                && text.bytes().all(fits)
                && text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    members(map, "")
        .filter(|(_, value)| !value.as_str().is_some_and(is_value))
        .map(|(_, value)| Problem::invalid(path, value, LABEL_VALUE))
        .collect()
}
