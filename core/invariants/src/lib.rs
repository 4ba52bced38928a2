//! What must hold after every event of a world, whoever drives it: labs, tests, sweeps.
//!
//! Each file states one invariant (or a small family) with its source, checks it on plain data, and has
//! a test that shows it a bad state. A [`Watch`] looks at the host that the last event happened at, and
//! asks only what the event can have changed:
//!
//! | asked | when |
//! | --- | --- |
//! | [`raft`] numbers of a member | they changed |
//! | [`raft`] entries, durable logs | the log, the commit index or the durable files changed |
//! | [`store`], [`tasks`] | an entry is committed: once per entry, on a store of the watch's own |
//! | equal stores | a manager has applied something |
//! | [`nodes`] | an agent's tasks or secrets changed |
//! | certificate and key files | the disk changed |
//! | [`cluster`] | anything happened on a node of a Kubernetes |
//! | [`liveness`] | the driver says that nothing is wrong any more |
//!
//! The watch keeps a *model*: a store that it builds itself from the committed entries. What the
//! managers hold is compared with it, and so is what users were told.
//!
//! What only a member's own driver can see (messages that leave before the disk is done) is checked in
//! `core/raft/tests`; who may write which state of a task, in `core/swarm`'s tests.

pub mod cluster;
mod group;
mod invariant;
pub mod liveness;
mod model;
pub mod nodes;
pub mod raft;
pub mod store;
pub mod tasks;
#[cfg(test)]
mod testing;
mod watch;

pub use invariant::{Broken, Invariant, Verdict, Violation};
pub use model::Model;
pub use watch::{Look, Watch};

/// All invariants, in the order of the layers.
pub static ALL: [&Invariant; 44] = [
    &raft::election_safety::INVARIANT,
    &raft::durable_votes::INVARIANT,
    &raft::log_matching::INVARIANT,
    &raft::state_machine_safety::INVARIANT,
    &raft::leader_completeness::INVARIANT,
    &raft::append_only::INVARIANT,
    &raft::monotone::INVARIANT,
    &raft::log_order::INVARIANT,
    &raft::durable_monotone::INVARIANT,
    &raft::durable_commits::INVARIANT,
    &raft::own_term_commits::INVARIANT,
    &raft::membership::INVARIANT,
    &store::equal_stores::INVARIANT,
    &store::versions::INVARIANT,
    &store::names::INVARIANT,
    &store::addresses::INVARIANT,
    &store::references::INVARIANT,
    &store::in_use::INVARIANT,
    &store::acknowledged::INVARIANT,
    &tasks::states::INVARIANT,
    &tasks::identity::INVARIANT,
    &tasks::placement::INVARIANT,
    &tasks::spread::INVARIANT,
    &tasks::slots::INVARIANT,
    &tasks::running::INVARIANT,
    &tasks::replacements::INVARIANT,
    &tasks::restarts::INVARIANT,
    &tasks::rollbacks::INVARIANT,
    &nodes::key_files::INVARIANT,
    &nodes::leader_only::INVARIANT,
    &nodes::agent_tasks::INVARIANT,
    &nodes::agent_secrets::INVARIANT,
    &nodes::plaintext::INVARIANT,
    &nodes::nonces::INVARIANT,
    &cluster::pods_once::INVARIANT,
    &cluster::kubelet_secrets::INVARIANT,
    &cluster::acknowledged_writes::INVARIANT,
    &cluster::equal_members::INVARIANT,
    &cluster::cached_objects::INVARIANT,
    &cluster::node_rights::INVARIANT,
    &cluster::settled::INVARIANT,
    &liveness::converged::INVARIANT,
    &liveness::history::INVARIANT,
    &liveness::storms::INVARIANT,
];
