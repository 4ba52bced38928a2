//! Majorities: the set of voters, the index a majority holds, and the result of a vote.
//!
//! Pure functions. The voters are kept sorted by construction (openraft#1802: an unsorted list
//! committed without a quorum), and nothing below depends on their order anyway.

use std::cmp::Reverse;

use crate::{ConfChange, Index, RaftId};

/// The members that vote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    voters: Vec<RaftId>,
}

/// What the answers so far decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VoteResult {
    /// A majority said yes.
    Won,
    /// A majority of yes is no longer possible.
    Lost,
    /// Neither yet.
    Pending,
}

impl Configuration {
    pub(crate) fn new(mut voters: Vec<RaftId>) -> Self {
        voters.sort();
        voters.dedup();
        Self { voters }
    }

    pub(crate) fn voters(&self) -> &[RaftId] {
        &self.voters
    }

    pub(crate) fn contains(&self, id: RaftId) -> bool {
        self.voters.binary_search(&id).is_ok()
    }

    /// Applies a change; true if it changed anything. The last voter always stays: a configuration
    /// without voters could decide nothing any more.
    pub(crate) fn apply(&mut self, change: &ConfChange) -> bool {
        match (change, self.voters.binary_search(&change.id())) {
            (ConfChange::AddVoter { id, .. }, Err(place)) => {
                self.voters.insert(place, *id);
                true
            }
            (ConfChange::RemoveVoter { .. }, Ok(place)) if self.voters.len() > 1 => {
                self.voters.remove(place);
                true
            }
            (ConfChange::AddVoter { .. } | ConfChange::RemoveVoter { .. }, _) => false,
        }
    }

    /// How many voters make a majority.
    pub(crate) fn quorum(&self) -> usize {
        let more_than_half = self.voters.len() / 2 + 1;
        if sim::planted!(QuorumTooSmall) {
            self.voters.len().div_ceil(2).max(2) - 1
        } else {
            more_than_half
        }
    }

    /// The highest index that a majority holds, given what each voter holds. No voters, no index.
    pub(crate) fn committed(&self, held: impl Fn(RaftId) -> Index) -> Index {
        // Managers are few: a small array on the stack, sorted, costs no allocation.
        const USUAL_COUNT: usize = 9;
        let count = self.voters.len();
        if count == 0 {
            return Index(0);
        }
        let mut few = [Index(0); USUAL_COUNT];
        let mut many;
        let all: &mut [Index] = if count <= USUAL_COUNT {
            &mut few[..count]
        } else {
            many = vec![Index(0); count];
            &mut many
        };
        for (slot, id) in all.iter_mut().zip(&self.voters) {
            *slot = held(*id);
        }
        all.sort_by_key(|index| Reverse(*index));
        all[self.quorum() - 1]
    }

    /// The result of a vote, given each voter's answer. No voters, no winner.
    pub(crate) fn vote_result(&self, answer: impl Fn(RaftId) -> Option<bool>) -> VoteResult {
        let (mut granted, mut missing) = (0, 0);
        for id in &self.voters {
            match answer(*id) {
                Some(true) => granted += if sim::planted!(VoteCountedTwice) { 2 } else { 1 },
                Some(false) => {}
                None => missing += 1,
            }
        }
        if granted >= self.quorum() {
            VoteResult::Won
        } else if granted + missing >= self.quorum() {
            VoteResult::Pending
        } else {
            VoteResult::Lost
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every vector of `count` digits below `base`.
    fn vectors(count: usize, base: u64) -> impl Iterator<Item = Vec<u64>> {
        let total = base.pow(u32::try_from(count).unwrap());
        (0..total).map(move |mut number| {
            (0..count)
                .map(|_| {
                    let digit = number % base;
                    number /= base;
                    digit
                })
                .collect()
        })
    }

    fn configuration(count: usize) -> Configuration {
        Configuration::new((1..=count as u64).map(RaftId).collect())
    }

    /// The naive oracle: an index is committed if more than half hold it.
    fn oracle(held: &[u64]) -> u64 {
        (0..=held.iter().copied().max().unwrap_or(0))
            .rev()
            .find(|index| {
                let holders = held.iter().filter(|h| *h >= index).count();
                2 * holders > held.len()
            })
            .unwrap_or(0)
    }

    /// C5: all configurations up to five voters, all vectors of acknowledgements, against the oracle.
    #[test]
    fn the_commit_index_equals_the_naive_one_for_every_small_case() {
        for count in 0..=5 {
            let configuration = configuration(count);
            for held in vectors(count, 5) {
                let at = |id: RaftId| Index(held[usize::try_from(id.0).unwrap() - 1]);
                assert_eq!(configuration.committed(at), Index(oracle(&held)), "{held:?}");
                let backwards = |id: RaftId| Index(held[count - usize::try_from(id.0).unwrap()]);
                assert_eq!(configuration.committed(backwards), Index(oracle(&held)), "{held:?}");
            }
        }
    }

    /// More voters than the array on the stack has places for.
    #[test]
    fn the_commit_index_of_many_voters_equals_the_naive_one() {
        let mut rng = sim::Streams::new(7).stream("quorum");
        for _ in 0..2_000 {
            let count = usize::try_from(rng.between(6, 15)).unwrap();
            let held: Vec<u64> = (0..count).map(|_| rng.below(20)).collect();
            let at = |id: RaftId| Index(held[usize::try_from(id.0).unwrap() - 1]);
            assert_eq!(configuration(count).committed(at), Index(oracle(&held)), "{held:?}");
        }
    }

    /// E4: every combination of grant, refusal and silence for up to five voters.
    #[test]
    fn the_result_of_a_vote_equals_the_naive_one_for_every_small_case() {
        for count in 1..=5 {
            let configuration = configuration(count);
            for answers in vectors(count, 3) {
                let answer = |id: RaftId| match answers[usize::try_from(id.0).unwrap() - 1] {
                    0 => None,
                    1 => Some(true),
                    _ => Some(false),
                };
                let yes = answers.iter().filter(|a| **a == 1).count();
                let no = answers.iter().filter(|a| **a == 2).count();
                let expected = if 2 * yes > count {
                    VoteResult::Won
                } else if 2 * no >= count {
                    VoteResult::Lost
                } else {
                    VoteResult::Pending
                };
                assert_eq!(configuration.vote_result(answer), expected, "{answers:?}");
            }
        }
    }

    /// C5, M11: any order of ids gives the same configuration; changes are idempotent and never
    /// leave it without voters.
    #[test]
    fn changes_are_idempotent_and_the_last_voter_stays() {
        let mut configuration = Configuration::new(vec![RaftId(3), RaftId(1), RaftId(3)]);
        assert_eq!(configuration.voters(), [RaftId(1), RaftId(3)]);
        let add = ConfChange::AddVoter { id: RaftId(2), context: Vec::new() };
        assert!(configuration.apply(&add));
        assert!(!configuration.apply(&add));
        assert_eq!(configuration.voters(), [RaftId(1), RaftId(2), RaftId(3)]);
        assert!(!configuration.apply(&ConfChange::RemoveVoter { id: RaftId(9) }));
        assert!(configuration.apply(&ConfChange::RemoveVoter { id: RaftId(1) }));
        assert!(configuration.apply(&ConfChange::RemoveVoter { id: RaftId(2) }));
        assert!(!configuration.apply(&ConfChange::RemoveVoter { id: RaftId(3) }));
        assert_eq!(configuration.voters(), [RaftId(3)]);
    }
}
