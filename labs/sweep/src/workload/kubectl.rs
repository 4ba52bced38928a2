//! What people type at a Kubernetes, and what they do to its hosts.

use serde_json::{Value, json};
use sim::Rng;
use world::{Input, KubeSpec, World};

use super::{line, word};
use crate::shape;

/// What people do, with its usual weight.
const KINDS: [(&str, u64); 24] = [
    ("secret create", 6),
    ("secret change", 6),
    ("secret delete", 4),
    ("config map", 2),
    ("pod create", 8),
    ("pod delete", 5),
    ("deployment", 5),
    ("scale", 3),
    ("roll-out", 4),
    ("deployment delete", 1),
    ("node", 3),
    ("access", 2),
    ("namespace", 1),
    ("label", 1),
    ("kubelet's rights", 2),
    ("exec", 2),
    ("encryption", 1),
    ("write again", 1),
    ("API server", 2),
    ("kubelet", 2),
    ("docker", 1),
    ("container", 1),
    ("etcd", 1),
    ("read", 2),
];

const SECRETS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const CONFIGS: [&str; 2] = ["conf1", "conf2"];
const PODS: [&str; 4] = ["one", "two", "three", "four"];
const DEPLOYMENTS: [&str; 2] = ["web", "api"];

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/// Where whoever stops an API server puts its manifest.
const ASIDE: &str = "/root/kube-apiserver.yaml";
const PROVIDERS: &str = "/etc/kubernetes/pki/enc.yaml";
/// The API server's argument, where it is not there yet.
const ENCRYPT: &str = "grep -q encryption-provider FILE || sed -i 's|    - kube-apiserver|&\\n    - --encryption-provider-config=/etc/kubernetes/pki/enc.yaml|' FILE";

/// Who works with `kubectl`.
#[derive(Debug)]
pub(super) struct Kubectl {
    weights: [u64; KINDS.len()],
    /// Secrets' contents, each its own.
    next_canary: u64,
    minor: u32,
}

impl Kubectl {
    pub(super) fn draw(rng: &mut Rng, kube: &KubeSpec) -> Self {
        let mut weights = shape::weights(rng, KINDS.map(|(_, weight)| weight));
        for (weight, (kind, usual)) in weights.iter_mut().zip(KINDS) {
            // Without pods there is little to go wrong.
            if matches!(kind, "pod create" | "secret create") {
                *weight = (*weight).max(usual);
            }
        }
        Self { weights, next_canary: rng.next_u64() >> 32, minor: kube.minor() }
    }

    fn canary(&mut self, rng: &mut Rng) -> String {
        self.next_canary += 1;
        format!("Quaxolotl-{:010x}-{:010x}", self.next_canary, rng.next_u64() >> 24)
    }

    /// What somebody does next at a host.
    pub(super) fn next(&mut self, world: &World, rng: &mut Rng, node: String) -> Vec<Input> {
        let Some(kind) = shape::pick(rng, &self.weights) else { return Vec::new() };
        let nodes = &world.spec().nodes;
        let text = match KINDS[kind].0 {
            "secret create" => return self.secret(rng, node, false),
            "secret change" => return self.secret(rng, node, true),
            "secret delete" => {
                format!("kubectl delete secret {}{}", word(rng, &SECRETS), wait(rng))
            }
            "config map" => match rng.below(3) {
                0 => format!("kubectl delete configmap {}", word(rng, &CONFIGS)),
                _ => format!(
                    "kubectl create configmap {} --from-literal=k={}",
                    word(rng, &CONFIGS),
                    rng.below(9)
                ),
            },
            "pod create" => return pod_create(rng, node, nodes),
            "pod delete" => {
                let how =
                    word(rng, &["", " --now", " --grace-period=0 --force", " --grace-period=3"]);
                format!("kubectl delete pod {}{how}{}", word(rng, &PODS), wait(rng))
            }
            "deployment" => return deployment(rng, node),
            "scale" => {
                let (name, count) = (word(rng, &DEPLOYMENTS), rng.below(5));
                format!("kubectl scale deployment {name} --replicas={count}")
            }
            "roll-out" => roll_out(rng),
            "deployment delete" => {
                let how = match (rng.below(4), self.minor) {
                    (0, ..20) => " --cascade=false",
                    (0, _) => " --cascade=orphan",
                    _ => "",
                };
                format!("kubectl delete deployment {}{how}{}", word(rng, &DEPLOYMENTS), wait(rng))
            }
            "node" => {
                let node = word(rng, nodes);
                node_upkeep(rng, node)
            }
            "access" => access(rng),
            "namespace" => word(rng, &NAMESPACES).to_owned(),
            "label" => label(rng, nodes),
            "kubelet's rights" => {
                let name = word(rng, &SECRETS);
                format!("kubectl --kubeconfig /etc/kubernetes/kubelet.conf get secret {name}")
            }
            "exec" => {
                let (pod, secret) = (word(rng, &PODS), word(rng, &SECRETS));
                match rng.below(3) {
                    0 => format!("kubectl exec {pod} -- cat /v/{secret}/k"),
                    1 => format!("kubectl exec {pod} -- env"),
                    _ => format!("kubectl logs {pod}"),
                }
            }
            "encryption" => return encryption(rng, world, &node),
            "write again" => "kubectl get secrets -A -o json | kubectl replace -f -".to_owned(),
            "API server" => match rng.below(3) {
                0 => format!("mv {MANIFEST} {ASIDE}"),
                _ => format!("mv {ASIDE} {MANIFEST}"),
            },
            "kubelet" => {
                let verb = word(rng, &["stop", "start", "start", "restart"]);
                format!("systemctl {verb} kubelet")
            }
            "docker" => "systemctl restart docker".to_owned(),
            "container" => {
                let verb = word(rng, &["stop", "kill", "rm -f"]);
                format!("docker {verb} $(docker ps -q | head -n 1)")
            }
            "etcd" => word(
                rng,
                &[
                    "etcdctl defrag",
                    "etcdctl endpoint status",
                    "etcdctl get /registry/secrets --prefix --keys-only",
                ],
            )
            .to_owned(),
            _ => word(rng, &READS).to_owned(),
        };
        line(node, &text)
    }

    /// A secret is made, or another one takes its place.
    fn secret(&mut self, rng: &mut Rng, node: String, is_there: bool) -> Vec<Input> {
        let (name, value) = (word(rng, &SECRETS), self.canary(rng));
        let dry = if self.minor < 18 { "--dry-run" } else { "--dry-run=client" };
        let make = format!("kubectl create secret generic {name} --from-literal=k={value}");
        let text = match (is_there, rng.below(6)) {
            (false, 0) => {
                let path = format!("/root/{name}.txt");
                let file = Input::WriteFile { node: node.clone(), path, text: value };
                let make = format!("kubectl create secret generic {name} --from-file=k={name}.txt");
                return [file].into_iter().chain(line(node, &make)).collect();
            }
            (false, 1) => format!("{make} {dry} -o yaml | kubectl apply -f -"),
            (false, _) => make,
            (true, 0 | 1) => format!("{make} {dry} -o yaml | kubectl replace -f -"),
            (true, 2) => format!("{make} {dry} -o yaml | kubectl apply -f -"),
            (true, 3) if rng.chance(1, 3) => {
                format!("kubectl patch secret {name} -p '{{\"immutable\":true}}'")
            }
            (true, _) => {
                format!("kubectl patch secret {name} -p '{{\"stringData\":{{\"k\":\"{value}\"}}}}'")
            }
        };
        line(node, &text)
    }
}

const NAMESPACES: [&str; 4] = [
    "kubectl create namespace other",
    "kubectl create secret generic s -n other --from-literal=k=v",
    "kubectl run sleeper -n other --image=alpine --restart=Never -- sleep 1000",
    "kubectl delete namespace other --wait=false",
];

fn label(rng: &mut Rng, nodes: &[String]) -> String {
    let value = rng.below(3);
    match rng.below(3) {
        0 => format!("kubectl label node {} zone=z{value} --overwrite", word(rng, nodes)),
        1 => format!("kubectl label pod {} a=b{value} --overwrite", word(rng, &PODS)),
        _ => format!("kubectl annotate secret {} a=b{value} --overwrite", word(rng, &SECRETS)),
    }
}

fn wait(rng: &mut Rng) -> &'static str {
    if rng.chance(2, 3) { " --wait=false" } else { "" }
}

/// An object in a file of its own, and the line that takes it to the API server.
fn from_file(node: String, object: &Value, verb: &str) -> Vec<Input> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let path = format!("/root/{name}.json");
    let file = Input::WriteFile { node: node.clone(), path, text: object.to_string() };
    [file].into_iter().chain(line(node, &format!("kubectl {verb} -f {name}.json"))).collect()
}

/// What a pod's container does: its image and command, and whether it goes on until somebody ends it.
fn program(rng: &mut Rng) -> (&'static str, Vec<&'static str>, bool) {
    match rng.below(8) {
        0 => ("alpine", vec!["sleep", "7"], false),
        1 => ("alpine", vec!["sh", "-c", "sleep 3; exit 1"], false),
        2 => ("nosuchimage:1", vec![], false),
        3 => ("redis:alpine", vec![], true),
        4 | 5 => ("alpine", vec!["sleep", "100000"], true),
        _ => ("nginx:alpine", vec![], true),
    }
}

/// What a pod is to be: its secrets and config maps as variables and volumes, whole, by item, by `subPath`, optional.
fn pod_spec(rng: &mut Rng) -> Value {
    let (image, command, lasts) = program(rng);
    // Whoever judges the end knows by the name which containers go on.
    let name = if lasts { "lasts" } else { "ends" };
    let mut container = json!({ "name": name, "image": image });
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    let (mut volumes, mut mounts, mut env, mut env_from) = (vec![], vec![], vec![], vec![]);
    let key = if rng.chance(1, 12) { "absent" } else { "k" };
    let optional = rng.chance(1, 6);
    let first = rng.below(4) as usize;
    for place in 0..rng.below(3) as usize {
        let secret = SECRETS[(first + place) % SECRETS.len()];
        let config = CONFIGS[place % CONFIGS.len()];
        let volume = match rng.below(6) {
            0 => {
                json!({ "secret": { "secretName": secret, "items": [{ "key": key, "path": "k" }] } })
            }
            1 => json!({ "configMap": { "name": config } }),
            2 => json!({ "projected": { "sources": [
                { "secret": { "name": secret, "optional": optional } },
                { "configMap": { "name": config, "optional": true } },
            ] } }),
            3 => {
                let one = json!({ "name": secret, "key": key, "optional": optional });
                env.push(json!({ "name": "K", "valueFrom": { "secretKeyRef": one } }));
                continue;
            }
            4 => {
                env_from.push(json!({ "secretRef": { "name": secret, "optional": optional } }));
                continue;
            }
            _ => json!({ "secret": { "secretName": secret, "optional": optional } }),
        };
        let mut volume = volume;
        volume["name"] = json!(format!("v{place}"));
        volumes.push(volume);
        let mut mount = json!({ "name": format!("v{place}"), "mountPath": format!("/v/{secret}") });
        if rng.chance(1, 6) {
            mount["mountPath"] = json!(format!("/v/{secret}/k"));
            mount["subPath"] = json!("k");
        }
        mounts.push(mount);
    }
    container["env"] = json!(env);
    container["envFrom"] = json!(env_from);
    container["volumeMounts"] = json!(mounts);
    let mut spec = json!({ "containers": [container], "volumes": volumes });
    if rng.chance(1, 8) {
        spec["initContainers"] =
            json!([{ "name": "first", "image": "alpine", "command": ["sleep", "2"] }]);
    }
    if rng.chance(2, 3) {
        spec["terminationGracePeriodSeconds"] = json!(rng.below(12));
    }
    if rng.chance(1, 10) {
        spec["nodeSelector"] = json!({ "zone": format!("z{}", rng.below(3)) });
    }
    if rng.chance(1, 6) {
        spec["tolerations"] = json!([{ "operator": "Exists" }]);
    }
    spec
}

fn pod_create(rng: &mut Rng, node: String, nodes: &[String]) -> Vec<Input> {
    let name = word(rng, &PODS);
    if rng.chance(1, 8) {
        let policy = word(rng, &["Always", "OnFailure", "Never"]);
        return line(
            node,
            &format!("kubectl run {name} --image=alpine --restart={policy} -- sleep 1000"),
        );
    }
    let mut spec = pod_spec(rng);
    spec["restartPolicy"] = json!(word(rng, &["Always", "Always", "OnFailure", "Never"]));
    if rng.chance(1, 8) {
        spec["nodeName"] = json!(word(rng, nodes));
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec,
    });
    from_file(node, &object, word(rng, &["create", "create", "apply"]))
}

fn deployment(rng: &mut Rng, node: String) -> Vec<Input> {
    let name = word(rng, &DEPLOYMENTS);
    let labels = json!({ "app": name });
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name },
        "spec": {
            "replicas": rng.below(5),
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod_spec(rng) },
        },
    });
    match rng.below(4) {
        0 => object["spec"]["strategy"] = json!({ "type": "Recreate" }),
        1 => {
            let (surge, less) = (rng.below(3), rng.between(1, 3));
            object["spec"]["strategy"] =
                json!({ "rollingUpdate": { "maxSurge": surge, "maxUnavailable": less } });
        }
        _ => {}
    }
    from_file(node, &object, "apply")
}

fn roll_out(rng: &mut Rng) -> String {
    let name = word(rng, &DEPLOYMENTS);
    match rng.below(8) {
        0 => format!("kubectl rollout undo deployment {name}"),
        1 => format!("kubectl rollout pause deployment {name}"),
        2 => format!("kubectl rollout resume deployment {name}"),
        3 => format!("kubectl set env deployment {name} A={}", rng.below(3)),
        4 => {
            let image = word(rng, &["nginx:alpine", "redis:alpine", "nosuchimage:2"]);
            format!("kubectl set image deployment {name} *={image}")
        }
        5 => format!("kubectl rollout status deployment {name} --timeout=20s"),
        _ => format!("kubectl rollout restart deployment {name}"),
    }
}

fn node_upkeep(rng: &mut Rng, node: &str) -> String {
    match rng.below(6) {
        0 => format!("kubectl drain {node} --force --ignore-daemonsets --timeout=20s"),
        1 => format!("kubectl cordon {node}"),
        2 | 3 => format!("kubectl uncordon {node}"),
        4 => format!("kubectl taint node {node} use=test:NoSchedule --overwrite"),
        _ => format!("kubectl taint node {node} use-"),
    }
}

fn access(rng: &mut Rng) -> String {
    let verb = word(rng, &["get", "list", "delete"]);
    match rng.below(6) {
        0 => format!("kubectl create role reader --verb={verb} --resource=secrets"),
        1 => "kubectl create rolebinding read --role=reader --user=jane".to_owned(),
        2 => "kubectl create serviceaccount app".to_owned(),
        3 => format!(
            "kubectl delete {} --wait=false",
            word(rng, &["role reader", "rolebinding read", "serviceaccount app"])
        ),
        4 => format!("kubectl auth can-i {verb} secrets --as jane"),
        _ => format!(
            "kubectl {} secret {} --as jane",
            word(rng, &["get", "delete"]),
            word(rng, &SECRETS)
        ),
    }
}

/// Two keys, of which either may be the first: whoever has such a file reads what any of them has sealed.
const KEYS: [(&str, &str); 2] = [
    ("key1", "a2V5MWtleTFrZXkxa2V5MWtleTFrZXkxa2V5MWtleTE="),
    ("key2", "a2V5MmtleTJrZXkya2V5MmtleTJrZXkya2V5MmtleTI="),
];

/// A file with all providers, beginning with this one.
fn providers(first: usize, first_key: usize) -> String {
    let mut text = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n\
                    resources:\n- resources: [secrets]\n  providers:\n"
        .to_owned();
    let all = ["aescbc", "secretbox", "identity"];
    for place in 0..all.len() {
        let provider = all[(first + place) % all.len()];
        if provider == "identity" {
            text.push_str("  - identity: {}\n");
            continue;
        }
        text.push_str(&format!("  - {provider}:\n      keys:\n"));
        for place in 0..KEYS.len() {
            let (name, secret) = KEYS[(first_key + place) % KEYS.len()];
            text.push_str(&format!("      - name: {name}\n        secret: {secret}\n"));
        }
    }
    text
}

/// The hosts of the control plane.
fn planes(world: &World) -> &[String] {
    world.spec().kube.as_ref().map_or(&[], |kube| &kube.hosts[..kube.control_planes])
}

/// Encryption at rest is turned on, or over to another provider or key: the file on all hosts of the control plane, the
/// argument and a new start on one.
fn encryption(rng: &mut Rng, world: &World, node: &str) -> Vec<Input> {
    let text = providers(rng.below(3) as usize, rng.below(2) as usize);
    let file = |node: &String| Input::WriteFile {
        node: node.clone(),
        path: PROVIDERS.to_owned(),
        text: text.clone(),
    };
    let files = planes(world).iter().map(file);
    let add = format!("{}; touch {MANIFEST}", ENCRYPT.replace("FILE", MANIFEST));
    files.chain(line(node.to_owned(), &add)).collect()
}

/// What somebody does at a host after the last fault, so that everything that was stopped runs and all API servers can read
/// what any of them has written; where all is well nothing changes.
pub(crate) fn put_right(world: &World, node: &str) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut text = "systemctl start docker".to_owned();
    if world.spec().kube.is_some() {
        text.push_str("; systemctl start kubelet");
    }
    if planes(world).iter().any(|plane| plane == node) {
        text = format!("mv {ASIDE} {MANIFEST} 2>/dev/null; {text}");
        let encrypts = |plane: &String| {
            [MANIFEST, ASIDE].iter().any(|path| {
                let file = world.file(plane, path).ok().flatten().unwrap_or_default();
                String::from_utf8_lossy(&file).contains("encryption-provider")
            })
        };
        if planes(world).iter().any(encrypts) {
            let (node, path) = (node.to_owned(), PROVIDERS.to_owned());
            inputs.push(Input::WriteFile { node, path, text: providers(0, 0) });
            text = format!("{text}; {}", ENCRYPT.replace("FILE", MANIFEST));
        }
    }
    inputs.extend(line(node.to_owned(), &text));
    inputs
}

const READS: [&str; 7] = [
    "kubectl get pods -A -o wide",
    "kubectl get nodes",
    "kubectl get events",
    "kubectl describe pod one",
    "kubectl get secrets -A",
    "kubectl get all",
    "kubectl describe deployment web",
];
