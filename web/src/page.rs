//! The whole page, drawn from what the model says.

use std::rc::Rc;

use model::BarView;
use model::audit::AuditPanel;
use model::inspect::InspectView;
use model::ui::{Pane, Ui};
use model::view::{LessonView, MapView, TermView};
use yew::prelude::*;

use crate::audit;
use crate::controls::controls;
use crate::header::header;
use crate::help::Help;
use crate::icons::{Icon, icon};
use crate::inspector::inspector;
use crate::lesson::Lesson;
use crate::map::Map;
use crate::messages::messages;
use crate::msg::Msg;
use crate::terminals::Terminals;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Rc<LessonView>,
    pub map: Rc<MapView>,
    pub terminals: Vec<Rc<TermView>>,
    pub histories: Vec<Rc<[String]>>,
    pub bar: Rc<BarView>,
    pub inspect: Option<Rc<InspectView>>,
    pub audit: Rc<AuditPanel>,
    pub auditing: bool,
    pub ui: Rc<Ui>,
    pub on: Callback<Msg>,
}

#[component]
pub fn Page(props: &Props) -> Html {
    let Props { lesson, map, terminals, histories, bar, inspect, audit, auditing, ui, on } = props;
    let shown = Pane::ALL.into_iter().filter(|pane| bar.has_lesson || *pane != Pane::Lesson);
    let panes = shown.clone().map(|pane| {
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
    let skips = shown.map(|pane| {
        let (target, text) = match pane {
            Pane::Lesson => ("#lesson", "To the lesson"),
            Pane::Shell => ("#terminals", "To the terminals"),
            Pane::Map => ("#map", "To the map"),
        };
        let onclick = {
            let on = on.clone();
            Callback::from(move |event: MouseEvent| {
                // The address says which lab this is, and stays.
                event.prevent_default();
                on.emit(Msg::Jump(pane));
            })
        };
        html! { <a class="skip" href={target} {onclick}>{ text }</a> }
    });
    html! {
        <div class={classes!("shell", (!bar.has_lesson).then_some("free-play"))} data-pane={ui.pane.word()}>
            { for skips }
            { header(lesson, bar, ui.theme, on) }
            { messages(&ui.messages, on) }
            if bar.has_lesson {
                <main class="lesson-pane" id="lesson" tabindex="-1" aria-label="Lesson">
                    <Lesson lesson={lesson.clone()} on={on.clone()} />
                </main>
            }
            <div class={classes!("work", (*auditing || inspect.is_some()).then_some("inspecting"))}>
                <Map map={map.clone()} audit={audit.clone()} auditing={*auditing} lens={ui.lens} table={ui.table} on={on.clone()} />
                <Terminals terminals={terminals.clone()} histories={histories.clone()} ui={ui.clone()} on={on.clone()} />
                if *auditing {
                    { audit::audit(audit, ui.lens, on) }
                } else if let Some(view) = inspect {
                    { inspector(view, on) }
                }
            </div>
            { controls(bar, on) }
            <nav class="panes" aria-label="Panes">{ for panes }</nav>
            if ui.help {
                <Help on={on.clone()} />
            }
            <div class="sr-only" role="status" aria-live="polite">{ &ui.announcement }</div>
        </div>
    }
}
