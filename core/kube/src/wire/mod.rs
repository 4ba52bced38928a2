//! What crosses the network: packets inside of mutually authenticated channels.
//!
//! Real components speak HTTP/2 and gRPC over TLS on ports of their own; here a host has one way to another for all of
//! them, and a packet says which port is meant.

mod client;
mod link;

use os::remote::{RemoteEvent, RemoteInput};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use client::{Came, Client, Way};
pub(crate) use link::{Frames, Links, WireEvent, is_ours};

use crate::etcd;
use crate::rest::{Credential, Method, Request, Response, StreamEvent};

/// The API server's port.
pub(crate) const API_PORT: u16 = 6443;
/// The kubelet's port.
pub(crate) const KUBELET_PORT: u16 = 10_250;

/// A packet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Packet {
    /// A request; with `opens` for a stream.
    Ask { port: u16, number: u64, opens: bool, request: WireRequest },
    /// Input for a stream.
    Input { number: u64, input: RemoteInput },
    /// A stream's client is gone.
    Close { number: u64 },
    /// The answer.
    Response { number: u64, code: u16, warnings: Vec<String>, body: String },
    /// A stream is open.
    Opened { number: u64 },
    /// Something on a stream.
    Event { number: u64, event: WireStreamEvent },
    /// Nobody listens on that port.
    Refused { number: u64 },
    /// Between members of etcd.
    Etcd(etcd::Message),
    /// Is anybody there? Asked before a process uses a connection that another one has opened: it would open one of its own.
    Ping { number: u64 },
    /// The other end is.
    Pong { number: u64 },
}

/// A request as it travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WireRequest {
    method: u8,
    path: String,
    query: Vec<(String, String)>,
    content_type: String,
    /// A bearer token.
    pub(crate) token: Option<String>,
    /// For whom the sender acts, and that one's groups.
    pub(crate) acts_for: Option<(String, Vec<String>)>,
    body: String,
}

/// What comes on a stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum WireStreamEvent {
    Change(String),
    Log(Vec<u8>),
    Terminal(RemoteEvent),
    Ended(String),
}

const METHODS: [Method; 5] =
    [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
const CONTENT_TYPES: [&str; 5] = [
    "application/json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/json-patch+json",
    "application/apply-patch+yaml",
];

fn text(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

impl WireRequest {
    pub(crate) fn new(request: &Request) -> Self {
        let (mut token, mut acts_for) = (None, None);
        let mut credential = &request.credential;
        if let Credential::As { own, user, groups } = credential {
            acts_for = Some((user.clone(), groups.clone()));
            credential = own;
        }
        if let Credential::Token(bearer) = credential {
            token = Some(bearer.clone());
        }
        let place = METHODS.iter().position(|method| *method == request.method);
        Self {
            method: place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0),
            path: request.path.clone(),
            query: request.query.clone(),
            content_type: request.content_type.to_owned(),
            token,
            acts_for,
            body: text(&request.body),
        }
    }

    pub(crate) fn read(&self) -> Request {
        let content_type = CONTENT_TYPES.into_iter().find(|known| *known == self.content_type);
        Request {
            server: String::new(),
            credential: Credential::Anonymous,
            method: METHODS.get(usize::from(self.method)).copied().unwrap_or(Method::Get),
            path: self.path.clone(),
            query: self.query.clone(),
            content_type: content_type.unwrap_or(CONTENT_TYPES[0]),
            body: value(&self.body),
        }
    }
}

impl Packet {
    pub(crate) fn response(number: u64, response: Response) -> Self {
        let Response { code, warnings, body } = response;
        Self::Response { number, code, warnings, body: text(&body) }
    }

    pub(crate) fn event(number: u64, event: StreamEvent) -> Self {
        let event = match event {
            StreamEvent::Change(change) => WireStreamEvent::Change(text(&change)),
            StreamEvent::Log(bytes) => WireStreamEvent::Log(bytes),
            StreamEvent::Terminal(event) => WireStreamEvent::Terminal(event),
            StreamEvent::Ended(why) => WireStreamEvent::Ended(text(&why)),
        };
        Self::Event { number, event }
    }
}

impl WireStreamEvent {
    pub(crate) fn read(self) -> StreamEvent {
        match self {
            Self::Change(text) => StreamEvent::Change(value(&text)),
            Self::Log(bytes) => StreamEvent::Log(bytes),
            Self::Terminal(event) => StreamEvent::Terminal(event),
            Self::Ended(text) => StreamEvent::Ended(value(&text)),
        }
    }
}

/// A response as it came.
pub(crate) fn read_response(code: u16, warnings: Vec<String>, body: &str) -> Response {
    Response { code, warnings, body: value(body) }
}
