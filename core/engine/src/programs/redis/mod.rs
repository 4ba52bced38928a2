//! redis: the server, its commands, its protocol, and the client.

mod cli;
mod keyspace;
mod protocol;
mod server;

pub(super) use cli::cli;
pub(super) use server::server;
