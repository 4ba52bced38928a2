//! `docker version`, `docker info`, and what others may see of a daemon.

use std::rc::Rc;

use engine::Release;
use os::fs::{SharedFs, Tree};
use swarm::control::{ApiError, ControlRequest};
use swarm::node::{LocalInfo, LocalRequest, LocalResponse, LocalState};
use swarm::objects::Cluster;

use crate::api::{self, Error, Info, RemoteManager, Response, SwarmInfo, VersionInfo};
use crate::config::{CPU_COUNT, MEMORY_SIZE};
use crate::daemon::{Caller, Context, Daemon};
use crate::managers::Then;

/// What `docker info` says of a swarm that no loss of a manager leaves alive (moby: `cluster.Info`, since 19.03).
const TWO_MANAGERS: &str =
    "WARNING: Running Swarm in a two-manager configuration. This configuration provides
         no fault tolerance, and poses a high risk to lose control over the cluster.
         Refer to https://docs.docker.com/engine/swarm/admin_guide/ to configure the
         Swarm for fault-tolerance.";

/// A container for maps and checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerView {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its image as it was asked for.
    pub image: String,
    /// `created`, `running`, `restarting` or `exited`.
    pub state: &'static str,
    /// The task it runs.
    pub task: Option<String>,
    /// Names of the secrets that are mounted in it.
    pub secrets: Vec<String>,
}

/// A place where bytes are.
#[derive(Debug)]
pub enum Place<'a> {
    /// A process's memory: what it is, and the bytes.
    Memory(String, &'a [u8]),
    /// A layer of an image.
    Image(String, &'a Tree),
    /// A container's configuration as text.
    Metadata(String, String),
    /// A line of a container's log.
    Log(String, &'a [u8]),
    /// A filesystem that a container sees: its own, or one in memory.
    Mount(String, &'a SharedFs),
}

impl Daemon {
    pub(crate) fn version(&self) -> VersionInfo {
        self.config.version.clone()
    }

    pub(crate) fn info_answered(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        answer: Result<LocalResponse, ApiError>,
    ) {
        match answer {
            Ok(LocalResponse::Info(local)) if local.control_available => {
                let then = Then::InfoCluster(caller, Box::new(local));
                self.ask_swarm(context, LocalRequest::Control(ControlRequest::GetCluster), then);
            }
            Ok(LocalResponse::Info(local)) => {
                let info = self.info(local, None);
                context.reply(caller, Ok(Response::Info(Box::new(info))));
            }
            Ok(_) => context.reply(caller, Err(Error::internal("unexpected answer of the swarm"))),
            Err(error) => context.reply(caller, Err(error.into())),
        }
    }

    pub(crate) fn info(&self, local: LocalInfo, cluster: Option<Rc<Cluster>>) -> Info {
        let count = |phase: &[engine::Phase]| {
            let found = self.engine.containers().filter(|c| phase.contains(&c.state.phase));
            u32::try_from(found.count()).unwrap_or(u32::MAX)
        };
        let all = u32::try_from(self.engine.containers().count()).unwrap_or(u32::MAX);
        let running = count(&[engine::Phase::Running]);
        let paused = self.engine.containers().filter(|one| one.state.paused).count();
        let paused = u32::try_from(paused).unwrap_or(u32::MAX);
        let version = &self.config.version;
        Info {
            id: self.config.daemon_id.clone(),
            name: self.config.hostname.clone(),
            containers: all,
            running: running - paused,
            paused,
            stopped: all - running,
            images: u32::try_from(self.engine.images().iter().count()).unwrap_or(u32::MAX),
            server_version: version.version.clone(),
            storage_driver: self.config.engine.storage_driver.clone(),
            backing_filesystem: "extfs".to_owned(),
            logging_driver: "json-file".to_owned(),
            cgroup_driver: "cgroupfs".to_owned(),
            kernel: version.kernel.clone(),
            operating_system: self.config.distribution.pretty(),
            os_type: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            cpus: CPU_COUNT,
            memory: MEMORY_SIZE,
            root_dir: "/var/lib/docker".to_owned(),
            registry: "https://index.docker.io/v1/".to_owned(),
            labels: Vec::new(),
            warnings: {
                let is_told = Release(19, 3) <= self.config.engine.release;
                let is_risky = is_told && cluster.is_some() && local.manager_count == 2;
                let mut warnings = self.open_api();
                warnings.extend(is_risky.then(|| TWO_MANAGERS.to_owned()));
                warnings
            },
            swarm: swarm_info(local, cluster),
        }
    }

    /// The API is open to all who come over TCP (moby: `daemon/info.go`, `fillAPIInfo`; since 18.09).
    fn open_api(&self) -> Vec<String> {
        let release = self.config.engine.release;
        if release < Release(18, 9) {
            return Vec::new();
        }
        let (first, last) = if release < Release(27, 0) {
            ("WARNING", "")
        } else {
            (
                "[DEPRECATION NOTICE]",
                "\nIn future versions this will be a hard failure preventing the daemon from starting! \
                 Learn more at: https://docs.docker.com/go/api-security/",
            )
        };
        let places = self.tcp.listening().open_to_all();
        places
            .map(|(place, has_tls)| {
                let (scheme, lack) = match has_tls {
                    false => ("http", "encryption"),
                    true => ("https", "TLS client verification"),
                };
                format!(
                    "{first}: API is accessible on {scheme}://{place} without {lack}.\n         \
                     Access to the remote API is equivalent to root access on the host. Refer\n         \
                     to the 'Docker daemon attack surface' section in the documentation for\n         \
                     more information: https://docs.docker.com/go/attack-surface/{last}"
                )
            })
            .collect()
    }

    /// The host's containers, newest first.
    pub fn container_views(&self) -> Vec<ContainerView> {
        let mut all: Vec<&engine::Container> = self.engine.containers().collect();
        all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        all.into_iter()
            .map(|container| ContainerView {
                id: container.id.to_string(),
                name: container.name.clone(),
                image: container.config.image.clone(),
                state: container.state.phase.word(),
                task: self.task_of(&container.id),
                secrets: self.secret_names(&container.id),
            })
            .collect()
    }

    /// Shows every place of this daemon that holds bytes of users.
    pub fn search(&self, look: &mut dyn FnMut(Place<'_>)) {
        let node = self.swarm.observe();
        for secret in node.store.iter().flat_map(|store| store.secrets().iter()) {
            let name = format!("store of the manager, secret {}", secret.spec.annotations.name);
            look(Place::Memory(name, secret.spec.data.expose()));
        }
        for config in node.store.iter().flat_map(|store| store.configs().iter()) {
            let name = format!("store of the manager, config {}", config.spec.annotations.name);
            look(Place::Memory(name, config.spec.data.expose()));
        }
        if let Some(agent) = &node.agent {
            for secret in &agent.secrets {
                let name = format!("memory of the agent, secret {}", secret.spec.annotations.name);
                look(Place::Memory(name, secret.spec.data.expose()));
            }
        }
        for image in self.engine.images().iter() {
            for layer in &image.layers {
                look(Place::Image(format!("image {} ", image.id.0.short()), &layer.tree));
            }
        }
        for secret in self.engine.build_secrets() {
            if let Some(bytes) = &secret.bytes {
                look(Place::Memory(format!("memory of a build, secret {}", secret.id), bytes));
            }
        }
        for layer in self.engine.cached_layers() {
            look(Place::Image(format!("build cache {} ", layer.diff_id.short()), &layer.tree));
        }
        for (name, fs) in self.engine.cache_folders() {
            look(Place::Mount(format!("build cache {name} "), fs));
        }
        for container in self.engine.containers() {
            let config = &container.config;
            let words = config.env.iter().chain(&config.command).cloned();
            let words = words.chain(config.entrypoint.iter().flatten().cloned());
            let labels = config.labels.iter().map(|(key, value)| format!("{key}={value}"));
            let text: Vec<String> = words.chain(labels).collect();
            look(Place::Metadata(format!("container {}", container.name), text.join("\n")));
            for entry in container.log.borrow().entries() {
                look(Place::Log(format!("log of {}", container.name), &entry.bytes));
            }
            look(Place::Mount(format!("container {} ", container.name), &container.root));
            if let Some(namespace) = &container.namespace {
                for mount in namespace.borrow().mounts.iter().filter(|mount| mount.at != "/") {
                    look(Place::Mount(
                        format!("container {} {}", container.name, mount.at),
                        &mount.fs,
                    ));
                }
            }
        }
    }
}

fn swarm_info(local: LocalInfo, mut cluster: Option<Rc<Cluster>>) -> SwarmInfo {
    if let Some(cluster) = &mut cluster {
        // moby: `swarm.ClusterInfo` has no tokens; whoever wants them asks for the swarm itself.
        let ca = &mut Rc::make_mut(cluster).root_ca;
        (ca.worker_token, ca.manager_token) = Default::default();
    }
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    SwarmInfo {
        node_id: local.node_id.to_string(),
        node_addr: local.node_addr,
        state: match local.state {
            LocalState::Inactive => api::LocalState::Inactive,
            LocalState::Pending => api::LocalState::Pending,
            LocalState::Active => api::LocalState::Active,
            LocalState::Error => api::LocalState::Error,
            LocalState::Locked => api::LocalState::Locked,
        },
        control_available: local.control_available,
        error: local.error,
        remote_managers: local
            .remote_managers
            .into_iter()
            .map(|(id, addr)| RemoteManager { node_id: id.to_string(), addr })
            .collect(),
        nodes: count(local.node_count),
        managers: count(local.manager_count),
        cluster,
    }
}
