//! End-to-end, replay and browser tests.
