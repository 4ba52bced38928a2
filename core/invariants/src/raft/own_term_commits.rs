//! A leader counts only entries of its own term.

use raft::{Index, Term};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "own_term_commits",
    statement: "a leader commits older entries only together with one of its own term",
    source: "Raft paper, 5.4.2 and figure 8; logcabin#44",
};

/// A leader of `leads` has raised its commit index to an entry of `term`.
///
/// # Errors
/// If that entry is of an older term.
pub fn check(leads: Term, index: Index, term: Option<Term>) -> Verdict {
    ensure!(
        term == Some(leads),
        "the leader of term {leads} counted index {index} of term {term:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn an_entry_of_an_old_term_is_counted() {
        check(Term(3), Index(7), Some(Term(3))).unwrap();
        complains(check(Term(3), Index(7), Some(Term(2))), &INVARIANT);
    }
}
