//! The terminals: one behind tabs, or all side by side.

use std::rc::Rc;

use model::ui::Ui;
use model::view::{Reader, TermView};
use yew::prelude::*;

use crate::files::Files;
use crate::icons::{Icon, icon};
use crate::msg::Msg;
use crate::terminal::Terminal;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub terminals: Vec<Rc<TermView>>,
    pub histories: Vec<Rc<[String]>>,
    pub ui: Rc<Ui>,
    pub on: Callback<Msg>,
}

#[component]
pub fn Terminals(props: &Props) -> Html {
    let Props { terminals, histories, ui, on } = props;
    let tabs = terminals.iter().map(|term| {
        let node = term.node.clone();
        let selected = node == ui.node;
        let onclick = on.reform({
            let node = node.clone();
            move |_: MouseEvent| Msg::Open(node.clone())
        });
        let onkeydown = arrows(terminals, &node, on);
        let busy = term.reader == Reader::Nobody;
        html! {
            <button key={node.clone()} type="button" role="tab" id={format!("tab-{node}")}
                class={classes!("tab", format!("n{}", term.index % 6))} aria-selected={selected.to_string()}
                tabindex={if selected { "0" } else { "-1" }} {onclick} {onkeydown}>
                { icon(Icon::Cell) }
                { &node }
                if busy {
                    <span class="busy" /><span class="sr-only">{ "a command runs" }</span>
                }
            </button>
        }
    });
    let screens = terminals.iter().zip(histories).filter_map(|(term, history)| {
        let current = term.node == ui.node;
        (current || ui.split).then(|| {
            html! {
                <Terminal key={term.node.clone()} view={term.clone()} history={history.clone()}
                    cleared={ui.cleared(&term.node)} draft={ui.draft(&term.node).to_owned()} edit={ui.edit(&term.node)}
                    candidates={ui.candidates(&term.node)} {current} named={ui.split} paused={ui.paused} on={on.clone()} />
            }
        })
    });
    use_effect_with(ui.node.clone(), |node| crate::dom::reveal(&format!("#tab-{node}")));
    let node = ui.node.clone();
    let interrupt = on.reform(move |_: MouseEvent| Msg::Interrupt(node.clone()));
    let busy = terminals.iter().any(|term| term.node == ui.node && term.reader == Reader::Nobody);
    html! {
        <section class="terminals" id="terminals" aria-label="Terminals">
            <div class="bar">
                <div class="tabs" role="tablist" aria-label="Nodes">{ for tabs }</div>
                <span class="spacer" />
                if busy {
                    <button type="button" class="btn" onclick={interrupt}>{ "Ctrl-C" }</button>
                }
                <button type="button" class="btn" data-testid="files" aria-expanded={ui.files.to_string()}
                    aria-pressed={ui.files.to_string()} aria-label="Files of this host" title="Files: up and down"
                    onclick={on.reform(|_: MouseEvent| Msg::Files)}>
                    { icon(Icon::File) }
                </button>
                <button type="button" class="btn" data-testid="split" aria-pressed={ui.split.to_string()}
                    aria-label="All terminals side by side" title="All terminals side by side"
                    onclick={on.reform(|_: MouseEvent| Msg::Split)}>
                    { icon(Icon::Split) }
                </button>
            </div>
            if ui.files {
                <Files node={ui.node.clone()} on={on.clone()} />
            }
            <div class={classes!("screens", ui.split.then_some("split"))}>{ for screens }</div>
        </section>
    }
}

/// Left and right among the tabs.
fn arrows(terminals: &[Rc<TermView>], node: &str, on: &Callback<Msg>) -> Callback<KeyboardEvent> {
    let nodes: Vec<String> = terminals.iter().map(|term| term.node.clone()).collect();
    let at = nodes.iter().position(|name| name == node).unwrap_or(0);
    let on = on.clone();
    Callback::from(move |event: KeyboardEvent| {
        let count = nodes.len();
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % count,
            "ArrowLeft" => (at + count - 1) % count,
            _ => return,
        };
        event.prevent_default();
        crate::dom::focus(&format!("#tab-{}", nodes[to]));
        on.emit(Msg::Select(nodes[to].clone()));
    })
}
