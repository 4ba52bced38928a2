//! Requests that the swarm answers: init, join, leave, and everything a manager is asked.
//!
//! The control API takes exact identifiers. A user types names and beginnings of identifiers, so most
//! requests take two questions: what is meant, then the thing itself (moby:
//! `daemon/cluster/helpers.go`).

use swarm::control::{ApiError, Code, ControlRequest, ControlResponse, KeyRotation};
use swarm::node::{InitOptions, JoinOptions, LocalInfo, LocalRequest, LocalResponse, RequestId};
use swarm::objects::{ClusterSpec, Id, Kind, ServiceSpec};

use crate::api::{self, Error, Response, SwarmInit, SwarmJoin};
use crate::daemon::{Caller, Context, Daemon};
use crate::host_names::host_address;

/// What to do with an answer of the swarm.
#[derive(Debug)]
pub(crate) enum Then {
    /// Hand it to the caller.
    Reply(Caller),
    /// It is the identifier that the request means: ask that.
    Ask(Caller, Box<ControlRequest>),
    /// The same for an update of a service.
    UpdateService(Caller, Box<ServiceUpdate>),
    /// The swarm is there: give it these settings.
    Configure(Caller, Box<ClusterSpec>),
    /// It is the cluster to give these settings to.
    ConfigureCluster { caller: Caller, node_id: Id, spec: Box<ClusterSpec> },
    /// The settings are there.
    Configured { caller: Caller, node_id: Id },
    /// It is this node's state, for `docker info`.
    Info(Caller),
    /// It is the cluster, for `docker info`.
    InfoCluster(Caller, Box<LocalInfo>),
    /// They are the swarm's networks, or it is no manager.
    Networks(Caller, crate::network::NetworkQuestion),
    /// A step on the way to the logs of a service.
    Logs(Box<crate::logs::LogQuestion>, crate::logs::LogStep),
    /// A service was made or updated; these are the warnings.
    ServiceCreated(Caller, Vec<String>),
    /// A service was updated; these are the warnings.
    ServiceUpdated(Caller, Vec<String>),
}

#[derive(Debug)]
pub(crate) struct ServiceUpdate {
    pub(crate) version: u64,
    pub(crate) spec: Box<ServiceSpec>,
    pub(crate) rollback: bool,
    pub(crate) warnings: Vec<String>,
}

/// The object that a request is about, where a user may have named it.
fn target(request: &mut ControlRequest) -> Option<(Kind, &mut Id)> {
    use ControlRequest as R;
    Some(match request {
        R::GetNode { id } | R::UpdateNode { id, .. } | R::RemoveNode { id, .. } => (Kind::Node, id),
        R::GetService { id } | R::UpdateService { id, .. } | R::RemoveService { id } => {
            (Kind::Service, id)
        }
        R::GetTask { id } | R::RemoveTask { id } => (Kind::Task, id),
        R::GetSecret { id } | R::UpdateSecret { id, .. } | R::RemoveSecret { id } => {
            (Kind::Secret, id)
        }
        R::GetConfig { id } | R::UpdateConfig { id, .. } | R::RemoveConfig { id } => {
            (Kind::Config, id)
        }
        R::GetNetwork { id } | R::RemoveNetwork { id } => (Kind::Network, id),
        R::Resolve { .. }
        | R::GetCluster
        | R::UpdateCluster { .. }
        | R::GetUnlockKey
        | R::ListNodes(_)
        | R::ListServices(_)
        | R::ListServiceStatuses { .. }
        | R::CreateService { .. }
        | R::ListTasks(_)
        | R::ListSecrets(_)
        | R::CreateSecret { .. }
        | R::ListConfigs(_)
        | R::CreateConfig { .. }
        | R::ListNetworks(_)
        | R::CreateNetwork { .. } => return None,
    })
}

impl Daemon {
    /// Asks the swarm; `then` gets the answer.
    pub(crate) fn ask_swarm(
        &mut self,
        context: &mut Context<'_>,
        request: LocalRequest,
        then: Then,
    ) {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.waiting.insert(id, then);
        self.drive_swarm(context, swarm::node::Input::Local(id, request));
    }

    pub(crate) fn control(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        mut request: ControlRequest,
    ) {
        let Some((kind, id)) = target(&mut request) else {
            self.ask_swarm(context, LocalRequest::Control(request), Then::Reply(caller));
            return;
        };
        let resolve = ControlRequest::Resolve { kind, text: id.to_string() };
        let then = Then::Ask(caller, Box::new(request));
        self.ask_swarm(context, LocalRequest::Control(resolve), then);
    }

    pub(crate) fn swarm_init(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        init: SwarmInit,
    ) {
        let options = InitOptions {
            advertise_addr: Some(init.advertise_addr).filter(|addr| !addr.is_empty()),
            availability: init.availability,
            autolock: init.spec.autolock,
            force_new_cluster: init.force_new_cluster,
        };
        let then = Then::Configure(caller, Box::new(init.spec));
        self.ask_swarm(context, LocalRequest::Init(options), then);
    }

    pub(crate) fn swarm_join(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        join: SwarmJoin,
    ) {
        let mut remotes = Vec::new();
        for remote in &join.remote_addrs {
            let (name, port) = remote.rsplit_once(':').unwrap_or((remote, ""));
            match host_address(context.machine, name) {
                Ok(address) if port.is_empty() => remotes.push(address),
                Ok(address) => remotes.push(format!("{address}:{port}")),
                // gRPC's words around those of Go's resolver.
                Err(unknown) => {
                    let text = format!(
                        "connection error: desc = \"transport: Error while dialing: dial tcp: \
                         {unknown}\""
                    );
                    let error = Error::from(ApiError::new(Code::Unavailable, text));
                    return context.reply(caller, Err(error));
                }
            }
        }
        let options = JoinOptions {
            token: join.token,
            remotes,
            advertise_addr: Some(join.advertise_addr).filter(|addr| !addr.is_empty()),
            availability: join.availability,
        };
        self.ask_swarm(context, LocalRequest::Join(options), Then::Reply(caller));
    }

    pub(crate) fn update_service(
        &mut self,
        context: &mut Context<'_>,
        caller: Caller,
        service: &str,
        update: ServiceUpdate,
    ) {
        let resolve = ControlRequest::Resolve { kind: Kind::Service, text: service.to_owned() };
        let then = Then::UpdateService(caller, Box::new(update));
        self.ask_swarm(context, LocalRequest::Control(resolve), then);
    }

    /// An answer of the swarm has come.
    pub(crate) fn swarm_answered(
        &mut self,
        context: &mut Context<'_>,
        id: RequestId,
        answer: Result<LocalResponse, ApiError>,
    ) {
        let Some(then) = self.waiting.remove(&id) else { return };
        match then {
            Then::Info(caller) => self.info_answered(context, caller, answer),
            Then::InfoCluster(caller, mut info) => {
                let cluster = match answer {
                    Ok(LocalResponse::Control(ControlResponse::Cluster(cluster))) => Some(cluster),
                    Ok(_) => None,
                    Err(error) => {
                        info.error = error.to_string();
                        None
                    }
                };
                let info = self.info(*info, cluster);
                context.reply(caller, Ok(Response::Info(Box::new(info))));
            }
            Then::Reply(caller) => context.reply(caller, answer.map(plain).map_err(Error::from)),
            Then::Networks(caller, question) => {
                self.networks_answered(context, caller, question, answer);
            }
            Then::Logs(question, step) => self.logs_answered(context, *question, step, answer),
            Then::ServiceCreated(caller, warnings) => {
                let reply = created(answer)
                    .map(|id| Response::ServiceCreated { id: id.to_string(), warnings });
                context.reply(caller, reply);
            }
            Then::ServiceUpdated(caller, warnings) => {
                let reply = answer.map(|_| Response::ServiceUpdated { warnings });
                context.reply(caller, reply.map_err(Error::from));
            }
            Then::Ask(caller, mut request) => match (resolved(answer), target(&mut request)) {
                (Ok(found), Some((_, id))) => {
                    *id = found;
                    self.ask_swarm(context, LocalRequest::Control(*request), Then::Reply(caller));
                }
                (Ok(_), None) => context.reply(caller, Ok(Response::Done)),
                (Err(error), _) => context.reply(caller, Err(error)),
            },
            Then::UpdateService(caller, update) => match resolved(answer) {
                Ok(id) => {
                    let ServiceUpdate { version, spec, rollback, warnings } = *update;
                    let request = ControlRequest::UpdateService { id, version, spec, rollback };
                    let then = Then::ServiceUpdated(caller, warnings);
                    self.ask_swarm(context, LocalRequest::Control(request), then);
                }
                Err(error) => context.reply(caller, Err(error)),
            },
            Then::Configure(..) | Then::ConfigureCluster { .. } | Then::Configured { .. } => {
                self.configure(context, then, answer);
            }
        }
    }

    /// `swarm init` goes on: the settings that were asked for are given to the new cluster.
    fn configure(
        &mut self,
        context: &mut Context<'_>,
        then: Then,
        answer: Result<LocalResponse, ApiError>,
    ) {
        match (then, answer) {
            (Then::Configure(caller, spec), Ok(LocalResponse::Initialized { node_id })) => {
                let then = Then::ConfigureCluster { caller, node_id, spec };
                let request = LocalRequest::Control(ControlRequest::GetCluster);
                self.ask_swarm(context, request, then);
            }
            (
                Then::ConfigureCluster { caller, node_id, spec },
                Ok(LocalResponse::Control(ControlResponse::Cluster(cluster))),
            ) => {
                let mut wanted = *spec;
                wanted.annotations = cluster.spec.annotations.clone();
                wanted.raft = cluster.spec.raft;
                if wanted == cluster.spec {
                    let id = node_id.to_string();
                    context.reply(caller, Ok(Response::Created { id }));
                    return;
                }
                let request = ControlRequest::UpdateCluster {
                    version: cluster.meta.version,
                    spec: Box::new(wanted),
                    rotation: KeyRotation::default(),
                };
                let then = Then::Configured { caller, node_id };
                self.ask_swarm(context, LocalRequest::Control(request), then);
            }
            (Then::Configured { caller, node_id }, Ok(_)) => {
                context.reply(caller, Ok(Response::Created { id: node_id.to_string() }));
            }
            (
                Then::Configure(caller, _)
                | Then::ConfigureCluster { caller, .. }
                | Then::Configured { caller, .. },
                answer,
            ) => {
                let error = answer.err().map_or_else(unexpected, Error::from);
                context.reply(caller, Err(error));
            }
            _ => {}
        }
    }
}

fn unexpected() -> Error {
    Error::internal("unexpected answer of the swarm")
}

fn resolved(answer: Result<LocalResponse, ApiError>) -> Result<Id, Error> {
    match answer? {
        LocalResponse::Control(ControlResponse::Resolved(id)) => Ok(id),
        _ => Err(unexpected()),
    }
}

fn created(answer: Result<LocalResponse, ApiError>) -> Result<Id, Error> {
    match answer? {
        LocalResponse::Control(ControlResponse::Created { id }) => Ok(id),
        _ => Err(unexpected()),
    }
}

/// An answer that needs no further question.
fn plain(response: LocalResponse) -> api::Response {
    match response {
        LocalResponse::Control(response) => Response::Control(response),
        LocalResponse::Initialized { node_id } => Response::Created { id: node_id.to_string() },
        LocalResponse::Joined { .. } | LocalResponse::Left | LocalResponse::Unlocked => {
            Response::Done
        }
        // Only `Then::Info` asks for it.
        LocalResponse::Info(_) => Response::Done,
    }
}
