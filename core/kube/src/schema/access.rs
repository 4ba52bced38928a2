//! The kinds of the groups `rbac.authorization.k8s.io` and `authorization.k8s.io`.

pub(super) const TYPES: &str = "\
Kind Role | What may be done in one namespace.
rules [PolicyRule] | What may be done.

Kind ClusterRole | What may be done in all namespaces and outside of them.
aggregationRule any | Roles that it is made of.
rules [PolicyRule] | What may be done.

Type PolicyRule | What may be done with what.
apiGroups [string] | The groups; * for all.
nonResourceURLs [string] | Paths that are no resources.
resourceNames [string] | The objects; all if nothing.
resources [string] | The resources; * for all.
verbs [string]* | What may be done; * for all.

Kind RoleBinding | Gives a role to somebody in one namespace.
roleRef RoleRef* | The role; cannot be changed.
subjects [Subject] | Who has it.

Kind ClusterRoleBinding | Gives a cluster role to somebody everywhere.
roleRef RoleRef* | The role; cannot be changed.
subjects [Subject] | Who has it.

Type RoleRef | A role.
apiGroup string=\"rbac.authorization.k8s.io\" | Its group.
kind string* | Role or ClusterRole.
name string* | Its name.

Type Subject | Who has a role.
apiGroup string | The subject's group.
kind string* | User, Group or ServiceAccount.
name string* | Its name.
namespace string | Of a service account.

Kind SelfSubjectAccessReview | May I do this?
spec AccessReviewSpec* | The question.
status any | The answer.

Kind SubjectAccessReview | May somebody do this?
spec AccessReviewSpec* | The question.
status any | The answer.

Kind LocalSubjectAccessReview | May somebody do this in one namespace?
spec AccessReviewSpec* | The question.
status any | The answer.

Type AccessReviewSpec | A question about rights.
extra any | More about the user.
groups [string] | Whose groups.
nonResourceAttributes any | A path that is no resource.
resourceAttributes any | A resource.
uid string | The user's identity.
user string | Who.

Kind SelfSubjectRulesReview | What may I do in a namespace?
spec any | The namespace.
status any | The answer.
";
