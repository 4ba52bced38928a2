//! Nodes (swarmkit: `manager/controlapi/node.go`).

use std::rc::Rc;

use super::{ApiError, Code, ControlResponse, Filters, RaftMembers, filter};
use crate::objects::{
    Id, Kind, ManagerStatus, Node, NodeSpec, NodeState, Reachability, Role, Task, TaskState,
    TaskStatus,
};
use crate::store::{Store, Tx};

use super::cluster::expire_blacklisted;

/// With its part in the raft group, which the store does not hold.
fn with_manager_status(node: &Rc<Node>, members: &RaftMembers) -> Rc<Node> {
    let Some(member) = members.0.get(&node.id) else {
        return Rc::clone(node);
    };
    let reachability =
        if member.reachable { Reachability::Reachable } else { Reachability::Unreachable };
    let manager_status = Some(ManagerStatus {
        raft_id: member.raft_id,
        addr: member.addr.clone(),
        leader: member.leader,
        reachability,
    });
    Rc::new(Node { manager_status, ..(**node).clone() })
}

pub(super) fn list(store: &Store, filters: &Filters, members: &RaftMembers) -> Vec<Rc<Node>> {
    let matches = |node: &&Rc<Node>| {
        let engine_labels = &node.description.engine_labels;
        filter::matches(filters, &node.id, &node.description.hostname, engine_labels)
            && filter::has_labels(&node.spec.annotations.labels, &filters.node_labels)
            && filter::contains(&node.role, &filters.roles)
    };
    store.nodes().iter().filter(matches).map(|node| with_manager_status(node, members)).collect()
}

pub(super) fn get(store: &Store, id: &Id, members: &RaftMembers) -> Result<Rc<Node>, ApiError> {
    let node = store.node(id).ok_or_else(|| ApiError::not_found(Kind::Node, id))?;
    Ok(with_manager_status(node, members))
}

pub(super) fn update(
    tx: &mut Tx,
    id: &Id,
    version: u64,
    spec: &NodeSpec,
    members: &RaftMembers,
) -> Result<ControlResponse, ApiError> {
    let old = tx.store().node(id).ok_or_else(|| ApiError::not_found(Kind::Node, id))?;
    if old.spec.desired_role == Role::Manager && spec.desired_role == Role::Worker {
        check_demotion(tx.store(), old, members)?;
    }
    let mut node = (**old).clone();
    node.meta.version = version;
    node.spec = spec.clone();
    tx.update(node)?;
    Ok(ControlResponse::Done)
}

/// Somebody must be left to lead, and a majority of them must answer.
fn check_demotion(store: &Store, node: &Node, members: &RaftMembers) -> Result<(), ApiError> {
    let others = store.nodes().iter().any(|n| n.role == Role::Manager && n.id != node.id);
    if !others {
        return Err(ApiError::new(
            Code::FailedPrecondition,
            "attempting to demote the last manager of the swarm",
        ));
    }
    if !members.0.contains_key(&node.id) {
        return Err(ApiError::new(Code::NotFound, "can't find manager in raft memberlist"));
    }
    if !members.can_remove(&node.id) {
        return Err(ApiError::new(
            Code::FailedPrecondition,
            "can't remove member from the raft: this would result in a loss of quorum",
        ));
    }
    Ok(())
}

pub(super) fn remove(
    tx: &mut Tx,
    id: &Id,
    force: bool,
    members: &RaftMembers,
) -> Result<ControlResponse, ApiError> {
    let node = tx.store().node(id).ok_or_else(|| ApiError::not_found(Kind::Node, id))?;
    let refuse = |text: String| Err(ApiError::new(Code::FailedPrecondition, text));
    if node.spec.desired_role == Role::Manager && members.0.contains_key(id) {
        return refuse(format!(
            "node {id} is a cluster manager and is a member of the raft cluster. It must be \
             demoted to worker before removal"
        ));
    }
    if !force && node.status.state == NodeState::Ready {
        return refuse(format!("node {id} is not down and can't be removed"));
    }
    let Some(cluster) = tx.store().cluster() else {
        return Err(ApiError::new(Code::Internal, "could not fetch cluster object"));
    };
    let mut cluster = (**cluster).clone();
    // The certificate was issued within the last validity period: it cannot outlive another.
    let expiry = tx.now() + cluster.spec.cert_lifetime();
    cluster.blacklisted_certificates.insert(id.to_string(), expiry);
    expire_blacklisted(&mut cluster, tx.now());
    tx.update(cluster)?;
    orphan_tasks(tx, id)?;
    tx.remove::<Node>(id)?;
    Ok(ControlResponse::Done)
}

fn orphan_tasks(tx: &mut Tx, node: &Id) -> Result<(), ApiError> {
    let tasks: Vec<Rc<Task>> = tx.store().tasks_of_node(node).cloned().collect();
    for task in tasks.iter().filter(|task| task.status.state < TaskState::Complete) {
        let status = TaskStatus {
            state: TaskState::Orphaned,
            timestamp: tx.now(),
            message: "Task belonged to a node that has been deleted".to_owned(),
            ..TaskStatus::default()
        };
        tx.update(Task { status, ..(**task).clone() })?;
    }
    Ok(())
}
