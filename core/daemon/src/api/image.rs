//! Images: what a list shows, what `inspect` shows, what a pull reports.

use serde::{Deserialize, Serialize};
use sorted::SortedMap;

pub use engine::HealthCheck;
use sim::Time;

/// An image in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Bytes in layers that another image has as well.
    pub shared: u64,
    /// Labels.
    pub labels: SortedMap<String, String>,
}

/// What a container of it runs unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    pub labels: SortedMap<String, String>,
    /// `6379/tcp`.
    pub exposed_ports: Vec<String>,
    /// Signal.
    pub stop_signal: String,
    /// How to find out whether it is well.
    pub health: Option<HealthCheck>,
    /// What runs lines of a Dockerfile.
    pub shell: Vec<String>,
    /// Instructions for a build that starts from it.
    pub on_build: Vec<String>,
}

/// All about an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDetails {
    /// The folders of its layers, as the storage driver names them.
    pub folders: Vec<(String, String)>,
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

/// A name and a password for a registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Never shows the password.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({})", self.user)
    }
}

/// One line of an image's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// `sha256:...`; none if the image of that moment is not here.
    pub id: Option<String>,
    /// When.
    pub created: Time,
    /// What made it.
    pub created_by: String,
    /// Bytes of its layer.
    pub size: u64,
    /// Of `commit`.
    pub comment: String,
    /// Names.
    pub tags: Vec<String>,
}

/// One step of a pull.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullMessage {
    /// The layer's short identifier or the tag; empty for a line of its own.
    pub id: String,
    /// `Pulling fs layer`, `Downloading`, `Pull complete`, `Digest: sha256:...`, ...
    pub status: String,
    /// Bytes so far and in total (downloading, extracting).
    pub progress: Option<(u64, u64)>,
}

/// What `rmi` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removed {
    /// A name was taken away.
    Untagged(String),
    /// An image or layer was deleted.
    Deleted(String),
}
