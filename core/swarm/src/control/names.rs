//! What a name may be (swarmkit: `manager/controlapi/common.go`).

use super::ApiError;
use crate::objects::Annotations;

fn ends_are_alphanumeric(name: &str) -> bool {
    let bytes = name.as_bytes();
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    alphanumeric(bytes.first()) && alphanumeric(bytes.last())
}

/// Services and networks: one label of a DNS name, underscores allowed.
pub(super) fn check_dns_name(annotations: &Annotations) -> Result<(), ApiError> {
    let name = &annotations.name;
    if name.is_empty() {
        return Err(ApiError::invalid("meta: name must be provided"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !ends_are_alphanumeric(name) || !name.bytes().all(allowed) {
        return Err(ApiError::invalid("name must be valid as a DNS name component"));
    }
    if name.len() > 63 {
        return Err(ApiError::invalid("name must be 63 characters or fewer"));
    }
    Ok(())
}

/// Secrets and configs.
pub(super) fn check_secret_name(annotations: &Annotations) -> Result<(), ApiError> {
    let name = &annotations.name;
    if name.is_empty() {
        return Err(ApiError::invalid("name must be provided"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.len() > 64 || !ends_are_alphanumeric(name) || !name.bytes().all(allowed) {
        return Err(ApiError::invalid(
            "invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end \
             character must be [a-zA-Z0-9]",
        ));
    }
    Ok(())
}

/// The services that stand in the way, as the messages name them: `service: a`, `services: a, b`.
pub(super) fn following_services(names: &[&str]) -> String {
    let word = if names.len() == 1 { "service" } else { "services" };
    format!("{word}: {}", names.join(", "))
}
