//! What an API server has in memory is what its etcd holds.

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "cached_objects",
    statement: "an API server has every object in memory as the etcd beside it holds it, or says why it cannot be read",
    source: "kubernetes: `apiserver/pkg/storage/cacher`, which is never ahead of etcd and behind it only until the next event",
};

/// A key that has changed: its revision in etcd and in the server's memory, nothing where it is not there; and whether the
/// server says that it cannot read it.
///
/// # Errors
/// If the server has something else.
pub fn check(
    host: &str,
    key: &str,
    held: Option<u64>,
    cached: Option<&str>,
    is_sealed: bool,
) -> Verdict {
    let held = held.filter(|_| !is_sealed).map(|revision| revision.to_string());
    ensure!(
        held.as_deref() == cached,
        "the API server of {host} has {key} at {cached:?}, etcd at {held:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn an_old_object_in_memory() {
        check("a", "k", Some(3), Some("3"), false).unwrap();
        check("a", "k", Some(3), None, true).unwrap();
        check("a", "k", None, None, false).unwrap();
        complains(check("a", "k", Some(4), Some("3"), false), &INVARIANT);
        complains(check("a", "k", Some(4), None, false), &INVARIANT);
        complains(check("a", "k", None, Some("3"), false), &INVARIANT);
    }
}
