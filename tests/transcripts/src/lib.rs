//! Tests of one command line: transcript files ([`check`]) and a host on which it runs ([`Stage`]).
//!
//! Whole clusters have transcripts of their own kind, in `tests/src`.

mod file;
mod stage;

pub use file::{Event, Scene, Shown, check, command};
pub use stage::{Ended, Peer, Stage, log};
