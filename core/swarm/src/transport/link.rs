//! One connection: its channel and the calls it has open.

use sorted::SortedMap;

use seal::channel::Channel;
use sim::{HostId, Time};

use super::pool::CallId;

/// How far the two ends of a connection know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// Nobody is known: the download of the root CA's certificate.
    Nobody,
    /// The server is verified, the client has no certificate yet: the request for one.
    Server,
    /// Both are verified.
    Mutual,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    /// The other host.
    pub(crate) host: HostId,
    /// The connection's number on the wire.
    pub(crate) flow: u64,
    /// True when this end opened it.
    pub(crate) is_initiator: bool,
    /// For connections that this end opened: where to.
    pub(crate) addr: String,
    /// For connections that this end opened: what for.
    pub(crate) trust: Trust,
    /// The sealed channel.
    pub(crate) channel: Channel,
    /// When the handshake is given up.
    pub(crate) handshake_until: Time,
    /// Frames with the channel's bytes that this end has sent.
    pub(crate) sent_count: u32,
    /// Frames with the channel's bytes that this end has taken.
    pub(crate) received_count: u32,
    /// Open calls by their number on this link.
    pub(crate) calls: SortedMap<u64, OpenCall>,
    /// The number of the next call.
    pub(crate) next_call: u64,
    /// The parts that have come in of a message for Raft.
    pub(crate) parts: Vec<u8>,
}

/// A call that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenCall {
    /// Names it to whoever made it.
    pub(crate) id: CallId,
    /// When it is given up.
    pub(crate) deadline: Time,
}

impl Link {
    /// When this link next has something to give up.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let handshake = (!self.channel.is_established()).then_some(self.handshake_until);
        self.calls.values().map(|call| call.deadline).chain(handshake).min()
    }
}
