//! Calls to other hosts (or this one): dialled again until their time is over.

use sorted::SortedMap;

use os::remote::RemoteInput;
use seal::Identity;
use sim::{Duration, HostId, Time};

use super::link::{Frames, Links, Loss};
use super::{Packet, WireRequest};
use crate::rest::{Request, Response, StreamEvent, Unreachable};

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Came {
    Response(Response),
    Opened,
    Event(StreamEvent),
    Failed(Unreachable),
}

#[derive(Debug)]
struct Call {
    host: HostId,
    identity: Option<Identity>,
    port: u16,
    opens: bool,
    request: WireRequest,
    link: Option<u64>,
    is_open: bool,
    deadline: Time,
}

/// The calls of a host. Their numbers are unique on all of its connections.
#[derive(Debug, Default)]
pub(crate) struct Client {
    calls: SortedMap<u64, Call>,
    next: u64,
}

/// Where a call goes and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) host: HostId,
    pub(crate) port: u16,
    pub(crate) identity: Option<Identity>,
}

impl Client {
    /// Begins a call or opens a stream.
    pub(crate) fn ask(
        &mut self,
        now: Time,
        way: Way,
        request: &Request,
        opens: bool,
        timeout: Duration,
        links: &mut Links,
        out: &mut Frames,
    ) -> u64 {
        let number = self.next;
        self.next += 1;
        let Way { host, port, identity } = way;
        let request = WireRequest::new(request);
        let deadline = now + timeout;
        let call =
            Call { host, identity, port, opens, request, link: None, is_open: false, deadline };
        self.calls.insert(number, call);
        self.dial(now, number, links, out);
        number
    }

    fn dial(&mut self, now: Time, number: u64, links: &mut Links, out: &mut Frames) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(link) = links.open(now, call.host, call.identity.as_ref(), out) else { return };
        call.link = Some(link);
        let (port, opens, request) = (call.port, call.opens, call.request.clone());
        links.send(link, &Packet::Ask { port, number, opens, request }, out);
    }

    /// Input for a stream.
    pub(crate) fn send(
        &mut self,
        number: u64,
        input: RemoteInput,
        links: &mut Links,
        out: &mut Frames,
    ) {
        if let Some(link) = self.calls.get(&number).and_then(|call| call.link) {
            links.send(link, &Packet::Input { number, input }, out);
        }
    }

    /// Nobody waits for it any more.
    pub(crate) fn close(&mut self, number: u64, links: &mut Links, out: &mut Frames) {
        if let Some(link) = self.calls.remove(&number).and_then(|call| call.link) {
            links.send(link, &Packet::Close { number }, out);
        }
    }

    /// When a call is given up.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.calls.values().filter(|call| !call.is_open).map(|call| call.deadline).min()
    }

    /// Gives up what took too long; a connection on which nothing comes back goes with it.
    pub(crate) fn due(
        &mut self,
        now: Time,
        links: &mut Links,
        out: &mut Frames,
    ) -> Vec<(u64, Came)> {
        let late = self.calls.iter().filter(|(_, call)| !call.is_open && call.deadline <= now);
        let late: Vec<u64> = late.map(|(number, _)| *number).collect();
        let mut came = Vec::new();
        for number in late {
            if let Some(call) = self.calls.remove(&number) {
                if let Some(link) = call.link {
                    links.close(link, out);
                }
                came.push((number, Came::Failed(Unreachable::TimedOut)));
            }
        }
        came
    }

    /// A connection is gone: what was under way on it fails, what it never carried is dialled again.
    pub(crate) fn lost(
        &mut self,
        now: Time,
        link: u64,
        why: Loss,
        links: &mut Links,
        out: &mut Frames,
    ) -> Vec<(u64, Came)> {
        let hit = self.calls.iter().filter(|(_, call)| call.link == Some(link));
        let hit: Vec<u64> = hit.map(|(number, _)| *number).collect();
        let mut came = Vec::new();
        for number in hit {
            let failure = match why {
                Loss::Silent => {
                    self.dial(now, number, links, out);
                    continue;
                }
                Loss::Refused => Unreachable::Refused,
                Loss::Broken => Unreachable::Broken,
                Loss::Untrusted => Unreachable::UnknownAuthority,
            };
            self.calls.remove(&number);
            came.push((number, Came::Failed(failure)));
        }
        came
    }

    /// An answer has come.
    pub(crate) fn received(&mut self, packet: Packet) -> Option<(u64, Came)> {
        match packet {
            Packet::Response { number, code, warnings, body } => {
                self.calls.remove(&number)?;
                let response = super::read_response(code, warnings, &body);
                Some((number, Came::Response(response)))
            }
            Packet::Refused { number } => {
                self.calls.remove(&number)?;
                Some((number, Came::Failed(Unreachable::Refused)))
            }
            Packet::Opened { number } => {
                self.calls.get_mut(&number)?.is_open = true;
                Some((number, Came::Opened))
            }
            Packet::Event { number, event } => {
                let event = event.read();
                if matches!(event, StreamEvent::Ended(_)) {
                    self.calls.remove(&number)?;
                } else if !self.calls.contains_key(&number) {
                    return None;
                }
                Some((number, Came::Event(event)))
            }
            _ => None,
        }
    }
}
