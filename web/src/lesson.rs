//! The lab's text.

use std::rc::Rc;

use model::view::{LessonView, PartView, State, StepView};
use yew::prelude::*;

use crate::checks::{check, fault};
use crate::command::command;
use crate::icons::state_icon;
use crate::msg::Msg;
use crate::notes::{Hints, Note, phrase, prose};
use crate::questions::{Ask, Quiz};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Rc<LessonView>,
    pub on: Callback<Msg>,
}

#[component]
pub fn Lesson(props: &Props) -> Html {
    let lesson = &props.lesson;
    let facts = lesson.facts.iter().map(|fact| html! { <span>{ fact }</span> });
    let goals = lesson.goals.iter().map(|goal| html! { <li>{ phrase(goal) }</li> });
    let credits = lesson.credits.iter().map(|credit| html! { <p>{ phrase(credit) }</p> });
    let steps = lesson.steps.iter().enumerate().map(|(index, step)| {
        let current = lesson.current == Some(index);
        html! { <Step key={index} {index} step={step.clone()} {current} on={props.on.clone()} /> }
    });
    html! {
        <article class="lesson">
            <header>
                <h1>{ &lesson.title }</h1>
                <p class="meta">{ for facts }</p>
            </header>
            if !lesson.goals.is_empty() {
                <div class="goals"><p class="label">{ "Afterwards you can" }</p><ul>{ for goals }</ul></div>
            }
            { prose(&lesson.intro) }
            { for steps }
            if !lesson.credits.is_empty() {
                <footer class="credits">{ for credits }</footer>
            }
        </article>
    }
}

#[derive(Properties, PartialEq)]
struct StepProps {
    index: usize,
    step: Rc<StepView>,
    current: bool,
    on: Callback<Msg>,
}

#[component]
fn Step(props: &StepProps) -> Html {
    let StepProps { index, step, current, on } = props;
    let parts = step.parts.iter().enumerate().map(|(key, part)| {
        let drawn = match part {
            PartView::Prose(html) => prose(html),
            PartView::Command(view) => command(view, on),
            PartView::Check(view) => check(view),
            PartView::Fault(view) => fault(view),
            PartView::Hints(hints) => html! { <Hints hints={hints.clone()} /> },
            PartView::Note(view) => html! { <Note view={view.clone()} /> },
            PartView::Quiz(view) => {
                html! { <Quiz name={format!("quiz-{index}-{key}")} view={view.clone()} /> }
            }
            PartView::Ask(view) => html! { <Ask view={view.clone()} /> },
        };
        html! { <div {key}>{ drawn }</div> }
    });
    let (done, all) = step.progress;
    let (tone, text) = match step.state {
        State::Holds => ("good", "done".to_owned()),
        State::Broken => ("bad", format!("{done} of {all}")),
        State::Open | State::Running => {
            (if *current { "wait" } else { "" }, format!("{done} of {all}"))
        }
    };
    html! {
        <section class="step" id={format!("step-{}", step.id)} data-state={step.state.word()}
            aria-labelledby={format!("step-title-{index}")}>
            <h2 id={format!("step-title-{index}")}>
                <span class="number"><span class="sr-only">{ "Step " }</span>{ index + 1 }</span>
                <span>{ &step.title }</span>
                if all > 0 {
                    <span class={classes!("badge", tone)}>{ state_icon(step.state) }{ text }</span>
                }
            </h2>
            { for parts }
        </section>
    }
}
