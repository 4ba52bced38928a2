//! The front matter: what a lab is called, which cluster it needs, how it starts.

use super::yaml::{self, Node, Value};
use super::{Problems, number};
use crate::model::{FORMAT, Lab};

/// The fields, for messages.
const FIELDS: &str = "format, id, title, level, minutes, goals, credits, docker, seed, date, \
                      cluster, start, user, prompt, pace, allow, watch";

/// How many hosts a lab may have.
const NODE_COUNT_MAX: usize = 16;

/// The pause before a command unless the lab says otherwise.
const PACE_MS: u64 = 2_000;

/// The text of the front matter and the index of the first line after it.
pub(super) fn cut(lines: &[&str], problems: &mut Problems) -> (String, usize) {
    if lines.first().map(|line| line.trim_end()) != Some("---") {
        problems.add(1, 1, "expected `---`: a lab begins with its front matter");
        return (String::new(), 0);
    }
    match lines.iter().skip(1).position(|line| line.trim_end() == "---") {
        Some(length) => (lines[1..=length].join("\n"), length + 2),
        None => {
            problems.add(
                number(lines.len() - 1),
                1,
                "expected `---` at the end of the front matter",
            );
            (String::new(), lines.len())
        }
    }
}

struct Reader<'p> {
    problems: &'p mut Problems,
    lab: Lab,
    /// `start`, with its place.
    start: Option<(String, u32, u32)>,
    has_format: bool,
    managers_at: (u32, u32),
}

/// Reads the front matter. Fields that cannot be read keep a harmless value.
pub(super) fn read(source: &str, problems: &mut Problems) -> Lab {
    let lab = Lab {
        id: String::new(),
        title: String::new(),
        level: String::new(),
        minutes: 0,
        goals: Vec::new(),
        credits: Vec::new(),
        docker: String::new(),
        seed: 1,
        start_secs: None,
        nodes: Vec::new(),
        managers: Vec::new(),
        user: None,
        prompt: None,
        kubernetes: Vec::new(),
        kubectl: String::new(),
        pre_vote: false,
        pace_ms: PACE_MS,
        allow: Vec::new(),
        watch: Vec::new(),
        intro: String::new(),
        steps: Vec::new(),
    };
    let already_wrong = !problems.0.is_empty();
    let root = yaml::read(source, 2, problems);
    let found_wrong = problems.0.len();
    let mut reader = Reader { problems, lab, start: None, has_format: false, managers_at: (1, 1) };
    match root {
        Some(Node { value: Value::Map(entries), .. }) => {
            reader.entries(&entries);
            reader.whole();
        }
        Some(node) => reader.wrong(&node, "expected `field: value` lines"),
        None if !already_wrong && found_wrong == 0 => {
            reader.problems.add(1, 1, format!("the front matter is empty: expected {FIELDS}"));
        }
        None => {}
    }
    reader.lab
}

impl Reader<'_> {
    fn wrong(&mut self, node: &Node, message: impl Into<String>) {
        self.problems.add(node.line, node.column, message);
    }

    fn entries(&mut self, entries: &[(Node, Node)]) {
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in entries {
            let Value::Text(name) = &key.value else {
                self.wrong(key, format!("expected the name of a field, one of {FIELDS}"));
                continue;
            };
            if seen.contains(&name.as_str()) {
                self.wrong(key, format!("`{name}` is here twice"));
            }
            seen.push(name);
            self.field(name, key, value);
        }
    }

    fn field(&mut self, name: &str, key: &Node, value: &Node) {
        match name {
            "format" => {
                self.has_format = true;
                if self.text(value).is_some_and(|text| text != FORMAT) {
                    self.wrong(
                        value,
                        format!("expected `{FORMAT}`, the format that this version reads"),
                    );
                }
            }
            "id" => {
                let id = self.text(value).unwrap_or_default();
                if !crate::bindings::is_name(&id) {
                    self.wrong(
                        value,
                        "expected a short name: a letter, then letters, digits, `-`, `_`",
                    );
                }
                self.lab.id = id;
            }
            "title" => self.lab.title = self.text(value).unwrap_or_default(),
            "level" => self.lab.level = self.text(value).unwrap_or_default(),
            "minutes" => self.lab.minutes = self.whole_number(value).unwrap_or_default(),
            "goals" => self.lab.goals = self.prose(value),
            "credits" => self.lab.credits = self.prose(value),
            "docker" => self.lab.docker = self.text(value).unwrap_or_default(),
            "seed" => self.lab.seed = self.whole_number(value).unwrap_or_default(),
            "date" => {
                self.lab.start_secs = self.text(value).and_then(|text| date(&text));
                if self.lab.start_secs.is_none() {
                    self.wrong(value, "expected a date such as `2017-03-21 18:40`, in UTC");
                }
            }
            "pace" => match self.text(value).and_then(|text| super::info::span_ms(&text)) {
                Some(span) => self.lab.pace_ms = span,
                None => self.wrong(value, "expected a span such as `2s` or `500ms`"),
            },
            "cluster" => self.cluster(value),
            "allow" => self.allow(value),
            "watch" => self.watch(value),
            "user" => self.lab.user = self.text(value),
            "prompt" => self.lab.prompt = self.text(value),
            "start" => {
                let text = self.text(value).unwrap_or_default();
                if text != "swarm" && text != "bare" {
                    self.wrong(value, "expected `swarm` or `bare`");
                }
                self.start = Some((text, value.line, value.column));
            }
            _ => self.wrong(key, format!("unknown field `{name}`: expected one of {FIELDS}")),
        }
    }

    fn cluster(&mut self, value: &Node) {
        let Value::Map(entries) = &value.value else {
            return self
                .wrong(value, "expected `nodes: [...]` and, for a swarm, `managers: [...]`");
        };
        for (key, value) in entries {
            match &key.value {
                Value::Text(name) if name == "nodes" => self.lab.nodes = self.hosts(value),
                Value::Text(name) if name == "managers" => {
                    self.managers_at = (value.line, value.column);
                    self.lab.managers = self.hosts(value);
                }
                Value::Text(name) if name == "kubernetes" => {
                    self.lab.kubernetes = self.hosts(value);
                }
                Value::Text(name) if name == "kubectl" => {
                    self.lab.kubectl = self.text(value).unwrap_or_default();
                }
                Value::Text(name) if name == "pre-vote" => match self.text(value).as_deref() {
                    Some("on") => self.lab.pre_vote = true,
                    Some("off") => {}
                    _ => self.wrong(value, "expected `on` or `off`"),
                },
                _ => self.wrong(
                    key,
                    "expected `nodes`, `managers`, `kubernetes`, `kubectl` or `pre-vote`",
                ),
            }
        }
    }

    fn allow(&mut self, value: &Node) {
        for text in self.texts(value) {
            match crate::check::parse_leak(&text) {
                Ok(place) => self.lab.allow.push(place),
                Err(message) => self.wrong(value, message),
            }
        }
    }

    fn watch(&mut self, value: &Node) {
        let Value::Map(entries) = &value.value else {
            return self.wrong(value, "expected `name: text` lines");
        };
        for (key, value) in entries {
            if let (Some(name), Some(text)) = (self.text(key), self.text(value)) {
                self.lab.watch.push((name, text));
            }
        }
    }

    fn hosts(&mut self, value: &Node) -> Vec<String> {
        let names = self.texts(value);
        for (index, name) in names.iter().enumerate() {
            let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(letters) {
                self.wrong(
                    value,
                    format!("`{name}` is no host name: expected small letters, digits and `-`"),
                );
            }
            if names[..index].contains(name) {
                self.wrong(value, format!("`{name}` is here twice"));
            }
        }
        if names.len() > NODE_COUNT_MAX {
            self.wrong(value, format!("at most {NODE_COUNT_MAX} hosts"));
        }
        names
    }

    /// What only the whole front matter shows.
    fn whole(&mut self) {
        let mut missing = Vec::new();
        for (name, there) in [
            ("format", self.has_format),
            ("id", !self.lab.id.is_empty()),
            ("title", !self.lab.title.is_empty()),
            ("docker", !self.lab.docker.is_empty()),
            ("cluster", !self.lab.nodes.is_empty()),
        ] {
            if !there {
                missing.push(format!("`{name}`"));
            }
        }
        if !missing.is_empty() {
            self.problems.add(1, 1, format!("the front matter lacks {}", missing.join(", ")));
        }
        for manager in self.lab.managers.clone() {
            if !self.lab.nodes.contains(&manager) {
                let (line, column) = self.managers_at;
                self.problems.add(
                    line,
                    column,
                    format!("the manager `{manager}` is no node of the cluster"),
                );
            }
        }
        let has_managers = !self.lab.managers.is_empty();
        match &self.start {
            Some((start, line, column)) if start == "swarm" && !has_managers => {
                self.problems.add(*line, *column, "`start: swarm` needs `managers` in `cluster`");
            }
            Some((start, line, column)) if start == "bare" && has_managers => {
                self.problems.add(
                    *line,
                    *column,
                    "`start: bare` means no swarm: expected no `managers`",
                );
            }
            _ => {}
        }
    }

    fn text(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => {
                self.wrong(node, "expected a text");
                None
            }
        }
    }

    fn texts(&mut self, node: &Node) -> Vec<String> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.text(item)).collect(),
            _ => {
                self.wrong(node, "expected a list");
                Vec::new()
            }
        }
    }

    /// Texts with `code` and links in them, as HTML.
    fn prose(&mut self, node: &Node) -> Vec<String> {
        let texts = self.texts(node);
        texts.iter().map(|text| super::markdown::inline(text, node.line, self.problems)).collect()
    }

    fn whole_number<T: std::str::FromStr>(&mut self, node: &Node) -> Option<T> {
        let number = self.text(node)?.parse().ok();
        if number.is_none() {
            self.wrong(node, "expected a whole number");
        }
        number
    }
}

/// `2017-03-21`, `2017-03-21 18:40` or with `T` and seconds, as seconds since 1970.
fn date(text: &str) -> Option<u64> {
    let text = text.trim_end_matches('Z');
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let mut parts = time.splitn(3, ':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let plausible = (1970..=2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    plausible.then(|| {
        sim::Time::from_date(year, month, day).unix_secs() + hour * 3_600 + minute * 60 + second
    })
}
