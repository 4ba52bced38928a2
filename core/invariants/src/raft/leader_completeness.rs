//! A leader has everything that was committed before its term.

use raft::{Entry, Index, Term};

use super::state_machine_safety::Committed;
use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "leader_completeness",
    statement: "an entry that was committed in a term is in the log of every leader of a later term",
    source: "Raft paper, figure 3; TLA+ `LeaderCompleteness`",
};

/// Somebody has just become leader of `term` with this log, whose first entry follows `base`.
///
/// # Errors
/// If a committed entry is not in it.
pub fn check(committed: &Committed, term: Term, base: Index, entries: &[Entry]) -> Verdict {
    let holds = |entry: &Entry| {
        let place = entry.index.0.checked_sub(base.0 + 1).and_then(|at| usize::try_from(at).ok());
        place.and_then(|at| entries.get(at)).is_some_and(|own| own.term == entry.term)
    };
    for (entry, known_in) in committed.0.range(base.next()..).map(|(_, known)| known) {
        ensure!(
            term <= *known_in || holds(entry),
            "the leader of term {term} lacks {entry:?}, committed in term {known_in}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{complains, data};

    #[test]
    fn a_leader_without_a_committed_entry() {
        let mut committed = Committed::default();
        let log = [data(1, 1, b"a"), data(2, 1, b"b")];
        committed.check(Term(1), &log).unwrap();
        check(&committed, Term(2), Index(0), &log).unwrap();
        check(&committed, Term(2), Index(1), &log[1..]).unwrap();
        complains(check(&committed, Term(2), Index(0), &log[..1]), &INVARIANT);
        complains(
            check(&committed, Term(2), Index(0), &[data(1, 1, b"a"), data(2, 2, b"c")]),
            &INVARIANT,
        );
    }
}
