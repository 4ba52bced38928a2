//! Builds: what is asked for and what is told meanwhile.

pub use engine::build::{BuildRequest, Failure as BuildFailure, Message, Vertex};

use serde::{Deserialize, Serialize};

use super::PullMessage;

/// What a build has to tell since the last question.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BuildProgress {
    /// The classic builder pulls a base: these come before `messages`.
    pub pulled: Vec<PullMessage>,
    /// In order.
    pub messages: Vec<Message>,
    /// The classic builder pulls a base: these come after `messages`.
    pub pulling: Vec<PullMessage>,
    /// Set when it is over: the image's identifier.
    pub result: Option<Result<String, BuildFailure>>,
}
