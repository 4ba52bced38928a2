//! The request for a certificate.
//!
//! Not PKCS#10: of a PKCS#10 request, swarmkit's CA uses the public key alone (the subject comes
//! from the store), so ours is that key and the proof that the requester holds its private half.

use serde::{Deserialize, Serialize};

use crate::keys::{PrivateKey, PublicKey};

/// What the proof's signature is over, before the key.
const CONTEXT: &[u8] = b"glasshive certificate request\0";

/// A public key with its proof of possession.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csr {
    public_key: PublicKey,
    proof: Vec<u8>,
}

/// Bytes that are no request, or one whose sender does not hold the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid certificate signing request")]
pub struct InvalidCsr;

/// How it is encoded (postcard).
#[derive(Serialize, Deserialize)]
struct Encoded {
    version: u8,
    point: Vec<u8>,
    proof: Vec<u8>,
}

impl Csr {
    /// A request for a certificate of this key.
    pub fn new(key: &PrivateKey) -> Self {
        let public_key = key.public_key();
        let proof = key.sign(&message(&public_key));
        Self { public_key, proof }
    }

    /// The request as it travels and as the store keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let point = self.public_key.to_sec1().to_vec();
        postcard::to_allocvec(&Encoded { version: 1, point, proof: self.proof.clone() })
            .expect("writing to memory does not fail")
    }

    /// Reads a request and checks the proof.
    ///
    /// # Errors
    /// For any bytes that [`Csr::to_bytes`] did not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidCsr> {
        let encoded: Encoded = postcard::from_bytes(bytes).map_err(|_| InvalidCsr)?;
        let public_key = PublicKey::from_sec1(&encoded.point).map_err(|_| InvalidCsr)?;
        let request = Self { public_key, proof: encoded.proof };
        // Writing it again must give the same bytes: one request, one spelling, nothing after it.
        if encoded.version != 1 || request.to_bytes() != bytes {
            return Err(InvalidCsr);
        }
        if !public_key.verify(&message(&public_key), &request.proof) {
            return Err(InvalidCsr);
        }
        Ok(request)
    }

    /// The key that the certificate shall speak for. The proof was checked.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

fn message(key: &PublicKey) -> Vec<u8> {
    [CONTEXT, &key.to_sec1()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_proves_its_key() {
        let mut rng = sim::Streams::new(1).stream("csr");
        let (key, other) = (PrivateKey::generate(&mut rng), PrivateKey::generate(&mut rng));
        let request = Csr::new(&key);
        let bytes = request.to_bytes();
        assert_eq!(Csr::from_bytes(&bytes).unwrap(), request);
        assert_eq!(*request.public_key(), key.public_key());
        let stolen = Csr { public_key: other.public_key(), proof: request.proof };
        assert_eq!(Csr::from_bytes(&stolen.to_bytes()), Err(InvalidCsr));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let mut rng = sim::Streams::new(1).stream("csr");
        let bytes = Csr::new(&PrivateKey::generate(&mut rng)).to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Csr::from_bytes(&damaged), Err(InvalidCsr), "bit {bit}");
        }
        assert_eq!(Csr::from_bytes(&[&bytes[..], b"x"].concat()), Err(InvalidCsr));
        assert_eq!(Csr::from_bytes(&[]), Err(InvalidCsr));
    }
}
