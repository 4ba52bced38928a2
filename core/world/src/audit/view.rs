//! The audit as plain data: for a panel, for marks on a map, for scripts.

use sorted::SortedMap;

use sim::{EventId, Time};
use swarm::Lock;

use super::Audit;
use super::beside::{DiskSeen, StateSeen};
use super::forms::Form;
use super::ledger::{Finding, FindingKey, Key};
use super::needles::{Needle, NeedleKind};
use super::policy;
use super::rules::AuditRules;
use crate::host::Host;
use crate::search::Surface;
use crate::world::World;

/// All that the audit has found up to now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditView {
    /// Milliseconds since the world was ready.
    pub at_ms: u64,
    /// What was looked for, in the order it became known.
    pub needles: Vec<NeedleView>,
    /// What was found: unexpected first, then in order of time.
    pub findings: Vec<FindingView>,
    /// How much is where, by host and kind of place; rows without anything are left out.
    pub counts: Vec<CountView>,
    /// The managers' logs and what API servers have sealed in etcd, on the disks of hosts, and the copies of them.
    pub disks: Vec<DiskView>,
    /// Expectations of a leak that nothing was found for.
    pub missing: Vec<String>,
    /// Bytes looked at since the audit began.
    pub read_size: u64,
    /// Findings that were too many to keep.
    pub dropped_count: u64,
}

impl AuditView {
    /// True if nothing was found that should not be, and nothing expected is missing.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty()
            && self.findings.iter().all(|finding| finding.verdict != Verdict::Unexpected)
    }
}

/// Something that is looked for, without what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedleView {
    /// The secret's name; several with the same bytes are named together.
    pub name: String,
    /// What kind of text.
    pub kind: NeedleKind,
    /// Since when it is looked for, in milliseconds since the world was ready.
    pub since_ms: u64,
    /// It is too short to be looked for: it would be found everywhere by chance.
    pub is_too_short: bool,
}

/// What is to be thought of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A leak.
    Unexpected,
    /// A leak that the lab shows on purpose.
    Expected,
    /// The lab says that it may be there.
    AllowedByLab,
    /// It belongs there by how a swarm works.
    Allowed,
}

impl Verdict {
    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unexpected => "unexpected",
            Self::Expected => "expected",
            Self::AllowedByLab => "allowed-by-lab",
            Self::Allowed => "allowed",
        }
    }
}

/// Clear text, or what opens, in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingView {
    /// The name of what was found.
    pub needle: String,
    /// What kind of text it is.
    pub kind: NeedleKind,
    /// What kind of place.
    pub surface: Surface,
    /// The host; of a frame, the sender.
    pub node: String,
    /// Where there.
    pub place: String,
    /// The first byte, counted from 0; of a sealed record, where the record begins.
    pub offset: u64,
    /// How often it is there.
    pub count: u64,
    /// How it is written.
    pub form: Form,
    /// When it was first seen, in milliseconds since the world was ready.
    pub seen_ms: u64,
    /// When it was gone; nothing while it is there.
    pub gone_ms: Option<u64>,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub why: String,
    /// The events that led to it, the last one first, back to what came from outside. Empty if it was
    /// there when the audit began, or too long ago.
    pub causes: Vec<CauseView>,
}

/// An event in the chain of causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseView {
    /// The event.
    pub id: EventId,
    /// When, in milliseconds since the world was ready.
    pub at_ms: u64,
    /// The host, if it happened at one.
    pub node: Option<String>,
    /// What kind of event: `input` for what came from outside.
    pub kind: &'static str,
    /// What happened.
    pub text: String,
}

/// How much is in one kind of place of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountView {
    /// The host.
    pub node: String,
    /// The kind of place.
    pub surface: Surface,
    /// There now and a leak, expected or not.
    pub leaked: u64,
    /// There now and allowed.
    pub clear: u64,
    /// Sealed records that none of the disk's keys opens.
    pub sealed: u64,
    /// Was there once.
    pub gone: u64,
}

/// A manager's log or an encrypted etcd on a disk, or a copy of it, as whoever has that sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskView {
    /// The host.
    pub node: String,
    /// The folder of a copy among the host's files: stolen, or made by somebody; none if it is the
    /// host's own.
    pub copy: Option<String>,
    /// How the key is kept.
    pub lock: &'static str,
    /// Sealed records.
    pub sealed: u64,
    /// Those of them that open with the keys beside them.
    pub opened: u64,
}

/// No chain of causes is longer; a longer one is shown up to here.
const CAUSE_COUNT_MAX: usize = 64;

struct Builder<'a> {
    world: &'a World,
    audit: &'a Audit,
    rules: &'a AuditRules,
    view: AuditView,
    counts: SortedMap<(u16, Surface), CountView>,
}

impl World {
    /// What the audit has found, judged also by these rules. Nothing while there is no audit.
    pub fn audit_view(&self, rules: &AuditRules) -> Option<AuditView> {
        let audit = self.audit.as_deref()?;
        let mut builder = Builder {
            world: self,
            audit,
            rules,
            view: AuditView {
                at_ms: self.at_ms(),
                read_size: audit.ledger.read_size,
                dropped_count: audit.ledger.dropped_count,
                ..AuditView::default()
            },
            counts: SortedMap::new(),
        };
        builder.build();
        Some(builder.view)
    }

    fn ms(&self, at: Time) -> u64 {
        if at < self.started { 0 } else { at.since(self.started).as_millis() }
    }

    /// The chain of causes that ends with this event, the last one first.
    pub fn causes(&self, id: Option<EventId>) -> Vec<CauseView> {
        let mut chain = Vec::new();
        let mut next = id;
        while let Some(entry) = next.and_then(|id| self.trace.entry(id)) {
            chain.push(CauseView {
                id: entry.id,
                at_ms: self.ms(entry.at),
                node: entry.host.map(|host| self.hosts[usize::from(host.0)].name.clone()),
                kind: entry.kind,
                text: entry.detail.to_string(),
            });
            next = entry.cause.filter(|_| chain.len() < CAUSE_COUNT_MAX);
        }
        chain
    }
}

impl Builder<'_> {
    fn build(&mut self) {
        let needles = self.audit.needles.all();
        self.view.needles = needles
            .iter()
            .map(|needle| NeedleView {
                name: needle.names.join(", "),
                kind: needle.kind,
                since_ms: self.world.ms(needle.since),
                is_too_short: needle.is_too_short(),
            })
            .collect();
        for (id, finding) in self.audit.ledger.findings() {
            self.add(id, finding);
        }
        self.disks();
        self.view.findings.sort_by(|a, b| {
            let order = |f: &FindingView| (f.verdict, f.seen_ms, f.needle.clone(), f.node.clone());
            order(a).cmp(&order(b))
        });
        let expect = &self.rules.expect;
        let missing = expect.iter().filter(|rule| {
            let met = |finding: &FindingView| {
                let names: Vec<String> = finding.needle.split(", ").map(str::to_owned).collect();
                let (surface, place) = (finding.surface, finding.place.as_str());
                rule.covers(&names, (surface, finding.form), (&finding.node, place))
            };
            !self.view.findings.iter().any(met)
        });
        self.view.missing = missing.map(ToString::to_string).collect();
        self.view.counts = std::mem::take(&mut self.counts).into_values().collect();
    }

    fn count(&mut self, host: u16, surface: Surface) -> &mut CountView {
        let node = self.world.hosts[usize::from(host)].name.clone();
        let row = CountView { node, surface, leaked: 0, clear: 0, sealed: 0, gone: 0 };
        self.counts.entry((host, surface)).or_insert(row)
    }

    fn add(&mut self, (key, needle, form): &FindingKey, finding: &Finding) {
        let found = self.audit.needles.get(*needle);
        let host = &self.world.hosts[usize::from(key.host)];
        let (verdict, why) = self.judged((key, *form), finding, found);
        let row = self.count(key.host, key.surface);
        match (finding.gone.is_some(), verdict) {
            (true, _) => row.gone += 1,
            (false, Verdict::Allowed | Verdict::AllowedByLab) => row.clear += 1,
            (false, _) => row.leaked += 1,
        }
        self.view.findings.push(FindingView {
            needle: found.names.join(", "),
            kind: found.kind,
            surface: key.surface,
            node: host.name.clone(),
            place: key.place.clone(),
            offset: finding.offset,
            count: finding.count,
            form: *form,
            seen_ms: self.world.ms(finding.seen),
            gone_ms: finding.gone.map(|at| self.world.ms(at)),
            verdict,
            why,
            causes: self.world.causes(finding.cause),
        });
    }

    fn judged(
        &self,
        (key, form): (&Key, Form),
        finding: &Finding,
        needle: &Needle,
    ) -> (Verdict, String) {
        let node = &self.world.hosts[usize::from(key.host)].name;
        let covers = |rules: &[super::PlaceRule]| {
            let found = rules
                .iter()
                .find(|rule| rule.covers(&needle.names, (key.surface, form), (node, &key.place)));
            found.map(ToString::to_string)
        };
        if finding.wrong_since.is_none() {
            return (Verdict::Allowed, finding.why.to_owned());
        }
        if let Some(rule) = covers(&self.rules.expect) {
            return (Verdict::Expected, format!("the lab shows this leak: {rule}"));
        }
        if let Some(rule) = covers(&self.rules.allow) {
            return (Verdict::AllowedByLab, format!("the lab allows it: {rule}"));
        }
        let why = if form == Form::Sealed { finding.why } else { leak(key.surface) };
        (Verdict::Unexpected, why.to_owned())
    }

    /// What opens with the keys that lie beside it: on the disks of hosts, and in copies of them.
    fn disks(&mut self) {
        let mut known = self.audit.disks.borrow_mut();
        for host in &self.world.hosts {
            for seen in DiskSeen::of(host, &self.audit.needles, &mut known) {
                self.state(host, seen);
            }
        }
    }

    fn state(&mut self, host: &Host, seen: &StateSeen) {
        let surface = if seen.copy.is_some() { Surface::File } else { Surface::Disk };
        self.count(host.id.0, surface).sealed += seen.sealed_count - seen.opened_count;
        let is_copy = seen.copy.is_some();
        let (lock, why) = policy::opened(seen.of, seen.lock, is_copy);
        self.view.disks.push(DiskView {
            node: host.name.clone(),
            copy: seen.copy.clone(),
            lock,
            sealed: seen.sealed_count,
            opened: seen.opened_count,
        });
        let is_wrong = is_copy || seen.lock != Lock::Open;
        let mut rows: SortedMap<FindingKey, Finding> = SortedMap::new();
        for (path, offset, hit) in &seen.found {
            let key = Key { host: host.id.0, surface, place: path.clone() };
            let cause = self.audit.ledger.cause_at(&key, *offset);
            let at = cause.and_then(|id| self.world.trace.entry(id)).map(|entry| entry.at);
            let row = rows.entry((key, hit.needle, Form::Sealed)).or_insert(Finding {
                offset: *offset,
                count: 0,
                seen: at.unwrap_or(self.audit.started),
                gone: None,
                cause,
                is_old: false,
                wrong_since: is_wrong.then_some(self.world.now),
                why,
            });
            row.count += 1;
        }
        for (id, finding) in &rows {
            self.add(id, finding);
        }
    }
}

/// Why it does not belong there.
const fn leak(surface: Surface) -> &'static str {
    match surface {
        Surface::File => "whoever reads the host's files, or a copy of its disk, has it",
        Surface::Disk => {
            "it is in the clear on the disk of a manager or of etcd: whoever has the disk, or a copy \
             of it, has it"
        }
        Surface::Image => "everybody who has the image has it, and so has every registry",
        Surface::Container => {
            "it is in a writable layer: on the disk, and in every image \
                                    committed from it"
        }
        Surface::Metadata => "everybody who may inspect the object can read it",
        Surface::Tmpfs | Surface::Memory => "the node has no task that was given it",
        Surface::Log => "everybody who may read the log has it, and logs are collected",
        Surface::Frame => "everybody on the wire has it",
        Surface::Terminal => "it was on a screen, and a typed line goes into the history",
        Surface::Process => "everybody on the host who lists processes can read it",
    }
}
