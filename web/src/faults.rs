//! The fault menu: what can be broken, what will come of it, and what is broken now.

use model::faults::{Choice, Menu, Trouble};
use yew::prelude::*;

use crate::icons::{Icon, icon};
use crate::msg::Msg;

/// What can be done to a host: its own menus, and those of its links.
pub fn menus(menus: &[Menu], links: &[Menu], on: &Callback<Msg>) -> Html {
    html! {
        <section class="faults" data-testid="faults">
            <h3>{ "Break it" }</h3>
            { for menus.iter().enumerate().map(|(index, one)| menu(one, index == 0, on)) }
            if !links.is_empty() {
                <h3>{ "Break a link" }</h3>
                { for links.iter().map(|one| menu(one, false, on)) }
            }
        </section>
    }
}

fn menu(menu: &Menu, open: bool, on: &Callback<Msg>) -> Html {
    html! {
        <details key={menu.title.clone()} {open}>
            <summary>{ &menu.title }</summary>
            <ul class="bare">{ for menu.choices.iter().map(|one| choice(one, on)) }</ul>
        </details>
    }
}

fn choice(choice: &Choice, on: &Callback<Msg>) -> Html {
    let line = choice.line.clone();
    let strike = on.reform(move |_: MouseEvent| Msg::Fault(line.clone()));
    html! {
        <li key={choice.line.clone()}>
            <button type="button" class={classes!("choice", choice.heals.then_some("heals"))} data-fault={choice.line.clone()}
                onclick={strike}>
                { icon(if choice.heals { Icon::Undo } else { Icon::Bolt }) }
                <b>{ &choice.label }</b>
                <span class="forecast">{ &choice.forecast }</span>
            </button>
        </li>
    }
}

/// What is wrong with a host now, each with its healing.
pub fn troubles(troubles: &[Trouble], on: &Callback<Msg>) -> Html {
    let rows = troubles.iter().map(|trouble| {
        html! {
            <li key={trouble.text.clone()} class="trouble">
                { icon(Icon::Bolt) }
                <span>{ &trouble.text }</span>
                if !trouble.heal.is_empty() {
                    { heal(&trouble.heal, &trouble.heal_label, on) }
                }
            </li>
        }
    });
    html! { <ul class="troubles bare" aria-label="What is wrong">{ for rows }</ul> }
}

/// A button that makes something right again.
pub fn heal(line: &str, label: &str, on: &Callback<Msg>) -> Html {
    let line = line.to_owned();
    let said = format!("{label} ({line})");
    let strike = {
        let line = line.clone();
        on.reform(move |_: MouseEvent| Msg::Fault(line.clone()))
    };
    html! {
        <button type="button" class="btn small" data-fault={line} aria-label={said} onclick={strike}>{ label }</button>
    }
}
