//! kube-controller-manager: loops that compare what is wanted with what is there. Each looks at the objects and says what
//! to ask the API server; when all is answered it looks again. They run beside each API server, and of several those act that
//! hold a lease.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `deployment` | replica sets of a deployment, one per template; step by step |
//! | `replicaset` | pods of a replica set |
//! | `accounts` | a service account and the root certificate in every namespace |
//! | `namespace` | what is in a namespace that is deleted goes first |
//! | `garbage` | what has lost its owners goes too |
//! | `endpoints` | the addresses behind services |
//! | `nodes` | nodes that are silent: tainted, and their pods evicted |
//! | `election` | the lease |

mod accounts;
mod deployment;
mod election;
mod endpoints;
mod garbage;
mod namespace;
mod nodes;
mod replicaset;

use serde_json::Value;
use sim::{Duration, Rng, Time};

use crate::apiserver::token::TokenKey;
use crate::apiserver::{Change, Objects, Origin};
use crate::events::Recorder;
use crate::json::{items, text};
use crate::rest::{Request, Response};

/// What was refused is looked at again after so long.
const RETRY: Duration = Duration::from_millis(500);

/// What a loop may look at and tell.
pub(super) struct View<'a> {
    pub(super) objects: &'a Objects,
    pub(super) now: Time,
    pub(super) wall: Time,
    pub(super) minor: u32,
    pub(super) root_pem: &'a str,
    pub(super) token_key: &'a TokenKey,
    pub(super) rng: &'a mut Rng,
    /// What is to be asked.
    pub(super) asks: Vec<Request>,
    /// When to look again though nothing has changed.
    pub(super) wake: Option<Time>,
}

impl View<'_> {
    pub(super) fn wake_at(&mut self, at: Time) {
        self.wake = Some(self.wake.map_or(at, |known| known.min(at)));
    }
}

/// Which program's loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// kube-controller-manager's.
    Manager,
    /// kube-scheduler's.
    Scheduler,
}

impl Part {
    pub(crate) const fn program(self) -> &'static str {
        match self {
            Self::Manager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
        }
    }

    /// Who it is for the API server.
    pub(crate) const fn user(self) -> &'static str {
        match self {
            Self::Manager => "system:kube-controller-manager",
            Self::Scheduler => "system:kube-scheduler",
        }
    }
}

/// The loops of one program of one host.
#[derive(Debug)]
pub(crate) struct Controllers {
    pub(crate) part: Part,
    /// The program does not run.
    pub(crate) is_off: bool,
    /// Who is alone need not ask who acts.
    election: Option<election::Election>,
    acts: bool,
    /// How often they have begun: answers to earlier ones are nobody's.
    began: u64,
    pending: u32,
    is_dirty: bool,
    wake: Option<Time>,
    nodes: nodes::Nodes,
    recorders: Recorders,
    scheduler_recorder: Recorder,
    rng: Rng,
}

/// Who tells what.
#[derive(Debug)]
pub(super) struct Recorders {
    pub(super) deployment: Recorder,
    pub(super) replicaset: Recorder,
    pub(super) node: Recorder,
    pub(super) taints: Recorder,
    election: Recorder,
}

impl Controllers {
    /// The loops of a program on a host, with others like it on other hosts or `alone`.
    pub(crate) fn new(part: Part, host: &str, alone: bool, stream: &dyn Fn(&str) -> Rng) -> Self {
        let recorder = |name: &'static str| Recorder::new(name, "", stream(name));
        let mut rng = stream(part.program());
        let election = || election::Election::new(part.program(), host, &mut rng);
        Self {
            part,
            is_off: false,
            election: (!alone).then(election),
            acts: false,
            began: 0,
            pending: 0,
            is_dirty: true,
            wake: None,
            nodes: nodes::Nodes::default(),
            recorders: Recorders {
                deployment: recorder("deployment-controller"),
                replicaset: recorder("replicaset-controller"),
                node: recorder("node-controller"),
                taints: recorder("taint-eviction-controller"),
                election: recorder(part.program()),
            },
            scheduler_recorder: recorder("default-scheduler"),
            rng,
        }
    }

    /// They run here from now on: what was before nobody has looked at, and every node has its grace again.
    fn begin(&mut self) {
        self.began += 1;
        (self.pending, self.is_dirty, self.wake) = (0, true, None);
        self.nodes = nodes::Nodes::default();
    }

    /// Who asks for them: an origin for each program, each time they begin, and each purpose.
    const fn origin(&self, for_lease: bool) -> Origin {
        let began = if for_lease { 0 } else { self.began };
        Origin::Internal(began * 4 + self.part as u64 * 2 + for_lease as u64)
    }

    /// They have no API server to ask.
    pub(crate) const fn pause(&mut self) {
        self.acts = false;
    }

    /// Objects have changed.
    pub(crate) fn changed(&mut self, now: Time, changes: &[Change]) {
        for change in changes {
            match change.key.split('/').nth(2) {
                Some("leases") => {
                    self.nodes.heard(now, change);
                    if let Some(election) = &mut self.election {
                        election.changed(&change.key);
                    }
                }
                Some("events") => {}
                _ => self.is_dirty = true,
            }
        }
    }

    /// An answer has come.
    pub(crate) fn answered(&mut self, now: Time, origin: Origin, response: &Response) {
        if origin == self.origin(true) {
            return self
                .election
                .iter_mut()
                .for_each(|election| election.answered(now, response.code < 300));
        }
        if origin != self.origin(false) {
            return;
        }
        self.pending = self.pending.saturating_sub(1);
        // Somebody was faster, or it is not possible yet.
        if response.code >= 300 && response.code != 409 && response.code != 404 {
            self.wake = Some(self.wake.map_or(now + RETRY, |at| at.min(now + RETRY)));
        } else {
            self.is_dirty |= response.code >= 300;
        }
    }

    /// When to look though nothing has changed.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        if self.is_off {
            return None;
        }
        let own = self.wake.filter(|_| self.pending == 0 && self.acts);
        let election = self.election.as_ref().map(election::Election::next_deadline);
        [own, election].into_iter().flatten().min()
    }

    /// What is to be asked now, and who asks. `alone` says that who needs no lease knows all that etcd holds.
    pub(crate) fn run(
        &mut self,
        (now, wall): (Time, Time),
        objects: &Objects,
        alone: bool,
        minor: u32,
        (root_pem, token_key): (&str, &TokenKey),
    ) -> Vec<(Origin, Request)> {
        let mut asks = Vec::new();
        if self.is_off {
            self.acts = false;
            return asks;
        }
        let mut acts = alone;
        if let Some(election) = &mut self.election {
            let ask = election.run((now, wall), objects, &mut self.rng);
            acts = election.leads(now);
            asks.extend(ask.map(|ask| (self.origin(true), ask)));
        }
        let begins = acts && !self.acts;
        self.acts = acts;
        if !acts {
            return asks;
        }
        if begins {
            self.begin();
        }
        let is_due = self.wake.is_some_and(|at| at <= now);
        if self.pending > 0 || !(self.is_dirty || is_due) {
            return asks;
        }
        self.is_dirty = false;
        let mut view = View {
            objects,
            now,
            wall,
            minor,
            root_pem,
            token_key,
            rng: &mut self.rng,
            asks: Vec::new(),
            wake: None,
        };
        let won = self.election.as_ref().filter(|_| begins).and_then(|own| own.won(objects));
        if let Some((lease, message)) = won {
            let what = ("Normal", "LeaderElection", message.as_str());
            view.asks.push(self.recorders.election.tell(&lease, what, wall));
        }
        if self.part == Part::Scheduler {
            let recorder = &mut self.scheduler_recorder;
            view.asks.extend(crate::scheduler::run(objects, recorder, view.rng, wall));
        } else {
            namespace::run(&mut view);
            accounts::run(&mut view);
            garbage::run(&mut view);
            deployment::run(&mut view, &mut self.recorders.deployment);
            replicaset::run(&mut view, &mut self.recorders.replicaset);
            endpoints::run(&mut view);
            self.nodes.run(&mut view, &mut self.recorders);
        }
        self.wake = view.wake;
        self.pending = u32::try_from(view.asks.len()).unwrap_or(u32::MAX);
        let own = std::mem::take(&mut view.asks);
        let origin = self.origin(false);
        asks.extend(own.into_iter().map(|ask| (origin, ask)));
        asks
    }
}

/// The owner that manages an object.
pub(crate) fn controller_of(object: &Value) -> Option<&Value> {
    items(object, "metadata/ownerReferences")
        .iter()
        .find(|owner| owner["controller"].as_bool() == Some(true))
}

/// True if this owner manages the object.
pub(super) fn is_owned_by(object: &Value, owner: &Value) -> bool {
    controller_of(object).is_some_and(|known| text(known, "uid") == crate::json::uid(owner))
}

/// The reference to an owner that manages an object.
pub(super) fn owned_by(owner: &Value) -> Value {
    serde_json::json!([{
        "apiVersion": text(owner, "apiVersion"),
        "kind": text(owner, "kind"),
        "name": crate::json::name(owner),
        "uid": crate::json::uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

/// The object is to be deleted.
pub(crate) fn is_going(object: &Value) -> bool {
    !text(object, "metadata/deletionTimestamp").is_empty()
}

/// A pod that is over or goes does not count any more.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_going(pod) && !matches!(text(pod, "status/phase"), "Succeeded" | "Failed")
}

/// A pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    crate::conditions::get(pod, "Ready") == "True"
}

/// A short digest of a value, as names of replica sets end in one.
pub(crate) fn digest(value: &Value) -> String {
    use sha2::{Digest, Sha256};
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let digest: [u8; 32] = Sha256::digest(value.to_string()).into();
    digest.iter().take(9).map(|byte| char::from(LETTERS[usize::from(*byte) % 27])).collect()
}
