//! What a member's disk promised is kept over any number of power losses.

use raft::HardState;

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "durable_monotone",
    statement: "the durable term never falls, and within a term the durable vote never changes; a log that its member has not thrown away is there after a power loss",
    source: "Raft paper, figure 2 (persistent state); Ongaro's thesis, 3.8",
};

/// The durable hard state of one member, earlier and now.
///
/// # Errors
/// If the term fell or the vote changed.
pub fn check(earlier: &HardState, now: &HardState) -> Verdict {
    ensure!(
        earlier.term <= now.term,
        "the durable term fell from {} to {}",
        earlier.term,
        now.term
    );
    ensure!(
        earlier.term < now.term || earlier.vote.is_none() || earlier.vote == now.vote,
        "in term {} the durable vote changed from {:?} to {:?}",
        now.term,
        earlier.vote,
        now.vote
    );
    Ok(())
}

/// A member starts in this state; its disk promised that one.
///
/// # Errors
/// If the member has forgotten its term or its vote.
pub fn check_start(disk: &HardState, starts: &HardState) -> Verdict {
    check(disk, starts)
}

/// The durable log is gone with what it promised. Who leaves a group or is removed from it throws its log away, and
/// whoever looked (`was_seen`: at one that was there) has seen that before the disk did.
///
/// # Errors
/// If there was a log until the disk lost it.
pub fn check_gone(promised: &HardState, was_seen: bool) -> Verdict {
    ensure!(!was_seen, "the disk has lost the whole log, and with it {promised:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use raft::{Index, RaftId, Term};

    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_forgotten_term_and_a_second_vote() {
        let state =
            |term, vote| HardState { term: Term(term), vote: Some(RaftId(vote)), commit: Index(0) };
        check(&state(2, 1), &state(3, 2)).unwrap();
        complains(check(&state(2, 1), &state(1, 1)), &INVARIANT);
        complains(check(&state(2, 1), &state(2, 2)), &INVARIANT);
        check_gone(&state(2, 1), false).unwrap();
        complains(check_gone(&state(2, 1), true), &INVARIANT);
        complains(check_start(&state(2, 1), &HardState { vote: None, ..state(2, 1) }), &INVARIANT);
    }
}
