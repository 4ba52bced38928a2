//! The leader's part in a rotation of the root CA (swarmkit: `ca/reconciler.go`).
//!
//! Every node whose certificate another CA signed is told to renew it, some at a time. When none is left,
//! the new root takes the old one's place, and the join tokens name it. A node that is away holds the
//! rotation up until it is back or removed. It waits for certificates only: who renewed its own and was gone before it
//! was told the new root, and is away for the next rotation too, trusts a root that nobody's certificate leads to any
//! more, as in swarmkit. Such a node has to leave and to join again.

use seal::JoinToken;
use sim::{Duration, Rng, Time};

use super::server::CaServer;
use crate::control::root_ca;
use crate::objects::{ClusterCa, Id, IssuanceState, NodeState};
use crate::store::Tx;

/// swarmkit: `defaultRootReconciliationInterval`.
const INTERVAL: Duration = Duration::from_secs(3);
/// swarmkit: `IssuanceStateRotateMaxBatchSize`.
const BATCH_COUNT_MAX: usize = 30;

impl CaServer {
    /// When a rotation is to be looked at.
    pub(crate) const fn rotation_at(&self) -> Option<Time> {
        self.rotation_at
    }

    /// Takes the rotation a step further; what was done, for the trace.
    pub(crate) fn rotate(&mut self, tx: &mut Tx, rng: &mut Rng) -> Option<String> {
        self.rotation_at = None;
        let cluster = tx.store().cluster().cloned()?;
        let rotation = cluster.root_ca.rotation.as_ref()?;
        self.rotation_at = Some(tx.now() + INTERVAL);
        let wanted = cluster.root_ca.wanted_tls();
        let behind: Vec<(Id, IssuanceState)> = tx
            .store()
            .nodes()
            .iter()
            .filter(|node| !node.description.tls.has_issuer_of(&wanted))
            .filter(|node| {
                node.status.state == NodeState::Ready || !sim::planted!(RotationEndsEarly)
            })
            .map(|node| (node.id.clone(), node.certificate.state))
            .collect();
        if behind.is_empty() {
            let new = root_ca::from_parts(&rotation.certificate, &rotation.key)?;
            let mut token = || JoinToken::generate(&new.certificate, rng).to_string();
            let mut cluster = (*cluster).clone();
            cluster.root_ca = ClusterCa {
                certificate: rotation.certificate.clone(),
                key: rotation.key.clone(),
                digest: new.certificate.digest().iter().map(|b| format!("{b:02x}")).collect(),
                worker_token: token(),
                manager_token: token(),
                last_forced_rotation: cluster.root_ca.last_forced_rotation,
                rotation: None,
            };
            // The store can only refuse what is gone or out of sequence; both cannot be here.
            let _ = tx.update(cluster);
            self.rotation_at = None;
            return Some("all nodes have certificates of the new root CA".to_owned());
        }
        let under_way = |state| {
            matches!(state, IssuanceState::Pending | IssuanceState::Renew | IssuanceState::Rotate)
        };
        let mut count = 0;
        for (id, state) in behind {
            if under_way(state) || count == BATCH_COUNT_MAX || tx.room() == 0 {
                continue;
            }
            let Some(node) = tx.store().node(&id) else { continue };
            let mut node = (**node).clone();
            node.certificate.state = IssuanceState::Rotate;
            let _ = tx.update(node);
            count += 1;
        }
        (count > 0).then(|| format!("{count} nodes are to renew their certificates"))
    }
}
