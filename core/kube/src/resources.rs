//! The resources an API server has: names, short names, kinds, groups. Discovery as a table.

/// A resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// As in a path: `secrets`.
    pub name: &'static str,
    /// One of them, as a person types it: `secret`.
    pub singular: &'static str,
    /// Other names: `po`.
    pub short: &'static [&'static str],
    /// As in an object: `Secret`.
    pub kind: &'static str,
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The group's version: `v1`.
    pub version: &'static str,
    /// Its objects are in namespaces.
    pub namespaced: bool,
    /// It is one of `all`.
    pub in_all: bool,
    /// What may be done, as `api-resources -o wide` shows it.
    pub verbs: &'static [&'static str],
}

impl Resource {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, as errors name it.
    pub fn group_resource(&self) -> String {
        if self.group.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.name, self.group)
        }
    }

    /// Where its objects are: `/api/v1/namespaces/default/secrets`; all namespaces for nothing.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api/" } else { "/apis/" };
        let version = self.api_version();
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}{version}/namespaces/{namespace}/{}", self.name),
            None => format!("{root}{version}/{}", self.name),
        }
    }

    /// The resource that a person means by `po`, `Pod`, `deployments.apps` or `deployments.v1.apps`.
    pub fn find(word: &str) -> Option<&'static Self> {
        let word = word.to_ascii_lowercase();
        let (name, rest) = word.split_once('.').unwrap_or((&word, ""));
        RESOURCES.iter().find(|known| {
            let group = [known.group, ""];
            let with_version = format!("{}.", known.version);
            let rest = rest.strip_prefix(with_version.as_str()).unwrap_or(rest);
            (known.name == name || known.singular == name || known.short.contains(&name))
                && (rest.is_empty() || rest == known.version || group.contains(&rest))
        })
    }

    /// The resource with this plural name in this group.
    pub fn by_path(group: &str, name: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|known| known.group == group && known.name == name)
    }

    /// Its objects are kept; others, such as reviews, are only answered.
    pub const fn is_kept(&self) -> bool {
        self.verbs.len() > 1
    }

    /// Where etcd keeps an object (apiserver: `pkg/registry`, with its old names); without a name, the beginning of the
    /// keys of all in the namespace; without a namespace, of all.
    pub fn key(&self, namespace: &str, name: &str) -> String {
        let folder = match self.name {
            "nodes" => "minions",
            "services" => "services/specs",
            "endpoints" => "services/endpoints",
            name => name,
        };
        match (self.namespaced, namespace) {
            (true, "") => format!("/registry/{folder}/"),
            (true, namespace) => format!("/registry/{folder}/{namespace}/{name}"),
            (false, _) => format!("/registry/{folder}/{name}"),
        }
    }

    /// The resource of an object.
    pub fn of(api_version: &str, kind: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|known| known.kind == kind && known.api_version() == api_version)
    }
}

const ALL: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const CREATE: &[&str] = &["create"];
const RBAC: &str = "rbac.authorization.k8s.io";

/// In the core group, namespaced, not one of `all`.
const fn core(
    name: &'static str,
    singular: &'static str,
    short: &'static [&'static str],
    kind: &'static str,
) -> Resource {
    Resource {
        name,
        singular,
        short,
        kind,
        group: "",
        version: "v1",
        namespaced: true,
        in_all: false,
        verbs: ALL,
    }
}

impl Resource {
    const fn group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }
    const fn cluster_wide(mut self) -> Self {
        self.namespaced = false;
        self
    }
    const fn in_all(mut self) -> Self {
        self.in_all = true;
        self
    }
    const fn only_created(mut self) -> Self {
        self.verbs = CREATE;
        self
    }
}

/// All of them, by group and name, as `api-resources` lists them.
pub const RESOURCES: &[Resource] = &[
    core("bindings", "binding", &[], "Binding").only_created(),
    core("configmaps", "configmap", &["cm"], "ConfigMap"),
    core("endpoints", "endpoints", &["ep"], "Endpoints"),
    core("events", "event", &["ev"], "Event"),
    core("namespaces", "namespace", &["ns"], "Namespace").cluster_wide(),
    core("nodes", "node", &["no"], "Node").cluster_wide(),
    core("pods", "pod", &["po"], "Pod").in_all(),
    core("secrets", "secret", &[], "Secret"),
    core("serviceaccounts", "serviceaccount", &["sa"], "ServiceAccount"),
    core("services", "service", &["svc"], "Service").in_all(),
    core("deployments", "deployment", &["deploy"], "Deployment").group("apps").in_all(),
    core("replicasets", "replicaset", &["rs"], "ReplicaSet").group("apps").in_all(),
    core("localsubjectaccessreviews", "localsubjectaccessreview", &[], "LocalSubjectAccessReview")
        .group("authorization.k8s.io")
        .only_created(),
    core("selfsubjectaccessreviews", "selfsubjectaccessreview", &[], "SelfSubjectAccessReview")
        .group("authorization.k8s.io")
        .cluster_wide()
        .only_created(),
    core("selfsubjectrulesreviews", "selfsubjectrulesreview", &[], "SelfSubjectRulesReview")
        .group("authorization.k8s.io")
        .cluster_wide()
        .only_created(),
    core("subjectaccessreviews", "subjectaccessreview", &[], "SubjectAccessReview")
        .group("authorization.k8s.io")
        .cluster_wide()
        .only_created(),
    core("leases", "lease", &[], "Lease").group("coordination.k8s.io"),
    core("clusterrolebindings", "clusterrolebinding", &[], "ClusterRoleBinding")
        .group(RBAC)
        .cluster_wide(),
    core("clusterroles", "clusterrole", &[], "ClusterRole").group(RBAC).cluster_wide(),
    core("rolebindings", "rolebinding", &[], "RoleBinding").group(RBAC),
    core("roles", "role", &[], "Role").group(RBAC),
];

/// Kinds that servers have and this one has not, with their plurals and short names.
const LACKING: &str = "ComponentStatus componentstatuses cs,ControllerRevision controllerrevisions,CronJob cronjobs cj,\
CustomResourceDefinition customresourcedefinitions crd crds,CertificateSigningRequest certificatesigningrequests csr,\
DaemonSet daemonsets ds,EndpointSlice endpointslices,HorizontalPodAutoscaler horizontalpodautoscalers hpa,\
Ingress ingresses ing,IngressClass ingressclasses,Job jobs,LimitRange limitranges limits,NetworkPolicy networkpolicies \
netpol,PersistentVolume persistentvolumes pv,PersistentVolumeClaim persistentvolumeclaims pvc,PodDisruptionBudget \
poddisruptionbudgets pdb,PodTemplate podtemplates,PriorityClass priorityclasses pc,ReplicationController \
replicationcontrollers rc,ResourceQuota resourcequotas quota,RuntimeClass runtimeclasses,StatefulSet statefulsets sts,\
StorageClass storageclasses sc";

/// The kind of a server that a person means by `job`, `Jobs`, `jobs.batch`, and that there is none of here.
pub fn lacking(word: &str) -> Option<&'static str> {
    let word = word.split('.').next().unwrap_or(word);
    LACKING.split(',').find_map(|names| {
        let mut names = names.split(' ');
        let kind = names.next().filter(|kind| !kind.is_empty())?;
        let is_meant =
            kind.eq_ignore_ascii_case(word) || names.any(|name| name.eq_ignore_ascii_case(word));
        is_meant.then_some(kind)
    })
}
