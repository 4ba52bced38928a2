//! What the node shall have: tasks, and the secrets and configs that those tasks refer to
//! (swarmkit: `agent/worker.go`, `agent/secrets/secrets.go`).
//!
//! Secrets are in memory only. A COMPLETE set replaces all of them. A task reaches only the secrets
//! that its own spec names.

use sorted::SortedMap;
use std::rc::Rc;

use sim::{Disk, Time};

use super::storage::{self, StoredTask};
use super::task::AgentTask;
use crate::control::{ApiError, Code};
use crate::node::{ExecutorCommand, ExecutorEvent, Mark, Output};
use crate::objects::{Config, Id, Payload, Secret, Task, TaskStatus};
use crate::transport::protocol::{AssignmentChange, AssignmentsKind, AssignmentsMessage};

/// The node's tasks and what they need.
#[derive(Default)]
pub(crate) struct Worker {
    tasks: SortedMap<Id, AgentTask>,
    secrets: SortedMap<Id, Rc<Secret>>,
    configs: SortedMap<Id, Rc<Config>>,
    /// States that the dispatcher has not confirmed yet.
    unreported: SortedMap<Id, TaskStatus>,
    /// True when `tasks.db` is behind.
    is_dirty: bool,
    /// There was no room for it.
    is_unwritten: bool,
    /// Rises whenever something of the above may have changed.
    change_count: u64,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("tasks", &self.tasks.len())
            .field("secrets", &self.secrets.len())
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// The worker of a node that has just joined: its file is made at once.
    pub(crate) fn new() -> Self {
        Self { is_dirty: true, ..Self::default() }
    }

    /// The tasks that the disk remembers, and what the executor must be asked about them.
    pub(crate) fn restore(disk: &Disk, out: &mut Vec<Output>) -> Self {
        let mut worker = Self::default();
        for StoredTask { task, status } in storage::read(disk) {
            let mut restored = AgentTask::restored(Rc::clone(&task), status);
            out.extend(restored.resume().map(Output::Executor));
            worker.tasks.insert(task.id.clone(), restored);
        }
        worker
    }

    /// Carries out what the dispatcher says: secrets first, then configs, then tasks.
    pub(crate) fn assign(
        &mut self,
        now: Time,
        message: &AssignmentsMessage,
        out: &mut Vec<Output>,
    ) {
        self.change_count += 1;
        let is_complete = message.kind == AssignmentsKind::Complete;
        if is_complete {
            self.secrets.clear();
            self.configs.clear();
        }
        for change in &message.changes {
            match change {
                AssignmentChange::UpdateSecret(secret) => {
                    self.secrets.insert(secret.id.clone(), Rc::clone(secret));
                    let name = secret.spec.annotations.name.clone();
                    out.push(Output::Mark(Mark::Secret { name }));
                }
                AssignmentChange::RemoveSecret(_) if sim::planted!(SecretKept) => {}
                AssignmentChange::RemoveSecret(id) => {
                    self.secrets.remove(id);
                }
                AssignmentChange::UpdateConfig(config) => {
                    self.configs.insert(config.id.clone(), Rc::clone(config));
                }
                AssignmentChange::RemoveConfig(_) if sim::planted!(ConfigKept) => {}
                AssignmentChange::RemoveConfig(id) => {
                    self.configs.remove(id);
                }
                AssignmentChange::UpdateTask(_) | AssignmentChange::RemoveTask(_) => {}
            }
        }
        let mut assigned = Vec::new();
        for change in &message.changes {
            match change {
                AssignmentChange::UpdateTask(task) => {
                    assigned.push(task.id.clone());
                    let is_skipped = is_complete && sim::planted!(CompleteSetIgnored);
                    if is_skipped && self.tasks.contains_key(&task.id) {
                        continue;
                    }
                    self.update_task(now, task, out);
                }
                AssignmentChange::RemoveTask(id) => self.remove_task(id, out),
                _ => {}
            }
        }
        if is_complete {
            let gone: Vec<Id> =
                self.tasks.keys().filter(|id| !assigned.contains(id)).cloned().collect();
            for id in gone {
                self.remove_task(&id, out);
            }
        }
    }

    fn update_task(&mut self, now: Time, task: &Rc<Task>, out: &mut Vec<Output>) {
        match self.tasks.get_mut(&task.id) {
            Some(known) => known.update(Rc::clone(task)),
            None => {
                // A task that comes with a state was here: a leader that was deposed and did not know of it has taken it
                // away, and its container with it.
                let mut new = AgentTask::new(Rc::clone(task));
                out.extend(new.resume().map(Output::Executor));
                self.tasks.insert(task.id.clone(), new);
            }
        }
        self.is_dirty = true;
        self.advance(now, &task.id, out);
    }

    fn remove_task(&mut self, id: &Id, out: &mut Vec<Output>) {
        if let Some(task) = self.tasks.remove(id) {
            self.unreported.remove(id);
            self.is_dirty = true;
            if task.has_container() {
                out.push(Output::Executor(ExecutorCommand::Remove(id.clone())));
            }
        }
    }

    fn advance(&mut self, now: Time, id: &Id, out: &mut Vec<Output>) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        let (command, entered) = task.advance(now);
        for status in entered {
            self.entered(id, status, out);
        }
        out.extend(command.map(Output::Executor));
    }

    fn entered(&mut self, id: &Id, status: TaskStatus, out: &mut Vec<Output>) {
        self.change_count += 1;
        let Some(task) = self.tasks.get(id) else { return };
        let why = status.err.as_ref().map_or_else(String::new, |err| format!(": {err}"));
        let detail = format!(
            "{} ({id}) {} \"{}\"{why}",
            task.task.annotations.name,
            status.state.word(),
            status.message
        );
        out.push(Output::Event { kind: "task.state", detail });
        out.push(Output::Mark(Mark::Task {
            service: task.task.service_annotations.name.clone(),
            slot: task.task.slot,
            state: status.state,
        }));
        self.unreported.insert(id.clone(), status);
        self.is_dirty |= !sim::planted!(StatesNotStored);
    }

    /// What the executor says about a task.
    pub(crate) fn on_executor(
        &mut self,
        now: Time,
        id: &Id,
        event: ExecutorEvent,
        out: &mut Vec<Output>,
    ) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        if let Some(status) = task.on_event(now, event) {
            self.entered(id, status, out);
        }
        self.advance(now, id, out);
    }

    /// When a task's step is tried again.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.tasks.values().filter_map(AgentTask::retry_at).min()
    }

    /// Tries again what failed for the time being.
    pub(crate) fn due(&mut self, now: Time, out: &mut Vec<Output>) {
        let late: Vec<Id> = self
            .tasks
            .iter()
            .filter(|(_, task)| task.retry_at().is_some_and(|at| at <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            self.advance(now, &id, out);
        }
    }

    /// States to report; they come back with [`Worker::report_failed`] if that does not succeed.
    pub(crate) fn take_unreported(&mut self) -> SortedMap<Id, TaskStatus> {
        std::mem::take(&mut self.unreported)
    }

    /// True when there is something to report.
    pub(crate) fn has_unreported(&self) -> bool {
        !self.unreported.is_empty()
    }

    /// The report was lost: newer states win over those in it.
    pub(crate) fn report_failed(&mut self, statuses: SortedMap<Id, TaskStatus>) {
        for (id, status) in statuses {
            if self.tasks.contains_key(&id) {
                self.unreported.entry(id).or_insert(status);
            }
        }
    }

    /// A new session: everything is told again.
    pub(crate) fn report_all(&mut self) {
        for (id, task) in &self.tasks {
            self.unreported.insert(id.clone(), task.status.clone());
        }
    }

    /// Writes `tasks.db` if something changed; true if it did. What could not be written waits for the
    /// next change or for room: swarmkit's agent logs it and goes on.
    pub(crate) fn store(&mut self, disk: &mut Disk) -> bool {
        let is_due = self.is_dirty || (self.is_unwritten && !disk.is_full());
        self.change_count += u64::from(is_due && self.is_unwritten);
        (self.is_dirty, self.is_unwritten) = (false, self.is_unwritten && !is_due);
        if !is_due {
            return false;
        }
        let tasks: Vec<StoredTask> = self
            .tasks
            .values()
            .map(|task| StoredTask { task: Rc::clone(&task.task), status: task.status.clone() })
            .collect();
        storage::write(disk, &tasks);
        if sim::planted!(SecretStored) {
            for secret in self.secrets.values() {
                disk.append(storage::TASKS_PATH, secret.spec.data.expose());
            }
        }
        true
    }

    /// The tasks' states are not on the disk: there was no room.
    pub(crate) const fn is_unwritten(&self) -> bool {
        self.is_unwritten
    }

    /// What was written last is not on the disk.
    pub(crate) fn mark_unwritten(&mut self) {
        self.is_unwritten = true;
        self.change_count += 1;
        self.is_dirty |= sim::planted!(FullDiskSpins);
    }

    /// The node leaves the swarm: every container is removed, every secret forgotten.
    pub(crate) fn clear(&mut self, out: &mut Vec<Output>) {
        let all: Vec<Id> = self.tasks.keys().cloned().collect();
        for id in all {
            self.remove_task(&id, out);
        }
        self.secrets.clear();
        self.configs.clear();
    }

    /// The restricted getter: a secret, for a task that names it in its spec.
    ///
    /// # Errors
    /// `task not authorized to access secret <id>`; or the secret has not come (back) yet.
    pub(crate) fn secret(&self, task: &str, secret_id: &str) -> Result<Payload, ApiError> {
        let names_it = self.tasks.get(task).is_some_and(|task| {
            task.task.spec.container.secrets.iter().any(|secret| &*secret.secret_id == secret_id)
        });
        if !names_it {
            return Err(unauthorized("secret", secret_id));
        }
        let secret = self.secrets.get(secret_id);
        let payload =
            secret.map(|secret| (secret.spec.data.clone(), secret.spec.templating.clone()));
        payload.ok_or_else(|| missing("secret", secret_id))
    }

    /// The same for configs.
    ///
    /// # Errors
    /// `task not authorized to access config <id>`; or the config has not come (back) yet.
    pub(crate) fn config(&self, task: &str, config_id: &str) -> Result<Payload, ApiError> {
        let names_it = self.tasks.get(task).is_some_and(|task| {
            task.task.spec.container.configs.iter().any(|config| &*config.config_id == config_id)
        });
        if !names_it {
            return Err(unauthorized("config", config_id));
        }
        let config = self.configs.get(config_id);
        let payload =
            config.map(|config| (config.spec.data.clone(), config.spec.templating.clone()));
        payload.ok_or_else(|| missing("config", config_id))
    }

    /// The tasks, in id order.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = (&Task, &TaskStatus)> {
        self.tasks.values().map(|task| (&*task.task, &task.status))
    }

    /// The tasks themselves, in id order.
    pub(crate) fn task_objects(&self) -> impl Iterator<Item = &Rc<Task>> {
        self.tasks.values().map(|task| &task.task)
    }

    /// The same number means the same tasks in the same states, secrets and configs.
    pub(crate) const fn change_count(&self) -> u64 {
        self.change_count
    }

    /// The secrets held, in id order.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.values().map(Rc::as_ref)
    }

    /// The configs held, in id order.
    pub(crate) fn configs(&self) -> impl Iterator<Item = &Config> {
        self.configs.values().map(Rc::as_ref)
    }
}

fn unauthorized(kind: &str, id: &str) -> ApiError {
    ApiError::new(Code::PermissionDenied, format!("task not authorized to access {kind} {id}"))
}

fn missing(kind: &str, id: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("{kind} {id} not found"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::TaskState;

    /// What the executor hears of a task that comes in this state and is to run.
    fn commands(worker: &mut Worker, state: TaskState) -> Vec<ExecutorCommand> {
        let mut task = Task { id: "t1".into(), ..Task::default() };
        (task.status.state, task.desired_state) = (state, TaskState::Running);
        complete(worker, vec![AssignmentChange::UpdateTask(Rc::new(task))])
    }

    fn complete(worker: &mut Worker, changes: Vec<AssignmentChange>) -> Vec<ExecutorCommand> {
        let kind = AssignmentsKind::Complete;
        let message = AssignmentsMessage { kind, applies_to: 0, results_in: 1, changes };
        let mut out = Vec::new();
        worker.assign(Time::from_date(2017, 3, 21), &message, &mut out);
        let command = |output| match output {
            Output::Executor(command) => Some(command),
            _ => None,
        };
        out.into_iter().filter_map(command).collect()
    }

    /// Liveness seed 200690: a leader that was frozen, and does not know yet that it leads no more, takes away what has come
    /// since. The next one assigns it again as it was, and the container is gone.
    #[test]
    fn what_a_former_leader_has_taken_away_is_looked_for() {
        use ExecutorCommand::{Prepare, Remove, Resume, Start};
        let mut worker = Worker::new();
        assert!(matches!(*commands(&mut worker, TaskState::Assigned), [Prepare(_)]));
        assert!(matches!(*complete(&mut worker, Vec::new()), [Remove(_)]));
        let again = commands(&mut worker, TaskState::Ready);
        assert!(matches!(*again, [Resume { was_started: false, .. }, Start(_)]), "{again:?}");
        complete(&mut worker, Vec::new());
        for state in [TaskState::Starting, TaskState::Running] {
            let again = commands(&mut worker, state);
            assert!(matches!(*again, [Resume { was_started: true, .. }]), "{again:?}");
            complete(&mut worker, Vec::new());
        }
    }
}
