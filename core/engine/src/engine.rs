//! The engine of one host: its images, containers and volumes, and what can be asked of them.

use sorted::{SortedMap, SortedSet};

use os::Machine;
use os::fs::{FileSystem, Mounts, User};
use os::process::{Onlookers, ProcessInfo};
use sim::{Duration, Rng, Time};

use crate::build::Builds;
use crate::container::files::{bind_point, ensure_folder, init_layer, put_file};
use crate::container::{
    Container, ContainerConfig, Endpoint, HealthCheck, Log, Mount, MountPoint, MountSource,
    Pending, Phase, SecretFile, State, random_name,
};
use crate::digest::ContainerId;
use crate::error::EngineError;
use crate::event::{Event, Happened};
use crate::image::{Image, ImageStore};
use crate::linked::Linked;
use crate::network::Network;
use crate::options::EngineOptions;
use crate::transfer::Transfers;
use crate::volume::{Volume, tree_below};

/// A program that is asked to stop has so long unless it is said otherwise.
pub const STOP_GRACE_DEFAULT: Duration = Duration::from_secs(10);

/// The engine of one host. Everything that takes time is a deadline; see [`Engine::next_deadline`].
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) options: EngineOptions,
    pub(crate) images: ImageStore,
    pub(crate) containers: SortedMap<ContainerId, Container>,
    pub(crate) volumes: SortedMap<String, Volume>,
    pub(crate) networks: SortedMap<String, Network>,
    /// Ports of the host that the routing mesh has taken.
    pub(crate) reserved_ports: SortedSet<u16>,
    pub(crate) transfers: Transfers,
    pub(crate) rng: Rng,
    pub(crate) is_online: bool,
    pub(crate) builds: Builds,
    pub(crate) events: Vec<Event>,
}

impl Engine {
    /// An engine without images. `rng` is for identities, names and the network's jitter.
    pub fn new(options: EngineOptions, rng: Rng) -> Self {
        let mut engine = Self {
            options,
            images: ImageStore::default(),
            containers: SortedMap::new(),
            volumes: SortedMap::new(),
            networks: SortedMap::new(),
            reserved_ports: SortedSet::new(),
            transfers: Transfers::default(),
            rng,
            is_online: true,
            builds: Builds::default(),
            events: Vec::new(),
        };
        engine.make_predefined_networks();
        engine
    }

    /// The routing mesh takes these ports of the host.
    pub fn reserve_ports(&mut self, ports: SortedSet<u16>) {
        self.reserved_ports = ports;
    }

    /// How it behaves.
    pub const fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The host's images.
    pub const fn images(&self) -> &ImageStore {
        &self.images
    }

    /// Adds an image that was built or loaded.
    pub fn images_mut(&mut self) -> &mut ImageStore {
        &mut self.images
    }

    /// All containers in order of identity, removed ones excepted.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.values()
    }

    /// How many containers there are.
    pub fn container_count(&self) -> usize {
        self.containers.len()
    }

    /// A container by its complete identity.
    pub fn get(&self, id: &ContainerId) -> Option<&Container> {
        self.containers.get(id)
    }

    /// The container that a person means: identity, name (with or without slash), or the start of
    /// one identity.
    ///
    /// # Errors
    /// `No such container: x`; `Multiple IDs found with provided prefix: x`.
    pub fn find(&self, text: &str) -> Result<&Container, EngineError> {
        let name = text.strip_prefix('/').unwrap_or(text);
        let exact = |c: &&Container| c.id.as_str() == text || c.name == name;
        let shown = || self.containers.values().filter(|container| !container.config.hidden);
        if let Some(container) = shown().find(exact) {
            return Ok(container);
        }
        let mut found =
            shown().filter(|container| !text.is_empty() && container.id.as_str().starts_with(text));
        match (found.next(), found.next()) {
            (Some(container), None) => Ok(container),
            (Some(_), Some(_)) => Err(EngineError::not_found(format!(
                "Multiple IDs found with provided prefix: {text}"
            ))),
            _ => Err(EngineError::not_found(format!("No such container: {text}"))),
        }
    }

    pub(crate) fn container(&mut self, id: &ContainerId) -> Result<&mut Container, EngineError> {
        let missing = || EngineError::not_found(format!("No such container: {id}"));
        self.containers.get_mut(id).ok_or_else(missing)
    }

    /// Letters and digits, as BuildKit names its references.
    pub(crate) fn random_word(&mut self, length: usize) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut next = || DIGITS.get(self.rng.below(36) as usize).map_or('0', |b| char::from(*b));
        (0..length).map(|_| next()).collect()
    }

    /// A free random name.
    pub fn random_name(&mut self) -> String {
        (0..)
            .map(|attempt| random_name(&mut self.rng, attempt))
            .find(|name| self.containers.values().all(|container| container.name != *name))
            .expect("with digits there are more names than containers")
    }

    /// Makes a container; it does not run yet.
    ///
    /// # Errors
    /// A missing image, a name that is taken or not allowed, no command, a bad mount.
    pub fn create(
        &mut self,
        now: Time,
        machine: &Machine,
        config: ContainerConfig,
    ) -> Result<ContainerId, EngineError> {
        let image = self.images.find(&config.image)?.clone();
        self.create_of(now, machine, config, &image, Vec::new())
    }

    /// Makes a container of an image that need not be among the host's, with mounts that no list
    /// shows: a build's step.
    pub(crate) fn create_of(
        &mut self,
        now: Time,
        machine: &Machine,
        mut config: ContainerConfig,
        image: &Image,
        more_mounts: Vec<os::fs::Mount>,
    ) -> Result<ContainerId, EngineError> {
        complete(&mut config, image)?;
        self.complete_networks(machine, &mut config)?;
        let name = match config.name.clone() {
            None => self.random_name(),
            Some(name) => self.check_name(&name)?,
        };
        let id = ContainerId::from_bytes(self.rng.bytes());
        config.hostname.get_or_insert_with(|| id.short().to_owned());
        let mut layers = vec![init_layer(now)];
        layers.extend(image.trees());
        let root = FileSystem::overlay(layers).shared();
        let root_mounts = Mounts::new(root.clone());
        let mounts = self.make_mounts(now, machine, &config, image, &root_mounts)?;
        if !config.working_dir.is_empty() {
            ensure_folder(&root_mounts, &config.working_dir, 0o755, now).map_err(|errno| {
                EngineError::system(format!("mkdir {}: {errno}", config.working_dir))
            })?;
        }
        let state = State {
            phase: Phase::Created,
            pid: None,
            exit_code: 0,
            error: String::new(),
            started: None,
            finished: None,
            restart_count: 0,
            paused: false,
        };
        let container = Container {
            id: id.clone(),
            name,
            created: now,
            image: image.id,
            log: Log::shared(if config.keeps_log() { self.options.log_size_max } else { 0 }),
            config,
            linked: Linked::default(),
            state,
            mounts,
            health: None,
            more_mounts,
            attachments: Vec::new(),
            published: Vec::new(),
            root,
            namespace: None,
            execs: SortedMap::new(),
            out: Onlookers::default(),
            err: Onlookers::default(),
            stdin_writer: None,
            pending: Pending::default(),
        };
        self.containers.insert(id.clone(), container);
        self.note_of(now, &id, Happened::Created(id.clone()));
        Ok(id)
    }

    /// Names of networks become identifiers; the mode's network is the first.
    fn complete_networks(
        &self,
        machine: &Machine,
        config: &mut ContainerConfig,
    ) -> Result<(), EngineError> {
        let mode = config.network_mode.as_str();
        if mode == "host" {
            let host = machine.host();
            config.hostname.get_or_insert_with(|| host.borrow().hostname.clone());
        }
        if config.networks.is_empty() && !mode.starts_with("container:") && mode != "host" {
            let network = if mode == "default" { "bridge" } else { mode };
            let network = network.to_owned();
            config.networks.push(Endpoint { network, ..Endpoint::default() });
        }
        for endpoint in &mut config.networks {
            let network = self.network(&endpoint.network);
            let missing =
                || EngineError::not_found(format!("network {} not found", endpoint.network));
            let network = network.ok_or_else(missing)?;
            let has_own = !endpoint.address.is_empty() || !endpoint.aliases.is_empty();
            if network.is_predefined() && has_own {
                return Err(EngineError::invalid(if endpoint.address.is_empty() {
                    "network-scoped alias is supported only for containers in user defined networks"
                } else {
                    "user specified IP address is supported only when connecting to networks with \
                     user configured subnets"
                }));
            }
            endpoint.network.clone_from(&network.id);
        }
        Ok(())
    }

    fn check_name(&self, name: &str) -> Result<String, EngineError> {
        let name = name.strip_prefix('/').unwrap_or(name);
        let is_allowed = name.len() > 1
            && name.starts_with(|char: char| char.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if !is_allowed {
            return Err(EngineError::invalid(format!(
                "Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
            )));
        }
        match self.containers.values().find(|container| container.name == name) {
            Some(holder) => Err(EngineError::conflict(format!(
                "Conflict. The container name \"/{name}\" is already in use by container \
                 \"{}\". You have to remove (or rename) that container to be able to reuse that \
                 name.",
                holder.id
            ))),
            None => Ok(name.to_owned()),
        }
    }

    fn make_mounts(
        &mut self,
        now: Time,
        machine: &Machine,
        config: &ContainerConfig,
        image: &Image,
        root: &Mounts,
    ) -> Result<Vec<MountPoint>, EngineError> {
        let mut asked = config.mounts.clone();
        let is_covered = |target: &String| config.mounts.iter().any(|m| m.target == *target);
        asked.extend(image.config.volumes.iter().filter(|target| !is_covered(target)).map(
            |target| Mount {
                source: MountSource::Volume { name: String::new(), no_copy: false },
                target: target.clone(),
                read_only: false,
            },
        ));
        let mut points = Vec::new();
        for mount in asked {
            if points.iter().any(|point: &MountPoint| point.target == mount.target) {
                return Err(EngineError::invalid(format!(
                    "Duplicate mount point: {}",
                    mount.target
                )));
            }
            let point = match (bind_point(machine, &mount, now)?, &mount.source) {
                (None, MountSource::Volume { name, no_copy }) => {
                    let volume = self.create_volume(now, machine, name, SortedMap::new())?;
                    if !no_copy {
                        fill_volume(machine, &volume, root, &mount.target, now);
                    }
                    MountPoint {
                        kind: "volume",
                        source: volume.path(),
                        name: volume.name,
                        target: mount.target,
                        read_only: mount.read_only,
                        tmpfs_mode: 0,
                    }
                }
                (Some(point), _) => point,
                (None, _) => continue,
            };
            points.push(point);
        }
        Ok(points)
    }

    /// Gives a container another name.
    ///
    /// # Errors
    /// As for a name at [`Engine::create`].
    pub fn rename(&mut self, now: Time, id: &ContainerId, name: &str) -> Result<(), EngineError> {
        let name = self.check_name(name)?;
        let old = std::mem::replace(&mut self.container(id)?.name, name);
        self.note_of(now, id, Happened::Renamed(id.clone(), old));
        Ok(())
    }

    /// Gives a container its secrets and configs again, before it is started once more.
    ///
    /// # Errors
    /// `No such container: x`.
    pub fn provide_secrets(
        &mut self,
        id: &ContainerId,
        secrets: Vec<SecretFile>,
        configs: Vec<SecretFile>,
    ) -> Result<(), EngineError> {
        let container = self.container(id)?;
        (container.config.secrets, container.config.configs) = (secrets, configs);
        Ok(())
    }

    /// The processes of a running container, by their numbers on the host.
    ///
    /// # Errors
    /// `Container x is not running`.
    pub fn top(
        &self,
        machine: &Machine,
        id: &ContainerId,
    ) -> Result<Vec<ProcessInfo>, EngineError> {
        let running = self.containers.get(id).and_then(|container| container.namespace.as_ref());
        let stopped = || EngineError::conflict(format!("Container {id} is not running"));
        Ok(machine.processes_of(running.ok_or_else(stopped)?))
    }
}

/// Merges what the image says into what was asked for.
fn complete(config: &mut ContainerConfig, image: &Image) -> Result<(), EngineError> {
    let base = &image.config;
    match &mut config.entrypoint {
        // An entrypoint of one's own drops the image's command.
        Some(own) => own.retain(|word| !word.is_empty()),
        None => {
            config.entrypoint = Some(base.entrypoint.clone());
            if config.command.is_empty() {
                config.command.clone_from(&base.cmd);
            }
        }
    }
    if config.entrypoint.as_ref().is_none_or(Vec::is_empty) && config.command.is_empty() {
        return Err(EngineError::invalid("No command specified"));
    }
    let key = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let own: Vec<String> = config.env.iter().map(|entry| key(entry)).collect();
    config.env.retain(|entry| entry.contains('='));
    config.env.extend(base.env.iter().filter(|entry| !own.contains(&key(entry))).cloned());
    for (name, value) in &base.labels {
        config.labels.entry(name.clone()).or_insert_with(|| value.clone());
    }
    config.exposed_ports.extend(base.exposed_ports.iter().cloned());
    for (own, base) in [
        (&mut config.user, &base.user),
        (&mut config.working_dir, &base.working_dir),
        (&mut config.stop_signal, &base.stop_signal),
    ] {
        if own.is_empty() {
            own.clone_from(base);
        }
    }
    if config.health.as_ref().is_none_or(|health| health.test.is_empty())
        && let Some(base) = &base.health
    {
        let own = config.health.take().unwrap_or_default();
        let or = |own: sim::Duration, base| if own == sim::Duration::ZERO { base } else { own };
        config.health = Some(HealthCheck {
            test: base.test.clone(),
            interval: or(own.interval, base.interval),
            timeout: or(own.timeout, base.timeout),
            start_period: or(own.start_period, base.start_period),
            retries: if own.retries == 0 { base.retries } else { own.retries },
        });
    }
    if config.network_mode.is_empty() {
        "default".clone_into(&mut config.network_mode);
    }
    Ok(())
}

/// A new, empty volume gets what the image has at the mount's target.
fn fill_volume(machine: &Machine, volume: &Volume, root: &Mounts, target: &str, now: Time) {
    let host = machine.host();
    let host = host.borrow();
    let Ok(place) = host.mounts.resolve("/", &volume.path(), true, User::ROOT) else { return };
    if !place.fs.borrow().list(&place.inner).is_empty() {
        return;
    }
    let Ok(found) = root.resolve("/", target, true, User::ROOT) else { return };
    for (path, inode) in tree_below(&found.fs, &found.inner).iter() {
        let to = if path == "/" { volume.path() } else { format!("{}{path}", volume.path()) };
        // The folders above come first in a tree's order, so nothing can be missing.
        let _ = put_file(&host.mounts, &to, inode.clone(), now);
    }
}
