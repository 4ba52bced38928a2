//! Small programs of a host: `lsb_release`, `tree`, `file`, `envsubst`, `column`, `pgrep`,
//! `pkill`, `killall`; and what there is instead of `docker-machine`.

use os::fs::Kind;
use os::{Pid, Signal};

use super::{Arguments, Spec, Utility, lines_of};

pub(crate) async fn lsb_release(utility: Utility) -> i32 {
    let bytes = utility.proc.read_file("/etc/lsb-release").unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or("n/a").trim_matches('"').to_owned()
    };
    let rows = [
        ('i', "Distributor ID:", "DISTRIB_ID"),
        ('d', "Description:", "DISTRIB_DESCRIPTION"),
        ('r', "Release:", "DISTRIB_RELEASE"),
        ('c', "Codename:", "DISTRIB_CODENAME"),
    ];
    let letters: String = utility.args.iter().map(|arg| arg.trim_start_matches('-')).collect();
    let (short, all) = (letters.contains('s'), letters.contains('a'));
    let mut shown = String::new();
    for (letter, title, name) in rows {
        if all || letters.contains(letter) {
            let value = field(name);
            shown.push_str(&if short {
                format!("{value}\n")
            } else {
                format!("{title}\t{value}\n")
            });
        }
    }
    if all || letters.is_empty() {
        utility.proc.eprint("No LSB modules are available.\n").await;
    }
    utility.print(shown).await;
    0
}

/// `docker-machine`, as far as hosts are there already.
pub(crate) async fn docker_machine(utility: Utility) -> i32 {
    let words: Vec<&str> = utility.args.iter().map(String::as_str).collect();
    let hosts = utility.proc.read_file("/etc/hosts").unwrap_or_default();
    let hosts = String::from_utf8_lossy(&hosts).into_owned();
    let address = |name: &str| {
        let mut lines = hosts.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let line = lines.find(|words| words.iter().skip(1).any(|own| *own == name));
        line.filter(|_| name != "localhost").map(|words| words[0].to_owned())
    };
    match words.as_slice() {
        ["ip" | "status" | "ssh" | "start", name, rest @ ..] => {
            let Some(address) = address(name) else {
                let text = format!(
                    "Docker machine \"{name}\" does not exist. Use \"docker-machine ls\" to \
                                    list machines. Use \"docker-machine create\" to add a new one.\n"
                );
                utility.proc.eprint(text).await;
                return 1;
            };
            match words[0] {
                "ip" => utility.print(address + "\n").await,
                "status" => utility.print("Running\n").await,
                "ssh" => {
                    let rest = rest.iter().map(|word| (*word).to_owned());
                    let words = ["ssh", name].map(str::to_owned).into_iter().chain(rest);
                    return super::identity::replace(&utility, words.collect(), None, |_| {}).await;
                }
                _ => {
                    let text =
                        format!("Starting \"{name}\"...\nMachine \"{name}\" is already running.\n");
                    utility.print(text).await;
                }
            }
            0
        }
        ["create", .., name] if address(name).is_some() => {
            utility.proc.eprint(format!("Docker machine \"{name}\" already exists\n")).await;
            1
        }
        _ => {
            let instead = "the hosts are there already, each with a terminal; `ssh` leads from one to the \
                           other";
            utility.error(format!("not simulated: {instead}")).await
        }
    }
}

pub(crate) async fn tree(utility: Utility) -> i32 {
    let show_all = utility.args.iter().any(|arg| arg == "-a");
    let only_folders = utility.args.iter().any(|arg| arg == "-d");
    let start = utility.args.iter().find(|arg| !arg.starts_with('-')).map_or(".", String::as_str);
    let mut text = format!("{start}\n");
    let (mut folders, mut files) = (0, 0);
    // The way to each entry: its path, what stands before it, its depth in the text.
    let mut left = vec![(start.to_owned(), String::new(), None::<bool>)];
    while let Some((path, before, is_last)) = left.pop() {
        let mut inner = before.clone();
        if let Some(is_last) = is_last {
            let inode = utility.proc.lstat(&path);
            let arrow = match inode.as_ref().map(|inode| &inode.kind) {
                Ok(Kind::Symlink(target)) => format!(" -> {target}"),
                _ => String::new(),
            };
            let is_folder = inode.is_ok_and(|inode| inode.is_directory());
            if is_folder {
                folders += 1
            } else {
                files += 1
            }
            let branch = if is_last { "└── " } else { "├── " };
            text.push_str(&format!("{before}{branch}{}{arrow}\n", super::base_name(&path)));
            inner.push_str(if is_last { "    " } else { "│   " });
            if !is_folder {
                continue;
            }
        }
        utility.work(1).await;
        let entries = utility.proc.list(&path).unwrap_or_default();
        let mut entries: Vec<String> = entries
            .into_iter()
            .filter(|(name, inode)| {
                (show_all || !name.starts_with('.')) && (!only_folders || inode.is_directory())
            })
            .map(|(name, _)| format!("{}/{name}", path.trim_end_matches('/')))
            .collect();
        entries.sort();
        let count = entries.len();
        for (index, entry) in entries.into_iter().enumerate().rev() {
            left.push((entry, inner.clone(), Some(index + 1 == count)));
        }
    }
    let plural = |count: i32, one: &str, many: &str| {
        if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
    };
    let files =
        if only_folders { String::new() } else { format!(", {}", plural(files, "file", "files")) };
    utility
        .print(format!("{text}\n{}{files}\n", plural(folders, "directory", "directories")))
        .await;
    0
}

pub(crate) async fn file(utility: Utility) -> i32 {
    for path in utility.args.iter().filter(|arg| !arg.starts_with('-')) {
        let kind = match utility.proc.lstat(path) {
            Err(errno) => format!("cannot open `{path}' ({errno})"),
            Ok(inode) => match inode.kind {
                Kind::Directory => "directory".to_owned(),
                Kind::Symlink(target) => format!("symbolic link to {target}"),
                Kind::Socket => "socket".to_owned(),
                Kind::File(bytes) => contents(&bytes).to_owned(),
                _ => "character special".to_owned(),
            },
        };
        utility.print(format!("{path}: {kind}\n")).await;
    }
    0
}

fn contents(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "empty",
        _ if bytes.starts_with(b"\x7fELF") => "ELF 64-bit LSB executable, x86-64, version 1 (SYSV)",
        _ if bytes.starts_with(b"#!/bin/bash") => {
            "Bourne-Again shell script, ASCII text executable"
        }
        _ if bytes.starts_with(b"#!/bin/sh") => "POSIX shell script, ASCII text executable",
        _ if bytes.starts_with(b"-----BEGIN CERTIFICATE") => "PEM certificate",
        _ if bytes.starts_with(b"-----BEGIN") => "PEM private key",
        _ if bytes.starts_with(b"\x1f\x8b") => "gzip compressed data",
        _ if bytes.is_ascii() && !bytes.contains(&0) => "ASCII text",
        _ if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) => "UTF-8 Unicode text",
        _ => "data",
    }
}

/// Puts environment variables in the place of `$NAME` and `${NAME}`.
pub(crate) async fn envsubst(utility: Utility) -> i32 {
    let Ok(bytes) = utility.proc.read_to_end(os::Fd::STDIN).await else { return 1 };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let only = utility.args.first().cloned();
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        shown.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let braced = behind.starts_with('{');
        let name: String = behind[usize::from(braced)..]
            .chars()
            .take_while(|char| char.is_ascii_alphanumeric() || *char == '_')
            .collect();
        let used = 1 + name.len() + 2 * usize::from(braced);
        let fits = crate::syntax::is_name(&name)
            && (!braced || behind[1 + name.len()..].starts_with('}'))
            && only.as_ref().is_none_or(|only| {
                only.contains(&format!("${name}")) || only.contains(&format!("${{{name}}}"))
            });
        if fits {
            shown.push_str(&utility.proc.env(&name).unwrap_or_default());
            rest = &rest[at + used..];
        } else {
            shown.push('$');
            rest = behind;
        }
    }
    shown.push_str(rest);
    utility.work(shown.len()).await;
    utility.print(shown).await;
    0
}

pub(crate) const COLUMN: Spec = Spec {
    flags: "ts:",
    long: &[("table", 't'), ("separator", 's')],
    lacking: "cexnoNJ",
    usage: "column [options] [file ...]",
    ..Spec::NONE
};

/// `column -t`: a table of what is between blanks or separators.
pub(crate) async fn column(utility: Utility, parsed: Arguments) -> i32 {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else { return 1 };
        for line in lines_of(&bytes) {
            let line = line.trim_end_matches('\n');
            let cells: Vec<String> = match parsed.value('s') {
                _ if !parsed.has('t') => vec![line.to_owned()],
                Some(marks) => line.split(|char| marks.contains(char)).map(str::to_owned).collect(),
                None => line.split_whitespace().map(str::to_owned).collect(),
            };
            if !line.trim().is_empty() {
                rows.push(cells);
            }
        }
    }
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (index, cell) in row.iter().enumerate() {
            let size = cell.chars().count();
            match widths.get_mut(index) {
                Some(width) => *width = size.max(*width),
                None => widths.push(size),
            }
        }
    }
    let mut text = String::new();
    for row in &rows {
        let last = row.len().saturating_sub(1);
        for (index, cell) in row.iter().enumerate() {
            let width = widths[index];
            text.push_str(&if index == last { cell.clone() } else { format!("{cell:<width$}  ") });
        }
        text.push('\n');
    }
    utility.print(text).await;
    0
}

/// `pgrep`, `pkill` and `killall`: processes by name.
pub(crate) async fn by_name(utility: Utility) -> i32 {
    let mut signal = Signal::Terminate;
    let (mut whole_line, mut exact, mut shows_name, mut pattern) = (false, false, false, None);
    for arg in &utility.args {
        match arg.as_str() {
            "-f" => whole_line = true,
            "-x" => exact = true,
            "-l" | "-a" => shows_name = true,
            "-q" | "-v" | "-r" | "-i" | "-o" | "-n" | "-u" | "-c" => {
                return utility.error(format!("not simulated: {arg}")).await;
            }
            flag if flag.starts_with('-') => match Signal::parse(&flag[1..]) {
                Some(found) => signal = found,
                None => return utility.error(format!("not simulated: {flag}")).await,
            },
            _ => pattern = Some(arg.clone()),
        }
    }
    let Some(pattern) = pattern else {
        let text = if utility.name == "killall" {
            "Usage: killall [-s SIGNAL] NAME...\n".to_owned()
        } else {
            format!(
                "{}: no matching criteria specified\nTry `{} --help' for more information.\n",
                utility.name, utility.name
            )
        };
        utility.proc.eprint(text).await;
        return if utility.name == "killall" { 1 } else { 2 };
    };
    let kills_all = utility.name == "killall";
    let Ok(regex) = super::regex::Regex::new(&pattern, true, false) else {
        return utility.error(format!("invalid pattern {pattern}")).await;
    };
    let own = utility.proc.own_pid();
    let (mut found, mut status) = (false, 0);
    for process in utility.proc.processes() {
        let line = process.args.join(" ");
        let name = super::base_name(process.args.first().map_or("", String::as_str)).to_owned();
        let subject = if whole_line { &line } else { &name };
        let fits = if exact || kills_all {
            *subject == pattern
        } else {
            regex.is_match(&subject.chars().collect::<Vec<_>>())
        };
        let Pid(pid) = process.pid;
        if !fits || process.pid == own {
            continue;
        }
        found = true;
        if utility.name == "pgrep" {
            let shown = if shows_name {
                format!("{pid} {}\n", if whole_line { &line } else { &name })
            } else {
                format!("{pid}\n")
            };
            utility.print(shown).await;
        } else if let Err(errno) = utility.proc.kill(process.pid, signal) {
            let message = if kills_all {
                format!("{pattern}({pid}): {errno}")
            } else {
                format!("killing pid {pid} failed: {errno}")
            };
            status = utility.error(message).await;
        }
    }
    if !found && kills_all {
        utility.proc.eprint(format!("{pattern}: no process found\n")).await;
    }
    if found { status } else { 1 }
}
