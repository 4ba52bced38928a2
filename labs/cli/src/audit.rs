//! `glasshive audit`: plays a lab or a recorded run and tells where clear text was found, why it is
//! allowed there or not, and what led to it.

use sorted::SortedMap;
use std::io::{self, Write};
use std::rc::Rc;

use labs::{Goal, Lab, Runner};
use serde_json::{Value, json};
use sim::Duration;
use world::{AuditRules, AuditView, FindingView, Mark, PlaceRule, Recording, Verdict, World};

/// Longer than any lab: a run has ended or is stuck by then.
const RUN_SPAN: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How many places of one kind are listed before the rest is counted.
const LISTED_COUNT_MAX: usize = 6;

/// What was played and what the audit says of it.
pub(crate) struct Audited {
    title: String,
    id: String,
    seed: u64,
    view: AuditView,
}

/// Plays a lab with the audit on.
///
/// # Errors
/// What is wrong with its cluster, in a sentence.
pub(crate) fn lab(lab: Lab, seed: Option<u64>, allow: &[PlaceRule]) -> Result<Audited, String> {
    let seed = seed.unwrap_or(lab.seed);
    let mut world = World::new(lab.spec(Some(seed))).map_err(|error| error.to_string())?;
    lab.begin_audit(&mut world);
    let (title, id) = (lab.title.clone(), lab.id.clone());
    let mut runner: Runner<Mark> = Runner::new(Rc::new(lab), world.started(), world.now());
    let end = world.now() + RUN_SPAN;
    while !runner.is_finished() {
        runner.play(Goal::Command);
        if runner.drive(&mut world, end).is_empty() {
            return Err(format!("the lab {id} does not come to its end: see `glasshive run`"));
        }
    }
    let mut rules = runner.audit_rules();
    rules.allow.extend_from_slice(allow);
    let view = world.audit_view(&rules).unwrap_or_default();
    Ok(Audited { title, id, seed, view })
}

/// Plays a recorded run with the audit on.
///
/// # Errors
/// What is wrong with the recording, in a sentence.
pub(crate) fn recording(name: &str, text: &str, rules: &AuditRules) -> Result<Audited, String> {
    let recording: Recording = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let seed = recording.spec.seed;
    let world = World::replay_audited(&recording).map_err(|error| error.to_string())?;
    let view = world.audit_view(rules).unwrap_or_default();
    Ok(Audited { title: name.to_owned(), id: name.to_owned(), seed, view })
}

impl Audited {
    /// True if nothing was found that should not be.
    pub(crate) fn is_clean(&self) -> bool {
        self.view.is_clean()
    }

    /// As one line of JSON.
    pub(crate) fn print_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut value = view_json(&self.view);
        value["type"] = json!("audit");
        value["lab"] = json!(self.id);
        value["seed"] = json!(self.seed);
        writeln!(out, "{value}")
    }

    /// For people.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let view = &self.view;
        writeln!(
            out,
            "{} (seed {}), {} of virtual time",
            self.title,
            self.seed,
            clock(view.at_ms)
        )?;
        let searched = view.needles.iter().filter(|needle| !needle.is_too_short);
        let names: Vec<String> = searched.map(|needle| needle.name.clone()).collect();
        writeln!(out, "looked for: {}", names.join("; "))?;
        for needle in view.needles.iter().filter(|needle| needle.is_too_short) {
            let (name, least) = (&needle.name, world::CORE_SIZE_MIN);
            writeln!(out, "not looked for: {name}, which has fewer than {least} bytes")?;
        }
        for disk in &view.disks {
            let (node, sealed, opened, lock) = (&disk.node, disk.sealed, disk.opened, disk.lock);
            let place = match &disk.copy {
                None => format!("disk of {node}"),
                Some(folder) => format!("copy in {folder} on {node}"),
            };
            writeln!(out, "{place}: {sealed} sealed records, {opened} open: {lock}")?;
        }
        self.section(out, "Leaks", Verdict::Unexpected)?;
        for rule in &view.missing {
            writeln!(out, "\nMissing: the lab expects a leak that is not there: {rule}")?;
        }
        self.section(out, "Leaks that the lab shows", Verdict::Expected)?;
        self.section(out, "Allowed by the lab", Verdict::AllowedByLab)?;
        self.allowed(out)?;
        if view.dropped_count > 0 {
            writeln!(out, "\n{} more findings were too many to keep", view.dropped_count)?;
        }
        let count = |verdict| view.findings.iter().filter(|f| f.verdict == verdict).count();
        let verdict = if view.is_clean() { "clean" } else { "NOT clean" };
        writeln!(
            out,
            "\n{verdict}: {} unexpected, {} shown on purpose, {} allowed by the lab, {} allowed",
            count(Verdict::Unexpected),
            count(Verdict::Expected),
            count(Verdict::AllowedByLab),
            count(Verdict::Allowed),
        )
    }

    fn section(&self, out: &mut dyn Write, title: &str, verdict: Verdict) -> io::Result<()> {
        let found: Vec<&FindingView> =
            self.view.findings.iter().filter(|finding| finding.verdict == verdict).collect();
        if found.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{title}")?;
        for finding in found {
            let FindingView { needle, kind, form, node, place, offset, .. } = finding;
            let surface = finding.surface.word();
            writeln!(out, "  {} \"{needle}\" {}", kind.word(), form.words())?;
            let times = match finding.count {
                1 => String::new(),
                count => format!(", {count} times"),
            };
            writeln!(out, "    in {surface} of {node}: {place}, from byte {offset} on{times}")?;
            writeln!(out, "    {}", finding.why)?;
            let until = finding
                .gone_ms
                .map_or("still there".to_owned(), |at| format!("gone at {}", clock(at)));
            writeln!(out, "    first seen at {}, {until}", clock(finding.seen_ms))?;
            let mut because = "because";
            for cause in &finding.causes {
                let node = cause.node.as_deref().unwrap_or("");
                let text = cause.text.replace('\n', " \u{23ce} ");
                writeln!(
                    out,
                    "    {because:<7} {:>10}  {node:<6} {:<22} {text}",
                    clock(cause.at_ms),
                    cause.kind
                )?;
                because = "";
            }
            if finding.causes.is_empty() {
                writeln!(out, "    it was there when the audit began")?;
            }
        }
        Ok(())
    }

    /// What belongs where it is, by reason: with many nodes there is much of it.
    fn allowed(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut reasons: SortedMap<(&str, &str), Vec<&FindingView>> = SortedMap::new();
        for finding in self.view.findings.iter().filter(|f| f.verdict == Verdict::Allowed) {
            reasons.entry((&finding.why, &finding.needle)).or_default().push(finding);
        }
        if !reasons.is_empty() {
            writeln!(out, "\nAllowed by how a swarm works")?;
        }
        let mut last = "";
        for ((why, needle), found) in reasons {
            if last != why {
                writeln!(out, "  {why}")?;
                last = why;
            }
            for finding in found.iter().take(LISTED_COUNT_MAX) {
                let (node, place) = (&finding.node, &finding.place);
                let gone = finding.gone_ms.map(|at| format!(", gone at {}", clock(at)));
                let gone = gone.unwrap_or_default();
                let surface = finding.surface.word();
                writeln!(out, "    \"{needle}\" in {surface} of {node}: {place}{gone}")?;
            }
            if let Some(more) = found.len().checked_sub(LISTED_COUNT_MAX + 1) {
                writeln!(out, "    ... and {} more", more + 1)?;
            }
        }
        Ok(())
    }
}

/// `1:02.345`, minutes and seconds.
fn clock(ms: u64) -> String {
    format!("{}:{:02}.{:03}", ms / 60_000, ms / 1_000 % 60, ms % 1_000)
}

/// A view as JSON: what `glasshive audit --json` prints and a session answers.
pub(crate) fn view_json(view: &AuditView) -> Value {
    let finding = |finding: &FindingView| {
        let causes = finding.causes.iter().map(|cause| {
            json!({
                "id": cause.id.0,
                "at_ms": cause.at_ms,
                "node": cause.node,
                "kind": cause.kind,
                "text": cause.text,
            })
        });
        json!({
            "needle": finding.needle,
            "kind": finding.kind.word(),
            "surface": finding.surface.word(),
            "node": finding.node,
            "place": finding.place,
            "offset": finding.offset,
            "count": finding.count,
            "form": finding.form.word(),
            "seen_ms": finding.seen_ms,
            "gone_ms": finding.gone_ms,
            "verdict": finding.verdict.word(),
            "why": finding.why,
            "causes": causes.collect::<Vec<Value>>(),
        })
    };
    let needles = view.needles.iter().map(|needle| {
        json!({
            "name": needle.name,
            "kind": needle.kind.word(),
            "since_ms": needle.since_ms,
            "too_short": needle.is_too_short,
        })
    });
    let counts = view.counts.iter().map(|count| {
        json!({
            "node": count.node,
            "surface": count.surface.word(),
            "leaked": count.leaked,
            "clear": count.clear,
            "sealed": count.sealed,
            "gone": count.gone,
        })
    });
    let disks = view.disks.iter().map(|disk| {
        json!({
            "node": disk.node,
            "copy": disk.copy,
            "lock": disk.lock,
            "sealed": disk.sealed,
            "opened": disk.opened,
        })
    });
    json!({
        "clean": view.is_clean(),
        "at_ms": view.at_ms,
        "needles": needles.collect::<Vec<Value>>(),
        "findings": view.findings.iter().map(finding).collect::<Vec<Value>>(),
        "counts": counts.collect::<Vec<Value>>(),
        "disks": disks.collect::<Vec<Value>>(),
        "missing": view.missing,
        "read_bytes": view.read_size,
    })
}
