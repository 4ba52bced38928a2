//! X.509 certificates, as far as a swarm needs them: its root CA and its nodes.
//!
//! The bytes are ordinary DER (RFC 5280), which other tools read and verify. What is missing on
//! purpose: other keys than P-256, other signatures than ECDSA with SHA-256, other names than CN, O
//! and OU, chains longer than the one of a root rotation ([`Chain`]). A certificate with anything of that kind is refused, not
//! half understood. Names and extensions are those of swarmkit (`ca/certificates.go`, by cfssl),
//! except that a key's id is a truncated SHA-256 of the key (RFC 7093), not its SHA-1.

mod chain;
mod parse;
mod template;

use sorted::SortedSet;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use sim::Time;

use crate::keys::PublicKey;
use crate::pem::Pem;

pub use chain::Chain;
pub(crate) use parse::time as read_time;
pub(crate) use template::{
    EC_PUBLIC_KEY, P256, Template, is_printable, rounded_to_minute, time as write_time,
};

/// The common name of a swarm's root CA.
pub const ROOT_COMMON_NAME: &str = "swarm-ca";

/// What a node is, as its certificate says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// `swarm-worker`
    Worker,
    /// `swarm-manager`
    Manager,
    /// None: the subject has no unit. Certificates of a Kubernetes are like that; a swarm issues none.
    Plain,
}

impl Role {
    /// The organizational unit that stands for the role.
    pub const fn organizational_unit(self) -> &'static str {
        match self {
            Self::Worker => "swarm-worker",
            Self::Manager => "swarm-manager",
            Self::Plain => "",
        }
    }

    /// The role that an organizational unit stands for.
    pub fn from_organizational_unit(unit: &str) -> Option<Self> {
        [Self::Worker, Self::Manager, Self::Plain]
            .into_iter()
            .find(|role| role.organizational_unit() == unit)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.organizational_unit())
    }
}

/// Why a certificate is not accepted. The texts are Go's where Go has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not a certificate of the kind that a swarm makes.
    #[error("x509: malformed certificate")]
    Malformed,
    /// No trusted root signed it.
    #[error("x509: certificate signed by unknown authority")]
    UnknownAuthority,
    /// Its time is over.
    #[error(
        "x509: certificate has expired or is not yet valid: current time {} is after {}",
        .now.rfc3339(), .not_after.rfc3339()
    )]
    Expired {
        /// When it was looked at.
        now: Time,
        /// The last instant at which it was valid.
        not_after: Time,
    },
    /// Its time has not begun.
    #[error(
        "x509: certificate has expired or is not yet valid: current time {} is before {}",
        .now.rfc3339(), .not_before.rfc3339()
    )]
    NotYetValid {
        /// When it was looked at.
        now: Time,
        /// The first instant at which it is valid.
        not_before: Time,
    },
    /// A valid certificate of a node that has not the role that is needed here.
    #[error("x509: certificate is valid for {found}, not {expected}")]
    WrongRole {
        /// The role in the certificate.
        found: Role,
        /// The role that was needed.
        expected: Role,
    },
    /// A CA's certificate where a node's was expected, or the other way round.
    #[error("x509: certificate specifies an incompatible key usage")]
    WrongUsage,
}

/// A distinguished name of a swarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// O: the cluster's id.
    pub organization: Option<String>,
    /// OU: the role.
    pub organizational_unit: Option<String>,
    /// CN: the node's id, or `swarm-ca`.
    pub common_name: String,
}

/// A certificate that was read completely. Its signature may be anybody's: see [`crate::ca::verify`].
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// The part of `der` that is signed.
    signed: std::ops::Range<usize>,
    signature: Vec<u8>,
    serial: Vec<u8>,
    issuer: Name,
    subject: Name,
    not_before: Time,
    not_after: Time,
    public_key: PublicKey,
    is_ca: bool,
    dns_names: Vec<String>,
}

impl Certificate {
    /// Reads a certificate's DER.
    ///
    /// # Errors
    /// `Malformed` for anything but a complete certificate of the kind that a swarm makes.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        parse::certificate(der).map_err(|_| CertificateError::Malformed)
    }

    /// Reads one PEM block `CERTIFICATE`.
    ///
    /// # Errors
    /// As [`Certificate::from_der`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let block = Pem::decode(text).map_err(|_| CertificateError::Malformed)?;
        if block.label != "CERTIFICATE" || !block.headers.is_empty() {
            return Err(CertificateError::Malformed);
        }
        Self::from_der(&block.body)
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM, with a newline at the end.
    pub fn pem(&self) -> String {
        let label = "CERTIFICATE".to_owned();
        Pem { label, headers: Vec::new(), body: self.der.clone() }.encode()
    }

    /// SHA-256 of [`Certificate::pem`]: what a join token names.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.pem()).into()
    }

    /// The serial number, big-endian without leading zeros.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Who signed it, as it says.
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// Whose it is.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The first instant at which it is valid.
    pub fn not_before(&self) -> Time {
        self.not_before
    }

    /// The last instant at which it is valid.
    pub fn not_after(&self) -> Time {
        self.not_after
    }

    /// The key that it speaks for.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The subject's DER, as the API shows a certificate's issuer.
    pub fn subject_der(&self) -> Vec<u8> {
        template::name(&self.subject)
    }

    /// The DER of the key that it speaks for (SubjectPublicKeyInfo).
    pub fn public_key_der(&self) -> Vec<u8> {
        template::public_key(&self.public_key)
    }

    /// Whether it may sign certificates.
    pub fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// The names for which a server may show it.
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }

    /// Whether the owner of `key` signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.der[self.signed.clone()], &self.signature)
    }

    /// Whether it is valid at `now`.
    ///
    /// # Errors
    /// `Expired` or `NotYetValid`.
    pub fn check_validity(&self, now: Time) -> Result<(), CertificateError> {
        let (not_before, not_after) = (self.not_before, self.not_after);
        if now < not_before {
            return Err(CertificateError::NotYetValid { now, not_before });
        }
        if now > not_after {
            return Err(CertificateError::Expired { now, not_after });
        }
        Ok(())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("issuer", &self.issuer)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl Serialize for Certificate {
    /// As DER.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.der.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let der = Vec::<u8>::deserialize(deserializer)?;
        Self::from_der(&der).map_err(serde::de::Error::custom)
    }
}

/// How many signatures a [`RootCertificate`] remembers to have checked.
const VERIFIED_LIMIT: usize = 4_096;

/// The certificate of a swarm's root CA: self-signed, named `swarm-ca` unless a user brought it along.
///
/// It remembers which certificates' signatures it has found good, and its clones remember with it:
/// nodes meet the same peers again and again, and a signature costs most of a handshake. That
/// changes the time an answer takes, never the answer; validity is looked at each time.
#[derive(Clone)]
pub struct RootCertificate {
    certificate: Box<Certificate>,
    /// SHA-256 of the whole DER.
    verified: Rc<RefCell<SortedSet<[u8; 32]>>>,
}

impl PartialEq for RootCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.certificate == other.certificate
    }
}

impl Eq for RootCertificate {}

impl fmt::Debug for RootCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RootCertificate").field(&self.certificate).finish()
    }
}

impl RootCertificate {
    /// Checks that a certificate is a root CA's.
    ///
    /// # Errors
    /// `WrongUsage` when it is no root CA, `UnknownAuthority` when it did not sign itself.
    pub fn new(certificate: Certificate) -> Result<Self, CertificateError> {
        if !certificate.is_ca() || certificate.subject() != certificate.issuer() {
            return Err(CertificateError::WrongUsage);
        }
        if !certificate.is_signed_by(certificate.public_key()) {
            return Err(CertificateError::UnknownAuthority);
        }
        Ok(Self { certificate: Box::new(certificate), verified: Rc::default() })
    }

    /// Reads a root CA's PEM.
    ///
    /// # Errors
    /// As [`Certificate::from_pem`] and [`RootCertificate::new`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::new(Certificate::from_pem(text)?)
    }

    /// SHA-256 of the PEM: what a join token names.
    pub fn digest(&self) -> [u8; 32] {
        self.certificate.digest()
    }

    /// The certificate as PEM, as `docker swarm ca` prints it.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// The certificate itself.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether this root's key signed `certificate`.
    pub fn has_signed(&self, certificate: &Certificate) -> bool {
        let digest: [u8; 32] = Sha256::digest(certificate.der()).into();
        let mut verified = self.verified.borrow_mut();
        if verified.contains(&digest) {
            return true;
        }
        let good = certificate.is_signed_by(self.certificate.public_key());
        if good {
            if verified.len() >= VERIFIED_LIMIT {
                verified.clear();
            }
            verified.insert(digest);
        }
        good
    }
}

impl Serialize for RootCertificate {
    /// As DER.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.certificate.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RootCertificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Certificate::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
