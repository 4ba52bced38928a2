//! Prose, remarks and hints.

use model::view::{NoteView, State};
use yew::prelude::*;

use crate::icons::{Icon, icon, state_icon};

/// Text from the lab's file, which was made into HTML when the page was built.
pub fn prose(html: &str) -> Html {
    if html.trim().is_empty() {
        return Html::default();
    }
    html! { <div class="prose">{ Html::from_html_unchecked(html.to_owned().into()) }</div> }
}

/// The same for a text of one line, without a block around it.
pub fn phrase(html: &str) -> Html {
    Html::from_html_unchecked(html.to_owned().into())
}

/// A sentence of the program's own, in which backticks mark what is typed or printed.
pub fn coded(text: &str) -> Html {
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| {
            if at % 2 == 1 {
                html! { <code>{ part }</code> }
            } else {
                part.into()
            }
        })
        .collect()
}

#[derive(Properties, PartialEq)]
pub struct NoteProps {
    pub view: NoteView,
}

#[component]
pub fn Note(props: &NoteProps) -> Html {
    let NoteView { erratum, html, proven } = &props.view;
    let head = if *erratum { "The original is wrong here" } else { "Good to know" };
    let (tone, text) = match proven {
        State::Holds => ("good", "proven by this run"),
        State::Broken => ("bad", "this run says otherwise"),
        State::Open | State::Running => ("", ""),
    };
    html! {
        <aside class={classes!("note", erratum.then_some("erratum"))}>
            <p class="head">
                { icon(if *erratum { Icon::Alert } else { Icon::Note }) }
                { head }
                if !text.is_empty() {
                    <span class={classes!("badge", tone)}>{ state_icon(*proven) }{ text }</span>
                }
            </p>
            { prose(html) }
        </aside>
    }
}

#[derive(Properties, PartialEq)]
pub struct HintsProps {
    pub hints: Vec<String>,
}

#[component]
pub fn Hints(props: &HintsProps) -> Html {
    let shown = use_state(|| 0_usize);
    let all = props.hints.len();
    let rungs = props.hints.iter().take(*shown).map(|hint| {
        html! { <div class="rung">{ prose(hint) }</div> }
    });
    let onclick = {
        let shown = shown.clone();
        Callback::from(move |_: MouseEvent| shown.set(*shown + 1))
    };
    html! {
        <div class="hints">
            <div aria-live="polite">{ for rungs }</div>
            if *shown < all {
                <button type="button" class="btn quiet" {onclick}>
                    { icon(Icon::Help) }
                    { format!("Hint {} of {all}", *shown + 1) }
                </button>
            }
        </div>
    }
}
