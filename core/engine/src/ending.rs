//! The end of a container's first process, and what follows: grace periods that run out, restart policies
//! (moby: `daemon/monitor.go`, `restartmanager`).

use os::{ExitStatus, Machine, Pid, Signal};
use sim::{Duration, Time};

use crate::container::{Container, Phase, RestartPolicy, secrets};
use crate::digest::ContainerId;
use crate::engine::Engine;
use crate::event::{Happened, attributes};
use crate::exec::Stdio;
use crate::lifecycle::SPENT;

/// moby: `restartmanager`: first wait, longest wait, and the run that counts as a success.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(60);
const BACKOFF_RESET_AFTER: Duration = Duration::from_secs(10);
impl Engine {
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
pub(crate) fn release(machine: &Machine, container: &mut Container, how: crate::SecretMounts) {
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
