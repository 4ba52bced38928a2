//! A cluster for a scenario: as in a sweep it is watched after every event, and whatever does not hold
//! ends the scenario.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sim::Duration;
use swarm::store::Store;
use sweep::session::Session;
use sweep::{Cluster, Failure};
use world::fault::{Reach, Trigger};
use world::{Fault, Input, KubeSpec, LineResult, Spec, Surface};

use crate::list::Scenario;

/// Three managers, of which the first leads, and two workers; or a control plane and two workers of a Kubernetes.
#[derive(Debug)]
pub struct Lab<'a> {
    session: Session<'a>,
}

pub(crate) type Step<T = ()> = Result<T, Failure>;

/// The failure, if there is one, and how many events and how much time it took.
pub(crate) fn play(cluster: Cluster, scenario: Scenario) -> (Option<Failure>, u64, Duration) {
    let mut inputs = Vec::new();
    let (mut event_count, mut simulated) = (0, Duration::ZERO);
    let played = catch_unwind(AssertUnwindSafe(|| {
        let spec = match cluster {
            Cluster::Swarm => {
                Spec::new(["m1", "m2", "m3", "w1", "w2"]).with_managers(["m1", "m2", "m3"])
            }
            Cluster::Kubernetes => {
                let hosts = ["m1", "w1", "w2"];
                Spec::new(hosts).with_kube(KubeSpec::new(hosts, "1.25"))
            }
        };
        let session = Session::new(spec.with_docker("20.10").with_seed(1), &mut inputs)?;
        let mut lab = Lab { session };
        let result = lab.wait(5).and_then(|()| scenario(&mut lab));
        let world = &lab.session.world;
        (event_count, simulated) = (world.event_count(), world.now().since(world.started()));
        result
    }));
    let failure = match played {
        Ok(result) => result.err(),
        Err(_) => Some(Failure::new("panic", String::new())),
    };
    (failure, event_count, simulated)
}

impl Lab<'_> {
    /// The scenario's own complaint.
    pub(crate) fn expect(&self, holds: bool, name: &str) -> Step {
        if holds { Ok(()) } else { Err(Failure::new(name, name.to_owned())) }
    }

    pub(crate) fn wait(&mut self, secs: u64) -> Step {
        self.wait_ms(secs * 1_000)
    }

    pub(crate) fn wait_ms(&mut self, millis: u64) -> Step {
        self.session.run_until(self.session.world.now() + Duration::from_millis(millis))
    }

    pub(crate) fn apply(&mut self, input: Input) -> Step {
        self.session.apply(input).map(drop)
    }

    pub(crate) fn crash(&mut self, node: &str) -> Step {
        self.apply(Input::fault(Fault::Crash(node.into())))
    }

    pub(crate) fn restart(&mut self, node: &str) -> Step {
        self.apply(Input::fault(Fault::Restart(node.into())))
    }

    /// Faults that strike once, as soon as something happens.
    pub(crate) fn arm(&mut self, on: &str, fault: Fault) -> Step {
        let on = Trigger::parse(on).map_err(|error| Failure::new("scenario", error.to_string()))?;
        self.apply(Input::Arm { on, faults: vec![fault] })
    }

    /// Waits, a minute at most, until something is so; at most a millisecond longer.
    pub(crate) fn wait_until(&mut self, is_so: impl Fn(&Self) -> bool) -> Step {
        for _ in 0..60_000 {
            if is_so(self) {
                return Ok(());
            }
            self.wait_ms(1)?;
        }
        Err(Failure::new("scenario", "it never came".to_owned()))
    }

    /// Cuts a host off from all others, or heals all that.
    pub(crate) fn cut(&mut self, node: &str, is_cut: bool) -> Step {
        for other in self.session.world.spec().nodes.clone().iter().filter(|other| *other != node) {
            for (from, to) in [(node, other.as_str()), (other.as_str(), node)] {
                let reach = Reach::one_way(from, to);
                let fault = if is_cut { Fault::Cut(reach) } else { Fault::Heal(reach) };
                self.apply(Input::fault(fault))?;
            }
        }
        Ok(())
    }

    pub(crate) fn write(&mut self, node: &str, path: &str, text: &str) -> Step {
        let [node, path, text] = [node, path, text].map(str::to_owned);
        self.apply(Input::WriteFile { node, path, text })
    }

    /// Types a line without waiting for what comes of it.
    pub(crate) fn type_line(&mut self, node: &str, text: &str) -> Step {
        self.apply(Input::Type { node: node.to_owned(), text: format!("{text}\n") })
    }

    /// Types a line and waits until the prompt is back, a minute at most.
    pub(crate) fn run(&mut self, node: &str, text: &str) -> Step<LineResult> {
        let mark = self.session.world.mark(node).map_err(bad)?;
        self.type_line(node, text)?;
        for _ in 0..1_200 {
            if self.session.is_at_prompt(node) {
                break;
            }
            self.wait_ms(50)?;
        }
        self.session.world.result_since(node, &mark).map_err(bad)
    }

    pub(crate) fn is_at_prompt(&self, node: &str) -> bool {
        self.session.is_at_prompt(node)
    }

    /// What a line prints that must end well.
    pub(crate) fn says(&mut self, node: &str, text: &str) -> Step<String> {
        let result = self.run(node, text)?;
        if result.status == 0 && !result.running {
            return Ok(result.output);
        }
        Err(Failure::new("command", format!("{node}$ {text}\n{}", result.output)))
    }

    /// What the log makes of the cluster.
    pub(crate) fn store(&self) -> Store {
        let world = &self.session.world;
        let model = (0..world.host_count()).find_map(|host| self.session.watch.model(world, host));
        model.map(|model| model.store().clone()).unwrap_or_default()
    }

    pub(crate) fn daemon(&self, node: &str) -> Option<&swarm::node::SwarmNode> {
        let host = self.session.host(node)?;
        Some(self.session.world.probe(host)?.daemon?.swarm())
    }

    pub(crate) fn now(&self) -> sim::Time {
        self.session.world.now()
    }

    /// How far a manager's member of the raft group is.
    pub(crate) fn raft(&self, node: &str) -> Option<raft::Position> {
        Some(self.daemon(node)?.raft()?.position())
    }

    pub(crate) fn leads(&self, node: &str) -> bool {
        self.raft(node).is_some_and(|at| at.role == raft::Role::Leader)
    }

    /// A minute after the last thing that was done all is as it was asked for.
    pub(crate) fn rest(&mut self) -> Step {
        self.wait(60)?;
        let mut looks = Vec::new();
        for _ in 0..6 {
            self.wait_ms(5_300)?;
            looks.push(self.session.watch.look_for_rest(&self.session.world));
        }
        let verdict = self.session.watch.at_rest(&self.session.world, &looks);
        verdict.map_err(|violation| Failure::from(*violation))
    }

    /// The files of a host's daemon.
    pub(crate) fn files(&self, node: &str) -> Vec<String> {
        let probe = self.session.host(node).and_then(|host| self.session.world.probe(host));
        probe
            .map(|probe| probe.disk.files().map(|(path, _)| path.to_owned()).collect())
            .unwrap_or_default()
    }

    pub(crate) fn address(&self, node: &str) -> String {
        self.session.world.address(self.session.host(node).unwrap_or_default())
    }

    /// True if some bytes are on a surface.
    pub(crate) fn is_found(&self, text: &str, surface: Surface) -> bool {
        let found = self.session.world.find_bytes(text.as_bytes());
        found.iter().any(|found| found.surface == surface)
    }
}

fn bad(error: world::Error) -> Failure {
    Failure::new("scenario", error.to_string())
}
