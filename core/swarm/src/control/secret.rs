//! Secrets (swarmkit: `manager/controlapi/secret.go`, `api/validation/secrets.go`).

use std::rc::Rc;

use sim::Rng;

use super::names::{check_secret_name, following_services};
use super::{ApiError, Code, ControlResponse, Filters, filter};
use crate::objects::{Id, Kind, Secret, SecretBytes, SecretSpec, random_id};
use crate::store::{Store, StoreError, Tx};

/// A secret has fewer bytes than this.
const DATA_BYTES_LIMIT: usize = 512_000;

/// Without the bytes: nobody reads a secret over the API.
fn redacted(secret: &Secret) -> Rc<Secret> {
    let spec = SecretSpec { data: SecretBytes::default(), ..secret.spec.clone() };
    Rc::new(Secret { spec, ..secret.clone() })
}

pub(super) fn list(store: &Store, filters: &Filters) -> Vec<Rc<Secret>> {
    let matches = |secret: &&Rc<Secret>| {
        let annotations = &secret.spec.annotations;
        filter::matches(filters, &secret.id, &annotations.name, &annotations.labels)
    };
    store.secrets().iter().filter(matches).map(|secret| redacted(secret)).collect()
}

pub(super) fn get(store: &Store, id: &Id) -> Result<Rc<Secret>, ApiError> {
    let secret = store.secret(id).ok_or_else(|| ApiError::not_found(Kind::Secret, id))?;
    Ok(redacted(secret))
}

fn check(spec: &SecretSpec) -> Result<(), ApiError> {
    check_secret_name(&spec.annotations)?;
    if let Some(driver) = &spec.driver {
        if driver.name.is_empty() {
            return Err(ApiError::invalid("secret driver must have a name"));
        }
        return Ok(());
    }
    if spec.data.is_empty() || DATA_BYTES_LIMIT <= spec.data.len() {
        return Err(ApiError::invalid(
            "secret data must be larger than 0 and less than 512000 bytes",
        ));
    }
    Ok(())
}

pub(super) fn create(
    tx: &mut Tx,
    rng: &mut Rng,
    spec: &SecretSpec,
) -> Result<ControlResponse, ApiError> {
    check(spec)?;
    let id = random_id(rng);
    let secret = Secret { id: id.clone(), spec: spec.clone(), ..Secret::default() };
    match tx.create(secret) {
        Ok(()) => Ok(ControlResponse::Created { id }),
        Err(StoreError::NameConflict) => Err(ApiError::new(
            Code::AlreadyExists,
            format!("secret {} already exists", spec.annotations.name),
        )),
        Err(other) => Err(other.into()),
    }
}

pub(super) fn update(
    tx: &mut Tx,
    id: &Id,
    version: u64,
    spec: &SecretSpec,
) -> Result<ControlResponse, ApiError> {
    let old = tx.store().secret(id).ok_or_else(|| ApiError::not_found(Kind::Secret, id))?;
    let same_data = spec.data.is_empty() || spec.data == old.spec.data;
    if old.spec.annotations.name != spec.annotations.name || !same_data {
        return Err(ApiError::invalid("only updates to Labels are allowed"));
    }
    let mut secret = (**old).clone();
    secret.meta.version = version;
    secret.spec.annotations.labels = spec.annotations.labels.clone();
    tx.update(secret)?;
    Ok(ControlResponse::Done)
}

pub(super) fn remove(tx: &mut Tx, id: &Id) -> Result<ControlResponse, ApiError> {
    let store = tx.store();
    let secret = store.secret(id).ok_or_else(|| ApiError::not_found(Kind::Secret, id))?;
    let users: Vec<&str> =
        store.services_using_secret(id).map(|s| s.spec.annotations.name.as_str()).collect();
    if !users.is_empty() && !sim::planted!(SecretInUseRemoved) {
        return Err(ApiError::invalid(format!(
            "secret '{}' is in use by the following {}",
            secret.spec.annotations.name,
            following_services(&users)
        )));
    }
    tx.remove::<Secret>(id)?;
    Ok(ControlResponse::Done)
}
