//! What a daemon answers.

use serde::{Deserialize, Serialize};
use swarm::control::ControlResponse;

use super::{
    BuildProgress, ContainerDetails, ContainerSummary, DiskUsage, EventLine, ExitCode, HistoryLine,
    ImageDetails, ImageSummary, Info, LogChunk, NetworkDetails, PullMessage, Removed, VersionInfo,
    VolumeDetails,
};

/// An answer; each request names its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the variants are named by the requests that they answer")]
pub enum Response {
    Done,
    Version(Box<VersionInfo>),
    Info(Box<Info>),
    /// The identifier of what was made.
    Created {
        id: String,
    },
    Control(ControlResponse),
    ServiceCreated {
        id: String,
        /// For standard error.
        warnings: Vec<String>,
    },
    ServiceUpdated {
        /// For standard error.
        warnings: Vec<String>,
    },
    Containers(Vec<ContainerSummary>),
    Container(Box<ContainerDetails>),
    ContainerCreated {
        id: String,
        /// For standard error.
        warnings: Vec<String>,
    },
    Exited {
        code: ExitCode,
    },
    Log(LogChunk),
    Images(Vec<ImageSummary>),
    Image(Box<ImageDetails>),
    Pulling {
        messages: Vec<PullMessage>,
        /// Nothing more will come.
        done: bool,
    },
    Building(Box<BuildProgress>),
    History(Vec<HistoryLine>),
    Removed(Vec<Removed>),
    Processes(Vec<os::process::ProcessInfo>),
    /// `A`dded, `C`hanged or `D`eleted, and the path.
    Changes(Vec<(char, String)>),
    Files {
        /// The last part of the path.
        name: String,
        /// What is there: its own place is `/`.
        tree: Box<os::fs::Tree>,
    },
    Bytes(Vec<u8>),
    Lines(Vec<String>),
    Events {
        /// In order.
        events: Vec<EventLine>,
        /// For the next question.
        cursor: u64,
    },
    DiskUsage(Box<DiskUsage>),
    /// What `rmi` would have told, and how many bytes that freed.
    PrunedImages {
        images: Vec<Removed>,
        freed: u64,
    },
    Networks(Vec<NetworkDetails>),
    Network(Box<NetworkDetails>),
    Volumes(Vec<VolumeDetails>),
    Volume(Box<VolumeDetails>),
    Pruned {
        /// What was removed.
        names: Vec<String>,
        /// Bytes that it had.
        size: u64,
    },
}
