//! Ticks, writes, syncs and sends of one member.

use sorted::{SortedMap, SortedSet};
use std::collections::VecDeque;
use std::rc::Rc;

use raft::{
    ConfChange, Config, Entry, Index, Message, Payload, Raft, RaftId, Restored, Snapshot, Term,
};
use seal::Sealer;
use sim::disk::Barrier;
use sim::{Disk, Duration, Rng, Time};

use super::peers::Peers;
use super::sealed::{self, SnapshotData};
use super::wal::{NEW_LOG, Record, WAL_FOLDER, Wal};
use crate::node::{Output, SwarmOptions};
use crate::objects::RaftConfig;
use crate::transport::protocol::Member;

/// swarmkit: `TickInterval`.
const TICK: Duration = Duration::from_secs(1);
/// Committed entries taken at once.
const APPLY_COUNT_MAX: usize = 256;

/// What became of the log, for the store.
#[derive(Debug)]
pub(crate) enum Committed {
    /// An entry to apply.
    Data { term: Term, index: Index, data: Rc<[u8]> },
    /// The members have changed (or a leader opened its term): nothing for the store.
    Passed { term: Term, index: Index },
    /// The store is to be replaced by this.
    Snapshot { index: Index, store: Vec<u8> },
}

/// A snapshot that is written and not durable yet.
#[derive(Debug)]
struct PendingSnapshot {
    barrier: Barrier,
    snapshot: Snapshot,
    keep_from: Index,
    /// Older snapshots that stay.
    keep_count: u64,
    /// It is sealed with the next DEK, which is the only one from then on.
    rotates: bool,
}

/// One member with its disk.
#[derive(Debug)]
pub(crate) struct RaftDriver {
    raft: Raft,
    node_id: String,
    wal: Wal,
    sealer: Sealer,
    /// The pending DEK's, while the DEK is being rotated.
    next_sealer: Option<Sealer>,
    rotated: bool,
    unsynced: VecDeque<(Barrier, u64)>,
    next_tick: Time,
    ticks_without_leader: u32,
    members: SortedMap<RaftId, Member>,
    /// Where those are answered who have joined without this member knowing it yet.
    strangers: SortedMap<RaftId, String>,
    removed: SortedSet<RaftId>,
    peers: Peers,
    received_snapshot: Option<Vec<u8>>,
    pending_snapshot: Option<PendingSnapshot>,
    last_snapshot: Index,
    is_removed: bool,
    members_changed: bool,
    /// Not decided yet whether this is the only member, which campaigns at once.
    campaigns_at_once: bool,
}

/// Everything a member starts from besides its log.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) node_id: &'a str,
    pub(crate) raft_id: RaftId,
    pub(crate) sealer: Sealer,
    pub(crate) options: SwarmOptions,
    pub(crate) rng: Rng,
}

impl Start<'_> {
    fn config(&self) -> Config {
        let mut config = Config::new(self.raft_id);
        config.election_ticks = self.options.election_ticks;
        config.heartbeat_ticks = self.options.heartbeat_ticks;
        config.pre_vote = self.options.pre_vote;
        config
    }

    /// Where this member writes from now on: a new file behind those that there are.
    fn log(&self, raft: &Raft, disk: &mut Disk) -> Wal {
        Wal::create(disk, WAL_FOLDER, self.node_id, self.raft_id, raft.status().last_index)
    }
}

impl RaftDriver {
    /// The first member of a new cluster. It elects itself at once.
    pub(crate) fn bootstrap(now: Time, start: Start<'_>, own: &Member, disk: &mut Disk) -> Self {
        let context = postcard::to_allocvec(own).expect("a member has no unsized parts");
        let raft = Raft::bootstrap(start.config(), &[(start.raft_id, context)], start.rng.clone());
        let wal = start.log(&raft, disk);
        Self::with(now, start, raft, wal)
    }

    /// The log of a manager that will ask to become a member: its number and nothing else. False if the disk is full.
    pub(crate) fn begin_log(node_id: &str, raft_id: RaftId, disk: &mut Disk) -> bool {
        let wal = Wal::create(disk, WAL_FOLDER, node_id, raft_id, Index(0));
        disk.read(wal.path()).is_some()
    }

    /// A member that has just been added to a cluster: the leader sends it everything.
    pub(crate) fn join(
        now: Time,
        start: Start<'_>,
        members: Vec<(RaftId, Member)>,
        removed: Vec<RaftId>,
        disk: &mut Disk,
    ) -> Self {
        let raft = Raft::new(start.config(), Restored::default(), start.rng.clone());
        let wal = start.log(&raft, disk);
        let mut driver = Self::with(now, start, raft, wal);
        driver.members = members.into_iter().collect();
        driver.meet_members();
        driver.removed = removed.into_iter().collect();
        driver
    }

    /// A member as its disk remembers it.
    pub(crate) fn restore(
        now: Time,
        start: Start<'_>,
        restored: Restored,
        disk: &mut Disk,
    ) -> Self {
        let snapshot = restored.snapshot.clone();
        let raft = Raft::new(start.config(), restored, start.rng.clone());
        let wal = start.log(&raft, disk);
        let mut driver = Self::with(now, start, raft, wal);
        if let Some(snapshot) = snapshot {
            driver.install(&snapshot);
            driver.members_changed = true;
        }
        driver
    }

    /// A member that goes on alone with everything that was applied (swarmkit: `ForceNewCluster`,
    /// which rewrites the log with synthetic removals; here a snapshot takes its place). Whenever the power fails
    /// meanwhile, the old log is there or the new one. Nothing, and the old one stays, if the disk is full.
    pub(crate) fn force_new(
        now: Time,
        mut start: Start<'_>,
        own: &Member,
        (term, applied): (Term, Index),
        store: Vec<u8>,
        disk: &mut Disk,
    ) -> Option<Self> {
        let id = start.raft_id;
        let data =
            SnapshotData { store, members: vec![(id, own.clone())], removed: SortedSet::new() };
        let data = postcard::to_allocvec(&data).expect("a snapshot has no unsized parts");
        let index = applied.next();
        let snapshot = Snapshot { index, term, voters: vec![id], data: Rc::from(data) };
        let restored = Restored {
            hard_state: raft::HardState { term, vote: None, commit: index },
            voters: snapshot.voters.clone(),
            applied: index,
            snapshot: Some(snapshot.clone()),
            entries: Vec::new(),
        };
        if !sealed::write_snapshot(disk, &mut start.sealer, start.node_id, &snapshot) {
            return None;
        }
        let records = [Record::HardState(restored.hard_state), Record::Snapshot { index, term }];
        let folders = (WAL_FOLDER, NEW_LOG);
        let wal = Wal::create_whole(disk, folders, start.node_id, id, index, &records)?;
        sealed::remove_other_snapshots(disk, (term, index), 0);
        let raft = Raft::new(start.config(), restored, start.rng.clone());
        let mut driver = Self::with(now, start, raft, wal);
        driver.install(&snapshot);
        Some(driver)
    }

    fn with(now: Time, start: Start<'_>, raft: Raft, wal: Wal) -> Self {
        Self {
            raft,
            node_id: start.node_id.to_owned(),
            wal,
            sealer: start.sealer,
            next_sealer: None,
            rotated: false,
            unsynced: VecDeque::new(),
            next_tick: now + TICK,
            ticks_without_leader: 0,
            members: SortedMap::new(),
            removed: SortedSet::new(),
            peers: Peers::default(),
            strangers: SortedMap::new(),
            received_snapshot: None,
            pending_snapshot: None,
            last_snapshot: Index(0),
            is_removed: false,
            members_changed: false,
            campaigns_at_once: true,
        }
    }

    /// The state machine itself, to ask it something.
    pub(crate) const fn raft(&self) -> &Raft {
        &self.raft
    }

    /// The state machine itself, to tell it something.
    pub(crate) const fn raft_mut(&mut self) -> &mut Raft {
        &mut self.raft
    }

    /// All members and where they are.
    pub(crate) const fn members(&self) -> &SortedMap<RaftId, Member> {
        &self.members
    }

    /// Members that may never come back.
    pub(crate) const fn removed(&self) -> &SortedSet<RaftId> {
        &self.removed
    }

    /// True when this member itself was removed.
    pub(crate) const fn is_removed(&self) -> bool {
        self.is_removed
    }

    /// Somebody said that this member was removed.
    pub(crate) const fn set_removed(&mut self) {
        self.is_removed = true;
    }

    /// True once after the members changed.
    pub(crate) const fn take_members_changed(&mut self) -> bool {
        std::mem::replace(&mut self.members_changed, false)
    }

    /// Who leads, if it is another one, and where.
    pub(crate) fn leader(&self) -> Option<&Member> {
        self.raft.leader().and_then(|id| self.members.get(&id))
    }

    /// swarmkit's "lost quorum": more than 10 ticks without a leader.
    pub(crate) const fn ticks_without_leader(&self) -> u32 {
        self.ticks_without_leader
    }

    /// Whether a member answers; this one always does.
    pub(crate) fn is_reachable(&self, id: RaftId) -> bool {
        id == self.raft.id() || self.peers.is_active(id)
    }

    /// Who may lead next (swarmkit: `LongestActive`).
    pub(crate) fn heir(&self) -> Option<RaftId> {
        self.peers.longest_active(|id| id != self.raft.id() && self.members.contains_key(&id))
    }

    /// Members that have become known, and where they are to be asked whether they are there.
    pub(crate) fn take_unasked(&mut self) -> Vec<(RaftId, String)> {
        let unasked = self.peers.take_unasked().into_iter();
        unasked.filter_map(|id| Some((id, self.members.get(&id)?.addr.clone()))).collect()
    }

    /// A member has shown that it is there.
    pub(crate) fn heard(&mut self, id: RaftId, now: Time) {
        if self.members.contains_key(&id) {
            self.peers.heard(id, now);
        }
    }

    fn meet_members(&mut self) {
        for id in self.members.keys().filter(|id| **id != self.raft.id()) {
            self.peers.meet(*id);
        }
    }

    /// When there is next something to do.
    pub(crate) fn next_deadline(&self) -> Time {
        self.peers.next_deadline().map_or(self.next_tick, |at| at.min(self.next_tick))
    }

    /// Ticks, and members that did not answer. Their connections are to be closed.
    pub(crate) fn due(&mut self, now: Time) -> Vec<Member> {
        if self.next_tick <= now {
            // As Go's ticker has it: a host that made no progress gets one tick, not all it missed.
            let is_late = self.next_tick + TICK <= now;
            self.next_tick = if is_late { now + TICK } else { self.next_tick + TICK };
            self.raft.tick();
            if self.raft.leader().is_some() {
                self.ticks_without_leader = 0;
            } else {
                self.ticks_without_leader = self.ticks_without_leader.saturating_add(1);
            }
        }
        let mut silent = Vec::new();
        for id in self.peers.take_silent(now) {
            self.raft.report_unreachable(id);
            silent.extend(self.members.get(&id).cloned());
        }
        silent
    }

    /// A message from a peer.
    pub(crate) fn step(&mut self, now: Time, message: Message) -> bool {
        if self.removed.contains(&message.from) {
            return false;
        }
        self.peers.heard(message.from, now);
        // A message that Raft refuses changes nothing; a correct member sends none.
        let _ = self.raft.step(message);
        true
    }

    /// A manager that is no member as far as this one knows speaks from there. It may well be one: a leader
    /// that has joined while this member was away must hear how far it is (swarmkit: `transport.go`,
    /// `sendUnknownMessage`, asks another member for the address).
    pub(crate) fn meet(&mut self, id: RaftId, addr: String) {
        self.strangers.insert(id, addr);
    }

    /// The disk has made everything up to here durable; true if the log has been compacted, because a snapshot was.
    pub(crate) fn synced(&mut self, disk: &mut Disk, barrier: Barrier) -> bool {
        while let Some(&(waiting, number)) = self.unsynced.front() {
            if barrier < waiting {
                break;
            }
            self.unsynced.pop_front();
            self.raft.persisted(number);
        }
        let pending = self.pending_snapshot.take_if(|pending| pending.barrier <= barrier);
        pending.is_some_and(|pending| self.compact(disk, pending))
    }

    /// Writes and sends what Raft has ready; messages come back with the address to send them to.
    pub(crate) fn flush(
        &mut self,
        now: Time,
        disk: &mut Disk,
        out: &mut Vec<Output>,
    ) -> Vec<(String, Message)> {
        let mut messages = Vec::new();
        while let Some(ready) = self.raft.ready() {
            let mut records = Vec::new();
            records.extend(ready.hard_state.map(Record::HardState));
            if let Some(snapshot) = &ready.snapshot {
                sealed::write_snapshot(disk, &mut self.sealer, &self.node_id, snapshot);
                records.push(Record::Snapshot { index: snapshot.index, term: snapshot.term });
                self.install(snapshot);
            }
            for entry in &ready.entries {
                records.push(sealed::seal_entry(&mut self.sealer, &self.node_id, entry));
            }
            self.wal.cut_if_full(self.raft.durable_index());
            self.wal.append(disk, &records);
            if ready.must_sync {
                if sim::planted!(SyncForgotten) {
                    self.raft.persisted(ready.number);
                } else {
                    let barrier = disk.begin_sync();
                    self.unsynced.push_back((barrier, ready.number));
                    out.push(Output::Sync(barrier));
                }
            }
            for message in ready.messages {
                let member = self.members.get(&message.to).map(|member| &member.addr);
                let Some(addr) = member.or_else(|| self.strangers.get(&message.to)) else {
                    continue;
                };
                self.peers.sent(message.to, now);
                messages.push((addr.clone(), message));
            }
        }
        messages
    }

    /// Takes a snapshot's members; its store goes to whoever asks [`RaftDriver::take_committed`].
    fn install(&mut self, snapshot: &Snapshot) {
        self.last_snapshot = snapshot.index;
        if let Ok(data) = postcard::from_bytes::<SnapshotData>(&snapshot.data) {
            self.members = data.members.into_iter().collect();
            self.meet_members();
            self.removed = data.removed;
            for id in &self.removed {
                self.raft.mark_removed(*id);
            }
            self.received_snapshot = Some(data.store);
            self.members_changed = true;
        }
    }

    /// What is committed and not applied yet; changes of members are applied here.
    pub(crate) fn take_committed(&mut self) -> Vec<Committed> {
        let mut list = Vec::new();
        if let Some(store) = self.received_snapshot.take() {
            list.push(Committed::Snapshot { index: self.last_snapshot, store });
            self.raft.applied(self.last_snapshot);
        }
        for entry in self.raft.take_committed(APPLY_COUNT_MAX) {
            let Entry { term, index, payload } = entry;
            match payload {
                Payload::Empty => list.push(Committed::Passed { term, index }),
                Payload::Data(data) => list.push(Committed::Data { term, index, data }),
                Payload::ConfChange(change) => {
                    self.apply_conf_change(&change);
                    list.push(Committed::Passed { term, index });
                }
            }
            self.raft.applied(index);
        }
        if self.campaigns_at_once && !list.is_empty() {
            self.campaign_if_alone();
        }
        list
    }

    /// swarmkit: `campaignWhenAble`: who is the only member need not wait for an election timeout.
    fn campaign_if_alone(&mut self) {
        let status = self.raft.status();
        if status.commit == status.applied {
            self.campaigns_at_once = false;
            if status.voters == [status.id] {
                self.raft.campaign();
            }
        }
    }

    fn apply_conf_change(&mut self, change: &ConfChange) {
        self.raft.apply_conf_change(change);
        self.members_changed = true;
        match change {
            ConfChange::AddVoter { id, context } => {
                if let Ok(member) = postcard::from_bytes(context) {
                    self.members.insert(*id, member);
                    self.meet_members();
                }
            }
            ConfChange::RemoveVoter { id } => {
                self.members.remove(id);
                self.peers.forget(*id);
                if !sim::planted!(TombstoneLost) {
                    self.removed.insert(*id);
                }
                if *id == self.raft.id() {
                    self.is_removed = true;
                }
            }
        }
    }

    /// From the next snapshot on, which is forced now, everything is sealed with another DEK
    /// (swarmkit: `manager/deks.go`).
    pub(crate) fn rotate_dek(&mut self, sealer: Sealer) {
        self.next_sealer = Some(sealer);
    }

    /// True until then.
    pub(crate) const fn is_rotating(&self) -> bool {
        self.next_sealer.is_some()
    }

    /// True once after nothing on the disk needs the old DEK any more.
    pub(crate) const fn take_rotated(&mut self) -> bool {
        std::mem::replace(&mut self.rotated, false)
    }

    /// Begins a snapshot if `snapshot_interval` entries were applied since the last one;
    /// `log_entries_for_slow_followers` entries stay in memory for members that are a little behind.
    pub(crate) fn snapshot_if_due(
        &mut self,
        applied: Index,
        config: &RaftConfig,
        store: impl FnOnce() -> Vec<u8>,
        disk: &mut Disk,
        out: &mut Vec<Output>,
    ) {
        let rotates = self.next_sealer.is_some();
        let next = self.last_snapshot.0.saturating_add(config.snapshot_interval);
        let is_due = rotates || (config.snapshot_interval > 0 && next <= applied.0);
        if self.pending_snapshot.is_some() || !is_due {
            return;
        }
        let Some(term) = self.term_at(applied) else { return };
        let kept = self.members.len() - usize::from(sim::planted!(MemberForgotten));
        let members = self.members.iter().take(kept);
        let data = SnapshotData {
            store: store(),
            members: members.map(|(id, member)| (*id, member.clone())).collect(),
            removed: self.removed.clone(),
        };
        let data = postcard::to_allocvec(&data).expect("a snapshot has no unsized parts");
        let snapshot = Snapshot {
            index: applied,
            term,
            voters: self.raft.voters().to_vec(),
            data: Rc::from(data),
        };
        let sealer = self.next_sealer.as_mut().unwrap_or(&mut self.sealer);
        sealed::write_snapshot(disk, sealer, &self.node_id, &snapshot);
        let barrier = disk.begin_sync();
        out.push(Output::Sync(barrier));
        out.push(Output::Event {
            kind: "raft.snapshot",
            detail: format!("at index {applied} term {term}"),
        });
        let keep_from = Index(applied.0.saturating_sub(config.log_entries_for_slow_followers));
        // Older ones are sealed with a DEK that is about to be forgotten.
        let keep_count = if rotates { 0 } else { config.keep_old_snapshots };
        self.pending_snapshot =
            Some(PendingSnapshot { barrier, snapshot, keep_from, keep_count, rotates });
    }

    fn term_at(&self, index: Index) -> Option<Term> {
        let (base, base_term) = self.raft.log_base();
        if index == base {
            return Some(base_term);
        }
        let entries = self.raft.log_entries();
        let first = entries.first()?.index;
        entries.get(index.0.checked_sub(first.0)? as usize).map(|entry| entry.term)
    }

    /// The snapshot is durable: what it covers leaves memory and disk. The rest of the log is written
    /// again into a new file, and the older files go. False if Raft's log has gone beyond it meanwhile.
    fn compact(&mut self, disk: &mut Disk, pending: PendingSnapshot) -> bool {
        let (index, term) = (pending.snapshot.index, pending.snapshot.term);
        let keep_count = pending.keep_count;
        if self.raft.compact(pending.keep_from, pending.snapshot).is_err() {
            return false;
        }
        self.last_snapshot = index;
        if pending.rotates
            && let Some(sealer) = self.next_sealer.take()
        {
            self.sealer = sealer;
            self.rotated = true;
        }
        let older: Vec<String> = disk.list(super::wal::WAL_FOLDER).map(str::to_owned).collect();
        self.wal.cut(index);
        let mut records = vec![Record::Snapshot { index, term }];
        let status = self.raft.status();
        records.push(Record::HardState(raft::HardState {
            term: status.term,
            vote: status.vote,
            commit: status.commit,
        }));
        for entry in self.raft.log_entries().iter().filter(|entry| index < entry.index) {
            records.push(sealed::seal_entry(&mut self.sealer, &self.node_id, entry));
        }
        if sim::planted!(LogRemovedFirst) {
            older.iter().for_each(|path| disk.remove(path));
        }
        self.wal.append(disk, &records);
        for path in older {
            disk.remove(&path);
        }
        sealed::remove_other_snapshots(disk, (term, index), keep_count);
        true
    }
}
