//! The world of one seed: members, disks, the network, and what can happen to them.

use sorted::{SortedMap, SortedSet};
use std::fmt::Write as _;

use glasshive_raft::{
    ConfChange, Config, HardState, Index, Message, ProposeError, RaftId, Role, Snapshot, StepError,
    Term,
};
use sim::{Rng, Streams};

use super::{Faults, Seen};
use crate::cluster::{Machine, Member, encode};
use crate::invariants::{Verdict, Witness, promises_are_durable};

/// Messages under way at most; more are lost, as in a full queue.
const QUEUE_COUNT_MAX: usize = 200;
/// Members at most, the removed ones not counted.
const VOTER_COUNT_MAX: usize = 5;
/// Ticks within which a healed cluster must agree.
const CONVERGENCE_TICKS: u64 = 400;

pub(super) struct World {
    streams: Streams,
    rng: Rng,
    faults: Faults,
    config: Config,
    members: SortedMap<RaftId, Member>,
    queue: Vec<Message>,
    cut: SortedSet<(RaftId, RaftId)>,
    witness: Witness,
    next_id: u64,
    next_value: u64,
    pub(super) seen: Seen,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let streams = Streams::new(seed);
        let mut rng = streams.stream("faults");
        let faults = Faults::draw(&mut rng);
        let mut config = Config::new(RaftId(0));
        config.pre_vote = rng.chance(1, 2);
        config.check_quorum = rng.chance(2, 3);
        config.election_ticks = 4;
        config.max_inflight_count = *rng.pick(&[1, 2, 8, 256]).expect("not empty");
        config.max_message_size = *rng.pick(&[1, 64, 65_535]).expect("not empty");
        let count = rng.between(1, 5);
        let voters: Vec<RaftId> = (1..=count).map(RaftId).collect();
        let witness = Witness::new(voters.clone());
        let mut world = Self {
            streams,
            rng,
            faults,
            config,
            members: SortedMap::new(),
            queue: Vec::new(),
            cut: SortedSet::new(),
            witness,
            next_id: count + 1,
            next_value: 0,
            seen: Seen::default(),
        };
        let (index, term) = (Index(1), Term(1));
        let machine = Machine { applied: index, ..Machine::default() };
        let data = encode(&machine).into();
        let first = Snapshot { index, term, voters: voters.clone(), data };
        for id in voters {
            let mut member = world.blank(id);
            member.disk.snapshot = Some(first.clone());
            member.disk.hard_state = HardState { term, vote: None, commit: index };
            member.start(streams);
            world.members.insert(id, member);
        }
        world
    }

    fn blank(&self, id: RaftId) -> Member {
        Member::new(Config { id, ..self.config.clone() }, Vec::new())
    }

    /// The phase with faults: safety only.
    pub(super) fn rampage(&mut self, event_count: u64) -> Verdict {
        for _ in 0..event_count {
            let ids: Vec<RaftId> = self.members.keys().copied().collect();
            let id = *self.rng.pick(&ids).expect("there is a member");
            self.event(id)?;
        }
        Ok(())
    }

    fn event(&mut self, id: RaftId) -> Verdict {
        let faults = &self.faults;
        let mut dice = self.rng.below(1_000);
        let mut falls = |rate: u64| {
            let hit = dice < rate;
            dice = dice.saturating_sub(rate);
            hit
        };
        if falls(faults.crash) {
            self.crash_or_restart(id);
        } else if falls(faults.cut) {
            self.cut_or_heal();
        } else if falls(faults.change) {
            self.change_members();
        } else if falls(faults.transfer) {
            self.transfer();
        } else if falls(faults.compact) {
            self.compact(id);
        } else if falls(faults.campaign) {
            if let Some(raft) = &mut self.member(id).raft {
                raft.campaign();
            }
        } else {
            return self.ordinary_event(id);
        }
        self.check(id)
    }

    fn ordinary_event(&mut self, id: RaftId) -> Verdict {
        if self.members[&id].raft.is_none() && self.rng.chance(1, 4) {
            self.crash_or_restart(id);
        }
        match self.rng.below(100) {
            0..40 => return self.deliver(),
            40..48 => self.run_clock(id)?,
            48..72 => self.ready(id)?,
            72..86 => {
                self.member(id).complete_write();
            }
            86..94 => {
                let count = if self.rng.chance(1, 2) { 1 } else { usize::MAX };
                self.apply(id, count);
            }
            _ => return self.propose(),
        }
        self.check(id)
    }

    fn member(&mut self, id: RaftId) -> &mut Member {
        self.members.get_mut(&id).expect("ids come from the map")
    }

    fn check(&mut self, id: RaftId) -> Verdict {
        let before = self.witness.commit();
        let verdict = self.witness.check(&self.members, id);
        self.seen.commits += self.witness.commit().0 - before.0;
        verdict
    }

    fn tick(&mut self, id: RaftId) {
        if let Some(raft) = &mut self.member(id).raft {
            raft.tick();
        }
    }

    /// A member's clock runs: mostly by one tick, sometimes by a whole election timeout, as after a pause.
    fn run_clock(&mut self, id: RaftId) -> Verdict {
        let ticks = if self.rng.chance(1, self.faults.calm) { 8 } else { 1 };
        for _ in 0..ticks {
            self.tick(id);
            self.check(id)?;
        }
        Ok(())
    }

    fn ready(&mut self, id: RaftId) -> Verdict {
        let Some(ready) = self.member(id).take_ready() else { return Ok(()) };
        self.seen.snapshots += u64::from(ready.snapshot.is_some());
        for message in ready.messages {
            promises_are_durable(&message, &self.members[&id].disk)?;
            let lost = self.cut.contains(&(message.from, message.to))
                || QUEUE_COUNT_MAX <= self.queue.len()
                || self.rng.chance(self.faults.loss, 1_000);
            if lost {
                let reported = self.rng.chance(1, 4);
                if let Some(raft) = &mut self.member(id).raft
                    && reported
                {
                    raft.report_unreachable(message.to);
                    raft.report_snapshot(message.to, false);
                }
            } else {
                self.queue.push(message);
            }
        }
        Ok(())
    }

    fn deliver(&mut self) -> Verdict {
        if self.queue.is_empty() {
            return Ok(());
        }
        let count = if self.faults.reorder { self.queue.len() } else { 1 };
        let place = usize::try_from(self.rng.below(count as u64)).expect("a place in the queue");
        let message = if self.rng.chance(self.faults.double, 1_000) {
            self.queue[place].clone()
        } else {
            self.queue.remove(place)
        };
        self.step(&message)
    }

    fn step(&mut self, message: &Message) -> Verdict {
        let Some(member) = self.members.get_mut(&message.to) else { return Ok(()) };
        let was_leader = member.raft.as_ref().is_some_and(|raft| raft.is_leader());
        match member.step(message) {
            Ok(()) | Err(StepError::Removed(_)) => {}
            Err(error) => {
                return Err(format!("a correct member's `{message}` was refused: {error}"));
            }
        }
        let leads = member.raft.as_ref().is_some_and(|raft| raft.is_leader());
        self.seen.elections += u64::from(leads && !was_leader);
        self.check(message.to)
    }

    fn apply(&mut self, id: RaftId, count: usize) {
        let before = self.member(id).machine.removed.len();
        let voters = |m: &Member| m.raft.as_ref().map_or(0, |raft| raft.voters().len());
        let voter_count = voters(&self.members[&id]);
        let _ = self.member(id).apply(count);
        let member = &self.members[&id];
        let changed = before != member.machine.removed.len() || voter_count != voters(member);
        self.seen.changes += u64::from(changed);
    }

    /// Somebody who thinks that it leads, or a random member if nobody does.
    fn some_leader(&mut self) -> RaftId {
        let leads = |m: &Member| m.raft.as_ref().is_some_and(|raft| raft.is_leader());
        let leaders = self.members.iter().filter(|(_, m)| leads(m)).map(|(id, _)| *id);
        let leaders: Vec<RaftId> = leaders.collect();
        let all: Vec<RaftId> = self.members.keys().copied().collect();
        let chosen = self.rng.pick(&leaders).or(all.first()).copied();
        chosen.expect("there is a member")
    }

    fn propose(&mut self) -> Verdict {
        let id = self.some_leader();
        self.next_value += 1;
        let value = self.next_value.to_le_bytes().to_vec();
        if let Some(raft) = &mut self.member(id).raft {
            let _ = raft.propose(value);
        }
        self.check(id)
    }

    fn change_members(&mut self) {
        let leader = self.some_leader();
        let Some(raft) = &self.members[&leader].raft else { return };
        let voters = raft.voters().to_vec();
        let add = voters.len() < VOTER_COUNT_MAX && self.rng.chance(1, 2);
        let change = if add {
            ConfChange::AddVoter { id: RaftId(self.next_id), context: vec![7; 3] }
        } else {
            let Some(id) = self.rng.pick(&voters).copied() else { return };
            ConfChange::RemoveVoter { id }
        };
        let proposed =
            self.member(leader).raft.as_mut().map(|raft| raft.propose_conf_change(change));
        if add && matches!(proposed, Some(Ok(_))) {
            let id = RaftId(self.next_id);
            self.next_id += 1;
            let mut member = self.blank(id);
            member.start(self.streams);
            self.members.insert(id, member);
        }
    }

    fn transfer(&mut self) {
        let leader = self.some_leader();
        let ids: Vec<RaftId> = self.members.keys().copied().collect();
        let to = *self.rng.pick(&ids).expect("there is a member");
        if let Some(raft) = &mut self.member(leader).raft {
            raft.transfer_leadership(to);
        }
    }

    fn compact(&mut self, id: RaftId) {
        let keep = self.rng.below(8);
        if self.members[&id].raft.is_some() {
            // Refused while what is applied came from a snapshot that is not durable yet.
            let _ = self.member(id).compact(keep);
        }
    }

    fn crash_or_restart(&mut self, id: RaftId) {
        let streams = self.streams;
        let parts = if self.rng.chance(1, 2) { 0 } else { self.rng.below(6) };
        if self.member(id).raft.is_some() {
            self.member(id).crash(parts);
            self.seen.crashes += 1;
        } else {
            self.member(id).start(streams);
        }
    }

    fn cut_or_heal(&mut self) {
        let ids: Vec<RaftId> = self.members.keys().copied().collect();
        match self.rng.below(4) {
            0 | 1 => self.cut.clear(),
            // One way between two, or all ways around one.
            2 => {
                let pair = (self.rng.pick(&ids).copied(), self.rng.pick(&ids).copied());
                if let (Some(from), Some(to)) = pair {
                    self.cut.insert((from, to));
                }
            }
            _ => {
                if let Some(alone) = self.rng.pick(&ids).copied() {
                    for other in ids {
                        self.cut.insert((alone, other));
                        self.cut.insert((other, alone));
                    }
                }
            }
        }
    }

    /// The phase of peace: everybody runs, nothing is lost, and within a bound all voters hold a value
    /// that was proposed in peace.
    pub(super) fn converge(&mut self) -> Verdict {
        self.cut.clear();
        self.faults.loss = 0;
        self.queue.clear();
        let ids: Vec<RaftId> = self.members.keys().copied().collect();
        for id in &ids {
            if self.members[id].raft.is_none() {
                let streams = self.streams;
                self.member(*id).start(streams);
            }
        }
        let mut wanted = None;
        for _ in 0..CONVERGENCE_TICKS {
            for id in &ids {
                self.tick(*id);
                self.check(*id)?;
            }
            self.settle(&ids)?;
            match wanted {
                None => wanted = self.propose_in_peace(),
                Some((index, voters)) if self.agree(index, &voters) => return Ok(()),
                // A leader of peace can still lose its office to a member that comes back.
                Some((index, voters)) => {
                    let lost = self.witness.commit() < index && self.some_leader_is_new(index);
                    wanted = (!lost).then_some((index, voters));
                }
            }
        }
        Err(format!("no convergence; wanted {wanted:?}"))
    }

    fn settle(&mut self, ids: &[RaftId]) -> Verdict {
        for _ in 0..2_000 {
            let mut busy = !self.queue.is_empty();
            for id in ids {
                let before = self.queue.len();
                self.ready(*id)?;
                busy |= self.member(*id).complete_write() || before < self.queue.len();
                self.check(*id)?;
                self.apply(*id, usize::MAX);
                self.check(*id)?;
            }
            for message in std::mem::take(&mut self.queue) {
                self.step(&message)?;
            }
            if !busy {
                return Ok(());
            }
        }
        Err("messages without end".to_owned())
    }

    /// Proposes at the leader of the newest term; gives the index and who must hold it.
    fn propose_in_peace(&mut self) -> Option<(Index, Vec<RaftId>)> {
        let raft = self.members.values_mut().filter_map(|m| m.raft.as_mut());
        let leader = raft.filter(|raft| raft.is_leader()).max_by_key(|raft| raft.term())?;
        match leader.propose(b"peace".to_vec()) {
            Ok((_, index)) => Some((index, leader.voters().to_vec())),
            Err(ProposeError::TransferInProgress { .. }) => None,
            Err(error) => unreachable!("a leader refuses: {error}"),
        }
    }

    fn some_leader_is_new(&self, index: Index) -> bool {
        let leads = |m: &&Member| m.raft.as_ref().is_some_and(|raft| raft.is_leader());
        self.members.values().filter(leads).any(|member| {
            let status = member.raft.as_ref().expect("it leads").status();
            status.role == Role::Leader && status.last_index <= index
        })
    }

    fn agree(&self, index: Index, voters: &[RaftId]) -> bool {
        voters.iter().all(|id| index <= self.members[id].machine.applied)
    }

    /// One line per member, for a failure.
    pub(super) fn describe(&self) -> String {
        let mut out = format!(
            "pre-vote {}, check-quorum {}, {:?}\n",
            self.config.pre_vote, self.config.check_quorum, self.faults
        );
        for (id, member) in &self.members {
            let disk = &member.disk;
            let status = member.raft.as_ref().map(|raft| raft.status());
            let _ = writeln!(
                out,
                "{id}: {status:?}\n   durable {:?} last {}, {} writes under way, removed {:?}",
                disk.hard_state,
                disk.last(),
                disk.writes.len(),
                member.machine.removed
            );
        }
        out
    }
}
