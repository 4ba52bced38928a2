//! The page's drawings: one pen, 16 by 16.

use model::view::{Shape, State, Tone};
use yew::prelude::*;

/// What can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Check,
    Cross,
    Circle,
    Spinner,
    Play,
    Step,
    PlayAll,
    Pause,
    Restart,
    Undo,
    Insert,
    Key,
    Lock,
    Split,
    File,
    Scissors,
    Up,
    Save,
    Sun,
    Moon,
    Auto,
    Help,
    Close,
    Alert,
    Note,
    Book,
    Prompt,
    Hive,
    Down,
    Bolt,
    Hourglass,
    Cell,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "M3 8.5 6.5 12 13 4.5",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::Circle => "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z",
            Self::Spinner => "M8 2.5a5.5 5.5 0 1 1-5.5 5.5",
            Self::Play => "M5 3.5v9l7-4.5z",
            Self::Step => "M3.5 3.5v9l6.5-4.5zM11.5 3.5h1.5v9h-1.5z",
            Self::PlayAll => "M2.5 4v8L8 8zM8 4v8l5.5-4z",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Restart => "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3",
            Self::Undo => "M6 3 3 6l3 3M3 6h6a4 4 0 0 1 0 8H6",
            Self::Insert => "M3 4v8M6 8h7M10 5l3 3-3 3",
            Self::Key => "M6 7a3 3 0 1 1-2 2.8A3 3 0 0 1 6 7zM8 8l5.5-5.5M11 5l2 2",
            Self::Lock => "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
            Self::Split => "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
            Self::Scissors => {
                "M3 11.5a1.8 1.8 0 1 0 3.6 0 1.8 1.8 0 0 0-3.6 0zM9.4 11.5a1.8 1.8 0 1 0 3.6 0 1.8 1.8 0 0 0-3.6 0zM6 10.2 11.5 2.5M10 10.2 4.5 2.5"
            }
            Self::File => "M4 2h5l3 3v9H4zM9 2v3h3",
            Self::Up => "M8 13V4M4 7.5 8 3.5l4 4",
            Self::Save => "M3 3h8l2 2v8H3zM5 3v3.5h5V3M5 13V9.5h6V13",
            Self::Sun => {
                "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"
            }
            Self::Moon => "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
            Self::Auto => "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
            Self::Help => "M6 6a2 2 0 1 1 2.8 1.8c-.5.3-.8.7-.8 1.4M8 12v.1",
            Self::Close => "M4.5 4.5l7 7M11.5 4.5l-7 7",
            Self::Alert => "M8 2.5 14.5 13.5h-13zM8 6.5v3M8 11.5v.1",
            Self::Note => "M3.5 2.5h9v11h-9zM6 5.5h4M6 8h4M6 10.5h2",
            Self::Book => {
                "M8 4c-1.5-1-3.5-1.3-5.5-1.3v9.5c2 0 4 .3 5.5 1.3 1.5-1 3.5-1.3 5.5-1.3V2.7C11.5 2.7 9.5 3 8 4zM8 4v9.5"
            }
            Self::Prompt => "M3 4l4 4-4 4M8.5 12H13",
            Self::Hive | Self::Cell => "M8 1.5 13.6 4.8v6.4L8 14.5 2.4 11.2V4.8z",
            Self::Down => "M8 3v9M4 8.5 8 12.5l4-4",
            Self::Bolt => "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
            Self::Hourglass => "M4 2.5h8M4 13.5h8M5 2.5c0 3 6 4 6 11M11 2.5c0 3-6 4-6 11",
        }
    }

    const fn is_filled(self) -> bool {
        matches!(self, Self::Play | Self::Step | Self::PlayAll | Self::Cell)
    }
}

/// Draws one; the text next to it says what it means.
pub fn icon(which: Icon) -> Html {
    icon_with(which, "icon")
}

/// Draws one with other classes.
pub fn icon_with(which: Icon, class: &'static str) -> Html {
    let fill = if which.is_filled() { "currentColor" } else { "none" };
    html! {
        <svg class={class} viewBox="0 0 16 16" aria-hidden="true" fill={fill} stroke="currentColor"
            stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">
            <path d={which.path()} />
        </svg>
    }
}

/// The mark of a state.
pub fn state_icon(state: State) -> Html {
    icon(match state {
        State::Open => Icon::Circle,
        State::Running => Icon::Spinner,
        State::Holds => Icon::Check,
        State::Broken => Icon::Cross,
    })
}

/// The mark of a tone.
pub fn tone_icon(tone: Tone) -> Html {
    icon_with(
        match tone {
            Tone::Plain => Icon::Circle,
            Tone::Good => Icon::Check,
            Tone::Wait => Icon::Hourglass,
            Tone::Bad => Icon::Cross,
        },
        "icon state",
    )
}

/// The product's mark: a cell one can look into.
pub fn mark() -> Html {
    html! {
        <svg viewBox="0 0 28 30" aria-hidden="true">
            <path d="M14 1 26.5 8v14L14 29 1.5 22V8z" fill="var(--honey-fill)" />
            <path d="M14 8l6 3.5v7L14 22l-6-3.5v-7z" fill="var(--raised)" />
            <path d="M14 1v7M26.5 8 20 11.5M26.5 22 20 18.5M14 29v-7M1.5 22 8 18.5M1.5 8 8 11.5"
                stroke="var(--raised)" stroke-width="1.5" />
        </svg>
    }
}

/// A node's form, with a short text inside.
pub fn node_shape(shape: Shape, leads: bool, text: &str) -> Html {
    let (class, path) = match shape {
        Shape::Alone => ("alone", "M20 4a18 18 0 1 0 0 36 18 18 0 0 0 0-36z"),
        Shape::Square => ("square", "M5 7h30v30H5z"),
        Shape::Hexagon => ("hexagon", "M20 2 37 12v20L20 42 3 32V12z"),
    };
    html! {
        <svg class={classes!("shape", class, leads.then_some("leads"))} viewBox="0 0 40 44"
            aria-hidden="true">
            <path class="body" d={path} />
            <text x="20" y="26">{ text }</text>
        </svg>
    }
}
