//! The leader: proposals, replication, the commit index, heartbeats, check-quorum, transfer.
//!
//! Appends are not made by the event that calls for them but by [`Raft::ready`]: what was proposed
//! between two of its calls travels together.

use sorted::SortedMap;

use crate::log::Log;
use crate::outbox::Outbox;
use crate::progress::{Progress, ProgressState};
use crate::raft::{Raft, RoleState};
use crate::{
    ConfChange, Config, Entry, Index, Message, MessageBody, Payload, ProposeError, RaftId,
    StepError, Term,
};

/// What only a leader knows.
#[derive(Clone, Debug)]
pub(crate) struct Leader {
    /// The other voters.
    pub(crate) peers: SortedMap<RaftId, Progress>,
    /// Who is to lead next.
    pub(crate) transfer: Option<RaftId>,
    /// No change of members before this entry is applied.
    conf_change_after: Index,
    /// Payload bytes above the commit index.
    uncommitted_size: u64,
    heartbeat_elapsed_ticks: u32,
    /// Something may have to be sent.
    dirty: bool,
}

/// What sending needs besides the leader's own knowledge.
struct Sender<'a> {
    config: &'a Config,
    term: Term,
    log: &'a Log,
    outbox: &'a mut Outbox,
}

impl Sender<'_> {
    fn send(&mut self, to: RaftId, body: MessageBody) {
        let message = Message { from: self.config.id, to, term: self.term, body };
        self.outbox.messages.push(message);
    }

    /// Sends one append, or the snapshot if its entries are gone. `limit` bounds its size in bytes.
    fn append(&mut self, to: RaftId, progress: &mut Progress, limit: u64) {
        let previous = progress.next.previous();
        let Some(previous_term) = self.log.term(previous) else {
            self.snapshot(to, progress);
            return;
        };
        let entries = if limit == 0 { &[] } else { self.log.batch(previous, limit) };
        let commit = self.log.commit();
        let last = entries.last().map(|entry| entry.index);
        progress.commit_sent = progress.commit_sent.max(commit.min(last.unwrap_or(previous)));
        let entries = entries.to_vec();
        self.send(to, MessageBody::Append { previous, previous_term, entries, commit });
        progress.sent(last);
    }

    fn snapshot(&mut self, to: RaftId, progress: &mut Progress) {
        // A member that does not answer would not take a snapshot either.
        if let Some(snapshot) = self.log.snapshot().filter(|_| progress.recently_active) {
            progress.become_snapshot(snapshot.index);
            progress.commit_sent = progress.commit_sent.max(snapshot.index);
            self.send(to, MessageBody::Snapshot(snapshot.clone()));
        }
    }
}

impl Leader {
    /// Sends what there is to send to each member that may get something.
    fn flush(&mut self, sender: &mut Sender<'_>) {
        let window = sender.config.window();
        let limit = u64::from(sender.config.max_message_size.max(1));
        let (last, commit) = (sender.log.last(), sender.log.commit());
        for (to, progress) in &mut self.peers {
            // A probe goes out even without entries: its answer is what is wanted.
            while !progress.is_paused(window)
                && (progress.next <= last || progress.state() == ProgressState::Probe)
            {
                let before = progress.next;
                sender.append(*to, progress, limit);
                if progress.next == before {
                    break;
                }
            }
            let news = commit.min(progress.matched);
            if progress.commit_sent < news {
                progress.commit_sent = news;
                sender.send(*to, MessageBody::Commit { commit: news });
            }
        }
    }

    pub(crate) fn unreachable(&mut self, id: RaftId) {
        if let Some(progress) = self.peers.get_mut(&id) {
            progress.unreachable();
        }
    }

    pub(crate) fn snapshot_done(&mut self, id: RaftId, delivered: bool) {
        if let Some(progress) = self.peers.get_mut(&id) {
            progress.snapshot_done(delivered);
        }
    }
}

impl Raft {
    /// The leader's knowledge beside the parts that sending needs, or nothing for other roles.
    fn as_leader(&mut self) -> Option<(&mut Leader, Sender<'_>)> {
        let Self { config, term, role, log, outbox, .. } = self;
        match role {
            RoleState::Leader(leader) => {
                Some((leader, Sender { config, term: *term, log, outbox }))
            }
            RoleState::Follower | RoleState::PreCandidate(_) | RoleState::Candidate(_) => None,
        }
    }

    pub(crate) fn flush(&mut self) {
        if let Some((leader, mut sender)) = self.as_leader()
            && leader.dirty
        {
            leader.dirty = false;
            leader.flush(&mut sender);
        }
    }

    pub(crate) fn become_leader(&mut self) {
        let last = self.log.last();
        let mut peers = SortedMap::new();
        for id in self.configuration.voters().iter().filter(|id| **id != self.config.id) {
            peers.insert(*id, Progress::new(last.next(), false));
        }
        let uncommitted = self.log.range(self.log.commit(), last);
        self.role = RoleState::Leader(Leader {
            peers,
            transfer: None,
            // The entry of our own term: before it is applied, a change of ours could skip one that
            // an earlier leader began (Ongaro, raft-dev 2015).
            conf_change_after: last.next(),
            uncommitted_size: uncommitted.iter().map(|entry| entry.payload.size()).sum(),
            heartbeat_elapsed_ticks: 0,
            dirty: true,
        });
        self.leader = Some(self.config.id);
        self.timer.restart(&self.config);
        self.log.push(Entry { term: self.term, index: last.next(), payload: Payload::Empty });
    }

    /// Appends `data` to the log, if this member leads. The entry is the caller's if it is handed
    /// out with the same term at the same index; after a change of leadership nobody knows.
    ///
    /// # Errors
    /// If this member does not lead, hands over its leadership, or too much is uncommitted.
    pub fn propose(&mut self, data: Vec<u8>) -> Result<(Term, Index), ProposeError> {
        self.append_own(Payload::Data(data.into()))
    }

    /// Appends a change of members, if this member leads and no other change is under way.
    ///
    /// # Errors
    /// As [`Raft::propose`]; and if an earlier change, or the entry that opens the term, is not
    /// applied yet, if the last voter would go, or if a removed member would come back.
    pub fn propose_conf_change(
        &mut self,
        change: ConfChange,
    ) -> Result<(Term, Index), ProposeError> {
        if let RoleState::Leader(leader) = &self.role {
            let until = leader.conf_change_after;
            if self.log.applied() < until {
                return Err(ProposeError::ConfChangePending { until });
            }
        }
        match &change {
            ConfChange::AddVoter { id, .. } if self.removed.contains(id) => {
                return Err(ProposeError::Removed(*id));
            }
            ConfChange::AddVoter { .. } if !self.configuration_in_log => {
                return Err(ProposeError::ConfigurationNotInLog);
            }
            ConfChange::RemoveVoter { id } if self.configuration.voters() == [*id] => {
                return Err(ProposeError::LastVoter);
            }
            ConfChange::AddVoter { .. } | ConfChange::RemoveVoter { .. } => {}
        }
        let place = self.append_own(Payload::ConfChange(change))?;
        if let RoleState::Leader(leader) = &mut self.role {
            leader.conf_change_after = place.1;
        }
        Ok(place)
    }

    fn append_own(&mut self, payload: Payload) -> Result<(Term, Index), ProposeError> {
        let known = self.leader;
        let limit = self.config.max_uncommitted_size;
        let RoleState::Leader(leader) = &mut self.role else {
            return Err(ProposeError::NotLeader { leader: known });
        };
        if let Some(to) = leader.transfer {
            return Err(ProposeError::TransferInProgress { to });
        }
        let size = leader.uncommitted_size.saturating_add(payload.size());
        if limit < size {
            return Err(ProposeError::UncommittedLimit);
        }
        leader.uncommitted_size = size;
        leader.dirty = true;
        let index = self.log.last().next();
        self.log.push(Entry { term: self.term, index, payload });
        if sim::planted!(OwnLogCountedEarly) {
            self.advance_commit();
        }
        Ok((self.term, index))
    }

    /// Raises the commit index to what a majority of *disks* holds, this member's disk counted like
    /// any other. Only an entry of the present term is counted; it takes the older ones along
    /// (Raft paper, figure 8).
    pub(crate) fn advance_commit(&mut self) {
        let early = sim::planted!(OwnLogCountedEarly);
        let stable = if early { self.log.last() } else { self.log.stable() };
        let own = self.config.id;
        let RoleState::Leader(leader) = &mut self.role else { return };
        let held = self.configuration.committed(|id| {
            if id == own { stable } else { leader.peers.get(&id).map_or(Index(0), |p| p.matched) }
        });
        let before = self.log.commit();
        let is_own = self.log.term(held) == Some(self.term) || sim::planted!(OldTermCommitted);
        if is_own && self.log.commit_to(held) {
            let newly = self.log.range(before, held).iter();
            let size: u64 = newly.map(|entry| entry.payload.size()).sum();
            leader.uncommitted_size = leader.uncommitted_size.saturating_sub(size);
            leader.dirty = true;
        }
    }

    pub(crate) fn tick_leader(&mut self) {
        if self.config.election_ticks <= self.timer.elapsed_ticks {
            self.timer.elapsed_ticks = 0;
            if !self.check_quorum() {
                self.become_follower(self.term, None);
                return;
            }
        }
        let heartbeat_ticks = self.config.heartbeat_ticks;
        let Some((leader, mut sender)) = self.as_leader() else { return };
        leader.heartbeat_elapsed_ticks += 1;
        if heartbeat_ticks <= leader.heartbeat_elapsed_ticks {
            leader.heartbeat_elapsed_ticks = 0;
            for (to, progress) in &mut leader.peers {
                let mut commit = sender.log.commit().min(progress.matched);
                progress.commit_sent = progress.commit_sent.max(commit);
                if sim::planted!(CommitNotMatched) {
                    commit = sender.log.commit();
                }
                sender.send(*to, MessageBody::Heartbeat { commit });
            }
        }
    }

    /// Once per election timeout: ends a transfer that did not succeed, doubts snapshots that got no
    /// answer, and tells whether a majority was heard (always true without check-quorum).
    fn check_quorum(&mut self) -> bool {
        let own = self.config.id;
        let RoleState::Leader(leader) = &mut self.role else { return true };
        if !sim::planted!(TransferForEver) {
            leader.transfer = None;
        }
        leader.dirty = true;
        let is_active =
            |id: &&RaftId| **id == own || leader.peers.get(*id).is_some_and(|p| p.recently_active);
        let active_count = self.configuration.voters().iter().filter(is_active).count();
        for progress in leader.peers.values_mut() {
            progress.doubt_snapshot();
            progress.recently_active = false;
        }
        !self.config.check_quorum
            || self.configuration.quorum() <= active_count
            || sim::planted!(LeaderNeverDoubts)
    }

    /// A member's answer to this leader. Answers to other roles, and from strangers, are ignored.
    pub(crate) fn step_answer(&mut self, from: RaftId, body: MessageBody) -> Result<(), StepError> {
        let last = self.log.last();
        let Some((leader, mut sender)) = self.as_leader() else { return Ok(()) };
        let Some(progress) = leader.peers.get_mut(&from) else { return Ok(()) };
        if let MessageBody::AppendAccepted { matched } = body
            && last < matched
        {
            return Err(StepError::Implausible("an acknowledgement beyond the log"));
        }
        progress.recently_active = true;
        match body {
            MessageBody::AppendAccepted { matched } => {
                let first = sender.log.base().0.next();
                if progress.accepted(matched, first) {
                    leader.dirty = true;
                }
                if leader.transfer == Some(from) && progress.matched == last {
                    sender.send(from, MessageBody::TimeoutNow);
                }
                self.advance_commit();
            }
            MessageBody::AppendRejected { rejected, hint, hint_term } => {
                // Both sides skip whole terms: at most one round trip per term that differs.
                let possible = sender.log.newest_possible_match(hint, hint_term).0;
                let hint = if hint_term == Term(0) { hint } else { possible };
                if progress.rejected(rejected, hint) {
                    leader.dirty = true;
                }
                if sim::planted!(OwnLogCut) {
                    self.log.cut_from(hint.next().max(self.log.commit().next()));
                }
            }
            MessageBody::HeartbeatResponse => {
                progress.resume();
                leader.dirty = true;
                // Entries without an answer may be lost, and nothing else would tell: an append
                // without entries asks (etcd#14633).
                if progress.state() == ProgressState::Replicate && progress.matched < last {
                    let window = sender.config.window();
                    if progress.is_paused(window) || last < progress.next {
                        sender.append(from, progress, 0);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn start_transfer(&mut self, to: RaftId) -> bool {
        let last = self.log.last();
        let Some((leader, mut sender)) = self.as_leader() else { return false };
        let Some(progress) = leader.peers.get_mut(&to) else { return false };
        if leader.transfer == Some(to) {
            // Asked again: the clock runs on.
            return true;
        }
        leader.transfer = Some(to);
        if progress.matched == last {
            sender.send(to, MessageBody::TimeoutNow);
        } else {
            progress.resume();
            leader.dirty = true;
        }
        self.timer.elapsed_ticks = 0;
        true
    }

    /// A new voter gets an election timeout to answer before it counts as silent: otherwise the
    /// leader would step down at every join (etcd#7830, found by Docker).
    pub(crate) fn start_progress(&mut self, id: RaftId) {
        let next = self.log.last().next();
        if let RoleState::Leader(leader) = &mut self.role
            && id != self.config.id
        {
            leader.peers.entry(id).or_insert_with(|| Progress::new(next, true));
            leader.dirty = true;
        }
    }

    pub(crate) fn end_progress(&mut self, id: RaftId) {
        if let RoleState::Leader(leader) = &mut self.role {
            leader.peers.remove(&id);
            if leader.transfer == Some(id) {
                leader.transfer = None;
            }
        }
    }
}
