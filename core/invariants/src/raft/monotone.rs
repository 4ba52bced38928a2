//! Term, vote, commit and applied index of a running member never go back.

use raft::Position;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "monotone",
    statement: "while a member runs, its term, commit and applied index never fall, and it votes once per term",
    source: "Raft paper, figure 2; openraft's per-node invariants",
};

/// A member before and after an event of one boot.
///
/// # Errors
/// Names what went back.
pub fn check(before: &Position, after: &Position) -> Verdict {
    ensure!(before.term <= after.term, "the term fell from {} to {}", before.term, after.term);
    ensure!(
        before.commit <= after.commit,
        "the commit index fell from {} to {}",
        before.commit,
        after.commit
    );
    ensure!(
        before.applied <= after.applied,
        "the applied index fell from {} to {}",
        before.applied,
        after.applied
    );
    ensure!(
        before.term < after.term || before.vote.is_none() || before.vote == after.vote,
        "in term {} the vote changed from {:?} to {:?}",
        after.term,
        before.vote,
        after.vote
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use raft::{Index, RaftId, Term};

    use super::*;
    use crate::testing::{complains, position};

    #[test]
    fn what_goes_back() {
        let now = Position { vote: Some(RaftId(1)), ..position(2, 5) };
        check(&now, &now).unwrap();
        complains(check(&now, &Position { term: Term(1), ..now }), &INVARIANT);
        complains(check(&now, &Position { commit: Index(4), ..now }), &INVARIANT);
        complains(check(&now, &Position { applied: Index(4), ..now }), &INVARIANT);
        complains(check(&now, &Position { vote: Some(RaftId(2)), ..now }), &INVARIANT);
        complains(check(&now, &Position { vote: None, ..now }), &INVARIANT);
        check(&now, &Position { term: Term(3), vote: None, ..now }).unwrap();
    }
}
