//! Checks as sentences, and what happens to hosts.

use model::view::{CheckView, FaultView, State};
use yew::prelude::*;

use crate::icons::{Icon, icon, state_icon};
use crate::notes::coded;

const fn state_text(state: State, waits: bool) -> &'static str {
    match (state, waits) {
        (State::Open, false) => "not yet",
        (State::Open, true) => "waits for this",
        (State::Running, _) => "waiting",
        (State::Holds, _) => "holds",
        (State::Broken, _) => "does not hold",
    }
}

/// A check, line by line.
pub fn check(view: &CheckView) -> Html {
    let lines = view.lines.iter().map(|line| {
        html! {
            <li class="line" data-state={line.state.word()}>
                { state_icon(line.state) }
                <span><span class="sr-only">{ state_text(line.state, view.waits) }{ ": " }</span><code>{ &line.source }</code></span>
                if !line.why.is_empty() {
                    <span class="reason">{ coded(&line.why) }</span>
                }
            </li>
        }
    });
    let testid = (!view.id.is_empty()).then(|| format!("check-{}", view.id));
    let tone = match view.state {
        State::Holds => "good",
        State::Broken => "bad",
        State::Running => "wait",
        State::Open => "",
    };
    html! {
        <div class="check" data-testid={testid} data-state={view.state.word()}>
            <p class="label">
                { if view.waits { "The lab waits until" } else { "Check" } }
                <span class={classes!("badge", tone)}>{ state_text(view.state, view.waits) }</span>
            </p>
            <ul class="bare">{ for lines }</ul>
            if view.state == State::Broken && !view.why.is_empty() {
                <p class="why">{ coded(&view.why) }</p>
            }
        </div>
    }
}

/// What happens to hosts.
pub fn fault(view: &FaultView) -> Html {
    let FaultView { text, state, problem } = view;
    html! {
        <div class="check" data-state={state.word()}>
            <p class="line">{ icon(Icon::Bolt) }<span>{ text }</span></p>
            if !problem.is_empty() {
                <p class="why">{ problem }</p>
            }
        </div>
    }
}
