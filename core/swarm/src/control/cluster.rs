//! The cluster object (swarmkit: `manager/controlapi/cluster.go`).

use std::rc::Rc;

use sim::{Duration, Rng, Time};

use super::{ApiError, Code, ControlResponse, KeyRotation};
use crate::objects::{
    Cluster, ClusterCa, ClusterSpec, EncryptionKey, SecretBytes, defaults, random_token_secret,
};
use crate::store::{Store, Tx};

/// A removed node's certificate stays on the list so long after it has expired.
const EXPIRED_CERTIFICATE_GRACE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Whose keys the unlock key protects.
const MANAGER_SUBSYSTEM: &str = "swarm-manager";

fn missing() -> ApiError {
    ApiError::new(Code::NotFound, "cluster default not found")
}

/// The cluster without its keys. The join tokens stay: `docker swarm join-token` shows them.
pub(super) fn get(store: &Store) -> Result<Rc<Cluster>, ApiError> {
    let cluster = store.cluster().ok_or_else(missing)?;
    let mut root_ca = ClusterCa { key: SecretBytes::default(), ..cluster.root_ca.clone() };
    if let Some(rotation) = &mut root_ca.rotation {
        rotation.key = SecretBytes::default();
    }
    Ok(Rc::new(Cluster {
        root_ca,
        unlock_keys: Vec::new(),
        network_keys: Vec::new(),
        ..(**cluster).clone()
    }))
}

/// The key that unlocks a manager (swarmkit: `ca/server.go`, `GetUnlockKey`).
pub(super) fn unlock_key(store: &Store) -> Result<ControlResponse, ApiError> {
    let cluster = store.cluster().ok_or_else(missing)?;
    let key = cluster.unlock_keys.iter().find(|key| key.subsystem == MANAGER_SUBSYSTEM);
    Ok(ControlResponse::UnlockKey {
        key: key.map(|key| key.key.clone()),
        version: cluster.meta.version,
    })
}

/// Drops what is on the list of removed nodes' certificates for no reason any more.
pub(super) fn expire_blacklisted(cluster: &mut Cluster, now: Time) {
    cluster.blacklisted_certificates.retain(|_, expiry| now <= *expiry + EXPIRED_CERTIFICATE_GRACE);
}

fn check(spec: &ClusterSpec) -> Result<(), ApiError> {
    if spec.node_cert_expiry != Duration::ZERO
        && spec.node_cert_expiry < defaults::NODE_CERT_EXPIRY_MIN
    {
        return Err(ApiError::invalid(format!(
            "minimum certificate expiry time is: {}",
            defaults::NODE_CERT_EXPIRY_MIN
        )));
    }
    if spec.annotations.name != "default" {
        return Err(ApiError::invalid("modification of cluster name is not allowed"));
    }
    Ok(())
}

pub(super) fn update(
    tx: &mut Tx,
    rng: &mut Rng,
    version: u64,
    spec: &ClusterSpec,
    rotation: KeyRotation,
) -> Result<ControlResponse, ApiError> {
    check(spec)?;
    let mut cluster = (**tx.store().cluster().ok_or_else(missing)?).clone();
    cluster.meta.version = version;
    cluster.spec = ClusterSpec { signing_ca: None, ..spec.clone() };
    super::root_ca::update(&mut cluster, spec, tx.now(), rng)?;
    expire_blacklisted(&mut cluster, tx.now());
    if rotation.worker_token {
        renew_token(&mut cluster.root_ca.worker_token, rng);
    }
    if rotation.manager_token {
        renew_token(&mut cluster.root_ca.manager_token, rng);
    }
    renew_unlock_key(&mut cluster, rotation.unlock_key, rng);
    tx.update(cluster)?;
    Ok(ControlResponse::Done)
}

/// Only the last part of a token is random; what stands before it names the root CA.
fn renew_token(token: &mut String, rng: &mut Rng) {
    if let Some((prefix, _)) = token.rsplit_once('-') {
        *token = format!("{prefix}-{}", random_token_secret(rng));
    }
}

fn renew_unlock_key(cluster: &mut Cluster, rotate: bool, rng: &mut Rng) {
    let has_key = cluster.unlock_keys.iter().any(|key| key.subsystem == MANAGER_SUBSYSTEM);
    let autolock = cluster.spec.autolock;
    if !autolock || rotate {
        cluster.unlock_keys.retain(|key| key.subsystem != MANAGER_SUBSYSTEM);
    }
    if autolock && (rotate || !has_key) {
        cluster.unlock_keys.push(EncryptionKey {
            subsystem: MANAGER_SUBSYSTEM.to_owned(),
            key: SecretBytes::from(&rng.bytes::<32>()[..]),
        });
    }
}
