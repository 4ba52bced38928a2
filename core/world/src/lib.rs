//! A cluster you can type into.
//!
//! A [`World`] is built from a [`Spec`] (hosts, Docker version, seed) and moves only when it is told
//! to: [`World::advance`] lets virtual time pass, [`World::apply`] does what a person at the keyboard
//! or a fault does. Everything that came from outside is recorded; the same spec and the same
//! [`Recording`] give the same history, to the byte.
//!
//! ```
//! use glasshive_world::{LINE_LIMIT, Spec, World};
//!
//! let spec = Spec::new(["node1", "node2"]).with_managers(["node1"]);
//! let mut world = World::new(spec)?;
//! let result = world.run_line("node1", "docker node ls -q | wc -l", LINE_LIMIT)?;
//! assert_eq!((result.output.as_str(), result.status), ("2\n", 0));
//! # Ok::<(), glasshive_world::Error>(())
//! ```
//!
//! Nothing here decides how Docker behaves: this crate carries frames and requests between the
//! parts, keeps the order of events, and shows what there is ([`World::observe`]).

mod audit;
mod boot;
mod cluster;
mod complete;
mod error;
pub mod fault;
mod files;
mod host;
mod input;
mod login;
mod observe;
mod probe;
mod rootfs;
mod search;
mod service;
mod spec;
mod ssh;
mod state_folder;
mod subjects;
mod tap;
mod typing;
mod world;

pub use audit::{
    AuditRules, AuditView, CORE_SIZE_MAX, CORE_SIZE_MIN, CauseView, CountView, DiskView,
    FindingView, Form, NeedleKind, NeedleView, PlaceRule, Verdict,
};
pub use cluster::{ClusterNodeView, ClusterSecretView, ClusterView, PodView};
pub use complete::Completion;
pub use error::Error;
pub use fault::{Armed, ArmedState, Fault, Forecast, Struck, Trigger};
pub use input::{Input, Recorded, Recording};
pub use observe::{
    ArmedView, ContainerView, LinkView, NodeView, Observation, RaftView, SecretView, ServiceView,
    TaskView,
};
pub use probe::Probe;
pub use search::{Found, Surface};
pub use spec::{KubeSpec, Spec};
pub use typing::{BlockView, EditorView, LINE_LIMIT, LineResult, Mark, TerminalView};
pub use world::World;

pub use os::terminal::Awaits;
pub use sim::trace::Entry as TraceEntry;
pub use sim::{Duration, EventId, Time};
