//! All connections of a node.
//!
//! A peer that restarted does not know a flow and answers with a reset; the calls that were open then
//! fail, and the next message opens a new connection. A call that gets no answer in time takes its
//! connection with it: what is lost on a cut link leaves a hole that no channel can bridge. Frames of a
//! connection are counted; one that comes a second time is dropped, as TCP does.

use sorted::SortedMap;
use std::rc::Rc;

use seal::ca::Peer;
use seal::channel::Channel;
use sim::{Clock, Duration, HostId, Rng, Time};

use super::link::{Link, OpenCall, Trust};
use super::protocol::{Message, Push, Request, Response};
use super::wire::{self, FrameKind};
use crate::ca::Credentials;
use crate::control::{ApiError, Code};
use crate::node::{Output, PORT};

/// A connection, as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(u64);

/// A call that this node made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallId(u64);

/// What came of the frames, for the node to act upon.
#[derive(Debug)]
pub(crate) enum TransportEvent {
    /// A peer asks something; answer on the same link with the same number.
    Called { link: LinkId, number: u64, request: Request, peer: Option<Peer> },
    /// The answer to a call, or why there is none.
    Answered { call: CallId, result: Result<Response, ApiError> },
    /// A message for Raft from a verified manager.
    Raft { link: LinkId, peer: Peer, message: raft::Message },
    /// A verified manager says that this member was removed.
    RaftRemoved { peer: Peer },
    /// The dispatcher says something on the session's link.
    Pushed { link: LinkId, push: Push },
    /// A connection is gone.
    Lost { link: LinkId },
}

/// A handshake that takes longer is given up (grpc: dial timeout of swarmkit's agents, 5 s).
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// swarmkit: `GRPCMaxMsgSize`, 4 MiB, less what else is in a message.
const RAFT_PART_SIZE: usize = (4 << 20) - 4_096;
/// More than that is no snapshot of a cluster that can be simulated.
const RAFT_MESSAGE_SIZE_MAX: usize = 256 << 20;

/// Nearly all messages are heartbeats and acknowledgements, in bytes.
const MESSAGE_SIZE_USUAL: usize = 64;

/// All connections of a node.
#[derive(Debug)]
pub(crate) struct Transport {
    host: HostId,
    directory: SortedMap<String, HostId>,
    credentials: Option<Rc<Credentials>>,
    /// What the host's clock shows: certificates are judged by it.
    clock: Clock,
    links: SortedMap<LinkId, Link>,
    by_wire: SortedMap<(HostId, u64, bool), LinkId>,
    by_peer: SortedMap<(String, Trust), LinkId>,
    next_link: u64,
    next_call: u64,
    rng: Rng,
    events: Vec<TransportEvent>,
}

/// An address without its port.
pub(crate) fn host_of(addr: &str) -> &str {
    addr.rsplit_once(':').map_or(addr, |(host, _)| host)
}

impl Transport {
    /// No connections yet, and nothing to prove who this node is.
    pub(crate) fn new(host: HostId, directory: SortedMap<String, HostId>, rng: Rng) -> Self {
        Self {
            host,
            directory,
            credentials: None,
            clock: Clock::default(),
            links: SortedMap::new(),
            by_wire: SortedMap::new(),
            by_peer: SortedMap::new(),
            next_link: 0,
            next_call: 0,
            rng,
            events: Vec::new(),
        }
    }

    /// What the host's clock shows from now on.
    pub(crate) const fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// From now on `host` is also reached at this address, unless another host has it.
    pub(crate) fn know(&mut self, addr: &str, host: HostId) {
        self.directory.entry(addr.to_owned()).or_insert(host);
    }

    /// From now on connections are opened and accepted with these. Existing ones go on: a certificate
    /// is looked at when a connection is made.
    pub(crate) fn renew_credentials(&mut self, credentials: Rc<Credentials>) {
        self.credentials = Some(credentials);
    }

    /// The same for a node that is another one now, or has another role. Existing connections are
    /// closed, so that nobody goes on with the old one.
    pub(crate) fn set_credentials(
        &mut self,
        credentials: Option<Rc<Credentials>>,
        out: &mut Vec<Output>,
    ) {
        self.credentials = credentials;
        self.close_all(out);
    }

    /// What has come in since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<TransportEvent> {
        std::mem::take(&mut self.events)
    }

    /// Takes back the list of [`Transport::take_events`], so that not every frame needs a new one.
    pub(crate) fn reuse(&mut self, events: Vec<TransportEvent>) {
        if self.events.capacity() == 0 && events.is_empty() {
            self.events = events;
        }
    }

    /// Asks the node at `addr` something. The answer, or the lack of one, comes as an event.
    pub(crate) fn call(
        &mut self,
        now: Time,
        target: (&str, Trust),
        request: Request,
        timeout: Duration,
        out: &mut Vec<Output>,
    ) -> CallId {
        let call = CallId(self.next_call);
        self.next_call += 1;
        match self.link_to(now, target.0, target.1, out) {
            Ok(id) => {
                let link = self.links.get_mut(&id).expect("link_to returns an existing link");
                let number = link.next_call;
                link.next_call += 1;
                link.calls.insert(number, OpenCall { id: call, deadline: now + timeout });
                self.post(id, Message::Call(number, request), out);
            }
            Err(error) => {
                self.events.push(TransportEvent::Answered { call, result: Err(error) });
            }
        }
        call
    }

    /// Sends a message to the Raft of the member at `addr`; it may be lost.
    pub(crate) fn send_raft(
        &mut self,
        now: Time,
        addr: &str,
        message: raft::Message,
        out: &mut Vec<Output>,
    ) {
        let Ok(id) = self.link_to(now, addr, Trust::Mutual, out) else { return };
        let is_large = match &message.body {
            raft::MessageBody::Snapshot(snapshot) => RAFT_PART_SIZE < snapshot.data.len(),
            _ => false,
        };
        if !is_large {
            return self.post(id, Message::Raft(message), out);
        }
        let bytes = postcard::to_allocvec(&message).expect("messages have no unsized parts");
        let mut parts = bytes.chunks(RAFT_PART_SIZE).peekable();
        while let Some(part) = parts.next() {
            let is_last = parts.peek().is_none();
            self.post(id, Message::RaftPart { is_last, bytes: part.to_vec() }, out);
        }
    }

    /// Answers a call.
    pub(crate) fn answer(
        &mut self,
        link: LinkId,
        number: u64,
        result: Result<Response, ApiError>,
        out: &mut Vec<Output>,
    ) {
        self.post(link, Message::Answer(number, result), out);
    }

    /// Tells the agent at the other end of `link` something; false if the link is gone.
    pub(crate) fn push(&mut self, link: LinkId, push: Push, out: &mut Vec<Output>) -> bool {
        self.post(link, Message::Push(push), out);
        self.links.contains_key(&link)
    }

    /// Tells the member at the other end that it was removed.
    pub(crate) fn send_removed(&mut self, link: LinkId, out: &mut Vec<Output>) {
        self.post(link, Message::RaftRemoved, out);
    }

    /// The address of the host at the other end.
    pub(crate) fn addr_of(&self, link: LinkId) -> String {
        let host = self.links.get(&link).map(|link| link.host);
        let found = self.directory.iter().find(|(_, known)| Some(**known) == host);
        found.map(|(addr, _)| addr.clone()).unwrap_or_default()
    }

    /// The mutual connection that this node opened to `addr`, if there is one.
    pub(crate) fn mutual_link(&self, addr: &str) -> Option<LinkId> {
        self.by_peer.get(&(host_of(addr).to_owned(), Trust::Mutual)).copied()
    }

    /// Closes one connection and tells the other end.
    pub(crate) fn close(&mut self, id: LinkId, why: &str, out: &mut Vec<Output>) {
        if let Some(link) = self.links.get(&id) {
            let bytes = wire::wrap(FrameKind::Reset, link.is_initiator, &[]);
            out.push(Output::Frame { to: link.host, flow: link.flow, bytes: bytes.into() });
            self.drop_link(id, why);
        }
    }

    /// Closes the mutual connection to `addr`, for instance because nothing comes back on it.
    pub(crate) fn close_peer(&mut self, addr: &str, out: &mut Vec<Output>) {
        if let Some(id) = self.mutual_link(addr) {
            self.close(id, "the connection is unavailable", out);
        }
    }

    /// Closes everything.
    pub(crate) fn close_all(&mut self, out: &mut Vec<Output>) {
        let all: Vec<LinkId> = self.links.keys().copied().collect();
        for id in all {
            self.close(id, "transport is closing", out);
        }
    }

    /// When a call or a handshake is next given up.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.links.values().filter_map(Link::next_deadline).min()
    }

    /// Gives up what took too long.
    pub(crate) fn due(&mut self, now: Time, out: &mut Vec<Output>) {
        if self.next_deadline().is_none_or(|at| at > now) {
            return;
        }
        let late: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, link)| link.next_deadline().is_some_and(|at| at <= now))
            .map(|(&id, _)| id)
            .collect();
        for id in late {
            let Some(link) = self.links.get_mut(&id) else { continue };
            let over: Vec<u64> =
                link.calls.iter().filter(|(_, c)| c.deadline <= now).map(|(&n, _)| n).collect();
            for number in over {
                if let Some(open) = link.calls.remove(&number) {
                    let result = Err(ApiError::new(
                        Code::DeadlineExceeded,
                        "context deadline exceeded".to_owned(),
                    ));
                    self.events.push(TransportEvent::Answered { call: open.id, result });
                }
            }
            let why = if link.channel.is_established() {
                "transport is closing".to_owned()
            } else {
                dial_error(&link.addr, "i/o timeout")
            };
            self.close(id, &why, out);
        }
    }

    /// Takes a frame off the wire.
    pub(crate) fn receive(
        &mut self,
        now: Time,
        from: HostId,
        flow: u64,
        frame: &[u8],
        out: &mut Vec<Output>,
    ) {
        let Some((kind, from_initiator, bytes)) = wire::unwrap(frame) else { return };
        let wire_key = (from, flow, !from_initiator);
        match kind {
            // The same connection is opened once; this is the same frame again.
            FrameKind::Hello if self.by_wire.contains_key(&wire_key) => {}
            FrameKind::Hello => self.accept(now, from, flow, bytes, out),
            FrameKind::Reset => {
                if let Some(&id) = self.by_wire.get(&wire_key) {
                    let link = &self.links[&id];
                    let why = if link.channel.is_established() {
                        "transport is closing".to_owned()
                    } else {
                        dial_error(&link.addr, "connect: connection refused")
                    };
                    self.drop_link(id, &why);
                }
            }
            FrameKind::Data => match self.by_wire.get(&wire_key) {
                Some(&id) => self.receive_data(now, id, bytes, out),
                None => reset(from, flow, !from_initiator, out),
            },
        }
    }

    fn accept(&mut self, now: Time, from: HostId, flow: u64, hello: &[u8], out: &mut Vec<Output>) {
        let server = self.credentials.as_ref().and_then(|credentials| credentials.server());
        let accepted =
            server.and_then(|config| Channel::accept(&config, hello, &mut self.rng).ok());
        let Some((channel, reply)) = accepted else {
            return reset(from, flow, false, out);
        };
        let link = Link {
            host: from,
            flow,
            is_initiator: false,
            addr: String::new(),
            trust: Trust::Mutual,
            channel,
            handshake_until: now + HANDSHAKE_TIMEOUT,
            sent_count: 0,
            received_count: 0,
            calls: SortedMap::new(),
            next_call: 0,
            parts: Vec::new(),
        };
        let id = self.insert(link);
        self.send_data(id, &reply, out);
    }

    fn receive_data(&mut self, now: Time, id: LinkId, bytes: &[u8], out: &mut Vec<Output>) {
        let link = self.links.get_mut(&id).expect("by_wire names existing links");
        let Some((number, bytes)) = wire::numbered(bytes) else { return };
        if number < link.received_count && !sim::planted!(DuplicateTaken) {
            return;
        }
        link.received_count = link.received_count.wrapping_add(1);
        let received = match link.channel.receive(bytes, self.clock.wall(now)) {
            Ok(received) => received,
            Err(error) => {
                let why = format!("connection error: desc = \"{error}\"");
                return self.close(id, &why, out);
            }
        };
        for reply in received.replies {
            self.send_data(id, &reply, out);
        }
        for plaintext in received.plaintexts {
            match postcard::from_bytes(&plaintext) {
                Ok(message) => self.dispatch(id, message),
                Err(_) => return self.close(id, "connection error: malformed message", out),
            }
        }
    }

    fn dispatch(&mut self, id: LinkId, message: Message) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let peer = link.channel.peer();
        match message {
            Message::Call(number, request) => {
                let peer = peer.cloned();
                self.events.push(TransportEvent::Called { link: id, number, request, peer });
            }
            Message::Answer(number, result) => {
                if let Some(open) = link.calls.remove(&number) {
                    self.events.push(TransportEvent::Answered { call: open.id, result });
                }
            }
            Message::Raft(message) => {
                if let Some(peer) = peer.cloned() {
                    self.events.push(TransportEvent::Raft { link: id, peer, message });
                }
            }
            Message::RaftPart { is_last, bytes } => {
                let Some(peer) = peer.cloned() else { return };
                if RAFT_MESSAGE_SIZE_MAX < link.parts.len() + bytes.len() {
                    link.parts = Vec::new();
                    return;
                }
                link.parts.extend_from_slice(&bytes);
                if is_last {
                    let whole = std::mem::take(&mut link.parts);
                    if let Ok(message) = postcard::from_bytes(&whole) {
                        self.events.push(TransportEvent::Raft { link: id, peer, message });
                    }
                }
            }
            Message::RaftRemoved => {
                if let Some(peer) = peer.cloned() {
                    self.events.push(TransportEvent::RaftRemoved { peer });
                }
            }
            // Only the end that was called may push, and only managers are called by agents.
            Message::Push(push) if link.is_initiator => {
                self.events.push(TransportEvent::Pushed { link: id, push });
            }
            Message::Push(_) => {}
        }
    }

    fn link_to(
        &mut self,
        now: Time,
        addr: &str,
        trust: Trust,
        out: &mut Vec<Output>,
    ) -> Result<LinkId, ApiError> {
        let key = (host_of(addr).to_owned(), trust);
        if let Some(&id) = self.by_peer.get(&key) {
            return Ok(id);
        }
        let unavailable = |why: &str| ApiError::new(Code::Unavailable, dial_error(addr, why));
        let host =
            *self.directory.get(&key.0).ok_or_else(|| unavailable("connect: no route to host"))?;
        let config = self
            .credentials
            .as_ref()
            .map_or_else(|| Credentials::unverified_client(trust), |own| own.client(trust))
            .ok_or_else(|| unavailable("no certificate"))?;
        // Managers listen on one port, whatever they advertise.
        let port = addr.rsplit_once(':').map(|(_, port)| port);
        if host != self.host && port.is_some_and(|port| port.parse() != Ok(PORT)) {
            return Err(unavailable("connect: connection refused"));
        }
        let (channel, hello) = Channel::connect(&config, &mut self.rng);
        let flow = self.rng.next_u64();
        let link = Link {
            host,
            flow,
            is_initiator: true,
            addr: addr.to_owned(),
            trust,
            channel,
            handshake_until: now + HANDSHAKE_TIMEOUT,
            sent_count: 0,
            received_count: 0,
            calls: SortedMap::new(),
            next_call: 0,
            parts: Vec::new(),
        };
        let bytes = wire::wrap(FrameKind::Hello, true, &hello);
        out.push(Output::Frame { to: host, flow, bytes: bytes.into() });
        let id = self.insert(link);
        self.by_peer.insert(key, id);
        Ok(id)
    }

    fn insert(&mut self, link: Link) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        self.by_wire.insert((link.host, link.flow, link.is_initiator), id);
        self.links.insert(id, link);
        id
    }

    fn post(&mut self, id: LinkId, message: Message, out: &mut Vec<Output>) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let plaintext = Vec::with_capacity(MESSAGE_SIZE_USUAL);
        let plaintext =
            postcard::to_extend(&message, plaintext).expect("messages have no unsized parts");
        // While the handshake is not done the channel keeps the message; one that is too large, or
        // too many, are lost as on any other network.
        if let Ok(Some(sealed)) = link.channel.send(&plaintext) {
            if sim::planted!(FrameInClear)
                && let Some(link) = self.links.get(&id)
            {
                let bytes = [&[u8::MAX], plaintext.as_slice()].concat();
                out.push(Output::Frame { to: link.host, flow: link.flow, bytes: bytes.into() });
            }
            self.send_data(id, &sealed, out);
        }
    }

    /// Puts the channel's bytes on the wire, as the next frame of the connection.
    fn send_data(&mut self, id: LinkId, sealed: &[u8], out: &mut Vec<Output>) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let bytes = wire::wrap_numbered(link.is_initiator, link.sent_count, sealed);
        link.sent_count = link.sent_count.wrapping_add(1);
        out.push(Output::Frame { to: link.host, flow: link.flow, bytes: bytes.into() });
    }

    /// Forgets a connection; its open calls fail.
    fn drop_link(&mut self, id: LinkId, why: &str) {
        let Some(link) = self.links.remove(&id) else { return };
        self.by_wire.remove(&(link.host, link.flow, link.is_initiator));
        if link.is_initiator {
            self.by_peer.remove(&(host_of(&link.addr).to_owned(), link.trust));
        }
        for open in link.calls.into_values() {
            let result = Err(ApiError::new(Code::Unavailable, why.to_owned()));
            self.events.push(TransportEvent::Answered { call: open.id, result });
        }
        self.events.push(TransportEvent::Lost { link: id });
    }
}

/// grpc's words for a connection that does not come about.
fn dial_error(addr: &str, why: &str) -> String {
    format!("connection error: desc = \"transport: Error while dialing: dial tcp {addr}: {why}\"")
}

fn reset(to: HostId, flow: u64, as_initiator: bool, out: &mut Vec<Output>) {
    let bytes = wire::wrap(FrameKind::Reset, as_initiator, &[]);
    out.push(Output::Frame { to, flow, bytes: bytes.into() });
}
