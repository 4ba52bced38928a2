//! The node's certificate and what hangs on it: new roles, renewal, the key file's seal (swarmkit:
//! `node/node.go`, `ca/renewer.go`, `manager/manager.go`, `updateKEK`).

use std::rc::Rc;

use seal::{Dek, Kek, Sealer};
use sim::Duration;

use super::manager::cluster_of;
use super::swarm_node::{Io, Phase, SwarmNode, Waiting};
use super::{LocalResponse, RequestId, texts};
use crate::ca::Credentials;
use crate::ca::files;
use crate::ca::join::{JoinFlow, Progress};
use crate::control::ApiError;
use crate::objects::{Cluster, Id, IssuanceState, Role};
use crate::transport::CallId;
use crate::transport::protocol::{Member, Response};

/// A manager that was removed from the Raft group waits so long for the role of a worker, then it asks for
/// a certificate all the same (swarmkit: `node/node.go`, `roleChangeTimeout`).
const ROLE_CHANGE_TIMEOUT: Duration = Duration::from_secs(16);
/// swarmkit: `ca/renewer.go`: a renewal that was asked for begins a little later, so that the CA knows
/// the role by then.
const FORCED_RENEWAL_DELAY: Duration = Duration::from_millis(500);
/// swarmkit: `RenewTLSExponentialBackoff`, base and factor.
const RENEW_BACKOFF: Duration = Duration::from_secs(5);
const RENEW_BACKOFF_MAX: Duration = Duration::from_secs(3_600);

/// What the cluster's managers seal their keys with.
pub(super) fn unlock_key(cluster: &Cluster) -> Option<Kek> {
    let key = cluster.unlock_keys.iter().find(|key| key.subsystem == "swarm-manager")?;
    <[u8; 32]>::try_from(key.key.expose()).ok().map(Kek::from_bytes)
}

impl SwarmNode {
    /// A new certificate is used for every connection from now on.
    pub(crate) fn take_credentials(&mut self, credentials: Credentials, io: &mut Io<'_>) {
        self.renew_at =
            credentials.own.as_ref().filter(|_| !sim::planted!(RenewalForgotten)).map(|own| {
                let wall = self.clock.wall(io.now);
                io.now + seal::ca::renewal_delay(&own.chain.leaf, wall, &mut self.rngs.keys)
            });
        self.renewal_failures = 0;
        let identity = |all: &Credentials| all.own.as_ref().map(|own| own.identity.clone());
        let is_same = self.credentials.as_deref().map(identity) == Some(identity(&credentials));
        let credentials = Rc::new(credentials);
        self.credentials = Some(Rc::clone(&credentials));
        if is_same {
            self.transport.renew_credentials(credentials);
        } else {
            self.transport.set_credentials(Some(credentials), io.out);
        }
    }

    /// A renewal is asked for; one that is due sooner anyway stays.
    fn renew_soon(&mut self, io: &Io<'_>) {
        if self.renewing.is_none() {
            let at = io.now + FORCED_RENEWAL_DELAY;
            self.renew_at = Some(self.renew_at.map_or(at, |planned| planned.min(at)));
        }
    }

    /// A renewal did not work: the next try comes after a random wait within a growing span
    /// (docker/go-events: `ExponentialBackoff`).
    pub(super) fn retry_renewal(&mut self, io: &Io<'_>) {
        let growth = RENEW_BACKOFF.saturating_mul(1 << self.renewal_failures.min(16));
        let span = (RENEW_BACKOFF + growth).min(RENEW_BACKOFF_MAX);
        self.renewal_failures += 1;
        let wait = Duration::from_nanos(self.rngs.agent.below(span.as_nanos()));
        self.renew_at = Some(io.now + wait);
    }

    /// The cluster has another root CA now: connections are checked against it from now on.
    fn trust(&mut self, pem: &[u8], io: &mut Io<'_>) {
        let Some(known) = &self.credentials else { return };
        if known.root.pem().as_bytes() == pem {
            return;
        }
        let root = std::str::from_utf8(pem).ok();
        let Some(Ok(root)) = root.map(seal::RootCertificate::from_pem) else { return };
        let credentials = Rc::new(Credentials { root: root.clone(), own: known.own.clone() });
        self.credentials = Some(Rc::clone(&credentials));
        self.transport.renew_credentials(credentials);
        self.save_root(root, io);
        io.event("ca.trusted", "the new root CA takes the old one's place".to_owned());
    }

    /// The managers this node knows, in memory and on disk.
    pub(crate) fn set_managers(&mut self, managers: Vec<Member>, io: &mut Io<'_>) {
        let written = |all: &[Member]| -> Vec<(Id, String)> {
            all.iter().map(|member| (member.node_id.clone(), member.addr.clone())).collect()
        };
        if managers.is_empty() || written(&self.managers) == written(&managers) {
            return;
        }
        files::write_managers(io.disk, &managers);
        io.sync();
        self.managers = managers;
    }

    /// The answer to a call of the way to a certificate; false if it is none.
    pub(crate) fn certificate_answer(
        &mut self,
        call: CallId,
        result: &Result<Response, ApiError>,
        io: &mut Io<'_>,
    ) -> bool {
        if let Some(flow) = &mut self.joining
            && flow.waits_for(call)
        {
            match flow.on_answer(io.now, result.clone()) {
                Progress::Going => {}
                Progress::RootKnown(credentials) => {
                    self.transport.set_credentials(Some(credentials), io.out);
                }
                Progress::Done(done) => {
                    let server = flow.target().to_owned();
                    self.joining = None;
                    self.save_first(done.0, done.1, server, io);
                }
                Progress::Failed(error) => self.join_failed(&error, io),
            }
            return true;
        }
        if let Some(flow) = &mut self.renewing
            && flow.waits_for(call)
        {
            match flow.on_answer(io.now, result.clone()) {
                Progress::Going | Progress::RootKnown(_) => {}
                Progress::Done(done) => {
                    self.renewing = None;
                    self.save_renewed(done.0, done.1, io);
                }
                Progress::Failed(error) => {
                    self.renewing = None;
                    self.retry_renewal(io);
                    io.event("ca.renewal_failed", error.to_string());
                }
            }
            return true;
        }
        false
    }

    /// A renewal is due.
    pub(crate) fn renewal_due(&mut self, io: &mut Io<'_>) {
        if self.renew_at.is_none_or(|at| at > io.now) || self.phase != Phase::Active {
            return;
        }
        self.renew_at = None;
        let target = self
            .agent
            .as_ref()
            .and_then(|agent| agent.session_addr().map(str::to_owned))
            .or_else(|| self.rngs.agent.pick(&self.managers).map(|member| member.addr.clone()));
        let (Some(target), Some(credentials)) = (target, &self.credentials) else {
            return self.retry_renewal(io);
        };
        let root = credentials.root.clone();
        self.renewing = Some(JoinFlow::renew(io.now, root, &target, &mut self.rngs.keys));
        if let Some(flow) = &mut self.renewing {
            flow.due(io.now, &mut self.transport, io.out);
        }
    }

    /// The disk has a new certificate.
    pub(super) fn renewed(&mut self, credentials: Credentials, io: &mut Io<'_>) {
        let Some(own) = credentials.own.clone() else { return };
        let old_role = self.role();
        let is_new_manager = own.role() == Role::Manager && !self.is_in_raft();
        if own.role() == Role::Worker {
            self.kek = None;
        }
        let detail = format!("node {} as {}", own.node_id(), own.role().word());
        io.event("swarm.certificate", detail);
        self.take_credentials(credentials, io);
        let description = self.description();
        if is_new_manager {
            self.begin_raft_join(None, io);
        }
        if old_role != Some(own.role()) {
            if own.role() == Role::Worker {
                self.stop_manager(io);
            }
            if let Some(agent) = &mut self.agent {
                agent.restart(io.now, io.out);
            }
        }
        if let Some(agent) = &mut self.agent {
            agent.describe(io.now, description, io.out);
        }
    }

    /// This manager is a member of the raft group, or is about to be.
    pub(super) const fn is_in_raft(&self) -> bool {
        self.manager.is_some() || self.raft_join.is_some()
    }

    /// This node is no manager any more: its log goes.
    pub(crate) fn stop_manager(&mut self, io: &mut Io<'_>) {
        self.manager = None;
        self.raft_join = None;
        let own = self.advertise.clone();
        let others: Vec<Member> =
            self.managers.iter().filter(|member| member.addr != own).cloned().collect();
        self.set_managers(others, io);
        if !sim::planted!(StoreKept) {
            io.disk.remove_below(files::RAFT_FOLDER);
        }
        io.sync();
    }

    /// What the dispatcher said about this node: other managers, another role.
    pub(crate) fn follow_news(&mut self, io: &mut Io<'_>) -> bool {
        let Some(news) = self.agent.as_mut().and_then(crate::agent::Agent::take_news) else {
            return false;
        };
        self.networking = news.networking;
        self.set_managers(news.managers, io);
        let wants_renewal = self.role() != Some(news.node.role)
            || news.node.certificate.state == IssuanceState::Rotate;
        if wants_renewal {
            self.renew_soon(io);
        }
        self.trust(&news.root_ca, io);
        let description = self.description();
        if let Some(agent) = &mut self.agent {
            agent.describe(io.now, description, io.out);
        }
        true
    }

    /// Whatever the manager learnt: the keys, or that it was removed. True if it did something.
    pub(crate) fn follow_manager(&mut self, io: &mut Io<'_>) -> bool {
        let Some(manager) = &mut self.manager else { return false };
        if manager.driver.is_removed() {
            io.event("raft.removed", format!("node {} is no member any more", manager.node_id));
            self.stop_manager(io);
            let at = io.now + ROLE_CHANGE_TIMEOUT;
            self.renew_at = Some(self.renew_at.map_or(at, |planned| planned.min(at)));
            // The agent learns from another manager what this node is now.
            if let Some(agent) = &mut self.agent {
                agent.restart(io.now, io.out);
            }
            return true;
        }
        if manager.driver.take_rotated()
            && let Some(key_file) = &mut self.key_file
        {
            key_file.dek = key_file.pending_dek.take();
            files::write_key(io.disk, key_file, self.kek.as_ref());
            io.sync_keys();
            io.event("swarm.keys", "the new DEK is the only one".to_owned());
        }
        let Some(cluster) = cluster_of(&manager.store) else { return false };
        // With a certificate on the way to the disk the node may be no manager any more.
        if cluster.meta.version == self.keys_of_version || self.saving.is_some() {
            return false;
        }
        let unlock_key = unlock_key(cluster);
        let was_in_clear = self.kek.is_none();
        if was_in_clear && unlock_key.is_some() && manager.driver.is_rotating() {
            // Locked, unlocked and locked again: a snapshot under the DEK of the first time is on its way to
            // the disk, and nothing else will open it. One after the other.
            return false;
        }
        let version = cluster.meta.version;
        if unlock_key == self.kek || (!was_in_clear && sim::planted!(OldUnlockKeyKept)) {
            self.keys_of_version = version;
            return false;
        }
        let Some(mut key_file) = self.key_file.clone() else { return false };
        key_file.kek_version = version;
        if was_in_clear {
            // Whoever copied the keys while they were in clear shall read nothing new and be nobody. A
            // new unlock key alone changes neither (swarmkit: `deks.go`, `unlockedToLocked`).
            key_file.pending_dek = Some(Dek::generate(&mut self.rngs.keys));
        }
        if !files::write_key(io.disk, &key_file, unlock_key.as_ref()) {
            // There will be room some time; until then nothing is sealed with what the disk does not have.
            return false;
        }
        io.sync_keys();
        if let Some(dek) = key_file.pending_dek.as_ref().filter(|_| was_in_clear) {
            manager.driver.rotate_dek(Sealer::new(dek));
        }
        (self.keys_of_version, self.kek, self.key_file) = (version, unlock_key, Some(key_file));
        if was_in_clear {
            self.renew_soon(io);
        }
        let how = if self.kek.is_some() { "sealed with the unlock key" } else { "in clear" };
        io.event("swarm.keys", format!("the key file is {how}"));
        true
    }

    /// The node is what it should be.
    pub(crate) fn is_ready(&self) -> bool {
        let is_registered = self.agent.as_ref().is_some_and(crate::agent::Agent::is_registered);
        let manager_ready = self.manager.as_ref().is_some_and(|manager| {
            manager.store.cluster().is_some() && manager.driver.raft().leader().is_some()
        });
        let is_manager = self.role() == Some(Role::Manager);
        is_registered && self.phase == Phase::Active && (!is_manager || manager_ready)
    }

    /// A node that is ready has joined, and whoever waits for that is told (moby: `daemon/cluster/noderunner.go`,
    /// `handleReadyEvent`).
    pub(crate) fn ready(&mut self, io: &mut Io<'_>) {
        if let Some(remote) = self.joins_by.take() {
            self.write_docker_state(&remote, false, io);
            io.sync();
        }
        let is_manager = self.role() == Some(Role::Manager);
        let own = self.credentials.as_ref().and_then(|all| all.own.as_ref());
        let node_id = own.map(crate::ca::credentials::Own::node_id).unwrap_or_default();
        let ready: Vec<(RequestId, Waiting)> =
            self.pending.iter().map(|(id, pending)| (*id, pending.what)).collect();
        for (id, what) in ready {
            let response = match what {
                Waiting::Init => LocalResponse::Initialized { node_id: node_id.clone() },
                Waiting::Join => LocalResponse::Joined { as_manager: is_manager },
                Waiting::Control => continue,
            };
            self.reply(id, Ok(response), io);
        }
    }

    /// What is wrong, for `docker info`.
    pub(crate) fn trouble(&self) -> String {
        match &self.phase {
            Phase::Failed(why) => why.clone(),
            Phase::Locked => texts::LOCKED.to_owned(),
            _ => {
                let agent = self.agent.as_ref().filter(|agent| !agent.is_registered());
                let joining = self.raft_join.as_ref().and_then(|join| join.error.as_deref());
                agent.and_then(|agent| agent.error()).or(joining).unwrap_or_default().to_owned()
            }
        }
    }
}
