//! The kinds of the core group.

/// Fields that every kind has.
pub(super) const OF_EVERY_KIND: &str = "\
apiVersion string | The version of the schema that this object follows.
kind string | The kind of this object.
metadata ObjectMeta | Name, namespace, labels and what the server keeps about the object.";

pub(super) const TYPES: &str = "\
Type ObjectMeta | What every stored object has.
annotations {string} | Any text by name, for tools and people; not selected by.
creationTimestamp time | When the server made it.
deletionGracePeriodSeconds int | Seconds from the request to delete it until it goes.
deletionTimestamp time | When it will go; set by the server.
finalizers [string] | Who must agree before it goes.
generateName string | Beginning of a name that the server completes.
generation int | Counts the changes of what is wanted.
labels {string} | Names and values that selectors look at.
managedFields [any] | Who set which field. Not kept here.
name string | Unique among the objects of its kind and namespace.
namespace string | Where it lives; cannot be changed.
ownerReferences [OwnerReference:uid] | Objects that it depends on: when all are gone, it goes too.
resourceVersion string | Changes with every change; to be given back unchanged.
selfLink string | No longer set.
uid string | Unique in time and space.

Type OwnerReference | An object that owns this one.
apiVersion string* | Version of the owner.
blockOwnerDeletion bool | The owner waits for this one when it is deleted in the foreground.
controller bool | The owner is the one that manages it.
kind string* | Kind of the owner.
name string* | Name of the owner.
uid string* | UID of the owner.

Kind Secret | Holds sensitive data by key. What the values are worth depends on who may read them and on how the store keeps them.
data {bytes} | The values, in base64. Keys are of letters, digits, '-', '_' and '.'.
immutable bool | If true, the data cannot be changed any more, nor this field.
stringData {string} | The same in clear text, for writing only: it is merged into data and never read back.
type string=\"Opaque\" | Helps programs to know what the data is.

Kind ConfigMap | Holds settings by key.
binaryData {bytes} | Values that are no text, in base64.
data {string} | The values.
immutable bool | If true, the data cannot be changed any more, nor this field.

Kind Namespace | A scope for names.
spec NamespaceSpec | What is wanted.
status NamespaceStatus | How it is.

Type NamespaceSpec | What is wanted of a namespace.
finalizers [string] | Who must agree before it goes.

Type NamespaceStatus | How a namespace is.
conditions [Condition:type] | What was observed last.
phase string(Active,Terminating) | Where it is in its life.

Type Condition | One observed aspect.
lastHeartbeatTime time | When it was looked at.
lastProbeTime time | When it was looked at.
lastTransitionTime time | When its status changed.
lastUpdateTime time | When anything of it changed.
message string | For a reader.
observedGeneration int | The generation that was looked at.
reason string | One word for why.
status string* | True, False or Unknown.
type string* | Which aspect.

Kind Node | A host that runs pods.
spec NodeSpec | What is wanted.
status NodeStatus | How it is.

Type NodeSpec | What is wanted of a node.
externalID string | No longer used.
podCIDR string | Addresses of its pods.
podCIDRs [string] | The same.
providerID string | Its name at whoever provides it.
taints [Taint] | What keeps pods away from it.
unschedulable bool | No new pods.

Type Taint | Keeps pods away that do not tolerate it.
effect string(NoSchedule,PreferNoSchedule,NoExecute)* | What happens to pods that do not tolerate it.
key string* | Its name.
timeAdded time | When it was added.
value string | Its value.

Type NodeStatus | How a node is.
addresses [NodeAddress:type] | How it is reached.
allocatable {quantity} | What pods can have.
capacity {quantity} | What it has.
conditions [Condition:type] | What was observed last.
daemonEndpoints any | The ports of its kubelet.
images [any] | Images that it has.
nodeInfo NodeSystemInfo | Its software.
phase string | No longer used.
volumesAttached [any] | Volumes that are attached.
volumesInUse [string] | Volumes that are mounted.

Type NodeAddress | An address of a node.
address string* | The address.
type string* | Which: InternalIP, Hostname.

Type NodeSystemInfo | The software of a node.
architecture string* | Its processor.
bootID string* | Changes at every boot.
containerRuntimeVersion string* | The runtime, as in docker://20.10.21.
kernelVersion string* | The kernel.
kubeProxyVersion string* | kube-proxy.
kubeletVersion string* | The kubelet.
machineID string* | Identifies the machine.
operatingSystem string* | The operating system.
osImage string* | The distribution.
systemUUID string* | Identifies the machine.

Kind Pod | Containers that run together on one node.
spec PodSpec | What is wanted.
status PodStatus | How it is.

Type PodSpec | What is wanted of a pod.
activeDeadlineSeconds int~ | So long after its start it is ended.
affinity any~ | Where it wants to be.
automountServiceAccountToken bool | Whether it gets a token of its service account.
containers [Container:name]* | Its containers.
dnsConfig any~ | More for its resolver.
dnsPolicy string(ClusterFirst,ClusterFirstWithHostNet,Default,None)=\"ClusterFirst\" | Where its names are looked up.
enableServiceLinks bool | Addresses of services in its environment.
ephemeralContainers [any]~ | Containers for looking.
hostAliases [any] | More lines of its /etc/hosts.
hostIPC bool~ | It shares the host's IPC.
hostNetwork bool | It has the host's network.
hostPID bool~ | It sees the host's processes.
hostname string | Its host name; that of the pod if nothing.
imagePullSecrets [LocalObjectReference:name]~ | Secrets with logins of registries.
initContainers [Container:name] | Containers that run to their end one after the other before the others start.
nodeName string | The node that runs it: set by the scheduler.
nodeSelector {string} | Labels that the node must have.
os any | The operating system that it needs.
overhead {quantity}~ | What running it costs besides.
preemptionPolicy string | Whether it drives others away.
priority int | Its priority.
priorityClassName string~ | The name of its priority.
readinessGates [any]~ | More conditions of being ready.
restartPolicy string(Always,OnFailure,Never)=\"Always\" | When its containers are started again.
runtimeClassName string~ | How it is run.
schedulerName string=\"default-scheduler\" | Who places it.
securityContext PodSecurityContext={} | Users, groups and rights of all containers.
serviceAccount string | Old name of serviceAccountName.
serviceAccountName string | Whom it acts for.
setHostnameAsFQDN bool~ | Its host name is its complete name.
shareProcessNamespace bool~ | Its containers see each other's processes.
subdomain string~ | Part of its complete name.
terminationGracePeriodSeconds int=30 | Seconds between the request to end and being killed.
tolerations [Toleration] | Taints that it tolerates.
topologySpreadConstraints [any]~ | How it spreads.
volumes [Volume:name] | What its containers can mount.

Type LocalObjectReference | An object of the same namespace.
name string | Its name.

Type PodSecurityContext | Users, groups and rights of all containers.
fsGroup int | The group of its volumes.
fsGroupChangePolicy string | When that is set.
runAsGroup int | The group of its programs.
runAsNonRoot bool | Its programs must not be root.
runAsUser int | The user of its programs.
seLinuxOptions any~ | Labels of SELinux.
seccompProfile any~ | System calls.
supplementalGroups [int] | More groups.
sysctls [any]~ | Settings of the kernel.

Type SecurityContext | Users and rights of one container.
allowPrivilegeEscalation bool~ | It may gain rights.
capabilities any~ | Rights.
privileged bool~ | It has all rights.
procMount string~ | How /proc is mounted.
readOnlyRootFilesystem bool | Nothing can be written to its root filesystem.
runAsGroup int | The group of its programs.
runAsNonRoot bool | Its programs must not be root.
runAsUser int | The user of its programs.
seLinuxOptions any~ | Labels of SELinux.
seccompProfile any~ | System calls.

Type Toleration | A taint that a pod tolerates.
effect string(NoSchedule,PreferNoSchedule,NoExecute) | Which effect; all if nothing.
key string | The taint's name; all if nothing.
operator string(Exists,Equal) | How the value is compared.
tolerationSeconds int | How long, for NoExecute.
value string | The taint's value.

Type Container | A container of a pod.
args [string] | Replaces the image's command.
command [string] | Replaces the image's entrypoint.
env [EnvVar:name] | Its environment.
envFrom [EnvFromSource] | All keys of secrets or config maps as its environment.
image string | Its image.
imagePullPolicy string(Always,Never,IfNotPresent) | When the image is pulled.
lifecycle any~ | What happens at its start and end.
livenessProbe Probe~ | When it fails, the container is started again.
name string* | Its name within the pod.
ports [ContainerPort:containerPort] | Ports that it listens on.
readinessProbe Probe~ | While it fails, the container is not ready.
resources ResourceRequirements~={} | What it needs.
securityContext SecurityContext | Users and rights.
startupProbe Probe~ | Until it succeeds, the others wait.
stdin bool | With an open standard input.
stdinOnce bool | Which is closed after the first.
terminationMessagePath string=\"/dev/termination-log\" | Where it says why it ended.
terminationMessagePolicy string(File,FallbackToLogsOnError)=\"File\" | Where that is taken from.
tty bool | With a terminal.
volumeDevices [any]~ | Devices.
volumeMounts [VolumeMount:mountPath] | Volumes that it sees.
workingDir string | Its working folder.

Type EnvVar | A variable of the environment.
name string* | Its name.
value string | Its value; $(NAME) stands for another one.
valueFrom EnvVarSource | Where its value is taken from, once, when the container starts.

Type EnvVarSource | Where a variable's value is taken from.
configMapKeyRef KeySelector | A key of a config map.
fieldRef ObjectFieldSelector | A field of the pod.
resourceFieldRef ResourceFieldSelector | What the container needs.
secretKeyRef KeySelector | A key of a secret.

Type KeySelector | A key of a secret or config map of the same namespace.
key string* | The key.
name string | The object's name.
optional bool | It need not be there.

Type ObjectFieldSelector | A field of the pod.
apiVersion string=\"v1\" | Version of the schema.
fieldPath string* | Which, as in metadata.name.

Type ResourceFieldSelector | What a container needs.
containerName string | Which container; this one if nothing.
divisor quantity=\"0\" | In which unit.
resource string* | What, as in limits.cpu.

Type EnvFromSource | All keys of an object.
configMapRef OptionalReference | A config map.
prefix string | Put before every key.
secretRef OptionalReference | A secret.

Type OptionalReference | An object of the same namespace.
name string | Its name.
optional bool | It need not be there.

Type ContainerPort | A port that a container listens on.
containerPort int* | The port.
hostIP string | Address of the host.
hostPort int~ | Port of the host.
name string | Its name.
protocol string(TCP,UDP,SCTP)=\"TCP\" | Its protocol.

Type Probe | How a container's health is found out.
exec ExecAction | A program that must end with 0.
failureThreshold int=3 | So many failures in a row count.
grpc any | A call that must succeed.
httpGet HTTPGetAction | A page that must answer.
initialDelaySeconds int | Seconds after the start.
periodSeconds int=10 | Seconds between two.
successThreshold int=1 | So many successes in a row count.
tcpSocket any | A port that must answer.
terminationGracePeriodSeconds int | Seconds until it is killed.
timeoutSeconds int=1 | Seconds until one has failed.

Type ExecAction | A program to run.
command [string] | Its words.

Type HTTPGetAction | A page to get.
host string | From where; the pod if nothing.
httpHeaders [any] | More headers.
path string | The path.
port intstr* | The port.
scheme string=\"HTTP\" | HTTP or HTTPS.

Type ResourceRequirements | What a container needs.
claims [any] | Claims of devices.
limits {quantity} | At most.
requests {quantity} | At least.

Type VolumeMount | A volume in a container.
mountPath string* | Where.
mountPropagation string~ | Whether mounts are seen.
name string* | Which volume.
readOnly bool | Not writable.
subPath string | A part of the volume. It does not follow changes of a secret.
subPathExpr string | The same with variables.

Type Volume | Something that containers of a pod can mount.
configMap ConfigMapVolumeSource | The keys of a config map as files.
csi any~ | A driver's volume.
downwardAPI DownwardAPIVolumeSource | Fields of the pod as files.
emptyDir EmptyDirVolumeSource | A folder that lives as long as the pod.
ephemeral any~ | A claim of its own.
hostPath HostPathVolumeSource | A path of the host.
name string* | Its name.
nfs any~ | A path of a server.
persistentVolumeClaim any~ | A claim.
projected ProjectedVolumeSource | Several sources in one folder.
secret SecretVolumeSource | The keys of a secret as files, in memory.

Type SecretVolumeSource | The keys of a secret as files.
defaultMode int=420 | Permission bits of the files.
items [KeyToPath] | Which keys and under which names; all if nothing.
optional bool | It need not be there.
secretName string | The secret.

Type ConfigMapVolumeSource | The keys of a config map as files.
defaultMode int=420 | Permission bits of the files.
items [KeyToPath] | Which keys and under which names; all if nothing.
name string | The config map.
optional bool | It need not be there.

Type DownwardAPIVolumeSource | Fields of the pod as files.
defaultMode int=420 | Permission bits of the files.
items [DownwardAPIVolumeFile] | The files.

Type DownwardAPIProjection | Fields of the pod as files.
items [DownwardAPIVolumeFile] | The files.

Type DownwardAPIVolumeFile | A field of the pod as a file.
fieldRef ObjectFieldSelector | A field of the pod.
mode int | Permission bits.
path string* | The file's path within the volume.
resourceFieldRef ResourceFieldSelector | What a container needs.

Type KeyToPath | A key as a file.
key string* | The key.
mode int | Permission bits.
path string* | The file's path within the volume.

Type EmptyDirVolumeSource | A folder that lives as long as the pod.
medium string | Memory for tmpfs.
sizeLimit quantity~ | How much fits.

Type HostPathVolumeSource | A path of the host.
path string* | The path.
type string | What must be there.

Type ProjectedVolumeSource | Several sources in one folder.
defaultMode int=420 | Permission bits of the files.
sources [VolumeProjection] | The sources.

Type VolumeProjection | One source of a projected volume.
configMap ConfigMapVolumeSource | Keys of a config map.
downwardAPI DownwardAPIProjection | Fields of the pod.
secret SecretProjection | Keys of a secret.
serviceAccountToken any | A token.

Type SecretProjection | Keys of a secret.
items [KeyToPath] | Which keys and under which names; all if nothing.
name string | The secret.
optional bool | It need not be there.

Type PodStatus | How a pod is.
conditions [Condition:type] | What was observed last.
containerStatuses [ContainerStatus] | Its containers.
ephemeralContainerStatuses [ContainerStatus] | Containers for looking.
hostIP string | Address of its node.
hostIPs [any] | The same.
initContainerStatuses [ContainerStatus] | Its init containers.
message string | For a reader.
nominatedNodeName string | Where it will be.
phase string(Pending,Running,Succeeded,Failed,Unknown) | Where it is in its life.
podIP string | Its address.
podIPs [any] | The same.
qosClass string | How important it is when memory is short.
reason string | One word for why.
startTime time | When its node took it up.

Type ContainerStatus | How a container is.
containerID string | Its identity, as in docker://4f...
image string* | Its image.
imageID string | The image's identity.
lastState ContainerState | How it ended before.
name string* | Its name.
ready bool* | It is ready.
restartCount int* | How often it was started again.
started bool | It has started.
state ContainerState | How it is.

Type ContainerState | How a container is: one of them.
running any | It runs.
terminated any | It has ended.
waiting any | It waits.

Kind Binding | Ties a pod to a node.
target ObjectReference* | The node.

Type ObjectReference | An object.
apiVersion string | Its version.
fieldPath string | A part of it.
kind string | Its kind.
name string | Its name.
namespace string | Its namespace.
resourceVersion string | At which change.
uid string | Its identity.

Kind Event | Something that happened to an object.
action string | What was done.
count int | How often.
eventTime time | When.
firstTimestamp time | When it happened first.
involvedObject ObjectReference* | To which object.
lastTimestamp time | When it happened last.
message string | For a reader.
reason string | One word for what.
related ObjectReference | Another object.
reportingComponent string | Who says it.
reportingInstance string | Which of them.
series any | Repetitions.
source EventSource | Who says it.
type string | Normal or Warning.

Type EventSource | Who says something.
component string | Which program.
host string | On which node.

Kind ServiceAccount | Whom programs in pods act for.
automountServiceAccountToken bool | Whether pods get a token.
imagePullSecrets [LocalObjectReference] | Logins of registries.
secrets [ObjectReference:name] | Secrets that its pods may use.

Kind Service | One address for many pods.
spec ServiceSpec | What is wanted.
status any | How it is.

Type ServiceSpec | What is wanted of a service.
allocateLoadBalancerNodePorts bool | Ports on the nodes.
clusterIP string | Its address.
clusterIPs [string] | The same.
externalIPs [string] | More addresses.
externalName string | A name elsewhere.
externalTrafficPolicy string | How traffic from outside goes.
internalTrafficPolicy string=\"Cluster\" | How traffic from inside goes.
ipFamilies [string] | Families of its addresses.
ipFamilyPolicy string | How many families.
ports [ServicePort:port]~ | Its ports.
publishNotReadyAddresses bool | Pods count though they are not ready.
selector {string} | Labels of its pods.
sessionAffinity string=\"None\" | Whether a client keeps its pod.
type string(ClusterIP,NodePort,LoadBalancer,ExternalName)=\"ClusterIP\" | How it is reached.

Type ServicePort | A port of a service.
appProtocol string | What is spoken.
name string | Its name.
nodePort int | Port of the nodes.
port int* | The port.
protocol string(TCP,UDP,SCTP)=\"TCP\" | Its protocol.
targetPort intstr | The pods' port.

Kind Endpoints | The addresses behind a service.
subsets [EndpointSubset] | The addresses and ports.

Type EndpointSubset | Addresses with the same ports.
addresses [EndpointAddress] | Those that are ready.
notReadyAddresses [EndpointAddress] | Those that are not.
ports [any] | The ports.

Type EndpointAddress | An address.
hostname string | Its name.
ip string* | The address.
nodeName string | Its node.
targetRef ObjectReference | Its pod.
";
