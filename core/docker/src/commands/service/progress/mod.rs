//! Waiting until a service is stable, and what is shown meanwhile (docker/cli:
//! `cli/command/service/progress/progress.go`).

mod jobs;

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use daemon::api::Error;
use os::Signal;
use os::process::Disposition;
use os::{Errno, Fd};
use sim::{Duration, Time};
use swarm::control;
use swarm::objects::{Id, NodeState, Service, ServiceMode, Task, TaskState, UpdateState, defaults};

use super::service;
use crate::cli::{Cli, Failure};
use crate::commands::{node, tasks};
use crate::output::progress::{Bar, Display};
use crate::output::text::{cut, short_id};
use crate::profile::Progress;

/// Shown by 17.05 to 17.09 when a service is made.
pub(crate) const DETACH_NOTE: &str = "Since --detach=false was not specified, tasks will be \
    created in the background.\nIn a future release, --detach=false will become the default.\n";
/// Shown by 17.05 to 17.09 when a service is changed.
pub(super) const UPDATE_DETACH_NOTE: &str = "Since --detach=false was not specified, tasks will \
    be updated in the background.\nIn a future release, --detach=false will become the default.\n";

/// Between two looks at the tasks.
const POLL: Duration = Duration::from_millis(200);
/// Services with more tasks get no line per task.
const LINES_MAX: usize = 20;
/// The width of the longest state that is shown.
const STATE_WIDTH: usize = "preparing".len();
/// The longest error in place of a state.
const ERROR_LENGTH_MAX: usize = 75;

/// The command waits until the service is stable.
pub(super) fn is_wanted(cli: &Cli) -> bool {
    match cli.profile.progress {
        Progress::None => false,
        Progress::OnRequest => cli.matches.changed("detach") && !cli.is_set("detach"),
        Progress::Live => !cli.is_set("detach"),
    }
}

/// A state's place on the way to `running`, 9.
fn place(state: TaskState) -> u64 {
    match state {
        TaskState::New => 1,
        TaskState::Pending => 3,
        TaskState::Assigned => 4,
        TaskState::Accepted => 5,
        TaskState::Preparing => 6,
        TaskState::Ready => 7,
        TaskState::Starting => 8,
        TaskState::Running => 9,
        TaskState::Complete => 10,
        TaskState::Shutdown => 11,
        TaskState::Failed => 12,
        TaskState::Rejected => 13,
        TaskState::Remove | TaskState::Orphaned => 0,
    }
}

/// Waits until the service named `name` is stable; `shown` is what the last line calls it.
pub(crate) async fn wait(cli: &Cli, name: &str, shown: &str) -> Result<(), Failure> {
    let quiet = cli.is_set("quiet");
    let is_terminal = cli.proc.is_terminal(Fd::STDOUT);
    let display = Display::new(is_terminal, cli.proc.columns(), cli.profile.size_gap);
    let mut view = View { display, text: String::new(), ..View::new() };
    cli.proc.on_signal(Signal::Interrupt, Disposition::Catch);
    let result = watch(cli, name, shown, &mut view, quiet).await;
    cli.proc.on_signal(Signal::Interrupt, Disposition::Default);
    view.flush(cli, quiet).await;
    result
}

async fn watch(
    cli: &Cli,
    name: &str,
    shown: &str,
    view: &mut View,
    quiet: bool,
) -> Result<(), Failure> {
    let mut stable_since: Option<Time> = None;
    loop {
        let interrupted = match look(cli, name, shown, view, &mut stable_since).await {
            Ok(true) => return Ok(()),
            Ok(false) => {
                view.flush(cli, quiet).await;
                cli.proc.sleep(POLL).await == Err(Errno::Interrupted)
            }
            Err(Failure::Api(Error::Interrupted)) => true,
            Err(failure) => return Err(failure),
        };
        if interrupted {
            while cli.proc.take_signal().is_some() {}
            if stable_since.is_none() {
                view.message("Operation continuing in background.");
                view.message(&format!("Use `docker service ps {name}` to check progress."));
            }
            return Ok(());
        }
    }
}

/// Looks once; true when there is nothing more to wait for.
async fn look(
    cli: &Cli,
    name: &str,
    shown: &str,
    view: &mut View,
    stable_since: &mut Option<Time>,
) -> Result<bool, Failure> {
    let service = service(cli, name).await?;
    let mut last_message = None;
    if let Some(update) = &service.update_status {
        match update.state {
            UpdateState::Updating => view.is_rollback = false,
            UpdateState::Completed if stable_since.is_none() => return Ok(true),
            UpdateState::Completed => {}
            UpdateState::Paused => {
                return Err(Failure::text(format!("service update paused: {}", update.message)));
            }
            UpdateState::RollbackStarted => {
                if !view.is_rollback && !update.message.is_empty() {
                    view.line("rollback", &update.message, Bar::default());
                }
                view.is_rollback = true;
            }
            UpdateState::RollbackPaused => {
                let text = format!("service rollback paused: {}", update.message);
                return Err(Failure::text(text));
            }
            UpdateState::RollbackCompleted => {
                last_message = Some(update.message.clone());
                view.is_rollback = true;
            }
        }
    }
    let monitor = service.spec.update.and_then(|config| config.monitor);
    let monitor = monitor.filter(|span| *span != Duration::ZERO).unwrap_or(defaults::MONITOR);
    let now = cli.proc.now();
    if let Some(since) = *stable_since
        && now.since(since) >= monitor
    {
        let converged = if cli.profile.verify_names_service {
            format!("Service {shown} converged")
        } else {
            "Service converged".to_owned()
        };
        view.line("verify", &converged, Bar::default());
        if let Some(message) = last_message {
            view.message(&format!("rollback: {message}"));
        }
        return Ok(true);
    }
    let filters =
        control::Filters { service_ids: vec![service.id.clone()], ..control::Filters::default() };
    let all = tasks::tasks(cli, filters).await?;
    let current: Vec<_> = all.into_iter().filter(|task| is_current(&service, task)).collect();
    let nodes = node::nodes(cli, control::Filters::default()).await?;
    let active: SortedSet<Id> = nodes
        .iter()
        .filter(|node| node.status.state != NodeState::Down)
        .map(|node| node.id.clone())
        .collect();
    let is_stable = view.update(&service, &current, &active);
    if is_stable && service.spec.mode.is_job() {
        view.message("job complete");
        return Ok(true);
    }
    if is_stable {
        let since = *stable_since.get_or_insert(now);
        // Some time has always passed since.
        let passed = now.since(since) + Duration::from_nanos(1);
        let left = monitor.saturating_sub(passed).as_secs() + 1;
        let text = format!("Waiting {left} seconds to verify that tasks are stable...");
        view.line("verify", &text, Bar::default());
    } else if stable_since.take().is_some() {
        view.line("verify", "Detected task failure", Bar::default());
    }
    Ok(false)
}

/// The task is what the service's spec asks for now (swarmkit: `orchestrator.IsTaskDirty`).
fn is_current(service: &Service, task: &Task) -> bool {
    task.spec_version == service.spec_version || task.spec == service.spec.task
}

/// What was shown.
struct View {
    display: Display,
    /// Not printed yet.
    text: String,
    /// Which line a slot has, from 1.
    lines: SortedMap<u64, usize>,
    is_drawn: bool,
    is_done: bool,
    is_rollback: bool,
}

impl View {
    fn new() -> Self {
        Self {
            display: Display::new(false, 80, ""),
            text: String::new(),
            lines: SortedMap::new(),
            is_drawn: false,
            is_done: false,
            is_rollback: false,
        }
    }

    fn line(&mut self, name: &str, action: &str, bar: Bar) {
        self.text += &self.display.line(name, action, bar);
    }

    fn message(&mut self, text: &str) {
        self.text += &self.display.message(text);
    }

    async fn flush(&mut self, cli: &Cli, quiet: bool) {
        let text = std::mem::take(&mut self.text);
        if !quiet && !text.is_empty() {
            cli.out(text).await;
        }
    }

    fn overall(&mut self, running: usize, total: usize) {
        let text = if self.is_rollback {
            format!("rolling back update: {running} out of {total} tasks")
        } else {
            format!("{running} out of {total} tasks")
        };
        self.line("overall progress", &text, Bar::default());
    }

    /// Shows the tasks; true if they are as they should be.
    fn update(&mut self, service: &Service, tasks: &[Rc<Task>], active: &SortedSet<Id>) -> bool {
        match &service.spec.mode {
            ServiceMode::Replicated { replicas } => {
                let total = usize::try_from(*replicas).unwrap_or(usize::MAX);
                self.replicated(total, tasks, active)
            }
            ServiceMode::Global => self.global(tasks, active),
            ServiceMode::ReplicatedJob { .. } | ServiceMode::GlobalJob => self.job(service, tasks),
        }
    }

    fn replicated(&mut self, total: usize, tasks: &[Rc<Task>], active: &SortedSet<Id>) -> bool {
        if !self.is_drawn {
            self.overall(0, total);
            if total <= LINES_MAX {
                for index in 1..=total {
                    self.line(&format!("{index}/{total}"), " ", Bar::default());
                }
            }
            self.is_drawn = true;
        }
        let is_active = |task: &Task| task.node_id.as_ref().is_none_or(|id| active.contains(id));
        let slots = pick(tasks, |task| task.slot, is_active);
        if slots.values().any(|task| task.status.state != TaskState::Running) {
            self.is_done = false;
        }
        let mut running = 0;
        for (slot, task) in slots {
            let next = self.lines.len() + 1;
            let index = *self.lines.entry(slot).or_insert(next);
            running += usize::from(is_running(task));
            if !self.is_done && total <= LINES_MAX && index <= total {
                self.task(&format!("{index}/{total}"), task);
            }
        }
        if !self.is_done {
            self.overall(running, total);
            self.is_done = running == total;
        }
        running == total
    }

    fn global(&mut self, tasks: &[Rc<Task>], active: &SortedSet<Id>) -> bool {
        let nodes = pick(tasks, |task| task.node_id.clone().unwrap_or_default(), |_| true);
        let total = nodes.len();
        if !self.is_drawn {
            if total == 0 {
                self.line("overall progress", "waiting for new tasks", Bar::default());
                return false;
            }
            self.overall(0, total);
            self.is_drawn = true;
        }
        if nodes.values().any(|task| task.status.state != TaskState::Running) {
            self.is_done = false;
        }
        let mut running = 0;
        for (node, task) in nodes {
            if !active.contains(&node) {
                continue;
            }
            running += usize::from(is_running(task));
            if !self.is_done && total <= LINES_MAX {
                self.task(&short_id(&node), task);
            }
        }
        if !self.is_done {
            self.overall(running, total);
            self.is_done = running == total;
        }
        running == total
    }

    fn task(&mut self, name: &str, task: &Task) {
        if let Some(error) = error_line(task) {
            self.line(name, &error, Bar::default());
            return;
        }
        let state = task.status.state;
        if !task.desired_state.is_terminal() && !state.is_terminal() {
            let place = if self.is_rollback { 9 - place(state).min(9) } else { place(state) };
            let bar = Bar { current: place, total: 9, ..Bar::default() };
            self.line(name, &format!("{:STATE_WIDTH$}", state.word()), bar);
        }
    }
}

/// What is shown in place of a task's state if there is an error.
fn error_line(task: &Task) -> Option<String> {
    let error = task.status.err.as_ref().filter(|error| !error.is_empty())?;
    Some(cut(&error.replace('\n', " "), ERROR_LENGTH_MAX, "…"))
}

fn is_running(task: &Task) -> bool {
    !task.desired_state.is_terminal() && task.status.state == TaskState::Running
}

/// One task for each slot or node: of several the one with the lowest desired state, then the
/// lowest state.
fn pick<K: Ord>(
    tasks: &[Rc<Task>],
    key: impl Fn(&Task) -> K,
    is_active: impl Fn(&Task) -> bool,
) -> SortedMap<K, &Task> {
    let mut picked: SortedMap<K, &Task> = SortedMap::new();
    for task in tasks {
        let rank = |task: &Task| (place(task.desired_state), place(task.status.state));
        if place(task.desired_state) == 0 || place(task.status.state) == 0 {
            continue;
        }
        let key = key(task);
        if picked.get(&key).is_some_and(|known| rank(known) <= rank(task)) || !is_active(task) {
            continue;
        }
        picked.insert(key, task);
    }
    picked
}
