//! What came of a part, put together from the cluster at the moment it is over.

use std::cell::RefCell;

use super::{Runner, Typed};
use crate::check::{CheckLine, LastCommand, Scene, outside};
use crate::cluster::{Cluster, Facts, Leak};
use crate::model::Command;
use crate::outcome::{CheckOutcome, CommandOutcome};

impl<M: Clone> Runner<M> {
    /// The outcome of a command that is over or at its limit; its values are captured.
    pub(super) fn ran(
        &mut self,
        command: &Command,
        typed: &Typed<M>,
        cluster: &impl Cluster<Mark = M>,
        running: bool,
    ) -> CommandOutcome {
        let output = cluster.printed_since(&typed.node, &typed.mark);
        let status = if running { None } else { cluster.status_since(&typed.node, &typed.mark) };
        let nodes = cluster.nodes();
        let comparison = command
            .expects
            .as_ref()
            .map(|pattern| pattern.compare(&output, &nodes, &mut self.bindings));
        self.last = Some(LastCommand { status, output: output.clone() });
        match cluster.awaits(&typed.node) {
            Some(awaits) => self.left.insert(typed.node.clone(), awaits),
            None => self.left.remove(&typed.node),
        };
        CommandOutcome {
            node: typed.node.clone(),
            text: typed.text.clone(),
            prompt: typed.prompt.clone(),
            output,
            status,
            expected_status: command.exit,
            running,
            started_ms: typed.started.since(self.origin).as_millis(),
            ended_ms: cluster.now().since(self.origin).as_millis(),
            comparison,
            problem: None,
        }
    }

    /// The outcome of a command that could not be typed.
    pub(super) fn not_typed(
        &self,
        command: &Command,
        cluster: &impl Cluster<Mark = M>,
        problem: String,
    ) -> CommandOutcome {
        let at_ms = cluster.now().since(self.origin).as_millis();
        CommandOutcome {
            node: self.bindings.fill_known(&command.node),
            text: self.bindings.fill_known(&command.text),
            prompt: String::new(),
            output: String::new(),
            status: None,
            expected_status: command.exit,
            running: false,
            started_ms: at_ms,
            ended_ms: at_ms,
            comparison: None,
            problem: Some(problem),
        }
    }

    /// What the audit has found that the lab neither allows nor shows on purpose.
    pub fn leaks(&self, cluster: &impl Cluster<Mark = M>) -> Vec<Leak> {
        let leaks = cluster.leaks();
        let places = self.lab.leak_places();
        outside(&leaks, &places, &self.bindings).cloned().collect()
    }

    /// Judges the lines of a check.
    pub(super) fn judged(
        &self,
        cluster: &impl Cluster<Mark = M>,
        lines: &[CheckLine],
    ) -> CheckOutcome {
        let facts: Facts = cluster.facts();
        let allowed = self.lab.leak_places();
        let scene = Scene {
            cluster,
            facts: &facts,
            bindings: &self.bindings,
            last: self.last.as_ref(),
            struck: &|id| self.has_struck(id),
            allowed: &allowed,
            found: RefCell::default(),
        };
        CheckOutcome {
            at_ms: cluster.now().since(self.origin).as_millis(),
            verdicts: lines.iter().map(|line| scene.judge(line)).collect(),
        }
    }
}
