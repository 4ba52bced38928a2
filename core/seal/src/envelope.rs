//! How the KEK seals a DEK or a TLS key: AES-256-GCM under a key derived per content.
//!
//! All managers share one KEK, each seals its own keys with it, and none knows what the others
//! wrote: a counter cannot keep their nonces apart. So the nonce question is moved to the key. A
//! salt is computed from what is sealed (HMAC-SHA-256, as in RFC 5297's synthetic IV), the AES key
//! from the KEK and the salt, and each such key seals one content only: sealing the same content
//! again gives the same bytes, another content gets another key. That holds across nodes, restarts
//! and branches of a simulation, and needs no randomness.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ct;
use crate::keys::Kek;

const SALT_SIZE: usize = 16;
const CHECK_SIZE: usize = 8;

/// Why an envelope stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnvelopeError {
    /// Sealed with another KEK.
    WrongKey,
    /// The right KEK, but the bytes are not those that were sealed here.
    Damaged,
}

/// Seals `plaintext`: salt, key check, ciphertext and tag. `context` must be given again to open.
pub(crate) fn seal(kek: &Kek, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let salt = salt(kek, context, plaintext);
    let (cipher, check) = derive(kek, &salt);
    let sealed = cipher
        .encrypt(&Nonce::default(), Payload { msg: plaintext, aad: context })
        .expect("a key file is far below the 64 GiB that GCM allows");
    [&salt[..], &check, &sealed].concat()
}

/// Opens what [`seal`] made with the same KEK and context.
pub(crate) fn open(
    kek: &Kek,
    context: &[u8],
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let (salt, rest) = bytes.split_first_chunk::<SALT_SIZE>().ok_or(EnvelopeError::Damaged)?;
    let (check, sealed) = rest.split_first_chunk::<CHECK_SIZE>().ok_or(EnvelopeError::Damaged)?;
    let (cipher, expected) = derive(kek, salt);
    if !ct::equal(check, &expected) {
        return Err(EnvelopeError::WrongKey);
    }
    cipher
        .decrypt(&Nonce::default(), Payload { msg: sealed, aad: context })
        .map(Zeroizing::new)
        .map_err(|_| EnvelopeError::Damaged)
}

fn salt(kek: &Kek, context: &[u8], plaintext: &[u8]) -> [u8; SALT_SIZE] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(kek.as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(b"glasshive envelope salt\0");
    mac.update(&(context.len() as u64).to_be_bytes());
    mac.update(context);
    mac.update(plaintext);
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    let mut salt = [0; SALT_SIZE];
    salt.copy_from_slice(&full[..SALT_SIZE]);
    salt
}

fn derive(kek: &Kek, salt: &[u8; SALT_SIZE]) -> (Aes256Gcm, [u8; CHECK_SIZE]) {
    let derivation = Hkdf::<Sha256>::new(Some(salt), kek.as_bytes());
    let (mut key, mut check) = (Zeroizing::new([0; 32]), [0; CHECK_SIZE]);
    let fits = "HKDF gives up to 8160 bytes";
    derivation.expand(b"glasshive envelope key", &mut *key).expect(fits);
    derivation.expand(b"glasshive envelope check", &mut check).expect(fits);
    (Aes256Gcm::new(&(*key).into()), check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_its_key_and_context_only() {
        let (kek, other) = (Kek::from_bytes([1; 32]), Kek::from_bytes([2; 32]));
        let sealed = seal(&kek, b"raft-dek", b"thirty-two bytes of a data key..");
        assert_eq!(*open(&kek, b"raft-dek", &sealed).unwrap(), b"thirty-two bytes of a data key..");
        assert_eq!(open(&other, b"raft-dek", &sealed), Err(EnvelopeError::WrongKey));
        assert_eq!(open(&kek, b"raft-dek-pending", &sealed), Err(EnvelopeError::Damaged));
        assert_eq!(open(&kek, b"raft-dek", &sealed[..20]), Err(EnvelopeError::Damaged));
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&kek, b"raft-dek", &damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn same_content_same_bytes_other_content_other_salt() {
        let kek = Kek::from_bytes([1; 32]);
        assert_eq!(seal(&kek, b"a", b"one"), seal(&kek, b"a", b"one"));
        assert_ne!(seal(&kek, b"a", b"one")[..16], seal(&kek, b"a", b"two")[..16]);
        assert_ne!(seal(&kek, b"a", b"bone")[..16], seal(&kek, b"ab", b"one")[..16]);
    }
}
