//! The swarm as `docker info --format` shows it.

use serde_json::{Value as Json, json};
use swarm::objects::{Cluster, TlsInfo};

use super::secret::base64;
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
    let mut ca = style.object();
    ca.put("NodeCertExpiry", nanos(spec.node_cert_expiry));
    ca.fill("ForceRotate", spec.ca_force_rotate);
    shown.put("CAConfig", ca.json());
    shown.put("TaskDefaults", json!({}));
    shown.put("EncryptionConfig", json!({"AutoLockManagers": spec.autolock}));
    let mut object = head(style, &cluster.id, &cluster.meta);
    object.put("Spec", shown.json());
    if !style.profile.client_secret_lookup {
        object.put("TLSInfo", tls_info(style, &cluster.root_ca.wanted_tls()));
        object.put("RootRotationInProgress", cluster.root_ca.rotation.is_some());
    }
    object.json()
}

/// Which CA is trusted, and which one signs.
pub(crate) fn tls_info(style: Style, tls: &TlsInfo) -> Json {
    let mut shown = style.object();
    shown.fill("TrustRoot", tls.trust_root.clone());
    shown.fill("CertIssuerSubject", base64(&tls.issuer_subject));
    shown.fill("CertIssuerPublicKey", base64(&tls.issuer_public_key)).json()
}
