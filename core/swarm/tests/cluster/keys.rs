//! Autolock, renewal, snapshots, a cluster begun again: what the disks hold, and who can read it.

use glasshive_swarm::control::{ControlRequest, ControlResponse, KeyRotation};
use glasshive_swarm::node::{InitOptions, LocalRequest, LocalResponse, LocalState};
use glasshive_swarm::objects::{ClusterSpec, SecretBytes, SigningCa};
use sim::Duration;

use crate::harness::Lab;

const KEY: &str = "/var/lib/docker/swarm/certificates/swarm-node.key";

#[track_caller]
fn update_cluster(lab: &mut Lab, change: impl FnOnce(&mut ClusterSpec), rotation: KeyRotation) {
    change_cluster(lab, change, rotation);
    lab.run(2);
}

fn change_cluster(lab: &mut Lab, change: impl FnOnce(&mut ClusterSpec), rotation: KeyRotation) {
    lab.control(0, change_request(lab, change, rotation)).unwrap();
}

fn change_request(
    lab: &Lab,
    change: impl FnOnce(&mut ClusterSpec),
    rotation: KeyRotation,
) -> ControlRequest {
    let cluster = lab.cluster(0);
    let mut spec = cluster.spec.clone();
    change(&mut spec);
    ControlRequest::UpdateCluster { version: cluster.meta.version, spec: Box::new(spec), rotation }
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

fn certificate(lab: &Lab, host: usize) -> seal::Chain {
    let path = "/var/lib/docker/swarm/certificates/swarm-node.crt";
    let pem = lab.hosts[host].disk.read(path).unwrap().to_vec();
    seal::Chain::from_pem(&String::from_utf8(pem).unwrap()).unwrap()
}

fn root_on_disk(lab: &Lab, host: usize) -> String {
    let path = "/var/lib/docker/swarm/certificates/swarm-root-ca.crt";
    String::from_utf8(lab.hosts[host].disk.read(path).unwrap().to_vec()).unwrap()
}

fn rotate_root(lab: &mut Lab) {
    update_cluster(lab, |spec| spec.ca_force_rotate += 1, KeyRotation::default());
}

#[test]
fn a_new_root_takes_over_when_every_node_has_a_new_certificate() {
    let mut lab = Lab::cluster_of(57, 3, 2);
    let before = lab.cluster(0);
    lab.crash(4);
    lab.run(20);
    rotate_root(&mut lab);
    lab.run(20);
    // One node is away: the rotation waits, and everything goes on.
    let during = lab.cluster(0);
    assert!(during.root_ca.rotation.is_some());
    let told = match lab.control(0, ControlRequest::GetCluster) {
        Ok(ControlResponse::Cluster(cluster)) => cluster.root_ca.rotation.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    assert!(told.key.expose().is_empty(), "nobody is told the new CA's key");
    assert_eq!(during.root_ca.certificate, before.root_ca.certificate);
    assert_eq!(during.root_ca.worker_token, before.root_ca.worker_token);
    for host in 0..4 {
        assert!(certificate(&lab, host).intermediate.is_some(), "node{}", host + 1);
        assert!(lab.view(host).agent.unwrap().session_with.is_some());
    }
    lab.create_secret(0, "sec1", b"geheim");
    lab.start(4);
    lab.until(60, |lab| lab.view(0).store.unwrap().cluster().unwrap().root_ca.rotation.is_none());
    lab.run(5);
    let after = lab.cluster(0);
    assert_ne!(after.root_ca.certificate, before.root_ca.certificate);
    assert_ne!(after.root_ca.worker_token, before.root_ca.worker_token);
    let pem = String::from_utf8(after.root_ca.certificate.clone()).unwrap();
    for host in 0..5 {
        assert_eq!(root_on_disk(&lab, host), pem, "node{}", host + 1);
    }
    // What was made under it holds after a restart, and the old tokens are worth nothing.
    for host in 0..5 {
        lab.crash(host);
        lab.start(host);
    }
    lab.until(60, |lab| lab.leader().is_some());
    lab.run(20);
    let table = lab.node_table(0);
    assert_eq!(table.matches(" ready ").count(), 5, "{table}");
}

#[test]
fn a_manager_may_fail_in_the_middle_of_a_rotation() {
    let mut lab = Lab::cluster_of(58, 3, 1);
    rotate_root(&mut lab);
    let leader = lab.leader().unwrap();
    lab.crash(leader);
    lab.run(30);
    lab.start(leader);
    let rotated = |lab: &Lab| {
        (0..3).all(|host| {
            lab.view(host).store.is_some_and(|store| {
                store.cluster().is_some_and(|cluster| cluster.root_ca.rotation.is_none())
            })
        })
    };
    lab.until(120, rotated);
    lab.run(20);
    let other = lab.leader().unwrap();
    let table = lab.node_table(other);
    assert_eq!(table.matches(" ready ").count(), 4, "{table}");
}

/// A renewal that is due while the node has failed once stopped the clock (liveness seed 100713).
#[test]
fn who_fails_while_its_certificate_is_to_be_renewed_renews_it_later() {
    let mut lab = Lab::cluster_of(61, 3, 0);
    change_cluster(&mut lab, |spec| spec.ca_force_rotate += 1, KeyRotation::default());
    // A tenth of a second later it is told, and half a second later it will ask for a certificate.
    lab.run_for(sim::Duration::from_millis(560));
    lab.hosts[1].disk.set_full(true);
    let before = lab.handled_count;
    lab.create_secret(0, "sec1", b"geheim");
    lab.run(10);
    let count = lab.handled_count - before;
    assert!(count < 2_000, "{count} events in ten seconds");
    assert!(lab.cluster(0).root_ca.rotation.is_some(), "{}", lab.story());
    lab.hosts[1].disk.set_full(false);
    lab.until(120, |lab| lab.view(0).store.unwrap().cluster().unwrap().root_ca.rotation.is_none());
    lab.run(30);
    assert_eq!(lab.node_table(0).matches(" ready ").count(), 3, "{}", lab.story());
}

#[test]
fn a_rotation_may_be_replaced_and_given_up() {
    let mut lab = Lab::cluster_of(59, 1, 1);
    let before = lab.cluster(0);
    lab.crash(1);
    rotate_root(&mut lab);
    let first = lab.cluster(0).root_ca.wanted_tls();
    rotate_root(&mut lab);
    assert!(!lab.cluster(0).root_ca.wanted_tls().has_issuer_of(&first));
    // Back to the CA that is still there: its key is in the store only.
    let view = lab.view(0).store.unwrap().cluster().unwrap().clone();
    let scalar: [u8; 32] = view.root_ca.key.expose().try_into().unwrap();
    let key = seal::NodeKeyFile::new(seal::PrivateKey::from_bytes(&scalar).unwrap());
    let key = seal::keyfile::write(&key, None).replace("kek-version: 0\n\n", "");
    let certificate = String::from_utf8(before.root_ca.certificate.clone()).unwrap();
    let wanted = SigningCa { certificate, key: SecretBytes::from(key.as_bytes()) };
    update_cluster(&mut lab, |spec| spec.signing_ca = Some(wanted), KeyRotation::default());
    assert_eq!(lab.cluster(0).root_ca.rotation, None);
    lab.start(1);
    lab.run(30);
    assert_eq!(lab.cluster(0).root_ca.certificate, before.root_ca.certificate);
    assert_eq!(lab.node_table(0).matches(" ready ").count(), 2, "{}", lab.story());
}

#[test]
fn a_new_unlock_key_keeps_the_data_key() {
    let mut lab = Lab::cluster_of(60, 1, 0);
    update_cluster(&mut lab, |spec| spec.autolock = true, KeyRotation::default());
    lab.run(3);
    let dek = |lab: &mut Lab| {
        let key: seal::UnlockKey = unlock_key(lab).parse().unwrap();
        let text = key_file(lab, 0);
        seal::keyfile::read(&text, Some(&seal::Kek::from(&key))).unwrap().dek.unwrap()
    };
    let (old_text, old_dek) = (key_file(&lab, 0), dek(&mut lab));
    let rotation = KeyRotation { unlock_key: true, ..KeyRotation::default() };
    update_cluster(&mut lab, |_| {}, rotation);
    lab.run(3);
    assert_ne!(old_text, key_file(&lab, 0));
    assert!(old_dek == dek(&mut lab), "only the seal around it is another");
}

#[test]
fn a_large_snapshot_travels_in_parts_and_old_ones_may_stay() {
    let mut lab = Lab::cluster_of(61, 3, 0);
    let spec = |spec: &mut ClusterSpec| {
        spec.raft.snapshot_interval = 6;
        spec.raft.keep_old_snapshots = 2;
        spec.raft.log_entries_for_slow_followers = 0;
    };
    update_cluster(&mut lab, spec, KeyRotation::default());
    lab.crash(2);
    for number in 0..18 {
        lab.create_secret(0, &format!("sec{number}"), &vec![b'x'; 400_000]);
        lab.run(1);
    }
    let snapshots = lab.hosts[0].disk.list("/var/lib/docker/swarm/raft/snap-v3-encrypted/").count();
    assert_eq!(snapshots, 3, "the newest and two older ones");
    let before = lab.wire.len();
    lab.start(2);
    lab.until(60, |lab| {
        lab.view(2).store.is_some_and(|store| store.secrets().iter().count() == 18)
    });
    let large = lab.wire[before..].iter().filter(|frame| 1 << 20 < frame.len()).count();
    assert_eq!(large, 2, "7.2 MB in parts of 4 MiB");
}

/// A manager begins anew while its data key changes, and whenever the power fails then, it knows what it knew.
#[test]
fn beginning_anew_loses_nothing_while_the_data_key_changes() {
    let mut was_rotating = 0;
    for millis in 0..12 {
        let (mut count, mut was_left_alone) = (0, false);
        while !was_left_alone {
            let mut lab = Lab::cluster_of(64, 1, 0);
            lab.create_secret(0, "sec1", b"geheim");
            let request = change_request(&lab, |spec| spec.autolock = true, KeyRotation::default());
            lab.ask_later(0, LocalRequest::Control(request));
            lab.run_for(Duration::from_millis(millis));
            was_rotating += u32::from(key_file(&lab, 0).contains("raft-dek-pending"));
            let key = lab.cluster(0).unlock_keys.first().map(|key| {
                let bytes: [u8; 32] = key.key.expose().try_into().unwrap();
                seal::UnlockKey::from_bytes(bytes).to_string()
            });
            let options = InitOptions { force_new_cluster: true, ..InitOptions::default() };
            lab.ask_later(0, LocalRequest::Init(options));
            was_left_alone = lab.hosts[0].disk.unsynced_count() < count;
            lab.crash_after(0, count, 60);
            lab.start(0);
            if lab.view(0).state == LocalState::Locked {
                let key = key.expect("it was sealed with a key that was there");
                lab.ask(0, LocalRequest::Unlock { key }).unwrap();
            }
            lab.until(60, |lab| lab.leader() == Some(0));
            let secrets = lab.view(0).store.unwrap().secrets().iter().count();
            assert_eq!(secrets, 1, "{millis} {count}: {}", lab.story());
            count += 1;
        }
    }
    assert!(0 < was_rotating);
}

fn is_rotating(lab: &Lab) -> bool {
    lab.cluster(0).root_ca.rotation.is_some()
}

/// Liveness seed 100271: a worker without room showed a new certificate that it could not keep, so that the rotation ended,
/// and after a power loss it had one of the root that was gone.
#[test]
fn a_certificate_that_cannot_be_kept_is_not_shown() {
    let mut lab = Lab::cluster_of(65, 1, 1);
    lab.hosts[1].disk.set_full(true);
    rotate_root(&mut lab);
    lab.run(20);
    assert!(is_rotating(&lab), "{}", lab.story());
    lab.crash(1);
    lab.start(1);
    lab.run(20);
    lab.hosts[1].disk.set_full(false);
    lab.until(120, |lab| !is_rotating(lab));
    lab.run(20);
    assert_eq!(lab.node_table(0).matches(" ready ").count(), 2, "{}", lab.story());
}

/// The same with a disk that takes its time.
#[test]
fn a_certificate_that_is_not_kept_yet_is_not_shown() {
    let mut lab = Lab::cluster_of(66, 1, 1);
    lab.hosts[1].sync_latency = Duration::from_secs(20);
    change_cluster(&mut lab, |spec| spec.ca_force_rotate += 1, KeyRotation::default());
    let path = "/var/lib/docker/swarm/certificates/swarm-node.crt";
    let before = lab.hosts[1].disk.read(path).unwrap().to_vec();
    lab.until(60, |lab| lab.hosts[1].disk.read(path) != Some(&before));
    lab.run(15);
    assert!(is_rotating(&lab), "{}", lab.story());
    lab.crash_after(1, 0, 0);
    lab.hosts[1].sync_latency = Duration::from_millis(2);
    lab.run(20);
    lab.start(1);
    lab.until(120, |lab| !is_rotating(lab));
    lab.run(20);
    assert_eq!(lab.node_table(0).matches(" ready ").count(), 2, "{}", lab.story());
}

/// A manager without room does not take for sealed what is not, and seals nothing with a key that it cannot keep.
#[test]
fn keys_that_cannot_be_kept_seal_nothing() {
    let mut lab = Lab::cluster_of(67, 3, 0);
    lab.create_secret(0, "sec1", b"geheim");
    let request = change_request(&lab, |spec| spec.autolock = true, KeyRotation::default());
    // The entry is on the disk, and is not committed yet.
    let id = lab.ask_later(0, LocalRequest::Control(request));
    lab.hosts[0].disk.set_full(true);
    lab.until(30, |lab| lab.answer(id).is_some());
    assert!(!key_file(&lab, 0).contains("ENCRYPTED"));
    lab.hosts[0].disk.set_full(false);
    lab.until(120, |lab| key_file(lab, 0).contains("ENCRYPTED"));
    let key = unlock_key(&mut lab);
    lab.run(1);
    lab.crash(0);
    lab.start(0);
    assert_eq!(lab.view(0).state, LocalState::Locked);
    lab.ask(0, LocalRequest::Unlock { key }).unwrap();
    lab.until(60, |lab| lab.view(0).store.is_some_and(|store| store.secrets().iter().count() == 1));
}
