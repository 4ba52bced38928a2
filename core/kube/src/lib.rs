//! A small Kubernetes on the hosts of a world.
//!
//! [`rest`] is what its API server is asked, and all that a command line knows of it.

pub mod rest;
