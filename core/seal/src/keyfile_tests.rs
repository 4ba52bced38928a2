//! Tests of `swarm-node.key`.

use super::*;

fn manager_file() -> NodeKeyFile {
    let mut rng = sim::Streams::new(4).stream("keyfile");
    NodeKeyFile {
        key: PrivateKey::generate(&mut rng),
        kek_version: 12,
        dek: Some(Dek::generate(&mut rng)),
        pending_dek: Some(Dek::generate(&mut rng)),
        needs_rotation: true,
    }
}

#[test]
fn files_go_both_ways() {
    let kek = Kek::from_bytes([3; 32]);
    let worker = NodeKeyFile::new(manager_file().key);
    for file in [manager_file(), worker] {
        for kek in [None, Some(&kek)] {
            let text = write(&file, kek);
            assert_eq!(lock_state(&text), Ok((kek.is_some(), file.kek_version)));
            assert_eq!(read(&text, kek).unwrap(), file);
        }
        assert_eq!(read(&write(&file, None), Some(&kek)).unwrap(), file);
    }
}

#[test]
fn the_headers_are_those_of_swarmkit() {
    let names = |text: &str| -> Vec<String> {
        let block = Pem::decode(text).unwrap();
        block.headers.into_iter().map(|(name, _)| name).collect()
    };
    let file = manager_file();
    let plain = ["kek-version", "raft-dek", "raft-dek-needs-rotation", "raft-dek-pending"];
    assert_eq!(names(&write(&file, None)), plain);
    let sealed = names(&write(&file, Some(&Kek::from_bytes([3; 32]))));
    assert_eq!(sealed[..2], ["Proc-Type", "DEK-Info"]);
    assert_eq!(sealed[2..], plain);
    let worker = write(&NodeKeyFile::new(file.key), None);
    assert!(worker.starts_with("-----BEGIN EC PRIVATE KEY-----\nkek-version: 0\n\nMHcCAQEE"));
    assert!(worker.ends_with("\n-----END EC PRIVATE KEY-----\n"));
}

#[test]
fn locked_wrong_and_damaged_are_three_things() {
    let file = manager_file();
    let kek = Kek::from_bytes([3; 32]);
    let text = write(&file, Some(&kek));
    assert_eq!(read(&text, None), Err(KeyFileError::Locked));
    assert_eq!(read(&text, Some(&Kek::from_bytes([4; 32]))), Err(KeyFileError::WrongKey));
    let other_version = text.replace("kek-version: 12", "kek-version: 13");
    assert_eq!(read(&other_version, Some(&kek)), Err(KeyFileError::Damaged));
    let no_flag = text.replace("raft-dek-needs-rotation: true\n", "");
    assert_eq!(read(&no_flag, Some(&kek)), Err(KeyFileError::Damaged));
    for text in ["", "swarm", &text[..text.len() / 2], &text.replace("EC PRIVATE", "RSA PRIVATE")] {
        assert_eq!(read(text, Some(&kek)), Err(KeyFileError::Damaged), "{text:?}");
    }
}

#[test]
fn a_sealed_file_holds_no_key_bytes() {
    let file = manager_file();
    let text = write(&file, Some(&Kek::from_bytes([3; 32])));
    let secrets = [
        file.key.to_bytes().to_vec(),
        file.dek.unwrap().as_bytes().to_vec(),
        file.pending_dek.unwrap().as_bytes().to_vec(),
    ];
    let block = Pem::decode(&text).unwrap();
    let mut bytes = block.body.clone();
    for (_, value) in &block.headers {
        bytes.extend(base64::decode(value).unwrap_or_default());
    }
    for secret in secrets {
        assert!(!text.contains(&base64::encode_unpadded(&secret)[..20]));
        assert!(!bytes.windows(16).any(|window| window == &secret[..16]));
    }
}

#[test]
fn every_flipped_bit_of_a_sealed_file_is_noticed() {
    let file = manager_file();
    let kek = Kek::from_bytes([3; 32]);
    let text = write(&file, Some(&kek));
    for bit in 0..text.len() * 8 {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // A flip that only changes white space at a line's end changes nothing that is said.
        let Ok(damaged) = String::from_utf8(bytes) else { continue };
        if let Ok(read) = read(&damaged, Some(&kek)) {
            assert_eq!(read, file, "bit {bit}");
            assert_eq!(Pem::decode(&damaged), Pem::decode(&text), "bit {bit}");
        }
    }
}

/// The same key in the three forms that OpenSSL 3 writes: `ecparam -genkey`, `ec`, `pkcs8 -topk8`.
#[test]
fn a_key_that_a_user_brings_along() {
    let key = manager_file().key;
    let plain = write(&NodeKeyFile::new(key.clone()), None);
    let block = Pem::decode(&plain).unwrap();
    let sec1 = Pem { headers: Vec::new(), ..block.clone() }.encode();
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let scalar = key.to_bytes();
    let inner = der::element(
        der::SEQUENCE,
        &[&der::unsigned(&[1]), &der::element(der::OCTET_STRING, &[&*scalar])],
    );
    let curve = [der::element(der::OID, &[EC_PUBLIC_KEY]), der::element(der::OID, &[P256])];
    let algorithm = der::element(der::SEQUENCE, &[&curve.concat()]);
    let pkcs8 = der::element(
        der::SEQUENCE,
        &[&der::unsigned(&[]), &algorithm, &der::element(der::OCTET_STRING, &[&inner])],
    );
    let pkcs8 = Pem { label: "PRIVATE KEY".to_owned(), headers: Vec::new(), body: pkcs8 }.encode();
    for text in [sec1.clone(), format!("{parameters}{sec1}"), pkcs8] {
        assert_eq!(read_private_key(&text).unwrap(), key, "{text}");
        for cut in [1, text.len() / 2, text.len() - 30] {
            assert!(read_private_key(&text[..cut]).is_err());
        }
    }
    let sealed = write(&manager_file(), Some(&Kek::from_bytes([3; 32])));
    for text in ["", parameters, plain.as_str(), sealed.as_str()] {
        assert_eq!(read_private_key(text), Err(KeyFileError::Damaged));
    }
}
