//! A small Kubernetes on the hosts of a world.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`rest`] | what an API server is asked |
//! | [`resources`], [`schema`] | the tables: resources and the fields of their objects |
//! | [`json`] | steps through trees of values |
//!
//! That is all that a command line knows of it.

pub mod json;
pub mod resources;
pub mod rest;
pub mod schema;
