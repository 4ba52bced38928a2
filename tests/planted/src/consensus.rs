//! What random histories hardly ever come to in the raft group: a leader is lost at just the wrong moment,
//! or a member alone is told what its peers would say then.

use std::rc::Rc;

use invariants::Broken;
use invariants::raft::{append_only, own_term_commits};
use raft::{
    Committed, Config, Entry, HardState, Index, Message, MessageBody, Payload, Raft, RaftId,
    Restored, Role, Term,
};
use sweep::Failure;
use world::{Fault, Input};

use crate::lab::{Lab, Step};

/// The leader is cut off with an entry of its own, and another one leads: who, and who follows it.
fn depose(lab: &mut Lab<'_>) -> Step<(&'static str, &'static str)> {
    lab.write("m1", "/root/f", "x")?;
    lab.cut("m1", true)?;
    lab.type_line("m1", "docker secret create own f")?;
    lab.wait_until(|lab| lab.leads("m2") || lab.leads("m3"))?;
    Ok(if lab.leads("m2") { ("m2", "m3") } else { ("m3", "m2") })
}

/// The next leader is lost as soon as another member has its first entry. A third one is elected that
/// way, and believes that the first one's log is like its own.
pub(crate) fn two_leaders_are_lost(lab: &mut Lab<'_>) -> Step {
    let (leader, other) = depose(lab)?;
    let newest = |lab: &Lab<'_>, node| lab.raft(node).map(|at| at.last_term);
    lab.wait_until(|lab| newest(lab, other) == newest(lab, leader))?;
    lab.crash(leader)?;
    lab.cut("m1", false)?;
    lab.wait_until(|lab| lab.leads(other))?;
    lab.wait(5)
}

/// A leader comes back with an entry that nobody else has, where others have committed another.
pub(crate) fn deposed_leader_comes_back(lab: &mut Lab<'_>) -> Step {
    let (leader, _) = depose(lab)?;
    let end = lab.raft("m1").map(|at| at.last_index);
    lab.wait_until(|lab| end <= lab.raft(leader).map(|at| at.commit))?;
    lab.cut("m1", false)?;
    lab.wait(5)
}

/// A leader starts again in the term in which it has voted for itself.
pub(crate) fn leader_starts_again(lab: &mut Lab<'_>) -> Step {
    lab.crash("m1")?;
    lab.restart("m1")?;
    lab.wait(5)
}

/// A leader sleeps while another one is elected.
pub(crate) fn leader_sleeps(lab: &mut Lab<'_>) -> Step {
    lab.apply(Input::fault(Fault::Freeze("m1".into())))?;
    lab.wait_until(|lab| lab.leads("m2") || lab.leads("m3"))?;
    lab.wait(2)?;
    lab.apply(Input::fault(Fault::Thaw("m1".into())))?;
    lab.wait(5)
}

/// The first of three members, with an entry of term 1 that nobody committed; it leads term 2.
fn leader() -> Raft {
    let payload = Payload::Data(Rc::from(&b"x"[..]));
    let restored = Restored {
        hard_state: HardState { term: Term(1), vote: None, commit: Index(0) },
        entries: vec![Entry { term: Term(1), index: Index(1), payload }],
        voters: [1, 2, 3].map(RaftId).to_vec(),
        ..Restored::default()
    };
    let rng = sim::Streams::new(1).stream("raft");
    let mut raft = Raft::new(Config::new(RaftId(1)), restored, rng);
    raft.campaign();
    settle(&mut raft);
    let (granted, committed) = (true, Committed::default());
    hear(&mut raft, MessageBody::VoteResponse { granted, committed });
    raft
}

/// All that is to be on the disk is there.
fn settle(raft: &mut Raft) {
    while let Some(ready) = raft.ready() {
        raft.persisted(ready.number);
    }
}

/// The second member says something, as a correct one would: it is not refused.
fn hear(raft: &mut Raft, body: MessageBody) {
    let message = Message { from: RaftId(2), to: RaftId(1), term: Term(2), body };
    raft.step(message).expect("a correct member may send that");
    settle(raft);
}

fn failure(broken: Broken) -> Failure {
    Failure::new(broken.invariant.name, broken.what)
}

/// A leader has an entry of an old term on a majority, and none of its own (Raft paper, figure 8).
pub(crate) fn old_term_on_a_majority() -> Step {
    let mut raft = leader();
    hear(&mut raft, MessageBody::AppendAccepted { matched: Index(1) });
    let at = raft.position();
    if at.role != Role::Leader {
        return Err(Failure::new("scenario", format!("it does not lead: {at:?}")));
    }
    if at.commit == Index(0) {
        return Ok(());
    }
    let entry = raft.log_entries().iter().find(|entry| entry.index == at.commit);
    own_term_commits::check(at.term, at.commit, entry.map(|entry| entry.term)).map_err(failure)
}

/// A member has less than its leader thinks, and says so.
pub(crate) fn member_that_lacks_entries() -> Step {
    let mut raft = leader();
    let before = raft.position();
    let (hint, hint_term) = (Index(0), Term(0));
    hear(&mut raft, MessageBody::AppendRejected { rejected: Index(1), hint, hint_term });
    append_only::check(&before, &raft.position()).map_err(failure)
}

/// A leader hands over to a member that does not answer.
pub(crate) fn hand_over_to_nobody() -> Step {
    let mut raft = leader();
    hear(&mut raft, MessageBody::AppendAccepted { matched: Index(1) });
    raft.transfer_leadership(RaftId(3));
    for _ in 0..40 {
        raft.tick();
        hear(&mut raft, MessageBody::AppendAccepted { matched: Index(1) });
    }
    let status = raft.status();
    if status.role == Role::Leader && status.transfer_to.is_none() {
        return Ok(());
    }
    Err(Failure::new("a_transfer_is_given_up", format!("{status:?}")))
}
