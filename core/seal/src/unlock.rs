//! Unlock keys: `SWMKEY-1-<43 characters of base64>`, the KEK as a person keeps it.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, Zeroizing};

use crate::{base64, ct};

const PREFIX: &str = "SWMKEY-1-";

/// The key that unlocks a manager of a swarm with autolock: its bytes are the KEK
/// (swarmkit: `manager/encryption/encryption.go`).
#[derive(Clone)]
pub struct UnlockKey([u8; 32]);

/// Why a text is no unlock key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlockKeyError {
    /// No `SWMKEY-1-`, or no base64 after it.
    #[error("invalid key string")]
    Malformed,
    /// Well-formed, but not 32 bytes. swarmkit accepts such a text and then finds that it opens
    /// nothing: answer as to a wrong key.
    #[error("invalid key provided")]
    Length,
}

impl UnlockKey {
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

impl PartialEq for UnlockKey {
    fn eq(&self, other: &Self) -> bool {
        ct::equal(&self.0, &other.0)
    }
}

impl Eq for UnlockKey {}

impl fmt::Display for UnlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", Zeroizing::new(base64::encode_unpadded(&self.0)).as_str())
    }
}

impl fmt::Debug for UnlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnlockKey(secret)")
    }
}

impl FromStr for UnlockKey {
    type Err = UnlockKeyError;

    fn from_str(text: &str) -> Result<Self, UnlockKeyError> {
        let digits = text.strip_prefix(PREFIX).ok_or(UnlockKeyError::Malformed)?;
        let bytes = base64::decode_unpadded(digits).ok_or(UnlockKeyError::Malformed)?;
        let bytes = Zeroizing::new(bytes);
        Ok(Self(bytes.as_slice().try_into().map_err(|_| UnlockKeyError::Length)?))
    }
}

impl Drop for UnlockKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key as Docker's documentation of `docker swarm unlock-key` prints it.
    const DOCUMENTED: &str = "SWMKEY-1-fySn8TY4w5lKcWcJPIpKufejh9hxx5KYwx6XZigx3Q4";

    #[test]
    fn a_documented_key_goes_both_ways() {
        let key: UnlockKey = DOCUMENTED.parse().unwrap();
        assert_eq!(key.to_string(), DOCUMENTED);
        assert_eq!(DOCUMENTED.len(), 9 + 43);
        assert_eq!(format!("{key:?}"), "UnlockKey(secret)");
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, error) in [
            ("", UnlockKeyError::Malformed),
            ("SWMKEY-2-fySn", UnlockKeyError::Malformed),
            ("SWMKEY-1-fyS!", UnlockKeyError::Malformed),
            ("SWMKEY-1-f", UnlockKeyError::Malformed),
            ("SWMKEY-1-", UnlockKeyError::Length),
            ("SWMKEY-1-fySn", UnlockKeyError::Length),
            (&format!("{DOCUMENTED}AAAA"), UnlockKeyError::Length),
            (&format!("{DOCUMENTED}="), UnlockKeyError::Malformed),
        ] {
            assert_eq!(text.parse::<UnlockKey>().unwrap_err(), error, "{text:?}");
        }
    }
}
