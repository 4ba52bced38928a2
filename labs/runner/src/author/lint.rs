//! What only the whole lab shows: names that nothing captures, hosts that do not exist, proofs that are
//! not there.

use sorted::SortedMap;

use super::Problems;
use crate::bindings::{is_name, names};
use crate::check::Predicate;
use crate::model::{Lab, Part, Step};
use crate::pattern::Kind;

/// Looks at a lab as a whole.
pub(super) fn lint(lab: &Lab, lines: &[&str], problems: &mut Problems) {
    let mut lint = Lint { lab, lines, captured: SortedMap::new(), problems };
    for step in &lab.steps {
        lint.prose(&step.title);
        for part in &step.parts {
            lint.part(part);
        }
        lint.tries(step);
    }
    lint.ids();
}

struct Lint<'a> {
    lab: &'a Lab,
    lines: &'a [&'a str],
    /// The names captured so far and their kinds.
    captured: SortedMap<String, Kind>,
    problems: &'a mut Problems,
}

impl Lint<'_> {
    /// Column of a text in a line; 1 if it is not found there.
    fn column(&self, line: u32, text: &str) -> u32 {
        let source = self.lines.get(line as usize - 1).copied().unwrap_or_default();
        let before = source.find(text).map_or(0, |at| source[..at].chars().count());
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// The first line from `from` on that holds a text, with its column.
    fn find(&self, from: u32, text: &str) -> (u32, u32) {
        let found = self.lines.iter().zip(1_u32..).skip(from as usize - 1);
        let line = found.into_iter().find(|(line, _)| line.contains(text)).map_or(from, |(_, n)| n);
        (line, self.column(line, text))
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Command(command) => {
                self.node(&command.node, command.line);
                self.needs(&command.text, command.line);
                if let Some(pattern) = &command.expects {
                    for name in pattern.needs() {
                        self.need(name, command.line);
                    }
                    for (name, kind) in pattern.captures() {
                        self.capture(name, kind, command.line);
                    }
                }
            }
            Part::Until(until) => self.predicates(&until.lines, until.line),
            Part::Check(check) => self.predicates(&check.lines, check.line),
            Part::Fault(fault) => {
                for text in &fault.faults {
                    let (line, column) = self.find(fault.line, text);
                    self.needs(text, line);
                    let Ok(parsed) = world::Fault::parse(text) else { continue };
                    for target in parsed.targets() {
                        let world::fault::Target::Named(name) = target else { continue };
                        if !name.contains("{{") && !self.lab.nodes.contains(name) {
                            let at = text.find(name.as_str()).unwrap_or(0);
                            let at = u32::try_from(at).unwrap_or(0);
                            self.unknown_node(name, line, column + at);
                        }
                    }
                }
                let on = fault.on.as_deref().and_then(|on| world::Trigger::parse(on).ok());
                for node in on.iter().flat_map(world::Trigger::nodes) {
                    self.node(node, fault.line);
                }
                if !fault.id.is_empty() {
                    self.capture(&fault.id, Kind::Node, fault.line);
                }
            }
            Part::Ask(ask) => ask.answers.iter().for_each(|answer| self.needs(answer, ask.line)),
            Part::Prose { html } | Part::Hint { html } => self.prose(html),
            Part::Note(note) => self.prose(&note.html),
            Part::Quiz(quiz) => self.prose(&quiz.html),
        }
    }

    /// In prose a name may be filled in later, but something has to capture it.
    fn prose(&mut self, html: &str) {
        let captures = |name: &str| {
            self.lab.places().any(|(_, part)| match part {
                Part::Command(command) => command
                    .expects
                    .iter()
                    .flat_map(|p| p.captures())
                    .any(|(known, _)| known == name),
                Part::Fault(fault) => fault.id == name,
                _ => false,
            })
        };
        let unknown: Vec<String> =
            names(html).filter(|name| !captures(name)).map(str::to_owned).collect();
        for name in unknown {
            let (line, column) = self.find(1, &format!("{{{{{name}}}}}"));
            self.problems.add(line, column, nothing_captures(&name));
        }
    }

    fn predicates(&mut self, lines: &[crate::check::CheckLine], from: u32) {
        for line in lines {
            let at = self.find(from, &line.source).0;
            for template in line.predicate.templates() {
                self.needs(template, at);
            }
            if let Predicate::Struck { fault, .. } = &line.predicate {
                let known = self.lab.places().any(|(_, part)| match part {
                    Part::Fault(known) => known.id == *fault,
                    _ => false,
                });
                if !known {
                    let message =
                        format!("no fault is called `{fault}`: expected `fault #{fault}`");
                    self.problems.add(at, self.column(at, fault), message);
                }
            }
            for node in line.predicate.nodes() {
                self.node(node, at);
            }
        }
    }

    fn node(&mut self, node: &str, line: u32) {
        if node.contains("{{") {
            self.needs(node, line);
        } else if !self.lab.nodes.iter().any(|known| known == node) {
            let column = self.column(line, node);
            self.unknown_node(node, line, column);
        }
    }

    fn unknown_node(&mut self, node: &str, line: u32, column: u32) {
        let nodes = self.lab.nodes.join(", ");
        let message = format!("there is no node `{node}`: expected one of {nodes}");
        self.problems.add(line, column, message);
    }

    /// The other ways through a step: hosts and the names of checks.
    fn tries(&mut self, step: &Step) {
        for another in &step.tries {
            for typed in &another.commands {
                self.node(&typed.node, typed.line);
                self.needs(&typed.text, typed.line);
            }
            for id in &another.fails {
                let known = step.parts.iter().any(|part| match part {
                    Part::Check(check) => check.id == *id,
                    _ => false,
                });
                if !known {
                    let column = self.column(another.line, id);
                    let message = format!("no check of this step is called `{id}`");
                    self.problems.add(another.line, column, message);
                }
            }
        }
    }

    fn needs(&mut self, text: &str, line: u32) {
        for name in names(text) {
            self.need(name, line);
        }
    }

    fn need(&mut self, name: &str, from: u32) {
        if !self.captured.contains_key(name) {
            let (line, column) = self.find(from, &format!("{{{{{name}}}}}"));
            self.problems.add(line, column, nothing_captures(name));
        }
    }

    fn capture(&mut self, name: &str, kind: Kind, from: u32) {
        let known = self.captured.entry(name.to_owned()).or_insert(kind);
        if !known.can_agree(kind) {
            let (line, column) = self.find(from, &format!(":{name}>"));
            let message = format!("`{name}` was captured as another kind of value before");
            self.problems.add(line, column, message);
        }
    }

    fn ids(&mut self) {
        let mut ids: SortedMap<&str, u32> = SortedMap::new();
        for (_, part) in self.lab.places() {
            let (id, line) = match part {
                Part::Command(command) => (&command.id, command.line),
                Part::Check(check) => (&check.id, check.line),
                Part::Note(note) => (&note.id, note.line),
                Part::Fault(fault) => (&fault.id, fault.line),
                _ => continue,
            };
            if id.is_empty() {
                continue;
            }
            if let Some(first) = ids.insert(id, line) {
                let column = self.column(line, &format!("#{id}"));
                self.problems.add(line, column, format!("`#{id}` is in line {first} already"));
            }
        }
        for (_, part) in self.lab.places() {
            let Part::Note(note) = part else { continue };
            for proof in &note.proof {
                let proves = self.lab.places().any(|(_, part)| match part {
                    Part::Command(command) => command.id == *proof,
                    Part::Check(check) => check.id == *proof,
                    _ => false,
                });
                if !proves || !is_name(proof) {
                    let column = self.column(note.line, proof);
                    let message = format!("no command and no check is called `{proof}`");
                    self.problems.add(note.line, column, message);
                }
            }
        }
    }
}

fn nothing_captures(name: &str) -> String {
    format!(
        "nothing before captures `{name}`: expected a hole such as <any:{name}> in an `out` block"
    )
}
