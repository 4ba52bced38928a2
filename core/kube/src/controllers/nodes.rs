//! Nodes that are not heard of: their condition becomes Unknown after 40 s, they are tainted, and pods that do not
//! tolerate that any longer are evicted (kubernetes: node lifecycle controller, taint manager).

use sorted::SortedMap;
use std::rc::Rc;

use serde_json::{Value, json};
use sim::{Duration, Time};

use super::{Recorders, View, is_going};
use crate::apiserver::Change;
use crate::client;
use crate::conditions;
use crate::json::{items, parse_time, put, text};
use crate::scheduler::tolerates;

/// kube-controller-manager: `--node-monitor-grace-period`.
const GRACE: Duration = Duration::from_secs(40);

/// When which node's lease was seen to change.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    heard: SortedMap<String, Time>,
}

const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";

impl Nodes {
    /// A lease has changed.
    pub(super) fn heard(&mut self, now: Time, change: &Change) {
        if let Some(name) = change.key.strip_prefix("/registry/leases/kube-node-lease/") {
            self.heard.insert(name.to_owned(), now);
        }
    }

    pub(super) fn run(&mut self, view: &mut View<'_>, recorders: &mut Recorders) {
        let nodes: Vec<Rc<Value>> = view.objects.list("nodes", "").cloned().collect();
        for node in &nodes {
            let name = crate::json::name(node);
            let heard = *self.heard.entry(name.to_owned()).or_insert(view.now);
            let is_silent = heard + GRACE <= view.now;
            if !is_silent {
                view.wake_at(heard + GRACE);
            }
            self.look(view, recorders, node, is_silent);
        }
        self.heard.retain(|name, _| nodes.iter().any(|node| crate::json::name(node) == name));
        evict(view, recorders, &nodes);
    }

    fn look(
        &self,
        view: &mut View<'_>,
        recorders: &mut Recorders,
        node: &Rc<Value>,
        is_silent: bool,
    ) {
        let mut changed = (**node).clone();
        if is_silent && conditions::get(node, "Ready") != "Unknown" {
            let why = ("NodeStatusUnknown", "Kubelet stopped posting node status.");
            for kind in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
                conditions::set(&mut changed, kind, "Unknown", why, view.wall);
            }
            view.asks.push(client::replace(changed, "/status"));
            let name = crate::json::name(node);
            let message = format!("Node {name} status is now: NodeNotReady");
            let told = recorders.node.tell(node, ("Normal", "NodeNotReady", &message), view.wall);
            view.asks.push(told);
            for pod in
                view.objects.list("pods", "").filter(|pod| text(pod, "spec/nodeName") == name)
            {
                if conditions::get(pod, "Ready") == "True" {
                    let mut pod = (**pod).clone();
                    conditions::set(&mut pod, "Ready", "False", ("", ""), view.wall);
                    view.asks.push(client::replace(pod, "/status"));
                }
            }
            return;
        }
        let wanted = match conditions::get(node, "Ready") {
            "Unknown" => Some(UNREACHABLE),
            "True" => None,
            _ => Some(NOT_READY),
        };
        let is_ours = |taint: &Value| matches!(text(taint, "key"), UNREACHABLE | NOT_READY);
        let old = items(node, "spec/taints");
        let has = |key: &str, effect: &str| {
            old.iter().any(|one| text(one, "key") == key && text(one, "effect") == effect)
        };
        let fits = match wanted {
            None => !old.iter().any(is_ours),
            Some(key) => {
                has(key, "NoExecute")
                    && has(key, "NoSchedule")
                    && !old.iter().any(|one| is_ours(one) && text(one, "key") != key)
            }
        };
        if fits {
            return;
        }
        let mut taints: Vec<Value> = old.iter().filter(|one| !is_ours(one)).cloned().collect();
        if let Some(key) = wanted {
            let at = crate::json::time(view.wall);
            taints.push(json!({ "key": key, "effect": "NoSchedule", "timeAdded": at }));
            taints.push(json!({ "key": key, "effect": "NoExecute", "timeAdded": at }));
        }
        put(&mut changed, "spec/taints", taints);
        view.asks.push(client::replace(changed, ""));
    }
}

/// Pods on tainted nodes go when they have tolerated it long enough.
fn evict(view: &mut View<'_>, recorders: &mut Recorders, nodes: &[Rc<Value>]) {
    for node in nodes {
        let name = crate::json::name(node);
        let taints = items(node, "spec/taints").iter();
        let taints: Vec<&Value> = taints.filter(|one| text(one, "effect") == "NoExecute").collect();
        if taints.is_empty() {
            continue;
        }
        let pods: Vec<Rc<Value>> = view
            .objects
            .list("pods", "")
            .filter(|pod| text(pod, "spec/nodeName") == name && !is_going(pod))
            .cloned()
            .collect();
        for pod in pods {
            let mut goes_at: Option<Time> = None;
            for taint in &taints {
                let since = parse_time(taint, "timeAdded").unwrap_or(view.wall);
                let end = match tolerates(&pod, taint) {
                    false => Some(since),
                    true => {
                        toleration(&pod, taint).map(|seconds| since + Duration::from_secs(seconds))
                    }
                };
                goes_at = [goes_at, end].into_iter().flatten().min();
            }
            match goes_at {
                Some(at) if at <= view.wall => {
                    view.asks.push(client::delete(&pod, None));
                    let (home, name) = (crate::json::namespace(&pod), crate::json::name(&pod));
                    let message = format!("Marking for deletion Pod {home}/{name}");
                    let what = ("Normal", "TaintManagerEviction", message.as_str());
                    let told = recorders.taints.tell(&pod, what, view.wall);
                    view.asks.push(told);
                }
                Some(at) => view.wake_at(view.now + at.since(view.wall)),
                None => {}
            }
        }
    }
}

/// For how long the pod tolerates it; nothing for ever.
fn toleration(pod: &Value, taint: &Value) -> Option<u64> {
    let fitting = items(pod, "spec/tolerations").iter().filter(|one| {
        let key = text(one, "key");
        key.is_empty() || key == text(taint, "key")
    });
    fitting.filter_map(|one| one["tolerationSeconds"].as_u64()).min()
}
