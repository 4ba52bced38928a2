//! Autolock, renewal, snapshots, a cluster begun again: what the disks hold, and who can read it.

use glasshive_swarm::control::{ControlRequest, ControlResponse, KeyRotation};
use glasshive_swarm::node::{InitOptions, LocalRequest, LocalResponse, LocalState};
use glasshive_swarm::objects::ClusterSpec;
use sim::Duration;

use crate::harness::Lab;

const KEY: &str = "/var/lib/docker/swarm/certificates/swarm-node.key";

#[track_caller]
fn update_cluster(lab: &mut Lab, change: impl FnOnce(&mut ClusterSpec), rotation: KeyRotation) {
    let cluster = lab.cluster(0);
    let mut spec = cluster.spec.clone();
    change(&mut spec);
    let version = cluster.meta.version;
    let request = ControlRequest::UpdateCluster { version, spec: Box::new(spec), rotation };
    lab.control(0, request).unwrap();
    lab.run(2);
}

fn key_file(lab: &Lab, host: usize) -> String {
    String::from_utf8(lab.hosts[host].disk.read(KEY).unwrap().to_vec()).unwrap()
}

#[track_caller]
fn unlock_key(lab: &mut Lab) -> String {
    match lab.control(0, ControlRequest::GetUnlockKey) {
        Ok(ControlResponse::UnlockKey { key: Some(key), .. }) => {
            let bytes: [u8; 32] = key.expose().try_into().unwrap();
            seal::UnlockKey::from_bytes(bytes).to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_locked_manager_needs_the_key() {
    let mut lab = Lab::cluster_of(51, 3, 0);
    lab.create_secret(0, "sec1", b"geheim");
    assert!(key_file(&lab, 0).contains("raft-dek: "));
    assert!(!key_file(&lab, 0).contains("ENCRYPTED"));
    update_cluster(&mut lab, |spec| spec.autolock = true, KeyRotation::default());
    for host in 0..3 {
        assert!(key_file(&lab, host).contains("ENCRYPTED"), "node{}", host + 1);
    }
    let key = unlock_key(&mut lab);
    lab.crash(1);
    lab.run(1);
    lab.start(1);
    assert_eq!(lab.view(1).state, LocalState::Locked);
    let locked = lab.control(1, ControlRequest::GetCluster).unwrap_err().to_string();
    assert!(locked.starts_with("Swarm is encrypted and needs to be unlocked"), "{locked}");

    let unlock = |lab: &mut Lab, key: &str| {
        lab.ask(1, LocalRequest::Unlock { key: key.to_owned() }).map_err(|e| e.to_string())
    };
    assert_eq!(unlock(&mut lab, "SWMKEY"), Err("invalid key string".to_owned()));
    let wrong = seal::UnlockKey::from_bytes([7; 32]).to_string();
    let text = "swarm could not be unlocked: invalid key provided";
    assert_eq!(unlock(&mut lab, &wrong), Err(text.to_owned()));
    assert_eq!(unlock(&mut lab, &key), Ok(LocalResponse::Unlocked));
    assert_eq!(unlock(&mut lab, &key), Err("swarm is not locked".to_owned()));
    lab.run(3);
    assert_eq!(lab.view(1).store.unwrap().secrets().iter().count(), 1);
    let table = lab.node_table(0);
    assert!(!table.contains("unreachable"), "{table}");

    update_cluster(&mut lab, |spec| spec.autolock = false, KeyRotation::default());
    assert!(!key_file(&lab, 1).contains("ENCRYPTED"));
}

#[test]
fn a_new_lock_brings_a_new_data_key() {
    let mut lab = Lab::cluster_of(52, 1, 0);
    lab.create_secret(0, "sec1", b"geheim");
    let dek = |lab: &Lab| {
        let text = key_file(lab, 0);
        text.lines().find(|line| line.starts_with("raft-dek: ")).unwrap().to_owned()
    };
    let before = dek(&lab);
    update_cluster(&mut lab, |spec| spec.autolock = true, KeyRotation::default());
    lab.run(1);
    update_cluster(&mut lab, |spec| spec.autolock = false, KeyRotation::default());
    lab.run(1);
    assert_ne!(before, dek(&lab), "whoever copied the old key reads nothing new");
    assert!(!key_file(&lab, 0).contains("pending"));
    lab.create_secret(0, "sec2", b"auch");
    lab.crash(0);
    lab.start(0);
    lab.until(10, |lab| lab.leader() == Some(0));
    assert_eq!(lab.view(0).store.unwrap().secrets().iter().count(), 2);
}

#[test]
fn certificates_are_renewed_in_time() {
    let mut lab = Lab::cluster_of(53, 1, 1);
    update_cluster(
        &mut lab,
        |spec| spec.node_cert_expiry = Duration::from_secs(3_600),
        KeyRotation::default(),
    );
    // A node that joins now gets a certificate of an hour.
    lab.ask(1, LocalRequest::Leave { force: false }).unwrap();
    lab.join(1, 0, false);
    let expiry = |lab: &mut Lab| match lab.ask(1, LocalRequest::Info) {
        Ok(LocalResponse::Info(info)) => info.certificate_expires_at.unwrap(),
        other => panic!("{other:?}"),
    };
    let first = expiry(&mut lab);
    for _ in 0..4 {
        lab.run(1_800);
        let end = expiry(&mut lab);
        assert!(lab.now < end);
    }
    assert!(first < expiry(&mut lab));
    assert!(lab.node_table(0).contains("ready"), "{}", lab.story());
}

#[test]
fn the_log_is_compacted_and_a_snapshot_takes_its_place() {
    let mut lab = Lab::cluster_of(55, 3, 0);
    let spec = |spec: &mut ClusterSpec| {
        spec.raft.snapshot_interval = 20;
        spec.raft.log_entries_for_slow_followers = 5;
    };
    update_cluster(&mut lab, spec, KeyRotation::default());
    lab.crash(2);
    for number in 0..60 {
        lab.create_secret(0, &format!("sec{number}"), format!("geheimnis {number}!").as_bytes());
    }
    lab.run(1);
    let files = |lab: &Lab, host: usize, folder: &str| {
        lab.hosts[host].disk.list(&format!("/var/lib/docker/swarm/raft/{folder}/")).count()
    };
    assert_eq!(files(&lab, 0, "snap-v3-encrypted"), 1);
    assert_eq!(files(&lab, 0, "wal-v3-encrypted"), 1);
    // Who missed all that gets the snapshot; who restarts begins with it.
    lab.start(2);
    lab.crash(1);
    lab.start(1);
    lab.until(60, |lab| {
        (0..3).all(|host| lab.view(host).store.is_some_and(|s| s.secrets().iter().count() == 60))
    });
    lab.run(2);
    let digests: Vec<_> = (0..3).map(|host| lab.view(host).store.unwrap().digest()).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]));
    for host in 0..3 {
        lab.crash(host);
        lab.start(host);
    }
    lab.until(60, |lab| lab.leader().is_some());
    assert_eq!(lab.view(2).store.unwrap().secrets().iter().count(), 60);
    assert_eq!(lab.leaks(b"geheimnis"), Vec::<String>::new());
}

#[test]
fn a_cluster_that_lost_its_quorum_begins_again() {
    let mut lab = Lab::cluster_of(56, 3, 1);
    let secret = lab.create_secret(0, "sec1", b"geheim");
    lab.create_service(0, "redis", 2, &[("sec1", &secret)]);
    lab.until(20, |lab| lab.running_tasks(0) == 2);
    lab.crash(1);
    lab.crash(2);
    lab.run(40);
    assert_eq!(lab.leader(), None);
    let options = InitOptions { force_new_cluster: true, ..InitOptions::default() };
    let answer = lab.ask(0, LocalRequest::Init(options));
    assert!(matches!(answer, Ok(LocalResponse::Initialized { .. })), "{answer:?}");
    assert_eq!(lab.view(0).raft.unwrap().members.len(), 1);
    assert_eq!(lab.service(0, "redis").unwrap().spec.annotations.name, "redis");
    lab.until(60, |lab| lab.running_tasks(0) >= 2);
    lab.crash(0);
    lab.start(0);
    lab.until(30, |lab| lab.leader() == Some(0));
    assert_eq!(lab.view(0).store.unwrap().secrets().iter().count(), 1);
}
