//! What the API server makes when it starts and it is not there yet: namespaces, roles, its own service
//! (kubernetes: post-start hooks, `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`).

use serde_json::{Value, json};
use sim::Time;

use super::access::User;
use super::{ApiServer, Call, Origin};
use crate::client;
use crate::json::text;
use crate::resources::Resource;

fn cluster_role(name: &str, rules: Value) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {
            "name": name,
            "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" },
            "annotations": { "rbac.authorization.kubernetes.io/autoupdate": "true" },
        },
        "rules": rules,
    })
}

fn bind_group(role: &str, groups: &[&str]) -> Value {
    let subjects: Vec<Value> = groups
        .iter()
        .map(|group| {
            json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group })
        })
        .collect();
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {
            "name": role,
            "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" },
            "annotations": { "rbac.authorization.kubernetes.io/autoupdate": "true" },
        },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
        "subjects": subjects,
    })
}

fn objects(address: &str) -> Vec<Value> {
    let read = json!(["get", "list", "watch"]);
    let write = json!(["create", "delete", "deletecollection", "patch", "update"]);
    let plain = json!([
        "configmaps",
        "endpoints",
        "events",
        "pods",
        "pods/log",
        "pods/status",
        "services",
        "serviceaccounts",
    ]);
    let apps = json!(["deployments", "deployments/scale", "replicasets", "replicasets/scale"]);
    let looks = vec![
        json!({ "apiGroups": [""], "resources": plain, "verbs": read }),
        json!({ "apiGroups": [""], "resources": ["namespaces"], "verbs": read }),
        json!({ "apiGroups": ["apps"], "resources": apps, "verbs": read }),
    ];
    let mut edits = looks.clone();
    edits.extend([
        json!({
            "apiGroups": [""],
            "resources": ["pods/attach", "pods/exec", "secrets"],
            "verbs": read,
        }),
        json!({
            "apiGroups": [""],
            "resources": [
                "configmaps", "endpoints", "events", "pods", "pods/attach", "pods/exec", "secrets",
                "services", "serviceaccounts", "serviceaccounts/token",
            ],
            "verbs": write,
        }),
        json!({ "apiGroups": ["apps"], "resources": apps, "verbs": write }),
    ]);
    let mut administers = edits.clone();
    administers.push(json!({
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["rolebindings", "roles"],
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    }));
    let all = json!([
        { "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] },
        { "nonResourceURLs": ["*"], "verbs": ["*"] },
    ]);
    let reviews = json!([{
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        "verbs": ["create"],
    }]);
    let info = json!([{
        "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"],
        "verbs": ["get"],
    }]);
    let discovery = json!([{
        "nonResourceURLs": [
            "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
            "/readyz", "/version", "/version/",
        ],
        "verbs": ["get"],
    }]);
    let known = "system:authenticated";
    let mut list: Vec<Value> = ["default", "kube-system", "kube-public", "kube-node-lease"]
        .iter()
        .map(
            |name| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }),
        )
        .collect();
    list.extend([
        cluster_role("cluster-admin", all),
        cluster_role("admin", administers.into()),
        cluster_role("edit", edits.into()),
        cluster_role("view", looks.into()),
        cluster_role("system:basic-user", reviews),
        cluster_role("system:discovery", discovery),
        cluster_role("system:public-info-viewer", info),
        bind_group("cluster-admin", &["system:masters"]),
        bind_group("system:basic-user", &[known]),
        bind_group("system:discovery", &[known]),
        bind_group("system:public-info-viewer", &[known, "system:unauthenticated"]),
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": { "component": "apiserver", "provider": "kubernetes" },
            },
            "spec": {
                "clusterIP": "10.96.0.1",
                "ports": [
                    { "name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443 },
                ],
            },
        }),
        json!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": { "name": "kubernetes", "namespace": "default" },
            "subsets": [{
                "addresses": [{ "ip": address }],
                "ports": [{ "name": "https", "port": 6443, "protocol": "TCP" }],
            }],
        }),
    ]);
    list
}

impl ApiServer {
    /// Makes what is missing, namespaces first; what is there already stays as it is.
    pub(super) fn bootstrap(&mut self, now: Time) {
        let is_own = |call: &Call| call.origin == Origin::Internal(0);
        if self.calls.values().any(is_own) {
            return;
        }
        let mut missing = objects(&self.options.address);
        missing.retain(|object| {
            let resource = Resource::of(text(object, "apiVersion"), text(object, "kind"));
            resource.is_some_and(|resource| {
                let key = resource.key(crate::json::namespace(object), crate::json::name(object));
                self.objects.get(&key).is_none()
            })
        });
        self.is_bootstrapped = missing.is_empty();
        let is_first = missing.iter().any(|object| text(object, "kind") == "Namespace");
        missing.retain(|object| !is_first || text(object, "kind") == "Namespace");
        for object in missing {
            let user = User::internal("system:apiserver");
            self.ask(now, Origin::Internal(0), user, client::create(object), false);
        }
    }
}
