//! A panic in the page: said in the console, and in the panel that `index.html` has for it.

use std::panic::PanicHookInfo;

use web_sys::{CustomEvent, CustomEventInit};

use crate::dom;

/// Shows every panic.
pub fn watch() {
    std::panic::set_hook(Box::new(show));
}

fn show(info: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(info);
    let init = CustomEventInit::new();
    init.set_detail(&info.to_string().into());
    if let Ok(event) = CustomEvent::new_with_event_init_dict("glasshive-fault", &init) {
        let _ = dom::window().dispatch_event(&event);
    }
}
