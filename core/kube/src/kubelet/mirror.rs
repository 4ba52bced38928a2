//! Static pods: what the manifests on the host say is shown to the API server as mirror pods (kubelet: `pkg/kubelet/pod`,
//! `mirror_client.go`). The programs themselves are parts of the host.

use serde_json::{Value, json};
use sim::{Duration, Time};
use sorted::SortedMap;

use super::{Kubelet, Purpose, Touch};
use crate::client;
use crate::conditions;
use crate::controllers::is_going;
use crate::json::{from_yaml, put, text};
use crate::wire::Came;

/// What was refused is asked again after so long: the namespace may not be there yet.
const RETRY: Duration = Duration::from_secs(1);
/// And so long is waited for an answer, or after there was none.
const PATIENCE: Duration = Duration::from_secs(15);

/// The annotation that makes a pod one.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A program of the host that is run by a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Static {
    /// Its manifest.
    pub(crate) manifest: String,
    /// It runs.
    pub(crate) runs: bool,
}

/// What is to be shown, what is, and what was asked when.
#[derive(Debug, Default)]
pub(super) struct Mirrors {
    wanted: SortedMap<String, (Value, bool, Time)>,
    known: SortedMap<String, Value>,
    /// What is not asked again before a time.
    asked: SortedMap<String, Time>,
}

/// True for a pod that only shows what runs without it.
pub fn is_mirror(pod: &Value) -> bool {
    pod["metadata"]["annotations"].get(MIRROR).is_some()
}

fn hash(pod: &Value) -> &Value {
    &pod["metadata"]["annotations"][MIRROR]
}

impl Kubelet {
    /// The host has these manifests now.
    pub(crate) fn set_statics(&mut self, touch: &mut Touch<'_>, statics: Vec<Static>) {
        let mut wanted = SortedMap::new();
        for Static { manifest, runs } in statics {
            let Ok(mut pod) = from_yaml(&manifest) else { continue };
            let name = format!("{}-{}", crate::json::name(&pod), self.name);
            let digest = crate::controllers::digest(&manifest.as_str().into());
            put(&mut pod, "metadata/name", name.clone());
            put(
                &mut pod,
                "metadata/annotations",
                json!({
                    "kubernetes.io/config.hash": digest,
                    MIRROR: digest,
                    "kubernetes.io/config.source": "file",
                }),
            );
            put(&mut pod, "spec/nodeName", self.name.clone());
            put(
                &mut pod,
                "spec/tolerations",
                json!([{ "effect": "NoExecute", "operator": "Exists" }]),
            );
            let since = match self.mirrors.wanted.get(&name) {
                Some((known, ran, since)) if *ran == runs && hash(known) == hash(&pod) => *since,
                _ => touch.wall,
            };
            wanted.insert(name, (pod, runs, since));
        }
        self.mirrors.wanted = wanted;
        self.reconcile_mirrors(touch);
    }

    /// When what was asked may have been in vain.
    pub(super) fn mirrors_deadline(&self) -> Option<Time> {
        self.mirrors.asked.values().copied().min()
    }

    /// The API server has answered, or has not.
    pub(super) fn mirror_answered(&mut self, touch: &Touch<'_>, name: &str, came: &Came) {
        let delay = match came {
            Came::Response(answer) if answer.code < 300 => return,
            Came::Response(_) => RETRY,
            _ => PATIENCE,
        };
        self.mirrors.asked.insert(name.to_owned(), touch.now + delay);
    }

    /// Asks again for what was asked in vain.
    pub(super) fn mirrors_due(&mut self, touch: &mut Touch<'_>) {
        if self.mirrors_deadline().is_some_and(|at| at <= touch.now) {
            self.reconcile_mirrors(touch);
        }
    }

    /// The API server shows these mirror pods of the node, and no others.
    pub(super) fn mirrors_listed(&mut self, touch: &mut Touch<'_>, seen: Vec<Value>) {
        let named = seen.into_iter().map(|pod| (crate::json::name(&pod).to_owned(), pod));
        self.mirrors.known = named.collect();
        self.mirrors.asked = SortedMap::new();
        self.reconcile_mirrors(touch);
    }

    /// One of them has changed.
    pub(super) fn mirror_changed(&mut self, touch: &mut Touch<'_>, pod: Value, is_gone: bool) {
        let name = crate::json::name(&pod).to_owned();
        self.mirrors.asked.remove(&name);
        if is_gone {
            self.mirrors.known.remove(&name);
        } else {
            self.mirrors.known.insert(name, pod);
        }
        self.reconcile_mirrors(touch);
    }

    /// Asks for what is not as the manifests have it.
    fn reconcile_mirrors(&mut self, touch: &mut Touch<'_>) {
        if !self.is_listed {
            return;
        }
        let Mirrors { wanted, known, asked } = &mut self.mirrors;
        asked.retain(|_, until| touch.now < *until);
        let mut requests = Vec::new();
        for (name, pod) in known.iter() {
            let is_same = wanted.get(name).is_some_and(|(new, _, _)| hash(new) == hash(pod));
            if !is_same || is_going(pod) {
                requests.push((name, client::delete(pod, Some(0))));
            }
        }
        for (name, (pod, runs, since)) in wanted.iter() {
            match known.get(name) {
                None => requests.push((name, client::create(pod.clone()))),
                Some(old) if hash(old) == hash(pod) && !is_going(old) => {
                    let status = status(old, *runs, *since, &self.address, touch.wall);
                    if status != old["status"] {
                        let mut new = old.clone();
                        put(&mut new, "status", status);
                        requests.push((name, client::replace(new, "/status")));
                    }
                }
                Some(_) => {}
            }
        }
        let mut asks = Vec::new();
        for (name, request) in requests {
            if !asked.contains_key(name) {
                asks.push((name.clone(), request));
                asked.insert(name.clone(), touch.now + PATIENCE);
            }
        }
        for (name, request) in asks {
            self.ask(touch, Purpose::Mirror(name), request, false);
        }
    }
}

/// How a program of the host is, as a pod's status.
fn status(pod: &Value, runs: bool, since: Time, address: &str, wall: Time) -> Value {
    let at = crate::json::time(since);
    let spec = &pod["spec"]["containers"][0];
    let state = match runs {
        true => json!({ "running": { "startedAt": at } }),
        false => json!({ "waiting": { "reason": "CrashLoopBackOff" } }),
    };
    let mut told = json!({ "kind": "Pod", "status": {
        "conditions": pod["status"]["conditions"],
        "phase": "Running",
        "hostIP": address,
        "podIP": address,
        "podIPs": [{ "ip": address }],
        "startTime": at,
        "qosClass": pod["status"]["qosClass"],
        "containerStatuses": [{
            "name": text(spec, "name"), "state": state, "lastState": {}, "ready": runs, "restartCount": 0,
            "image": text(spec, "image"), "imageID": "", "started": runs,
        }],
    } });
    let ready = if runs { "True" } else { "False" };
    for (kind, status) in [
        ("Initialized", "True"),
        ("Ready", ready),
        ("ContainersReady", ready),
        ("PodScheduled", "True"),
    ] {
        conditions::set(&mut told, kind, status, ("", ""), wall);
    }
    crate::json::in_order(told["status"].take())
}
