//! From what a user typed to an identifier (moby: `daemon/cluster/helpers.go`).

use std::rc::Rc;

use super::{ApiError, Code};
use crate::objects::{Id, Kind};
use crate::store::{Row, Store, Table};

/// Finds what a user means: by identifier, then by exact name, then by a unique beginning of an
/// identifier.
///
/// # Errors
/// `secret x not found`, `secret x is ambiguous (2 matches found)`, both from the daemon itself.
pub fn resolve(store: &Store, kind: Kind, text: &str) -> Result<Id, ApiError> {
    match kind {
        Kind::Cluster => {
            in_table(store.clusters(), kind, text, |o, name| o.spec.annotations.name == name)
        }
        Kind::Node => in_table(store.nodes(), kind, text, |o, name| o.description.hostname == name),
        Kind::Service => {
            in_table(store.services(), kind, text, |o, name| o.spec.annotations.name == name)
        }
        Kind::Task => in_table(store.tasks(), kind, text, |o, name| o.annotations.name == name),
        Kind::Secret => {
            in_table(store.secrets(), kind, text, |o, name| o.spec.annotations.name == name)
        }
        Kind::Config => {
            in_table(store.configs(), kind, text, |o, name| o.spec.annotations.name == name)
        }
        Kind::Network => {
            in_table(store.networks(), kind, text, |o, name| o.spec.annotations.name == name)
        }
    }
}

fn in_table<T: Row>(
    table: &Table<T>,
    kind: Kind,
    text: &str,
    has_name: impl Fn(&T, &str) -> bool,
) -> Result<Id, ApiError> {
    if let Some(object) = table.get(text) {
        return Ok(object.id().clone());
    }
    let mut found: Vec<&Rc<T>> = table.iter().filter(|object| has_name(object, text)).collect();
    if found.is_empty() && !text.is_empty() {
        found = table.with_prefix(text).collect();
    }
    let word = kind.word();
    match found.as_slice() {
        [] => Err(ApiError::local(Code::NotFound, format!("{word} {text} not found"))),
        [object] => Ok(object.id().clone()),
        many => Err(ApiError::local(
            Code::InvalidArgument,
            format!("{word} {text} is ambiguous ({} matches found)", many.len()),
        )),
    }
}
