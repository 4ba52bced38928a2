//! Into a swarm, back into it after a restart, and out of it (moby: `daemon/cluster/swarm.go`;
//! swarmkit: `node/node.go`).

use std::net::Ipv4Addr;
use std::rc::Rc;

use raft::RaftId;
use seal::keyfile::NodeKeyFile;
use seal::unlock::UnlockKeyError;
use seal::{Csr, Dek, JoinToken, Kek, NodeIdentity, PrivateKey, RootCa, Sealer, UnlockKey};

use super::identity::unlock_key;
use super::leader::InitialCluster;
use super::manager::Manager;
use super::storage::no_space;
use super::swarm_node::{Io, PORT, Phase, SwarmNode, Waiting};
use super::{InitOptions, JoinOptions, LocalResponse, RequestId, Rngs, texts};
use crate::agent::{Agent, Worker};
use crate::ca::Credentials;
use crate::ca::credentials::Own;
use crate::ca::files::{self, DockerState, Missing};
use crate::ca::join::JoinFlow;
use crate::control::{self, ApiError, Code};
use crate::objects::{
    Cluster, ClusterCa, ClusterSpec, EncryptionKey, Id, IssuanceState, NetworkKey, Node,
    NodeCertificate, NodeSpec, NodeState, NodeStatus, Role, SecretBytes, random_id,
};
use crate::raft_driver::restore::{self, FoundLog};
use crate::raft_driver::{RaftDriver, driver::Start};
use crate::transport::pool::host_of;
use crate::transport::protocol::Member;

type Answer = Result<Option<LocalResponse>, ApiError>;

/// A raft member's number: 63 random bits and one more (swarmkit: `raft.go`).
pub(crate) fn random_raft_id(rng: &mut sim::Rng) -> RaftId {
    RaftId((rng.next_u64() >> 1) + 1)
}

impl SwarmNode {
    /// The address to advertise: an IP address or an interface of the host, with or without a port
    /// (moby: `daemon/cluster/listen_addr.go`).
    fn set_advertise(&mut self, addr: Option<&String>) -> Result<(), ApiError> {
        let Some(addr) = addr.filter(|addr| !addr.is_empty()) else {
            self.advertise = format!("{}:{PORT}", self.config.addr);
            return Ok(());
        };
        let (host, port) = match addr.rsplit_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().ok()),
            None => (addr.as_str(), Some(PORT)),
        };
        let ip = match host {
            "eth0" => Some(self.config.addr.clone()),
            "lo" => Some(Ipv4Addr::LOCALHOST.to_string()),
            _ if self.config.directory.contains_key(host) => Some(host.to_owned()),
            _ => {
                let ip = host.parse::<Ipv4Addr>().ok().filter(|ip| !ip.is_unspecified());
                ip.map(|ip| ip.to_string())
            }
        };
        let (Some(ip), Some(port)) = (ip, port) else {
            return Err(ApiError::local(Code::InvalidArgument, texts::BAD_ADVERTISE));
        };
        self.advertise = format!("{ip}:{port}");
        // The manager listens on all addresses, so that it reaches itself also when it advertises
        // one that only others know, such as that of a router before it.
        self.transport.know(&ip, self.config.host);
        Ok(())
    }

    pub(super) fn write_docker_state(&self, remote: &str, join_in_progress: bool, io: &mut Io<'_>) {
        let state = DockerState {
            local_addr: self.config.addr.clone(),
            remote_addr: remote.to_owned(),
            listen_addr: format!("0.0.0.0:{PORT}"),
            advertise_addr: self.advertise.clone(),
            data_path_addr: String::new(),
            join_in_progress,
        };
        files::write_docker_state(io.disk, &state);
    }

    /// `docker swarm init`: a root CA, a certificate of its own, a raft group of one.
    pub(crate) fn init(&mut self, id: RequestId, options: &InitOptions, io: &mut Io<'_>) -> Answer {
        if options.force_new_cluster {
            return self.force_new_cluster(id, options, io);
        }
        if self.phase != Phase::Inactive {
            return Err(texts::unavailable(texts::ALREADY));
        }
        self.set_advertise(options.advertise_addr.as_ref())?;
        let rng = &mut self.rngs.keys;
        let wall = self.clock.wall(io.now);
        let ca = RootCa::create(wall, rng);
        let key = PrivateKey::generate(rng);
        let csr = Csr::new(&key);
        let (node_id, cluster_id) = (random_id(&mut self.rngs.ids), random_id(&mut self.rngs.ids));
        let identity = NodeIdentity {
            node_id: node_id.to_string(),
            role: seal::Role::Manager,
            cluster_id: cluster_id.to_string(),
        };
        let lifetime = crate::objects::defaults::NODE_CERT_EXPIRY;
        let certificate = ca
            .issue(&csr, &identity, wall, lifetime, rng)
            .map_err(|error| ApiError::local(Code::Internal, error.to_string()))?;
        let pem = certificate.pem();
        let own = Own { key: key.clone(), chain: certificate.into(), identity };
        let credentials = Credentials { root: ca.certificate.clone(), own: Some(own) };
        let mut key_file = NodeKeyFile::new(key);
        let dek = Dek::generate(rng);
        key_file.dek = Some(dek.clone());
        let mut cluster = new_cluster(&cluster_id, &ca, options.autolock, &mut self.rngs);
        cluster.spec.raft.election_tick = self.config.options.election_ticks;
        cluster.spec.raft.heartbeat_tick = self.config.options.heartbeat_ticks;
        // With autolock nothing is ever written in the clear.
        self.kek = unlock_key(&cluster);
        let initial = InitialCluster {
            cluster,
            node: Node {
                id: node_id.clone(),
                spec: NodeSpec {
                    desired_role: Role::Manager,
                    availability: options.availability,
                    ..NodeSpec::default()
                },
                role: Role::Manager,
                status: NodeStatus { state: NodeState::Unknown, ..NodeStatus::default() },
                certificate: NodeCertificate {
                    role: Role::Manager,
                    state: IssuanceState::Issued,
                    csr: csr.to_bytes(),
                    certificate: pem.into_bytes(),
                    ..NodeCertificate::default()
                },
                ..Node::default()
            },
            networks: control::initial_networks(&mut self.rngs.ids),
        };
        self.write_docker_state("", false, io);
        // What follows in the log is acknowledged to nobody before the disk has all of it.
        files::write_credentials(io.disk, &credentials, &key_file, self.kek.as_ref());
        io.sync_keys();
        self.key_file = Some(key_file);
        self.take_credentials(credentials, io);
        let member = self.own_member(&node_id);
        let start = Start {
            node_id: &node_id,
            raft_id: random_raft_id(&mut self.rngs.ids),
            sealer: Sealer::new(&dek),
            options: self.config.options,
            rng: Rngs::split(&mut self.rngs.raft, "raft"),
        };
        let driver = RaftDriver::bootstrap(io.now, start, &member, io.disk);
        self.start_manager(node_id.clone(), driver);
        if let Some(manager) = &mut self.manager {
            manager.initial = Some(Box::new(initial));
        }
        self.set_managers(vec![member], io);
        self.phase = Phase::Active;
        self.start_agent(Worker::new(), io);
        io.event("swarm.init", format!("node {node_id} begins cluster {cluster_id}"));
        self.wait(id, Waiting::Init, io);
        Ok(None)
    }

    /// `docker swarm join`.
    pub(crate) fn join(&mut self, id: RequestId, options: &JoinOptions, io: &mut Io<'_>) -> Answer {
        if self.phase != Phase::Inactive {
            return Err(texts::unavailable(texts::ALREADY));
        }
        self.set_advertise(options.advertise_addr.as_ref())?;
        let remotes: Vec<String> = options
            .remotes
            .iter()
            .map(|addr| if addr.contains(':') { addr.clone() } else { format!("{addr}:{PORT}") })
            .collect();
        let flow = JoinFlow::new(
            io.now,
            &options.token,
            &remotes,
            options.availability,
            &mut self.rngs.keys,
        )?;
        self.write_docker_state(flow.target(), true, io);
        io.sync();
        self.joins_by = Some(flow.target().to_owned());
        self.joining = Some(flow);
        self.phase = Phase::Pending;
        self.wait(id, Waiting::Join, io);
        Ok(None)
    }

    /// The disk has the first certificate.
    pub(super) fn joined(&mut self, credentials: Credentials, server: &str, io: &mut Io<'_>) {
        let Some(own) = credentials.own.clone() else { return };
        self.take_credentials(credentials, io);
        self.phase = Phase::Active;
        let detail = format!("node {} as {}", own.node_id(), own.role().word());
        io.event("swarm.certificate", detail);
        let server = Member { addr: server.to_owned(), ..Member::default() };
        self.set_managers(vec![server], io);
        self.start_agent(Worker::new(), io);
        if own.role() == Role::Manager {
            self.begin_raft_join(None, io);
        }
    }

    /// The first certificate is not to be had.
    pub(crate) fn join_failed(&mut self, error: &ApiError, io: &mut Io<'_>) {
        io.event("swarm.join_failed", error.to_string());
        self.not_begun(error, io);
    }

    /// Whoever waits for the node to begin is told why it does not, and nothing of it stays (moby: `swarm.go`, `Init` and
    /// `Join`).
    pub(crate) fn not_begun(&mut self, error: &ApiError, io: &mut Io<'_>) {
        let waiting: Vec<RequestId> = self
            .pending
            .iter()
            .filter(|(_, pending)| matches!(pending.what, Waiting::Init | Waiting::Join))
            .map(|(id, _)| *id)
            .collect();
        self.forget(io);
        for id in waiting {
            self.reply(id, Err(error.clone()), io);
        }
    }

    fn own_member(&self, node_id: &Id) -> Member {
        Member { node_id: node_id.clone(), addr: self.advertise.clone() }
    }

    pub(crate) fn start_manager(&mut self, node_id: Id, driver: RaftDriver) {
        let rngs = Rngs {
            raft: Rngs::split(&mut self.rngs.raft, "manager"),
            ids: Rngs::split(&mut self.rngs.ids, "manager"),
            keys: Rngs::split(&mut self.rngs.keys, "manager"),
            channels: Rngs::split(&mut self.rngs.channels, "manager"),
            agent: Rngs::split(&mut self.rngs.agent, "manager"),
            dispatcher: Rngs::split(&mut self.rngs.dispatcher, "manager"),
            loops: Rngs::split(&mut self.rngs.loops, "manager"),
        };
        self.raft_join = None;
        self.manager = Some(Box::new(Manager::new(node_id, driver, rngs)));
    }

    fn start_agent(&mut self, worker: Worker, io: &Io<'_>) {
        let rng = Rngs::split(&mut self.rngs.agent, "agent");
        self.agent = Some(Agent::new(io.now, self.description(), worker, rng));
    }

    /// The daemon starts.
    pub(crate) fn boot(&mut self, io: &mut Io<'_>) {
        let Some(state) = files::read_docker_state(io.disk) else { return };
        if !state.advertise_addr.is_empty() {
            self.advertise = state.advertise_addr;
            let own = host_of(&self.advertise).to_owned();
            self.transport.know(&own, self.config.host);
        }
        if !files::has_certificate(io.disk) {
            // A join that was cut short begins again with the command: the token is not kept.
            return self.forget(io);
        }
        self.joins_by = state.join_in_progress.then_some(state.remote_addr);
        self.begin(io);
    }

    /// Begins from what is on the disk, once the disk has all of it: whoever is told of something takes it for durable.
    pub(super) fn begin(&mut self, io: &mut Io<'_>) {
        if io.disk.is_synced() {
            return self.start_from_disk(self.kek.clone(), io);
        }
        self.phase = Phase::Pending;
        self.begins_at = Some(io.disk.begin_sync());
        io.sync();
    }

    /// Keys, log and tasks are read from the disk.
    pub(super) fn start_from_disk(&mut self, kek: Option<Kek>, io: &mut Io<'_>) {
        let wall = self.clock.wall(io.now);
        let found = match files::read_credentials(io.disk, wall, kek.as_ref()) {
            Ok(found) => found,
            Err(missing) => {
                self.phase = match missing {
                    Missing::Locked | Missing::WrongKey => Phase::Locked,
                    Missing::Expired => Phase::Failed(texts::EXPIRED.to_owned()),
                    Missing::Absent | Missing::Damaged => {
                        Phase::Failed("the node's certificates cannot be read".to_owned())
                    }
                };
                let detail = format!("{:?}", self.phase);
                return io.event("swarm.not_started", detail);
            }
        };
        self.kek = kek;
        self.managers = files::read_managers(io.disk);
        if let Some(addr) = self.joins_by.clone().filter(|_| self.managers.is_empty()) {
            self.managers.push(Member { addr, ..Member::default() });
        }
        let Some(own) = found.credentials.own.clone() else { return };
        let sealers: Vec<Sealer> = [&found.key_file.dek, &found.key_file.pending_dek]
            .into_iter()
            .flatten()
            .map(Sealer::new)
            .collect();
        self.renew_at =
            Some(io.now + seal::ca::renewal_delay(&own.chain.leaf, wall, &mut self.rngs.keys));
        self.credentials = Some(Rc::new(found.credentials));
        self.transport.set_credentials(self.credentials.clone(), io.out);
        self.key_file = Some(found.key_file);
        self.phase = Phase::Active;
        if own.role() == Role::Manager {
            let node_id = own.node_id();
            let knows_others = self.managers.iter().any(|other| other.addr != self.advertise);
            match restore::read(io.disk, &sealers, &node_id) {
                // A swarm that was cut short while it began, and nobody was told of it.
                Ok(log) if !knows_others && !log.as_ref().is_some_and(FoundLog::has_cluster) => {
                    return self.forget(io);
                }
                Ok(Some(log)) if log.is_new() => self.begin_raft_join(Some(log.raft_id), io),
                Ok(Some(log)) => {
                    let mut sealers = sealers.into_iter();
                    let Some(sealer) = sealers.next() else { return };
                    let start = Start {
                        node_id: &node_id,
                        raft_id: log.raft_id,
                        sealer,
                        options: self.config.options,
                        rng: Rngs::split(&mut self.rngs.raft, "raft"),
                    };
                    let detail = format!(
                        "member {} with {} entries",
                        log.raft_id,
                        log.restored.entries.len()
                    );
                    io.event("raft.restored", detail);
                    let mut driver = RaftDriver::restore(io.now, start, log.restored, io.disk);
                    if let Some(pending) = sealers.next() {
                        driver.rotate_dek(pending);
                    }
                    self.start_manager(node_id, driver);
                }
                Ok(None) => self.begin_raft_join(None, io),
                Err(why) => {
                    io.event("swarm.not_started", why.clone());
                    self.phase = Phase::Failed(why);
                    return;
                }
            }
        }
        if own.role() == Role::Worker {
            // A power loss may have come before the log of a manager that was demoted had gone.
            io.disk.remove_below(files::RAFT_FOLDER);
        }
        let worker = Worker::restore(io.disk, io.out);
        self.start_agent(worker, io);
        io.event("swarm.started", format!("node {} as {}", own.node_id(), own.role().word()));
    }

    /// `docker swarm init --force-new-cluster`: this manager alone, with all objects.
    fn force_new_cluster(
        &mut self,
        id: RequestId,
        options: &InitOptions,
        io: &mut Io<'_>,
    ) -> Answer {
        if self.manager.is_none() {
            return Err(texts::unavailable(texts::NO_SWARM));
        }
        if options.advertise_addr.is_some() {
            self.set_advertise(options.advertise_addr.as_ref())?;
            self.write_docker_state("", false, io);
        }
        let Some(manager) = self.manager.take() else {
            return Err(texts::unavailable(texts::NO_SWARM));
        };
        // Other entries will stand where uncommitted ones stood: a new DEK keeps nonces apart. The old one opens the
        // old log until that is gone.
        let dek = Dek::generate(&mut self.rngs.keys);
        if let Some(key_file) = &mut self.key_file {
            key_file.pending_dek = key_file.dek.replace(dek.clone());
            files::write_key(io.disk, key_file, self.kek.as_ref());
        }
        let node_id = manager.node_id.clone();
        let member = self.own_member(&node_id);
        let store = manager.store.clone();
        let start = Start {
            node_id: &node_id,
            raft_id: random_raft_id(&mut self.rngs.ids),
            sealer: Sealer::new(&dek),
            options: self.config.options,
            rng: Rngs::split(&mut self.rngs.raft, "raft"),
        };
        let status = manager.driver.raft().status();
        let driver = RaftDriver::force_new(
            io.now,
            start,
            &member,
            (status.term, manager.applied),
            store.save(),
            io.disk,
        );
        let Some(driver) = driver else {
            // The node comes back from its disk, where nothing has changed.
            let why = no_space(&io.disk.take_failure().unwrap_or_default());
            self.fail(why.clone(), io);
            return Err(ApiError::local(Code::Unknown, why));
        };
        if let Some(key_file) = &mut self.key_file {
            key_file.pending_dek = None;
            files::write_key(io.disk, key_file, self.kek.as_ref());
        }
        self.start_manager(node_id.clone(), driver);
        if let Some(manager) = &mut self.manager {
            manager.began_anew = true;
        }
        self.set_managers(vec![member], io);
        io.event("swarm.force_new_cluster", format!("node {node_id} goes on alone"));
        self.wait(id, Waiting::Init, io);
        Ok(None)
    }

    /// `docker swarm unlock`.
    pub(crate) fn unlock(&mut self, key: &str, io: &mut Io<'_>) -> Result<LocalResponse, ApiError> {
        let invalid = || {
            let text = "swarm could not be unlocked: invalid key provided";
            ApiError::local(Code::InvalidArgument, text)
        };
        let key: UnlockKey = key.parse().map_err(|error| match error {
            UnlockKeyError::Malformed => {
                ApiError::local(Code::InvalidArgument, "invalid key string")
            }
            UnlockKeyError::Length => invalid(),
        })?;
        match self.phase {
            Phase::Locked => {}
            Phase::Inactive => return Err(texts::unavailable(texts::NO_SWARM)),
            _ => return Err(ApiError::local(Code::FailedPrecondition, "swarm is not locked")),
        }
        self.start_from_disk(Some(Kek::from(&key)), io);
        if self.phase == Phase::Locked {
            return Err(invalid());
        }
        io.event("swarm.unlocked", self.config.hostname.clone());
        Ok(LocalResponse::Unlocked)
    }

    /// `docker swarm leave`.
    pub(crate) fn leave(
        &mut self,
        force: bool,
        io: &mut Io<'_>,
    ) -> Result<LocalResponse, ApiError> {
        match &self.phase {
            Phase::Inactive => return Err(texts::unavailable(texts::NOT_PART)),
            Phase::Locked if !force => return Err(texts::unavailable(texts::LEAVE_LOCKED)),
            _ => {}
        }
        if !force && self.role() == Some(Role::Manager) {
            return Err(self.why_not_leave());
        }
        io.event("swarm.leave", self.config.hostname.clone());
        self.forget(io);
        Ok(LocalResponse::Left)
    }

    fn why_not_leave(&self) -> ApiError {
        let Some(manager) = &self.manager else {
            return texts::leave_refused(texts::Managers::NotReady);
        };
        if manager.driver.raft().leader().is_none() {
            return texts::leave_refused(texts::Managers::Unknown);
        }
        let members = manager.raft_members().0;
        let reachable = members.values().filter(|member| member.reachable).count() as u64;
        let unreachable = members.len() as u64 - reachable;
        texts::leave_refused(texts::Managers::Counted { reachable, unreachable })
    }

    /// Out of the swarm: containers, secrets, keys, log and connections go.
    pub(crate) fn forget(&mut self, io: &mut Io<'_>) {
        if let Some(mut agent) = self.agent.take() {
            agent.worker.clear(io.out);
        }
        self.manager = None;
        self.raft_join = None;
        self.joining = None;
        self.joins_by = None;
        self.begins_at = None;
        self.renewing = None;
        self.saving = None;
        self.is_root_unwritten = false;
        self.renew_at = None;
        self.restart_at = None;
        self.credentials = None;
        self.key_file = None;
        self.kek = None;
        self.keys_of_version = 0;
        self.managers.clear();
        self.phase = Phase::Inactive;
        self.transport.set_credentials(None, io.out);
        io.disk.remove_below(files::FOLDER);
        io.sync();
        let waiting: Vec<RequestId> = self.pending.keys().copied().collect();
        for id in waiting {
            if self.pending.get(&id).is_some_and(|pending| pending.what == Waiting::Control) {
                self.reply(id, Err(texts::unavailable(texts::NO_SWARM)), io);
            }
        }
        self.advertise = format!("{}:{PORT}", self.config.addr);
    }
}

/// The cluster object of a new swarm (swarmkit: `manager.go`, `defaultClusterObject`).
fn new_cluster(id: &Id, ca: &RootCa, autolock: bool, rngs: &mut Rngs) -> Cluster {
    let rng = &mut rngs.keys;
    let token = |rng: &mut sim::Rng| JoinToken::generate(&ca.certificate, rng).to_string();
    let (worker_token, manager_token) = (token(rng), token(rng));
    let digest = ca.certificate.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut network_key = |subsystem: &str, lamport_time| NetworkKey {
        subsystem: subsystem.to_owned(),
        key: SecretBytes::from(&rng.bytes::<16>()[..]),
        lamport_time,
    };
    let network_keys = vec![
        network_key("networking:gossip", 0),
        network_key("networking:gossip", 1),
        network_key("networking:ipsec", 0),
        network_key("networking:ipsec", 1),
    ];
    let unlock_keys = if autolock {
        vec![EncryptionKey {
            subsystem: "swarm-manager".to_owned(),
            key: SecretBytes::from(&rng.bytes::<32>()[..]),
        }]
    } else {
        Vec::new()
    };
    Cluster {
        id: id.clone(),
        spec: ClusterSpec { autolock, ..ClusterSpec::default() },
        root_ca: ClusterCa {
            certificate: ca.certificate.pem().into_bytes(),
            key: SecretBytes::from(&ca.key.to_bytes()[..]),
            digest,
            worker_token,
            manager_token,
            ..ClusterCa::default()
        },
        unlock_keys,
        network_keys,
        encryption_key_lamport_clock: 2,
        default_address_pool: vec!["10.0.0.0/8".to_owned()],
        subnet_size: 24,
        vxlan_udp_port: 4789,
        ..Cluster::default()
    }
}
