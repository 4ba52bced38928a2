//! The engine on a real machine, driven as a daemon drives it.
#![allow(clippy::unwrap_used, reason = "a test that meets an error should stop there")]

mod containers;
mod entrypoints;
mod images;
mod programs;
mod python;
mod support;
