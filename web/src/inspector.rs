//! One thing, opened: what is known of it, and why it is so.

use model::inspect::{EventLine, InspectView, Target};
use yew::prelude::*;

use crate::faults::{menus, troubles};
use crate::icons::{Icon, icon};
use crate::msg::Msg;

/// The thing.
pub fn inspector(view: &InspectView, on: &Callback<Msg>) -> Html {
    let facts = view.facts.iter().map(|(name, value)| {
        html! { <><dt>{ *name }</dt><dd>{ value }</dd></> }
    });
    html! {
        <aside class="inspector" id="inspector" data-testid="inspector" tabindex="-1" aria-labelledby="inspector-title">
            <header>
                <p class="label">{ view.kind }</p>
                <h2 id="inspector-title">{ &view.title }</h2>
                <button type="button" class="btn quiet square" aria-label="Close" data-testid="inspector-close"
                    onclick={on.reform(|_: MouseEvent| Msg::Inspect(None))}>
                    { icon(Icon::Close) }
                </button>
            </header>
            if !view.facts.is_empty() {
                <dl class="facts-list">{ for facts }</dl>
            }
            if !view.troubles.is_empty() {
                { troubles(&view.troubles, on) }
            }
            if !view.menus.is_empty() {
                { menus(&view.menus, &view.links, on) }
            }
            if !view.why.is_empty() {
                <section data-testid="why">
                    <h3>{ "Why?" }</h3>
                    { chain(&view.why, on) }
                </section>
            }
            if !view.before.is_empty() {
                <section>
                    <h3>{ "Before that" }</h3>
                    <ul class="bare events">{ for view.before.iter().map(|line| before(line, on)) }</ul>
                </section>
            }
        </aside>
    }
}

/// Events, each because of the next.
pub fn chain(lines: &[EventLine], on: &Callback<Msg>) -> Html {
    let rows = lines.iter().enumerate().map(|(index, line)| cause(index, line, on));
    html! { <ol class="chain bare">{ for rows }</ol> }
}

fn said(line: &EventLine) -> Html {
    html! {
        <>
            <span class="when">
                { &line.at }
                if !line.place.is_empty() { { " " }<b>{ &line.place }</b> }
            </span>
            <span class="what">{ &line.text }</span>
        </>
    }
}

fn cause(index: usize, line: &EventLine, on: &Callback<Msg>) -> Html {
    let id = line.id;
    let open = on.reform(move |_: MouseEvent| Msg::Inspect(Some(Target::Event(id))));
    html! {
        <li key={id} class={classes!(line.from_outside.then_some("outside"))}>
            if index > 0 { <span class="because">{ "because" }</span> }
            if line.from_outside {
                { said(line) }
            } else {
                <button type="button" class="event" onclick={open}>{ said(line) }</button>
            }
        </li>
    }
}

fn before(line: &EventLine, on: &Callback<Msg>) -> Html {
    let id = line.id;
    let open = on.reform(move |_: MouseEvent| Msg::Inspect(Some(Target::Event(id))));
    html! { <li key={id}><button type="button" class="event" onclick={open}>{ said(line) }</button></li> }
}
