//! All integration tests of the crate in one binary: transcripts of scenarios, and random faults under
//! invariants.

mod cluster;
mod faults;
mod invariants;
mod transcript;
