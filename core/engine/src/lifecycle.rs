//! Starting, stopping, killing, restarting and removing containers. What follows when a first process ends is
//! in `ending.rs`.

use os::machine::{Namespace, SharedNamespace};
use os::process::Handle;
use os::{Machine, Pid, Signal};
use sim::{Duration, Time};

use crate::container::files::{STATE_FOLDER, mount_all};
use crate::container::{Container, Phase, RestartPolicy, secrets};
use crate::digest::ContainerId;
use crate::ending::release;
use crate::engine::{Engine, STOP_GRACE_DEFAULT};
use crate::error::EngineError;
use crate::event::{Happened, attributes};
use crate::exec::{Stdio, not_running, prepare_first};
use crate::options::{Release, StartFailure, start_error};
use crate::volume::remove_all;

/// A grace period whose SIGKILL was sent.
pub(crate) const SPENT: Time = Time::from_unix_nanos(u64::MAX);

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
        let linked = self.linked(id)?;
        let container = self.container(id)?;
        container.linked = linked;
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

    pub(crate) fn destroy(
        &mut self,
        now: Time,
        machine: &Machine,
        id: &ContainerId,
        volumes: bool,
    ) {
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
