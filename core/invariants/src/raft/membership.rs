//! Members change one at a time, as the log says, and who was removed never comes back.

use sorted::{SortedMap, SortedSet};

use raft::{ConfChange, Entry, Index, Payload, RaftId};

use crate::invariant::{Invariant, Verdict, ensure};

/// See the file.
pub static INVARIANT: Invariant = Invariant {
    name: "membership",
    statement: "the voters are those of the applied entries, at most one change is uncommitted, a removed member's number is never used again, and every manager knows where the voters are and who was removed",
    source: "Ongaro's thesis, 4.1; swarmkit `membership/cluster.go`; swarmkit#1815",
};

/// The voters as the committed entries have changed them.
#[derive(Clone, Debug, Default)]
pub struct Voters {
    /// From which index on who votes.
    since: SortedMap<Index, Vec<RaftId>>,
    removed: SortedMap<RaftId, Index>,
}

impl Voters {
    /// These vote from `index` on, whatever was before.
    pub fn set(&mut self, index: Index, voters: Vec<RaftId>) {
        self.since.insert(index, voters);
    }

    /// Somebody votes or has voted.
    pub fn has(&self, id: RaftId) -> bool {
        self.removed.contains_key(&id) || self.since.values().any(|voters| voters.contains(&id))
    }

    /// An entry is committed.
    ///
    /// # Errors
    /// If it brings a removed member back.
    pub fn commit(&mut self, entry: &Entry) -> Verdict {
        let Payload::ConfChange(change) = &entry.payload else { return Ok(()) };
        let mut voters = self.at(entry.index).to_vec();
        match change {
            ConfChange::AddVoter { id, .. } => {
                ensure!(!self.removed.contains_key(id), "{id} was removed and joins again");
                if !voters.contains(id) {
                    voters.push(*id);
                    voters.sort();
                }
            }
            // The last voter stays: a configuration without voters decides nothing.
            ConfChange::RemoveVoter { id } if 1 < voters.len() && voters.contains(id) => {
                voters.retain(|voter| voter != id);
                self.removed.insert(*id, entry.index);
            }
            ConfChange::RemoveVoter { .. } => {}
        }
        self.since.insert(entry.index, voters);
        Ok(())
    }

    /// Who votes when everything up to `index` is applied.
    pub fn at(&self, index: Index) -> &[RaftId] {
        self.since.range(..=index).next_back().map_or(&[], |(_, voters)| voters)
    }

    /// A manager that has applied everything up to `applied` knows where these members are, and that
    /// those were removed.
    ///
    /// # Errors
    /// If it does not know where a voter is, or that a member was removed.
    pub fn check_known(
        &self,
        applied: Index,
        members: &SortedSet<RaftId>,
        removed: &SortedSet<RaftId>,
    ) -> Verdict {
        for voter in self.at(applied) {
            ensure!(members.contains(voter), "at {applied} a manager cannot reach {voter}");
        }
        for (id, _) in self.removed.iter().filter(|(_, since)| **since <= applied) {
            ensure!(
                removed.contains(id),
                "at {applied} a manager has forgotten that {id} was removed"
            );
        }
        Ok(())
    }

    /// A member that has applied everything up to `applied` thinks that these vote.
    ///
    /// # Errors
    /// If the log says otherwise. A member that has not learnt anything knows nobody.
    pub fn check(&self, applied: Index, voters: &[RaftId]) -> Verdict {
        let says = self.at(applied);
        let blank = applied == Index(0) || self.since.is_empty();
        ensure!(
            blank || says == voters,
            "at {applied} a member counts {voters:?}, the log says {says:?}"
        );
        Ok(())
    }
}

/// The entries of one log above what is committed.
///
/// # Errors
/// If two of them change the members.
pub fn one_at_a_time(uncommitted: &[Entry]) -> Verdict {
    let is_change = |entry: &&Entry| matches!(entry.payload, Payload::ConfChange(_));
    let count = uncommitted.iter().filter(is_change).count();
    ensure!(count <= 1, "{count} changes of members are uncommitted in one log");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{add_voter, complains, remove_voter};

    #[test]
    fn voters_that_the_log_does_not_name() {
        let mut voters = Voters::default();
        for (index, id) in [(1, 1), (2, 2), (3, 3)] {
            voters.commit(&add_voter(index, id)).unwrap();
        }
        voters.check(Index(2), &[RaftId(1), RaftId(2)]).unwrap();
        complains(voters.check(Index(3), &[RaftId(1), RaftId(2)]), &INVARIANT);
    }

    #[test]
    fn a_removed_member_comes_back() {
        let mut voters = Voters::default();
        voters.commit(&add_voter(1, 1)).unwrap();
        voters.commit(&add_voter(2, 2)).unwrap();
        voters.commit(&remove_voter(3, 2)).unwrap();
        complains(voters.commit(&add_voter(4, 2)), &INVARIANT);
        let (one, two) = (SortedSet::from([RaftId(1)]), SortedSet::from([RaftId(2)]));
        voters.check_known(Index(3), &one, &two).unwrap();
        complains(voters.check_known(Index(3), &one, &SortedSet::new()), &INVARIANT);
        complains(voters.check_known(Index(3), &SortedSet::new(), &two), &INVARIANT);
    }

    #[test]
    fn two_changes_at_a_time() {
        one_at_a_time(&[add_voter(1, 1)]).unwrap();
        complains(one_at_a_time(&[add_voter(1, 1), remove_voter(2, 3)]), &INVARIANT);
    }
}
