//! Blocks that make things go wrong: `fault`, and the other ways through a step, `accept` and `reject`.

use super::Problems;
use super::blocks::Block;
use crate::model::{Fault, Try, Typed};

/// Lines of the vocabulary of faults; `on=` arms them.
pub(super) fn fault(block: &Block<'_>, problems: &mut Problems) -> Fault {
    let info = &block.info;
    info.allow(false, true, &["on"], &[], problems);
    let mut faults = Vec::new();
    for (index, text) in block.lines.iter().enumerate() {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        match world::Fault::parse(text) {
            Ok(_) => faults.push(trimmed.to_owned()),
            Err(error) => problems.add(block.line(index), error.column, error.message),
        }
    }
    let complained = problems.0.iter().any(|problem| problem.line >= block.first_line);
    if faults.is_empty() && !complained {
        block.wrong::<()>("the block is empty: expected a fault such as `crash node1`", problems);
    }
    let on = info.pair("on").map(|on| {
        if let Err(error) = world::Trigger::parse(&on.text) {
            let column = on.column + 2 + error.column;
            problems.add(info.line, column, error.message);
        }
        on.text.clone()
    });
    Fault { id: info.id_text(), line: info.line, on, faults }
}

/// `@NODE: command`, and lines that go on with it.
pub(super) fn another_way(block: &Block<'_>, problems: &mut Problems) -> Option<Try> {
    let info = &block.info;
    let rejects = info.word == "reject";
    info.allow(false, false, if rejects { &["fails"] } else { &[] }, &[], problems);
    let fails: Vec<String> = info
        .pair("fails")
        .map(|list| list.text.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect())
        .unwrap_or_default();
    if rejects && fails.is_empty() {
        let message = "which checks must fail? expected `reject fails=ID[,ID]`";
        return block.wrong(message, problems);
    }
    let mut commands: Vec<Typed> = Vec::new();
    for (index, text) in block.lines.iter().enumerate() {
        let start = text.strip_prefix('@').and_then(|rest| rest.split_once(": "));
        match (start, commands.last_mut()) {
            (Some((node, text)), _) if !node.contains(' ') => commands.push(Typed {
                line: block.line(index),
                node: node.to_owned(),
                text: text.to_owned(),
            }),
            (_, Some(last)) => {
                last.text.push('\n');
                last.text.push_str(text);
            }
            _ => problems.add(block.line(index), 1, "expected `@NODE: command`"),
        }
    }
    if commands.is_empty() {
        return block.wrong("the block is empty: expected `@NODE: command`", problems);
    }
    Some(Try { line: info.line, fails, commands })
}
