//! Files between the student's own machine and a host.

use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

use crate::icons::{Icon, icon};
use crate::msg::Msg;

/// Larger files are of no use on a simulated host and would make the session too large to keep.
const FILE_BYTES_MAX: f64 = 256.0 * 1024.0;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub node: String,
    pub on: Callback<Msg>,
}

#[component]
pub fn Files(props: &Props) -> Html {
    let Props { node, on } = props;
    let (chooser, path) = (use_node_ref(), use_node_ref());
    let choose = {
        let chooser = chooser.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(input) = chooser.cast::<HtmlInputElement>() {
                input.click();
            }
        })
    };
    let onchange = {
        let (node, on) = (node.clone(), on.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                let (node, on, name) = (node.clone(), on.clone(), file.name());
                spawn_local(async move {
                    let text = read(&file).await;
                    on.emit(Msg::Upload(node, name, text));
                });
            }
            // The same file can be chosen again.
            input.set_value("");
        })
    };
    let onsubmit = {
        let (node, on, path) = (node.clone(), on.clone(), path.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(input) = path.cast::<HtmlInputElement>() {
                on.emit(Msg::Download(node.clone(), input.value().trim().to_owned()));
            }
        })
    };
    html! {
        <div class="files" role="group" aria-label={format!("Files of {node}")}>
            <input ref={chooser} type="file" hidden=true data-testid="upload" {onchange} />
            <button type="button" class="btn" onclick={choose}>{ icon(Icon::Up) }{ format!("Upload to {node}") }</button>
            <form {onsubmit}>
                <input ref={path} type="text" aria-label={format!("Path of a file on {node}")} placeholder="/root/file"
                    required=true autocomplete="off" autocapitalize="none" spellcheck="false" data-testid="download-path" />
                <button type="submit" class="btn">{ icon(Icon::Down) }{ "Download" }</button>
            </form>
        </div>
    }
}

async fn read(file: &File) -> Result<String, String> {
    if file.size() > FILE_BYTES_MAX {
        return Err(format!("it has more than {} KiB", FILE_BYTES_MAX / 1024.0));
    }
    let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
    match text {
        // What is not UTF-8 comes with this sign in its place.
        Some(text) if text.contains('\u{fffd}') => Err("it is not text".to_owned()),
        Some(text) => Ok(text),
        None => Err("the browser cannot read it".to_owned()),
    }
}
