//! The browser shell.

mod checks;
mod command;
mod controls;
mod demo;
mod dom;
mod header;
mod help;
mod icons;
mod lesson;
mod map;
mod map_table;
mod messages;
mod msg;
mod node_card;
mod notes;
mod page;
mod prompt_line;
mod questions;
mod rail;
mod terminal;
mod terminals;

fn main() {
    console_error_panic_hook::set_once();
    let root = web_sys::window().and_then(|w| w.document()).and_then(|d| d.get_element_by_id("app")).expect("app");
    yew::Renderer::<demo::Demo>::with_root(root).render();
}
