//! What a disk, a leader and a crash can do to the log.

use super::*;
use crate::{HardState, Payload, RaftId};

/// E6: a log that ends at (index 2, term 2) against four candidates.
#[test]
fn only_a_log_at_least_as_new_gets_the_vote() {
    let entries = [1, 2].map(|n| Entry { term: Term(n), index: Index(n), payload: Payload::Empty });
    let mut restored = Restored { entries: entries.to_vec(), ..Restored::default() };
    let log = Log::restore(&mut restored);
    let answers =
        [(5, 1), (1, 2), (2, 2), (1, 3)].map(|(i, t)| log.is_up_to_date(Index(i), Term(t)));
    assert_eq!(answers, [false, false, true, true]);
}

fn log(terms: &[u64]) -> Log {
    let entries = entries(1, terms);
    Log::restore(&mut Restored { entries, ..Restored::default() })
}

fn entries(first: u64, terms: &[u64]) -> Vec<Entry> {
    let entry = |(index, term): (u64, &u64)| Entry {
        term: Term(*term),
        index: Index(index),
        payload: Payload::Empty,
    };
    (first..).zip(terms).map(entry).collect()
}

fn terms(log: &Log) -> Vec<u64> {
    log.entries().iter().map(|entry| entry.term.0).collect()
}

fn snapshot(index: u64, term: u64) -> Snapshot {
    let voters = vec![RaftId(1)];
    Snapshot { index: Index(index), term: Term(term), voters, data: Vec::new().into() }
}

/// R4: an older, shorter append that arrives late cuts nothing.
#[test]
fn a_late_append_cuts_nothing() {
    let mut log = log(&[1, 2, 2]);
    let equal_upto = log.append(Index(1), Term(1), entries(2, &[2]));
    assert_eq!(equal_upto.unwrap().unwrap(), Index(2));
    assert_eq!(terms(&log), [1, 2, 2]);
}

/// D9: three terms rewrite one index while the writes are in flight. The first and the third
/// write the same entry, and yet only the third completion makes it durable: the second write
/// replaces it on disk in between.
#[test]
fn a_late_completion_marks_no_newer_entry_durable() {
    let mut log = log(&[1]);
    for (number, term) in [(1, 2), (2, 3), (3, 2)] {
        log.append(Index(1), Term(1), entries(2, &[term])).unwrap().unwrap();
        assert_eq!(log.take_unsaved(number).1, entries(2, &[term]));
    }
    let durable = [1, 2, 3].map(|number| {
        log.saved(number);
        log.stable().0
    });
    assert_eq!(durable, [1, 1, 2]);
}

/// S11: a second snapshot arrives before the first is durable.
#[test]
fn of_two_snapshots_in_flight_each_completion_marks_its_own() {
    let mut log = Log::default();
    log.push(entries(1, &[1]).remove(0));
    log.take_unsaved(1);
    log.install(snapshot(10, 1));
    assert_eq!(log.take_unsaved(2).0.unwrap().index, Index(10));
    log.install(snapshot(20, 2));
    assert_eq!(log.take_unsaved(3).0.unwrap().index, Index(20));
    let durable = [1, 2, 3].map(|number| {
        log.saved(number);
        (log.stable().0, log.is_installing())
    });
    assert_eq!(durable, [(0, true), (10, true), (20, false)]);
}

/// Committed entries are never replaced, whatever a broken peer sends.
#[test]
fn an_append_against_committed_entries_is_refused() {
    let mut log = log(&[1, 1]);
    log.commit_to(Index(2));
    assert!(log.append(Index(1), Term(1), entries(2, &[5])).is_err());
    assert_eq!(terms(&log), [1, 1]);
}

/// D6, B27: the disk's commit index may be older or newer than its log.
#[test]
fn the_commit_index_is_at_most_the_end_of_the_log() {
    let commit = |index| HardState { commit: Index(index), ..HardState::default() };
    let restore = |index| {
        let entries = entries(1, &[1, 1]);
        Log::restore(&mut Restored { hard_state: commit(index), entries, ..Restored::default() })
            .commit()
    };
    assert_eq!([0, 1, 2, 9].map(restore), [Index(0), Index(1), Index(2), Index(2)]);
}

/// The commit index is written without a sync. But a leader proposes a change of members only after it
/// applied the one before: so of several changes in a log all but the newest are committed. Without
/// that a member could restart with voters two steps old and campaign with them.
#[test]
fn all_changes_of_members_but_the_newest_are_committed() {
    let commit = |changes: &[usize]| {
        let mut entries = entries(1, &[1, 1, 1, 1, 1, 1]);
        for index in changes {
            let change = ConfChange::RemoveVoter { id: RaftId(9) };
            entries[index - 1].payload = Payload::ConfChange(change);
        }
        Log::restore(&mut Restored { entries, ..Restored::default() }).commit().0
    };
    assert_eq!([commit(&[]), commit(&[2]), commit(&[2, 5]), commit(&[1, 3, 6])], [0, 0, 2, 3]);
}

/// S10: every state that a crash around the installation of a snapshot can leave behind gives one
/// log without a gap.
#[test]
fn a_crash_around_a_snapshot_leaves_one_consistent_log() {
    let restore = |entries: Vec<Entry>| {
        let snapshot = Some(snapshot(5, 2));
        let log = Log::restore(&mut Restored { snapshot, entries, ..Restored::default() });
        (log.base().0.0, terms(&log), log.commit().0)
    };
    // The old log is still there, shorter than the snapshot, or with another entry at 5.
    assert_eq!(restore(entries(1, &[1, 1])), (5, vec![], 5));
    assert_eq!(restore(entries(1, &[1, 1, 1, 1, 1, 1])), (5, vec![], 5));
    // The snapshot is this log's own: the entries before it were kept, or some of them.
    assert_eq!(restore(entries(1, &[1, 1, 1, 2, 2, 3])), (0, vec![1, 1, 1, 2, 2, 3], 5));
    assert_eq!(restore(entries(3, &[1, 2, 2, 3])), (3, vec![2, 2, 3], 5));
    // The log begins right after it, or leaves a gap that no correct disk leaves.
    assert_eq!(restore(entries(6, &[3, 3])), (5, vec![3, 3], 5));
    assert_eq!(restore(entries(7, &[3])), (5, vec![], 5));
    assert_eq!(restore(Vec::new()), (5, vec![], 5));
}

/// R6: what cannot agree is skipped by whole terms.
#[test]
fn a_hint_skips_whole_terms() {
    let leader = log(&[1, 3, 3, 3, 5, 5, 5, 5, 5]);
    let follower = log(&[1, 1, 1, 1, 2, 2, 2, 2]);
    let hint = follower.newest_possible_match(Index(9), Term(5));
    assert_eq!(hint, (Index(8), Term(2)));
    assert_eq!(leader.newest_possible_match(hint.0, hint.1), (Index(1), Term(1)));
}

#[test]
fn a_batch_has_one_entry_at_least_and_fits_otherwise() {
    let mut log = log(&[]);
    for (entry, size) in entries(1, &[1, 1, 1]).into_iter().zip([100, 10, 10]) {
        let payload = Payload::Data(vec![0; size].into());
        log.push(Entry { payload, ..entry });
    }
    let count = |bytes| log.batch(Index(0), bytes).len();
    assert_eq!([1, 141, 142, 167, 168].map(count), [1, 1, 2, 2, 3]);
}
