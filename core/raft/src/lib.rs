//! The Raft consensus algorithm as a state machine without I/O.
