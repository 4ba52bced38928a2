//! The browser shell.
use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <h1>{ "Glasshive" }</h1> }
}

fn main() {
    console_error_panic_hook::set_once();
    yew::Renderer::<App>::new().render();
}
