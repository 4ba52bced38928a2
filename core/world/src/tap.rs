//! What an eavesdropper on the wire has seen.

use std::collections::VecDeque;

use os::RequestId;
use sim::{EventId, Frame, HostId, Time};
use tools::tcpdump::{Ask, Passed, Reply};

use crate::boot::address;
use crate::world::World;

/// A frame on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) frame: Frame,
    /// When it was sent.
    at: Time,
    /// The event that sent it.
    pub(crate) cause: Option<EventId>,
}

/// The frames of the recent past; older ones are forgotten when there are too many bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap {
    frames: VecDeque<Seen>,
    size: usize,
    total: u64,
}

/// Some hours of an idle cluster.
const SIZE_MAX: usize = 32 * 1024 * 1024;

impl Tap {
    pub(crate) fn see(&mut self, at: Time, frame: &Frame, cause: Option<EventId>) {
        self.size += frame.bytes.len();
        self.total += 1;
        self.frames.push_back(Seen { frame: frame.clone(), at, cause });
        while self.size > SIZE_MAX {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.size -= oldest.frame.bytes.len();
        }
    }

    /// How many frames there ever were.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The frames after the first `count` that there ever were, as far as they are remembered.
    pub(crate) fn since(&self, count: u64) -> impl Iterator<Item = &Frame> {
        self.seen_since(count).map(|seen| &seen.frame)
    }

    fn seen_since(&self, count: u64) -> impl Iterator<Item = &Seen> {
        let new = usize::try_from(self.total.saturating_sub(count)).unwrap_or(usize::MAX);
        let skipped = self.frames.len().saturating_sub(new);
        self.frames.range(skipped..)
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = &Seen> {
        self.frames.iter()
    }
}

/// Linux: how many ports a client may get, and the first of them (`ip_local_port_range`).
const CLIENT_PORTS: (u64, u64) = (28_232, 32_768);
/// The ports of managers and of API servers.
const MANAGER_PORT: u16 = 2377;
const API_PORT: u16 = 6443;
/// In the first byte of a channel's frames: who opened the channel has sent it.
const FROM_INITIATOR: u8 = 0x10;

impl World {
    /// A process of a host wants to see what passes there.
    pub(crate) fn tap_asked(&mut self, index: usize, request: RequestId, ask: Ask) {
        let here = self.hosts[index].id;
        let is_here = |seen: &&Seen| seen.frame.from == here || seen.frame.to == here;
        let new = ask.map(|count| self.tap.seen_since(count).filter(is_here));
        let passed: Vec<Passed> =
            new.into_iter().flatten().filter_map(|seen| self.passed(seen)).collect();
        let reply: Reply = (self.tap.total(), passed);
        self.settle(index, |host, _| {
            if let Some(up) = &mut host.up {
                up.machine.reply(request, Box::new(reply));
            }
        });
    }

    /// A frame as `tcpdump` shows it; nothing for an echo.
    fn passed(&self, seen: &Seen) -> Option<Passed> {
        let frame = &seen.frame;
        let from_initiator = frame.bytes.first().is_some_and(|first| first & FROM_INITIATOR != 0);
        let (port, from_server, is_tcp, number, bytes) = match daemon::content_of(frame) {
            Some(content) => content?,
            None => {
                let is_kube = kube::KubeNode::is_for_kube(frame);
                let port = if is_kube { API_PORT } else { MANAGER_PORT };
                (port, !from_initiator, true, frame.flow, frame.bytes.to_vec())
            }
        };
        let (count, first) = CLIENT_PORTS;
        let client = u16::try_from(first + number % count).unwrap_or(u16::MAX);
        let end = |host: HostId, serves: bool| {
            let index = usize::from(host.0);
            let port = if serves || !is_tcp { port } else { client };
            (address(index), self.hosts[index].name.clone(), port)
        };
        let ends = [end(frame.from, from_server), end(frame.to, !from_server)];
        Some(Passed { at: seen.at, ends, is_tcp, bytes })
    }
}
