//! One task on its node: ASSIGNED, ACCEPTED, PREPARING, READY, STARTING, RUNNING and its end
//! (swarmkit: `agent/exec/controller.go`, `Do`). A task's state never goes back.

use std::rc::Rc;

use sim::{Duration, Time};

use crate::node::{ExecutorCommand, ExecutorEvent};
use crate::objects::{ContainerStatus, Task, TaskState, TaskStatus};

/// After a temporary error the step is tried again (swarmkit: `agent/task.go`).
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// What the executor was asked to do and has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Prepare,
    Start,
    Shutdown,
}

/// A task and how far it is.
#[derive(Debug)]
pub(crate) struct AgentTask {
    /// As assigned: its desired state leads.
    pub(crate) task: Rc<Task>,
    /// How far it is.
    pub(crate) status: TaskStatus,
    asked: Asked,
    /// True once the executor may hold something for it.
    has_container: bool,
    retry_at: Option<Time>,
}

impl AgentTask {
    /// A task that was just assigned.
    pub(crate) fn new(task: Rc<Task>) -> Self {
        let status = task.status.clone();
        let has_container = status.state >= TaskState::Preparing;
        Self { task, status, asked: Asked::Nothing, has_container, retry_at: None }
    }

    /// A task that the agent had before it was restarted.
    pub(crate) fn restored(task: Rc<Task>, status: TaskStatus) -> Self {
        let has_container = status.state >= TaskState::Preparing;
        Self { task, status, asked: Asked::Nothing, has_container, retry_at: None }
    }

    /// After a restart of the agent, or when a task comes that was here before: what the executor must be asked about it.
    pub(crate) fn resume(&mut self) -> Option<ExecutorCommand> {
        let was_started = matches!(self.status.state, TaskState::Starting | TaskState::Running);
        if was_started {
            self.asked = Asked::Start;
        }
        let task = Rc::clone(&self.task);
        let is_known = was_started || !sim::planted!(PreparedForgotten);
        (self.has_container && is_known).then_some(ExecutorCommand::Resume { task, was_started })
    }

    /// True when the executor may hold a container for it.
    pub(crate) const fn has_container(&self) -> bool {
        self.has_container
    }

    /// When [`AgentTask::advance`] has to be called again.
    pub(crate) const fn retry_at(&self) -> Option<Time> {
        self.retry_at
    }

    fn wants_end(&self) -> bool {
        self.task.desired_state >= TaskState::Shutdown
    }

    fn enter(&mut self, now: Time, state: TaskState, message: &str) {
        self.status.state = state;
        self.status.timestamp = now;
        message.clone_into(&mut self.status.message);
    }

    /// Goes as far as possible without an answer; the executor's next command, if there is one, and
    /// the states that were entered.
    pub(crate) fn advance(&mut self, now: Time) -> (Option<ExecutorCommand>, Vec<TaskStatus>) {
        let mut entered = Vec::new();
        if self.retry_at.is_some_and(|at| at > now) && !self.wants_end() {
            return (None, entered);
        }
        let retries = self.retry_at.take().is_some();
        loop {
            if self.status.state.is_terminal() || self.asked == Asked::Shutdown {
                return (None, entered);
            }
            if self.wants_end() {
                if self.has_container {
                    self.asked = Asked::Shutdown;
                    return (Some(ExecutorCommand::Shutdown(self.task.id.clone())), entered);
                }
                self.enter(now, TaskState::Shutdown, "shutdown");
                entered.push(self.status.clone());
                continue;
            }
            if self.asked != Asked::Nothing {
                return (None, entered);
            }
            match self.status.state {
                TaskState::New | TaskState::Pending | TaskState::Assigned => {
                    self.enter(now, TaskState::Accepted, "accepted");
                }
                TaskState::Accepted => self.enter(now, TaskState::Preparing, "preparing"),
                TaskState::Preparing => {
                    self.asked = Asked::Prepare;
                    self.has_container = true;
                    return (Some(ExecutorCommand::Prepare(Rc::clone(&self.task))), entered);
                }
                TaskState::Ready if self.task.desired_state >= TaskState::Running => {
                    self.enter(now, TaskState::Starting, "starting");
                }
                TaskState::Starting => {
                    self.asked = Asked::Start;
                    return (Some(ExecutorCommand::Start(self.task.id.clone())), entered);
                }
                _ => return (None, entered),
            }
            if !retries || self.status.state != TaskState::Preparing {
                entered.push(self.status.clone());
            }
        }
    }

    /// What the executor says; the state that was entered, if one was.
    pub(crate) fn on_event(&mut self, now: Time, event: ExecutorEvent) -> Option<TaskStatus> {
        let state = self.status.state;
        if state.is_terminal() {
            return None;
        }
        match event {
            ExecutorEvent::Prepared { container_id } => {
                if self.asked == Asked::Prepare {
                    self.asked = Asked::Nothing;
                }
                self.status.container =
                    Some(ContainerStatus { container_id, pid: 0, exit_code: 0 });
                self.status.err = None;
                if state != TaskState::Preparing || self.asked == Asked::Shutdown {
                    return None;
                }
                self.enter(now, TaskState::Ready, "prepared");
            }
            ExecutorEvent::Started { pid } => {
                if self.asked == Asked::Start {
                    self.asked = Asked::Nothing;
                }
                self.status.container.get_or_insert_default().pid = pid;
                self.status.err = None;
                if state != TaskState::Starting || self.asked == Asked::Shutdown {
                    return None;
                }
                self.enter(now, TaskState::Running, "started");
            }
            ExecutorEvent::Exited { code, error } => {
                let container = self.status.container.get_or_insert_default();
                container.pid = 0;
                container.exit_code = code;
                if self.asked == Asked::Shutdown {
                    self.enter(now, TaskState::Shutdown, "shutdown");
                } else if code == 0 && error.is_none() {
                    self.enter(now, TaskState::Complete, "finished");
                } else {
                    let why = error.map_or_else(String::new, |text| format!(": {text}"));
                    self.status.err = Some(format!("task: non-zero exit ({code}){why}"));
                    self.status.state = TaskState::Failed;
                    self.status.timestamp = now;
                }
                self.asked = Asked::Nothing;
            }
            ExecutorEvent::Stopped => {
                if let Some(container) = &mut self.status.container {
                    container.pid = 0;
                }
                self.asked = Asked::Nothing;
                self.enter(now, TaskState::Shutdown, "shutdown");
            }
            ExecutorEvent::Rejected { error } | ExecutorEvent::Failed { error } => {
                self.asked = Asked::Nothing;
                self.status.err = Some(error);
                self.status.state = if state < TaskState::Starting {
                    TaskState::Rejected
                } else {
                    TaskState::Failed
                };
                self.status.timestamp = now;
            }
            ExecutorEvent::Temporary { error } => {
                self.asked = Asked::Nothing;
                self.status.err = Some(error);
                self.retry_at = Some(now + RETRY_DELAY);
                return None;
            }
        }
        Some(self.status.clone())
    }

    /// The task was assigned again, perhaps with another desired state. It never goes back.
    pub(crate) fn update(&mut self, task: Rc<Task>) {
        if task.desired_state >= self.task.desired_state {
            self.task = task;
        }
    }
}
