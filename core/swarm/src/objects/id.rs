//! Identifiers: 25 characters of `[0-9a-z]` (swarmkit: `identity/randomid.go`).

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sim::Rng;

/// An object's identifier; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Id(Rc<str>);

impl Id {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Id {
    fn default() -> Self {
        Self(Rc::from(""))
    }
}
impl Deref for Id {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}
impl std::borrow::Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self(Rc::from(text))
    }
}
impl From<String> for Id {
    fn from(text: String) -> Self {
        Self(Rc::from(text))
    }
}

/// A new identifier: 136 random bits with the top bit set, in base 36, without the first digit.
pub fn random_id(rng: &mut Rng) -> Id {
    let mut bytes = rng.bytes::<17>();
    bytes[0] |= 0x80;
    let digits = base36(&bytes);
    Id::from(digits.get(1..26).unwrap_or(&digits))
}

/// The last part of a join token: 16 random bytes in base 36, padded to 25 digits (swarmkit:
/// `ca/config.go`, `GenerateJoinToken`).
pub fn random_token_secret(rng: &mut Rng) -> String {
    format!("{:0>25}", base36(&rng.bytes::<16>()))
}

/// A big-endian number in base 36, without leading zeros.
pub fn base36(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = Vec::new();
    while number.iter().any(|&byte| byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 36) as u8;
            rest = value % 36;
        }
        digits.push(char::from_digit(rest, 36).unwrap_or('0'));
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_look_as_swarmkit_makes_them() {
        let mut rng = sim::Streams::new(1).stream("ids");
        for _ in 0..100 {
            let id = random_id(&mut rng);
            assert_eq!(id.len(), 25);
            assert!(id.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()));
            assert_eq!(random_token_secret(&mut rng).len(), 25);
        }
        assert_eq!(base36(&[1, 0]), "74");
        assert_eq!(base36(&[0, 35]), "z");
    }
}
