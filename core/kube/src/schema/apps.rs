//! The kinds of the groups `apps` and `coordination.k8s.io`.

pub(super) const TYPES: &str = "\
Kind Deployment | Keeps a number of pods and changes them step by step.
spec DeploymentSpec | What is wanted.
status DeploymentStatus | How it is.

Type DeploymentSpec | What is wanted of a deployment.
minReadySeconds int | So long a pod must be ready to count.
paused bool | Changes of the template wait.
progressDeadlineSeconds int=600 | So long without progress it has failed.
replicas int=1 | How many pods.
revisionHistoryLimit int=10 | How many old replica sets stay.
selector LabelSelector* | Its pods' labels.
strategy DeploymentStrategy={} | How pods are replaced.
template PodTemplateSpec* | What the pods are.

Type DeploymentStrategy | How pods are replaced.
rollingUpdate RollingUpdate | How fast.
type string(RollingUpdate,Recreate)=\"RollingUpdate\" | Step by step or all at once.

Type RollingUpdate | How fast pods are replaced.
maxSurge intstr=\"25%\" | So many more than wanted.
maxUnavailable intstr=\"25%\" | So many less than wanted.

Type DeploymentStatus | How a deployment is.
availableReplicas int | Pods that are ready long enough.
collisionCount int | Names that were taken.
conditions [Condition:type] | What was observed last.
observedGeneration int | The generation that was looked at.
readyReplicas int | Pods that are ready.
replicas int | Pods.
unavailableReplicas int | Pods that are missing.
updatedReplicas int | Pods of the newest template.

Type LabelSelector | Selects objects by their labels.
matchExpressions [LabelSelectorRequirement] | All must hold.
matchLabels {string} | All must be equal.

Type LabelSelectorRequirement | One condition.
key string* | The label.
operator string(In,NotIn,Exists,DoesNotExist)* | How it is compared.
values [string] | With what.

Type PodTemplateSpec | What pods are made of.
metadata ObjectMeta | Labels and annotations.
spec PodSpec | What is wanted of them.

Kind ReplicaSet | Keeps a number of equal pods.
spec ReplicaSetSpec | What is wanted.
status ReplicaSetStatus | How it is.

Type ReplicaSetSpec | What is wanted of a replica set.
minReadySeconds int | So long a pod must be ready to count.
replicas int=1 | How many pods.
selector LabelSelector* | Its pods' labels.
template PodTemplateSpec | What the pods are.

Type ReplicaSetStatus | How a replica set is.
availableReplicas int | Pods that are ready long enough.
conditions [Condition:type] | What was observed last.
fullyLabeledReplicas int | Pods with all labels of the template.
observedGeneration int | The generation that was looked at.
readyReplicas int | Pods that are ready.
replicas int | Pods.

Kind Scale | How many.
spec any | How many are wanted.
status any | How many there are.

Kind Lease | Who has something, and for how long.
spec LeaseSpec | What is wanted.

Type LeaseSpec | Who has something, and for how long.
acquireTime time | Since when.
holderIdentity string | Who.
leaseDurationSeconds int | For how long after the last renewal.
leaseTransitions int | How often it changed hands.
renewTime time | When it was renewed.
";
