//! Elections: who may campaign, who gets a vote, and what a message's term changes.
//!
//! Check-quorum's lease and pre-vote interact; the rules and the bugs that taught them are at each
//! branch. Follows the Raft thesis (sections 3.4, 6.4 lease, 9.6 pre-vote) and etcd/raft's `Step`.

use crate::outbox::Promise;
use crate::quorum::VoteResult;
use crate::raft::{Answers, Raft, RoleState};
use crate::{Committed, Message, MessageBody, RaftId, StepError, Term};

/// The answers to a candidate so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Votes {
    pub(crate) answers: Answers,
}

/// How a member campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Campaign {
    /// Ask first whether it could win.
    PreElection,
    /// Raise the term and ask for votes.
    Election,
    /// The same, because the leader said so.
    Transfer,
}

impl Raft {
    /// Takes a message from another member.
    ///
    /// # Errors
    /// If the message cannot come from a correct member of this cluster; it has changed nothing.
    /// Messages that are merely late are no errors.
    pub fn step(&mut self, message: Message) -> Result<(), StepError> {
        if message.to != self.config.id {
            return Err(StepError::NotForUs(message.to));
        }
        if message.from == self.config.id {
            return Err(StepError::FromSelf);
        }
        if self.removed.contains(&message.from) {
            return Err(StepError::Removed(message.from));
        }
        crate::follower::check_plausible(&message)?;
        if message.term < self.term {
            self.answer_old_term(&message);
            return Ok(());
        }
        if self.term < message.term {
            if self.lease_forbids(&message) {
                return Ok(());
            }
            self.adopt_term(&message);
        }
        self.step_in_term(message)
    }

    /// A member that heard from its leader within the election timeout does not help to depose it,
    /// and does not even answer. Unless the leader itself asks: then it leads no more
    /// (hashicorp/raft#605); or the leader asked for the election (transfer).
    fn lease_forbids(&self, message: &Message) -> bool {
        let is_request = match message.body {
            MessageBody::VoteRequest { transfer, .. } => !transfer,
            MessageBody::PreVoteRequest { .. } => true,
            _ => false,
        };
        is_request
            && self.config.check_quorum
            && self.leader.is_some_and(|leader| leader != message.from)
            && self.timer.elapsed_ticks < self.config.election_ticks
    }

    /// A higher term ends whatever this member was, except in a pre-vote, which is only a question.
    fn adopt_term(&mut self, message: &Message) {
        match message.body {
            MessageBody::PreVoteRequest { .. }
            | MessageBody::PreVoteResponse { granted: true, .. } => {}
            _ if self.is_leader() && sim::planted!(LaterTermLed) => self.term = message.term,
            _ => {
                let leader = message.body.is_from_leader().then_some(message.from);
                self.become_follower(message.term, leader);
            }
        }
    }

    /// A sender of an older term is answered only where silence would leave it stuck.
    fn answer_old_term(&mut self, message: &Message) {
        match message.body {
            // With a lease, a member whose term ran ahead alone gets no votes and hears from a leader
            // that it ignores: the leader must learn the term and step down. With pre-vote, a
            // member's term may be above a working leader's in the same way.
            MessageBody::Append { .. }
            | MessageBody::Heartbeat { .. }
            | MessageBody::Snapshot(_)
            | MessageBody::Commit { .. }
                if self.config.check_quorum || self.config.pre_vote =>
            {
                self.send(message.from, MessageBody::TermOver);
            }
            // Otherwise a member with a long log and a low term would ask for ever (etcd#8501).
            MessageBody::PreVoteRequest { .. } => {
                let committed = self.log.committed();
                self.send(message.from, MessageBody::PreVoteResponse { granted: false, committed });
            }
            _ => {}
        }
    }

    fn step_in_term(&mut self, message: Message) -> Result<(), StepError> {
        let Message { from, term, body, .. } = message;
        match body {
            MessageBody::VoteRequest { last_index, last_term, .. } => {
                let current = self.log.is_up_to_date(last_index, last_term);
                let free = self.vote == Some(from)
                    || self.vote.is_none() && self.leader.is_none()
                    || sim::planted!(VoteGivenTwice);
                self.answer_vote_request(from, current && free);
            }
            MessageBody::PreVoteRequest { last_index, last_term } => {
                let current = self.log.is_up_to_date(last_index, last_term);
                let free = self.term < term
                    || self.vote == Some(from)
                    || self.vote.is_none() && self.leader.is_none();
                let granted = current && free;
                // The grant names the term that was asked for: the asker compares (etcd#8243).
                let answer_term = if granted { term } else { self.term };
                let body =
                    MessageBody::PreVoteResponse { granted, committed: self.log.committed() };
                self.send_in_term(from, answer_term, body);
            }
            MessageBody::VoteResponse { granted, committed } => {
                self.learn_commit(committed);
                if matches!(self.role, RoleState::Candidate(_)) {
                    self.record_vote(from, granted);
                }
            }
            MessageBody::PreVoteResponse { granted, committed } => {
                self.learn_commit(committed);
                let for_now = if granted { self.term.next() } else { self.term };
                if matches!(self.role, RoleState::PreCandidate(_)) && term == for_now {
                    self.record_vote(from, granted);
                }
            }
            MessageBody::TimeoutNow => {
                if !self.is_leader() {
                    self.campaign_as(Campaign::Transfer);
                }
            }
            MessageBody::TermOver => {}
            body if body.is_from_leader() => return self.step_from_leader(from, body),
            body => return self.step_answer(from, body),
        }
        Ok(())
    }

    /// A grant promises never to vote for another in this term, so it waits for the disk. A member
    /// that is not in its own configuration votes too: it may have been added without knowing it
    /// (etcd#10998).
    fn answer_vote_request(&mut self, to: RaftId, granted: bool) {
        let body = MessageBody::VoteResponse { granted, committed: self.log.committed() };
        if granted {
            self.vote = Some(to);
            self.timer.elapsed_ticks = 0;
            self.send_when_durable(to, body);
        } else {
            self.send(to, body);
        }
    }

    /// A voter tells what is committed. If that includes a change of members, the campaign ends: it may
    /// have asked the wrong members.
    fn learn_commit(&mut self, committed: Committed) {
        if self.is_leader() || self.log.term(committed.index) != Some(committed.term) {
            return;
        }
        self.log.commit_to(committed.index);
        if !matches!(self.role, RoleState::Follower) && self.campaign_obstacle().is_some() {
            self.become_follower(self.term, None);
        }
    }

    /// Why this member does not campaign now, if it does not.
    pub(crate) fn campaign_obstacle(&self) -> Option<CampaignObstacle> {
        if !self.is_voter() {
            Some(CampaignObstacle::NotAVoter)
        } else if self.log.is_installing() {
            Some(CampaignObstacle::InstallingSnapshot)
        } else if self.log.unapplied_changes().next().is_some() {
            // Its majority may be out of date: two leaders in one term (etcd#7280, etcd#12133).
            Some(CampaignObstacle::UnappliedConfChange)
        } else {
            None
        }
    }

    pub(crate) fn campaign_as(&mut self, kind: Campaign) {
        if self.is_leader() || self.campaign_obstacle().is_some() {
            return;
        }
        self.leader = None;
        self.timer.restart(&self.config);
        if kind == Campaign::PreElection {
            // The leader is forgotten: this member's own lease must not keep others from being
            // elected while it asks around itself (etcd#9586).
            self.role = RoleState::PreCandidate(Votes::default());
            self.ask_for_votes(kind);
            self.record_vote(self.config.id, true);
        } else {
            self.term = self.term.next();
            self.vote = Some(self.config.id);
            self.role = RoleState::Candidate(Votes::default());
            // One voter needs nobody's vote, but its own has to be on disk all the same (etcd#14370).
            self.promise(Promise::OwnVote(self.term));
            self.ask_for_votes(kind);
        }
    }

    fn ask_for_votes(&mut self, kind: Campaign) {
        let (own, last_index, last_term) = (self.config.id, self.log.last(), self.log.last_term());
        let voters = self.configuration.voters().to_vec();
        for to in voters.into_iter().filter(|id| *id != own) {
            if kind == Campaign::PreElection {
                let body = MessageBody::PreVoteRequest { last_index, last_term };
                self.send_in_term(to, self.term.next(), body);
            } else {
                let transfer = kind == Campaign::Transfer;
                let body = MessageBody::VoteRequest { last_index, last_term, transfer };
                self.send_when_durable(to, body);
            }
        }
    }

    /// Counts one answer; the first one of each member stands.
    pub(crate) fn record_vote(&mut self, from: RaftId, granted: bool) {
        let (votes, won) = match &mut self.role {
            RoleState::Candidate(votes) => (votes, None),
            RoleState::PreCandidate(votes) => (votes, Some(Campaign::Election)),
            RoleState::Follower | RoleState::Leader(_) => return,
        };
        votes.answers.entry(from).or_insert(granted);
        let answers = &votes.answers;
        match (self.configuration.vote_result(|id| answers.get(&id).copied()), won) {
            (VoteResult::Won, None) => self.become_leader(),
            (VoteResult::Won, Some(kind)) => self.campaign_as(kind),
            (VoteResult::Lost, _) => self.become_follower(self.term, None),
            (VoteResult::Pending, _) => {}
        }
    }

    pub(crate) fn become_follower(&mut self, term: Term, leader: Option<RaftId>) {
        if self.term < term {
            self.term = term;
            self.vote = None;
        }
        self.leader = leader;
        self.role = RoleState::Follower;
        self.timer.restart(&self.config);
    }
}

/// What keeps a member from campaigning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignObstacle {
    /// It is not in its own configuration: not yet told, or removed.
    NotAVoter,
    /// A snapshot is on its way to the disk.
    InstallingSnapshot,
    /// A change of members is committed and not applied.
    UnappliedConfChange,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Restored};

    /// E10: timeouts are uniform in `election_ticks..2 * election_ticks`, all from the given stream,
    /// and two of five members draw the same smallest one in the expected share.
    #[test]
    fn election_timeouts_are_uniform_and_injected() {
        let mut counts = [0_u32; 20];
        for seed in 0..5_000 {
            let draw = || {
                let rng = sim::Streams::new(seed).stream("raft");
                let mut raft = Raft::new(Config::new(RaftId(1)), Restored::default(), rng);
                let first = raft.timer.timeout_ticks;
                raft.become_follower(Term(1), None);
                (first, raft.timer.timeout_ticks)
            };
            assert_eq!(draw(), draw(), "seed {seed}");
            let (first, second) = draw();
            counts[usize::try_from(first).unwrap()] += 1;
            counts[usize::try_from(second).unwrap()] += 1;
        }
        assert!(counts[..10].iter().all(|count| *count == 0), "{counts:?}");
        assert!(counts[10..].iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
