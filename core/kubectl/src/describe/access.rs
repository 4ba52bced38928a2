//! Secrets, config maps, and who may do what.

use serde_json::Value;

use super::{More, Text, head, marks};
use crate::cli::Cli;
use crate::json::{at, items, name, text};
use crate::output::json::sorted;

/// A Secret: the sizes of its values only. A service account's token is shown as it is, as the real one does.
pub(super) fn secret(lines: &mut Text, secret: &Value) {
    head(lines, secret);
    lines.line(0, "");
    lines.pair(0, "Type", text(secret, "type"));
    lines.line(0, "");
    lines.line(0, "Data\n====");
    let Some(data) = at(secret, "data").as_object() else { return };
    for (key, value) in sorted(data) {
        let bytes = value.as_str().and_then(seal::base64::decode).unwrap_or_default();
        if key == "token" && text(secret, "type") == "kubernetes.io/service-account-token" {
            lines.pair(0, key, String::from_utf8_lossy(&bytes));
        } else {
            lines.pair(0, key, format!("{} bytes", bytes.len()));
        }
    }
}

/// A ConfigMap with all its values.
pub(super) fn config_map(cli: &Cli, lines: &mut Text, map: &Value) {
    head(lines, map);
    lines.line(0, "");
    lines.line(0, "Data\n====");
    let sorted_of = |field: &str| at(map, field).as_object().map(sorted).unwrap_or_default();
    for (key, value) in sorted_of("data") {
        lines.line(0, format!("{key}:\n----"));
        lines.line(0, value.as_str().unwrap_or_default());
        if cli.profile.minor >= 31 {
            lines.line(0, "");
        }
    }
    lines.line(0, "");
    lines.line(0, "BinaryData\n====");
    for (key, value) in sorted_of("binaryData") {
        let bytes = value.as_str().and_then(seal::base64::decode).unwrap_or_default();
        lines.line(0, format!("{key}: {} bytes", bytes.len()));
    }
    lines.line(0, "");
}

/// A service account and the Secrets that belong to it.
pub(super) fn service_account(lines: &mut Text, account: &Value, more: &More) {
    head(lines, account);
    let names = |field: &str| -> Vec<String> {
        items(account, field).iter().map(|one| text(one, "name").to_owned()).collect()
    };
    let is_token = |secret: &&Value| {
        text(secret, "type") == "kubernetes.io/service-account-token"
            && crate::commands::annotation(secret, "kubernetes.io/service-account.name")
                == name(account)
    };
    let tokens = more.secrets.iter().filter(is_token).map(|secret| name(secret).to_owned());
    let all = [
        ("Image pull secrets:", names("imagePullSecrets")),
        ("Mountable secrets: ", names("secrets")),
        ("Tokens:            ", tokens.collect()),
    ];
    for (title, names) in all {
        if names.is_empty() {
            lines.line(0, format!("{title}\t<none>"));
        }
        for (index, name) in names.iter().enumerate() {
            let title = if index == 0 { title } else { "                   " };
            let is_there =
                more.secrets.is_empty() || more.secrets.iter().any(|one| self::name(one) == name);
            lines.line(0, format!("{title}\t{name}{}", if is_there { "" } else { " (not found)" }));
        }
    }
}

/// Words as Go prints a slice.
fn slice(rule: &Value, field: &str) -> String {
    let all: Vec<&str> = items(rule, field).iter().filter_map(Value::as_str).collect();
    format!("[{}]", all.join(" "))
}

/// A role and what may be done with it, one line for each resource.
pub(super) fn role(lines: &mut Text, role: &Value) {
    lines.pair(0, "Name", name(role));
    marks(lines, role);
    lines.line(0, "PolicyRule:");
    lines.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    lines.line(1, "---------\t-----------------\t--------------\t-----");
    let mut rows: Vec<String> = Vec::new();
    for rule in items(role, "rules") {
        let rest = format!("{}\t{}", slice(rule, "resourceNames"), slice(rule, "verbs"));
        let groups: Vec<&str> = items(rule, "apiGroups").iter().filter_map(Value::as_str).collect();
        for resource in items(rule, "resources").iter().filter_map(Value::as_str) {
            for group in &groups {
                let shown = match (*group, resource.split_once('/')) {
                    ("", _) => resource.to_owned(),
                    (group, Some((resource, sub))) => format!("{resource}.{group}/{sub}"),
                    (group, None) => format!("{resource}.{group}"),
                };
                rows.push(format!("{shown}\t[]\t{rest}"));
            }
        }
        if !items(rule, "nonResourceURLs").is_empty() {
            rows.push(format!("\t{}\t{rest}", slice(rule, "nonResourceURLs")));
        }
    }
    rows.sort();
    rows.iter().for_each(|row| lines.line(1, row));
}

/// A binding and who has its role.
pub(super) fn binding(lines: &mut Text, binding: &Value) {
    lines.pair(0, "Name", name(binding));
    marks(lines, binding);
    lines.line(0, "Role:");
    lines.pair(1, "Kind", text(binding, "roleRef/kind"));
    lines.pair(1, "Name", text(binding, "roleRef/name"));
    lines.line(0, "Subjects:");
    lines.line(1, "Kind\tName\tNamespace");
    lines.line(1, "----\t----\t---------");
    for subject in items(binding, "subjects") {
        let of = |field: &str| text(subject, field);
        lines.line(1, format!("{}\t{}\t{}", of("kind"), of("name"), of("namespace")));
    }
}
