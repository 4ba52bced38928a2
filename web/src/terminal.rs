//! One terminal: its transcript and its input line.

use std::rc::Rc;

use model::clock;
use model::view::{Block, Reader, TermView};
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::dom;
use crate::editor::Editor;
use crate::icons::{Icon, icon};
use crate::msg::Msg;
use crate::prompt_line::PromptLine;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub view: Rc<TermView>,
    pub history: Rc<[String]>,
    /// Blocks before this number are hidden.
    pub cleared: usize,
    pub draft: String,
    /// What the editor shows, if that is not what the file holds.
    pub edit: Option<Rc<str>>,
    pub candidates: Rc<[String]>,
    /// It is the one that tests and keys mean.
    pub current: bool,
    /// It shows its name, because others are beside it.
    pub named: bool,
    pub paused: bool,
    pub on: Callback<Msg>,
}

/// As near to the end as this, in pixels, a reader follows the output.
const NEAR_END: i32 = 48;

#[component]
pub fn Terminal(props: &Props) -> Html {
    let Props { view, current, on, .. } = props;
    let scroll = use_node_ref();
    let follows = use_state_eq(|| true);
    {
        let (scroll, follows) = (scroll.clone(), follows.clone());
        use_effect_with((view.clone(), props.cleared, props.candidates.clone()), move |_| {
            if let (true, Some(element)) = (*follows, scroll.cast::<HtmlElement>()) {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    let onscroll = {
        let (scroll, follows) = (scroll.clone(), follows.clone());
        Callback::from(move |_: Event| {
            if let Some(element) = scroll.cast::<HtmlElement>() {
                let below =
                    element.scroll_height() - element.scroll_top() - element.client_height();
                follows.set(below < NEAR_END);
            }
        })
    };
    let to_end = {
        let (scroll, follows) = (scroll.clone(), follows.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(element) = scroll.cast::<HtmlElement>() {
                element.set_scroll_top(element.scroll_height());
            }
            follows.set(true);
        })
    };
    let onclick = {
        let (node, on) = (view.node.clone(), on.clone());
        Callback::from(move |_: MouseEvent| {
            // A click that selects text is not one that wants to type.
            if !dom::has_selection() {
                on.emit(Msg::Open(node.clone()));
            }
        })
    };
    let skipped = props.cleared.saturating_sub(view.first);
    let blocks = view.blocks.iter().enumerate().skip(skipped).map(|(offset, block)| {
        let number = view.first + offset;
        html! { <BlockRow key={number} {number} node={view.node.clone()} block={block.clone()} /> }
    });
    let is_empty = view.blocks.len() <= skipped;
    let select = (props.named && !current).then(|| {
        let node = view.node.clone();
        on.reform(move |_: FocusEvent| Msg::Select(node.clone()))
    });
    html! {
        <section class={classes!("terminal", format!("n{}", view.index % 6))} role="tabpanel"
            aria-label={format!("Terminal of {}", view.node)} data-testid={format!("terminal-{}", view.node)}
            onfocusin={select}>
            if props.named {
                <h2 class="name">{ icon(Icon::Cell) }{ &view.node }</h2>
            }
            <div class="scroll" ref={scroll} {onscroll} {onclick} tabindex="0" role="log" aria-live="off"
                aria-label={format!("Transcript of {}", view.node)}>
                if is_empty {
                    <p class="empty">{ empty_text(view) }</p>
                }
                { for blocks }
            </div>
            if !*follows {
                <button type="button" class="btn more" onclick={to_end}>{ icon(Icon::Down) }{ "Newest" }</button>
            }
            if let Some(editor) = &view.editor {
                <Editor node={view.node.clone()} file={editor.clone()} text={props.edit.clone()} {current} on={on.clone()} />
            }
            <PromptLine node={view.node.clone()} prompt={view.prompt.clone()} reader={view.reader}
                draft={props.draft.clone()} history={props.history.clone()}
                candidates={props.candidates.clone()} {current} paused={props.paused} on={on.clone()} />
        </section>
    }
}

fn empty_text(view: &TermView) -> String {
    match view.reader {
        Reader::Off => format!("{} is powered off.", view.node),
        _ => format!(
            "A shell on {}. Type anything: it runs on the simulated host, and Docker does what \
             Docker would do.",
            view.node
        ),
    }
}

#[derive(Properties, PartialEq)]
struct BlockProps {
    number: usize,
    node: String,
    block: Rc<Block>,
}

#[component]
fn BlockRow(props: &BlockProps) -> Html {
    let BlockProps { number, node, block } = props;
    let id = format!("block-{node}-{number}");
    let failed = block.status.filter(|status| *status != 0);
    let said = match (block.open, block.status) {
        (true, _) => format!(", on {node}, running"),
        (false, Some(status)) => format!(", on {node}, exit status {status}"),
        (false, None) => format!(", on {node}"),
    };
    let took = block.took_ms.filter(|ms| *ms >= 1_000).map(clock::span);
    html! {
        <article class={classes!("block", block.open.then_some("running"))} aria-labelledby={id.clone()}
            data-status={block.status.map(|status| status.to_string())}>
            <h3 class="cmd" {id} title={took}>
                <span class="prompt">{ &block.prompt }</span>{ &block.typed }
                <span class="sr-only">{ said }</span>
                if let Some(status) = failed {
                    <span class="exit" aria-hidden="true">{ icon(Icon::Cross) }{ format!("exit {status}") }</span>
                }
            </h3>
            if !block.shown.is_empty() {
                <pre class="out">{ &block.shown }</pre>
            }
        </article>
    }
}
