//! BuildKit's progress: lines redrawn in place on a terminal, lines that follow each other elsewhere
//! (buildkit: `util/progress/progressui`).

use sorted::SortedMap;

use daemon::api::BuildFailure;
use daemon::api::build::{Message, Vertex};
use sim::{Duration, Time};

use crate::profile::Profile;

#[derive(Clone, Debug)]
struct Piece {
    vertex: Vertex,
    statuses: Vec<(String, Time, Time)>,
    output: Vec<(Time, String)>,
    /// How many of these were printed: statuses, lines; and the head, the end.
    told: (usize, usize, bool, bool),
}

/// What is shown of a build.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    began: Time,
    is_plain: bool,
    columns: usize,
    profile: &'static Profile,
    pieces: SortedMap<u32, Piece>,
    lines_shown: usize,
}

/// Seconds with one decimal.
fn tenths(span: Duration) -> String {
    let tenths = (span.as_millis() + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

impl Progress {
    pub(super) fn new(
        began: Time,
        is_plain: bool,
        columns: u16,
        profile: &'static Profile,
    ) -> Self {
        let columns = usize::from(columns);
        Self { began, is_plain, columns, profile, pieces: SortedMap::new(), lines_shown: 0 }
    }

    /// What to print for what was told.
    pub(super) fn tell(
        &mut self,
        now: Time,
        messages: Vec<Message>,
        result: Option<&Result<String, BuildFailure>>,
    ) -> String {
        let is_first = self.pieces.is_empty() && !messages.is_empty();
        for message in messages {
            self.note(message);
        }
        let mut text = String::new();
        if self.is_plain {
            if is_first && self.profile.buildkit {
                text += "#0 building with \"default\" instance using docker driver\n\n";
            }
            text += &self.plain();
        } else {
            text += &self.redrawn(now, result.is_some());
        }
        if let Some(Err(failure)) = result {
            text += &self.failed(failure);
        }
        text
    }

    fn note(&mut self, message: Message) {
        match message {
            Message::Vertex(vertex) => {
                let piece = self.pieces.entry(vertex.index).or_insert_with(|| Piece {
                    vertex: vertex.clone(),
                    statuses: Vec::new(),
                    output: Vec::new(),
                    told: (0, 0, false, false),
                });
                piece.vertex = vertex;
            }
            Message::Status { vertex, text, started, completed } => {
                if let Some(piece) = self.pieces.get_mut(&vertex) {
                    piece.statuses.push((text, started, completed));
                }
            }
            Message::Output { vertex, at, bytes } => {
                if let Some(piece) = self.pieces.get_mut(&vertex) {
                    let text = String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned();
                    piece.output.push((at, text));
                }
            }
            Message::Text(_) => {}
        }
    }

    /// Lines that were not printed yet, one piece after the other.
    fn plain(&mut self) -> String {
        let mut text = String::new();
        for (index, piece) in &mut self.pieces {
            let number = index + 1;
            let (statuses, lines, head, end) = &mut piece.told;
            if *end {
                continue;
            }
            if !*head {
                *head = true;
                text += &format!("#{number} {}\n", piece.vertex.name);
            }
            for (status, from, to) in piece.statuses.iter().skip(*statuses) {
                let span = to.since(*from);
                let span = if span.as_millis() < 50 {
                    String::new()
                } else {
                    format!(" {}s", tenths(span))
                };
                text += &format!("#{number} {status}{span} done\n");
            }
            *statuses = piece.statuses.len();
            for (at, line) in piece.output.iter().skip(*lines) {
                let millis = at.since(piece.vertex.started).as_millis();
                text += &format!("#{number} {}.{:03} {line}\n", millis / 1_000, millis % 1_000);
            }
            *lines = piece.output.len();
            let Some(completed) = piece.vertex.completed else { continue };
            *end = true;
            text += &match (&piece.vertex.error, piece.vertex.cached) {
                (Some(error), _) => format!("#{number} ERROR: {error}\n"),
                (None, true) => format!("#{number} CACHED\n\n"),
                (None, false) => {
                    format!("#{number} DONE {}s\n\n", tenths(completed.since(piece.vertex.started)))
                }
            };
        }
        text
    }

    /// All lines again, over the old ones.
    fn redrawn(&mut self, now: Time, is_over: bool) -> String {
        if self.pieces.is_empty() {
            return String::new();
        }
        let done = self.pieces.values().filter(|piece| piece.vertex.completed.is_some()).count();
        let all = self.pieces.len();
        let word = if is_over && done == all { " FINISHED" } else { "" };
        let head = format!("[+] Building {}s ({done}/{all}){word}", tenths(now.since(self.began)));
        let right = if self.profile.buildkit { "docker:default" } else { "" };
        let mut lines = vec![self.aligned(&head, right)];
        for piece in self.pieces.values() {
            let Vertex { name, started, completed, cached, error, .. } = &piece.vertex;
            let word = match (error, cached) {
                (Some(_), _) => "ERROR ",
                (None, true) => "CACHED ",
                (None, false) => "",
            };
            let span = completed.unwrap_or(now).since(*started);
            lines.push(self.aligned(&format!(" => {word}{name}"), &format!("{}s", tenths(span))));
            for (status, from, to) in &piece.statuses {
                let span = format!("{}s", tenths(to.since(*from)));
                lines.push(self.aligned(&format!(" => => {status}"), &span));
            }
        }
        let up = self.lines_shown;
        self.lines_shown = lines.len();
        let mut text = if up == 0 { String::new() } else { format!("\x1b[{up}A") };
        for line in lines {
            text += &format!("\x1b[2K\r{line}\n");
        }
        text
    }

    /// A line with a text at its right end.
    fn aligned(&self, left: &str, right: &str) -> String {
        let width = self.columns.saturating_sub(right.chars().count() + 1);
        let left: String = left.chars().take(width).collect();
        format!("{left:<width$} {right}").trim_end().to_owned()
    }

    /// What failed, with what its program wrote.
    fn failed(&self, failure: &BuildFailure) -> String {
        let failed = self.pieces.values().find(|piece| piece.vertex.error.is_some());
        let Some(piece) = failed.filter(|_| !failure.is_refusal) else { return String::new() };
        let mut text = format!("------\n > {}:\n", piece.vertex.name);
        for (at, line) in &piece.output {
            let millis = at.since(piece.vertex.started).as_millis();
            text += &format!("{}.{:03} {line}\n", millis / 1_000, millis % 1_000);
        }
        text + "------\n"
    }
}
