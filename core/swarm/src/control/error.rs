//! Errors of the API: a gRPC code and a message.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::objects::Kind;
use crate::store::StoreError;

/// gRPC's status codes, with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Code {
    /// No error.
    Ok = 0,
    /// Given up by the caller.
    Canceled = 1,
    /// Anything else.
    Unknown = 2,
    /// The request is wrong in itself.
    InvalidArgument = 3,
    /// No answer in time.
    DeadlineExceeded = 4,
    /// There is no such object.
    NotFound = 5,
    /// There is one already.
    AlreadyExists = 6,
    /// Not for this caller.
    PermissionDenied = 7,
    /// Too much.
    ResourceExhausted = 8,
    /// Not in this state.
    FailedPrecondition = 9,
    /// Lost against another transaction.
    Aborted = 10,
    /// Beyond the end.
    OutOfRange = 11,
    /// Not offered.
    Unimplemented = 12,
    /// The server's fault.
    Internal = 13,
    /// Not now.
    Unavailable = 14,
    /// Lost for good.
    DataLoss = 15,
    /// Nobody knows the caller.
    Unauthenticated = 16,
}

impl Code {
    /// gRPC's number, which engines until 17.03 print.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// gRPC's name, which later engines print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Canceled => "Canceled",
            Self::Unknown => "Unknown",
            Self::InvalidArgument => "InvalidArgument",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::PermissionDenied => "PermissionDenied",
            Self::ResourceExhausted => "ResourceExhausted",
            Self::FailedPrecondition => "FailedPrecondition",
            Self::Aborted => "Aborted",
            Self::OutOfRange => "OutOfRange",
            Self::Unimplemented => "Unimplemented",
            Self::Internal => "Internal",
            Self::Unavailable => "Unavailable",
            Self::DataLoss => "DataLoss",
            Self::Unauthenticated => "Unauthenticated",
        }
    }
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// gRPC's code.
    pub code: Code,
    /// The text, without the `rpc error:` that the transport puts before it.
    pub message: String,
    /// The daemon itself answered: no `rpc error:` before the text.
    pub local: bool,
}

impl ApiError {
    /// A manager's error.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), local: false }
    }

    /// The daemon's own error, which never went over gRPC.
    pub fn local(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), local: true }
    }

    /// The request is wrong in itself.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// The manager's `secret x not found`.
    pub fn not_found(kind: Kind, what: &str) -> Self {
        Self::new(Code::NotFound, format!("{} {what} not found", kind.word()))
    }
}

impl From<StoreError> for ApiError {
    /// swarmkit hands the store's errors on as they are, which gRPC calls Unknown.
    fn from(error: StoreError) -> Self {
        Self::new(Code::Unknown, error.to_string())
    }
}

/// As an engine since 17.06 shows it.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.local {
            f.write_str(&self.message)
        } else {
            write!(f, "rpc error: code = {} desc = {}", self.code.name(), self.message)
        }
    }
}

impl std::error::Error for ApiError {}
