//! The browser shell: components that draw what `glasshive-web-model` says, storage, frames.

mod app;
mod audit;
mod catalogue;
mod checks;
mod command;
mod controls;
mod dom;
mod editor;
mod fault;
mod faults;
mod files;
mod header;
mod help;
mod icons;
mod inspector;
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
mod shelf;
mod stage;
mod store;
mod terminal;
mod terminals;
mod wires;

fn main() {
    fault::watch();
    let root = dom::window()
        .document()
        .and_then(|document| document.get_element_by_id("app"))
        .expect("index.html has it");
    yew::Renderer::<app::App>::with_root(root).render();
}
