//! What `${x%pattern}` and its kin do with a value, and the files that a pattern matches.

use os::fs::Kind;

use super::expand::Found;
use super::{Flow, Shell};
use crate::pattern::{Ch, Pattern, is_pattern, text};
use crate::syntax::Operation;

impl Shell {
    pub(super) async fn transform(
        &mut self,
        found: Found,
        operation: &Operation,
        is_array: bool,
    ) -> Result<Found, Flow> {
        let (texts, many) = match found {
            Found::Unset => return Ok(Found::Unset),
            Found::One(text) => (vec![text], None),
            Found::Many(texts, joined) => (texts, Some(joined)),
        };
        let mut results = Vec::new();
        match operation {
            Operation::Slice { offset, length } => {
                let offset = text(&self.expand_field(offset).await?);
                let offset = self.arithmetic(&offset).await?;
                let length = match length {
                    Some(length) => {
                        let length = text(&self.expand_field(length).await?);
                        Some(self.arithmetic(&length).await?)
                    }
                    None => None,
                };
                if let Some(joined) = many {
                    // `${@:1}` counts from `$1`, an array from 0.
                    let mut all = texts;
                    if !is_array {
                        all.insert(0, self.name.clone());
                    }
                    let (from, to) = slice(all.len(), offset, length);
                    return Ok(Found::Many(all[from..to].to_vec(), joined));
                }
                for text in texts {
                    let chars: Vec<char> = text.chars().collect();
                    let (from, to) = slice(chars.len(), offset, length);
                    results.push(chars[from..to].iter().collect());
                }
            }
            Operation::Trim { suffix, longest, pattern } => {
                let pattern = Pattern::new(&self.expand_field(pattern).await?);
                results.extend(texts.iter().map(|text| trim(text, &pattern, *suffix, *longest)));
            }
            Operation::Replace { all, anchor, pattern, replacement } => {
                let field = self.expand_field(pattern).await?;
                let replacement = text(&self.expand_field(replacement).await?);
                if field.is_empty() {
                    results = texts;
                } else {
                    let pattern = Pattern::new(&field);
                    for text in &texts {
                        results.push(replace(text, &pattern, &replacement, *all, *anchor));
                    }
                }
            }
            Operation::Case { upper, all } => {
                for text in texts {
                    let change = |part: &str| {
                        if *upper { part.to_uppercase() } else { part.to_lowercase() }
                    };
                    let first = text.chars().next().map_or(0, char::len_utf8);
                    results.push(if *all {
                        change(&text)
                    } else {
                        format!("{}{}", change(&text[..first]), &text[first..])
                    });
                }
            }
            _ => results = texts,
        }
        Ok(match many {
            Some(joined) => Found::Many(results, joined),
            None => Found::One(results.pop().unwrap_or_default()),
        })
    }

    /// The files that a pattern matches, in order.
    pub(crate) fn glob(&self, field: &[Ch]) -> Vec<String> {
        let mut pieces: Vec<&[Ch]> = field.split(|ch| ch.char == '/').collect();
        let mut found = vec![String::new()];
        if pieces.first().is_some_and(|piece| piece.is_empty()) {
            found = vec!["/".to_owned()];
            pieces.remove(0);
        }
        for (index, piece) in pieces.iter().enumerate() {
            let is_last = index + 1 == pieces.len();
            let mut next = Vec::new();
            for base in &found {
                if piece.is_empty() {
                    next.push(base.clone());
                    continue;
                }
                if !is_pattern(piece) {
                    let path = format!("{base}{}", text(piece));
                    if self.proc.lstat(&path).is_ok() {
                        next.push(if is_last { path } else { format!("{path}/") });
                    }
                    continue;
                }
                let pattern = Pattern::new(piece);
                let folder = if base.is_empty() { "." } else { base.as_str() };
                let Ok(entries) = self.proc.list(folder) else { continue };
                for (name, inode) in entries {
                    if name.starts_with('.') && !pattern.starts_with_dot() {
                        continue;
                    }
                    let chars: Vec<char> = name.chars().collect();
                    let may_descend =
                        is_last || matches!(inode.kind, Kind::Directory | Kind::Symlink(_));
                    if may_descend && pattern.matches(&chars) {
                        let slash = if is_last { "" } else { "/" };
                        next.push(format!("{base}{name}{slash}"));
                    }
                }
                if next.len() > 50_000 {
                    break;
                }
            }
            found = next;
        }
        found
    }
}

/// The range that an offset and a length mean; both may count from the end.
fn slice(size: usize, offset: i64, length: Option<i64>) -> (usize, usize) {
    let size_signed = i64::try_from(size).unwrap_or(i64::MAX);
    let from = if offset < 0 { offset.saturating_add(size_signed) } else { offset };
    if from < 0 || from > size_signed {
        return (0, 0);
    }
    let to = match length {
        None => size_signed,
        Some(length) if length < 0 => size_signed.saturating_add(length),
        Some(length) => from.saturating_add(length).min(size_signed),
    };
    let from = usize::try_from(from).unwrap_or(0);
    (from, usize::try_from(to).unwrap_or(0).max(from))
}

fn trim(text: &str, pattern: &Pattern, suffix: bool, longest: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let sizes: Vec<usize> =
        if longest { (0..=chars.len()).rev().collect() } else { (0..=chars.len()).collect() };
    for size in sizes {
        let (part, rest) = if suffix {
            let (rest, part) = chars.split_at(chars.len() - size);
            (part, rest)
        } else {
            chars.split_at(size)
        };
        if pattern.matches(part) {
            return rest.iter().collect();
        }
    }
    text.to_owned()
}

fn replace(
    text: &str,
    pattern: &Pattern,
    replacement: &str,
    all: bool,
    anchor: Option<char>,
) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut result = String::new();
    let mut index = 0;
    while index <= chars.len() {
        let end = (index..=chars.len())
            .rev()
            .filter(|end| anchor != Some('%') || *end == chars.len())
            .find(|end| pattern.matches(&chars[index..*end]));
        match end {
            Some(end) if end > index || chars.is_empty() => {
                result.push_str(replacement);
                index = end.max(index + usize::from(chars.is_empty()));
                if !all {
                    result.extend(&chars[index.min(chars.len())..]);
                    return result;
                }
            }
            _ if anchor == Some('#') => return text.to_owned(),
            _ => {
                result.extend(chars.get(index));
                index += 1;
            }
        }
    }
    result
}
