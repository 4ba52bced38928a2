//! The member: its parts, its inputs and outputs. What it decides is in `election`, `follower` and
//! `leader`; the log, the progress of others and the promises are in their own files.

use sorted::{SortedMap, SortedSet};

use crate::election::{Campaign, Votes};
use crate::leader::Leader;
use crate::log::Log;
use crate::outbox::{Outbox, Promise};
use crate::quorum::Configuration;
use crate::{
    CompactError, ConfChange, Config, Entry, HardState, Index, Message, MessageBody, Payload,
    Position, RaftId, Restored, Snapshot, Status, Term,
};

/// One member of a Raft cluster, without I/O. See the crate's page for how to drive it.
#[derive(Clone, Debug)]
pub struct Raft {
    pub(crate) config: Config,
    pub(crate) term: Term,
    pub(crate) vote: Option<RaftId>,
    pub(crate) leader: Option<RaftId>,
    pub(crate) role: RoleState,
    pub(crate) timer: ElectionTimer,
    pub(crate) log: Log,
    pub(crate) configuration: Configuration,
    /// Members known to be removed. Nothing they say counts.
    pub(crate) removed: SortedSet<RaftId>,
    /// The log or the snapshot leads to the configuration, so a joining member will learn it.
    pub(crate) configuration_in_log: bool,
    pub(crate) outbox: Outbox,
}

/// The role with what only this role knows.
#[derive(Clone, Debug)]
pub(crate) enum RoleState {
    Follower,
    PreCandidate(Votes),
    Candidate(Votes),
    Leader(Leader),
}

/// Counts ticks towards the next election, or a leader's towards its check for a quorum.
#[derive(Clone, Debug)]
pub(crate) struct ElectionTimer {
    pub(crate) elapsed_ticks: u32,
    pub(crate) timeout_ticks: u32,
    rng: sim::Rng,
}

impl ElectionTimer {
    /// From the start, with a new timeout: two members that collided will not do so for ever.
    pub(crate) fn restart(&mut self, config: &Config) {
        let election_ticks = u64::from(config.election_ticks.max(1));
        let drawn = self.rng.between(election_ticks, 2 * election_ticks - 1);
        self.timeout_ticks = u32::try_from(drawn).unwrap_or(u32::MAX);
        self.elapsed_ticks = 0;
    }
}

/// What the caller has to do now, in this order: write `hard_state`, then `snapshot`, then `entries`
/// (see the crate's page); send `messages`, which need not wait for the writes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ready {
    /// What to give to [`Raft::persisted`] once the writes are durable. Without `must_sync` it is
    /// the number of the newest write known to be durable, so that reporting it changes nothing.
    pub number: u64,
    /// The hard state, if it changed.
    pub hard_state: Option<HardState>,
    /// Entries to append. The first one's index may be one that the disk has already: it replaces
    /// that entry and all after it.
    pub entries: Vec<Entry>,
    /// A received snapshot: it replaces the caller's state machine and the whole log on disk.
    pub snapshot: Option<Snapshot>,
    /// Messages to send.
    pub messages: Vec<Message>,
    /// The writes must be durable before [`Raft::persisted`]. False for a change of the commit index
    /// alone, which may be lost.
    pub must_sync: bool,
}

impl Raft {
    /// A member as its disk remembers it, as a follower. `rng` is drawn from for election timeouts.
    pub fn new(config: Config, mut restored: Restored, rng: sim::Rng) -> Self {
        let configuration_in_log = configuration_is_derivable(&restored);
        let voters = std::mem::take(&mut restored.voters);
        let log = Log::restore(&mut restored);
        let hard_state = HardState {
            // A log can be newer than the hard state beside it if the disk lost the latter.
            term: restored.hard_state.term.max(log.last_term()),
            vote: restored.hard_state.vote,
            commit: log.commit(),
        };
        let mut raft = Self {
            term: hard_state.term,
            vote: hard_state.vote.filter(|_| {
                hard_state.term == restored.hard_state.term && !sim::planted!(VoteForgotten)
            }),
            leader: None,
            role: RoleState::Follower,
            timer: ElectionTimer { elapsed_ticks: 0, timeout_ticks: 0, rng },
            log,
            configuration: Configuration::new(voters),
            removed: SortedSet::new(),
            configuration_in_log,
            outbox: Outbox::new(restored.hard_state),
            config,
        };
        raft.timer.restart(&raft.config);
        raft
    }

    /// The first members of a new cluster. Their names and contexts are the first entries of the log,
    /// as in swarmkit (which starts with one), so that later members learn them from it. Each of
    /// `members` must start with the same list. The entries are in the first [`Ready`].
    pub fn bootstrap(config: Config, members: &[(RaftId, Vec<u8>)], rng: sim::Rng) -> Self {
        let mut raft = Self::new(config, Restored::default(), rng);
        raft.term = Term(1);
        for (id, context) in members {
            let change = ConfChange::AddVoter { id: *id, context: context.clone() };
            let index = raft.log.last().next();
            let payload = Payload::ConfChange(change);
            raft.log.push(Entry { term: Term(1), index, payload });
        }
        raft.log.commit_to(raft.log.last());
        raft
    }

    /// Time passes by one tick (swarmkit: one second).
    pub fn tick(&mut self) {
        self.timer.elapsed_ticks = self.timer.elapsed_ticks.saturating_add(1);
        if matches!(self.role, RoleState::Leader(_)) {
            self.tick_leader();
        } else if self.timer.timeout_ticks <= self.timer.elapsed_ticks && self.is_voter() {
            self.timer.elapsed_ticks = 0;
            self.campaign();
        }
    }

    /// Starts an election now, if this member may (see [`Status::may_campaign`]).
    pub fn campaign(&mut self) {
        let kind = if self.config.pre_vote { Campaign::PreElection } else { Campaign::Election };
        self.campaign_as(kind);
    }

    /// What has to be written and sent. None if nothing has: then there is nothing to do until the
    /// next input. Call it after every input, as often as it gives something.
    pub fn ready(&mut self) -> Option<Ready> {
        self.flush();
        let hard_state = self.hard_state();
        let must_sync = self.has_unwritten();
        let changed = hard_state != self.outbox.hard_state;
        if !must_sync && !changed && self.outbox.messages.is_empty() {
            return None;
        }
        let mut ready = Ready {
            number: self.outbox.durable(),
            hard_state: changed.then_some(hard_state),
            messages: std::mem::take(&mut self.outbox.messages),
            must_sync,
            ..Ready::default()
        };
        self.outbox.hard_state = hard_state;
        if must_sync {
            ready.number = self.outbox.begin_write();
            (ready.snapshot, ready.entries) = self.log.take_unsaved(ready.number);
        }
        Some(ready)
    }

    /// The disk has made the writes of Ready `number` and of all before it durable. Only now
    /// acknowledgements and votes that promise them appear in the next [`Ready`], and this member's own
    /// log and vote count.
    pub fn persisted(&mut self, number: u64) {
        self.outbox.set_durable(number);
        self.log.saved(self.outbox.durable());
        while let Some(promise) = self.outbox.release() {
            self.keep_promise(promise);
        }
        self.advance_commit();
    }

    /// Entries that are committed and durable here, each handed out once and in order, at most
    /// `count`. The caller applies them and calls [`Raft::apply_conf_change`] and [`Raft::applied`].
    pub fn take_committed(&mut self, count: usize) -> Vec<Entry> {
        self.log.take_committed(count)
    }

    /// The caller's state machine includes everything up to `index`, after
    /// [`Raft::take_committed`] or after a received snapshot was installed.
    pub fn applied(&mut self, index: Index) {
        self.log.applied_to(index);
    }

    /// Puts a change of members into effect. To be called when its entry is applied, before
    /// [`Raft::applied`] names that entry.
    pub fn apply_conf_change(&mut self, change: &ConfChange) {
        // While the member that goes is still one: it should hear that the change is committed.
        self.flush();
        if !self.configuration.apply(change) {
            return;
        }
        match change {
            ConfChange::AddVoter { id, .. } => {
                self.removed.remove(id);
                self.start_progress(*id);
            }
            ConfChange::RemoveVoter { id } => {
                self.removed.insert(*id);
                self.end_progress(*id);
                if *id == self.config.id && !matches!(self.role, RoleState::Follower) {
                    self.become_follower(self.term, None);
                }
            }
        }
        self.advance_commit();
    }

    /// Tells that `id` was removed at some time. For restarts: the caller keeps the list of removed
    /// members (swarmkit: manager/state/raft/membership), a snapshot does not.
    pub fn mark_removed(&mut self, id: RaftId) {
        if !self.configuration.contains(id) {
            self.removed.insert(id);
        }
    }

    /// Drops the log up to `upto`, after the caller has made `snapshot` durable. Members that need
    /// older entries get the snapshot; entries between `upto` and the snapshot's index are kept for
    /// members that are only a little behind (swarmkit keeps 500).
    ///
    /// # Errors
    /// If the snapshot is not of applied entries, or does not reach `upto`. Nothing changed.
    pub fn compact(&mut self, upto: Index, snapshot: Snapshot) -> Result<(), CompactError> {
        self.log.compact(upto, snapshot)?;
        self.configuration_in_log |= Index(0) < self.log.base().0;
        Ok(())
    }

    /// Hands the leadership to `to`, which first catches up. True if that is under way. It is given up
    /// after an election timeout; proposals are refused meanwhile.
    pub fn transfer_leadership(&mut self, to: RaftId) -> bool {
        self.start_transfer(to)
    }

    /// The transport could not reach `id`.
    pub fn report_unreachable(&mut self, id: RaftId) {
        if let RoleState::Leader(leader) = &mut self.role {
            leader.unreachable(id);
        }
    }

    /// The transport delivered the snapshot to `id`, or gave up on it.
    pub fn report_snapshot(&mut self, id: RaftId, delivered: bool) {
        if let RoleState::Leader(leader) = &mut self.role {
            leader.snapshot_done(id, delivered);
        }
    }

    /// Everything that an observer may want to know.
    pub fn status(&self) -> Status {
        Status::of(self)
    }

    /// The numbers among it; costs nothing.
    pub fn position(&self) -> Position {
        Position::of(self)
    }

    /// The log in memory: the entries after [`Raft::log_base`].
    pub fn log_entries(&self) -> &[Entry] {
        self.log.entries()
    }

    /// The position before the first entry in memory: everything up to it is compacted.
    pub const fn log_base(&self) -> (Index, Term) {
        self.log.base()
    }

    /// Everything up to here is durable on this member.
    pub const fn durable_index(&self) -> Index {
        self.log.stable()
    }

    /// The voters, as of the applied index, in ascending order.
    pub fn voters(&self) -> &[RaftId] {
        self.configuration.voters()
    }

    /// True while this member leads.
    pub const fn is_leader(&self) -> bool {
        matches!(self.role, RoleState::Leader(_))
    }

    /// Who leads the present term, as far as this member knows.
    pub const fn leader(&self) -> Option<RaftId> {
        self.leader
    }

    /// The newest term this member has seen.
    pub const fn term(&self) -> Term {
        self.term
    }

    /// This member.
    pub const fn id(&self) -> RaftId {
        self.config.id
    }
}

/// What the parts share.
impl Raft {
    pub(crate) const fn hard_state(&self) -> HardState {
        HardState { term: self.term, vote: self.vote, commit: self.log.commit() }
    }

    /// True if something that must be durable is in no Ready yet.
    fn has_unwritten(&self) -> bool {
        (self.term, self.vote) != (self.outbox.hard_state.term, self.outbox.hard_state.vote)
            || self.log.has_unsaved()
    }

    pub(crate) fn is_voter(&self) -> bool {
        self.configuration.contains(self.config.id)
    }

    /// Sends at once.
    pub(crate) fn send(&mut self, to: RaftId, body: MessageBody) {
        self.send_in_term(to, self.term, body);
    }

    pub(crate) fn send_in_term(&mut self, to: RaftId, term: Term, body: MessageBody) {
        self.outbox.messages.push(Message { from: self.config.id, to, term, body });
    }

    /// Sends when everything decided so far is durable.
    pub(crate) fn send_when_durable(&mut self, to: RaftId, body: MessageBody) {
        let message = Message { from: self.config.id, to, term: self.term, body };
        self.promise(Promise::Send(message));
    }

    pub(crate) fn promise(&mut self, promise: Promise) {
        let unwritten = self.has_unwritten();
        if let Some(promise) = self.outbox.hold(promise, unwritten) {
            self.keep_promise(promise);
        }
    }

    fn keep_promise(&mut self, promise: Promise) {
        match promise {
            Promise::Send(message) => {
                // Nobody needs to hear of an election that this member has given up.
                let is_request = matches!(message.body, MessageBody::VoteRequest { .. });
                if !is_request || message.term == self.term {
                    self.outbox.messages.push(message);
                }
            }
            Promise::OwnVote(term) => {
                // The election may be over, or another one: then the late vote is nobody's.
                if term == self.term {
                    self.record_vote(self.config.id, true);
                }
            }
        }
    }
}

/// True if whoever has the snapshot and the log can tell the voters.
fn configuration_is_derivable(restored: &Restored) -> bool {
    let start = restored.snapshot.as_ref().map(|snapshot| snapshot.voters.clone());
    let mut derived = Configuration::new(start.unwrap_or_default());
    let covered = restored.snapshot.as_ref().map_or(Index(0), |snapshot| snapshot.index);
    for entry in &restored.entries {
        if covered < entry.index
            && entry.index <= restored.applied
            && let Some(change) = entry.conf_change()
        {
            derived.apply(change);
        }
    }
    derived == Configuration::new(restored.voters.clone())
}

/// The peers' answers are kept by id, so that a doubled answer counts once.
pub(crate) type Answers = SortedMap<RaftId, bool>;
