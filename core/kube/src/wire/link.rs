//! Connections: one channel each, opened when there is something to say and given up when the other end is silent.

use sorted::SortedMap;
use std::rc::Rc;

use seal::ca::Peer;
use seal::channel::Channel;
use seal::{ClientConfig, Identity, RootCertificate, ServerConfig, Trust};
use sha2::{Digest, Sha256};
use sim::{Clock, Duration, HostId, Rng, Time};

use super::Packet;

/// A frame of a Kubernetes has this in its flow's upper bits, and its first byte has a bit of its own: no frame of
/// another kind has both.
const FLOW_TAG: u64 = 0x6b75_6265 << 32;
const TAG: u8 = 0x20;
const FROM_INITIATOR: u8 = 0x10;
const HELLO: u8 = 0;
const DATA: u8 = 1;
const RESET: u8 = 2;
/// A connection that is not there by then is tried again (TCP: the third SYN).
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// A server that has said nothing for so long is asked whether it is there: a stream that only listens would never learn
/// (client-go: `HTTP2_READ_IDLE_TIMEOUT_SECONDS`).
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Who has not answered that by then is gone (client-go: `HTTP2_PING_TIMEOUT_SECONDS`).
const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// A client that has said nothing for so long, not even asked, is gone: nine probes that TCP sends every 15 s (Go:
/// `net.ListenConfig`, `KeepAlive`).
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(150);
/// No call has this number: its answer is not waited for.
const NOBODYS: u64 = u64::MAX;

/// True for a frame that a [`Links`] understands.
pub(crate) fn is_ours(flow: u64, bytes: &[u8]) -> bool {
    flow >> 32 == FLOW_TAG >> 32 && bytes.first().is_some_and(|first| first & TAG != 0)
}

/// What has come.
#[derive(Debug)]
pub(crate) enum WireEvent {
    /// A packet of whoever is at the other end.
    Packet { link: u64, host: HostId, peer: Option<Peer>, packet: Box<Packet> },
    /// A connection is gone.
    Lost { link: u64, why: Loss },
}

/// Why a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing came back.
    Silent,
    /// Nobody is there who could answer.
    Refused,
    /// It was there, and is not any more.
    Broken,
    /// It was there, and does not answer any more.
    Gone,
    /// The other end is not who it should be.
    Untrusted,
}

#[derive(Debug)]
struct Link {
    host: HostId,
    flow: u64,
    is_initiator: bool,
    channel: Channel,
    sent_count: u32,
    received_count: u32,
    /// Until when something has to come: the other end's part of the handshake, or anything.
    wait_until: Time,
    was_asked: bool,
}

/// All connections of a host.
#[derive(Debug)]
pub(crate) struct Links {
    root: Option<RootCertificate>,
    server: Option<Identity>,
    clock: Clock,
    links: SortedMap<u64, Link>,
    by_wire: SortedMap<(HostId, u64, bool), u64>,
    by_peer: SortedMap<(HostId, [u8; 8]), u64>,
    next: u64,
    rng: Rng,
    events: Vec<WireEvent>,
}

/// A frame to send.
pub(crate) type Frames = Vec<(HostId, u64, Rc<[u8]>)>;

fn fingerprint(identity: Option<&Identity>) -> [u8; 8] {
    let mut short = [0; 8];
    if let Some(identity) = identity {
        let digest: [u8; 32] = Sha256::digest(identity.chain.leaf.der()).into();
        short.copy_from_slice(&digest[..8]);
    }
    short
}

fn frame(kind: u8, from_initiator: bool, bytes: &[u8]) -> Rc<[u8]> {
    let mut frame = vec![TAG | kind | if from_initiator { FROM_INITIATOR } else { 0 }];
    frame.extend_from_slice(bytes);
    frame.into()
}

impl Links {
    pub(crate) fn new(rng: Rng) -> Self {
        Self {
            root: None,
            server: None,
            clock: Clock::default(),
            links: SortedMap::new(),
            by_wire: SortedMap::new(),
            by_peer: SortedMap::new(),
            next: 1,
            rng,
            events: Vec::new(),
        }
    }

    /// What others are checked with, and what this host shows when it is asked.
    pub(crate) fn set_credentials(&mut self, root: RootCertificate, server: Option<Identity>) {
        (self.root, self.server) = (Some(root), server);
    }

    /// What the host's clock shows.
    pub(crate) const fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// What has come since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<WireEvent> {
        std::mem::take(&mut self.events)
    }

    /// There is a connection to a host as somebody.
    pub(crate) fn is_open(&self, host: HostId, identity: Option<&Identity>) -> bool {
        let link = self.by_peer.get(&(host, fingerprint(identity)));
        let link = link.and_then(|link| self.links.get(link));
        link.is_some_and(|link| link.channel.is_established())
    }

    /// The connection to a host as somebody, opened if need be.
    pub(crate) fn open(
        &mut self,
        now: Time,
        host: HostId,
        identity: Option<&Identity>,
        out: &mut Frames,
    ) -> Option<u64> {
        let key = (host, fingerprint(identity));
        if let Some(link) = self.by_peer.get(&key) {
            return Some(*link);
        }
        let trust = Trust::Root(self.root.clone()?);
        let config = ClientConfig { identity: identity.cloned(), trust, server_role: None };
        let (channel, hello) = Channel::connect(&config, &mut self.rng);
        let flow = FLOW_TAG | self.rng.next_u64() >> 32;
        out.push((host, flow, frame(HELLO, true, &hello)));
        let id = self.insert(now, host, flow, true, channel);
        self.by_peer.insert(key, id);
        Some(id)
    }

    fn insert(
        &mut self,
        now: Time,
        host: HostId,
        flow: u64,
        is_initiator: bool,
        channel: Channel,
    ) -> u64 {
        let id = self.next;
        self.next += 1;
        let (sent_count, received_count) = (0, 0);
        self.by_wire.insert((host, flow, is_initiator), id);
        let link = Link {
            host,
            flow,
            is_initiator,
            channel,
            sent_count,
            received_count,
            wait_until: now + HANDSHAKE_TIMEOUT,
            was_asked: false,
        };
        self.links.insert(id, link);
        id
    }

    /// Nobody answers on a connection: who wants one opens another. What is under way on it may still come.
    pub(crate) fn retire(&mut self, link: u64) {
        self.by_peer.retain(|_, known| *known != link);
    }

    /// A connection that nobody takes for new calls any more.
    pub(crate) fn is_retired(&self, link: u64) -> bool {
        !self.by_peer.values().any(|known| *known == link)
    }

    /// Sends a packet; it is lost if the connection is.
    pub(crate) fn send(&mut self, id: u64, packet: &Packet, out: &mut Frames) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let Ok(plain) = postcard::to_allocvec(packet) else { return };
        if let Ok(Some(sealed)) = link.channel.send(&plain) {
            self.send_data(id, &sealed, out);
        }
    }

    fn send_data(&mut self, id: u64, sealed: &[u8], out: &mut Frames) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let bytes = [&link.sent_count.to_le_bytes()[..], sealed].concat();
        link.sent_count = link.sent_count.wrapping_add(1);
        out.push((link.host, link.flow, frame(DATA, link.is_initiator, &bytes)));
    }

    /// Closes a connection and tells the other end.
    pub(crate) fn close(&mut self, id: u64, out: &mut Frames) {
        if let Some(link) = self.links.get(&id) {
            out.push((link.host, link.flow, frame(RESET, link.is_initiator, &[])));
        }
        self.drop_link(id, Loss::Broken);
    }

    fn drop_link(&mut self, link: u64, why: Loss) {
        let Some(gone) = self.links.remove(&link) else { return };
        self.by_wire.remove(&(gone.host, gone.flow, gone.is_initiator));
        self.retire(link);
        let is_new = !gone.channel.is_established();
        let why = if why == Loss::Broken && is_new { Loss::Refused } else { why };
        self.events.push(WireEvent::Lost { link, why });
    }

    /// When a handshake is given up, or a connection looked at.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.links.values().map(|link| link.wait_until).min()
    }

    /// Gives up handshakes that took too long, and connections whose other end is gone; asks those who are silent.
    pub(crate) fn due(&mut self, now: Time, out: &mut Frames) {
        let silent = self.links.iter().filter(|(_, link)| link.wait_until <= now);
        let silent: Vec<u64> = silent.map(|(id, _)| *id).collect();
        for id in silent {
            match self.links.get_mut(&id) {
                Some(link) if !link.channel.is_established() => self.drop_link(id, Loss::Silent),
                Some(link) if sim::planted!(SilenceIgnored) => link.wait_until = now + IDLE_TIMEOUT,
                Some(link) if link.is_initiator && !link.was_asked => {
                    (link.was_asked, link.wait_until) = (true, now + PING_TIMEOUT);
                    self.send(id, &Packet::Ping { number: NOBODYS }, out);
                }
                _ => self.drop_link(id, Loss::Gone),
            }
        }
    }

    /// Takes a frame off the wire.
    pub(crate) fn receive(
        &mut self,
        now: Time,
        from: HostId,
        flow: u64,
        bytes: &[u8],
        out: &mut Frames,
    ) {
        let Some((&first, rest)) = bytes.split_first() else { return };
        let from_initiator = first & FROM_INITIATOR != 0;
        let key = (from, flow, !from_initiator);
        let known = self.by_wire.get(&key).copied();
        match (first & !(TAG | FROM_INITIATOR), known) {
            (HELLO, None) => self.accept(now, from, flow, rest, out),
            (RESET, Some(id)) => self.drop_link(id, Loss::Broken),
            (DATA, Some(id)) => self.receive_data(now, id, rest, out),
            (DATA, None) => out.push((from, flow, frame(RESET, !from_initiator, &[]))),
            _ => {}
        }
    }

    fn accept(&mut self, now: Time, from: HostId, flow: u64, hello: &[u8], out: &mut Frames) {
        let config = self
            .server
            .clone()
            .zip(self.root.clone())
            .map(|(identity, root)| ServerConfig { identity, trust: Trust::Root(root) });
        let accepted =
            config.and_then(|config| Channel::accept(&config, hello, &mut self.rng).ok());
        let Some((channel, reply)) = accepted else {
            return out.push((from, flow, frame(RESET, false, &[])));
        };
        let id = self.insert(now, from, flow, false, channel);
        self.send_data(id, &reply, out);
    }

    fn receive_data(&mut self, now: Time, id: u64, bytes: &[u8], out: &mut Frames) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let Some((number, bytes)) = bytes.split_first_chunk::<4>() else { return };
        // A frame that comes a second time is dropped, as TCP does.
        if u32::from_le_bytes(*number) < link.received_count {
            return;
        }
        link.received_count = link.received_count.wrapping_add(1);
        let patience = if link.is_initiator { IDLE_TIMEOUT } else { KEEPALIVE_TIMEOUT };
        (link.was_asked, link.wait_until) = (false, now + patience);
        let received = match link.channel.receive(bytes, self.clock.wall(now)) {
            Ok(received) => received,
            Err(error) => {
                let is_untrusted = matches!(error, seal::ChannelError::Certificate(_));
                out.push((link.host, link.flow, frame(RESET, link.is_initiator, &[])));
                return self
                    .drop_link(id, if is_untrusted { Loss::Untrusted } else { Loss::Broken });
            }
        };
        let (host, peer) = (link.host, link.channel.peer().cloned());
        for reply in received.replies {
            self.send_data(id, &reply, out);
        }
        for plain in received.plaintexts {
            if let Ok(packet) = postcard::from_bytes(&plain) {
                let peer = peer.clone();
                let packet = Box::new(packet);
                self.events.push(WireEvent::Packet { link: id, host, peer, packet });
            }
        }
    }
}
