//! Images: what a list shows, what `inspect` shows, what a pull reports.

use std::collections::BTreeMap;

use sim::Time;

/// An image in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSummary {
    /// `sha256:...`.
    pub id: String,
    /// `redis:alpine`.
    pub tags: Vec<String>,
    /// `redis@sha256:...`.
    pub digests: Vec<String>,
    /// When it was made.
    pub created: Time,
    /// Bytes in all layers.
    pub size: u64,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// What a container of it runs unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// User.
    pub user: String,
    /// `KEY=value`.
    pub env: Vec<String>,
    /// Arguments.
    pub cmd: Vec<String>,
    /// Program.
    pub entrypoint: Vec<String>,
    /// Paths.
    pub volumes: Vec<String>,
    /// Folder.
    pub working_dir: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `6379/tcp`.
    pub exposed_ports: Vec<String>,
    /// Signal.
    pub stop_signal: String,
}

/// All about an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDetails {
    /// `sha256:...`.
    pub id: String,
    /// `redis:alpine`.
    pub tags: Vec<String>,
    /// `redis@sha256:...`.
    pub digests: Vec<String>,
    /// The image it was committed or built from.
    pub parent: String,
    /// Of `commit`.
    pub comment: String,
    /// Of `commit`.
    pub author: String,
    /// The container it was committed from.
    pub container: String,
    /// When it was made.
    pub created: Time,
    /// The engine that made it.
    pub docker_version: String,
    /// `amd64`.
    pub architecture: String,
    /// `linux`.
    pub os: String,
    /// Bytes in all layers.
    pub size: u64,
    /// What runs.
    pub config: ImageConfig,
    /// `sha256:...` of each layer's content, lowest first.
    pub layers: Vec<String>,
}

/// One step of a pull.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullMessage {
    /// The layer's short identifier or the tag; empty for a line of its own.
    pub id: String,
    /// `Pulling fs layer`, `Downloading`, `Pull complete`, `Digest: sha256:...`, ...
    pub status: String,
    /// Bytes so far and in total (downloading, extracting).
    pub progress: Option<(u64, u64)>,
}

/// What `rmi` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// A name was taken away.
    Untagged(String),
    /// An image or layer was deleted.
    Deleted(String),
}
