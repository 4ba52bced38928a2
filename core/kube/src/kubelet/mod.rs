//! The kubelet: takes up the pods of its node, asks for the secrets they use, runs their containers through the host's
//! Docker, and tells the API server how they are. It goes on with what it knows while nobody answers.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `node` | the node's own object, its lease |
//! | `cache` | secrets and config maps of its pods, watched one by one |
//! | `volumes` | volumes below `/var/lib/kubelet/pods`, secrets in memory with the atomic `..data` link |
//! | `environment` | a container's variables |
//! | `pods` | what happens to a pod from its arrival to its end |
//! | `container` | one container: how far it is |
//! | `containers` | its way from step to step |
//! | `images`, `making`, `endings` | the steps: its image, its creation, its end and another start |
//! | `report` | a pod's status |
//! | `mirror` | what runs on the host without the API server, shown to it |
//! | `services` | the cluster's services, for the environment |
//! | `serve` | logs and programs, for the API server |

mod cache;
mod container;
mod containers;
mod downward;
mod endings;
mod environment;
mod images;
mod making;
mod mirror;
mod node;
mod pods;
mod report;
mod serve;
mod services;
mod termination;
mod volumes;

use sorted::SortedMap;
use std::rc::Rc;

use daemon::api;
use daemon::client::Reply;
use os::Machine;
use serde_json::Value;
use sim::{Duration, Rng, Time};

use crate::client;
use crate::config::ClusterConfig;
use crate::events::Recorder;
use crate::json::{flag, items, text};
use crate::rest::{Method, Request, StreamEvent};
use crate::wire::Came;
use cache::{Cache, ObjectKey};
pub(crate) use mirror::Static;
pub use mirror::is_mirror;
use pods::PodRun;
use serve::Sessions;

/// After a failed list of pods.
const RELIST: Duration = Duration::from_secs(1);
const RELIST_MAX: Duration = Duration::from_secs(30);

/// kubelet: `updateRuntimeUp`, how often a runtime that does not answer is looked at.
const RUNTIME_CHECK: Duration = Duration::from_secs(5);

/// What the kubelet may touch.
pub(crate) struct Touch<'a> {
    pub(crate) now: Time,
    pub(crate) wall: Time,
    pub(crate) machine: &'a mut Machine,
    pub(crate) out: &'a mut Vec<Output>,
}

/// What it wants done.
#[derive(Debug)]
pub(crate) enum Output {
    /// Ask the API server.
    Ask { tag: u64, request: Request, opens: bool },
    /// A stream is not needed any more.
    Close(u64),
    /// Ask the host's Docker.
    Runtime { tag: u64, request: Box<api::Request> },
    /// Answer whoever asks for a log or a program.
    Respond(serve::Asker, crate::rest::Response),
    /// Open the stream.
    Opened(serve::Asker),
    /// Something on a stream.
    Event(serve::Asker, StreamEvent),
    /// For the history.
    Note { kind: &'static str, detail: String },
}

impl Touch<'_> {
    fn note(&mut self, kind: &'static str, detail: String) {
        self.out.push(Output::Note { kind, detail });
    }
}

/// What an answer is for.
#[derive(Clone, Debug)]
enum Purpose {
    ListPods,
    WatchPods,
    ListServices,
    WatchServices,
    Node,
    NodeSeen,
    Lease,
    List(ObjectKey),
    Watch(ObjectKey),
    Status(String),
    Gone(String),
    Mirror(String),
    Told,
    Token(String),
    Runtime(String, usize, container::Step),
    Adopt,
    Inspected(String, usize),
    Serve(u64, serve::Step),
    Nothing,
}

/// The kubelet of a host.
#[derive(Debug)]
pub(crate) struct Kubelet {
    config: Rc<ClusterConfig>,
    name: String,
    address: String,
    boot_id: String,
    purposes: SortedMap<u64, Purpose>,
    next_tag: u64,
    pub(crate) pods: SortedMap<String, PodRun>,
    cache: Cache,
    node: node::NodeState,
    relist_at: Option<Time>,
    services_at: Option<Time>,
    relist_after: Duration,
    /// What ran before the kubelet started has been looked for.
    is_adopted: bool,
    /// The API server has told which pods there are.
    is_listed: bool,
    found: Vec<api::ContainerSummary>,
    recorder: Recorder,
    sessions: Sessions,
    rng: Rng,
    /// The runtime does not answer.
    is_runtime_down: bool,
    /// The last part of the address that was given to a pod last.
    last_address: u32,
    mirrors: mirror::Mirrors,
}

impl Kubelet {
    pub(crate) fn new(
        config: Rc<ClusterConfig>,
        number: usize,
        now: Time,
        first_tag: u64,
        stream: &dyn Fn(&str) -> Rng,
    ) -> Self {
        let host = &config.hosts[number];
        let (name, address) = (host.name.clone(), host.address.clone());
        let mut rng = stream("kubelet");
        Self {
            boot_id: format!("{:016x}", rng.next_u64()),
            recorder: Recorder::new("kubelet", &name, stream("kubelet/events")),
            name,
            address,
            config,
            purposes: SortedMap::new(),
            next_tag: first_tag,
            pods: SortedMap::new(),
            cache: Cache::default(),
            node: node::NodeState::new(now),
            relist_at: Some(now),
            services_at: Some(now),
            relist_after: RELIST,
            is_adopted: false,
            is_listed: false,
            found: Vec::new(),
            sessions: Sessions::default(),
            rng,
            is_runtime_down: false,
            last_address: 1,
            mirrors: mirror::Mirrors::default(),
        }
    }

    /// The number of its next question. Those of the host's next kubelet begin there: answers to this one may still come.
    pub(crate) const fn next_tag(&self) -> u64 {
        self.next_tag
    }

    /// Looks for what ran before it started.
    pub(crate) fn boot(&mut self, touch: &mut Touch<'_>) {
        let network = engine::Network {
            name: POD_NETWORK.to_owned(),
            driver: "bridge".to_owned(),
            subnet: self.pod_cidr(),
            ..engine::Network::default()
        };
        // It may be there from an earlier start.
        self.runtime(touch, Purpose::Nothing, api::Request::CreateNetwork(Box::new(network)));
        let mut filters = api::Filters::default();
        filters.add("label", container::UID_LABEL);
        let request = api::Request::ListContainers { all: true, limit: None, size: false, filters };
        self.runtime(touch, Purpose::Adopt, request);
    }

    /// Addresses of the node's pods.
    fn pod_cidr(&self) -> String {
        let number = self.config.hosts.iter().position(|host| host.name == self.name).unwrap_or(0);
        format!("10.244.{number}.0/24")
    }

    /// A pod has its address before its containers are made: the next one of the node that is free (CNI: `host-local`).
    fn give_address(&mut self, uid: &str) {
        let Some(run) = self.pods.get(uid).filter(|run| run.ip.is_empty()) else { return };
        let mut address = self.address.clone();
        if !flag(&run.pod, "spec/hostNetwork") {
            let cidr = self.pod_cidr();
            let front = cidr.trim_end_matches("0/24");
            let is_free = |number: &u32| {
                let address = format!("{front}{number}");
                self.pods.values().all(|other| other.is_over || other.ip != address)
            };
            // 0 is the network's, 1 the bridge's, 255 the broadcast's.
            let mut all = (0..253).map(|step| 2 + (self.last_address - 1 + step) % 253);
            self.last_address = all.find(is_free).unwrap_or(self.last_address);
            address = format!("{front}{}", self.last_address);
        }
        if let Some(run) = self.pods.get_mut(uid) {
            run.ip = address;
        }
    }

    /// Somebody else has the pod's address, says Docker: it gets another one.
    fn look_at_address(&mut self, uid: &str, message: &str) {
        let run = self.pods.get_mut(uid).filter(|_| message.ends_with("Address already in use"));
        if let Some(run) = run {
            run.ip.clear();
        }
    }

    fn ask(
        &mut self,
        touch: &mut Touch<'_>,
        purpose: Purpose,
        request: Request,
        opens: bool,
    ) -> u64 {
        let tag = self.next_tag;
        self.next_tag += 1;
        self.purposes.insert(tag, purpose);
        touch.out.push(Output::Ask { tag, request, opens });
        tag
    }

    fn runtime(&mut self, touch: &mut Touch<'_>, purpose: Purpose, request: api::Request) {
        let tag = self.next_tag;
        self.next_tag += 1;
        self.purposes.insert(tag, purpose);
        touch.out.push(Output::Runtime { tag, request: Box::new(request) });
    }

    /// Tells of something that happened to a pod.
    fn tell(&mut self, touch: &mut Touch<'_>, pod: &Value, what: (&str, &str, &str)) {
        let request = self.recorder.tell(pod, what, touch.wall);
        self.ask(touch, Purpose::Told, request, false);
    }

    /// When there is next something to do.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let pods = self.pods.values().filter_map(|pod| pod.next_at).min();
        let own = [
            pods,
            self.relist_at,
            self.services_at,
            self.node.next_deadline(),
            self.cache.retry_at,
            self.sessions.next_deadline(),
            self.mirrors_deadline(),
        ];
        own.into_iter().flatten().min()
    }

    /// What chooses the pods that are bound to this node.
    fn own_pods(&self) -> String {
        match sim::planted!(PodsOfOthers) {
            true => "spec.nodeName!=".to_owned(),
            false => format!("spec.nodeName={}", self.name),
        }
    }

    /// The time has come.
    pub(crate) fn due(&mut self, touch: &mut Touch<'_>) {
        if self.relist_at.is_some_and(|at| at <= touch.now) {
            self.relist_at = None;
            let mut request = client::request(Method::Get, "/api/v1/pods", Value::Null);
            request.query.push(("fieldSelector".into(), self.own_pods()));
            self.ask(touch, Purpose::ListPods, request, false);
        }
        self.node_due(touch);
        self.cache_due(touch);
        self.mirrors_due(touch);
        self.services_due(touch);
        let due: Vec<String> = self
            .pods
            .iter()
            .filter(|(_, pod)| pod.next_at.is_some_and(|at| at <= touch.now))
            .map(|(uid, _)| uid.clone())
            .collect();
        for uid in due {
            self.sync(touch, &uid);
        }
        self.sessions_due(touch);
    }

    /// An answer of the API server, or why there is none.
    pub(crate) fn answered(&mut self, touch: &mut Touch<'_>, tag: u64, came: Came) {
        let Some(purpose) = self.purposes.get(&tag).cloned() else { return };
        if !matches!(came, Came::Opened | Came::Event(_))
            || matches!(came, Came::Event(StreamEvent::Ended(_)))
        {
            self.purposes.remove(&tag);
        }
        match (purpose, came) {
            (Purpose::ListPods, Came::Response(answer)) if answer.code == 200 => {
                self.relist_after = RELIST;
                let version = text(&answer.body, "metadata/resourceVersion").to_owned();
                let seen = items(&answer.body, "items").iter().cloned();
                let (mirrors, seen): (Vec<Value>, Vec<Value>) = seen.partition(is_mirror);
                self.pods_listed(touch, seen);
                self.mirrors_listed(touch, mirrors);
                let mut request = client::request(Method::Get, "/api/v1/pods", Value::Null);
                request.query = vec![
                    ("watch".into(), "true".into()),
                    ("fieldSelector".into(), self.own_pods()),
                    ("resourceVersion".into(), version),
                ];
                self.ask(touch, Purpose::WatchPods, request, true);
            }
            (Purpose::WatchPods, Came::Opened) => {}
            (Purpose::WatchPods, Came::Event(StreamEvent::Change(change))) => {
                let (pod, is_gone) = (change["object"].clone(), change["type"] == "DELETED");
                match is_mirror(&pod) {
                    true => self.mirror_changed(touch, pod, is_gone),
                    false => self.pod_changed(touch, pod, is_gone),
                }
            }
            (Purpose::ListPods | Purpose::WatchPods, _) => {
                self.relist_at = Some(touch.now + self.relist_after);
                self.relist_after = Duration::from_nanos(
                    (self.relist_after.as_nanos() * 2).min(RELIST_MAX.as_nanos()),
                );
            }
            (Purpose::Node, came) => self.node_answered(touch, came),
            (Purpose::NodeSeen, came) => self.node_seen(touch, came),
            (Purpose::Lease, came) => self.lease_answered(touch, came),
            (Purpose::List(key), came) => self.object_listed(touch, key, came),
            (Purpose::Watch(key), came) => self.object_changed(touch, tag, key, came),
            (Purpose::Status(uid), came) => self.status_answered(touch, &uid, came),
            (Purpose::ListServices, came) => self.services_came(touch, true, came),
            (Purpose::WatchServices, came) => self.services_came(touch, false, came),
            (Purpose::Mirror(name), came) => self.mirror_answered(touch, &name, &came),
            (Purpose::Gone(uid), came) => self.gone_answered(touch, &uid, came),
            (Purpose::Token(key), Came::Response(answer)) if answer.code == 201 => {
                self.cache.tokens.insert(key, text(&answer.body, "status/token").to_owned());
                self.sync_waiting(touch);
            }
            (Purpose::Token(key), _) => drop(self.cache.tokens_asked.remove(&key)),
            _ => {}
        }
    }

    /// An answer of the host's Docker.
    pub(crate) fn runtime_answered(&mut self, touch: &mut Touch<'_>, tag: u64, reply: Reply) {
        self.is_runtime_down = matches!(reply, Err(api::Error::Unreachable));
        if self.is_runtime_down {
            self.node.retry_runtime_at.get_or_insert(touch.now + RUNTIME_CHECK);
        }
        let Some(purpose) = self.purposes.remove(&tag) else { return };
        match purpose {
            Purpose::Adopt => match reply {
                Ok(api::Response::Containers(found)) => {
                    self.found = found;
                    self.is_adopted = true;
                    let all: Vec<String> = self.pods.keys().cloned().collect();
                    for uid in all {
                        self.adopt(touch, &uid);
                        self.sync(touch, &uid);
                    }
                    self.remove_strangers(touch);
                }
                _ => drop(self.node.retry_runtime_at.get_or_insert(touch.now + RUNTIME_CHECK)),
            },
            Purpose::Runtime(uid, place, step) => {
                self.container_step(touch, &uid, place, step, reply);
            }
            Purpose::Inspected(uid, place) => self.inspected(touch, &uid, place, reply),
            Purpose::Serve(session, step) => self.served(touch, session, step, reply),
            _ => {}
        }
    }

    /// All pods that wait for something of the API server look again.
    fn sync_waiting(&mut self, touch: &mut Touch<'_>) {
        let all: Vec<String> = self.pods.keys().cloned().collect();
        for uid in all {
            if self.pods.get(&uid).is_some_and(PodRun::waits_for_volumes) {
                self.sync(touch, &uid);
            }
        }
    }
}

/// The network that pods are in.
pub(crate) const POD_NETWORK: &str = "cni0";
