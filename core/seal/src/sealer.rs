//! Sealed records at rest: AES-256-GCM, bound to the place where they belong.
//!
//! A record is `version, algorithm, purpose, epoch, counter, ciphertext, tag` (the numbers
//! big-endian), as swarmkit wraps each log entry's data in a record of algorithm, nonce and data.
//! The position (for instance term, index, kind and node) is associated data: it is not stored in
//! the record, and a record that was copied, swapped or replayed to another place does not open
//! (invariant X6).
//!
//! # Why nonces never repeat (invariant X7)
//!
//! [`Nonce`] names its content: purpose, epoch, counter. Each purpose has its own AES key, derived
//! from the DEK, so that entries and snapshots never share one. For an entry, epoch is the term and
//! counter the index: Raft lets one leader write one entry at (term, index), so what is sealed
//! under that nonce with one manager's DEK is always the same, however often it is written, also
//! after a restart. A snapshot takes the term and index that it ends at. Where that does not hold
//! (`--force-new-cluster` writes other entries at the same places; a state record is written again
//! and again) the caller must change the DEK, or count an epoch up durably. A debug build checks it.
//!
//! Two branches of a forked world may seal different entries at the same (term, index): each is a
//! history of its own, and nothing inside a world ever holds records of both.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::keys::Dek;

/// Version of the record's layout.
const VERSION: u8 = 1;
/// AES-256-GCM. swarmkit's `MaybeEncryptedRecord` uses 0 to 2 for none, secretbox and Fernet.
const ALGORITHM: u8 = 3;
/// Bytes before the ciphertext.
const HEADER_SIZE: usize = 15;
const TAG_SIZE: usize = 16;
/// How much longer a record is than what it seals.
pub const RECORD_OVERHEAD: usize = HEADER_SIZE + TAG_SIZE;

/// What a record is for; each purpose has its own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// The data of a log entry: epoch = term, counter = index.
    Entry,
    /// A snapshot: epoch = term, counter = index of the last entry it covers.
    Snapshot,
    /// Any other record; the caller keeps (epoch, counter) unique.
    State,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Entry, Self::Snapshot, Self::State];

    const fn code(self) -> u8 {
        match self {
            Self::Entry => 1,
            Self::Snapshot => 2,
            Self::State => 3,
        }
    }
}

/// The name of one sealed content under one DEK; see the module's page for why it is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nonce {
    /// What the record is for.
    pub purpose: Purpose,
    /// Who or when: the Raft term, or a durable count of restarts. 32 bits: a term that grows with
    /// every election timeout (10 s) takes more than a thousand years to leave them.
    pub epoch: u32,
    /// Which: the log index, or a count of writes within the epoch.
    pub counter: u64,
}

impl Nonce {
    /// The nonce of a log entry's data.
    pub const fn entry(term: u32, index: u64) -> Self {
        Self { purpose: Purpose::Entry, epoch: term, counter: index }
    }

    /// The nonce of a snapshot that ends with this entry.
    pub const fn snapshot(term: u32, index: u64) -> Self {
        Self { purpose: Purpose::Snapshot, epoch: term, counter: index }
    }

    /// The nonce of another record: the caller never uses (epoch, counter) for two contents.
    pub const fn state(epoch: u32, counter: u64) -> Self {
        Self { purpose: Purpose::State, epoch, counter }
    }

    /// As it is in a record and goes into the cipher.
    pub fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[4..].copy_from_slice(&self.counter.to_be_bytes());
        bytes
    }
}

/// Why a record does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Shorter than an empty record.
    #[error("sealed record is truncated")]
    Truncated,
    /// A layout, algorithm or purpose that is not known here.
    #[error("sealed record has an unknown format")]
    UnknownFormat,
    /// Another key, another position, or not the bytes that were sealed.
    #[error("could not decrypt record: wrong key, wrong position, or damaged")]
    Forged,
}

/// Seals and opens records with one DEK. Holds the expanded keys: make it once, keep it.
#[derive(Clone)]
pub struct Sealer {
    /// One cipher per purpose, in the order of [`Purpose::ALL`].
    ciphers: [Aes256Gcm; 3],
    #[cfg(debug_assertions)]
    guard: guard::NonceGuard,
}

impl Sealer {
    /// Expands the keys of `dek`.
    pub fn new(dek: &Dek) -> Self {
        let derivation = Hkdf::<Sha256>::new(Some(b"glasshive record"), dek.as_bytes());
        Self {
            ciphers: Purpose::ALL.map(|purpose| {
                let mut key = Zeroizing::new([0; 32]);
                derivation.expand(&[purpose.code()], &mut *key).expect("HKDF gives 8160 bytes");
                Aes256Gcm::new(&(*key).into())
            }),
            #[cfg(debug_assertions)]
            guard: guard::NonceGuard::default(),
        }
    }

    /// The record that holds `plaintext` and opens only at `position`.
    ///
    /// # Panics
    /// In builds with debug assertions: when `nonce` was used before with other content.
    pub fn seal(&mut self, nonce: Nonce, position: &[u8], plaintext: &[u8]) -> Vec<u8> {
        #[cfg(debug_assertions)]
        if !sim::planted!(NonceReused) {
            self.guard.check(nonce, position, plaintext);
        }
        let bytes = nonce.bytes();
        let mut record = Vec::with_capacity(plaintext.len() + RECORD_OVERHEAD);
        record.extend_from_slice(&[VERSION, ALGORITHM, nonce.purpose.code()]);
        record.extend_from_slice(&bytes);
        record.extend_from_slice(plaintext);
        let tag = self
            .cipher(nonce.purpose)
            .encrypt_inout_detached(&bytes.into(), position, (&mut record[HEADER_SIZE..]).into())
            .expect("a record is far below the 64 GiB that GCM allows");
        record.extend_from_slice(&tag);
        record
    }

    /// What was sealed in `record` at `position`.
    ///
    /// # Errors
    /// Whenever the record is not, bit for bit, one that was sealed here for this position.
    pub fn open(&self, position: &[u8], record: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = nonce_of(record)?;
        let (plaintext, tag) =
            record[HEADER_SIZE..].split_last_chunk::<TAG_SIZE>().ok_or(SealError::Truncated)?;
        let mut plaintext = plaintext.to_vec();
        self.cipher(nonce.purpose)
            .decrypt_inout_detached(
                &nonce.bytes().into(),
                position,
                plaintext.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| SealError::Forged)?;
        Ok(plaintext)
    }

    fn cipher(&self, purpose: Purpose) -> &Aes256Gcm {
        match purpose {
            Purpose::Entry => &self.ciphers[0],
            Purpose::Snapshot => &self.ciphers[1],
            Purpose::State => &self.ciphers[2],
        }
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(secret)")
    }
}

/// Opens a record with the first of several keys that fits: while a DEK is being rotated, a
/// manager's disk holds records of the old and of the pending one.
///
/// # Errors
/// As [`Sealer::open`]; `Forged` when no key fits.
pub fn open_with_any<'a>(
    sealers: impl IntoIterator<Item = &'a Sealer>,
    position: &[u8],
    record: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut error = SealError::Forged;
    for sealer in sealers {
        match sealer.open(position, record) {
            Ok(plaintext) => return Ok(plaintext),
            Err(reason) => error = reason,
        }
    }
    Err(error)
}

/// The nonce that a record claims, readable without a key. Trust it only after [`Sealer::open`].
///
/// # Errors
/// When the record is too short or of an unknown format.
pub fn nonce_of(record: &[u8]) -> Result<Nonce, SealError> {
    if record.len() < RECORD_OVERHEAD {
        return Err(SealError::Truncated);
    }
    if record[0] != VERSION || record[1] != ALGORITHM {
        return Err(SealError::UnknownFormat);
    }
    let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.code() == record[2]);
    let purpose = purpose.ok_or(SealError::UnknownFormat)?;
    let (epoch, rest) = record[3..].split_first_chunk().ok_or(SealError::Truncated)?;
    let (counter, _) = rest.split_first_chunk().ok_or(SealError::Truncated)?;
    Ok(Nonce { purpose, epoch: u32::from_be_bytes(*epoch), counter: u64::from_be_bytes(*counter) })
}

/// Remembers what was sealed under which nonce; only in builds with debug assertions.
#[cfg(debug_assertions)]
mod guard {
    use sorted::SortedMap;

    use sha2::{Digest, Sha256};

    use super::Nonce;

    /// How many nonces are remembered; the smallest are forgotten first.
    const LIMIT: usize = 65_536;

    #[derive(Clone, Default)]
    pub(super) struct NonceGuard {
        seen: SortedMap<Nonce, [u8; 32]>,
    }

    impl NonceGuard {
        pub(super) fn check(&mut self, nonce: Nonce, position: &[u8], plaintext: &[u8]) {
            let mut hash = Sha256::new();
            hash.update((position.len() as u64).to_be_bytes());
            hash.update(position);
            hash.update(plaintext);
            let digest: [u8; 32] = hash.finalize().into();
            let before = *self.seen.entry(nonce).or_insert(digest);
            assert!(before == digest, "{nonce:?} seals a second content under the same key");
            if self.seen.len() > LIMIT {
                self.seen.pop_first();
            }
        }
    }
}

#[cfg(test)]
#[path = "sealer_tests.rs"]
mod tests;
