//! The docker command line: one table of commands, version profiles, formatting.
