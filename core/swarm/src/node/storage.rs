//! A disk that takes nothing: what a write that failed does to the node.
//!
//! swarmkit's raft loop ends when the log cannot be written (`raft.go`: "failed to save entries to
//! storage"), and the node with it; the daemon starts it again after a growing wait (moby:
//! `daemon/cluster/noderunner.go`). Containers go on meanwhile.

use sim::Duration;

use super::swarm_node::{Io, Pending, Phase, SwarmNode, Waiting};
use super::{RequestId, texts};
use crate::ca::files;
use crate::control::{ApiError, Code};

/// moby: `initialReconnectDelay`.
pub(super) const RESTART_BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// moby: `maxReconnectDelay`.
const RESTART_BACKOFF_MAX: Duration = Duration::from_secs(30);

/// What a write that failed is called.
pub(super) fn no_space(path: &str) -> String {
    format!("write {path}: no space left on device")
}

impl SwarmNode {
    /// A write to this file failed.
    pub(super) fn write_failed(&mut self, path: &str, io: &mut Io<'_>) {
        let why = no_space(path);
        if !std::mem::replace(&mut self.knows_full_disk, true) {
            io.event("swarm.write_failed", why.clone());
        }
        let begins = |pending: &Pending| matches!(pending.what, Waiting::Init | Waiting::Join);
        // A cluster that begins anew keeps what there is (moby: `swarm.go`, `Init`, `ForceNewCluster`).
        let began_anew = self.manager.as_ref().is_some_and(|manager| manager.began_anew);
        if self.pending.values().any(begins) && !began_anew {
            self.not_begun(&ApiError::local(Code::Unknown, why), io);
        } else if path.starts_with(files::RAFT_FOLDER) && self.manager.is_some() {
            self.fail(why, io);
        } else if let Some(agent) = &mut self.agent {
            // The tasks go on; they are written when something changes and there is room.
            agent.worker.mark_unwritten();
        }
    }

    /// The node ends with an error. What it had promised to nobody is forgotten.
    pub(super) fn fail(&mut self, why: String, io: &mut Io<'_>) {
        io.event("swarm.failed", why.clone());
        self.manager = None;
        self.agent = None;
        self.raft_join = None;
        (self.renewing, self.saving, self.renew_at) = (None, None, None);
        self.transport.set_credentials(None, io.out);
        // Its own end must not be taken for news.
        drop(self.transport.take_events());
        let waiting: Vec<RequestId> = self.pending.keys().copied().collect();
        for id in waiting {
            let error = ApiError::new(Code::Unknown, texts::STOPPED);
            self.reply(id, Err(error), io);
        }
        self.phase = Phase::Failed(why);
        self.restart_at = Some(io.now + self.restart_backoff);
        self.restart_backoff = self.restart_backoff.saturating_mul(2).min(RESTART_BACKOFF_MAX);
    }

    /// A node that failed starts again.
    pub(super) fn restart_due(&mut self, io: &mut Io<'_>) {
        if self.restart_at.is_none_or(|at| at > io.now) {
            if !io.disk.is_full() && self.knows_full_disk {
                self.knows_full_disk = false;
                self.restart_backoff = RESTART_BACKOFF_FIRST;
                if self.is_root_unwritten
                    && let Some(root) = self.credentials.as_ref().map(|known| known.root.clone())
                {
                    self.save_root(root, io);
                }
            }
            return;
        }
        self.restart_at = None;
        self.begin(io);
    }
}
