//! Health checks: a program in the container that is run again and again (moby: `daemon/health.go`).

use os::{Machine, Pid, Signal};
use serde::{Deserialize, Serialize};
use sim::{Duration, Time};

use crate::container::{Container, HealthCheck, Log, SharedLog};
use crate::digest::ContainerId;
use crate::engine::Engine;
use crate::event::Happened;
use crate::exec::prepare_probe;

/// moby: `defaultProbeInterval`, `defaultProbeTimeout`, `defaultProbeRetries`.
const INTERVAL_DEFAULT: Duration = Duration::from_secs(30);
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
const RETRIES_DEFAULT: u32 = 3;
/// moby: `maxLogEntries` and `maxOutputLen`.
const PROBE_COUNT_MAX: usize = 5;
const OUTPUT_SIZE_MAX: usize = 4_096;

/// How well a container is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HealthStatus {
    /// Not known yet.
    #[default]
    Starting,
    /// The last check succeeded.
    Healthy,
    /// Too many checks in a row failed.
    Unhealthy,
}

impl HealthStatus {
    /// `starting`, `healthy`, `unhealthy`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One check that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// Its exit code; -1 for one that took too long or could not be started.
    pub exit_code: i32,
    /// What it wrote.
    pub output: String,
}

/// A container's health while it runs, and what was known of it when it ended.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// How well it is.
    pub status: HealthStatus,
    /// Failures in a row.
    pub failing_streak: u32,
    /// The last checks, oldest first.
    pub log: Vec<Probe>,
    next_at: Option<Time>,
    running: Option<(Pid, Time, SharedLog)>,
}

impl Health {
    /// When something is to be done.
    pub(crate) fn next_deadline(&self, check: &HealthCheck) -> Option<Time> {
        match &self.running {
            Some((_, start, _)) => Some(*start + timeout(check)),
            None => self.next_at,
        }
    }
}

fn or(own: Duration, default: Duration) -> Duration {
    if own == Duration::ZERO { default } else { own }
}

fn interval(check: &HealthCheck) -> Duration {
    or(check.interval, INTERVAL_DEFAULT)
}

fn timeout(check: &HealthCheck) -> Duration {
    or(check.timeout, TIMEOUT_DEFAULT)
}

/// True if there is something to run.
pub(crate) fn is_wanted(check: Option<&HealthCheck>) -> bool {
    check.and_then(|check| check.test.first()).is_some_and(|word| word != "NONE")
}

/// The command of a check.
pub(crate) fn command(check: &HealthCheck) -> Vec<String> {
    match check.test.split_first() {
        Some((word, rest)) if word == "CMD-SHELL" => {
            let shell = ["/bin/sh", "-c"].map(str::to_owned);
            shell.into_iter().chain(rest.iter().cloned()).collect()
        }
        Some((_, rest)) => rest.to_vec(),
        None => Vec::new(),
    }
}

impl Container {
    /// The container has started: its health is to be found out.
    pub(crate) fn watch_health(&mut self, now: Time) {
        self.health = is_wanted(self.config.health.as_ref()).then(|| Health {
            next_at: self.config.health.as_ref().map(|check| now + interval(check)),
            ..Health::default()
        });
    }

    /// The container has ended: what is known stays, nothing is found out any more.
    pub(crate) fn stop_health(&mut self) {
        if let Some(health) = &mut self.health {
            (health.next_at, health.running) = (None, None);
            if health.status == HealthStatus::Healthy || health.status == HealthStatus::Starting {
                health.status = HealthStatus::Unhealthy;
            }
        }
    }
}

impl Engine {
    /// Begins checks that are due, and ends those that take too long.
    pub(crate) fn poll_health(&mut self, now: Time, machine: &mut Machine) {
        let due = |container: &&Container| {
            let deadline = container.health.as_ref().zip(container.config.health.as_ref());
            deadline
                .and_then(|(health, check)| health.next_deadline(check))
                .is_some_and(|at| at <= now)
                && container.is_running()
                && !container.state.paused
        };
        let ids: Vec<ContainerId> =
            self.containers.values().filter(due).map(|container| container.id.clone()).collect();
        for id in ids {
            let release = self.options.release;
            let Some(container) = self.containers.get_mut(&id) else { continue };
            let Some(check) = container.config.health.clone() else { continue };
            let Some(health) = &mut container.health else { continue };
            if let Some((pid, start, _)) = health.running.take() {
                machine.signal(pid, Signal::Kill);
                let span = timeout(&check);
                let output = format!("Health check exceeded timeout ({span})");
                let probe = Probe { start, end: now, exit_code: -1, output };
                self.probed(now, &id, probe);
                continue;
            }
            let log = Log::shared(OUTPUT_SIZE_MAX as u64);
            let started = prepare_probe(container, &command(&check), &log, release).and_then(
                |(namespace, spawn)| {
                    let failed = |errno| crate::error::EngineError::system(format!("{errno}"));
                    machine.spawn(&namespace, spawn).map_err(failed)
                },
            );
            match (started, &mut container.health) {
                (Ok(pid), Some(health)) => health.running = Some((pid, now, log)),
                (Err(error), _) => {
                    let output = error.message;
                    self.probed(now, &id, Probe { start: now, end: now, exit_code: -1, output });
                }
                (Ok(_), None) => {}
            }
        }
    }

    /// A check's program has ended; true if it was one.
    pub(crate) fn on_probe_exit(&mut self, now: Time, pid: Pid, code: i32) -> bool {
        let found = self.containers.values_mut().find_map(|container| {
            let health = container.health.as_mut()?;
            let (running, start, log) = health.running.clone()?;
            (running == pid).then(|| {
                health.running = None;
                (container.id.clone(), start, log)
            })
        });
        let Some((id, start, log)) = found else { return false };
        log.borrow_mut().flush();
        let bytes: Vec<u8> = log.borrow().entries().flat_map(|entry| entry.bytes.clone()).collect();
        let output = String::from_utf8_lossy(&bytes).into_owned();
        self.probed(now, &id, Probe { start, end: now, exit_code: code, output });
        true
    }

    fn probed(&mut self, now: Time, id: &ContainerId, probe: Probe) {
        let Some(container) = self.containers.get_mut(id) else { return };
        let Some(check) = container.config.health.clone() else { return };
        let started = container.state.started.unwrap_or(now);
        let Some(health) = &mut container.health else { return };
        let before = health.status;
        health.next_at = Some(now + interval(&check));
        if probe.exit_code == 0 {
            health.failing_streak = 0;
            health.status = HealthStatus::Healthy;
        } else {
            let still_starting = health.status == HealthStatus::Starting
                && probe.start < started + check.start_period;
            if !still_starting {
                health.failing_streak += 1;
            }
            let retries = if check.retries == 0 { RETRIES_DEFAULT } else { check.retries };
            if health.failing_streak >= retries {
                health.status = HealthStatus::Unhealthy;
            }
        }
        health.log.push(probe);
        if health.log.len() > PROBE_COUNT_MAX {
            health.log.remove(0);
        }
        let after = health.status;
        if after != before {
            self.note_of(now, id, Happened::Health(id.clone(), after));
        }
    }
}
