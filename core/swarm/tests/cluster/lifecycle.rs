//! Restarts from disk, and out of a swarm.

use glasshive_swarm::control::{ControlRequest, ControlResponse, Filters};
use glasshive_swarm::node::{InitOptions, LocalRequest, LocalResponse, LocalState};

use crate::harness::Lab;

#[track_caller]
fn secret_names(lab: &mut Lab, host: usize) -> Vec<String> {
    match lab.control(host, ControlRequest::ListSecrets(Filters::default())) {
        Ok(ControlResponse::Secrets(secrets)) => {
            secrets.iter().map(|secret| secret.spec.annotations.name.clone()).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_manager_restarts_with_everything() {
    let mut lab = Lab::cluster_of(11, 1, 0);
    lab.create_secret(0, "sec1", b"geheim");
    lab.crash(0);
    lab.run(3);
    lab.start(0);
    lab.until(30, |lab| lab.leader() == Some(0));
    assert_eq!(secret_names(&mut lab, 0), ["sec1"]);
    lab.create_secret(0, "sec2", b"auch geheim");
    assert_eq!(secret_names(&mut lab, 0).len(), 2);
}

#[test]
fn the_whole_cluster_restarts_with_everything() {
    let mut lab = Lab::cluster_of(12, 3, 2);
    lab.create_secret(1, "sec1", b"geheim");
    for host in 0..5 {
        lab.crash(host);
    }
    lab.run(5);
    for host in 0..5 {
        lab.start(host);
    }
    lab.until(40, |lab| lab.leader().is_some());
    assert_eq!(secret_names(&mut lab, 2), ["sec1"]);
    lab.run(15);
    let table = lab.node_table(0);
    assert_eq!(table.matches(" ready ").count(), 5, "{table}");
}

#[test]
fn a_worker_restarts_and_is_back() {
    let mut lab = Lab::cluster_of(13, 1, 1);
    lab.crash(1);
    let down = lab.until(40, |lab| {
        let store = lab.view(0).store.unwrap();
        store.nodes().iter().any(|node| node.status.message == "heartbeat failure")
    });
    assert!((9..17).contains(&down.as_secs()), "{down}");
    lab.start(1);
    let back = lab.until(20, |lab| {
        let store = lab.view(0).store.unwrap();
        store.nodes().iter().all(|node| node.status.state.word() == "ready")
    });
    assert!(back.as_millis() < 1_000, "{back}");
}

#[test]
fn leaving_is_refused_in_four_ways() {
    let leave = |lab: &mut Lab, host, force| lab.ask(host, LocalRequest::Leave { force });
    let mut lab = Lab::cluster_of(14, 1, 1);
    let prefix = "You are attempting to leave the swarm on a node that is participating as a \
                  manager. ";
    assert_eq!(
        leave(&mut lab, 0, false).unwrap_err().to_string(),
        format!(
            "{prefix}Removing the last manager erases all current state of the swarm. Use `--force` \
             to ignore this message. "
        )
    );
    assert_eq!(leave(&mut lab, 1, false), Ok(LocalResponse::Left));
    assert_eq!(lab.view(1).state, LocalState::Inactive);
    assert_eq!(lab.hosts[1].disk.list("/var/lib/docker/swarm/").count(), 0);
    assert_eq!(
        leave(&mut lab, 1, false).unwrap_err().to_string(),
        "This node is not part of a swarm"
    );
    assert_eq!(leave(&mut lab, 0, true), Ok(LocalResponse::Left));

    let mut lab = Lab::cluster_of(15, 3, 0);
    let closing = "The only way to restore a swarm that has lost consensus is to reinitialize it \
                   with `--force-new-cluster`. Use `--force` to suppress this message.";
    let text = leave(&mut lab, 0, false).unwrap_err().to_string();
    assert_eq!(text, format!("{prefix}{closing}"));
    lab.crash(2);
    lab.run(10);
    let leader = lab.leader().unwrap();
    let text = leave(&mut lab, leader, false).unwrap_err().to_string();
    assert_eq!(
        text,
        format!(
            "{prefix}Removing this node leaves 1 managers out of 3. Without a Raft quorum your \
             swarm will be inaccessible. {closing}"
        )
    );
    let other = 1 - leader;
    lab.crash(leader);
    lab.run(30);
    let text = leave(&mut lab, other, false).unwrap_err().to_string();
    // There is no leader to ask how many managers there are.
    assert_eq!(text, format!("{prefix}{closing}"));
}

/// Begins anew on the first of three managers, the others of which are down.
fn begin_anew(lab: &mut Lab) {
    let options = InitOptions { force_new_cluster: true, ..InitOptions::default() };
    lab.ask_later(0, LocalRequest::Init(options));
}

/// A full disk takes no new log, and the old one does not go for it.
#[test]
fn nobody_begins_anew_on_a_full_disk() {
    let mut lab = Lab::cluster_of(17, 3, 0);
    lab.create_secret(0, "sec1", b"geheim");
    lab.crash(1);
    lab.crash(2);
    lab.run(30);
    lab.hosts[0].disk.set_full(true);
    let options = InitOptions { force_new_cluster: true, ..InitOptions::default() };
    let error = lab.ask(0, LocalRequest::Init(options)).unwrap_err();
    assert!(error.message.contains("no space left on device"), "{error:?}");
    lab.hosts[0].disk.set_full(false);
    lab.run(60);
    let secrets = |lab: &Lab| lab.view(0).store.map(|store| store.secrets().iter().count());
    assert_eq!(secrets(&lab), Some(1), "{}", lab.story());
    begin_anew(&mut lab);
    lab.run(30);
    assert_eq!((lab.leader(), secrets(&lab)), (Some(0), Some(1)), "{}", lab.story());
}

/// Whenever the power fails while a manager begins anew, it has all that it knew: in the old log or in the new one.
#[test]
fn beginning_anew_loses_nothing() {
    let (mut count, mut was_left_alone) = (0, false);
    while !was_left_alone {
        for torn_size in [0, 60] {
            let mut lab = Lab::cluster_of(16, 3, 0);
            lab.create_secret(0, "sec1", b"geheim");
            lab.run(2);
            lab.crash(1);
            lab.crash(2);
            lab.run(30);
            begin_anew(&mut lab);
            was_left_alone = lab.hosts[0].disk.unsynced_count() < count;
            lab.crash_after(0, count, torn_size);
            lab.start(0);
            lab.run(30);
            let secrets = |lab: &Lab| lab.view(0).store.map(|store| store.secrets().iter().count());
            assert_eq!(secrets(&lab), Some(1), "{count} {torn_size}: {}", lab.story());
            if lab.leader().is_none() {
                begin_anew(&mut lab);
                lab.run(30);
            }
            assert_eq!(lab.leader(), Some(0), "{count} {torn_size}: {}", lab.story());
            assert_eq!(secrets(&lab), Some(1));
        }
        count += 1;
    }
    assert!(5 < count, "{count}");
}
