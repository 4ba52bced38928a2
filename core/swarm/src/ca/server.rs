//! The leader's CA: who gets a certificate, for which role (swarmkit: `ca/server.go`).
//!
//! A request with a valid join token makes a node with a PENDING certificate; the leader then signs it,
//! and whoever polls gets it. A node that renews its certificate gets the role that the store has for
//! it, whatever it asks for.

use sorted::SortedMap;

use seal::{Certificate, Chain, Csr, JoinToken, NodeIdentity, RootCa};
use sim::{Rng, Time};

use super::credentials::certificate_role;
use crate::control::{ApiError, Code, root_ca};
use crate::objects::{
    Availability, Cluster, Id, IssuanceState, Node, NodeCertificate, NodeSpec, NodeState,
    NodeStatus, Object, Role, random_id,
};
use crate::store::{Store, StoreEvent, Tx};
use crate::transport::LinkId;
use crate::transport::protocol::{CertificateStatus, Response};

/// Somebody who waits for a certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// On this link.
    pub(crate) link: LinkId,
    /// For the answer to this call.
    pub(crate) number: u64,
}

/// The CA of a leader.
#[derive(Debug, Default)]
pub(crate) struct CaServer {
    /// Nodes whose certificates are to be signed.
    unsigned: sorted::SortedSet<Id>,
    /// Who waits for which.
    waiting: SortedMap<Id, Vec<Waiting>>,
    /// When the rotation of the root CA is looked at next; never, unless one is under way.
    pub(super) rotation_at: Option<Time>,
}

/// Who signs now, and the intermediate that goes with what is signed: while the root is being rotated
/// that is the new CA, whose certificate the old one has signed.
fn signer(cluster: &Cluster) -> Option<(RootCa, Option<Certificate>)> {
    let root_ca = &cluster.root_ca;
    let Some(rotation) = &root_ca.rotation else {
        return Some((root_ca::from_parts(&root_ca.certificate, &root_ca.key)?, None));
    };
    let pem = std::str::from_utf8(&rotation.cross_signed).ok()?;
    let intermediate = Certificate::from_pem(pem).ok()?;
    Some((root_ca::from_parts(&rotation.certificate, &rotation.key)?, Some(intermediate)))
}

/// The role that a token is for.
fn role_of_token(cluster: &Cluster, token: &str) -> Option<Role> {
    let given: JoinToken = token.parse().ok()?;
    let is = |text: &str| text.parse::<JoinToken>().is_ok_and(|known| known.matches(&given));
    if is(&cluster.root_ca.manager_token) {
        Some(Role::Manager)
    } else if is(&cluster.root_ca.worker_token) || sim::planted!(OldTokenAccepted) {
        Some(Role::Worker)
    } else {
        None
    }
}

/// Adds a node for a request with a join token.
///
/// # Errors
/// The token is not valid, or the request is not one.
pub(crate) fn request(
    tx: &mut Tx,
    rng: &mut Rng,
    csr: &[u8],
    token: &str,
    availability: Availability,
) -> Result<Id, ApiError> {
    let cluster = tx.store().cluster().cloned();
    let role = cluster.as_deref().and_then(|cluster| role_of_token(cluster, token));
    let role = role
        .ok_or_else(|| ApiError::invalid("A valid join token is necessary to join this cluster"))?;
    Csr::from_bytes(csr).map_err(|_| ApiError::invalid("invalid certificate signing request"))?;
    let id = random_id(rng);
    let spec = NodeSpec { desired_role: role, availability, ..NodeSpec::default() };
    let certificate = NodeCertificate {
        role,
        state: IssuanceState::Pending,
        csr: csr.to_vec(),
        ..NodeCertificate::default()
    };
    let status = NodeStatus { state: NodeState::Unknown, ..NodeStatus::default() };
    tx.create(Node { id: id.clone(), spec, role, status, certificate, ..Node::default() })?;
    Ok(id)
}

/// Notes that a node asks for a new certificate.
///
/// # Errors
/// There is no such node, or the request is not one.
pub(crate) fn renew(tx: &mut Tx, node_id: &Id, csr: &[u8]) -> Result<(), ApiError> {
    Csr::from_bytes(csr).map_err(|_| ApiError::invalid("invalid certificate signing request"))?;
    let node = tx.store().node(node_id).cloned();
    let node = node.ok_or_else(|| {
        ApiError::new(Code::NotFound, format!("node {node_id} not found when attempting to renew"))
    })?;
    let mut node = (*node).clone();
    node.certificate = NodeCertificate {
        role: node.role,
        state: IssuanceState::Renew,
        csr: csr.to_vec(),
        ..NodeCertificate::default()
    };
    tx.update(node)?;
    Ok(())
}

impl CaServer {
    /// The CA of a new leader: what was left unsigned is signed now.
    pub(crate) fn new(store: &Store) -> Self {
        let unsigned = store.nodes().iter().filter(|node| is_unsigned(node));
        let rotates = store.cluster().is_some_and(|cluster| cluster.root_ca.rotation.is_some());
        Self {
            unsigned: unsigned.map(|node| node.id.clone()).collect(),
            waiting: SortedMap::new(),
            rotation_at: rotates.then_some(Time::EPOCH),
        }
    }

    /// Something in the store changed: answers for those who wait.
    pub(crate) fn on_events(&mut self, events: &[StoreEvent]) -> Vec<(Waiting, Response)> {
        let mut answers = Vec::new();
        for event in events {
            let node = match event.object() {
                Object::Node(node) => node,
                Object::Cluster(cluster) => {
                    // Whatever was wanted before, it may be another rotation now: looked at at once.
                    self.rotation_at = cluster.root_ca.rotation.is_some().then_some(Time::EPOCH);
                    continue;
                }
                _ => continue,
            };
            if matches!(event, StoreEvent::Removed(_)) {
                self.unsigned.remove(&node.id);
                self.waiting.remove(&node.id);
            } else if is_unsigned(node) {
                self.unsigned.insert(node.id.clone());
            } else if let Some(response) = issued(node) {
                self.unsigned.remove(&node.id);
                let waiting = self.waiting.remove(&node.id).unwrap_or_default();
                answers.extend(waiting.into_iter().map(|waiting| (waiting, response.clone())));
            }
        }
        answers
    }

    /// Somebody asks for a node's certificate; the answer, unless it has to wait.
    ///
    /// # Errors
    /// There is no such node.
    pub(crate) fn status(
        &mut self,
        store: &Store,
        node_id: &Id,
        waiting: Waiting,
    ) -> Result<Option<Response>, ApiError> {
        let node = store
            .node(node_id)
            .ok_or_else(|| ApiError::new(Code::NotFound, format!("node {node_id} not found")))?;
        let answer = issued(node);
        if answer.is_none() {
            self.waiting.entry(node_id.clone()).or_default().push(waiting);
        }
        Ok(answer)
    }

    /// True when there is something to sign.
    pub(crate) fn has_work(&self) -> bool {
        !self.unsigned.is_empty()
    }

    /// Signs what waits for it; what was signed, for the trace.
    pub(crate) fn sign(&mut self, tx: &mut Tx, now: Time, rng: &mut Rng) -> Vec<String> {
        let mut signed = Vec::new();
        let unsigned = std::mem::take(&mut self.unsigned);
        let Some(cluster) = tx.store().cluster().cloned() else { return signed };
        let Some((ca, intermediate)) = signer(&cluster) else { return signed };
        for id in unsigned {
            if tx.room() == 0 {
                self.unsigned.insert(id);
                continue;
            }
            let Some(node) = tx.store().node(&id).cloned() else { continue };
            let mut node = (*node).clone();
            match issue(&ca, &cluster, &node, now, rng) {
                Some(leaf) => {
                    let chain = Chain { leaf, intermediate: intermediate.clone() };
                    node.certificate.state = IssuanceState::Issued;
                    node.certificate.certificate = chain.pem().into_bytes();
                    signed.push(format!("{} for node {id}", node.certificate.role.word()));
                }
                None => {
                    node.certificate.state = IssuanceState::Failed;
                    "invalid certificate signing request".clone_into(&mut node.certificate.error);
                }
            }
            // The store can only refuse what is gone or out of sequence; both cannot be here.
            let _ = tx.update(node);
        }
        signed
    }
}

fn issue(
    ca: &RootCa,
    cluster: &Cluster,
    node: &Node,
    now: Time,
    rng: &mut Rng,
) -> Option<Certificate> {
    let csr = Csr::from_bytes(&node.certificate.csr).ok()?;
    let identity = NodeIdentity {
        node_id: node.id.to_string(),
        role: certificate_role(node.certificate.role),
        cluster_id: cluster.id.to_string(),
    };
    ca.issue(&csr, &identity, now, cluster.spec.cert_lifetime(), rng).ok()
}

const fn is_unsigned(node: &Node) -> bool {
    matches!(node.certificate.state, IssuanceState::Pending | IssuanceState::Renew)
}

fn issued(node: &Node) -> Option<Response> {
    if node.certificate.state != IssuanceState::Issued {
        return None;
    }
    let pem = String::from_utf8(node.certificate.certificate.clone()).ok()?;
    let role = node.certificate.role;
    Some(Response::Certificate(CertificateStatus::Issued { pem, role }))
}
