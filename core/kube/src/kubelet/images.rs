//! A container's image: looked for, pulled, and tried again when that fails.

use daemon::api;
use sim::Duration;

use super::container::{BACK_OFF_MAX, Phase, Step};
use super::{Kubelet, Purpose, Touch};
use crate::json::text;

/// A failed pull shows as such for so long, then as waiting for the next.
const PULL_FAILED: Duration = Duration::from_secs(5);

impl Kubelet {
    /// A failed start is tried again; a failed pull waits for its turn first.
    pub(super) fn try_again(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(spec) = self.spec(uid, place) else { return };
        let image = text(&spec, "image").to_owned();
        let Some(one) = self.container(uid, place) else { return };
        match one.pull_again {
            Some(at) if touch.now < at => {
                let message = format!("Back-off pulling image \"{image}\"");
                one.why = ("ImagePullBackOff".into(), message.clone());
                one.phase = Phase::Failed(at);
                if let Some(run) = self.pods.get_mut(uid) {
                    run.wake_at(at);
                    let pod = run.pod.clone();
                    self.tell(touch, &pod, ("Normal", "BackOff", &message));
                    self.tell(touch, &pod, ("Warning", "Failed", "Error: ImagePullBackOff"));
                }
            }
            _ => {
                one.pull_again = None;
                one.phase = Phase::Waiting;
                self.look_for_image(touch, uid, place);
            }
        }
    }

    pub(super) fn look_for_image(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize) {
        let Some(spec) = self.spec(uid, place) else { return };
        let image = text(&spec, "image").to_owned();
        if let Some(one) = self.container(uid, place) {
            one.phase = Phase::Looking;
        }
        if text(&spec, "imagePullPolicy") == "Always" {
            return self.pull(touch, uid, place, image);
        }
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Image);
        self.runtime(touch, purpose, api::Request::InspectImage { image });
    }

    pub(super) fn pull(&mut self, touch: &mut Touch<'_>, uid: &str, place: usize, image: String) {
        let now = touch.now;
        if let Some(one) = self.container(uid, place) {
            one.pull_began = now;
        }
        let Some(pod) = self.pods.get(uid).map(|run| run.pod.clone()) else { return };
        self.tell(touch, &pod, ("Normal", "Pulling", &format!("Pulling image \"{image}\"")));
        let purpose = Purpose::Runtime(uid.to_owned(), place, Step::Pull);
        let request = api::Request::PullImage { reference: image, all_tags: false };
        self.runtime(touch, purpose, request);
    }

    pub(super) fn pull_failed(
        &mut self,
        touch: &mut Touch<'_>,
        uid: &str,
        place: usize,
        image: &str,
        why: &str,
    ) {
        let message = format!("rpc error: code = Unknown desc = Error response from daemon: {why}");
        let told = format!("Failed to pull image \"{image}\": {message}");
        self.fail(touch, uid, place, "ErrImagePull", &message, &told);
        let now = touch.now;
        if let Some(one) = self.container(uid, place) {
            one.pull_again = Some(now + one.pull_back_off);
            one.pull_back_off = Duration::from_nanos(
                (one.pull_back_off.as_nanos() * 2).min(BACK_OFF_MAX.as_nanos()),
            );
            one.phase = Phase::Failed(now + PULL_FAILED);
        }
        if let Some(run) = self.pods.get_mut(uid) {
            run.wake_at(now + PULL_FAILED);
            let pod = run.pod.clone();
            self.tell(touch, &pod, ("Warning", "Failed", "Error: ErrImagePull"));
        }
    }
}
