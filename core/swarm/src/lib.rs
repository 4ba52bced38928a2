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

pub mod control;
pub mod leader;
pub mod objects;
pub mod store;

#[cfg(test)]
mod testing;
