//! What the browser shell shows and does, without a browser.
//!
//! [`session::Session`] holds a world and a lab that is played on it; [`view`] is what the
//! components draw; [`saved`] keeps a session in the browser. The crate `glasshive-web` adds the
//! browser: components, storage, the frame clock.

pub mod audit;
pub mod clock;
mod cluster;
pub mod completion;
pub mod faults;
pub mod free;
pub mod inspect;
pub mod lesson;
pub mod map;
pub mod progress;
pub mod route;
pub mod saved;
pub mod screens;
pub mod session;
pub mod ui;
pub mod view;

use serde::{Deserialize, Serialize};
pub use world::{Duration, EditorView, Fault, Input};

/// The line at the top and the bar at the bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BarView {
    /// The seed.
    pub seed: u64,
    /// The history's digest, hexadecimal.
    pub digest: String,
    /// Virtual time, as a clock.
    pub clock: String,
    /// The date and time of the simulated hosts.
    pub date: String,
    /// Whether time moves, in words.
    pub motion: String,
    /// How the lab stands.
    pub status: Status,
    /// Why, if it does not go on.
    pub status_text: String,
    /// The lab is being played.
    pub playing: bool,
    /// Time is stopped by the student.
    pub paused: bool,
    /// How fast.
    pub speed: clock::Speed,
    /// There is a session to go back to.
    pub can_undo: bool,
    /// There is a lesson to play.
    pub has_lesson: bool,
}

/// How a lab stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nothing was done yet.
    #[default]
    Ready,
    /// It is under way.
    Running,
    /// Everything was played and is as the lab says.
    Passed,
    /// Something is not as the lab says.
    Failed,
}

impl Status {
    /// The same as a part of a lab has it.
    pub const fn state(self) -> view::State {
        match self {
            Self::Ready => view::State::Open,
            Self::Running => view::State::Running,
            Self::Passed => view::State::Holds,
            Self::Failed => view::State::Broken,
        }
    }

    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}
