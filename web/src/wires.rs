//! The links that are broken: drawn as lines between the hosts, and listed with their healing.

use std::f64::consts::TAU;

use model::view::{MapView, NodeCard, Wire};
use yew::prelude::*;

use crate::faults::heal;
use crate::icons::{Icon, icon};
use crate::msg::Msg;

/// The links, and the faults that wait.
pub fn wires(map: &MapView, on: &Callback<Msg>) -> Html {
    if map.wires.is_empty() && map.armed.is_empty() {
        return Html::default();
    }
    let rows = map.wires.iter().map(|wire| {
        let is_cut = wire.cut.0 || wire.cut.1;
        html! {
            <li key={wire.heal.clone()} class="trouble" data-wire={wire.text.clone()}>
                { icon(if is_cut { Icon::Scissors } else { Icon::Hourglass }) }
                <span>{ &wire.text }</span>
                { heal(&wire.heal, "Heal", on) }
            </li>
        }
    });
    let armed = map.armed.iter().map(|armed| {
        let id = armed.id;
        let disarm = on.reform(move |_: MouseEvent| Msg::Disarm(id));
        html! {
            <li key={id} class="trouble armed">
                { icon(Icon::Hourglass) }
                <span>{ "armed: " }{ &armed.text }</span>
                <button type="button" class="btn small" data-disarm={id.to_string()}
                    aria-label={format!("Disarm ({})", armed.text)} onclick={disarm}>{ "Disarm" }</button>
            </li>
        }
    });
    html! {
        <div class="wires" data-testid="wires">
            if !map.wires.is_empty() { { ring(map) } }
            <ul class="bare">
                { for rows }
                { for armed }
                if map.wires.len() > 1 {
                    <li class="all">{ heal("heal all", "Heal everything", on) }</li>
                }
            </ul>
        </div>
    }
}

/// Where hosts stand: on a circle, the first one at the top.
fn place(index: usize, count: usize) -> (f64, f64) {
    let angle = TAU * (index as f64 / count as f64 - 0.25);
    (60.0 + 44.0 * angle.cos(), 60.0 + 44.0 * angle.sin())
}

fn ring(map: &MapView) -> Html {
    let count = map.nodes.len();
    let whole = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
    let whole = whole.filter(|ends| map.wires.iter().all(|wire| wire.ends != *ends));
    let line = |ends: (usize, usize), class: &'static str| {
        let ((x1, y1), (x2, y2)) = (place(ends.0, count), place(ends.1, count));
        html! {
            <line {class} x1={x1.to_string()} y1={y1.to_string()} x2={x2.to_string()} y2={y2.to_string()} />
        }
    };
    let broken = map.wires.iter().map(|wire| broken(wire, count, &line));
    let nodes = map.nodes.iter().map(|node| dot(node, count));
    html! {
        <svg class="ring" viewBox="0 0 120 120" aria-hidden="true">
            { for whole.map(|ends| line(ends, "whole")) }
            { for broken }
            { for nodes }
        </svg>
    }
}

/// A cut line has a gap in its middle; one that is cut one way only has an arrow where frames still go.
fn broken(wire: &Wire, count: usize, line: &impl Fn((usize, usize), &'static str) -> Html) -> Html {
    let ((x1, y1), (x2, y2)) = (place(wire.ends.0, count), place(wire.ends.1, count));
    let at = |share: f64| (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share);
    let stub = |from: f64, to: f64| {
        let ((ax, ay), (bx, by)) = (at(from), at(to));
        html! {
            <line class="cut" x1={ax.to_string()} y1={ay.to_string()} x2={bx.to_string()} y2={by.to_string()} />
        }
    };
    let arrow = |share: f64, turn: f64| {
        let (x, y) = at(share);
        let angle = (y2 - y1).atan2(x2 - x1).to_degrees() + turn;
        html! { <path class="arrow" d="M-4 -4 4 0 -4 4z" transform={format!("translate({x} {y}) rotate({angle})")} /> }
    };
    let cross = {
        let (x, y) = at(0.5);
        html! { <path class="cross" d="M-5 -5 5 5M-5 5 5 -5" transform={format!("translate({x} {y})")} /> }
    };
    match wire.cut {
        (false, false) => line(wire.ends, "slow"),
        (true, true) => html! { <>{ stub(0.0, 0.4) }{ stub(0.6, 1.0) }{ cross }</> },
        (true, false) => html! { <>{ line(wire.ends, "half") }{ cross }{ arrow(0.3, 180.0) }</> },
        (false, true) => html! { <>{ line(wire.ends, "half") }{ cross }{ arrow(0.7, 0.0) }</> },
    }
}

fn dot(node: &NodeCard, count: usize) -> Html {
    let (x, y) = place(node.index, count);
    let class = classes!(
        "dot",
        format!("n{}", node.index % 6),
        node.leads.then_some("leads"),
        (!node.troubles.is_empty()).then_some("bad"),
    );
    html! {
        <g {class} transform={format!("translate({x} {y})")}>
            <circle r="11" />
            <text y="3.5">{ node.index + 1 }</text>
        </g>
    }
}
