//! Join tokens: `SWMTKN-1-<digest of the root CA>-<secret>`.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroize;

use crate::x509::RootCertificate;
use crate::{base36, ct};

/// What a node needs to join: which root CA to expect, and the secret that its role asks for.
///
/// Worker and manager token of one swarm differ only in the secret (swarmkit: `ca/config.go`).
#[derive(Clone)]
pub struct JoinToken {
    /// SHA-256 of the root certificate's PEM.
    pub digest: [u8; 32],
    /// The secret as it is written: 25 characters. It is compared as text, as swarmkit does, so
    /// that a mistyped secret is a *wrong* token even where it spells no 16 bytes.
    secret: [u8; SECRET_LENGTH],
}

/// Characters of the digest's part.
const DIGEST_LENGTH: usize = 50;
/// Characters of the secret's part: 16 bytes.
const SECRET_LENGTH: usize = 25;

/// A text that is no join token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid join token")]
pub struct InvalidJoinToken;

impl JoinToken {
    /// A token with a new secret for the swarm with this root CA.
    pub fn generate(root: &RootCertificate, rng: &mut sim::Rng) -> Self {
        let mut bytes: [u8; 16] = rng.bytes();
        let mut text = base36::encode(&bytes, SECRET_LENGTH);
        let mut secret = [0; SECRET_LENGTH];
        secret.copy_from_slice(text.as_bytes());
        bytes.zeroize();
        text.zeroize();
        Self { digest: root.digest(), secret }
    }

    /// Whether both are the same token. Takes the same time wherever they differ.
    pub fn matches(&self, other: &Self) -> bool {
        let digests = ct::equal(&self.digest, &other.digest);
        let secrets = ct::equal(&self.secret, &other.secret);
        digests & secrets
    }

    /// Whether this root certificate is the one that the token was made for.
    pub fn matches_root(&self, root: &RootCertificate) -> bool {
        ct::equal(&self.digest, &root.digest())
    }
}

impl PartialEq for JoinToken {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl Eq for JoinToken {}

impl fmt::Display for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = std::str::from_utf8(&self.secret).map_err(|_| fmt::Error)?;
        write!(f, "SWMTKN-1-{}-{secret}", base36::encode(&self.digest, DIGEST_LENGTH))
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinToken(secret)")
    }
}

impl FromStr for JoinToken {
    type Err = InvalidJoinToken;

    /// Only version 1; `SWMTKN-2-…` is a FIPS swarm's, which is not simulated.
    fn from_str(text: &str) -> Result<Self, InvalidJoinToken> {
        let rest = text.strip_prefix("SWMTKN-1-").ok_or(InvalidJoinToken)?;
        let (digest, secret) = rest.split_once('-').ok_or(InvalidJoinToken)?;
        let is_digit = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'z');
        if digest.len() != DIGEST_LENGTH || !secret.bytes().all(is_digit) {
            return Err(InvalidJoinToken);
        }
        Ok(Self {
            digest: base36::decode(digest).ok_or(InvalidJoinToken)?,
            secret: secret.as_bytes().try_into().map_err(|_| InvalidJoinToken)?,
        })
    }
}

impl Drop for JoinToken {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::RootCa;

    /// The token that Docker's documentation prints for `docker swarm init`.
    const DOCUMENTED: &str =
        "SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-1awxwuwd3z9j1z3puu7rcgdbx";

    #[test]
    fn a_documented_token_goes_both_ways() {
        let token: JoinToken = DOCUMENTED.parse().unwrap();
        assert_eq!(token.to_string(), DOCUMENTED);
        assert_eq!(format!("{token:?}"), "JoinToken(secret)");
    }

    #[test]
    fn a_generated_token_names_its_root() {
        let mut rng = sim::Streams::new(3).stream("token");
        let now = sim::Time::from_date(2017, 3, 21);
        let (ca, other) = (RootCa::create(now, &mut rng), RootCa::create(now, &mut rng));
        let worker = JoinToken::generate(&ca.certificate, &mut rng);
        let manager = JoinToken::generate(&ca.certificate, &mut rng);
        assert_ne!(worker, manager);
        assert_eq!(worker.to_string()[..60], manager.to_string()[..60]);
        assert!(worker.matches_root(&ca.certificate) && !worker.matches_root(&other.certificate));
        assert_eq!(worker.to_string().parse(), Ok(worker));
    }

    #[test]
    fn a_mistyped_secret_is_another_token_not_a_malformed_one() {
        let token: JoinToken = DOCUMENTED.parse().unwrap();
        let mistyped = DOCUMENTED.replace("-1awx", "-zzzz");
        assert!(!token.matches(&mistyped.parse().unwrap()));
    }

    #[test]
    fn malformed_tokens_are_refused() {
        let good = DOCUMENTED;
        for text in [
            String::new(),
            "SWMTKN-1-".to_owned(),
            "SWMTKN-1--".to_owned(),
            good[1..].to_owned(),
            good.replace("SWMTKN-1", "SWMTKN-2"),
            good.to_uppercase(),
            format!("{good}0"),
            good[..good.len() - 1].to_owned(),
            good.replace("-3pu6", "-zzzz"),
            good.replace("bx", "b!"),
            good.replace("bx", "é"),
            format!(" {good}"),
        ] {
            assert_eq!(text.parse::<JoinToken>().unwrap_err(), InvalidJoinToken, "{text:?}");
        }
        assert_eq!(InvalidJoinToken.to_string(), "invalid join token");
    }
}
