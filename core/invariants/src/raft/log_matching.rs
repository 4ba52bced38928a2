//! An entry's index and term name it and everything before it.

use sorted::SortedMap;

use raft::{Entry, Index, Term};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "log_matching",
    statement: "two logs with an entry of the same index and term are equal up to it",
    source: "Raft paper, figure 3; TLA+ `LogMatching`",
};

/// Every entry that any member's log held, with the term of the one before it.
#[derive(Clone, Debug, Default)]
pub struct Entries(SortedMap<(Index, Term), (Entry, Option<Term>)>);

impl Entries {
    /// A log holds `entries`, which follow an entry of term `previous`, if that is known.
    ///
    /// # Errors
    /// If another log holds another entry, or another past, under the same name.
    pub fn see(&mut self, mut previous: Option<Term>, entries: &[Entry]) -> Verdict {
        for entry in entries {
            let name = (entry.index, entry.term);
            let known = self.0.entry(name).or_insert_with(|| (entry.clone(), previous));
            ensure!(known.0 == *entry, "{:?} and {entry:?} have the same name", known.0);
            if let (Some(old), Some(new)) = (known.1, previous) {
                ensure!(old == new, "{entry:?} follows term {old} here and term {new} there");
            }
            known.1 = known.1.or(previous);
            previous = Some(entry.term);
        }
        Ok(())
    }

    /// Forgets what no member's log holds any more.
    pub fn forget_before(&mut self, index: Index) {
        self.0 = self.0.split_off(&(index, Term(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, data};

    #[test]
    fn two_entries_or_two_pasts_under_one_name() {
        let mut entries = Entries::default();
        entries.see(None, &[data(1, 1, b"a"), data(2, 2, b"b")]).unwrap();
        complains(entries.see(None, &[data(1, 1, b"c")]), &INVARIANT);
        complains(entries.see(None, &[data(1, 2, b"d"), data(2, 2, b"b")]), &INVARIANT);
        entries.forget_before(Index(2));
        entries.see(None, &[data(1, 1, b"c")]).unwrap();
    }
}
