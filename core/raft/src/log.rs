//! The log in memory: what the disk holds, what is on its way there, what is committed and applied.
//!
//! ```text
//!   base         applied      handed out     commit        last
//!    |--------------|-------------|-------------|------------|
//!                       stable (durable) anywhere from base on  ^ unsaved: not yet in a Ready
//! ```
//!
//! Invariants: `base <= applied <= handed out <= commit <= last`; entries are contiguous, their terms
//! never decrease; nothing at or below `commit` is ever replaced; nothing is handed out before it is
//! committed *and* durable here.
//!
//! Writes complete in order but may be overtaken by later decisions. Whoever cuts the log lowers
//! what each write in flight can still vouch for, so a late completion can never mark a newer entry
//! durable (the ABA race of etcd/raft's asynchronous writes).

use std::collections::VecDeque;

use crate::{Committed, CompactError, ConfChange, Entry, Index, Restored, Snapshot, Term};

#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// The last entry that is no longer in `entries`, or the snapshot's position.
    base: Index,
    base_term: Term,
    entries: Vec<Entry>,
    commit: Index,
    applied: Index,
    handed_out: Index,
    /// Everything up to here is durable.
    stable: Index,
    /// The first entry that no Ready has carried yet.
    unsaved: Index,
    /// Writes in flight: number of the Ready, and up to where it makes the present log durable.
    writes: VecDeque<(u64, Index)>,
    /// The newest snapshot, for members that need it.
    snapshot: Option<Snapshot>,
    /// A received snapshot that no Ready has carried yet.
    incoming: bool,
}

/// The log has another entry, or none, where an append wants to continue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mismatch;

/// Entries that contradict committed ones: the sender is broken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contradiction;

impl Log {
    /// The log as the disk has it. Uses what is contiguous with the snapshot and no more.
    pub(crate) fn restore(restored: &mut Restored) -> Self {
        let snapshot = restored.snapshot.take();
        let found = std::mem::take(&mut restored.entries);
        let (index, term) = snapshot.as_ref().map_or((Index(0), Term(0)), |s| (s.index, s.term));
        let mut log = Self { base: index, base_term: term, snapshot, ..Self::default() };
        let mut found = contiguous_prefix(found);
        if let Some(first) = found.first().map(|entry| entry.index) {
            let before = first.previous();
            let matches_snapshot = before <= index
                && (before == index
                    || found.iter().any(|entry| entry.index == index && entry.term == term));
            if before < index && matches_snapshot {
                if before.0 > 0 {
                    // The oldest entry gives way: its position and term are the new base.
                    let oldest = found.remove(0);
                    (log.base, log.base_term) = (oldest.index, oldest.term);
                } else {
                    (log.base, log.base_term) = (Index(0), Term(0));
                }
            }
            if matches_snapshot {
                log.entries = found;
            }
        }
        let last = log.last();
        let commit = restored.hard_state.commit.max(index).max(log.implied_commit());
        log.commit = commit.min(last);
        log.applied = restored.applied.max(index).min(log.commit);
        log.handed_out = log.applied;
        log.stable = last;
        log.unsaved = last.next();
        log
    }

    /// A leader proposes a change of members only after it applied the one before. So of all changes
    /// in a log only the newest can be uncommitted, whatever the disk remembers of `commit`: the commit
    /// index alone is written without a sync, and without this a restarted member could campaign with
    /// a configuration two steps old, whose majority need not meet the present one.
    fn implied_commit(&self) -> Index {
        let mut changes = self.entries.iter().rev().filter(|entry| entry.conf_change().is_some());
        changes.nth(1).map_or(Index(0), |entry| entry.index)
    }

    pub(crate) fn last(&self) -> Index {
        self.entries.last().map_or(self.base, |entry| entry.index)
    }

    pub(crate) fn last_term(&self) -> Term {
        self.entries.last().map_or(self.base_term, |entry| entry.term)
    }

    pub(crate) const fn base(&self) -> (Index, Term) {
        (self.base, self.base_term)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) const fn commit(&self) -> Index {
        self.commit
    }

    /// The newest entry known to be committed.
    pub(crate) fn committed(&self) -> Committed {
        let term = self.term(self.commit).unwrap_or_default();
        Committed { index: self.commit, term }
    }

    pub(crate) const fn applied(&self) -> Index {
        self.applied
    }

    pub(crate) const fn stable(&self) -> Index {
        self.stable
    }

    pub(crate) const fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// The term at `index`; none if it is compacted away or beyond the end.
    pub(crate) fn term(&self, index: Index) -> Option<Term> {
        if index == self.base {
            return Some(self.base_term);
        }
        self.entry(index).map(|entry| entry.term)
    }

    fn entry(&self, index: Index) -> Option<&Entry> {
        let offset = index.0.checked_sub(self.base.0 + 1)?;
        self.entries.get(usize::try_from(offset).ok()?)
    }

    /// The place in `entries` of the entry after `index`, at most the end.
    fn place_after(&self, index: Index) -> usize {
        let offset = index.0.saturating_sub(self.base.0);
        usize::try_from(offset).map_or(self.entries.len(), |place| place.min(self.entries.len()))
    }

    /// The entries in `(after, upto]`.
    pub(crate) fn range(&self, after: Index, upto: Index) -> &[Entry] {
        let (start, end) = (self.place_after(after), self.place_after(upto));
        self.entries.get(start..end).unwrap_or_default()
    }

    /// The entries after `after`: one, and then as many as stay within `bytes`.
    pub(crate) fn batch(&self, after: Index, bytes: u64) -> &[Entry] {
        let rest = self.range(after, self.last());
        let mut size = 0;
        let count = rest.iter().take_while(|entry| {
            let first = size == 0;
            size += entry.size();
            first || size <= bytes
        });
        let count = count.count();
        &rest[..count]
    }

    /// True if a log that ends there has at least everything that is committed here.
    pub(crate) fn is_up_to_date(&self, last_index: Index, last_term: Term) -> bool {
        (last_term, last_index) >= (self.last_term(), self.last()) || sim::planted!(ShortLogElected)
    }

    /// The newest position at or below `index` whose term is at most `term`: above it, a log with
    /// `term` at `index` cannot agree with this one. Term 0 stands for "unknown".
    pub(crate) fn newest_possible_match(&self, index: Index, term: Term) -> (Index, Term) {
        let mut at = index.min(self.last());
        loop {
            match self.term(at) {
                Some(own) if own <= term => return (at, own),
                Some(_) if at.0 > 0 => at = at.previous(),
                Some(_) | None => return (at, Term(0)),
            }
        }
    }

    /// Appends at the end. The caller made the entries contiguous with it.
    pub(crate) fn push(&mut self, entry: Entry) {
        debug_assert_eq!(entry.index, self.last().next());
        self.entries.push(entry);
    }

    /// Takes a leader's append: replaces what conflicts, keeps what is already there (an older,
    /// shorter append that arrives late cuts nothing). Gives the last index that now equals the leader's.
    pub(crate) fn append(
        &mut self,
        previous: Index,
        previous_term: Term,
        entries: Vec<Entry>,
    ) -> Result<Result<Index, Mismatch>, Contradiction> {
        let term = self.term(previous);
        if term != Some(previous_term) && !(term.is_some() && sim::planted!(MismatchAppended)) {
            return Ok(Err(Mismatch));
        }
        let equal_upto = entries.last().map_or(previous, |entry| entry.index);
        let known = entries.iter().take_while(|entry| self.term(entry.index) == Some(entry.term));
        let known = known.count();
        if let Some(first_new) = entries.get(known) {
            if first_new.index <= self.commit {
                return Err(Contradiction);
            }
            self.cut_from(first_new.index);
            self.entries.extend(entries.into_iter().skip(known));
        }
        Ok(Ok(equal_upto))
    }

    /// Drops the entries from `first` on, and every claim that they are or will be durable.
    pub(crate) fn cut_from(&mut self, first: Index) {
        self.entries.truncate(self.place_after(first.previous()));
        self.lower_claims(first.previous());
    }

    fn lower_claims(&mut self, upto: Index) {
        self.stable = self.stable.min(upto);
        self.unsaved = self.unsaved.min(upto.next());
        for (_, durable) in &mut self.writes {
            *durable = (*durable).min(upto);
        }
    }

    /// Raises the commit index, at most to the end of the log. True if it rose.
    pub(crate) fn commit_to(&mut self, index: Index) -> bool {
        let index = index.min(self.last());
        let rises = self.commit < index;
        if rises {
            self.commit = index;
        }
        rises
    }

    /// Replaces the log by a received snapshot above the commit index.
    pub(crate) fn install(&mut self, snapshot: Snapshot) {
        // What is in flight may contradict the snapshot: it vouches for committed entries only.
        self.lower_claims(self.commit);
        self.entries.clear();
        (self.base, self.base_term) = (snapshot.index, snapshot.term);
        self.commit = snapshot.index;
        self.handed_out = snapshot.index;
        self.unsaved = snapshot.index.next();
        self.snapshot = Some(snapshot);
        self.incoming = true;
    }

    /// True while a received snapshot is not durable: the log has a gap on disk.
    pub(crate) fn is_installing(&self) -> bool {
        self.stable < self.base
    }

    /// True if a Ready would carry entries or a snapshot.
    pub(crate) fn has_unsaved(&self) -> bool {
        self.incoming || self.unsaved <= self.last()
    }

    /// What write `number` consists of, taken out once.
    pub(crate) fn take_unsaved(&mut self, number: u64) -> (Option<Snapshot>, Vec<Entry>) {
        let snapshot = if self.incoming { self.snapshot.clone() } else { None };
        self.incoming = false;
        let entries = self.range(self.unsaved.previous(), self.last()).to_vec();
        self.unsaved = self.last().next();
        self.writes.push_back((number, self.last()));
        (snapshot, entries)
    }

    /// The disk completed all writes up to `number`.
    pub(crate) fn saved(&mut self, number: u64) {
        while let Some((_, durable)) = self.writes.pop_front_if(|(n, _)| *n <= number) {
            self.stable = self.stable.max(durable);
        }
    }

    /// Committed and durable entries that were not handed out yet, at most `count`.
    pub(crate) fn take_committed(&mut self, count: usize) -> Vec<Entry> {
        let early = sim::planted!(UncommittedApplied);
        let ready = if early { self.stable } else { self.commit.min(self.stable) };
        if ready <= self.handed_out {
            return Vec::new();
        }
        let all = self.range(self.handed_out, ready);
        let taken = all[..count.min(all.len())].to_vec();
        if let Some(entry) = taken.last() {
            self.handed_out = entry.index;
        }
        taken
    }

    /// The caller's state machine includes everything up to `index`.
    pub(crate) fn applied_to(&mut self, index: Index) {
        self.applied = self.applied.max(index.min(self.handed_out));
    }

    /// The changes of members that are committed and wait to be applied.
    pub(crate) fn unapplied_changes(&self) -> impl Iterator<Item = &ConfChange> {
        self.range(self.applied, self.commit).iter().filter_map(Entry::conf_change)
    }

    /// Drops the entries up to `upto`; `snapshot` stands in for them.
    pub(crate) fn compact(&mut self, upto: Index, snapshot: Snapshot) -> Result<(), CompactError> {
        if self.applied.min(self.stable) < snapshot.index {
            return Err(CompactError::NotApplied(snapshot.index));
        }
        let older = self.snapshot.as_ref().is_some_and(|s| snapshot.index < s.index);
        let ours = snapshot.index < self.base || self.term(snapshot.index) == Some(snapshot.term);
        if snapshot.index < upto || older || !ours {
            return Err(CompactError::Uncovered);
        }
        if let Some(term) = self.term(upto)
            && self.base < upto
        {
            self.entries.drain(..self.place_after(upto));
            (self.base, self.base_term) = (upto, term);
        }
        self.snapshot = Some(snapshot);
        Ok(())
    }
}

/// The entries up to the first gap or fall of a term: a disk that lost something gives no more.
fn contiguous_prefix(mut entries: Vec<Entry>) -> Vec<Entry> {
    let good = entries
        .windows(2)
        .take_while(|pair| pair[1].index == pair[0].index.next() && pair[0].term <= pair[1].term)
        .count();
    entries.truncate(good + 1);
    if entries.first().is_some_and(|entry| entry.index.0 == 0) {
        entries.clear();
    }
    entries
}

#[cfg(test)]
mod tests;
