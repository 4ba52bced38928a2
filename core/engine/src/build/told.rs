//! What a person is told of a build.

use serde::{Deserialize, Serialize};
use sim::Time;

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// The classic builder: text as it is.
    Text(String),
    /// BuildKit: a piece of work began, ended or changed.
    Vertex(Vertex),
    /// BuildKit: a detail of a piece of work.
    Status {
        /// Which.
        vertex: u32,
        /// `transferring dockerfile: 82B`.
        text: String,
        /// When it began.
        started: Time,
        /// When it ended.
        completed: Time,
    },
    /// BuildKit: what a step's program wrote.
    Output {
        /// Which step.
        vertex: u32,
        /// When.
        at: Time,
        /// A line with its newline.
        bytes: Vec<u8>,
    },
}

/// A piece of BuildKit's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vertex {
    /// Counts from 0 in every build.
    pub index: u32,
    /// `[2/4] RUN mkdir -p /app`.
    pub name: String,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub completed: Option<Time>,
    /// It was known already.
    pub cached: bool,
    /// Why it failed.
    pub error: Option<String>,
}

/// Why a build failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The builder's text.
    pub message: String,
    /// The exit code that a step's program ended with; 1 for all else.
    pub code: i32,
    /// The daemon refused before anything was done.
    pub is_refusal: bool,
    /// The lines that a mistake is in, from 1; none for a mistake elsewhere.
    pub lines: Option<(u32, u32)>,
    /// The Dockerfile's lines.
    pub source: Vec<String>,
}

/// Line numbers, of which a Dockerfile has few.
pub(super) fn span((first, last): (usize, usize)) -> (u32, u32) {
    let number = |line| u32::try_from(line).unwrap_or(u32::MAX);
    (number(first), number(last))
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1, ..Self::default() }
    }

    /// The lines around the mistake, as BuildKit shows them; empty without lines.
    pub fn excerpt(&self, name: &str) -> String {
        const AROUND: usize = 2;
        let Some((first, last)) = self.lines else { return String::new() };
        let (first, last) = (first as usize, last as usize);
        let rule = "-".repeat(20);
        let mut text = format!("{name}:{first}\n{rule}\n");
        let shown = first.saturating_sub(AROUND).max(1)..=last + AROUND;
        for number in shown {
            let Some(line) = self.source.get(number - 1) else { break };
            let mark = if (first..=last).contains(&number) { ">>>" } else { "   " };
            text += &format!("{number:>4} | {mark} {line}\n");
        }
        text + &rule + "\n"
    }
}

/// Messages that wait to be taken, and BuildKit's pieces of work so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) messages: Vec<Message>,
    vertices: Vec<Vertex>,
}

impl Told {
    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.messages.push(Message::Text(text.into()));
    }

    /// A piece of work begins.
    pub(super) fn begin(&mut self, now: Time, name: String) -> u32 {
        let index = u32::try_from(self.vertices.len()).unwrap_or(u32::MAX);
        let vertex =
            Vertex { index, name, started: now, completed: None, cached: false, error: None };
        self.vertices.push(vertex.clone());
        self.messages.push(Message::Vertex(vertex));
        index
    }

    /// A piece of work ends.
    pub(super) fn end(&mut self, now: Time, index: u32, cached: bool, error: Option<String>) {
        let Some(vertex) = self.vertices.get_mut(index as usize) else { return };
        if vertex.completed.is_none() {
            (vertex.completed, vertex.cached, vertex.error) = (Some(now), cached, error);
            self.messages.push(Message::Vertex(vertex.clone()));
        }
    }

    pub(super) fn status(&mut self, vertex: u32, text: String, started: Time, completed: Time) {
        self.messages.push(Message::Status { vertex, text, started, completed });
    }

    /// The piece of work that has begun and not ended.
    pub(super) fn open(&self) -> Option<u32> {
        let open = self.vertices.iter().rev().find(|vertex| vertex.completed.is_none());
        open.map(|vertex| vertex.index)
    }
}

/// A size as the progress of a transfer shows it: `82B`, `3.07kB`.
pub(super) fn size_text(bytes: u64) -> String {
    let (mut whole, mut rest, mut unit) = (bytes, 0, 0);
    while whole >= 1_000 && unit < 3 {
        (whole, rest, unit) = (whole / 1_000, whole % 1_000, unit + 1);
    }
    let name = ["B", "kB", "MB", "GB"][unit];
    if unit == 0 { format!("{whole}{name}") } else { format!("{whole}.{:02}{name}", rest / 10) }
}
