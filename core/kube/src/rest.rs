//! What a process of a host asks an API server: the verbs, paths and objects of the Kubernetes REST API, without the text
//! of HTTP around them.
//!
//! A process asks with [`os::Proc::request`], port [`PORT`] and an [`Ask`] as the body; the answer's body is a [`Reply`].

use os::remote::{RemoteEvent, RemoteInput};
use serde_json::Value;

/// The port of [`os::Proc::request`] that leads to the host's way into a cluster.
pub const PORT: &str = "kube";

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// One request -> [`Answer::Response`].
    Call(Request),
    /// A request whose answer goes on: `watch=true`, a log with `follow=true`, `exec` and `attach`
    /// -> [`Answer::Opened`], or [`Answer::Response`] with what is wrong.
    Open(Request),
    /// What has come since on a stream -> [`Answer::Events`], as soon as there is something.
    Next(u64),
    /// Standard input of an `exec` or `attach` -> [`Answer::Sent`].
    Send(u64, RemoteInput),
    /// The client is gone; no answer.
    Close(u64),
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read one object or a list.
    Get,
    /// Create, or open a subresource such as `exec`.
    Post,
    /// Replace.
    Put,
    /// Change a part, as [`Request::content_type`] says.
    Patch,
    /// Delete one object or a list.
    Delete,
}

/// A request of the REST API.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where to: the `server` of the kubeconfig's cluster, as in `https://10.0.0.11:6443`.
    pub server: String,
    /// Who asks.
    pub credential: Credential,
    /// What is to be done.
    pub method: Method,
    /// As in `/api/v1/namespaces/default/secrets/user-pass`, without a query.
    pub path: String,
    /// The query's parameters in their order: `labelSelector`, `fieldSelector`, `dryRun`, `fieldManager`, `fieldValidation`,
    /// `watch`, `container`, `command` (several), ...
    pub query: Vec<(String, String)>,
    /// `application/json`, or the kind of a patch: `application/merge-patch+json`,
    /// `application/strategic-merge-patch+json`, `application/json-patch+json`.
    pub content_type: &'static str,
    /// The object, the patch, `DeleteOptions`; [`Value::Null`] if there is none. Of an `exec` without a terminal
    /// (`stdin=true`, no `tty`): all of standard input, as a string in base64; nothing is sent later.
    pub body: Value,
}

/// Who asks, as a kubeconfig says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// No user is configured.
    Anonymous,
    /// A client's certificate and its key, in PEM.
    Certificate {
        /// The certificate.
        certificate: Vec<u8>,
        /// Its key.
        key: Vec<u8>,
    },
    /// A bearer token, as of a service account.
    Token(String),
    /// Somebody who acts for another one (headers `Impersonate-User` and `Impersonate-Group`), if they may.
    As {
        /// Who asks.
        own: Box<Credential>,
        /// For whom: `jane`, `system:serviceaccount:default:app`.
        user: String,
        /// The other one's groups.
        groups: Vec<String>,
    },
}

/// An API server's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The code of HTTP.
    pub code: u16,
    /// `Warning` headers, one text each.
    pub warnings: Vec<String>,
    /// The object or list; a `Status` where the code is not of the 200s; a string for what is plain text (a log).
    pub body: Value,
}

/// Why a stream is over whose other end does not answer any more (Go's `net/http`).
pub const CONNECTION_LOST: &str = "http2: client connection lost";
/// Why a stream is over that broke (Go's `io.ErrUnexpectedEOF`).
pub const UNEXPECTED_END: &str = "unexpected EOF";

/// What comes on a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// A change that a watch has seen: `{"type": "ADDED", "object": {...}}`.
    Change(Value),
    /// A followed log goes on.
    Log(Vec<u8>),
    /// Something at an `exec`'s or `attach`'s terminal.
    Terminal(RemoteEvent),
    /// The stream is over; [`Value::Null`] or the `Status` that says why.
    Ended(Value),
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The answer to a call, or to an open that was refused.
    Response(Response),
    /// The stream's number.
    Opened(u64),
    /// What has come.
    Events(Vec<StreamEvent>),
    /// It is on its way.
    Sent,
}

/// Why there is no answer of an API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Nobody listens: kubectl says `The connection to the server ADDRESS was refused`.
    Refused,
    /// Nothing came back in time: `dial tcp ADDRESS: i/o timeout`.
    TimedOut,
    /// The way broke while the answer was awaited.
    Broken,
    /// The other end was there and does not answer any more: `http2: client connection lost`.
    Gone,
    /// Whoever answers has a certificate of another authority.
    UnknownAuthority,
}

/// The body of a reply.
pub type Reply = Result<Answer, Unreachable>;
