//! What a member does with what a leader sends, and the checks at the gate for everybody's messages.

use crate::raft::{Raft, RoleState};
use crate::{Entry, Index, Message, MessageBody, RaftId, Snapshot, StepError, Term};

impl Raft {
    /// A message that only the leader of the present term sends.
    pub(crate) fn step_from_leader(
        &mut self,
        from: RaftId,
        body: MessageBody,
    ) -> Result<(), StepError> {
        if self.is_leader() {
            return Err(StepError::Implausible("a second leader in this term"));
        }
        if self.leader.is_some_and(|leader| leader != from) {
            return Err(StepError::Implausible("two leaders in one term"));
        }
        if matches!(self.role, RoleState::Follower) {
            self.leader = Some(from);
            self.timer.elapsed_ticks = 0;
        } else {
            self.become_follower(self.term, Some(from));
        }
        match body {
            MessageBody::Append { previous, previous_term, entries, commit } => {
                return self.take_append(from, previous, previous_term, entries, commit);
            }
            MessageBody::Heartbeat { commit } => {
                // Normally we acknowledged it; a disk that lost something may end before it.
                self.log.commit_to(commit);
                self.send(from, MessageBody::HeartbeatResponse);
            }
            MessageBody::Commit { commit } => {
                self.log.commit_to(commit);
            }
            MessageBody::Snapshot(snapshot) => self.take_snapshot(from, snapshot),
            _ => {}
        }
        Ok(())
    }

    fn take_append(
        &mut self,
        from: RaftId,
        previous: Index,
        previous_term: Term,
        entries: Vec<Entry>,
        commit: Index,
    ) -> Result<(), StepError> {
        if previous < self.log.commit() {
            // Late, or the leader does not know how far we are: what is committed is equal.
            let matched = self.log.commit();
            self.send_when_durable(from, MessageBody::AppendAccepted { matched });
            return Ok(());
        }
        match self.log.append(previous, previous_term, entries) {
            Ok(Ok(matched)) => {
                self.log.commit_to(commit.min(matched));
                self.send_when_durable(from, MessageBody::AppendAccepted { matched });
                Ok(())
            }
            Ok(Err(_mismatch)) => {
                let (hint, hint_term) = self.log.newest_possible_match(previous, previous_term);
                let rejected = previous;
                self.send(from, MessageBody::AppendRejected { rejected, hint, hint_term });
                Ok(())
            }
            Err(_contradiction) => {
                Err(StepError::Implausible("entries that contradict committed ones"))
            }
        }
    }

    fn take_snapshot(&mut self, from: RaftId, snapshot: Snapshot) {
        // A voter that the snapshot does not know was removed before it. (A member that is not a
        // voter yet may get a snapshot from before it was added; the log after it will add it.)
        let knows_us = snapshot.voters.contains(&self.config.id) || !self.is_voter();
        if knows_us && self.log.commit() < snapshot.index {
            if self.log.term(snapshot.index) == Some(snapshot.term) {
                // Our log has all of it already, and maybe more: no need to throw that away.
                self.log.commit_to(snapshot.index);
            } else {
                self.configuration = crate::quorum::Configuration::new(snapshot.voters.clone());
                self.configuration_in_log = true;
                self.log.install(snapshot);
            }
        }
        let matched = self.log.commit();
        self.send_when_durable(from, MessageBody::AppendAccepted { matched });
    }
}

/// What can be seen of a message without the member's state.
pub(crate) fn check_plausible(message: &Message) -> Result<(), StepError> {
    let plausible = match &message.body {
        MessageBody::Append { previous, previous_term, entries, .. } => {
            return check_append(message.term, *previous, *previous_term, entries);
        }
        MessageBody::Snapshot(snapshot) => {
            Index(0) < snapshot.index
                && snapshot.term <= message.term
                && !snapshot.voters.is_empty()
        }
        MessageBody::VoteRequest { last_term, .. } => *last_term < message.term,
        MessageBody::PreVoteRequest { last_term, .. } => *last_term < message.term,
        _ => true,
    };
    if plausible { Ok(()) } else { Err(StepError::Implausible("a term or index out of range")) }
}

/// A slice of a log: consecutive indices, terms that never fall and stay within the sender's.
fn check_append(
    term: Term,
    previous: Index,
    previous_term: Term,
    entries: &[Entry],
) -> Result<(), StepError> {
    let (mut index, mut newest) = (previous, previous_term);
    for entry in entries {
        if entry.index != index.next() || entry.term < newest {
            return Err(StepError::Implausible("entries that are no slice of a log"));
        }
        (index, newest) = (entry.index, entry.term);
    }
    if term < newest {
        return Err(StepError::Implausible("entries from a later term than the sender's"));
    }
    Ok(())
}
