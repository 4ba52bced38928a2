//! The part of one host in a cluster: on a control plane etcd, API server, controllers and scheduler; everywhere a kubelet.
//! A state machine: inputs and the time in, outputs out.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `plane` | etcd, API server and controllers of a control plane's host |
//! | `kubelet` | the kubelet as a service |
//! | `calls` | what is asked of other hosts, and whom the answers are for |
//! | `serving` | what other hosts ask of this one |
//! | `etcdctl` | what a process asks of its host's etcd |
//! | `look` | what whoever watches may see |

mod calls;
mod etcdctl;
mod kubelet;
mod look;
mod plane;
mod serving;

use sorted::SortedMap;
use std::rc::Rc;

use daemon::api;
use daemon::client::Reply as RuntimeReply;
use daemon::host_file;
use os::{Machine, RequestId};
use seal::{Identity, RootCertificate};
use sim::disk::Barrier;
use sim::{Clock, Duration, Frame, HostId, Rng, Time};

use crate::apiserver::{ApiServer, Origin};
use crate::config::ClusterConfig;
use crate::kubelet::Kubelet;
use crate::pki;
use crate::rest::Reply;
use crate::wire::{Client, Frames, Links};
use calls::{Stream, Waiting};
use plane::{BACK_OFF, ControlPlane, FILE_CHECK};

/// More rounds than these at one moment would be a loop.
const ROUND_COUNT_MAX: u32 = 10_000;

/// What one input may touch.
pub type Context<'a> = daemon::Context<'a, Output>;

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
    /// Who the kubelet is, and whom it asks, by its kubeconfig.
    identity: Option<Identity>,
    kubelet_server: String,
    to_kubelets: Option<Identity>,
    to_etcd: Option<Identity>,
    plane: Option<Box<ControlPlane>>,
    kubelet: Option<Kubelet>,
    /// The first question of the next kubelet.
    next_tag: u64,
    /// Streams of others that this host's API server has opened at a kubelet.
    proxied: SortedMap<Origin, u64>,
    frames: Frames,
    rng: Rng,
    kubelet_runs: bool,
    kubelet_since: Time,
    /// When etcd, which has ended, is started again, and what the next end waits for.
    again_at: Option<Time>,
    back_off: Duration,
    /// The API server's manifest as it was started with, and when it is looked at again.
    manifest: Option<String>,
    look_at: Option<Time>,
}

fn read_identity(machine: &Machine, name: &str) -> Option<Identity> {
    let part = |end: &str| host_file(machine, &format!("/etc/kubernetes/pki/{name}.{end}"));
    pki::identity(&part("crt")?, &part("key")?)
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
            kubelet_server: String::new(),
            to_kubelets: None,
            to_etcd: None,
            plane: None,
            kubelet: None,
            next_tag: 0,
            proxied: SortedMap::new(),
            frames: Vec::new(),
            rng: stream("kube"),
            kubelet_runs: false,
            kubelet_since: Time::EPOCH,
            again_at: None,
            back_off: BACK_OFF,
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
        let root_pem = host_file(machine, "/etc/kubernetes/pki/ca.crt").unwrap_or_default();
        let kubelet_conf = host_file(machine, "/etc/kubernetes/kubelet.conf").unwrap_or_default();
        self.identity = pki::kubeconfig_identity(&kubelet_conf);
        self.kubelet_server = pki::server_of(&kubelet_conf).to_owned();
        let server = read_identity(machine, "apiserver").or_else(|| self.identity.clone());
        if let Ok(root) = RootCertificate::from_pem(&root_pem) {
            self.links.set_credentials(root, server);
        }
        if self.config.is_control_plane(self.this_host()) {
            self.to_kubelets = read_identity(machine, "apiserver-kubelet-client");
            self.to_etcd = read_identity(machine, "etcd/peer");
            self.look_at = Some(context.now + FILE_CHECK);
            self.start_plane(context);
        }
        self.start_kubelet(context);
        self.drive(context);
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
            self.back_off = BACK_OFF;
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
                plane.controllers_deadline(),
            ];
            own.into_iter().flatten().min()
        });
        let looks = self.look_at.filter(|_| self.kubelet_runs);
        let wires = [self.links.next_deadline(), self.client.next_deadline()];
        let own = [kubelet, plane, looks, self.again_at].into_iter().chain(wires);
        own.flatten().min()
    }

    /// The time of [`KubeNode::next_deadline`] has come.
    pub fn due(&mut self, context: &mut Context<'_>) {
        self.links.due(context.now, &mut self.frames);
        for (number, came) in self.client.due(context.now, &mut self.links, &mut self.frames) {
            self.came(context, number, came);
        }
        if let Some(plane) = &mut self.plane {
            plane.member.due(context.now);
        }
        if self.again_at.is_some_and(|at| at <= context.now) {
            self.again_at = None;
            self.start_plane(context);
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
}
