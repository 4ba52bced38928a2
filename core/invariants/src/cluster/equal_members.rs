//! All members of etcd hold the same.

use sha2::{Digest, Sha256};
use sorted::SortedMap;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "equal_members",
    statement: "a revision of etcd is the same change of the same key on all members, and no member leaves one out",
    source: "Raft, state machine safety; etcd: `mvcc` counts a revision per change, members' hashes are compared (`HashKV`)",
};

/// So many past revisions are remembered for members that lag behind.
const REVISION_COUNT_MAX: usize = 50_000;

/// What the members have applied, as one history.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    by_revision: SortedMap<u64, [u8; 8]>,
    /// The keys that there are after the last of them.
    keys: SortedMap<String, u64>,
    newest: u64,
}

impl Changes {
    /// A member has applied a change, and before it all earlier ones.
    ///
    /// # Errors
    /// If another one has applied another change as this revision.
    pub fn see(&mut self, host: &str, revision: u64, key: &str, value: Option<&[u8]>) -> Verdict {
        let mut digest = Sha256::new();
        digest.update([u8::from(value.is_some())]);
        digest.update(key.as_bytes());
        digest.update([0]);
        digest.update(value.unwrap_or_default());
        let digest: [u8; 32] = digest.finalize().into();
        let mut sum = [0; 8];
        sum.copy_from_slice(&digest[..8]);
        if let Some(known) = self.by_revision.get(&revision) {
            ensure!(
                *known == sum,
                "revision {revision} of {host}, {key}, is another change elsewhere"
            );
        }
        if self.newest < revision {
            self.newest = revision;
            self.by_revision.insert(revision, sum);
            match value {
                Some(_) => drop(self.keys.insert(key.to_owned(), revision)),
                None => drop(self.keys.remove(key)),
            }
            if REVISION_COUNT_MAX < self.by_revision.len() {
                self.by_revision.pop_first();
            }
        }
        Ok(())
    }

    /// Goes on from what a member holds: changes were compacted before anybody looked.
    pub fn adopt<'a>(&mut self, revision: u64, keys: impl Iterator<Item = (&'a str, u64)>) {
        self.newest = revision;
        self.keys = keys.map(|(key, modified)| (key.to_owned(), modified)).collect();
    }

    /// The newest revision that some member has applied.
    pub const fn newest(&self) -> u64 {
        self.newest
    }

    /// A key is there, by what is applied.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn two_members_disagree() {
        let mut changes = Changes::default();
        changes.see("a", 2, "k", Some(b"v")).unwrap();
        changes.see("a", 3, "k", None).unwrap();
        assert!(!changes.has("k"));
        changes.see("b", 2, "k", Some(b"v")).unwrap();
        complains(changes.see("b", 3, "k", Some(b"w")), &INVARIANT);
        complains(changes.see("c", 2, "l", Some(b"v")), &INVARIANT);
    }
}
