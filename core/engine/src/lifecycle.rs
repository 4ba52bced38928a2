//! Starting, stopping, killing, restarting and removing containers.

use os::machine::{Namespace, SharedNamespace};
use os::process::Handle;
use os::{ExitStatus, Machine, Pid, Signal};
use sim::{Duration, Time};

use crate::container::files::{STATE_FOLDER, mount_all};
use crate::container::{Container, Phase, RestartPolicy, secrets};
use crate::digest::ContainerId;
use crate::engine::{Engine, STOP_GRACE_DEFAULT};
use crate::error::EngineError;
use crate::event::{Happened, attributes};
use crate::exec::{Stdio, not_running, prepare_first};
use crate::options::{Release, StartFailure, start_error};
use crate::volume::remove_all;

/// moby: `restartmanager`: first wait, longest wait, and the run that counts as a success.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(60);
const BACKOFF_RESET_AFTER: Duration = Duration::from_secs(10);
/// A grace period whose SIGKILL was sent.
const SPENT: Time = Time::from_unix_nanos(u64::MAX);

/// Whether a request is done or goes on: then an [`crate::Event`] tells the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is done.
    Done,
    /// Something must end first.
    Pending,
}

impl Engine {
    /// Starts a container; nothing happens if it runs.
    ///
    /// # Errors
    /// The runtime's text for a program that cannot be started, with exit code 126 or 127; an unknown
    /// user; a missing secret.
    pub fn start(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        stdio: Stdio,
    ) -> Result<(), EngineError> {
        let result = self.try_start(now, machine, id, stdio);
        if let (Err(error), Some(container)) = (&result, self.containers.get_mut(id)) {
            container.state.error.clone_from(&error.message);
            container.state.exit_code = error.exit_code.unwrap_or(128);
            release(machine, container, self.options.secret_mounts);
            if container.config.auto_remove {
                self.destroy(now, machine, id, true);
            }
        }
        result
    }

    fn try_start(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        stdio: Stdio,
    ) -> Result<(), EngineError> {
        let (how, release) = (self.options.secret_mounts, self.options.release);
        if self.container(id)?.is_running() {
            return Ok(());
        }
        let is_attached = stdio.stdout.is_some() || stdio.stderr.is_some();
        let attachments = self.attach(id)?;
        let shared = self.shared_network(machine, id)?;
        self.container(id)?.attachments = attachments;
        let published = self.bind_ports(machine, id)?;
        let container = self.container(id)?;
        container.published = published;
        container.pending.restart_at = None;
        container.pending.stopped_by_hand = false;
        let mut mounts = mount_all(machine, container, now).map_err(|errno| {
            EngineError::system(format!("error while mounting the container's files: {errno}"))
        })?;
        secrets::mount(machine, container, &mut mounts, how, now)?;
        mounts.set_root_read_only(container.config.read_only);
        let hostname = container.config.hostname.clone().unwrap_or_default();
        let mut namespace = Namespace::new(mounts, &hostname, true);
        namespace.addresses = container.attachments.iter().map(|a| a.address.clone()).collect();
        if let Some(shared) = shared {
            namespace.share_network(&shared.borrow());
        }
        let namespace = namespace.shared();
        container.namespace = Some(namespace.clone());
        let spawn = prepare_first(machine, container, &namespace, stdio, release)?;
        let program = spawn.path.clone();
        let pid = machine
            .spawn(&namespace, spawn)
            .map_err(|errno| start_error(release, false, &program, StartFailure::of(errno)))?;
        container.state.phase = Phase::Running;
        container.state.pid = Some(pid);
        container.state.error.clear();
        container.state.exit_code = 0;
        container.state.started = Some(now);
        container.watch_health(now);
        if is_attached {
            self.note_of(now, id, Happened::Attached(id.clone()));
        }
        for (what, attributes) in self.places(id, true) {
            self.note(now, what, attributes);
        }
        self.note_of(now, id, Happened::Started(id.clone()));
        Ok(())
    }

    /// Whose addresses and ports a container uses: the host's, another container's, or its own.
    fn shared_network(
        &self,
        machine: &Machine,
        id: &ContainerId,
    ) -> Result<Option<SharedNamespace>, EngineError> {
        let mode = self.containers.get(id).map_or("", |one| one.config.network_mode.as_str());
        if mode == "host" {
            return Ok(Some(machine.host()));
        }
        let Some(other) = mode.strip_prefix("container:") else { return Ok(None) };
        let other = self.find(other)?;
        let namespace = other.namespace.clone();
        let stopped = || not_running(&other.id, self.options.release);
        namespace.ok_or_else(stopped).map(Some)
    }

    /// The running container that has an address: calls to it are brought there with
    /// [`Machine::call`].
    pub fn by_address(&self, address: &str) -> Option<&Container> {
        self.containers.values().find(|container| {
            container.is_running() && container.attachments.iter().any(|a| a.address == address)
        })
    }

    /// The running container, and its port, that a port of the host is published for.
    pub fn by_host_port(&self, port: u16) -> Option<(&Container, u16)> {
        self.containers.values().filter(|container| container.is_running()).find_map(|container| {
            let binding = container.published.iter().find(|b| b.host_port == port)?;
            Some((container, binding.container_port))
        })
    }

    /// Attaches to a running container: handles get what is written from now on.
    ///
    /// # Errors
    /// `You cannot attach to a stopped container, start it first`.
    pub fn attach_output(
        &mut self,
        id: &ContainerId,
        stdout: Option<Handle>,
        stderr: Option<Handle>,
    ) -> Result<(), EngineError> {
        let container = self.container(id)?;
        if !container.is_running() {
            let text = "You cannot attach to a stopped container, start it first";
            return Err(EngineError::conflict(text));
        }
        stdout.into_iter().for_each(|handle| container.out.add(handle));
        stderr.into_iter().for_each(|handle| container.err.add(handle));
        Ok(())
    }

    /// Takes handles away that were attached.
    pub fn detach_output(&mut self, id: &ContainerId, handle: &Handle) {
        if let Some(container) = self.containers.get(id) {
            container.out.remove(handle);
            container.err.remove(handle);
        }
    }

    /// Asks a container to stop: its stop signal, then SIGKILL after `grace` (its own grace period if
    /// none). [`Happened::Stopped`] tells the end.
    ///
    /// # Errors
    /// `No such container: x`.
    pub fn stop(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        grace: Option<Duration>,
    ) -> Result<Progress, EngineError> {
        let container = self.container(id)?;
        container.pending.stopped_by_hand = true;
        let Some(pid) = container.state.pid else {
            // It may be waiting for its restart policy.
            container.pending.restart_at = None;
            if container.state.phase == Phase::Restarting {
                container.state.phase = Phase::Exited;
            }
            return Ok(Progress::Done);
        };
        let signal = container.stop_signal();
        let grace = grace.or(container.config.stop_grace).unwrap_or(STOP_GRACE_DEFAULT);
        let deadline = now + grace;
        let kill_at = container.pending.kill_at.map_or(deadline, |at| at.min(deadline));
        container.pending.kill_at = Some(kill_at);
        machine.signal(pid, signal);
        self.note_of(now, id, Happened::Killed(id.clone(), signal.number()));
        Ok(Progress::Pending)
    }

    /// Stops a container and starts it again; [`Happened::Restarted`] tells the end.
    ///
    /// # Errors
    /// As [`Engine::stop`] and, if it does not run, as [`Engine::start`].
    pub fn restart(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        grace: Option<Duration>,
    ) -> Result<Progress, EngineError> {
        if self.stop(now, machine, id, grace)? == Progress::Done {
            self.start(now, machine, id, Stdio::default())?;
            self.note_of(now, id, Happened::Restarted(id.clone()));
            return Ok(Progress::Done);
        }
        self.container(id)?.pending.start_after_exit = true;
        Ok(Progress::Pending)
    }

    /// Sends a signal to a container's first process.
    ///
    /// # Errors
    /// `Cannot kill container: x: Container … is not running`.
    pub fn kill(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        signal: Signal,
    ) -> Result<(), EngineError> {
        let release = self.options.release;
        let container = self.container(id)?;
        let Some(pid) = container.state.pid else {
            let cause = not_running(id, release);
            return Err(EngineError::conflict(if release < Release(25, 0) {
                format!("Cannot kill container: {id}: {cause}")
            } else {
                format!("cannot kill container: {id}: {cause}")
            }));
        };
        // moby: a kill by hand keeps the restart policy from having a say.
        container.pending.stopped_by_hand |= signal == Signal::Kill;
        machine.signal(pid, signal);
        self.note_of(now, id, Happened::Killed(id.clone(), signal.number()));
        Ok(())
    }

    /// Freezes a container's processes, or lets them go on.
    ///
    /// # Errors
    /// `Container x is not running`; it is frozen already, or is not.
    pub fn pause(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        is_paused: bool,
    ) -> Result<(), EngineError> {
        let release = self.options.release;
        let container = self.container(id)?;
        let Some(namespace) = container.namespace.clone().filter(|_| container.is_running()) else {
            return Err(not_running(id, release));
        };
        if container.state.paused == is_paused {
            let word = if is_paused { "already" } else { "not" };
            return Err(EngineError::conflict(format!("Container {id} is {word} paused")));
        }
        container.state.paused = is_paused;
        let pids: Vec<Pid> = machine.processes_of(&namespace).iter().map(|one| one.pid).collect();
        machine.freeze(&pids, is_paused);
        let id = id.clone();
        self.note_of(
            now,
            &id.clone(),
            if is_paused { Happened::Paused(id) } else { Happened::Unpaused(id) },
        );
        Ok(())
    }

    /// Changes when a container is started again, and settings that have no effect.
    ///
    /// # Errors
    /// `No such container: x`; a restart policy for a container that is removed at its end.
    pub fn update(
        &mut self,
        now: Time,
        id: &ContainerId,
        restart: Option<RestartPolicy>,
        settings: sorted::SortedMap<String, String>,
    ) -> Result<(), EngineError> {
        let container = self.container(id)?;
        if let Some(restart) = restart {
            if container.config.auto_remove && restart != RestartPolicy::No {
                return Err(EngineError::invalid(
                    "Restart policy cannot be updated because AutoRemove is enabled for the \
                     container",
                ));
            }
            container.config.restart = restart;
        }
        container.config.settings.extend(settings);
        self.note_of(now, id, Happened::Updated(id.clone()));
        Ok(())
    }

    /// Removes a container, with its anonymous volumes if `volumes`.
    ///
    /// # Errors
    /// The release's text for a container that runs, unless `force`.
    pub fn remove(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        force: bool,
        volumes: bool,
    ) -> Result<Progress, EngineError> {
        let release = self.options.release;
        let container = self.container(id)?;
        if let Some(pid) = container.state.pid {
            if !force {
                return Err(cannot_remove(container, release));
            }
            container.pending.remove_after_exit = Some(volumes);
            container.pending.stopped_by_hand = true;
            container.pending.start_after_exit = false;
            container.pending.kill_at = Some(now);
            machine.signal(pid, Signal::Kill);
            self.note_of(now, id, Happened::Killed(id.clone(), Signal::Kill.number()));
            return Ok(Progress::Pending);
        }
        self.destroy(now, machine, id, volumes);
        Ok(Progress::Done)
    }

    fn destroy(&mut self, now: Time, machine: &Machine, id: &ContainerId, volumes: bool) {
        let Some(mut container) = self.containers.remove(id) else { return };
        release(machine, &mut container, self.options.secret_mounts);
        remove_all(machine, &format!("{STATE_FOLDER}/containers/{id}"), now);
        if !container.config.hidden {
            self.note(now, Happened::Destroyed(id.clone()), attributes(&container));
        }
        if !volumes {
            return;
        }
        for mount in &container.mounts {
            if self.volumes.get(&mount.name).is_some_and(|volume| volume.is_anonymous) {
                // Another container may use it too: then it stays.
                let _ = self.remove_volume(now, machine, &mount.name);
            }
        }
    }

    /// A process without a parent has ended ([`Machine::take_exits`]); true if it was the engine's.
    pub fn on_exit(
        &mut self,
        now: Time,
        machine: &mut Machine,
        pid: Pid,
        status: ExitStatus,
    ) -> bool {
        let first = self.containers.values().find(|container| container.state.pid == Some(pid));
        if let Some(id) = first.map(|container| container.id.clone()) {
            self.on_first_exit(now, machine, &id, status);
            return true;
        }
        if self.on_probe_exit(now, pid, status.code()) {
            return true;
        }
        let found = self.containers.values_mut().find_map(|container| {
            let exec = container.execs.values().find(|exec| exec.pid == pid)?.id.clone();
            container.execs.remove(&exec).map(|exec| (container.id.clone(), exec))
        });
        let Some((id, exec)) = found else { return false };
        let mut attributes = self.containers.get(&id).map(attributes).unwrap_or_default();
        attributes.insert("execID".to_owned(), exec.id.to_string());
        attributes.insert("exitCode".to_owned(), status.code().to_string());
        self.note(now, Happened::ExecDied(id, exec.id, status.code()), attributes);
        true
    }

    fn on_first_exit(
        &mut self,
        now: Time,
        machine: &mut Machine,
        id: &ContainerId,
        status: ExitStatus,
    ) {
        let how = self.options.secret_mounts;
        let left = self.places(id, false);
        let Some(container) = self.containers.get_mut(id) else { return };
        let code = status.code();
        let ran = container.state.started.map_or(Duration::ZERO, |started| now.since(started));
        container.state.exit_code = code;
        container.state.finished = Some(now);
        container.state.pid = None;
        container.state.phase = Phase::Exited;
        container.state.paused = false;
        container.stop_health();
        release(machine, container, how);
        let pending = std::mem::take(&mut container.pending);
        container.pending.stopped_by_hand = pending.stopped_by_hand;
        let restarts = !pending.stopped_by_hand && wants_restart(container, code);
        if restarts {
            let backoff = if ran >= BACKOFF_RESET_AFTER || pending.backoff == Duration::ZERO {
                BACKOFF_FIRST
            } else {
                pending.backoff.saturating_mul(2).min(BACKOFF_MAX)
            };
            container.pending.backoff = backoff;
            container.pending.restart_at = Some(now + backoff);
            container.state.phase = Phase::Restarting;
        } else if !pending.start_after_exit {
            forget_secrets(container);
        }
        let auto_remove = container.config.auto_remove;
        let mut attributes = attributes(container);
        attributes.insert("exitCode".to_owned(), code.to_string());
        if !container.config.hidden {
            self.note(now, Happened::Died(id.clone(), code), attributes);
        }
        for (what, attributes) in left {
            self.note(now, what, attributes);
        }
        let is_stop = pending.kill_at.is_some() && pending.remove_after_exit.is_none();
        if is_stop {
            self.note_of(now, id, Happened::Stopped(id.clone()));
        }
        if let Some(volumes) = pending.remove_after_exit {
            self.destroy(now, machine, id, volumes);
        } else if pending.start_after_exit {
            self.start_again(now, machine, id);
            self.note_of(now, id, Happened::Restarted(id.clone()));
        } else if auto_remove && !restarts {
            self.destroy(now, machine, id, true);
        }
    }

    pub(crate) fn start_again(&mut self, now: Time, machine: &mut Machine, id: &ContainerId) {
        if let Err(error) = self.start(now, machine, id, Stdio::default()) {
            if let Some(container) = self.containers.get_mut(id) {
                container.state.phase = Phase::Exited;
            }
            self.note_of(now, id, Happened::StartFailed(id.clone(), error.message));
        }
    }

    /// Does what is due: SIGKILL after a grace period, restarts, the ends of pulls and pushes.
    pub fn poll(&mut self, now: Time, machine: &mut Machine) {
        let due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        for container in self.containers.values_mut() {
            if due(container.pending.kill_at)
                && let Some(pid) = container.state.pid
            {
                machine.signal(pid, Signal::Kill);
                // Not before the process is seen to end; the deadline itself is spent.
                container.pending.kill_at = Some(SPENT);
            }
        }
        let restarts: Vec<ContainerId> = self
            .containers
            .values()
            .filter(|container| due(container.pending.restart_at))
            .map(|container| container.id.clone())
            .collect();
        for id in restarts {
            if let Some(container) = self.containers.get_mut(&id) {
                container.pending.restart_at = None;
                container.state.restart_count += 1;
            }
            self.start_again(now, machine, &id);
        }
        self.poll_health(now, machine);
        self.poll_transfers(now);
    }

    /// When [`Engine::poll`] is to be called next; also when a transfer's progress changes.
    pub fn next_deadline(&self, now: Time) -> Option<Time> {
        let of_containers = self.containers.values().flat_map(|container| {
            [container.pending.kill_at, container.pending.restart_at].into_iter().flatten()
        });
        let of_transfers = self.transfers.all.values().filter_map(|t| t.next_change(now));
        let of_health = self.containers.values().filter(|c| c.is_running() && !c.state.paused);
        let of_health = of_health.filter_map(|container| {
            container.health.as_ref()?.next_deadline(container.config.health.as_ref()?)
        });
        let of_containers = of_containers.chain(of_health);
        let of_builds = self.builds.next_deadline();
        of_containers.chain(of_transfers).chain(of_builds).filter(|at| *at != SPENT).min()
    }
}

fn wants_restart(container: &Container, code: i32) -> bool {
    match container.config.restart {
        RestartPolicy::No => false,
        RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
        RestartPolicy::OnFailure(limit) => {
            code != 0 && (limit == 0 || container.state.restart_count < limit)
        }
    }
}

/// Lets go of everything that a running container holds on its host.
fn release(machine: &Machine, container: &mut Container, how: crate::SecretMounts) {
    secrets::unmount(machine, container, how);
    container.namespace = None;
    container.stdin_writer = None;
    container.attachments.clear();
    container.published.clear();
    container.out.clear();
    container.err.clear();
    container.log.borrow_mut().flush();
}

/// Takes away the bytes of secrets; who starts the container again provides them anew.
pub(crate) fn forget_secrets(container: &mut Container) {
    let config = &mut container.config;
    config.secrets.iter_mut().chain(&mut config.configs).for_each(|file| file.bytes = None);
}

/// moby: daemon/delete.go at the tags.
fn cannot_remove(container: &Container, release: Release) -> EngineError {
    let id = &container.id;
    EngineError::conflict(match release {
        Release(..17, _) | Release(17, ..6) => format!(
            "You cannot remove a running container {id}. Stop the container before attempting \
             removal or use -f"
        ),
        Release(..25, _) => format!(
            "You cannot remove a running container {id}. Stop the container before attempting \
             removal or force remove"
        ),
        _ => format!(
            "cannot remove container \"/{}\": container is running: stop the container before \
             removing or force remove",
            container.name
        ),
    })
}
