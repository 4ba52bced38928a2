//! The leak audit: where in the world the clear text of a secret is, at every moment, and why.
//!
//! It looks at the very bytes that disks, frames, layers, logs and memory hold; nobody can tell it that
//! all is fine. After every event it looks at what the event changed ([`surfaces`], [`engine_places`]), for every secret
//! that the swarm ever held and in every spelling that people use ([`forms`]). What it finds is kept with
//! the event that put it there ([`ledger`]) and judged by one table ([`policy`]). It changes nothing: a
//! history with the audit on is the same history.
//!
//! What it cannot see: what a program keeps in its own variables, a text cut in pieces that no place
//! holds as a whole, and encodings that it does not know. A text shorter than [`CORE_SIZE_MIN`] bytes is
//! reported as not looked for.

mod beside;
mod cluster;
mod engine_places;
mod forms;
mod ledger;
mod matcher;
mod needles;
mod objects;
mod policy;
mod rules;
mod surfaces;
mod view;
mod words;

use sorted::{SortedMap, SortedSet};
use std::cell::RefCell;
use std::rc::Rc;

use sim::{EventId, Frame, Time};

pub use forms::{CORE_SIZE_MAX, CORE_SIZE_MIN, Form};
pub use needles::NeedleKind;
pub use rules::{AuditRules, PlaceRule};
pub use view::{AuditView, CauseView, CountView, DiskView, FindingView, NeedleView, Verdict};

use crate::host::Host;
use crate::search::Surface;
use crate::subjects::Subjects;
use crate::world::World;
use beside::DiskSeen;
use engine_places::{DAEMON_MEMORY, Published};
use ledger::{Because, FindingKey, Key, Ledger};
use needles::{Hit, Needle, Needles};
use surfaces::{HostSeen, Look};

/// What the audit knows of a world.
#[derive(Debug)]
pub(crate) struct Audit {
    needles: Needles,
    ledger: Ledger,
    hosts: Vec<HostSeen>,
    published: Rc<Published>,
    /// Findings of a host whose judgement changes when tasks come and go.
    conditional: SortedMap<u16, SortedSet<FindingKey>>,
    started: Time,
    /// It began before anybody did anything, so that what never changed was always there.
    is_from_start: bool,
    /// By host: what its disk gives to whoever has it.
    disks: RefCell<SortedMap<u16, DiskSeen>>,
}

impl Audit {
    fn new(started: Time, is_from_start: bool, published: Rc<Published>) -> Self {
        Self {
            published,
            needles: Needles::default(),
            ledger: Ledger::default(),
            hosts: Vec::new(),
            conditional: SortedMap::new(),
            started,
            is_from_start,
            disks: RefCell::default(),
        }
    }

    /// Looks at what has changed on a host and notes what is to be looked for from now on.
    fn follow(&mut self, host: &Host, subjects: &Subjects, because: Because) {
        let index = usize::from(host.id.0);
        while self.hosts.len() <= index {
            self.hosts.push(HostSeen::default());
        }
        let seen = &mut self.hosts[index];
        let (needles, ledger) = (&self.needles, &mut self.ledger);
        let (started, published) = (self.started, &*self.published);
        let (host_id, new) = (host.id.0, Vec::new());
        let mut look =
            Look { host: host_id, needles, ledger, because, subjects, published, started, new };
        seen.follow(host, &mut look);
        for new in look.new {
            self.needles.add(new.kind, &new.name, &new.id, &new.text, because.now);
        }
    }

    fn frame(&mut self, to: &str, frame: &Frame, because: Because) {
        let hits = self.needles.find(&frame.bytes, 0);
        self.ledger.read_size += frame.bytes.len() as u64;
        if !hits.is_empty() {
            let place = format!("to {to}, flow {}", frame.flow);
            let key = Key { host: frame.from.0, surface: Surface::Frame, place };
            self.ledger.passed(&key, hits, because);
        }
    }

    /// Judges what came, went or changed, and what depends on the tasks of this host.
    fn judge(&mut self, hosts: &[Host], index: usize, now: Time) {
        let mut ids = self.ledger.take_fresh();
        for id in &ids {
            if policy::is_conditional(&id.0) {
                self.conditional.entry(id.0.host).or_default().insert(id.clone());
            }
        }
        let host = u16::try_from(index).unwrap_or(u16::MAX);
        let seen = self.hosts.get_mut(index);
        if seen.is_some_and(|seen| std::mem::take(&mut seen.has_new_tasks)) {
            ids.extend(self.conditional.get(&host).into_iter().flatten().cloned());
        }
        ids.sort();
        ids.dedup();
        for id in ids {
            let needle = self.needles.get(id.1);
            let host = &hosts[usize::from(id.0.host)];
            let is_granted = Granted::on(host).covers(needle, &id.0);
            let Some(finding) = self.ledger.finding_mut(&id) else { continue };
            if finding.gone.is_some() {
                if let Some(ids) = self.conditional.get_mut(&id.0.host) {
                    ids.remove(&id);
                }
                continue;
            }
            let is_old = finding.is_old && self.is_from_start;
            let (key, kind, is_unlocked) = (&id.0, needle.kind, is_unlocked(host));
            let case = policy::Case { key, kind, is_granted, is_unlocked, is_old };
            match policy::allowed_by(&case) {
                Some(row) => finding.why = row.why,
                None => finding.wrong_since = finding.wrong_since.or(Some(now)),
            }
        }
    }
}

/// Whether the key file of a host's node may be in the clear: unless a manager knows that the swarm has
/// autolock.
fn is_unlocked(host: &Host) -> bool {
    let store = host.up.as_ref().and_then(|up| up.daemon.swarm().store());
    let clusters = store.into_iter().flat_map(|(_, store)| store.clusters().iter());
    clusters.into_iter().all(|cluster| !cluster.spec.autolock)
}

/// What may be in the clear in the memory of a host, and no longer than now.
struct Granted<'a> {
    /// The secrets that its tasks were given, and those that its pods name.
    secrets: SortedSet<&'a str>,
    /// Containers that a person gave a secret by hand (`docker build --secret`), as places call them.
    containers: Vec<String>,
}

impl<'a> Granted<'a> {
    fn on(host: &'a Host) -> Self {
        let daemon = || host.up.iter().map(|up| &up.daemon);
        let tasks = daemon().flat_map(|daemon| daemon.swarm().agent_tasks());
        let references = tasks.flat_map(|task| &task.spec.container.secrets);
        let nodes = host.up.iter().filter_map(|up| up.kube.as_ref());
        let of_pods = nodes.flat_map(|node| node.held_objects()).map(kube::json::uid);
        let by_hand = daemon().flat_map(|daemon| daemon.engine().containers()).filter(|it| {
            let is_task = it.config.labels.contains_key("com.docker.swarm.task.id");
            !is_task && it.config.secrets.iter().any(|file| file.bytes.is_some())
        });
        Self {
            secrets: references.map(|reference| &*reference.secret_id).chain(of_pods).collect(),
            containers: by_hand.map(|it| format!("container {} ", it.name)).collect(),
        }
    }

    fn covers(&self, needle: &Needle, key: &Key) -> bool {
        let place = key.place.strip_prefix(DAEMON_MEMORY).unwrap_or(&key.place);
        needle.ids.iter().any(|id| self.secrets.contains(id.as_str()))
            || self.containers.iter().any(|container| place.starts_with(container))
    }
}

impl World {
    /// Begins the audit, or goes on with it. Begun before the first input it knows the cause of all that
    /// it finds; later it does not know who wrote what was there.
    pub fn start_audit(&mut self) {
        if self.audit.is_none() {
            let is_from_start = self.now == self.started && !self.has_inputs();
            let published = Rc::new(self.published());
            self.audit = Some(Box::new(Audit::new(self.now, is_from_start, published)));
            self.look_at_everything();
        }
    }

    fn published(&self) -> Published {
        let mut published =
            Published { made: self.registry.borrow().made(), ..Published::default() };
        for image in self.registry.borrow().images() {
            published.images.insert(image.id);
            published.layers.extend(image.layers.iter().map(|layer| layer.diff_id));
        }
        published
    }

    /// Ends the audit and forgets what it found.
    pub fn stop_audit(&mut self) {
        self.audit = None;
    }

    /// True while the audit runs.
    pub const fn is_audited(&self) -> bool {
        self.audit.is_some()
    }

    /// Looks for a text under a name, as if it were a secret; begins the audit.
    pub fn watch_word(&mut self, name: &str, text: &[u8]) {
        self.start_audit();
        if let Some(audit) = &mut self.audit {
            audit.needles.add(NeedleKind::Word, name, "", text, self.now);
        }
        self.look_again();
    }

    /// The audit looks at what an event has changed on a host.
    pub(crate) fn audit_host(&mut self, index: usize, cause: Option<EventId>) {
        let Some(mut audit) = self.audit.take() else { return };
        let because = Because { now: self.now, cause, is_live: true };
        audit.follow(&self.hosts[index], &self.subjects, because);
        audit.judge(&self.hosts, index, self.now);
        self.audit = Some(audit);
        self.look_again();
    }

    /// The audit looks at a frame on the wire.
    pub(crate) fn audit_frame(&mut self, frame: &Frame, cause: Option<EventId>) {
        let Some(audit) = &mut self.audit else { return };
        let because = Because { now: self.now, cause, is_live: true };
        audit.frame(&self.hosts[usize::from(frame.to.0)].name, frame, because);
    }

    /// Looks at everything if there is a new text to look for.
    fn look_again(&mut self) {
        if self.audit.as_mut().is_some_and(|audit| audit.needles.refresh()) {
            self.look_at_everything();
        }
    }

    /// Looks at everything with the causes that are known, until nothing new is to be looked for.
    fn look_at_everything(&mut self) {
        let Some(mut audit) = self.audit.take() else { return };
        loop {
            self.look_with(&mut audit);
            if !audit.needles.refresh() {
                break;
            }
        }
        for index in 0..self.hosts.len() {
            audit.judge(&self.hosts, index, self.now);
        }
        self.audit = Some(audit);
    }

    fn look_with(&self, audit: &mut Audit) {
        let because = Because { now: self.now, cause: None, is_live: false };
        audit.hosts.clear();
        audit.ledger.forget_frames();
        for host in &self.hosts {
            audit.follow(host, &self.subjects, because);
        }
        for seen in self.tap.frames() {
            let to = &self.hosts[usize::from(seen.frame.to.0)].name;
            audit.frame(to, &seen.frame, Because { cause: seen.cause, ..because });
        }
    }

    /// What the audit knows of each place beside what a look at everything gives now: the places where
    /// the two differ. Empty unless the audit is wrong.
    pub fn audit_differences(&self) -> Vec<String> {
        let Some(audit) = &self.audit else { return Vec::new() };
        let mut fresh = Audit::new(self.now, false, Rc::clone(&audit.published));
        for needle in audit.needles.all() {
            let (name, id) = (&needle.names[0], needle.ids.first());
            let id = id.map_or("", String::as_str);
            fresh.needles.add(needle.kind, name, id, &needle.text, needle.since);
        }
        fresh.needles.refresh();
        self.look_with(&mut fresh);
        let (known, real) = (audit.ledger.hits(), fresh.ledger.hits());
        let names: SortedSet<&Key> = known.keys().chain(real.keys()).collect();
        let differs = names.into_iter().filter(|key| known.get(key) != real.get(key));
        let count = |hits: Option<&Vec<Hit>>| hits.map_or(0, Vec::len);
        differs
            .map(|key| {
                let (known, real) = (count(known.get(key)), count(real.get(key)));
                format!("{key:?}: {known} known, {real} there")
            })
            .collect()
    }
}
