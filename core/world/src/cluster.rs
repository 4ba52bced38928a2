//! A Kubernetes on hosts of the world: its files, its nodes, and the wait until it is there.

use std::rc::Rc;

use daemon::Caller;
use kube::pki::Pki;
use kube::{ClusterConfig, ClusterHost, KubeNode};
use os::RequestId;
use os::fs::Tree;
use serde::Serialize;
use sim::{Duration, HostId};

use crate::boot::address;
use crate::error::Error;
use crate::host::{Host, Settling, Wanted};
use crate::service::Stage;
use crate::spec::Spec;
use crate::world::World;

/// A Kubernetes at one moment, as an API server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusterView {
    /// The host whose etcd leads, if one does.
    pub leader: Option<String>,
    /// Its nodes, by name.
    pub nodes: Vec<ClusterNodeView>,
    /// Its pods, by namespace and name.
    pub pods: Vec<PodView>,
    /// Its secrets, by namespace and name.
    pub secrets: Vec<ClusterSecretView>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusterNodeView {
    /// Its name.
    pub name: String,
    /// It is ready.
    pub ready: bool,
    /// It has etcd and API server.
    pub control_plane: bool,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PodView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its node, if it has one.
    pub node: Option<String>,
    /// `Pending`, `Running`, `Succeeded`, `Failed`.
    pub phase: String,
    /// It is ready.
    pub ready: bool,
    /// The secrets whose bytes are in its volumes now: a file system in memory of its node.
    pub secrets: Vec<String>,
}

/// A secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusterSecretView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its keys.
    pub keys: Vec<String>,
    /// The nodes whose kubelets have it in memory.
    pub held_by: Vec<String>,
    /// How etcd keeps it: `clear`, or the provider that sealed it, as in `aescbc`.
    pub at_rest: String,
}

/// No cluster of this size takes longer than this to be there.
const BOOT_TIME_MAX: Duration = Duration::from_secs(120);

/// What the spec says of it.
pub(crate) fn config(spec: &Spec, profile: &docker::Profile) -> Option<Rc<ClusterConfig>> {
    let kube = spec.kube.as_ref()?;
    let host = |name: &String| {
        let index = spec.nodes.iter().position(|node| node == name)?;
        let host = HostId(u16::try_from(index).ok()?);
        Some(ClusterHost { name: name.clone(), address: address(index), host })
    };
    Some(Rc::new(ClusterConfig {
        hosts: kube.hosts.iter().filter_map(host).collect(),
        control_plane_count: kube.control_planes,
        minor: kube.minor(),
        docker_version: profile.engine.to_owned(),
        distribution: crate::boot::distribution(profile),
    }))
}

/// Puts the files of `kubeadm` on the hosts.
pub(crate) fn install(world: &mut World) {
    let Some(cluster) = world.cluster.clone() else { return };
    let mut pki = Pki::new(&cluster, world.now, world.streams.stream("kube/pki"));
    for (number, host) in cluster.hosts.iter().enumerate() {
        let mut tree = Tree::default();
        for file in pki.files(number) {
            tree.add_file(&file.path, file.text, file.mode, world.now);
        }
        if number < cluster.control_plane_count {
            let program = os::program::image("etcdctl");
            tree.add_file("/usr/local/bin/etcdctl", program, 0o755, world.now);
        }
        tree.add_directory("/var/lib/etcd", 0o700, world.now);
        let mut root = world.hosts[usize::from(host.host.0)].root.borrow_mut();
        if let Some(os::fs::Kind::File(bytes)) = root.get("/etc/hosts").map(|file| &file.kind) {
            let text = [bytes.as_slice(), cluster.endpoint_lines().as_bytes()].concat();
            tree.add_file("/etc/hosts", text, 0o644, world.now);
        }
        for (path, inode) in tree.iter() {
            if !inode.is_directory() || root.get(path).is_none() {
                // The folders above come first, so that putting cannot fail.
                let _ = root.put(path, inode.clone(), world.now);
            }
        }
    }
}

/// The node of a host, if it is one; it has not booted yet.
pub(crate) fn new_node(world: &World, index: usize) -> Option<Box<KubeNode>> {
    let cluster = world.cluster.clone()?;
    let host = &world.hosts[index];
    cluster.number_of(host.id)?;
    let (name, epoch) = (host.name.clone(), host.boot_count);
    let streams = world.streams;
    let stream = move |purpose: &str| streams.stream(&format!("{purpose}/{name}/{epoch}"));
    let mut node = KubeNode::new(cluster, host.id, &stream);
    node.set_clock(host.clock);
    Some(Box::new(node))
}

/// Lets time pass until all nodes are ready.
pub(crate) fn wait_until_ready(world: &mut World) -> Result<(), Error> {
    let Some(cluster) = world.cluster.clone() else { return Ok(()) };
    let limit = world.now + BOOT_TIME_MAX;
    while world.now < limit {
        let first = cluster.hosts.first().map_or(0, |host| usize::from(host.host.0));
        let node = world.hosts[first].up.as_ref().and_then(|up| up.kube.as_ref());
        let objects = node.and_then(|node| node.objects());
        if objects.is_some_and(|objects| is_ready(objects, cluster.hosts.len())) {
            return Ok(());
        }
        world.advance(Duration::from_millis(200));
    }
    Err(Error::Boot(format!("not all of the {} Kubernetes nodes are ready", cluster.hosts.len())))
}

impl Host {
    /// Lets the host's part of a cluster handle something.
    pub(crate) fn with_kube(
        &mut self,
        settling: &mut Settling<'_>,
        handle: impl FnOnce(&mut kube::KubeNode, &mut kube::Context<'_>),
    ) {
        let Some(up) = &mut self.up else { return };
        let Some(node) = &mut up.kube else { return };
        up.machine.set_cause(settling.trace.cause());
        let mut out = Vec::new();
        let mut context = kube::Context {
            now: settling.now,
            machine: &mut up.machine,
            disk: &mut self.disk,
            out: &mut out,
        };
        handle(node, &mut context);
        for output in out {
            let cause = settling.trace.cause();
            match output {
                kube::Output::Frame { to, flow, bytes } => {
                    settling.wanted.push(Wanted::Send { to, flow, bytes, cause });
                }
                kube::Output::Sync(barrier) => {
                    settling.wanted.push(Wanted::Sync { barrier, cause });
                }
                kube::Output::Reply(kube::Caller::Process(id), reply) => {
                    if let Some(up) = &mut self.up {
                        up.machine.reply(id, reply);
                    }
                }
                kube::Output::Reply(kube::Caller::Operator(caller), reply) => {
                    settling.wanted.push(Wanted::ClusterAnswer { caller, reply });
                }
                kube::Output::Event { kind, detail } => {
                    let id = settling.trace.record(settling.now, Some(self.id), kind, detail);
                    settling.last = Some(id);
                    settling.trace.set_cause(Some(id));
                }
                kube::Output::Runtime(tag, request) => {
                    let Some(up) = &mut self.up else { continue };
                    if up.service.stage == Stage::Running {
                        self.with_daemon(settling, |daemon, context| {
                            daemon.request(context, Caller::Kubelet(tag), *request);
                        });
                    } else {
                        let gone = Err(daemon::api::Error::Unreachable);
                        up.runtime_answers.push_back((tag, gone));
                    }
                }
            }
        }
    }

    /// Docker's answers go to the kubelet.
    pub(crate) fn pass_runtime_answers(&mut self, settling: &mut Settling<'_>) {
        let cause = settling.trace.cause();
        while let Some((tag, reply)) =
            self.up.as_mut().and_then(|up| up.runtime_answers.pop_front())
        {
            self.with_kube(settling, |node, context| node.runtime_answered(context, tag, reply));
            settling.trace.set_cause(cause);
        }
    }

    /// A process asks the host's etcd.
    pub(crate) fn process_asks_etcd(
        &mut self,
        settling: &mut Settling<'_>,
        id: RequestId,
        ask: kube::etcd::etcdctl::Ask,
    ) {
        self.with_kube(settling, |node, context| node.etcd_request(context, id, ask));
    }

    /// A process asks a cluster; on a host outside of any there is no way to one.
    pub(crate) fn process_asks_cluster(
        &mut self,
        settling: &mut Settling<'_>,
        id: RequestId,
        ask: kube::rest::Ask,
    ) {
        let Some(up) = &mut self.up else { return };
        if up.kube.is_none() {
            let refused: kube::rest::Reply = Err(kube::rest::Unreachable::Refused);
            return up.machine.reply(id, Box::new(refused));
        }
        let caller = kube::Caller::Process(id);
        self.with_kube(settling, |node, context| node.request(context, caller, ask));
    }
}

impl World {
    /// The Kubernetes, as the API server beside the leader of etcd has it, or else any.
    pub(crate) fn observe_cluster(&self) -> Option<ClusterView> {
        let config = self.cluster.as_ref()?;
        let nodes = || {
            let up = self.hosts.iter().filter_map(|host| Some((host, host.up.as_ref()?)));
            up.filter_map(|(host, up)| Some((host, up.kube.as_deref()?)))
        };
        let best = nodes().filter(|(_, node)| node.objects().is_some());
        let (host, node) = best.max_by_key(|(_, node)| node.leads())?;
        let (objects, store) = (node.objects()?, node.etcd()?);
        let word =
            |object: &serde_json::Value, path: &str| kube::json::text(object, path).to_owned();
        let is_ready = |object: &serde_json::Value| {
            let conditions = kube::json::items(object, "status/conditions");
            conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
        };
        let view = |object: &Rc<serde_json::Value>| ClusterNodeView {
            name: word(object, "metadata/name"),
            ready: is_ready(object),
            control_plane: config
                .hosts
                .iter()
                .take(config.control_plane_count)
                .any(|host| host.name == kube::json::name(object)),
        };
        let pod = |object: &Rc<serde_json::Value>| PodView {
            namespace: word(object, "metadata/namespace"),
            name: word(object, "metadata/name"),
            node: Some(word(object, "spec/nodeName")).filter(|name| !name.is_empty()),
            phase: word(object, "status/phase"),
            ready: is_ready(object),
            secrets: nodes()
                .find(|(host, _)| host.name == kube::json::text(object, "spec/nodeName"))
                .map(|(_, node)| node.mounted(kube::json::uid(object)))
                .unwrap_or_default(),
        };
        let secret = |object: &Rc<serde_json::Value>| {
            let (namespace, name) =
                (word(object, "metadata/namespace"), word(object, "metadata/name"));
            let own = ("secrets".to_owned(), namespace.clone(), name.clone());
            let holders = nodes().filter(|(_, node)| node.held().contains(&own));
            let stored = store.get(&format!("/registry/secrets/{namespace}/{name}"));
            ClusterSecretView {
                keys: kube::json::members(object, "data").map(|(key, _)| key.to_owned()).collect(),
                held_by: holders.map(|(host, _)| host.name.clone()).collect(),
                at_rest: stored.map_or_else(String::new, |stored| {
                    kube::etcd::encryption::provider_of(&stored.value).to_owned()
                }),
                namespace,
                name,
            }
        };
        Some(ClusterView {
            leader: node.leads().then(|| host.name.clone()),
            nodes: objects.list("nodes", "").map(view).collect(),
            pods: objects.list("pods", "").map(pod).collect(),
            secrets: objects.list("secrets", "").map(secret).collect(),
        })
    }

    /// Asks the Kubernetes as the administrator of one of its hosts would, and waits for the answer: for tests and checks.
    ///
    /// # Errors
    /// Why there is no answer; nobody answers on a host that is none of the cluster's.
    pub fn ask_cluster(
        &mut self,
        node: &str,
        mut request: kube::rest::Request,
    ) -> Result<kube::rest::Response, kube::rest::Unreachable> {
        use kube::rest::{Answer, Ask, Unreachable};
        let index = self.index(node).map_err(|_| Unreachable::Refused)?;
        let config = self.hosts[index].root.borrow().get("/root/.kube/config").cloned();
        let Some(os::fs::Inode { kind: os::fs::Kind::File(bytes), .. }) = config else {
            return Err(Unreachable::Refused);
        };
        let (server, credential) = kube::pki::admin_of(&String::from_utf8_lossy(&bytes));
        (request.server, request.credential) = (server, credential);
        let caller = self.event_count();
        self.settle(index, |host, settling| {
            let caller = kube::Caller::Operator(caller);
            host.with_kube(settling, |node, context| {
                node.request(context, caller, Ask::Call(request));
            });
        });
        let limit = self.now + BOOT_TIME_MAX;
        loop {
            match self.cluster_answers.remove(&caller) {
                Some(Ok(Answer::Response(response))) => return Ok(response),
                Some(Ok(_)) => return Err(Unreachable::Broken),
                Some(Err(why)) => return Err(why),
                None if !self.step(limit) => return Err(Unreachable::TimedOut),
                None => {}
            }
        }
    }
}

fn is_ready(objects: &kube::apiserver::Objects, count: usize) -> bool {
    let ready = objects.list("nodes", "").filter(|node| {
        let conditions = kube::json::items(node, "status/conditions");
        conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
            && kube::json::items(node, "spec/taints")
                .iter()
                .all(|taint| taint["effect"] != "NoExecute")
    });
    let has_account = objects.find("serviceaccounts", "default", "default").is_some();
    has_account && ready.count() == count
}
