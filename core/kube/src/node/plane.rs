//! The control plane's part of a host: etcd, the API server as its manifest says, controllers and scheduler.

use daemon::host_file;
use os::Machine;
use sim::{Duration, Time};

use super::calls::{DIAL_TIMEOUT, Waiting};
use super::{Context, KubeNode, Output};
use crate::apiserver::access::{self, User as ApiUser};
use crate::apiserver::token::TokenKey;
use crate::apiserver::{ApiServer, Options, Origin};
use crate::controllers::{Controllers, Part};
use crate::etcd::encryption::Encryption;
use crate::etcd::{Effect, Member, Peer};
use crate::kubelet::Static;
use crate::pki;
use crate::wire::{KUBELET_PORT, Packet, Way, WireRequest};

/// kubelet: `--file-check-frequency`.
pub(super) const FILE_CHECK: Duration = Duration::from_secs(20);
/// What a new API server takes until it answers.
const RESTART: Duration = Duration::from_secs(5);
/// kubelet: what a container that has ended waits for, twice as long each time.
pub(super) const BACK_OFF: Duration = Duration::from_secs(10);
/// kubelet: `MaxContainerBackOff`.
const BACK_OFF_MAX: Duration = Duration::from_secs(300);

/// A control plane's parts.
#[derive(Debug)]
pub(super) struct ControlPlane {
    pub(super) member: Member,
    pub(super) server: Result<ApiServer, String>,
    /// Those of the controller manager, and the scheduler's.
    pub(super) loops: [Controllers; 2],
    root_pem: String,
    token_key: TokenKey,
}

impl ControlPlane {
    /// When its controllers have something to do, or to ask.
    pub(super) fn controllers_deadline(&self) -> Option<Time> {
        let loops = self.loops.iter().filter(|_| self.server.is_ok());
        loops.filter_map(Controllers::next_deadline).min()
    }
}

impl KubeNode {
    /// Starts etcd with what the disk holds, and the API server over it.
    pub(super) fn start_plane(&mut self, context: &mut Context<'_>) {
        if !has_manifest(context.machine, "etcd") {
            return;
        }
        let planes = self.config.hosts.iter().take(self.config.control_plane_count);
        let peers: Vec<Peer> = planes.map(|host| Peer::new(&host.name, &host.address)).collect();
        let name = self.config.hosts[self.number].name.clone();
        let root_pem = host_file(context.machine, "/etc/kubernetes/pki/ca.crt").unwrap_or_default();
        let key = host_file(context.machine, "/etc/kubernetes/pki/sa.key");
        let key = key.and_then(|text| seal::keyfile::read_private_key(&text).ok());
        let rng = self.fork("etcd");
        let Some(key) = key else {
            let detail = "the API server of NAME has no key for tokens".replace("NAME", &name);
            return context.out.push(Output::Event { kind: "kube.broken", detail });
        };
        let member = match Member::start(context.now, &name, peers, rng, context.disk) {
            Ok(member) => member,
            Err(why) => return self.plane_ended(context, "does not start", &why),
        };
        let seed = self.fork("controllers").next_u64();
        let streams = sim::Streams::new(seed);
        let alone = self.config.control_plane_count == 1;
        let loops = [Part::Manager, Part::Scheduler]
            .map(|part| Controllers::new(part, &name, alone, &|purpose| streams.stream(purpose)));
        let token_key = TokenKey(key);
        let server = Err("it has not been started".to_owned());
        let plane = ControlPlane { member, server, loops, root_pem, token_key };
        self.plane = Some(Box::new(plane));
        self.start_api_server(context);
    }

    /// etcd has ended, and with it the API server over it: the kubelet starts them again, later and later.
    fn plane_ended(&mut self, context: &mut Context<'_>, how: &str, why: &str) {
        let name = &self.config.hosts[self.number].name;
        let detail = format!("etcd of {name} {how}: {why}");
        context.out.push(Output::Event { kind: "kube.broken", detail });
        self.stop_plane(context);
        self.again_at = Some(context.now + self.back_off);
        self.back_off = self.back_off.saturating_mul(2).min(BACK_OFF_MAX);
    }

    fn stop_plane(&mut self, context: &mut Context<'_>) {
        if let Some(Ok(mut server)) = self.plane.take().map(|plane| plane.server) {
            server.stop();
            for output in server.take_out() {
                self.server_wants(context, output);
            }
        }
    }

    /// The programs whose manifests are there, and whether they run.
    pub(super) fn statics(&self, machine: &Machine) -> Vec<Static> {
        let runs = |program: &str| match (program, self.plane.as_deref()) {
            (_, None) => false,
            ("kube-apiserver", Some(plane)) => plane.server.is_ok(),
            (_, Some(_)) => true,
        };
        let all = pki::STATIC_PODS.into_iter().filter_map(|program| {
            let manifest = host_file(machine, &pki::manifest_path(program))?;
            Some(Static { manifest, runs: runs(program) })
        });
        all.collect()
    }

    /// etcd, controllers and scheduler run while their manifests are there.
    fn look_at_programs(&mut self, context: &mut Context<'_>) {
        let name = &self.config.hosts[self.number].name;
        let has_etcd = has_manifest(context.machine, "etcd");
        if has_etcd != (self.plane.is_some() || self.again_at.is_some()) {
            let what = if has_etcd { "started" } else { "stopped" };
            let detail = format!("etcd of {name} has {what}");
            context.out.push(Output::Event { kind: "etcd.member", detail });
            self.again_at = None;
            if has_etcd {
                self.start_plane(context);
            } else {
                self.stop_plane(context);
            }
        }
        for one in self.plane.iter_mut().flat_map(|plane| &mut plane.loops) {
            one.is_off = !has_manifest(context.machine, one.part.program());
        }
    }

    /// Starts the API server as its manifest says.
    pub(super) fn start_api_server(&mut self, context: &mut Context<'_>) {
        let rng = self.fork("apiserver");
        let address = self.config.hosts[self.number].address.clone();
        let name = self.config.hosts[self.number].name.clone();
        let manifest = host_file(context.machine, &pki::manifest_path("kube-apiserver"));
        self.manifest.clone_from(&manifest);
        let Some(plane) = &mut self.plane else { return };
        let Some(manifest) = manifest else {
            plane.server = Err("there is no manifest".to_owned());
            return;
        };
        let encryption = match argument(&manifest, "encryption-provider-config") {
            None => Ok(Encryption::default()),
            Some(path) => host_file(context.machine, &path)
                .ok_or_else(|| format!("open {path}: no such file or directory"))
                .and_then(|text| Encryption::parse(&text)),
        };
        plane.server = encryption.map(|encryption| {
            let options = Options {
                minor: self.config.minor,
                address,
                token_key: plane.token_key.clone(),
                encryption,
            };
            ApiServer::new(context.now, options, &plane.member, rng)
        });
        if let Err(why) = &plane.server {
            let detail = format!("the API server of {name} does not start: {why}");
            context.out.push(Output::Event { kind: "kube.broken", detail });
        }
    }

    /// The kubelet looks at the manifests of static pods: another one means another API server.
    pub(super) fn look_at_manifests(&mut self, context: &mut Context<'_>) {
        if self.look_at.is_none_or(|at| context.now < at) {
            return;
        }
        self.look_at = Some(context.now + FILE_CHECK);
        if !self.kubelet_runs {
            return;
        }
        self.look_at_programs(context);
        self.look_at_api_server(context);
        let statics = self.statics(context.machine);
        self.with_kubelet(context, |kubelet, touch| kubelet.set_statics(touch, statics));
    }

    fn look_at_api_server(&mut self, context: &mut Context<'_>) {
        let manifest = host_file(context.machine, &pki::manifest_path("kube-apiserver"));
        let Some(plane) = &mut self.plane else { return };
        let is_same = manifest == self.manifest && plane.server.is_ok();
        if is_same || manifest.is_none() && plane.server.is_err() {
            self.manifest = manifest;
            return;
        }
        let name = self.config.hosts[self.number].name.clone();
        if let Ok(server) = &mut plane.server {
            server.stop();
            let outputs = server.take_out();
            plane.server = Err("it starts again".to_owned());
            for output in outputs {
                self.server_wants(context, output);
            }
            let detail = format!("the API server of {name} has stopped");
            context.out.push(Output::Event { kind: "kube.apiserver", detail });
            // Its container needs a moment to go and to come.
            self.look_at = Some(context.now + RESTART);
            self.manifest = None;
            return;
        }
        self.start_api_server(context);
        if self.plane.as_ref().is_some_and(|plane| plane.server.is_ok()) {
            let detail = format!("the API server of {name} has started");
            context.out.push(Output::Event { kind: "kube.apiserver", detail });
        }
    }

    pub(super) fn api_asked(
        &mut self,
        context: &Context<'_>,
        (link, number): (u64, u64),
        peer: Option<&seal::Peer>,
        request: &WireRequest,
        opens: bool,
    ) {
        let wall = self.links.clock().wall(context.now);
        let Some(Ok(server)) = self.plane.as_mut().map(|plane| plane.server.as_mut()) else {
            return self.links.send(link, &Packet::Refused { number }, &mut self.frames);
        };
        let token = request.token.as_deref();
        let mut user = access::authenticate(peer, token, server.token_key(), &server.objects, wall);
        if let (Ok(own), Some((name, groups))) = (&user, &request.acts_for) {
            user = access::act_for(own, name, groups, &server.objects);
        }
        match user {
            Ok(user) => {
                server.ask(
                    context.now,
                    Origin::Client { link, number },
                    user,
                    request.read(),
                    opens,
                );
            }
            Err(status) => {
                self.links.send(link, &Packet::response(number, status.into()), &mut self.frames);
            }
        }
    }

    pub(super) fn etcd_wants(&mut self, context: &mut Context<'_>, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Sync(barrier) => context.out.push(Output::Sync(barrier)),
                Effect::Event { kind, detail } => context.out.push(Output::Event { kind, detail }),
                Effect::Send { address, message } => {
                    let Some(host) = self.config.host_at(&address) else { continue };
                    let identity = self.to_etcd.clone();
                    let (links, frames) = (&mut self.links, &mut self.frames);
                    if let Some(link) = links.open(context.now, host, identity.as_ref(), frames) {
                        links.send(link, &Packet::Etcd(*message), frames);
                    }
                }
            }
        }
    }

    /// One round of the control plane; false if it had nothing to do.
    pub(super) fn drive_plane(&mut self, context: &mut Context<'_>) -> bool {
        let wall = self.links.clock().wall(context.now);
        let Some(plane) = &mut self.plane else { return false };
        let mut effects = Vec::new();
        let applied = match plane.member.drive(context.disk, &mut effects) {
            Ok(applied) => applied,
            Err(why) => {
                self.plane_ended(context, "has ended", &why);
                return true;
            }
        };
        let mut is_busy = !applied.is_empty();
        let mut outputs = Vec::new();
        if let Ok(server) = &mut plane.server {
            server.applied(&plane.member, applied);
            is_busy |= server.drive(context.now, wall, &mut plane.member, &mut effects);
            let changes = server.take_changes();
            // A lone leader that has applied an entry of its term knows all that is written.
            let knows_all = plane.member.is_leader();
            for one in &mut plane.loops {
                one.changed(context.now, &changes);
                let (minor, keys) = (self.config.minor, (&*plane.root_pem, &plane.token_key));
                let times = (context.now, wall);
                let asks = one.run(times, &server.objects, knows_all, minor, keys);
                is_busy |= !asks.is_empty();
                for (origin, ask) in asks {
                    let user = ApiUser::internal(one.part.user());
                    server.ask(context.now, origin, user, ask, false);
                }
            }
            outputs = server.take_out();
        } else {
            plane.loops.iter_mut().for_each(Controllers::pause);
        }
        is_busy |= !effects.is_empty() || !outputs.is_empty();
        self.etcd_wants(context, effects);
        for output in outputs {
            self.server_wants(context, output);
        }
        is_busy
    }

    pub(super) fn server_wants(&mut self, context: &Context<'_>, output: crate::apiserver::Output) {
        use crate::apiserver::Output as O;
        match output {
            O::Respond(Origin::Client { link, number }, response) => {
                self.links.send(link, &Packet::response(number, response), &mut self.frames);
            }
            O::Respond(origin @ Origin::Internal(_), response) => {
                for one in self.plane.iter_mut().flat_map(|plane| &mut plane.loops) {
                    one.answered(context.now, origin, &response);
                }
            }
            O::Opened(Origin::Client { link, number }) => {
                self.links.send(link, &Packet::Opened { number }, &mut self.frames);
            }
            O::Event(Origin::Client { link, number }, event) => {
                self.links.send(link, &Packet::event(number, event), &mut self.frames);
            }
            O::Opened(Origin::Internal(_)) | O::Event(Origin::Internal(_), _) => {}
            O::Proxy { origin, address, request, opens } => {
                let Some(host) = self.config.host_at(&address) else { return };
                let identity = self.to_kubelets.clone();
                let way = Way { hosts: vec![host], port: KUBELET_PORT, identity, is_new: false };
                let number = self.call(context, way, &request, opens, DIAL_TIMEOUT);
                self.waiting.insert(number, Waiting::Proxy(origin, false));
                self.proxied.insert(origin, number);
            }
        }
    }
}

fn has_manifest(machine: &Machine, program: &str) -> bool {
    host_file(machine, &pki::manifest_path(program)).is_some()
}

/// The argument that a static pod gives its program.
fn argument(manifest: &str, name: &str) -> Option<String> {
    let prefix = format!("--{name}=");
    let words =
        manifest.lines().map(|line| line.trim().trim_start_matches("- ").trim_matches(['"', '\'']));
    words.filter_map(|word| word.strip_prefix(&prefix)).next_back().map(str::to_owned)
}
