//! Images, containers and the programs that run in them.
//!
//! An [`Engine`] is the part of a host's docker daemon that knows nothing of swarms: images made of
//! content-addressed layers, containers with a writable layer, volumes, secrets in memory. It is a
//! state machine: the time and the host's [`os::Machine`] are passed in, deadlines
//! ([`Engine::next_deadline`]) and events ([`Engine::take_events`]) come out. Programs run on the
//! machine; whoever drives it passes the ends of processes back ([`Engine::on_exit`]).
//!
//! What `commit` takes from a container is its writable layer. A secret lies on a mounted tmpfs and
//! is therefore not in it: there is no rule about secrets in that code.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`reference`], [`digest`] | names of images, content addresses |
//! | [`layer`], [`image`] | layers and their canonical bytes, images, a host's images |
//! | [`catalog`] | the images that everybody can pull |
//! | [`build`] | Dockerfiles, step by step |
//! | [`registry`], [`transfer`] | registries; pulls and pushes in virtual time |
//! | [`archive`], [`tar`] | images and containers as archives |
//! | [`container`], [`exec`], [`lifecycle`], [`health`] | containers |
//! | [`network`], [`volume`] | a host's networks and published ports, its volumes |
//! | [`programs`] | redis-server, nginx, ping and others |
//!
//! Not simulated: cgroups and limits, capabilities, storage drivers' own files.

pub mod archive;
mod boot;
pub mod build;
pub mod catalog;
pub mod changes;
pub mod container;
pub mod copy;
pub mod digest;
mod ending;
pub mod engine;
pub mod error;
pub mod event;
pub mod exec;
pub mod health;
pub mod image;
pub mod images;
pub mod layer;
pub mod lifecycle;
mod linked;
mod links;
pub mod network;
pub mod options;
mod places;
pub mod programs;
pub mod reference;
pub mod registry;
pub mod tar;
pub mod transfer;
pub mod volume;

pub use build::{BuildId, BuildRequest};
pub use catalog::Catalog;
pub use container::{
    Container, ContainerConfig, Endpoint, HealthCheck, Log, LogEntry, Mount, MountSource, Phase,
    PortBinding, RestartPolicy, SecretFile, Stream,
};
pub use digest::{ContainerId, Digest, ImageId};
pub use engine::Engine;
pub use error::{EngineError, ErrorKind};
pub use event::{Event, Happened};
pub use exec::{Exec, ExecConfig, ExecId, Stdio};
pub use health::{Health, HealthStatus, Probe};
pub use image::{Image, ImageConfig};
pub use images::{Commit, Removed};
pub use layer::Layer;
pub use lifecycle::Progress;
pub use network::Network;
pub use options::{EngineOptions, Release, SecretMounts};
pub use reference::Reference;
pub use registry::Registry;
pub use transfer::{LayerState, TransferId};
pub use volume::Volume;
