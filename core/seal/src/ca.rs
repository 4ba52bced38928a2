//! The swarm's certificate authority: who signs node certificates, and how they are checked.

use std::fmt;

use sim::{Duration, Time};

use crate::csr::Csr;
use crate::keys::{PrivateKey, PublicKey};
use crate::x509::{
    Certificate, CertificateError, Chain, Name, ROOT_COMMON_NAME, Role, RootCertificate, Template,
    rounded_to_minute,
};

/// A root CA's life: 20 years of 365 days (swarmkit: `ca/certificates.go`, `630720000s`).
pub const ROOT_LIFETIME: Duration = Duration::from_secs(630_720_000);
/// A node certificate's life unless the cluster's spec says otherwise: 90 days.
pub const NODE_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3_600);
/// The shortest life that swarmkit accepts for node certificates: an hour.
pub const NODE_LIFETIME_MIN: Duration = Duration::from_secs(3_600);
/// Node certificates begin this long before they are issued, for clocks that differ.
pub const BACKDATE: Duration = Duration::from_secs(3_600);
/// A root certificate begins this long before (cfssl's default).
const ROOT_BACKDATE: Duration = Duration::from_secs(300);
/// Lives end here at the latest; later instants do not fit a [`Time`].
const LAST_DAY: Time = Time::from_date(2553, 12, 31);

/// Who a node is: what its certificate's subject says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct NodeIdentity {
    /// The node's id (CN).
    pub node_id: String,
    /// The node's role (OU).
    pub role: Role,
    /// The cluster's id (O).
    pub cluster_id: String,
}

/// The node at the other end of a channel, after its certificate was verified.
pub type Peer = NodeIdentity;

impl NodeIdentity {
    fn name(&self) -> Name {
        Name {
            organization: Some(self.cluster_id.clone()),
            organizational_unit: Some(self.role.organizational_unit().to_owned())
                .filter(|unit| !unit.is_empty()),
            common_name: self.node_id.clone(),
        }
    }
}

/// A root CA with its key.
#[derive(Clone)]
pub struct RootCa {
    /// Signs node certificates: secret.
    pub key: PrivateKey,
    /// What the nodes trust.
    pub certificate: RootCertificate,
}

impl fmt::Debug for RootCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootCa(key secret, {:?})", self.certificate)
    }
}

impl RootCa {
    /// A new root CA with a new key.
    pub fn create(now: Time, rng: &mut sim::Rng) -> Self {
        Self::create_named(ROOT_COMMON_NAME, now, rng)
    }

    /// The same with another name than `swarm-ca`.
    pub fn create_named(common_name: &str, now: Time, rng: &mut sim::Rng) -> Self {
        let key = PrivateKey::generate(rng);
        let common_name = common_name.to_owned();
        let name = Name { organization: None, organizational_unit: None, common_name };
        let not_before = rounded_to_minute(now) - ROOT_BACKDATE;
        let certificate = Template {
            serial: &serial(rng),
            issuer: &name,
            issuer_key: &key.public_key(),
            subject: &name,
            not_before,
            not_after: (not_before + ROOT_LIFETIME).min(LAST_DAY),
            public_key: &key.public_key(),
            is_ca: true,
            dns_names: Vec::new(),
        }
        .sign(&key)
        .expect("a root's names are constants, and what is written here reads back");
        let certificate = RootCertificate::new(certificate).expect("it was just self-signed");
        Self { key, certificate }
    }

    /// A root CA from its parts, as the cluster's object in the store keeps them.
    ///
    /// # Errors
    /// `UnknownAuthority` when the key is not the certificate's.
    pub fn from_parts(
        key: PrivateKey,
        certificate: RootCertificate,
    ) -> Result<Self, CertificateError> {
        if key.public_key() != *certificate.certificate().public_key() {
            return Err(CertificateError::UnknownAuthority);
        }
        Ok(Self { key, certificate })
    }

    /// A certificate for the key in `csr`, valid from an hour before `now` until `lifetime` after
    /// it (both to the minute).
    ///
    /// # Errors
    /// `Malformed` when an id is not short ASCII: no certificate can carry it.
    pub fn issue(
        &self,
        csr: &Csr,
        node: &NodeIdentity,
        now: Time,
        lifetime: Duration,
        rng: &mut sim::Rng,
    ) -> Result<Certificate, CertificateError> {
        let unit = node.role.organizational_unit();
        let mut dns_names = vec![unit, &node.node_id];
        dns_names.retain(|name| !name.is_empty());
        if node.role == Role::Manager {
            // A manager also answers as the CA (swarmkit: `ca/certificates.go`).
            dns_names.push(ROOT_COMMON_NAME);
        }
        let now = rounded_to_minute(now);
        Template {
            serial: &serial(rng),
            issuer: self.certificate.certificate().subject(),
            issuer_key: self.certificate.certificate().public_key(),
            subject: &node.name(),
            not_before: now - BACKDATE,
            not_after: (now + lifetime).min(LAST_DAY),
            public_key: csr.public_key(),
            is_ca: false,
            dns_names,
        }
        .sign(&self.key)
        .ok_or(CertificateError::Malformed)
    }

    /// Signs another root's certificate as an intermediate: the same subject, key, serial number and
    /// validity under this CA's name (swarmkit: `CrossSignCACertificate`).
    ///
    /// # Errors
    /// `Malformed` when the other root's name cannot be written.
    pub fn cross_sign(&self, other: &RootCertificate) -> Result<Certificate, CertificateError> {
        let other = other.certificate();
        Template {
            serial: other.serial(),
            issuer: self.certificate.certificate().subject(),
            issuer_key: self.certificate.certificate().public_key(),
            subject: other.subject(),
            not_before: other.not_before(),
            not_after: other.not_after(),
            public_key: other.public_key(),
            is_ca: true,
            dns_names: Vec::new(),
        }
        .sign(&self.key)
        .ok_or(CertificateError::Malformed)
    }

    /// The key that the CA's certificate speaks for.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }
}

/// Whose certificate it is, if `root` signed it, or signed the intermediate whose CA signed it, and all
/// of them are valid at `now`.
///
/// # Errors
/// `UnknownAuthority`, `Expired` or `NotYetValid`; `WrongUsage` for a CA's own certificate;
/// `Malformed` when the subject is not a node's, or the names contradict it.
pub fn verify(chain: &Chain, root: &RootCertificate, now: Time) -> Result<Peer, CertificateError> {
    let certificate = &chain.leaf;
    let authority = root.certificate();
    let signed_by_root =
        |signed: &Certificate| signed.issuer() == authority.subject() && root.has_signed(signed);
    if !signed_by_root(certificate) {
        let intermediate = chain.intermediate.as_ref().filter(|ca| {
            ca.is_ca()
                && certificate.issuer() == ca.subject()
                && certificate.is_signed_by(ca.public_key())
                && signed_by_root(ca)
        });
        intermediate.ok_or(CertificateError::UnknownAuthority)?.check_validity(now)?;
    }
    authority.check_validity(now)?;
    certificate.check_validity(now)?;
    if certificate.is_ca() {
        return Err(CertificateError::WrongUsage);
    }
    let subject = certificate.subject();
    let unit = subject.organizational_unit.as_deref().unwrap_or_default();
    let role = Role::from_organizational_unit(unit).ok_or(CertificateError::Malformed)?;
    let cluster_id = subject.organization.clone().ok_or(CertificateError::Malformed)?;
    let node_id = subject.common_name.clone();
    let names = certificate.dns_names();
    let names_unit = unit.is_empty() || names.iter().any(|name| name == unit);
    if !names_unit || !names.contains(&node_id) {
        return Err(CertificateError::Malformed);
    }
    Ok(Peer { node_id, role, cluster_id })
}

/// How long a node waits before it renews its certificate: a random minute between 50 and 80
/// percent of the certificate's life, or no time where that is over (swarmkit: `ca/renewer.go`).
pub fn renewal_delay(certificate: &Certificate, now: Time, rng: &mut sim::Rng) -> Duration {
    let life = certificate.not_after().since(certificate.not_before());
    let minutes = life.as_secs() / 60;
    let (low, high) = (minutes / 2, minutes * 4 / 5);
    let minute = if high > low { rng.between(low, high - 1) } else { low };
    (certificate.not_before() + Duration::from_secs(minute * 60)).since(now)
}

/// A random serial number: positive, at most 20 bytes.
fn serial(rng: &mut sim::Rng) -> [u8; 20] {
    let mut serial: [u8; 20] = rng.bytes();
    serial[0] &= 0x7f;
    // Zero is not allowed, and the same length for all is nicer to read.
    serial[0] |= 0x40;
    serial
}

#[cfg(test)]
#[path = "ca_tests.rs"]
mod tests;
