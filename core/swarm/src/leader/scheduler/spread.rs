//! Placing a group of equal tasks: evenly over the branches that the placement preferences make,
//! then over the nodes of a branch (swarmkit: `scheduleNTasksOnSubtree`, `scheduleNTasksOnNodes`).

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use sim::Time;

use super::node_info::{FAILURES_MAX, Failures, NodeInfo};
use super::pipeline::Pipeline;
use crate::objects::{Id, Node, Task};

/// One decision for one group.
pub(super) struct Placing<'a> {
    pub(super) pipeline: Pipeline,
    pub(super) failures: &'a Failures,
    pub(super) now: Time,
    /// In the order that decides ties.
    pub(super) nodes: &'a mut [NodeInfo],
    pub(super) tasks: &'a [Rc<Task>],
    /// The nodes of the first tasks; shorter than `tasks` if not all could be placed.
    pub(super) decisions: Vec<Id>,
}

/// The value of a `spread=` preference at a node.
fn value<'a>(node: &'a Node, preference: &str) -> &'a str {
    let labels = [
        ("node.labels.", &node.spec.annotations.labels),
        ("engine.labels.", &node.description.engine_labels),
    ];
    labels
        .into_iter()
        .find_map(|(prefix, labels)| {
            let (head, key) = preference.split_at_checked(prefix.len())?;
            head.eq_ignore_ascii_case(prefix).then(|| labels.get(key).map_or("", String::as_str))
        })
        .unwrap_or_default()
}

impl Placing<'_> {
    /// Places as many tasks as there is room for.
    pub(super) fn place(&mut self) {
        let Some(first) = self.tasks.first() else { return };
        let preferences = first.spec.placement.preferences.clone();
        let usable: Vec<usize> =
            (0..self.nodes.len()).filter(|&at| self.pipeline.allows(&self.nodes[at])).collect();
        self.on_branch(self.tasks.len(), &usable, &preferences);
    }

    fn service(&self) -> &Id {
        &self.tasks[0].service_id
    }

    /// Places up to `count` tasks on these nodes; returns how many.
    fn on_branch(&mut self, count: usize, nodes: &[usize], preferences: &[String]) -> usize {
        let Some((preference, rest)) = preferences.split_first() else {
            return self.on_nodes(count, nodes);
        };
        let mut branches: SortedMap<String, Vec<usize>> = SortedMap::new();
        for &at in nodes {
            let value = value(&self.nodes[at].node, preference).to_owned();
            branches.entry(value).or_default().push(at);
        }
        let branches: Vec<Vec<usize>> = branches.into_values().collect();
        let mut full: SortedSet<usize> = SortedSet::new();
        let mut placed = 0;
        let mut converging = true;
        while placed < count && full.len() < branches.len() && converging {
            converging = false;
            let open = branches.len() - full.len();
            let load: Vec<usize> = branches.iter().map(|nodes| self.load(nodes)).collect();
            let in_open: usize =
                load.iter().enumerate().filter(|(b, _)| !full.contains(b)).map(|(_, l)| l).sum();
            let total = in_open + count - placed;
            let (share, mut remainder) = (total / open, total % open);
            for (branch, nodes) in branches.iter().enumerate() {
                if full.contains(&branch) || placed == count {
                    continue;
                }
                let have = load[branch];
                if share < have || (share == have && remainder == 0) {
                    continue;
                }
                converging = true;
                let wanted = (share - have + usize::from(remainder > 0)).min(count - placed);
                let got = self.on_branch(wanted, nodes, rest);
                placed += got;
                if got < wanted {
                    full.insert(branch);
                } else {
                    remainder = remainder.saturating_sub(1);
                }
            }
        }
        placed
    }

    /// How many tasks of the service these nodes have.
    fn load(&self, nodes: &[usize]) -> usize {
        let service = self.service();
        nodes.iter().map(|&at| self.nodes[at].active_of(service) as usize).sum()
    }

    /// Less is better.
    fn rank(&self, at: usize) -> (usize, u64, u64) {
        let info = &self.nodes[at];
        let failures = self.failures.recent(&info.node.id, &self.tasks[0], self.now);
        let failures = if failures < FAILURES_MAX { 0 } else { failures };
        let active = info.active_of(self.service());
        let active = if sim::planted!(FullestNodeChosen) { u64::MAX - active } else { active };
        (failures, active, info.active)
    }

    /// Always the best node that still passes, whoever comes first in a tie.
    fn on_nodes(&mut self, count: usize, nodes: &[usize]) -> usize {
        let mut usable = nodes.to_vec();
        let mut placed = 0;
        while placed < count {
            let Some(&best) = usable.iter().min_by_key(|&&at| self.rank(at)) else { break };
            if !self.pipeline.allows(&self.nodes[best]) {
                usable.retain(|&at| at != best);
                continue;
            }
            let task = &self.tasks[self.decisions.len()];
            self.nodes[best].add(task);
            self.decisions.push(self.nodes[best].node.id.clone());
            placed += 1;
        }
        placed
    }
}
