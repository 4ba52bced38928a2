//! The numbers of one member are in order, and its log has no gap.

use raft::{Entry, Index, Position};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "log_order",
    statement: "snapshot <= commit <= last, applied <= commit, indexes follow each other, terms never fall",
    source: "etcd/raft `raft_log.go`; openraft `purged <= snapshot <= applied <= committed <= last`",
};

/// The numbers of one member.
///
/// # Errors
/// Names the two that are not in order.
pub fn check(at: &Position) -> Verdict {
    ensure!(at.base <= at.commit, "the log begins after {}, commit is {}", at.base, at.commit);
    ensure!(
        at.commit <= at.last_index,
        "commit is {}, the log ends at {}",
        at.commit,
        at.last_index
    );
    ensure!(at.applied <= at.commit, "applied is {}, commit is {}", at.applied, at.commit);
    ensure!(at.last_term <= at.term, "an entry of term {} in term {}", at.last_term, at.term);
    Ok(())
}

/// Entries that follow `previous`.
///
/// # Errors
/// At the first gap or fall of a term.
pub fn check_entries(mut previous: Index, entries: &[Entry]) -> Verdict {
    let mut term = raft::Term(0);
    for entry in entries {
        ensure!(entry.index == previous.next(), "{} follows {previous}", entry.index);
        ensure!(term <= entry.term, "terms fall from {term} to {} at {}", entry.term, entry.index);
        (previous, term) = (entry.index, entry.term);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use raft::Term;

    use super::*;
    use crate::testing::{complains, data, position};

    #[test]
    fn numbers_in_disorder() {
        let good = position(2, 5);
        check(&good).unwrap();
        complains(check(&Position { base: Index(6), ..good }), &INVARIANT);
        complains(check(&Position { commit: Index(6), ..good }), &INVARIANT);
        complains(check(&Position { commit: Index(4), ..good }), &INVARIANT);
        complains(check(&Position { last_term: Term(3), ..good }), &INVARIANT);
    }

    #[test]
    fn a_gap_and_a_falling_term() {
        check_entries(Index(0), &[data(1, 1, b"a"), data(2, 2, b"b")]).unwrap();
        complains(check_entries(Index(0), &[data(1, 1, b"a"), data(3, 2, b"b")]), &INVARIANT);
        complains(check_entries(Index(0), &[data(1, 2, b"a"), data(2, 1, b"b")]), &INVARIANT);
    }
}
