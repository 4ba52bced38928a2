//! What the networks of containers send from host to host.
//!
//! Frames of an overlay are readable on the wire unless the network is encrypted (moby: `--opt encrypted`,
//! IPsec); gossip is always sealed with the swarm's key.

use seal::{Dek, Nonce, Sealer};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sim::{Frame, Rng};
use swarm::objects::{NetworkKey, SecretBytes};

/// The connection numbers of what is not the swarm's own: a port each (gossip, VXLAN, everything else).
pub(crate) const GOSSIP_FLOW: u64 = 7946;
/// As [`GOSSIP_FLOW`].
pub(crate) const OVERLAY_FLOW: u64 = 4789;
/// As [`GOSSIP_FLOW`].
pub(crate) const HOST_FLOW: u64 = 6;

/// A frame's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Packet {
    /// A sealed table of endpoints.
    Gossip(Vec<u8>),
    /// A sealed question for logs, or the answer.
    Logs(Vec<u8>),
    /// A datagram inside an overlay.
    Overlay { vni: u32, payload: Payload },
    /// A datagram between hosts.
    Host(Datagram),
}

/// The inside of an overlay's frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Payload {
    Clear(Datagram),
    Sealed(Vec<u8>),
}

/// A question or an answer on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Datagram {
    pub(crate) source: String,
    pub(crate) destination: String,
    pub(crate) port: u16,
    /// The asking host's number of the question; the answer has it too.
    pub(crate) call: u64,
    pub(crate) content: Content,
}

/// What a datagram says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Content {
    Request(Vec<u8>),
    Answer(Vec<u8>),
    Refused,
    Echo,
    EchoReply,
}

/// What a frame carries, for who looks at the wire: port, whether its server sends it, whether it is part of a connection,
/// the connection's number, the bytes.
pub type FrameContent = (u16, bool, bool, u64, Vec<u8>);

/// The content of a frame of hosts' networks: none for a frame of another kind, `Some(None)` for an echo.
pub fn content_of(frame: &Frame) -> Option<Option<FrameContent>> {
    let packet = super::is_network_flow(frame.flow).then(|| postcard::from_bytes(&frame.bytes))?;
    let sealed = |port, is_tcp| Some((port, true, is_tcp, 0, frame.bytes.to_vec()));
    Some(match packet.ok()? {
        Packet::Gossip(_) => sealed(7946, false),
        Packet::Logs(_) => sealed(7946, true),
        Packet::Overlay { .. } => sealed(4789, false),
        Packet::Host(Datagram { port, call, content, .. }) => match content {
            Content::Request(bytes) => Some((port, false, true, call, bytes)),
            Content::Answer(bytes) => Some((port, true, true, call, bytes)),
            Content::Refused => Some((port, true, true, call, Vec::new())),
            Content::Echo | Content::EchoReply => None,
        },
    })
}

impl Datagram {
    /// What goes back to where this one came from.
    pub(crate) fn reply(&self, content: Content) -> Self {
        let (source, destination) = (self.destination.clone(), self.source.clone());
        Self { source, destination, content, ..*self }
    }
}

/// Seals and opens with one of the swarm's keys.
#[derive(Debug)]
pub(crate) struct Keyed {
    key: SecretBytes,
    sealer: Sealer,
    /// 96 bits that no other host and no other boot uses: a random number and a count.
    epoch: u32,
    counter: u64,
}

/// Bound into every record, so that none passes for another kind.
pub(crate) const GOSSIP_PLACE: &[u8] = b"gossip";
/// As [`GOSSIP_PLACE`].
pub(crate) const LOGS_PLACE: &[u8] = b"logs";
/// As [`GOSSIP_PLACE`].
pub(crate) const OVERLAY_PLACE: &[u8] = b"overlay";

impl Keyed {
    /// The newest key of a purpose: `networking:gossip` or `networking:ipsec`. `held` is kept if it is that
    /// key's.
    pub(crate) fn follow(
        held: &mut Option<Self>,
        keys: &[NetworkKey],
        subsystem: &str,
        rng: &mut Rng,
    ) {
        let newest = keys.iter().filter(|key| key.subsystem == subsystem);
        let Some(newest) = newest.max_by_key(|key| key.lamport_time) else {
            *held = None;
            return;
        };
        if held.as_ref().is_some_and(|held| held.key == newest.key) {
            return;
        }
        let dek = Dek::from_bytes(Sha256::digest(newest.key.expose()).into());
        *held = Some(Self {
            key: newest.key.clone(),
            sealer: Sealer::new(&dek),
            epoch: u32::try_from(rng.below(1 << 32)).unwrap_or_default(),
            counter: rng.next_u64() >> 1,
        });
    }

    pub(crate) fn seal(&mut self, place: &[u8], bytes: &[u8]) -> Vec<u8> {
        self.counter += 1;
        self.sealer.seal(Nonce::state(self.epoch, self.counter), place, bytes)
    }

    pub(crate) fn open(&self, place: &[u8], record: &[u8]) -> Option<Vec<u8>> {
        self.sealer.open(place, record).ok()
    }
}
