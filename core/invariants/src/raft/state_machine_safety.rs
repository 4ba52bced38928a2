//! What is committed at an index is the same on all members, for ever.

use sorted::SortedMap;

use raft::{Entry, Index, Term};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "state_machine_safety",
    statement: "no two members ever hold different committed entries at one index",
    source: "Raft paper, figure 3; TLA+ `StateMachineSafety`",
};

/// Every entry that any member knew to be committed, with the newest term in which it knew.
#[derive(Clone, Debug, Default)]
pub struct Committed(pub(crate) SortedMap<Index, (Entry, Term)>);

impl Committed {
    /// A member of `term` knows that these are committed. The ones that nobody knew before come back.
    ///
    /// # Errors
    /// If another member knew another entry.
    pub fn see<'a>(
        &mut self,
        term: Term,
        entries: &'a [Entry],
    ) -> Result<Vec<&'a Entry>, crate::Broken> {
        let mut news = Vec::new();
        for entry in entries {
            let known = self.0.entry(entry.index).or_insert_with(|| {
                news.push(entry);
                (entry.clone(), term)
            });
            if known.0 != *entry {
                let what = format!("{:?} and {entry:?} are both committed", known.0);
                return Err(INVARIANT.broken(what));
            }
        }
        Ok(news)
    }

    /// The newest committed index that anybody knew.
    pub fn last(&self) -> Index {
        self.0.keys().next_back().copied().unwrap_or_default()
    }

    /// As a verdict, for those who do not want the news.
    ///
    /// # Errors
    /// As [`Committed::see`].
    pub fn check(&mut self, term: Term, entries: &[Entry]) -> Verdict {
        self.see(term, entries).map(drop)
    }
}

/// `applied` entries are applied; `commit` are committed.
///
/// # Errors
/// If something was applied that was not committed.
pub fn only_committed_is_applied(applied: Index, commit: Index) -> Verdict {
    ensure!(applied <= commit, "index {applied} is applied, only {commit} is committed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, data};

    #[test]
    fn two_committed_entries_at_an_index() {
        let mut committed = Committed::default();
        committed.check(Term(1), &[data(1, 1, b"a")]).unwrap();
        assert!(committed.see(Term(1), &[data(1, 1, b"a")]).unwrap().is_empty());
        complains(committed.check(Term(2), &[data(1, 2, b"b")]), &INVARIANT);
    }

    #[test]
    fn an_uncommitted_entry_is_applied() {
        complains(only_committed_is_applied(Index(2), Index(1)), &INVARIANT);
    }
}
