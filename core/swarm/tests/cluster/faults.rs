//! Crashes and partitions: others lead, nothing committed is lost, and the words are Docker's.

use glasshive_swarm::control::{ControlRequest, ControlResponse, Filters};
use glasshive_swarm::node::{InitOptions, LocalRequest, LocalState};
use glasshive_swarm::objects::{Annotations, NodeState, SecretSpec};
use sim::{Duration, HostId};

use crate::harness::{Answer, Lab};

#[test]
fn another_manager_leads_when_the_leader_crashes() {
    let mut lab = Lab::cluster_of(21, 3, 2);
    lab.create_secret(0, "sec1", b"geheim");
    lab.crash(0);
    let took = lab.until(60, |lab| lab.leader().is_some());
    assert!((8..25).contains(&took.as_secs()), "{took}");
    let other = lab.leader().unwrap();
    lab.create_secret(3 - other, "sec2", b"auch");
    lab.run(10);
    let table = lab.node_table(other);
    assert!(table.contains("manager down unreachable") || table.contains("unknown"), "{table}");
    lab.start(0);
    lab.until(30, |lab| {
        let store = lab.view(0).store.unwrap();
        store.secrets().iter().count() == 2
    });
    lab.run(30);
    let table = lab.node_table(0);
    assert_eq!(table.matches(" ready ").count(), 5, "{table}");
    assert_eq!(table.matches("reachable").count(), 2, "{table}");
}

#[test]
fn without_a_quorum_nothing_is_written_and_nothing_is_lost() {
    let mut lab = Lab::cluster_of(22, 3, 0);
    lab.crash(1);
    lab.crash(2);
    let spec = SecretSpec {
        annotations: Annotations::named("late"),
        data: b"geheim".as_slice().into(),
        ..SecretSpec::default()
    };
    let create = ControlRequest::CreateSecret { spec: Box::new(spec) };
    let error = lab.control(0, create).unwrap_err();
    let expected = ["context deadline exceeded", "raft: failed to process the request"];
    assert!(expected.iter().any(|text| error.message.starts_with(text)), "{error}");
    lab.run(30);
    let error = lab.control(0, ControlRequest::ListNodes(Filters::default())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too \
         few managers are online. Make sure more than half of the managers are online."
    );
    lab.start(1);
    lab.until(60, |lab| lab.leader().is_some());
    assert!(lab.control(0, ControlRequest::ListNodes(Filters::default())).is_ok());
}

#[test]
fn a_partitioned_leader_steps_down_and_comes_back_as_a_follower() {
    let mut lab = Lab::cluster_of(23, 3, 1);
    lab.cut(0);
    lab.until(60, |lab| (1..3).any(|host| lab.view(host).raft.is_some_and(|raft| raft.is_leading)));
    lab.run(25);
    assert!(!lab.view(0).raft.unwrap().is_leading, "check-quorum");
    lab.heal(0);
    lab.run(40);
    let leaders = (0..3).filter(|&host| lab.view(host).raft.unwrap().is_leading).count();
    assert_eq!(leaders, 1);
    let table = lab.node_table(0);
    assert_eq!(table.matches(" ready ").count(), 4, "{table}");
}

#[test]
fn seeds_repeat_and_differ() {
    let digest = |seed| {
        let mut lab = Lab::cluster_of(seed, 3, 1);
        lab.create_secret(1, "sec1", b"geheim");
        lab.crash(0);
        lab.run(30);
        (lab.story(), lab.wire.len(), lab.handled_count)
    };
    assert_eq!(digest(24), digest(24));
    assert_ne!(digest(24), digest(25));
}

#[test]
fn lists_of_secrets_from_a_follower_go_to_the_leader() {
    let mut lab = Lab::cluster_of(26, 3, 0);
    lab.create_secret(1, "sec1", b"geheim");
    // Read your own write, from any manager, at once.
    for host in [2, 1, 0] {
        let list = lab.control(host, ControlRequest::ListSecrets(Filters::default())).unwrap();
        assert!(matches!(&list, ControlResponse::Secrets(all) if all.len() == 1), "{list:?}");
    }
}

#[test]
fn a_candidate_that_cannot_hear_gets_no_vote() {
    let mut lab = Lab::cluster_of(65, 3, 0);
    let leader = lab.leader().unwrap();
    let deaf = (0..3).find(|host| *host != leader).unwrap();
    for other in (0..3).filter(|host| *host != deaf) {
        lab.net.cut(HostId(other as u16), HostId(deaf as u16));
    }
    lab.crash(leader);
    lab.run(60);
    // It campaigns and its requests arrive; led by it, nobody would be served.
    assert_eq!(lab.leader(), None);
    let other = (0..3).find(|host| *host != deaf && *host != leader).unwrap();
    let candidate = lab.view(deaf).raft.unwrap().status.id;
    assert_ne!(lab.view(other).raft.unwrap().status.vote, Some(candidate));
    for other in (0..3).filter(|host| *host != deaf) {
        lab.net.heal(HostId(other as u16), HostId(deaf as u16));
    }
    lab.until(60, |lab| lab.leader().is_some());
}

/// Liveness seed 200329: a host that could not keep its certificate was a node until its daemon started again.
#[test]
fn nobody_begins_on_a_full_disk() {
    let mut lab = Lab::new(29, 3);
    lab.hosts[0].disk.set_full(true);
    let refused = |answer: Answer| {
        let error = answer.unwrap_err();
        assert!(error.message.contains("no space left on device"), "{error:?}");
    };
    refused(lab.ask(0, LocalRequest::Init(InitOptions::default())));
    lab.hosts[0].disk.set_full(false);
    lab.init(0);
    for (host, as_manager) in [(1, true), (2, false)] {
        let options = lab.join_options(0, as_manager);
        lab.hosts[host].disk.set_full(true);
        refused(lab.ask(host, LocalRequest::Join(options)));
        assert_eq!(lab.view(host).state, LocalState::Inactive);
        lab.hosts[host].disk.set_full(false);
        lab.join(host, 0, as_manager);
    }
    lab.run(5);
    assert_eq!(lab.node_table(0).matches(" ready ").count(), 3, "{}", lab.story());
}

/// An agent that cannot write `tasks.db` once wrote it at every event, its own syncs among them.
#[test]
fn a_full_disk_makes_no_storm() {
    let mut lab = Lab::cluster_of(28, 1, 1);
    lab.hosts[1].disk.set_full(true);
    lab.create_service(0, "redis", 2, &[]);
    lab.until(20, |lab| lab.running_tasks(0) == 2);
    let before = lab.handled_count;
    lab.run(10);
    let count = lab.handled_count - before;
    assert!(count < 400, "{count} events in ten seconds");
    // With room again what had changed is written.
    lab.hosts[1].disk.set_full(false);
    lab.run(10);
    lab.crash(1);
    lab.start(1);
    assert!(!lab.view(1).agent.unwrap().tasks.is_empty());
}

/// Liveness seed 829: the first entry of a leader took longer than anybody waits for one.
#[test]
fn a_leader_begins_however_slow_its_disk_is() {
    let mut lab = Lab::cluster_of(37, 1, 1);
    lab.crash(0);
    lab.start(0);
    // It is elected, and has the first entry of its term.
    lab.run_for(Duration::from_millis(3));
    lab.hosts[0].sync_latency = Duration::from_secs(40);
    lab.run(100);
    lab.hosts[0].sync_latency = Duration::from_millis(2);
    let is_ready = |lab: &Lab| {
        let store = lab.view(0).store?;
        Some(store.nodes().iter().all(|node| node.status.state == NodeState::Ready))
    };
    lab.run(1);
    lab.until(60, |lab| is_ready(lab) == Some(true));
}

fn new_secret(name: &str) -> LocalRequest {
    LocalRequest::Control(ControlRequest::CreateSecret {
        spec: Box::new(SecretSpec {
            annotations: Annotations::named(name),
            data: b"geheim"[..].into(),
            ..SecretSpec::default()
        }),
    })
}

/// Safety seed 21952: a daemon that started again told others of entries that its disk did not have yet.
#[test]
fn a_daemon_that_starts_again_waits_for_its_disk() {
    let mut lab = Lab::cluster_of(38, 3, 0);
    let leader = lab.leader().unwrap();
    let (slow, away) = ((leader + 1) % 3, (leader + 2) % 3);
    lab.hosts[slow].sync_latency = Duration::from_secs(8);
    lab.crash(away);
    let id = lab.ask_later(leader, new_secret("sec1"));
    lab.run(1);
    lab.restart(slow);
    lab.run(4);
    assert!(lab.answer(id).is_none(), "only one disk has it: {}", lab.story());
    lab.until(30, |lab| lab.answer(id).is_some());
    assert!(lab.answer(id).unwrap().is_ok());
}

/// So does a node that ended because it had no room: here for the term of a candidate that was away.
#[test]
fn a_node_that_had_no_room_waits_for_its_disk() {
    let mut lab = Lab::cluster_of(39, 3, 0);
    let leader = lab.leader().unwrap();
    let (slow, away) = ((leader + 1) % 3, (leader + 2) % 3);
    lab.hosts[slow].sync_latency = Duration::from_secs(60);
    lab.cut(away);
    lab.ask_later(leader, new_secret("sec1"));
    lab.run(15);
    lab.hosts[slow].disk.set_full(true);
    lab.heal(away);
    lab.until(30, |lab| lab.view(slow).state == LocalState::Error);
    lab.hosts[slow].disk.set_full(false);
    lab.run(5);
    assert_eq!(lab.view(slow).state, LocalState::Pending, "{}", lab.story());
    lab.until(60, |lab| lab.view(slow).state == LocalState::Active);
}
