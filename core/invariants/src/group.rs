//! What the watch remembers of one raft group, whatever its entries mean: a swarm's or an etcd's.

use sorted::SortedMap;

use raft::{Entry, HardState, Index, Position, Raft, RaftId, Role, Term};
use sim::Disk;
use swarm::node::{DurableLog, SwarmNode};

use crate::invariant::{Broken, Verdict};
use crate::raft::election_safety::Leaders;
use crate::raft::log_matching::Entries;
use crate::raft::membership::{self, Voters};
use crate::raft::state_machine_safety::Committed;
use crate::raft::{
    append_only, durable_commits, durable_monotone, durable_votes, leader_completeness, log_order,
    monotone, own_term_commits,
};

/// One raft group, as all its members together have shown it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    leaders: Leaders,
    entries: Entries,
    committed: Committed,
    voters: Voters,
}

/// What a power loss now would leave of one member, and what it had promised before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durable {
    pub(crate) log: DurableLog,
    hard_state: Option<(RaftId, HardState)>,
    /// Whoever looked last saw a log, whatever of it was durable.
    is_seen: bool,
}

impl Durable {
    /// Reads what has become durable in the log of this folder; false if nothing has.
    pub(crate) fn follow(&mut self, disk: &Disk, folder: &str) -> Result<bool, Broken> {
        let was_seen = std::mem::replace(&mut self.is_seen, disk.list(folder).next().is_some());
        if !self.log.follow(disk, folder) {
            return Ok(false);
        }
        if let (Some((_, promised)), None, false) =
            (self.hard_state, self.log.member(), self.log.is_damaged())
        {
            durable_monotone::check_gone(&promised, was_seen)?;
        }
        let member = self.log.member().filter(|_| !self.log.is_damaged());
        let now = member.map(|id| (id, self.log.hard_state()));
        if let (Some((earlier, old)), Some((id, new))) = (self.hard_state, now)
            && earlier == id
        {
            durable_monotone::check(&old, &new)?;
        }
        self.hard_state = now;
        Ok(true)
    }

    /// A member starts: it remembers what its disk has promised.
    pub(crate) fn starts(&self, raft: &Raft) -> Verdict {
        let Position { term, vote, commit, .. } = raft.position();
        match &self.hard_state {
            Some((id, promised)) if *id == raft.id() => {
                durable_monotone::check_start(promised, &HardState { term, vote, commit })
            }
            _ => Ok(()),
        }
    }
}

/// Takes an entry that nobody knew to be committed, and may say who votes.
pub(crate) type Commit<'a> = &'a mut dyn FnMut(&Entry, &mut Voters) -> Verdict;

/// The durable logs of all hosts.
pub(crate) struct Disks<'a> {
    pub(crate) logs: Vec<&'a DurableLog>,
    /// Members whose hosts have thrown their logs away (`docker swarm leave --force`), and the last
    /// index that was durable then: what they had promised counts, though only `--force` allows that.
    pub(crate) left: &'a SortedMap<RaftId, Index>,
}

impl Disks<'_> {
    fn of(&self, member: RaftId) -> Option<&DurableLog> {
        self.logs.iter().copied().find(|log| log.member() == Some(member))
    }

    fn hard_state(&self, member: RaftId) -> Option<HardState> {
        self.of(member).filter(|log| !log.is_damaged()).map(DurableLog::hard_state)
    }

    /// A damaged log says nothing against it.
    fn holds(&self, member: RaftId, index: Index, term: Term) -> bool {
        match self.of(member) {
            Some(log) => log.is_damaged() || log.holds(index, term),
            None => self.left.get(&member).is_some_and(|last| index <= *last),
        }
    }
}

/// The entries of a log with indexes above `after` up to `upto`.
fn range(entries: &[Entry], after: Index, upto: Index) -> &[Entry] {
    let first = entries.first().map_or(Index(0), |entry| entry.index);
    let place = |index: Index| {
        let beyond = index.next().0.saturating_sub(first.0);
        usize::try_from(beyond).unwrap_or(usize::MAX).min(entries.len())
    };
    let (from, to) = (place(after), place(upto));
    if from < to { &entries[from..to] } else { &[] }
}

fn term_at(raft: &Raft, index: Index) -> Option<Term> {
    let (base, base_term) = raft.log_base();
    if index == base {
        return Some(base_term);
    }
    range(raft.log_entries(), index.previous(), index).first().map(|entry| entry.term)
}

impl Group {
    /// The group begins with these voters, whatever others had agreed on up to `applied`.
    pub(crate) fn begin(&mut self, applied: Index, voters: &[RaftId]) {
        self.voters.set(applied, voters.to_vec());
    }

    /// Somebody is or was a voter of this group.
    pub(crate) fn has(&self, id: RaftId) -> bool {
        self.voters.has(id)
    }

    /// A member's numbers have changed from `before` (nothing: it has just started).
    pub(crate) fn member(
        &mut self,
        raft: &Raft,
        before: Option<&Position>,
        disks: &Disks<'_>,
        commit: Commit<'_>,
    ) -> Verdict {
        let now = raft.position();
        log_order::check(&now)?;
        if let Some(before) = before {
            monotone::check(before, &now)?;
            append_only::check(before, &now)?;
        }
        let led = before.is_some_and(|b| b.role == Role::Leader && b.term == now.term);
        if now.role == Role::Leader && !led {
            // All the rest builds on this.
            self.leaders.see(now.term, raft.id())?;
        }
        self.log(raft, before, &now)?;
        self.commits(raft, before, &now, commit)?;
        if now.role == Role::Leader {
            if led {
                self.leader_commits(raft, before, &now, disks)?;
            } else {
                self.election(raft, before, &now, disks)?;
            }
        }
        self.voters.check(now.applied, raft.voters())
    }

    /// What a manager says that it knows of the members.
    pub(crate) fn known_members(&self, applied: Index, node: &SwarmNode) -> Verdict {
        let (members, removed) = node.members();
        self.voters.check_known(applied, &members, &removed)
    }

    /// What is new in the log.
    fn log(&mut self, raft: &Raft, before: Option<&Position>, now: &Position) -> Verdict {
        let ends = |at: &Position| (at.last_index, at.last_term);
        if before.is_some_and(|before| ends(before) == ends(now)) {
            return Ok(());
        }
        let (base, base_term) = raft.log_base();
        let all = raft.log_entries();
        let grew = before.filter(|before| {
            base <= before.last_index && term_at(raft, before.last_index) == Some(before.last_term)
        });
        let (after, previous) = match grew {
            Some(before) => (before.last_index, Some(before.last_term)),
            None => (base, (base.0 != 0).then_some(base_term)),
        };
        let new = range(all, after, now.last_index);
        log_order::check_entries(after, new)?;
        self.entries.see(previous, new)?;
        let known = self.committed.last().max(now.commit);
        membership::one_at_a_time(range(all, known, now.last_index))
    }

    /// What the member knows to be committed and nobody else knew.
    fn commits(
        &mut self,
        raft: &Raft,
        before: Option<&Position>,
        now: &Position,
        commit: Commit<'_>,
    ) -> Verdict {
        let seen = before.map_or(Index(0), |before| before.commit);
        if now.commit <= seen {
            return Ok(());
        }
        let entries = range(raft.log_entries(), seen, now.commit);
        for entry in self.committed.see(now.term, entries)? {
            self.voters.commit(entry)?;
            commit(entry, &mut self.voters)?;
        }
        Ok(())
    }

    fn election(
        &self,
        raft: &Raft,
        before: Option<&Position>,
        now: &Position,
        disks: &Disks<'_>,
    ) -> Verdict {
        // A member never leads as it starts: this one was elected before anybody looked.
        if before.is_some() {
            let states: Vec<(RaftId, Option<HardState>)> =
                raft.voters().iter().map(|id| (*id, disks.hard_state(*id))).collect();
            durable_votes::check(raft.id(), now.term, &states)?;
        }
        leader_completeness::check(&self.committed, now.term, raft.log_base().0, raft.log_entries())
    }

    fn leader_commits(
        &self,
        raft: &Raft,
        before: Option<&Position>,
        now: &Position,
        disks: &Disks<'_>,
    ) -> Verdict {
        let Some(before) = before.filter(|before| before.commit < now.commit) else {
            return Ok(());
        };
        let term = term_at(raft, now.commit);
        own_term_commits::check(now.term, now.commit, term)?;
        let on = |voters: &[RaftId]| {
            let holds = |id: &RaftId| (*id, disks.holds(*id, now.commit, now.term));
            durable_commits::check(
                now.commit,
                now.term,
                &voters.iter().map(holds).collect::<Vec<_>>(),
            )
        };
        // A change of members may have been applied between the count and this look.
        on(raft.voters()).or_else(|broken| {
            let earlier = self.voters.at(before.applied);
            if earlier.is_empty() { Err(broken) } else { on(earlier) }
        })
    }
}
