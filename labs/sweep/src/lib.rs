//! Random workloads under random faults, with every invariant on, for as many seeds as there is time.
//!
//! A seed draws everything: how many hosts and managers (or control planes), which release, which commands and faults
//! exist at all and how often (so that some seeds do nothing but crash, and some nothing but update), and
//! then what happens when. After every event a [`Watch`](invariants::Watch) looks at the host that it
//! happened at. What users are told is remembered and held against the store.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`shape`] | the cluster of a seed, and the rates of what happens to it |
//! | [`workload`] | what people type |
//! | [`faults`] | what breaks |
//! | [`oracle`] | what people were told, to be held against the store |
//! | [`session`] | a world under a watch: inputs, steps, peace |
//! | [`case`] | one seed from its first input to its verdict; the same from a file |
//! | `operator` | what only people can put right while a swarm comes to rest |
//! | `rest` | after the last fault: all is mended and has to become as it was asked for |
//! | [`shrink`] | the shortest part of a history that still fails |
//! | [`fleet`] | all cores, progress, the report |
//!
//! *Safety*: nothing may ever be wrong, whatever breaks. *Liveness*: after that everything is healed, and
//! the cluster must come to what was asked for within a bound made of the timings.

pub mod case;
pub mod faults;
pub mod fleet;
mod operator;
pub mod oracle;
mod rest;
pub mod session;
pub mod shape;
pub mod shrink;
pub mod workload;

pub use case::{Case, Failure, History, Mode, Outcome};
pub use faults::FaultSet;
pub use fleet::{Options, Report};
pub use shape::Cluster;
