//! What etcd has acknowledged stays.

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "acknowledged_writes",
    statement: "a member of etcd that leads a newer term has every revision that a leader had before: an acknowledged write is never lost",
    source: "etcd: a write is answered when it is applied, which a majority has on its disk (Raft, leader completeness)",
};

/// The highest revision that a leader ever had, which is what clients may have been told, and the newest term.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    term: u64,
    revision: u64,
}

impl Told {
    /// A member that leads a term and has applied an entry of it has this revision. One of an older term does not know
    /// yet that it is over; it answers nobody.
    ///
    /// # Errors
    /// If it has forgotten a write.
    pub fn leads_with(&mut self, host: &str, term: u64, revision: u64) -> Verdict {
        if term < self.term {
            return Ok(());
        }
        self.term = term;
        let known = self.revision;
        ensure!(
            known <= revision,
            "{host} leads etcd in term {term} with revision {revision}, and {known} was acknowledged"
        );
        self.revision = revision;
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
        told.leads_with("a", 2, 7).unwrap();
        told.leads_with("b", 3, 7).unwrap();
        told.leads_with("a", 2, 6).unwrap();
        complains(told.leads_with("c", 4, 6), &INVARIANT);
    }
}
