//! The lab format and its runner.
