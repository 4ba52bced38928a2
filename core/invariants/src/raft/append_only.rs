//! A leader never cuts its own log.

use raft::{Position, Role};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "append_only",
    statement: "a leader only appends to its log while it leads",
    source: "Raft paper, figure 3 (leader append-only)",
};

/// A member before and after an event of one boot.
///
/// # Errors
/// If it led all the time and its log is shorter, or ends otherwise.
pub fn check(before: &Position, after: &Position) -> Verdict {
    let leads = |position: &Position| position.role == Role::Leader;
    if leads(before) && leads(after) && before.term == after.term {
        ensure!(
            before.last_index <= after.last_index && before.last_term <= after.last_term,
            "a leader of term {} had entries up to {}, now up to {}",
            after.term,
            before.last_index,
            after.last_index
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use raft::{Index, Term};

    use super::*;
    use crate::testing::{complains, position};

    #[test]
    fn a_leader_that_cuts_its_log() {
        let before = Position { role: Role::Leader, ..position(2, 9) };
        let after = Position { last_index: Index(8), ..before };
        complains(check(&before, &after), &INVARIANT);
        // Another term, another leader: it may.
        check(&before, &Position { term: Term(3), role: Role::Follower, ..after }).unwrap();
    }
}
