//! The leak audit as a student reads it: what was found where, whether it may be there, and who put it
//! there.

use world::{AuditRules, AuditView, FindingView, Observation, Surface, Verdict, World};

use crate::clock;
use crate::inspect::{self, EventLine};
use crate::view::Tone;

/// All findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPanel {
    /// The audit in a few words, for the badge.
    pub badge: String,
    /// How that is.
    pub tone: Tone,
    /// Leaks: unexpected first, then those that the lab shows on purpose.
    pub leaks: Vec<FindingRow>,
    /// What may be there.
    pub allowed: Vec<FindingRow>,
    /// What somebody with a copy of a manager's disk could open, in sentences.
    pub disks: Vec<String>,
    /// What is not looked for, and leaks that the lab expects and nobody found; in sentences.
    pub remarks: Vec<String>,
}

/// One finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingRow {
    /// For telling rows apart.
    pub key: String,
    /// What was found: `db_pw`, or `key of the CA`.
    pub needle: String,
    /// What kind of place it is in, for people.
    pub surface: &'static str,
    /// The same in a word.
    pub surface_word: &'static str,
    /// The host.
    pub node: String,
    /// Where there.
    pub place: String,
    /// How it is written there.
    pub form: &'static str,
    /// When it came and whether it is still there.
    pub when: String,
    /// It is there now.
    pub is_there: bool,
    /// The verdict in a word.
    pub verdict: &'static str,
    /// Why it may be there, or what is bad about it.
    pub why: String,
    /// The events that led to it, each because of the next.
    pub causes: Vec<EventLine>,
}

/// Reads the audit; nothing while there is none. To follow all causes takes a while: they are left out
/// unless somebody looks at them.
pub fn panel(
    world: &World,
    seen: &Observation,
    rules: &AuditRules,
    with_causes: bool,
) -> Option<AuditPanel> {
    let view = world.audit_view(rules)?;
    let is_leak =
        |finding: &&FindingView| matches!(finding.verdict, Verdict::Unexpected | Verdict::Expected);
    let unexpected =
        view.findings.iter().filter(|finding| finding.verdict == Verdict::Unexpected).count();
    let expected =
        view.findings.iter().filter(|finding| finding.verdict == Verdict::Expected).count();
    let there = |finding: &&FindingView| !is_leak(finding) && finding.gone_ms.is_none();
    let allowed = view.findings.iter().filter(there).count();
    let mut badge = format!("{unexpected} unexpected · {allowed} allowed");
    if expected > 0 {
        badge = format!("{unexpected} unexpected · {expected} on purpose · {allowed} allowed");
    }
    let rows = |is_wanted: &dyn Fn(&&FindingView) -> bool| {
        let found = view.findings.iter().enumerate();
        found
            .filter(|(_, finding)| is_wanted(finding))
            .map(|(index, finding)| {
                row(world, seen, index, finding, with_causes && is_leak(&finding))
            })
            .collect()
    };
    Some(AuditPanel {
        badge,
        tone: if unexpected > 0 { Tone::Bad } else { Tone::Good },
        leaks: rows(&is_leak),
        allowed: rows(&|finding| !is_leak(finding)),
        disks: disks(&view),
        remarks: remarks(&view),
    })
}

/// How many unexpected leaks are on a host now.
pub fn leak_count(panel: &AuditPanel, node: &str) -> usize {
    let here = |leak: &&FindingRow| {
        leak.node == node && leak.is_there && leak.verdict == Verdict::Unexpected.word()
    };
    panel.leaks.iter().filter(here).count()
}

fn row(
    world: &World,
    seen: &Observation,
    index: usize,
    finding: &FindingView,
    with_causes: bool,
) -> FindingRow {
    let needle = match finding.kind {
        world::NeedleKind::Secret | world::NeedleKind::Word => finding.needle.clone(),
        kind => kind.word().to_owned(),
    };
    let seen_at = clock::clock(finding.seen_ms);
    let when = match finding.gone_ms {
        Some(gone) => format!("from {seen_at} to {}", clock::clock(gone)),
        None if finding.seen_ms == 0 => "from the start, still there".to_owned(),
        None => format!("since {seen_at}, still there"),
    };
    let last = finding.causes.first().map(|cause| cause.id);
    FindingRow {
        key: format!("{index}-{}-{}", finding.node, finding.place),
        needle,
        surface: surface(finding.surface),
        surface_word: finding.surface.word(),
        node: finding.node.clone(),
        place: finding.place.clone(),
        form: finding.form.words(),
        when,
        is_there: finding.gone_ms.is_none(),
        verdict: finding.verdict.word(),
        why: finding.why.clone(),
        causes: match last {
            Some(id) if with_causes => inspect::why(world, seen, id),
            _ => Vec::new(),
        },
    }
}

/// A kind of place for people.
const fn surface(surface: Surface) -> &'static str {
    match surface {
        Surface::File => "a file of the host",
        Surface::Disk => "the state of a swarm or of etcd on the disk",
        Surface::Image => "a layer of an image",
        Surface::Container => "a container's writable layer",
        Surface::Metadata => "an object's configuration",
        Surface::Tmpfs => "a file system in memory",
        Surface::Log => "a container's log",
        Surface::Memory => "a program's memory",
        Surface::Frame => "a frame on the wire",
        Surface::Terminal => "a terminal",
        Surface::Process => "a process's arguments or environment",
    }
}

fn disks(view: &AuditView) -> Vec<String> {
    let told = view.disks.iter().map(|disk| {
        let place = disk.copy.as_ref().map_or(String::new(), |at| format!(", the copy in {at}"));
        format!(
            "{}{place}: {}; {} of {} sealed records open with what is there.",
            disk.node, disk.lock, disk.opened, disk.sealed
        )
    });
    told.collect()
}

fn remarks(view: &AuditView) -> Vec<String> {
    let short = view.needles.iter().filter(|needle| needle.is_too_short).map(|needle| {
        format!("{} is too short to be looked for: it would be found by chance.", needle.name)
    });
    let missing = view
        .missing
        .iter()
        .map(|rule| format!("Not found up to now: {rule}, which the lab shows."));
    let dropped = (view.dropped_count > 0)
        .then(|| format!("{} more findings were too many to keep.", view.dropped_count));
    short.chain(missing).chain(dropped).collect()
}
