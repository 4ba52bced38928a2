//! The part of one host in a cluster: on a control plane etcd, API server, controllers and scheduler; everywhere a kubelet.
//! A state machine: inputs and the time in, outputs out.

use sorted::{SortedMap, SortedSet};
use std::rc::Rc;

use daemon::api;
use daemon::client::Reply as RuntimeReply;
use os::fs::{Kind, User};
use os::{Machine, RequestId};
use seal::{Identity, RootCertificate};
use sim::disk::Barrier;
use sim::{Clock, Disk, Duration, Frame, HostId, Rng, Time};

use crate::apiserver::access::{self, Deed, User as ApiUser};
use crate::apiserver::token::TokenKey;
use crate::apiserver::{ApiServer, Options, Origin, Status};
use crate::config::ClusterConfig;
use crate::controllers::Controllers;
use crate::etcd::encryption::Encryption;
use crate::etcd::{self, Effect, Member, Peer, etcdctl};
use crate::kubelet::{self, Kubelet, Touch};
use crate::pki;
use crate::rest::{Answer, Ask, Credential, Reply, Request, StreamEvent, Unreachable};
use crate::wire::{API_PORT, Came, Client, Frames, KUBELET_PORT, Links, Packet, Way, WireEvent};

/// kubectl's transport gives up a connection after so long.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
/// kubelet: what a heartbeat may take.
const KUBELET_TIMEOUT: Duration = Duration::from_secs(10);
/// kubelet: `--file-check-frequency`.
const FILE_CHECK: Duration = Duration::from_secs(20);
/// What a new API server takes until it answers.
const RESTART: Duration = Duration::from_secs(5);
/// More rounds than these at one moment would be a loop.
const ROUND_COUNT_MAX: u32 = 10_000;

/// What one input may touch.
#[derive(Debug)]
pub struct Context<'a> {
    /// The virtual time.
    pub now: Time,
    /// The host's processes and files.
    pub machine: &'a mut Machine,
    /// The host's disk.
    pub disk: &'a mut Disk,
    /// What is to be done.
    pub out: &'a mut Vec<Output>,
}

/// Who asks, and so who is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A process of the host.
    Process(RequestId),
    /// Whoever runs the world.
    Operator(u64),
}

/// What a node wants done.
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
    /// Answer whoever asked.
    Reply(Caller, Box<Reply>),
    /// Ask the host's Docker; the answer goes to [`KubeNode::runtime_answered`] with this number.
    Runtime(u64, Box<api::Request>),
    /// Something for the history.
    Event {
        /// For instance `etcd.leader`.
        kind: &'static str,
        /// For a reader; never a secret's bytes.
        detail: String,
    },
}

/// Whom an answer from another host is for.
#[derive(Debug)]
enum Waiting {
    Caller(Caller),
    Stream(u64),
    Kubelet(u64),
    Proxy(Origin),
}

/// A process's stream.
#[derive(Debug)]
struct Stream {
    number: u64,
    inbox: Vec<StreamEvent>,
    waiting: Option<Caller>,
    opener: Option<Caller>,
    is_over: bool,
}

/// A control plane's parts.
#[derive(Debug)]
struct ControlPlane {
    member: Member,
    server: Result<ApiServer, String>,
    controllers: Controllers,
    root_pem: String,
    token_key: TokenKey,
}

/// A host's part of a cluster.
#[derive(Debug)]
pub struct KubeNode {
    config: Rc<ClusterConfig>,
    number: usize,
    links: Links,
    client: Client,
    waiting: SortedMap<u64, Waiting>,
    streams: SortedMap<u64, Stream>,
    next_stream: u64,
    identity: Option<Identity>,
    to_kubelets: Option<Identity>,
    to_etcd: Option<Identity>,
    plane: Option<Box<ControlPlane>>,
    kubelet: Option<Kubelet>,
    /// Streams of others that this host's API server has opened at a kubelet.
    proxied: SortedMap<Origin, u64>,
    frames: Frames,
    rng: Rng,
    kubelet_runs: bool,
    kubelet_since: Time,
    /// The API server's manifest as it was started with, and when it is looked at again.
    manifest: Option<String>,
    look_at: Option<Time>,
}

fn read_file(machine: &Machine, path: &str) -> Option<String> {
    let host = machine.host();
    let host = host.borrow();
    let place = host.mounts.resolve("/", path, true, User::ROOT).ok()?;
    match place.inode()?.kind {
        Kind::File(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn read_identity(machine: &Machine, name: &str) -> Option<Identity> {
    let part = |end: &str| read_file(machine, &format!("/etc/kubernetes/pki/{name}.{end}"));
    pki::identity(&part("crt")?, &part("key")?)
}

/// The argument that a static pod gives its program.
fn argument(manifest: &str, name: &str) -> Option<String> {
    let prefix = format!("--{name}=");
    let words =
        manifest.lines().map(|line| line.trim().trim_start_matches("- ").trim_matches(['"', '\'']));
    words.filter_map(|word| word.strip_prefix(&prefix)).next_back().map(str::to_owned)
}

impl KubeNode {
    /// The part of a host that has not booted. `stream` gives a random stream by purpose; every boot must get its own.
    pub fn new(config: Rc<ClusterConfig>, host: HostId, stream: &dyn Fn(&str) -> Rng) -> Self {
        let number = config.number_of(host).unwrap_or(0);
        Self {
            number,
            config,
            links: Links::new(stream("kube/channels")),
            client: Client::default(),
            waiting: SortedMap::new(),
            streams: SortedMap::new(),
            next_stream: 1,
            identity: None,
            to_kubelets: None,
            to_etcd: None,
            plane: None,
            kubelet: None,
            proxied: SortedMap::new(),
            frames: Vec::new(),
            rng: stream("kube"),
            kubelet_runs: false,
            kubelet_since: Time::EPOCH,
            manifest: None,
            look_at: None,
        }
    }

    /// A stream of its own for a purpose.
    fn fork(&mut self, purpose: &str) -> Rng {
        let seed = self.rng.next_u64();
        sim::Streams::new(seed).stream(purpose)
    }

    fn this_host(&self) -> HostId {
        self.config.hosts[self.number].host
    }

    /// What the host's clock shows from now on.
    pub const fn set_clock(&mut self, clock: Clock) {
        self.links.set_clock(clock);
    }

    /// True for a frame that is meant for a node of a cluster.
    pub fn is_for_kube(frame: &Frame) -> bool {
        crate::wire::is_ours(frame.flow, &frame.bytes)
    }

    /// The host has booted.
    pub fn boot(&mut self, context: &mut Context<'_>) {
        let machine = &*context.machine;
        let root_pem = read_file(machine, "/etc/kubernetes/pki/ca.crt").unwrap_or_default();
        let kubelet_conf = read_file(machine, "/etc/kubernetes/kubelet.conf").unwrap_or_default();
        self.identity = pki::kubeconfig_identity(&kubelet_conf);
        let server = read_identity(machine, "apiserver").or_else(|| self.identity.clone());
        if let Ok(root) = RootCertificate::from_pem(&root_pem) {
            self.links.set_credentials(root, server);
        }
        if self.config.is_control_plane(self.this_host()) {
            self.to_kubelets = read_identity(machine, "apiserver-kubelet-client");
            self.to_etcd = read_identity(machine, "etcd/peer");
            self.start_plane(context, root_pem);
        }
        self.start_kubelet(context);
        self.look_at = self.plane.is_some().then(|| context.now + FILE_CHECK);
        self.drive(context);
    }

    /// The kubelet looks at the manifests of static pods: another one means another API server.
    fn look_at_manifests(&mut self, context: &mut Context<'_>) {
        if self.look_at.is_none_or(|at| context.now < at) {
            return;
        }
        self.look_at = Some(context.now + FILE_CHECK);
        let manifest = read_file(context.machine, pki::API_SERVER_MANIFEST);
        let Some(plane) = self.plane.as_mut().filter(|_| self.kubelet_runs) else { return };
        let is_same = manifest == self.manifest && plane.server.is_ok();
        if is_same || manifest.is_none() && plane.server.is_err() {
            self.manifest = manifest;
            return;
        }
        let name = self.config.hosts[self.number].name.clone();
        if let Ok(server) = &mut plane.server {
            server.stop();
            let outputs = server.take_out();
            plane.server = Err("it starts again".to_owned());
            for output in outputs {
                self.server_wants(context, output);
            }
            let detail = format!("the API server of {name} has stopped");
            context.out.push(Output::Event { kind: "kube.apiserver", detail });
            // Its container needs a moment to go and to come.
            self.look_at = Some(context.now + RESTART);
            self.manifest = None;
            return;
        }
        self.start_api_server(context);
        if self.plane.as_ref().is_some_and(|plane| plane.server.is_ok()) {
            let detail = format!("the API server of {name} has started");
            context.out.push(Output::Event { kind: "kube.apiserver", detail });
        }
    }

    /// A process asks this host's etcd.
    pub fn etcd_request(&mut self, context: &mut Context<'_>, id: RequestId, ask: etcdctl::Ask) {
        let answer = self.ask_etcd(context, ask);
        context.machine.reply(id, Box::new(answer));
        self.drive(context);
    }

    fn ask_etcd(&mut self, context: &mut Context<'_>, ask: etcdctl::Ask) -> etcdctl::Answer {
        use etcdctl::{Ask as A, Found, Reply as R};
        let no_answer = || "context deadline exceeded".to_owned();
        let members = self.config.hosts.iter().take(self.config.control_plane_count);
        let members = members
            .map(|host| (etcd::member_id(&host.name).0, host.name.clone(), host.address.clone()));
        let members: Vec<_> = members.collect();
        let own = etcd::member_id(&self.config.hosts[self.number].name).0;
        let Some(plane) = &mut self.plane else { return Err(no_answer()) };
        let member = &mut plane.member;
        if member.leader_address().is_none() {
            return Err("etcdserver: no leader".to_owned());
        }
        let store = &member.store;
        match ask {
            A::Status => Ok(R::Status(etcdctl::Status {
                id: own,
                members,
                db_size: context
                    .disk
                    .read(etcd::store::DB_PATH)
                    .map_or(0, |bytes| bytes.len() as u64),
                leads: member.is_leader(),
                term: member.raft().term().0,
                index: member.raft().position().applied.0,
                revision: store.revision,
            })),
            A::Range { key, prefix, revision } => {
                let at = if revision == 0 { store.revision } else { revision };
                let mut found = Vec::new();
                for (name, one) in store.range(&key).filter(|(name, _)| prefix || *name == key) {
                    let value = store.at_revision(name, at)?;
                    let revisions = (one.created, one.modified, one.version);
                    found.extend(value.map(|value| Found {
                        key: name.to_owned(),
                        value: value.to_vec(),
                        revisions,
                    }));
                }
                Ok(R::Found(found, store.revision))
            }
            A::Compact(revision) if store.revision < revision => {
                Err("etcdserver: mvcc: required revision is a future revision".to_owned())
            }
            A::Compact(revision) if revision <= store.compacted => {
                Err("etcdserver: mvcc: required revision has been compacted".to_owned())
            }
            A::Compact(revision) => {
                let mut effects = Vec::new();
                let id = member.propose(etcd::Operation::Compact(revision), &mut effects);
                self.etcd_wants(context, effects);
                id.map(|_| R::Done).ok_or_else(no_answer)
            }
            A::Defragment => {
                member.store.defragment(context.disk);
                Ok(R::Done)
            }
        }
    }

    fn start_plane(&mut self, context: &mut Context<'_>, root_pem: String) {
        let planes = self.config.hosts.iter().take(self.config.control_plane_count);
        let peers: Vec<Peer> = planes.map(|host| Peer::new(&host.name, &host.address)).collect();
        let name = self.config.hosts[self.number].name.clone();
        let key = read_file(context.machine, "/etc/kubernetes/pki/sa.key");
        let key = key.and_then(|text| seal::keyfile::read_private_key(&text).ok());
        let rng = self.fork("etcd");
        let Some(key) = key else {
            let detail = "the API server of NAME has no key for tokens".replace("NAME", &name);
            return context.out.push(Output::Event { kind: "kube.broken", detail });
        };
        let member = match Member::start(context.now, &name, peers, rng, context.disk) {
            Ok(member) => member,
            Err(why) => {
                let detail = format!("etcd of {name} does not start: {why}");
                return context.out.push(Output::Event { kind: "kube.broken", detail });
            }
        };
        let seed = self.fork("controllers").next_u64();
        let streams = sim::Streams::new(seed);
        let controllers = Controllers::new(&|purpose| streams.stream(purpose));
        let token_key = TokenKey(key);
        let server = Err("it has not been started".to_owned());
        let plane = ControlPlane { member, server, controllers, root_pem, token_key };
        self.plane = Some(Box::new(plane));
        self.start_api_server(context);
    }

    /// Starts the API server as its manifest says.
    fn start_api_server(&mut self, context: &mut Context<'_>) {
        let rng = self.fork("apiserver");
        let address = self.config.hosts[self.number].address.clone();
        let name = self.config.hosts[self.number].name.clone();
        let manifest = read_file(context.machine, pki::API_SERVER_MANIFEST);
        self.manifest.clone_from(&manifest);
        let Some(plane) = &mut self.plane else { return };
        let Some(manifest) = manifest else {
            plane.server = Err("there is no manifest".to_owned());
            return;
        };
        let encryption = match argument(&manifest, "encryption-provider-config") {
            None => Ok(Encryption::default()),
            Some(path) => read_file(context.machine, &path)
                .ok_or_else(|| format!("open {path}: no such file or directory"))
                .and_then(|text| Encryption::parse(&text)),
        };
        plane.server = encryption.map(|encryption| {
            let options = Options {
                minor: self.config.minor,
                address,
                token_key: plane.token_key.clone(),
                encryption,
            };
            ApiServer::new(context.now, options, &plane.member, rng)
        });
        if let Err(why) = &plane.server {
            let detail = format!("the API server of {name} does not start: {why}");
            context.out.push(Output::Event { kind: "kube.broken", detail });
        }
    }

    fn start_kubelet(&mut self, context: &mut Context<'_>) {
        let seed = self.fork("kubelet").next_u64();
        let streams = sim::Streams::new(seed);
        self.kubelet_since = context.now;
        let new = Kubelet::new(self.config.clone(), self.number, context.now, &|purpose| {
            streams.stream(purpose)
        });
        self.kubelet_runs = true;
        let kubelet = self.kubelet.insert(new);
        let mut out = Vec::new();
        let wall = self.links.clock().wall(context.now);
        let mut touch = Touch { now: context.now, wall, machine: context.machine, out: &mut out };
        kubelet.boot(&mut touch);
        self.kubelet_wants(context, out);
    }

    /// The kubelet's service is stopped or started (`systemctl stop kubelet`); what it has started goes on.
    pub fn set_kubelet(&mut self, context: &mut Context<'_>, runs: bool) {
        if self.kubelet_runs == runs {
            return;
        }
        self.kubelet_runs = runs;
        if runs {
            self.start_kubelet(context);
        } else {
            self.kubelet = None;
            self.kubelet_since = context.now;
            let mine: Vec<u64> = self
                .waiting
                .iter()
                .filter(|(_, waiting)| matches!(waiting, Waiting::Kubelet(_)))
                .map(|(number, _)| *number)
                .collect();
            for number in mine {
                self.waiting.remove(&number);
                self.client.close(number, &mut self.links, &mut self.frames);
            }
        }
        self.drive(context);
    }

    /// Since when it is so.
    pub const fn kubelet_since(&self) -> Time {
        self.kubelet_since
    }

    /// Whether the kubelet's service runs.
    pub const fn kubelet_runs(&self) -> bool {
        self.kubelet_runs
    }

    /// A frame has arrived.
    pub fn frame(&mut self, context: &mut Context<'_>, frame: &Frame) {
        self.links.receive(context.now, frame.from, frame.flow, &frame.bytes, &mut self.frames);
        self.drive(context);
    }

    /// A sync has completed.
    pub fn synced(&mut self, context: &mut Context<'_>, barrier: Barrier) {
        if let Some(plane) = &mut self.plane {
            plane.member.synced(context.disk, barrier);
            self.drive(context);
        }
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<Time> {
        let kubelet = self.kubelet.as_ref().and_then(Kubelet::next_deadline);
        let plane = self.plane.as_ref().and_then(|plane| {
            let server = plane.server.as_ref().ok();
            let own = [
                plane.member.next_deadline(),
                server.and_then(ApiServer::next_deadline),
                plane.controllers.next_deadline().filter(|_| plane.member.is_leader()),
            ];
            own.into_iter().flatten().min()
        });
        let looks = self.look_at.filter(|_| self.kubelet_runs);
        let own = [kubelet, plane, looks, self.links.next_deadline(), self.client.next_deadline()];
        own.into_iter().flatten().min()
    }

    /// The time of [`KubeNode::next_deadline`] has come.
    pub fn due(&mut self, context: &mut Context<'_>) {
        self.links.due(context.now);
        for (number, came) in self.client.due(context.now, &mut self.links, &mut self.frames) {
            self.came(context, number, came);
        }
        if let Some(plane) = &mut self.plane {
            plane.member.due(context.now);
        }
        self.look_at_manifests(context);
        self.with_kubelet(context, |kubelet, touch| kubelet.due(touch));
        self.drive(context);
    }

    /// Programs of the host have run: those that a kubelet has started may have written something.
    pub fn look(&mut self, context: &mut Context<'_>) {
        if self.kubelet.as_ref().is_some_and(Kubelet::has_sessions) {
            self.with_kubelet(context, |kubelet, touch| kubelet.look_at_sessions(touch));
            self.drive(context);
        }
    }

    /// The host's Docker has answered.
    pub fn runtime_answered(&mut self, context: &mut Context<'_>, tag: u64, reply: RuntimeReply) {
        self.with_kubelet(context, |kubelet, touch| kubelet.runtime_answered(touch, tag, reply));
        self.drive(context);
    }

    /// A process, or whoever runs the world, asks.
    pub fn request(&mut self, context: &mut Context<'_>, id: Caller, ask: Ask) {
        match ask {
            Ask::Call(request) => self.process_asks(context, id, &request, false),
            Ask::Open(request) => self.process_asks(context, id, &request, true),
            Ask::Next(stream) => {
                let events = match self.streams.get_mut(&stream) {
                    None => vec![StreamEvent::Ended(serde_json::Value::Null)],
                    Some(known) if known.inbox.is_empty() && !known.is_over => {
                        known.waiting = Some(id);
                        return;
                    }
                    Some(known) => std::mem::take(&mut known.inbox),
                };
                reply(context, id, Ok(Answer::Events(events)));
            }
            Ask::Send(stream, input) => {
                if let Some(known) = self.streams.get(&stream) {
                    self.client.send(known.number, input, &mut self.links, &mut self.frames);
                }
                reply(context, id, Ok(Answer::Sent));
            }
            Ask::Close(stream) => {
                if let Some(known) = self.streams.remove(&stream) {
                    self.waiting.remove(&known.number);
                    self.client.close(known.number, &mut self.links, &mut self.frames);
                }
            }
        }
        self.drive(context);
    }

    /// A process no longer waits.
    pub fn withdrawn(&mut self, id: RequestId) {
        let id = Caller::Process(id);
        self.waiting.retain(|_, waiting| !matches!(waiting, Waiting::Caller(own) if *own == id));
        for stream in self.streams.values_mut() {
            stream.waiting = stream.waiting.filter(|own| *own != id);
        }
    }

    fn process_asks(
        &mut self,
        context: &mut Context<'_>,
        id: Caller,
        request: &Request,
        opens: bool,
    ) {
        let place = request.server.trim_start_matches("https://").trim_end_matches('/');
        let (host, port) = place.rsplit_once(':').unwrap_or((place, "443"));
        let found = match host {
            "localhost" | "127.0.0.1" => Some(self.this_host()),
            host => self.config.host_at(host),
        };
        let Some(host) = found.filter(|_| port.parse() == Ok(API_PORT)) else {
            return reply(context, id, Err(Unreachable::Refused));
        };
        let mut credential = &request.credential;
        while let Credential::As { own, .. } = credential {
            credential = own;
        }
        let identity = match credential {
            Credential::Certificate { certificate, key } => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                pki::identity(&text(certificate), &text(key))
            }
            _ => None,
        };
        let way = Way { host, port: API_PORT, identity };
        let number = self.call(context, way, request, opens, DIAL_TIMEOUT);
        let waiting = if opens {
            let stream = self.next_stream;
            self.next_stream += 1;
            let (inbox, waiting, is_over) = (Vec::new(), None, false);
            let opener = Some(id);
            self.streams.insert(stream, Stream { number, inbox, waiting, opener, is_over });
            Waiting::Stream(stream)
        } else {
            Waiting::Caller(id)
        };
        self.waiting.insert(number, waiting);
    }

    fn call(
        &mut self,
        context: &Context<'_>,
        way: Way,
        request: &Request,
        opens: bool,
        timeout: Duration,
    ) -> u64 {
        let (links, frames) = (&mut self.links, &mut self.frames);
        self.client.ask(context.now, way, request, opens, timeout, links, frames)
    }

    fn with_kubelet(
        &mut self,
        context: &mut Context<'_>,
        act: impl FnOnce(&mut Kubelet, &mut Touch<'_>),
    ) {
        let wall = self.links.clock().wall(context.now);
        let Some(kubelet) = &mut self.kubelet else { return };
        let mut out = Vec::new();
        let mut touch = Touch { now: context.now, wall, machine: context.machine, out: &mut out };
        act(kubelet, &mut touch);
        self.kubelet_wants(context, out);
    }

    fn kubelet_wants(&mut self, context: &mut Context<'_>, out: Vec<kubelet::Output>) {
        for output in out {
            match output {
                kubelet::Output::Ask { tag, request, opens } => {
                    let host = self.config.hosts.first().map(|host| host.host);
                    let Some(host) = host else { continue };
                    let way = Way { host, port: API_PORT, identity: self.identity.clone() };
                    let number = self.call(context, way, &request, opens, KUBELET_TIMEOUT);
                    self.waiting.insert(number, Waiting::Kubelet(tag));
                }
                kubelet::Output::Close(tag) => {
                    let found = self
                        .waiting
                        .iter()
                        .find(|(_, one)| matches!(one, Waiting::Kubelet(own) if *own == tag));
                    if let Some(number) = found.map(|(number, _)| *number) {
                        self.waiting.remove(&number);
                        self.client.close(number, &mut self.links, &mut self.frames);
                    }
                }
                kubelet::Output::Runtime { tag, request } => {
                    context.out.push(Output::Runtime(tag, request));
                }
                kubelet::Output::Respond((link, number), response) => {
                    self.links.send(link, &Packet::response(number, response), &mut self.frames);
                }
                kubelet::Output::Opened((link, number)) => {
                    self.links.send(link, &Packet::Opened { number }, &mut self.frames);
                }
                kubelet::Output::Event((link, number), event) => {
                    self.links.send(link, &Packet::event(number, event), &mut self.frames);
                }
                kubelet::Output::Note { kind, detail } => {
                    context.out.push(Output::Event { kind, detail });
                }
            }
        }
    }

    /// Lets everything that can go on at this moment go on.
    fn drive(&mut self, context: &mut Context<'_>) {
        for _ in 0..ROUND_COUNT_MAX {
            let events = self.links.take_events();
            let is_idle = events.is_empty();
            for event in events {
                self.wire_event(context, event);
            }
            let is_quiet = !self.drive_plane(context);
            if is_idle && is_quiet {
                break;
            }
        }
        for (to, flow, bytes) in std::mem::take(&mut self.frames) {
            context.out.push(Output::Frame { to, flow, bytes });
        }
    }

    fn wire_event(&mut self, context: &mut Context<'_>, event: WireEvent) {
        match event {
            WireEvent::Lost { link, why } => {
                let (links, frames) = (&mut self.links, &mut self.frames);
                for (number, came) in self.client.lost(context.now, link, why, links, frames) {
                    self.came(context, number, came);
                }
                if let Some(Ok(server)) = self.plane.as_mut().map(|plane| plane.server.as_mut()) {
                    server.forget(
                        |origin| matches!(origin, Origin::Client { link: own, .. } if own == link),
                    );
                }
                let gone: Vec<Origin> = self
                    .proxied
                    .keys()
                    .filter(
                        |origin| matches!(origin, Origin::Client { link: own, .. } if *own == link),
                    )
                    .copied()
                    .collect();
                for origin in gone {
                    self.end_proxy(origin);
                }
                self.with_kubelet(context, |kubelet, touch| {
                    kubelet.hang_up(touch, |asker| asker.0 == link)
                });
            }
            WireEvent::Packet { link, host, peer, packet } => match *packet {
                Packet::Ask { port: API_PORT, number, opens, request } => {
                    self.api_asked(context, (link, number), peer.as_ref(), &request, opens);
                }
                Packet::Ask { port: KUBELET_PORT, number, opens, request } => {
                    let is_allowed = peer.is_some_and(|peer| peer.cluster_id == access::MASTERS);
                    if self.kubelet.is_none() {
                        self.links.send(link, &Packet::Refused { number }, &mut self.frames);
                    } else if is_allowed {
                        let request = request.read();
                        self.with_kubelet(context, |kubelet, touch| {
                            kubelet.serve(touch, (link, number), &request, opens);
                        });
                    } else {
                        let refused = Status::unauthorized().into();
                        self.links.send(link, &Packet::response(number, refused), &mut self.frames);
                    }
                }
                Packet::Ask { number, .. } => {
                    self.links.send(link, &Packet::Refused { number }, &mut self.frames);
                }
                Packet::Input { number, input } => {
                    let origin = Origin::Client { link, number };
                    if let Some(to) = self.proxied.get(&origin).copied() {
                        self.client.send(to, input, &mut self.links, &mut self.frames);
                    } else {
                        self.with_kubelet(context, |kubelet, touch| {
                            kubelet.input(touch, (link, number), input);
                        });
                    }
                }
                Packet::Close { number } => {
                    let origin = Origin::Client { link, number };
                    if let Some(Ok(server)) = self.plane.as_mut().map(|plane| plane.server.as_mut())
                    {
                        server.forget(|own| own == origin);
                    }
                    self.end_proxy(origin);
                    self.with_kubelet(context, |kubelet, touch| {
                        kubelet.hang_up(touch, |asker| asker == (link, number));
                    });
                }
                Packet::Etcd(message) => {
                    let is_member = peer.is_some_and(|peer| peer.cluster_id == pki::ETCD_GROUP);
                    let from = self.config.hosts.iter().find(|known| known.host == host);
                    if let (true, Some(from), Some(plane)) = (is_member, from, &mut self.plane) {
                        let mut effects = Vec::new();
                        plane.member.receive(&from.address, message, &mut effects);
                        self.etcd_wants(context, effects);
                    }
                }
                answer => {
                    if let Some((number, came)) = self.client.received(answer) {
                        self.came(context, number, came);
                    }
                }
            },
        }
    }

    fn end_proxy(&mut self, origin: Origin) {
        if let Some(number) = self.proxied.remove(&origin) {
            self.waiting.remove(&number);
            self.client.close(number, &mut self.links, &mut self.frames);
        }
    }

    fn api_asked(
        &mut self,
        context: &Context<'_>,
        (link, number): (u64, u64),
        peer: Option<&seal::Peer>,
        request: &crate::wire::WireRequest,
        opens: bool,
    ) {
        let wall = self.links.clock().wall(context.now);
        let Some(Ok(server)) = self.plane.as_mut().map(|plane| plane.server.as_mut()) else {
            return self.links.send(link, &Packet::Refused { number }, &mut self.frames);
        };
        let token = request.token.as_deref();
        let mut user = access::authenticate(peer, token, server.token_key(), &server.objects, wall);
        if let (Ok(own), Some((name, groups))) = (&user, &request.acts_for) {
            user = act_for(own, name, groups, &server.objects);
        }
        match user {
            Ok(user) => {
                server.ask(
                    context.now,
                    Origin::Client { link, number },
                    user,
                    request.read(),
                    opens,
                );
            }
            Err(status) => {
                self.links.send(link, &Packet::response(number, status.into()), &mut self.frames);
            }
        }
    }

    fn etcd_wants(&mut self, context: &mut Context<'_>, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Sync(barrier) => context.out.push(Output::Sync(barrier)),
                Effect::Event { kind, detail } => context.out.push(Output::Event { kind, detail }),
                Effect::Send { address, message } => {
                    let Some(host) = self.config.host_at(&address) else { continue };
                    let identity = self.to_etcd.clone();
                    let (links, frames) = (&mut self.links, &mut self.frames);
                    if let Some(link) = links.open(context.now, host, identity.as_ref(), frames) {
                        links.send(link, &Packet::Etcd(*message), frames);
                    }
                }
            }
        }
    }

    /// One round of the control plane; false if it had nothing to do.
    fn drive_plane(&mut self, context: &mut Context<'_>) -> bool {
        let wall = self.links.clock().wall(context.now);
        let Some(plane) = &mut self.plane else { return false };
        let mut effects = Vec::new();
        let applied = plane.member.drive(context.disk, &mut effects);
        let mut is_busy = !applied.is_empty();
        let mut outputs = Vec::new();
        if let Ok(server) = &mut plane.server {
            server.applied(&plane.member, applied);
            is_busy |= server.drive(context.now, wall, &mut plane.member, &mut effects);
            let changes = server.take_changes();
            plane.controllers.changed(context.now, &changes);
            if plane.member.is_leader() {
                let (minor, root) = (self.config.minor, &plane.root_pem);
                let times = (context.now, wall);
                let asks =
                    plane.controllers.run(times, &server.objects, minor, root, &plane.token_key);
                is_busy |= !asks.is_empty();
                for ask in asks {
                    let user = ApiUser::internal("system:kube-controller-manager");
                    server.ask(context.now, Origin::Internal(1), user, ask, false);
                }
            }
            outputs = server.take_out();
        }
        is_busy |= !effects.is_empty() || !outputs.is_empty();
        self.etcd_wants(context, effects);
        for output in outputs {
            self.server_wants(context, output);
        }
        is_busy
    }

    fn server_wants(&mut self, context: &Context<'_>, output: crate::apiserver::Output) {
        use crate::apiserver::Output as O;
        match output {
            O::Respond(Origin::Client { link, number }, response) => {
                self.links.send(link, &Packet::response(number, response), &mut self.frames);
            }
            O::Respond(Origin::Internal(which), response) => {
                if let Some(plane) = self.plane.as_mut().filter(|_| which == 1) {
                    plane.controllers.answered(context.now, &response);
                }
            }
            O::Opened(Origin::Client { link, number }) => {
                self.links.send(link, &Packet::Opened { number }, &mut self.frames);
            }
            O::Event(Origin::Client { link, number }, event) => {
                self.links.send(link, &Packet::event(number, event), &mut self.frames);
            }
            O::Opened(Origin::Internal(_)) | O::Event(Origin::Internal(_), _) => {}
            O::Proxy { origin, address, request, opens } => {
                let Some(host) = self.config.host_at(&address) else { return };
                let identity = self.to_kubelets.clone();
                let way = Way { host, port: KUBELET_PORT, identity };
                let number = self.call(context, way, &request, opens, DIAL_TIMEOUT);
                self.waiting.insert(number, Waiting::Proxy(origin));
                self.proxied.insert(origin, number);
            }
        }
    }

    /// Something has come back from another host.
    fn came(&mut self, context: &mut Context<'_>, number: u64, came: Came) {
        let is_last = match &came {
            Came::Response(_) | Came::Failed(_) => true,
            Came::Event(event) => matches!(event, StreamEvent::Ended(_)),
            Came::Opened => false,
        };
        let Some(waiting) = self.waiting.remove(&number) else { return };
        match &waiting {
            Waiting::Caller(id) => {
                let answer = match came {
                    Came::Response(response) => Ok(Answer::Response(response)),
                    Came::Failed(why) => Err(why),
                    Came::Opened | Came::Event(_) => return,
                };
                reply(context, *id, answer);
            }
            Waiting::Stream(stream) => self.stream_came(context, *stream, came),
            Waiting::Kubelet(tag) => {
                let tag = *tag;
                self.waiting.insert(number, waiting);
                self.with_kubelet(context, |kubelet, touch| kubelet.answered(touch, tag, came));
                if is_last {
                    self.waiting.remove(&number);
                }
                return;
            }
            Waiting::Proxy(origin) => self.proxy_came(*origin, came),
        }
        if !is_last {
            self.waiting.insert(number, waiting);
        }
    }

    fn stream_came(&mut self, context: &mut Context<'_>, stream: u64, came: Came) {
        let Some(known) = self.streams.get_mut(&stream) else { return };
        let opener = known.opener.take();
        match (came, opener) {
            (Came::Opened, Some(id)) => reply(context, id, Ok(Answer::Opened(stream))),
            (Came::Response(response), Some(id)) => {
                self.streams.remove(&stream);
                reply(context, id, Ok(Answer::Response(response)));
            }
            (Came::Failed(why), Some(id)) => {
                self.streams.remove(&stream);
                reply(context, id, Err(why));
            }
            (came, opener) => {
                known.opener = opener;
                let event = match came {
                    Came::Event(event) => event,
                    Came::Response(response) => StreamEvent::Ended(response.body),
                    Came::Failed(_) => StreamEvent::Ended(
                        *Status::new(500, "InternalError", "http2: client connection lost").0,
                    ),
                    Came::Opened => return,
                };
                known.is_over |= matches!(event, StreamEvent::Ended(_));
                known.inbox.push(event);
                if let Some(id) = known.waiting.take() {
                    let events = std::mem::take(&mut known.inbox);
                    reply(context, id, Ok(Answer::Events(events)));
                }
            }
        }
    }

    /// A kubelet has answered what somebody else asked.
    fn proxy_came(&mut self, origin: Origin, came: Came) {
        let Origin::Client { link, number } = origin else { return };
        let packet = match came {
            Came::Opened => Packet::Opened { number },
            Came::Event(event) => Packet::event(number, event),
            Came::Response(response) => {
                self.proxied.remove(&origin);
                Packet::response(number, response)
            }
            Came::Failed(why) => {
                self.proxied.remove(&origin);
                let text = match why {
                    Unreachable::Refused => "connect: connection refused",
                    Unreachable::TimedOut => "i/o timeout",
                    Unreachable::Broken | Unreachable::UnknownAuthority => "EOF",
                };
                let text = format!("error dialing backend: dial tcp: {text}");
                Packet::response(number, Status::new(500, "InternalError", text).into())
            }
        };
        self.links.send(link, &packet, &mut self.frames);
    }

    /// The secrets and config maps that this host's kubelet has in memory: resource, namespace, name.
    pub fn held(&self) -> Vec<(String, String, String)> {
        self.kubelet.iter().flat_map(Kubelet::held).collect()
    }

    /// The secrets and config maps that the pods of this host's kubelet name.
    pub fn used(&self) -> SortedSet<(String, String, String)> {
        self.kubelet.iter().flat_map(Kubelet::used).collect()
    }

    /// The same as objects.
    pub fn held_objects(&self) -> Vec<&serde_json::Value> {
        self.kubelet.iter().flat_map(Kubelet::held_objects).collect()
    }

    /// The secrets whose bytes are in a volume of the pod with this identity now.
    pub fn mounted(&self, pod: &str) -> Vec<String> {
        let run = self.kubelet.iter().find_map(|kubelet| kubelet.pods.get(pod));
        run.map(|run| run.mounted_secrets()).unwrap_or_default()
    }

    /// The pods that this host's kubelet knows, and whether something of them runs.
    pub fn pods(&self) -> Vec<(&serde_json::Value, bool)> {
        let kubelets = self.kubelet.iter();
        kubelets
            .flat_map(|kubelet| kubelet.pods.values())
            .map(|run| (&*run.pod, run.runs()))
            .collect()
    }

    /// What this host's etcd holds, if it has one.
    pub fn etcd(&self) -> Option<&etcd::Store> {
        self.plane.as_ref().map(|plane| &plane.member.store)
    }

    /// The objects as this host's API server has them.
    pub fn objects(&self) -> Option<&crate::apiserver::Objects> {
        self.plane
            .as_ref()
            .and_then(|plane| plane.server.as_ref().ok())
            .map(|server| &server.objects)
    }

    /// The term that this host's etcd leads, if it does.
    pub fn leads_in(&self) -> Option<u64> {
        let member = &self.plane.as_ref()?.member;
        member.is_leader().then(|| member.raft().term().0)
    }

    /// This host's etcd leads.
    pub fn leads(&self) -> bool {
        self.plane.as_ref().is_some_and(|plane| plane.member.is_leader())
    }
}

fn reply(context: &mut Context<'_>, id: Caller, answer: Reply) {
    context.out.push(Output::Reply(id, Box::new(answer)));
}

/// Somebody acts for another one, if they may (apiserver: impersonation filter).
fn act_for(
    own: &ApiUser,
    name: &str,
    groups: &[String],
    objects: &crate::apiserver::Objects,
) -> Result<ApiUser, Status> {
    let deed =
        |resource, name| Deed { verb: "impersonate", group: "", resource, namespace: "", name };
    let asked =
        [deed("users", name)].into_iter().chain(groups.iter().map(|one| deed("groups", one)));
    for deed in asked {
        if access::authorize(own, &deed, objects).is_err() {
            let text = format!(
                "{} \"{}\" is forbidden: User \"{}\" cannot impersonate resource \"{}\" in API group \
                 \"\" at the cluster scope",
                deed.resource, deed.name, own.name, deed.resource
            );
            return Err(Status::new(403, "Forbidden", text));
        }
    }
    let mut all: Vec<&str> = groups.iter().map(String::as_str).collect();
    let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    let of_namespace = account.map(|(home, _)| format!("system:serviceaccounts:{home}"));
    if let Some(of_namespace) = &of_namespace {
        all.extend(["system:serviceaccounts", of_namespace.as_str()]);
    }
    all.push("system:authenticated");
    Ok(ApiUser::new(name, &all))
}
