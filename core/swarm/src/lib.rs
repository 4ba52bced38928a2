//! The swarm control plane: store, control API, orchestrator, scheduler, dispatcher, agent.
//!
//! Everything here is a plain state machine: inputs and the current virtual time in, outputs out.
//! The folders follow swarmkit's, so that a reader can go from a file here to the original:
//!
//! | module | what it is | swarmkit |
//! | --- | --- | --- |
//! | [`objects`] | the typed objects of a cluster | `api/` |
//! | [`store`] | the replicated store: tables, transactions, events | `manager/state/store` |
//! | [`control`] | the control API: checks and error texts | `manager/controlapi` |
//! | [`leader`] | what runs on the leader only: orchestrators, allocator, scheduler, updater, reaper | `manager/{orchestrator,scheduler,allocator,constraint}` |
//! | [`node`] | one host's part of a swarm, from init to leave; manager and agent together | `node/`, `manager/manager.go` |
//! | `raft_driver` | Raft with a disk and a wire; the sealed write-ahead log | `manager/state/raft` |
//! | `transport` | sealed channels between nodes and what is said in them | `connectionbroker`, `api/*.proto` |
//! | `dispatcher` | the agents' sessions, heartbeats and assignments | `manager/dispatcher` |
//! | `agent` | the tasks, secrets and configs of this node | `agent/` |
//! | [`state_dir`] | a manager's folder read by somebody else: `swarm-rafttool` | `swarmd/cmd/swarm-rafttool` |
//! | `ca` | certificates: issuing them, getting them, keeping them | `ca/` |

mod agent;
mod ca;
pub mod control;
mod dispatcher;
pub mod leader;
pub mod node;
pub mod objects;
mod raft_driver;
pub mod state_dir;
pub mod store;
mod transport;

pub use raft_driver::opened::{Lock, SealedRecord, open_disk};

#[cfg(test)]
mod testing;
