//! Transcripts: text files that read like a session at several terminals and are played as tests.
//!
//! ```text
//! about: what it shows
//! nodes: node1 node2
//! managers: node1
//! docker: 17.03 20.10
//! kube: 1.25 node1 node2
//! seeds: 1 2
//! ----
//! ## A comment.
//! node1$ docker secret create sec1 ./sec.txt
//! <id:sec>
//! {{n}}| /data # cat /run/secrets/none
//! cat: can't open '/run/secrets/none': No such file or directory
//! ? 1
//! @ advance 11s
//! ```
//!
//! The header names the cluster; the file is played once for each Docker version and seed in it. `NODE$ text` is
//! typed at the prompt `NODE$ `, `NODE| PROMPTtext` at the prompt that stands there (it ends with the
//! first `# `, `$ ` or `> `), `NODE< text` is typed while a program reads. What follows is what should be
//! printed, with the holes of [`labs::pattern`]; `? N` is the exit status, 0 if it is not told, `? running`
//! says that the command is still busy. A name that a hole has bound may be used in commands as `{{name}}`.
//! `@ cut node1 node2` and `@ heal node1 node2` lose frames between two nodes, or no longer.
//! What must always hold (`core/invariants`) is looked at after every event, unless the header says why not (`unwatched:`).
//! `UPDATE=1` writes what is printed in place of what does not fit.

use std::fmt::Write as _;
use std::path::Path;

use invariants::Watch;
use labs::Bindings;
use labs::pattern::{Line, Mode, Pattern};
use world::{Duration, Input, LineResult, Spec, World};

/// A file, read.
#[derive(Debug)]
struct Script {
    spec: Spec,
    releases: Vec<String>,
    seeds: Vec<u64>,
    mode: Mode,
    /// Why `core/invariants` does not look, if it does not.
    unwatched: Option<String>,
    /// The header, line by line, as it stands in the file.
    header: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    /// From 1.
    line: usize,
    /// As it stands in the file.
    source: String,
    action: Action,
    expected: Vec<String>,
    status: Option<String>,
}

#[derive(Debug)]
enum Action {
    /// A comment or an empty line.
    Remark,
    /// Node, prompt (none while a program reads), text.
    Type(String, Option<String>, String),
    Interrupt(String),
    EndOfFile(String),
    Advance(Duration),
    /// As `world::Fault` reads it.
    Fault(String),
    /// A service and how many tasks of it shall run.
    Until(String, u64),
    /// For the next command.
    Limit(Duration),
}

/// What goes on around a typed line: `around` gets node and text, and the play itself, which returns how
/// much virtual time has passed.
pub type Around<'a> = dyn FnMut(&str, &str, &mut dyn FnMut() -> Duration) + 'a;

/// Plays a file once, under its first version and seed, for somebody who watches; what is printed is not
/// judged.
///
/// # Errors
/// A file that cannot be read.
pub fn watch(path: &Path, around: &mut Around<'_>) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let script = read(&text)?;
    let release = script.releases.first().ok_or("no version")?;
    let seed = script.seeds.first().ok_or("no seed")?;
    let mut run =
        Run::new(&script, script.spec.clone().with_docker(release).with_seed(*seed), false);
    for step in &script.steps {
        let Action::Type(node, _, text) = &step.action else {
            run.act(&step.action)?;
            continue;
        };
        let mut result = Ok(None);
        around(node, text, &mut || {
            let before = run.world.now();
            result = run.act(&step.action);
            run.world.now().since(before)
        });
        if let Some(result) = result? {
            run.judge(script.mode, step, &result);
        }
    }
    Ok(())
}

/// Plays a file under all its versions and seeds.
///
/// # Panics
/// With everything that is not as the file says.
pub fn play(path: &Path) {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let script = read(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
    let update = std::env::var_os("UPDATE").is_some();
    let mut problems = String::new();
    for release in &script.releases {
        for seed in &script.seeds {
            let spec = script.spec.clone().with_docker(release).with_seed(*seed);
            let mut run = Run::new(&script, spec, script.unwatched.is_none());
            run.play(&script);
            if update && run.problems.is_empty() {
                continue;
            }
            if update {
                std::fs::write(path, run.rewritten)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                return;
            }
            for problem in run.problems {
                let _ = writeln!(problems, "docker {release}, seed {seed}: {problem}");
            }
        }
    }
    assert!(problems.is_empty(), "{}\n{problems}", path.display());
}

/// How long a key may take to show what it does.
const KEY_LIMIT: Duration = Duration::from_secs(5);

struct Run {
    world: World,
    /// Nothing while somebody measures.
    watch: Option<Watch>,
    nodes: Vec<String>,
    bindings: Bindings,
    limit: Duration,
    problems: Vec<String>,
    rewritten: String,
}

impl Run {
    fn new(script: &Script, spec: Spec, is_watched: bool) -> Self {
        let nodes = spec.nodes.clone();
        let world = World::new(spec).unwrap_or_else(|error| panic!("{error}"));
        let watch =
            is_watched.then(|| Watch::new(&world).unwrap_or_else(|broken| panic!("{broken}")));
        let mut rewritten = script.header.join("\n");
        rewritten.push_str("\n----\n");
        Self {
            world,
            watch,
            nodes,
            bindings: Bindings::default(),
            limit: world::LINE_LIMIT,
            problems: Vec::new(),
            rewritten,
        }
    }

    fn play(&mut self, script: &Script) {
        for step in &script.steps {
            self.rewritten.push_str(&step.source);
            self.rewritten.push('\n');
            match self.act(&step.action) {
                Ok(Some(result)) => self.judge(script.mode, step, &result),
                Ok(None) => {}
                Err(problem) => {
                    self.problems.push(format!("line {}: {}: {problem}", step.line, step.source));
                    self.keep(step);
                }
            }
        }
    }

    fn keep(&mut self, step: &Step) {
        for line in &step.expected {
            self.rewritten.push_str(line);
            self.rewritten.push('\n');
        }
        if let Some(status) = &step.status {
            let _ = writeln!(self.rewritten, "? {status}");
        }
    }

    fn fill(&self, text: &str) -> Result<String, String> {
        self.bindings.fill(text).map_err(|name| format!("`{}` has no value", name.0))
    }

    fn act(&mut self, action: &Action) -> Result<Option<LineResult>, String> {
        match action {
            Action::Remark => {}
            Action::Advance(span) => self.pass(*span)?,
            Action::Limit(span) => self.limit = *span,
            Action::Fault(line) => {
                let line = self.fill(line)?;
                self.world.inject(&line).map_err(|error| error.to_string())?;
                self.look()?;
            }
            Action::Until(service, count) => self.until(&self.fill(service)?, *count)?,
            Action::Interrupt(node) => {
                let node = self.fill(node)?;
                return self.put(&node.clone(), Input::Interrupt { node }, KEY_LIMIT);
            }
            Action::EndOfFile(node) => {
                let node = self.fill(node)?;
                return self.put(&node.clone(), Input::EndOfFile { node }, KEY_LIMIT);
            }
            Action::Type(node, prompt, text) => {
                let (node, text) = (self.fill(node)?, self.fill(text)?);
                let shown = self.world.terminal(&node, usize::MAX).map_err(|e| e.to_string())?;
                if let Some(prompt) = prompt {
                    let prompt = self.fill(prompt)?;
                    if shown.prompt != prompt {
                        return Err(format!("the prompt is `{}`, not `{prompt}`", shown.prompt));
                    }
                }
                let limit = std::mem::replace(&mut self.limit, world::LINE_LIMIT);
                let mut text = text;
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                return self.put(&node.clone(), Input::Type { node, text }, limit);
            }
        }
        Ok(None)
    }

    /// Gives something to a terminal and waits until it waits for a line again.
    fn put(
        &mut self,
        node: &str,
        input: Input,
        limit: Duration,
    ) -> Result<Option<LineResult>, String> {
        let text = |error: world::Error| error.to_string();
        let mark = self.world.mark(node).map_err(text)?;
        self.world.apply(input).map_err(text)?;
        self.look()?;
        if self.watch.is_none() {
            self.world.run_until_idle(node, limit).map_err(text)?;
        }
        let end = self.world.now() + limit;
        while self.watch.is_some()
            && self.is_up(node)
            && self.world.awaits(node).map_err(text)?.is_none()
        {
            if !self.world.step(end) {
                self.world.advance_until(end);
                break;
            }
            self.look()?;
        }
        self.world.result_since(node, &mark).map(Some).map_err(text)
    }

    fn is_up(&self, node: &str) -> bool {
        let host = self.nodes.iter().position(|known| known == node);
        let probe = host.and_then(|host| self.world.probe(host));
        probe.is_some_and(|probe| probe.daemon.is_some())
    }

    /// Lets time pass. What must always hold is looked at after every event.
    fn pass(&mut self, span: Duration) -> Result<(), String> {
        let until = self.world.now() + span;
        while self.world.step(until) {
            self.look()?;
        }
        self.world.advance_until(until);
        Ok(())
    }

    fn look(&mut self) -> Result<(), String> {
        let look = |watch: &mut Watch| watch.after(&self.world);
        self.watch.as_mut().map_or(Ok(()), look).map_err(|violation| violation.to_string())
    }

    fn until(&mut self, service: &str, count: u64) -> Result<(), String> {
        let end = self.world.now() + Duration::from_secs(120);
        while self.world.now() < end {
            let seen = self.world.observe();
            if seen.services.iter().any(|known| known.name == service && known.running == count) {
                return Ok(());
            }
            self.pass(Duration::from_millis(100))?;
        }
        Err("not within two minutes".to_owned())
    }

    fn judge(&mut self, mode: Mode, step: &Step, result: &LineResult) {
        let mut lines = Vec::new();
        for source in &step.expected {
            match Line::parse(source, mode) {
                Ok(line) => lines.push(line),
                Err(error) => {
                    self.problems.push(format!("line {}: {}", step.line, error.message));
                }
            }
        }
        let expected = step.status.as_deref();
        let real = match result {
            LineResult { running: true, .. } => Some("running".to_owned()),
            LineResult { more: true, .. } => None,
            LineResult { status, .. } => Some(status.to_string()),
        };
        let status_fits = real.as_deref().unwrap_or("0") == expected.unwrap_or("0");
        let pattern = Pattern { mode, lines };
        let known = self.bindings.clone();
        let compared = pattern.compare(&result.output, &self.nodes, &mut self.bindings);
        if compared.holds && status_fits {
            return self.keep(step);
        }
        let mut problem = format!("line {}: {}\n", step.line, step.source);
        if !compared.holds {
            let _ = writeln!(problem, "    {}", compared.why);
            let _ = writeln!(problem, "    printed:\n{}", indented(&result.output));
        }
        if !status_fits {
            let real = real.as_deref().unwrap_or("none: it waits for more");
            let _ = writeln!(problem, "    status {real}, expected {}", expected.unwrap_or("0"));
        }
        self.problems.push(problem);
        if compared.holds {
            for line in &step.expected {
                let _ = writeln!(self.rewritten, "{line}");
            }
        } else {
            self.rewrite(step, mode, result, known);
        }
        if let Some(real) = real.filter(|real| real != "0") {
            let _ = writeln!(self.rewritten, "? {real}");
        }
    }

    /// Writes what was printed, with the lines of the file where they fit.
    fn rewrite(&mut self, step: &Step, mode: Mode, result: &LineResult, known: Bindings) {
        self.bindings = known;
        for (index, real) in result.output.lines().enumerate() {
            let real = real.trim_end();
            let same = step.expected.get(index).filter(|source| {
                Line::parse(source, mode).is_ok_and(|line| {
                    let pattern = Pattern { mode, lines: vec![line] };
                    pattern.compare(real, &self.nodes, &mut self.bindings).holds
                })
            });
            let line = same.cloned().unwrap_or_else(|| with_holes(real));
            let _ = writeln!(self.rewritten, "{line}");
        }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    | {line}\n")).collect()
}

/// A printed line as an expectation: identifiers, digests and times become holes.
fn with_holes(real: &str) -> String {
    let mut line = String::new();
    let mut rest = real;
    while let Some(start) = rest.find(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        push_plain(&mut line, before);
        let base36 = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit());
        let size = from.find(base36).unwrap_or(from.len());
        let (word, after) = from.split_at(size);
        let has_digit = word.contains(|c: char| c.is_ascii_digit());
        let is_hex = word.chars().all(|c| c.is_ascii_hexdigit());
        match size {
            64 if is_hex && line.ends_with("sha256:") => {
                line.truncate(line.len() - "sha256:".len());
                line.push_str("<digest>");
            }
            64 if is_hex => line.push_str("<hex64>"),
            25 if has_digit => line.push_str("<id>"),
            12 if is_hex && has_digit => line.push_str("<hex12>"),
            12 if has_digit => line.push_str("<id12>"),
            _ => line.push_str(word),
        }
        rest = after;
    }
    push_plain(&mut line, rest);
    line
}

fn push_plain(line: &mut String, text: &str) {
    line.push_str(&text.replace('<', "\\<"));
}

fn read(text: &str) -> Result<Script, String> {
    let mut lines = text.lines().enumerate();
    let mut header = Vec::new();
    for (_, line) in lines.by_ref() {
        if line == "----" {
            break;
        }
        header.push(line.to_owned());
    }
    let mut spec = Spec::new(["node1"]);
    let (mut releases, mut seeds) = (vec!["17.03".to_owned()], vec![1]);
    let (mut mode, mut unwatched) = (Mode::Lines, None);
    for (index, line) in header.iter().enumerate() {
        let at = index + 1;
        let (key, value) = line.split_once(": ").ok_or(format!("{at}: expected `key: value`"))?;
        let words: Vec<String> = value.split_whitespace().map(str::to_owned).collect();
        match key {
            "about" => {}
            "nodes" => spec.nodes = words,
            "managers" => spec.managers = words,
            "docker" => releases = words,
            // Its release, and its hosts.
            "kube" => {
                spec.kube = words
                    .split_first()
                    .map(|(version, hosts)| world::KubeSpec::new(hosts.iter().cloned(), version));
            }
            "user" => spec.user = Some(value.to_owned()),
            "seeds" => {
                let numbers: Result<Vec<u64>, _> = words.iter().map(|word| word.parse()).collect();
                seeds = numbers.map_err(|error| format!("{at}: {error}"))?;
            }
            "mode" if value == "exact" => mode = Mode::Exact,
            "unwatched" => unwatched = Some(value.to_owned()),
            _ => return Err(format!("{at}: unknown key `{key}`")),
        }
    }
    let mut steps: Vec<Step> = Vec::new();
    for (index, line) in lines {
        let at = index + 1;
        if let Some(action) = action(line, &spec.nodes).map_err(|error| format!("{at}: {error}"))? {
            steps.push(Step {
                line: at,
                source: line.to_owned(),
                action,
                expected: Vec::new(),
                status: None,
            });
            continue;
        }
        let step = steps.last_mut().ok_or(format!("{at}: output before any command"))?;
        match line.strip_prefix("? ") {
            Some(status) => step.status = Some(status.to_owned()),
            None => step.expected.push(line.to_owned()),
        }
    }
    for step in &mut steps {
        while step.expected.last().is_some_and(|line| line.trim().is_empty()) {
            step.expected.pop();
        }
    }
    Ok(Script { spec, releases, seeds, mode, unwatched, header, steps })
}

fn action(line: &str, nodes: &[String]) -> Result<Option<Action>, String> {
    if line.starts_with("## ") {
        return Ok(Some(Action::Remark));
    }
    if let Some(order) = line.strip_prefix("@ ") {
        let words: Vec<&str> = order.split_whitespace().collect();
        return Ok(Some(match words.as_slice() {
            ["advance", time] => Action::Advance(span(time)?),
            ["limit", time] => Action::Limit(span(time)?),
            [verb, ..] if world::fault::FORMS.iter().any(|(known, _)| known == verb) => {
                Action::Fault(order.to_owned())
            }
            ["interrupt", node] => Action::Interrupt((*node).to_owned()),
            ["eof", node] => Action::EndOfFile((*node).to_owned()),
            ["until", service, count] => {
                let count = count.parse().map_err(|error| format!("{count}: {error}"))?;
                Action::Until((*service).to_owned(), count)
            }
            _ => return Err(format!("unknown order `{order}`")),
        }));
    }
    let node = nodes.iter().map(String::as_str).find(|node| {
        let rest = line.strip_prefix(node).unwrap_or_default();
        ["$ ", "| ", "< "].iter().any(|mark| rest.starts_with(mark))
    });
    let variable =
        line.strip_prefix("{{").and_then(|rest| rest.find("}}")).map(|at| &line[..at + 4]);
    let Some(node) = node.or(variable) else {
        return Ok(None);
    };
    let rest = &line[node.len()..];
    let typed = |prompt: Option<String>, text: &str| {
        Ok(Some(Action::Type(node.to_owned(), prompt, text.to_owned())))
    };
    match rest.split_at_checked(2) {
        Some(("$ ", text)) => typed(Some(format!("{node}$ ")), text),
        Some(("< ", text)) => typed(None, text),
        Some(("| ", rest)) => {
            let end = ["# ", "$ ", "> "].iter().filter_map(|mark| rest.find(mark)).min();
            let (prompt, text) = rest.split_at(end.ok_or("no prompt after the bar")? + 2);
            typed(Some(prompt.to_owned()), text)
        }
        _ => Ok(None),
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text[..text.len() - unit.len()].parse().map_err(|_| format!("`{text}`"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3600)),
        _ => Err(format!("`{text}` is no time: expected 500ms, 11s, 61m or 2h")),
    }
}
