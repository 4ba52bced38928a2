//! Questions: `quiz` with choices, `ask` with a typed answer.

use super::Problems;
use super::blocks::Block;
use super::markdown::{inline, prose};
use crate::model::{Ask, Choice, Computed, Quiz};

/// Prose, then `- [x] right` and `- [ ] wrong`, each with ` :: explanation` if wanted.
pub(super) fn quiz(block: &Block<'_>, problems: &mut Problems) -> Option<Quiz> {
    block.info.allow(false, true, &[], &[], problems);
    let first = block.lines.iter().position(|line| line.starts_with("- ["));
    let count = first.unwrap_or(block.lines.len());
    let mut choices = Vec::new();
    for (index, text) in block.lines.iter().enumerate().skip(count) {
        if text.trim().is_empty() {
            continue;
        }
        let choice = [("- [x] ", true), ("- [ ] ", false)]
            .into_iter()
            .find_map(|(mark, right)| Some((text.strip_prefix(mark)?, right)));
        let Some((text, right)) = choice else {
            let message = "expected `- [x] right choice :: why` or `- [ ] wrong choice :: why`";
            problems.add(block.line(index), 1, message);
            continue;
        };
        let (text, because) = text.split_once(" :: ").unwrap_or((text, ""));
        choices.push(Choice {
            html: inline(text, block.line(index), problems),
            right,
            because: inline(because, block.line(index), problems),
        });
    }
    if !choices.iter().any(|choice| choice.right) || choices.len() < 2 {
        let message =
            "a quiz has at least two choices and one of them is right: expected `- [x] ...`";
        problems.add(block.info.line, 1, message);
        return None;
    }
    Some(Quiz {
        id: block.info.id_text(),
        html: prose(&block.lines[..count], block.first_line, problems),
        choices,
    })
}

/// Prose, then `= answer` lines and perhaps `because: ...`.
pub(super) fn ask(block: &Block<'_>, problems: &mut Problems) -> Option<Ask> {
    block.info.allow(false, true, &[], &[], problems);
    let (mut answers, mut computed) = (Vec::new(), Vec::new());
    let mut because = String::new();
    let mut question = Vec::new();
    for (index, text) in block.lines.iter().enumerate() {
        if let Some(answer) = text.strip_prefix("= ") {
            let answer = answer.trim();
            let quoted = answer.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            match (quoted, Computed::parse(answer)) {
                (None, Some(known)) => computed.push(known),
                (quoted, _) => answers.push(quoted.unwrap_or(answer).to_owned()),
            }
        } else if let Some(text) = text.strip_prefix("because: ") {
            because = inline(text, block.line(index), problems);
        } else if answers.is_empty() && computed.is_empty() {
            question.push(*text);
        } else if !text.trim().is_empty() {
            problems.add(block.line(index), 1, "expected `= answer` or `because: ...`");
        }
    }
    if answers.is_empty() && computed.is_empty() {
        problems.add(block.info.line, 1, "a question needs an answer: expected a line `= answer`");
        return None;
    }
    Some(Ask {
        id: block.info.id_text(),
        html: prose(&question, block.first_line, problems),
        line: block.info.line,
        answers,
        computed,
        because,
    })
}
