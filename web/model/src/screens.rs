//! What the terminals show, kept so that only what changed is drawn again.

use std::rc::Rc;

use world::{BlockView, TerminalView, World};

use crate::view::{Block, Reader, TermView};

/// Lines of history that are kept for each node.
const HISTORY_COUNT_MAX: usize = 1_000;

/// All terminals of a world.
#[derive(Clone, Debug, Default)]
pub struct Screens {
    terminals: Vec<Rc<TermView>>,
    histories: Vec<Rc<[String]>>,
}

impl Screens {
    /// Empty terminals.
    pub fn new(nodes: &[String]) -> Self {
        let terminal = |(index, node): (usize, &String)| {
            Rc::new(TermView { node: node.clone(), index, ..TermView::default() })
        };
        Self {
            terminals: nodes.iter().enumerate().map(terminal).collect(),
            histories: nodes.iter().map(|_| Rc::from([])).collect(),
        }
    }

    /// The terminals, in the order of hosts.
    pub fn terminals(&self) -> &[Rc<TermView>] {
        &self.terminals
    }

    /// The lines entered at each, oldest first.
    pub fn histories(&self) -> &[Rc<[String]>] {
        &self.histories
    }

    /// The terminal of a node.
    pub fn terminal(&self, node: &str) -> Option<&Rc<TermView>> {
        self.terminals.iter().find(|terminal| terminal.node == node)
    }

    /// Remembers what was entered at a node, for the arrow keys.
    pub fn remember(&mut self, node: &str, text: &str) {
        let Some(index) = self.terminals.iter().position(|terminal| terminal.node == node) else {
            return;
        };
        let history = &self.histories[index];
        if text.trim().is_empty() || history.last().is_some_and(|last| last == text) {
            return;
        }
        let extra = (history.len() + 1).saturating_sub(HISTORY_COUNT_MAX);
        let kept = history.iter().skip(extra).cloned();
        self.histories[index] = kept.chain([text.to_owned()]).collect();
    }

    /// Reads all terminals again; true if something has changed.
    pub fn refresh(&mut self, world: &World) -> bool {
        let mut changed = false;
        for terminal in &mut self.terminals {
            // The last block may still grow; the ones before it are as they were.
            let known = terminal.first + terminal.blocks.len();
            let from = known.saturating_sub(1).max(terminal.first);
            let Ok(mut view) = world.terminal(&terminal.node, from) else { continue };
            let restarted = view.first + view.blocks.len() < known;
            if restarted {
                let Ok(whole) = world.terminal(&terminal.node, 0) else { continue };
                view = whole;
            }
            let updated = merge(terminal, view, restarted);
            if updated != **terminal {
                *terminal = Rc::new(updated);
                changed = true;
            }
        }
        changed
    }
}

fn merge(old: &TermView, new: TerminalView, restarted: bool) -> TermView {
    let keep = new.first.saturating_sub(old.first);
    // A gap means that the screen was cleared.
    let cleared = restarted || keep > old.blocks.len();
    let mut blocks: Vec<Rc<Block>> =
        if cleared { Vec::new() } else { old.blocks.iter().take(keep).cloned().collect() };
    if !restarted && !cleared && new.blocks.is_empty() && keep == old.blocks.len() && keep > 0 {
        // Cleared, and nothing typed since.
        blocks.clear();
    }
    let first = if blocks.is_empty() { new.first } else { old.first };
    // A shell in a container opens blocks of its own below the command that started it; only the
    // last one is going on.
    if let (Some(last), false) = (blocks.last_mut(), new.blocks.is_empty())
        && last.open
    {
        Rc::make_mut(last).open = false;
    }
    let end = new.blocks.len();
    let views = new.blocks.into_iter().zip(1..);
    blocks.extend(views.map(|(view, number)| Rc::new(block(view, number == end))));
    let reader = match (new.up, new.at_prompt, new.more) {
        (false, _, _) => Reader::Off,
        _ if new.editor.is_some() => Reader::Editor,
        (_, true, _) => Reader::Shell,
        (_, _, true) => Reader::More,
        _ => Reader::Nobody,
    };
    let (node, index, prompt) = (old.node.clone(), old.index, new.prompt);
    TermView { node, index, first, blocks, prompt, reader, editor: new.editor.map(Rc::new) }
}

fn block(view: BlockView, is_last: bool) -> Block {
    let shown = view.shown.strip_suffix('\n').unwrap_or(&view.shown).to_owned();
    Block {
        prompt: view.prompt,
        typed: view.typed.join("\n"),
        shown,
        status: view.status,
        open: is_last && view.ended_ms.is_none(),
        took_ms: view.ended_ms.map(|ended| ended.saturating_sub(view.started_ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(first: usize, typed: &[&str]) -> TerminalView {
        let block = |typed: &&str| BlockView {
            prompt: "$ ".into(),
            typed: vec![(*typed).into()],
            shown: "x\n".into(),
            status: Some(0),
            started_ms: 0,
            ended_ms: Some(1),
        };
        let blocks = typed.iter().map(block).collect();
        TerminalView { first, blocks, at_prompt: true, up: true, ..TerminalView::default() }
    }

    fn texts(term: &TermView) -> Vec<&str> {
        term.blocks.iter().map(|block| block.typed.as_str()).collect()
    }

    #[test]
    fn only_the_end_is_read_again() {
        let one = merge(&TermView::default(), view(0, &["a", "b"]), false);
        assert_eq!((one.first, texts(&one)), (0, vec!["a", "b"]));
        let two = merge(&one, view(1, &["b", "c"]), false);
        assert_eq!((two.first, texts(&two)), (0, vec!["a", "b", "c"]));
        assert!(Rc::ptr_eq(&one.blocks[0], &two.blocks[0]));
    }

    #[test]
    fn a_cleared_screen_is_empty() {
        let one = merge(&TermView::default(), view(0, &["a", "b"]), false);
        let cleared = merge(&one, view(3, &[]), false);
        assert_eq!((cleared.first, texts(&cleared)), (3, vec![]));
        let next = merge(&cleared, view(3, &["c"]), false);
        assert_eq!((next.first, texts(&next)), (3, vec!["c"]));
    }

    #[test]
    fn a_boot_begins_a_new_transcript() {
        let one = merge(&TermView::default(), view(0, &["a", "b"]), false);
        let booted = merge(&one, view(0, &["c"]), true);
        assert_eq!((booted.first, texts(&booted)), (0, vec!["c"]));
    }
}
