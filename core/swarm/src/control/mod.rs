//! The control API (swarmkit: `manager/controlapi`): every check a manager makes before it changes
//! the store, with swarmkit's error texts and gRPC's codes.
//!
//! [`read`] answers from any manager's store, [`write`] makes changes in a transaction on the
//! leader. [`resolve`] is what the daemon does before: from what a user typed to an identifier.

mod error;
mod request;

pub use error::{ApiError, Code};
pub use request::{
    ControlRequest, ControlResponse, Filters, KeyRotation, RaftMember, RaftMembers, ServiceStatus,
};

use sim::Rng;

use crate::objects::{Id, Kind};
use crate::store::{Store, Tx};

/// The request changes the store and belongs to the leader.
pub fn is_write(request: &ControlRequest) -> bool {
    request.is_write()
}

/// Answers a list or a get. Secret bytes never leave: every secret's data is cleared.
///
/// # Errors
/// As the API has them: not found, for the most part.
pub fn read(
    _request: &ControlRequest,
    _store: &Store,
    _members: &RaftMembers,
) -> Result<ControlResponse, ApiError> {
    Err(ApiError::new(Code::Unimplemented, "not simulated yet"))
}

/// Makes the changes a request asks for. `rng` is the stream of identifiers and tokens.
///
/// # Errors
/// As the API has them; the transaction is then to be dropped.
pub fn write(
    _request: &ControlRequest,
    _tx: &mut Tx,
    _rng: &mut Rng,
    _members: &RaftMembers,
) -> Result<ControlResponse, ApiError> {
    Err(ApiError::new(Code::Unimplemented, "not simulated yet"))
}

/// Finds what a user means by an identifier, an exact name or a unique beginning of an identifier
/// (moby: `daemon/cluster/helpers.go`).
///
/// # Errors
/// `secret x not found`, `secret x is ambiguous (2 matches found)`.
pub fn resolve(_store: &Store, kind: Kind, text: &str) -> Result<Id, ApiError> {
    Err(ApiError::not_found(kind, text))
}
