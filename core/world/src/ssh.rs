//! `ssh` between hosts: carries what [`os::remote`] describes over the simulated network.
//!
//! A connection behaves as one of TCP: what a cut link loses is sent again every second until it
//! arrives, in order. What it carries is encrypted on a real wire; it is not shown to the tap.

use sorted::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use os::process::{Handle, Sink};
use os::remote::{RemoteEvent, RemoteInput, SshAsk, SshOpen, SshReply};
use os::{ExitStatus, Pid, RequestId, TerminalId};
use sim::{Duration, EventId, Frame, Time};

use crate::login::Account;
use crate::world::{Event, World};

/// How long a connection attempt lasts when nothing comes back (Linux: six retries of SYN).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(127);
/// How long ARP asks for a host that is down.
const NO_ROUTE: Duration = Duration::from_secs(3);
/// When TCP sends again what was not acknowledged.
const RESEND: Duration = Duration::from_secs(1);
/// What handing something on takes within a host.
const LOCAL: Duration = Duration::from_micros(20);
/// Flows of `ssh` have numbers of their own.
const FLOW: u64 = 1 << 56;

/// One boot of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    index: usize,
    boot_count: u32,
}

/// A connection.
#[derive(Debug)]
struct Link {
    client: End,
    server: End,
    terminal: Option<TerminalId>,
    pid: Option<Pid>,
    printed: [Printed; 2],
    /// What has arrived at the client and was not fetched yet.
    inbox: Vec<RemoteEvent>,
    waiting: Option<RequestId>,
}

/// All connections, by number.
#[derive(Debug, Default)]
pub(crate) struct Links {
    next: u64,
    links: SortedMap<u64, Link>,
}

/// Something of `ssh` that happens at a time of its own.
#[derive(Debug)]
pub(crate) enum SshEvent {
    /// An answer for a client.
    Reply { index: usize, boot_count: u32, request: RequestId, reply: SshReply },
    /// A message has come to an end of a link, or has to be sent again.
    Message { id: u64, message: Message, arrived: bool, cause: Option<EventId> },
}

/// What travels.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Start { request: RequestId, open: SshOpen },
    Input(RemoteInput),
    HangUp,
    Answer { request: RequestId, reply: SshReply },
    Events(Vec<RemoteEvent>),
}

impl Message {
    const fn is_for_server(&self) -> bool {
        matches!(self, Self::Start { .. } | Self::Input(_) | Self::HangUp)
    }
}

/// Standard output or standard error of a command without a terminal.
#[derive(Clone, Debug, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl Sink for Printed {
    fn write(&mut self, _: Time, bytes: &[u8]) {
        self.0.borrow_mut().extend_from_slice(bytes);
    }
}

impl Links {
    /// The host that an event is for; nothing if it is on the wire.
    pub(crate) fn host_of(&self, event: &SshEvent) -> Option<usize> {
        match event {
            SshEvent::Reply { index, .. } => Some(*index),
            SshEvent::Message { arrived: false, .. } => None,
            SshEvent::Message { id, message, .. } => self.links.get(id).map(|link| {
                if message.is_for_server() { link.server.index } else { link.client.index }
            }),
        }
    }
}

impl World {
    fn end(&self, index: usize) -> End {
        End { index, boot_count: self.hosts[index].boot_count }
    }

    fn is_there(&self, end: End) -> bool {
        self.end(end.index) == end && self.hosts[end.index].up.is_some()
    }

    /// A process of a host asks.
    pub(crate) fn ssh_asked(
        &mut self,
        from: usize,
        request: RequestId,
        ask: SshAsk,
        cause: Option<EventId>,
    ) {
        match ask {
            SshAsk::Open(open) => self.ssh_open(from, request, open, cause),
            SshAsk::Next(id) => {
                let events = match self.ssh.links.get_mut(&id) {
                    None => vec![RemoteEvent::Broken],
                    Some(link) if link.inbox.is_empty() => {
                        link.waiting = Some(request);
                        return;
                    }
                    Some(link) => std::mem::take(&mut link.inbox),
                };
                self.ssh_reply(from, request, SshReply::Events(events), LOCAL);
            }
            SshAsk::Send(id, input) => {
                self.ssh_reply(from, request, SshReply::Sent, LOCAL);
                self.ssh_send(id, Message::Input(input), cause);
            }
            SshAsk::Close(id) => self.ssh_send(id, Message::HangUp, cause),
        }
    }

    fn ssh_open(&mut self, from: usize, request: RequestId, open: SshOpen, cause: Option<EventId>) {
        let wanted = open.host.as_str();
        let to = match wanted {
            "localhost" | "127.0.0.1" => Some(from),
            _ => (0..self.hosts.len()).find(|index| {
                self.hosts[*index].name == wanted || crate::boot::address(*index) == wanted
            }),
        };
        let Some(to) = to else {
            let text =
                format!("ssh: Could not resolve hostname {wanted}: Name or service not known\n");
            return self.ssh_reply(from, request, SshReply::Failed(text), LOCAL);
        };
        let (client, server) = (self.hosts[from].id, self.hosts[to].id);
        let ways = [(client, server), (server, client)];
        let is_cut = ways.iter().any(|(from, to)| self.net.condition(*from, *to).is_cut);
        let failed = match self.hosts[to].up {
            None => Some(("No route to host", NO_ROUTE)),
            Some(_) if is_cut => Some(("Connection timed out", CONNECT_TIMEOUT)),
            Some(_) => None,
        };
        if let Some((why, after)) = failed {
            let text = format!("ssh: connect to host {wanted} port 22: {why}\n");
            return self.ssh_reply(from, request, SshReply::Failed(text), after);
        }
        let id = self.ssh.next;
        self.ssh.next += 1;
        let link = Link {
            client: self.end(from),
            server: self.end(to),
            terminal: None,
            pid: None,
            printed: Default::default(),
            inbox: Vec::new(),
            waiting: None,
        };
        self.ssh.links.insert(id, link);
        self.ssh_send(id, Message::Start { request, open }, cause);
    }

    fn ssh_reply(&mut self, index: usize, request: RequestId, reply: SshReply, after: Duration) {
        let boot_count = self.hosts[index].boot_count;
        let event = SshEvent::Reply { index, boot_count, request, reply };
        self.queue.push(self.now + after, Event::Ssh(event));
    }

    fn ssh_send(&mut self, id: u64, message: Message, cause: Option<EventId>) {
        let Some(link) = self.ssh.links.get(&id) else { return };
        let (mut from, mut to) = (link.client.index, link.server.index);
        if !message.is_for_server() {
            (from, to) = (to, from);
        }
        let at = if from == to {
            Some(self.now + LOCAL)
        } else {
            let (from, to) = (self.hosts[from].id, self.hosts[to].id);
            let frame = Frame { from, to, flow: FLOW | id, bytes: Rc::from(&[][..]) };
            let fate = self.net.send(self.now, &frame);
            self.tell_of_link((from, to), fate, cause);
            fate.arrives
        };
        let arrived = at.is_some();
        let at = at.unwrap_or(self.now + RESEND);
        self.queue.push(at, Event::Ssh(SshEvent::Message { id, message, arrived, cause }));
    }

    /// Handles an event of `ssh`.
    pub(crate) fn ssh_event(&mut self, event: SshEvent) {
        match event {
            SshEvent::Reply { index, boot_count, request, reply } => {
                if self.is_there(End { index, boot_count }) {
                    self.trace.routine(self.now, Some(self.hosts[index].id), "ssh", b"");
                    self.settle(index, |host, _| {
                        if let Some(up) = &mut host.up {
                            up.machine.reply(request, Box::new(reply));
                        }
                    });
                }
            }
            SshEvent::Message { id, message, arrived: false, cause } => {
                self.ssh_send(id, message, cause);
            }
            SshEvent::Message { id, message, cause, .. } => {
                let Some(link) = self.ssh.links.get(&id) else { return };
                let (client, server) = (link.client, link.server);
                self.trace.set_cause(cause);
                if !self.is_there(client) {
                    self.ssh_hang_up(id);
                } else if !message.is_for_server() {
                    self.trace.routine(self.now, Some(self.hosts[client.index].id), "ssh", b"");
                    self.ssh_at_client(id, client.index, message);
                } else if self.is_there(server) {
                    self.trace.routine(self.now, Some(self.hosts[server.index].id), "ssh", b"");
                    self.ssh_at_server(id, server.index, message, cause);
                } else {
                    self.ssh_break(id);
                }
            }
        }
    }

    fn ssh_at_client(&mut self, id: u64, client: usize, message: Message) {
        match message {
            Message::Answer { request, reply } => {
                if matches!(reply, SshReply::Failed(_)) {
                    self.ssh.links.remove(&id);
                }
                self.ssh_reply(client, request, reply, Duration::ZERO);
            }
            Message::Events(events) => {
                let Some(link) = self.ssh.links.get_mut(&id) else { return };
                link.inbox.extend(events);
                let machine = self.hosts[client].up.as_ref().map(|up| &up.machine);
                let asking = |request: &RequestId| machine.is_some_and(|it| it.is_asking(*request));
                if let Some(request) = link.waiting.take().filter(asking) {
                    let events = std::mem::take(&mut link.inbox);
                    self.ssh_reply(client, request, SshReply::Events(events), Duration::ZERO);
                }
            }
            _ => {}
        }
    }

    fn ssh_at_server(&mut self, id: u64, server: usize, message: Message, cause: Option<EventId>) {
        match message {
            Message::Start { request, open } => {
                let reply = self.ssh_start(id, server, open, cause);
                self.ssh_send(id, Message::Answer { request, reply }, cause);
                // The new process has to be looked after.
                self.settle(server, |_, _| {});
            }
            Message::Input(input) => {
                let terminal = self.ssh.links.get(&id).and_then(|link| link.terminal);
                self.settle(server, |host, _| {
                    if let (Some(up), Some(terminal)) = (&mut host.up, terminal) {
                        up.machine.set_cause(cause);
                        up.machine.enter(terminal, input);
                    }
                });
            }
            _ => self.ssh_hang_up(id),
        }
    }

    /// A login has come: checks the account and starts what was asked for.
    fn ssh_start(
        &mut self,
        id: u64,
        server: usize,
        open: SshOpen,
        cause: Option<EventId>,
    ) -> SshReply {
        let Some(account) = Account::find(&self.hosts[server].root, &open.user) else {
            let text = format!("{}@{}: Permission denied (publickey).\n", open.user, open.host);
            return SshReply::Failed(text);
        };
        let (Some(link), Some(up)) = (self.ssh.links.get_mut(&id), &mut self.hosts[server].up)
        else {
            return SshReply::Failed(String::new());
        };
        let machine = &mut up.machine;
        machine.tell_time(self.now);
        machine.set_cause(cause);
        let greets = open.tty && open.command.is_none();
        // What a login shell's user reads first.
        let greeting = if greets {
            let system = crate::boot::distribution(self.profile);
            format!("Welcome to {} (GNU/Linux {} x86_64)\n\n", system.pretty(), system.kernel)
        } else {
            String::new()
        };
        let terminal = machine.add_remote_terminal(&greeting);
        let tty = Handle::terminal(terminal);
        let files = if open.tty {
            [tty.clone(), tty.clone(), tty]
        } else {
            let [out, err] = &link.printed;
            let sink = |printed: &Printed| Handle::sink(Rc::new(RefCell::new(printed.clone())));
            let input = open.input.map_or_else(|| tty.without_terminal(), Handle::bytes);
            [input, sink(out), sink(err)]
        };
        let zero = if open.command.is_some() { "bash" } else { "-bash" };
        link.terminal = Some(terminal);
        link.pid = account.start(machine, zero, open.command.as_deref(), files);
        match link.pid {
            Some(pid) => {
                up.logins.insert(pid);
                SshReply::Opened(id)
            }
            None => SshReply::Failed(format!("Connection to {} closed.\n", open.host)),
        }
    }

    /// Something has settled at a host: sends on what remote terminals there show.
    pub(crate) fn ssh_look(&mut self, index: usize) {
        if self.ssh.links.is_empty() {
            return;
        }
        let here = self.end(index);
        let ids: Vec<u64> = self.ssh.links.keys().copied().collect();
        for id in ids {
            let (Some(link), Some(up)) = (self.ssh.links.get(&id), &mut self.hosts[index].up)
            else {
                continue;
            };
            let (true, Some(terminal)) = (link.server == here, link.terminal) else { continue };
            let mut events = up.machine.take_events(terminal);
            let [out, err] = link.printed.each_ref().map(|printed| printed.0.take());
            if !out.is_empty() {
                events.push(RemoteEvent::Shown(out));
            }
            if !err.is_empty() {
                events.push(RemoteEvent::Complained(err));
            }
            if !events.is_empty() {
                let cause = up.machine.terminal(terminal, |terminal| terminal.cause()).flatten();
                self.ssh_send(id, Message::Events(events), cause);
            }
        }
    }

    /// A process that a login has started has ended.
    pub(crate) fn ssh_exited(&mut self, index: usize, pid: Pid, status: ExitStatus) {
        self.ssh_look(index);
        let here = self.end(index);
        let found =
            self.ssh.links.iter().find(|(_, link)| link.server == here && link.pid == Some(pid));
        if let Some((&id, _)) = found {
            let closed = vec![RemoteEvent::Closed(status.code())];
            self.ssh_send(id, Message::Events(closed), None);
        }
    }

    /// A host has lost its power: its clients are gone, and those who were logged in there find out.
    pub(crate) fn ssh_host_lost(&mut self, index: usize) {
        let ids: Vec<u64> = self.ssh.links.keys().copied().collect();
        for id in ids {
            let Some(link) = self.ssh.links.get(&id) else { continue };
            if link.client.index == index {
                self.ssh_hang_up(id);
            } else if link.server.index == index {
                self.ssh_break(id);
            }
        }
    }

    /// The server does not know this connection any more.
    fn ssh_break(&mut self, id: u64) {
        let Some(client) = self.ssh.links.get(&id).map(|link| link.client.index) else { return };
        self.ssh_at_client(id, client, Message::Events(vec![RemoteEvent::Broken]));
        if let Some(link) = self.ssh.links.get_mut(&id).filter(|link| link.inbox.is_empty()) {
            link.inbox.push(RemoteEvent::Broken);
        }
    }

    /// The client is gone.
    fn ssh_hang_up(&mut self, id: u64) {
        let Some(link) = self.ssh.links.remove(&id) else { return };
        let (true, Some(terminal)) = (self.is_there(link.server), link.terminal) else { return };
        self.settle(link.server.index, |host, _| {
            if let Some(up) = &mut host.up {
                up.machine.hang_up(terminal);
            }
        });
    }
}
