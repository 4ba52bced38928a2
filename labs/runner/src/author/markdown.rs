//! The body of a lab: Markdown whose `##` headings are steps and whose fenced blocks are the machine's
//! parts; everything else is prose and becomes HTML here.

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};

use super::blocks::{self, Block};
use super::info::{Info, WORDS};
use super::{Problems, number};
use crate::bindings::is_name;
use crate::model::{Lab, Part, Step};

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_STRIKETHROUGH
}

/// Reads the body, which begins at line index `body_line`.
pub(super) fn read(lines: &[&str], body_line: usize, lab: &mut Lab, problems: &mut Problems) {
    let body = lines.get(body_line..).unwrap_or_default().join("\n");
    let mut reader = Reader {
        lines,
        starts: line_starts(&body),
        body_line,
        problems,
        intro: String::new(),
        steps: Vec::new(),
        prose: Vec::new(),
        depth: 0,
        heading: None,
        in_block: None,
    };
    for (event, range) in Parser::new_ext(&body, options()).into_offset_iter() {
        reader.event(event, range.start);
    }
    reader.flush();
    lab.intro = reader.intro;
    lab.steps = reader.steps;
    if lab.steps.is_empty() {
        problems.add(number(body_line), 1, "a lab has at least one step: expected a `## Heading`");
    }
}

struct Reader<'a, 'p> {
    lines: &'a [&'a str],
    /// Offsets at which the body's lines begin.
    starts: Vec<usize>,
    body_line: usize,
    problems: &'p mut Problems,
    intro: String,
    steps: Vec<Step>,
    prose: Vec<Event<'a>>,
    /// How many containers are open: 0 is the margin.
    depth: usize,
    /// The heading of a step that is being read: its id and its text.
    heading: Option<(String, String)>,
    /// A block of the format that is being read; its text is taken from the lines.
    in_block: Option<()>,
}

impl Reader<'_, '_> {
    /// Index of the line that holds an offset of the body.
    fn line_index(&self, offset: usize) -> usize {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        self.body_line + line
    }

    fn event(&mut self, event: Event<'_>, offset: usize) {
        let line = self.line_index(offset);
        match event {
            Event::End(TagEnd::CodeBlock) if self.in_block.is_some() => self.in_block = None,
            _ if self.in_block.is_some() => {}
            Event::Start(Tag::Heading { level: HeadingLevel::H2, id, .. }) if self.depth == 0 => {
                self.flush();
                self.heading =
                    Some((id.map(CowStr::into_string).unwrap_or_default(), String::new()));
            }
            Event::End(TagEnd::Heading(HeadingLevel::H2)) if self.heading.is_some() => {
                self.step(line);
            }
            Event::Text(text) | Event::Code(text) if self.heading.is_some() => {
                if let Some((_, title)) = &mut self.heading {
                    title.push_str(&text);
                }
            }
            _ if self.heading.is_some() => {}
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                self.problems.add(
                    number(line),
                    1,
                    "the title stands in the front matter; a step begins with `##`",
                );
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => self.fence(&info, line),
            event => {
                match &event {
                    Event::Start(_) => self.depth += 1,
                    Event::End(_) => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                if let Some(event) = allowed(event, line, self.problems) {
                    self.prose.push(event);
                }
            }
        }
    }

    fn step(&mut self, line: usize) {
        let Some((id, title)) = self.heading.take() else { return };
        if id.is_empty() {
            let message = "a step needs a name: expected `## Heading {#name}`";
            self.problems.add(number(line), 1, message);
        } else if !is_name(&id) {
            self.problems.add(number(line), 1, format!("`{id}` is no name"));
        } else if self.steps.iter().any(|step| step.id == id) {
            self.problems.add(number(line), 1, format!("there is a step `{id}` already"));
        }
        self.steps.push(Step { id, title, parts: Vec::new(), tries: Vec::new() });
    }

    /// A fenced block: ours, or plain code.
    fn fence(&mut self, text: &str, index: usize) {
        let line = self.lines.get(index).copied().unwrap_or_default();
        let fence = line.trim_start();
        let indent = line.chars().count() - fence.chars().count();
        let mark = fence.chars().next().unwrap_or('`');
        let length = fence.chars().take_while(|c| *c == mark).count();
        let column = u32::try_from(indent + length + 1).unwrap_or(u32::MAX);
        let info_text: String = fence.chars().skip(length).collect();
        let info = Info::read(info_text.trim_end(), number(index), column);
        if !WORDS.contains(&info.word.as_str()) {
            if info.looks_like_ours() {
                let message =
                    format!("unknown block `{}`: expected one of {}", info.word, WORDS.join(", "));
                self.problems.add(info.line, column, message);
            }
            self.depth += 1;
            let language = CowStr::from(text.to_owned());
            self.prose.push(Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))));
            return;
        }
        self.in_block = Some(());
        if self.depth > 0 || indent > 0 {
            let message = format!(
                "a `{}` block stands at the margin: not in a list, not in a quotation, not indented",
                info.word
            );
            self.problems.add(info.line, 1, message);
            return;
        }
        let content = self.lines.get(index + 1..).unwrap_or_default();
        let closes = |line: &&str| {
            let line = line.trim();
            line.chars().count() >= length && !line.is_empty() && line.chars().all(|c| c == mark)
        };
        let Some(count) = content.iter().position(closes) else {
            let fence = mark.to_string().repeat(length);
            let message = format!("the `{}` block has no end: expected {fence}", info.word);
            self.problems.add(info.line, 1, message);
            return;
        };
        self.flush();
        let block = Block { info, first_line: number(index + 1), lines: &content[..count] };
        let Some(step) = self.steps.last_mut() else {
            let message =
                format!("a `{}` block belongs to a step: expected `##` before it", block.info.word);
            self.problems.add(block.info.line, 1, message);
            return;
        };
        blocks::add(&block, step, self.problems);
    }

    /// Turns the prose so far into HTML.
    fn flush(&mut self) {
        if self.prose.is_empty() {
            return;
        }
        let mut text = String::new();
        html::push_html(&mut text, self.prose.drain(..));
        match self.steps.last_mut() {
            Some(step) => step.parts.push(Part::Prose { html: text }),
            None => self.intro.push_str(&text),
        }
    }
}

/// The event for the page, if it is part of the format.
fn allowed(event: Event<'_>, line: usize, problems: &mut Problems) -> Option<Event<'static>> {
    match &event {
        Event::Html(text) | Event::InlineHtml(text) => {
            if !text.trim_start().starts_with("<!--") {
                let message =
                    "HTML is not part of the format: expected Markdown (\\< for a plain <)";
                problems.add(number(line), 1, message);
            }
            None
        }
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {
            problems.add(number(line), 1, "pictures are not part of the format");
            None
        }
        Event::Start(Tag::Link { dest_url, .. }) => {
            let schemes = ["https://", "http://", "#", "mailto:"];
            if !schemes.iter().any(|scheme| dest_url.starts_with(scheme)) {
                let message =
                    format!("a link leads to https://..., http://... or #step, not `{dest_url}`");
                problems.add(number(line), 1, message);
            }
            Some(event.into_static())
        }
        _ => Some(event.into_static()),
    }
}

/// Prose inside a block as HTML; `first_line` is the number of its first line.
pub(super) fn prose(lines: &[&str], first_line: u32, problems: &mut Problems) -> String {
    let source = lines.join("\n");
    let starts = line_starts(&source);
    let mut events = Vec::new();
    for (event, range) in Parser::new_ext(&source, options()).into_offset_iter() {
        let line = starts.partition_point(|start| *start <= range.start).saturating_sub(1);
        events.extend(allowed(event, first_line as usize - 1 + line, problems));
    }
    let mut text = String::new();
    html::push_html(&mut text, events.into_iter());
    text
}

/// One line of Markdown without the paragraph around it.
pub(super) fn inline(text: &str, line: u32, problems: &mut Problems) -> String {
    let html = prose(&[text], line, problems);
    let html = html.trim();
    html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).unwrap_or(html).to_owned()
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}
