//! Another root CA for the cluster (swarmkit: `manager/controlapi/ca_rotation.go`, `validateCAConfig`).
//!
//! An update of the cluster only begins a rotation: it makes (or takes) the new CA and has the old one
//! sign the new one's certificate. The CA on the leader then has every node renew its certificate, and
//! ends the rotation (`ca/rotation.rs`).

use seal::{Certificate, PrivateKey, RootCa, RootCertificate, keyfile};
use sim::{Duration, Rng, Time};

use super::{ApiError, Code};
use crate::objects::{Cluster, ClusterSpec, RootRotation, SecretBytes, SigningCa};

/// swarmkit: `minRootExpiration`; cfssl's year has 8760 hours.
const ROOT_LIFETIME_MIN: Duration = Duration::from_secs(8_760 * 3_600);

/// The CA of these parts, as the cluster object keeps them.
pub(crate) fn from_parts(certificate: &[u8], key: &SecretBytes) -> Option<RootCa> {
    let pem = std::str::from_utf8(certificate).ok()?;
    let scalar: &[u8; 32] = key.expose().try_into().ok()?;
    let certificate = RootCertificate::from_pem(pem).ok()?;
    RootCa::from_parts(PrivateKey::from_bytes(scalar).ok()?, certificate).ok()
}

/// Begins, replaces or gives up a rotation, as the new spec wants it.
pub(super) fn update(
    cluster: &mut Cluster,
    spec: &ClusterSpec,
    now: Time,
    rng: &mut Rng,
) -> Result<(), ApiError> {
    let Some(wanted) = &spec.signing_ca else {
        if cluster.root_ca.last_forced_rotation == spec.ca_force_rotate {
            return Ok(());
        }
        return begin(cluster, &RootCa::create(now, rng), spec.ca_force_rotate);
    };
    let new = signing_ca(wanted, now)?;
    let key = SecretBytes::from(&new.key.to_bytes()[..]);
    let pem = new.certificate.pem().into_bytes();
    let root_ca = &mut cluster.root_ca;
    if root_ca.certificate == pem {
        // What is wanted is what is there: a rotation away from it is given up.
        root_ca.key = key;
        root_ca.rotation = None;
        root_ca.last_forced_rotation = spec.ca_force_rotate;
        return Ok(());
    }
    if root_ca.key == key {
        return Err(ApiError::invalid("Cannot update to a cert with an identical key"));
    }
    if root_ca.rotation.as_ref().is_some_and(|rotation| rotation.certificate == pem) {
        root_ca.last_forced_rotation = spec.ca_force_rotate;
        return Ok(());
    }
    begin(cluster, &new, spec.ca_force_rotate)
}

fn begin(cluster: &mut Cluster, new: &RootCa, version: u64) -> Result<(), ApiError> {
    let root_ca = &mut cluster.root_ca;
    // Always the CA that the nodes trust signs, also when another rotation was under way.
    let cross_signed = from_parts(&root_ca.certificate, &root_ca.key)
        .and_then(|old| old.cross_sign(&new.certificate).ok())
        .ok_or_else(|| {
            let text = "unable to generate a cross-signed certificate for root rotation";
            ApiError::new(Code::Internal, text)
        })?;
    root_ca.rotation = Some(RootRotation {
        certificate: new.certificate.pem().into_bytes(),
        key: SecretBytes::from(&new.key.to_bytes()[..]),
        cross_signed: cross_signed.pem().into_bytes(),
    });
    root_ca.last_forced_rotation = version;
    Ok(())
}

fn signing_ca(wanted: &SigningCa, now: Time) -> Result<RootCa, ApiError> {
    let has_key = !wanted.key.expose().is_empty();
    if wanted.certificate.is_empty() && has_key {
        return Err(ApiError::invalid(
            "if a signing CA key is provided, the signing CA cert must also be provided",
        ));
    }
    if !has_key {
        return Err(ApiError::invalid(
            "there must be at least one valid, reachable external CA corresponding to the desired \
             CA certificate",
        ));
    }
    let blocks = seal::pem::Pem::split(&wanted.certificate);
    if blocks.len() > 1 {
        return Err(ApiError::invalid(
            "the desired CA certificate cannot contain multiple certificates",
        ));
    }
    let unreadable = || ApiError::invalid("could not parse the desired CA certificate");
    let block = blocks.first().ok_or_else(unreadable)?;
    let certificate = Certificate::from_pem(block).map_err(|_| unreadable())?;
    let certificate =
        RootCertificate::new(certificate).map_err(|error| ApiError::invalid(error.to_string()))?;
    let key = std::str::from_utf8(wanted.key.expose()).ok();
    let key = key.and_then(|text| keyfile::read_private_key(text).ok());
    let mismatch = || ApiError::invalid("tls: private key does not match public key");
    let new = RootCa::from_parts(key.ok_or_else(mismatch)?, certificate).map_err(|_| mismatch())?;
    if new.certificate.certificate().not_after() < now + ROOT_LIFETIME_MIN {
        return Err(ApiError::invalid("CA certificate expires too soon"));
    }
    Ok(new)
}
