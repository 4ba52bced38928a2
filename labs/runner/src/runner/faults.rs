//! Faults of a lab, at once and armed, and the questions whose answers the cluster knows.

use super::Runner;
use crate::bindings::Unbound;
use crate::cluster::{Armed, Cluster, Injected};
use crate::model::{Ask, At, Computed, Fault, Part};
use crate::outcome::{AskOutcome, FaultOutcome, Outcome};

fn unbound(Unbound(name): Unbound) -> String {
    format!("it needs `{name}`, which no command before has shown")
}

impl<M: Clone> Runner<M> {
    /// Makes faults happen, or arms them.
    pub(super) fn fault(
        &mut self,
        fault: &Fault,
        cluster: &mut impl Cluster<Mark = M>,
    ) -> FaultOutcome {
        let at_ms = cluster.now().since(self.origin).as_millis();
        let mut outcome = FaultOutcome { at_ms, text: fault.words(), problem: None, armed: None };
        let lines: Result<Vec<String>, String> =
            fault.faults.iter().map(|line| self.bindings.fill(line).map_err(unbound)).collect();
        let lines = match lines {
            Ok(lines) => lines,
            Err(problem) => {
                outcome.problem = Some(problem);
                return outcome;
            }
        };
        if let Some(on) = &fault.on {
            let armed = self.bindings.fill(on).map_err(unbound);
            match armed.and_then(|on| cluster.arm(&on, &lines)) {
                Ok(id) => outcome.armed = Some(id),
                Err(problem) => outcome.problem = Some(problem),
            }
            return outcome;
        }
        let mut done = Vec::new();
        for line in lines {
            match cluster.inject(&line) {
                Ok(injected) => done.push(injected),
                Err(problem) => outcome.problem = outcome.problem.or(Some(problem)),
            }
        }
        outcome.text = self.struck(fault, &done);
        outcome
    }

    /// What happened, in words; the name of the fault stands for the first host from now on.
    fn struck(&mut self, fault: &Fault, done: &[Injected]) -> String {
        if let Some(node) = done.iter().flat_map(|injected| &injected.nodes).next()
            && !fault.id.is_empty()
        {
            self.bindings.set(&fault.id, node);
        }
        done.iter().map(|injected| injected.words.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Looks what became of armed faults.
    pub(super) fn follow_armed(&mut self, cluster: &impl Cluster<Mark = M>) {
        for at in self.waiting_faults() {
            let (Some(Part::Fault(fault)), Some(Outcome::Fault(outcome))) =
                (self.lab.part(at).cloned(), self.outcomes.get(&at).cloned())
            else {
                continue;
            };
            let Some(id) = outcome.armed else { continue };
            let mut outcome = outcome;
            match cluster.armed(id) {
                Armed::Waiting => continue,
                Armed::Struck(done) => outcome.text = self.struck(&fault, &done),
                Armed::Missed(why) => outcome.problem = Some(why),
            }
            outcome.armed = None;
            self.outcomes.insert(at, Outcome::Fault(outcome));
        }
    }

    /// The lab is over: what armed faults waited for did not happen.
    pub(super) fn miss_armed(&mut self) {
        for at in self.waiting_faults() {
            if let Some(Outcome::Fault(outcome)) = self.outcomes.get_mut(&at) {
                outcome.problem = Some(format!("it did not happen: {}", outcome.text));
            }
        }
    }

    fn waiting_faults(&self) -> Vec<At> {
        let waits =
            |outcome: &Outcome| matches!(outcome, Outcome::Fault(fault) if fault.armed.is_some());
        self.outcomes.iter().filter(|(_, outcome)| waits(outcome)).map(|(at, _)| *at).collect()
    }

    /// Whether the fault with this name has struck; nothing if its turn has not come.
    pub(super) fn has_struck(&self, id: &str) -> Option<bool> {
        let (at, _) = self.lab.places().find(|(_, part)| match part {
            Part::Fault(fault) => fault.id == id,
            _ => false,
        })?;
        match self.outcomes.get(&at)? {
            Outcome::Fault(outcome) => Some(outcome.armed.is_none() && outcome.problem.is_none()),
            _ => None,
        }
    }

    /// Looks up the answers of a question.
    pub(super) fn asked(&self, ask: &Ask, cluster: &impl Cluster<Mark = M>) -> AskOutcome {
        let facts = cluster.facts();
        let mut answers = Vec::new();
        let mut problem = None;
        for answer in &ask.answers {
            match self.bindings.fill(answer) {
                Ok(answer) => answers.push(answer),
                Err(name) => problem = problem.or(Some(unbound(name))),
            }
        }
        for computed in &ask.computed {
            let task = |name: &String| facts.tasks.iter().find(|task| task.name == *name);
            let leads = |node: &&crate::cluster::NodeFacts| {
                facts.leader.as_ref().is_some_and(|leader| *leader == node.name)
            };
            let found = match computed {
                Computed::Leader => facts.leader.clone(),
                Computed::Term => facts
                    .nodes
                    .iter()
                    .find(leads)
                    .and_then(|node| node.raft.as_ref())
                    .map(|raft| raft.term.to_string()),
                Computed::Quorum => {
                    let managers = facts.nodes.iter().filter(|node| node.role == "manager").count();
                    (managers > 0).then(|| (managers / 2 + 1).to_string())
                }
                Computed::NodeOf(name) => task(name).and_then(|task| task.node.clone()),
                Computed::Running(name) => {
                    let service = facts.services.iter().find(|service| service.name == *name);
                    service.map(|service| service.running.to_string())
                }
            };
            match found {
                Some(answer) => answers.push(answer),
                None => problem = problem.or_else(|| Some(format!("{computed}: nobody knows now"))),
            }
        }
        AskOutcome { at_ms: cluster.now().since(self.origin).as_millis(), answers, problem }
    }
}
