//! The step rail: a cell for each step, filled as far as it was played.

use model::route::Route;
use model::view::LessonView;
use yew::prelude::*;

/// The rail.
pub fn rail(lesson: &LessonView) -> Html {
    let cells = lesson.steps.iter().enumerate().map(|(index, step)| {
        let (done, all) = step.progress;
        let said = format!("Step {}, {}: {done} of {all} done, {}", index + 1, step.title, step.state.word());
        let height = (22 * done).checked_div(all).unwrap_or(0);
        let clip = format!("rail-{index}");
        let route = Route::Lab { id: lesson.id.clone(), step: Some(step.id.clone()) };
        let current = (lesson.current == Some(index)).then_some("step");
        html! {
            <a key={index} href={route.to_string()} title={said.clone()} aria-label={said}
                data-state={step.state.word()} aria-current={current}>
                <svg viewBox="0 0 20 22" aria-hidden="true">
                    <defs>
                        <clipPath id={clip.clone()}>
                            <rect x="0" y={(22 - height).to_string()} width="20" height={height.to_string()} />
                        </clipPath>
                    </defs>
                    <path class="fill" clip-path={format!("url(#{clip})")} d="M10 1.5 18.5 6.3v9.4L10 20.5 1.5 15.7V6.3z" />
                    <path class="cell" d="M10 1.5 18.5 6.3v9.4L10 20.5 1.5 15.7V6.3z" />
                    <text x="10" y="14.5">{ index + 1 }</text>
                </svg>
            </a>
        }
    });
    html! { <nav class="rail" aria-label="Steps of the lab">{ for cells }</nav> }
}
