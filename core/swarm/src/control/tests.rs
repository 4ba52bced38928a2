//! The control API, request by request.
