//! Help: the list of keys, and where the simulation differs from the real thing.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::icons::{Icon, icon};
use crate::msg::Msg;
use crate::shelf::{DIFFERENCES, fetch};

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

const EDITOR: [(&str, &str); 2] =
    [("Ctrl S", "save and leave"), ("Esc", "leave; asks if something was changed")];

const PAGE: [(&str, &str); 9] = [
    ("n", "next step"),
    ("a", "play all"),
    ("p", "pause and go on"),
    ("1 … 9", "terminal of a node"),
    ("l", "the lesson"),
    ("m", "the map"),
    ("v", "the leak audit"),
    ("Esc", "close what is open beside the map"),
    ("?", "this list"),
];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub on: Callback<Msg>,
}

/// The list of honest differences (`docs/differences.md`) as HTML; a sentence if it does not come.
async fn differences_text() -> String {
    match fetch(DIFFERENCES).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(why) => format!("<p>The list could not be opened ({why}).</p>"),
    }
}

#[component]
pub fn Help(props: &Props) -> Html {
    let list = |keys: &[(&'static str, &'static str)]| {
        let rows = keys.iter().map(|(key, text)| {
            html! { <><dt><kbd>{ *key }</kbd></dt><dd>{ *text }</dd></> }
        });
        html! { <dl>{ for rows }</dl> }
    };
    let differences = use_state_eq(|| false);
    let text = use_state_eq(String::new);
    let tab = |label: &'static str, is_differences: bool, testid: &'static str| {
        let differences = differences.clone();
        let pressed = *differences == is_differences;
        let text = text.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            differences.set(is_differences);
            if is_differences && text.is_empty() {
                let text = text.clone();
                spawn_local(async move { text.set(differences_text().await) });
            }
        });
        html! {
            <button type="button" class="btn" aria-pressed={pressed.to_string()} data-testid={testid} {onclick}>{ label }</button>
        }
    };
    html! {
        <aside class={classes!("help", differences.then_some("wide"))} data-testid="help" aria-label="Help">
            <header>
                <div class="segments" role="group" aria-label="Help on">
                    { tab("Keys", false, "help-keys") }
                    { tab("What is different", true, "help-differences") }
                </div>
                <button type="button" class="btn quiet square" aria-label="Close"
                    onclick={props.on.reform(|_: MouseEvent| Msg::Help)}>
                    { icon(Icon::Close) }
                </button>
            </header>
            if *differences {
                <div class="differences">{ Html::from_html_unchecked((*text).clone().into()) }</div>
            } else {
                <h3>{ "In a terminal" }</h3>
                { list(&TERMINAL) }
                <h3>{ "In an editor" }</h3>
                { list(&EDITOR) }
                <h3>{ "Elsewhere" }</h3>
                { list(&PAGE) }
            }
        </aside>
    }
}
