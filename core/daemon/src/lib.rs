//! dockerd on one host: the API that the command line talks to, joining engine and swarm.
//!
//! [`api`] is the typed form of Docker's HTTP API, [`client`] asks it from within a process of the
//! host: a request travels through [`os::Proc::request`] on the port [`client::PORT`], as the real one does through
//! `/var/run/docker.sock`.

pub mod api;
pub mod client;
