//! What a cluster comes to when nothing is wrong any more.

pub mod converged;
pub mod history;
pub mod storms;
