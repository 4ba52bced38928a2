//! A pod's status, as the kubelet tells it.

use serde_json::{Value, json};
use sim::Time;

use super::container::{Container, Phase};
use super::pods::PodRun;
use crate::conditions;
use crate::config::ClusterConfig;
use crate::json::{at, in_order, items, put, text};

fn state(container: &Container, is_initializing: bool) -> Value {
    match (&container.phase, &container.ended) {
        (Phase::Running, _) => {
            let at = container.started.map(crate::json::time).unwrap_or_default();
            json!({ "running": { "startedAt": at } })
        }
        (Phase::Ended, Some(ended)) => json!({ "terminated": ended }),
        _ => {
            let (reason, message) = match container.why.0.as_str() {
                "" if is_initializing => ("PodInitializing", ""),
                "" => ("ContainerCreating", ""),
                reason => (reason, container.why.1.as_str()),
            };
            let mut waiting = json!({ "reason": reason });
            if !message.is_empty() {
                put(&mut waiting, "message", message);
            }
            json!({ "waiting": waiting })
        }
    }
}

fn status_of(container: &Container, image: &str, is_initializing: bool) -> Value {
    let is_running = container.phase == Phase::Running;
    let is_ready = match container.is_init {
        true => container.exit_code() == Some(0),
        false => is_running,
    };
    let id = match container.docker_id.as_str() {
        "" => String::new(),
        id => format!("docker://{id}"),
    };
    let image_id = match container.image_id.as_str() {
        "" => String::new(),
        id => format!("docker://{id}"),
    };
    let last = match (&container.last, &container.phase, &container.ended) {
        (_, Phase::BackOff(_), Some(ended)) => json!({ "terminated": ended }),
        (Some(last), _, _) => json!({ "terminated": last }),
        _ => json!({}),
    };
    let mut status = json!({
        "name": container.name,
        "state": state(container, is_initializing),
        "lastState": last,
        "ready": is_ready,
        "restartCount": container.restart_count,
        "image": image,
        "imageID": image_id,
        "started": is_running,
    });
    if !id.is_empty() {
        put(&mut status, "containerID", id);
    }
    status
}

impl PodRun {
    /// The phase of the whole (kubelet: `getPhase`).
    fn phase(&self) -> &'static str {
        let is_bad = |one: &&Container| one.exit_code() != Some(0);
        if self.is_over
            && matches!(text(&self.pod, "status/phase"), "Succeeded" | "Failed")
            && self.containers.iter().all(|one| one.ended.is_none())
        {
            return if text(&self.pod, "status/phase") == "Failed" {
                "Failed"
            } else {
                "Succeeded"
            };
        }
        let is_started = |one: &Container| {
            matches!(one.phase, Phase::Running | Phase::Ended | Phase::BackOff(_))
                || one.restart_count > 0
        };
        if self.is_done() {
            return if self.containers.iter().any(|one| is_bad(&one)) {
                "Failed"
            } else {
                "Succeeded"
            };
        }
        let main = || self.containers.iter().filter(|one| !one.is_init);
        let inits_done =
            self.containers.iter().filter(|one| one.is_init).all(|one| one.exit_code() == Some(0));
        if inits_done && main().all(is_started) { "Running" } else { "Pending" }
    }

    /// The status to tell.
    pub(super) fn status(&self, config: &ClusterConfig, address: &str, wall: Time) -> Value {
        let pod = &self.pod;
        let inits_done =
            self.containers.iter().filter(|one| one.is_init).all(|one| one.exit_code() == Some(0));
        let is_new =
            self.containers.iter().all(|one| one.ended.is_none() && one.docker_id.is_empty());
        if self.is_over && is_new && !at(pod, "status/containerStatuses").is_null() {
            // It was over before this kubelet started: what was told stays told.
            return at(pod, "status").clone();
        }
        let mut told = json!({ "kind": "Pod", "status": {
            "conditions": at(pod, "status/conditions").clone(),
            "phase": self.phase(),
            "hostIP": address,
            "startTime": crate::json::time(self.started),
            "qosClass": at(pod, "status/qosClass").clone(),
        } });
        let images = items(pod, "spec/initContainers").iter().chain(items(pod, "spec/containers"));
        let (mut inits, mut mains) = (Vec::new(), Vec::new());
        for (container, spec) in self.containers.iter().zip(images) {
            let status = status_of(container, text(spec, "image"), !inits_done);
            if container.is_init { inits.push(status) } else { mains.push(status) }
        }
        let waiting: Vec<&str> =
            mains.iter().filter(|one| one["ready"] != true).map(|one| text(one, "name")).collect();
        let has_ended = matches!(self.phase(), "Succeeded");
        let names = format!("containers with unready status: [{}]", waiting.join(" "));
        let ready = match (waiting.is_empty(), has_ended) {
            (true, _) => ("True", "", String::new()),
            (false, true) => ("False", "PodCompleted", String::new()),
            (false, false) => ("False", "ContainersNotReady", names),
        };
        let initialized = match inits_done {
            true => ("True", "", String::new()),
            false => {
                let open =
                    self.containers.iter().filter(|one| one.is_init && one.exit_code() != Some(0));
                let open: Vec<&str> = open.map(|one| one.name.as_str()).collect();
                let text = format!("containers with incomplete status: [{}]", open.join(" "));
                ("False", "ContainersNotInitialized", text)
            }
        };
        for (kind, (status, reason, message)) in
            [("Initialized", &initialized), ("Ready", &ready), ("ContainersReady", &ready)]
        {
            conditions::set(&mut told, kind, status, (reason, message), wall);
        }
        if items(&told, "status/conditions").iter().all(|one| text(one, "type") != "PodScheduled") {
            conditions::set(&mut told, "PodScheduled", "True", ("", ""), wall);
        }
        // The scheduler's condition is the last one, as kubelets have it.
        if let Some(all) = told.pointer_mut("/status/conditions").and_then(Value::as_array_mut) {
            all.sort_by_key(|one| text(one, "type") == "PodScheduled");
        }
        if !inits.is_empty() {
            put(&mut told, "status/initContainerStatuses", inits);
        }
        put(&mut told, "status/containerStatuses", mains);
        if !self.ip.is_empty() {
            put(&mut told, "status/podIP", self.ip.clone());
            if 16 <= config.minor {
                put(&mut told, "status/podIPs", json!([{ "ip": self.ip }]));
            }
        }
        in_order(told["status"].take())
    }
}
