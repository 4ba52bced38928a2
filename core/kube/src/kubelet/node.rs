//! The node's own object and its lease (kubelet: `pkg/kubelet/nodestatus`, `nodelease`).

use serde_json::{Value, json};
use sim::{Duration, Time};

use super::{Kubelet, Purpose, Touch};
use crate::client;
use crate::conditions;
use crate::json::{at, in_order, put, text};
use crate::rest::Method;
use crate::wire::Came;

/// kubelet: a quarter of the lease's 40 s.
const RENEW: Duration = Duration::from_secs(10);
/// kubelet: `nodeStatusReportFrequency`.
const REPORT: Duration = Duration::from_secs(300);

/// How far the node is known.
#[derive(Clone, Debug)]
pub(super) struct NodeState {
    /// As the API server has it.
    known: Option<Value>,
    lease: Option<Value>,
    register_at: Option<Time>,
    renew_at: Option<Time>,
    report_at: Option<Time>,
    asks: bool,
    pub(super) retry_runtime_at: Option<Time>,
    was_ready: Option<bool>,
}

impl NodeState {
    pub(super) const fn new(now: Time) -> Self {
        Self {
            known: None,
            lease: None,
            register_at: Some(now),
            renew_at: Some(now),
            report_at: None,
            asks: false,
            retry_runtime_at: None,
            was_ready: None,
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        let all = [self.register_at, self.renew_at, self.report_at, self.retry_runtime_at];
        all.into_iter().flatten().min()
    }
}

impl Kubelet {
    pub(super) fn node_due(&mut self, touch: &mut Touch<'_>) {
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= touch.now);
        if is_due(self.node.register_at) {
            self.node.register_at = None;
            let node = self.new_node(touch);
            self.ask(touch, Purpose::Node, client::create(node), false);
        }
        if self.node.renew_at.is_some_and(|at| at <= touch.now) {
            self.node.renew_at = Some(touch.now + RENEW);
            self.renew(touch);
        }
        if self.node.report_at.is_some_and(|at| at <= touch.now) {
            self.report_node(touch);
        }
        if self.node.retry_runtime_at.is_some_and(|at| at <= touch.now) {
            self.node.retry_runtime_at = None;
            self.boot(touch);
        }
    }

    fn renew(&mut self, touch: &mut Touch<'_>) {
        let at = crate::json::micro_time(touch.wall);
        let request = match self.node.lease.clone() {
            Some(mut lease) => {
                put(&mut lease, "spec/renewTime", at);
                crate::json::remove(&mut lease, "metadata/resourceVersion");
                client::replace(lease, "")
            }
            None => client::create(json!({
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": { "name": self.name, "namespace": "kube-node-lease" },
                "spec": {
                    "holderIdentity": self.name,
                    "leaseDurationSeconds": 40,
                    "renewTime": at,
                },
            })),
        };
        self.ask(touch, Purpose::Lease, request, false);
    }

    pub(super) fn lease_answered(&mut self, touch: &mut Touch<'_>, came: Came) {
        match came {
            Came::Response(answer) if answer.code < 300 => self.node.lease = Some(answer.body),
            Came::Response(answer) if answer.code == 409 => {
                // An earlier start has made it.
                let path = format!(
                    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{}",
                    self.name
                );
                let request = client::request(Method::Get, &path, Value::Null);
                self.ask(touch, Purpose::Lease, request, false);
            }
            Came::Response(answer) if answer.code == 404 => {
                self.node.lease = None;
                self.node.renew_at = Some(touch.now + Duration::from_secs(1));
            }
            _ => {}
        }
    }

    pub(super) fn node_answered(&mut self, touch: &mut Touch<'_>, came: Came) {
        self.node.asks = false;
        match came {
            Came::Response(answer) if answer.code < 300 => {
                self.node.known = Some(answer.body);
                self.report_node(touch);
            }
            Came::Response(answer) if answer.code == 409 => {
                let path = format!("/api/v1/nodes/{}", self.name);
                self.ask(
                    touch,
                    Purpose::Node,
                    client::request(Method::Get, &path, Value::Null),
                    false,
                );
            }
            _ => self.node.register_at = Some(touch.now + Duration::from_secs(2)),
        }
    }

    /// Tells how the node is, if that has changed or is long ago.
    fn report_node(&mut self, touch: &mut Touch<'_>) {
        let Some(known) = self.node.known.clone() else { return };
        self.node.report_at = Some(touch.now + RENEW);
        let status = self.status(touch, &known);
        let mut changed = known.clone();
        put(&mut changed, "status", status);
        let plain = |node: &Value| {
            let mut plain = at(node, "status").clone();
            for one in plain["conditions"].as_array_mut().into_iter().flatten() {
                crate::json::remove(one, "lastHeartbeatTime");
            }
            in_order(plain)
        };
        let ready = conditions::get(&changed, "Ready") == "True";
        let heartbeat = crate::json::items(&known, "status/conditions").first();
        let is_old = heartbeat.is_none_or(|one| {
            crate::json::parse_time(one, "lastHeartbeatTime")
                .is_none_or(|at| at + REPORT <= touch.wall)
        });
        if plain(&changed) == plain(&known) && !is_old || self.node.asks {
            // Somebody else may have said that the node is silent: it is read again with every renewal.
            if !self.node.asks {
                self.node.asks = true;
                let path = format!("/api/v1/nodes/{}", self.name);
                self.node.report_at = Some(touch.now + RENEW);
                self.ask(
                    touch,
                    Purpose::NodeSeen,
                    client::request(Method::Get, &path, Value::Null),
                    false,
                );
            }
            return;
        }
        self.node.asks = true;
        if self.node.was_ready == Some(false) && ready {
            let about = json!({ "kind": "Node", "name": self.name, "uid": self.name });
            let message = format!("Node {} status is now: NodeReady", self.name);
            self.tell(touch, &about, ("Normal", "NodeReady", &message));
        }
        self.node.was_ready = Some(ready);
        crate::json::remove(&mut changed, "metadata/resourceVersion");
        self.ask(touch, Purpose::NodeSeen, client::replace(changed, "/status"), false);
    }

    /// The node as it is known elsewhere now.
    pub(super) fn node_seen(&mut self, touch: &mut Touch<'_>, came: Came) {
        self.node.asks = false;
        match came {
            Came::Response(answer) if answer.code < 300 => {
                let was_silent = conditions::get(&answer.body, "Ready") == "Unknown";
                self.node.known = Some(answer.body);
                if was_silent {
                    self.report_node(touch);
                }
            }
            Came::Response(answer) if answer.code == 404 => {
                self.node.register_at = Some(touch.now);
            }
            _ => {}
        }
    }

    fn new_node(&mut self, touch: &mut Touch<'_>) -> Value {
        let host =
            self.config.hosts.iter().find(|host| host.name == self.name).map(|host| host.host);
        let is_control_plane = host.is_some_and(|host| self.config.is_control_plane(host));
        let mut labels = json!({
            "beta.kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
        });
        let mut spec = json!({ "podCIDR": self.pod_cidr(), "podCIDRs": [self.pod_cidr()] });
        if is_control_plane {
            // The old name went with 1.24, its taint with 1.25.
            let minor = self.config.minor;
            let (old, new) =
                ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane");
            let roles: &[&str] = match minor {
                ..=19 => &[old],
                20..=23 => &[old, new],
                _ => &[new],
            };
            for role in roles {
                crate::json::object(&mut labels, "").insert((*role).to_owned(), "".into());
            }
            let taints: &[&str] = match minor {
                ..=23 => &[old],
                24 => &[old, new],
                _ => &[new],
            };
            let taints: Vec<Value> =
                taints.iter().map(|key| json!({ "key": key, "effect": "NoSchedule" })).collect();
            put(&mut spec, "taints", taints);
        }
        let mut node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": { "name": self.name, "labels": labels },
            "spec": spec,
        });
        let status = self.status(touch, &node);
        put(&mut node, "status", status);
        node
    }

    fn status(&self, touch: &mut Touch<'_>, known: &Value) -> Value {
        let docker = &self.config.docker_version;
        let resources = json!({
            "cpu": daemon::CPU_COUNT.to_string(),
            "memory": format!("{}Ki", daemon::MEMORY_SIZE / 1_024),
            "pods": "110",
        });
        let mut node = json!({ "kind": "Node", "status": {
            "addresses": [
                { "type": "InternalIP", "address": self.address },
                { "type": "Hostname", "address": self.name },
            ],
            "allocatable": resources,
            "capacity": resources,
            "conditions": at(known, "status/conditions").clone(),
            "daemonEndpoints": { "kubeletEndpoint": { "Port": crate::wire::KUBELET_PORT } },
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": self.boot_id,
                "containerRuntimeVersion": format!("docker://{docker}"),
                "kernelVersion": self.config.distribution.kernel,
                "kubeProxyVersion": self.config.version(),
                "kubeletVersion": self.config.version(),
                "machineID": self.name,
                "operatingSystem": "linux",
                "osImage": self.config.distribution.pretty(),
                "systemUUID": self.name,
            },
        } });
        let kinds = [
            (
                "MemoryPressure",
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
            ),
            ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ];
        for (kind, reason, message) in kinds {
            conditions::set(&mut node, kind, "False", (reason, message), touch.wall);
        }
        let (status, reason, message) = match self.is_runtime_down {
            false => ("True", "KubeletReady", "kubelet is posting ready status"),
            true => ("False", "KubeletNotReady", "container runtime is down"),
        };
        conditions::set(&mut node, "Ready", status, (reason, message), touch.wall);
        debug_assert!(!text(&node, "kind").is_empty());
        node["status"].take()
    }
}
