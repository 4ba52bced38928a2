//! The swarm as `docker info --format` shows it.

use serde_json::{Value as Json, json};
use swarm::objects::Cluster;

use super::{Style, annotations, head, nanos};

/// The cluster's settings.
pub(crate) fn cluster(style: Style, cluster: &Cluster) -> Json {
    let spec = &cluster.spec;
    let mut shown = annotations(style, &spec.annotations);
    shown.put("Orchestration", json!({"TaskHistoryRetentionLimit": spec.task_history_limit}));
    shown.put(
        "Raft",
        json!({
            "SnapshotInterval": spec.raft.snapshot_interval,
            "KeepOldSnapshots": spec.raft.keep_old_snapshots,
            "LogEntriesForSlowFollowers": spec.raft.log_entries_for_slow_followers,
            "ElectionTick": spec.raft.election_tick,
            "HeartbeatTick": spec.raft.heartbeat_tick,
        }),
    );
    shown.put("Dispatcher", json!({"HeartbeatPeriod": nanos(spec.heartbeat_period)}));
    shown.put("CAConfig", json!({"NodeCertExpiry": nanos(spec.node_cert_expiry)}));
    shown.put("TaskDefaults", json!({}));
    shown.put("EncryptionConfig", json!({"AutoLockManagers": spec.autolock}));
    let mut object = head(style, &cluster.id, &cluster.meta);
    object.put("Spec", shown.json());
    if !style.profile.client_secret_lookup {
        object.put("RootRotationInProgress", cluster.root_ca.rotation.is_some());
    }
    object.json()
}
