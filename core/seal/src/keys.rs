//! The keys: DEK and KEK for data at rest, and the P-256 key pair that proves who a node is.

use std::fmt;

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use zeroize::{Zeroize, Zeroizing};

use crate::ct;
use crate::unlock::UnlockKey;

/// A newtype of 32 secret bytes.
macro_rules! symmetric_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name([u8; 32]);

        impl $name {
            /// A new random key.
            pub fn generate(rng: &mut sim::Rng) -> Self {
                Self(rng.bytes())
            }

            /// The key with these bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The key's bytes: secret.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                ct::equal(&self.0, &other.0)
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }
    };
}

symmetric_key! {
    /// Data encryption key: seals one manager's log and snapshots. Every manager has its own.
    Dek
}

symmetric_key! {
    /// Key encryption key: seals a manager's DEK and TLS key where autolock is on. It is the
    /// unlock key, and all managers of a swarm share it.
    Kek
}

impl From<&UnlockKey> for Kek {
    fn from(key: &UnlockKey) -> Self {
        Self(*key.as_bytes())
    }
}

impl From<&Kek> for UnlockKey {
    fn from(key: &Kek) -> Self {
        Self::from_bytes(key.0)
    }
}

/// Bytes that are no key or no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid P-256 key")]
pub struct InvalidKey;

/// A P-256 private key for ECDSA.
#[derive(Clone)]
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// A new key. Draws again where the bytes are no valid scalar (one in 2³² draws).
    pub fn generate(rng: &mut sim::Rng) -> Self {
        loop {
            let bytes = Zeroizing::new(rng.bytes::<32>());
            if let Ok(key) = Self::from_bytes(&bytes) {
                return key;
            }
        }
    }

    /// The key with this scalar, big-endian.
    ///
    /// # Errors
    /// When it is zero or not below the curve's order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| InvalidKey)
    }

    /// The scalar, big-endian: secret.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        let mut bytes = self.0.to_bytes();
        let copy = Zeroizing::new(bytes.into());
        bytes.zeroize();
        copy
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }

    /// ECDSA with SHA-256 over `message`, DER-encoded, deterministic (RFC 6979).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.0.sign(message);
        signature.as_bytes().to_vec()
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        ct::equal(self.to_bytes().as_slice(), other.to_bytes().as_slice())
    }
}

impl Eq for PrivateKey {}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(secret)")
    }
}

/// A P-256 public key for ECDSA: a point that lies on the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key with this uncompressed point (`04`, x, y).
    ///
    /// # Errors
    /// When it has another length or form, or lies beside the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, InvalidKey> {
        if bytes.len() != 65 || bytes[0] != 4 {
            return Err(InvalidKey);
        }
        VerifyingKey::from_sec1_bytes(bytes).map(Self).map_err(|_| InvalidKey)
    }

    /// The uncompressed point: `04`, x, y.
    pub fn to_sec1(&self) -> [u8; 65] {
        let point = self.0.to_sec1_point(false);
        point.as_bytes().try_into().expect("an uncompressed P-256 point has 65 bytes")
    }

    /// Whether `signature` (DER) is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        DerSignature::from_bytes(signature)
            .is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        for byte in &self.to_sec1()[1..5] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6979, appendix A.2.5: P-256, SHA-256, message "sample".
    #[test]
    fn signatures_are_deterministic() {
        let scalar = [
            0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b, 0x5c, 0x21, 0x57, 0x67, 0xb1,
            0xd6, 0x93, 0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8, 0x9b, 0x12, 0x7b, 0x8a, 0x62, 0x2b,
            0x12, 0x0f, 0x67, 0x21,
        ];
        let key = PrivateKey::from_bytes(&scalar).unwrap();
        let signature = key.sign(b"sample");
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
             022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        );
        assert!(key.public_key().verify(b"sample", &signature));
        assert!(!key.public_key().verify(b"simple", &signature));
        assert_eq!(*key.to_bytes(), scalar);
    }

    #[test]
    fn debug_never_prints_a_secret() {
        let mut rng = sim::Streams::new(1).stream("keys");
        assert_eq!(format!("{:?}", Dek::generate(&mut rng)), "Dek(secret)");
        assert_eq!(format!("{:?}", Kek::generate(&mut rng)), "Kek(secret)");
        assert_eq!(format!("{:?}", PrivateKey::generate(&mut rng)), "PrivateKey(secret)");
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        assert!(PrivateKey::from_bytes(&[0; 32]).is_err());
        assert!(PrivateKey::from_bytes(&[0xff; 32]).is_err());
        let mut rng = sim::Streams::new(2).stream("keys");
        let point = PrivateKey::generate(&mut rng).public_key().to_sec1();
        assert!(PublicKey::from_sec1(&point).is_ok());
        for bit in 0..point.len() * 8 {
            let mut other = point;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(PublicKey::from_sec1(&other).is_err(), "bit {bit}");
        }
        assert!(PublicKey::from_sec1(&point[..64]).is_err());
        assert!(PublicKey::from_sec1(&[]).is_err());
    }
}
