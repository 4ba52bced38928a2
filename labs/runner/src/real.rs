//! The simulated cluster behind the runner's [`Cluster`].

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

impl Cluster for World {
    type Mark = Mark;

    fn now(&self) -> Time {
        Self::now(self)
    }

    fn nodes(&self) -> Vec<String> {
        self.spec().nodes.clone()
    }

    fn advance_until(&mut self, until: Time) {
        Self::advance_until(self, until);
    }

    fn run_until_waiting(&mut self, node: &str, until: Time) -> bool {
        let limit = until.since(Self::now(self));
        // An unknown host never waits; typing there has failed before.
        let _ = self.run_until_idle(node, limit);
        let waits = Cluster::awaits(self, node).is_some();
        if !waits {
            // Also if the host lost its power meanwhile: time goes on for the others.
            Self::advance_until(self, until);
        }
        waits
    }

    fn type_text(&mut self, node: &str, text: &str) -> Result<(), String> {
        self.type_line(node, text).map_err(|error| error.to_string())
    }

    fn awaits(&self, node: &str) -> Option<Awaits> {
        Self::awaits(self, node).ok().flatten().map(|awaits| match awaits {
            world::Awaits::Command => Awaits::Command,
            world::Awaits::Continuation => Awaits::Continuation,
            world::Awaits::Program | world::Awaits::Editor => Awaits::Program,
        })
    }

    fn prompt(&self, node: &str) -> String {
        self.terminal(node, usize::MAX).map(|terminal| terminal.prompt).unwrap_or_default()
    }

    fn mark(&self, node: &str) -> Mark {
        Self::mark(self, node).unwrap_or_default()
    }

    fn printed_since(&self, node: &str, mark: &Mark) -> String {
        self.result_since(node, mark).map(|result| result.output).unwrap_or_default()
    }

    fn status_since(&self, node: &str, _: &Mark) -> Option<i32> {
        self.terminal(node, 0).ok()?.blocks.last()?.status
    }

    fn inject(&mut self, fault: &str) -> Result<Injected, String> {
        Self::inject(self, fault).map(|struck| injected(&struck)).map_err(|error| error.to_string())
    }

    fn arm(&mut self, on: &str, faults: &[String]) -> Result<u64, String> {
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        Self::arm(self, on, &faults).map_err(|error| error.to_string())
    }

    fn armed(&self, id: u64) -> Armed {
        let armed = Self::armed(self).iter().find(|armed| armed.id == id);
        match armed.map(|armed| &armed.state) {
            Some(ArmedState::Struck) => {
                let struck = self.struck().iter().filter(|struck| struck.armed == Some(id));
                Armed::Struck(struck.map(injected).collect())
            }
            Some(ArmedState::Missed(why)) => Armed::Missed(why.clone()),
            _ => Armed::Waiting,
        }
    }

    fn facts(&self) -> Facts {
        let seen = self.observe();
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
        Self::file_size(self, node, path).ok().flatten()
    }

    fn find_bytes(&self, needle: &[u8]) -> Vec<Found> {
        Self::find_bytes(self, needle)
            .into_iter()
            .map(|found| Found {
                surface: found.surface.word().to_owned(),
                node: found.node,
                place: found.place,
            })
            .collect()
    }

    fn leaks(&self) -> Vec<Leak> {
        let found = self.audit_view(&AuditRules::default()).unwrap_or_default().findings;
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
