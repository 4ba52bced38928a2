//! What only the command line in Python has (docker/compose 1.x): the tables of texttable, its way to write a
//! project down again, its version, and that it complains of an empty list.

use compose::{Node, Value};
use daemon::api::{ContainerStatus, ContainerSummary, Request, Response};
use os::Fd;

use crate::cli::{Cli, Failure};
use crate::commands::container::ports;
use crate::output::text::cut;
use crate::profile::Version;
use crate::table::Outcome;

/// As many columns as there are where nobody looks at them.
const COLUMNS_OF_FILES: usize = 999;
/// Of a command, a table of containers shows so much.
const COMMAND_LENGTH_MAX: usize = 30;
/// Long forms of ports are written down since this version, 3.N.
const LONG_PORTS_SINCE: i64 = 2;

/// A table: titles in the middle, a line below, cells that are too wide broken between words.
pub(super) fn table(cli: &Cli, titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = titles.iter().map(|title| title.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let own = cli.proc.env("COLUMNS").and_then(|text| text.parse().ok()).filter(|own| *own > 0);
    let most = own.unwrap_or(match cli.proc.is_terminal(Fd::STDOUT) {
        true => usize::from(cli.proc.columns()),
        false => COLUMNS_OF_FILES,
    });
    let gaps = 3 * (widths.len() - 1);
    if widths.iter().sum::<usize>() + gaps > most {
        // Every column gets one more in turn, until it has enough or nothing is left.
        let mut left = most.saturating_sub(gaps).max(widths.len());
        let mut given = vec![0; widths.len()];
        while left > 0 {
            for (now, wanted) in given.iter_mut().zip(&widths) {
                if *now < *wanted && left > 0 {
                    *now += 1;
                    left -= 1;
                }
            }
        }
        widths = given;
    }
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let mut text = lines(&titles, &widths, true);
    text += &"-".repeat(widths.iter().sum::<usize>() + gaps);
    text.push('\n');
    for row in rows {
        text += &lines(row, &widths, false);
    }
    text
}

/// A row, which takes as many lines as its longest cell.
fn lines(cells: &[String], widths: &[usize], middle: bool) -> String {
    let broken: Vec<Vec<String>> =
        cells.iter().zip(widths).map(|(cell, width)| wrapped(cell, *width)).collect();
    let mut text = String::new();
    for index in 0..broken.iter().map(Vec::len).max().unwrap_or(0) {
        let parts = broken.iter().zip(widths).map(|(lines, width)| {
            let part = lines.get(index).map_or("", String::as_str);
            if middle { format!("{part:^width$}") } else { format!("{part:width$}") }
        });
        text += &parts.collect::<Vec<_>>().join("   ");
        text.push('\n');
    }
    text
}

/// Lines of at most `width`; words end at blanks and after the hyphens between letters (Python's textwrap).
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut rest = text;
    while !rest.is_empty() {
        let letters: Vec<(usize, char)> = rest.char_indices().collect();
        let is_end = |index: &usize| {
            let (before, after) = (letters[*index - 1].1, letters[*index].1);
            let hyphen = before == '-'
                && after.is_alphabetic()
                && *index > 1
                && letters[*index - 2].1.is_alphabetic();
            (before == ' ') != (after == ' ') || hyphen
        };
        let end = (1..letters.len()).find(is_end).unwrap_or(letters.len()).min(width.max(1));
        let word = letters.get(end).map_or(rest, |(at, _)| &rest[..*at]);
        rest = &rest[word.len()..];
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line + end > width && line > 0 {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut().filter(|line| !(line.is_empty() && word == " ")) {
            line.push_str(word);
        }
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// `docker-compose ps`.
pub(super) async fn ps(cli: &Cli, shown: &[&ContainerSummary]) -> Outcome {
    let mut rows = Vec::new();
    let mut shown = shown.to_vec();
    shown.sort_by(|a, b| a.name.cmp(&b.name));
    for one in shown {
        let state = match one.state.status {
            ContainerStatus::Running => match one.state.health.as_deref() {
                Some("starting") => "Up (health: starting)".to_owned(),
                Some(word) => format!("Up ({word})"),
                None => "Up".to_owned(),
            },
            ContainerStatus::Paused => "Paused".to_owned(),
            ContainerStatus::Restarting => "Restarting".to_owned(),
            _ => format!("Exit {}", one.state.exit_code),
        };
        let command =
            match cli.client.ask(Request::InspectContainer { container: one.id.clone() }).await {
                Ok(Response::Container(about)) => {
                    [vec![about.path.clone()], about.args.clone()].concat().join(" ")
                }
                _ => one.command.clone(),
            };
        // It cuts at 26 letters what has more than 30.
        let command = cut(&command, COMMAND_LENGTH_MAX, " ...");
        rows.push(vec![one.name.clone(), command, state, ports(cli.profile, &one.ports)]);
    }
    cli.out(table(cli, &["Name", "Command", "State", "Ports"], &rows)).await;
    Ok(0)
}

/// Images are pulled side by side, and only the outcome is shown (since 1.21).
pub(super) fn pulls_at_once(cli: &Cli) -> bool {
    super::is_first(cli) && cli.profile.version >= Version(18, 9)
}

/// `docker-compose version`.
pub(super) async fn version(cli: &Cli) -> Outcome {
    let (number, build, docker_py, python) = match cli.profile.name {
        "20.10" => ("1.29.2", "5becea4c", "5.0.0", "3.7.10"),
        "19.03" => ("1.25.5", "8a1c60f6", "4.1.0", "3.7.5"),
        "17.06" => ("1.16.1", "6d1ac21", "2.5.1", "2.7.13"),
        "17.03" => ("1.11.2", "dfed245", "2.1.0", "2.7.13"),
        _ => ("1.10.0", "4bd6f1a", "2.0.1", "2.7.13"),
    };
    let mut text = match cli.is_set("short") {
        true => number.to_owned(),
        false => format!("docker-compose version {number}, build {build}"),
    };
    if cli.command.name() == "version" && !cli.group.is_set("version") && !cli.is_set("short") {
        let ssl =
            if python.starts_with('3') { "1.1.0l  10 Sep 2019" } else { "1.0.1t  3 May 2016" };
        text += &format!(
            "\ndocker-py version: {docker_py}\nCPython version: {python}\nOpenSSL version: OpenSSL {ssl}"
        );
    }
    cli.out(format!("{text}\n")).await;
    Ok(0)
}

/// There must be containers for what is asked.
///
/// # Errors
/// `ERROR: No containers to start`.
pub(super) fn some(cli: &Cli, count: usize) -> Result<(), Failure> {
    let verb = cli.command.name();
    let complains = matches!(verb, "start" | "restart" | "pause" | "unpause");
    if count == 0 && complains && super::is_first(cli) {
        return Err(Failure::text(format!("ERROR: No containers to {verb}")));
    }
    Ok(())
}

/// `docker-compose config`: sections by name, short forms of what has them.
pub(super) fn config(root: &Node, version: &str) -> String {
    let mut root = root.clone();
    let minor = version.split_once('.').and_then(|(_, minor)| minor.parse().ok()).unwrap_or(0);
    let Value::Map(sections) = &mut root.value else { return String::new() };
    sections.retain(|(name, _)| !matches!(name.as_str(), "version" | "name"));
    for (section, node) in sections.iter_mut() {
        let Value::Map(entries) = &mut node.value else { continue };
        for (_, one) in entries.iter_mut().filter(|_| section == "services") {
            shorten(one, minor);
        }
        entries.retain(|(name, _)| section != "networks" || name != "default");
    }
    let text = compose::emit_in(&root, &compose::BY_NAME);
    format!("{text}version: '{version}'\n")
}

fn shorten(service: &mut Node, minor: i64) {
    let Value::Map(members) = &mut service.value else { return };
    let is_own = |node: &Node| node.get("default").is_none_or(|at| at.value != Value::Null);
    members.retain(|(name, node)| name != "networks" || node.entries().len() > 1 || is_own(node));
    for (name, node) in members.iter_mut() {
        let Value::List(items) = &mut node.value else { continue };
        for item in items.iter_mut().filter(|item| !item.entries().is_empty()) {
            if let Value::Map(members) = &mut item.value {
                let is_usual =
                    |value: &Node| matches!(value.text().as_deref(), Some("tcp" | "ingress"));
                members.retain(|(_, value)| name != "ports" || !is_usual(value));
            }
            let short = match name.as_str() {
                "ports" if minor < LONG_PORTS_SINCE => {
                    let gap = if item.get("protocol").is_some() { "" } else { "tcp" };
                    super::convert::published(item) + gap
                }
                "volumes" if item.text_of("type") != "tmpfs" => {
                    let mode = if item.get("read_only").is_some() { "ro" } else { "rw" };
                    format!("{}:{}:{mode}", item.text_of("source"), item.text_of("target"))
                }
                _ => continue,
            };
            *item = Node::text_at(item.place, short);
        }
    }
}
