//! The program: it holds the session, moves time with the browser's frames, and keeps what was done.

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::{AnimationFrame, request_animation_frame};
use labs::Lab;
use model::ui::{Pane, Theme, Ui};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use crate::dom;
use crate::msg::Msg;
use crate::page::Page;
use crate::stage::{Stage, Views};
use crate::store;

/// The labs, compiled by `build.rs`.
const LABS: &str = include_str!(concat!(env!("OUT_DIR"), "/labs.json"));

pub struct App {
    stage: Stage,
    ui: Ui,
    shown: Rc<Ui>,
    /// What gets the focus once the page is drawn.
    focus: Option<String>,
    /// The next frame; dropped, it would not come.
    frame: Option<AnimationFrame>,
    on: Callback<Msg>,
    _listeners: Vec<EventListener>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let on = ctx.link().callback(|msg| msg);
        let labs: Vec<Lab> =
            serde_json::from_str(LABS).expect("build.rs wrote this with the same types");
        let lab = labs.into_iter().next().expect("the page is built with a lab");
        let mut ui = Ui::default();
        ui.theme = Theme::parse(&store::setting("theme").unwrap_or_default());
        let mut app = Self {
            stage: Stage::new(Rc::new(lab)),
            shown: Rc::new(ui.clone()),
            ui,
            focus: None,
            frame: None,
            _listeners: listeners(&on),
            on,
        };
        app.ask_for_frame();
        app
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        let changed = self.handle(msg);
        if let Some(selector) = self.stage.take_focus() {
            self.focus = Some(selector);
        }
        if *self.shown != self.ui {
            self.shown = Rc::new(self.ui.clone());
            return true;
        }
        changed
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let Some(Views { lesson, map, bar, terminals, histories }) = self.stage.views() else {
            return waiting(&self.stage.progress());
        };
        html! {
            <Page {lesson} {map} {bar} {terminals} {histories} ui={self.shown.clone()} on={self.on.clone()} />
        }
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        if self.stage.views().is_some() {
            dom::set_ready();
        }
        if let Some(selector) = self.focus.take() {
            dom::focus(&selector);
        }
    }
}

impl App {
    fn ask_for_frame(&mut self) {
        let on = self.on.clone();
        self.frame = Some(request_animation_frame(move |now| on.emit(Msg::Frame(now))));
    }

    /// True if the page must be drawn again; changes of `ui` are seen anyway.
    fn handle(&mut self, msg: Msg) -> bool {
        match msg {
            Msg::Frame(now) => {
                self.ask_for_frame();
                return self.stage.frame(now, &mut self.ui);
            }
            Msg::Select(node) => self.ui.node = node,
            Msg::Open(node) => {
                self.ui.node = node;
                if dom::has_fine_pointer() {
                    self.focus_input();
                }
            }
            Msg::Split => self.ui.split = !self.ui.split,
            Msg::Pane(pane) => self.ui.pane = pane,
            Msg::Help => self.ui.help = !self.ui.help,
            Msg::Table(table) => self.ui.table = table,
            Msg::Dismiss(id) => self.ui.dismiss(id),
            Msg::Draft(node, text) => self.ui.set_draft(&node, text),
            Msg::Theme => {
                self.ui.theme = self.ui.theme.next();
                store::keep_setting("theme", self.ui.theme.word());
                let chosen = (self.ui.theme != Theme::Auto).then(|| self.ui.theme.word());
                dom::root_attribute("data-theme", chosen);
            }
            Msg::Key(key) => return self.key(&key),
            Msg::Jump(pane) => self.jump(pane),
            msg => return self.stage.handle(msg, &mut self.ui),
        }
        false
    }

    fn focus_input(&mut self) {
        self.focus = Some("[data-testid=terminal-input]".to_owned());
    }

    fn jump(&mut self, pane: Pane) {
        self.ui.pane = pane;
        match pane {
            Pane::Shell => self.focus_input(),
            Pane::Lesson => self.focus = Some("#lesson".to_owned()),
            Pane::Map => self.focus = Some("#map".to_owned()),
        }
    }

    fn key(&mut self, key: &str) -> bool {
        let msg = match key {
            "?" => Msg::Help,
            "n" => Msg::NextStep,
            "a" => Msg::PlayAll,
            "p" => Msg::Pause,
            "t" => Msg::Jump(Pane::Shell),
            "l" => Msg::Jump(Pane::Lesson),
            "m" => Msg::Jump(Pane::Map),
            "Escape" => {
                self.ui.help = false;
                return false;
            }
            digit => {
                let index = digit.parse::<usize>().ok().and_then(|digit| digit.checked_sub(1));
                if let Some(node) = index.and_then(|index| self.stage.node(index)) {
                    self.ui.node = node;
                    self.jump(Pane::Shell);
                }
                return false;
            }
        };
        self.handle(msg)
    }
}

fn is_page_key(key: &str) -> bool {
    let is_digit = key.len() == 1 && key.starts_with(|char: char| ('1'..='9').contains(&char));
    is_digit || matches!(key, "?" | "n" | "a" | "p" | "t" | "l" | "m" | "Escape")
}

/// The keys outside of inputs, and the end of the page.
fn listeners(on: &Callback<Msg>) -> Vec<EventListener> {
    let window = dom::window();
    let keys = {
        let on = on.clone();
        let options = EventListenerOptions::enable_prevent_default();
        EventListener::new_with_options(&window, "keydown", options, move |event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
            let with_modifier = event.ctrl_key() || event.alt_key() || event.meta_key();
            let key = event.key();
            if with_modifier || dom::is_typing() || !is_page_key(&key) {
                return;
            }
            // The key may move the focus into an input, and must not be typed there.
            event.prevent_default();
            on.emit(Msg::Key(key));
        })
    };
    let leave = |name: &'static str| {
        let on = on.clone();
        EventListener::new(&window, name, move |_| on.emit(Msg::Leave))
    };
    vec![keys, leave("pagehide"), leave("blur")]
}

fn waiting(progress: &str) -> Html {
    html! {
        <div class="boot" role="status">{ crate::icons::mark() }<p>{ progress }</p></div>
    }
}
