//! What a passphrase protects: a key from it, and AES-256 in CBC mode under that.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

const BLOCK: usize = 16;

/// PBKDF2 with HMAC-SHA-256 (RFC 8018, section 5.2).
pub fn pbkdf2(password: &[u8], salt: &[u8], rounds: u32, size: usize) -> Vec<u8> {
    let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(password)
        .expect("HMAC takes keys of any length");
    let of = |parts: &[&[u8]]| -> [u8; 32] {
        let mut mac = mac.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    };
    let mut key = Vec::new();
    let mut number = 0_u32;
    while key.len() < size {
        number += 1;
        let mut last = of(&[salt, &number.to_be_bytes()]);
        let mut block = last;
        for _ in 1..rounds {
            last = of(&[&last]);
            block.iter_mut().zip(last).for_each(|(own, other)| *own ^= other);
        }
        key.extend(block);
    }
    key.truncate(size);
    key
}

/// OpenSSL's older way from a password to a key and a first block: SHA-256 over and over (`EVP_BytesToKey`, one round).
pub fn bytes_to_key(password: &[u8], salt: &[u8], size: usize) -> Vec<u8> {
    let mut key = Vec::new();
    let mut last = Vec::new();
    while key.len() < size {
        last = Sha256::digest([&last, password, salt].concat()).to_vec();
        key.extend(&last);
    }
    key.truncate(size);
    key
}

fn cipher(key: &[u8]) -> Option<Aes256> {
    Aes256::new_from_slice(key).ok()
}

/// Encrypts under a key of 32 bytes and a first block of 16; what is missing to a whole block is filled up.
pub fn encrypt(key: &[u8], iv: &[u8], text: &[u8]) -> Vec<u8> {
    let (Some(cipher), Ok(mut before)) = (cipher(key), <[u8; BLOCK]>::try_from(iv)) else {
        return Vec::new();
    };
    let fill = BLOCK - text.len() % BLOCK;
    let mut bytes = text.to_vec();
    bytes.resize(text.len() + fill, u8::try_from(fill).unwrap_or(0));
    for block in bytes.chunks_exact_mut(BLOCK) {
        block.iter_mut().zip(before).for_each(|(own, other)| *own ^= other);
        let mut own = Array::try_from(&*block).expect("a chunk is a block");
        cipher.encrypt_block(&mut own);
        block.copy_from_slice(&own);
        before = own.into();
    }
    bytes
}

/// The text; nothing if the key is another one or the bytes are no whole blocks.
pub fn decrypt(key: &[u8], iv: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let cipher = cipher(key)?;
    let mut before = <[u8; BLOCK]>::try_from(iv).ok()?;
    let mut text = Vec::new();
    for block in bytes.chunks(BLOCK) {
        let sealed = <[u8; BLOCK]>::try_from(block).ok()?;
        let mut own = Array::from(sealed);
        cipher.decrypt_block(&mut own);
        text.extend(own.iter().zip(before).map(|(own, other)| own ^ other));
        before = sealed;
    }
    let fill = usize::from(*text.last()?);
    let kept = text.len().checked_sub(fill).filter(|_| (1..=BLOCK).contains(&fill))?;
    let is_whole = text[kept..].iter().all(|byte| usize::from(*byte) == fill);
    text.truncate(kept);
    is_whole.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_standards() {
        // RFC 7914, section 11.
        let key = pbkdf2(b"passwd", b"salt", 1, 64);
        assert_eq!(key[..4], [0x55, 0xac, 0x04, 0x6e]);
        assert_eq!(key[60..], [0xd3, 0xa1, 0x97, 0x83]);
        // Python's hashlib.pbkdf2_hmac.
        assert_eq!(pbkdf2(b"p", b"s", 3, 40)[36..], [0xec, 0x7d, 0xce, 0x3a]);
    }

    #[test]
    fn what_is_encrypted_is_read_with_the_same_key_only() {
        let (key, iv) = ([7; 32], [1; 16]);
        for size in [0, 1, 15, 16, 17, 100] {
            let text = vec![b'x'; size];
            let sealed = encrypt(&key, &iv, &text);
            assert_eq!(sealed.len() % 16, 0);
            assert_eq!(decrypt(&key, &iv, &sealed), Some(text.clone()));
            assert_ne!(decrypt(&[8; 32], &iv, &sealed), Some(text));
        }
        assert_eq!(decrypt(&key, &iv, &[1; 15]), None);
    }
}
