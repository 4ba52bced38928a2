//! What holds where a spec is silent (swarmkit: `api/defaults/service.go`, `manager/state/raft`,
//! `ca/certificates.go`).

use sim::Duration;

use super::{
    Annotations, ClusterSpec, FailureAction, RaftConfig, RestartCondition, RestartPolicy,
    UpdateConfig, UpdateOrder,
};

/// How long an updated task is watched.
pub const MONITOR: Duration = Duration::from_secs(5);
/// Between a task's end and its replacement.
pub const RESTART_DELAY: Duration = Duration::from_secs(5);
/// Between the stop signal and SIGKILL.
pub const STOP_GRACE_PERIOD: Duration = Duration::from_secs(10);
/// Tasks kept per slot, the current one included.
pub const TASK_HISTORY_LIMIT: i64 = 5;
/// How often agents send a heartbeat.
pub const HEARTBEAT_PERIOD: Duration = Duration::from_secs(5);
/// How long a node's certificate is valid: 90 days.
pub const NODE_CERT_EXPIRY: Duration = Duration::from_secs(90 * 24 * 3600);
/// The least a node's certificate may be valid.
pub const NODE_CERT_EXPIRY_MIN: Duration = Duration::from_secs(3600);

/// The policy of a service that names none.
pub const RESTART: RestartPolicy = RestartPolicy {
    condition: RestartCondition::Any,
    delay: Some(RESTART_DELAY),
    max_attempts: 0,
    window: None,
};

/// How a service that does not say is updated and rolled back.
pub const UPDATE: UpdateConfig = UpdateConfig {
    parallelism: 1,
    delay: Duration::ZERO,
    failure_action: FailureAction::Pause,
    monitor: Some(MONITOR),
    max_failure_ratio_ppm: 0,
    order: UpdateOrder::StopFirst,
};

impl Default for UpdateConfig {
    fn default() -> Self {
        UPDATE
    }
}

impl Default for RaftConfig {
    /// Election ticks are those since 18.06; an older engine had 3.
    fn default() -> Self {
        Self {
            snapshot_interval: 10_000,
            keep_old_snapshots: 0,
            log_entries_for_slow_followers: 500,
            heartbeat_tick: 1,
            election_tick: 10,
        }
    }
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            annotations: Annotations::named("default"),
            task_history_limit: TASK_HISTORY_LIMIT,
            raft: RaftConfig::default(),
            heartbeat_period: HEARTBEAT_PERIOD,
            node_cert_expiry: NODE_CERT_EXPIRY,
            ca_force_rotate: 0,
            autolock: false,
            signing_ca: None,
        }
    }
}
