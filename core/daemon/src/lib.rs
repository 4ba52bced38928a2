//! dockerd on one host: the API that the command line talks to, joining engine and swarm.
//!
//! [`api`] is the typed form of Docker's HTTP API, [`client`] asks it from within a process of the
//! host: a request travels through [`os::Proc::request`] on the port [`client::PORT`], as the real
//! one does through `/var/run/docker.sock`; or over the network to another host's daemon ([`Remote`]).
//!
//! The [`Daemon`] itself is a state machine without I/O. It owns the host's engine and the host's part
//! of the swarm, resolves what users name, and is the executor that turns the agent's tasks into
//! containers. It asks the agent for a task's secrets through the agent's restricted getter when the
//! task's container starts, and keeps none.

pub mod api;
mod binds;
mod builds;
pub mod client;
mod config;
mod containers;
mod convert;
mod daemon;
mod execs;
mod executor;
mod host_names;
mod images;
mod info;
mod logs;
mod looking;
mod managers;
mod network;
mod pattern;
mod remote;
mod swarm_events;
mod tcp;
mod templates;
mod volumes;

pub use config::{CPU_COUNT, Config, MEMORY_SIZE};
pub use daemon::{Caller, Context, Daemon, Output, SharedRegistry};
pub use host_names::{host_addresses, host_file};
pub use info::{ContainerView, Place};
pub use network::{FrameContent, content_of};
pub use tcp::{Listening, PORT, Remote, Tls, daemon_command};
