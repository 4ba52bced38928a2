//! The control API (swarmkit: `manager/controlapi`): every check a manager makes before it changes
//! the store, with swarmkit's error texts and gRPC's codes.
//!
//! [`read`] answers from any manager's store, [`write`] makes changes in a transaction on the
//! leader. [`resolve`] is what the daemon does before: from what a user typed to an identifier.

mod cluster;
mod config;
mod error;
mod filter;
mod image;
mod names;
mod network;
mod node;
mod request;
mod resolve;
pub(crate) mod root_ca;
mod secret;
mod service;
mod service_spec;
mod task;
#[cfg(test)]
mod tests;

pub use error::{ApiError, Code};
pub use network::initial_networks;
pub use request::{
    ControlRequest, ControlResponse, Filters, KeyRotation, RaftMember, RaftMembers, ServiceStatus,
};
pub use resolve::resolve;

use sim::Rng;

use crate::store::{Store, Tx};

/// The request changes the store and belongs to the leader.
pub fn is_write(request: &ControlRequest) -> bool {
    request.is_write()
}

/// Answers a list or a get. Secret bytes never leave: every secret's data is cleared.
///
/// # Errors
/// As the API has them: not found, for the most part.
pub fn read(
    request: &ControlRequest,
    store: &Store,
    members: &RaftMembers,
) -> Result<ControlResponse, ApiError> {
    use ControlRequest as Q;
    use ControlResponse as A;
    Ok(match request {
        Q::Resolve { kind, text } => A::Resolved(resolve(store, *kind, text)?),
        Q::GetCluster => A::Cluster(cluster::get(store)?),
        Q::GetUnlockKey => cluster::unlock_key(store)?,
        Q::ListNodes(filters) => A::Nodes(node::list(store, filters, members)),
        Q::GetNode { id } => A::Node(node::get(store, id, members)?),
        Q::ListServices(filters) => A::Services(service::list(store, filters)),
        Q::ListServiceStatuses { ids } => A::ServiceStatuses(service::statuses(store, ids)),
        Q::GetService { id } => A::Service(service::get(store, id)?),
        Q::ListTasks(filters) => A::Tasks(task::list(store, filters)),
        Q::GetTask { id } => A::Task(task::get(store, id)?),
        Q::ListSecrets(filters) => A::Secrets(secret::list(store, filters)),
        Q::GetSecret { id } => A::Secret(secret::get(store, id)?),
        Q::ListConfigs(filters) => A::Configs(config::list(store, filters)),
        Q::GetConfig { id } => A::Config(config::get(store, id)?),
        Q::ListNetworks(filters) => A::Networks(network::list(store, filters)),
        Q::GetNetwork { id } => A::Network(network::get(store, id)?),
        _ => return Err(ApiError::new(Code::Internal, "a change was asked of a reader")),
    })
}

/// Makes the changes a request asks for. `rng` is the stream of identifiers and tokens.
///
/// # Errors
/// As the API has them; the transaction is then to be dropped.
pub fn write(
    request: &ControlRequest,
    tx: &mut Tx,
    rng: &mut Rng,
    members: &RaftMembers,
) -> Result<ControlResponse, ApiError> {
    use ControlRequest as Q;
    match request {
        Q::UpdateCluster { version, spec, rotation } => {
            cluster::update(tx, rng, *version, spec, *rotation)
        }
        Q::UpdateNode { id, version, spec } => node::update(tx, id, *version, spec, members),
        Q::RemoveNode { id, force } => node::remove(tx, id, *force, members),
        Q::CreateService { spec } => service::create(tx, rng, spec),
        Q::UpdateService { id, version, spec, rollback } => {
            service::update(tx, id, *version, spec, *rollback)
        }
        Q::RemoveService { id } => service::remove(tx, id),
        Q::RemoveTask { id } => task::remove(tx, id),
        Q::CreateSecret { spec } => secret::create(tx, rng, spec),
        Q::UpdateSecret { id, version, spec } => secret::update(tx, id, *version, spec),
        Q::RemoveSecret { id } => secret::remove(tx, id),
        Q::CreateConfig { spec } => config::create(tx, rng, spec),
        Q::UpdateConfig { id, version, spec } => config::update(tx, id, *version, spec),
        Q::RemoveConfig { id } => config::remove(tx, id),
        Q::CreateNetwork { spec } => network::create(tx, rng, spec),
        Q::RemoveNetwork { id } => network::remove(tx, id),
        _ => read(request, tx.store(), members),
    }
}
