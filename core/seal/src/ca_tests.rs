//! Tests of certificates: issued, read, verified, refused.

use super::*;

fn start() -> Time {
    Time::from_date(2017, 3, 21) + Duration::from_secs(9 * 3_600 + 17)
}

fn node(role: Role) -> NodeIdentity {
    NodeIdentity {
        node_id: "f9bs2gsjwydbgqsrnoxmsqxtu".to_owned(),
        role,
        cluster_id: "k1yhaeiyqnnzwxd9ovdfn5kxn".to_owned(),
    }
}

fn verify_one(
    certificate: &Certificate,
    root: &RootCertificate,
    now: Time,
) -> Result<Peer, CertificateError> {
    verify(&Chain::from(certificate.clone()), root, now)
}

/// A CA, a certificate that it issued for 90 days, and the stream they came from.
fn issued(role: Role) -> (RootCa, Certificate, sim::Rng) {
    let mut rng = sim::Streams::new(42).stream("ca");
    let ca = RootCa::create(start(), &mut rng);
    let key = PrivateKey::generate(&mut rng);
    let certificate =
        ca.issue(&Csr::new(&key), &node(role), start(), NODE_LIFETIME, &mut rng).unwrap();
    (ca, certificate, rng)
}

#[test]
fn a_root_is_self_signed_for_twenty_years() {
    let (ca, ..) = issued(Role::Manager);
    let root = ca.certificate.certificate();
    assert_eq!(root.subject().common_name, ROOT_COMMON_NAME);
    assert_eq!(root.not_before().rfc3339(), "2017-03-21T08:55:00Z");
    assert_eq!(root.not_after().since(root.not_before()), ROOT_LIFETIME);
    assert!(root.is_ca() && root.is_signed_by(root.public_key()));
    let again = RootCertificate::from_pem(&ca.certificate.pem()).unwrap();
    assert_eq!(again, ca.certificate);
    assert_eq!(again.digest(), ca.certificate.digest());
    let parts = RootCa::from_parts(ca.key.clone(), again.clone()).unwrap();
    assert_eq!(parts.public_key(), ca.public_key());
    let stranger = PrivateKey::generate(&mut sim::Streams::new(1).stream("k"));
    assert!(RootCa::from_parts(stranger, again).is_err());
}

#[test]
fn a_node_certificate_says_who_the_node_is() {
    for role in [Role::Worker, Role::Manager] {
        let (ca, certificate, _) = issued(role);
        assert_eq!(verify_one(&certificate, &ca.certificate, start()), Ok(node(role)));
        assert_eq!(certificate.not_before().rfc3339(), "2017-03-21T08:00:00Z");
        assert_eq!(certificate.not_after().rfc3339(), "2017-06-19T09:00:00Z");
        assert_eq!(certificate.dns_names()[0], role.organizational_unit());
        let answers_as_ca = certificate.dns_names().iter().any(|name| name == "swarm-ca");
        assert_eq!(answers_as_ca, role == Role::Manager);
        assert_eq!(Certificate::from_pem(&certificate.pem()), Ok(certificate));
    }
}

#[test]
fn validity_has_two_ends() {
    let (ca, certificate, _) = issued(Role::Worker);
    let (begin, end) = (certificate.not_before(), certificate.not_after());
    let nano = Duration::from_nanos(1);
    // Its root begins later: the backdate of an hour reaches to before the swarm was made.
    assert!(certificate.check_validity(begin).is_ok());
    assert!(verify_one(&certificate, &ca.certificate, start()).is_ok());
    assert!(verify_one(&certificate, &ca.certificate, end).is_ok());
    let late = verify_one(&certificate, &ca.certificate, end + nano).unwrap_err();
    assert_eq!(
        late.to_string(),
        "x509: certificate has expired or is not yet valid: current time \
         2017-06-19T09:00:00.000000001Z is after 2017-06-19T09:00:00Z"
    );
    let early = certificate.check_validity(begin - nano).unwrap_err();
    assert!(matches!(early, CertificateError::NotYetValid { .. }));
    let early = verify_one(&certificate, &ca.certificate, begin).unwrap_err();
    assert!(matches!(early, CertificateError::NotYetValid { .. }));
}

#[test]
fn a_certificate_that_was_verified_once_still_expires_and_still_has_one_root() {
    let (ca, certificate, mut rng) = issued(Role::Worker);
    let other = RootCa::create(start(), &mut rng);
    let late = certificate.not_after() + Duration::from_secs(1);
    for _ in 0..2 {
        assert!(verify_one(&certificate, &ca.certificate, start()).is_ok());
        assert!(verify_one(&certificate, &ca.certificate, late).is_err());
        assert!(verify_one(&certificate, &other.certificate, start()).is_err());
    }
    // Another certificate of the same node and key, which this root did not sign.
    let csr = Csr::new(&PrivateKey::generate(&mut rng));
    let forged = other.issue(&csr, &node(Role::Manager), start(), NODE_LIFETIME, &mut rng);
    let unknown = Err(CertificateError::UnknownAuthority);
    assert_eq!(verify_one(&forged.unwrap(), &ca.certificate, start()), unknown);
}

#[test]
fn another_ca_and_a_ca_itself_are_refused() {
    let (ca, certificate, mut rng) = issued(Role::Worker);
    let other = RootCa::create(start(), &mut rng);
    let unknown = Err(CertificateError::UnknownAuthority);
    assert_eq!(verify_one(&certificate, &other.certificate, start()), unknown);
    let root = ca.certificate.certificate();
    let refused = Err(CertificateError::WrongUsage);
    assert_eq!(verify_one(root, &ca.certificate, start()), refused);
    assert_eq!(RootCertificate::new(certificate), Err(CertificateError::WrongUsage));
}

#[test]
fn a_cross_signed_ca_is_trusted_by_both_sides_of_a_rotation() {
    let (old, stale, mut rng) = issued(Role::Worker);
    let new = RootCa::create(start(), &mut rng);
    let intermediate = old.cross_sign(&new.certificate).unwrap();
    assert_eq!(intermediate.public_key(), new.certificate.certificate().public_key());
    assert_eq!(intermediate.not_after(), new.certificate.certificate().not_after());
    let csr = Csr::new(&PrivateKey::generate(&mut rng));
    let leaf = new.issue(&csr, &node(Role::Worker), start(), NODE_LIFETIME, &mut rng).unwrap();
    let chain = Chain { leaf: leaf.clone(), intermediate: Some(intermediate.clone()) };
    let unknown = Err(CertificateError::UnknownAuthority);
    for root in [&old.certificate, &new.certificate] {
        assert_eq!(verify(&chain, root, start()), Ok(node(Role::Worker)));
    }
    assert_eq!(verify_one(&leaf, &old.certificate, start()), unknown, "without the intermediate");
    assert_eq!(verify_one(&stale, &new.certificate, start()), unknown, "of the old CA");
    // An intermediate of nobody, one that signed somebody else, and a node that plays CA.
    let stranger = RootCa::create(start(), &mut rng);
    let foreign = stranger.cross_sign(&new.certificate).unwrap();
    for (leaf, intermediate) in [(&leaf, &foreign), (&leaf, &stale)] {
        let chain = Chain { leaf: leaf.clone(), intermediate: Some(intermediate.clone()) };
        assert_eq!(verify(&chain, &old.certificate, start()), unknown);
    }
    let late = intermediate.not_after() + Duration::from_secs(1);
    assert!(verify(&chain, &old.certificate, late).is_err());
    assert_eq!(Chain::from_der(&chain.der()), Ok(chain.clone()));
    assert_eq!(Chain::from_pem(&chain.pem()), Ok(chain.clone()));
    for length in 0..chain.der().len() {
        let read = Chain::from_der(&chain.der()[..length]);
        assert!(read.is_err() || length == leaf.der().len(), "{length} bytes");
    }
    assert!(Chain::from_der(&[chain.der(), leaf.der().to_vec()].concat()).is_err());
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let (ca, certificate, _) = issued(Role::Manager);
    let der = certificate.der();
    let check = |bytes: &[u8]| -> Result<Peer, CertificateError> {
        verify_one(&Certificate::from_der(bytes)?, &ca.certificate, start())
    };
    assert!(check(der).is_ok());
    for bit in 0..der.len() * 8 {
        let mut damaged = der.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(check(&damaged).is_err(), "bit {bit}");
    }
    for length in 0..der.len() {
        assert!(Certificate::from_der(&der[..length]).is_err(), "{length} bytes");
    }
    assert!(Certificate::from_der(&[der, &[0]].concat()).is_err());
}

#[test]
fn random_bytes_and_random_edits_never_panic() {
    let seed = 9;
    let mut rng = sim::Streams::new(seed).stream("fuzz");
    let (_, certificate, _) = issued(Role::Worker);
    for _ in 0..20_000 {
        let mut bytes = certificate.der().to_vec();
        for _ in 0..rng.between(1, 6) {
            let place = rng.below(bytes.len() as u64) as usize;
            match rng.below(3) {
                0 => bytes[place] = rng.below(256) as u8,
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, rng.below(256) as u8),
            }
        }
        // Whatever it says, it is an answer; what reads must write back as it was.
        if let Ok(read) = Certificate::from_der(&bytes) {
            assert_eq!(read.der(), bytes, "seed {seed}");
        }
    }
}

#[test]
fn ids_that_no_certificate_can_carry_are_refused() {
    let (ca, _, mut rng) = issued(Role::Worker);
    let csr = Csr::new(&PrivateKey::generate(&mut rng));
    for node_id in ["ü".to_owned(), "x".repeat(20_000)] {
        let node = NodeIdentity { node_id, ..node(Role::Worker) };
        let answer = ca.issue(&csr, &node, start(), NODE_LIFETIME, &mut rng);
        assert_eq!(answer, Err(CertificateError::Malformed));
    }
}

#[test]
fn endless_lives_end_where_time_does() {
    let (ca, _, mut rng) = issued(Role::Worker);
    let csr = Csr::new(&PrivateKey::generate(&mut rng));
    let forever = Duration::from_nanos(u64::MAX);
    let certificate = ca.issue(&csr, &node(Role::Worker), start(), forever, &mut rng).unwrap();
    assert_eq!(certificate.not_after(), LAST_DAY);
}

#[test]
fn renewal_comes_between_half_and_four_fifths_of_the_life() {
    let (_, certificate, mut rng) = issued(Role::Worker);
    let life = NODE_LIFETIME + BACKDATE;
    for _ in 0..1_000 {
        let at = start() + renewal_delay(&certificate, start(), &mut rng);
        let age = at.since(certificate.not_before());
        assert!(age.saturating_mul(2) >= life, "{age}");
        assert!(age.saturating_mul(5) < life.saturating_mul(4), "{age}");
    }
    let late = certificate.not_after();
    assert_eq!(renewal_delay(&certificate, late, &mut rng), Duration::ZERO);
}

/// Certificates are part of a recorded history: the same seed gives the same bytes. `openssl
/// x509 -text` reads both, and `openssl verify -x509_strict -CAfile root.pem -attime 1490200000
/// node.pem` says OK (OpenSSL 3.0).
#[test]
fn certificates_are_pinned() {
    let (ca, certificate, _) = issued(Role::Manager);
    assert_eq!(ca.certificate.pem(), PINNED_ROOT);
    assert_eq!(certificate.pem(), PINNED_NODE);
}

/// Byte for byte what OpenSSL 3.0.19 prints for the pinned certificates.
#[test]
fn certificates_are_shown_as_openssl_shows_them() {
    let (node, root) = (PINNED_NODE, PINNED_ROOT);
    let read = |pem: &str| crate::pki::Certificate::all_of(pem).remove(0);
    assert_eq!(crate::pki::text(&read(node)), include_str!("x509/pinned_node.txt"));
    assert_eq!(crate::pki::text(&read(root)), include_str!("x509/pinned_root.txt"));
    assert_eq!(
        read(node).extension_text(&["subjectAltName", "keyUsage"]),
        "X509v3 Key Usage: critical\n    Digital Signature, Key Encipherment\n\
         X509v3 Subject Alternative Name: \n    \
         DNS:swarm-manager, DNS:f9bs2gsjwydbgqsrnoxmsqxtu, DNS:swarm-ca\n"
    );
    let fingerprint = "E2:99:50:CA:8B:DB:A9:62:55:B4:F2:5C:D3:F0:E5:8F:E3:A0:22:C2:41:ED:CA:E7:A3:\
                       C7:06:47:E0:80:B2:25";
    assert_eq!(read(node).fingerprint(), fingerprint);
    assert_eq!(read(node).serial_text(), "4CB32645B36D83F532BE0636E5A8307C06394453");
    assert_eq!(crate::pki::time_text(Time::from_date(2017, 3, 1)), "Mar  1 00:00:00 2017 GMT");
}

const PINNED_ROOT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBajCCARCgAwIBAgIUfF6DrGfIbwzqxq4EvHldA5VTCRgwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAxMIc3dhcm0tY2EwHhcNMTcwMzIxMDg1NTAwWhcNMzcwMzE2MDg1
NTAwWjATMREwDwYDVQQDEwhzd2FybS1jYTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABPfyhAIhUC77ASuLzkyimT0Xm7N/ntqrtqIEcgonlZ6I+4ByyvNu0SKqWFBc
73DsIrbv6gyaumVpePrWzgCN1VijQjBAMA4GA1UdDwEB/wQEAwIBBjAPBgNVHRMB
Af8EBTADAQH/MB0GA1UdDgQWBBTldaTJzAmdioIxdL0lriM2wof86jAKBggqhkjO
PQQDAgNIADBFAiEA4+IHBIl7h5na7zhcxeq5LRLAo9Ldq/qYqhDURBrwdH4CIBLg
WYohYcLLJW8jiyRRC8ub5t/eqHlH7OBUHO+dw8mq
-----END CERTIFICATE-----
";

const PINNED_NODE: &str = "\
-----BEGIN CERTIFICATE-----
MIICNTCCAdugAwIBAgIUTLMmRbNtg/UyvgY25agwfAY5RFMwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAxMIc3dhcm0tY2EwHhcNMTcwMzIxMDgwMDAwWhcNMTcwNjE5MDkw
MDAwWjBgMSIwIAYDVQQKExlrMXloYWVpeXFubnp3eGQ5b3ZkZm41a3huMRYwFAYD
VQQLEw1zd2FybS1tYW5hZ2VyMSIwIAYDVQQDExlmOWJzMmdzand5ZGJncXNybm94
bXNxeHR1MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAElcmk3EmOh7tlBG8MjbRB
A3jEeVYMWsX33OXJiJx48y2CAIjExKGZJJ5t+jZxsDjH14osTbF7ZHcIZZRHGrWS
QqOBvzCBvDAOBgNVHQ8BAf8EBAMCBaAwHQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsG
AQUFBwMCMAwGA1UdEwEB/wQCMAAwHQYDVR0OBBYEFA77DmV9MNwA/8bfvc0BAvly
pzNDMB8GA1UdIwQYMBaAFOV1pMnMCZ2KgjF0vSWuIzbCh/zqMD0GA1UdEQQ2MDSC
DXN3YXJtLW1hbmFnZXKCGWY5YnMyZ3Nqd3lkYmdxc3Jub3htc3F4dHWCCHN3YXJt
LWNhMAoGCCqGSM49BAMCA0gAMEUCIGhrUNkK1PC4yU4JH91cUNcvCOnaHfnr6RlC
NcEBVUWBAiEAqcUVOuCe2shW0pIApUidlI+rKo05H3SATK0nd896SLo=
-----END CERTIFICATE-----
";
