//! Who of several control planes acts: whoever holds a lease (client-go: `leaderelection`). A holder renews it; the others take
//! it when they have not seen it change for its whole duration.

use serde_json::{Value, json};
use sim::{Duration, Rng, Time};

use crate::apiserver::Objects;
use crate::client;
use crate::json::{int, put, text};
use crate::rest::Request;

/// kube-controller-manager: `--leader-elect-lease-duration`, in seconds.
const LEASE_SECS: u64 = 15;
/// `--leader-elect-renew-deadline`: who has not renewed it for so long acts no more.
const RENEW: Duration = Duration::from_secs(10);
/// `--leader-elect-retry-period`.
const RETRY: Duration = Duration::from_secs(2);
/// What an answer may take: half of the renew deadline.
const TIMEOUT: Duration = Duration::from_secs(5);

/// One candidate.
#[derive(Debug)]
pub(super) struct Election {
    lease: &'static str,
    identity: String,
    /// The lease's version as it was seen last, and when it became so.
    seen: (String, Time),
    held_until: Option<Time>,
    /// When to look though nothing has changed.
    pub(super) next: Time,
    is_dirty: bool,
    asked_at: Option<Time>,
}

impl Election {
    /// A candidate for a lease of kube-system, under a name that no other start of any host has.
    pub(super) fn new(lease: &'static str, host: &str, rng: &mut Rng) -> Self {
        let identity = format!("{host}_{}", crate::apiserver::uid(rng));
        let (seen, next) = ((String::new(), Time::EPOCH), Time::EPOCH);
        Self { lease, identity, seen, held_until: None, next, is_dirty: true, asked_at: None }
    }

    /// The lease has changed.
    pub(super) fn changed(&mut self, key: &str) {
        self.is_dirty |= key.strip_prefix("/registry/leases/kube-system/") == Some(self.lease);
    }

    /// It holds the lease, and nobody else may think so.
    pub(super) fn leads(&mut self, now: Time) -> bool {
        self.held_until = self.held_until.filter(|until| now < *until);
        self.held_until.is_some()
    }

    /// When to look, and when the lease may be another's.
    pub(super) fn next_deadline(&self) -> Time {
        self.held_until.map_or(self.next, |until| until.min(self.next))
    }

    /// The lease, and what is told of who has just got it.
    pub(super) fn won(&self, objects: &Objects) -> Option<(Value, String)> {
        let lease = objects.find("leases", "kube-system", self.lease)?;
        Some(((**lease).clone(), format!("{} became leader", self.identity)))
    }

    /// What is to be asked now.
    pub(super) fn run(
        &mut self,
        (now, wall): (Time, Time),
        objects: &Objects,
        rng: &mut Rng,
    ) -> Option<Request> {
        if !self.is_dirty && now < self.next {
            return None;
        }
        self.is_dirty = false;
        let known = objects.find("leases", "kube-system", self.lease);
        let version = known.map_or("", |lease| text(lease, "metadata/resourceVersion"));
        if self.seen.0 != version {
            self.seen = (version.to_owned(), now);
        }
        let holder = known.map_or("", |lease| text(lease, "spec/holderIdentity"));
        let is_own = holder == self.identity;
        let free_at = self.seen.1 + Duration::from_secs(LEASE_SECS);
        if !is_own && !holder.is_empty() && now < free_at {
            // Not all at once.
            self.next = free_at + Duration::from_millis(rng.below(RETRY.as_millis()));
            return None;
        }
        if now < self.next || self.asked_at.is_some_and(|at| now < at + TIMEOUT) {
            return None;
        }
        (self.asked_at, self.next) = (Some(now), now + TIMEOUT);
        let at = crate::json::micro_time(wall);
        let Some(known) = known else {
            return Some(client::create(json!({
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": { "name": self.lease, "namespace": "kube-system" },
                "spec": {
                    "holderIdentity": self.identity,
                    "leaseDurationSeconds": LEASE_SECS,
                    "acquireTime": at,
                    "renewTime": at,
                    "leaseTransitions": 0,
                },
            })));
        };
        // With the version that was seen: of several who take it one gets it.
        let mut lease = (**known).clone();
        if !is_own {
            put(&mut lease, "spec/holderIdentity", self.identity.clone());
            put(&mut lease, "spec/acquireTime", at.clone());
            put(&mut lease, "spec/leaseTransitions", int(known, "spec/leaseTransitions") + 1);
        }
        put(&mut lease, "spec/renewTime", at);
        Some(client::replace(lease, ""))
    }

    /// The API server has answered.
    pub(super) fn answered(&mut self, now: Time, is_done: bool) {
        if is_done {
            self.held_until = Some(self.asked_at.unwrap_or(now) + RENEW);
        }
        (self.asked_at, self.next) = (None, now + RETRY);
    }
}
