//! The daemon of one host: what it holds, and how inputs go through it.

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use engine::transfer::TransferId;
use engine::{ContainerId, Engine};
use os::{ExitStatus, Machine, Pid};
use sim::disk::Barrier;
use sim::{Clock, Disk, EventId, Frame, HostId, Rng, Time};
use swarm::node::{self, NodeConfig, RequestId, Rngs, SwarmNode};
use swarm::objects::{Id, SecretBytes};

use crate::api::{Request, Response};
use crate::client::Reply;
use crate::config::{CPU_COUNT, Config, MEMORY_SIZE};
use crate::containers::Until;
use crate::executor::TaskRun;
use crate::managers::Then;
use crate::network::{Attaching, NetworkQuestion};
use crate::remote::After;
use crate::templates::Templates;

/// moby: `daemon.shutdownContainer`: containers get their stop timeout, 10 s unless they say otherwise.
const STOP_GRACE: sim::Duration = sim::Duration::from_secs(10);

/// Who asked, and so who is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// A process of the host.
    Process(os::RequestId),
    /// Whoever runs the world.
    Operator(u64),
    /// The host's kubelet, by its own number.
    Kubelet(u64),
    /// A client over TCP, by the number of the network's call. The daemon takes its answers back itself
    /// ([`Daemon::send_remote_replies`]).
    Remote(u64),
}

/// What one input may touch; whoever else lives on the host has outputs of its own.
#[derive(Debug)]
pub struct Context<'a, O = Output> {
    /// The virtual time.
    pub now: Time,
    /// The host's processes.
    pub machine: &'a mut Machine,
    /// The host's disk.
    pub disk: &'a mut Disk,
    /// What is to be done.
    pub out: &'a mut Vec<O>,
}

impl Context<'_> {
    pub(crate) fn reply(&mut self, caller: Caller, reply: Reply) {
        self.out.push(Output::Reply { caller, reply: Box::new(reply) });
    }

    pub(crate) fn event(&mut self, kind: &'static str, detail: String) {
        self.out.push(Output::Event { kind, detail });
    }
}

/// What a daemon wants done.
#[derive(Debug)]
pub enum Output {
    /// Send a frame.
    Frame {
        /// To whom; may be the host itself.
        to: HostId,
        /// The connection's number.
        flow: u64,
        /// What is on the wire.
        bytes: Rc<[u8]>,
    },
    /// Make the disk's changes up to here durable, then say so.
    Sync(Barrier),
    /// Answer a request.
    Reply {
        /// Who asked.
        caller: Caller,
        /// The answer.
        reply: Box<Reply>,
    },
    /// Something for the history that happened because another host was not heard.
    Silence {
        /// The host's name, or its address with or without a port.
        of: String,
        /// For instance `raft.unreachable`.
        kind: &'static str,
        /// For a reader.
        detail: String,
    },
    /// What follows is done for the sake of an earlier event, if nothing has just happened: an answer for its request.
    Because(EventId),
    /// Something that somebody may be waiting for.
    Mark(swarm::node::Mark),
    /// Something for the history.
    Event {
        /// For instance `container.started`.
        kind: &'static str,
        /// For a reader; never a secret's bytes.
        detail: String,
    },
}

/// The registry that all hosts of a world pull from and push to.
pub type SharedRegistry = Rc<RefCell<engine::Registry>>;

/// `dockerd` on one host.
#[derive(Debug)]
pub struct Daemon {
    pub(crate) config: Config,
    pub(crate) swarm: SwarmNode,
    pub(crate) engine: Engine,
    pub(crate) registry: SharedRegistry,
    /// Questions the swarm has not answered yet.
    pub(crate) waiting: SortedMap<RequestId, Then>,
    pub(crate) next_request: u64,
    /// The agent's tasks on this host.
    pub(crate) tasks: SortedMap<Id, TaskRun>,
    /// Who waits for what of a container.
    pub(crate) waits: Vec<(ContainerId, Caller, Until)>,
    /// When the engine has something to do.
    pub(crate) engine_due: Option<Time>,
    /// When the swarm node has something to do. Asking it costs more than an idle event does.
    swarm_due: Option<Time>,
    /// While the daemon ends: the containers that stop because of that.
    stopping: Option<Vec<ContainerId>>,
    pub(crate) execs: crate::execs::Execs,
    pub(crate) net: crate::network::Networking,
    /// Logs of services that other hosts are asked for.
    pub(crate) gatherings: SortedMap<u64, crate::logs::Gathering>,
    pub(crate) next_log: u64,
    /// Pulls that users began, and how much of them was told already.
    pub(crate) pulls: SortedMap<TransferId, crate::images::PullTold>,
    pub(crate) build_pulls: crate::builds::BuildPulls,
    pub(crate) events: crate::looking::Events,
    pub(crate) tcp: crate::tcp::Server,
}

impl Daemon {
    /// A daemon that has not been booted, over the engine of the host's last boot (its images and
    /// containers are on the disk) or a new one. `stream` gives a random stream by purpose; every boot must
    /// get streams of its own.
    pub fn new(
        config: Config,
        engine: Engine,
        registry: SharedRegistry,
        stream: &dyn Fn(&str) -> Rng,
    ) -> Self {
        let node = NodeConfig {
            host: config.host,
            hostname: config.hostname.clone(),
            addr: config.address.clone(),
            directory: config.directory.clone(),
            engine_version: config.version.version.clone(),
            engine_labels: SortedMap::new(),
            nano_cpus: i64::from(CPU_COUNT) * 1_000_000_000,
            memory_bytes: MEMORY_SIZE.cast_signed(),
            options: config.swarm,
        };
        let rngs = Rngs {
            raft: stream("raft"),
            ids: stream("ids"),
            keys: stream("keys"),
            channels: stream("channels"),
            agent: stream("agent"),
            dispatcher: stream("dispatcher"),
            loops: stream("loops"),
        };
        Self {
            swarm: SwarmNode::new(node, rngs),
            engine,
            registry,
            waiting: SortedMap::new(),
            next_request: 0,
            tasks: SortedMap::new(),
            waits: Vec::new(),
            engine_due: None,
            swarm_due: None,
            stopping: None,
            execs: crate::execs::Execs::default(),
            net: crate::network::Networking::new(stream("networks")),
            gatherings: SortedMap::new(),
            next_log: 0,
            pulls: SortedMap::new(),
            build_pulls: SortedMap::new(),
            events: crate::looking::Events::default(),
            tcp: crate::tcp::Server::new(stream("tcp")),
            config,
        }
    }

    /// What the host's clock shows from now on.
    pub fn set_clock(&mut self, clock: Clock) {
        self.swarm.set_clock(clock);
        self.tcp.set_clock(clock);
    }

    /// The host has booted: takes up what the disk remembers.
    pub fn boot(&mut self, context: &mut Context<'_>) {
        self.engine.on_boot(context.now, context.machine);
        self.drive_swarm(context, node::Input::Boot);
        self.after_engine(context);
    }

    /// A frame has arrived.
    pub fn frame(&mut self, context: &mut Context<'_>, frame: &Frame) {
        let (from, flow, bytes) = (frame.from, frame.flow, frame.bytes.clone());
        if crate::network::is_network_flow(flow) {
            self.network_frame(context, frame);
            return self.after_engine(context);
        }
        self.drive_swarm(context, node::Input::Frame { from, flow, bytes });
        self.after_engine(context);
    }

    /// A sync has completed.
    pub fn synced(&mut self, context: &mut Context<'_>, barrier: Barrier) {
        self.drive_swarm(context, node::Input::Synced(barrier));
        self.after_engine(context);
    }

    /// The time of [`Daemon::next_deadline`] has come.
    pub fn due(&mut self, context: &mut Context<'_>) {
        if self.swarm_due.is_some_and(|at| at <= context.now) {
            self.drive_swarm(context, node::Input::Due);
        }
        if self.engine_due.is_some_and(|at| at <= context.now) {
            self.engine.poll(context.now, context.machine);
        }
        if self.net.next_deadline().is_some_and(|at| at <= context.now) {
            self.networks_due(context);
        }
        self.tell_gathered(context);
        self.after_engine(context);
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<Time> {
        let logs = self.gatherings.values().map(|one| one.give_up).min();
        let own = [self.swarm_due, self.engine_due, self.net.next_deadline(), logs];
        own.into_iter().flatten().min()
    }

    /// A process that the engine started has ended.
    pub fn exited(&mut self, context: &mut Context<'_>, pid: Pid, status: ExitStatus) {
        self.engine.on_exit(context.now, context.machine, pid, status);
        self.after_engine(context);
    }

    /// The process that made a request no longer waits for the answer.
    pub fn withdrawn(&mut self, _context: &mut Context<'_>, id: os::RequestId) {
        let caller = Caller::Process(id);
        self.waits.retain(|(_, waiting, _)| *waiting != caller);
        self.execs.forget(caller);
        self.net.forget(id);
    }

    /// Gives the swarm node an input and does what it wants.
    pub(crate) fn drive_swarm(&mut self, context: &mut Context<'_>, input: node::Input) {
        if self.stopping.is_some() {
            return;
        }
        let mut outputs = Vec::new();
        self.swarm.handle(context.now, input, context.disk, &mut outputs);
        self.swarm_due = self.swarm.next_deadline();
        for output in outputs {
            match output {
                node::Output::Frame { to, flow, bytes } => {
                    context.out.push(Output::Frame { to, flow, bytes });
                }
                node::Output::Sync(barrier) => context.out.push(Output::Sync(barrier)),
                node::Output::Event { kind, detail } => context.event(kind, detail),
                node::Output::Changed(event) => self.remember_swarm(context.now, &event),
                node::Output::Mark(mark) => context.out.push(Output::Mark(mark)),
                node::Output::Silence { of, kind, detail } => {
                    context.out.push(Output::Silence { of, kind, detail });
                }
                node::Output::Reply(id, answer) => self.swarm_answered(context, id, answer),
                node::Output::Executor(command) => self.execute(context, command),
            }
        }
        self.follow_swarm(context);
    }

    /// A request of a process or of the world.
    pub fn request(&mut self, context: &mut Context<'_>, caller: Caller, request: Request) {
        match Self::to_be_pinned(&request) {
            Some(reference) => {
                self.pull_remote(context, After::Pin(caller, reference, Box::new(request)));
            }
            None => self.pinned_request(context, caller, request),
        }
    }

    /// The same, once the image that it names has been asked for where that is needed.
    pub(crate) fn pinned_request(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        request: Request,
    ) {
        if let Request::CreateService { spec, .. }
        | Request::UpdateService { spec, rollback: false, .. } = &request
            && self.swarm.raft().is_some()
            && let Err(error) = Templates::check(&spec.task.container)
        {
            context.reply(caller, Err(error.into()));
            return;
        }
        let now = match request {
            Request::Ping => Ok(Some(Response::Done)),
            Request::Version => Ok(Some(Response::Version(Box::new(self.version())))),
            Request::Info => {
                self.ask_swarm(context, node::LocalRequest::Info, Then::Info(caller));
                Ok(None)
            }
            Request::SwarmInit(init) => {
                self.swarm_init(context, caller, init);
                Ok(None)
            }
            Request::SwarmJoin(join) => {
                self.swarm_join(context, caller, join);
                Ok(None)
            }
            Request::SwarmLeave { force } => {
                let request = node::LocalRequest::Leave { force };
                self.ask_swarm(context, request, Then::Reply(caller));
                Ok(None)
            }
            Request::SwarmUnlock { key } => {
                let request = node::LocalRequest::Unlock { key };
                self.ask_swarm(context, request, Then::Reply(caller));
                Ok(None)
            }
            Request::Control(request) => {
                self.control(context, caller, request);
                Ok(None)
            }
            Request::CreateService { spec, query_registry } => {
                self.create_service(context, caller, spec, query_registry);
                Ok(None)
            }
            Request::UpdateService { service, version, spec, rollback, query_registry } => {
                let mut spec = spec;
                let warnings =
                    if rollback { Vec::new() } else { self.pin(&mut spec, query_registry) };
                let update = crate::managers::ServiceUpdate { version, spec, rollback, warnings };
                self.update_service(context, caller, &service, update);
                Ok(None)
            }
            Request::ListNetworks { filters } => {
                self.network_question(context, caller, NetworkQuestion::List(filters));
                Ok(None)
            }
            Request::InspectNetwork { network } => {
                self.network_question(context, caller, NetworkQuestion::Inspect(network));
                Ok(None)
            }
            Request::CreateNetwork(network) => {
                self.network_question(context, caller, NetworkQuestion::Create(network));
                Ok(None)
            }
            Request::RemoveNetwork { network } => {
                self.network_question(context, caller, NetworkQuestion::Remove(network));
                Ok(None)
            }
            Request::PruneNetworks { filters } => {
                self.network_question(context, caller, NetworkQuestion::Prune(filters));
                Ok(None)
            }
            Request::ServiceLogs { target, options } => {
                self.service_logs(context, caller, target, options);
                Ok(None)
            }
            local if self.needs_swarm_networks(&local) => {
                let question = NetworkQuestion::Attach(Attaching::new(local, context.now));
                self.network_question(context, caller, question);
                Ok(None)
            }
            local => self.local_request(context, caller, local),
        };
        match now {
            Ok(Some(response)) => context.reply(caller, Ok(response)),
            Ok(None) => {}
            Err(error) => context.reply(caller, Err(error)),
        }
        self.after_engine(context);
    }

    /// The swarm node, to look at.
    pub const fn swarm(&self) -> &SwarmNode {
        &self.swarm
    }

    /// The engine, to look at.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The daemon is told to end (moby: `cmd/dockerd/daemon.go`): it leaves its peers, then its containers
    /// stop. See [`Daemon::has_stopped`].
    pub fn stop(&mut self, context: &mut Context<'_>) {
        let mut outputs = Vec::new();
        self.swarm.stop(&mut outputs);
        for output in outputs {
            if let node::Output::Frame { to, flow, bytes } = output {
                context.out.push(Output::Frame { to, flow, bytes });
            }
        }
        self.swarm_due = None;
        self.hang_up(context);
        self.stopping = Some(self.engine.shut_down(context.now, context.machine, STOP_GRACE));
        context.event("docker.stopping", self.config.hostname.clone());
        self.after_engine(context);
    }

    /// It was told to end, and nothing of it runs any more.
    pub fn has_stopped(&self) -> bool {
        self.stopping.is_some() && self.engine.is_shut_down()
    }

    /// What is left after that: the engine with its images and containers.
    pub fn into_engine(mut self) -> Engine {
        self.engine.finish_shut_down(&self.stopping.unwrap_or_default());
        self.engine
    }

    /// The power fails: what is left is the engine with what it had on the disk.
    pub fn lose_power(mut self, now: Time) -> Engine {
        self.engine.on_power_loss(now);
        self.engine
    }
}

/// A secret's bytes for the engine.
pub(crate) fn bytes_of(secret: &SecretBytes) -> Rc<[u8]> {
    Rc::from(secret.expose())
}
