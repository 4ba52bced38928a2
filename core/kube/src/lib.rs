//! A small Kubernetes on the hosts of a world.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`rest`] | what an API server is asked |
//! | [`resources`], [`schema`] | the tables: resources and the fields of their objects |
//! | [`json`] | steps through trees of values |
//!
//! That is all that a command line knows of it. The cluster itself:
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`config`], [`pki`] | the hosts, their keys and the files that hold them |
//! | [`node`] | one host's part: inputs and the time in, outputs out |
//! | [`etcd`] | keys and values on Raft, and their encryption at rest |
//! | [`apiserver`] | requests, objects, who may do what |
//! | `controllers`, `scheduler` | what makes the cluster as it is wanted |
//! | `kubelet` | pods on a host |
//! | `wire` | connections between hosts |

pub mod apiserver;
mod client;
mod conditions;
pub mod config;
mod controllers;
pub mod etcd;
mod events;
pub mod json;
mod kubelet;
pub mod node;
pub mod pki;
pub mod quantity;
pub mod resources;
pub mod rest;
mod scheduler;
pub mod schema;
mod wire;

/// Adds the programs of a control plane's host.
pub fn register(programs: &mut os::Programs) {
    programs.add("etcdctl", |proc| Box::pin(etcd::etcdctl::main(proc)));
}

pub use config::{ClusterConfig, ClusterHost};
pub use kubelet::is_mirror;
pub use node::{Caller, Context, KubeNode, Output};
