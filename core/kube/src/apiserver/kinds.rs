//! What the server does to an object before it keeps it, by kind: defaults and admission (kubernetes:
//! `pkg/registry/*/strategy.go`, `pkg/apis/*/defaults.go`).

use serde_json::{Value, json};

use super::Objects;
use super::status::Status;
use crate::json::{at, int, items, members, namespace, object, put, remove, text};
use crate::resources::Resource;
use crate::schema;

/// Completes a new object: defaults, and what its kind's admission adds.
///
/// # Errors
/// A refusal of admission.
pub(super) fn prepare_new(
    resource: &Resource,
    value: &mut Value,
    objects: &Objects,
    has_token_volumes: bool,
    suffix: &str,
) -> Result<(), Status> {
    match resource.kind {
        "Secret" => merge_string_data(value),
        "Pod" => {
            remove(value, "status");
            put(value, "status/phase", "Pending");
            if !crate::is_mirror(value) {
                admit_pod(resource, value, objects, has_token_volumes, suffix)?;
            }
        }
        "Deployment" | "ReplicaSet" => {
            remove(value, "status");
            object(value, "status");
            put(value, "metadata/generation", 1);
        }
        "Namespace" => {
            put(value, "spec/finalizers", json!(["kubernetes"]));
            put(value, "status/phase", "Active");
            let name = crate::json::name(value).to_owned();
            object(value, "metadata/labels")
                .insert("kubernetes.io/metadata.name".into(), name.into());
        }
        "Service" => prepare_service(value, objects),
        _ => {}
    }
    complete(resource, value);
    if resource.kind == "Pod" {
        put(value, "status/qosClass", quality(value));
    }
    Ok(())
}

/// How important a pod is when memory is short (kubernetes: `qos.GetPodQOS`).
fn quality(pod: &Value) -> &'static str {
    let all = || items(pod, "spec/containers").iter().chain(items(pod, "spec/initContainers"));
    let says = |one: &Value, path: &str| members(one, path).next().is_some();
    let is_fixed = |one: &Value| {
        ["cpu", "memory"].iter().all(|what| {
            let limit = &one["resources"]["limits"][*what];
            !limit.is_null() && *limit == one["resources"]["requests"][*what]
        })
    };
    if !all().any(|one| says(one, "resources/requests") || says(one, "resources/limits")) {
        "BestEffort"
    } else if all().all(is_fixed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// What only pods get, not templates of them (kubernetes: `SetDefaults_Pod`, admission plug-in `Priority`).
fn complete_pod(spec: &mut Value) {
    let alone = [
        ("enableServiceLinks", json!(true)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
        ("priority", json!(0)),
    ];
    for (field, default) in alone {
        if spec[field].is_null() {
            spec[field] = default;
        }
    }
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let limits = at(container, "resources/limits").clone();
            for (what, limit) in members(&limits, "") {
                let path = format!("resources/requests/{what}");
                if at(container, &path).is_null() {
                    put(container, &path, limit.clone());
                }
            }
        }
    }
}

/// Defaults that the schema says, and those that depend on other fields.
pub(super) fn complete(resource: &Resource, value: &mut Value) {
    if let Some(kind) = schema::kind(resource.kind) {
        schema::set_defaults(kind, value);
    }
    match resource.kind {
        "Secret" => merge_string_data(value),
        "Pod" => {
            complete_pod_spec(at_mut(value, "spec"));
            complete_pod(at_mut(value, "spec"));
        }
        "Deployment" => {
            complete_pod_spec(at_mut(value, "spec/template/spec"));
            if text(value, "spec/strategy/type") == "RollingUpdate"
                && !at(value, "spec/strategy/rollingUpdate").is_object()
            {
                let update = json!({ "maxUnavailable": "25%", "maxSurge": "25%" });
                put(value, "spec/strategy/rollingUpdate", update);
            }
        }
        "ReplicaSet" => complete_pod_spec(at_mut(value, "spec/template/spec")),
        "RoleBinding" | "ClusterRoleBinding" => {
            let home = namespace(value).to_owned();
            if let Some(subjects) = value["subjects"].as_array_mut() {
                for subject in subjects {
                    let is_account = text(subject, "kind") == "ServiceAccount";
                    if !is_account && text(subject, "apiGroup").is_empty() {
                        put(subject, "apiGroup", "rbac.authorization.k8s.io");
                    }
                    if is_account && text(subject, "namespace").is_empty() && !home.is_empty() {
                        put(subject, "namespace", home.clone());
                    }
                }
            }
        }
        _ => {}
    }
}

fn at_mut<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    let pointer = format!("/{path}");
    if value.pointer(&pointer).is_none() {
        object(value, path);
    }
    match value.pointer_mut(&pointer) {
        Some(found) => found,
        None => unreachable!("it was made just now"),
    }
}

fn merge_string_data(value: &mut Value) {
    let Some(texts) = value["stringData"].as_object().cloned() else {
        remove(value, "stringData");
        return;
    };
    remove(value, "stringData");
    let data = object(value, "data");
    for (key, text) in texts {
        let bytes = text.as_str().unwrap_or_default().as_bytes().to_vec();
        data.insert(key, seal::base64::encode(&bytes).into());
    }
}

fn complete_pod_spec(spec: &mut Value) {
    if !text(spec, "serviceAccountName").is_empty() {
        let name = text(spec, "serviceAccountName").to_owned();
        put(spec, "serviceAccount", name);
    }
    for list in ["containers", "initContainers"] {
        let Some(containers) = spec[list].as_array_mut() else { continue };
        for container in containers {
            if text(container, "imagePullPolicy").is_empty() {
                let image = text(container, "image");
                let last = image.rsplit('/').next().unwrap_or_default();
                let is_latest = last.ends_with(":latest") || !last.contains([':', '@']);
                let policy = if is_latest { "Always" } else { "IfNotPresent" };
                put(container, "imagePullPolicy", policy);
            }
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                let is_page = at(container, probe)["httpGet"].is_object();
                if is_page && text(&container[probe], "httpGet/path").is_empty() {
                    put(container, &format!("{probe}/httpGet/path"), "/");
                }
            }
        }
    }
    // serde_json makes a member by looking for it.
    for list in ["initContainers", "containers", "volumes"] {
        if spec[list].is_null() {
            remove(spec, list);
        }
    }
}

/// Admission of pods: their service account with its token, tolerations, quality of service.
fn admit_pod(
    resource: &Resource,
    pod: &mut Value,
    objects: &Objects,
    has_token_volumes: bool,
    suffix: &str,
) -> Result<(), Status> {
    let home = namespace(pod).to_owned();
    if text(pod, "spec/serviceAccountName").is_empty() {
        let old = text(pod, "spec/serviceAccount");
        let account = if old.is_empty() { "default" } else { old }.to_owned();
        put(pod, "spec/serviceAccountName", account);
    }
    let name = text(pod, "spec/serviceAccountName").to_owned();
    let Some(account) = objects.find("serviceaccounts", &home, &name) else {
        let why = format!(
            "error looking up service account {home}/{name}: serviceaccount \"{name}\" not found"
        );
        return Err(Status::forbidden(resource, crate::json::name(pod), &why));
    };
    let wants = |value: &Value, path: &str| at(value, path).as_bool();
    let wants_token = wants(pod, "spec/automountServiceAccountToken")
        .or_else(|| wants(account, "automountServiceAccountToken"))
        .unwrap_or(true);
    let old_secret = items(account, "secrets").first().map(|one| text(one, "name").to_owned());
    let volume = match (has_token_volumes, old_secret) {
        (true, _) => Some(token_volume(suffix)),
        (false, Some(secret)) => {
            Some(json!({ "name": secret, "secret": { "secretName": secret, "defaultMode": 420 } }))
        }
        (false, None) => None,
    };
    if let Some(volume) = volume.filter(|_| wants_token) {
        mount_token(pod, &volume);
    }
    let spec = at_mut(pod, "spec");
    if !spec["tolerations"].is_array() {
        spec["tolerations"] = json!([]);
    }
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let known = items(pod, "spec/tolerations").iter().any(|one| {
            let name = text(one, "key");
            matches!(text(one, "effect"), "" | "NoExecute") && (name.is_empty() || name == key)
        });
        if !known && let Some(list) = pod["spec"]["tolerations"].as_array_mut() {
            list.push(json!({
                "key": key,
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }));
        }
    }
    let logins = items(account, "imagePullSecrets");
    if items(pod, "spec/imagePullSecrets").is_empty() && !logins.is_empty() {
        put(pod, "spec/imagePullSecrets", logins);
    }
    Ok(())
}

fn token_volume(suffix: &str) -> Value {
    json!({
        "name": format!("kube-api-access-{suffix}"),
        "projected": {
            "sources": [
                { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
                {
                    "configMap": {
                        "name": "kube-root-ca.crt",
                        "items": [{ "key": "ca.crt", "path": "ca.crt" }],
                    },
                },
                {
                    "downwardAPI": {
                        "items": [{
                            "path": "namespace",
                            "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" },
                        }],
                    },
                },
            ],
            "defaultMode": 420,
        },
    })
}

const TOKEN_FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

fn mount_token(pod: &mut Value, volume: &Value) {
    let spec = at_mut(pod, "spec");
    let mut used = false;
    for list in ["containers", "initContainers"] {
        let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) else { continue };
        for container in containers {
            let has = items(container, "volumeMounts")
                .iter()
                .any(|mount| text(mount, "mountPath") == TOKEN_FOLDER);
            if has || !container.is_object() {
                continue;
            }
            used = true;
            if !container["volumeMounts"].is_array() {
                container["volumeMounts"] = json!([]);
            }
            if let Some(mounts) = container["volumeMounts"].as_array_mut() {
                mounts.push(json!({
                    "name": text(volume, "name"),
                    "readOnly": true,
                    "mountPath": TOKEN_FOLDER,
                }));
            }
        }
    }
    if used {
        if !spec["volumes"].is_array() {
            spec["volumes"] = json!([]);
        }
        if let Some(volumes) = spec["volumes"].as_array_mut() {
            volumes.push(volume.clone());
        }
    }
}

fn prepare_service(service: &mut Value, objects: &Objects) {
    let is_plain = !matches!(text(service, "spec/type"), "ExternalName");
    if is_plain && text(service, "spec/clusterIP").is_empty() {
        let taken =
            |ip: &str| objects.list("services", "").any(|one| text(one, "spec/clusterIP") == ip);
        // kubeadm: `--service-cidr` 10.96.0.0/12; the first is the API server's.
        let free = (0..u32::from(u16::MAX)).map(|n| {
            let n = n + 100;
            format!("10.96.{}.{}", n / 256, n % 256)
        });
        let ip = free.into_iter().find(|ip| !taken(ip)).unwrap_or_default();
        put(service, "spec/clusterIP", ip);
    }
    let ip = text(service, "spec/clusterIP").to_owned();
    if !ip.is_empty() && ip != "None" {
        put(service, "spec/clusterIPs", json!([ip]));
    }
    if let Some(ports) = at_mut(service, "spec")["ports"].as_array_mut() {
        for port in ports {
            if port["targetPort"].is_null() {
                let number = port["port"].clone();
                put(port, "targetPort", number);
            }
        }
    }
    if matches!(text(service, "spec/type"), "NodePort" | "LoadBalancer") {
        let taken: Vec<i64> = objects
            .list("services", "")
            .flat_map(|one| items(one, "spec/ports").iter().map(|port| int(port, "nodePort")))
            .collect();
        // kube-apiserver: `--service-node-port-range` 30000-32767, at random; here the first that is free.
        let mut free = (30_000..32_768).filter(|port| !taken.contains(port));
        let ports = at_mut(service, "spec").get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten().filter(|port| int(port, "nodePort") == 0) {
            put(port, "nodePort", free.next().unwrap_or_default());
        }
    }
    put(service, "status/loadBalancer", json!({}));
}
