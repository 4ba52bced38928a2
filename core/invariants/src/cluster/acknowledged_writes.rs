//! What etcd has acknowledged stays.

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "acknowledged_writes",
    statement: "the revision of a member of etcd that leads is never below one that a leader had before: an acknowledged write is never lost",
    source: "etcd: a write is answered when it is applied, which a majority has on its disk (Raft, leader completeness)",
};

/// The highest revision that a leader ever had, which is what clients may have been told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told(u64);

impl Told {
    /// A member that leads and knows all that was acknowledged has this revision.
    ///
    /// # Errors
    /// If it has forgotten a write.
    pub fn leads_with(&mut self, host: &str, revision: u64) -> Verdict {
        let known = self.0;
        ensure!(
            known <= revision,
            "{host} leads etcd with revision {revision}, and {known} was acknowledged"
        );
        self.0 = revision;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_write_that_is_gone() {
        let mut told = Told::default();
        told.leads_with("a", 7).unwrap();
        told.leads_with("b", 7).unwrap();
        complains(told.leads_with("a", 6), &INVARIANT);
    }
}
