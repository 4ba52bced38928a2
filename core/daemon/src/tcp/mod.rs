//! The Engine API over TCP, as a daemon offers it that was told so, and as a client of another host asks it.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`listen`] | where the daemon listens: its unit's command and `/etc/docker/daemon.json` |
//! | [`http`] | requests and answers as bytes |
//! | [`serve`] | the daemon's end |
//! | [`streams`] | what programs in containers write for a client elsewhere, and read from it |
//! | [`connect`] | the client's end |
//!
//! What is on the wire is readable unless both ends speak TLS. Heads are HTTP's; the bodies of secrets and configs are the
//! JSON of the Engine API. Other bodies are our own encoding of the same values.

mod connect;
mod http;
mod listen;
mod serve;
mod streams;

use os::remote::{RemoteEvent, RemoteInput};
use serde::{Deserialize, Serialize};

pub use connect::{Remote, Tls};
pub use listen::{Listening, daemon_command};
pub(crate) use serve::Server;

use crate::api::Request;
use crate::client::Reply;

/// The port of the API where nobody names another (docker/cli: `opts/hosts.go`).
pub const PORT: u16 = 2375;

/// What a client sends to see whether there is anybody: no byte of HTTP, as TCP's own probes have none.
const PROBE: &[u8] = b"\0";

/// Alerts of TLS (RFC 8446, section 6.2) in Go's words; a daemon sends the number behind [`ALERT`].
const ALERTS: [(u8, &str); 4] = [
    (42, "bad certificate"),
    (45, "expired certificate"),
    (48, "unknown certificate authority"),
    (116, "certificate required"),
];
/// TLS's type of a record with an alert; no answer of HTTP begins so.
const ALERT: u8 = 0x15;

/// What a client says.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    /// A request, whether what its program reads and writes is wanted, and how many times the client was told of such.
    Request(Box<Request>, Option<Attach>, u32),
    /// Something was typed for the program.
    Input(RemoteInput),
}

/// The files of a client's process for a program in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attach {
    /// The program gets a terminal.
    tty: bool,
    /// All of standard input; nothing if the program has none, or reads a terminal.
    input: Option<Vec<u8>>,
    /// What is typed goes to the terminal.
    types: bool,
}

/// What a daemon says.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Reply(Reply),
    /// The program has written; the request for its end still waits.
    Events(Vec<RemoteEvent>),
}
