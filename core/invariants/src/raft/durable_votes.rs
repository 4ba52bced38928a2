//! A leader was elected by a majority whose votes survive a power loss.

use raft::{HardState, RaftId, Term};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "durable_votes",
    statement: "when a leader is elected, the disks of a majority hold a vote for it or a later term",
    source: "Raft paper, figure 2: votedFor is persistent before the answer; etcd#14370",
};

/// `id` has just become leader of `term`. `disks` has the durable hard state of each voter, nothing
/// for a disk that says nothing (it was replaced, or damaged by a fault).
///
/// # Errors
/// If fewer than a majority can have voted for it.
pub fn check(id: RaftId, term: Term, disks: &[(RaftId, Option<HardState>)]) -> Verdict {
    let voted =
        |state: &HardState| term < state.term || (state.term == term && state.vote == Some(id));
    let count = disks.iter().filter(|(_, state)| state.as_ref().is_none_or(voted)).count();
    ensure!(
        disks.len() < 2 * count,
        "{id} leads term {term} with {count} durable votes of {}: {disks:?}",
        disks.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use raft::Index;

    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_leader_without_a_majority_of_durable_votes() {
        let state = |term, vote: Option<u64>| {
            Some(HardState { term: Term(term), vote: vote.map(RaftId), commit: Index(0) })
        };
        let own = (RaftId(1), state(5, Some(1)));
        let id = RaftId(1);
        let other = |state| (RaftId(2), state);
        let third = (RaftId(3), state(4, Some(1)));
        check(id, Term(5), &[own, other(state(5, Some(1))), third]).unwrap();
        check(id, Term(5), &[own, other(state(6, None)), third]).unwrap();
        // A vote of an earlier term, for another, or not durable does not count.
        complains(check(id, Term(5), &[own, other(state(4, Some(1))), third]), &INVARIANT);
        complains(check(id, Term(5), &[own, other(state(5, Some(3))), third]), &INVARIANT);
        complains(check(id, Term(5), &[(RaftId(1), state(4, None))]), &INVARIANT);
    }
}
