//! The bar at the bottom: playing the lab, speed, the clock.

use model::clock::Speed;
use model::{BarView, Status};
use yew::prelude::*;

use crate::icons::{Icon, icon, state_icon};
use crate::msg::Msg;

/// The bar.
pub fn controls(bar: &BarView, on: &Callback<Msg>) -> Html {
    let button = |testid: &'static str,
                  label: &'static str,
                  drawing,
                  class: &'static str,
                  off: bool,
                  msg: Msg| {
        let onclick = on.reform(move |_: MouseEvent| msg.clone());
        html! {
            <button type="button" class={classes!("btn", class)} data-testid={testid} disabled={off}
                aria-label={label} title={label} {onclick}>
                { icon(drawing) }<span class="wide">{ label }</span>
            </button>
        }
    };
    let over = matches!(bar.status, Status::Passed | Status::Failed);
    let (pause_label, pause_icon) = match (bar.paused, bar.status) {
        (true, Status::Ready) => ("Start the clock", Icon::Play),
        (true, _) => ("Go on", Icon::Play),
        (false, _) => ("Pause", Icon::Pause),
    };
    let speeds = Speed::ALL.map(|speed| {
        let onclick = on.reform(move |_: MouseEvent| Msg::Speed(speed));
        let chosen = speed == bar.speed;
        html! {
            <button type="button" class="btn" role="radio" aria-checked={chosen.to_string()}
                data-value={speed.word()} {onclick}>
                { speed.label() }
            </button>
        }
    });
    let tone = match bar.status {
        Status::Ready => "",
        Status::Running => "wait",
        Status::Passed => "good",
        Status::Failed => "bad",
    };
    html! {
        <section class="controls" aria-label="Playing">
            if bar.has_lesson {
                { button("next-step", "Next step", Icon::Step, "primary", over || bar.playing, Msg::NextStep) }
                { button("play-all", "Play all", Icon::PlayAll, "", over || bar.playing, Msg::PlayAll) }
            }
            { button("pause", pause_label, pause_icon, "", false, Msg::Pause) }
            { button("restart", "Restart", Icon::Restart, "quiet", false, Msg::Restart) }
            if bar.can_undo {
                { button("undo", "Undo restart", Icon::Undo, "quiet", false, Msg::Undo) }
            }
            <div class="spacer" />
            if bar.has_lesson {
                <span class={classes!("badge", tone)} title={bar.status_text.clone()}>
                    { state_icon(bar.status.state()) }
                    <span><span class="sr-only">{ "The lab: " }</span><span data-testid="lab-status">{ bar.status.word() }</span></span>
                </span>
            }
            <span class="label speed-label" id="speed-label">{ "Speed" }</span>
            <div class="segments" role="radiogroup" aria-labelledby="speed-label" data-testid="speed">
                { for speeds }
            </div>
            <button type="button" class="btn speed-next" data-testid="speed-next"
                aria-label={format!("Speed {}, change to {}", bar.speed.label(), bar.speed.next().label())}
                onclick={{ let next = bar.speed.next(); on.reform(move |_: MouseEvent| Msg::Speed(next)) }}>
                { bar.speed.label() }
            </button>
            <div class="clock" title={bar.date.clone()}>
                <span class="sr-only">{ "Virtual time " }</span>
                <span data-testid="clock">{ &bar.clock }</span>
                <small>{ &bar.motion }</small>
            </div>
        </section>
    }
}
