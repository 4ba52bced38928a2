//! What a leader counts as committed is on the disks of a majority.

use raft::{Index, RaftId, Term};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "durable_commits",
    statement: "when a leader commits an entry, the disks of a majority of the voters hold it: no crash that leaves a majority of disks can lose it, and nobody was told of it before",
    source: "Raft paper, 5.3 and 5.4; etcd#12589, etcd#14370",
};

/// A leader has committed (`index`, `term`). `holders` says of each voter whether its disk holds the
/// entry, durably.
///
/// # Errors
/// If fewer than a majority do.
pub fn check(index: Index, term: Term, holders: &[(RaftId, bool)]) -> Verdict {
    let count = holders.iter().filter(|(_, holds)| *holds).count();
    ensure!(
        holders.len() < 2 * count,
        "index {index} of term {term} is committed on {count} of {} disks: {holders:?}",
        holders.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::complains;

    #[test]
    fn a_commit_without_a_majority_of_disks() {
        let holders = |holds: [bool; 3]| [1, 2, 3].map(|id| (RaftId(id), holds[id as usize - 1]));
        check(Index(4), Term(2), &holders([false, true, true])).unwrap();
        complains(check(Index(4), Term(2), &holders([true, false, false])), &INVARIANT);
        complains(check(Index(4), Term(2), &[(RaftId(1), false)]), &INVARIANT);
    }
}
