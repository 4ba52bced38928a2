//! Which object a control request is about, so that a daemon can resolve what was typed.

use swarm::control::ControlRequest;
use swarm::objects::{Id, Kind};

/// The kind and the place of the identifier in a request that names one object. What stands there
/// comes from a user: the daemon asks a manager to resolve it and writes the answer back.
pub fn subject(request: &mut ControlRequest) -> Option<(Kind, &mut Id)> {
    use ControlRequest as Q;
    match request {
        Q::GetNode { id } | Q::UpdateNode { id, .. } | Q::RemoveNode { id, .. } => {
            Some((Kind::Node, id))
        }
        Q::GetService { id } | Q::UpdateService { id, .. } | Q::RemoveService { id } => {
            Some((Kind::Service, id))
        }
        Q::GetTask { id } | Q::RemoveTask { id } => Some((Kind::Task, id)),
        Q::GetSecret { id } | Q::UpdateSecret { id, .. } | Q::RemoveSecret { id } => {
            Some((Kind::Secret, id))
        }
        Q::GetConfig { id } | Q::UpdateConfig { id, .. } | Q::RemoveConfig { id } => {
            Some((Kind::Config, id))
        }
        Q::GetNetwork { id } | Q::RemoveNetwork { id } => Some((Kind::Network, id)),
        Q::Resolve { .. }
        | Q::GetCluster
        | Q::UpdateCluster { .. }
        | Q::GetUnlockKey
        | Q::ListNodes(_)
        | Q::ListServices(_)
        | Q::ListServiceStatuses { .. }
        | Q::CreateService { .. }
        | Q::ListTasks(_)
        | Q::ListSecrets(_)
        | Q::CreateSecret { .. }
        | Q::ListConfigs(_)
        | Q::CreateConfig { .. }
        | Q::ListNetworks(_)
        | Q::CreateNetwork { .. } => None,
    }
}
