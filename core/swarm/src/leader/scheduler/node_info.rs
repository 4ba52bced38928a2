//! What the scheduler knows of a node: its tasks, what they have taken, and where they failed
//! (swarmkit: `manager/scheduler/nodeinfo.go`).

use sorted::{SortedMap, SortedSet};
use std::collections::VecDeque;
use std::rc::Rc;

use sim::{Duration, Time};

use crate::objects::{Id, Node, PortProtocol, PublishMode, Task, TaskState};
use crate::store::Store;

/// Failures are remembered so long (swarmkit: `monitorFailures`).
const FAILURE_MEMORY: Duration = Duration::from_secs(5 * 60);
/// So many of them put a node behind the others (swarmkit: `maxFailures`).
pub(super) const FAILURES_MAX: usize = 5;

/// A node and what its tasks have taken of it.
#[derive(Clone, Debug)]
pub(super) struct NodeInfo {
    pub(super) node: Rc<Node>,
    pub(super) active: u64,
    pub(super) active_by_service: SortedMap<Id, u64>,
    pub(super) free_nano_cpus: i64,
    pub(super) free_memory_bytes: i64,
    pub(super) host_ports: SortedSet<(u32, PortProtocol)>,
}

impl NodeInfo {
    pub(super) fn new(node: &Rc<Node>, store: &Store) -> Self {
        let mut this = Self {
            node: Rc::clone(node),
            active: 0,
            active_by_service: SortedMap::new(),
            free_nano_cpus: node.description.nano_cpus,
            free_memory_bytes: node.description.memory_bytes,
            host_ports: SortedSet::new(),
        };
        let here = |task: &&Rc<Task>| {
            TaskState::Assigned <= task.status.state && task.status.state <= TaskState::Running
        };
        for task in store.tasks_of_node(&node.id).filter(here) {
            this.add(task);
        }
        this
    }

    /// Counts a task that the node has or is going to have.
    pub(super) fn add(&mut self, task: &Task) {
        let reserved = &task.spec.resources.reservations;
        self.free_nano_cpus -= reserved.nano_cpus;
        self.free_memory_bytes -= reserved.memory_bytes;
        self.host_ports.extend(host_ports(task));
        if task.desired_state <= TaskState::Complete {
            self.active += 1;
            *self.active_by_service.entry(task.service_id.clone()).or_default() += 1;
        }
    }

    pub(super) fn active_of(&self, service: &Id) -> u64 {
        self.active_by_service.get(service).copied().unwrap_or_default()
    }
}

/// The ports of the node itself that the task takes.
pub(super) fn host_ports(task: &Task) -> impl Iterator<Item = (u32, PortProtocol)> {
    let ports = task.endpoint.iter().flat_map(|endpoint| &endpoint.ports);
    ports
        .filter(|port| port.publish_mode == PublishMode::Host && port.published_port != 0)
        .map(|port| (port.published_port, port.protocol))
}

/// When which version of which service failed on which node.
#[derive(Debug, Default)]
pub(super) struct Failures {
    times: SortedMap<(Id, Id, u64), VecDeque<Time>>,
}

impl Failures {
    pub(super) fn record(&mut self, task: &Task, now: Time) {
        let Some(node) = &task.node_id else { return };
        let key = (node.clone(), task.service_id.clone(), task.spec_version);
        self.times.entry(key).or_default().push_back(now);
        self.times.retain(|_, times| {
            times.retain(|at| now.since(*at) < FAILURE_MEMORY);
            !times.is_empty()
        });
    }

    pub(super) fn forget(&mut self, node: &Id) {
        self.times.retain(|(failed_on, _, _), _| failed_on != node);
    }

    pub(super) fn recent(&self, node: &Id, task: &Task, now: Time) -> usize {
        let key = (node.clone(), task.service_id.clone(), task.spec_version);
        let recent = |at: &&Time| now.since(**at) <= FAILURE_MEMORY;
        self.times.get(&key).map_or(0, |times| times.iter().filter(recent).count())
    }
}
