//! Every state that a power loss can leave on a manager's disk is one that it starts from, with all that
//! it has promised: conformance D1, D4, D6, D10, S10 over all prefixes of what was being written.

use sorted::SortedMap;

use raft::{Entry, Index, RaftId};
use seal::{Dek, Sealer};
use sim::disk::Barrier;
use sim::{Disk, Duration, Rng, Streams, Time};

use super::driver::Start;
use super::{Committed, RaftDriver, restore};
use crate::node::{Output, SwarmOptions};
use crate::objects::RaftConfig;
use crate::transport::protocol::Member;

const NODE: &str = "node1";
/// Stands for `swarm-node.key`: the numbers of the DEKs that it names, the current one first.
const KEYS: &str = "/var/lib/docker/swarm/keys";

fn dek(number: u8) -> Dek {
    Dek::from_bytes([number; 32])
}

struct Manager {
    now: Time,
    disk: Disk,
    driver: RaftDriver,
    /// Syncs under way, oldest first.
    syncs: Vec<Barrier>,
    keys: Vec<u8>,
    applied: Index,
    /// Every entry that was in the log, and up to where it was acknowledged.
    entries: SortedMap<Index, Entry>,
    promised: Index,
    /// States of the disk that were tried.
    tried: u32,
}

impl Manager {
    fn new(rng: &Rng) -> Self {
        let mut disk = Disk::default();
        let now = Time::from_date(2017, 3, 21);
        let member = Member { node_id: NODE.into(), ..Member::default() };
        disk.write(KEYS, &[1]);
        let start = start(1, rng);
        let driver = RaftDriver::bootstrap(now, start, &member, &mut disk);
        Self {
            now,
            disk,
            driver,
            syncs: Vec::new(),
            keys: vec![1],
            applied: Index(0),
            entries: SortedMap::new(),
            promised: Index(0),
            tried: 0,
        }
    }

    fn write_keys(&mut self) {
        self.disk.write(&format!("{KEYS}.tmp"), &self.keys);
        self.disk.rename(&format!("{KEYS}.tmp"), KEYS);
    }

    /// What a manager does after every input.
    fn pump(&mut self) {
        let mut out = Vec::new();
        for _ in 0..8 {
            self.driver.flush(self.now, &mut self.disk, &mut out);
            for committed in self.driver.take_committed() {
                match committed {
                    Committed::Data { index, .. }
                    | Committed::Passed { index, .. }
                    | Committed::Snapshot { index, .. } => self.applied = index,
                }
            }
        }
        let config = RaftConfig {
            snapshot_interval: 7,
            log_entries_for_slow_followers: 2,
            keep_old_snapshots: 1,
            ..RaftConfig::default()
        };
        let store = || vec![7; 300];
        self.driver.snapshot_if_due(self.applied, &config, store, &mut self.disk, &mut out);
        if self.driver.take_rotated() {
            self.keys.remove(0);
            self.write_keys();
        }
        self.syncs.extend(out.into_iter().filter_map(|output| match output {
            Output::Sync(barrier) => Some(barrier),
            _ => None,
        }));
        for entry in self.driver.raft().log_entries() {
            self.entries.insert(entry.index, entry.clone());
        }
        self.promised = self.promised.max(self.driver.raft().durable_index());
    }

    fn step(&mut self, rng: &mut Rng) {
        match rng.below(20) {
            0 if self.keys.len() == 1 => {
                let next = self.keys[0].wrapping_add(1);
                self.driver.rotate_dek(Sealer::new(&dek(next)));
                self.keys.push(next);
                self.write_keys();
            }
            1..=9 => {
                let size = rng.between(1, 90) as usize;
                // It refuses while it does not lead yet.
                let _ = self.driver.raft_mut().propose(vec![b'x'; size]);
            }
            10..=17 => {
                if !self.syncs.is_empty() {
                    let barrier = self.syncs.remove(0);
                    self.disk.complete_sync(barrier);
                    self.driver.synced(&mut self.disk, barrier);
                }
            }
            _ => {
                self.now += Duration::from_secs(1);
                self.driver.due(self.now);
            }
        }
        self.pump();
    }

    /// Loses power at every point of what is being written.
    fn lose_power_everywhere(&mut self, seed: u64) {
        for count in 0..=self.disk.unsynced_count() {
            let size = self.disk.unsynced_size(count);
            for torn in [0, 1, size / 2, size.saturating_sub(1)] {
                let mut disk = self.disk.clone();
                disk.lose_power_after(count, torn);
                if let Err(problem) = self.check(&mut disk) {
                    panic!("seed {seed}: after {count} writes and {torn} bytes: {problem}");
                }
                self.tried += 1;
                if size == 0 {
                    break;
                }
            }
        }
    }

    fn check(&self, disk: &mut Disk) -> Result<(), String> {
        let keys = disk.read(KEYS).unwrap_or_default().to_vec();
        let sealers: Vec<Sealer> = keys.iter().map(|number| Sealer::new(&dek(*number))).collect();
        let Some(found) = restore::read(disk, &sealers, NODE)? else {
            let nothing_promised = self.promised == Index(0);
            return if nothing_promised { Ok(()) } else { Err("the log is gone".to_owned()) };
        };
        let log = found.restored;
        let base = log.snapshot.as_ref().map_or(Index(0), |snapshot| snapshot.index);
        let last = log.entries.last().map_or(base, |entry| entry.index);
        if last < self.promised {
            return Err(format!("{last} is left, {} was acknowledged", self.promised));
        }
        if log.entries.first().is_some_and(|first| first.index != base.next()) {
            return Err("there is a gap behind the snapshot".to_owned());
        }
        for entry in &log.entries {
            if self.entries.get(&entry.index) != Some(entry) {
                return Err(format!("another entry at {}", entry.index));
            }
        }
        // It starts, and is the only voter: it leads again without a tick.
        let rng = Streams::new(1).stream("again");
        let start = Start { raft_id: found.raft_id, ..start(keys[0], &rng) };
        let mut driver = RaftDriver::restore(self.now, start, log, disk);
        if let Some(pending) = sealers.into_iter().nth(1) {
            driver.rotate_dek(pending);
        }
        driver.flush(self.now, disk, &mut Vec::new());
        // The state record of a torn write may know of entries behind it that did not get there.
        let status = driver.raft().status();
        if last < status.commit {
            return Err(format!("commit {} above the last entry {last}", status.commit));
        }
        Ok(())
    }
}

fn start(key: u8, rng: &Rng) -> Start<'static> {
    Start {
        node_id: NODE,
        raft_id: RaftId(7),
        sealer: Sealer::new(&dek(key)),
        options: SwarmOptions::default(),
        rng: rng.clone(),
    }
}

#[test]
fn a_manager_starts_from_every_state_that_a_power_loss_can_leave() {
    let mut tried = 0;
    let mut rotations = 0;
    for seed in 0..5 {
        let mut rng = Streams::new(seed).stream("power");
        let mut manager = Manager::new(&rng);
        manager.pump();
        for step in 0..100 {
            manager.step(&mut rng);
            // What is not durable stays so for some steps: not each of them has to be looked at.
            if step % 4 == 0 {
                manager.lose_power_everywhere(seed);
            }
        }
        tried += manager.tried;
        rotations += u32::from(manager.keys[0]) - 1;
        assert!(Index(20) < manager.promised, "seed {seed}: nothing happened");
    }
    // A run without rotations and snapshots would prove little.
    assert!(tried > 500 && rotations > 3, "{tried} states, {rotations} rotations");
}
