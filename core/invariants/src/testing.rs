//! Small things to build bad states from.

use std::rc::Rc;

use raft::{ConfChange, Entry, Index, Payload, Position, RaftId, Role, Term};
use swarm::objects::{
    Annotations, Node, NodeState, Secret, SecretReference, SecretSpec, Service, ServiceSpec, Task,
    TaskState,
};

use crate::{Invariant, Verdict};

#[track_caller]
pub(crate) fn complains(verdict: Verdict, invariant: &'static Invariant) {
    let broken = verdict.expect_err("a bad state was accepted");
    assert_eq!(broken.invariant, invariant, "{}", broken.what);
}

fn entry(index: u64, term: u64, payload: Payload) -> Entry {
    Entry { term: Term(term), index: Index(index), payload }
}

pub(crate) fn data(index: u64, term: u64, data: &[u8]) -> Entry {
    entry(index, term, Payload::Data(Rc::from(data)))
}

pub(crate) fn add_voter(index: u64, id: u64) -> Entry {
    let change = ConfChange::AddVoter { id: RaftId(id), context: Vec::new() };
    entry(index, 1, Payload::ConfChange(change))
}

pub(crate) fn remove_voter(index: u64, id: u64) -> Entry {
    entry(index, 1, Payload::ConfChange(ConfChange::RemoveVoter { id: RaftId(id) }))
}

/// A follower that has applied its whole log.
pub(crate) fn position(term: u64, last: u64) -> Position {
    Position {
        role: Role::Follower,
        term: Term(term),
        vote: None,
        commit: Index(last),
        applied: Index(last),
        last_index: Index(last),
        last_term: Term(term),
        base: Index(0),
    }
}

pub(crate) fn secret(name: &str, data: &[u8]) -> Secret {
    let spec = SecretSpec {
        annotations: Annotations::named(name),
        data: data.into(),
        ..Default::default()
    };
    Secret { id: name.into(), spec, ..Secret::default() }
}

pub(crate) fn service(name: &str) -> Service {
    let spec = ServiceSpec { annotations: Annotations::named(name), ..ServiceSpec::default() };
    Service { id: name.into(), spec, ..Service::default() }
}

pub(crate) fn node(name: &str) -> Node {
    let mut node = Node { id: name.into(), ..Node::default() };
    name.clone_into(&mut node.description.hostname);
    node.description.memory_bytes = 1 << 30;
    node.description.nano_cpus = 2_000_000_000;
    node.status.state = NodeState::Ready;
    node
}

pub(crate) fn task(id: &str, service: &str, node: Option<&str>) -> Task {
    Task {
        id: id.into(),
        service_id: service.into(),
        service_annotations: Annotations::named(service),
        slot: 1,
        node_id: node.map(Into::into),
        desired_state: TaskState::Running,
        ..Task::default()
    }
}

/// A reference to the secret that [`secret`] makes.
pub(crate) fn refers_to(name: &str) -> SecretReference {
    SecretReference { secret_id: name.into(), secret_name: name.to_owned(), file: None }
}
