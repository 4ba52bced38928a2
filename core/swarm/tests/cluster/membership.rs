//! Promotion, demotion, removal: roles, certificates and the raft group follow each other.

use std::rc::Rc;

use glasshive_swarm::control::ControlRequest;
use glasshive_swarm::node::{LocalRequest, LocalResponse};
use glasshive_swarm::objects::{Availability, Role};

use crate::harness::Lab;

#[track_caller]
fn set_role(lab: &mut Lab, via: usize, hostname: &str, role: Role) {
    let nodes = lab.nodes(via);
    let node = nodes.iter().find(|node| node.description.hostname == hostname).unwrap();
    let mut spec = node.spec.clone();
    spec.desired_role = role;
    let request = ControlRequest::UpdateNode {
        id: node.id.clone(),
        version: node.meta.version,
        spec: Box::new(spec),
    };
    lab.control(via, request).unwrap();
}

#[test]
fn a_worker_is_promoted_and_demoted_again() {
    let mut lab = Lab::cluster_of(41, 1, 2);
    let secret = lab.create_secret(0, "sec1", b"a rather long secret");
    lab.create_service(0, "redis", 3, &[("sec1", &secret)]);
    lab.until(20, |lab| lab.running_tasks(0) == 3);
    let before = lab.hosts[1].running.clone();

    set_role(&mut lab, 0, "node2", Role::Manager);
    lab.until(20, |lab| lab.view(1).store.is_some_and(|store| store.secrets().iter().count() == 1));
    lab.run(5);
    assert_eq!(lab.node_table(1).matches("node2 manager ready reachable").count(), 1);
    assert_eq!(lab.hosts[1].running, before, "its tasks ran on");
    let log = "/var/lib/docker/swarm/raft/";
    assert!(0 < lab.hosts[1].disk.list(log).count());

    set_role(&mut lab, 0, "node2", Role::Worker);
    lab.until(30, |lab| lab.view(1).store.is_none());
    lab.run(10);
    assert_eq!(lab.node_table(0).matches("node2 worker ready -").count(), 1);
    assert_eq!(lab.hosts[1].disk.list(log).count(), 0, "its log is gone");
    assert_eq!(lab.hosts[1].running, before, "its tasks ran on");
    assert_eq!(lab.view(0).raft.unwrap().members.len(), 1);
    assert_eq!(lab.leaks(b"a rather long secret"), Vec::<String>::new());
}

#[test]
fn a_leader_that_is_demoted_hands_over_first() {
    let mut lab = Lab::cluster_of(42, 3, 0);
    set_role(&mut lab, 1, "node1", Role::Worker);
    let took = lab.until(30, |lab| lab.leader().is_some_and(|leader| leader != 0));
    assert!(took.as_secs() < 5, "no election timeout passed: {took}");
    lab.until(30, |lab| lab.view(0).role == Some(Role::Worker));
    lab.run(15);
    let other = lab.leader().unwrap();
    let table = lab.node_table(other);
    assert!(table.contains("node1 worker ready -"), "{table}\n{}", lab.story());
    assert_eq!(lab.view(other).raft.unwrap().members.len(), 2);
}

#[test]
fn the_last_manager_stays() {
    let mut lab = Lab::cluster_of(43, 1, 1);
    let node = lab.nodes(0).remove(0);
    let mut spec = node.spec.clone();
    spec.desired_role = Role::Worker;
    let request = ControlRequest::UpdateNode {
        id: node.id.clone(),
        version: node.meta.version,
        spec: Box::new(spec),
    };
    let error = lab.control(0, request).unwrap_err();
    assert_eq!(error.message, "attempting to demote the last manager of the swarm");
}

#[test]
fn a_removed_node_is_locked_out() {
    let mut lab = Lab::cluster_of(44, 1, 1);
    let id = lab.nodes(0)[1].id.clone();
    let request = ControlRequest::RemoveNode { id: id.clone(), force: true };
    lab.control(0, request).unwrap();
    lab.run(20);
    assert_eq!(lab.nodes(0).len(), 1);
    assert!(lab.view(1).agent.unwrap().session_with.is_none());
    let told = format!("node {id} was removed from swarm");
    assert!(lab.history.iter().any(|(_, host, _, detail)| *host == 1 && detail.contains(&told)));
}

/// swarmkit: `evictRemovedNode`: a demotion and a removal in quick succession leave no member behind.
#[test]
fn a_manager_that_is_demoted_and_removed_at_once_is_no_member() {
    let mut lab = Lab::cluster_of(47, 3, 0);
    let node = Rc::clone(&lab.nodes(0)[2]);
    let mut spec = node.spec.clone();
    spec.desired_role = Role::Worker;
    let (id, version) = (node.id.clone(), node.meta.version);
    let demote = ControlRequest::UpdateNode { id: id.clone(), version, spec: Box::new(spec) };
    lab.ask_later(0, LocalRequest::Control(demote));
    // Its role is still a manager's.
    lab.control(0, ControlRequest::RemoveNode { id, force: true }).unwrap();
    assert_eq!(lab.nodes(0).len(), 2);
    lab.run(30);
    assert_eq!(lab.view(0).raft.unwrap().members.len(), 2, "{}", lab.story());
}

#[test]
fn a_drained_node_is_left_alone() {
    let mut lab = Lab::cluster_of(45, 1, 2);
    let secret = lab.create_secret(0, "sec1", b"geheim");
    lab.create_service(0, "redis", 3, &[("sec1", &secret)]);
    lab.until(20, |lab| lab.running_tasks(0) == 3);
    let nodes = lab.nodes(0);
    let mut spec = nodes[2].spec.clone();
    spec.availability = Availability::Drain;
    let (id, version) = (nodes[2].id.clone(), nodes[2].meta.version);
    lab.control(0, ControlRequest::UpdateNode { id, version, spec: Box::new(spec) }).unwrap();
    lab.until(20, |lab| {
        lab.hosts[2].running.is_empty()
            && lab.running_tasks(0) == 3
            && lab.view(2).agent.is_some_and(|agent| agent.secrets.is_empty())
    });
}

/// Conformance M15 and D5 (swarmkit#1815): who lost its log may not come back under its old number.
#[test]
fn a_manager_without_its_log_is_refused_until_it_was_removed() {
    let mut lab = Lab::cluster_of(46, 3, 0);
    let secret = lab.create_secret(0, "sec1", b"geheim");
    lab.create_service(0, "redis", 2, &[("sec1", &secret)]);
    let old_id = lab.view(2).raft.unwrap().status.id;
    lab.crash(2);
    lab.hosts[2].disk.remove_below("/var/lib/docker/swarm/raft/");
    lab.start(2);
    lab.run(60);
    assert!(lab.view(2).raft.is_none(), "it is no member");
    let info = match lab.ask(2, LocalRequest::Info) {
        Ok(LocalResponse::Info(info)) => info,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        info.error,
        "rpc error: code = AlreadyExists desc = a raft member with this node ID already exists"
    );
    set_role(&mut lab, 0, "node3", Role::Worker);
    lab.run(20);
    assert_eq!(lab.view(0).raft.unwrap().members.len(), 2);
    set_role(&mut lab, 0, "node3", Role::Manager);
    lab.until(60, |lab| lab.view(2).store.is_some_and(|store| store.secrets().iter().count() == 1));
    assert_ne!(lab.view(2).raft.unwrap().status.id, old_id);
    lab.run(5);
    let table = lab.node_table(0);
    assert!(table.contains("node3 manager ready reachable"), "{table}");
}

/// Three managers, the first of which is to be demoted; the second is down, and the third hears of the demotion
/// when it is no longer cut off.
fn demoted_beside_a_dead_manager(seed: u64) -> Lab {
    let mut lab = Lab::cluster_of(seed, 3, 1);
    let node = Rc::clone(&lab.nodes(0)[0]);
    lab.crash(1);
    lab.cut(2);
    // The leader does not know yet that nobody answers, and waits for a majority.
    let mut spec = node.spec.clone();
    spec.desired_role = Role::Worker;
    let (id, version) = (node.id.clone(), node.meta.version);
    let demote = ControlRequest::UpdateNode { id, version, spec: Box::new(spec) };
    lab.ask_later(0, LocalRequest::Control(demote));
    lab.run(5);
    lab.heal(2);
    lab.run(60);
    lab
}

/// The demotion waits until the dead manager is back.
#[track_caller]
fn waits_for_the_dead_manager(mut lab: Lab) {
    let leader = lab.leader().expect("two of three lead");
    assert_eq!(lab.view(leader).raft.unwrap().members.len(), 3, "{}", lab.story());
    lab.start(1);
    lab.until(60, |lab| lab.view(0).role == Some(Role::Worker));
    let leader = lab.leader().unwrap();
    assert_eq!(lab.view(leader).raft.unwrap().members.len(), 2, "{}", lab.story());
}

/// swarmkit: `role_manager.go`, `removeMember`: the quorum is looked at again when the change is made, by who
/// is about to hand over as well.
#[test]
fn nobody_is_removed_whom_the_others_need_for_a_majority() {
    waits_for_the_dead_manager(demoted_beside_a_dead_manager(48));
}

/// swarmkit: `transport/peer.go`: of whom nothing has been heard yet nobody knows that it answers.
#[test]
fn who_was_not_heard_since_the_start_does_not_count() {
    for seed in 49..53 {
        let mut lab = demoted_beside_a_dead_manager(seed);
        lab.crash(0);
        lab.crash(2);
        lab.start(0);
        lab.start(2);
        lab.run(60);
        waits_for_the_dead_manager(lab);
    }
}

/// A cluster that has come to be led by a node that was promoted while the third manager was cut off; none if
/// another one leads it.
fn led_by_a_newcomer(seed: u64) -> Option<Lab> {
    let mut lab = Lab::cluster_of(seed, 3, 1);
    lab.cut(2);
    set_role(&mut lab, 0, "node4", Role::Manager);
    lab.until(30, |lab| lab.view(0).raft.is_some_and(|raft| raft.members.len() == 4));
    lab.run(10);
    // Who has answered for the longest time is the heir: not the second manager.
    lab.crash(1);
    lab.run(3);
    lab.start(1);
    lab.run(10);
    set_role(&mut lab, 0, "node1", Role::Worker);
    lab.until(30, |lab| lab.leader().is_some_and(|leader| leader != 0));
    lab.run(10);
    (lab.leader() == Some(3)).then_some(lab)
}

/// It knows neither that the leader is a member nor where it is, and must tell it all the same how far it is.
#[test]
fn a_manager_catches_up_with_a_leader_that_it_does_not_know() {
    let mut lab = (50..60).find_map(led_by_a_newcomer).expect("one of two");
    lab.heal(2);
    let applied = |lab: &Lab, host| lab.view(host).raft.map(|raft| raft.applied);
    lab.until(60, |lab| applied(lab, 2) == applied(lab, 3));
    assert_eq!(lab.view(2).raft.unwrap().members.len(), 3);
}
