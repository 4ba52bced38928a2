//! The line at the top: product, lab, steps, seed and digest, theme.

use model::BarView;
use model::ui::Theme;
use model::view::LessonView;
use yew::prelude::*;

use crate::icons::{Icon, icon, mark};
use crate::msg::Msg;
use crate::rail::rail;

/// The product's name: the way back to the list of labs.
pub fn brand() -> Html {
    html! {
        <a class="brand" href="#/" aria-label="Glasshive: all labs" title="All labs" data-testid="home">
            { mark() }<span>{ "Glasshive" }</span>
        </a>
    }
}

/// Theme and help.
pub fn buttons(theme: Theme, on: &Callback<Msg>) -> Html {
    let (drawing, said) = match theme {
        Theme::Auto => (Icon::Auto, "Theme: as the system. Change to light"),
        Theme::Light => (Icon::Sun, "Theme: light. Change to dark"),
        Theme::Dark => (Icon::Moon, "Theme: dark. Change to the system's"),
    };
    let on_theme = on.reform(|_: MouseEvent| Msg::Theme);
    let on_help = on.reform(|_: MouseEvent| Msg::Help);
    html! {
        <>
            <button type="button" class="btn quiet square" data-testid="theme" aria-label={said} title={said}
                onclick={on_theme}>
                { icon(drawing) }
            </button>
            <button type="button" class="btn quiet square" aria-label="Help" title="Help (?)"
                onclick={on_help}>
                { icon(Icon::Help) }
            </button>
        </>
    }
}

/// The line.
pub fn header(lesson: &LessonView, bar: &BarView, theme: Theme, on: &Callback<Msg>) -> Html {
    let short: String = bar.digest.chars().take(12).collect();
    html! {
        <header class="header">
            { brand() }
            <h1 class="title">{ &lesson.title }</h1>
            <div class="spacer" />
            if bar.has_lesson {
                { rail(lesson) }
            }
            <div class="facts">
                <span class="seed">{ "seed " }<code>{ bar.seed }</code></span>
                <span title={format!("The history's digest: {}. The same seed and inputs give the same digest everywhere.", bar.digest)}>
                    { "digest " }
                    <code data-testid="digest" data-digest={bar.digest.clone()}>{ short }</code>
                </span>
            </div>
            { buttons(theme, on) }
        </header>
    }
}
