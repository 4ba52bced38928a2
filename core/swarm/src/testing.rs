//! A cluster without I/O for this crate's tests: a store that commits at once, the leader's loops,
//! and a fake agent that walks tasks through their states. Every commit is checked against the
//! invariants of the store and of orchestration.

mod invariants;

use sorted::{SortedMap, SortedSet};

use sim::{Duration, Rng, Streams, Time};

use crate::control::{self, ApiError, ControlRequest, ControlResponse, RaftMembers};
use crate::leader::Loops;
use crate::objects::{
    Annotations, Cluster, ContainerSpec, Id, Node, NodeState, Object, Role, Service, ServiceMode,
    ServiceSpec, Task, TaskSpec, TaskState, random_id,
};
use crate::store::{Store, StoreEvent, Tx, TxContext};

pub(crate) use invariants::Writer;

/// Between two steps of a task on its node.
const STEP: Duration = Duration::from_millis(100);
/// How long a program runs that ends by itself.
pub(crate) const LIFE: Duration = Duration::from_secs(1);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) now: Time,
    pub(crate) start: Time,
    loops: Loops,
    index: u64,
    ids: Rng,
    /// When a task's agent does something next.
    agenda: SortedMap<Id, Time>,
    /// Nodes whose agent is silent.
    pub(crate) dead: SortedSet<Id>,
    /// What was seen, in order: one line per change of a task.
    pub(crate) log: Vec<String>,
}

impl World {
    /// A cluster with so many ready nodes, `node1` the manager.
    pub(crate) fn new(seed: u64, nodes: usize) -> Self {
        let streams = Streams::new(seed);
        let start = Time::from_date(2017, 3, 21);
        let store = Store::new();
        let loops = Loops::new(&store, start, streams.stream("loops"));
        let mut world = Self {
            store,
            now: start,
            start,
            loops,
            index: 10,
            ids: streams.stream("ids"),
            agenda: SortedMap::new(),
            dead: SortedSet::new(),
            log: Vec::new(),
        };
        let cluster = Cluster { id: random_id(&mut world.ids), ..Cluster::default() };
        let networks = control::initial_networks(&mut world.ids);
        world.change(Writer::Api, |tx| {
            tx.create(cluster).unwrap();
            for network in networks {
                tx.create(network).unwrap();
            }
        });
        for number in 1..=nodes {
            world.add_node(number);
        }
        world
    }

    pub(crate) fn add_node(&mut self, number: usize) -> Id {
        let id = Id::from(format!("node{number}"));
        let mut node = Node { id: id.clone(), ..Node::default() };
        node.role = if number == 1 { Role::Manager } else { Role::Worker };
        node.spec.desired_role = node.role;
        node.status.state = NodeState::Ready;
        node.description.hostname = id.to_string();
        node.description.os = "linux".to_owned();
        node.description.arch = "x86_64".to_owned();
        node.description.nano_cpus = 2_000_000_000;
        node.description.memory_bytes = 2 << 30;
        self.change(Writer::Dispatcher, |tx| tx.create(node).unwrap());
        id
    }

    fn tx(&self) -> Tx {
        Tx::new(&self.store, TxContext { now: self.now, version_index: self.index })
    }

    /// One transaction from outside the loops.
    pub(crate) fn change(&mut self, writer: Writer, change: impl FnOnce(&mut Tx)) {
        let mut tx = self.tx();
        change(&mut tx);
        self.commit(writer, tx);
    }

    pub(crate) fn change_node(&mut self, id: &str, change: impl FnOnce(&mut Node)) {
        let mut node = (**self.store.node(id).unwrap()).clone();
        change(&mut node);
        self.change(Writer::Dispatcher, |tx| tx.update(node).unwrap());
    }

    /// The node's host loses power: its agent is silent, and the dispatcher says so.
    pub(crate) fn kill(&mut self, id: &str) {
        self.dead.insert(Id::from(id));
        self.change_node(id, |node| node.status.state = NodeState::Down);
    }

    fn commit(&mut self, writer: Writer, tx: Tx) {
        let actions = tx.into_actions();
        assert!(actions.len() <= crate::store::MAX_CHANGES);
        self.index += 1;
        let events = self.store.apply(&actions);
        for event in &events {
            invariants::check_event(writer, event, &self.store);
            self.note(event);
        }
        invariants::check_store(&self.store);
        self.loops.on_events(&events, &self.store, self.now);
        for event in &events {
            self.tell_agent(event);
        }
    }

    /// Makes a request of the control API.
    pub(crate) fn request(&mut self, request: ControlRequest) -> Result<ControlResponse, ApiError> {
        let members = RaftMembers::default();
        if !control::is_write(&request) {
            return control::read(&request, &self.store, &members);
        }
        let mut tx = self.tx();
        let response = control::write(&request, &mut tx, &mut self.ids, &members)?;
        self.commit(Writer::Api, tx);
        Ok(response)
    }

    pub(crate) fn create_service(&mut self, spec: ServiceSpec) -> Id {
        match self.request(ControlRequest::CreateService { spec: Box::new(spec) }) {
            Ok(ControlResponse::Created { id }) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn update_service(&mut self, id: &Id, change: impl FnOnce(&mut ServiceSpec)) {
        let service = self.store.service(id).unwrap();
        let (version, mut spec) = (service.meta.version, service.spec.clone());
        change(&mut spec);
        let spec = Box::new(spec);
        self.request(ControlRequest::UpdateService {
            id: id.clone(),
            version,
            spec,
            rollback: false,
        })
        .unwrap();
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        self.settle();
        loop {
            let deadlines = self.loops.next_deadline().into_iter();
            let next = deadlines.chain(self.agenda.values().copied()).min();
            match next {
                Some(at) if at <= end => self.now = self.now.max(at),
                _ => break,
            }
            self.settle();
            self.run_agents();
        }
        self.now = end;
    }

    /// Runs the loops until nothing is due.
    fn settle(&mut self) {
        let mut idle_runs = 0;
        while self.loops.next_deadline().is_some_and(|at| at <= self.now) {
            let mut tx = self.tx();
            self.loops.run(&mut tx);
            if tx.is_empty() {
                idle_runs += 1;
                assert!(idle_runs < 100, "the loops spin: {:?}", self.loops);
            } else {
                idle_runs = 0;
                self.commit(Writer::Loops, tx);
            }
        }
    }

    /// A new leader takes over.
    pub(crate) fn change_leader(&mut self) {
        let rng = Streams::new(self.index).stream("loops");
        self.loops = Loops::new(&self.store, self.now, rng);
    }

    fn tell_agent(&mut self, event: &StoreEvent) {
        match event {
            StoreEvent::Updated { new: Object::Task(task), .. }
                if task.status.state >= TaskState::Assigned && !task.status.state.is_terminal() =>
            {
                let at = self.now + STEP;
                let entry = self.agenda.entry(task.id.clone()).or_insert(at);
                *entry = (*entry).min(at);
            }
            StoreEvent::Removed(Object::Task(task)) => {
                self.agenda.remove(&task.id);
            }
            _ => {}
        }
    }

    fn run_agents(&mut self) {
        let due: Vec<Id> = self
            .agenda
            .iter()
            .filter(|(_, at)| **at <= self.now)
            .map(|(id, _)| id.clone())
            .collect();
        let mut reports: Vec<(Id, TaskState)> = Vec::new();
        for id in due {
            self.agenda.remove(&id);
            let Some(task) = self.store.task(&id).cloned() else { continue };
            if task.node_id.as_ref().is_some_and(|node| self.dead.contains(node)) {
                continue;
            }
            let (next, again) = next_state(&task, self.now);
            if let Some(again) = again {
                self.agenda.insert(id.clone(), again);
            }
            reports.extend(next.map(|state| (id, state)));
        }
        // As the dispatcher does, many reports go into one transaction.
        let now = self.now;
        for batch in reports.chunks(100) {
            self.change(Writer::Agent, |tx| {
                for (id, state) in batch {
                    tx.change_task(id, |task| {
                        task.status.state = *state;
                        task.status.timestamp = now;
                        if *state == TaskState::Failed {
                            task.status.err = Some("task: non-zero exit (1)".to_owned());
                        }
                    });
                }
            });
            self.settle();
        }
    }

    fn note(&mut self, event: &StoreEvent) {
        if let StoreEvent::Updated { old: Object::Task(old), new: Object::Task(new) } = event
            && old.status.state != new.status.state
        {
            let at = self.now.since(self.start);
            let name = format!("{}.{}", new.service_annotations.name, new.slot);
            self.log.push(format!("{at} {name} {}", new.status.state.word()));
        }
    }

    pub(crate) fn service(&self, id: &Id) -> &Service {
        self.store.service(id).unwrap()
    }

    pub(crate) fn count(&self, service: &Id, wanted: impl Fn(&Task) -> bool) -> usize {
        self.store.tasks_of_service(service).filter(|task| wanted(task)).count()
    }

    pub(crate) fn running(&self, service: &Id) -> usize {
        self.count(service, is_running)
    }

    /// Running tasks per node.
    pub(crate) fn placement(&self, service: &Id) -> SortedMap<String, usize> {
        let mut placement = SortedMap::new();
        for task in self.store.tasks_of_service(service).filter(|task| is_running(task)) {
            *placement.entry(task.node_id.as_ref().unwrap().to_string()).or_default() += 1;
        }
        placement
    }
}

pub(crate) fn is_running(task: &Task) -> bool {
    task.status.state == TaskState::Running && task.desired_state == TaskState::Running
}

/// What the agent reports next, and when it looks again. The image says how the program behaves.
fn next_state(task: &Task, now: Time) -> (Option<TaskState>, Option<Time>) {
    use TaskState as S;
    let state = task.status.state;
    if state.is_terminal() {
        return (None, None);
    }
    if S::Complete < task.desired_state {
        return (Some(S::Shutdown), None);
    }
    let image = task.spec.container.image.as_str();
    match state {
        S::Assigned => (Some(S::Accepted), None),
        S::Accepted => (Some(S::Preparing), None),
        S::Preparing if image == "missing" => (Some(S::Rejected), None),
        S::Preparing => (Some(S::Ready), None),
        S::Ready if task.desired_state < S::Running => (None, None),
        S::Ready => (Some(S::Starting), None),
        S::Starting => (Some(S::Running), None),
        S::Running => {
            let end = task.status.timestamp + LIFE;
            match image {
                "crash" if end <= now => (Some(S::Failed), None),
                "once" if end <= now => (Some(S::Complete), None),
                "crash" | "once" => (None, Some(end)),
                _ => (None, None),
            }
        }
        _ => (None, None),
    }
}

pub(crate) fn spec(name: &str, image: &str, replicas: u64) -> ServiceSpec {
    let container = ContainerSpec { image: image.to_owned(), ..ContainerSpec::default() };
    ServiceSpec {
        annotations: Annotations::named(name),
        task: TaskSpec { container, ..TaskSpec::default() },
        mode: ServiceMode::Replicated { replicas },
        ..ServiceSpec::default()
    }
}

pub(crate) fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}
