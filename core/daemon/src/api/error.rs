//! Why a daemon refuses: an HTTP status, a text and, if a manager answered, gRPC's code.

use serde::{Deserialize, Serialize};
use std::fmt;

use swarm::control::{ApiError, Code};

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Error {
    /// The daemon's answer.
    Api {
        /// HTTP's status.
        status: u16,
        /// Set if the text came from a manager over gRPC. Releases print the code in different
        /// ways; the command line, which knows its release, puts it in front of the text.
        code: Option<Code>,
        /// The text, without `Error response from daemon: ` and `rpc error: `.
        message: String,
    },
    /// The user may not write to the socket.
    Denied {
        /// The request's verb as Go's client words it: `Get`.
        verb: String,
        /// Its path behind the API version.
        path: String,
    },
    /// Nobody listens on the socket.
    Unreachable,
    /// There is no way to a daemon that was asked for by its address: why.
    NoWay(String),
    /// The asking process caught a signal; the request was withdrawn.
    Interrupted,
}

impl Error {
    /// The daemon's own answer with an HTTP status.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self::Api { status, code: None, message: message.into() }
    }

    /// 400: the request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, message)
    }

    /// 409: not in this state.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, message)
    }

    /// 500: anything else.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, message)
    }

    /// True for a 404.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Api { status: 404, .. })
    }

    /// The text without any prefix.
    pub fn message(&self) -> &str {
        match self {
            Self::Api { message, .. } | Self::NoWay(message) => message,
            Self::Denied { .. } => {
                "permission denied while trying to connect to the Docker daemon socket at \
                 unix:///var/run/docker.sock"
            }
            Self::Unreachable => {
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker \
                 daemon running?"
            }
            Self::Interrupted => "context canceled",
        }
    }
}

/// HTTP's status for gRPC's code (moby: `api/server/httpstatus/status.go`).
pub const fn status(code: Code) -> u16 {
    match code {
        Code::Ok => 200,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists => 409,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::Canceled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Internal
        | Code::DataLoss => 500,
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        let code = if error.local { None } else { Some(error.code) };
        Self::Api { status: status(error.code), code, message: error.message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Error {}
