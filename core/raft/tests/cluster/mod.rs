//! One member with a disk whose writes complete when the test says so, and a state machine that is a
//! list of what was applied.

use std::collections::VecDeque;

use glasshive_raft::{
    CompactError, ConfChange, Config, Entry, HardState, Index, Message, Payload, Raft, RaftId,
    Ready, Restored, Snapshot, Term,
};

/// What a power cut leaves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) hard_state: HardState,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) entries: Vec<Entry>,
    /// The voters before the first entry and snapshot.
    pub(crate) first_voters: Vec<RaftId>,
    /// Writes that are not durable yet.
    pub(crate) writes: VecDeque<Write>,
}

/// The writes of one Ready.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    number: u64,
    hard_state: Option<HardState>,
    snapshot: Option<Snapshot>,
    entries: Vec<Entry>,
}

impl Disk {
    fn store(&mut self, write: Write) {
        if let Some(hard_state) = write.hard_state {
            self.hard_state = hard_state;
        }
        if let Some(snapshot) = write.snapshot {
            self.snapshot = Some(snapshot);
            self.entries.clear();
        }
        for entry in write.entries {
            self.entries.retain(|old| old.index < entry.index);
            self.entries.push(entry);
        }
    }

    /// The end of the durable log.
    pub(crate) fn last(&self) -> Index {
        let snapshot = self.snapshot.as_ref().map_or(Index(0), |snapshot| snapshot.index);
        self.entries.last().map_or(snapshot, |entry| entry.index.max(snapshot))
    }

    /// The term of the durable entry at `index`, if it is there.
    pub(crate) fn term(&self, index: Index) -> Option<Term> {
        let snapshot = self.snapshot.as_ref().filter(|snapshot| snapshot.index == index);
        let entry = self.entries.iter().find(|entry| entry.index == index);
        entry.map(|entry| entry.term).or(snapshot.map(|snapshot| snapshot.term))
    }
}

/// The state machine: the data of every entry that was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) applied: Index,
    pub(crate) data: Vec<(Index, Vec<u8>)>,
    /// Members that were removed: the caller's business, because Raft's snapshot has only the voters.
    pub(crate) removed: Vec<RaftId>,
}

/// One member. Without `raft` it is down.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) config: Config,
    pub(crate) raft: Option<Raft>,
    pub(crate) disk: Disk,
    pub(crate) machine: Machine,
    pub(crate) starts: u64,
}

impl Member {
    /// A member that never ran; its disk knows `voters`.
    pub(crate) fn new(config: Config, first_voters: Vec<RaftId>) -> Self {
        let disk = Disk { first_voters, ..Disk::default() };
        Self { config, raft: None, disk, machine: Machine::default(), starts: 0 }
    }

    /// Starts from the disk.
    pub(crate) fn start(&mut self, streams: sim::Streams) {
        self.starts += 1;
        let rng = streams.stream(&format!("raft/{}/{}", self.config.id, self.starts));
        let snapshot = self.disk.snapshot.clone();
        self.machine = snapshot.as_ref().map(decode).unwrap_or_default();
        let voters = snapshot.as_ref().map(|s| s.voters.clone());
        let restored = Restored {
            hard_state: self.disk.hard_state,
            entries: self.disk.entries.clone(),
            voters: voters.unwrap_or_else(|| self.disk.first_voters.clone()),
            applied: self.machine.applied,
            snapshot,
        };
        let mut raft = Raft::new(self.config.clone(), restored, rng);
        self.machine.removed.iter().for_each(|id| raft.mark_removed(*id));
        self.raft = Some(raft);
    }

    /// Starts as the first member of a new cluster.
    pub(crate) fn bootstrap(&mut self, streams: sim::Streams) {
        let id = self.config.id;
        let rng = streams.stream(&format!("raft/{id}/bootstrap"));
        self.raft = Some(Raft::bootstrap(self.config.clone(), &[(id, Vec::new())], rng));
    }

    /// Loses power: of the writes that are not durable, the first `parts` parts survive (hard state,
    /// snapshot, each entry: one part each).
    pub(crate) fn crash(&mut self, mut parts: u64) {
        self.raft = None;
        for write in std::mem::take(&mut self.disk.writes) {
            let mut torn = Write { number: 0, hard_state: None, snapshot: None, entries: vec![] };
            let mut survives = || {
                let yes = parts > 0;
                parts = parts.saturating_sub(1);
                yes
            };
            if write.hard_state.is_some() && survives() {
                torn.hard_state = write.hard_state;
            }
            if write.snapshot.is_some() && survives() {
                torn.snapshot = write.snapshot;
            }
            torn.entries = write.entries.into_iter().take_while(|_| survives()).collect();
            self.disk.store(torn);
        }
    }

    /// Takes one Ready: starts its write, installs its snapshot, gives all of it for printing.
    pub(crate) fn take_ready(&mut self) -> Option<Ready> {
        let ready = self.raft.as_mut()?.ready()?;
        if ready.hard_state.is_some() || ready.must_sync {
            self.disk.writes.push_back(Write {
                number: ready.number,
                hard_state: ready.hard_state,
                snapshot: ready.snapshot.clone(),
                entries: ready.entries.clone(),
            });
        }
        if let Some(snapshot) = &ready.snapshot {
            self.machine = decode(snapshot);
            let raft = self.raft.as_mut()?;
            self.machine.removed.iter().for_each(|id| raft.mark_removed(*id));
            raft.applied(snapshot.index);
        }
        Some(ready)
    }

    /// The oldest write becomes durable. False if there is none.
    pub(crate) fn complete_write(&mut self) -> bool {
        let Some(write) = self.disk.writes.pop_front() else { return false };
        let number = write.number;
        self.disk.store(write);
        if let Some(raft) = &mut self.raft {
            raft.persisted(number);
        }
        true
    }

    /// Applies at most `count` committed entries.
    pub(crate) fn apply(&mut self, count: usize) -> Vec<Entry> {
        let Some(raft) = &mut self.raft else { return Vec::new() };
        let entries = raft.take_committed(count);
        for entry in &entries {
            assert_eq!(entry.index, self.machine.applied.next(), "entries are applied in order");
            match &entry.payload {
                Payload::Empty => {}
                Payload::Data(data) => self.machine.data.push((entry.index, data.to_vec())),
                Payload::ConfChange(change) => {
                    raft.apply_conf_change(change);
                    if let ConfChange::RemoveVoter { id } = change {
                        self.machine.removed.push(*id);
                    }
                }
            }
            self.machine.applied = entry.index;
            raft.applied(entry.index);
        }
        entries
    }

    /// Makes a snapshot of what is applied and drops the log up to `keep` entries before it.
    pub(crate) fn compact(&mut self, keep: u64) -> Result<Index, CompactError> {
        let raft = self.raft.as_mut().expect("the member runs");
        let index = self.machine.applied;
        let (base, base_term) = raft.log_base();
        let entry = raft.log_entries().iter().find(|entry| entry.index == index);
        let term = entry.map_or(base_term, |entry| entry.term);
        let data = encode(&self.machine);
        let snapshot = Snapshot { index, term, voters: raft.voters().to_vec(), data: data.into() };
        let upto = Index(index.0.saturating_sub(keep)).max(base);
        raft.compact(upto, snapshot.clone())?;
        self.disk.snapshot = Some(snapshot);
        self.disk.entries.retain(|entry| upto < entry.index);
        Ok(index)
    }

    /// Steps a message through the wire format, as a real caller does.
    pub(crate) fn step(&mut self, message: &Message) -> Result<(), glasshive_raft::StepError> {
        let Some(raft) = &mut self.raft else { return Ok(()) };
        let bytes = postcard::to_allocvec(message).expect("messages can be encoded");
        let decoded = postcard::from_bytes(&bytes).expect("what was encoded can be decoded");
        raft.step(decoded)
    }
}

/// What a snapshot holds.
type Encoded = (Vec<(Index, Vec<u8>)>, Vec<RaftId>);

pub(crate) fn encode(machine: &Machine) -> Vec<u8> {
    let encoded: Encoded = (machine.data.clone(), machine.removed.clone());
    postcard::to_allocvec(&encoded).expect("a list can be encoded")
}

pub(crate) fn decode(snapshot: &Snapshot) -> Machine {
    let (data, removed): Encoded =
        postcard::from_bytes(&snapshot.data).expect("snapshots are made by `encode`");
    Machine { applied: snapshot.index, data, removed }
}
