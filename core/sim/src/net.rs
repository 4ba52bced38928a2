//! Frames between hosts.
//!
//! A *flow* is what one connection is on a real network: frames of one flow arrive in the order they
//! were sent, frames of different flows may overtake each other. A cut link loses what is sent over
//! it; nobody is told. Whoever needs to know sends again or times out.
//!
//! A link that loses a part of its frames behaves as TCP's users see it: what is lost is sent again
//! after 200 ms, then 400 ms, ... (Linux: `TCP_RTO_MIN`, doubled), and what follows it in the same
//! flow waits for it. After [`TRIES_MAX`] losses in a row a frame is lost for good. A frame that a link
//! doubles arrives a second time, after what came before it; the receiver must tell.
//!
//! Frames are bytes. A tap sees what an eavesdropper on the wire would see.

use sorted::SortedMap;
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

/// What is wrong with a link, one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Everything that is sent is lost.
    pub is_cut: bool,
    /// Added to the time that every frame takes.
    pub latency: Duration,
    /// Of a thousand frames so many are lost, each time they are sent.
    pub loss: u16,
    /// Of a thousand frames so many arrive twice.
    pub duplicate: u16,
}

impl Condition {
    /// True when nothing is wrong.
    pub fn is_fine(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// When it arrives; nothing if it is lost.
    pub arrives: Option<Time>,
    /// When it arrives once more.
    pub again: Option<Time>,
    /// How often it was lost on its way.
    pub lost_count: u32,
}

/// After so many losses in a row a frame is not sent again: TCP would go on for minutes, and nobody
/// here waits so long for an answer.
pub const TRIES_MAX: u32 = 5;
/// Linux: `TCP_RTO_MIN`.
const RESEND_AFTER: Duration = Duration::from_millis(200);

/// What the network has carried so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames given to the network.
    pub sent_count: u64,
    /// Frames that a link lost, each time it did.
    pub lost_count: u64,
    /// Frames that a link doubled.
    pub doubled_count: u64,
    /// Bytes of all frames given to the network.
    pub sent_size: u64,
}

/// The network between all hosts of a world.
#[derive(Clone, Debug)]
pub struct Net {
    rng: Rng,
    /// Decides what a bad link does, so that a network without faults draws as if there were none.
    faults: Rng,
    latency: Latency,
    /// What is wrong, by directed link (from, to); links that are fine are not here.
    conditions: SortedMap<(HostId, HostId), Condition>,
    /// When the last frame of a directed flow arrives; a later one may not arrive before it.
    last_arrival: SortedMap<(HostId, HostId, u64), Time>,
    counters: Counters,
}

impl Net {
    /// A network without faults.
    pub fn new(rng: Rng, faults: Rng, latency: Latency) -> Self {
        Self {
            rng,
            faults,
            latency,
            conditions: SortedMap::new(),
            last_arrival: SortedMap::new(),
            counters: Counters::default(),
        }
    }

    /// Takes a frame and decides what becomes of it.
    pub fn send(&mut self, now: Time, frame: &Frame) -> Fate {
        self.counters.sent_count += 1;
        self.counters.sent_size += frame.bytes.len() as u64;
        let condition = self.condition(frame.from, frame.to);
        let mut fate = Fate::default();
        if condition.is_cut {
            fate.lost_count = 1;
            self.counters.lost_count += 1;
            return fate;
        }
        let mut at = now;
        let mut wait = RESEND_AFTER;
        while condition.loss > 0 && self.faults.chance(u64::from(condition.loss), 1_000) {
            fate.lost_count += 1;
            self.counters.lost_count += 1;
            if fate.lost_count == TRIES_MAX {
                return fate;
            }
            at += wait;
            wait = wait.saturating_mul(2);
        }
        at += self.latency.base + condition.latency;
        at += Duration::from_nanos(self.rng.below(self.latency.jitter.as_nanos() + 1));
        let last = self.last_arrival.entry((frame.from, frame.to, frame.flow)).or_default();
        *last = at.max(*last + Duration::from_nanos(1));
        fate.arrives = Some(*last);
        if condition.duplicate > 0 && self.faults.chance(u64::from(condition.duplicate), 1_000) {
            self.counters.doubled_count += 1;
            let later = self.latency.base.as_nanos() + condition.latency.as_nanos();
            fate.again = Some(*last + Duration::from_nanos(1 + self.faults.below(later)));
        }
        fate
    }

    /// Forgets a flow that both ends have closed.
    pub fn close(&mut self, from: HostId, to: HostId, flow: u64) {
        self.last_arrival.remove(&(from, to, flow));
        self.last_arrival.remove(&(to, from, flow));
    }

    /// What is wrong with the way from `from` to `to`.
    pub fn condition(&self, from: HostId, to: HostId) -> Condition {
        self.conditions.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Changes that.
    pub fn set_condition(&mut self, from: HostId, to: HostId, condition: Condition) {
        if condition.is_fine() {
            self.conditions.remove(&(from, to));
        } else {
            self.conditions.insert((from, to), condition);
        }
    }

    /// Every directed link with which something is wrong.
    pub fn conditions(&self) -> impl Iterator<Item = ((HostId, HostId), Condition)> {
        self.conditions.iter().map(|(link, condition)| (*link, *condition))
    }

    /// From now on frames from `from` to `to` are lost (one way).
    pub fn cut(&mut self, from: HostId, to: HostId) {
        let condition = Condition { is_cut: true, ..self.condition(from, to) };
        self.set_condition(from, to, condition);
    }

    /// Nothing is wrong with the way from `from` to `to` any more.
    pub fn heal(&mut self, from: HostId, to: HostId) {
        self.conditions.remove(&(from, to));
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

    fn net() -> Net {
        let streams = Streams::new(3);
        Net::new(streams.stream("net"), streams.stream("faults"), Latency::default())
    }

    #[test]
    fn order_holds_within_a_flow_only() {
        let mut net = net();
        let now = Time::from_date(2017, 3, 21);
        let same: Vec<_> = (0..200).filter_map(|_| net.send(now, &frame(1)).arrives).collect();
        assert!(same.is_sorted());
        let apart: Vec<_> =
            (2..200).filter_map(|flow| net.send(now, &frame(flow)).arrives).collect();
        assert!(!apart.is_sorted(), "frames of different flows should overtake each other");
    }

    #[test]
    fn a_cut_is_one_way() {
        let mut net = net();
        net.cut(HostId(0), HostId(1));
        assert_eq!(net.send(Time::EPOCH, &frame(1)).arrives, None);
        let back = Frame { from: HostId(1), to: HostId(0), ..frame(1) };
        assert!(net.send(Time::EPOCH, &back).arrives.is_some());
        net.heal(HostId(0), HostId(1));
        assert!(net.send(Time::EPOCH, &frame(1)).arrives.is_some());
        assert_eq!(net.counters().lost_count, 1);
    }

    #[test]
    fn what_a_bad_link_loses_comes_late_and_in_order() {
        let mut net = net();
        let condition = Condition { loss: 300, ..Condition::default() };
        net.set_condition(HostId(0), HostId(1), condition);
        let fates: Vec<Fate> = (0..1_000).map(|_| net.send(Time::EPOCH, &frame(1))).collect();
        let arrived: Vec<Time> = fates.iter().filter_map(|fate| fate.arrives).collect();
        assert!(arrived.is_sorted());
        let hit = fates.iter().filter(|fate| fate.lost_count > 0).count();
        assert!((250..350).contains(&hit), "{hit} of 1000");
        assert!(arrived.len() > 990, "{} arrived in the end", arrived.len());
    }

    #[test]
    fn a_doubled_frame_comes_again_later() {
        let mut net = net();
        let latency = Duration::from_millis(50);
        let condition = Condition { duplicate: 500, latency, ..Condition::default() };
        net.set_condition(HostId(0), HostId(1), condition);
        let fates: Vec<Fate> = (0..100).map(|_| net.send(Time::EPOCH, &frame(1))).collect();
        assert!(fates.iter().all(|fate| fate.arrives >= Some(Time::EPOCH + latency)));
        let doubled: Vec<_> = fates.iter().filter(|fate| fate.again.is_some()).collect();
        assert_eq!(net.counters().doubled_count, doubled.len() as u64);
        assert!((30..70).contains(&doubled.len()));
        assert!(doubled.iter().all(|fate| fate.again > fate.arrives));
    }
}
