//! Brace expansion: `{a,b}` and `{1..3}`, before anything else is expanded.

use crate::syntax::{Part, Word};

/// A word that expands to so many words is refused.
const COUNT_MAX: usize = 10_001;

/// An unquoted character, or a part that braces do not look into.
#[derive(Clone, Debug)]
enum Atom {
    Char(char),
    Part(Part),
}

/// The words that a word's braces stand for; the word itself if it has none. `None`: there are more
/// than 10,000 of them.
pub(super) fn expand(word: &Word) -> Option<Vec<Vec<Part>>> {
    let has_brace =
        word.parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains('{')));
    if !has_brace {
        return Some(vec![word.parts.clone()]);
    }
    let mut atoms = Vec::new();
    for part in &word.parts {
        match part {
            Part::Literal(text) => atoms.extend(text.chars().map(Atom::Char)),
            other => atoms.push(Atom::Part(other.clone())),
        }
    }
    let mut results = Vec::new();
    expand_atoms(&atoms, &mut results, 0);
    let fits = results.len() < COUNT_MAX;
    fits.then(|| results.into_iter().map(|atoms| join(&atoms)).collect())
}

fn join(atoms: &[Atom]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    for atom in atoms {
        match atom {
            Atom::Char(char) => text.push(*char),
            Atom::Part(part) => {
                if !text.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut text)));
                }
                parts.push(part.clone());
            }
        }
    }
    if !text.is_empty() {
        parts.push(Part::Literal(text));
    }
    parts
}

fn is(atom: &Atom, wanted: char) -> bool {
    matches!(atom, Atom::Char(char) if *char == wanted)
}

fn expand_atoms(atoms: &[Atom], results: &mut Vec<Vec<Atom>>, depth: u32) {
    if results.len() >= COUNT_MAX {
        return;
    }
    for (open, _) in atoms.iter().enumerate().filter(|(_, atom)| is(atom, '{')) {
        let Some((close, commas)) = group(&atoms[open..]) else { continue };
        let inner = &atoms[open + 1..open + close];
        let choices: Vec<Vec<Atom>> = if commas.is_empty() {
            match range(inner) {
                Some(range) => range,
                None => continue,
            }
        } else {
            let mut choices = Vec::new();
            let mut from = open + 1;
            for comma in commas.iter().map(|comma| open + comma).chain([open + close]) {
                choices.push(atoms[from..comma].to_vec());
                from = comma + 1;
            }
            choices
        };
        let rest = &atoms[open + close + 1..];
        for choice in choices {
            let mut word = atoms[..open].to_vec();
            let fixed = word.len();
            word.extend(choice);
            word.extend_from_slice(rest);
            if depth > 20 {
                results.push(word);
                continue;
            }
            // What stands in front has no braces to expand; hide it from the next round.
            let mut tails = Vec::new();
            expand_atoms(&word[fixed..], &mut tails, depth + 1);
            for tail in tails {
                if results.len() >= COUNT_MAX {
                    return;
                }
                results.push([&word[..fixed], &tail].concat());
            }
        }
        return;
    }
    results.push(atoms.to_vec());
}

/// From an opening brace: where it is closed, and the commas directly within it.
fn group(atoms: &[Atom]) -> Option<(usize, Vec<usize>)> {
    let (mut depth, mut commas) = (0, Vec::new());
    for (index, atom) in atoms.iter().enumerate() {
        match atom {
            Atom::Char('{') => depth += 1,
            Atom::Char('}') => {
                depth -= 1;
                if depth == 0 {
                    return Some((index, commas));
                }
            }
            Atom::Char(',') if depth == 1 => commas.push(index),
            _ => {}
        }
    }
    None
}

fn range(inner: &[Atom]) -> Option<Vec<Vec<Atom>>> {
    let text: Option<String> = inner
        .iter()
        .map(|atom| match atom {
            Atom::Char(char) => Some(*char),
            Atom::Part(_) => None,
        })
        .collect();
    let text = text?;
    let mut ends = text.split("..");
    let (from, to, step) = (ends.next()?, ends.next()?, ends.next());
    let step = step.map_or(Some(1), |step| step.parse::<i64>().ok())?.unsigned_abs().max(1);
    if ends.next().is_some() {
        return None;
    }
    let step = usize::try_from(step).ok()?;
    let texts: Vec<String> = match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(from_number), Ok(to_number)) => {
            let padded = [from, to].iter().any(|end| {
                let digits = end.trim_start_matches('-');
                digits.len() > 1 && digits.starts_with('0')
            });
            let width = if padded { from.len().max(to.len()) } else { 0 };
            let show = |number: i64| format!("{number:0width$}");
            if from_number <= to_number {
                (from_number..=to_number).step_by(step).take(COUNT_MAX).map(show).collect()
            } else {
                (to_number..=from_number).rev().step_by(step).take(COUNT_MAX).map(show).collect()
            }
        }
        _ => {
            let one = |text: &str| {
                let mut chars = text.chars();
                let char = chars.next().filter(char::is_ascii_alphabetic)?;
                chars.next().is_none().then_some(char)
            };
            let (from, to) = (one(from)?, one(to)?);
            if from <= to {
                (from..=to).step_by(step).map(String::from).collect()
            } else {
                (to..=from).rev().step_by(step).map(String::from).collect()
            }
        }
    };
    Some(texts.into_iter().map(|text| text.chars().map(Atom::Char).collect()).collect())
}
