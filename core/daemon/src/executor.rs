//! The agent's executor: tasks become containers (moby: `daemon/cluster/executor/container`).

use sorted::SortedMap;
use std::rc::Rc;

use engine::transfer::TransferId;
use engine::{ContainerConfig, ContainerId, Progress, SecretFile, Stdio};
use sim::Duration;
use swarm::node::{ExecutorCommand, ExecutorEvent, Input};
use swarm::objects::{Driver, FileTarget, Id, Task, is_node_local};

use crate::convert::{container_image, engine_mounts};
use crate::daemon::{Context, Daemon, bytes_of};
use crate::remote::{After, is_remote};
use crate::templates::{Payloads, Templates};

/// One of the agent's tasks on this host.
#[derive(Debug)]
pub(crate) struct TaskRun {
    pub(crate) task: Rc<Task>,
    pub(crate) container: Option<ContainerId>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A registry is asked for its image.
    Asking,
    /// Its image is on the way.
    Pulling(TransferId),
    /// Its container exists.
    Prepared,
    /// Its container was started and has not proven to be well yet.
    Waking(u32),
    /// Its container was started.
    Started,
    /// Its container is not well and was asked to stop.
    Unwell,
    /// Its container was asked to stop.
    Stopping,
    /// Over.
    Ended,
}

/// The label that says which task a container runs.
const TASK_LABEL: &str = "com.docker.swarm.task.id";

impl Daemon {
    /// Does what the agent wants.
    pub(crate) fn execute(&mut self, context: &mut Context<'_>, command: ExecutorCommand) {
        match command {
            ExecutorCommand::Prepare(task) => self.prepare(context, task),
            ExecutorCommand::Start(id) => self.start_task(context, &id),
            ExecutorCommand::Resume { task, was_started } => {
                self.resume(context, task, was_started);
            }
            ExecutorCommand::Shutdown(id) => self.shut_down(context, &id),
            ExecutorCommand::Remove(id) => self.remove_task(context, &id),
        }
    }

    fn tell(&mut self, context: &mut Context<'_>, task: Id, event: ExecutorEvent) {
        self.drive_swarm(context, Input::Executor { task, event });
    }

    fn prepare(&mut self, context: &mut Context<'_>, task: Rc<Task>) {
        let image = task.spec.container.image.clone();
        let id = task.id.clone();
        let known = self.engine.images().find(&image).is_ok();
        let mut run = TaskRun { task, container: None, stage: Stage::Prepared };
        if !known && let Ok(reference) = engine::Reference::parse(&image) {
            if is_remote(&reference) {
                run.stage = Stage::Asking;
                self.tasks.insert(id.clone(), run);
                self.pull_remote(context, After::Task(id, reference));
                return;
            }
            let registry = self.registry.borrow();
            let transfer = self.engine.start_pull(context.now, &reference, &registry);
            run.stage = Stage::Pulling(transfer);
            drop(registry);
            self.tasks.insert(id, run);
            context.event("image.pull", format!("{image} is pulled for a task"));
            return;
        }
        self.tasks.insert(id.clone(), run);
        self.create_for_task(context, &id);
    }

    /// The image that a registry was asked for is on the way.
    pub(crate) fn task_pulls(&mut self, task: &Id, transfer: TransferId) {
        if let Some(run) = self.tasks.get_mut(task).filter(|run| run.stage == Stage::Asking) {
            run.stage = Stage::Pulling(transfer);
        }
    }

    /// Pulls that tasks waited for are over.
    pub(crate) fn pulled(&mut self, context: &mut Context<'_>, transfer: TransferId) {
        let waiting: Vec<Id> = self
            .tasks
            .iter()
            .filter(|(_, run)| run.stage == Stage::Pulling(transfer))
            .map(|(id, _)| id.clone())
            .collect();
        for id in waiting {
            // A failed pull shows as a missing image, as in moby.
            self.create_for_task(context, &id);
        }
    }

    fn create_for_task(&mut self, context: &mut Context<'_>, id: &Id) {
        let Some(run) = self.tasks.get(id) else { return };
        let mut task = run.task.clone();
        let mut templates = Templates::new(&task, &self.config.hostname);
        let filled = templates.settings(&mut Rc::make_mut(&mut task).spec.container);
        // One that an earlier life of the daemon made is as good (moby: `ErrTaskPrepared`).
        let known = self.container_of_task(id).map(|container| container.id.clone());
        let made = match known {
            Some(known) => Ok(known),
            None => filled.and_then(|()| {
                // A volume that a task needs first has the labels that the service says (moby: `createVolumes`).
                let mounts = task.spec.container.mounts.iter();
                for mount in mounts.filter(|mount| !mount.source.is_empty()) {
                    let Some(options) = mount.volume.as_ref() else { continue };
                    let labels = options.labels.clone();
                    self.engine
                        .create_volume(context.now, context.machine, &mount.source, labels)
                        .map_err(|error| error.message)?;
                }
                let config = self.task_config(&task);
                let made = self.engine.create(context.now, context.machine, config);
                made.map_err(|error| error.message)
            }),
        };
        let Some(run) = self.tasks.get_mut(id) else { return };
        let event = match made {
            Ok(container) => {
                run.stage = Stage::Prepared;
                run.container = Some(container.clone());
                ExecutorEvent::Prepared { container_id: container.to_string() }
            }
            Err(error) => {
                run.stage = Stage::Ended;
                ExecutorEvent::Rejected { error }
            }
        };
        self.tell(context, id.clone(), event);
    }

    fn task_config(&mut self, task: &Task) -> ContainerConfig {
        let spec = &task.spec.container;
        let node_id = task.node_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut labels = spec.labels.clone();
        let service = &task.service_annotations.name;
        for (label, value) in [
            ("com.docker.swarm.node.id", node_id),
            ("com.docker.swarm.service.id", task.service_id.to_string()),
            ("com.docker.swarm.service.name", service.clone()),
            ("com.docker.swarm.task", String::new()),
            (TASK_LABEL, task.id.to_string()),
            ("com.docker.swarm.task.name", task.annotations.name.clone()),
        ] {
            labels.insert(label.to_owned(), value);
        }
        let networks = self.task_endpoints(task);
        let mut attachments = task.spec.networks.iter();
        let network_mode = attachments.find(|one| is_node_local(&one.target));
        ContainerConfig {
            image: container_image(&spec.image, self.config.digest_replaces_tag),
            name: Some(task.annotations.name.clone()),
            command: spec.args.clone(),
            entrypoint: Some(spec.command.clone()).filter(|command| !command.is_empty()),
            env: spec.env.clone(),
            labels,
            hostname: Some(spec.hostname.clone()).filter(|name| !name.is_empty()),
            user: spec.user.clone(),
            working_dir: spec.dir.clone(),
            tty: spec.tty,
            open_stdin: spec.open_stdin,
            mounts: engine_mounts(&spec.mounts),
            stop_signal: spec.stop_signal.clone(),
            stop_grace: spec.stop_grace_period,
            read_only: spec.read_only,
            extra_hosts: spec.hosts.iter().flat_map(|line| extra_hosts(line)).collect(),
            dns: spec.dns.nameservers.clone(),
            dns_search: spec.dns.search.clone(),
            dns_options: spec.dns.options.clone(),
            networks,
            network_mode: network_mode.map(|one| one.target.clone()).unwrap_or_default(),
            ports: Self::task_ports(task),
            health: spec.healthcheck.as_ref().map(health_check),
            ..ContainerConfig::default()
        }
    }

    /// The files of a task's secrets and configs, by the agent's restricted getter.
    fn secret_files(&self, task: &Task) -> Result<(Vec<SecretFile>, Vec<SecretFile>), String> {
        let container = &task.spec.container;
        let mut secrets = Vec::new();
        for reference in &container.secrets {
            let Some(target) = &reference.file else { continue };
            let (bytes, engine) =
                self.swarm.secret(&task.id, &reference.secret_id).map_err(|e| e.message)?;
            secrets.push((file(&reference.secret_id, target, bytes_of(&bytes)), engine));
        }
        let mut configs = Vec::new();
        for reference in &container.configs {
            let Some(target) = &reference.file else { continue };
            let (bytes, engine) =
                self.swarm.config(&task.id, &reference.config_id).map_err(|e| e.message)?;
            configs.push((file(&reference.config_id, target, bytes_of(&bytes)), engine));
        }
        self.filled_in(task, secrets, configs)
    }

    /// Files that are templates get what they name.
    fn filled_in(
        &self,
        task: &Task,
        mut secrets: Vec<(SecretFile, Option<Driver>)>,
        mut configs: Vec<(SecretFile, Option<Driver>)>,
    ) -> Result<(Vec<SecretFile>, Vec<SecretFile>), String> {
        if secrets.iter().chain(&configs).any(|(_, engine)| engine.is_some()) {
            let mut templates = Templates::new(task, &self.config.hostname);
            templates.settings(&mut task.spec.container.clone())?;
            let texts = |files: &[(SecretFile, Option<Driver>)]| -> Payloads {
                let text = |file: &SecretFile| {
                    String::from_utf8_lossy(file.bytes.as_deref().unwrap_or_default()).into_owned()
                };
                files.iter().map(|(file, _)| (file.target.clone(), text(file))).collect()
            };
            let (secret_texts, config_texts) = (texts(&secrets), texts(&configs));
            for (file, engine) in secrets.iter_mut().chain(&mut configs) {
                let Some(engine) = engine else { continue };
                let bytes = file.bytes.as_deref().unwrap_or_default();
                let filled =
                    templates.payload(bytes, &engine.name, &secret_texts, &config_texts)?;
                file.bytes = Some(filled.into());
            }
        }
        let files = |all: Vec<(SecretFile, Option<Driver>)>| {
            all.into_iter().map(|(file, _)| file).collect::<Vec<_>>()
        };
        Ok((files(secrets), files(configs)))
    }

    fn start_task(&mut self, context: &mut Context<'_>, id: &Id) {
        let Some(run) = self.tasks.get(id) else { return };
        let (task, container) = (run.task.clone(), run.container.clone());
        let result = self.try_start(context, &task, container.as_ref());
        let Some(run) = self.tasks.get_mut(id) else { return };
        let checked = run.container.as_ref().and_then(|id| self.engine.get(id));
        let event = match result {
            // moby: a task runs once its container is healthy.
            Ok(pid) if checked.is_some_and(|container| container.health.is_some()) => {
                run.stage = Stage::Waking(pid);
                self.net.touch();
                return;
            }
            Ok(pid) => {
                run.stage = Stage::Started;
                self.net.touch();
                ExecutorEvent::Started { pid }
            }
            Err(error) => {
                run.stage = Stage::Ended;
                ExecutorEvent::Failed { error }
            }
        };
        self.tell(context, id.clone(), event);
    }

    fn try_start(
        &mut self,
        context: &mut Context<'_>,
        task: &Task,
        container: Option<&ContainerId>,
    ) -> Result<u32, String> {
        let container = container.ok_or_else(|| no_container(task))?;
        let (secrets, configs) = self.secret_files(task)?;
        self.engine
            .provide_secrets(container, secrets, configs)
            .and_then(|()| {
                self.engine.start(context.now, context.machine, container, Stdio::default())
            })
            .map_err(|error| error.message)?;
        let pid = self.engine.get(container).and_then(|container| container.state.pid);
        Ok(pid.map_or(0, |pid| pid.0))
    }

    /// The container of a task, whoever made it in which life of the daemon.
    fn container_of_task(&self, task: &Id) -> Option<&engine::Container> {
        let is_it = |label: &String| **label == **task;
        self.engine.containers().find(|c| c.config.labels.get(TASK_LABEL).is_some_and(is_it))
    }

    fn resume(&mut self, context: &mut Context<'_>, task: Rc<Task>, was_started: bool) {
        let id = task.id.clone();
        let container = self.container_of_task(&id);
        let (stage, event) = match container.map(|container| &container.state) {
            // Started, prepared again, or removed when the time comes.
            _ if !was_started => (Stage::Prepared, None),
            None => (Stage::Ended, Some(ExecutorEvent::Failed { error: no_container(&task) })),
            Some(state) => match state.pid {
                Some(pid) => (Stage::Started, Some(ExecutorEvent::Started { pid: pid.0 })),
                None => {
                    let code = state.exit_code;
                    (Stage::Ended, Some(ExecutorEvent::Exited { code, error: None }))
                }
            },
        };
        let container = container.map(|container| container.id.clone());
        self.tasks.insert(id.clone(), TaskRun { task, container, stage });
        self.net.touch();
        if let Some(event) = event {
            self.tell(context, id, event);
        }
    }

    fn shut_down(&mut self, context: &mut Context<'_>, id: &Id) {
        let Some(run) = self.tasks.get_mut(id) else {
            self.tell(context, id.clone(), ExecutorEvent::Stopped);
            return;
        };
        let grace: Option<Duration> = run.task.spec.container.stop_grace_period;
        let container = run.container.clone();
        run.stage = if container.is_some() { Stage::Stopping } else { Stage::Ended };
        self.net.touch();
        let stopped = match container {
            None => true,
            Some(container) => !matches!(
                self.engine.stop(context.now, context.machine, &container, grace),
                Ok(Progress::Pending)
            ),
        };
        if stopped {
            self.task_stopped(context, id);
        }
    }

    fn task_stopped(&mut self, context: &mut Context<'_>, id: &Id) {
        if let Some(run) = self.tasks.get_mut(id) {
            run.stage = Stage::Ended;
        }
        self.tell(context, id.clone(), ExecutorEvent::Stopped);
    }

    fn remove_task(&mut self, context: &mut Context<'_>, id: &Id) {
        let Some(run) = self.tasks.remove(id) else { return };
        if let Some(container) = run.container {
            // A container that is gone already is just as well.
            let _ = self.engine.remove(context.now, context.machine, &container, true, true);
        }
        self.engine.drop_idle_swarm_networks();
    }

    /// A container has proven to be well, or not to be.
    pub(crate) fn task_health(
        &mut self,
        context: &mut Context<'_>,
        container: &ContainerId,
        status: engine::HealthStatus,
    ) {
        let found =
            self.tasks.iter_mut().find(|(_, run)| run.container.as_ref() == Some(container));
        let Some((id, run)) = found else { return };
        let id = id.clone();
        match (run.stage, status) {
            (Stage::Waking(pid), engine::HealthStatus::Healthy) => {
                run.stage = Stage::Started;
                self.tell(context, id, ExecutorEvent::Started { pid });
            }
            (Stage::Waking(_) | Stage::Started, engine::HealthStatus::Unhealthy) => {
                // moby: the container is stopped first; its end is the task's end.
                run.stage = Stage::Unwell;
                self.net.touch();
                let grace = run.task.spec.container.stop_grace_period;
                let _ = self.engine.stop(context.now, context.machine, container, grace);
            }
            _ => {}
        }
    }

    /// A container's first process has ended.
    pub(crate) fn task_container_died(
        &mut self,
        context: &mut Context<'_>,
        container: &ContainerId,
        code: i32,
    ) {
        let found =
            self.tasks.iter_mut().find(|(_, run)| run.container.as_ref() == Some(container));
        let Some((id, run)) = found else { return };
        let id = id.clone();
        match run.stage {
            Stage::Waking(_) | Stage::Started => {
                run.stage = Stage::Ended;
                self.tell(context, id, ExecutorEvent::Exited { code, error: None });
            }
            // moby: `ErrContainerUnhealthy` is the cause of an exit status, and no cause without one.
            Stage::Unwell => {
                run.stage = Stage::Ended;
                let error = (code != 0).then(|| "dockerexec: unhealthy container".to_owned());
                self.tell(context, id, ExecutorEvent::Exited { code, error });
            }
            Stage::Stopping => self.task_stopped(context, &id),
            Stage::Asking | Stage::Pulling(_) | Stage::Prepared | Stage::Ended => {}
        }
    }

    /// Names of the secrets that a container's task may read, by the task's spec.
    pub(crate) fn secret_names(&self, container: &ContainerId) -> Vec<String> {
        let run = self.tasks.values().find(|run| run.container.as_ref() == Some(container));
        let mounted: SortedMap<&str, ()> = self
            .engine
            .get(container)
            .filter(|container| container.is_running())
            .into_iter()
            .flat_map(|container| &container.config.secrets)
            .filter(|file| file.bytes.is_some())
            .map(|file| (file.id.as_str(), ()))
            .collect();
        let references = run.into_iter().flat_map(|run| &run.task.spec.container.secrets);
        references
            .filter(|reference| mounted.contains_key(&*reference.secret_id))
            .map(|reference| reference.secret_name.clone())
            .collect()
    }

    /// The task that a container runs, if others may be sent to it: it has started and is not asked to
    /// stop.
    pub(crate) fn running_task(&self, container: &ContainerId) -> Option<&Task> {
        let run = self.tasks.values().find(|run| run.container.as_ref() == Some(container))?;
        (run.stage == Stage::Started).then_some(&*run.task)
    }

    /// The task that a container runs.
    pub(crate) fn task_of(&self, container: &ContainerId) -> Option<String> {
        let labels = &self.engine.get(container)?.config.labels;
        labels.get(TASK_LABEL).cloned()
    }
}

/// moby looks a task's container up by its name.
fn no_container(task: &Task) -> String {
    format!("No such container: {}", task.annotations.name)
}

/// A health check as an engine takes it.
fn health_check(check: &swarm::objects::Healthcheck) -> engine::HealthCheck {
    engine::HealthCheck {
        test: check.test.clone(),
        interval: check.interval.unwrap_or_default(),
        timeout: check.timeout.unwrap_or_default(),
        start_period: check.start_period.unwrap_or_default(),
        retries: check.retries,
    }
}

/// A line `address name...` as an engine takes it: `name:address` for each name.
fn extra_hosts(line: &str) -> Vec<String> {
    let mut words = line.split_whitespace();
    let address = words.next().unwrap_or_default();
    words.map(|name| format!("{name}:{address}")).collect()
}

fn file(id: &Id, target: &FileTarget, bytes: Rc<[u8]>) -> SecretFile {
    SecretFile {
        id: id.to_string(),
        target: target.name.clone(),
        bytes: Some(bytes),
        uid: target.uid.parse().unwrap_or(0),
        gid: target.gid.parse().unwrap_or(0),
        mode: target.mode,
    }
}
