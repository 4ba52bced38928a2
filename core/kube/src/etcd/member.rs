//! One member of an etcd cluster: ticks, writes, syncs, messages.

use sorted::SortedMap;
use std::collections::VecDeque;

use raft::wal::{Record, Wal};
use raft::{Config, Entry, Index, Payload, Raft, RaftId, Snapshot, Term};
use serde::{Deserialize, Serialize};
use sim::disk::Barrier;
use sim::{Disk, Duration, Rng, Time};

use super::WAL_FOLDER;
use super::durable::{record, restore, write_snapshot};
use super::reads::{READ_COUNT_MAX, Read};
use super::store::{Operation, Outcome, Store};

/// etcd: `--heartbeat-interval`, 100 ms.
const TICK: Duration = Duration::from_millis(100);
/// etcd: `--election-timeout`, 1 s.
const ELECTION_TICKS: u32 = 10;
const APPLY_COUNT_MAX: usize = 256;

/// Another member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) id: RaftId,
    pub(crate) address: String,
}

/// What members say to each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    Raft(raft::Message),
    /// A proposal for the leader.
    Forward(Vec<u8>),
    /// How far is the log committed?
    AskCommit(u64),
    /// So far.
    Commit(u64, Index),
    /// A leader of this term asks whether it still leads, for the read with this number.
    Confirm(u64, Term),
    /// It does, as far as the sender knows.
    Confirmed(u64, Term),
}

/// A proposal as it is in the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Envelope {
    member: RaftId,
    /// The member's own number.
    id: u64,
    operation: Operation,
}

/// What an entry of the log writes: key and value.
pub(super) fn written(data: &[u8]) -> Option<(String, Vec<u8>)> {
    match postcard::from_bytes::<Envelope>(data).ok()?.operation {
        Operation::Put { key, value, .. } => Some((key, value?)),
        Operation::Compact(_) | Operation::Nothing => None,
    }
}

/// The keys and values in a snapshot's file.
pub(super) fn snapshot_of(bytes: &[u8]) -> Option<Store> {
    let snapshot: Snapshot = postcard::from_bytes(bytes).ok()?;
    postcard::from_bytes(&snapshot.data).ok()
}

/// What a member wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    Sync(Barrier),
    Send { address: String, message: Box<Message> },
    Event { kind: &'static str, detail: String },
}

/// What was applied.
#[derive(Clone, Debug)]
pub(crate) enum Applied {
    /// A change of a key.
    Changed { key: String, own: Option<u64>, outcome: Outcome },
    /// Something that no watch sees.
    Passed { own: Option<u64> },
    /// The store is another one: everything is to be read anew.
    Replaced,
}

/// A member with its disk.
#[derive(Debug)]
pub(crate) struct Member {
    name: String,
    pub(super) raft: Raft,
    pub(super) wal: Wal,
    pub(super) peers: Vec<Peer>,
    pub(crate) store: Store,
    unsynced: VecDeque<(Barrier, u64)>,
    /// What an earlier process has written is on its way to the disk: until then this one says nothing of it.
    begins_at: Option<Barrier>,
    next_tick: Time,
    next_proposal: u64,
    pub(super) applied_term: Term,
    pub(super) last_snapshot: Index,
    pub(super) pending_snapshot: Option<(Barrier, Snapshot)>,
    /// Reads that wait for the leader's word, or for that of a majority.
    pub(super) reads: SortedMap<u64, Read>,
    /// What a tick wants sent.
    queued: Vec<Effect>,
    pub(super) next_read: u64,
    was_leader: bool,
    /// What others are known to answer, by when they were heard last.
    is_alone_at_start: bool,
}

pub(super) fn id_of(name: &str) -> RaftId {
    use sha2::{Digest, Sha256};
    let digest: [u8; 32] = Sha256::digest(name).into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    RaftId(u64::from_be_bytes(first).max(1))
}

/// What was written has arrived.
fn all_written(disk: &mut Disk) -> Result<(), String> {
    let failure = disk.take_failure().filter(|_| !sim::planted!(EtcdFullDiskMissed));
    failure.map_or(Ok(()), |path| Err(format!("write {path}: no space left on device")))
}

impl Peer {
    /// A member of the static cluster that all members are started with.
    pub(crate) fn new(name: &str, address: &str) -> Self {
        Self { id: id_of(name), address: address.to_owned() }
    }
}

impl Member {
    /// The member as its disk remembers it, or a new one of a new cluster.
    ///
    /// # Errors
    /// A damaged log, or a full disk.
    pub(crate) fn start(
        now: Time,
        name: &str,
        peers: Vec<Peer>,
        rng: Rng,
        disk: &mut Disk,
    ) -> Result<Self, String> {
        let id = id_of(name);
        let is_settled = disk.is_synced();
        let mut config = Config::new(id);
        config.election_ticks = ELECTION_TICKS;
        // etcd: `--pre-vote`, true since 3.4.
        config.pre_vote = true;
        let mut store = Store::new();
        let (raft, applied) = match restore(disk)? {
            Some(restored) => {
                let applied = restored.applied;
                if let Some(snapshot) = &restored.snapshot {
                    store = postcard::from_bytes(&snapshot.data)
                        .map_err(|_| "snap: unreadable snapshot".to_owned())?;
                }
                store.consistent = Index(0);
                (Raft::new(config, restored, rng), applied)
            }
            None => {
                let mut members: Vec<(RaftId, Vec<u8>)> =
                    peers.iter().map(|peer| (peer.id, peer.address.clone().into_bytes())).collect();
                members.sort();
                (Raft::bootstrap(config, &members, rng), Index(0))
            }
        };
        store.look_at_file(disk);
        let last = raft.status().last_index;
        let wal = Wal::create(disk, WAL_FOLDER, name, id, last);
        all_written(disk)?;
        let begins_at = (!is_settled).then(|| disk.begin_sync());
        Ok(Self {
            name: name.to_owned(),
            raft,
            wal,
            peers,
            store,
            unsynced: VecDeque::new(),
            begins_at,
            next_tick: now + TICK,
            next_proposal: now.unix_nanos(),
            applied_term: Term(0),
            last_snapshot: applied,
            pending_snapshot: None,
            reads: SortedMap::new(),
            queued: begins_at.map(Effect::Sync).into_iter().collect(),
            next_read: 0,
            was_leader: false,
            is_alone_at_start: true,
        })
    }

    /// True while this member leads and has applied an entry of its term: it knows all that was acknowledged.
    pub(crate) fn is_leader(&self) -> bool {
        self.raft.is_leader() && self.applied_term == self.raft.term()
    }

    /// The name of the member that leads, as far as this one knows.
    pub(crate) fn leader_address(&self) -> Option<&str> {
        let leader = self.raft.leader()?;
        self.peers.iter().find(|peer| peer.id == leader).map(|peer| peer.address.as_str())
    }

    /// The state machine, to look at.
    pub(crate) const fn raft(&self) -> &Raft {
        &self.raft
    }

    /// Proposes an operation; its number comes back in [`Applied`]. Nothing if there is no leader.
    pub(crate) fn propose(&mut self, operation: Operation, out: &mut Vec<Effect>) -> Option<u64> {
        let id = self.next_proposal;
        self.next_proposal += 1;
        let envelope = Envelope { member: self.raft.id(), id, operation };
        let bytes = postcard::to_allocvec(&envelope).ok()?;
        if self.raft.is_leader() {
            self.raft.propose(bytes).ok()?;
        } else {
            let address = self.leader_address()?.to_owned();
            out.push(Effect::Send { address, message: Box::new(Message::Forward(bytes)) });
        }
        Some(id)
    }

    /// A message of another member.
    pub(crate) fn receive(&mut self, from: &str, message: Message, out: &mut Vec<Effect>) {
        match message {
            Message::Raft(_) if self.begins_at.is_some() => {}
            // What Raft refuses changes nothing.
            Message::Raft(message) => drop(self.raft.step(message)),
            Message::Forward(bytes) => drop(self.raft.propose(bytes)),
            Message::AskCommit(asked) => {
                let asker = Some((from.to_owned(), asked));
                let is_known = self.reads.values().any(|read| read.asker == asker);
                if self.is_leader() && !is_known && self.reads.len() < READ_COUNT_MAX {
                    let id = self.next_read;
                    self.next_read += 1;
                    let read = Read { asker, ..self.leaders_read() };
                    self.reads.insert(id, read);
                    self.ask_for(id, out);
                }
            }
            Message::Commit(id, index) => {
                if let Some(read) = self.reads.get_mut(&id).filter(|read| read.leads_in.is_none()) {
                    read.index = Some(index);
                }
            }
            Message::Confirm(id, term) => {
                let sender =
                    self.peers.iter().find(|peer| peer.address == from).map(|peer| peer.id);
                if self.raft.term() == term && sender.is_some() && self.raft.leader() == sender {
                    let message = Box::new(Message::Confirmed(id, term));
                    out.push(Effect::Send { address: from.to_owned(), message });
                }
            }
            Message::Confirmed(id, term) => self.confirmed(id, term, from, out),
        }
    }

    /// The disk has made everything up to here durable.
    pub(crate) fn synced(&mut self, disk: &mut Disk, barrier: Barrier) {
        if self.begins_at.take_if(|at| *at <= barrier).is_some() {
            self.campaign_if_alone();
        }
        while let Some((waiting, number)) = self.unsynced.front().copied() {
            if barrier < waiting {
                break;
            }
            self.unsynced.pop_front();
            self.raft.persisted(number);
        }
        if self.pending_snapshot.as_ref().is_some_and(|(at, _)| *at <= barrier)
            && let Some((_, snapshot)) = self.pending_snapshot.take()
        {
            self.compact_log(disk, snapshot);
        }
    }

    /// When there is next something to do. A leader without followers has nobody to tick for.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let is_alone = self.raft.voters() == [self.raft.id()];
        (!(is_alone && self.raft.is_leader())).then_some(self.next_tick)
    }

    /// A tick may be due.
    pub(crate) fn due(&mut self, now: Time) {
        if self.next_tick <= now {
            let is_late = self.next_tick + TICK <= now;
            self.next_tick = if is_late { now + TICK } else { self.next_tick + TICK };
            if self.begins_at.is_none() {
                self.raft.tick();
            }
            // What is lost on the way is asked again; what another term began is over.
            let term = self.raft.term();
            self.reads.retain(|_, read| read.asker.is_none() || read.leads_in == Some(term));
            let mut queued = std::mem::take(&mut self.queued);
            for id in self.reads.keys() {
                self.ask_for(*id, &mut queued);
            }
            self.queued = queued;
        }
    }

    /// Writes and sends what is ready and applies what is committed.
    ///
    /// # Errors
    /// A write failed: the member has promised nothing of it to anybody, and is over (etcd: a panic, "failed to save Raft
    /// hard state and entries").
    pub(crate) fn drive(
        &mut self,
        disk: &mut Disk,
        out: &mut Vec<Effect>,
    ) -> Result<Vec<Applied>, String> {
        let mut applied = Vec::new();
        out.append(&mut self.queued);
        loop {
            self.flush(disk, &mut applied, out)?;
            let entries = self.raft.take_committed(APPLY_COUNT_MAX);
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                self.apply(entry, disk, &mut applied);
            }
            self.campaign_if_alone();
        }
        if self.was_leader != self.raft.is_leader() {
            self.was_leader = self.raft.is_leader();
            let (name, term) = (&self.name, self.raft.term());
            let what = if self.was_leader { "leads" } else { "no longer leads" };
            let detail = format!("{name} {what} etcd in term {term}");
            out.push(Effect::Event { kind: "etcd.leader", detail });
        }
        self.snapshot_if_due(disk, out);
        all_written(disk)?;
        Ok(applied)
    }

    fn flush(
        &mut self,
        disk: &mut Disk,
        applied: &mut Vec<Applied>,
        out: &mut Vec<Effect>,
    ) -> Result<(), String> {
        while let Some(ready) = self.raft.ready() {
            let mut records = Vec::new();
            records.extend(ready.hard_state.map(Record::HardState));
            if let Some(snapshot) = &ready.snapshot {
                write_snapshot(disk, snapshot);
                records.push(Record::Snapshot { index: snapshot.index, term: snapshot.term });
                if let Ok(store) = postcard::from_bytes::<Store>(&snapshot.data) {
                    self.store = store;
                    self.store.defragment(disk);
                    self.last_snapshot = snapshot.index;
                    self.raft.applied(snapshot.index);
                    applied.push(Applied::Replaced);
                }
            }
            records.extend(ready.entries.iter().map(record));
            self.wal.cut_if_full(self.raft.durable_index());
            self.wal.append(disk, &records);
            all_written(disk)?;
            if sim::planted!(EtcdSyncForgotten) {
                self.raft.persisted(ready.number);
            } else if ready.must_sync {
                let barrier = disk.begin_sync();
                self.unsynced.push_back((barrier, ready.number));
                out.push(Effect::Sync(barrier));
            }
            for message in ready.messages {
                let Some(peer) = self.peers.iter().find(|peer| peer.id == message.to) else {
                    continue;
                };
                let address = peer.address.clone();
                out.push(Effect::Send { address, message: Box::new(Message::Raft(message)) });
            }
        }
        Ok(())
    }

    fn apply(&mut self, entry: Entry, disk: &mut Disk, applied: &mut Vec<Applied>) {
        let Entry { term, index, payload } = entry;
        self.applied_term = term;
        match payload {
            Payload::Empty => {}
            Payload::ConfChange(change) => self.raft.apply_conf_change(&change),
            Payload::Data(bytes) => {
                if let Ok(envelope) = postcard::from_bytes::<Envelope>(&bytes) {
                    let own = (envelope.member == self.raft.id()).then_some(envelope.id);
                    let key = match &envelope.operation {
                        Operation::Put { key, .. } => Some(key.clone()),
                        Operation::Compact(_) | Operation::Nothing => None,
                    };
                    let outcome = self.store.apply(index, envelope.operation, disk);
                    applied.push(match key {
                        Some(key) => Applied::Changed { key, own, outcome },
                        None => Applied::Passed { own },
                    });
                }
            }
        }
        self.raft.applied(index);
    }

    /// Who is the only member need not wait for an election timeout.
    fn campaign_if_alone(&mut self) {
        if !self.is_alone_at_start || self.begins_at.is_some() {
            return;
        }
        let position = self.raft.position();
        if position.commit == position.applied {
            self.is_alone_at_start = false;
            if self.raft.voters() == [self.raft.id()] {
                self.raft.campaign();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sim::Streams;

    use super::*;

    /// Two of three members, the third of which is away.
    struct Pair {
        now: Time,
        members: Vec<Member>,
        disks: Vec<Disk>,
        /// A disk that takes nothing for the time being.
        slow: Option<usize>,
    }

    const NAMES: [&str; 3] = ["cp1", "cp2", "cp3"];

    fn start(index: usize, now: Time, disk: &mut Disk) -> Member {
        let peers = NAMES.iter().map(|name| Peer::new(name, name)).collect();
        let rng = Streams::new(1).stream(NAMES[index]);
        Member::start(now, NAMES[index], peers, rng, disk).unwrap()
    }

    impl Pair {
        fn run(&mut self, seconds: u64) {
            for _ in 0..seconds * 20 {
                self.now += Duration::from_millis(50);
                for index in 0..2 {
                    self.members[index].due(self.now);
                    self.drive(index);
                }
            }
        }

        fn drive(&mut self, index: usize) {
            let mut out = Vec::new();
            self.members[index].drive(&mut self.disks[index], &mut out).unwrap();
            for effect in out {
                match effect {
                    Effect::Sync(barrier) if self.slow != Some(index) => {
                        self.disks[index].complete_sync(barrier);
                        self.members[index].synced(&mut self.disks[index], barrier);
                        self.drive(index);
                    }
                    Effect::Send { address, message } => {
                        let to = NAMES.iter().position(|name| *name == address).unwrap();
                        if let Some(member) = self.members.get_mut(to) {
                            member.receive(NAMES[index], *message, &mut Vec::new());
                        }
                    }
                    Effect::Sync(_) | Effect::Event { .. } => {}
                }
            }
        }
    }

    /// The same as for a swarm's managers (safety seed 21952).
    #[test]
    fn a_member_that_starts_again_waits_for_its_disk() {
        let now = Time::from_date(2022, 9, 1);
        let mut disks = vec![Disk::default(), Disk::default()];
        let members = (0..2).map(|index| start(index, now, &mut disks[index])).collect();
        let mut pair = Pair { now, members, disks, slow: None };
        pair.run(20);
        let leader = pair.members.iter().position(Member::is_leader).expect("one leads");
        let slow = 1 - leader;
        pair.slow = Some(slow);
        let put = Operation::Put { key: "/key".to_owned(), seen: None, value: Some(vec![1]) };
        pair.members[leader].propose(put, &mut Vec::new()).unwrap();
        let has_it = |pair: &Pair| pair.members[leader].store.get("/key").is_some();
        pair.run(1);
        assert!(!has_it(&pair), "one disk of three has it");
        pair.members[slow] = start(slow, pair.now, &mut pair.disks[slow]);
        pair.run(1);
        assert!(!has_it(&pair), "it still is the only one");
        pair.slow = None;
        let barrier = pair.disks[slow].begin_sync();
        pair.disks[slow].complete_sync(barrier);
        pair.members[slow].synced(&mut pair.disks[slow], barrier);
        pair.run(20);
        assert!(pair.members.iter().any(|member| member.store.get("/key").is_some()));
    }
}
