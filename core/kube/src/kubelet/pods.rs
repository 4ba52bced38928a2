//! A pod on its node, from its arrival to its end.

use sorted::SortedMap;
use std::rc::Rc;

use daemon::api;
use serde_json::Value;
use sim::{Duration, Time};

use super::container::{Container, Phase};
use super::volumes::{self, Mounted, Trouble};
use super::{Kubelet, Purpose, Touch};
use crate::client;
use crate::controllers::is_going;
use crate::json::{at, int, items, parse_time, put, text};
use crate::wire::Came;

/// kubelet: `--sync-frequency`.
const SYNC: Duration = Duration::from_secs(60);
/// kubelet: `exponentialbackoff`: volumes are tried again after 500 ms, then twice as long, up to about 2 min.
const MOUNT_RETRY: Duration = Duration::from_millis(500);
const MOUNT_RETRY_MAX: Duration = Duration::from_secs(122);
const STATUS_RETRY: Duration = Duration::from_secs(2);

/// A pod that this node runs.
#[derive(Debug)]
pub(crate) struct PodRun {
    pub(crate) pod: Rc<Value>,
    pub(super) containers: Vec<Container>,
    pub(super) volumes: SortedMap<String, Mounted>,
    pub(super) next_at: Option<Time>,
    pub(super) started: Time,
    mount_after: Duration,
    mount_at: Option<Time>,
    sync_at: Time,
    /// It is gone from the API server: all of it goes.
    is_gone: bool,
    /// It is over: its volumes are taken down.
    pub(super) is_over: bool,
    killing: Option<Time>,
    deletes: bool,
    reports: bool,
    pub(super) reported: Option<Value>,
    report_at: Option<Time>,
    pub(super) ip: String,
    is_adopted: bool,
}

impl PodRun {
    /// It needs its secrets.
    pub(super) fn uses_objects(&self) -> bool {
        !self.is_over && !self.is_gone
    }

    /// Its containers have not been made yet.
    pub(super) fn waits_for_volumes(&self) -> bool {
        self.uses_objects() && self.containers.iter().any(|one| !one.phase.is_settled())
    }

    /// Nothing of it runs.
    fn is_still(&self) -> bool {
        self.containers.iter().all(|one| !one.phase.is_alive())
    }

    /// Some container runs, for whoever checks that no pod runs twice.
    pub(crate) fn runs(&self) -> bool {
        self.containers.iter().any(|one| one.phase == Phase::Running)
    }

    /// The secrets whose bytes are in its volumes.
    pub(crate) fn mounted_secrets(&self) -> Vec<String> {
        let all = items(&self.pod, "spec/volumes").iter();
        let there = all.filter(|volume| self.volumes.contains_key(text(volume, "name")));
        let named = there.flat_map(|volume| {
            let sources = items(volume, "projected/sources").iter();
            let projected = sources.map(|source| text(source, "secret/name"));
            std::iter::once(text(volume, "secret/secretName")).chain(projected)
        });
        named.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    pub(super) fn wake_at(&mut self, at: Time) {
        self.next_at = Some(self.next_at.map_or(at, |known| known.min(at)));
    }
}

impl Kubelet {
    /// All pods of this node, as the API server has them.
    pub(super) fn pods_listed(&mut self, touch: &mut Touch<'_>, seen: Vec<Value>) {
        let missing: Vec<String> = self
            .pods
            .keys()
            .filter(|uid| seen.iter().all(|pod| crate::json::uid(pod) != uid.as_str()))
            .cloned()
            .collect();
        for uid in missing {
            self.pod_lost(touch, &uid);
        }
        for pod in seen {
            self.pod_changed(touch, pod, false);
        }
        self.is_listed = true;
        self.remove_strangers(touch);
    }

    /// What is left of pods that went while no kubelet looked (kubelet: `HandlePodCleanups`).
    pub(super) fn remove_strangers(&mut self, touch: &mut Touch<'_>) {
        if !(self.is_adopted && self.is_listed) {
            return;
        }
        let uid_of = |one: &api::ContainerSummary| {
            one.labels.get(super::container::UID_LABEL).cloned().unwrap_or_default()
        };
        let (own, strange): (Vec<_>, Vec<_>) = std::mem::take(&mut self.found)
            .into_iter()
            .partition(|one| self.pods.contains_key(&uid_of(one)));
        self.found = own;
        for one in strange {
            let (container, force, volumes) = (one.id, true, true);
            let request = api::Request::RemoveContainer { container, force, volumes };
            self.runtime(touch, Purpose::Nothing, request);
        }
        for uid in volumes::owners(touch.machine) {
            if !self.pods.contains_key(&uid) {
                volumes::tear_down(touch.machine, touch.now, &uid);
            }
        }
    }

    fn pod_lost(&mut self, touch: &mut Touch<'_>, uid: &str) {
        if let Some(run) = self.pods.get_mut(uid) {
            run.is_gone = true;
        }
        self.sync(touch, uid);
    }

    pub(super) fn pod_changed(&mut self, touch: &mut Touch<'_>, pod: Value, is_gone: bool) {
        let uid = crate::json::uid(&pod).to_owned();
        if is_gone {
            return self.pod_lost(touch, &uid);
        }
        let is_over = matches!(text(&pod, "status/phase"), "Succeeded" | "Failed");
        let pod = Rc::new(pod);
        match self.pods.get_mut(&uid) {
            Some(run) => run.pod = pod,
            None => {
                let list = |list: &str, is_init: bool| -> Vec<Container> {
                    let all = items(&pod, list).iter();
                    all.map(|one| Container::new(text(one, "name"), is_init)).collect()
                };
                let mut containers = list("spec/initContainers", true);
                containers.extend(list("spec/containers", false));
                let run = PodRun {
                    containers,
                    volumes: SortedMap::new(),
                    next_at: None,
                    started: parse_time(&pod, "status/startTime").unwrap_or(touch.wall),
                    mount_after: MOUNT_RETRY,
                    mount_at: None,
                    sync_at: touch.now + SYNC,
                    is_gone: false,
                    is_over,
                    killing: None,
                    deletes: false,
                    reports: false,
                    reported: None,
                    report_at: None,
                    ip: text(&pod, "status/podIP").to_owned(),
                    is_adopted: false,
                    pod,
                };
                self.pods.insert(uid.clone(), run);
                if self.is_adopted {
                    self.adopt(touch, &uid);
                }
            }
        }
        self.follow_uses(touch);
        self.sync(touch, &uid);
    }

    /// Takes up the containers of a pod that ran before the kubelet started.
    pub(super) fn adopt(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let Some(run) = self.pods.get_mut(uid).filter(|run| !run.is_adopted) else { return };
        run.is_adopted = true;
        let found: Vec<_> = self
            .found
            .iter()
            .filter(|one| {
                one.labels.get(super::container::UID_LABEL).is_some_and(|label| label == uid)
            })
            .cloned()
            .collect();
        let mut places = Vec::new();
        for (place, container) in run.containers.iter_mut().enumerate() {
            if container.adopt(&found) {
                places.push(place);
            }
        }
        for place in places {
            self.inspect(touch, uid, place);
        }
    }

    /// Does the next step of a pod, as far as it can go now.
    pub(super) fn sync(&mut self, touch: &mut Touch<'_>, uid: &str) {
        if !self.is_adopted {
            return;
        }
        let Some(run) = self.pods.get_mut(uid) else { return };
        run.next_at = None;
        let goes = run.is_gone || is_going(&run.pod);
        if goes {
            self.end(touch, uid);
        } else if !run.is_over {
            self.advance(touch, uid);
        }
        self.report(touch, uid);
    }

    fn advance(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        if run.sync_at <= touch.now {
            run.sync_at = touch.now + SYNC;
        }
        let at = run.sync_at;
        run.wake_at(at);
        if self.mount_all(touch, uid) {
            self.run_containers(touch, uid);
        }
        let Some(run) = self.pods.get_mut(uid) else { return };
        if run.is_done() && !run.is_over {
            run.is_over = true;
            run.volumes.clear();
            volumes::tear_down(touch.machine, touch.now, uid);
            self.follow_uses(touch);
        }
    }

    /// Makes the volumes, or brings them up to date; false if one is missing.
    fn mount_all(&mut self, touch: &mut Touch<'_>, uid: &str) -> bool {
        let Some(run) = self.pods.get(uid) else { return false };
        let (pod, is_first) = (run.pod.clone(), run.volumes.is_empty());
        let wanted = items(&pod, "spec/volumes");
        if run.mount_at.is_some_and(|at| at > touch.now) {
            let at = run.mount_at;
            if let (Some(run), Some(at)) = (self.pods.get_mut(uid), at) {
                run.wake_at(at);
            }
            return false;
        }
        // Changes reach volumes with the periodic sync, not with every event of the pod.
        let is_periodic = run.sync_at == touch.now + SYNC;
        if !is_first
            && !is_periodic
            && wanted.iter().all(|one| run.volumes.contains_key(text(one, "name")))
        {
            return true;
        }
        let needs_token = wanted.iter().any(|volume| {
            items(volume, "projected/sources")
                .iter()
                .any(|one| one["serviceAccountToken"].is_object())
        });
        if needs_token {
            self.token(touch, &pod);
        }
        let mut trouble: Option<(String, String)> = None;
        for volume in wanted {
            let name = text(volume, "name");
            let old = self.pods.get(uid).and_then(|run| run.volumes.get(name)).cloned();
            let stamp = self.rng.below(4_000_000_000);
            let times = (touch.now, touch.wall);
            match volumes::set_up(
                touch.machine,
                times,
                &pod,
                volume,
                old.as_ref(),
                &self.cache,
                stamp,
            ) {
                Ok(mounted) => {
                    if old.as_ref().is_some_and(|old| *old != mounted) {
                        let detail = format!(
                            "volume {name} of pod {} shows the new values",
                            crate::json::name(&pod)
                        );
                        touch.note("kube.volume", detail);
                    }
                    if let Some(run) = self.pods.get_mut(uid) {
                        run.volumes.insert(name.to_owned(), mounted);
                    }
                }
                // An answer is on its way and will wake the pod.
                Err(Trouble::Wait) if old.is_none() => return false,
                Err(Trouble::Failed(why)) if old.is_none() => {
                    trouble = Some((name.to_owned(), why));
                    break;
                }
                // What is there stays as it is.
                Err(_) => {}
            }
        }
        let Some(run) = self.pods.get_mut(uid) else { return false };
        let Some((name, why)) = trouble else {
            (run.mount_at, run.mount_after) = (None, MOUNT_RETRY);
            return true;
        };
        let at = touch.now + run.mount_after;
        run.mount_at = Some(at);
        run.wake_at(at);
        run.mount_after =
            Duration::from_nanos((run.mount_after.as_nanos() * 2).min(MOUNT_RETRY_MAX.as_nanos()));
        let message = format!("MountVolume.SetUp failed for volume \"{name}\" : {why}");
        self.tell(touch, &pod, ("Warning", "FailedMount", &message));
        false
    }

    /// A pod that is to go: its containers are stopped, then all of it is taken away.
    fn end(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let grace = match run.is_gone {
            true => 0,
            false => int(&run.pod, "metadata/deletionGracePeriodSeconds"),
        };
        let grace = u64::try_from(grace).unwrap_or(0);
        let deadline = touch.now + Duration::from_secs(grace);
        // A shorter grace is said again; a container that has only now come to run is asked, too.
        let is_shorter = run.killing.is_some_and(|at| deadline < at);
        run.killing = Some(run.killing.map_or(deadline, |at| at.min(deadline)));
        self.stop_containers(touch, uid, grace, is_shorter);
        let Some(run) = self.pods.get_mut(uid) else { return };
        if !run.is_still() || run.deletes {
            return;
        }
        run.is_over = true;
        run.volumes.clear();
        volumes::tear_down(touch.machine, touch.now, uid);
        self.remove_containers(touch, uid);
        let Some(run) = self.pods.get_mut(uid) else { return };
        if run.is_gone {
            self.forget(touch, uid);
            return;
        }
        run.deletes = true;
        let request = client::delete(&run.pod, Some(0));
        self.ask(touch, Purpose::Gone(uid.to_owned()), request, false);
        self.follow_uses(touch);
    }

    fn forget(&mut self, touch: &mut Touch<'_>, uid: &str) {
        self.pods.remove(uid);
        self.found.retain(|one| {
            one.labels.get(super::container::UID_LABEL).is_none_or(|label| label != uid)
        });
        self.follow_uses(touch);
    }

    pub(super) fn gone_answered(&mut self, touch: &mut Touch<'_>, uid: &str, came: Came) {
        match came {
            Came::Response(answer) if matches!(answer.code, 200 | 404 | 409) => {
                self.forget(touch, uid)
            }
            _ => {
                if let Some(run) = self.pods.get_mut(uid) {
                    run.deletes = false;
                    run.wake_at(touch.now + STATUS_RETRY);
                }
            }
        }
    }

    /// Tells the API server how the pod is, if that has changed.
    fn report(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let config = self.config.clone();
        let address = self.address.clone();
        let Some(run) = self.pods.get_mut(uid) else { return };
        if run.reports || run.deletes || run.is_gone {
            return;
        }
        if run.report_at.is_some_and(|at| at > touch.now) {
            if let Some(at) = run.report_at {
                run.wake_at(at);
            }
            return;
        }
        let status = run.status(&config, &address, touch.wall);
        if run.reported.as_ref() == Some(&status) {
            return;
        }
        run.reported = Some(status.clone());
        if *at(&run.pod, "status") == status {
            return;
        }
        let mut changed = (*run.pod).clone();
        put(&mut changed, "status", status);
        crate::json::remove(&mut changed, "metadata/resourceVersion");
        run.reports = true;
        self.ask(
            touch,
            Purpose::Status(uid.to_owned()),
            client::replace(changed, "/status"),
            false,
        );
    }

    pub(super) fn status_answered(&mut self, touch: &mut Touch<'_>, uid: &str, came: Came) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        run.reports = false;
        run.report_at = None;
        match came {
            Came::Response(answer) if answer.code < 300 => {}
            Came::Response(answer) if answer.code == 404 => {}
            _ => {
                // It is told again when somebody answers.
                run.reported = None;
                let at = touch.now + STATUS_RETRY;
                run.report_at = Some(at);
                run.wake_at(at);
                return;
            }
        }
        self.sync(touch, uid);
    }
}
