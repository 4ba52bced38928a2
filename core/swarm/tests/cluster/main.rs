//! Whole clusters of swarm nodes over a simulated network and disks, with a small stand-in for the
//! engine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chaos;
mod faults;
mod harness;
mod join;
mod keys;
mod lifecycle;
mod membership;
mod tasks;
