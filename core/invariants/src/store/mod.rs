//! The replicated store (swarmkit: `manager/state/store`).

pub mod acknowledged;
pub mod addresses;
pub mod equal_stores;
pub mod in_use;
pub mod names;
pub mod references;
pub mod versions;
