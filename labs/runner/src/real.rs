//! The simulated cluster behind the runner's [`Cluster`], as it is or under somebody's eyes.

use sim::{Duration, Time};
use world::{ArmedState, AuditRules, FindingView, KubeSpec, Mark, Spec, Struck, Verdict, World};

use crate::check::LeakPlace;
use crate::cluster::{
    Armed, Awaits, Cluster, Facts, Found, Injected, Leak, NodeFacts, RaftFacts, ServiceFacts,
    TaskFacts,
};
use crate::model::Lab;
use crate::runner::Runner;

impl Lab {
    /// What the lab's world is built from; `seed` takes the place of the lab's own.
    pub fn spec(&self, seed: Option<u64>) -> Spec {
        Spec {
            nodes: self.nodes.clone(),
            managers: self.managers.clone(),
            docker: self.docker.clone(),
            seed: seed.unwrap_or(self.seed),
            user: self.user.clone(),
            prompt: self.prompt.clone(),
            columns: None,
            start: self.start_secs.map(|secs| Time::EPOCH + Duration::from_secs(secs)),
            pre_vote: self.pre_vote,
            kube: (!self.kubernetes.is_empty())
                .then(|| KubeSpec::new(self.kubernetes.iter().cloned(), &self.kubectl)),
        }
    }
}

impl Lab {
    /// Begins the leak audit of a world that nobody has done anything to yet.
    pub fn begin_audit(&self, world: &mut World) {
        world.start_audit();
        for (name, text) in &self.watch {
            world.watch_word(name, text.as_bytes());
        }
    }
}

impl Runner<Mark> {
    /// What the lab makes of what the audit finds, for [`World::audit_view`].
    pub fn audit_rules(&self) -> AuditRules {
        let rule = |place: &LeakPlace| place.rule(self.bindings());
        AuditRules {
            allow: self.lab().allow.iter().filter_map(rule).collect(),
            expect: self.lab().expected_leaks().filter_map(rule).collect(),
        }
    }
}

/// A cluster that is a [`World`], perhaps with somebody who looks at it as it goes.
pub trait Real {
    /// The world.
    fn world(&self) -> &World;
    /// The world, to do something to it.
    fn world_mut(&mut self) -> &mut World;
    /// Handles the next event up to `until`; false if there is none.
    fn step(&mut self, until: Time) -> bool {
        self.world_mut().step(until)
    }
    /// Something was done to the world.
    fn touched(&mut self) {}
}

impl Real for World {
    fn world(&self) -> &World {
        self
    }

    fn world_mut(&mut self) -> &mut World {
        self
    }
}

impl<R: Real> Cluster for R {
    type Mark = Mark;

    fn now(&self) -> Time {
        self.world().now()
    }

    fn nodes(&self) -> Vec<String> {
        self.world().spec().nodes.clone()
    }

    fn advance_until(&mut self, until: Time) {
        while self.step(until) {}
        // The clock, too.
        self.world_mut().advance_until(until);
    }

    fn run_until_waiting(&mut self, node: &str, until: Time) -> bool {
        while self.awaits(node).is_none() {
            // Also if the host lost its power meanwhile: time goes on for the others.
            if !self.step(until) {
                self.world_mut().advance_until(until);
                break;
            }
        }
        self.awaits(node).is_some()
    }

    fn type_text(&mut self, node: &str, text: &str) -> Result<(), String> {
        let typed = self.world_mut().type_line(node, text);
        self.touched();
        typed.map_err(|error| error.to_string())
    }

    fn awaits(&self, node: &str) -> Option<Awaits> {
        self.world().awaits(node).ok().flatten().map(|awaits| match awaits {
            world::Awaits::Command => Awaits::Command,
            world::Awaits::Continuation => Awaits::Continuation,
            world::Awaits::Program | world::Awaits::Editor => Awaits::Program,
        })
    }

    fn prompt(&self, node: &str) -> String {
        self.world().terminal(node, usize::MAX).map(|terminal| terminal.prompt).unwrap_or_default()
    }

    fn mark(&self, node: &str) -> Mark {
        self.world().mark(node).unwrap_or_default()
    }

    fn printed_since(&self, node: &str, mark: &Mark) -> String {
        self.world().result_since(node, mark).map(|result| result.output).unwrap_or_default()
    }

    fn status_since(&self, node: &str, _: &Mark) -> Option<i32> {
        self.world().terminal(node, 0).ok()?.blocks.last()?.status
    }

    fn inject(&mut self, fault: &str) -> Result<Injected, String> {
        let struck = self.world_mut().inject(fault).map(|struck| injected(&struck));
        self.touched();
        struck.map_err(|error| error.to_string())
    }

    fn arm(&mut self, on: &str, faults: &[String]) -> Result<u64, String> {
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        self.world_mut().arm(on, &faults).map_err(|error| error.to_string())
    }

    fn armed(&self, id: u64) -> Armed {
        let armed = self.world().armed().iter().find(|armed| armed.id == id);
        match armed.map(|armed| &armed.state) {
            Some(ArmedState::Struck) => {
                let struck = self.world().struck().iter().filter(|struck| struck.armed == Some(id));
                Armed::Struck(struck.map(injected).collect())
            }
            Some(ArmedState::Missed(why)) => Armed::Missed(why.clone()),
            _ => Armed::Waiting,
        }
    }

    fn facts(&self) -> Facts {
        let seen = self.world().observe();
        let runs = |name: &str| {
            let here = seen.tasks.iter().filter(|task| task.node.as_deref() == Some(name));
            here.filter(|task| task.state == "running").map(|task| task.service.clone()).collect()
        };
        Facts {
            leader: seen.leader.clone(),
            nodes: seen
                .nodes
                .iter()
                .map(|node| NodeFacts {
                    name: node.name.clone(),
                    up: node.up,
                    frozen: node.frozen,
                    role: node.role.clone().unwrap_or_else(|| "none".to_owned()),
                    status: node.state.clone().unwrap_or_default(),
                    availability: node.availability.clone().unwrap_or_default(),
                    runs: runs(&node.name),
                    secrets: node.agent_secrets.clone(),
                    knows: node.store_secrets.clone(),
                    raft: node.raft.as_ref().map(|raft| RaftFacts {
                        role: raft.role.clone(),
                        term: raft.term,
                        commit: raft.commit,
                        applied: raft.applied,
                    }),
                })
                .collect(),
            services: seen
                .services
                .iter()
                .map(|service| ServiceFacts {
                    name: service.name.clone(),
                    replicas: service.desired,
                    running: service.running,
                })
                .collect(),
            secrets: seen.secrets.iter().map(|secret| secret.name.clone()).collect(),
            has_quorum: seen.has_quorum,
            tasks: seen
                .tasks
                .iter()
                .map(|task| TaskFacts {
                    name: task.name.clone(),
                    service: task.service.clone(),
                    state: task.state.clone(),
                    node: task.node.clone(),
                })
                .collect(),
            cuts: seen
                .links
                .iter()
                .filter(|link| link.cut)
                .map(|link| (link.from.clone(), link.to.clone()))
                .collect(),
        }
    }

    fn file_size(&self, node: &str, path: &str) -> Option<u64> {
        self.world().file_size(node, path).ok().flatten()
    }

    fn find_bytes(&self, needle: &[u8]) -> Vec<Found> {
        self.world()
            .find_bytes(needle)
            .into_iter()
            .map(|found| Found {
                surface: found.surface.word().to_owned(),
                node: found.node,
                place: found.place,
            })
            .collect()
    }

    fn leaks(&self) -> Vec<Leak> {
        let found = self.world().audit_view(&AuditRules::default()).unwrap_or_default().findings;
        found.into_iter().filter(|found| found.verdict == Verdict::Unexpected).map(leak).collect()
    }
}

fn leak(found: FindingView) -> Leak {
    let first = found.causes.last().map(|cause| cause.text.clone());
    Leak {
        names: found.needle.split(", ").map(str::to_owned).collect(),
        surface: found.surface.word().to_owned(),
        node: found.node,
        place: found.place,
        form: found.form.word().to_owned(),
        written: found.form.words().to_owned(),
        cause: first.unwrap_or_default(),
    }
}

fn injected(struck: &Struck) -> Injected {
    Injected { words: struck.words.clone(), nodes: struck.nodes.clone() }
}
