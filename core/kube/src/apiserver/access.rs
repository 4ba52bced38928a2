//! Who asks, and may they? Authentication by certificate or token, the node authoriser and RBAC.

use serde_json::{Value, json};

use super::Objects;
use super::path::Target;
use super::status::Status;
use super::token::{self, TokenKey};
use crate::json::{items, text};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The name, as in `system:node:worker1`.
    pub name: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// Whoever has this group may do everything.
pub(crate) const MASTERS: &str = "system:masters";
const NODES: &str = "system:nodes";

impl User {
    /// Nobody in particular.
    pub(crate) fn anonymous() -> Self {
        Self::new("system:anonymous", &["system:unauthenticated"])
    }

    /// With these groups.
    pub(crate) fn new(name: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Self { name: name.to_owned(), groups }
    }

    /// A part of the control plane on the server's own host.
    pub(crate) fn internal(name: &str) -> Self {
        Self::new(name, &[MASTERS, "system:authenticated"])
    }

    /// The node that it is the kubelet of.
    pub(crate) fn node(&self) -> Option<&str> {
        let is_node = self.groups.iter().any(|group| group == NODES);
        self.name.strip_prefix("system:node:").filter(|_| is_node)
    }

    fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }
}

/// Finds out who asks: by a token if there is one, else by the certificate of the connection.
///
/// # Errors
/// `Unauthorized` for a token that is not good.
pub(crate) fn authenticate(
    certificate: Option<&seal::Peer>,
    bearer: Option<&str>,
    key: &TokenKey,
    objects: &Objects,
    now: sim::Time,
) -> Result<User, Status> {
    if let Some(bearer) = bearer {
        let claims = token::verify(bearer, key, now).ok_or_else(Status::unauthorized)?;
        let account = objects.find("serviceaccounts", &claims.namespace, &claims.name);
        // A token dies with its account.
        if account.is_none_or(|account| crate::json::uid(account) != claims.uid) {
            return Err(Status::unauthorized());
        }
        let (namespace, name) = (claims.namespace, claims.name);
        let groups = [
            "system:serviceaccounts",
            &format!("system:serviceaccounts:{namespace}"),
            "system:authenticated",
        ];
        return Ok(User::new(&format!("system:serviceaccount:{namespace}:{name}"), &groups));
    }
    Ok(match certificate {
        None => User::anonymous(),
        Some(peer) => User::new(&peer.node_id, &[&peer.cluster_id, "system:authenticated"]),
    })
}

/// What is to be done, with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deed<'a> {
    /// As in `get`.
    pub verb: &'a str,
    /// The API group.
    pub group: &'a str,
    /// As in `pods/log`.
    pub resource: &'a str,
    /// Empty for all, or for what has none.
    pub namespace: &'a str,
    /// Empty for all.
    pub name: &'a str,
}

/// May the user do it? A refusal can say why.
///
/// # Errors
/// The reason behind the refusal's text, possibly empty.
pub(crate) fn authorize(user: &User, deed: &Deed<'_>, objects: &Objects) -> Result<(), String> {
    if user.is_in(MASTERS) {
        return Ok(());
    }
    let mut why = String::new();
    if let Some(node) = user.node() {
        match node_may(node, deed, objects) {
            Some(Ok(())) => return Ok(()),
            Some(Err(reason)) => why = reason,
            None => {}
        }
    }
    let allows = rules_of(user, deed.namespace, objects).iter().any(|rule| rule_allows(rule, deed));
    if allows { Ok(()) } else { Err(why) }
}

/// Somebody acts for another one, if they may (apiserver: impersonation filter).
pub(crate) fn act_for(
    own: &User,
    name: &str,
    groups: &[String],
    objects: &Objects,
) -> Result<User, Status> {
    let deed =
        |resource, name| Deed { verb: "impersonate", group: "", resource, namespace: "", name };
    let asked =
        [deed("users", name)].into_iter().chain(groups.iter().map(|one| deed("groups", one)));
    for deed in asked {
        if authorize(own, &deed, objects).is_err() {
            let text = format!(
                "{} \"{}\" is forbidden: User \"{}\" cannot impersonate resource \"{}\" in API group \
                 \"\" at the cluster scope",
                deed.resource, deed.name, own.name, deed.resource
            );
            return Err(Status::new(403, "Forbidden", text));
        }
    }
    let mut all: Vec<&str> = groups.iter().map(String::as_str).collect();
    let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    let of_namespace = account.map(|(home, _)| format!("system:serviceaccounts:{home}"));
    if let Some(of_namespace) = &of_namespace {
        all.extend(["system:serviceaccounts", of_namespace.as_str()]);
    }
    all.push("system:authenticated");
    Ok(User::new(name, &all))
}

/// The refusal of a request, as `RBAC` and its kin word it (apiserver: `responsewriters.Forbidden`).
pub(crate) fn refusal(user: &User, verb: &str, target: &Target, why: &str) -> Status {
    let resource = target.resource;
    let scope = match target.namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    let text = format!(
        "User \"{}\" cannot {verb} resource \"{}\" in API group \"{}\" {scope}{why}",
        user.name,
        target.resource_word(),
        resource.group
    );
    Status::forbidden(resource, &target.name, &text)
}

/// The rules that hold for a user in a namespace (or everywhere).
pub(crate) fn rules_of(user: &User, namespace: &str, objects: &Objects) -> Vec<Value> {
    let mut rules = Vec::new();
    let mut bound = |bindings: &str, place: &str| {
        for binding in objects.list(bindings, place) {
            let is_meant = items(binding, "subjects").iter().any(|subject| {
                let name = text(subject, "name");
                match text(subject, "kind") {
                    "User" => name == user.name,
                    "Group" => user.is_in(name),
                    "ServiceAccount" => {
                        let home = match text(subject, "namespace") {
                            "" => crate::json::namespace(binding),
                            home => home,
                        };
                        user.name == format!("system:serviceaccount:{home}:{name}")
                    }
                    _ => false,
                }
            });
            if !is_meant {
                continue;
            }
            let role = match text(binding, "roleRef/kind") {
                "Role" => objects.find("roles", place, text(binding, "roleRef/name")),
                _ => objects.find("clusterroles", "", text(binding, "roleRef/name")),
            };
            rules.extend(role.into_iter().flat_map(|role| items(role, "rules")).cloned());
        }
    };
    bound("clusterrolebindings", "");
    if !namespace.is_empty() {
        bound("rolebindings", namespace);
    }
    rules
}

fn has(rule: &Value, list: &str, word: &str) -> bool {
    items(rule, list).iter().any(|one| one == word || one == "*")
}

fn rule_allows(rule: &Value, deed: &Deed<'_>) -> bool {
    if deed.group == NON_RESOURCE {
        return has(rule, "verbs", deed.verb)
            && items(rule, "nonResourceURLs").iter().filter_map(Value::as_str).any(|url| {
                url == deed.name
                    || url.strip_suffix('*').is_some_and(|front| deed.name.starts_with(front))
            });
    }
    let names = items(rule, "resourceNames");
    let sub = deed.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    has(rule, "verbs", deed.verb)
        && has(rule, "apiGroups", deed.group)
        && (has(rule, "resources", deed.resource)
            || sub.is_some_and(|sub| has(rule, "resources", &sub)))
        && (names.is_empty() || names.iter().any(|name| name == deed.name))
}

/// Stands in a [`Deed`] for the group of what is no resource.
pub(crate) const NON_RESOURCE: &str = "\0";

/// The node authoriser (`plugin/pkg/auth/authorizer/node`): nothing if it has no opinion.
fn node_may(node: &str, deed: &Deed<'_>, objects: &Objects) -> Option<Result<(), String>> {
    let reads = matches!(deed.verb, "get" | "list" | "watch");
    match (deed.group, deed.resource) {
        ("", "secrets" | "configmaps") => {
            if !reads {
                return None;
            }
            if deed.name.is_empty() {
                let why = "can only read namespaced object of this type";
                return Some(Err(why.to_owned()));
            }
            let is_used = sim::planted!(AllSecretsToNodes)
                || objects.list("pods", deed.namespace).any(|pod| {
                    text(pod, "spec/nodeName") == node && uses(pod, deed.resource, deed.name)
                });
            let why = "no relationship found between node '";
            Some(if is_used { Ok(()) } else { Err(format!("{why}{node}' and this object")) })
        }
        ("coordination.k8s.io", "leases") => {
            let is_own = deed.namespace == "kube-node-lease"
                && (deed.name == node || (deed.name.is_empty() && deed.verb == "create"));
            let why = "can only access node lease with the same name as the requesting node";
            Some(if is_own { Ok(()) } else { Err(why.to_owned()) })
        }
        ("", "nodes" | "nodes/status") => {
            let is_own = deed.name.is_empty() || deed.name == node;
            (reads || is_own && matches!(deed.verb, "create" | "update" | "patch"))
                .then_some(Ok(()))
        }
        ("", "pods") => {
            let own = deed.verb == "create" || deed.verb == "delete" && is_on(node, deed, objects);
            (reads || own).then_some(Ok(()))
        }
        ("", "pods/status") => is_on(node, deed, objects).then_some(Ok(())),
        ("", "services" | "endpoints" | "serviceaccounts") => reads.then_some(Ok(())),
        ("", "events") => matches!(deed.verb, "create" | "patch" | "update").then_some(Ok(())),
        ("", "serviceaccounts/token") => Some(Ok(())),
        _ => None,
    }
}

fn is_on(node: &str, deed: &Deed<'_>, objects: &Objects) -> bool {
    let pod = objects.find("pods", deed.namespace, deed.name);
    pod.is_some_and(|pod| text(pod, "spec/nodeName") == node)
}

/// True if a pod's spec names this secret or config map: what the node authoriser's graph holds.
pub fn uses(pod: &Value, resource: &str, name: &str) -> bool {
    let (volume, name_field, env_key, env_from, projected) = match resource {
        "secrets" => ("secret", "secretName", "secretKeyRef", "secretRef", "secret"),
        _ => ("configMap", "name", "configMapKeyRef", "configMapRef", "configMap"),
    };
    let spec = &pod["spec"];
    let containers = items(spec, "containers").iter().chain(items(spec, "initContainers"));
    let in_env = containers.into_iter().any(|container| {
        let one = |env: &Value| text(&env["valueFrom"][env_key], "name") == name;
        items(container, "env").iter().any(one)
            || items(container, "envFrom").iter().any(|from| text(&from[env_from], "name") == name)
    });
    let in_volumes = items(spec, "volumes").iter().any(|one| {
        text(&one[volume], name_field) == name
            || items(one, "projected/sources")
                .iter()
                .any(|source| text(&source[projected], "name") == name)
    });
    let pulls = resource == "secrets"
        && items(spec, "imagePullSecrets").iter().any(|one| text(one, "name") == name);
    in_env || in_volumes || pulls
}

/// Answers a review: may somebody do that?
pub(crate) fn review(kind: &str, asker: &User, body: &Value, objects: &Objects) -> Value {
    let mut answer = body.clone();
    let spec = &body["spec"];
    if kind == "SelfSubjectRulesReview" {
        let rules = if asker.is_in(MASTERS) {
            vec![
                json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }),
                json!({ "verbs": ["*"], "nonResourceURLs": ["*"] }),
            ]
        } else {
            rules_of(asker, text(spec, "namespace"), objects)
        };
        let (paths, things): (Vec<Value>, Vec<Value>) =
            rules.into_iter().partition(|rule| !items(rule, "nonResourceURLs").is_empty());
        answer["status"] =
            json!({ "resourceRules": things, "nonResourceRules": paths, "incomplete": false });
        return answer;
    }
    let user = match kind {
        "SelfSubjectAccessReview" => asker.clone(),
        _ => {
            let groups = items(spec, "groups").iter().filter_map(Value::as_str);
            let mut groups: Vec<&str> = groups.collect();
            groups.push("system:authenticated");
            User::new(text(spec, "user"), &groups)
        }
    };
    let what = &spec["resourceAttributes"];
    let word = match (text(what, "resource"), text(what, "subresource")) {
        (resource, "") => resource.to_owned(),
        (resource, sub) => format!("{resource}/{sub}"),
    };
    let deed = match what.is_object() {
        true => Deed {
            verb: text(what, "verb"),
            group: text(what, "group"),
            resource: &word,
            namespace: text(what, "namespace"),
            name: text(what, "name"),
        },
        false => Deed {
            verb: text(spec, "nonResourceAttributes/verb"),
            group: NON_RESOURCE,
            resource: "",
            namespace: "",
            name: text(spec, "nonResourceAttributes/path"),
        },
    };
    answer["status"] = match authorize(&user, &deed, objects) {
        Ok(()) => json!({ "allowed": true }),
        Err(why) if why.is_empty() => json!({ "allowed": false }),
        Err(why) => json!({ "allowed": false, "reason": why }),
    };
    answer
}
