//! The mutually authenticated channel between two nodes, a state machine over frames.
//!
//! It is TLS 1.3 in structure (one round trip, forward secrecy, encrypted certificates, both sides
//! prove their keys) and in its key schedule, reduced to one suite (P-256, ECDSA, SHA-256,
//! AES-256-GCM) and with a framing of its own. It needs a transport that keeps frames whole and in
//! order; any frame that is lost, repeated, reordered, cut or changed ends the channel with an
//! error, after which it accepts nothing any more.
//!
//! Who may be at the other end:
//!
//! * node to node: both show certificates, both verify against their [`Trust`];
//! * a joiner has no certificate yet: it connects without, and the server sees no [`Channel::peer`];
//! * a joiner that does not even have the root CA connects with [`Trust::Unverified`], asks for the
//!   root certificate and compares its digest with the join token itself.
//!
//! A server accepts an anonymous client; what such a client may ask is the application's decision.
//!
//! ```
//! # use glasshive_seal as seal;
//! use seal::{Channel, ClientConfig, Csr, Identity, NodeIdentity, PrivateKey, Role, RootCa};
//! use seal::{ServerConfig, Trust};
//! use sim::{Duration, Streams, Time};
//!
//! let (now, mut rng) = (Time::from_date(2017, 3, 21), Streams::new(1).stream("example"));
//! let ca = RootCa::create(now, &mut rng);
//! let key = PrivateKey::generate(&mut rng);
//! let node = NodeIdentity { node_id: "n1".into(), role: Role::Manager, cluster_id: "c".into() };
//! let life = Duration::from_secs(7_776_000);
//! let certificate = ca.issue(&Csr::new(&key), &node, now, life, &mut rng)?;
//! let trust = Trust::Root(ca.certificate.clone());
//!
//! let client = ClientConfig { identity: None, trust: trust.clone(), server_role: None };
//! let (mut client, hello) = Channel::connect(&client, &mut rng);
//! let server = ServerConfig { identity: Identity { chain: certificate.into(), key }, trust };
//! let (mut server, answer) = Channel::accept(&server, &hello, &mut rng)?;
//! client.send(b"waits for the handshake")?;
//! for reply in client.receive(&answer, now)?.replies {
//!     let received = server.receive(&reply, now)?;
//!     assert_eq!(received.plaintexts, [b"waits for the handshake"]);
//! }
//! assert_eq!(client.peer(), Some(&node));
//! assert_eq!(server.peer(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod handshake;
mod record;
mod schedule;

use std::fmt;

use sim::Time;
use zeroize::Zeroize;

use crate::ca::Peer;
use crate::keys::PrivateKey;
use crate::x509::{Certificate, CertificateError, Chain, Role, RootCertificate};
use handshake::{ClientHandshake, Finished, ServerHandshake};
use record::{Content, Direction, RECORDS_PER_KEY};

pub use record::MESSAGE_SIZE_LIMIT;

/// How many messages wait at most until the handshake is done.
pub const QUEUE_LIMIT: usize = 1_024;

/// A node's certificate and the key it speaks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the other side sees and verifies.
    pub chain: Chain,
    /// The key of the leaf: secret.
    pub key: PrivateKey,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(key secret, {:?})", self.chain.leaf)
    }
}

/// Which certificates of the other side are accepted.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those of this swarm.
    Root(RootCertificate),
    /// Any, and [`Channel::peer`] stays unknown. Only for fetching a root certificate.
    Unverified,
}

/// How a client connects.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Its certificate; a joiner has none.
    pub identity: Option<Identity>,
    /// Which servers it accepts.
    pub trust: Trust,
    /// The role that the server must have (swarmkit's "server name"); any if absent. Not looked at
    /// with [`Trust::Unverified`].
    pub server_role: Option<Role>,
}

/// How a server accepts.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Its certificate.
    pub identity: Identity,
    /// Which client certificates it accepts. A client without one is accepted always.
    pub trust: Trust,
}

/// Why a channel ended. Every error but [`ChannelError::TooLarge`] and
/// [`ChannelError::QueueFull`] is the end of the channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// A frame ends in the middle of a record.
    #[error("channel: unexpected end of frame")]
    Truncated,
    /// A record or message that does not belong here, or is malformed.
    #[error("channel: unexpected message")]
    Unexpected,
    /// A record that was changed, repeated, reordered, or follows one that was lost.
    #[error("channel: bad record MAC")]
    BadRecord,
    /// The other side does not hold the key of its certificate.
    #[error("channel: invalid signature by the certificate's key")]
    BadSignature,
    /// The other side's certificate is not accepted.
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    /// The message is longer than [`MESSAGE_SIZE_LIMIT`]; the channel goes on.
    #[error("channel: message is too large")]
    TooLarge,
    /// [`QUEUE_LIMIT`] messages wait for the handshake already; the channel goes on.
    #[error("channel: too many messages before the handshake is done")]
    QueueFull,
    /// The handshake is not done yet; the channel goes on.
    #[error("channel: handshake is not complete")]
    NotEstablished,
    /// The channel ended with an error before.
    #[error("channel: closed after an error")]
    Closed,
}

/// What a frame brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The other side's messages, in order, each as it was sent.
    pub plaintexts: Vec<Vec<u8>>,
    /// Frames to send to the other side now, in order.
    pub replies: Vec<Vec<u8>>,
    /// Whether the handshake is done after this frame.
    pub established: bool,
}

/// One end of a channel.
#[derive(Clone)]
pub struct Channel {
    state: State,
    /// Messages that wait for the handshake.
    queue: Vec<Vec<u8>>,
    peer: Option<Peer>,
    peer_certificate: Option<Certificate>,
}

#[derive(Clone)]
enum State {
    Client(Box<ClientHandshake>),
    Server(Box<ServerHandshake>),
    Established(Box<Keys>),
    Closed,
}

#[derive(Clone)]
struct Keys {
    send: Direction,
    receive: Direction,
}

impl Channel {
    /// The client's end, and the first frame to send.
    ///
    /// `rng` must be a stream that goes on over restarts of the node: the ephemeral key, and with
    /// it every key of the channel, is new only if the stream has not given these bytes before.
    pub fn connect(config: &ClientConfig, rng: &mut sim::Rng) -> (Self, Vec<u8>) {
        let (state, frame) = ClientHandshake::start(config, rng);
        (Self::new(State::Client(Box::new(state))), frame)
    }

    /// The server's end for a client's first frame, and the frame to answer with. See
    /// [`Channel::connect`] for `rng`.
    ///
    /// # Errors
    /// When the frame is no client's first frame.
    pub fn accept(
        config: &ServerConfig,
        first_frame: &[u8],
        rng: &mut sim::Rng,
    ) -> Result<(Self, Vec<u8>), ChannelError> {
        let (state, reply) = ServerHandshake::accept(config, first_frame, rng)?;
        Ok((Self::new(State::Server(Box::new(state))), reply))
    }

    fn new(state: State) -> Self {
        Self { state, queue: Vec::new(), peer: None, peer_certificate: None }
    }

    /// Whether the handshake is done.
    pub fn is_established(&self) -> bool {
        matches!(self.state, State::Established(_))
    }

    /// Who is at the other end: known once the handshake is done, if the other side showed a
    /// certificate and it was verified.
    pub fn peer(&self) -> Option<&Peer> {
        self.peer.as_ref()
    }

    /// The certificate that the other side showed and holds the key of. With
    /// [`Trust::Unverified`] nothing else is known about it.
    pub fn peer_certificate(&self) -> Option<&Certificate> {
        self.peer_certificate.as_ref()
    }

    /// Takes a frame from the other side, at virtual time `now` (certificates expire).
    ///
    /// # Errors
    /// The channel is closed then, whatever the error is. Plaintexts of earlier records of the same
    /// frame are dropped with it.
    pub fn receive(&mut self, frame: &[u8], now: Time) -> Result<Received, ChannelError> {
        // On the way out through an error the state stays closed.
        let state = std::mem::replace(&mut self.state, State::Closed);
        let mut rest = frame;
        if rest.is_empty() {
            return Err(ChannelError::Truncated);
        }
        let mut received = Received { established: true, ..Received::default() };
        let mut keys = match state {
            State::Closed => return Err(ChannelError::Closed),
            State::Established(keys) => keys,
            State::Client(handshake) => {
                let (finished, mut reply) = handshake.finish(&mut rest, now)?;
                let mut keys = self.finish(finished);
                self.flush(&mut keys.send, &mut reply);
                received.replies.push(reply);
                keys
            }
            State::Server(handshake) => {
                let mut keys = self.finish(handshake.finish(&mut rest, now)?);
                let mut reply = Vec::new();
                self.flush(&mut keys.send, &mut reply);
                if !reply.is_empty() {
                    received.replies.push(reply);
                }
                keys
            }
        };
        while let Some(record) = record::next(&mut rest)? {
            match keys.receive.open(&record)? {
                (Content::Data, plaintext) => received.plaintexts.push(plaintext),
                (Content::KeyUpdate, plaintext) if plaintext.is_empty() => keys.receive.update(),
                _ => return Err(ChannelError::Unexpected),
            }
        }
        self.state = State::Established(keys);
        Ok(received)
    }

    fn finish(&mut self, finished: Finished) -> Box<Keys> {
        self.peer = finished.peer;
        self.peer_certificate = finished.certificate;
        Box::new(Keys { send: finished.send, receive: finished.receive })
    }

    fn flush(&mut self, send: &mut Direction, frame: &mut Vec<u8>) {
        for mut message in self.queue.drain(..) {
            send.seal(Content::Data, &message, frame);
            message.zeroize();
        }
    }

    /// The frame that carries `plaintext` as one message, or nothing while the handshake is not
    /// done: the message then waits, and leaves with the replies of the [`Channel::receive`] that
    /// completes it.
    ///
    /// # Errors
    /// `TooLarge`, `QueueFull`, or `Closed` after an earlier error.
    pub fn send(&mut self, plaintext: &[u8]) -> Result<Option<Vec<u8>>, ChannelError> {
        if plaintext.len() > MESSAGE_SIZE_LIMIT {
            return Err(ChannelError::TooLarge);
        }
        match &mut self.state {
            State::Established(keys) => {
                let mut frame = Vec::new();
                if keys.send.sequence() >= RECORDS_PER_KEY {
                    update_key(&mut keys.send, &mut frame);
                }
                keys.send.seal(Content::Data, plaintext, &mut frame);
                Ok(Some(frame))
            }
            State::Client(_) | State::Server(_) => {
                if self.queue.len() >= QUEUE_LIMIT {
                    return Err(ChannelError::QueueFull);
                }
                self.queue.push(plaintext.to_vec());
                Ok(None)
            }
            State::Closed => Err(ChannelError::Closed),
        }
    }

    /// A frame that tells the other side to expect the next key from now on. A channel does this by
    /// itself long before a key is worn out.
    ///
    /// # Errors
    /// `NotEstablished`, or `Closed` after an earlier error.
    pub fn rekey(&mut self) -> Result<Vec<u8>, ChannelError> {
        match &mut self.state {
            State::Established(keys) => {
                let mut frame = Vec::new();
                update_key(&mut keys.send, &mut frame);
                Ok(frame)
            }
            State::Client(_) | State::Server(_) => Err(ChannelError::NotEstablished),
            State::Closed => Err(ChannelError::Closed),
        }
    }
}

fn update_key(send: &mut Direction, frame: &mut Vec<u8>) {
    send.seal(Content::KeyUpdate, &[], frame);
    send.update();
}

impl Drop for Channel {
    fn drop(&mut self) {
        for message in &mut self.queue {
            message.zeroize();
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Client(_) => "client, handshake",
            State::Server(_) => "server, handshake",
            State::Established(_) => "established",
            State::Closed => "closed",
        };
        write!(f, "Channel({state}, peer {:?})", self.peer)
    }
}

#[cfg(test)]
mod tests;
