//! The daemon in memory: its containers and images.

use sorted::SortedMap;
use std::rc::Rc;

use daemon::api::{
    ContainerConfig, ContainerDetails, ContainerPort, ContainerState, ContainerStatus,
    ContainerSummary, Error, ImageConfig, ImageDetails, ImageSummary, LogChunk, LogLine,
    PullMessage, Removed, Request, Response,
};
use daemon::client::Reply;
use os::{Errno, Fd, Machine, Pid, Spawn};
use sim::Time;
use swarm::objects::{Task, TaskState};

use super::{Daemon, KNOWN, hex, tagged};

impl Daemon {
    pub(super) fn ask_engine(&mut self, request: Request) -> Reply {
        match request {
            Request::ListContainers { all, filters, .. } => {
                let mut found = self.task_containers();
                found.extend(self.containers.iter().rev().map(summary));
                found.retain(|one| all || one.state.status == ContainerStatus::Running);
                let names = filters.get("name");
                found.retain(|one| names.is_empty() || names.iter().any(|n| one.name.contains(n)));
                filters.validate(&["name", "id", "label", "status"])?;
                Ok(Response::Containers(found))
            }
            Request::InspectContainer { container } => {
                let tasks = self.task_containers();
                if let Some(one) = tasks.iter().find(|one| one.id.starts_with(&container)) {
                    return Ok(Response::Container(Box::new(details(one))));
                }
                let found = self.container(&container)?.clone();
                Ok(Response::Container(Box::new(found)))
            }
            Request::CreateContainer(wanted) => {
                let image = tagged(&wanted.config.image);
                if !self.pulled.contains(&image) {
                    return Err(Error::not_found(format!("No such image: {image}")));
                }
                let name = wanted.name.unwrap_or_else(|| "quirky_lovelace".to_owned());
                let id = hex(&name);
                self.containers.push(ContainerDetails {
                    id: id.clone(),
                    name,
                    created: self.now,
                    path: wanted.config.cmd.first().cloned().unwrap_or_default(),
                    args: wanted.config.cmd.iter().skip(1).cloned().collect(),
                    image_id: format!("sha256:{}", hex(&image)),
                    driver: "overlay2".to_owned(),
                    platform: "linux".to_owned(),
                    config: wanted.config,
                    host: wanted.host,
                    ..ContainerDetails::default()
                });
                Ok(Response::ContainerCreated { id, warnings: Vec::new() })
            }
            Request::RemoveContainer { container, .. } => {
                let id = self.container(&container)?.id.clone();
                self.containers.retain(|one| one.id != id);
                Ok(Response::Done)
            }
            Request::StopContainer { container, .. } | Request::KillContainer { container, .. } => {
                self.container(&container).map(|_| Response::Done)
            }
            Request::CommitContainer { container, .. } => {
                let id = self.container(&container)?.id.clone();
                Ok(Response::Created { id: format!("sha256:{}", hex(&id)) })
            }
            Request::ContainerLogs { container, .. } => {
                self.container(&container)?;
                let line = |stderr, text: &str| LogLine {
                    time: self.now,
                    stderr,
                    bytes: text.as_bytes().to_vec(),
                    task: None,
                    node: None,
                };
                let lines = vec![line(false, "one\n"), line(true, "two\n")];
                Ok(Response::Log(LogChunk { lines, cursor: 2, ended: true, tty: false }))
            }
            other => self.ask_images(other),
        }
    }

    fn ask_images(&mut self, request: Request) -> Reply {
        match request {
            Request::CreateExec { container, config } => {
                let tasks = self.task_containers();
                if !tasks.iter().any(|one| one.id.starts_with(&container)) {
                    self.container(&container)?;
                }
                let id = hex(&self.execs.len().to_string());
                self.execs.insert(id.clone(), config.cmd);
                Ok(Response::Created { id })
            }
            Request::ListImages { .. } => {
                Ok(Response::Images(self.pulled.iter().map(|name| image(name)).collect()))
            }
            Request::InspectImage { image: name } => {
                let name = tagged(&name);
                if !self.pulled.contains(&name) {
                    return Err(Error::not_found(format!("No such image: {name}")));
                }
                let one = image(&name);
                Ok(Response::Image(Box::new(ImageDetails {
                    id: one.id,
                    tags: one.tags,
                    digests: one.digests,
                    created: one.created,
                    size: one.size,
                    architecture: "amd64".to_owned(),
                    os: "linux".to_owned(),
                    config: ImageConfig { cmd: vec!["sh".to_owned()], ..ImageConfig::default() },
                    ..ImageDetails::default()
                })))
            }
            Request::RemoveImage { image, .. } => {
                let name = tagged(&image);
                self.pulled.retain(|one| *one != name);
                Ok(Response::Removed(vec![
                    Removed::Untagged(name.clone()),
                    Removed::Deleted(format!("sha256:{}", hex(&name))),
                ]))
            }
            Request::PullImage { reference, .. } => {
                let id = self.pulls.len().to_string();
                self.pulls.insert(id.clone(), (reference, 0));
                Ok(Response::Created { id })
            }
            Request::PullProgress { pull } => self.pull(&pull),
            other => self.ask_network(other),
        }
    }

    fn pull(&mut self, pull: &str) -> Reply {
        let (reference, step) = self.pulls.get_mut(pull).unwrap();
        *step += 1;
        let (reference, step) = (reference.clone(), *step);
        if !KNOWN.contains(&reference.as_str()) {
            let name = reference.split(':').next().unwrap_or_default();
            return Err(Error::not_found(format!(
                "pull access denied for {name}, repository does not exist or may require 'docker \
                 login': denied: requested access to the resource is denied"
            )));
        }
        let (name, tag) = reference.split_once(':').unwrap();
        let say = |id: &str, status: &str, progress| PullMessage {
            id: id.to_owned(),
            status: status.to_owned(),
            progress,
        };
        let layer = &hex(name)[..12];
        let messages = match step {
            1 => vec![
                say(tag, &format!("Pulling from library/{name}"), None),
                say(layer, "Pulling fs layer", None),
            ],
            2 => vec![say(layer, "Downloading", Some((1_500_000, 3_000_000)))],
            _ => {
                self.pulled.push(reference.clone());
                vec![
                    say(layer, "Pull complete", None),
                    say("", &format!("Digest: sha256:{}", hex(&reference)), None),
                    say("", &format!("Status: Downloaded newer image for {reference}"), None),
                ]
            }
        };
        Ok(Response::Pulling { messages, done: step > 2 })
    }

    fn container(&self, name: &str) -> Result<&ContainerDetails, Error> {
        let found = self.containers.iter().find(|one| one.name == name || one.id.starts_with(name));
        found.ok_or_else(|| Error::not_found(format!("No such container: {name}")))
    }

    /// The containers of tasks that run on the own node.
    fn task_containers(&self) -> Vec<ContainerSummary> {
        let Some(swarm) = &self.swarm else { return Vec::new() };
        let tasks = swarm.store.tasks_of_node(&swarm.own);
        let running = tasks.filter(|task| task.status.state == TaskState::Running);
        running.map(|task| self.task_container(task)).collect()
    }

    fn task_container(&self, task: &Rc<Task>) -> ContainerSummary {
        let image = &task.spec.container.image;
        let image = match (image.split_once(':'), image.split_once('@')) {
            (Some((name, _)), Some((_, digest))) if self.profile.digest_replaces_tag => {
                format!("{name}@{digest}")
            }
            _ => image.clone(),
        };
        ContainerSummary {
            id: hex(&task.id),
            name: task.annotations.name.clone(),
            image,
            image_id: format!("sha256:{}", hex("image")),
            command: "docker-entrypoint.sh redis-server".to_owned(),
            created: task.status.timestamp,
            state: ContainerState {
                status: ContainerStatus::Running,
                pid: 1_234,
                started_at: Some(task.status.timestamp),
                ..ContainerState::default()
            },
            ports: vec![ContainerPort {
                private_port: 6379,
                protocol: "tcp".to_owned(),
                ..ContainerPort::default()
            }],
            ..ContainerSummary::default()
        }
    }

    pub(super) fn start_exec(
        &mut self,
        exec: &str,
        stdio: Option<daemon::api::Stdio>,
        machine: &mut Machine,
    ) -> Reply {
        let cmd = self.execs[exec].clone();
        let pid = spawn(&cmd, stdio, machine)?;
        self.started.insert(exec.to_owned(), pid);
        Ok(Response::Done)
    }

    pub(super) fn start_container(
        &mut self,
        name: &str,
        stdio: Option<daemon::api::Stdio>,
        machine: &mut Machine,
    ) -> Reply {
        let id = self.container(name)?.id.clone();
        let now = self.now;
        let container = self.containers.iter_mut().find(|one| one.id == id).unwrap();
        container.state.status = ContainerStatus::Running;
        container.state.started_at = Some(now);
        let pid = spawn(&container.config.cmd.clone(), stdio, machine)?;
        self.started.insert(id, pid);
        Ok(Response::Done)
    }
}

fn spawn(
    cmd: &[String],
    stdio: Option<daemon::api::Stdio>,
    machine: &mut Machine,
) -> Result<Pid, Error> {
    let program = cmd.first().cloned().unwrap_or_default();
    let mut fds = SortedMap::new();
    if let Some(stdio) = stdio {
        fds.extend(stdio.stdin.map(|handle| (Fd::STDIN, handle)));
        fds.extend(stdio.stdout.map(|handle| (Fd::STDOUT, handle)));
        fds.extend(stdio.stderr.map(|handle| (Fd::STDERR, handle)));
    }
    let path = format!("/bin/{program}");
    let host = machine.host();
    let spawned = machine.spawn(&host, Spawn { path, args: cmd.to_vec(), fds, ..Spawn::default() });
    spawned.map_err(|errno: Errno| {
        let _ = errno;
        Error::invalid(format!(
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \
             \"{program}\": executable file not found in $PATH: unknown"
        ))
    })
}

fn summary(one: &ContainerDetails) -> ContainerSummary {
    ContainerSummary {
        id: one.id.clone(),
        name: one.name.clone(),
        image: one.config.image.clone(),
        image_id: one.image_id.clone(),
        command: one.config.cmd.join(" "),
        created: one.created,
        state: one.state.clone(),
        ..ContainerSummary::default()
    }
}

fn details(one: &ContainerSummary) -> ContainerDetails {
    ContainerDetails {
        id: one.id.clone(),
        name: one.name.clone(),
        created: one.created,
        path: "docker-entrypoint.sh".to_owned(),
        args: vec!["redis-server".to_owned()],
        state: one.state.clone(),
        image_id: one.image_id.clone(),
        driver: "overlay2".to_owned(),
        platform: "linux".to_owned(),
        config: ContainerConfig { image: one.image.clone(), ..ContainerConfig::default() },
        ..ContainerDetails::default()
    }
}

fn image(name: &str) -> ImageSummary {
    let repository = name.split(':').next().unwrap_or_default();
    ImageSummary {
        id: format!("sha256:{}", hex(name)),
        tags: vec![name.to_owned()],
        digests: vec![format!("{repository}@sha256:{}", hex(repository))],
        created: Time::from_date(2017, 3, 7),
        size: 1_110_000,
        ..ImageSummary::default()
    }
}
