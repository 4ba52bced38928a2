//! Several hosts with a swarm node each, the network between them, their disks, and an executor that
//! starts every container after a little while and reads the secrets that its task names.

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use glasshive_swarm::control::{ApiError, ControlRequest, ControlResponse, Filters};
use glasshive_swarm::node::{
    ExecutorCommand, ExecutorEvent, InitOptions, Input, JoinOptions, LocalRequest, LocalResponse,
    NodeConfig, NodeView, Output, RequestId, Rngs, SwarmNode, SwarmOptions,
};
use glasshive_swarm::objects::{
    Annotations, Cluster, ContainerSpec, FileTarget, Id, Node, SecretReference, SecretSpec,
    Service, ServiceMode, ServiceSpec, Task, TaskSpec, TaskState,
};
use sim::disk::Barrier;
use sim::net::Latency;
use sim::{Disk, Duration, Frame, HostId, Net, Queue, Streams, Time};

pub(crate) type Answer = Result<LocalResponse, ApiError>;

const PREPARE_LATENCY: Duration = Duration::from_millis(50);
const START_LATENCY: Duration = Duration::from_millis(20);
const STOP_LATENCY: Duration = Duration::from_millis(10);

enum Event {
    Frame(Frame),
    /// For a host's n-th start; ignored if it has been started again.
    Due(usize, u64),
    Synced(usize, u64, Barrier),
    Executor(usize, u64, Id, ExecutorEvent),
}

pub(crate) struct Host {
    pub(crate) node: Option<SwarmNode>,
    pub(crate) disk: Disk,
    /// How long a sync of its disk takes.
    pub(crate) sync_latency: Duration,
    boot: u64,
    due_at: Option<Time>,
    tasks: SortedMap<Id, Rc<Task>>,
    pub(crate) running: SortedSet<Id>,
    /// What the container of each running task could read, by secret name.
    pub(crate) files: SortedMap<Id, SortedMap<String, Vec<u8>>>,
}

pub(crate) struct Lab {
    pub(crate) now: Time,
    pub(crate) hosts: Vec<Host>,
    pub(crate) net: Net,
    queue: Queue<Event>,
    streams: Streams,
    options: SwarmOptions,
    next_request: u64,
    replies: SortedMap<RequestId, Answer>,
    /// All bytes that ever were on the wire, frame by frame.
    pub(crate) wire: Vec<Rc<[u8]>>,
    pub(crate) history: Vec<(Time, usize, &'static str, String)>,
    pub(crate) handled_count: u64,
}

pub(crate) fn addr(host: usize) -> String {
    format!("10.0.0.{}", 11 + host)
}

impl Lab {
    pub(crate) fn new(seed: u64, count: usize) -> Self {
        let streams = Streams::new(seed);
        let hosts = (0..count)
            .map(|_| Host {
                node: None,
                disk: Disk::default(),
                sync_latency: Duration::from_millis(2),
                boot: 0,
                due_at: None,
                tasks: SortedMap::new(),
                running: SortedSet::new(),
                files: SortedMap::new(),
            })
            .collect();
        let mut lab = Self {
            now: Time::from_date(2017, 3, 21),
            hosts,
            net: Net::new(streams.stream("net"), streams.stream("faults"), Latency::default()),
            queue: Queue::default(),
            streams,
            options: SwarmOptions::default(),
            next_request: 0,
            replies: SortedMap::new(),
            wire: Vec::new(),
            history: Vec::new(),
            handled_count: 0,
        };
        for host in 0..count {
            lab.start(host);
        }
        lab
    }

    fn config(&self, host: usize) -> NodeConfig {
        NodeConfig {
            host: HostId(host as u16),
            hostname: format!("node{}", host + 1),
            addr: addr(host),
            directory: (0..self.hosts.len()).map(|h| (addr(h), HostId(h as u16))).collect(),
            engine_version: "17.03.0-ce".to_owned(),
            engine_labels: SortedMap::new(),
            nano_cpus: 2_000_000_000,
            memory_bytes: 2 << 30,
            options: self.options,
        }
    }

    /// Starts a host's daemon.
    pub(crate) fn start(&mut self, host: usize) {
        let config = self.config(host);
        let boot = self.hosts[host].boot + 1;
        self.hosts[host].boot = boot;
        self.hosts[host].due_at = None;
        let rngs = Rngs::new(&self.streams, &config.hostname, boot);
        self.hosts[host].node = Some(SwarmNode::new(config, rngs));
        self.handle(host, Input::Boot);
    }

    /// The power of a host fails.
    pub(crate) fn crash(&mut self, host: usize) {
        let mut rng = self.streams.stream(&format!("torn/{host}/{}", self.now.unix_nanos()));
        let host = &mut self.hosts[host];
        host.node = None;
        host.boot += 1;
        host.running.clear();
        host.files.clear();
        host.disk.lose_power_at_random(&mut rng);
    }

    /// The daemon of a host ends and starts again; what it has written stays where it is.
    pub(crate) fn restart(&mut self, host: usize) {
        self.hosts[host].node = None;
        self.hosts[host].running.clear();
        self.hosts[host].files.clear();
        self.start(host);
    }

    /// The power of a host fails when so many of the changes that it has not synced have reached its disk, and so many
    /// bytes of the next one.
    pub(crate) fn crash_after(&mut self, host: usize, count: usize, torn_size: usize) {
        self.hosts[host].disk.lose_power_after(count, torn_size);
        self.crash(host);
    }

    pub(crate) fn cut(&mut self, host: usize) {
        for other in 0..self.hosts.len() {
            if other != host {
                self.net.cut(HostId(host as u16), HostId(other as u16));
                self.net.cut(HostId(other as u16), HostId(host as u16));
            }
        }
    }

    pub(crate) fn heal(&mut self, host: usize) {
        for other in 0..self.hosts.len() {
            self.net.heal(HostId(host as u16), HostId(other as u16));
            self.net.heal(HostId(other as u16), HostId(host as u16));
        }
    }

    fn handle(&mut self, index: usize, input: Input) {
        let now = self.now;
        let mut out = Vec::new();
        {
            let host = &mut self.hosts[index];
            let Some(node) = &mut host.node else { return };
            node.handle(now, input, &mut host.disk, &mut out);
        }
        self.handled_count += 1;
        for output in out {
            self.carry_out(index, output);
        }
        let host = &mut self.hosts[index];
        let next = host.node.as_ref().and_then(SwarmNode::next_deadline);
        if let Some(at) = next
            && host.due_at.is_none_or(|due| at < due || due <= now)
        {
            let at = at.max(now);
            host.due_at = Some(at);
            self.queue.push(at, Event::Due(index, host.boot));
        }
    }

    fn carry_out(&mut self, index: usize, output: Output) {
        let now = self.now;
        let boot = self.hosts[index].boot;
        match output {
            Output::Frame { to, flow, bytes } => {
                self.wire.push(Rc::clone(&bytes));
                let frame = Frame { from: HostId(index as u16), to, flow, bytes };
                if let Some(at) = self.net.send(now, &frame).arrives {
                    self.queue.push(at, Event::Frame(frame));
                }
            }
            Output::Sync(barrier) => {
                let latency = self.hosts[index].sync_latency;
                self.queue.push(now + latency, Event::Synced(index, boot, barrier));
            }
            Output::Reply(id, answer) => {
                self.replies.insert(id, answer);
            }
            Output::Event { kind, detail } | Output::Silence { kind, detail, .. } => {
                self.history.push((now, index, kind, detail))
            }
            Output::Mark(_) | Output::Changed(_) => {}
            Output::Executor(command) => self.execute(index, command),
        }
    }

    fn execute(&mut self, index: usize, command: ExecutorCommand) {
        let boot = self.hosts[index].boot;
        let now = self.now;
        let host = &mut self.hosts[index];
        let (id, after, event) = match command {
            ExecutorCommand::Prepare(task) => {
                let id = task.id.clone();
                host.tasks.insert(id.clone(), task);
                let container_id = format!("{:0>64}", id.as_str());
                (id, PREPARE_LATENCY, ExecutorEvent::Prepared { container_id })
            }
            ExecutorCommand::Start(id) => (id, START_LATENCY, ExecutorEvent::Started { pid: 4242 }),
            ExecutorCommand::Resume { task, was_started: false } => {
                host.tasks.insert(task.id.clone(), task);
                return;
            }
            ExecutorCommand::Resume { task, .. } => {
                let event = ExecutorEvent::Exited { code: 137, error: None };
                (task.id.clone(), START_LATENCY, event)
            }
            ExecutorCommand::Shutdown(id) => {
                host.running.remove(&id);
                host.files.remove(&id);
                (id, STOP_LATENCY, ExecutorEvent::Stopped)
            }
            ExecutorCommand::Remove(id) => {
                host.running.remove(&id);
                host.files.remove(&id);
                host.tasks.remove(&id);
                return;
            }
        };
        self.queue.push(now + after, Event::Executor(index, boot, id, event));
    }

    /// A container that starts reads what its task may read.
    fn mount(&mut self, index: usize, id: &Id) -> Result<(), String> {
        let host = &mut self.hosts[index];
        let (Some(node), Some(task)) = (&host.node, host.tasks.get(id)) else { return Ok(()) };
        let mut files = SortedMap::new();
        for reference in &task.spec.container.secrets {
            let bytes = node.secret(id, &reference.secret_id).map_err(|error| error.to_string())?;
            files.insert(reference.secret_name.clone(), bytes.0.expose().to_vec());
        }
        host.running.insert(id.clone());
        host.files.insert(id.clone(), files);
        Ok(())
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Frame(frame) => {
                let Frame { from, to, flow, bytes } = frame;
                self.handle(to.0 as usize, Input::Frame { from, flow, bytes });
            }
            Event::Due(host, boot)
                if self.hosts[host].boot == boot && self.hosts[host].due_at == Some(self.now) =>
            {
                self.hosts[host].due_at = None;
                self.handle(host, Input::Due);
            }
            Event::Synced(host, boot, barrier) if self.hosts[host].boot == boot => {
                self.hosts[host].disk.complete_sync(barrier);
                self.handle(host, Input::Synced(barrier));
            }
            Event::Executor(host, boot, task, event) if self.hosts[host].boot == boot => {
                let event = match event {
                    ExecutorEvent::Started { .. } => match self.mount(host, &task) {
                        Ok(()) => event,
                        Err(error) => ExecutorEvent::Failed { error },
                    },
                    event => event,
                };
                self.handle(host, Input::Executor { task, event });
            }
            _ => {}
        }
    }

    pub(crate) fn run_until(&mut self, limit: Time) {
        while let Some((at, event)) = self.queue.pop_until(limit) {
            self.now = at;
            self.happen(event);
        }
        self.now = limit;
    }

    pub(crate) fn run(&mut self, seconds: u64) {
        self.run_for(Duration::from_secs(seconds));
    }

    pub(crate) fn run_for(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    /// Runs until `condition` holds; how long that took. Fails after `seconds`.
    #[track_caller]
    pub(crate) fn until(
        &mut self,
        seconds: u64,
        mut condition: impl FnMut(&Self) -> bool,
    ) -> Duration {
        let begin = self.now;
        let limit = begin + Duration::from_secs(seconds);
        while !condition(self) {
            let Some((at, event)) = self.queue.pop_until(limit) else {
                panic!("not within {seconds} s; history:\n{}", self.story());
            };
            self.now = at;
            self.happen(event);
        }
        self.now.since(begin)
    }

    pub(crate) fn story(&self) -> String {
        let begin = Time::from_date(2017, 3, 21);
        self.history
            .iter()
            .map(|(at, host, kind, detail)| {
                format!("{:>9} ms node{} {kind} {detail}\n", at.since(begin).as_millis(), host + 1)
            })
            .collect()
    }

    pub(crate) fn ask_later(&mut self, host: usize, request: LocalRequest) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.handle(host, Input::Local(id, request));
        id
    }

    pub(crate) fn answer(&self, id: RequestId) -> Option<&Answer> {
        self.replies.get(&id)
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, host: usize, request: LocalRequest) -> Answer {
        let id = self.ask_later(host, request);
        self.until(60, |lab| lab.replies.contains_key(&id));
        self.replies.remove(&id).unwrap()
    }

    #[track_caller]
    pub(crate) fn control(
        &mut self,
        host: usize,
        request: ControlRequest,
    ) -> Result<ControlResponse, ApiError> {
        match self.ask(host, LocalRequest::Control(request))? {
            LocalResponse::Control(response) => Ok(response),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn init(&mut self, host: usize) {
        let answer = self.ask(host, LocalRequest::Init(InitOptions::default()));
        assert!(
            matches!(answer, Ok(LocalResponse::Initialized { .. })),
            "{answer:?}\n{}",
            self.story()
        );
    }

    pub(crate) fn cluster(&self, host: usize) -> Rc<Cluster> {
        Rc::clone(self.view(host).store.unwrap().cluster().unwrap())
    }

    pub(crate) fn join_options(&self, via: usize, as_manager: bool) -> JoinOptions {
        let root_ca = &self.cluster(via).root_ca;
        let token = if as_manager { &root_ca.manager_token } else { &root_ca.worker_token };
        JoinOptions {
            token: token.clone(),
            remotes: vec![format!("{}:2377", addr(via))],
            ..JoinOptions::default()
        }
    }

    #[track_caller]
    pub(crate) fn join(&mut self, host: usize, via: usize, as_manager: bool) {
        let options = self.join_options(via, as_manager);
        let answer = self.ask(host, LocalRequest::Join(options));
        assert_eq!(answer, Ok(LocalResponse::Joined { as_manager }), "{}", self.story());
    }

    /// `managers` managers and then workers.
    pub(crate) fn cluster_of(seed: u64, managers: usize, workers: usize) -> Self {
        let mut lab = Self::new(seed, managers + workers);
        lab.init(0);
        for host in 1..managers + workers {
            lab.join(host, 0, host < managers);
        }
        lab.run(2);
        lab
    }

    pub(crate) fn view(&self, host: usize) -> NodeView<'_> {
        self.hosts[host].node.as_ref().unwrap().observe()
    }

    pub(crate) fn leader(&self) -> Option<usize> {
        (0..self.hosts.len()).find(|&host| {
            self.hosts[host]
                .node
                .as_ref()
                .is_some_and(|node| node.observe().raft.is_some_and(|raft| raft.is_leading))
        })
    }

    #[track_caller]
    pub(crate) fn create_secret(&mut self, host: usize, name: &str, data: &[u8]) -> Id {
        let spec = SecretSpec {
            annotations: Annotations::named(name),
            data: data.into(),
            ..SecretSpec::default()
        };
        match self.control(host, ControlRequest::CreateSecret { spec: Box::new(spec) }) {
            Ok(ControlResponse::Created { id }) => id,
            other => panic!("{other:?}\n{}", self.story()),
        }
    }

    #[track_caller]
    pub(crate) fn create_service(
        &mut self,
        host: usize,
        name: &str,
        replicas: u64,
        secrets: &[(&str, &Id)],
    ) -> Id {
        let references = secrets
            .iter()
            .map(|(name, id)| SecretReference {
                secret_id: (*id).clone(),
                secret_name: (*name).to_owned(),
                file: Some(FileTarget {
                    name: (*name).to_owned(),
                    uid: "0".to_owned(),
                    gid: "0".to_owned(),
                    mode: 0o444,
                }),
            })
            .collect();
        let container = ContainerSpec {
            image: "redis:3.0.6".to_owned(),
            secrets: references,
            ..ContainerSpec::default()
        };
        let spec = ServiceSpec {
            annotations: Annotations::named(name),
            task: TaskSpec { container, ..TaskSpec::default() },
            mode: ServiceMode::Replicated { replicas },
            ..ServiceSpec::default()
        };
        match self.control(host, ControlRequest::CreateService { spec: Box::new(spec) }) {
            Ok(ControlResponse::Created { id }) => id,
            other => panic!("{other:?}\n{}", self.story()),
        }
    }

    #[track_caller]
    pub(crate) fn nodes(&mut self, host: usize) -> Vec<Rc<Node>> {
        match self.control(host, ControlRequest::ListNodes(Filters::default())) {
            Ok(ControlResponse::Nodes(mut nodes)) => {
                nodes.sort_by(|a, b| a.description.hostname.cmp(&b.description.hostname));
                nodes
            }
            other => panic!("{other:?}\n{}", self.story()),
        }
    }

    /// One line per node: name, state, manager status.
    #[track_caller]
    pub(crate) fn node_table(&mut self, host: usize) -> String {
        let nodes = self.nodes(host);
        nodes
            .iter()
            .map(|node| {
                let manager = node.manager_status.as_ref().map_or("-", |status| {
                    if status.leader { "leader" } else { status.reachability.word() }
                });
                let state = node.status.state.word();
                format!("{} {} {state} {manager}\n", node.description.hostname, node.role.word())
            })
            .collect()
    }

    /// Tasks that run according to the store of `host`, as (service, host name).
    pub(crate) fn running_tasks(&self, host: usize) -> usize {
        let store = self.view(host).store.unwrap();
        store.tasks().iter().filter(|task| task.status.state == TaskState::Running).count()
    }

    /// Where `needle` is found on a disk or on the wire.
    pub(crate) fn leaks(&self, needle: &[u8]) -> Vec<String> {
        let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let mut found = Vec::new();
        for (index, host) in self.hosts.iter().enumerate() {
            for (path, bytes) in host.disk.files() {
                if holds(bytes) {
                    found.push(format!("node{} {path}", index + 1));
                }
            }
        }
        found.extend(
            self.wire
                .iter()
                .enumerate()
                .filter(|(_, frame)| holds(frame))
                .map(|(number, _)| format!("frame {number}")),
        );
        found
    }

    pub(crate) fn service(&self, host: usize, name: &str) -> Option<Rc<Service>> {
        let store = self.view(host).store.unwrap();
        store.services().iter().find(|s| s.spec.annotations.name == name).cloned()
    }
}
