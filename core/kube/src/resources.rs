//! The resources that the API server serves: their names, kinds and groups, and where etcd keeps them.
//!
//! `kubectl api-resources`, the resolution of short names and the server's own routes read this table.

/// One resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Plural name, as in the path.
    pub name: &'static str,
    /// Singular name.
    pub singular: &'static str,
    /// The objects' kind.
    pub kind: &'static str,
    /// Short names, the best known first.
    pub short: &'static [&'static str],
    /// API group, empty for the core.
    pub group: &'static str,
    /// The group's version.
    pub version: &'static str,
    /// Its objects live in namespaces.
    pub namespaced: bool,
    /// What can be done, as `kubectl api-resources -o wide` has it.
    pub verbs: &'static [&'static str],
    /// Shown by `kubectl get all`.
    pub in_all: bool,
    /// Where etcd keeps its objects, below `/registry/`.
    pub prefix: &'static str,
}

impl Resource {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `secrets`, `deployments.apps`: the name in messages.
    pub fn qualified(&self) -> String {
        match self.group {
            "" => self.name.to_owned(),
            group => format!("{}.{group}", self.name),
        }
    }

    /// The key of an object, or the prefix of all of a namespace if the name is empty.
    pub fn key(&self, namespace: &str, name: &str) -> String {
        match (self.namespaced, namespace) {
            (true, "") => format!("/registry/{}/", self.prefix),
            (true, namespace) => format!("/registry/{}/{namespace}/{name}", self.prefix),
            (false, _) => format!("/registry/{}/{name}", self.prefix),
        }
    }

    /// Its objects are kept; others, such as reviews, are only answered.
    pub const fn is_kept(&self) -> bool {
        !self.prefix.is_empty()
    }
}

const ALL_VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const NO_COLLECTION: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
const CREATE: &[&str] = &["create"];

/// A row of the table.
const fn row(
    (name, singular, kind): (&'static str, &'static str, &'static str),
    short: &'static [&'static str],
    group: &'static str,
    namespaced: bool,
    prefix: &'static str,
) -> Resource {
    let version = "v1";
    let in_all = false;
    let verbs = if prefix.is_empty() { CREATE } else { ALL_VERBS };
    Resource { name, singular, kind, short, group, version, namespaced, verbs, in_all, prefix }
}

const fn all(row: Resource) -> Resource {
    Resource { in_all: true, ..row }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const REVIEWS: &str = "authorization.k8s.io";

/// All resources, in the order of `kubectl api-resources`: the core first, groups by name.
pub const RESOURCES: &[Resource] = &[
    Resource { verbs: CREATE, ..row(("bindings", "binding", "Binding"), &[], "", true, "") },
    row(("configmaps", "configmap", "ConfigMap"), &["cm"], "", true, "configmaps"),
    row(("endpoints", "endpoints", "Endpoints"), &["ep"], "", true, "services/endpoints"),
    row(("events", "event", "Event"), &["ev"], "", true, "events"),
    Resource {
        verbs: NO_COLLECTION,
        ..row(("namespaces", "namespace", "Namespace"), &["ns"], "", false, "namespaces")
    },
    row(("nodes", "node", "Node"), &["no"], "", false, "minions"),
    all(row(("pods", "pod", "Pod"), &["po"], "", true, "pods")),
    row(("secrets", "secret", "Secret"), &[], "", true, "secrets"),
    row(
        ("serviceaccounts", "serviceaccount", "ServiceAccount"),
        &["sa"],
        "",
        true,
        "serviceaccounts",
    ),
    all(row(("services", "service", "Service"), &["svc"], "", true, "services/specs")),
    all(row(("deployments", "deployment", "Deployment"), &["deploy"], "apps", true, "deployments")),
    all(row(("replicasets", "replicaset", "ReplicaSet"), &["rs"], "apps", true, "replicasets")),
    row(
        ("localsubjectaccessreviews", "localsubjectaccessreview", "LocalSubjectAccessReview"),
        &[],
        REVIEWS,
        true,
        "",
    ),
    row(
        ("selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview"),
        &[],
        REVIEWS,
        false,
        "",
    ),
    row(
        ("selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview"),
        &[],
        REVIEWS,
        false,
        "",
    ),
    row(
        ("subjectaccessreviews", "subjectaccessreview", "SubjectAccessReview"),
        &[],
        REVIEWS,
        false,
        "",
    ),
    row(("leases", "lease", "Lease"), &[], "coordination.k8s.io", true, "leases"),
    row(
        ("clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding"),
        &[],
        RBAC,
        false,
        "clusterrolebindings",
    ),
    row(("clusterroles", "clusterrole", "ClusterRole"), &[], RBAC, false, "clusterroles"),
    row(("rolebindings", "rolebinding", "RoleBinding"), &[], RBAC, true, "rolebindings"),
    row(("roles", "role", "Role"), &[], RBAC, true, "roles"),
];

/// The resource with this plural name in this group.
pub fn by_path(group: &str, name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.group == group && resource.name == name)
}

/// The resource whose objects are of this kind.
pub fn by_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.kind == kind && resource.api_version() == api_version)
}

/// The resource that a person means: plural, singular, short name or kind in any case, with or without
/// `.GROUP` or `.VERSION.GROUP` behind it.
pub fn by_word(word: &str) -> Option<&'static Resource> {
    let word = word.to_ascii_lowercase();
    let (name, rest) = word.split_once('.').unwrap_or((&word, ""));
    RESOURCES.iter().find(|resource| {
        let group = resource.group;
        let in_group = rest.is_empty()
            || rest == group
            || rest
                .strip_prefix(resource.version)
                .is_some_and(|tail| tail.strip_prefix('.').unwrap_or(tail) == group);
        let is_named =
            name == resource.name || name == resource.singular || resource.short.contains(&name);
        in_group && is_named
    })
}
