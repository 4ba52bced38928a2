//! The other ways through a step: right ones that must pass, wrong ones that must fail.
//!
//! Each is played on a world of its own, which comes to the step's beginning by the same commands as the
//! lab itself, and so is the same there. Then its commands are typed in place of those of the step.

use std::io;
use std::rc::Rc;

use labs::{Command, Lab, Outcome, Part, Runner, Step, Try};
use world::World;

use super::watched::Watched;

/// How long a command of another way may run.
const LIMIT_MS: u64 = 60_000;

/// What is not as the author says of the other ways, with the line of the file.
pub(super) fn complaints(lab: &Lab, seed: u64) -> io::Result<Vec<(u32, String)>> {
    let mut complaints = Vec::new();
    for (index, step) in lab.steps.iter().enumerate() {
        for another in &step.tries {
            if let Some(told) = complaint(lab, index, another, seed)? {
                complaints.push((another.line, told));
            }
        }
    }
    Ok(complaints)
}

fn complaint(lab: &Lab, step: usize, another: &Try, seed: u64) -> io::Result<Option<String>> {
    let lab = Rc::new(with(lab, step, another));
    let mut world = match World::new(lab.spec(Some(seed))) {
        Ok(world) => world,
        Err(error) => return Ok(Some(error.to_string())),
    };
    // The checks of a step ask the audit, too: without it `no leaks` could not fail.
    lab.begin_audit(&mut world);
    let mut runner = Runner::new(Rc::clone(&lab), world.started(), world.now());
    let mut world = Watched::new(world);
    if let Some(why) = super::play(&mut runner, &mut world, |_, _, _| Ok(()))? {
        return Ok(Some(format!("the run stopped: {why}")));
    }
    if let Some(violation) = world.broken() {
        return Ok(Some(violation.to_string()));
    }
    let mut failed = Vec::new();
    let mut why = Vec::new();
    for (at, part) in lab.places().filter(|(at, _)| at.step as usize == step) {
        if let (Part::Check(check), Some(Outcome::Check(outcome))) = (part, runner.outcome(at))
            && !outcome.holds()
        {
            let wrong = outcome.verdicts.iter().filter(|verdict| !verdict.holds);
            why.extend(wrong.map(|verdict| format!("`{}`: {}", verdict.source, verdict.why)));
            failed.push(check.id.clone());
        }
    }
    let expected: Vec<&String> = another.fails.iter().collect();
    let missing = expected.iter().any(|id| !failed.contains(id));
    let extra = failed.iter().any(|id| !expected.contains(&id));
    if !missing && !extra {
        return Ok(None);
    }
    let list = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    let told =
        format!("checks that fail: expected {}, got {}", list(&another.fails), list(&failed));
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    Ok(Some(format!("{told}{why}")))
}

/// The lab up to the step, with the other way in place of the step's commands. A command that is one of the
/// step's stays where it is there: behind the faults and waits in front of it, and with what it captures. All checks
/// come last.
fn with(lab: &Lab, step: usize, another: &Try) -> Lab {
    let mut lab = lab.clone();
    lab.steps.truncate(step + 1);
    let Some(Step { parts, .. }) = lab.steps.last_mut() else { return lab };
    let happens = |part: &Part| matches!(part, Part::Fault(_) | Part::Until(_));
    let is_command = |part: &Part| matches!(part, Part::Command(_));
    let first = parts.iter().position(is_command).unwrap_or(parts.len());
    let mut rest = parts.split_off(first);
    for typed in &another.commands {
        let is_it = |part: &Part| matches!(part, Part::Command(own) if own.node == typed.node && own.text == typed.text);
        if let Some(at) = rest.iter().position(is_it) {
            let behind = rest.split_off(at + 1);
            let own = rest.pop();
            let (first, later): (Vec<Part>, Vec<Part>) = rest.into_iter().partition(happens);
            parts.extend(first);
            parts.extend(own);
            rest = later.into_iter().chain(behind).collect();
        } else {
            parts.push(Part::Command(Command {
                id: String::new(),
                line: typed.line,
                node: typed.node.clone(),
                text: typed.text.clone(),
                solution: false,
                exit: None,
                pace_ms: None,
                limit_ms: LIMIT_MS,
                expects: None,
            }));
        }
    }
    parts.extend(rest.into_iter().filter(|part| !is_command(part)));
    lab
}
