//! What stays until it is dismissed.

use model::ui::Message;
use yew::prelude::*;

use crate::icons::{Icon, icon};
use crate::msg::Msg;

/// The messages, oldest first.
pub fn messages(messages: &[Message], on: &Callback<Msg>) -> Html {
    let rows = messages.iter().map(|message| {
        let id = message.id;
        let dismiss = on.reform(move |_: MouseEvent| Msg::Dismiss(id));
        let undo = on.reform(|_: MouseEvent| Msg::Undo);
        html! {
            <div key={id} class={classes!("message", message.bad.then_some("bad"))} data-testid="message">
                { icon(if message.bad { Icon::Alert } else { Icon::Note }) }
                <p>{ &message.text }</p>
                if message.offers_undo {
                    <button type="button" class="btn" onclick={undo}>{ icon(Icon::Undo) }{ "Undo" }</button>
                }
                <button type="button" class="btn quiet square" aria-label="Dismiss" onclick={dismiss}>
                    { icon(Icon::Close) }
                </button>
            </div>
        }
    });
    html! { <div class="messages" role="status">{ for rows }</div> }
}
