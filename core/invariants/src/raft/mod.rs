//! The consensus algorithm (Ongaro and Ousterhout, "In Search of an Understandable Consensus
//! Algorithm", figure 3; Ongaro's thesis; the TLA+ models of Raft and etcd/raft).

pub mod append_only;
pub mod durable_commits;
pub mod durable_monotone;
pub mod durable_votes;
pub mod election_safety;
pub mod leader_completeness;
pub mod log_matching;
pub mod log_order;
pub mod membership;
pub mod monotone;
pub mod own_term_commits;
pub mod state_machine_safety;
