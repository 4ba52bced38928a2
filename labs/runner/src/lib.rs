//! The lab format and its runner.
//!
//! A lab is one Markdown file, `NAME.lab.md`: prose for students, commands with what they should
//! print, checks on the cluster's state. [`author::read`] compiles it into a [`Lab`], plain data
//! that can be stored as JSON; a [`Runner`] plays a lab on a [`Cluster`]. `labs/README.md` tells
//! how to write one.
//!
//! The feature `author` holds the Markdown and YAML parsers; without it this crate compiles to a small
//! module for browsers. What a lab says is only ever *compared* with what the cluster does: nothing here can
//! put a word into a terminal that was not typed, or change what a command prints.

#[cfg(feature = "author")]
pub mod author;
mod bindings;
pub mod check;
pub mod cluster;
mod model;
mod outcome;
pub mod pattern;
mod real;
mod runner;
mod summary;

pub use bindings::{Bindings, Unbound};
pub use cluster::Cluster;
pub use model::{
    Ask, At, Check, Choice, Command, Computed, FORMAT, Fault, Lab, Note, Part, Quiz, Step, Try,
    Typed, Until,
};
pub use outcome::{AskOutcome, CheckOutcome, CommandOutcome, Event, FaultOutcome, Outcome};
pub use real::Real;
pub use runner::{Goal, Runner};
pub use summary::Summary;

/// A runner on the simulated cluster.
pub type WorldRunner = Runner<world::Mark>;
