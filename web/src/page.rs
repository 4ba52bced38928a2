//! The whole page, drawn from what the model says.

use std::rc::Rc;

use model::BarView;
use model::ui::{Pane, Ui};
use model::view::{LessonView, MapView, TermView};
use yew::prelude::*;

use crate::controls::Controls;
use crate::header::Header;
use crate::help::Help;
use crate::icons::{Icon, icon};
use crate::lesson::Lesson;
use crate::map::Map;
use crate::messages::Messages;
use crate::msg::Msg;
use crate::terminals::Terminals;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Rc<LessonView>,
    pub map: Rc<MapView>,
    pub terminals: Vec<Rc<TermView>>,
    pub histories: Vec<Rc<[String]>>,
    pub bar: Rc<BarView>,
    pub ui: Rc<Ui>,
    pub on: Callback<Msg>,
}

#[component]
pub fn Page(props: &Props) -> Html {
    let Props { lesson, map, terminals, histories, bar, ui, on } = props;
    let panes = Pane::ALL.map(|pane| {
        let drawing = match pane {
            Pane::Lesson => Icon::Book,
            Pane::Shell => Icon::Prompt,
            Pane::Map => Icon::Hive,
        };
        let pressed = ui.pane == pane;
        html! {
            <button type="button" data-for={pane.word()} data-testid={format!("pane-{}", pane.word())}
                aria-pressed={pressed.to_string()}
                onclick={on.reform(move |_: MouseEvent| Msg::Pane(pane))}>
                { icon(drawing) }{ pane.label() }
            </button>
        }
    });
    html! {
        <div class="shell" data-pane={ui.pane.word()}>
            <a class="skip" href="#lesson">{ "To the lesson" }</a>
            <a class="skip" href="#terminals">{ "To the terminals" }</a>
            <a class="skip" href="#map">{ "To the map" }</a>
            <Header lesson={lesson.clone()} bar={bar.clone()} theme={ui.theme} on={on.clone()} />
            <Messages messages={ui.messages.clone()} on={on.clone()} />
            <main class="lesson-pane" id="lesson" tabindex="-1" aria-label="Lesson">
                <Lesson lesson={lesson.clone()} on={on.clone()} />
            </main>
            <div class="work">
                <Map map={map.clone()} table={ui.table} on={on.clone()} />
                <Terminals terminals={terminals.clone()} histories={histories.clone()} ui={ui.clone()} on={on.clone()} />
            </div>
            <Controls bar={bar.clone()} on={on.clone()} />
            <nav class="panes" aria-label="Panes">{ for panes }</nav>
            if ui.help {
                <Help on={on.clone()} />
            }
            <div class="sr-only" role="status" aria-live="polite">{ &ui.announcement }</div>
        </div>
    }
}
