//! Helpers of this crate's tests.
