//! The list of keys.

use yew::prelude::*;

use crate::icons::{Icon, icon};
use crate::msg::Msg;

const TERMINAL: [(&str, &str); 8] = [
    ("Enter", "enter the line; Shift Enter begins another one"),
    ("↑ ↓", "lines typed before"),
    ("Tab", "complete; on an empty line, go to the next control"),
    ("Ctrl C", "interrupt, when nothing is selected"),
    ("Ctrl D", "end of input, on an empty line"),
    ("Ctrl L", "clear the screen"),
    ("Ctrl U", "empty the line"),
    ("Esc", "leave the input line"),
];

const PAGE: [(&str, &str); 7] = [
    ("n", "next step"),
    ("a", "play all"),
    ("p", "pause and go on"),
    ("1 … 9", "terminal of a node"),
    ("l", "the lesson"),
    ("m", "the map"),
    ("?", "this list"),
];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub on: Callback<Msg>,
}

#[component]
pub fn Help(props: &Props) -> Html {
    let list = |keys: &[(&'static str, &'static str)]| {
        let rows = keys.iter().map(|(key, text)| {
            html! { <><dt><kbd>{ *key }</kbd></dt><dd>{ *text }</dd></> }
        });
        html! { <dl>{ for rows }</dl> }
    };
    html! {
        <aside class="help" data-testid="help" aria-labelledby="help-title">
            <header>
                <h2 id="help-title">{ "Keys" }</h2>
                <button type="button" class="btn quiet square" aria-label="Close"
                    onclick={props.on.reform(|_: MouseEvent| Msg::Help)}>
                    { icon(Icon::Close) }
                </button>
            </header>
            <h3>{ "In a terminal" }</h3>
            { list(&TERMINAL) }
            <h3>{ "Elsewhere" }</h3>
            { list(&PAGE) }
        </aside>
    }
}
