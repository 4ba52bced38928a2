//! A host on the map.

use model::inspect::Target;
use model::view::{NodeCard as View, Shape};
use yew::prelude::*;

use crate::faults::troubles;
use crate::icons::{Icon, icon, node_shape};
use crate::map::{opener, pill};
use crate::msg::Msg;

/// The host's card.
pub fn node_card(node: &View, on: &Callback<Msg>) -> Html {
    let inside = match (&node.raft, node.shape) {
        (Some(raft), _) => format!("t{}", raft.term),
        (None, Shape::Square) => "w".to_owned(),
        (None, _) if node.role == "control plane" => "cp".to_owned(),
        (None, _) => String::new(),
    };
    let class = classes!(
        "cell-card",
        format!("n{}", node.index % 6),
        node.leads.then_some("leads"),
        (!node.clear.is_empty() || node.leak_count > 0).then_some("has-clear"),
        (node.shape == Shape::Alone).then_some("off"),
    );
    let break_it = {
        let target = Target::Node(node.name.clone());
        on.reform(move |_: MouseEvent| Msg::Inspect(Some(target.clone())))
    };
    // A right click, and on a phone a long press.
    let oncontextmenu = {
        let (target, on) = (Target::Node(node.name.clone()), on.clone());
        Callback::from(move |event: MouseEvent| {
            event.prevent_default();
            on.emit(Msg::Inspect(Some(target.clone())));
        })
    };
    let id = format!("map-{}", node.name);
    html! {
        <article key={node.name.clone()} {class} data-testid={format!("map-node-{}", node.name)} aria-labelledby={id.clone()}
            {oncontextmenu} data-role={node.role.clone()} data-state={node.state.clone()}>
            <header>
                { node_shape(node.shape, node.leads, &inside) }
                <h3 {id} title={node.address.clone()}>{ opener(&node.name, Target::Node(node.name.clone()), on) }</h3>
                <span class={classes!("badge", node.tone.word())}>{ &node.state }</span>
                <p class="role">{ &node.role }</p>
                <button type="button" class="btn quiet square break" data-testid="break"
                    aria-label={format!("Break {}: power, network, disk", node.name)} title={format!("Break {}", node.name)}
                    onclick={break_it}>{ icon(Icon::Bolt) }</button>
            </header>
            if !node.troubles.is_empty() {
                { troubles(&node.troubles, on) }
            }
            if let Some(raft) = &node.raft {
                <p class="raft">
                    <span>{ "term " }<b>{ raft.term }</b></span>
                    <span>{ "committed " }<b>{ raft.commit }</b></span>
                    <span>{ "applied " }<b>{ raft.applied }</b></span>
                </p>
            }
            if !node.pills.is_empty() {
                <ul class="pills bare" aria-label="Tasks and containers">{ for node.pills.iter().map(|task| pill(task, on)) }</ul>
            }
            if node.ended_count > 0 {
                <p class="nothing">{ format!("{} ended, kept for the record", node.ended_count) }</p>
            }
            { secrets(node, on) }
            if node.leak_count > 0 {
                <button type="button" class="leak" onclick={on.reform(|_: MouseEvent| Msg::Inspect(Some(Target::Audit)))}>
                    { icon(Icon::Alert) }
                    { if node.leak_count == 1 { "a secret leaks here".to_owned() } else { format!("secrets leak here, in {} places", node.leak_count) } }
                </button>
            }
        </article>
    }
}

fn secrets(node: &View, on: &Callback<Msg>) -> Html {
    if node.clear.is_empty() && node.sealed.is_empty() {
        return Html::default();
    }
    let clear = node.clear.iter().map(|secret| {
        html! {
            <li key={format!("clear-{}", secret.name)} class="clear" data-secret={secret.name.clone()}>
                { icon(Icon::Key) }
                <span>{ opener(&secret.name, Target::Secret(secret.name.clone()), on) }{ " in the clear: " }{ secret.places.join(", ") }</span>
            </li>
        }
    });
    let sealed = (!node.sealed.is_empty()).then(|| {
        let names = node.sealed.iter().map(|name| opener(name, Target::Secret(name.clone()), on));
        html! {
            <li key="sealed" class="sealed">
                { icon(Icon::Lock) }
                <span>{ for names }{ " sealed on disk, in the clear in memory" }</span>
            </li>
        }
    });
    html! { <ul class="keys-here bare" aria-label="Secrets">{ for clear }{ sealed }</ul> }
}
