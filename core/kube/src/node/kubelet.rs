//! The host's kubelet as a service: started, stopped, and what it wants done.

use sim::{Duration, Time};

use super::calls::Waiting;
use super::{Context, KubeNode, Output};
use crate::kubelet::{self, Kubelet, Touch};
use crate::wire::{API_PORT, Packet, Way};

/// kubelet: what a heartbeat may take.
const KUBELET_TIMEOUT: Duration = Duration::from_secs(10);

impl KubeNode {
    pub(super) fn start_kubelet(&mut self, context: &mut Context<'_>) {
        let seed = self.fork("kubelet").next_u64();
        let streams = sim::Streams::new(seed);
        self.kubelet_since = context.now;
        let stream = |purpose: &str| streams.stream(purpose);
        let (config, number, tag) = (self.config.clone(), self.number, self.next_tag);
        let new = Kubelet::new(config, number, context.now, tag, &stream);
        self.kubelet_runs = true;
        let kubelet = self.kubelet.insert(new);
        let mut out = Vec::new();
        let wall = self.links.clock().wall(context.now);
        let mut touch = Touch { now: context.now, wall, machine: context.machine, out: &mut out };
        kubelet.boot(&mut touch);
        self.kubelet_wants(context, out);
        let statics = self.statics(context.machine);
        self.with_kubelet(context, |kubelet, touch| kubelet.set_statics(touch, statics));
    }

    /// The kubelet's service is stopped or started (`systemctl stop kubelet`); what it has started goes on.
    pub fn set_kubelet(&mut self, context: &mut Context<'_>, runs: bool) {
        if self.kubelet_runs == runs {
            return;
        }
        self.kubelet_runs = runs;
        if runs {
            self.start_kubelet(context);
        } else {
            self.next_tag = self.kubelet.take().map_or(0, |kubelet| kubelet.next_tag());
            self.kubelet_since = context.now;
            let mine: Vec<u64> = self
                .waiting
                .iter()
                .filter(|(_, waiting)| matches!(waiting, Waiting::Kubelet(_)))
                .map(|(number, _)| *number)
                .collect();
            for number in mine {
                self.waiting.remove(&number);
                self.client.close(number, &mut self.links, &mut self.frames);
            }
        }
        self.drive(context);
    }

    /// Since when it is so.
    pub const fn kubelet_since(&self) -> Time {
        self.kubelet_since
    }

    /// Whether the kubelet's service runs.
    pub const fn kubelet_runs(&self) -> bool {
        self.kubelet_runs
    }

    pub(super) fn with_kubelet(
        &mut self,
        context: &mut Context<'_>,
        act: impl FnOnce(&mut Kubelet, &mut Touch<'_>),
    ) {
        let wall = self.links.clock().wall(context.now);
        let Some(kubelet) = &mut self.kubelet else { return };
        let mut out = Vec::new();
        let mut touch = Touch { now: context.now, wall, machine: context.machine, out: &mut out };
        act(kubelet, &mut touch);
        self.kubelet_wants(context, out);
    }

    pub(super) fn kubelet_wants(&mut self, context: &mut Context<'_>, out: Vec<kubelet::Output>) {
        for output in out {
            match output {
                kubelet::Output::Ask { tag, request, opens } => {
                    let hosts = self.servers(context, &self.kubelet_server);
                    let identity = self.identity.clone();
                    let way = Way { hosts, port: API_PORT, identity, is_new: false };
                    let number = self.call(context, way, &request, opens, KUBELET_TIMEOUT);
                    self.waiting.insert(number, Waiting::Kubelet(tag));
                }
                kubelet::Output::Close(tag) => {
                    let found = self
                        .waiting
                        .iter()
                        .find(|(_, one)| matches!(one, Waiting::Kubelet(own) if *own == tag));
                    if let Some(number) = found.map(|(number, _)| *number) {
                        self.waiting.remove(&number);
                        self.client.close(number, &mut self.links, &mut self.frames);
                    }
                }
                kubelet::Output::Runtime { tag, request } => {
                    context.out.push(Output::Runtime(tag, request));
                }
                kubelet::Output::Respond((link, number), response) => {
                    self.links.send(link, &Packet::response(number, response), &mut self.frames);
                }
                kubelet::Output::Opened((link, number)) => {
                    self.links.send(link, &Packet::Opened { number }, &mut self.frames);
                }
                kubelet::Output::Event((link, number), event) => {
                    self.links.send(link, &Packet::event(number, event), &mut self.frames);
                }
                kubelet::Output::Note { kind, detail } => {
                    context.out.push(Output::Event { kind, detail });
                }
            }
        }
    }
}
