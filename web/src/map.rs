//! The cluster as a map, or the same as a table.

use std::rc::Rc;

use model::audit::AuditPanel;
use model::inspect::Target;
use model::view::{MapView, Pill, ServiceRow};
use yew::prelude::*;

use crate::audit::badge;
use crate::icons::{Icon, icon, tone_icon};
use crate::map_table::map_table;
use crate::msg::Msg;
use crate::node_card::node_card;
use crate::wires::wires;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub map: Rc<MapView>,
    pub audit: Rc<AuditPanel>,
    pub auditing: bool,
    /// Only places with clear text are drawn in full.
    pub lens: bool,
    pub table: bool,
    pub on: Callback<Msg>,
}

#[component]
pub fn Map(props: &Props) -> Html {
    let Props { map, audit, auditing, lens, table, on } = props;
    let services = map.services.iter().map(|row| service(row, on));
    let nodes = map.nodes.iter().map(|node| node_card(node, on));
    html! {
        <section class={classes!("map-pane", lens.then_some("lens"))} id="map" tabindex="-1" aria-labelledby="map-title">
            <div class="map-head">
                <h2 id="map-title">{ "Cluster" }</h2>
                <p class={map.tone.word()}>{ &map.headline }</p>
                { badge(audit, *auditing, on) }
                <div class="segments" role="group" aria-label="Show the cluster as">
                    <button type="button" class="btn" aria-pressed={(!table).to_string()}
                        onclick={on.reform(|_: MouseEvent| Msg::Table(false))}>{ "Map" }</button>
                    <button type="button" class="btn" aria-pressed={table.to_string()}
                        onclick={on.reform(|_: MouseEvent| Msg::Table(true))}>{ "Table" }</button>
                </div>
            </div>
            if *table {
                { map_table(map) }
            } else {
                if !map.services.is_empty() {
                    <ul class="services bare" aria-label="Services">{ for services }</ul>
                }
                { wires(map, on) }
                if !map.unplaced.is_empty() {
                    <ul class="pills bare" aria-label="Tasks without a node">
                        { for map.unplaced.iter().map(|task| pill(task, on)) }
                    </ul>
                }
                <div class="cells" style={columns(map.nodes.len())}>{ for nodes }</div>
            }
        </section>
    }
}

/// Rows of at most six cells, all of one length where that goes.
fn columns(count: usize) -> String {
    let rows = count.div_ceil(6).max(1);
    format!("--columns: {}", count.div_ceil(rows).max(1))
}

fn service(service: &ServiceRow, on: &Callback<Msg>) -> Html {
    html! {
        <li key={service.name.clone()} class="service">
            { opener(&service.name, Target::Service(service.name.clone()), on) }
            <small>{ &service.image }</small>
            <span class={classes!("count", service.tone.word())}>
                { format!("{}/{}", service.running, service.desired) }
                <span class="sr-only">{ " tasks run" }</span>
            </span>
            { for service.secrets.iter().map(|name| html! {
                <>{ icon(Icon::Key) }{ opener(name, Target::Secret(name.clone()), on) }</>
            }) }
        </li>
    }
}

/// A task or a container.
pub fn pill(pill: &Pill, on: &Callback<Msg>) -> Html {
    html! {
        <li key={pill.id.clone()} class={classes!("pill", pill.tone.word())} data-state={pill.state.clone()}>
            { tone_icon(pill.tone) }
            <span class="name" title={pill.name.clone()}>
                { opener(&pill.name, Target::Task(pill.id.clone()), on) }
            </span>
            <span class="state-word">{ &pill.state }</span>
            if !pill.error.is_empty() {
                <span class="error">{ &pill.error }</span>
            }
        </li>
    }
}

/// A name that opens what it names.
pub fn opener(name: &str, target: Target, on: &Callback<Msg>) -> Html {
    let onclick = on.reform(move |_: MouseEvent| Msg::Inspect(Some(target.clone())));
    html! { <button type="button" class="opener" {onclick}>{ name }</button> }
}
