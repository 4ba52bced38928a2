//! Requests about this host's containers.

use engine::{ContainerConfig, ContainerId, Happened, PortBinding, Progress, RestartPolicy};
use sim::Duration;

use crate::api::{
    CreateContainer, Error, Filters, LogChunk, LogLine, LogOptions, Request, Response,
};
use crate::convert::{details, engine_mounts, summary};
use crate::daemon::{Caller, Context, Daemon};
use crate::execs::engine_stdio;
use crate::remote::{After, is_remote};

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// The first process's end; the exit code is the answer.
    Exited,
    /// The same, and the answer is that it is done.
    Stopped,
    /// The container is gone.
    Destroyed,
}

impl Daemon {
    fn id_of(&self, container: &str) -> Result<ContainerId, Error> {
        Ok(self.engine.find(container)?.id.clone())
    }

    /// A request that needs no swarm. No response yet: the answer comes later.
    pub(crate) fn local_request(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        request: Request,
    ) -> Result<Option<Response>, Error> {
        use Request as R;
        if let R::PushImage { reference, .. } | R::PullImage { reference, all_tags: false } =
            &request
            && let Ok(reference) = engine::Reference::parse(reference)
            && is_remote(&reference)
        {
            if matches!(request, R::PushImage { .. }) {
                self.push_remote(context, caller, reference)?;
            } else {
                self.pull_remote(context, After::Pull(caller, reference));
            }
            return Ok(None);
        }
        match request {
            R::ListContainers { all, limit, size, filters } => {
                self.list_containers(all, limit, size, &filters).map(Some)
            }
            R::InspectContainer { container } => {
                let driver = &self.config.engine.storage_driver;
                let found = self.engine.find(&container)?;
                let image = self.engine.images().get(found.image);
                let mut details = details(found, image, driver);
                for (other, alias) in &found.config.links {
                    if let Ok(other) = self.engine.find(other.as_str()) {
                        let (name, own) = (&other.name, &found.name);
                        details.host.links.push(format!("/{name}:/{own}/{alias}"));
                    }
                }
                Ok(Some(Response::Container(Box::new(details))))
            }
            R::CreateContainer(create) => self.create_container(context, *create).map(Some),
            R::CreateExec { container, config } => self.create_exec(&container, config).map(Some),
            R::StartExec { exec, stdio } => self.start_exec(context, &exec, stdio).map(Some),
            R::WaitExec { exec } => self.wait_exec(&exec, caller),
            R::KillExec { exec, signal } => self.kill_exec(context, &exec, signal).map(Some),
            R::ContainerLogs { container, options } => {
                self.logs(&container, &options).map(|chunk| Some(Response::Log(chunk)))
            }
            R::StartContainer { .. }
            | R::WaitContainer { .. }
            | R::StopContainer { .. }
            | R::KillContainer { .. }
            | R::RemoveContainer { .. }
            | R::CommitContainer { .. }
            | R::PauseContainer { .. }
            | R::UpdateContainer { .. }
            | R::AttachContainer { .. }
            | R::CopyIn { .. }
            | R::RenameContainer { .. } => self.change_container(context, caller, request),
            R::ConnectNetwork { container, endpoint } => {
                self.connect_network(context, &container, endpoint).map(|()| Some(Response::Done))
            }
            R::DisconnectNetwork { container, network } => self
                .disconnect_network(context, &container, &network)
                .map(|()| Some(Response::Done)),
            R::ListVolumes { filters } => self.list_volumes(context, &filters).map(Some),
            R::InspectVolume { volume } => self.inspect_volume(context, &volume).map(Some),
            R::CreateVolume(volume) => self.create_volume(context, *volume).map(Some),
            R::RemoveVolume { volume, force } => {
                self.remove_volume(context, &volume, force).map(Some)
            }
            R::PruneVolumes { filters } => self.prune_volumes(context, &filters).map(Some),
            other => match self.look_request(context, other)? {
                Ok(response) => Ok(Some(response)),
                Err(other) => self.image_request(context, other).map(Some),
            },
        }
    }

    fn change_container(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        request: Request,
    ) -> Result<Option<Response>, Error> {
        use Request as R;
        match request {
            R::StartContainer { container, stdio } => {
                let id = self.id_of(&container)?;
                let stdio = engine_stdio(stdio);
                self.engine.start(context.now, context.machine, &id, stdio)?;
            }
            R::WaitContainer { container, next } => {
                let found = self.engine.find(&container)?;
                if !next && !found.is_running() {
                    return Ok(Some(Response::Exited { code: found.state.exit_code }));
                }
                self.waits.push((found.id.clone(), caller, Until::Exited));
                return Ok(None);
            }
            R::StopContainer { container, timeout_secs } => {
                let id = self.id_of(&container)?;
                let grace = timeout_secs.map(Duration::from_secs);
                let progress = self.engine.stop(context.now, context.machine, &id, grace)?;
                if progress == Progress::Pending {
                    self.waits.push((id, caller, Until::Stopped));
                    return Ok(None);
                }
            }
            R::KillContainer { container, signal } => {
                let id = self.id_of(&container)?;
                let signal = os::Signal::parse(&signal)
                    .ok_or_else(|| Error::invalid(format!("Invalid signal: {signal}")))?;
                self.engine.kill(context.now, context.machine, &id, signal)?;
            }
            R::RemoveContainer { container, force, volumes } => {
                let id = self.id_of(&container)?;
                let progress =
                    self.engine.remove(context.now, context.machine, &id, force, volumes)?;
                if progress == Progress::Pending {
                    self.waits.push((id, caller, Until::Destroyed));
                    return Ok(None);
                }
            }
            R::CommitContainer { container, reference, comment, author, changes } => {
                let id = self.id_of(&container)?;
                let reference = if reference.is_empty() {
                    None
                } else {
                    Some(engine::Reference::parse(&reference)?)
                };
                let commit = engine::Commit { reference, author, message: comment, changes };
                let image = self.engine.commit(context.now, &id, &commit)?;
                return Ok(Some(Response::Created { id: image.to_string() }));
            }
            R::PauseContainer { container, pause } => {
                let id = self.id_of(&container)?;
                self.engine.pause(context.now, context.machine, &id, pause)?;
            }
            R::UpdateContainer { container, restart, settings } => {
                let id = self.id_of(&container)?;
                let restart = restart.map(|(name, max)| restart_policy(&name, max)).transpose()?;
                self.engine.update(context.now, &id, restart, settings)?;
            }
            R::AttachContainer { container, stdio } => {
                let id = self.id_of(&container)?;
                let stdio = engine_stdio(stdio);
                self.engine.attach_output(&id, stdio.stdout, stdio.stderr)?;
            }
            R::CopyIn { container, path, tree } => {
                let id = self.id_of(&container)?;
                self.engine.copy_in(context.now, context.machine, &id, &path, &tree)?;
            }
            R::RenameContainer { container, name } => {
                let id = self.id_of(&container)?;
                self.engine.rename(context.now, &id, &name)?;
            }
            _ => return Err(Error::internal("not a request about a container")),
        }
        Ok(Some(Response::Done))
    }

    fn list_containers(
        &self,
        all: bool,
        limit: Option<u32>,
        size: bool,
        filters: &Filters,
    ) -> Result<Response, Error> {
        filters.validate(&[
            "ancestor",
            "before",
            "exited",
            "expose",
            "health",
            "id",
            "is-task",
            "isolation",
            "label",
            "name",
            "network",
            "publish",
            "since",
            "status",
            "volume",
        ])?;
        let mut found: Vec<&engine::Container> =
            self.engine.containers().filter(|container| !container.config.hidden).collect();
        found.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        let by_status = !filters.get("status").is_empty() || !filters.get("exited").is_empty();
        let mut list = Vec::new();
        for container in found {
            let shown = all || limit.is_some() || by_status || container.is_running();
            if shown && self.matches(container, filters)? {
                list.push(summary(container, size));
            }
        }
        if let Some(limit) = limit {
            list.truncate(limit as usize);
        }
        Ok(Response::Containers(list))
    }

    fn matches(&self, container: &engine::Container, filters: &Filters) -> Result<bool, Error> {
        let any = |key: &str, test: &dyn Fn(&str) -> bool| {
            let values = filters.get(key);
            values.is_empty() || values.iter().any(|value| test(value))
        };
        for key in ["publish", "expose", "isolation"] {
            if !filters.get(key).is_empty() {
                return Err(Error::new(501, format!("not simulated: filter '{key}' of ps")));
            }
        }
        let image = self.engine.images().get(container.image);
        let tags = self.engine.images().tags_of(container.image);
        let labels = &container.config.labels;
        let created = |key: &str| -> Result<Option<sim::Time>, Error> {
            let found = filters.get(key).first().map(|name| self.engine.find(name));
            Ok(found.transpose()?.map(|other| other.created))
        };
        let (before, since) = (created("before")?, created("since")?);
        let health = container.health.as_ref().map_or("none", |health| health.status.word());
        let status = if container.state.paused { "paused" } else { container.state.phase.word() };
        Ok(before.is_none_or(|at| container.created < at)
            && since.is_none_or(|at| container.created > at)
            && any("health", &|value| health == value)
            && any("name", &|value| crate::pattern::found_in(value, &container.name))
            && any("id", &|value| container.id.as_str().starts_with(value))
            && any("status", &|value| status == value)
            && any("exited", &|value| {
                container.state.finished.is_some()
                    && !container.is_running()
                    && container.state.exit_code.to_string() == value
            })
            && any("label", &|value| match value.split_once('=') {
                Some((key, value)) => labels.get(key).is_some_and(|label| label == value),
                None => labels.contains_key(value),
            })
            && any("ancestor", &|value| {
                let with_tag = format!("{value}:latest");
                tags.iter().any(|tag| tag == value || *tag == with_tag)
                    || image.is_some_and(|image| {
                        let id = image.id.to_string();
                        id == value || id.trim_start_matches("sha256:").starts_with(value)
                    })
            })
            && any("is-task", &|value| (value == "true") == self.task_of(&container.id).is_some())
            && any("network", &|value| container.attachments.iter().any(|a| a.network == value))
            && any("volume", &|value| {
                container.mounts.iter().any(|mount| mount.name == value || mount.target == value)
            }))
    }

    fn create_container(
        &mut self,
        context: &mut Context<'_>,
        create: CreateContainer,
    ) -> Result<Response, Error> {
        let CreateContainer { name, config, host } = create;
        let mut mounts = engine_mounts(&host.mounts);
        for bind in &host.binds {
            mounts.push(crate::binds::parse(bind)?);
        }
        mounts.extend(host.tmpfs.keys().map(|target| engine::Mount {
            source: engine::MountSource::Tmpfs { mode: 0 },
            target: target.clone(),
            read_only: false,
        }));
        let restart = restart_policy(&host.restart_policy, host.restart_count_max)?;
        let ports = host.ports.iter().filter_map(|port| {
            Some(PortBinding {
                container_port: port.private_port,
                protocol: port.protocol.clone(),
                host_ip: port.ip.clone(),
                host_port: port.public_port?,
            })
        });
        for network in host.networks.iter().map(|one| &one.network) {
            self.check_attachable(network)?;
        }
        let mut links = Vec::new();
        for (other, alias) in host.links.iter().filter_map(|link| link.split_once(':')) {
            let found = self.engine.find(other).map_err(|error| {
                Error::invalid(format!("could not get container for {other}: {}", error.message))
            })?;
            links.push((found.id.clone(), alias.to_owned()));
        }
        let config = ContainerConfig {
            links,
            image: config.image,
            name,
            command: config.cmd,
            entrypoint: config.entrypoint,
            env: config.env,
            labels: config.labels,
            hostname: Some(config.hostname).filter(|name| !name.is_empty()),
            user: config.user,
            working_dir: config.working_dir,
            tty: config.tty,
            open_stdin: config.open_stdin,
            mounts,
            restart,
            stop_signal: config.stop_signal,
            stop_grace: config.stop_timeout_secs.map(Duration::from_secs),
            read_only: host.read_only,
            auto_remove: host.auto_remove,
            exposed_ports: config.exposed_ports.into_iter().collect(),
            ports: ports.collect(),
            publish_all: host.publish_all,
            network_mode: host.network_mode,
            networks: host.networks,
            dns: host.dns,
            dns_search: host.dns_search,
            dns_options: host.dns_options,
            extra_hosts: host.extra_hosts,
            groups: host.groups,
            settings: host.settings,
            health: config.health,
            ..ContainerConfig::default()
        };
        let id = self.engine.create(context.now, context.machine, config)?;
        Ok(Response::ContainerCreated { id: id.to_string(), warnings: Vec::new() })
    }

    fn logs(&self, container: &str, options: &LogOptions) -> Result<LogChunk, Error> {
        let container = self.engine.find(container)?;
        if !container.config.keeps_log() {
            return Err(Error::invalid("configured logging driver does not support reading"));
        }
        let log = container.log.borrow();
        let wanted = |entry: &&engine::LogEntry| {
            let stream = match entry.stream {
                engine::Stream::Stdout => options.stdout,
                engine::Stream::Stderr => options.stderr,
            };
            stream
                && options.since.is_none_or(|since| entry.time >= since)
                && options.until.is_none_or(|until| entry.time <= until)
        };
        let mut lines: Vec<LogLine> = log
            .since(options.cursor.unwrap_or(0))
            .filter(wanted)
            .map(|entry| LogLine {
                time: entry.time,
                stderr: entry.stream == engine::Stream::Stderr,
                bytes: entry.bytes.clone(),
                task: None,
                node: None,
            })
            .collect();
        if let (Some(tail), None) = (options.tail, options.cursor) {
            let skip = (lines.len() as u64).saturating_sub(tail);
            lines.drain(..usize::try_from(skip).unwrap_or(usize::MAX).min(lines.len()));
        }
        Ok(LogChunk {
            lines,
            cursor: log.next_index(),
            ended: !container.is_running(),
            tty: container.config.tty,
        })
    }

    /// Passes on what has happened in the engine.
    pub(crate) fn after_engine(&mut self, context: &mut Context<'_>) {
        loop {
            self.drive_builds(context);
            let events = self.engine.take_events();
            if events.is_empty() {
                break;
            }
            self.net.touch();
            for event in events {
                self.remember(&event);
                if let Some((kind, action, object)) = event.words() {
                    let name = event.attributes.get("name").cloned().unwrap_or_default();
                    // Identities are cut as tables cut them; names of images are not.
                    let id = object.strip_prefix("sha256:").unwrap_or(&object);
                    let is_id = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
                    let short = if is_id { &id[..12] } else { &*object };
                    let kind = match kind {
                        "container" => "container",
                        "volume" => "volume",
                        "network" => "network",
                        _ => "image",
                    };
                    context.event(kind, format!("{action} {short} {name}"));
                }
                self.engine_event(context, event.what);
            }
        }
        self.networks_changed(context);
        self.engine_due = self.engine.next_deadline(context.now);
    }

    fn engine_event(&mut self, context: &mut Context<'_>, what: Happened) {
        match what {
            Happened::Died(id, code) => {
                self.answer_waits(context, &id, code, &[Until::Exited, Until::Stopped]);
                self.task_container_died(context, &id, code);
            }
            Happened::Destroyed(id) => {
                let all = [Until::Exited, Until::Stopped, Until::Destroyed];
                self.answer_waits(context, &id, 0, &all);
            }
            Happened::ExecDied(_, exec, code) => self.execs.ended(context, &exec, code),
            Happened::Transferred(transfer) => {
                self.engine.publish(transfer, &mut self.registry.borrow_mut());
                self.pulled(context, transfer);
            }
            Happened::Health(id, status) => self.task_health(context, &id, status),
            Happened::Paused(_)
            | Happened::Unpaused(_)
            | Happened::Updated(_)
            | Happened::Created(_)
            | Happened::Attached(_)
            | Happened::Started(_)
            | Happened::Killed(..)
            | Happened::Stopped(_)
            | Happened::Restarted(_)
            | Happened::StartFailed(..)
            | Happened::Renamed(..)
            | Happened::ExecCreated(..)
            | Happened::ExecStarted(..)
            | Happened::Committed(_)
            | Happened::Image(..)
            | Happened::Network(..)
            | Happened::Volume(..) => {}
        }
    }

    fn answer_waits(
        &mut self,
        context: &mut Context<'_>,
        container: &ContainerId,
        code: i32,
        which: &[Until],
    ) {
        let is_meant = |(id, _, until): &(ContainerId, Caller, Until)| {
            id == container && which.contains(until)
        };
        let waits = std::mem::take(&mut self.waits);
        let (meant, rest): (Vec<_>, Vec<_>) = waits.into_iter().partition(is_meant);
        self.waits = rest;
        for (_, caller, until) in meant {
            let response = match until {
                Until::Exited => Response::Exited { code },
                Until::Stopped | Until::Destroyed => Response::Done,
            };
            context.reply(caller, Ok(response));
        }
    }
}

/// A restart policy by its name.
fn restart_policy(name: &str, count_max: u32) -> Result<RestartPolicy, Error> {
    match name {
        "always" | "unless-stopped" if count_max > 0 => Err(Error::invalid(format!(
            "maximum retry count cannot be used with restart policy '{name}'"
        ))),
        "always" => Ok(RestartPolicy::Always),
        "unless-stopped" => Ok(RestartPolicy::UnlessStopped),
        "on-failure" => Ok(RestartPolicy::OnFailure(count_max)),
        "" | "no" => Ok(RestartPolicy::No),
        _ => Err(Error::invalid(format!("invalid restart policy '{name}'"))),
    }
}
