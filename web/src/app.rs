//! The program: where the page is, what is played there, the browser's frames and keys.

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::{AnimationFrame, request_animation_frame};
use model::inspect::Target;
use model::route::Route;
use model::ui::{Pane, Theme, Ui};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use crate::catalogue::{self, Catalogue};
use crate::dom;
use crate::msg::Msg;
use crate::page::Page;
use crate::shelf::{Labs, fetch};
use crate::stage::{Stage, Views};
use crate::store;

/// What the page shows.
enum Shown {
    Catalogue(Rc<catalogue::Entries>),
    /// A lab's file was asked for.
    Loading,
    Stage(Box<Stage>),
    /// There is nothing to show; a sentence.
    Nothing(String),
}

pub struct App {
    labs: Labs,
    route: Route,
    place: Shown,
    ui: Ui,
    shown: Rc<Ui>,
    /// What gets the focus once the page is drawn.
    focus: Option<String>,
    /// What comes into view once the page is drawn.
    reveal: Option<String>,
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
        let mut ui = Ui::default();
        ui.theme = Theme::parse(&store::setting("theme").unwrap_or_default());
        let labs = Labs::new();
        dom::offer_files(labs.files());
        let mut app = Self {
            place: Shown::Catalogue(Rc::new(catalogue::entries(&labs.summaries))),
            labs,
            route: Route::Catalogue,
            shown: Rc::new(ui.clone()),
            ui,
            focus: None,
            reveal: None,
            frame: None,
            _listeners: listeners(&on),
            on,
        };
        app.go(ctx, Route::parse(&dom::hash()).unwrap_or_default());
        app.ask_for_frame();
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let changed = match msg {
            Msg::Address(hash) => match Route::parse(&hash) {
                Some(route) if route != self.route => self.go(ctx, route),
                _ => false,
            },
            Msg::Came(id, file) => self.came(&id, file),
            msg => self.handle(msg),
        };
        if let Shown::Stage(stage) = &mut self.place
            && let Some(selector) = stage.take_focus()
        {
            self.focus = Some(selector);
        }
        if *self.shown != self.ui {
            self.shown = Rc::new(self.ui.clone());
            return true;
        }
        changed
    }

    fn view(&self, _: &Context<Self>) -> Html {
        let stage = match &self.place {
            Shown::Catalogue(entries) => {
                return html! {
                    <Catalogue entries={entries.clone()} ui={self.shown.clone()} on={self.on.clone()} />
                };
            }
            Shown::Loading => return waiting("Opening the lab…"),
            Shown::Nothing(why) => return waiting(why),
            Shown::Stage(stage) => stage,
        };
        let Some(Views { lesson, map, bar, terminals, histories, inspect, audit, auditing }) =
            stage.views()
        else {
            return waiting(&stage.progress());
        };
        html! {
            <Page {lesson} {map} {bar} {terminals} {histories} {inspect} {audit} {auditing} ui={self.shown.clone()} on={self.on.clone()} />
        }
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        let is_ready = match &self.place {
            Shown::Catalogue(_) | Shown::Nothing(_) => true,
            Shown::Loading => false,
            Shown::Stage(stage) => stage.views().is_some(),
        };
        dom::set_ready(is_ready, &self.route.to_string());
        if !is_ready {
            return;
        }
        if let Some(selector) = self.reveal.take() {
            dom::reveal_at_top(&selector);
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

    /// Goes to another place; always true, because all is drawn anew.
    fn go(&mut self, ctx: &Context<Self>, route: Route) -> bool {
        if let (Route::Lab { id: here, .. }, Route::Lab { id, step: Some(step) }) =
            (&self.route, &route)
            && here == id
        {
            self.reveal = Some(format!("#step-{step}"));
            self.ui.pane = Pane::Lesson;
            self.route = route;
            return true;
        }
        if let Shown::Stage(stage) = &mut self.place {
            stage.handle(Msg::Leave, &mut self.ui);
        }
        self.ui.leave();
        let place = match &route {
            Route::Catalogue => {
                dom::set_title("Glasshive: Docker Swarm in a glass hive");
                Shown::Catalogue(Rc::new(catalogue::entries(&self.labs.summaries)))
            }
            Route::Free(free) => {
                dom::set_title(&format!("{} - Glasshive", free.title()));
                self.ui.pane = Pane::Shell;
                Shown::Stage(Box::new(Stage::new(Rc::new(free.lab()))))
            }
            Route::Lab { id, step } => {
                self.reveal = step.as_ref().map(|step| format!("#step-{step}"));
                self.lab(ctx, id)
            }
        };
        self.place = place;
        self.route = route;
        true
    }

    fn lab(&self, ctx: &Context<Self>, id: &str) -> Shown {
        let title = self.labs.summaries.iter().find(|lab| lab.id == id).map(|lab| &lab.title);
        dom::set_title(&format!("{} - Glasshive", title.map_or(id, String::as_str)));
        if let Some(lab) = self.labs.opened(id) {
            return Shown::Stage(Box::new(Stage::new(lab)));
        }
        let Some(file) = self.labs.file(id) else {
            return Shown::Nothing(format!("There is no lab `{id}` here."));
        };
        let id = id.to_owned();
        ctx.link().send_future(async move { Msg::Came(id, fetch(&file).await) });
        Shown::Loading
    }

    /// A lab's file has come, or not.
    fn came(&mut self, id: &str, file: Result<Vec<u8>, String>) -> bool {
        let kept = file.and_then(|bytes| self.labs.keep(id, &bytes));
        if !matches!(&self.route, Route::Lab { id: wanted, .. } if wanted == id) {
            return false;
        }
        self.place = match (kept, self.labs.opened(id)) {
            (Ok(()), Some(lab)) => Shown::Stage(Box::new(Stage::new(lab))),
            (kept, _) => {
                let why = kept.err().unwrap_or_default();
                Shown::Nothing(format!("The lab could not be opened ({why}). Load the page again."))
            }
        };
        true
    }

    fn stage(&mut self) -> Option<&mut Stage> {
        match &mut self.place {
            Shown::Stage(stage) => Some(stage),
            _ => None,
        }
    }

    /// True if the page must be drawn again; changes of `ui` are seen anyway.
    fn handle(&mut self, msg: Msg) -> bool {
        match msg {
            Msg::Frame(now) => {
                self.ask_for_frame();
                if let Shown::Stage(stage) = &mut self.place {
                    return stage.frame(now, &mut self.ui);
                }
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
            Msg::Edited(node, text) => self.ui.set_edit(&node, Some(text)),
            Msg::Lens => self.ui.lens = !self.ui.lens,
            Msg::Files => {
                self.ui.files = !self.ui.files;
                if self.ui.files {
                    self.focus = Some(".files button".to_owned());
                }
            }
            Msg::Draft(node, text) => self.ui.set_draft(&node, text),
            Msg::Theme => {
                self.ui.theme = self.ui.theme.next();
                store::keep_setting("theme", self.ui.theme.word());
                let chosen = (self.ui.theme != Theme::Auto).then(|| self.ui.theme.word());
                dom::root_attribute("data-theme", chosen);
            }
            Msg::Key(key) => return self.key(&key),
            Msg::Jump(pane) => self.jump(pane),
            Msg::Forget(id) => {
                store::forget(&id);
                self.place = Shown::Catalogue(Rc::new(catalogue::entries(&self.labs.summaries)));
                return true;
            }
            msg => {
                if let Shown::Stage(stage) = &mut self.place {
                    return stage.handle(msg, &mut self.ui);
                }
            }
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
            "v" => Msg::Inspect(Some(Target::Audit)),
            "m" => Msg::Jump(Pane::Map),
            "Escape" if self.ui.help => Msg::Help,
            "Escape" => Msg::Inspect(None),
            digit => {
                let index = digit.parse::<usize>().ok().and_then(|digit| digit.checked_sub(1));
                if let Some(node) =
                    index.and_then(|index| self.stage().and_then(|stage| stage.node(index)))
                {
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
    is_digit || matches!(key, "?" | "n" | "a" | "p" | "t" | "l" | "m" | "v" | "Escape")
}

/// The keys outside of inputs, the address, and the end of the page.
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
    let address = {
        let on = on.clone();
        EventListener::new(&window, "hashchange", move |_| on.emit(Msg::Address(dom::hash())))
    };
    vec![keys, leave("pagehide"), leave("blur"), address]
}

fn waiting(progress: &str) -> Html {
    html! {
        <div class="boot" role="status">
            { crate::icons::mark() }
            <p>{ progress }</p>
            <p><a href="#/">{ "All labs" }</a></p>
        </div>
    }
}
