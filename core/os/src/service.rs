//! Ports that programs answer on, and calls to them.
//!
//! Less than sockets: one request, one answer, both whole. That is enough for what a workshop does
//! with a server (a page, a command for a database) and needs no connection that could be cut.
//!
//! A call to the own host ends here. A call to any other address becomes a [`crate::Request`] with
//! port [`NET_PORT`] and a [`NetCall`] as its body; whoever drives the machine answers it with a
//! `Result<Vec<u8>, Errno>`, or not at all: then the call times out.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use sim::{Duration, Time};

use crate::errno::Errno;
use crate::machine::{Machine, SharedNamespace};
use crate::process::{Fd, Pid, Proc, Withdraw};
use crate::state::State;

/// What [`crate::Request::port`] says of a call to another host.
pub const NET_PORT: &str = "net";

/// How long a call waits for an answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers what is sent to a port.
pub trait Service: fmt::Debug {
    /// The answer to one request.
    fn answer(&mut self, now: Time, request: &[u8]) -> Vec<u8>;
}

/// A call to another host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetCall {
    /// The address, or a name that the own host does not know.
    pub address: String,
    /// The port.
    pub port: u16,
    /// What is sent.
    pub request: Vec<u8>,
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
    request: &[u8],
) -> Result<Vec<u8>, Errno> {
    let found = namespace.borrow().listeners.get(&port).map(|listener| listener.service.clone());
    let service = found.ok_or(Errno::Refused)?;
    // A service that calls itself finds itself busy.
    service.try_borrow_mut().map(|mut it| it.answer(now, request)).map_err(|_| Errno::TimedOut)
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
        let mut namespace = namespace.borrow_mut();
        if namespace.listeners.contains_key(&port) {
            return Err(Errno::AddressInUse);
        }
        namespace.listeners.insert(port, Listener { pid: self.pid(), service });
        Ok(())
    }

    /// True if `address` is the own host or container.
    pub fn is_own_address(&self, address: &str) -> bool {
        let namespace = self.namespace();
        let namespace = namespace.borrow();
        address == "localhost"
            || address.starts_with("127.")
            || address == namespace.hostname
            || namespace.addresses.iter().any(|own| own == address)
    }

    /// Sends a request to a port and waits for the answer.
    ///
    /// # Errors
    /// [`Errno::Refused`], [`Errno::TimedOut`], [`Errno::Interrupted`].
    pub async fn call(&self, address: &str, port: u16, request: &[u8]) -> Result<Vec<u8>, Errno> {
        if self.is_own_address(address) {
            return call(&self.namespace(), self.now(), port, request);
        }
        let body = NetCall { address: address.to_owned(), port, request: request.to_vec() };
        let id = State::request(&self.state, self.pid, NET_PORT, Box::new(body));
        let _guard = Withdraw { proc: self, id };
        let deadline = self.now() + CALL_TIMEOUT;
        poll_fn(|_| {
            let mut state = self.state.borrow_mut();
            if let Some(reply) = state.replies.remove(&id) {
                let reply = reply.downcast::<Result<Vec<u8>, Errno>>();
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
    /// Brings a request from elsewhere to a port of the host or of a container.
    ///
    /// # Errors
    /// [`Errno::Refused`] if nobody listens there.
    pub fn call(
        &self,
        namespace: &SharedNamespace,
        port: u16,
        request: &[u8],
    ) -> Result<Vec<u8>, Errno> {
        let now = self.now();
        call(namespace, now, port, request)
    }

    /// The ports that somebody listens on, with the listener's process.
    pub fn listeners(&self, namespace: &SharedNamespace) -> Vec<(u16, Pid)> {
        let namespace = namespace.borrow();
        namespace.listeners.iter().map(|(port, listener)| (*port, listener.pid)).collect()
    }
}
