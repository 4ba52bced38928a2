//! The Docker daemon, and the kubelet, as services of their host: `systemctl stop docker` ends it in order, `start` starts it
//! again from what is on the disk.

use sorted::SortedSet;

use daemon::Listening;
use daemon::api::Error;
use daemon::client::Reply;
use os::{Machine, RequestId};
use sim::Time;
use tools::unit::{Ask, Unit, UnitState};

use crate::host::{Host, Settling};
use crate::world::World;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Running,
    Stopping,
    Stopped,
}

/// The service of a host that is up.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) stage: Stage,
    since: Time,
    /// What systemd starts it with, as it read its files last.
    command: String,
    /// Why it has ended by itself.
    failure: Option<String>,
    /// Who waits until it has stopped.
    waiting: Vec<RequestId>,
    /// It is to start again then.
    starts_again: bool,
    /// Requests that the daemon has not answered yet.
    pub(crate) asked: SortedSet<RequestId>,
}

impl Service {
    pub(crate) fn new(now: Time, command: String) -> Self {
        Self {
            stage: Stage::Running,
            since: now,
            command,
            failure: None,
            waiting: Vec::new(),
            starts_again: false,
            asked: SortedSet::new(),
        }
    }

    fn state(&self, machine: &Machine) -> UnitState {
        UnitState {
            active: self.stage != Stage::Stopped,
            since: self.since,
            failure: self.failure.clone(),
            is_stale: self.command != daemon::daemon_command(machine),
        }
    }
}

impl World {
    /// A process of a host wants something of a service.
    pub(crate) fn unit(&mut self, index: usize, request: RequestId, unit: Unit, ask: Ask) {
        match unit {
            Unit::Docker => self.docker_unit(index, request, ask),
            Unit::Kubelet => self.kubelet_unit(index, request, ask),
        }
    }

    fn kubelet_unit(&mut self, index: usize, request: RequestId, ask: Ask) {
        self.settle(index, |host, settling| {
            let runs: &[bool] = match ask {
                Ask::Status => &[],
                Ask::Start => &[true],
                Ask::Stop => &[false],
                Ask::Restart => &[false, true],
                Ask::Reload => &[],
            };
            for runs in runs {
                host.with_kube(settling, |node, context| node.set_kubelet(context, *runs));
            }
            let Some(up) = &mut host.up else { return };
            let state: Option<UnitState> = up
                .kube
                .as_ref()
                .map(|node| UnitState::new(node.kubelet_runs(), node.kubelet_since()));
            up.machine.reply(request, Box::new(state));
        });
    }

    fn docker_unit(&mut self, index: usize, request: RequestId, ask: Ask) {
        let Some(up) = &mut self.hosts[index].up else { return };
        let service = &mut up.service;
        match (ask, service.stage) {
            (Ask::Reload, _) => service.command = daemon::daemon_command(&up.machine),
            (Ask::Status, _) | (Ask::Start, Stage::Running) | (Ask::Stop, Stage::Stopped) => {}
            (Ask::Start | Ask::Restart, Stage::Stopped) => self.start_docker(index),
            (_, Stage::Stopping) => {
                service.starts_again |= ask != Ask::Stop;
                return service.waiting.push(request);
            }
            (Ask::Stop | Ask::Restart, Stage::Running) => {
                service.starts_again = ask == Ask::Restart;
                service.waiting.push(request);
                return self.stop_docker(index);
            }
        }
        self.answer_unit(index, request);
    }

    fn answer_unit(&mut self, index: usize, request: RequestId) {
        self.settle(index, |host, _| {
            if let Some(up) = &mut host.up {
                let state = Some(up.service.state(&up.machine));
                up.machine.reply(request, Box::new(state));
            }
        });
    }

    fn stop_docker(&mut self, index: usize) {
        if let Some(cause) = self.trace.cause() {
            // Others hear nothing of it from now on, and this is why.
            self.blame.host(self.hosts[index].id, cause);
        }
        self.settle(index, |host, settling| {
            host.with_daemon(settling, |daemon, context| daemon.stop(context));
            let Some(up) = &mut host.up else { return };
            up.service.stage = Stage::Stopping;
            for request in std::mem::take(&mut up.service.asked) {
                let gone: Reply = Err(Error::Unreachable);
                up.machine.reply(request, Box::new(gone));
            }
        });
    }

    /// Nothing of the daemon runs any more: what is left is what is on the disk.
    pub(crate) fn docker_stopped(&mut self, index: usize) {
        let Some(mut up) = self.hosts[index].up.take() else { return };
        let engine = up.daemon.into_engine();
        up.daemon = self.new_daemon(index, Some(engine));
        up.service.stage = Stage::Stopped;
        up.service.since = self.now;
        let waiting = std::mem::take(&mut up.service.waiting);
        let starts_again = std::mem::take(&mut up.service.starts_again);
        self.hosts[index].up = Some(up);
        if starts_again {
            self.start_docker(index);
        }
        for request in waiting {
            self.answer_unit(index, request);
        }
    }

    fn start_docker(&mut self, index: usize) {
        self.blame.host_well(self.hosts[index].id, self.now);
        self.settle(index, |host, settling| {
            if host.begin_docker(settling) {
                let (id, name) = (host.id, host.name.clone());
                settling.trace.record(settling.now, Some(id), "docker.started", name);
            }
        });
    }
}

impl Host {
    /// Starts the daemon as its unit and its own file say; false if it ends at once.
    pub(crate) fn begin_docker(&mut self, settling: &mut Settling<'_>) -> bool {
        let Some(up) = &mut self.up else { return false };
        let service = &mut up.service;
        service.since = settling.now;
        service.failure = None;
        match Listening::new(&up.machine, &service.command) {
            Ok(listening) => {
                service.stage = Stage::Running;
                up.daemon.listen(listening);
                self.with_daemon(settling, |daemon, context| daemon.boot(context));
                true
            }
            Err(why) => {
                service.stage = Stage::Stopped;
                let detail = format!("{}: {why}", self.name);
                settling.trace.record(settling.now, Some(self.id), "docker.failed", detail);
                service.failure = Some(why);
                false
            }
        }
    }
}
