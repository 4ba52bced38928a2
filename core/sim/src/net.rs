//! Frames between hosts.
//!
//! A *flow* is what one connection is on a real network: frames of one flow arrive in the order they
//! were sent, frames of different flows may overtake each other. A cut link loses what is sent over
//! it; nobody is told. Whoever needs to know sends again or times out.
//!
//! Frames are bytes. A tap sees what an eavesdropper on the wire would see.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::rng::Rng;
use crate::time::{Duration, Time};

/// A host, numbered in the order of the world's specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostId(pub u16);

/// Bytes on their way from one host to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The sending host.
    pub from: HostId,
    /// The receiving host.
    pub to: HostId,
    /// The connection the frame belongs to; both ends use the same number.
    pub flow: u64,
    /// What is on the wire.
    pub bytes: Rc<[u8]>,
}

/// How long a frame takes: `base` plus up to `jitter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// The shortest time a frame takes.
    pub base: Duration,
    /// The most that is added to it at random.
    pub jitter: Duration,
}

impl Default for Latency {
    /// One rack: 0.3 to 0.5 ms.
    fn default() -> Self {
        Self { base: Duration::from_micros(300), jitter: Duration::from_micros(200) }
    }
}

/// What the network has carried so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames given to the network.
    pub sent_count: u64,
    /// Frames that a cut link lost.
    pub lost_count: u64,
    /// Bytes of all frames given to the network.
    pub sent_size: u64,
}

/// The network between all hosts of a world.
#[derive(Clone, Debug)]
pub struct Net {
    rng: Rng,
    latency: Latency,
    /// Directed: (from, to).
    cut: BTreeSet<(HostId, HostId)>,
    /// When the last frame of a directed flow arrives; a later one may not arrive before it.
    last_arrival: BTreeMap<(HostId, HostId, u64), Time>,
    counters: Counters,
}

impl Net {
    /// A network without faults.
    pub fn new(rng: Rng, latency: Latency) -> Self {
        Self {
            rng,
            latency,
            cut: BTreeSet::new(),
            last_arrival: BTreeMap::new(),
            counters: Counters::default(),
        }
    }

    /// Takes a frame; the time it arrives, or nothing if it is lost.
    pub fn send(&mut self, now: Time, frame: &Frame) -> Option<Time> {
        self.counters.sent_count += 1;
        self.counters.sent_size += frame.bytes.len() as u64;
        if self.cut.contains(&(frame.from, frame.to)) {
            self.counters.lost_count += 1;
            return None;
        }
        let jitter = self.rng.below(self.latency.jitter.as_nanos() + 1);
        let at = now + self.latency.base + Duration::from_nanos(jitter);
        let last = self.last_arrival.entry((frame.from, frame.to, frame.flow)).or_default();
        *last = at.max(*last + Duration::from_nanos(1));
        Some(*last)
    }

    /// Forgets a flow that both ends have closed.
    pub fn close(&mut self, from: HostId, to: HostId, flow: u64) {
        self.last_arrival.remove(&(from, to, flow));
        self.last_arrival.remove(&(to, from, flow));
    }

    /// From now on frames from `from` to `to` are lost (one way).
    pub fn cut(&mut self, from: HostId, to: HostId) {
        self.cut.insert((from, to));
    }

    /// Frames from `from` to `to` arrive again.
    pub fn heal(&mut self, from: HostId, to: HostId) {
        self.cut.remove(&(from, to));
    }

    /// True when frames from `from` to `to` are lost.
    pub fn is_cut(&self, from: HostId, to: HostId) -> bool {
        self.cut.contains(&(from, to))
    }

    /// What was carried so far.
    pub const fn counters(&self) -> Counters {
        self.counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Streams;

    fn frame(flow: u64) -> Frame {
        Frame { from: HostId(0), to: HostId(1), flow, bytes: Rc::from(&b"hello"[..]) }
    }

    #[test]
    fn order_holds_within_a_flow_only() {
        let mut net = Net::new(Streams::new(3).stream("net"), Latency::default());
        let now = Time::from_date(2017, 3, 21);
        let same: Vec<_> = (0..200).filter_map(|_| net.send(now, &frame(1))).collect();
        assert!(same.is_sorted());
        let apart: Vec<_> = (2..200).filter_map(|flow| net.send(now, &frame(flow))).collect();
        assert!(!apart.is_sorted(), "frames of different flows should overtake each other");
    }

    #[test]
    fn a_cut_is_one_way() {
        let mut net = Net::new(Streams::new(3).stream("net"), Latency::default());
        net.cut(HostId(0), HostId(1));
        assert_eq!(net.send(Time::EPOCH, &frame(1)), None);
        let back = Frame { from: HostId(1), to: HostId(0), ..frame(1) };
        assert!(net.send(Time::EPOCH, &back).is_some());
        net.heal(HostId(0), HostId(1));
        assert!(net.send(Time::EPOCH, &frame(1)).is_some());
        assert_eq!(net.counters().lost_count, 1);
    }
}
