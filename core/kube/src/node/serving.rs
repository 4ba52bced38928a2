//! What other hosts ask of this one: its API server, its kubelet, its member of etcd.

use serde_json::Value;

use super::{Context, KubeNode};
use crate::apiserver::access;
use crate::apiserver::{Origin, Status};
use crate::pki;
use crate::rest::{StreamEvent, Unreachable};
use crate::wire::{API_PORT, Came, KUBELET_PORT, Packet, WireEvent};

impl KubeNode {
    pub(super) fn wire_event(&mut self, context: &mut Context<'_>, event: WireEvent) {
        match event {
            WireEvent::Lost { link, why } => {
                let (links, frames) = (&mut self.links, &mut self.frames);
                for (number, came) in self.client.lost(context.now, link, why, links, frames) {
                    self.came(context, number, came);
                }
                if let Some(Ok(server)) = self.plane.as_mut().map(|plane| plane.server.as_mut()) {
                    server.forget(
                        |origin| matches!(origin, Origin::Client { link: own, .. } if own == link),
                    );
                }
                let gone: Vec<Origin> = self
                    .proxied
                    .keys()
                    .filter(
                        |origin| matches!(origin, Origin::Client { link: own, .. } if *own == link),
                    )
                    .copied()
                    .collect();
                for origin in gone {
                    self.end_proxy(origin);
                }
                self.with_kubelet(context, |kubelet, touch| {
                    kubelet.hang_up(touch, |asker| asker.0 == link)
                });
            }
            WireEvent::Packet { link, host, peer, packet } => match *packet {
                Packet::Ask { port: API_PORT, number, opens, request } => {
                    self.api_asked(context, (link, number), peer.as_ref(), &request, opens);
                }
                Packet::Ask { port: KUBELET_PORT, number, opens, request } => {
                    let is_allowed = peer.is_some_and(|peer| peer.cluster_id == access::MASTERS);
                    if self.kubelet.is_none() {
                        self.links.send(link, &Packet::Refused { number }, &mut self.frames);
                    } else if is_allowed {
                        let request = request.read();
                        self.with_kubelet(context, |kubelet, touch| {
                            kubelet.serve(touch, (link, number), &request, opens);
                        });
                    } else {
                        let refused = Status::unauthorized().into();
                        self.links.send(link, &Packet::response(number, refused), &mut self.frames);
                    }
                }
                Packet::Ask { number, .. } => {
                    self.links.send(link, &Packet::Refused { number }, &mut self.frames);
                }
                Packet::Ping { number } => {
                    self.links.send(link, &Packet::Pong { number }, &mut self.frames);
                }
                Packet::Input { number, input } => {
                    let origin = Origin::Client { link, number };
                    if let Some(to) = self.proxied.get(&origin).copied() {
                        self.client.send(to, input, &mut self.links, &mut self.frames);
                    } else {
                        self.with_kubelet(context, |kubelet, touch| {
                            kubelet.input(touch, (link, number), input);
                        });
                    }
                }
                Packet::Close { number } => {
                    let origin = Origin::Client { link, number };
                    if let Some(Ok(server)) = self.plane.as_mut().map(|plane| plane.server.as_mut())
                    {
                        server.forget(|own| own == origin);
                    }
                    self.end_proxy(origin);
                    self.with_kubelet(context, |kubelet, touch| {
                        kubelet.hang_up(touch, |asker| asker == (link, number));
                    });
                }
                Packet::Etcd(message) => {
                    let is_member = peer.is_some_and(|peer| peer.cluster_id == pki::ETCD_GROUP);
                    let from = self.config.hosts.iter().find(|known| known.host == host);
                    if let (true, Some(from), Some(plane)) = (is_member, from, &mut self.plane) {
                        let mut effects = Vec::new();
                        plane.member.receive(&from.address, message, &mut effects);
                        self.etcd_wants(context, effects);
                    }
                }
                answer => {
                    let (links, frames) = (&mut self.links, &mut self.frames);
                    if let Some((number, came)) =
                        self.client.received(context.now, answer, links, frames)
                    {
                        self.came(context, number, came);
                    }
                }
            },
        }
    }

    pub(super) fn end_proxy(&mut self, origin: Origin) {
        if let Some(number) = self.proxied.remove(&origin) {
            self.waiting.remove(&number);
            self.client.close(number, &mut self.links, &mut self.frames);
        }
    }

    /// A kubelet has answered what somebody else asked.
    pub(super) fn proxy_came(&mut self, origin: Origin, is_open: bool, came: Came) {
        let Origin::Client { link, number } = origin else { return };
        let packet = match came {
            Came::Opened => Packet::Opened { number },
            Came::Event(event) => Packet::event(number, event),
            Came::Response(response) => {
                self.proxied.remove(&origin);
                Packet::response(number, response)
            }
            // What has begun ends: there is no way to say why any more (kube-apiserver: `StreamObject`).
            Came::Failed(_) if is_open => {
                self.proxied.remove(&origin);
                Packet::event(number, StreamEvent::Ended(Value::Null))
            }
            Came::Failed(why) => {
                self.proxied.remove(&origin);
                let text = match why {
                    Unreachable::Refused => "connect: connection refused",
                    Unreachable::TimedOut => "i/o timeout",
                    Unreachable::Broken | Unreachable::Gone | Unreachable::UnknownAuthority => {
                        "EOF"
                    }
                };
                let text = format!("error dialing backend: dial tcp: {text}");
                Packet::response(number, Status::new(500, "InternalError", text).into())
            }
        };
        self.links.send(link, &packet, &mut self.frames);
    }
}
