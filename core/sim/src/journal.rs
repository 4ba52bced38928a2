//! What changed lately, for onlookers that look only at what is new.
//!
//! Whoever changes named byte strings (a disk's files, a file system's inodes) notes each change here.
//! An onlooker remembers how many changes it has seen and asks for those since; if that is too long
//! ago it is told to look at everything. Onlookers leave no mark, so there may be any number of them.

use std::collections::VecDeque;

use crate::trace::EventId;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    number: u64,
    /// What changed.
    pub path: String,
    /// So many bytes at its start are what they were: the old size for what was only appended to.
    pub kept_size: u64,
    /// The event behind it, if whoever changed it has said so.
    pub cause: Option<EventId>,
}

/// The last changes and how many there ever were.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    count: u64,
    /// The newest last.
    recent: VecDeque<Change>,
    /// The number of the newest change that is no longer remembered.
    forgotten: u64,
    /// How many of the newest still wait for [`Journal::explain`].
    open: usize,
}

/// How many changes are remembered. An onlooker that looks after every event is never further behind
/// unless one event changed more than this; looking at everything is as fast then.
const RECENT_COUNT_MAX: usize = 128;

impl Journal {
    /// Notes that `path` changed behind its first `kept_size` bytes.
    pub fn note(&mut self, path: &str, kept_size: u64) {
        self.count += 1;
        if self.open > 0
            && let Some(last) = self.recent.back_mut().filter(|last| last.path == path)
        {
            // A program writes its file piece by piece: one change with the newest number.
            last.number = self.count;
            last.kept_size = last.kept_size.min(kept_size);
            return;
        }
        if self.recent.len() == RECENT_COUNT_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            self.forgotten = oldest.number;
            self.open = self.open.min(self.recent.len());
        }
        let (number, path) = (self.count, path.to_owned());
        self.recent.push_back(Change { number, path, kept_size, cause: None });
        self.open += 1;
    }

    /// Notes that anything may have changed.
    pub fn note_all(&mut self) {
        self.count += 1;
        self.forgotten = self.count;
        self.recent.clear();
        self.open = 0;
    }

    /// Names the event behind all changes that have none yet.
    pub fn explain(&mut self, cause: Option<EventId>) {
        for change in self.recent.iter_mut().rev().take(self.open) {
            change.cause = cause;
        }
        self.open = 0;
    }

    /// True when changes wait for [`Journal::explain`].
    pub const fn is_open(&self) -> bool {
        self.open > 0
    }

    /// How many changes there ever were.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The changes after the first `seen`, oldest first; nothing if some of them are forgotten.
    pub fn since(&self, seen: u64) -> Option<impl Iterator<Item = &Change>> {
        let is_known = self.forgotten <= seen;
        is_known.then(|| self.recent.iter().filter(move |change| seen < change.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(journal: &Journal, seen: u64) -> Option<Vec<(&str, u64)>> {
        let seen = journal.since(seen)?;
        Some(seen.map(|change| (change.path.as_str(), change.kept_size)).collect())
    }

    #[test]
    fn an_onlooker_gets_what_is_new_or_is_told_to_look_at_all() {
        let mut journal = Journal::default();
        journal.note("/a", 0);
        journal.note("/a", 10);
        journal.note("/b", 4);
        assert_eq!(since(&journal, 0), Some(vec![("/a", 0), ("/b", 4)]));
        assert_eq!(since(&journal, 1), Some(vec![("/a", 0), ("/b", 4)]));
        assert_eq!(since(&journal, 2), Some(vec![("/b", 4)]));
        assert_eq!(since(&journal, journal.count()), Some(vec![]));
        for _ in 0..RECENT_COUNT_MAX {
            journal.note("/c", 0);
            journal.explain(None);
        }
        assert_eq!(since(&journal, 2), None);
        assert!(since(&journal, journal.count() - 5).is_some());
        journal.note_all();
        assert_eq!(since(&journal, journal.count() - 1), None);
        assert_eq!(since(&journal, journal.count()), Some(vec![]));
    }

    #[test]
    fn a_cause_is_named_for_what_has_none() {
        let mut journal = Journal::default();
        journal.note("/a", 0);
        journal.explain(Some(EventId(1)));
        journal.note("/a", 3);
        journal.note("/b", 0);
        journal.explain(Some(EventId(2)));
        let causes: Vec<_> =
            journal.since(0).unwrap().map(|change| change.cause.unwrap().0).collect();
        assert_eq!(causes, [1, 2, 2]);
    }
}
