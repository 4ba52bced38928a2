//! What can be asked of a daemon, and what it answers (moby: `api/types`, as typed values).
//!
//! One [`Request`] gets one `Result<`[`Response`]`, `[`Error`]`>`. Nothing streams: what goes on for
//! a while (a pull, a log) is asked for again and again. A process that runs in a container gets the
//! caller's own open files ([`Stdio`]), so its bytes never pass through here.

pub mod build;
pub mod container;
mod endpoint;
pub mod error;
pub mod filters;
pub mod image;
mod log;
pub mod network;
mod request;
mod response;
pub mod subject;
mod swarm;
pub mod system;

pub use build::{BuildFailure, BuildProgress, BuildRequest};
pub use container::{
    Attached, ContainerConfig, ContainerDetails, ContainerEndpoint, ContainerPort, ContainerState,
    ContainerStatus, ContainerSummary, CreateContainer, ExecConfig, HostConfig, MountPoint, Stdio,
};
pub(crate) use endpoint::endpoint;
pub use error::Error;
pub use filters::Filters;
pub use image::{
    HistoryLine, ImageConfig, ImageDetails, ImageSummary, Login, PullMessage, Removed,
};
pub use log::{LogChunk, LogLine, LogOptions};
pub use network::{Endpoint, Network, NetworkContainer, NetworkDetails, VolumeDetails};
pub use request::Request;
pub use response::Response;
pub use subject::subject;
pub use swarm::{SwarmInit, SwarmJoin};
pub use system::{DiskUsage, EventLine, Info, LocalState, RemoteManager, SwarmInfo, VersionInfo};

/// What a finished process reported: its exit code, 137 for one that was killed.
pub type ExitCode = i32;

/// The warning that an image's digest could not be found out; it goes to standard error
/// (moby: `client/service_create.go`, `digestWarning`).
pub fn digest_warning(image: &str) -> String {
    format!(
        "image {image} could not be accessed on a registry to record\nits digest. Each node will \
         access {image} independently,\npossibly leading to different nodes running \
         different\nversions of the image.\n"
    )
}
