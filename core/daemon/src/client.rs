//! How a process of the host asks its daemon, or another one.

use std::rc::Rc;

use os::{Errno, Proc};
use swarm::control::{ControlRequest, ControlResponse};

use crate::api::{Error, Request, Response};
use crate::tcp::Remote;

/// The port of [`Proc::request`] that the daemon answers: the machine's driver hands it requests
/// whose body is a [`Request`] and replies with a [`Reply`].
pub const PORT: &str = "docker";

/// The socket, whose permissions decide who may ask.
const SOCKET: &str = "/var/run/docker.sock";

/// The body of a reply.
pub type Reply = Result<Response, Error>;

/// The connection of one process to its host's daemon.
#[derive(Clone, Debug)]
pub struct Client {
    proc: Proc,
    /// Another daemon than the host's.
    remote: Option<Rc<Remote>>,
}

impl Client {
    /// The process's connection.
    pub fn new(proc: &Proc) -> Self {
        Self { proc: proc.clone(), remote: None }
    }

    /// The process's connection to a daemon that was asked for by its address.
    pub fn to(proc: &Proc, remote: Remote) -> Self {
        Self { proc: proc.clone(), remote: Some(Rc::new(remote)) }
    }

    /// It leads to a daemon that was asked for by its address.
    pub const fn is_remote(&self) -> bool {
        self.remote.is_some()
    }

    /// One request, one answer.
    ///
    /// # Errors
    /// The daemon's; [`Error::Interrupted`] if the process caught a signal meanwhile,
    /// [`Error::Unreachable`] if the answer is not one of a daemon, [`Error::NoWay`] if another one cannot be asked.
    pub async fn ask(&self, request: Request) -> Reply {
        if let Some(remote) = &self.remote {
            return remote.ask(&self.proc, request).await;
        }
        // Without the file there is nobody to be kept from the daemon.
        if self.proc.exists(SOCKET) && !self.proc.access(SOCKET, true, true, false) {
            let (verb, path) = crate::api::endpoint(&request);
            return Err(Error::Denied { verb: verb.to_owned(), path });
        }
        match self.proc.request(PORT, Box::new(request)).await {
            Ok(body) => match body.downcast::<Reply>() {
                Ok(reply) => *reply,
                Err(_) => Err(Error::Unreachable),
            },
            Err(Errno::Interrupted) => Err(Error::Interrupted),
            Err(_) => Err(Error::Unreachable),
        }
    }

    /// A request to the swarm's managers.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn control(&self, request: ControlRequest) -> Result<ControlResponse, Error> {
        match self.ask(Request::Control(request)).await? {
            Response::Control(response) => Ok(response),
            other => Err(unexpected(&other)),
        }
    }

    /// A request whose answer says no more than that it was done.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn done(&self, request: Request) -> Result<(), Error> {
        match self.ask(request).await? {
            Response::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }
}

/// A daemon that does not speak this API: nothing a user can bring about.
pub fn unexpected(response: &Response) -> Error {
    let text = format!("{response:?}");
    let name = text.split(['(', '{', ' ']).next().unwrap_or_default();
    Error::internal(format!("unexpected answer of the daemon: {name}"))
}
