//! Tests of the channel: who gets in, and what happens to frames that were touched.

use sim::Duration;

use super::*;
use crate::ca::{NODE_LIFETIME, NodeIdentity, RootCa};
use crate::csr::Csr;

/// A swarm's CA, a manager that serves and a worker that connects.
struct Setup {
    now: Time,
    rng: sim::Rng,
    ca: RootCa,
    server: ServerConfig,
    client: ClientConfig,
}

fn identity(ca: &RootCa, role: Role, now: Time, rng: &mut sim::Rng) -> Identity {
    let key = PrivateKey::generate(rng);
    let node_id = crate::identity::random_id(rng);
    let node = NodeIdentity { node_id, role, cluster_id: "cluster".to_owned() };
    let certificate = ca.issue(&Csr::new(&key), &node, now, NODE_LIFETIME, rng).unwrap();
    Identity { chain: certificate.into(), key }
}

impl Setup {
    fn new(seed: u64) -> Self {
        let mut rng = sim::Streams::new(seed).stream("channel");
        let now = Time::from_date(2020, 6, 1);
        let ca = RootCa::create(now, &mut rng);
        let trust = Trust::Root(ca.certificate.clone());
        let server = identity(&ca, Role::Manager, now, &mut rng);
        let client = Some(identity(&ca, Role::Worker, now, &mut rng));
        let server = ServerConfig { identity: server, trust: trust.clone() };
        let server_role = Some(Role::Manager);
        let client = ClientConfig { identity: client, trust, server_role };
        Self { now, rng, ca, server, client }
    }

    /// Both ends after the handshake.
    fn connected(&mut self) -> Result<(Channel, Channel), ChannelError> {
        let (mut client, hello) = Channel::connect(&self.client, &mut self.rng);
        let (mut server, answer) = Channel::accept(&self.server, &hello, &mut self.rng)?;
        let received = client.receive(&answer, self.now)?;
        assert!(received.established && received.plaintexts.is_empty());
        let [flight] = &received.replies[..] else { panic!("{received:?}") };
        let received = server.receive(flight, self.now)?;
        assert_eq!(received, Received { established: true, ..Received::default() });
        Ok((client, server))
    }
}

fn name(identity: &Identity) -> &str {
    &identity.chain.leaf.subject().common_name
}

/// Sends one message across and gives what arrives.
fn pass(from: &mut Channel, to: &mut Channel, text: &[u8]) -> Vec<Vec<u8>> {
    let frame = from.send(text).unwrap().unwrap();
    to.receive(&frame, Time::from_date(2020, 6, 1)).unwrap().plaintexts
}

#[test]
fn both_ends_know_each_other_and_talk() {
    let mut setup = Setup::new(1);
    let (mut client, mut server) = setup.connected().unwrap();
    let (server_peer, client_peer) = (client.peer().unwrap(), server.peer().unwrap());
    assert_eq!(server_peer.node_id, name(&setup.server.identity));
    assert_eq!(server_peer.role, Role::Manager);
    assert_eq!(client_peer.node_id, name(setup.client.identity.as_ref().unwrap()));
    assert_eq!((client_peer.role, client_peer.cluster_id.as_str()), (Role::Worker, "cluster"));
    assert_eq!(pass(&mut client, &mut server, b"session"), [b"session"]);
    assert_eq!(pass(&mut server, &mut client, b"assignments"), [b"assignments"]);
    assert_eq!(pass(&mut server, &mut client, b""), [b""]);
    let large = vec![5; 300_000];
    assert_eq!(pass(&mut client, &mut server, &large), [large]);
}

#[test]
fn a_frame_may_carry_several_records() {
    let (mut client, mut server) = Setup::new(1).connected().unwrap();
    let frames: Vec<u8> = (0..5).flat_map(|n| client.send(&[n]).unwrap().unwrap()).collect();
    let received = server.receive(&frames, Time::EPOCH).unwrap();
    assert_eq!(received.plaintexts, [[0], [1], [2], [3], [4]]);
}

#[test]
fn messages_before_the_handshake_wait_for_it() {
    let mut setup = Setup::new(2);
    let (mut client, hello) = Channel::connect(&setup.client, &mut setup.rng);
    let (mut server, answer) = Channel::accept(&setup.server, &hello, &mut setup.rng).unwrap();
    assert_eq!(client.send(b"one"), Ok(None));
    assert_eq!(client.send(b"two"), Ok(None));
    assert_eq!(server.send(b"three"), Ok(None));
    assert_eq!(client.rekey(), Err(ChannelError::NotEstablished));
    let received = client.receive(&answer, setup.now).unwrap();
    let received = server.receive(&received.replies[0], setup.now).unwrap();
    assert_eq!(received.plaintexts, [b"one", b"two"]);
    let received = client.receive(&received.replies[0], setup.now).unwrap();
    assert_eq!(received.plaintexts, [b"three"]);

    let (mut client, _) = Channel::connect(&setup.client, &mut setup.rng);
    for _ in 0..QUEUE_LIMIT {
        assert_eq!(client.send(b""), Ok(None));
    }
    assert_eq!(client.send(b""), Err(ChannelError::QueueFull));
    assert_eq!(client.send(&vec![0; MESSAGE_SIZE_LIMIT + 1]), Err(ChannelError::TooLarge));
}

#[test]
fn a_joiner_may_be_anonymous_and_may_not_know_the_root() {
    let mut setup = Setup::new(3);
    setup.client.identity = None;
    let (client, server) = setup.connected().unwrap();
    assert_eq!((server.peer(), server.peer_certificate()), (None, None));
    assert!(client.peer().is_some());

    setup.client.trust = Trust::Unverified;
    let (mut client, mut server) = setup.connected().unwrap();
    assert_eq!(client.peer(), None);
    assert_eq!(client.peer_certificate(), Some(&setup.server.identity.chain.leaf));
    assert_eq!(pass(&mut server, &mut client, b"root.pem"), [b"root.pem"]);
}

#[test]
fn another_swarm_is_refused_by_both() {
    let mut setup = Setup::new(4);
    let other = RootCa::create(setup.now, &mut setup.rng);
    let unknown = Some(ChannelError::Certificate(CertificateError::UnknownAuthority));

    setup.client.trust = Trust::Root(other.certificate.clone());
    assert_eq!(setup.connected().err(), unknown);
    // With the intermediate of a rotation from that swarm's root to this one's it is accepted.
    let intermediate = other.cross_sign(&setup.ca.certificate).unwrap();
    setup.server.identity.chain.intermediate = Some(intermediate);
    assert!(setup.connected().is_ok());
    setup.client.trust = Trust::Root(setup.ca.certificate.clone());

    let stranger = identity(&other, Role::Manager, setup.now, &mut setup.rng);
    setup.client.identity = Some(stranger);
    assert_eq!(setup.connected().err(), unknown);
}

#[test]
fn expired_certificates_are_refused() {
    let mut setup = Setup::new(5);
    setup.now = setup.now + NODE_LIFETIME + Duration::from_secs(60);
    let error = setup.connected().err();
    assert!(matches!(error, Some(ChannelError::Certificate(CertificateError::Expired { .. }))));
    setup.server.identity = identity(&setup.ca, Role::Manager, setup.now, &mut setup.rng);
    let error = setup.connected().err();
    assert!(matches!(error, Some(ChannelError::Certificate(CertificateError::Expired { .. }))));
    setup.client.identity = None;
    assert!(setup.connected().is_ok());
}

#[test]
fn a_worker_cannot_pose_as_a_manager() {
    let mut setup = Setup::new(6);
    setup.server.identity = identity(&setup.ca, Role::Worker, setup.now, &mut setup.rng);
    let error = setup.connected().unwrap_err();
    assert_eq!(error.to_string(), "x509: certificate is valid for swarm-worker, not swarm-manager");
    setup.client.server_role = None;
    assert!(setup.connected().is_ok());
}

#[test]
fn a_certificate_without_its_key_is_worth_nothing() {
    let mut setup = Setup::new(7);
    let stolen = setup.server.identity.chain.clone();
    let thief = PrivateKey::generate(&mut setup.rng);
    setup.client.identity = Some(Identity { chain: stolen.clone(), key: thief.clone() });
    assert_eq!(setup.connected().err(), Some(ChannelError::BadSignature));
    setup.server.identity = Identity { chain: stolen, key: thief };
    assert_eq!(setup.connected().err(), Some(ChannelError::BadSignature));
}

/// Every way to change one bit of `frame`.
fn flips(frame: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..frame.len() * 8).map(|bit| {
        let mut damaged = frame.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        damaged
    })
}

#[test]
fn every_flipped_bit_of_the_handshake_is_noticed() {
    let mut setup = Setup::new(8);
    let (client, hello) = Channel::connect(&setup.client, &mut setup.rng);
    for (bit, damaged) in flips(&hello).enumerate() {
        // A changed random is noticed by the client, whose transcript is another.
        let rng = &mut setup.rng.clone();
        let Ok((_, answer)) = Channel::accept(&setup.server, &damaged, rng) else { continue };
        assert!(client.clone().receive(&answer, setup.now).is_err(), "hello, bit {bit}");
    }
    let (server, answer) = Channel::accept(&setup.server, &hello, &mut setup.rng).unwrap();
    for (bit, damaged) in flips(&answer).enumerate() {
        assert!(client.clone().receive(&damaged, setup.now).is_err(), "answer, bit {bit}");
    }
    let flight = client.clone().receive(&answer, setup.now).unwrap().replies.remove(0);
    for (bit, damaged) in flips(&flight).enumerate() {
        assert!(server.clone().receive(&damaged, setup.now).is_err(), "flight, bit {bit}");
    }
    for length in 0..answer.len() {
        assert!(client.clone().receive(&answer[..length], setup.now).is_err(), "{length} bytes");
    }
    for length in 0..flight.len() {
        assert!(server.clone().receive(&flight[..length], setup.now).is_err(), "{length} bytes");
    }
    for length in 0..hello.len() {
        assert!(Channel::accept(&setup.server, &hello[..length], &mut setup.rng).is_err());
    }
}

#[test]
fn a_touched_record_ends_the_channel() {
    let mut setup = Setup::new(9);
    let (mut client, server) = setup.connected().unwrap();
    let frames: Vec<Vec<u8>> = (0..3).map(|n| client.send(&[n; 20]).unwrap().unwrap()).collect();
    for (bit, damaged) in flips(&frames[0]).enumerate() {
        let mut server = server.clone();
        assert!(server.receive(&damaged, setup.now).is_err(), "bit {bit}");
        assert_eq!(server.receive(&frames[0], setup.now), Err(ChannelError::Closed));
        assert_eq!(server.send(b"x"), Err(ChannelError::Closed));
        assert_eq!(server.rekey(), Err(ChannelError::Closed));
    }
    for length in 0..frames[0].len() {
        let cut = &frames[0][..length];
        assert_eq!(server.clone().receive(cut, setup.now), Err(ChannelError::Truncated));
    }
    // Replayed, left out, reordered, sent back.
    for order in [&[0, 0][..], &[0, 2], &[1], &[0, 1, 0]] {
        let mut server = server.clone();
        let results: Vec<_> =
            order.iter().map(|&n: &usize| server.receive(&frames[n], setup.now).is_ok()).collect();
        assert_eq!(results.iter().filter(|&&ok| !ok).count(), 1, "{order:?}");
        assert_eq!(results.last(), Some(&false), "{order:?}");
    }
    assert_eq!(client.receive(&frames[0], setup.now), Err(ChannelError::BadRecord));
}

#[test]
fn frames_of_one_channel_mean_nothing_to_another() {
    let mut setup = Setup::new(10);
    let (mut first, _) = setup.connected().unwrap();
    let (_, mut second) = setup.connected().unwrap();
    let frame = first.send(b"hello").unwrap().unwrap();
    assert_eq!(second.receive(&frame, setup.now), Err(ChannelError::BadRecord));
}

#[test]
fn keys_can_be_changed_on_the_way() {
    let (mut client, mut server) = Setup::new(11).connected().unwrap();
    for round in 0..4_u8 {
        let update = client.rekey().unwrap();
        let received = server.receive(&update, Time::EPOCH).unwrap();
        assert!(received.plaintexts.is_empty() && received.replies.is_empty());
        assert_eq!(pass(&mut client, &mut server, &[round]), [[round]]);
        assert_eq!(pass(&mut server, &mut client, &[round]), [[round]]);
    }
}

#[test]
fn plaintext_and_names_leave_no_trace_on_the_wire() {
    for seed in 20..24 {
        let mut setup = Setup::new(seed);
        let mut wire = Vec::new();
        let (mut client, hello) = Channel::connect(&setup.client, &mut setup.rng);
        let (mut server, answer) = Channel::accept(&setup.server, &hello, &mut setup.rng).unwrap();
        let flight = client.receive(&answer, setup.now).unwrap().replies.remove(0);
        server.receive(&flight, setup.now).unwrap();
        wire.extend([hello, answer, flight].concat());
        let mut needles = vec![
            name(&setup.server.identity).as_bytes().to_vec(),
            name(setup.client.identity.as_ref().unwrap()).as_bytes().to_vec(),
        ];
        for _ in 0..100 {
            let mut text = vec![0; 8 + setup.rng.below(100) as usize];
            setup.rng.fill(&mut text);
            wire.extend(client.send(&text).unwrap().unwrap());
            wire.extend(server.send(&text).unwrap().unwrap());
            needles.push(text);
        }
        for needle in needles {
            let found = wire.windows(8).any(|window| window == &needle[..8]);
            assert!(!found, "seed {seed}");
        }
    }
}

#[test]
fn random_frames_never_panic() {
    let seed = 12;
    let mut setup = Setup::new(seed);
    let (client, hello) = Channel::connect(&setup.client, &mut setup.rng);
    let (server, answer) = Channel::accept(&setup.server, &hello, &mut setup.rng).unwrap();
    let (_, established) = setup.connected().unwrap();
    for _ in 0..2_000 {
        let mut frame = if setup.rng.chance(1, 2) { answer.clone() } else { hello.clone() };
        for _ in 0..setup.rng.between(1, 5) {
            let place = setup.rng.below(frame.len() as u64) as usize;
            match setup.rng.below(3) {
                0 => frame[place] = setup.rng.below(256) as u8,
                1 => frame.truncate(place.max(1)),
                _ => frame.insert(place, setup.rng.below(256) as u8),
            }
        }
        assert!(client.clone().receive(&frame, setup.now).is_err(), "seed {seed}");
        assert!(server.clone().receive(&frame, setup.now).is_err(), "seed {seed}");
        assert!(established.clone().receive(&frame, setup.now).is_err(), "seed {seed}");
    }
}

#[test]
fn debug_says_who_and_never_what() {
    let mut setup = Setup::new(13);
    let (client, _) = setup.connected().unwrap();
    let text = format!("{client:?} {:?} {:?}", setup.client, setup.server);
    assert!(text.starts_with("Channel(established, peer Some(NodeIdentity"));
    assert!(text.contains("key secret"));
}

/// Frames are part of a recorded history: the same seed gives the same bytes.
#[test]
fn a_handshake_is_pinned() {
    let mut setup = Setup::new(42);
    let (mut client, hello) = Channel::connect(&setup.client, &mut setup.rng);
    let (_, answer) = Channel::accept(&setup.server, &hello, &mut setup.rng).unwrap();
    let flight = client.receive(&answer, setup.now).unwrap().replies.remove(0);
    let data = client.send(b"hunter2").unwrap().unwrap();
    assert_eq!([hello.len(), answer.len(), flight.len(), data.len()], [108, 801, 680, 29]);
    let digest = <sha2::Sha256 as sha2::Digest>::digest([hello, answer, flight, data].concat());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "9d49a175a4c4677b76863a6747e9cfb2ce148db95fb0a9a5dfe2391fcbdfd043");
}
