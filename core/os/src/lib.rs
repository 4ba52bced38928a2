//! A host's operating system as far as a workshop sees it: files, processes, pipes, terminals.
//!
//! A [`Machine`] is one host. Programs are `async fn`s that make system calls through a [`Proc`];
//! a small executor polls them in the order of their process numbers, and only virtual time lets
//! them wait. The machine does no I/O of its own: whoever drives it
//!
//! 1. tells it the time and calls [`Machine::run`],
//! 2. takes the [`Request`]s its processes made (to the docker daemon, say) and completes them,
//! 3. calls again when [`Machine::next_deadline`] has come.
//!
//! Files are bytes. An executable is a file whose bytes name a program ([`program::image`]), so that
//! an image layer that holds it has a digest like any other.
//!
//! What it deliberately is not: a kernel. No scheduling, no memory, no sockets, no devices but a few.

pub mod distribution;
pub mod errno;
pub mod fs;
pub mod machine;
mod namespace;
pub mod pipe;
pub mod process;
pub mod program;
pub mod remote;
pub mod service;
mod state;
pub mod terminal;

pub use distribution::Distribution;
pub use errno::Errno;
pub use machine::{Machine, ProcessWords, Request, RequestId};
pub use process::{ExitStatus, Fd, Pid, Proc, Signal, Spawn};
pub use program::Programs;
pub use service::{
    Call, CallId, Inbox, Incoming, Link, NET_PORT, NetAnswer, NetAsk, NetReply, NetRequest,
    Service, is_address,
};
pub use terminal::{Terminal, TerminalId};
