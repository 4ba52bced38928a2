//! Private and public keys in their files.

use sha2::{Digest, Sha256};

use super::passphrase;
use super::rsa::{RsaPrivateKey, RsaPublicKey};
use crate::der::{self, DerError, Reader};
use crate::keyfile::{sec1_decode, sec1_encode};
use crate::keys;
use crate::pem::Pem;
use crate::x509::{EC_PUBLIC_KEY, P256};

/// rsaEncryption
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// sha256WithRSAEncryption
const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
/// ecdsa-with-SHA256
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const NULL: &[u8] = &[5, 0];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
/// hmacWithSHA256
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9];
/// aes256-CBC-PAD
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
/// The label of a key under a passphrase.
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
/// OpenSSL: `PKCS5_DEFAULT_ITER`.
const KEY_ROUNDS: u32 = 2_048;

/// A private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA.
    Rsa(RsaPrivateKey),
    /// Elliptic curve, P-256.
    Ec(keys::PrivateKey),
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA.
    Rsa(RsaPublicKey),
    /// Elliptic curve, P-256.
    Ec(keys::PublicKey),
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der::element(der::SEQUENCE, parts)
}

fn oid(bytes: &[u8]) -> Vec<u8> {
    der::element(der::OID, &[bytes])
}

impl Key {
    /// A new RSA key with a modulus of so many bits; `random` gives bytes.
    pub fn rsa(bits: usize, random: &mut dyn FnMut(usize) -> Vec<u8>) -> Self {
        Self::Rsa(RsaPrivateKey::generate(bits, random))
    }

    /// A new key on P-256.
    pub fn ec(random: &mut dyn FnMut(usize) -> Vec<u8>) -> Self {
        loop {
            let mut scalar = [0; 32];
            scalar.iter_mut().zip(random(32)).for_each(|(to, byte)| *to = byte);
            if let Ok(key) = keys::PrivateKey::from_bytes(&scalar) {
                return Self::Ec(key);
            }
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(key) => PublicKey::Rsa(key.public_key()),
            Self::Ec(key) => PublicKey::Ec(key.public_key()),
        }
    }

    /// The signature over `message`, with SHA-256.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.sign(message),
            Self::Ec(key) => key.sign(message),
        }
    }

    /// The AlgorithmIdentifier of [`Key::sign`].
    pub(super) fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sequence(&[&oid(RSA_SHA256), NULL]),
            Self::Ec(_) => sequence(&[&oid(ECDSA_SHA256)]),
        }
    }

    /// `RSA PRIVATE KEY` or `EC PRIVATE KEY`.
    pub fn traditional_pem(&self) -> String {
        let (label, body) = match self {
            Self::Rsa(key) => ("RSA PRIVATE KEY", key.to_der()),
            Self::Ec(key) => ("EC PRIVATE KEY", sec1_encode(key).to_vec()),
        };
        Pem { label: label.to_owned(), headers: Vec::new(), body }.encode()
    }

    /// PKCS #8.
    pub fn to_der(&self) -> Vec<u8> {
        let (algorithm, inside) = match self {
            Self::Rsa(key) => (sequence(&[&oid(RSA), NULL]), key.to_der()),
            Self::Ec(key) => {
                (sequence(&[&oid(EC_PUBLIC_KEY), &oid(P256)]), sec1_encode(key).to_vec())
            }
        };
        let inside = der::element(der::OCTET_STRING, &[&inside]);
        sequence(&[&der::unsigned(&[]), &algorithm, &inside])
    }

    /// `PRIVATE KEY`.
    pub fn pem(&self) -> String {
        Pem { label: "PRIVATE KEY".to_owned(), headers: Vec::new(), body: self.to_der() }.encode()
    }

    /// `ENCRYPTED PRIVATE KEY`: under a passphrase, as OpenSSL does it without further wishes (RFC 8018: PBES2 of PBKDF2
    /// with HMAC-SHA-256, and AES-256 in CBC mode).
    pub fn encrypted_pem(
        &self,
        passphrase: &str,
        random: &mut dyn FnMut(usize) -> Vec<u8>,
    ) -> String {
        let (salt, iv) = (random(8), random(16));
        let key = passphrase::pbkdf2(passphrase.as_bytes(), &salt, KEY_ROUNDS, 32);
        let sealed = passphrase::encrypt(&key, &iv, &self.to_der());
        let rounds = der::unsigned(&KEY_ROUNDS.to_be_bytes());
        let salt = der::element(der::OCTET_STRING, &[&salt]);
        let derivation = sequence(&[
            &oid(PBKDF2),
            &sequence(&[&salt, &rounds, &sequence(&[&oid(HMAC_SHA256), NULL])]),
        ]);
        let cipher = sequence(&[&oid(AES_256_CBC), &der::element(der::OCTET_STRING, &[&iv])]);
        let algorithm = sequence(&[&oid(PBES2), &sequence(&[&derivation, &cipher])]);
        let body = sequence(&[&algorithm, &der::element(der::OCTET_STRING, &[&sealed])]);
        Pem { label: ENCRYPTED.to_owned(), headers: Vec::new(), body }.encode()
    }

    /// True if a file's first key is under a passphrase.
    pub fn is_encrypted(text: &str) -> bool {
        Pem::split(text).iter().any(|block| block.contains(ENCRYPTED))
    }

    /// Reads [`Key::encrypted_pem`]; nothing for another passphrase.
    pub fn from_encrypted_pem(text: &str, passphrase: &str) -> Option<Self> {
        let blocks = Pem::split(text).into_iter().filter_map(|block| Pem::decode(block).ok());
        let body = blocks.into_iter().find(|block| block.label == ENCRYPTED)?.body;
        let read = || {
            let mut reader = Reader::new(&body).enter(der::SEQUENCE)?;
            let mut algorithm = reader.enter(der::SEQUENCE)?;
            algorithm.read(der::OID)?;
            let mut parts = algorithm.enter(der::SEQUENCE)?;
            let mut derivation = parts.enter(der::SEQUENCE)?;
            derivation.read(der::OID)?;
            let mut how = derivation.enter(der::SEQUENCE)?;
            let salt = how.read(der::OCTET_STRING)?;
            let rounds = how.read(der::INTEGER)?;
            let mut cipher = parts.enter(der::SEQUENCE)?;
            cipher.read(der::OID)?;
            let iv = cipher.read(der::OCTET_STRING)?;
            Ok::<_, DerError>((salt, rounds, iv, reader.read(der::OCTET_STRING)?))
        };
        let (salt, rounds, iv, sealed) = read().ok()?;
        let rounds = rounds.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let key = passphrase::pbkdf2(passphrase.as_bytes(), salt, rounds.min(KEY_ROUNDS), 32);
        Self::from_der(&passphrase::decrypt(&key, iv, sealed)?).ok()
    }

    /// The first private key of a file.
    pub fn from_pem(text: &str) -> Option<Self> {
        let blocks = Pem::split(text).into_iter().filter_map(|block| Pem::decode(block).ok());
        blocks.into_iter().find_map(|block| match block.label.as_str() {
            "RSA PRIVATE KEY" => RsaPrivateKey::from_der(&block.body).ok().map(Self::Rsa),
            "EC PRIVATE KEY" => sec1_decode(&block.body).ok().map(Self::Ec),
            "PRIVATE KEY" => Self::from_der(&block.body).ok(),
            _ => None,
        })
    }

    /// Reads [`Key::to_der`].
    ///
    /// # Errors
    /// For anything else.
    pub(crate) fn from_der(bytes: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(bytes).enter(der::SEQUENCE)?;
        reader.read(der::INTEGER)?;
        let mut algorithm = reader.enter(der::SEQUENCE)?;
        let kind = algorithm.read(der::OID)?;
        let inside = reader.read(der::OCTET_STRING)?;
        match kind {
            RSA => RsaPrivateKey::from_der(inside).map(Self::Rsa),
            EC_PUBLIC_KEY => sec1_decode(inside).map(Self::Ec).map_err(|_| DerError),
            _ => Err(DerError),
        }
    }
}

impl PublicKey {
    /// SubjectPublicKeyInfo.
    pub fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                sequence(&[&sequence(&[&oid(RSA), NULL]), &der::bit_string(&key.to_der())])
            }
            Self::Ec(key) => {
                let algorithm = sequence(&[&oid(EC_PUBLIC_KEY), &oid(P256)]);
                sequence(&[&algorithm, &der::bit_string(&key.to_sec1())])
            }
        }
    }

    /// Reads the next element, a SubjectPublicKeyInfo.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DerError> {
        let mut info = reader.enter(der::SEQUENCE)?;
        let mut algorithm = info.enter(der::SEQUENCE)?;
        let kind = algorithm.read(der::OID)?;
        let inside = info.bit_string()?;
        match kind {
            RSA => RsaPublicKey::from_der(inside).map(Self::Rsa),
            EC_PUBLIC_KEY => keys::PublicKey::from_sec1(inside).map(Self::Ec).map_err(|_| DerError),
            _ => Err(DerError),
        }
    }

    /// `PUBLIC KEY`.
    pub fn pem(&self) -> String {
        Pem { label: "PUBLIC KEY".to_owned(), headers: Vec::new(), body: self.to_der() }.encode()
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => key.verify(message, signature),
            Self::Ec(key) => key.verify(message, signature),
        }
    }

    /// The key's length.
    pub fn bits(&self) -> usize {
        match self {
            Self::Rsa(key) => key.bits(),
            Self::Ec(_) => 256,
        }
    }

    /// The key's id: RFC 7093, method 1.
    pub(super) fn id(&self) -> Vec<u8> {
        let digest: [u8; 32] = match self {
            Self::Rsa(key) => Sha256::digest(key.to_der()).into(),
            Self::Ec(key) => Sha256::digest(key.to_sec1()).into(),
        };
        digest[..20].to_vec()
    }
}
