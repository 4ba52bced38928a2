//! Help in the layouts of the releases, and the nearest commands to a mistyped one (cobra).
//!
//! The real help has long descriptions and examples too; here every command and flag has one line.

use crate::profile::Profile;
use crate::table::{self, Command, Flag, GLOBAL, Kind};

/// The groups of the root's help and their commands, in the order in which they are shown.
const GROUPS: &[(&str, &[&str])] = &[
    ("Basic Commands (Beginner):", &["create", "expose", "run", "set"]),
    ("Basic Commands (Intermediate):", &["explain", "get", "edit", "delete"]),
    ("Deploy Commands:", &["rollout", "scale", "autoscale"]),
    (
        "Cluster Management Commands:",
        &["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"],
    ),
    (
        "Troubleshooting and Debugging Commands:",
        &[
            "describe",
            "logs",
            "attach",
            "exec",
            "port-forward",
            "proxy",
            "cp",
            "auth",
            "debug",
            "events",
        ],
    ),
    ("Advanced Commands:", &["diff", "apply", "patch", "replace", "wait", "kustomize"]),
    ("Settings Commands:", &["label", "annotate", "completion"]),
    ("Other Commands:", &["api-resources", "api-versions", "config", "plugin", "version"]),
];

const SITE: &str = "https://kubernetes.io/docs/reference/kubectl/";

/// `kubectl --help`.
pub(crate) fn root_help(profile: &Profile) -> String {
    let site = if profile.minor < 31 { format!("{SITE}overview/") } else { SITE.to_owned() };
    let site = if profile.minor == 25 { SITE.to_owned() } else { site };
    let mut text = format!(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: {site}\n"
    );
    for (title, names) in GROUPS {
        text += &format!("\n{title}\n");
        for name in *names {
            if let Some((command, _)) = table::find(profile, &[name]) {
                text += &format!("  {name:<15} {}\n", command.short);
            }
        }
    }
    text += "\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information \
             about a given command.\nUse \"kubectl options\" for a list of global command-line options (applies to \
             all commands).\n";
    text
}

/// `kubectl options`.
pub(crate) fn options(profile: &Profile) -> String {
    let text = "The following options can be passed to any command:\n\n".to_owned();
    text + &rows(profile, GLOBAL.iter())
}

/// `kubectl get --help`.
pub(crate) fn command_help(profile: &Profile, command: &Command) -> String {
    let mut text = format!("{}\n", command.short);
    if !command.aliases.is_empty() {
        text += &format!("\nAliases:\n{}, {}\n", command.name(), command.aliases.join(", "));
    }
    let below = table::below(profile, command.path);
    if !below.is_empty() {
        text += "\nAvailable Commands:\n";
        let mut below = below;
        below.sort_by_key(|command| command.name());
        let width = below.iter().map(|command| command.name().len()).max().unwrap_or(0).max(13);
        for command in below {
            text += &format!("  {:<width$} {}\n", command.name(), command.short);
        }
    }
    let mut flags: Vec<&Flag> = command.flags_of(profile).collect();
    flags.sort_by_key(|flag| flag.name);
    if !flags.is_empty() {
        text += &format!("\nOptions:\n{}\n", rows(profile, flags.into_iter()).trim_end());
    }
    let usage = format!("{} {}", command.path, command.usage);
    let tail = if command.run.is_none() { "" } else { " [options]" };
    text += &format!("\nUsage:\n  kubectl {}{tail}\n", usage.trim_end());
    if command.run.is_none() {
        let path = command.path;
        text += &format!(
            "\nUse \"kubectl {path} <command> --help\" for more information about a given command.\n"
        );
    }
    text += "\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
    text
}

fn rows<'a>(profile: &Profile, flags: impl Iterator<Item = &'a Flag>) -> String {
    flags
        .map(|flag| {
            let letter = flag.letter.map(|letter| format!("-{letter}, ")).unwrap_or_default();
            let default = match flag.kind {
                Kind::String | Kind::Bare(_) => format!("'{}'", flag.default),
                Kind::List | Kind::Slice => "[]".to_owned(),
                _ => flag.default.to_owned(),
            };
            let (name, help) = (flag.name, flag.help);
            if profile.wide_help {
                format!("    {letter}--{name}={default}:\n\t{help}\n\n")
            } else {
                let letter = if letter.is_empty() { "    " } else { &letter };
                format!("  {letter}--{name}={default}: {help}\n")
            }
        })
        .collect()
}

/// Commands that somebody may have meant: at most two changes away, or beginning with what was typed.
pub(crate) fn suggestions(profile: &Profile, typed: &str) -> Vec<&'static str> {
    let typed = typed.to_lowercase();
    let tops = table::below(profile, "").into_iter().map(Command::name);
    let mut near: Vec<&str> =
        tops.filter(|name| distance(&typed, name) <= 2 || name.starts_with(&typed)).collect();
    near.sort_unstable();
    near
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, char) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = index + 1;
        for (place, other) in b.iter().enumerate() {
            let changed = before + usize::from(char != *other);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
