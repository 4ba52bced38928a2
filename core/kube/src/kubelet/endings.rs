//! The end of a container, and what comes after: another start, or none.

use daemon::api;
use serde_json::json;
use sim::Duration;

use super::container::{BACK_OFF, BACK_OFF_MAX, Phase};
use super::{Kubelet, Purpose, Touch, termination};
use crate::json::at;

impl Kubelet {
    /// Its image is another one by now (kubelet: `computePodActions`).
    pub(super) fn change(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let pod = run.pod.clone();
        let one = &mut run.containers[place];
        (one.is_stopping, one.is_changed) = (true, true);
        let container = one.docker_id.clone();
        let message = format!("Container {} definition changed, will be restarted", one.name);
        self.tell(touch, &pod, ("Normal", "Killing", &message));
        let grace = at(&pod, "spec/terminationGracePeriodSeconds").as_u64();
        let request = api::Request::StopContainer { container, timeout_secs: grace };
        self.runtime(touch, Purpose::Nothing, request);
    }

    pub(super) fn exited(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, code: i32) {
        let wall = touch.wall;
        let Some(one) = self.container(uid, place) else { return };
        one.phase = Phase::Ended;
        one.terminal = None;
        let attached = one.docker_id.clone();
        let id = format!("docker://{attached}");
        let said = termination::message(touch.machine, (uid, &one.name), one.restart_count);
        one.ended = Some(json!({
            "exitCode": code,
            "reason": if code == 0 { "Completed" } else { "Error" },
            "startedAt": crate::json::time(one.started.unwrap_or(wall)),
            "finishedAt": crate::json::time(wall),
            "containerID": id,
        }));
        if let (Some(said), Some(ended)) = (said, &mut one.ended) {
            crate::json::put(ended, "message", said);
        }
        let name = one.name.clone();
        let pod = self.pods.get(uid).map(|run| crate::json::name(&run.pod).to_owned());
        touch.note(
            "kube.container",
            format!("container {name} of pod {} has ended with {code}", pod.unwrap_or_default()),
        );
        self.attached_ended(touch, &attached, code);
    }

    /// It has ended and starts again: at once the first time, then later and later.
    pub(super) fn after_end(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let minor = self.config.minor;
        let Some(run) = self.pods.get_mut(uid) else { return };
        let pod = run.pod.clone();
        let one = &mut run.containers[place];
        let ran = one.started.map(|at| touch.wall.since(at)).unwrap_or_default();
        if BACK_OFF_MAX.saturating_mul(2) <= ran {
            one.back_off = None;
        }
        if std::mem::take(&mut one.is_changed) {
            return self.restart(touch, uid, place);
        }
        let Some(delay) = one.back_off else {
            one.back_off = Some(BACK_OFF);
            return self.restart(touch, uid, place);
        };
        let at = touch.now + delay;
        one.back_off =
            Some(Duration::from_nanos((delay.as_nanos() * 2).min(BACK_OFF_MAX.as_nanos())));
        one.phase = Phase::BackOff(at);
        let (home, pod_name) = (crate::json::namespace(&pod), crate::json::name(&pod));
        let span = match delay.as_secs() {
            seconds @ 0..60 => format!("{seconds}s"),
            seconds => format!("{}m{}s", seconds / 60, seconds % 60),
        };
        let name = one.name.clone();
        let message = format!(
            "back-off {span} restarting failed container={name} pod={pod_name}_{home}({uid})"
        );
        one.why = ("CrashLoopBackOff".into(), message);
        run.wake_at(at);
        let told = match minor {
            ..=25 => "Back-off restarting failed container".to_owned(),
            _ => format!(
                "Back-off restarting failed container {name} in pod {pod_name}_{home}({uid})"
            ),
        };
        self.tell(touch, &pod, ("Warning", "BackOff", &told));
    }

    pub(super) fn restart(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(one) = self.container(uid, place) else { return };
        one.is_stopping = false;
        one.last = one.ended.take();
        one.restart_count += 1;
        one.phase = Phase::Waiting;
        let id = std::mem::take(&mut one.docker_id);
        one.old_ids.push(id);
        // The last dead one stays for its log (kubelet: `--maximum-dead-containers-per-container`, 1).
        let gone: Vec<String> = one.old_ids.drain(..one.old_ids.len() - 1).collect();
        for container in gone.into_iter().filter(|id| !id.is_empty()) {
            let request = api::Request::RemoveContainer { container, force: true, volumes: true };
            self.runtime(touch, Purpose::Nothing, request);
        }
        self.look_for_image(touch, uid, place);
    }

    /// The pod is to go: what runs is asked to end, what does not is not started any more. `again` for what was asked
    /// before, with more time.
    pub(super) fn stop_containers(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        grace: u64,
        again: bool,
    ) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let pod = run.pod.clone();
        let mut stopped = Vec::new();
        for one in &mut run.containers {
            match one.phase {
                Phase::Running if again || !one.is_stopping => {
                    stopped.push((one.name.clone(), one.docker_id.clone(), one.is_stopping));
                    one.is_stopping = true;
                }
                Phase::Running | Phase::Making | Phase::Starting | Phase::Ended => {}
                _ => one.phase = Phase::Dropped,
            }
        }
        for (name, container, is_told) in stopped {
            if !is_told {
                let message = format!("Stopping container {name}");
                self.tell(touch, &pod, ("Normal", "Killing", &message));
            }
            let request = match grace {
                0 => api::Request::KillContainer { container, signal: "KILL".to_owned() },
                _ => api::Request::StopContainer { container, timeout_secs: Some(grace) },
            };
            self.runtime(touch, Purpose::Nothing, request);
        }
    }

    /// Takes all containers of a pod away.
    pub(super) fn remove_containers(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let mut all: Vec<String> = Vec::new();
        for one in &mut run.containers {
            all.append(&mut one.old_ids);
            all.push(std::mem::take(&mut one.docker_id));
        }
        for container in all.into_iter().filter(|id| !id.is_empty()) {
            let request = api::Request::RemoveContainer { container, force: true, volumes: true };
            self.runtime(touch, Purpose::Nothing, request);
        }
    }
}
