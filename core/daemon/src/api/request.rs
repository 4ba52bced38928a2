//! What can be asked of a daemon.

use serde::{Deserialize, Serialize};
use sim::Time;
use swarm::control::ControlRequest;
use swarm::objects::ServiceSpec;

use super::{
    BuildRequest, CreateContainer, Endpoint, ExecConfig, Filters, LogOptions, Login, Network,
    Stdio, SwarmInit, SwarmJoin, VolumeDetails,
};

/// A question to the daemon.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Is anybody there? -> [`Response::Done`].
    Ping,
    /// -> [`Response::Version`].
    Version,
    /// -> [`Response::Info`]. Never fails for want of a swarm.
    Info,

    /// Makes this node the first manager of a new swarm -> [`Response::Created`] with the node's
    /// identifier.
    SwarmInit(SwarmInit),
    /// Joins a swarm -> [`Response::Done`]; `Info` tells as what.
    SwarmJoin(SwarmJoin),
    /// Leaves the swarm -> [`Response::Done`].
    SwarmLeave {
        /// Even if it is a manager.
        force: bool,
    },
    /// Unlocks a locked manager with the text `SWMKEY-1-...` -> [`Response::Done`].
    SwarmUnlock {
        /// What was typed.
        key: String,
    },
    /// Anything a manager answers -> [`Response::Control`]. Unlike in the control API itself, an
    /// identifier may be a name or the beginning of an identifier: the daemon resolves it first,
    /// with Docker's texts ([`subject`] finds it). `CreateService` and `UpdateService` have requests of their own.
    Control(ControlRequest),
    /// A new service -> [`Response::ServiceCreated`].
    CreateService {
        /// What is asked for; secrets and configs by identifier.
        spec: Box<ServiceSpec>,
        /// Pin the image's digest by asking the registry.
        query_registry: bool,
    },
    /// A new spec for a service -> [`Response::ServiceUpdated`].
    UpdateService {
        /// Its identifier, name or the beginning of the identifier.
        service: String,
        /// The version that was read.
        version: u64,
        /// The new spec.
        spec: Box<ServiceSpec>,
        /// Go back to the previous spec, whatever `spec` says.
        rollback: bool,
        /// Pin the image's digest by asking the registry.
        query_registry: bool,
    },
    /// What the tasks of a service or one task wrote -> [`Response::Log`].
    ServiceLogs {
        /// A service or task: identifier, name or the beginning of an identifier.
        target: String,
        /// Which part.
        options: LogOptions,
    },

    /// -> [`Response::Containers`], newest first.
    ListContainers {
        /// Those that do not run as well.
        all: bool,
        /// Only so many of the newest, whatever their state; implies `all`.
        limit: Option<u32>,
        /// With sizes.
        size: bool,
        /// `name`, `id`, `label`, `status`, `ancestor`, ...
        filters: Filters,
    },
    /// -> [`Response::Container`]. `container` is here and below a name, an identifier or the
    /// beginning of one.
    InspectContainer {
        /// Which.
        container: String,
    },
    /// -> [`Response::ContainerCreated`]. A missing image is an error with status 404 and the text
    /// `No such image: <reference>`; the caller pulls and tries again.
    CreateContainer(Box<CreateContainer>),
    /// -> [`Response::Done`].
    StartContainer {
        /// Which.
        container: String,
        /// The files its first process gets; none: its log, and nothing to read. What it writes
        /// goes to its log in any case.
        #[serde(skip)]
        stdio: Option<Stdio>,
    },
    /// Waits for the end of the container's first process -> [`Response::Exited`].
    WaitContainer {
        /// Which.
        container: String,
        /// If it has not been started yet, the end that is still to come.
        next: bool,
    },
    /// Asks it to end, kills it after `timeout_secs` -> [`Response::Done`].
    StopContainer {
        /// Which.
        container: String,
        /// Seconds; the container's own, or 10, if none.
        timeout_secs: Option<u64>,
    },
    /// Sends its first process a signal -> [`Response::Done`].
    KillContainer {
        /// Which.
        container: String,
        /// As typed: `KILL`, `SIGTERM`, `9`.
        signal: String,
    },
    /// -> [`Response::Done`].
    RemoveContainer {
        /// Which.
        container: String,
        /// Kill it first if it runs.
        force: bool,
        /// Its anonymous volumes too.
        volumes: bool,
    },
    /// Makes an image of its writable layer -> [`Response::Created`] with `sha256:...`.
    CommitContainer {
        /// Which.
        container: String,
        /// The new image's reference; none if empty.
        reference: String,
        /// The image's comment.
        comment: String,
        /// The image's author.
        author: String,
        /// Instructions of a Dockerfile.
        changes: Vec<String>,
    },
    /// Freezes its processes, or lets them go on -> [`Response::Done`].
    PauseContainer {
        /// Which.
        container: String,
        /// Freeze them.
        pause: bool,
    },
    /// -> [`Response::Done`].
    UpdateContainer {
        /// Which.
        container: String,
        /// A restart policy and how often at most.
        restart: Option<(String, u32)>,
        /// As in [`HostConfig::settings`].
        settings: sorted::SortedMap<String, String>,
    },
    /// Gives the files what its first process writes from now on -> [`Response::Done`].
    AttachContainer {
        /// Which.
        container: String,
        /// The files; none: nothing is shown.
        #[serde(skip)]
        stdio: Option<Stdio>,
    },
    /// -> [`Response::Processes`].
    TopContainer {
        /// Which.
        container: String,
    },
    /// -> [`Response::Changes`].
    DiffContainer {
        /// Which.
        container: String,
    },
    /// Files of a container -> [`Response::Files`].
    CopyOut {
        /// Which.
        container: String,
        /// The path in it.
        path: String,
    },
    /// Puts files into a container -> [`Response::Done`].
    CopyIn {
        /// Which.
        container: String,
        /// Where the tree's root comes to lie.
        path: String,
        /// The files.
        tree: Box<os::fs::Tree>,
    },
    /// All files of a container as an archive -> [`Response::Bytes`].
    ExportContainer {
        /// Which.
        container: String,
    },
    /// Removes those that do not run -> [`Response::Pruned`].
    PruneContainers {
        /// `label`, `until`.
        filters: Filters,
    },
    /// Images as an archive -> [`Response::Bytes`].
    SaveImages {
        /// Names or identifiers.
        images: Vec<String>,
    },
    /// Adds the images of an archive -> [`Response::Lines`].
    LoadImages {
        /// The archive.
        bytes: Vec<u8>,
    },
    /// Makes an image of an archive's files -> [`Response::Created`].
    ImportImage {
        /// The archive.
        bytes: Vec<u8>,
        /// The image's name; none if empty.
        reference: String,
        /// Instructions of a Dockerfile.
        changes: Vec<String>,
        /// The image's comment.
        message: String,
    },
    /// Empties the builders' caches -> [`Response::Pruned`].
    PruneBuilds,
    /// What has happened on this host -> [`Response::Events`].
    Events {
        /// Nothing before.
        since: Option<Time>,
        /// Only what came after the answer that had this cursor.
        cursor: Option<u64>,
        /// `type`, `event`, `container`, `image`, `label`, ...
        filters: Filters,
    },
    /// -> [`Response::DiskUsage`].
    DiskUsage,
    /// -> [`Response::Done`].
    RenameContainer {
        /// Which.
        container: String,
        /// The new name.
        name: String,
    },
    /// -> [`Response::Log`].
    ContainerLogs {
        /// Which.
        container: String,
        /// Which part.
        options: LogOptions,
    },
    /// Prepares a process in a running container -> [`Response::Created`] with the exec's
    /// identifier.
    CreateExec {
        /// Which container.
        container: String,
        /// What to run.
        config: ExecConfig,
    },
    /// Starts it -> [`Response::Done`], or an error with the runtime's text for a program that is
    /// not there.
    StartExec {
        /// The exec's identifier.
        exec: String,
        /// The files it gets; none for a detached one.
        #[serde(skip)]
        stdio: Option<Stdio>,
    },
    /// Waits for its end -> [`Response::Exited`].
    WaitExec {
        /// The exec's identifier.
        exec: String,
    },
    /// Sends it a signal: what Ctrl-C on the terminal it was given does -> [`Response::Done`].
    KillExec {
        /// The exec's identifier.
        exec: String,
        /// The signal.
        signal: os::Signal,
    },

    /// -> [`Response::Images`], newest first.
    ListImages {
        /// Those without a name as well.
        all: bool,
        /// `reference`, `label`, `dangling`, `before`, `since`.
        filters: Filters,
    },
    /// -> [`Response::Image`].
    InspectImage {
        /// A reference, a digest or the beginning of an identifier.
        image: String,
    },
    /// Begins to pull -> [`Response::Created`] with the pull's number.
    PullImage {
        /// As typed.
        reference: String,
        /// Every tag of the repository.
        all_tags: bool,
    },
    /// What has happened since the last question -> [`Response::Pulling`]; an error ends the pull.
    PullProgress {
        /// The pull's number.
        pull: String,
    },
    /// Begins to push -> [`Response::Created`] with the push's number, for `PullProgress`.
    PushImage {
        /// As typed.
        reference: String,
        /// Name and password for the registry.
        login: Option<Login>,
    },
    /// Checks name and password at a registry -> [`Response::Done`].
    Login {
        /// The registry's address; empty for the public one.
        server: String,
        /// Name and password.
        login: Login,
    },
    /// Begins a build -> [`Response::Created`] with the build's number.
    BuildImage {
        /// Names for the image, as typed.
        tags: Vec<String>,
        /// What is to be built.
        request: Box<BuildRequest>,
    },
    /// What has happened since the last question -> [`Response::Building`].
    BuildProgress {
        /// The build's number.
        build: String,
    },
    /// Breaks a build off -> [`Response::Done`].
    CancelBuild {
        /// The build's number.
        build: String,
    },
    /// How an image came to be -> [`Response::History`], newest first.
    ImageHistory {
        /// Which.
        image: String,
    },
    /// Removes images that nothing needs -> [`Response::PrunedImages`].
    PruneImages {
        /// Also those with a name.
        all: bool,
        /// `dangling`, `label`, `until`.
        filters: Filters,
    },
    /// -> [`Response::Removed`].
    RemoveImage {
        /// Which.
        image: String,
        /// Although a container needs it.
        force: bool,
        /// Keep untagged parents.
        no_prune: bool,
    },
    /// The host's networks and, on a manager, the swarm's -> [`Response::Networks`], by name.
    ListNetworks {
        /// `dangling`, `driver`, `id`, `label`, `name`, `scope`, `type`.
        filters: Filters,
    },
    /// -> [`Response::Network`].
    InspectNetwork {
        /// Name, identifier or the beginning of one.
        network: String,
    },
    /// -> [`Response::Created`]; its identifier is the daemon's choice, an overlay is the swarm's.
    CreateNetwork(Box<Network>),
    /// -> [`Response::Done`].
    RemoveNetwork {
        /// Name, identifier or the beginning of one.
        network: String,
    },
    /// -> [`Response::Done`].
    ConnectNetwork {
        /// Which container.
        container: String,
        /// Its place.
        endpoint: Endpoint,
    },
    /// -> [`Response::Done`].
    DisconnectNetwork {
        /// Which container.
        container: String,
        /// Name or identifier.
        network: String,
    },
    /// -> [`Response::Pruned`].
    PruneNetworks {
        /// `label`.
        filters: Filters,
    },
    /// -> [`Response::Volumes`], by name.
    ListVolumes {
        /// `dangling`, `driver`, `label`, `name`.
        filters: Filters,
    },
    /// -> [`Response::Volume`].
    InspectVolume {
        /// Its name.
        volume: String,
    },
    /// -> [`Response::Created`] with its name; name, driver, labels and options count.
    CreateVolume(Box<VolumeDetails>),
    /// -> [`Response::Done`].
    RemoveVolume {
        /// Its name.
        volume: String,
        /// One that is not there is no error.
        force: bool,
    },
    /// -> [`Response::Pruned`].
    PruneVolumes {
        /// `all`, `label`.
        filters: Filters,
    },
    /// -> [`Response::Done`].
    TagImage {
        /// Which.
        image: String,
        /// The new reference.
        reference: String,
    },
}

impl Request {
    /// The files that it gives a program, to be put in or taken out; nothing if it gives none.
    fn stdio_mut(&mut self) -> Option<&mut Option<Stdio>> {
        match self {
            Self::StartContainer { stdio, .. }
            | Self::AttachContainer { stdio, .. }
            | Self::StartExec { stdio, .. } => Some(stdio),
            _ => None,
        }
    }

    /// Takes the files of a program out of the request.
    pub(crate) fn take_stdio(&mut self) -> Option<Stdio> {
        self.stdio_mut()?.take()
    }

    /// Puts them in.
    pub(crate) fn set_stdio(&mut self, files: Stdio) {
        if let Some(stdio) = self.stdio_mut() {
            *stdio = Some(files);
        }
    }
}
