//! What an engine says when it refuses: kind, text, and the exit code that the text implies.

use std::fmt;

/// How a refusal is to be reported: it decides the HTTP status of the real API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// 400: the request makes no sense.
    InvalidParameter,
    /// 404: there is no such container, image, volume.
    NotFound,
    /// 409: it cannot be done in the present state.
    Conflict,
    /// 403: a registry says no.
    Forbidden,
    /// 500: the engine or its runtime failed.
    System,
}

/// A refusal. Its text goes after `Error response from daemon: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// What kind of refusal.
    pub kind: ErrorKind,
    /// Docker's text.
    pub message: String,
    /// For a program that could not be started: 126 (cannot be run) or 127 (not found).
    pub exit_code: Option<i32>,
}

impl EngineError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), exit_code: None }
    }
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidParameter, message)
    }
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }
    pub(crate) fn system(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::System, message)
    }
    pub(crate) fn with_exit(mut self, code: i32) -> Self {
        self.exit_code = Some(code);
        self
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EngineError {}
