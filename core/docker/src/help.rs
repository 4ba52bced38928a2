//! Help and usage in the layouts of the releases (docker/cli: `cli/cobra.go`; pflag:
//! `FlagUsagesWrapped`).

use crate::profile::{Help, Profile};
use crate::table::{Command, Flag, Group, Kind, at_top, commands, experimental_answer, groups};

/// Commands that the root's help shows first since 23.0.
const COMMON: [&str; 11] =
    ["run", "exec", "ps", "build", "bake", "pull", "push", "images", "login", "logout", "search"];
/// The two of them that are not in this order by name.
const COMMON_LAST: [&str; 2] = ["version", "info"];

/// How a command was typed, `docker ps`, and its use line.
pub(crate) fn use_line(profile: &Profile, typed: &str, command: &Command) -> String {
    let usage = command.usage(profile);
    if usage.is_empty() { typed.to_owned() } else { format!("{typed} {usage}") }
}

/// `docker secret create --help`.
pub fn command_help(profile: &Profile, typed: &str, command: &Command, columns: u16) -> String {
    let gap = usage_gap(profile);
    let mut text = leading(profile);
    text += &format!("Usage:{gap}{}\n\n", use_line(profile, typed, command));
    text += command.short(profile);
    text.push('\n');
    let aliases = all_names(profile, command);
    if profile.help == Help::Grouped {
        if aliases.len() > 1 {
            text += &format!("\nAliases:\n  {}\n", aliases.join(", "));
        }
    } else if !command.aliases_of().is_empty() && typed.split(' ').count() > 2 {
        let names = [&[command.name()], command.aliases_of()].concat();
        text += &format!("\nAliases:\n  {}\n", names.join(", "));
    }
    let options = options_of(profile, command.flags_of(profile), columns);
    if !options.is_empty() {
        text += &format!("\nOptions:\n{options}");
    }
    text
}

/// All the ways to type a command, since 23.0.
fn all_names(profile: &Profile, command: &Command) -> Vec<String> {
    let group = command.group();
    let mut names: Vec<String> = std::iter::once(&command.name())
        .chain(command.aliases_of())
        .map(|name| format!("docker {group} {name}").replace("  ", " "))
        .collect();
    if let Some(top) = command.top.filter(|top| at_top(profile, top).is_some()) {
        names.push(format!("docker {top}"));
    }
    names
}

/// `docker secret --help`, and what a bare `docker secret` prints.
pub(crate) fn group_help(profile: &Profile, group: &Group, columns: u16) -> String {
    let typed = format!("docker {}", group.name);
    if let Some(whose) = group.experiment(profile) {
        return experimental_answer(profile, &typed, whose) + "\n";
    }
    if let Some(what) = group.unsimulated {
        return format!("not simulated: {typed} ({what})\n");
    }
    let gap = usage_gap(profile);
    let mut text = leading(profile);
    let flags = group.flags();
    let (options, short) = match flags.is_empty() {
        true => ("", group.short(profile)),
        false => ("[OPTIONS] ", "Define and run multi-container applications with Docker"),
    };
    text += &format!("Usage:{gap}{typed} {options}COMMAND\n\n{short}\n");
    if !flags.is_empty() {
        text += &format!("\nOptions:\n{}", options_of(profile, flags.into_iter(), columns));
    } else if profile.help == Help::Tab {
        text += "\nOptions:\n      --help   Print usage\n";
    }
    let rows = group.commands(profile);
    text += "\nCommands:\n";
    text += &table(rows.iter().map(|command| (command.name(), command.short(profile))));
    text += &format!("\nRun '{typed} COMMAND --help' for more information on a command.\n");
    text
}

/// `docker --help`, and what a bare `docker` prints.
pub(crate) fn root_help(profile: &Profile) -> String {
    let gap = usage_gap(profile);
    let mut text = leading(profile);
    let has_options = profile.help != Help::Tab;
    let options = if has_options { "[OPTIONS] " } else { "" };
    text += &format!("Usage:{gap}docker {options}COMMAND\n\n");
    text += "A self-sufficient runtime for containers\n";
    let global = "      --config string      Location of client config files (default \
                  \"/root/.docker\")\n  -D, --debug              Enable debug mode\n";
    let rest = "  -H, --host list          Daemon socket(s) to connect to
  -l, --log-level string   Set the logging level \
                (\"debug\"|\"info\"|\"warn\"|\"error\"|\"fatal\") (default \"info\")
      --tls                Use TLS; implied by --tlsverify
      --tlscacert string   Trust certs signed only by this CA (default \"/root/.docker/ca.pem\")
      --tlscert string     Path to TLS certificate file (default \"/root/.docker/cert.pem\")
      --tlskey string      Path to TLS key file (default \"/root/.docker/key.pem\")
      --tlsverify          Use TLS and verify the remote
  -v, --version            Print version information and quit
";
    let help =
        if profile.help == Help::Tab { "      --help               Print usage\n" } else { "" };
    let all_groups: Vec<Group> =
        groups(profile).filter(|group| group.experiment(profile).is_none()).collect();
    let mut tops: Vec<(&str, &str)> = commands(profile)
        .filter(|command| !command.is_experimental(profile))
        .filter_map(|command| {
            let name = command.top.or_else(|| command.group().is_empty().then(|| command.name()));
            Some((name?, command.short(profile)))
        })
        .collect();
    tops.sort_unstable();
    if profile.help == Help::Grouped {
        let common = COMMON.iter().chain(&COMMON_LAST);
        text += "\nCommon Commands:\n";
        let common: Vec<_> =
            common.filter_map(|name| tops.iter().find(|(top, _)| top == name).copied()).collect();
        text += &table(common.iter().copied());
        text += "\nManagement Commands:\n";
        text += &group_rows(profile, all_groups.iter().filter(|group| !group.swarm));
        text += "\nSwarm Commands:\n";
        text += &group_rows(profile, all_groups.iter().filter(|group| group.swarm));
        text += "\nCommands:\n";
        text += &table(tops.iter().copied().filter(|row| !common.contains(row)));
        text += &format!("\nGlobal Options:\n{global}{rest}");
    } else {
        text += &format!("\nOptions:\n{global}{help}{rest}");
        text += "\nManagement Commands:\n";
        text += &group_rows(profile, all_groups.iter());
        text += "\nCommands:\n";
        text += &table(tops.into_iter());
    }
    text += "\nRun 'docker COMMAND --help' for more information on a command.\n";
    if matches!(profile.help, Help::Blanks | Help::Grouped) {
        text += "\nTo get more help with docker, check out our guides at \
                 https://docs.docker.com/go/guides/\n";
    }
    text
}

fn group_rows<'a>(profile: &Profile, groups: impl Iterator<Item = &'a Group>) -> String {
    table(groups.map(|group| (group.name, group.short(profile))))
}

fn usage_gap(profile: &Profile) -> &'static str {
    match profile.help {
        Help::Tab | Help::TabWrapped => "\t",
        Help::Blanks | Help::Grouped => "  ",
    }
}

fn leading(profile: &Profile) -> String {
    if profile.help == Help::Grouped { String::new() } else { "\n".to_owned() }
}

fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    rows.map(|(name, short)| format!("  {name:<11} {short}\n")).collect()
}

/// A table of flags.
fn options_of(profile: &Profile, flags: impl Iterator<Item = Flag>, columns: u16) -> String {
    struct Row {
        name: String,
        left: String,
        help: String,
    }
    let mut rows: Vec<Row> = flags
        .map(|flag| {
            let (label, mut help) = unquote(flag.help(profile), flag.kind);
            let dashes = match flag.shorthand() {
                Some(letter) => format!("  -{letter}, --{}", flag.name()),
                None => format!("      --{}", flag.name()),
            };
            let left = if label.is_empty() { dashes } else { format!("{dashes} {label}") };
            if !flag.default.is_empty() {
                let shown = if flag.kind == Kind::String {
                    format!(" (default \"{}\")", flag.default)
                } else {
                    format!(" (default {})", flag.default)
                };
                help += &shown;
            }
            Row { name: flag.name().to_owned(), left, help }
        })
        .collect();
    if profile.help == Help::Tab {
        let left = "      --help".to_owned();
        rows.push(Row { name: "help".to_owned(), left, help: "Print usage".to_owned() });
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    let width = rows.iter().map(|row| row.left.chars().count()).max().unwrap_or(0);
    let columns = if profile.help == Help::Tab { 0 } else { usize::from(columns).max(2) - 1 };
    let lines = rows.iter().map(|row| {
        let line = format!("{:width$}   {}", row.left, wrap(width + 3, columns, &row.help));
        format!("{}\n", line.trim_end_matches(' '))
    });
    lines.collect::<String>()
}

/// The first text in back quotes is the value's name.
fn unquote(help: &str, kind: Kind) -> (String, String) {
    let mut parts = help.splitn(3, '`');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(name), Some(after)) => {
            (name.to_owned(), format!("{before}{name}{after}"))
        }
        _ => (kind.label().to_owned(), help.to_owned()),
    }
}

/// Breaks a text into lines so that it ends before column `width`, indented by `indent`; a width of
/// 0 breaks at newlines only.
fn wrap(indent: usize, width: usize, text: &str) -> String {
    let blanks = |count: usize| format!("\n{}", " ".repeat(count));
    if width == 0 {
        return text.replace('\n', &blanks(indent));
    }
    let mut indent = indent;
    let mut room = width.saturating_sub(indent);
    let mut wrapped = String::new();
    if room < 24 {
        indent = 16;
        room = width.saturating_sub(indent);
        wrapped += &blanks(indent);
    }
    if room < 24 {
        return text.replace('\n', &wrapped);
    }
    const SLOP: usize = 5;
    let room = room - SLOP;
    let (line, mut rest) = wrap_line(room, SLOP, text);
    wrapped += &line.replace('\n', &blanks(indent));
    while !rest.is_empty() {
        let (line, after) = wrap_line(room, SLOP, rest);
        wrapped += &blanks(indent);
        wrapped += &line.replace('\n', &blanks(indent));
        rest = after;
    }
    wrapped
}

fn wrap_line(room: usize, slop: usize, text: &str) -> (&str, &str) {
    if room + slop > text.len() || !text.is_char_boundary(room) {
        return (text, "");
    }
    let head = &text[..room];
    match head.rfind([' ', '\t', '\n']) {
        None | Some(0) => (text, ""),
        Some(blank) => match head.rfind('\n') {
            Some(newline) if newline > 0 && newline < blank => {
                (&text[..newline], &text[newline + 1..])
            }
            _ => (&text[..blank], &text[blank + 1..]),
        },
    }
}
