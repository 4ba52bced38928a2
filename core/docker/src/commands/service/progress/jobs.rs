//! How far a job is: as a whole, how many of its tasks are under way, and each of them (docker/cli:
//! `replicatedJobProgressUpdater`, `globalJobProgressUpdater`; since 20.10).

use sorted::SortedMap;
use std::rc::Rc;

use swarm::objects::{Service, ServiceMode, Task, TaskState};

use super::{LINES_MAX, STATE_WIDTH, View, error_line, place};
use crate::output::progress::Bar;

/// `complete` is the last state of a task that is shown.
const PLACES: u64 = 10;

impl View {
    /// Shows a job's tasks; true if all have completed.
    pub(super) fn job(&mut self, service: &Service, tasks: &[Rc<Task>]) -> bool {
        let iteration = service.job_status.as_ref().map(|job| job.iteration);
        let current: Vec<&Rc<Task>> =
            tasks.iter().filter(|task| task.job_iteration == iteration).collect();
        match service.spec.mode {
            ServiceMode::ReplicatedJob { max_concurrent, total_completions } => {
                let concurrent = match max_concurrent {
                    0 => total_completions,
                    some => some,
                };
                self.replicated_job(&current, total_completions, concurrent)
            }
            _ => self.global_job(&current),
        }
    }

    fn replicated_job(&mut self, current: &[&Rc<Task>], total: u64, concurrent: u64) -> bool {
        let has_lines = total <= LINES_MAX as u64;
        if !self.is_drawn {
            self.completed(0, total);
            self.active(0, total, concurrent);
            for index in 1..=total.min(LINES_MAX as u64) {
                if has_lines {
                    self.line(&format!("{index}/{total}"), " ", Bar::default());
                }
            }
            self.is_drawn = true;
        }
        let slots = lowest(current, |task| task.slot);
        for (slot, task) in slots.iter().filter(|_| has_lines) {
            self.job_task(&format!("{}/{total}", slot + 1), task);
        }
        let count = |test: &dyn Fn(TaskState) -> bool| {
            slots.values().filter(|task| test(task.status.state)).count() as u64
        };
        let complete = count(&|state| state == TaskState::Complete);
        let active = count(&|state| place(state) < place(TaskState::Complete));
        self.completed(complete, total);
        self.active(active, total.saturating_sub(complete), concurrent);
        complete == total
    }

    fn global_job(&mut self, current: &[&Rc<Task>]) -> bool {
        let nodes = lowest(current, |task| task.node_id.clone().unwrap_or_default());
        let total = nodes.len() as u64;
        if !self.is_drawn {
            if total == 0 {
                self.line("job progress", "waiting for tasks", Bar::default());
                return false;
            }
            self.completed(0, total);
            self.is_drawn = true;
        }
        let mut complete = 0;
        for (node, task) in &nodes {
            if nodes.len() <= LINES_MAX {
                self.job_task(node, task);
            }
            complete += u64::from(task.status.state == TaskState::Complete);
        }
        self.completed(complete, total);
        complete == total
    }

    fn completed(&mut self, complete: u64, total: u64) {
        let bar = Bar { current: complete, total, ..Bar::default() };
        let width = total.to_string().len();
        self.line("job progress", &format!("{complete:width$} out of {total} complete"), bar);
    }

    fn active(&mut self, active: u64, left: u64, concurrent: u64) {
        let (width, wanted) = (concurrent.to_string().len(), left.min(concurrent));
        let text = format!("{active:width$} out of {wanted:width$} tasks");
        self.line("active tasks", &text, Bar::default());
    }

    fn job_task(&mut self, name: &str, task: &Task) {
        match error_line(task) {
            Some(error) => self.line(name, &error, Bar::default()),
            None => {
                let state = task.status.state;
                let bar = Bar { current: place(state), total: PLACES, ..Bar::default() };
                self.line(name, &format!("{:STATE_WIDTH$}", state.word()), bar);
            }
        }
    }
}

/// For each slot or node the task with the lowest state.
fn lowest<'a, K: Ord>(
    tasks: &[&'a Rc<Task>],
    key: impl Fn(&Task) -> K,
) -> SortedMap<K, &'a Rc<Task>> {
    let mut picked: SortedMap<K, &Rc<Task>> = SortedMap::new();
    for task in tasks.iter().copied() {
        let rank = |task: &Task| place(task.status.state);
        if place(task.desired_state) == 0 || rank(task) == 0 {
            continue;
        }
        let key = key(task);
        if picked.get(&key).is_none_or(|known| rank(known) > rank(task)) {
            picked.insert(key, task);
        }
    }
    picked
}
