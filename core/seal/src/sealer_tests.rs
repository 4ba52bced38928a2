//! Tests of sealed records, and the published vectors of the primitives they rest on.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn sealer() -> Sealer {
    Sealer::new(&Dek::from_bytes([7; 32]))
}

/// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16 (AES-256).
#[test]
fn aes_256_gcm_vector() {
    let key: [u8; 32] = hex("feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308")
        .try_into()
        .unwrap();
    let nonce: [u8; 12] = hex("cafebabefacedbaddecaf888").try_into().unwrap();
    let mut text = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
                        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    let position = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let tag = Aes256Gcm::new(&key.into())
        .encrypt_inout_detached(&nonce.into(), &position, text.as_mut_slice().into())
        .unwrap();
    assert_eq!(
        text,
        hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662")
    );
    assert_eq!(tag.to_vec(), hex("76fc6ece0f4e1768cddf8853bb2d551b"));
}

/// RFC 5869, appendix A.1.
#[test]
fn hkdf_vector() {
    let derivation = Hkdf::<Sha256>::new(Some(&hex("000102030405060708090a0b0c")), &[0x0b; 22]);
    let mut out = [0; 42];
    derivation.expand(&hex("f0f1f2f3f4f5f6f7f8f9"), &mut out).unwrap();
    assert_eq!(
        out.to_vec(),
        hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    );
}

#[test]
fn a_record_opens_at_its_position_only() {
    let mut sealer = sealer();
    let record = sealer.seal(Nonce::entry(3, 41), b"node1 term 3 index 41", b"hunter2");
    assert_eq!(record.len(), 7 + RECORD_OVERHEAD);
    assert_eq!(nonce_of(&record), Ok(Nonce::entry(3, 41)));
    assert_eq!(sealer.open(b"node1 term 3 index 41", &record).unwrap(), b"hunter2");
    assert_eq!(sealer.open(b"node1 term 3 index 42", &record), Err(SealError::Forged));
    assert_eq!(sealer.open(b"", &record), Err(SealError::Forged));
    let other = Sealer::new(&Dek::from_bytes([8; 32]));
    assert_eq!(other.open(b"node1 term 3 index 41", &record), Err(SealError::Forged));
    let rotating = [&other, &sealer];
    assert_eq!(open_with_any(rotating, b"node1 term 3 index 41", &record).unwrap(), b"hunter2");
    assert_eq!(open_with_any([&other], b"", &record), Err(SealError::Forged));
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let mut sealer = sealer();
    let record = sealer.seal(Nonce::snapshot(1, 9), b"here", b"some thirty bytes of plaintext");
    for bit in 0..record.len() * 8 {
        let mut damaged = record.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(sealer.open(b"here", &damaged).is_err(), "bit {bit}");
    }
    for length in 0..record.len() {
        assert!(sealer.open(b"here", &record[..length]).is_err(), "{length} bytes");
    }
    let longer = [&record[..], b"x"].concat();
    assert_eq!(sealer.open(b"here", &longer), Err(SealError::Forged));
}

#[test]
fn purposes_do_not_share_a_key() {
    let mut sealer = sealer();
    let nonces = [Nonce::entry(1, 1), Nonce::snapshot(1, 1), Nonce::state(1, 1)];
    let sealed = nonces.map(|nonce| sealer.seal(nonce, b"", b"same text")[HEADER_SIZE..].to_vec());
    assert!(sealed[0] != sealed[1] && sealed[1] != sealed[2] && sealed[0] != sealed[2]);
}

#[test]
fn the_plaintext_leaves_no_trace() {
    let seed = 11;
    let mut rng = sim::Streams::new(seed).stream("plaintext");
    let mut sealer = sealer();
    for index in 0..500 {
        let mut plaintext = vec![0; 8 + rng.below(200) as usize];
        rng.fill(&mut plaintext);
        let record = sealer.seal(Nonce::entry(1, index), b"p", &plaintext);
        let traces = record.windows(8).filter(|&window| window == &plaintext[..8]).count();
        assert_eq!(traces, 0, "seed {seed}, index {index}");
        assert_eq!(sealer.open(b"p", &record).unwrap(), plaintext, "seed {seed}, index {index}");
    }
}

#[test]
fn sealing_the_same_again_gives_the_same_bytes() {
    let mut sealer = sealer();
    let first = sealer.seal(Nonce::entry(2, 5), b"p", b"text");
    assert_eq!(sealer.seal(Nonce::entry(2, 5), b"p", b"text"), first);
}

/// Records are on the disks of recorded histories: the layout and the keys' derivation are pinned.
#[test]
fn a_record_is_pinned() {
    let record = sealer().seal(Nonce::entry(3, 41), b"position", b"hunter2");
    assert_eq!(
        record,
        hex("010301 00000003 0000000000000029 24856d905d2193 9d49c0102ab02121452398638bf3ef76")
    );
}

#[cfg(debug_assertions)]
#[test]
fn a_nonce_with_a_second_content_stops_the_run() {
    for (position, text) in [(&b"p"[..], &b"other"[..]), (b"q", b"text")] {
        let mut sealer = sealer();
        sealer.seal(Nonce::entry(2, 5), b"p", b"text");
        let attempt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            sealer.seal(Nonce::entry(2, 5), position, text)
        }));
        assert!(attempt.is_err());
    }
}
