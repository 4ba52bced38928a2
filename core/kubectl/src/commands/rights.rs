//! `kubectl create role`, `rolebinding` and their cluster-wide kin (kubectl: `cmd/create/create_role.go`).

use kube::resources::Resource;
use serde_json::{Value, json};

use super::make::{made, object, split};
use super::one_name;
use crate::cli::{Boxed, Cli, Failure};
use crate::table::Outcome;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Verbs that a role may have.
const VERBS: [&str; 17] = [
    "*",
    "approve",
    "bind",
    "create",
    "delete",
    "deletecollection",
    "escalate",
    "get",
    "impersonate",
    "list",
    "patch",
    "proxy",
    "sign",
    "update",
    "use",
    "watch",
    "attest",
];

/// The rules that `--verb`, `--resource` and `--resource-name` make, one for each API group.
async fn rules(cli: &Cli) -> Result<Vec<Value>, Failure> {
    let (mut verbs, resources, names) =
        (split(cli, "verb"), split(cli, "resource"), split(cli, "resource-name"));
    if verbs.iter().any(|verb| verb == "*") {
        verbs = vec!["*".to_owned()];
    }
    if verbs.is_empty() {
        return Err(Failure::text("at least one verb must be specified"));
    }
    for verb in verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())) {
        if cli.profile.minor < 20 {
            return Err(Failure::text(format!("invalid verb: '{verb}'")));
        }
        cli.err(format!("Warning: '{verb}' is not a standard resource verb\n"));
    }
    let urls = split(cli, "non-resource-url");
    if resources.is_empty() && urls.is_empty() {
        return Err(Failure::text("at least one resource must be specified"));
    }
    let mut rules: Vec<(String, Vec<String>)> = Vec::new();
    for given in &resources {
        let (word, sub) = given.split_once('/').unwrap_or((given, ""));
        let (group, mut name) = match Resource::find(word) {
            _ if word == "*" => ("*", "*".to_owned()),
            Some(resource) => (resource.group, resource.name.to_owned()),
            None => return crate::select::unknown_kind(cli, word).await,
        };
        if !sub.is_empty() {
            name = format!("{name}/{sub}");
        }
        match rules.iter_mut().find(|(known, _)| known == group) {
            Some((_, all)) if !all.contains(&name) => all.push(name),
            Some(_) => {}
            None => rules.push((group.to_owned(), vec![name])),
        }
    }
    let rule = |(group, resources): (String, Vec<String>)| {
        let mut rule = json!({ "apiGroups": [group], "resources": resources });
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rule["verbs"] = json!(verbs);
        rule
    };
    let mut rules: Vec<Value> = rules.into_iter().map(rule).collect();
    if !urls.is_empty() {
        rules.push(json!({ "nonResourceURLs": urls, "verbs": verbs }));
    }
    Ok(rules)
}

/// `kubectl create role` and `clusterrole`.
pub(crate) fn role(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_name(cli)?;
        let is_wide = cli.command.name() == "clusterrole";
        let kind = if is_wide { "ClusterRole" } else { "Role" };
        let mut role = object(cli, &format!("{GROUP}/v1"), kind, name, !is_wide);
        role["rules"] = rules(cli).await?.into();
        made(cli, role).await
    })
}

/// `kubectl create rolebinding` and `clusterrolebinding`.
pub(crate) fn binding(cli: &Cli) -> Boxed<'_, Outcome> {
    Box::pin(async move {
        let name = one_name(cli)?;
        let is_wide = cli.command.name() == "clusterrolebinding";
        let (role, cluster_role) = (cli.flag("role"), cli.flag("clusterrole"));
        let (kind, of) = match (role, cluster_role) {
            ("", "") if is_wide => return Err(Failure::text("clusterrole must be specified")),
            ("", "") => {
                return Err(Failure::text("exactly one of clusterrole or role must be specified"));
            }
            (role, "") => ("Role", role),
            ("", role) => ("ClusterRole", role),
            _ => return Err(Failure::text("exactly one of clusterrole or role must be specified")),
        };
        let mut subjects = Vec::new();
        for (flag, kind) in [("user", "User"), ("group", "Group")] {
            for name in split(cli, flag) {
                subjects.push(json!({ "apiGroup": GROUP, "kind": kind, "name": name }));
            }
        }
        for given in split(cli, "serviceaccount") {
            let Some((namespace, name)) =
                given.split_once(':').filter(|(a, b)| !a.is_empty() && !b.is_empty())
            else {
                return Err(Failure::text("serviceaccount must be <namespace>:<name>"));
            };
            subjects
                .push(json!({ "kind": "ServiceAccount", "name": name, "namespace": namespace }));
        }
        let own = if is_wide { "ClusterRoleBinding" } else { "RoleBinding" };
        let mut binding = object(cli, &format!("{GROUP}/v1"), own, name, !is_wide);
        binding["roleRef"] = json!({ "apiGroup": GROUP, "kind": kind, "name": of });
        if !subjects.is_empty() {
            binding["subjects"] = subjects.into();
        }
        made(cli, binding).await
    })
}
