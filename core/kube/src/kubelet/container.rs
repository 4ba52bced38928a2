//! One container of a pod: how far it is, and whether it is to start again.

use daemon::api;
use os::TerminalId;
use serde_json::Value;
use sim::{Duration, Time};

use super::Touch;
use super::pods::PodRun;
use super::serve::{Written, stdio_of};
use crate::json::{flag, text};

/// Which pod a container belongs to (dockershim's labels).
pub(super) const UID_LABEL: &str = "io.kubernetes.pod.uid";
pub(super) const NAME_LABEL: &str = "io.kubernetes.container.name";
pub(super) const COUNT_LABEL: &str = "annotation.io.kubernetes.container.restartCount";

/// kubelet: `backOffPeriod`; also what a pull waits for the first time, and a container that has ended.
pub(super) const BACK_OFF: Duration = Duration::from_secs(10);
/// kubelet: `MaxContainerBackOff`.
pub(super) const BACK_OFF_MAX: Duration = Duration::from_secs(300);

/// How far a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is to be started.
    Waiting,
    /// Its image is looked for.
    Looking,
    /// Its image is on the way.
    Pulling(String),
    /// It cannot be started; again at this time.
    Failed(Time),
    /// It is being made.
    Making,
    /// It is being started.
    Starting,
    Running,
    Ended,
    /// It has ended and starts again at this time.
    BackOff(Time),
    /// It is not to be started any more.
    Dropped,
}

impl Phase {
    /// It has been started once.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self, Self::Running | Self::Ended | Self::BackOff(_) | Self::Dropped)
    }

    /// Docker is at work for its start.
    pub(super) const fn is_under_way(&self) -> bool {
        matches!(self, Self::Looking | Self::Pulling(_) | Self::Making | Self::Starting)
    }

    /// Docker has something to stop.
    pub(super) const fn is_alive(&self) -> bool {
        matches!(self, Self::Running | Self::Starting | Self::Making)
    }
}

/// What Docker was asked.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Image,
    User,
    Pull,
    Poll,
    Make,
    Start,
    Exit(String),
}

/// A container.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) is_init: bool,
    pub(super) phase: Phase,
    /// Why it waits: reason and message.
    pub(super) why: (String, String),
    pub(super) docker_id: String,
    pub(super) image_id: String,
    pub(super) restart_count: u32,
    pub(super) started: Option<Time>,
    /// How it ended: the `terminated` state.
    pub(super) ended: Option<Value>,
    /// How it ended the time before.
    pub(super) last: Option<Value>,
    /// What the next end waits for.
    pub(super) back_off: Option<Duration>,
    pub(super) pull_back_off: Duration,
    pub(super) pull_again: Option<Time>,
    pub(super) pull_began: Time,
    /// It was asked to end.
    pub(super) is_stopping: bool,
    /// The image it was made of: with another one in the pod it is made anew, whatever the restart policy says.
    pub(super) image: String,
    pub(super) is_changed: bool,
    /// Its open standard input and what it writes, for whoever attaches.
    pub(super) terminal: Option<(TerminalId, [Written; 2])>,
    /// Dead containers that are kept for their logs.
    pub(super) old_ids: Vec<String>,
}

impl Container {
    pub(super) fn new(name: &str, is_init: bool) -> Self {
        Self {
            name: name.to_owned(),
            is_init,
            phase: Phase::Waiting,
            why: Default::default(),
            docker_id: String::new(),
            image_id: String::new(),
            restart_count: 0,
            started: None,
            ended: None,
            last: None,
            back_off: None,
            pull_back_off: BACK_OFF,
            pull_again: None,
            pull_began: Time::EPOCH,
            is_stopping: false,
            image: String::new(),
            is_changed: false,
            terminal: None,
            old_ids: Vec::new(),
        }
    }

    /// Takes up what an earlier kubelet has started; true if there is something to inspect.
    pub(super) fn adopt(&mut self, found: &[api::ContainerSummary]) -> bool {
        let count = |one: &api::ContainerSummary| {
            one.labels.get(COUNT_LABEL).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0)
        };
        let mut own: Vec<_> =
            found.iter().filter(|one| one.labels.get(NAME_LABEL) == Some(&self.name)).collect();
        own.sort_by_key(|one| count(one));
        let Some(newest) = own.pop() else { return false };
        self.docker_id.clone_from(&newest.id);
        self.restart_count = count(newest);
        self.old_ids = own.into_iter().map(|one| one.id.clone()).collect();
        self.phase = Phase::Starting;
        true
    }

    /// Opens its standard input for whoever attaches, if the pod says so.
    pub(super) fn open(&mut self, touch: &mut Touch<'_>, spec: &Value) -> Option<api::Stdio> {
        if !flag(spec, "stdin") {
            return None;
        }
        let terminal = touch.machine.add_remote_terminal("");
        let written: [Written; 2] = Default::default();
        let stdio = stdio_of(terminal, flag(spec, "tty"), None, true, &written);
        self.terminal = Some((terminal, written));
        Some(stdio)
    }

    /// The exit code, once it has ended.
    pub(super) fn exit_code(&self) -> Option<i64> {
        self.ended.as_ref().and_then(|ended| ended["exitCode"].as_i64())
    }

    /// The container of the last start, or of the one before.
    pub(super) fn id_for_logs(&self, previous: bool) -> Option<&str> {
        if previous {
            return self.old_ids.last().map(String::as_str);
        }
        match self.docker_id.as_str() {
            "" => self.old_ids.last().map(String::as_str),
            id => Some(id),
        }
    }
}

impl PodRun {
    pub(super) fn policy(&self) -> &str {
        text(&self.pod, "spec/restartPolicy")
    }

    pub(super) fn starts_again(&self, container: &Container) -> bool {
        match (self.policy(), container.exit_code()) {
            _ if container.is_changed => true,
            ("Never", _) => false,
            ("OnFailure", code) => code != Some(0),
            (_, code) => !container.is_init || code != Some(0),
        }
    }

    /// Nothing of it will ever run again.
    pub(super) fn is_done(&self) -> bool {
        let init_failed = self.policy() == "Never"
            && self
                .containers
                .iter()
                .any(|one| one.is_init && one.phase == Phase::Ended && one.exit_code() != Some(0));
        init_failed
            || self
                .containers
                .iter()
                .all(|one| one.phase == Phase::Ended && !self.starts_again(one))
    }
}
