//! Questions: with choices, and with a typed answer.

use model::view::{AskView, QuizView};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::notes::prose;

#[derive(Properties, PartialEq)]
pub struct QuizProps {
    pub name: String,
    pub view: QuizView,
}

#[component]
pub fn Quiz(props: &QuizProps) -> Html {
    let chosen = use_state(|| None::<usize>);
    let choices = props.view.choices.iter().enumerate().map(|(index, choice)| {
        let onchange = {
            let chosen = chosen.clone();
            Callback::from(move |_: Event| chosen.set(Some(index)))
        };
        html! {
            <label key={index}>
                <input type="radio" name={props.name.clone()} checked={*chosen == Some(index)} {onchange} />
                <span class="prose">{ Html::from_html_unchecked(choice.html.clone().into()) }</span>
            </label>
        }
    });
    let answer = chosen.and_then(|index| props.view.choices.get(index)).map(|choice| {
        let (tone, word) = if choice.right { ("good", "Right.") } else { ("bad", "Not quite.") };
        html! { <p class={classes!("answer", tone)}>{ word }{ " " }{ &choice.because }</p> }
    });
    html! {
        <fieldset class="quiz">
            <legend class="label">{ "Question" }</legend>
            { prose(&props.view.html) }
            { for choices }
            <div aria-live="polite">{ answer }</div>
        </fieldset>
    }
}

#[derive(Properties, PartialEq)]
pub struct AskProps {
    pub view: AskView,
}

#[component]
pub fn Ask(props: &AskProps) -> Html {
    let given = use_state(String::new);
    let onchange = {
        let given = given.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            given.set(input.value());
        })
    };
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let right = props.view.answers.iter().any(|answer| plain(answer) == plain(&given));
    let answer = (!given.trim().is_empty()).then(|| {
        if right {
            html! { <p class="answer good">{ "Right. " }{ &props.view.because }</p> }
        } else {
            html! { <p class="answer bad">{ "Not quite: look at the cluster and try again." }</p> }
        }
    });
    html! {
        <div class="quiz">
            { prose(&props.view.html) }
            <input type="text" aria-label="Your answer" autocomplete="off" spellcheck="false" {onchange} />
            <div aria-live="polite">{ answer }</div>
        </div>
    }
}
