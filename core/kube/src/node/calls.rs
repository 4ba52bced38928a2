//! What is asked of other hosts (or this one), and whom the answers are for.

use daemon::host_addresses;
use os::RequestId;
use sim::{Duration, HostId};

use super::{Caller, Context, KubeNode, Output};
use crate::apiserver::{Origin, Status};
use crate::pki;
use crate::rest::{
    Answer, Ask, CONNECTION_LOST, Credential, Reply, Request, StreamEvent, UNEXPECTED_END,
    Unreachable,
};
use crate::wire::{API_PORT, Came, Way};

/// kubectl's transport gives up a connection after so long.
pub(super) const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Whom an answer from another host is for.
#[derive(Debug)]
pub(super) enum Waiting {
    Caller(Caller),
    Stream(u64),
    Kubelet(u64),
    /// Somebody else's stream, and whether anything has come of it.
    Proxy(Origin, bool),
}

/// A process's stream.
#[derive(Debug)]
pub(super) struct Stream {
    number: u64,
    inbox: Vec<StreamEvent>,
    waiting: Option<Caller>,
    opener: Option<Caller>,
    is_over: bool,
}

impl KubeNode {
    /// A process, or whoever runs the world, asks.
    pub fn request(&mut self, context: &mut Context<'_>, id: Caller, ask: Ask) {
        match ask {
            Ask::Call(request) => self.process_asks(context, id, &request, false),
            Ask::Open(request) => self.process_asks(context, id, &request, true),
            Ask::Next(stream) => {
                let events = match self.streams.get_mut(&stream) {
                    None => vec![StreamEvent::Ended(serde_json::Value::Null)],
                    Some(known) if known.inbox.is_empty() && !known.is_over => {
                        known.waiting = Some(id);
                        return;
                    }
                    Some(known) => std::mem::take(&mut known.inbox),
                };
                reply(context, id, Ok(Answer::Events(events)));
            }
            Ask::Send(stream, input) => {
                if let Some(known) = self.streams.get(&stream) {
                    self.client.send(known.number, input, &mut self.links, &mut self.frames);
                }
                reply(context, id, Ok(Answer::Sent));
            }
            Ask::Close(stream) => {
                if let Some(known) = self.streams.remove(&stream) {
                    self.waiting.remove(&known.number);
                    self.client.close(known.number, &mut self.links, &mut self.frames);
                }
            }
        }
        self.drive(context);
    }

    /// A process no longer waits.
    pub fn withdrawn(&mut self, id: RequestId) {
        let id = Caller::Process(id);
        self.waiting.retain(|_, waiting| !matches!(waiting, Waiting::Caller(own) if *own == id));
        for stream in self.streams.values_mut() {
            stream.waiting = stream.waiting.filter(|own| *own != id);
        }
    }

    pub(super) fn process_asks(
        &mut self,
        context: &mut Context<'_>,
        id: Caller,
        request: &Request,
        opens: bool,
    ) {
        let hosts = self.servers(context, &request.server);
        if hosts.is_empty() {
            return reply(context, id, Err(Unreachable::Refused));
        }
        let mut credential = &request.credential;
        while let Credential::As { own, .. } = credential {
            credential = own;
        }
        let identity = match credential {
            Credential::Certificate { certificate, key } => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                pki::identity(&text(certificate), &text(key))
            }
            _ => None,
        };
        let way = Way { hosts, port: API_PORT, identity, is_new: true };
        let number = self.call(context, way, request, opens, DIAL_TIMEOUT);
        let waiting = if opens {
            let stream = self.next_stream;
            self.next_stream += 1;
            let (inbox, waiting, is_over) = (Vec::new(), None, false);
            let opener = Some(id);
            self.streams.insert(stream, Stream { number, inbox, waiting, opener, is_over });
            Waiting::Stream(stream)
        } else {
            Waiting::Caller(id)
        };
        self.waiting.insert(number, waiting);
    }

    /// The hosts behind a kubeconfig's `server`; none if no API server can be there.
    pub(super) fn servers(&self, context: &Context<'_>, server: &str) -> Vec<HostId> {
        let place = server.trim_start_matches("https://").trim_end_matches('/');
        let (name, port) = place.rsplit_once(':').unwrap_or((place, "443"));
        if port.parse() != Ok(API_PORT) {
            return Vec::new();
        }
        let addresses = host_addresses(context.machine, name);
        let host = |address: &String| match address.as_str() {
            "127.0.0.1" => Some(self.this_host()),
            address => self.config.host_at(address),
        };
        addresses.iter().filter_map(host).collect()
    }

    pub(super) fn call(
        &mut self,
        context: &Context<'_>,
        way: Way,
        request: &Request,
        opens: bool,
        timeout: Duration,
    ) -> u64 {
        let (links, frames) = (&mut self.links, &mut self.frames);
        self.client.ask(context.now, way, request, opens, timeout, links, frames)
    }

    /// Something has come back from another host.
    pub(super) fn came(&mut self, context: &mut Context<'_>, number: u64, came: Came) {
        let is_last = match &came {
            Came::Response(_) | Came::Failed(_) => true,
            Came::Event(event) => matches!(event, StreamEvent::Ended(_)),
            Came::Opened => false,
        };
        let Some(waiting) = self.waiting.remove(&number) else { return };
        match &waiting {
            Waiting::Caller(id) => {
                let answer = match came {
                    Came::Response(response) => Ok(Answer::Response(response)),
                    Came::Failed(why) => Err(why),
                    Came::Opened | Came::Event(_) => return,
                };
                reply(context, *id, answer);
            }
            Waiting::Stream(stream) => self.stream_came(context, *stream, came),
            Waiting::Kubelet(tag) => {
                let tag = *tag;
                self.waiting.insert(number, waiting);
                self.with_kubelet(context, |kubelet, touch| kubelet.answered(touch, tag, came));
                if is_last {
                    self.waiting.remove(&number);
                }
                return;
            }
            Waiting::Proxy(origin, is_open) => {
                let origin = *origin;
                let opens = matches!(came, Came::Opened) || *is_open;
                self.proxy_came(origin, *is_open, came);
                if !is_last {
                    self.waiting.insert(number, Waiting::Proxy(origin, opens));
                }
                return;
            }
        }
        if !is_last {
            self.waiting.insert(number, waiting);
        }
    }

    pub(super) fn stream_came(&mut self, context: &mut Context<'_>, stream: u64, came: Came) {
        let Some(known) = self.streams.get_mut(&stream) else { return };
        let opener = known.opener.take();
        match (came, opener) {
            (Came::Opened, Some(id)) => reply(context, id, Ok(Answer::Opened(stream))),
            (Came::Response(response), Some(id)) => {
                self.streams.remove(&stream);
                reply(context, id, Ok(Answer::Response(response)));
            }
            (Came::Failed(why), Some(id)) => {
                self.streams.remove(&stream);
                reply(context, id, Err(why));
            }
            (came, opener) => {
                known.opener = opener;
                let event = match came {
                    Came::Event(event) => event,
                    Came::Response(response) => StreamEvent::Ended(response.body),
                    Came::Failed(why) => {
                        let text = match why {
                            Unreachable::Gone => CONNECTION_LOST,
                            _ => UNEXPECTED_END,
                        };
                        StreamEvent::Ended(*Status::new(500, "InternalError", text).0)
                    }
                    Came::Opened => return,
                };
                known.is_over |= matches!(event, StreamEvent::Ended(_));
                known.inbox.push(event);
                if let Some(id) = known.waiting.take() {
                    let events = std::mem::take(&mut known.inbox);
                    reply(context, id, Ok(Answer::Events(events)));
                }
            }
        }
    }
}

fn reply(context: &mut Context<'_>, id: Caller, answer: Reply) {
    context.out.push(Output::Reply(id, Box::new(answer)));
}
