//! One host: its operating system, its disk, its daemon, and the carrying between them.

use sorted::SortedSet;
use std::collections::VecDeque;

use daemon::api::Request;
use daemon::client::{PORT, Reply};
use daemon::{Caller, Daemon};
use engine::Engine;
use os::fs::{Attributes, FileSystem, FsKind, Inode, Kind, Mount, Mounts, SharedFs, Tree};
use os::process::Handle;
use os::remote::{SSH_PORT, SshAsk};
use os::{ExitStatus, Machine, Pid, Programs, RequestId, TerminalId};
use sim::{Clock, Disk, Duration, EventId, HostId, Time, Trace};

use crate::fault::armed::Seen;
use crate::fault::blame::Blame;
use crate::login::Account;
use crate::service::{Service, Stage};
use crate::state_folder::{self, StateFolder};
use crate::subjects::Subjects;
use crate::world::Event;

/// A host of the world.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) id: HostId,
    pub(crate) name: String,
    pub(crate) disk: Disk,
    /// The files that survive a crash: the root filesystem.
    pub(crate) root: SharedFs,
    state_folder: StateFolder,
    /// The same for etcd's.
    etcd_folder: StateFolder,
    /// While the host is down: what its engine has on the disk.
    pub(crate) engine: Option<Engine>,
    /// Nothing while the host is down.
    pub(crate) up: Option<Up>,
    /// While the host is frozen: what waits for it.
    pub(crate) held: Option<Vec<Event>>,
    /// Until when it was frozen last.
    pub(crate) thawed_at: Time,
    /// What its clock shows.
    pub(crate) clock: Clock,
    /// What a sync takes longer than on a good disk.
    pub(crate) slow_disk: Duration,
    /// The hosts of whose disks there is a copy here.
    loot: SortedSet<String>,
    /// How many daemons it has had.
    pub(crate) daemon_count: u32,
    /// How often the host has booted; events meant for an earlier boot are dropped.
    pub(crate) boot_count: u32,
    /// Transcripts of terminals from before the last crash are gone with the machine; the command
    /// numbers go on.
    pub(crate) terminal: TerminalId,
    /// How wide its terminals are.
    pub(crate) columns: Option<u16>,
    /// Who is logged in at the terminal.
    user: String,
    address: String,
}

/// What a running host has in memory.
#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) machine: Machine,
    pub(crate) daemon: Daemon,
    /// Its part of a Kubernetes cluster, if it has one.
    pub(crate) kube: Option<Box<kube::KubeNode>>,
    /// Docker's answers to the kubelet.
    pub(crate) runtime_answers: VecDeque<(u64, Reply)>,
    /// The shell at the terminal; nothing if it could not be started.
    shell: Option<Pid>,
    /// Whether the daemon runs.
    pub(crate) service: Service,
    /// What logins over the network have started.
    pub(crate) logins: SortedSet<Pid>,
    /// When something is due next, as of the last settling.
    pub(crate) deadline: Option<Time>,
}

impl Host {
    pub(crate) fn new(
        id: HostId,
        name: &str,
        address: String,
        user: &str,
        tree: Tree,
        now: Time,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            disk: Disk::default(),
            root: FileSystem::from_tree(FsKind::Disk, tree).shared(),
            state_folder: StateFolder::new(state_folder::SWARM, now),
            etcd_folder: StateFolder::new(state_folder::ETCD, now),
            engine: None,
            up: None,
            held: None,
            thawed_at: Time::EPOCH,
            clock: Clock::default(),
            slow_disk: Duration::ZERO,
            loot: SortedSet::new(),
            daemon_count: 0,
            boot_count: 0,
            terminal: TerminalId(0),
            columns: None,
            user: user.to_owned(),
            address,
        }
    }

    /// Boots: a machine with the same files, a daemon with the same disk, a shell at the terminal.
    pub(crate) fn boot(
        &mut self,
        now: Time,
        programs: &Programs,
        daemon: Daemon,
        kube: Option<Box<kube::KubeNode>>,
        entropy: sim::Rng,
        distribution: os::Distribution,
    ) {
        let mut mounts = Mounts::new(self.root.clone());
        self.state_folder.mount(&mut mounts);
        if kube.is_some() {
            self.etcd_folder.mount(&mut mounts);
        }
        for name in &self.loot {
            mounts.add(loot_mount(name, &self.root));
        }
        let mut machine = Machine::new(now, &self.name, mounts, programs.clone());
        machine.set_clock(self.clock);
        machine.set_disk_full(self.disk.is_full());
        machine.set_entropy(entropy);
        machine.set_distribution(distribution);
        machine.host().borrow_mut().addresses = vec![self.address.clone()];
        if let Some(columns) = self.columns {
            machine.set_columns(columns);
        }
        self.terminal = machine.add_terminal();
        self.boot_count += 1;
        let shell = self.start_shell(&mut machine);
        let logins = SortedSet::new();
        let service = Service::new(now, daemon::daemon_command(&machine));
        let runtime_answers = VecDeque::new();
        let deadline = Some(now);
        self.up =
            Some(Up { machine, daemon, kube, runtime_answers, shell, service, logins, deadline });
    }
}

/// Where copies of other hosts' disks are.
pub(crate) const LOOT_FOLDER: &str = "/loot";

/// The copy is in the host's own files; the mount over it keeps it as it was taken.
fn loot_mount(name: &str, root: &SharedFs) -> Mount {
    let at = format!("{LOOT_FOLDER}/{name}");
    Mount { root: at.clone(), at, fs: root.clone(), read_only: true }
}

/// What a host wants from the world.
#[derive(Debug)]
pub(crate) enum Wanted {
    Send {
        to: HostId,
        flow: u64,
        bytes: std::rc::Rc<[u8]>,
        cause: Option<EventId>,
    },
    Sync {
        barrier: sim::disk::Barrier,
        cause: Option<EventId>,
    },
    Answer {
        caller: u64,
        reply: Box<Reply>,
    },
    ClusterAnswer {
        caller: u64,
        reply: Box<kube::rest::Reply>,
    },
    /// A process wants something of a service.
    Unit {
        request: RequestId,
        unit: tools::unit::Unit,
        ask: tools::unit::Ask,
    },
    /// A process wants to see the wire.
    Tap {
        request: RequestId,
        ask: tools::tcpdump::Ask,
    },
    /// The daemon has ended in order.
    DockerStopped,
    Ssh {
        request: RequestId,
        ask: Box<SshAsk>,
        cause: Option<EventId>,
    },
    Exited {
        pid: Pid,
        status: ExitStatus,
    },
}

/// What one event at a host may touch.
pub(crate) struct Settling<'a> {
    pub(crate) now: Time,
    pub(crate) trace: &'a mut Trace,
    pub(crate) blame: &'a Blame,
    /// A timer has run out; nothing came in.
    pub(crate) is_timer: bool,
    /// The last event that was recorded.
    pub(crate) last: Option<EventId>,
    /// An armed fault waits for something.
    pub(crate) is_armed: bool,
    pub(crate) wanted: &'a mut Vec<Wanted>,
    /// What it may be waiting for.
    pub(crate) seen: &'a mut Vec<Seen>,
    pub(crate) subjects: &'a mut Subjects,
}

/// No single moment takes more rounds than this between processes and daemon; more would be a loop
/// without virtual time.
const ROUND_COUNT_MAX: u32 = 100_000;

impl Host {
    /// Lets the daemon handle something.
    pub(crate) fn with_daemon(
        &mut self,
        settling: &mut Settling<'_>,
        handle: impl FnOnce(&mut Daemon, &mut daemon::Context<'_>),
    ) {
        let Some(up) = &mut self.up else { return };
        up.machine.set_cause(settling.trace.cause());
        let mut out = Vec::new();
        let mut context = daemon::Context {
            now: settling.now,
            machine: &mut up.machine,
            disk: &mut self.disk,
            out: &mut out,
        };
        handle(&mut up.daemon, &mut context);
        up.daemon.send_remote_replies(&mut context);
        let is_prompted = settling.trace.cause().is_some();
        let before = settling.last;
        for output in out {
            let cause = settling.trace.cause();
            match output {
                daemon::Output::Frame { to, flow, bytes } => {
                    settling.wanted.push(Wanted::Send { to, flow, bytes, cause });
                }
                daemon::Output::Sync(barrier) => {
                    settling.wanted.push(Wanted::Sync { barrier, cause });
                }
                daemon::Output::Event { kind, detail } => {
                    if !is_prompted && let Some(last) = settling.subjects.last(&detail) {
                        settling.trace.set_cause(Some(last));
                    }
                    let detail: std::rc::Rc<str> = detail.into();
                    let id =
                        settling.trace.record(settling.now, Some(self.id), kind, detail.clone());
                    settling.subjects.note(&detail, id);
                    settling.last = Some(id);
                    settling.trace.set_cause(Some(id));
                }
                daemon::Output::Because(event) if !is_prompted => {
                    settling.trace.set_cause(Some(event));
                }
                daemon::Output::Because(_) => {}
                daemon::Output::Mark(mark) if settling.is_armed => {
                    settling.seen.push(Seen { mark, cause });
                }
                daemon::Output::Mark(_) => {}
                daemon::Output::Silence { of, kind, detail } => {
                    // A timer has no cause of its own; what it waited for was silenced by a fault.
                    let why = || settling.blame.of_silence(&of, self.id, settling.now);
                    let cause = if settling.is_timer { why().or(cause) } else { cause };
                    settling.trace.set_cause(cause);
                    let detail: std::rc::Rc<str> = detail.into();
                    let id =
                        settling.trace.record(settling.now, Some(self.id), kind, detail.clone());
                    settling.subjects.note(&detail, id);
                    settling.last = Some(id);
                    settling.trace.set_cause(Some(id));
                }
                daemon::Output::Reply { caller: Caller::Process(id), reply } => {
                    up.service.asked.remove(&id);
                    up.machine.reply(id, reply);
                }
                daemon::Output::Reply { caller: Caller::Kubelet(tag), reply } => {
                    up.runtime_answers.push_back((tag, *reply));
                }
                daemon::Output::Reply { caller: Caller::Operator(caller), reply } => {
                    settling.wanted.push(Wanted::Answer { caller, reply });
                }
                // The daemon has taken them back.
                daemon::Output::Reply { caller: Caller::Remote(_), .. } => {}
            }
        }
        up.machine.explain_started(settling.last.filter(|_| settling.last != before));
    }

    /// Lets everything that is due at this moment happen: processes, the daemon, and processes again
    /// until all wait.
    pub(crate) fn settle(&mut self, settling: &mut Settling<'_>) {
        let cause = settling.trace.cause();
        for _ in 0..ROUND_COUNT_MAX {
            let Some(up) = &mut self.up else { return };
            if up.service.stage == Stage::Stopping && up.daemon.has_stopped() {
                up.service.stage = Stage::Stopped;
                settling.wanted.push(Wanted::DockerStopped);
            }
            if up.daemon.next_deadline().is_some_and(|at| at <= settling.now) {
                self.with_daemon(settling, |daemon, context| daemon.due(context));
                settling.trace.set_cause(cause);
            }
            let Some(up) = &mut self.up else { return };
            let kube_at = up.kube.as_ref().and_then(|node| node.next_deadline());
            if kube_at.is_some_and(|at| at <= settling.now) {
                self.with_kube(settling, |node, context| node.due(context));
                settling.trace.set_cause(cause);
            }
            self.pass_runtime_answers(settling);
            let Some(up) = &mut self.up else { return };
            if up.machine.is_due(settling.now) {
                self.state_folder.follow(&self.disk, settling.now);
                if up.kube.is_some() {
                    self.etcd_folder.follow(&self.disk, settling.now);
                }
                up.machine.run(settling.now);
                if up.daemon.has_streams() {
                    self.with_daemon(settling, |daemon, context| daemon.look_at_streams(context));
                    settling.trace.set_cause(cause);
                }
            }
            let Some(up) = &mut self.up else { return };
            if up.kube.is_some() {
                self.with_kube(settling, |node, context| node.look(context));
                settling.trace.set_cause(cause);
            }
            let Some(up) = &mut self.up else { return };
            let requests = up.machine.take_requests();
            let withdrawn = up.machine.take_withdrawn();
            let exits = up.machine.take_exits();
            if requests.is_empty()
                && withdrawn.is_empty()
                && exits.is_empty()
                && up.runtime_answers.is_empty()
                && !up.machine.is_ready()
            {
                let daemon = up.daemon.next_deadline();
                let machine = up.machine.next_deadline();
                let kube = up.kube.as_ref().and_then(|node| node.next_deadline());
                let next = [daemon, machine, kube].into_iter().flatten().min();
                up.deadline = next;
                if next.is_none_or(|at| at > settling.now) {
                    return;
                }
            }
            for request in requests {
                self.pass_request(settling, request, cause);
            }
            for id in withdrawn {
                if let Some(up) = &mut self.up {
                    up.service.asked.remove(&id);
                }
                self.with_kube(settling, |node, _| node.withdrawn(id));
                self.with_daemon(settling, |daemon, context| daemon.withdrawn(context, id));
            }
            for (pid, status) in exits {
                if self.up.as_mut().is_some_and(|up| up.logins.remove(&pid)) {
                    settling.wanted.push(Wanted::Exited { pid, status });
                    continue;
                }
                self.with_daemon(settling, |daemon, context| daemon.exited(context, pid, status));
                settling.trace.set_cause(cause);
            }
            self.revive_shell();
        }
    }

    /// Hands a process's request to whom it is for.
    fn pass_request(
        &mut self,
        settling: &mut Settling<'_>,
        request: os::Request,
        cause: Option<EventId>,
    ) {
        settling.trace.set_cause(request.cause);
        if request.port == os::NET_PORT {
            if let Ok(body) = request.body.downcast::<os::NetRequest>() {
                self.with_daemon(settling, |daemon, context| {
                    daemon.network_request(context, request.id, *body);
                });
            }
            settling.trace.set_cause(cause);
            return;
        }
        if request.port == SSH_PORT {
            if let Ok(ask) = request.body.downcast::<SshAsk>() {
                settling.wanted.push(Wanted::Ssh {
                    request: request.id,
                    ask,
                    cause: request.cause,
                });
            }
            return;
        }
        if request.port == kube::rest::PORT {
            if let Ok(ask) = request.body.downcast::<kube::rest::Ask>() {
                self.process_asks_cluster(settling, request.id, *ask);
            }
            settling.trace.set_cause(cause);
            return;
        }
        if request.port == kube::etcd::etcdctl::PORT {
            if let Ok(ask) = request.body.downcast::<kube::etcd::etcdctl::Ask>() {
                self.process_asks_etcd(settling, request.id, *ask);
            }
            settling.trace.set_cause(cause);
            return;
        }
        if request.port == tools::unit::PORT {
            if let Ok(ask) = request.body.downcast::<(tools::unit::Unit, tools::unit::Ask)>() {
                let (unit, ask) = *ask;
                settling.wanted.push(Wanted::Unit { request: request.id, unit, ask });
            }
            return;
        }
        if request.port == tools::tcpdump::PORT {
            if let Ok(ask) = request.body.downcast::<tools::tcpdump::Ask>() {
                settling.wanted.push(Wanted::Tap { request: request.id, ask: *ask });
            }
            return;
        }
        if request.port != PORT {
            return;
        }
        let Some(up) = &mut self.up else { return };
        if up.service.stage != Stage::Running || !up.daemon.has_socket() {
            let gone: Reply = Err(daemon::api::Error::Unreachable);
            up.machine.reply(request.id, Box::new(gone));
            return;
        }
        up.service.asked.insert(request.id);
        if let Ok(body) = request.body.downcast::<Request>() {
            self.with_daemon(settling, |daemon, context| {
                daemon.request(context, Caller::Process(request.id), *body);
            });
        }
        settling.trace.set_cause(cause);
    }

    fn revive_shell(&mut self) {
        let Some(up) = &mut self.up else { return };
        if up.shell.is_none_or(|shell| !up.machine.is_alive(shell)) {
            // Jobs that it has left behind must not read what is typed at the next one.
            up.machine.hang_up(self.terminal);
            let Some(mut up) = self.up.take() else { return };
            up.shell = self.start_shell(&mut up.machine);
            self.up = Some(up);
        }
    }

    /// Starts the shell at the terminal; it starts again whenever it ends, as a getty has it.
    fn start_shell(&self, machine: &mut Machine) -> Option<Pid> {
        let account = Account::find(&self.root, &self.user).unwrap_or_else(Account::root);
        let tty = Handle::terminal(self.terminal);
        account.start(machine, "bash", None, [tty.clone(), tty.clone(), tty])
    }

    /// When something is due; nothing is while the host is frozen.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.up.as_ref().filter(|_| !self.is_frozen()).and_then(|up| up.deadline)
    }

    /// True while the host makes no progress.
    pub(crate) const fn is_frozen(&self) -> bool {
        self.held.is_some()
    }

    /// Puts a copy of another host's disk under `/loot`; it takes the place of an older copy.
    pub(crate) fn put_loot(&mut self, of: &str, copy: &Tree, now: Time) {
        let place = format!("{LOOT_FOLDER}/{of}");
        let mut root = self.root.borrow_mut();
        let inside = format!("{place}/");
        let old: Vec<String> = root
            .upper()
            .iter()
            .map(|(path, _)| path.to_owned())
            .filter(|path| path.starts_with(&inside))
            .collect();
        // What is in a folder comes after it, and goes before it.
        for path in old.iter().rev() {
            let _ = root.remove(path, now);
        }
        let folder = Inode { attributes: Attributes::root(0o755, now), kind: Kind::Directory };
        let _ = root.put(LOOT_FOLDER, folder, now);
        for (path, inode) in copy.iter() {
            let path = if path == "/" { place.clone() } else { format!("{place}{path}") };
            // The folder above is there: it comes first.
            let _ = root.put(&path, inode.clone(), now);
        }
        drop(root);
        if let Some(up) = self.up.as_ref().filter(|_| !self.loot.contains(of)) {
            let mount = loot_mount(of, &self.root);
            up.machine.host().borrow_mut().mounts.add(mount);
        }
        self.loot.insert(of.to_owned());
    }
}

/// What a disk takes to make a write durable.
pub(crate) const SYNC_TIME: Duration = Duration::from_micros(800);
