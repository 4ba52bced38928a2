//! End-to-end tests: a whole cluster, driven as a person drives it, through `core/world` alone.
//!
//! Two ways to write one. A *transcript* ([`transcript`]) is a text file that reads like a terminal
//! session and is played under several seeds. A *desk* ([`desk`]) is for what a transcript cannot
//! say: comparisons between runs, searches for bytes, random input.

pub mod desk;
pub mod transcript;
