//! The containers of a pod from step to step: what Docker is asked, and what its answers lead to.

use daemon::api::{self, ContainerStatus};
use daemon::client::Reply;
use serde_json::Value;
use sim::Duration;

use super::container::{BACK_OFF, Container, Phase, Step};
use super::{Kubelet, Purpose, Touch};
use crate::json::{items, text};

const POLL: Duration = Duration::from_millis(200);

impl Kubelet {
    pub(super) fn container(&mut self, uid: &str, place: usize) -> Option<&mut Container> {
        self.pods.get_mut(uid)?.containers.get_mut(place)
    }

    /// What the pod says of a container.
    pub(super) fn spec(&self, uid: &str, place: usize) -> Option<Value> {
        let run = self.pods.get(uid)?;
        let all =
            items(&run.pod, "spec/initContainers").iter().chain(items(&run.pod, "spec/containers"));
        all.into_iter().nth(place).cloned()
    }

    /// Starts what is to be started.
    pub(super) fn run_containers(&mut self, touch: &mut Touch<'_>, uid: &str) {
        let Some(run) = self.pods.get(uid) else { return };
        for place in 0..run.containers.len() {
            let Some(run) = self.pods.get(uid) else { return };
            let one = &run.containers[place];
            let is_init_open = one.is_init && one.exit_code() != Some(0);
            self.run_container(touch, uid, place);
            let phase = self.container(uid, place).map(|one| one.phase.clone());
            // One after the other, as far as pulling and starting; an init container to its end.
            if is_init_open || phase.is_some_and(|phase| phase.is_under_way()) {
                return;
            }
        }
    }

    pub(super) fn run_container(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(run) = self.pods.get_mut(uid) else { return };
        let again = run.starts_again(&run.containers[place]);
        let now = touch.now;
        let all =
            items(&run.pod, "spec/initContainers").iter().chain(items(&run.pod, "spec/containers"));
        let wanted = all.into_iter().nth(place).map_or("", |spec| text(spec, "image"));
        let one = &run.containers[place];
        let differs = !one.image.is_empty() && one.image != wanted && !one.is_stopping;
        match one.phase.clone() {
            Phase::Running if differs => self.change(touch, uid, place),
            Phase::Waiting => self.look_for_image(touch, uid, place),
            Phase::Pulling(pull) => {
                run.wake_at(now + POLL);
                let request = api::Request::PullProgress { pull };
                let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Poll);
                self.runtime(touch, purpose, request);
            }
            Phase::Failed(at) if at <= now => self.try_again(touch, uid, place),
            Phase::Failed(at) => run.wake_at(at),
            Phase::BackOff(at) if at <= now => self.restart(touch, uid, place),
            Phase::BackOff(at) => run.wake_at(at),
            Phase::Ended if again => self.after_end(touch, uid, place),
            _ => {}
        }
    }

    /// It cannot be started: tells why and tries again later.
    pub(super) fn fail(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        reason: &str,
        message: &str,
        told: &str,
    ) {
        let at = touch.now + BACK_OFF;
        let Some(one) = self.container(uid, place) else { return };
        one.phase = Phase::Failed(at);
        one.why = (reason.to_owned(), message.to_owned());
        if let Some(run) = self.pods.get_mut(uid) {
            run.wake_at(at);
            let pod = run.pod.clone();
            self.tell(touch, &pod, ("Warning", "Failed", told));
        }
    }

    /// Docker has answered.
    pub(super) fn container_step(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        step: Step,
        reply: Reply,
    ) {
        let Some(spec) = self.spec(uid, place) else { return };
        let image = text(&spec, "image").to_owned();
        let pod = self.pods.get(uid).map(|run| run.pod.clone()).unwrap_or_default();
        let Some(one) = self.container(uid, place) else { return };
        match (step, reply) {
            (Step::Exit(id), Ok(api::Response::Exited { code })) => {
                if one.docker_id == id && one.phase == Phase::Running {
                    self.exited(touch, uid, place, code);
                }
            }
            (Step::Exit(id), Err(_)) => {
                // Docker went away: it is looked at again when it is back.
                if one.docker_id == id && one.phase == Phase::Running {
                    self.exited(touch, uid, place, 255);
                }
            }
            (_, _) if matches!(one.phase, Phase::Dropped) => {}
            (Step::Image, Ok(_)) => {
                let message = format!("Container image \"{image}\" already present on machine");
                self.tell(touch, &pod, ("Normal", "Pulled", &message));
                self.make(touch, uid, place, &spec);
            }
            (Step::Image, Err(error)) if error.is_not_found() => {
                if text(&spec, "imagePullPolicy") == "Never" {
                    let message = format!(
                        "Container image \"{image}\" is not present with pull policy of Never"
                    );
                    let told = "Error: ErrImageNeverPull";
                    self.fail(touch, uid, place, "ErrImageNeverPull", &message, told);
                } else {
                    self.pull(touch, uid, place, image);
                }
            }
            (Step::User, Ok(api::Response::Image(found))) => {
                self.make_as(touch, (uid, place), &spec, &found.config.user);
            }
            (Step::Pull, Ok(api::Response::Created { id })) => {
                one.phase = Phase::Pulling(id);
                if let Some(run) = self.pods.get_mut(uid) {
                    run.wake_at(touch.now + POLL);
                }
                return;
            }
            (Step::Poll, Ok(api::Response::Pulling { done: false, .. })) => return,
            (Step::Pull | Step::Poll, Ok(_)) => {
                one.pull_back_off = BACK_OFF;
                let took = touch.now.since(one.pull_began).as_millis();
                let took = format!("{}.{:03}s", took / 1_000, took % 1_000);
                let message = format!("Successfully pulled image \"{image}\" in {took}");
                self.tell(touch, &pod, ("Normal", "Pulled", &message));
                self.make(touch, uid, place, &spec);
            }
            (Step::Pull | Step::Poll, Err(error)) => {
                self.pull_failed(touch, uid, place, &image, error.message());
            }
            (Step::Make, Ok(api::Response::ContainerCreated { id, .. })) => {
                one.docker_id.clone_from(&id);
                one.phase = Phase::Starting;
                one.image.clone_from(&image);
                let stdio = one.open(touch, &spec);
                let name = one.name.clone();
                let colon = if 32 <= self.config.minor { ":" } else { "" };
                let message = format!("Created container{colon} {name}");
                self.tell(touch, &pod, ("Normal", "Created", &message));
                let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Start);
                let request = api::Request::StartContainer { container: id, stdio };
                self.runtime(touch, purpose, request);
            }
            (Step::Start, Ok(_)) => self.started(touch, uid, place),
            (Step::Start, Err(error)) if !error.message().is_empty() => {
                let name = one.name.clone();
                let message = error.message().to_owned();
                self.look_at_address(uid, &message);
                let told = format!(
                    "Error: failed to start container \"{name}\": Error response from daemon: {message}"
                );
                self.tell(touch, &pod, ("Warning", "Failed", &told));
                let Some(one) = self.container(uid, place) else { return };
                one.phase = Phase::Running;
                self.exited(touch, uid, place, 127);
                if let Some(ended) = self.container(uid, place).and_then(|one| one.ended.as_mut()) {
                    crate::json::put(ended, "reason", "ContainerCannotRun");
                    crate::json::put(ended, "message", message);
                }
            }
            (_, reply) => {
                let message = match &reply {
                    Err(api::Error::Unreachable) => {
                        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the \
                         docker daemon running?"
                            .to_owned()
                    }
                    Err(error) => format!("Error response from daemon: {}", error.message()),
                    Ok(_) => String::new(),
                };
                let told = format!("Error: {message}");
                self.fail(touch, uid, place, "CreateContainerError", &message, &told);
            }
        }
        self.sync(touch, uid);
    }

    pub(super) fn started(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let wall = touch.wall;
        let Some(one) = self.container(uid, place) else { return };
        one.phase = Phase::Running;
        one.why = Default::default();
        one.started = Some(wall);
        one.ended = None;
        let (name, id) = (one.name.clone(), one.docker_id.clone());
        let Some(run) = self.pods.get(uid) else { return };
        let pod = run.pod.clone();
        self.tell(touch, &pod, ("Normal", "Started", &format!("Started container {name}")));
        touch.note(
            "kube.container",
            format!("container {name} of pod {} has started", crate::json::name(&pod)),
        );
        self.await_exit(touch, uid, place, id);
        self.inspect(touch, uid, place);
    }

    pub(super) fn await_exit(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        id: String,
    ) {
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Exit(id.clone()));
        self.runtime(touch, purpose, api::Request::WaitContainer { container: id, next: false });
    }

    pub(super) fn inspect(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(one) = self.container(uid, place) else { return };
        let container = one.docker_id.clone();
        let purpose = Purpose::Inspected(uid.to_owned(), place);
        self.runtime(touch, purpose, api::Request::InspectContainer { container });
    }

    pub(super) fn inspected(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        reply: Reply,
    ) {
        let Ok(api::Response::Container(details)) = reply else { return };
        let Some(run) = self.pods.get_mut(uid) else { return };
        let Some(one) = run.containers.get_mut(place) else { return };
        one.image_id.clone_from(&details.image_id);
        if let Some(endpoint) = details.networks.iter().find(|one| !one.ip.is_empty()) {
            run.ip.clone_from(&endpoint.ip);
        }
        if one.phase == Phase::Starting {
            // An earlier kubelet has started it.
            one.started = details.state.started_at;
            let runs = details.state.status == ContainerStatus::Running;
            if runs && !sim::planted!(RunningTakenForEnded) {
                one.phase = Phase::Running;
                let id = one.docker_id.clone();
                self.await_exit(touch, uid, place, id);
            } else {
                one.phase = Phase::Running;
                self.exited(touch, uid, place, details.state.exit_code);
            }
        }
        self.sync(touch, uid);
    }
}
