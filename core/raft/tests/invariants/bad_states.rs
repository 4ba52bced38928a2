//! Bad states, each of which its invariant has to complain about. What the invariants accept is shown by
//! every seed of the random faults.

use sorted::SortedMap;
use std::rc::Rc;

use glasshive_raft::{Committed, Config, HardState, PeerStatus, ProgressState};

use super::*;

fn entry(index: u64, term: u64, data: &[u8]) -> Entry {
    let payload = Payload::Data(Rc::from(data));
    Entry { term: Term(term), index: Index(index), payload }
}

fn change(index: u64, term: u64, id: u64) -> Entry {
    let payload = Payload::ConfChange(ConfChange::RemoveVoter { id: RaftId(id) });
    Entry { term: Term(term), index: Index(index), payload }
}

/// A leader of term 2 whose whole log is committed and applied.
fn view(id: u64, entries: &[Entry]) -> View {
    let last_index = entries.last().map_or(Index(0), |entry| entry.index);
    let status = Status {
        id: RaftId(id),
        role: Role::Leader,
        term: Term(2),
        vote: Some(RaftId(id)),
        leader: Some(RaftId(id)),
        commit: last_index,
        applied: last_index,
        durable_index: last_index,
        last_index,
        voters: voters(),
        progress: SortedMap::new(),
        transfer_to: None,
        elapsed_ticks: 0,
        timeout_ticks: 10,
        campaign_obstacle: None,
    };
    View { starts: 1, status, base: (Index(0), Term(0)), entries: entries.to_vec(), window: 2 }
}

fn voters() -> Vec<RaftId> {
    [1, 2, 3].map(RaftId).to_vec()
}

/// An empty disk that remembers a vote in term 2.
fn disk(vote: u64) -> Disk {
    let hard_state = HardState { term: Term(2), vote: Some(RaftId(vote)), commit: Index(0) };
    Disk { hard_state, ..Disk::default() }
}

fn witness() -> Witness {
    Witness::new(voters())
}

#[track_caller]
fn complains(verdict: Verdict, name: &str) {
    let problem = verdict.expect_err("a bad state was accepted");
    assert!(problem.contains(name), "{problem}");
}

#[test]
fn r1_two_leaders_in_a_term() {
    let mut witness = witness();
    one_leader_per_term(&mut witness, &view(1, &[])).unwrap();
    complains(one_leader_per_term(&mut witness, &view(2, &[])), "R1");
}

#[test]
fn r2_two_committed_entries_at_an_index() {
    let mut witness = witness();
    committed_entries_are_equal(&mut witness, None, &view(1, &[entry(1, 1, b"a")])).unwrap();
    let other = view(2, &[entry(1, 2, b"b")]);
    complains(committed_entries_are_equal(&mut witness, None, &other), "R2");
}

#[test]
fn r3_two_entries_or_two_pasts_under_one_name() {
    let mut witness = witness();
    let good = view(1, &[entry(1, 1, b"a"), entry(2, 2, b"b")]);
    index_and_term_name_the_prefix(&mut witness, &good).unwrap();
    let other_entry = view(2, &[entry(1, 1, b"c")]);
    complains(index_and_term_name_the_prefix(&mut witness, &other_entry), "R3");
    let other_past = view(2, &[entry(1, 2, b"d"), entry(2, 2, b"b")]);
    complains(index_and_term_name_the_prefix(&mut witness, &other_past), "R3");
}

#[test]
fn r4_a_leader_without_a_committed_entry() {
    let mut witness = witness();
    committed_entries_are_equal(&mut witness, None, &view(1, &[entry(1, 1, b"a")])).unwrap();
    let mut later = view(2, &[]);
    later.status.term = Term(3);
    complains(leaders_are_complete(&witness, None, &later), "R4");
}

#[test]
fn r5_a_leader_that_cuts_its_log() {
    let longer = view(1, &[entry(1, 1, b"a"), entry(2, 1, b"b")]);
    complains(leaders_only_append(&longer, &view(1, &[entry(1, 1, b"a")])), "R5");
}

#[test]
fn r6_what_goes_back() {
    let now = view(1, &[entry(1, 1, b"a")]);
    let goes_back = |alter: fn(&mut Status)| {
        let mut later = now.clone();
        alter(&mut later.status);
        complains(nothing_goes_back(&now, &later), "R6");
    };
    goes_back(|status| status.term = Term(1));
    goes_back(|status| status.commit = Index(0));
    goes_back(|status| status.applied = Index(0));
    goes_back(|status| status.vote = Some(RaftId(3)));

    let mut witness = witness();
    let mut disk = disk(1);
    durable_state_never_goes_back(&mut witness, RaftId(1), &disk).unwrap();
    disk.hard_state.vote = Some(RaftId(2));
    complains(durable_state_never_goes_back(&mut witness, RaftId(1), &disk), "R6");
    disk.hard_state.term = Term(1);
    complains(durable_state_never_goes_back(&mut witness, RaftId(1), &disk), "R6");
}

#[test]
fn r7_a_log_in_disorder() {
    let good = view(1, &[entry(1, 1, b"a"), entry(2, 2, b"b")]);
    let disorder = |alter: fn(&mut View)| {
        let mut bad = good.clone();
        alter(&mut bad);
        complains(log_is_in_order(&bad), "R7");
    };
    log_is_in_order(&good).unwrap();
    disorder(|view| view.entries[1].index = Index(3));
    disorder(|view| view.entries[0].term = Term(3));
    disorder(|view| view.status.commit = Index(3));
    disorder(|view| view.status.commit = Index(1));
    disorder(|view| view.base = (Index(5), Term(1)));
}

#[test]
fn r8_progress_beyond_its_bounds() {
    let with = |matched, next, inflight_count| {
        let (matched, next) = (Index(matched), Index(next));
        let state = ProgressState::Replicate;
        let peer = PeerStatus { matched, next, state, inflight_count, recently_active: true };
        let mut view = view(1, &[]);
        view.status.progress.insert(RaftId(2), peer);
        progress_is_sane(&view)
    };
    with(3, 4, 2).unwrap();
    complains(with(3, 3, 0), "R8");
    complains(with(3, 4, 3), "R8");
}

#[test]
fn r9_promises_ahead_of_the_disk() {
    let disk = disk(3);
    let (from, to, term) = (RaftId(1), RaftId(2), Term(2));
    let says = |body| {
        complains(promises_are_durable(&Message { from, to, term, body }, &disk), "R9");
    };
    says(MessageBody::VoteResponse { granted: true, committed: Committed::default() });
    says(MessageBody::AppendAccepted { matched: Index(1) });
    let (last_index, last_term) = (Index(0), Term(0));
    says(MessageBody::VoteRequest { last_index, last_term, transfer: false });
}

#[test]
fn r10_commits_without_a_quorum_of_disks_or_of_an_old_term() {
    let member = |id: u64, entries: &[Entry]| {
        let mut member = Member::new(Config::new(RaftId(id)), voters());
        member.disk.entries = entries.to_vec();
        (RaftId(id), member)
    };
    let before = view(1, &[]);
    let log = [entry(1, 2, b"a")];
    let minority = SortedMap::from([member(1, &log), member(2, &[]), member(3, &[])]);
    let majority = SortedMap::from([member(1, &log), member(2, &log), member(3, &[])]);
    let after = view(1, &log);
    commits_are_durable_on_a_quorum(&before, &after, &majority).unwrap();
    complains(commits_are_durable_on_a_quorum(&before, &after, &minority), "R10");
    let old = view(1, &[entry(1, 1, b"a")]);
    complains(commits_are_durable_on_a_quorum(&before, &old, &majority), "R10");
}

#[test]
fn r11_two_changes_at_a_time() {
    let two = view(1, &[change(1, 1, 2), change(2, 1, 3)]);
    complains(one_change_at_a_time(&witness(), &two), "R11");
}

#[test]
fn r12_voters_that_the_log_does_not_name() {
    let mut witness = witness();
    let with_all = view(1, &[change(1, 1, 3)]);
    committed_entries_are_equal(&mut witness, None, &with_all).unwrap();
    complains(configuration_follows_the_log(&witness, &with_all), "R12");
}

#[test]
fn r13_a_campaign_before_a_change_is_applied() {
    let mut before = view(1, &[change(1, 1, 3)]);
    before.status.role = Role::Follower;
    before.status.applied = Index(0);
    let mut after = before.clone();
    after.status.role = Role::Candidate;
    complains(nobody_campaigns_with_unapplied_change(&before, &after), "R13");
}

#[test]
fn a_state_machine_that_is_not_the_log() {
    let mut witness = witness();
    committed_entries_are_equal(&mut witness, None, &view(1, &[entry(1, 1, b"a")])).unwrap();
    let data = vec![(Index(1), b"b".to_vec())];
    let machine = Machine { applied: Index(1), data, removed: Vec::new() };
    complains(state_machines_are_equal(&witness, &machine), "state machine");
}
