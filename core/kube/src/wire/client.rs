//! Calls to other hosts (or this one): dialled again until their time is over.

use sorted::SortedMap;
use std::collections::VecDeque;

use os::remote::RemoteInput;
use seal::Identity;
use sim::{Duration, HostId, Time};

use super::link::{Frames, HANDSHAKE_TIMEOUT, Links, Loss};
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
    /// Where it may go; the first that is to be tried now is the first.
    hosts: VecDeque<HostId>,
    /// How many of them were tried in vain.
    failed_count: usize,
    identity: Option<Identity>,
    port: u16,
    opens: bool,
    request: WireRequest,
    link: Option<u64>,
    is_open: bool,
    deadline: Time,
    /// Until when the other end of a connection that was there may say that it is there still; nothing is asked before.
    check_until: Option<Time>,
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
    /// The hosts behind one name: who cannot connect to one tries the next (Go: `net.Dialer`).
    pub(crate) hosts: Vec<HostId>,
    pub(crate) port: u16,
    pub(crate) identity: Option<Identity>,
    /// For a process of its own, which would not know of connections that others have opened.
    pub(crate) is_new: bool,
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
        let Way { hosts, port, identity, is_new } = way;
        let mut hosts = VecDeque::from(hosts);
        // A connection that is there is used again.
        let open = hosts.iter().position(|host| links.is_open(*host, identity.as_ref()));
        hosts.rotate_left(open.unwrap_or(0));
        let (request, deadline) = (WireRequest::new(request), now + timeout);
        let call = Call {
            hosts,
            failed_count: 0,
            identity,
            port,
            opens,
            request,
            link: None,
            is_open: false,
            deadline,
            check_until: (is_new && open.is_some()).then_some(now + HANDSHAKE_TIMEOUT),
        };
        self.calls.insert(number, call);
        self.dial(now, number, links, out);
        number
    }

    fn dial(&mut self, now: Time, number: u64, links: &mut Links, out: &mut Frames) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(host) = call.hosts.front().copied() else { return };
        let Some(link) = links.open(now, host, call.identity.as_ref(), out) else { return };
        call.link = Some(link);
        if call.check_until.is_some() {
            return links.send(link, &Packet::Ping { number }, out);
        }
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
            self.left(link, links, out);
        }
    }

    /// When a call is given up.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let waiting = self.calls.values().filter(|call| !call.is_open);
        waiting.map(|call| call.check_until.unwrap_or(call.deadline).min(call.deadline)).min()
    }

    /// Gives up what took too long.
    pub(crate) fn due(
        &mut self,
        now: Time,
        links: &mut Links,
        out: &mut Frames,
    ) -> Vec<(u64, Came)> {
        let late =
            self.calls.iter().filter(|(_, call)| call.check_until.is_some_and(|at| at <= now));
        let unanswered: Vec<u64> = late.map(|(number, _)| *number).collect();
        for number in unanswered {
            self.check_failed(now, number, links, out);
        }
        let late = self.calls.iter().filter(|(_, call)| !call.is_open && call.deadline <= now);
        let late: Vec<u64> = late.map(|(number, _)| *number).collect();
        let mut came = Vec::new();
        for number in late {
            if let Some(call) = self.calls.remove(&number) {
                if let Some(link) = call.link {
                    self.give_up(link, links, out);
                }
                came.push((number, Came::Failed(Unreachable::TimedOut)));
            }
        }
        came
    }

    /// The connection that was there is none any more, and nothing was asked on it: the next host is tried, or this one again.
    fn check_failed(&mut self, now: Time, number: u64, links: &mut Links, out: &mut Frames) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        call.check_until = None;
        if let Some(link) = call.link.take() {
            self.give_up(link, links, out);
        }
        if !self.next_host(now, number, links, out) {
            self.begin_again(now, number, links, out);
        }
    }

    /// Nobody answers on a connection: it stays for what is under way on it, and nothing else goes there.
    fn give_up(&self, link: u64, links: &mut Links, out: &mut Frames) {
        links.retire(link);
        self.left(link, links, out);
    }

    /// A call is over: a connection that nobody takes any more goes with the last one.
    fn left(&self, link: u64, links: &mut Links, out: &mut Frames) {
        let is_used = self.calls.values().any(|call| call.link == Some(link));
        if !is_used && links.is_retired(link) {
            links.close(link, out);
        }
    }

    /// The host cannot be connected to: the next one is tried; false if all have been.
    fn next_host(&mut self, now: Time, number: u64, links: &mut Links, out: &mut Frames) -> bool {
        let Some(call) = self.calls.get_mut(&number) else { return false };
        call.failed_count += 1;
        if call.hosts.len() <= call.failed_count {
            return false;
        }
        call.hosts.rotate_left(1);
        self.dial(now, number, links, out);
        true
    }

    /// A connection is gone: what was under way on it fails, what it never carried goes to the next host, or is dialled
    /// again.
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
            if self.calls.get(&number).is_some_and(|call| call.check_until.is_some()) {
                self.check_failed(now, number, links, out);
                continue;
            }
            let failure = match why {
                Loss::Silent => {
                    if !self.next_host(now, number, links, out) {
                        self.begin_again(now, number, links, out);
                    }
                    continue;
                }
                Loss::Refused if self.next_host(now, number, links, out) => continue,
                Loss::Refused => Unreachable::Refused,
                Loss::Broken => Unreachable::Broken,
                Loss::Gone => Unreachable::Gone,
                Loss::Untrusted => Unreachable::UnknownAuthority,
            };
            self.calls.remove(&number);
            came.push((number, Came::Failed(failure)));
        }
        came
    }

    /// Nobody has said no, and there is time left: all are dialled again.
    fn begin_again(&mut self, now: Time, number: u64, links: &mut Links, out: &mut Frames) {
        if let Some(call) = self.calls.get_mut(&number) {
            call.failed_count = 0;
            call.hosts.rotate_left(1);
        }
        self.dial(now, number, links, out);
    }

    /// The last word on a call has come; none if nobody waits for it.
    fn ended(&mut self, number: u64, links: &mut Links, out: &mut Frames) -> Option<()> {
        let call = self.calls.remove(&number)?;
        if let Some(link) = call.link {
            self.left(link, links, out);
        }
        Some(())
    }

    /// An answer has come.
    pub(crate) fn received(
        &mut self,
        now: Time,
        packet: Packet,
        links: &mut Links,
        out: &mut Frames,
    ) -> Option<(u64, Came)> {
        match packet {
            Packet::Response { number, code, warnings, body } => {
                self.ended(number, links, out)?;
                let response = super::read_response(code, warnings, &body);
                Some((number, Came::Response(response)))
            }
            Packet::Pong { number } => {
                self.calls.get_mut(&number)?.check_until.take()?;
                self.dial(now, number, links, out);
                None
            }
            Packet::Refused { number } => {
                if self.next_host(now, number, links, out) {
                    return None;
                }
                self.ended(number, links, out)?;
                Some((number, Came::Failed(Unreachable::Refused)))
            }
            Packet::Opened { number } => {
                self.calls.get_mut(&number)?.is_open = true;
                Some((number, Came::Opened))
            }
            Packet::Event { number, event } => {
                let event = event.read();
                if matches!(event, StreamEvent::Ended(_)) {
                    self.ended(number, links, out)?;
                } else if !self.calls.contains_key(&number) {
                    return None;
                }
                Some((number, Came::Event(event)))
            }
            _ => None,
        }
    }
}
