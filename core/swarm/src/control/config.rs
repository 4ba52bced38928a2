//! Configs: as secrets, but their bytes can be read (swarmkit: `manager/controlapi/config.go`).

use std::rc::Rc;

use sim::Rng;

use super::names::{check_secret_name, following_services};
use super::{ApiError, Code, ControlResponse, Filters, filter};
use crate::objects::{Config, ConfigSpec, Id, Kind, random_id};
use crate::store::{Store, StoreError, Tx};

/// A config has fewer bytes than this (since 23.0; 500 KiB before).
const DATA_BYTES_LIMIT: usize = 1_024_000;

pub(super) fn list(store: &Store, filters: &Filters) -> Vec<Rc<Config>> {
    let matches = |config: &&Rc<Config>| {
        let annotations = &config.spec.annotations;
        filter::matches(filters, &config.id, &annotations.name, &annotations.labels)
    };
    store.configs().iter().filter(matches).cloned().collect()
}

pub(super) fn get(store: &Store, id: &Id) -> Result<Rc<Config>, ApiError> {
    store.config(id).cloned().ok_or_else(|| ApiError::not_found(Kind::Config, id))
}

fn check(spec: &ConfigSpec) -> Result<(), ApiError> {
    check_secret_name(&spec.annotations)?;
    if spec.data.is_empty() || DATA_BYTES_LIMIT <= spec.data.len() {
        return Err(ApiError::invalid(
            "config data must be larger than 0 and less than 1024000 bytes",
        ));
    }
    Ok(())
}

pub(super) fn create(
    tx: &mut Tx,
    rng: &mut Rng,
    spec: &ConfigSpec,
) -> Result<ControlResponse, ApiError> {
    check(spec)?;
    let id = random_id(rng);
    let config = Config { id: id.clone(), spec: spec.clone(), ..Config::default() };
    match tx.create(config) {
        Ok(()) => Ok(ControlResponse::Created { id }),
        Err(StoreError::NameConflict) => Err(ApiError::new(
            Code::AlreadyExists,
            format!("config {} already exists", spec.annotations.name),
        )),
        Err(other) => Err(other.into()),
    }
}

pub(super) fn update(
    tx: &mut Tx,
    id: &Id,
    version: u64,
    spec: &ConfigSpec,
) -> Result<ControlResponse, ApiError> {
    let old = tx.store().config(id).ok_or_else(|| ApiError::not_found(Kind::Config, id))?;
    let same_data = spec.data.is_empty() || spec.data == old.spec.data;
    if old.spec.annotations.name != spec.annotations.name || !same_data {
        return Err(ApiError::invalid("only updates to Labels are allowed"));
    }
    let mut config = (**old).clone();
    config.meta.version = version;
    config.spec.annotations.labels = spec.annotations.labels.clone();
    tx.update(config)?;
    Ok(ControlResponse::Done)
}

pub(super) fn remove(tx: &mut Tx, id: &Id) -> Result<ControlResponse, ApiError> {
    let store = tx.store();
    let config = store.config(id).ok_or_else(|| ApiError::not_found(Kind::Config, id))?;
    let users: Vec<&str> =
        store.services_using_config(id).map(|s| s.spec.annotations.name.as_str()).collect();
    if !users.is_empty() {
        return Err(ApiError::invalid(format!(
            "config '{}' is in use by the following {}",
            config.spec.annotations.name,
            following_services(&users)
        )));
    }
    tx.remove::<Config>(id)?;
    Ok(ControlResponse::Done)
}
