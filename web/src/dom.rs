//! The few things that need the browser's own objects.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;
use web_sys::{
    Blob, CustomEvent, CustomEventInit, HtmlAnchorElement, HtmlElement, HtmlTextAreaElement, Url,
    Window,
};

/// The window; the program runs nowhere else.
pub fn window() -> Window {
    web_sys::window().expect("the page has a window")
}

fn find(selector: &str) -> Option<HtmlElement> {
    window().document()?.query_selector(selector).ok()??.dyn_into().ok()
}

/// Gives the focus to an element; the cursor of an input goes to its end.
pub fn focus(selector: &str) {
    let Some(element) = find(selector) else { return };
    let _ = element.focus();
    if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>() {
        let end = area.value().encode_utf16().count() as u32;
        let _ = area.set_selection_range(end, end);
    }
}

/// Sets an attribute of the root element, or takes it away.
pub fn root_attribute(name: &str, value: Option<&str>) {
    let root = window().document().and_then(|document| document.document_element());
    if let Some(root) = root {
        let _ = match value {
            Some(value) => root.set_attribute(name, value),
            None => root.remove_attribute(name),
        };
    }
}

/// Says whether the page can be used, and where it is.
pub fn set_ready(is_ready: bool, address: &str) {
    if let Some(app) = find("#app") {
        let _ = app.set_attribute("data-ready", if is_ready { "true" } else { "false" });
        let _ = app.set_attribute("data-address", address);
    }
}

/// What stands behind the address, with its `#`.
pub fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// Goes to another address within the page.
pub fn set_hash(address: &str) {
    let _ = window().location().set_hash(address);
}

/// The name of the page in tabs and in the history.
pub fn set_title(title: &str) {
    if let Some(document) = window().document() {
        document.set_title(title);
    }
}

/// Tells the script in `index.html` which files belong to the page, so that they are kept.
pub fn offer_files<'a>(files: impl Iterator<Item = &'a str>) {
    let init = CustomEventInit::new();
    init.set_detail(&files.collect::<Vec<_>>().join("\n").into());
    if let Ok(event) = CustomEvent::new_with_event_init_dict("glasshive-files", &init) {
        let _ = window().dispatch_event(&event);
    }
}

/// True if text is selected somewhere on the page.
pub fn has_selection() -> bool {
    let selection = window().get_selection().ok().flatten();
    selection.is_some_and(|selection| !selection.is_collapsed())
}

/// Real time in milliseconds.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// True if the element that has the focus takes typed text.
pub fn is_typing() -> bool {
    let active = window().document().and_then(|document| document.active_element());
    active.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
    })
}

/// True with a mouse or the like; fingers would only call the on-screen keyboard.
pub fn has_fine_pointer() -> bool {
    let query = window().match_media("(pointer: fine)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Brings an element into view, if it is not there.
pub fn reveal(selector: &str) {
    if let Some(element) = find(selector) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Hands a file to the browser, which asks where to put it.
pub fn hand_out(name: &str, bytes: &[u8]) {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let Ok(blob) = Blob::new_with_u8_array_sequence(&parts) else { return };
    let Ok(address) = Url::create_object_url_with_blob(&blob) else { return };
    let link = window().document().and_then(|document| document.create_element("a").ok());
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) {
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    let _ = Url::revoke_object_url(&address);
}

/// Brings the start of something into view.
pub fn reveal_at_top(selector: &str) {
    if let Some(element) = find(selector) {
        element.scroll_into_view();
    }
}
