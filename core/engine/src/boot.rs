//! The daemon goes away, with its host or by itself, and comes back.

use os::Machine;
use sim::{Duration, Time};

use crate::container::{Container, Phase, RestartPolicy};
use crate::digest::ContainerId;
use crate::ending::forget_secrets;
use crate::engine::Engine;

impl Engine {
    /// The daemon ends: asks every container to stop within `grace`. Which ones it asked is given to
    /// [`Engine::is_shut_down`] and [`Engine::finish_shut_down`].
    pub fn shut_down(
        &mut self,
        now: Time,
        machine: &mut Machine,
        grace: Duration,
    ) -> Vec<ContainerId> {
        let is_alive = |container: &&Container| {
            container.state.pid.is_some() || container.state.phase == Phase::Restarting
        };
        let by_itself = |container: &&Container| !container.pending.stopped_by_hand;
        let all: Vec<ContainerId> =
            self.containers.values().filter(is_alive).map(|c| c.id.clone()).collect();
        let asked =
            self.containers.values().filter(is_alive).filter(by_itself).map(|c| c.id.clone());
        let asked = asked.collect();
        for id in all {
            // It is there: it was found just now.
            let _ = self.stop(now, machine, &id, Some(grace));
        }
        asked
    }

    /// No container runs any more.
    pub fn is_shut_down(&self) -> bool {
        self.containers.values().all(|container| container.state.pid.is_none())
    }

    /// These stopped because the daemon did, not because somebody wanted it (moby: `daemon/kill.go`,
    /// `IsShuttingDown`): their restart policies count when it starts again.
    pub fn finish_shut_down(&mut self, asked: &[ContainerId]) {
        for id in asked {
            if let Some(container) = self.containers.get_mut(id) {
                container.pending.stopped_by_hand = false;
            }
        }
    }

    /// The host lost its power: nothing runs any more, memory is gone. Nobody saw exit codes.
    pub fn on_power_loss(&mut self, now: Time) {
        for container in self.containers.values_mut() {
            if container.state.pid.take().is_some() || container.state.phase == Phase::Restarting {
                let stopped_by_hand = container.pending.stopped_by_hand;
                container.pending = crate::container::Pending::default();
                container.pending.stopped_by_hand = stopped_by_hand;
                container.namespace = None;
                container.state.paused = false;
                container.stop_health();
                container.stdin_writer = None;
                container.attachments.clear();
                container.published.clear();
                container.execs.clear();
                container.log.borrow_mut().flush();
                container.state.phase = Phase::Exited;
                // moby: what was running when the daemon went away counts as killed.
                container.state.exit_code = 255;
                container.state.finished = Some(now);
                forget_secrets(container);
            }
        }
        self.transfers.all.clear();
    }

    /// The engine starts after a power loss: restart policies have their say.
    pub fn on_boot(&mut self, now: Time, machine: &mut Machine) {
        let again: Vec<ContainerId> = self
            .containers
            .values()
            .filter(|container| match container.config.restart {
                RestartPolicy::Always => container.state.started.is_some(),
                RestartPolicy::UnlessStopped => {
                    container.state.started.is_some() && !container.pending.stopped_by_hand
                }
                RestartPolicy::OnFailure(_) | RestartPolicy::No => false,
            })
            .map(|container| container.id.clone())
            .collect();
        for id in again {
            self.start_again(now, machine, &id);
        }
    }
}
