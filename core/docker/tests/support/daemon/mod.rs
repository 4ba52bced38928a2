//! The daemon in memory: its swarm.

mod engine;
mod network;

use sorted::SortedMap;

use daemon::api::{
    ContainerDetails, Error, Info, LocalState, LogChunk, LogLine, RemoteManager, Request, Response,
    SwarmInfo, VolumeDetails, digest_warning, subject,
};
use daemon::client::{PORT, Reply};
use glasshive_docker::Profile;
use os::{Machine, Pid, RequestId};
use sim::{Duration, Rng, Streams, Time};
use swarm::control::{self, ApiError, Code, ControlRequest, ControlResponse};
use swarm::control::{RaftMember, RaftMembers};
use swarm::leader::Loops;
use swarm::objects::{
    Cluster, ClusterSpec, Id, Node, NodeState, Role, ServiceSpec, Task, TaskState, random_id,
    random_token_secret,
};
use swarm::store::{Store, Tx, TxContext};
use transcripts::Peer;

/// Between two steps of a task on its node.
const STEP: Duration = Duration::from_millis(100);

/// What is to be said, and when.
enum Answer {
    Now(Box<Reply>),
    /// When the process of this exec or container has ended.
    WhenEnded(String),
}

/// A process's end.
fn exited(code: i32) -> Reply {
    Ok(Response::Exited { code })
}

struct Swarm {
    store: Store,
    loops: Loops,
    own: Id,
    members: RaftMembers,
}

/// The daemon of one host.
pub struct Daemon {
    profile: &'static Profile,
    ids: Rng,
    loops: Rng,
    now: Time,
    index: u64,
    swarm: Option<Swarm>,
    /// When a task's agent does something next.
    agenda: SortedMap<Id, Time>,
    /// Has networks only.
    engine: ::engine::Engine,
    volumes: SortedMap<String, VolumeDetails>,
    containers: Vec<ContainerDetails>,
    execs: SortedMap<String, Vec<String>>,
    started: SortedMap<String, Pid>,
    /// Requests that wait for the end of a process.
    waiting: Vec<(String, RequestId)>,
    pulled: Vec<String>,
    pulls: SortedMap<String, (String, u32)>,
}

/// Images a registry has.
const KNOWN: [&str; 5] =
    ["redis:alpine", "nginx:latest", "busybox:latest", "alpine:latest", "ubuntu:latest"];

fn hex(text: &str) -> String {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut all = String::new();
    for round in 0..4_u8 {
        for byte in text.bytes().chain([round]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        all += &format!("{state:016x}");
    }
    all
}

fn tagged(image: &str) -> String {
    if image.contains(':') { image.to_owned() } else { format!("{image}:latest") }
}

fn members(node: &Id, addr: &str) -> RaftMembers {
    let member = RaftMember { raft_id: 1, addr: addr.to_owned(), leader: true, reachable: true };
    RaftMembers([(node.clone(), member)].into())
}

impl Peer for Daemon {
    fn serve(&mut self, machine: &mut Machine, now: Time, ended: &SortedMap<Pid, i32>) -> bool {
        let mut served = false;
        for (key, request) in std::mem::take(&mut self.waiting) {
            let Some(code) = self.started.get(&key).and_then(|pid| ended.get(pid)) else {
                self.waiting.push((key, request));
                continue;
            };
            machine.reply(request, Box::new(exited(*code)));
            served = true;
        }
        for request in machine.take_requests() {
            if request.port == os::NET_PORT {
                // A network without other hosts: nobody is known, nobody listens.
                let asked = request.body.downcast::<os::NetRequest>().unwrap();
                let reply: os::NetReply = match asked.ask {
                    os::NetAsk::Resolve { .. } => Ok(os::NetAnswer::Addresses(Vec::new())),
                    _ => Err(os::Errno::Refused),
                };
                machine.reply(request.id, Box::new(reply));
                served = true;
                continue;
            }
            assert_eq!(request.port, PORT);
            let body = *request.body.downcast::<Request>().unwrap();
            match self.answer(now, body, machine) {
                Answer::Now(reply) => machine.reply(request.id, Box::new(*reply)),
                Answer::WhenEnded(key) => self.waiting.push((key, request.id)),
            }
            served = true;
        }
        served
    }

    fn next_deadline(&self) -> Option<Time> {
        let loops = self.swarm.as_ref().and_then(|swarm| swarm.loops.next_deadline());
        [loops, self.agenda.values().min().copied()].into_iter().flatten().min()
    }

    fn run(&mut self, now: Time) {
        self.now = now;
        while self.swarm.as_ref().and_then(|s| s.loops.next_deadline()).is_some_and(|at| at <= now)
        {
            self.index += 1;
            let context = TxContext { now, version_index: self.index };
            let swarm = self.swarm.as_mut().unwrap();
            let mut tx = Tx::new(&swarm.store, context);
            swarm.loops.run(&mut tx);
            let events = swarm.store.apply(&tx.into_actions());
            swarm.loops.on_events(&events, &swarm.store, now);
            for event in &events {
                if let swarm::objects::Object::Task(task) = event.object() {
                    self.agenda.insert(task.id.clone(), now + STEP);
                }
            }
        }
        let due: Vec<Id> =
            self.agenda.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
        for id in due {
            self.agenda.remove(&id);
            self.step(&id);
        }
    }
}

impl Daemon {
    pub fn new(profile: &'static Profile, now: Time) -> Self {
        let streams = Streams::new(1);
        Self {
            profile,
            ids: streams.stream("ids"),
            loops: streams.stream("loops"),
            now,
            index: 10,
            swarm: None,
            agenda: SortedMap::new(),
            engine: ::engine::Engine::new(
                ::engine::EngineOptions::for_release(::engine::Release(
                    u32::from(profile.version.0),
                    u32::from(profile.version.1),
                )),
                streams.stream("engine"),
            ),
            volumes: SortedMap::new(),
            containers: Vec::new(),
            execs: SortedMap::new(),
            started: SortedMap::new(),
            waiting: Vec::new(),
            pulled: vec!["busybox:latest".to_owned()],
            pulls: SortedMap::new(),
        }
    }

    /// Adds a worker that is ready.
    pub fn add_node(&mut self, hostname: &str) {
        let id = random_id(&mut self.ids);
        let node = self.node(id, hostname, Role::Worker);
        self.commit(|tx| tx.create(node).unwrap());
    }

    /// Makes a node's state another one.
    pub fn set_node(&mut self, hostname: &str, state: NodeState) {
        self.commit(|tx| {
            let found = tx.store().nodes().iter().find(|one| one.description.hostname == hostname);
            let mut node = (**found.unwrap()).clone();
            node.status.state = state;
            tx.update(node).unwrap();
        });
    }

    fn node(&self, id: Id, hostname: &str, role: Role) -> Node {
        let mut node = Node { id, role, ..Node::default() };
        node.spec.desired_role = role;
        node.status.state = NodeState::Ready;
        node.status.addr = "10.0.0.1".to_owned();
        node.description.hostname = hostname.to_owned();
        node.description.os = "linux".to_owned();
        node.description.arch = "x86_64".to_owned();
        node.description.nano_cpus = 2_000_000_000;
        node.description.memory_bytes = 2_095_890_432;
        node.description.engine_version = self.profile.engine.to_owned();
        node
    }

    fn commit<T>(&mut self, change: impl FnOnce(&mut Tx) -> T) -> T {
        self.index += 1;
        let context = TxContext { now: self.now, version_index: self.index };
        let swarm = self.swarm.as_mut().unwrap();
        let mut tx = Tx::new(&swarm.store, context);
        let result = change(&mut tx);
        let events = swarm.store.apply(&tx.into_actions());
        swarm.loops.on_events(&events, &swarm.store, self.now);
        for event in &events {
            if let swarm::objects::Object::Task(task) = event.object() {
                self.agenda.insert(task.id.clone(), self.now + STEP);
            }
        }
        result
    }

    /// A task's agent does its next step.
    fn step(&mut self, id: &Id) {
        let Some(swarm) = &self.swarm else { return };
        let Some(task) = swarm.store.get::<Task>(id).cloned() else { return };
        let ends = task.spec.container.args.first().is_some_and(|arg| arg == "false");
        let next = match task.status.state {
            state if state.is_terminal() || task.node_id.is_none() => return,
            _ if task.desired_state >= TaskState::Shutdown => TaskState::Shutdown,
            TaskState::Assigned => TaskState::Accepted,
            TaskState::Accepted => TaskState::Preparing,
            TaskState::Preparing => TaskState::Ready,
            TaskState::Ready if task.desired_state >= TaskState::Running => TaskState::Starting,
            TaskState::Starting => TaskState::Running,
            TaskState::Running if ends => TaskState::Failed,
            _ => return,
        };
        let now = self.now;
        self.commit(|tx| {
            tx.change_task(id, |task| {
                task.status.state = next;
                task.status.timestamp = now;
                task.status.message = match next {
                    TaskState::Running => "started".to_owned(),
                    state => state.word().to_owned(),
                };
                if next == TaskState::Failed {
                    task.status.err = Some("task: non-zero exit (1)".to_owned());
                }
            })
        });
    }

    fn answer(&mut self, now: Time, request: Request, machine: &mut Machine) -> Answer {
        self.run(now);
        let reply = match request {
            Request::StartExec { exec, stdio } => self.start_exec(&exec, stdio, machine),
            Request::WaitExec { exec } => return Answer::WhenEnded(exec),
            Request::StartContainer { container, stdio } => {
                self.start_container(&container, stdio, machine)
            }
            Request::WaitContainer { container, .. } => return Answer::WhenEnded(container),
            other => self.ask(other),
        };
        Answer::Now(Box::new(reply))
    }

    fn ask(&mut self, request: Request) -> Reply {
        match request {
            Request::Version => {
                Ok(Response::Version(Box::new(self.profile.version_info("4.4.0-210-generic"))))
            }
            Request::Info => Ok(Response::Info(Box::new(self.info()))),
            Request::SwarmInit(init) => self.init(init.spec),
            Request::SwarmLeave { force: true } if self.swarm.is_some() => {
                self.swarm = None;
                Ok(Response::Done)
            }
            Request::SwarmLeave { .. } if self.swarm.is_none() => {
                Err(Error::new(503, "This node is not part of a swarm"))
            }
            Request::SwarmLeave { .. } => Err(Error::new(
                503,
                "You are attempting to leave the swarm on a node that is participating as a \
                 manager. Removing the last manager erases all current state of the swarm. Use \
                 `--force` to ignore this message. ",
            )),
            Request::Control(request) => self.control(request).map(Response::Control),
            Request::CreateService { spec, query_registry } => {
                let (spec, warnings) = self.pinned(*spec, query_registry);
                let spec = Box::new(spec);
                match self.control(ControlRequest::CreateService { spec })? {
                    ControlResponse::Created { id } => {
                        Ok(Response::ServiceCreated { id: id.to_string(), warnings })
                    }
                    other => Ok(Response::Control(other)),
                }
            }
            Request::UpdateService { service, version, spec, rollback, query_registry } => {
                let (spec, warnings) = self.pinned(*spec, query_registry);
                let (id, spec) = (Id::from(service), Box::new(spec));
                self.control(ControlRequest::UpdateService { id, version, spec, rollback })?;
                Ok(Response::ServiceUpdated { warnings })
            }
            Request::ServiceLogs { .. } => Ok(Response::Log(self.service_log())),
            other => self.ask_engine(other),
        }
    }

    fn pinned(&self, mut spec: ServiceSpec, query: bool) -> (ServiceSpec, Vec<String>) {
        if spec.annotations.name.is_empty() {
            spec.annotations.name = "determined_knuth".to_owned();
        }
        let image = tagged(&spec.task.container.image);
        if image.contains('@') {
            return (spec, Vec::new());
        }
        if !KNOWN.contains(&image.as_str()) || !query {
            spec.task.container.image.clone_from(&image);
            let warnings = if query { vec![digest_warning(&image)] } else { Vec::new() };
            return (spec, warnings);
        }
        spec.task.container.image = format!("{image}@sha256:{}", hex(&image));
        (spec, Vec::new())
    }

    fn init(&mut self, spec: ClusterSpec) -> Reply {
        if self.swarm.is_some() {
            let text = "This node is already part of a swarm. Use \"docker swarm leave\" to leave \
                        this swarm and join another one.";
            return Err(Error::new(503, text));
        }
        let store = Store::new();
        let own = random_id(&mut self.ids);
        let loops = Loops::new(&store, self.now, self.loops.clone());
        let members = members(&own, "10.0.0.1:2377");
        self.swarm = Some(Swarm { store, loops, own: own.clone(), members });
        let mut cluster = Cluster { id: random_id(&mut self.ids), spec, ..Cluster::default() };
        let digest = "2".repeat(50);
        for token in [&mut cluster.root_ca.worker_token, &mut cluster.root_ca.manager_token] {
            *token = format!("SWMTKN-1-{digest}-{}", random_token_secret(&mut self.ids));
        }
        cluster.default_address_pool = vec!["10.0.0.0/8".to_owned()];
        cluster.subnet_size = 24;
        let node = self.node(own.clone(), "node1", Role::Manager);
        self.commit(|tx| {
            tx.create(cluster).unwrap();
            tx.create(node).unwrap();
            for network in control::initial_networks(&mut Streams::new(2).stream("networks")) {
                tx.create(network).unwrap();
            }
        });
        Ok(Response::Created { id: own.to_string() })
    }

    fn control(&mut self, mut request: ControlRequest) -> Result<ControlResponse, Error> {
        let Some(swarm) = &self.swarm else {
            let text = "This node is not a swarm manager. Use \"docker swarm init\" or \"docker \
                        swarm join\" to connect this node to swarm and try again.";
            return Err(Error::from(ApiError::local(Code::Unavailable, text)));
        };
        if let Some((kind, id)) = subject(&mut request) {
            *id = control::resolve(&swarm.store, kind, id)?;
        }
        if !request.is_write() {
            return Ok(control::read(&request, &swarm.store, &swarm.members)?);
        }
        self.index += 1;
        let context = TxContext { now: self.now, version_index: self.index };
        let mut tx = Tx::new(&swarm.store, context);
        let response = control::write(&request, &mut tx, &mut self.ids, &swarm.members)?;
        let actions = tx.into_actions();
        let swarm = self.swarm.as_mut().unwrap();
        let events = swarm.store.apply(&actions);
        swarm.loops.on_events(&events, &swarm.store, self.now);
        Ok(response)
    }

    fn info(&self) -> Info {
        let swarm = self.swarm.as_ref().map(|swarm| SwarmInfo {
            node_id: swarm.own.to_string(),
            node_addr: "10.0.0.1".to_owned(),
            state: LocalState::Active,
            control_available: true,
            error: String::new(),
            remote_managers: vec![RemoteManager {
                node_id: swarm.own.to_string(),
                addr: "10.0.0.1:2377".to_owned(),
            }],
            nodes: u32::try_from(swarm.store.nodes().len()).unwrap(),
            managers: 1,
            cluster: swarm.store.cluster().cloned(),
        });
        Info {
            id: "VKPS:7LGQ".to_owned(),
            name: "node1".to_owned(),
            images: 1,
            server_version: self.profile.engine.to_owned(),
            storage_driver: "overlay2".to_owned(),
            backing_filesystem: "extfs".to_owned(),
            logging_driver: "json-file".to_owned(),
            cgroup_driver: "cgroupfs".to_owned(),
            kernel: "4.4.0-210-generic".to_owned(),
            operating_system: "Ubuntu 16.04.7 LTS".to_owned(),
            os_type: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            cpus: 2,
            memory: 2_095_890_432,
            root_dir: "/var/lib/docker".to_owned(),
            registry: "https://index.docker.io/v1/".to_owned(),
            swarm: swarm.unwrap_or_default(),
            ..Info::default()
        }
    }

    fn service_log(&self) -> LogChunk {
        let swarm = self.swarm.as_ref().unwrap();
        let lines = swarm.store.tasks().iter().map(|task| LogLine {
            time: task.status.timestamp,
            stderr: false,
            bytes: b"hello\n".to_vec(),
            task: Some(task.id.to_string()),
            node: task.node_id.as_ref().map(Id::to_string),
        });
        LogChunk { lines: lines.collect(), cursor: 1, ended: true, tty: false }
    }
}
