//! The lab's text with the state of each part, from the lab and its runner.

use sorted::SortedMap;
use std::rc::Rc;

use labs::check::CheckLine;
use labs::pattern::{Kind, Line, Mark, Pattern, Piece};
use labs::{At, CheckOutcome, Command, Lab, Outcome, Part, WorldRunner};

use crate::view::{
    AskView, CheckLineView, CheckView, ChoiceView, CommandView, DiffMark, DiffView, ExpectedLine,
    ExpectedPiece, FaultView, LessonView, NoteView, PartView, QuizView, State, StepView,
};

/// Checks that were looked at without being played: lights that follow the cluster.
pub type Lights = SortedMap<At, CheckOutcome>;

/// Draws a lab as far as it was played.
pub fn lesson(lab: &Lab, runner: &WorldRunner, lights: &Lights) -> LessonView {
    let mut facts = vec![lab.level.clone()];
    if lab.minutes > 0 {
        facts.push(format!("about {} minutes", lab.minutes));
    }
    facts.push(format!("Docker {}", lab.docker));
    if !lab.kubernetes.is_empty() {
        facts.push(format!("Kubernetes {}", lab.kubectl));
    }
    facts.retain(|fact| !fact.is_empty());
    let drawing = Drawing { lab, runner, lights };
    let mut number = 0;
    let steps =
        (0_u32..).zip(&lab.steps).map(|(index, _)| Rc::new(drawing.step(index, &mut number)));
    LessonView {
        id: lab.id.clone(),
        title: lab.title.clone(),
        facts,
        goals: lab.goals.clone(),
        credits: lab.credits.clone(),
        intro: runner.bindings().fill_html(&lab.intro),
        steps: steps.collect(),
        current: runner.position().map(|at| at.step as usize),
    }
}

/// The place of the command with a number, counted from 1.
pub fn command_at(lab: &Lab, number: usize) -> Option<(At, &Command)> {
    let commands = lab.places().filter_map(|(at, part)| match part {
        Part::Command(command) => Some((at, command)),
        _ => None,
    });
    commands.into_iter().nth(number.checked_sub(1)?)
}

struct Drawing<'a> {
    lab: &'a Lab,
    runner: &'a WorldRunner,
    lights: &'a Lights,
}

impl Drawing<'_> {
    fn step(&self, index: u32, number: &mut usize) -> StepView {
        let step = &self.lab.steps[index as usize];
        let mut parts: Vec<PartView> = Vec::new();
        let (mut done, mut all, mut broken) = (0, 0, false);
        for (part_index, part) in (0_u32..).zip(&step.parts) {
            let at = At { step: index, part: part_index };
            if part.acts() {
                let outcome = self.runner.outcome(at);
                all += 1;
                done += usize::from(outcome.is_some());
                broken |= outcome.is_some_and(|outcome| !outcome.holds());
            }
            match (self.part(at, part, number), parts.last_mut()) {
                (PartView::Hints(more), Some(PartView::Hints(hints))) => hints.extend(more),
                (view, _) => parts.push(view),
            }
        }
        let state = match (broken, done) {
            (true, _) => State::Broken,
            (_, 0) => State::Open,
            (_, done) if done == all => State::Holds,
            _ => State::Running,
        };
        let (id, title) = (step.id.clone(), step.title.clone());
        StepView { id, title, state, progress: (done, all), parts }
    }

    fn part(&self, at: At, part: &Part, number: &mut usize) -> PartView {
        let html = |html: &str| self.runner.bindings().fill_html(html);
        match part {
            Part::Prose { html: text } => PartView::Prose(html(text)),
            Part::Hint { html: text } => PartView::Hints(vec![html(text)]),
            Part::Command(command) => {
                *number += 1;
                PartView::Command(Box::new(self.command(at, command, *number)))
            }
            Part::Check(check) => {
                PartView::Check(self.check(at, &check.id, false, &check.lines, &check.why))
            }
            Part::Until(until) => PartView::Check(self.check(at, "", true, &until.lines, "")),
            Part::Fault(fault) => {
                let text = match self.runner.outcome(at) {
                    Some(Outcome::Fault(fault)) if fault.armed.is_none() => fault.text.clone(),
                    _ => self.runner.bindings().fill_known(&fault.words()),
                };
                let problem = match self.runner.outcome(at) {
                    Some(Outcome::Fault(fault)) => fault.problem.clone().unwrap_or_default(),
                    _ => String::new(),
                };
                PartView::Fault(FaultView { text, state: self.state(at), problem })
            }
            Part::Note(note) => PartView::Note(NoteView {
                erratum: note.erratum,
                html: html(&note.html),
                proven: match self.runner.is_proven(note) {
                    Some(true) if !note.proof.is_empty() => State::Holds,
                    Some(false) => State::Broken,
                    _ => State::Open,
                },
            }),
            Part::Quiz(quiz) => PartView::Quiz(QuizView {
                html: html(&quiz.html),
                choices: quiz
                    .choices
                    .iter()
                    .map(|choice| ChoiceView {
                        html: html(&choice.html),
                        right: choice.right,
                        because: choice.because.clone(),
                    })
                    .collect(),
            }),
            Part::Ask(ask) => PartView::Ask(AskView {
                html: html(&ask.html),
                answers: match self.runner.outcome(at) {
                    Some(Outcome::Ask(asked)) => asked.answers.clone(),
                    _ => ask
                        .answers
                        .iter()
                        .map(|answer| self.runner.bindings().fill_known(answer))
                        .collect(),
                },
                because: ask.because.clone(),
            }),
        }
    }

    fn state(&self, at: At) -> State {
        match self.runner.outcome(at) {
            Some(outcome) if outcome.holds() => State::Holds,
            Some(_) => State::Broken,
            None if self.runner.running().is_some_and(|(running, _)| running == at) => {
                State::Running
            }
            None => State::Open,
        }
    }

    fn command(&self, at: At, command: &Command, number: usize) -> CommandView {
        let bindings = self.runner.bindings();
        let node = bindings.fill_known(&command.node);
        let outcome = match self.runner.outcome(at) {
            Some(Outcome::Command(outcome)) => Some(outcome),
            _ => None,
        };
        let comparison = outcome.and_then(|outcome| outcome.comparison.as_ref());
        let diff = comparison.map(|comparison| comparison.diff.iter().map(diff_line).collect());
        CommandView {
            number,
            index: self.lab.nodes.iter().position(|name| *name == node).unwrap_or(0),
            node,
            text: bindings.fill_known(&command.text),
            solution: command.solution,
            next: self.runner.next_command().is_some_and(|(next, _, _)| next == at),
            state: self.state(at),
            complaints: outcome.map(labs::CommandOutcome::complaints).unwrap_or_default(),
            expects: command.expects.as_ref().map(expected),
            diff: diff.unwrap_or_default(),
        }
    }

    fn check(&self, at: At, id: &str, waits: bool, lines: &[CheckLine], why: &str) -> CheckView {
        let played = match self.runner.outcome(at) {
            Some(Outcome::Check(outcome)) => Some(outcome),
            _ => None,
        };
        // A light that is out is not a failure: the student is not there yet.
        let unmet = if played.is_some() { State::Broken } else { State::Open };
        let outcome = played.or_else(|| self.lights.get(&at));
        let is_next =
            waits && self.runner.position() == Some(at) && self.runner.goal() != labs::Goal::Rest;
        let state = match outcome {
            Some(outcome) if outcome.holds() => State::Holds,
            Some(_) if is_next => State::Running,
            Some(_) => unmet,
            None if is_next => State::Running,
            None => State::Open,
        };
        let lines = lines.iter().enumerate().map(|(index, line)| {
            let verdict = outcome.and_then(|outcome| outcome.verdicts.get(index));
            CheckLineView {
                source: self.runner.bindings().fill_known(&line.source),
                state: match verdict {
                    Some(verdict) if verdict.holds => State::Holds,
                    Some(_) => unmet,
                    None => State::Open,
                },
                why: verdict.map(|verdict| verdict.why.clone()).unwrap_or_default(),
            }
        });
        let lines = lines.collect();
        CheckView { id: id.to_owned(), waits, state, lines, why: why.to_owned() }
    }
}

fn diff_line(line: &labs::pattern::DiffLine) -> DiffView {
    let mark = match line.mark {
        Mark::Same => DiffMark::Same,
        Mark::Missing => DiffMark::Missing,
        Mark::Extra => DiffMark::Extra,
    };
    DiffView { mark, text: line.text.clone() }
}

fn expected(pattern: &Pattern) -> Vec<ExpectedLine> {
    pattern.lines.iter().map(expected_line).collect()
}

fn expected_line(line: &Line) -> ExpectedLine {
    let Some(pieces) = &line.pieces else {
        let meaning = "any number of lines".to_owned();
        return ExpectedLine(vec![ExpectedPiece::Hole(line.source.clone(), meaning)]);
    };
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => ExpectedPiece::Text(text.clone()),
        Piece::Gap => ExpectedPiece::Text("   ".to_owned()),
        Piece::Value(name) => {
            ExpectedPiece::Hole(name.clone(), "the value that was shown before".to_owned())
        }
        Piece::Hole(kind, name) => {
            let (word, meaning) = describe(*kind);
            match name {
                Some(name) => {
                    let meaning = format!("{meaning}; from now on known as `{name}`");
                    ExpectedPiece::Hole(name.clone(), meaning)
                }
                None => ExpectedPiece::Hole(word.to_owned(), meaning.to_owned()),
            }
        }
    });
    ExpectedLine(pieces.collect())
}

/// A placeholder's word and what it stands for.
const fn describe(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Id => ("id", "a swarm ID: 25 small letters and digits"),
        Kind::Id12 => ("id", "the first 12 characters of a swarm ID"),
        Kind::Hex64 => ("container id", "a container ID: 64 hexadecimal digits"),
        Kind::Hex12 => ("container id", "the first 12 digits of a container ID"),
        Kind::Digest => ("digest", "sha256: and 64 hexadecimal digits"),
        Kind::Age => ("age", "a span such as `11 seconds`"),
        Kind::Time => ("time", "a date and time"),
        Kind::Token => ("token", "a join token"),
        Kind::Node => ("node", "the name of a host"),
        Kind::Number => ("number", "digits"),
        Kind::Ip => ("address", "an IPv4 address"),
        Kind::Word => ("word", "anything without blanks"),
        Kind::Any => ("anything", "any characters"),
    }
}
