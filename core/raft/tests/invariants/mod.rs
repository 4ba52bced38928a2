//! What must hold after every event, one invariant per function.
//!
//! A [`Witness`] remembers what the cluster has shown so far: leaders, entries, commits. After each event
//! the member that it happened to is looked at (`R1` to `R13` are the names in the conformance list). Each
//! invariant has a test below that shows it a bad state and expects a complaint.

mod bad_states;

use sorted::SortedMap;

use glasshive_raft::{
    ConfChange, Entry, Index, Message, MessageBody, Payload, RaftId, Role, Status, Term,
};

use crate::cluster::{Disk, Machine, Member};

/// A broken invariant: its name and what was seen.
pub(crate) type Verdict = Result<(), String>;

/// What an observer sees of one running member.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) starts: u64,
    pub(crate) status: Status,
    pub(crate) base: (Index, Term),
    pub(crate) entries: Vec<Entry>,
    pub(crate) window: u32,
}

/// What the cluster has shown so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness {
    /// The voters before any change.
    first_voters: Vec<RaftId>,
    leaders: SortedMap<Term, RaftId>,
    /// Every entry ever seen, by its name, with the term before it.
    entries: SortedMap<(Index, Term), (Entry, Option<Term>)>,
    /// Every committed entry, with the newest term in which somebody knew it.
    committed: SortedMap<Index, (Entry, Term)>,
    last: SortedMap<RaftId, View>,
    disks: SortedMap<RaftId, (Term, Option<RaftId>)>,
}

impl View {
    pub(crate) fn of(member: &Member) -> Option<Self> {
        let raft = member.raft.as_ref()?;
        Some(Self {
            starts: member.starts,
            status: raft.status(),
            base: raft.log_base(),
            entries: raft.log_entries().to_vec(),
            window: member.config.max_inflight_count,
        })
    }

    /// What the costly checks depend on: with this unchanged, so are their answers.
    fn position(&self) -> (Term, Index, Index, Index, Index, usize) {
        let status = &self.status;
        let voter_count = status.voters.len();
        let (base, last) = (self.base.0, status.last_index);
        (status.term, base, last, status.commit, status.applied, voter_count)
    }

    fn term(&self, index: Index) -> Option<Term> {
        let entry = self.entries.iter().find(|entry| entry.index == index).map(|e| e.term);
        entry.or((self.base.0 == index).then_some(self.base.1))
    }
}

impl Witness {
    /// Has seen nothing but the first voters.
    pub(crate) fn new(first_voters: Vec<RaftId>) -> Self {
        Self { first_voters, ..Self::default() }
    }

    /// Looks at the member that the event happened to.
    pub(crate) fn check(&mut self, members: &SortedMap<RaftId, Member>, id: RaftId) -> Verdict {
        let member = &members[&id];
        durable_state_never_goes_back(self, id, &member.disk)?;
        let Some(view) = View::of(member) else {
            self.last.remove(&id);
            return Ok(());
        };
        let before = self.last.get(&id).filter(|old| old.starts == view.starts).cloned();
        let same_log = before.as_ref().is_some_and(|old| old.position() == view.position());
        one_leader_per_term(self, &view)?;
        progress_is_sane(&view)?;
        if !same_log {
            index_and_term_name_the_prefix(self, &view)?;
        }
        log_is_in_order(&view)?;
        if let Some(before) = &before {
            nothing_goes_back(before, &view)?;
            leaders_only_append(before, &view)?;
            commits_are_durable_on_a_quorum(before, &view, members)?;
            nobody_campaigns_with_unapplied_change(before, &view)?;
        }
        committed_entries_are_equal(self, before.as_ref(), &view)?;
        leaders_are_complete(self, before.as_ref(), &view)?;
        if !same_log {
            one_change_at_a_time(self, &view)?;
            configuration_follows_the_log(self, &view)?;
            state_machines_are_equal(self, &member.machine)?;
        }
        self.last.insert(id, view);
        Ok(())
    }

    /// The newest index that anybody knew to be committed.
    pub(crate) fn commit(&self) -> Index {
        self.committed.keys().next_back().copied().unwrap_or_default()
    }
}

macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}

/// R1: at most one leader per term.
fn one_leader_per_term(witness: &mut Witness, view: &View) -> Verdict {
    if view.status.role == Role::Leader {
        let id = view.status.id;
        let first = *witness.leaders.entry(view.status.term).or_insert(id);
        ensure!(first == id, "R1: {first} and {id} lead term {}", view.status.term);
    }
    Ok(())
}

/// R2: what one member knows to be committed is the same on all.
fn committed_entries_are_equal(
    witness: &mut Witness,
    before: Option<&View>,
    view: &View,
) -> Verdict {
    let seen = before.map_or(Index(0), |before| before.status.commit);
    for entry in view.entries.iter().filter(|e| seen < e.index && e.index <= view.status.commit) {
        let known = witness
            .committed
            .entry(entry.index)
            .or_insert_with(|| (entry.clone(), view.status.term));
        ensure!(known.0 == *entry, "R2: {:?} and {entry:?} are both committed", known.0);
    }
    Ok(())
}

/// R3: an entry's index and term determine it and everything before it.
fn index_and_term_name_the_prefix(witness: &mut Witness, view: &View) -> Verdict {
    let mut previous = (0 < view.base.0.0).then_some(view.base.1);
    for entry in &view.entries {
        let name = (entry.index, entry.term);
        let known = witness.entries.entry(name).or_insert_with(|| (entry.clone(), previous));
        ensure!(known.0 == *entry, "R3: {:?} and {entry:?} have the same name", known.0);
        if let (Some(old), Some(new)) = (known.1, previous) {
            ensure!(old == new, "R3: {entry:?} follows term {old} and term {new}");
        }
        known.1 = known.1.or(previous);
        previous = Some(entry.term);
    }
    Ok(())
}

/// R4: a new leader has everything that was committed in earlier terms.
fn leaders_are_complete(witness: &Witness, before: Option<&View>, view: &View) -> Verdict {
    let was =
        before.is_some_and(|b| b.status.role == Role::Leader && b.status.term == view.status.term);
    if view.status.role != Role::Leader || was {
        return Ok(());
    }
    let earlier = |(_, term): &&(Entry, Term)| *term < view.status.term;
    for (entry, _) in witness.committed.values().filter(earlier) {
        if view.base.0 < entry.index {
            let own = view.term(entry.index);
            ensure!(
                own == Some(entry.term),
                "R4: {} leads term {} without {entry:?}",
                view.status.id,
                view.status.term
            );
        }
    }
    Ok(())
}

/// R5: a leader's log only grows.
fn leaders_only_append(before: &View, view: &View) -> Verdict {
    let same = before.status.role == Role::Leader
        && view.status.role == Role::Leader
        && before.status.term == view.status.term;
    ensure!(
        !same || before.status.last_index <= view.status.last_index,
        "R5: leader {} cut its log",
        view.status.id
    );
    Ok(())
}

/// R6: term, vote within a term, commit and applied never go back while a member runs.
fn nothing_goes_back(before: &View, view: &View) -> Verdict {
    let (old, new) = (&before.status, &view.status);
    ensure!(old.term <= new.term, "R6: {}'s term fell", new.id);
    ensure!(old.commit <= new.commit, "R6: {}'s commit index fell", new.id);
    ensure!(old.applied <= new.applied, "R6: {}'s applied index fell", new.id);
    ensure!(
        old.term < new.term || old.vote.is_none() || old.vote == new.vote,
        "R6: {} voted twice in term {}",
        new.id,
        new.term
    );
    Ok(())
}

/// R6: nor do durable term and vote, over any number of restarts.
fn durable_state_never_goes_back(witness: &mut Witness, id: RaftId, disk: &Disk) -> Verdict {
    let now = (disk.hard_state.term, disk.hard_state.vote);
    if let Some((term, vote)) = witness.disks.insert(id, now) {
        ensure!(term <= now.0, "R6: {id}'s durable term fell");
        ensure!(
            term < now.0 || vote.is_none() || vote == now.1,
            "R6: {id} voted twice in term {term}"
        );
    }
    Ok(())
}

/// R7: base <= commit <= last, applied <= commit, no gap, no term that falls.
fn log_is_in_order(view: &View) -> Verdict {
    let status = &view.status;
    let id = status.id;
    ensure!(view.base.0 <= status.commit, "R7: {id} dropped uncommitted entries");
    ensure!(status.applied <= status.commit, "R7: {id} applied uncommitted entries");
    ensure!(status.commit <= status.last_index, "R7: {id} committed beyond its log");
    let mut previous = view.base;
    for entry in &view.entries {
        ensure!(entry.index == previous.0.next(), "R7: {id} has a gap before {}", entry.index);
        ensure!(previous.1 <= entry.term, "R7: {id}'s terms fall at {}", entry.index);
        previous = (entry.index, entry.term);
    }
    Ok(())
}

/// R8: matched < next, and the window bounds what is in flight.
fn progress_is_sane(view: &View) -> Verdict {
    for (id, peer) in &view.status.progress {
        ensure!(peer.matched < peer.next, "R8: {id}'s next is {} of {}", peer.next, peer.matched);
        ensure!(peer.inflight_count <= view.window as usize, "R8: {id}'s window overflows");
    }
    Ok(())
}

/// R9, R14: what leaves a member promises nothing that is not durable, and is in its own name.
pub(crate) fn promises_are_durable(message: &Message, disk: &Disk) -> Verdict {
    let durable = disk.hard_state;
    let later = message.term < durable.term;
    let kept = match &message.body {
        MessageBody::VoteResponse { granted: true, .. } => {
            later || durable.term == message.term && durable.vote == Some(message.to)
        }
        MessageBody::VoteRequest { .. } => {
            later || durable.term == message.term && durable.vote == Some(message.from)
        }
        // In a later term the entries may have been replaced; the receiver will not count them.
        MessageBody::AppendAccepted { matched } => {
            later || durable.term == message.term && *matched <= disk.last()
        }
        _ => true,
    };
    ensure!(kept, "R9: `{message}` left before it was durable");
    Ok(())
}

/// R10: a leader commits entries of its own term, held by the disks of a majority.
fn commits_are_durable_on_a_quorum(
    before: &View,
    view: &View,
    members: &SortedMap<RaftId, Member>,
) -> Verdict {
    let (old, new) = (&before.status, &view.status);
    let leads = old.role == Role::Leader && new.role == Role::Leader && old.term == new.term;
    if !leads || old.commit == new.commit {
        return Ok(());
    }
    let term = view.term(new.commit);
    ensure!(term == Some(new.term), "R10: {} counted an entry of term {term:?}", new.id);
    let holds = |id: &&RaftId| {
        members.get(id).is_some_and(|member| {
            let covered = member.disk.snapshot.as_ref().is_some_and(|s| new.commit <= s.index);
            covered || member.disk.term(new.commit) == term
        })
    };
    let count = new.voters.iter().filter(holds).count();
    ensure!(
        new.voters.len() < 2 * count,
        "R10: {} committed {} on {count} of {} disks",
        new.id,
        new.commit,
        new.voters.len()
    );
    Ok(())
}

/// R11: of the changes of members in one log, at most one is not committed.
fn one_change_at_a_time(witness: &Witness, view: &View) -> Verdict {
    let commit = witness.commit();
    let is_change = |e: &&Entry| matches!(e.payload, Payload::ConfChange(_));
    let pending = view.entries.iter().filter(|e| commit < e.index).filter(is_change).count();
    ensure!(pending <= 1, "R11: {} has {pending} uncommitted changes of members", view.status.id);
    Ok(())
}

/// R12: the voters are those that the applied entries say; who was removed never comes back.
fn configuration_follows_the_log(witness: &Witness, view: &View) -> Verdict {
    // A snapshot that is received and not yet installed is ahead of what is applied.
    if view.status.applied < view.base.0 {
        return Ok(());
    }
    let mut voters = witness.first_voters.clone();
    for (entry, _) in witness.committed.range(..=view.status.applied).map(|(_, entry)| entry) {
        match &entry.payload {
            Payload::ConfChange(ConfChange::AddVoter { id, .. }) if !voters.contains(id) => {
                voters.push(*id);
            }
            Payload::ConfChange(ConfChange::RemoveVoter { id }) if 1 < voters.len() => {
                voters.retain(|voter| voter != id);
            }
            _ => {}
        }
    }
    voters.sort();
    let id = view.status.id;
    // A member that has only begun to learn the log knows nobody.
    let blank = view.status.applied == Index(0) && view.status.voters.is_empty();
    ensure!(
        blank || voters == view.status.voters,
        "R12: {id} thinks that {:?} vote at {}, the log says {voters:?}",
        view.status.voters,
        view.status.applied
    );
    Ok(())
}

/// R13: nobody campaigns while a committed change of members waits to be applied.
fn nobody_campaigns_with_unapplied_change(before: &View, view: &View) -> Verdict {
    let campaigns = |role| matches!(role, Role::Candidate | Role::PreCandidate);
    if campaigns(view.status.role) && !campaigns(before.status.role) {
        let pending =
            |e: &&Entry| before.status.applied < e.index && e.index <= before.status.commit;
        let mut waiting = before.entries.iter().filter(pending);
        let change = waiting.find(|e| matches!(e.payload, Payload::ConfChange(_)));
        ensure!(change.is_none(), "R13: {} campaigns before {change:?}", view.status.id);
    }
    Ok(())
}

/// State machine safety: what was applied is exactly the committed proposals, in order.
fn state_machines_are_equal(witness: &Witness, machine: &Machine) -> Verdict {
    let committed = witness.committed.range(..=machine.applied).map(|(_, (entry, _))| entry);
    let data = committed.filter_map(|entry| match &entry.payload {
        Payload::Data(data) => Some((entry.index, &**data)),
        Payload::Empty | Payload::ConfChange(_) => None,
    });
    let applied = machine.data.iter().map(|(index, data)| (*index, data.as_slice()));
    ensure!(data.eq(applied), "the state machine at {} is not the log", machine.applied);
    Ok(())
}
