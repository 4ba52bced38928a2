//! Logs, asked for piece by piece.

use serde::{Deserialize, Serialize};
use sim::Time;

/// Which part of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOptions {
    /// What was written to standard output.
    pub stdout: bool,
    /// What was written to standard error.
    pub stderr: bool,
    /// Only so many of the last lines; on the first question only.
    pub tail: Option<u64>,
    /// Nothing before.
    pub since: Option<Time>,
    /// Nothing after.
    pub until: Option<Time>,
    /// Only what came after the answer that had this cursor. The daemon answers at once, also with
    /// nothing new.
    pub cursor: Option<u64>,
}

/// A piece of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChunk {
    /// In the order in which they were written.
    pub lines: Vec<LogLine>,
    /// For the next question.
    pub cursor: u64,
    /// Nothing more can come: the container has ended.
    pub ended: bool,
    /// It was written to a terminal: bytes as they came, both streams in one.
    pub tty: bool,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written.
    pub time: Time,
    /// To standard error.
    pub stderr: bool,
    /// The bytes, its newline included if it has one.
    pub bytes: Vec<u8>,
    /// Logs of services: the task's identifier.
    pub task: Option<String>,
    /// Logs of services: the node's identifier.
    pub node: Option<String>,
}
