//! `kubectl auth can-i` (kubectl: `cmd/auth/cani.go`).

use kube::resources::Resource;
use kube::rest::Method;
use serde_json::{Value, json};

use super::get::Table;
use crate::cli::{Boxed, Call, Cli, Failure};
use crate::json::{flag, items, text};
use crate::table::Outcome;

const GROUP: &str = "/apis/authorization.k8s.io/v1";

/// `kubectl auth can-i`.
pub(crate) fn can_i(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        if cli.is_set("list") {
            if !cli.args().is_empty() {
                return cli.usage("list option must be specified with no arguments");
            }
            return list(cli).await;
        }
        let attributes = match cli.args() {
            [verb, url] if url.starts_with('/') => {
                json!({ "nonResourceAttributes": { "verb": verb, "path": url } })
            }
            [verb, word] => json!({ "resourceAttributes": resource(cli, verb, word, "").await? }),
            [verb, word, name] => {
                json!({ "resourceAttributes": resource(cli, verb, word, name).await? })
            }
            _ => {
                return Err(Failure::text(if cli.profile.minor < 27 {
                    "you must specify two or three arguments: verb, resource, and optional resourceName"
                } else {
                    "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
                }));
            }
        };
        let body = json!({
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": attributes,
        });
        let path = format!("{GROUP}/selfsubjectaccessreviews");
        let answer = cli.call(Call::new(Method::Post, path).body(body)).await?;
        let is_allowed = flag(&answer, "status/allowed");
        if !cli.is_set("quiet") {
            let (reason, error) =
                (text(&answer, "status/reason"), text(&answer, "status/evaluationError"));
            let mut line = if is_allowed { "yes" } else { "no" }.to_owned();
            if !reason.is_empty() && !is_allowed {
                line += &format!(" - {reason}");
            }
            if !error.is_empty() {
                line += &format!(" - {error}");
            }
            cli.out(line + "\n");
        }
        if is_allowed { Ok(0) } else { Err(Failure::Exit(1)) }
    })
}

/// What is asked about: `get pods/log`, `get pods/x`, `get secrets x`.
async fn resource(cli: &Cli, verb: &str, word: &str, name: &str) -> Result<Value, Failure> {
    let (word, slash) = word.split_once('/').unwrap_or((word, ""));
    let name = if name.is_empty() { slash } else { name };
    let known = Resource::find(word);
    if known.is_none() && word != "*" {
        if let Err(failure @ Failure::Plain(_)) = crate::select::unknown_kind::<()>(cli, word).await
        {
            return Err(failure);
        }
        cli.err(format!("Warning: the server doesn't have a resource type '{word}'\n\n"));
    }
    let is_wide = known.is_some_and(|known| !known.namespaced);
    if is_wide {
        cli.err(format!("Warning: resource '{word}' is not namespace scoped"));
        let group = known.map_or("", |known| known.group);
        cli.err(if group.is_empty() {
            "\n\n".to_owned()
        } else {
            format!(" in group '{group}'\n\n")
        });
    }
    let namespace = if cli.is_set("all-namespaces") || is_wide { "" } else { cli.namespace() };
    Ok(json!({
        "namespace": namespace,
        "verb": verb,
        "group": known.map_or("", |known| known.group),
        "resource": known.map_or(word, |known| known.name),
        "subresource": cli.flag("subresource"),
        "name": name,
    }))
}

/// `--list`: what the server says may be done in the namespace.
async fn list(cli: &Cli) -> Outcome {
    let body = json!({
        "kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1",
        "spec": { "namespace": cli.namespace() },
    });
    let path = format!("{GROUP}/selfsubjectrulesreviews");
    let answer = cli.call(Call::new(Method::Post, path).body(body)).await?;
    if flag(&answer, "status/incomplete") {
        cli.err("warning: the list may be incomplete\n");
    }
    let title = ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"];
    let mut rows = vec![title.map(str::to_owned).to_vec()];
    let words = |rule: &Value, field: &str| -> String {
        let all: Vec<&str> = items(rule, field).iter().filter_map(Value::as_str).collect();
        format!("[{}]", all.join(" "))
    };
    let mut found: Vec<Vec<String>> = Vec::new();
    for rule in items(&answer, "status/resourceRules") {
        for resource in items(rule, "resources").iter().filter_map(Value::as_str) {
            let groups = items(rule, "apiGroups").iter().filter_map(Value::as_str);
            for group in groups {
                let dot = if group.is_empty() { "" } else { "." };
                let name = format!("{resource}{dot}{group}");
                found.push(vec![
                    name,
                    "[]".to_owned(),
                    words(rule, "resourceNames"),
                    words(rule, "verbs"),
                ]);
            }
        }
    }
    for rule in items(&answer, "status/nonResourceRules") {
        for url in items(rule, "nonResourceURLs").iter().filter_map(Value::as_str) {
            found.push(vec![
                String::new(),
                format!("[{url}]"),
                "[]".to_owned(),
                words(rule, "verbs"),
            ]);
        }
    }
    // As Go sorts the rules' texts, in which verbs come first.
    found.sort_by(|a, b| (&a[3], &a[0], &a[1]).cmp(&(&b[3], &b[0], &b[1])));
    rows.extend(found);
    if cli.is_set("no-headers") {
        rows.remove(0);
    }
    cli.out(Table::default().lines(&rows));
    Ok(0)
}
