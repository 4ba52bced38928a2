//! The daemon's end: requests off the wire, answers onto it.

use seal::pki::tls::{self, Opened};
use seal::pki::verify;
use sim::{Clock, EventId, Rng};
use sorted::SortedMap;

use super::listen::Listening;
use super::streams::{Client, Stream};
use super::{ALERT, Answer, PROBE, Said, http};
use crate::api::Request;
use crate::client::Reply;
use crate::daemon::{Caller, Context, Daemon, Output};

/// Requests of clients that never get an answer are forgotten when there are more than this.
const CALL_COUNT_MAX: usize = 1_024;

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) client: Client,
    /// It asks for the end of a program, and is answered when that has written something, too.
    pub(super) waits: bool,
    /// What brought it.
    cause: Option<EventId>,
    seal: Option<tls::Reply>,
}

/// What a daemon knows of its clients over TCP.
#[derive(Debug)]
pub(crate) struct Server {
    pub(super) listening: Listening,
    /// By number of the network's call.
    pub(super) calls: SortedMap<u64, Call>,
    pub(super) streams: SortedMap<Client, Stream>,
    /// By call: the clients for whose programs' ends the daemon was asked.
    pub(super) waits: SortedMap<u64, Client>,
    clock: Clock,
    rng: Rng,
    /// What it answers to a probe: another daemon at the same port has another.
    number: [u8; 8],
}

impl Server {
    pub(crate) fn new(mut rng: Rng) -> Self {
        Self {
            number: rng.bytes(),
            listening: Listening::default(),
            calls: SortedMap::new(),
            streams: SortedMap::new(),
            waits: SortedMap::new(),
            clock: Clock::default(),
            rng,
        }
    }

    pub(crate) const fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    pub(crate) const fn listening(&self) -> &Listening {
        &self.listening
    }
}

impl Daemon {
    /// From now on it listens there.
    pub fn listen(&mut self, listening: Listening) {
        self.tcp.listening = listening;
    }

    /// It answers on its socket.
    pub const fn has_socket(&self) -> bool {
        self.tcp.listening.has_socket()
    }

    fn release(&self) -> (&str, &str) {
        (&self.config.version.api_version, &self.config.version.version)
    }

    /// Something has come to a port that the daemon listens on, from an address.
    pub(crate) fn api_called(
        &mut self,
        context: &mut Context<'_>,
        call: u64,
        from: &str,
        bytes: &[u8],
    ) {
        if bytes == PROBE {
            return self.answer_bytes(context, call, self.tcp.number.to_vec());
        }
        let (seal, request) = match self.opened(context, bytes) {
            Ok(opened) => opened,
            Err(answer) => return self.answer_bytes(context, call, answer),
        };
        let (session, said) = match http::read_request(&request, self.release()) {
            Ok(read) => read,
            Err(answer) => {
                let answer = seal.map(|seal| seal.seal(&answer)).unwrap_or(answer);
                return self.answer_bytes(context, call, answer);
            }
        };
        while self.tcp.calls.len().max(self.tcp.waits.len()) >= CALL_COUNT_MAX {
            self.tcp.calls.pop_first();
            self.tcp.waits.pop_first();
        }
        let client = (from.to_owned(), session);
        let waits = match &said {
            Said::Request(request, ..) => {
                matches!(**request, Request::WaitContainer { .. } | Request::WaitExec { .. })
            }
            Said::Input(_) => false,
        };
        if waits {
            // A process waits once; an earlier request is one that it has given up.
            self.tcp.calls.retain(|_, other| !other.waits || other.client != client);
        }
        self.tcp.calls.insert(
            call,
            Call { client: client.clone(), waits, cause: context.machine.cause(), seal },
        );
        match said {
            Said::Input(input) => self.typed(context, call, &client, input),
            Said::Request(mut request, attach, seen_count) => {
                if let Some(attach) = attach {
                    request.set_stdio(self.attach(context, client.clone(), attach));
                }
                if waits {
                    self.seen(&client, seen_count);
                }
                if !waits || !self.knows_end(&client) {
                    if waits {
                        self.tcp.waits.insert(call, client.clone());
                    }
                    self.request(context, Caller::Remote(call), *request);
                }
                if waits {
                    self.look_at_stream(context, &client);
                }
            }
        }
    }

    /// A message's content, and what seals the answer.
    ///
    /// # Errors
    /// What is answered to one that has none.
    fn opened(
        &mut self,
        context: &Context<'_>,
        bytes: &[u8],
    ) -> Result<(Option<tls::Reply>, Vec<u8>), Vec<u8>> {
        let Server { listening, rng, clock, .. } = &mut self.tcp;
        let Some(identity) = &listening.identity else {
            let is_plain = !tls::is_tls(bytes);
            return if is_plain { Ok((None, bytes.to_vec())) } else { Err(http::wants_plain()) };
        };
        if !tls::is_tls(bytes) {
            return Err(http::wants_tls());
        }
        let mut random = |size: usize| {
            let mut bytes = vec![0; size];
            rng.fill(&mut bytes);
            bytes
        };
        match identity.open(bytes, &mut random) {
            Err(_) => Err(Vec::new()),
            Ok(Opened::Answer(answer)) => Err(answer),
            Ok(Opened::Request(seal, request, shown)) => {
                let now = clock.wall(context.now);
                let alert = listening.clients.as_ref().and_then(|roots| {
                    let (leaf, between) = match shown.split_first() {
                        Some(shown) => shown,
                        None => return Some(116),
                    };
                    let complaint = verify(leaf, between, roots, Some(now)).err()?;
                    Some(if complaint.number == 10 { 45 } else { 48 })
                });
                match alert {
                    None => Ok((Some(seal), request)),
                    // Go's TLS told these apart when Docker had come to 24.
                    Some(_) if self.config.engine.release < engine::Release(24, 0) => {
                        Err(seal.seal(&[ALERT, 42]))
                    }
                    Some(alert) => Err(seal.seal(&[ALERT, alert])),
                }
            }
        }
    }

    /// Answers a call that is known.
    pub(super) fn answer_call(&mut self, context: &mut Context<'_>, call: u64, answer: &Answer) {
        let Some(known) = self.tcp.calls.remove(&call) else { return };
        context.out.extend(known.cause.map(Output::Because));
        let bytes = http::answer(answer, self.release());
        let bytes = known.seal.map(|seal| seal.seal(&bytes)).unwrap_or(bytes);
        self.answer_bytes(context, call, bytes);
    }

    /// Whoever drives the daemon calls this behind every input: what it has answered to clients over TCP goes out.
    pub fn send_remote_replies(&mut self, context: &mut Context<'_>) {
        let is_remote =
            |output: &Output| matches!(output, Output::Reply { caller: Caller::Remote(_), .. });
        if !context.out.iter().any(is_remote) {
            return;
        }
        let outputs = std::mem::take(context.out);
        for output in outputs {
            match output {
                Output::Reply { caller: Caller::Remote(call), reply } => {
                    self.remote_reply(context, call, *reply);
                }
                other => context.out.push(other),
            }
        }
    }

    fn remote_reply(&mut self, context: &mut Context<'_>, call: u64, reply: Reply) {
        if let Some(reply) = self.end_stream(context, call, reply) {
            self.answer_call(context, call, &Answer::Reply(reply));
        }
    }

    /// The daemon ends: its connections do.
    pub(crate) fn hang_up(&mut self, context: &mut Context<'_>) {
        self.tcp.listening = Listening::default();
        for (call, _) in std::mem::take(&mut self.tcp.calls) {
            self.refuse_call(context, call);
        }
        self.tcp.streams.clear();
        self.tcp.waits.clear();
    }
}
