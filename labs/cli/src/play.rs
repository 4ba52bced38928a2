//! Playing labs from a terminal: `run` for everybody, `test` for authors.

mod show;
mod tries;
mod watched;

use std::io::{self, Write};
use std::rc::Rc;

use labs::cluster::Leak;
use labs::{At, Cluster, Event, Goal, Lab, Outcome, Part, Real, Runner};
use serde_json::json;
use sim::Duration;
use world::{Mark, World};

use watched::Watched;

/// Longer than any lab: a run has ended or is stuck by then.
const RUN_SPAN: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Plays a lab and prints what happens; the exit status.
pub(crate) fn run(
    lab: Lab,
    seed: Option<u64>,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let seed = seed.unwrap_or(lab.seed);
    let mut world = match World::new(lab.spec(Some(seed))) {
        Ok(world) => world,
        Err(error) => {
            writeln!(err, "glasshive: lab {}: {error}", lab.id)?;
            return Ok(crate::BAD);
        }
    };
    lab.begin_audit(&mut world);
    let lab = Rc::new(lab);
    let mut runner = Runner::new(Rc::clone(&lab), world.started(), world.now());
    let mut shown = show::Shown::new(json, out);
    shown.lab(&lab, seed)?;
    let blocked = play(&mut runner, &mut world, |runner, _, event| shown.event(runner, event))?;
    shown.notes(&runner)?;
    let leaks = runner.leaks(&world);
    shown.leaks(&leaks)?;
    let holds =
        runner.holds() && blocked.is_none() && failed_notes(&runner).is_empty() && leaks.is_empty();
    shown.end(&runner, holds, &world.digest().to_string(), world.at_ms())?;
    Ok(if holds { crate::OK } else { crate::FAILED })
}

/// Plays to the end; why it stopped, if it did before.
fn play<C: Cluster<Mark = Mark>>(
    runner: &mut Runner<Mark>,
    world: &mut C,
    mut show: impl FnMut(&Runner<Mark>, &C, &Event) -> io::Result<()>,
) -> io::Result<Option<String>> {
    let end = world.now() + RUN_SPAN;
    loop {
        // Command by command, so that what is shown appears as it happens.
        runner.play(Goal::Command);
        let events = runner.drive(world, end);
        let stuck = events.is_empty();
        for event in events {
            show(runner, world, &event)?;
            match event {
                Event::Finished => return Ok(None),
                Event::Blocked { node, why } => return Ok(Some(format!("{node}: {why}"))),
                _ => {}
            }
        }
        if runner.is_finished() {
            return Ok(None);
        }
        if stuck {
            return Ok(Some("the run does not come to an end".to_owned()));
        }
    }
}

/// What an author has to know of a leak.
fn leak_told(leak: &Leak) -> String {
    let told = leak.sentence();
    format!("a leak: {told}; it must be in `allow` or in an `expect-leak` block")
}

/// The lines of the notes that are not proven.
fn failed_notes(runner: &Runner<Mark>) -> Vec<u32> {
    let lab = runner.lab();
    lab.places()
        .filter_map(|(_, part)| match part {
            Part::Note(note) if runner.is_proven(note) != Some(true) => Some(note.line),
            _ => None,
        })
        .collect()
}

/// Plays a lab as its author wants it tested; the exit status.
pub(crate) fn test(
    name: &str,
    lab: Lab,
    seed: Option<u64>,
    seeds: u64,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let lab = Rc::new(lab);
    let first = seed.unwrap_or(lab.seed);
    let mut status = crate::OK;
    for seed in (0..seeds).map(|step| first.wrapping_add(step)) {
        let mut world = match World::new(lab.spec(Some(seed))) {
            Ok(world) => world,
            Err(error) => {
                writeln!(err, "{name}:1:1: {error}")?;
                return Ok(crate::BAD);
            }
        };
        lab.begin_audit(&mut world);
        let mut runner = Runner::new(Rc::clone(&lab), world.started(), world.now()).proving();
        let mut world = Watched::new(world);
        let mut broken_at = None;
        let blocked = play(&mut runner, &mut world, |_, world, event| {
            if world.broken().is_some() && broken_at.is_none() {
                broken_at = line(&lab, event.at());
            }
            Ok(())
        })?;
        let mut complaints = complaints(&runner);
        complaints.extend(runner.leaks(&world).iter().map(|leak| (1, leak_told(leak))));
        let stopped_at = line(&lab, runner.position()).unwrap_or(1);
        complaints.extend(blocked.map(|why| (stopped_at, format!("the run stopped: {why}"))));
        let broken = world.broken();
        complaints.extend(broken.map(|what| (broken_at.unwrap_or(1), what.to_string())));
        if seed == first && complaints.is_empty() {
            complaints.extend(tries::complaints(&lab, seed)?);
        }
        for (line, complaint) in &complaints {
            writeln!(out, "{name}:{line}: {complaint} (seed {seed})")?;
        }
        if complaints.is_empty() {
            let seconds = world.world().at_ms() / 1_000;
            let digest = world.world().digest();
            writeln!(out, "{name}: seed {seed}: all holds, {seconds} s of virtual time, {digest}")?;
        } else {
            status = crate::FAILED;
        }
    }
    Ok(status)
}

/// The line of what a run does there.
fn line(lab: &Lab, at: Option<At>) -> Option<u32> {
    lab.part(at?)?.line()
}

/// Everything that is not as its author says, with the line of the file.
fn complaints(runner: &Runner<Mark>) -> Vec<(u32, String)> {
    let mut complaints = Vec::new();
    for (at, part) in runner.lab().places() {
        let outcome = runner.outcome(at);
        match (part, outcome) {
            (Part::Command(command), Some(Outcome::Command(outcome))) => {
                let text = command.text.lines().next().unwrap_or_default();
                let told = outcome.complaints();
                complaints
                    .extend(told.iter().map(|told| (command.line, format!("`{text}`: {told}"))));
            }
            (Part::Check(check), Some(Outcome::Check(outcome))) => {
                for verdict in outcome.verdicts.iter().filter(|verdict| !verdict.holds) {
                    let told = format!("check {}: `{}`: {}", check.id, verdict.source, verdict.why);
                    complaints.push((check.line, told));
                }
                if runner.held_before(at) == Some(true) && !check.standing {
                    let told = format!(
                        "check {} holds before its step begins: it proves nothing (or is `standing`)",
                        check.id
                    );
                    complaints.push((check.line, told));
                }
            }
            (Part::Until(until), Some(Outcome::Check(outcome))) => {
                for verdict in outcome.verdicts.iter().filter(|verdict| !verdict.holds) {
                    let told = format!("not in time: `{}`: {}", verdict.source, verdict.why);
                    complaints.push((until.line, told));
                }
            }
            (Part::Fault(fault), Some(Outcome::Fault(outcome))) => {
                complaints.extend(outcome.problem.iter().map(|told| (fault.line, told.clone())));
            }
            (Part::Ask(ask), Some(Outcome::Ask(outcome))) => {
                complaints.extend(outcome.problem.iter().map(|told| (ask.line, told.clone())));
            }
            (Part::Note(note), _) if runner.is_proven(note) != Some(true) => {
                complaints.push((note.line, "the note is not proven".to_owned()));
            }
            (part, None) if part.acts() => {
                let line = match part {
                    Part::Command(command) => command.line,
                    Part::Check(check) => check.line,
                    Part::Until(until) => until.line,
                    Part::Fault(fault) => fault.line,
                    Part::Ask(ask) => ask.line,
                    _ => 0,
                };
                complaints.push((line, "it was not played".to_owned()));
            }
            _ => {}
        }
    }
    complaints
}

/// `{"type": ...}` and the members of another value.
fn typed(kind: &str, value: serde_json::Value) -> serde_json::Value {
    let mut typed = json!({ "type": kind });
    if let (serde_json::Value::Object(typed), serde_json::Value::Object(value)) =
        (&mut typed, value)
    {
        typed.extend(value);
    }
    typed
}
