//! Who may ask what of whom (swarmkit: `ca/auth.go`, and the `tls_authorization` of every service).

use raft::RaftId;
use seal::ca::Peer;

use super::leader::Job;
use super::manager::{ReplyTo, cluster_of};
use super::swarm_node::{Io, SwarmNode, context};
use super::texts;
use crate::ca::server::Waiting;
use crate::control::{ApiError, Code};
use crate::objects::Id;
use crate::transport::TransportEvent;
use crate::transport::protocol::{Member, Request, Response};

type Called = Result<Option<Response>, ApiError>;

fn denied(text: &str) -> ApiError {
    ApiError::new(Code::PermissionDenied, format!("Permission denied: {text}"))
}

impl SwarmNode {
    /// Something came over the wire, or did not come back.
    pub(crate) fn on_transport(&mut self, event: TransportEvent, io: &mut Io<'_>) {
        match event {
            TransportEvent::Called { link, number, request, peer } => {
                let waiting = Waiting { link, number };
                let answer = self.called(request, peer.as_ref(), waiting, io);
                if let Some(result) = answer.transpose() {
                    self.transport.answer(link, number, result, io.out);
                }
            }
            TransportEvent::Answered { call, result } => {
                if self.certificate_answer(call, &result, io)
                    || self.raft_join_answer(call, &result, io)
                {
                    return;
                }
                if let Some(manager) = &mut self.manager {
                    let mut context = context!(self, io);
                    if manager.on_answer(call, &result, &mut context) {
                        return;
                    }
                    if let Some((leader, _, _)) = manager.leader_mut()
                        && leader.on_answer(call, &result, &mut context)
                    {
                        return;
                    }
                }
                if let Some(agent) = &mut self.agent {
                    agent.on_answer(io.now, call, &result, &mut self.transport, io.out);
                }
            }
            TransportEvent::Raft { link, peer, message } => {
                // A message for a member is as good as the answer that it is one.
                if peer.role == seal::Role::Manager
                    && self.raft_join.as_ref().is_some_and(|join| join.is_as(message.to))
                {
                    self.become_member(Vec::new(), Vec::new(), io);
                }
                let Some(manager) = &mut self.manager else { return };
                let sender = manager.driver.members().get(&message.from);
                let is_genuine = peer.role == seal::Role::Manager
                    && sender.is_none_or(|member| *member.node_id == *peer.node_id);
                if is_genuine && sender.is_none() {
                    manager.driver.meet(message.from, self.transport.addr_of(link));
                }
                if is_genuine && !manager.on_message(message, &mut context!(self, io)) {
                    self.transport.send_removed(link, io.out);
                }
            }
            TransportEvent::RaftRemoved { peer } => {
                if let Some(manager) = &mut self.manager
                    && peer.role == seal::Role::Manager
                {
                    manager.driver.set_removed();
                }
            }
            TransportEvent::Pushed { link, push } => {
                if let Some(agent) = &mut self.agent {
                    agent.on_push(io.now, link, push, &mut self.transport, io.out);
                }
            }
            TransportEvent::Lost { link } => {
                if let Some(agent) = &mut self.agent {
                    agent.on_link_lost(io.now, link, io.out);
                }
            }
        }
    }

    /// A peer that showed a certificate of this cluster and was not removed from it.
    fn member_of_cluster<'a>(&self, peer: Option<&'a Peer>) -> Result<&'a Peer, ApiError> {
        let peer = peer.ok_or_else(|| denied("unauthorized peer role: no certificate"))?;
        let own = self.credentials.as_ref().and_then(|all| all.own.as_ref());
        if own.is_none_or(|own| own.identity.cluster_id != peer.cluster_id) {
            return Err(denied("unauthorized peer organization"));
        }
        let cluster = self.manager.as_ref().and_then(|manager| cluster_of(&manager.store));
        if cluster.is_some_and(|all| all.blacklisted_certificates.contains_key(&peer.node_id)) {
            return Err(denied(&format!("node {} was removed from swarm", peer.node_id)));
        }
        Ok(peer)
    }

    fn manager_of_cluster<'a>(&self, peer: Option<&'a Peer>) -> Result<&'a Peer, ApiError> {
        let peer = self.member_of_cluster(peer)?;
        if peer.role == seal::Role::Manager {
            Ok(peer)
        } else {
            Err(denied("unauthorized peer role"))
        }
    }

    fn not_leader(&self) -> Response {
        let leader_addr = self.manager.as_ref().and_then(|manager| manager.leader_addr());
        // A leader that still applies its log is asked again a little later.
        Response::NotLeader { leader_addr: leader_addr.filter(|addr| *addr != self.advertise) }
    }

    fn called(
        &mut self,
        request: Request,
        peer: Option<&Peer>,
        waiting: Waiting,
        io: &mut Io<'_>,
    ) -> Called {
        match request {
            Request::RootCa => Ok(self
                .credentials
                .as_ref()
                .map(|credentials| Response::RootCa { certificate_pem: credentials.root.pem() })),
            Request::Health => {
                self.manager_of_cluster(peer)?;
                Ok(Some(Response::Done))
            }
            Request::Control(request) => {
                self.manager_of_cluster(peer)?;
                let Some(manager) = &mut self.manager else {
                    return Err(ApiError::new(Code::Unavailable, "the connection is unavailable"));
                };
                let reply = ReplyTo::Remote(waiting);
                manager.control(request, reply, true, &mut context!(self, io));
                Ok(None)
            }
            Request::IssueCertificate { .. } | Request::CertificateStatus { .. } => {
                self.ca_called(request, peer, waiting)
            }
            Request::RaftJoin { addr, raft_id } => {
                self.raft_join_called(raft_id, addr, peer, waiting, io)
            }
            Request::OpenSession { .. }
            | Request::Heartbeat { .. }
            | Request::UpdateTaskStatus { .. } => {
                self.dispatcher_called(request, peer, waiting, io)
            }
        }
    }

    fn ca_called(&mut self, request: Request, peer: Option<&Peer>, waiting: Waiting) -> Called {
        let renewing = match &request {
            Request::IssueCertificate { token, .. } if token.is_empty() => {
                Some(Id::from(self.member_of_cluster(peer)?.node_id.as_str()))
            }
            _ => None,
        };
        let not_leader = self.not_leader();
        let Some((leader, _, store)) =
            self.manager.as_mut().and_then(|manager| manager.leader_mut())
        else {
            return Ok(Some(not_leader));
        };
        let reply = ReplyTo::Remote(waiting);
        match (request, renewing) {
            (Request::IssueCertificate { csr, .. }, Some(node_id)) => {
                leader.push(Job::Renew { node_id, csr, reply });
                Ok(None)
            }
            (Request::IssueCertificate { csr, token, availability }, None) => {
                leader.push(Job::Issue { csr, token, availability, reply });
                Ok(None)
            }
            (Request::CertificateStatus { node_id }, _) => {
                leader.ca_mut().status(store, &node_id, waiting)
            }
            _ => Ok(None),
        }
    }

    fn raft_join_called(
        &mut self,
        raft_id: RaftId,
        addr: String,
        peer: Option<&Peer>,
        waiting: Waiting,
        io: &mut Io<'_>,
    ) -> Called {
        let node_id = Id::from(self.manager_of_cluster(peer)?.node_id.as_str());
        let not_leader = self.not_leader();
        let mut context = context!(self, io);
        let Some((leader, driver, _)) =
            self.manager.as_mut().and_then(|manager| manager.leader_mut())
        else {
            return Ok(Some(not_leader));
        };
        let member = Member { node_id, addr };
        leader.raft_join(raft_id, member, ReplyTo::Remote(waiting), driver, &mut context);
        Ok(None)
    }

    fn dispatcher_called(
        &mut self,
        request: Request,
        peer: Option<&Peer>,
        waiting: Waiting,
        io: &mut Io<'_>,
    ) -> Called {
        let node_id = Id::from(self.member_of_cluster(peer)?.node_id.as_str());
        if !self.manager.as_ref().is_some_and(|manager| manager.is_leading()) {
            return Ok(Some(self.not_leader()));
        }
        let Some((leader, driver, store)) =
            self.manager.as_mut().and_then(|manager| manager.leader_mut())
        else {
            return Ok(None);
        };
        let Some(dispatcher) = leader.dispatcher_mut() else {
            return Ok(Some(Response::NotLeader { leader_addr: None }));
        };
        let response = match request {
            Request::OpenSession { description, .. } => {
                let from = (node_id, waiting.link, self.transport.addr_of(waiting.link));
                let managers: Vec<Member> = driver.members().values().cloned().collect();
                let cluster = (store, managers.as_slice());
                Response::Session(dispatcher.open_session(
                    io.now,
                    from,
                    description,
                    cluster,
                    io.out,
                )?)
            }
            Request::Heartbeat { session_id } => {
                dispatcher.heartbeat(io.now, &node_id, &session_id)?
            }
            Request::UpdateTaskStatus { session_id, updates } => {
                dispatcher.update_task_status(io.now, &node_id, &session_id, updates, store)?
            }
            _ => return Err(ApiError::new(Code::Internal, texts::MEMBER_REMOVED)),
        };
        Ok(Some(response))
    }
}
