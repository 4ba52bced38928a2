//! Object versions strictly increase.

use raft::Index;
use swarm::store::StoreEvent;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "versions",
    statement: "a write gives an object a higher version, below the index of its own entry, and leaves its date of creation",
    source: "swarmkit `manager/state/store/memory.go`, `touchMeta`",
};

/// The entry at `index` did this.
///
/// # Errors
/// If a version did not rise, or names an entry that was not there.
pub fn check(index: Index, event: &StoreEvent) -> Verdict {
    let new = event.object();
    if let StoreEvent::Updated { old, .. } = event {
        let (before, after) = (old.meta(), new.meta());
        ensure!(
            before.version < after.version,
            "{} {} went from version {} to {}",
            new.kind().word(),
            new.name(),
            before.version,
            after.version
        );
        ensure!(
            before.created_at == after.created_at,
            "{} {} was created again",
            new.kind().word(),
            new.name()
        );
    }
    let version = new.meta().version;
    ensure!(version < index.0.max(1), "version {version} was written by index {index}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use swarm::objects::Object;

    use super::*;
    use crate::testing::{complains, secret};

    #[test]
    fn a_version_that_does_not_rise() {
        let at = |version| {
            let mut secret = secret("a", b"x");
            secret.meta.version = version;
            Object::from(secret)
        };
        let update = |old, new| StoreEvent::Updated { old: at(old), new: at(new) };
        check(Index(9), &update(3, 4)).unwrap();
        complains(check(Index(9), &update(4, 4)), &INVARIANT);
        complains(check(Index(9), &update(4, 3)), &INVARIANT);
        complains(check(Index(9), &update(4, 9)), &INVARIANT);
    }
}
