//! At most one leader per term.

use sorted::SortedMap;

use raft::{RaftId, Term};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "election_safety",
    statement: "at most one leader is elected in a term",
    source: "Raft paper, figure 3; TLA+ `OnlyOneLeader`",
};

/// Who led which term.
#[derive(Clone, Debug, Default)]
pub struct Leaders(SortedMap<Term, RaftId>);

impl Leaders {
    /// A member leads.
    ///
    /// # Errors
    /// If another one led the same term.
    pub fn see(&mut self, term: Term, id: RaftId) -> Verdict {
        let first = *self.0.entry(term).or_insert(id);
        ensure!(first == id, "{first} and {id} both lead term {term}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn two_leaders_of_one_term() {
        let mut leaders = Leaders::default();
        leaders.see(Term(3), RaftId(1)).unwrap();
        leaders.see(Term(3), RaftId(1)).unwrap();
        leaders.see(Term(4), RaftId(2)).unwrap();
        complains(leaders.see(Term(3), RaftId(2)), &INVARIANT);
    }
}
