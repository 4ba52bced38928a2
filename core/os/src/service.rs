//! Ports that programs answer on, and calls to them.
//!
//! Less than sockets: one request, one answer, both whole. That is enough for what a workshop does
//! with a server (a page, a command for a database).
//!
//! A call to the own host or container ends here. Anything else - a name that is not in `/etc/hosts`,
//! another address - becomes a [`crate::Request`] with port [`NET_PORT`] and a [`NetRequest`] as its body;
//! whoever drives the machine answers it with a [`NetReply`], or not at all: then the call times out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::task::Poll;

use sim::{Duration, Time};

use crate::errno::Errno;
use crate::machine::{Machine, RequestId, SharedNamespace};
use crate::process::{Fd, Pid, Proc, Withdraw};
use crate::state::State;

/// What [`crate::Request::port`] says of a question to the network.
pub const NET_PORT: &str = "net";

/// How long a call waits for an answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a resolver waits (`resolv.conf(5)`: `timeout` and `attempts` of 5 s and 2).
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Names a call while it waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallId {
    /// Of a process beside the server.
    Own(RequestId),
    /// Of whoever drives the machine, under a number of its own.
    Driver(u64),
}

/// Answers what is sent to a port.
pub trait Service: fmt::Debug {
    /// The answer to one request.
    fn answer(&mut self, now: Time, request: &[u8]) -> Vec<u8>;

    /// The same for a server that has to ask others first: nothing, and [`Proc::respond`] later.
    fn receive(&mut self, now: Time, call: CallId, request: &[u8]) -> Option<Vec<u8>> {
        let _ = call;
        Some(self.answer(now, request))
    }
}

/// A request that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Where it came to.
    pub port: u16,
    /// The address that it came from.
    pub from: String,
    /// For [`Proc::respond`].
    pub call: CallId,
    /// What was sent.
    pub request: Vec<u8>,
}

/// The requests to some ports, for the process that answers them one after the other.
#[derive(Clone)]
pub struct Inbox {
    proc: Proc,
    port: u16,
    waiting: Rc<RefCell<VecDeque<Incoming>>>,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbox({} requests)", self.waiting.borrow().len())
    }
}

/// More requests than this wait for no server; the oldest are forgotten.
const INBOX_COUNT_MAX: usize = 256;

impl Service for Inbox {
    fn answer(&mut self, _now: Time, _request: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn receive(&mut self, _now: Time, call: CallId, request: &[u8]) -> Option<Vec<u8>> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= INBOX_COUNT_MAX {
            waiting.pop_front();
        }
        let state = self.proc.state.borrow();
        let from = match call {
            CallId::Own(_) => "127.0.0.1".to_owned(),
            CallId::Driver(_) => state.caller.clone(),
        };
        waiting.push_back(Incoming { port: self.port, from, call, request: request.to_vec() });
        state.ready.wake(self.proc.pid);
        None
    }
}

impl Inbox {
    /// The next request.
    ///
    /// # Errors
    /// [`Errno::Interrupted`].
    pub async fn next(&self) -> Result<Incoming, Errno> {
        poll_fn(|_| {
            if let Some(request) = self.waiting.borrow_mut().pop_front() {
                return Poll::Ready(Ok(request));
            }
            let state = self.proc.state.borrow();
            let process = state.processes.get(&self.proc.pid);
            if process.is_some_and(|process| !process.pending.is_empty()) {
                return Poll::Ready(Err(Errno::Interrupted));
            }
            Poll::Pending
        })
        .await
    }
}

/// A process's question to the network of its host or container.
#[derive(Clone, Debug)]
pub struct NetRequest {
    /// Where it asks from: names and addresses mean something else in each container.
    pub from: SharedNamespace,
    /// The question.
    pub ask: NetAsk,
}

/// What is asked of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetAsk {
    /// Send this to a port and bring back the answer.
    Call {
        /// The address, four numbers.
        address: String,
        /// The port.
        port: u16,
        /// What is sent.
        request: Vec<u8>,
    },
    /// The addresses behind a name, from the name server of `/etc/resolv.conf`.
    Resolve {
        /// The name.
        name: String,
    },
    /// ICMP's echo.
    Echo {
        /// The address, four numbers.
        address: String,
    },
    /// The network devices that the asker has.
    Links,
    /// The ports that are not its own programs' and answer all the same.
    Ports,
    /// The answer to a call of [`Machine::call`] that was not answered at once. Nothing comes back.
    Respond {
        /// The call's number.
        call: u64,
        /// The answer.
        answer: Vec<u8>,
    },
}

/// What the network brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetAnswer {
    /// The answer to a call.
    Bytes(Vec<u8>),
    /// The addresses behind a name, in the order the server gave them.
    Addresses(Vec<String>),
    /// The echo is back.
    Echo,
    /// The devices.
    Links(Vec<Link>),
    /// Ports and the names of who listens on them.
    Ports(Vec<(u16, &'static str)>),
}

/// A network device besides the loopback one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its number on the host.
    pub index: u32,
    /// `eth0`.
    pub name: String,
    /// `02:42:ac:11:00:02`.
    pub mac: String,
    /// `172.17.0.2/16`; empty without one.
    pub address: String,
    /// The bridge that it is a port of; empty without one.
    pub master: String,
    /// The number of a pair's other end.
    pub peer: Option<u32>,
    /// Somebody is at the other end.
    pub has_carrier: bool,
}

/// The body of an answer of whoever drives the machine.
pub type NetReply = Result<NetAnswer, Errno>;

/// A request that was sent to a port. Dropped, nobody waits for its answer any more.
pub struct Call<'a> {
    waits: Withdraw<'a>,
    known: Option<Vec<u8>>,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({:?})", self.waits.id)
    }
}

impl Call<'_> {
    /// The answer; waited for again after [`Errno::TimedOut`], it may still come.
    ///
    /// # Errors
    /// [`Errno::Refused`], [`Errno::HostUnreachable`], [`Errno::Interrupted`], [`Errno::TimedOut`] after `patience`.
    pub async fn answer(&mut self, patience: Duration) -> Result<Vec<u8>, Errno> {
        if let Some(known) = self.known.take() {
            return Ok(known);
        }
        match self.waits.proc.network_reply(self.waits.id, patience).await? {
            NetAnswer::Bytes(bytes) => Ok(bytes),
            _ => Err(Errno::Refused),
        }
    }
}

/// A service at its port.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) pid: Pid,
    pub(crate) service: Rc<RefCell<dyn Service>>,
}

fn call(
    namespace: &SharedNamespace,
    now: Time,
    port: u16,
    call: CallId,
    request: &[u8],
) -> Result<Option<Vec<u8>>, Errno> {
    let found = namespace.borrow().listener(port);
    let service = found.ok_or(Errno::Refused)?;
    // A service that calls itself finds itself busy.
    service
        .try_borrow_mut()
        .map(|mut it| it.receive(now, call, request))
        .map_err(|_| Errno::TimedOut)
}

/// True for four numbers with dots between them.
pub fn is_address(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

impl Proc {
    /// Answers on `port` from now on, until the process ends.
    ///
    /// # Errors
    /// [`Errno::AddressInUse`]; [`Errno::Access`] for a port below 1024 unless root.
    pub fn listen(&self, port: u16, service: Rc<RefCell<dyn Service>>) -> Result<(), Errno> {
        if port < 1024 && self.user().uid != 0 {
            return Err(Errno::Access);
        }
        let namespace = self.namespace();
        let namespace = namespace.borrow();
        if namespace.listener(port).is_some() {
            return Err(Errno::AddressInUse);
        }
        namespace.listeners.borrow_mut().insert(port, Listener { pid: self.pid(), service });
        Ok(())
    }

    /// As [`Proc::listen`], for a server that asks others before it answers.
    ///
    /// # Errors
    /// As [`Proc::listen`], with the port.
    pub fn open_ports(&self, ports: &[u16]) -> Result<Inbox, (u16, Errno)> {
        let mut inbox = Inbox { proc: self.clone(), port: 0, waiting: Rc::default() };
        for &port in ports {
            inbox.port = port;
            let service = Rc::new(RefCell::new(inbox.clone()));
            self.listen(port, service).map_err(|errno| (port, errno))?;
        }
        Ok(inbox)
    }

    /// Answers a request of an [`Inbox`]. Nothing happens if nobody waits for it any more.
    pub fn respond(&self, call: CallId, answer: Vec<u8>) {
        match call {
            CallId::Own(id) => {
                let mut state = self.state.borrow_mut();
                if let Some(pid) = state.asking.remove(&id) {
                    let reply: NetReply = Ok(NetAnswer::Bytes(answer));
                    state.replies.insert(id, Box::new(reply));
                    state.ready.wake(pid);
                }
            }
            CallId::Driver(call) => {
                let ask = NetAsk::Respond { call, answer };
                self.notify(NET_PORT, Box::new(NetRequest { from: self.namespace(), ask }));
            }
        }
    }

    /// The ports that somebody listens on here, with the listener's process.
    pub fn listening(&self) -> Vec<(u16, Pid)> {
        let namespace = self.namespace();
        let namespace = namespace.borrow();
        let listeners = namespace.listeners.borrow();
        listeners.iter().map(|(port, listener)| (*port, listener.pid)).collect()
    }

    /// True if `address` is the own host or container.
    pub fn is_own_address(&self, address: &str) -> bool {
        let namespace = self.namespace();
        let namespace = namespace.borrow();
        matches!(address, "localhost" | "0.0.0.0" | "0")
            || address.starts_with("127.")
            || address == namespace.hostname
            || namespace.addresses.iter().any(|own| own == address)
    }

    /// The address that `/etc/hosts` has for a name.
    fn in_hosts_file(&self, name: &str) -> Option<String> {
        let bytes = self.read_file("/etc/hosts").unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines().find_map(|line| {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let address = words.next().filter(|address| is_address(address))?;
            words.any(|word| word == name).then(|| address.to_owned())
        })
    }

    /// The addresses of a name: itself if it is one, those of `/etc/hosts`, those of the name server.
    ///
    /// # Errors
    /// [`Errno::NotFound`] for a name that nobody knows, [`Errno::Interrupted`].
    pub async fn resolve(&self, name: &str) -> Result<Vec<String>, Errno> {
        if is_address(name) {
            return Ok(vec![name.to_owned()]);
        }
        if let Some(address) = self.in_hosts_file(name) {
            return Ok(vec![address]);
        }
        if name == "localhost" {
            return Ok(vec!["127.0.0.1".to_owned()]);
        }
        self.query(name).await
    }

    /// The addresses that the name server of `/etc/resolv.conf` gives for a name.
    ///
    /// # Errors
    /// [`Errno::NotFound`] for a name that it does not know, [`Errno::Interrupted`].
    pub async fn query(&self, name: &str) -> Result<Vec<String>, Errno> {
        match self.ask_network(NetAsk::Resolve { name: name.to_owned() }, RESOLVE_TIMEOUT).await? {
            NetAnswer::Addresses(addresses) if !addresses.is_empty() => Ok(addresses),
            _ => Err(Errno::NotFound),
        }
    }

    /// The network devices besides the loopback one.
    pub async fn links(&self) -> Vec<Link> {
        match self.ask_network(NetAsk::Links, RESOLVE_TIMEOUT).await {
            Ok(NetAnswer::Links(links)) => links,
            _ => Vec::new(),
        }
    }

    /// The ports that the daemon opens on a host: for containers, and its own.
    pub async fn ports_of_daemon(&self) -> Vec<(u16, &'static str)> {
        match self.ask_network(NetAsk::Ports, RESOLVE_TIMEOUT).await {
            Ok(NetAnswer::Ports(ports)) => ports,
            _ => Vec::new(),
        }
    }

    /// Sends an ICMP echo request and waits for its return, at most `patience`.
    ///
    /// # Errors
    /// [`Errno::TimedOut`] if there is none, [`Errno::Interrupted`].
    pub async fn echo(&self, address: &str, patience: Duration) -> Result<(), Errno> {
        if self.is_own_address(address) {
            return Ok(());
        }
        self.ask_network(NetAsk::Echo { address: address.to_owned() }, patience).await.map(drop)
    }

    /// Sends a request to a port and waits for the answer.
    ///
    /// # Errors
    /// [`Errno::NotFound`] for a name that nobody knows; [`Errno::Refused`], [`Errno::TimedOut`],
    /// [`Errno::HostUnreachable`], [`Errno::Interrupted`].
    pub async fn call(&self, address: &str, port: u16, request: &[u8]) -> Result<Vec<u8>, Errno> {
        self.begin_call(address, port, request).await?.answer(CALL_TIMEOUT).await
    }

    /// Sends a request to a port; who waits how long for the answer is up to the caller.
    ///
    /// # Errors
    /// As [`Proc::call`], without the time.
    pub async fn begin_call(
        &self,
        address: &str,
        port: u16,
        request: &[u8],
    ) -> Result<Call<'_>, Errno> {
        let own = self.is_own_address(address);
        let address = match own {
            true if is_address(address) => address.to_owned(),
            true => "127.0.0.1".to_owned(),
            // A resolver always has at least one address.
            false => self.resolve(address).await?.swap_remove(0),
        };
        if own || self.is_own_address(&address) {
            let namespace = self.namespace();
            let here = namespace.borrow().listener(port).is_some();
            // What the host does not answer itself may be a published port.
            if here || !namespace.borrow().on_host_network {
                let id = self.state.borrow_mut().next_request(self.pid);
                let waits = Withdraw { proc: self, id };
                let called = call(&namespace, self.now(), port, CallId::Own(id), request);
                if !matches!(called, Ok(None)) {
                    self.state.borrow_mut().asking.remove(&id);
                }
                return called.map(|known| Call { waits, known });
            }
        }
        let ask = NetAsk::Call { address, port, request: request.to_vec() };
        let id = self.request_network(ask);
        Ok(Call { waits: Withdraw { proc: self, id }, known: None })
    }

    fn request_network(&self, ask: NetAsk) -> RequestId {
        let body = NetRequest { from: self.namespace(), ask };
        State::request(&self.state, self.pid, NET_PORT, Box::new(body))
    }

    async fn ask_network(&self, ask: NetAsk, patience: Duration) -> NetReply {
        let id = self.request_network(ask);
        let _guard = Withdraw { proc: self, id };
        self.network_reply(id, patience).await
    }

    async fn network_reply(&self, id: RequestId, patience: Duration) -> NetReply {
        let deadline = self.now() + patience;
        poll_fn(|_| {
            let mut state = self.state.borrow_mut();
            if let Some(reply) = state.replies.remove(&id) {
                let reply = reply.downcast::<NetReply>();
                return Poll::Ready(reply.map_or(Err(Errno::Refused), |reply| *reply));
            }
            if state.now >= deadline {
                return Poll::Ready(Err(Errno::TimedOut));
            }
            let interrupted = state.processes.get(&self.pid).is_some_and(|p| !p.pending.is_empty());
            if interrupted {
                return Poll::Ready(Err(Errno::Interrupted));
            }
            state.timers.insert((deadline, self.pid));
            Poll::Pending
        })
        .await
    }

    /// Writes without ever waiting: for a service, which answers at once. What nobody takes is lost.
    pub fn write_now_or_never(&self, fd: Fd, bytes: &[u8]) {
        if let Ok(handle) = self.handle(fd) {
            self.write_forced(&mut handle.0.borrow_mut(), bytes);
        }
    }
}

impl Machine {
    /// Brings a request from elsewhere, from the address `from`, to a port of the host or of a container: the
    /// answer, or nothing if it comes later as [`NetAsk::Respond`] with the number `id`.
    ///
    /// # Errors
    /// [`Errno::Refused`] if nobody listens there.
    pub fn call(
        &self,
        namespace: &SharedNamespace,
        port: u16,
        id: u64,
        from: &str,
        request: &[u8],
    ) -> Result<Option<Vec<u8>>, Errno> {
        self.set_caller(from);
        call(namespace, self.now(), port, CallId::Driver(id), request)
    }

    /// The ports that somebody listens on, with the listener's process.
    pub fn listeners(&self, namespace: &SharedNamespace) -> Vec<(u16, Pid)> {
        let namespace = namespace.borrow();
        let listeners = namespace.listeners.borrow();
        listeners.iter().map(|(port, listener)| (*port, listener.pid)).collect()
    }
}
