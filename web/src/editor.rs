//! A file that `vi`, `nano` or `edit` has opened: a plain page of text in place of the transcript.

use std::rc::Rc;

use model::EditorView;
use web_sys::{HtmlTextAreaElement, InputEvent};
use yew::prelude::*;

use crate::dom;
use crate::icons::{Icon, icon};
use crate::msg::Msg;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub node: String,
    pub file: Rc<EditorView>,
    /// What is shown, if that is not what the file holds.
    pub text: Option<Rc<str>>,
    /// It gets the focus when it opens.
    pub current: bool,
    pub on: Callback<Msg>,
}

#[component]
pub fn Editor(props: &Props) -> Html {
    let Props { node, file, text, on, .. } = props;
    let shown: Rc<str> = text.clone().unwrap_or_else(|| file.text.as_str().into());
    let is_changed = *shown != *file.text;
    let asks = use_state_eq(|| false);
    let area = use_node_ref();
    {
        let (area, current) = (area.clone(), props.current);
        use_effect_with((), move |()| {
            if let (true, Some(area)) = (current, area.cast::<HtmlTextAreaElement>()) {
                let _ = area.focus();
                let _ = area.set_selection_range(0, 0);
            }
        });
    }
    let oninput = {
        let (node, on) = (node.clone(), on.clone());
        Callback::from(move |event: InputEvent| {
            let area: HtmlTextAreaElement = event.target_unchecked_into();
            on.emit(Msg::Edited(node.clone(), area.value().into()));
        })
    };
    let save = {
        let (node, on, shown) = (node.clone(), on.clone(), shown.clone());
        Callback::from(move |()| on.emit(Msg::CloseEditor(node.clone(), Some(shown.clone()))))
    };
    let discard = {
        let (node, on) = (node.clone(), on.clone());
        Callback::from(move |()| on.emit(Msg::CloseEditor(node.clone(), None)))
    };
    let leave = {
        let (asks, discard) = (asks.clone(), discard.clone());
        Callback::from(move |()| if is_changed { asks.set(true) } else { discard.emit(()) })
    };
    let stay = {
        let (asks, id) = (asks.clone(), format!("#editor-{node}"));
        Callback::from(move |_: MouseEvent| {
            asks.set(false);
            dom::focus(&id);
        })
    };
    let onkeydown = {
        let (save, leave) = (save.clone(), leave.clone());
        Callback::from(move |event: KeyboardEvent| {
            let key = event.key();
            event.stop_propagation();
            if (event.ctrl_key() || event.meta_key()) && key == "s" {
                event.prevent_default();
                save.emit(());
            } else if key == "Escape" {
                leave.emit(());
            }
        })
    };
    let click = |callback: &Callback<()>| callback.reform(|_: MouseEvent| ());
    let path = if file.path.is_empty() { "a new file without a name" } else { &file.path };
    html! {
        <section class="editor" data-testid="editor" aria-label={format!("{} on {node}: {path}", file.program)} {onkeydown}>
            <header>
                <b>{ &file.program }</b>
                <span class="path">{ path }{ if is_changed { " (changed)" } else { "" } }</span>
                <button type="button" class="btn" data-testid="editor-leave" onclick={click(&leave)}
                    title="Esc">{ "Leave" }</button>
                <button type="button" class="btn save" data-testid="editor-save" onclick={click(&save)}
                    title="Ctrl S">{ icon(Icon::Save) }{ "Save" }</button>
            </header>
            if *asks && is_changed {
                <p class="ask" role="alert">
                    <span>{ "Leave without saving?" }</span>
                    <button type="button" class="btn" data-testid="editor-discard" onclick={click(&discard)}>{ "Discard the changes" }</button>
                    <button type="button" class="btn" onclick={stay}>{ "Stay" }</button>
                </p>
            }
            <textarea ref={area} id={format!("editor-{node}")} data-testid="editor-text" value={shown.to_string()} {oninput}
                aria-label={format!("Text of {path}")} autocomplete="off" autocapitalize="none" autocorrect="off"
                spellcheck="false" wrap="off" />
        </section>
    }
}
