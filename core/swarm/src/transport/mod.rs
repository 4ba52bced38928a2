//! Channels to other nodes: opened when there is something to say, reused, given up when the other end
//! no longer answers.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`protocol`] | the messages inside a channel |
//! | [`wire`] | the one readable byte in front of every frame |
//! | [`link`] | one connection: its channel, what waits for it, the calls it has open |
//! | [`pool`] | all connections of a node, by peer and by frame |

pub(crate) mod link;
pub(crate) mod pool;
pub(crate) mod protocol;
pub(crate) mod wire;

pub(crate) use link::Trust;
pub(crate) use pool::{CallId, LinkId, Transport, TransportEvent};
