//! What `run` prints, for people and as JSON lines.

use std::io::{self, Write};

use labs::cluster::Leak;
use labs::{At, CheckOutcome, CommandOutcome, Event, Lab, Outcome, Part, Runner};
use serde::Serialize;
use serde_json::{Value, json};
use world::Mark;

/// Prints a run as it happens.
pub(super) struct Shown<'a> {
    json: bool,
    out: &'a mut dyn Write,
}

impl<'a> Shown<'a> {
    pub(super) const fn new(json: bool, out: &'a mut dyn Write) -> Self {
        Self { json, out }
    }

    fn line(&mut self, kind: &str, value: Value) -> io::Result<()> {
        writeln!(self.out, "{}", super::typed(kind, value))
    }

    pub(super) fn lab(&mut self, lab: &Lab, seed: u64) -> io::Result<()> {
        if self.json {
            let value = json!({
                "id": lab.id, "title": lab.title, "docker": lab.docker, "seed": seed,
                "nodes": lab.nodes, "managers": lab.managers,
            });
            return self.line("lab", value);
        }
        let nodes: Vec<String> = lab
            .nodes
            .iter()
            .map(|node| {
                let manager = lab.managers.contains(node);
                if manager { format!("{node} (manager)") } else { node.clone() }
            })
            .collect();
        let nodes = nodes.join(", ");
        writeln!(self.out, "{}: Docker {}, {nodes}, seed {seed}", lab.title, lab.docker)
    }

    /// What the audit has found against the lab's word.
    pub(super) fn leaks(&mut self, leaks: &[Leak]) -> io::Result<()> {
        for leak in leaks {
            if self.json {
                self.line("leak", json!({ "text": leak.sentence() }))?;
            } else {
                writeln!(self.out, "\n  ✗ a leak: {}", leak.sentence())?;
            }
        }
        Ok(())
    }

    pub(super) fn event(&mut self, runner: &Runner<Mark>, event: &Event) -> io::Result<()> {
        match event {
            Event::Step { step } => {
                let Some(found) = runner.lab().steps.get(*step as usize) else { return Ok(()) };
                if self.json {
                    return self.line("step", json!({ "id": found.id, "title": found.title }));
                }
                writeln!(self.out, "\n{}. {}", step + 1, found.title)
            }
            Event::Done { at } => self.outcome(runner, *at),
            Event::Blocked { node, why } if self.json => {
                self.line("blocked", json!({ "node": node, "why": why }))
            }
            Event::Blocked { node, why } => writeln!(self.out, "  ✗ {node}: {why}"),
            Event::Typed { .. } | Event::Finished => Ok(()),
        }
    }

    fn outcome(&mut self, runner: &Runner<Mark>, at: At) -> io::Result<()> {
        let (Some(part), Some(outcome)) = (runner.lab().part(at), runner.outcome(at)) else {
            return Ok(());
        };
        match (part, outcome) {
            (Part::Command(command), Outcome::Command(outcome)) => {
                if self.json {
                    return self.part("command", &command.id, outcome, outcome.holds());
                }
                self.command(outcome)
            }
            (Part::Check(check), Outcome::Check(outcome)) => {
                if self.json {
                    return self.part("check", &check.id, outcome, outcome.holds());
                }
                self.check(&format!("check {}", check.id), outcome)?;
                if !outcome.holds() && !check.why.is_empty() {
                    writeln!(self.out, "      {}", check.why)?;
                }
                Ok(())
            }
            (Part::Until(_), Outcome::Check(outcome)) => {
                if self.json {
                    return self.part("until", "", outcome, outcome.holds());
                }
                self.check("until", outcome)
            }
            (_, Outcome::Fault(outcome)) => {
                if self.json {
                    return self.part("fault", "", outcome, outcome.problem.is_none());
                }
                match &outcome.problem {
                    None if outcome.armed.is_some() => {
                        writeln!(self.out, "\n  ⚡ armed: {}", outcome.text)
                    }
                    None => writeln!(self.out, "\n  ⚡ {}", outcome.text),
                    Some(problem) => writeln!(self.out, "\n  ✗ {problem}"),
                }
            }
            _ => Ok(()),
        }
    }

    fn part(
        &mut self,
        kind: &str,
        id: &str,
        outcome: &impl Serialize,
        holds: bool,
    ) -> io::Result<()> {
        let mut value = serde_json::to_value(outcome).map_err(io::Error::other)?;
        if !id.is_empty() {
            value["id"] = id.into();
        }
        value["holds"] = holds.into();
        self.line(kind, value)
    }

    fn command(&mut self, outcome: &CommandOutcome) -> io::Result<()> {
        let mut lines = outcome.text.lines();
        let first = lines.next().unwrap_or_default();
        // A prompt inside a container does not say on which host it is.
        let own = outcome.prompt.starts_with(outcome.node.as_str());
        let host = if own { String::new() } else { format!("[{}] ", outcome.node) };
        writeln!(self.out, "\n{host}{}{first}", outcome.prompt)?;
        for line in lines {
            writeln!(self.out, "> {line}")?;
        }
        for line in outcome.output.lines() {
            writeln!(self.out, "{line}")?;
        }
        let mut held = Vec::new();
        if outcome.comparison.as_ref().is_some_and(|comparison| comparison.holds) {
            held.push("output as expected".to_owned());
        }
        match (outcome.status, outcome.expected_status) {
            (Some(status), Some(_)) if outcome.status_holds() => {
                held.push(format!("status {status}"))
            }
            _ => {}
        }
        if !held.is_empty() {
            writeln!(self.out, "  ✓ {}", held.join(", "))?;
        }
        for (name, value) in outcome.comparison.iter().flat_map(|comparison| &comparison.captured) {
            writeln!(self.out, "    {name} = {value}")?;
        }
        for complaint in outcome.complaints() {
            writeln!(self.out, "  ✗ {complaint}")?;
        }
        for line in outcome.comparison.iter().flat_map(|comparison| &comparison.diff) {
            writeln!(self.out, "    {}{}", line.mark.sign(), line.text)?;
        }
        Ok(())
    }

    fn check(&mut self, name: &str, outcome: &CheckOutcome) -> io::Result<()> {
        writeln!(self.out, "\n  {} {name}", mark(outcome.holds()))?;
        for verdict in &outcome.verdicts {
            let mark = mark(verdict.holds);
            writeln!(self.out, "    {mark} {}  ({})", verdict.source, verdict.why)?;
        }
        Ok(())
    }

    pub(super) fn notes(&mut self, runner: &Runner<Mark>) -> io::Result<()> {
        let lab = runner.lab();
        let mut first = true;
        for (_, part) in lab.places() {
            let Part::Note(note) = part else { continue };
            let proven = runner.is_proven(note) == Some(true);
            if self.json {
                let value = json!({
                    "id": note.id, "erratum": note.erratum, "proof": note.proof, "holds": proven,
                });
                self.line("note", value)?;
                continue;
            }
            if first {
                writeln!(self.out, "\nNotes")?;
                first = false;
            }
            let kind = if note.erratum { "erratum" } else { "note" };
            let proof = note.proof.join(", ");
            writeln!(self.out, "  {} {kind} {}, proven by {proof}", mark(proven), note.id)?;
        }
        Ok(())
    }

    pub(super) fn end(
        &mut self,
        runner: &Runner<Mark>,
        holds: bool,
        digest: &str,
        at_ms: u64,
    ) -> io::Result<()> {
        let mut commands = 0;
        let mut expectations = (0, 0);
        let mut checks = (0, 0);
        for (_, outcome) in runner.outcomes() {
            match outcome {
                Outcome::Command(command) => {
                    commands += 1;
                    if let Some(comparison) = &command.comparison {
                        expectations.0 += usize::from(comparison.holds);
                        expectations.1 += 1;
                    }
                }
                Outcome::Check(check) => {
                    checks.0 += check.verdicts.iter().filter(|verdict| verdict.holds).count();
                    checks.1 += check.verdicts.len();
                }
                Outcome::Fault(_) | Outcome::Ask(_) => {}
            }
        }
        if self.json {
            let value = json!({
                "holds": holds, "commands": commands,
                "expectations": { "held": expectations.0, "all": expectations.1 },
                "checks": { "held": checks.0, "all": checks.1 },
                "at_ms": at_ms, "digest": digest,
            });
            return self.line("end", value);
        }
        let verdict = if holds { "all holds" } else { "not all holds" };
        writeln!(
            self.out,
            "\n{} {verdict}: {commands} commands, {} of {} expectations, {} of {} lines of checks, \
             {}.{:03} s of virtual time",
            mark(holds),
            expectations.0,
            expectations.1,
            checks.0,
            checks.1,
            at_ms / 1_000,
            at_ms % 1_000,
        )?;
        writeln!(self.out, "digest {digest}")
    }
}

const fn mark(holds: bool) -> char {
    if holds { '✓' } else { '✗' }
}
