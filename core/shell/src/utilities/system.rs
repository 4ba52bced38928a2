//! Small things: `clear`, `free`, `stat`, `true`, `false`, `man`, pagers.

use os::fs::Kind;

use super::{Arguments, Spec, Utility, listing};
use crate::accounts;

pub(crate) async fn yes(_utility: Utility) -> i32 {
    0
}

pub(crate) async fn no(_utility: Utility) -> i32 {
    1
}

pub(crate) async fn clear(utility: Utility) -> i32 {
    utility.proc.clear_terminal();
    0
}

/// `more` and `less` show everything at once: the terminal scrolls by itself.
pub(crate) async fn more(utility: Utility) -> i32 {
    let args = utility.args.iter().filter(|arg| !arg.starts_with('-') || *arg == "-").cloned();
    let parsed = Arguments { operands: args.collect(), ..Arguments::default() };
    super::text::cat(utility, parsed).await
}

pub(crate) async fn man(utility: Utility) -> i32 {
    let Some(topic) = utility.args.last() else {
        utility.proc.eprint("What manual page do you want?\n").await;
        return 1;
    };
    let text = format!(
        "No manual entry for {topic}\n(manual pages are not simulated; try `{topic} --help`)\n"
    );
    utility.proc.eprint(text).await;
    16
}

/// The host's memory and what is free of it in KiB, as the kernel says.
pub(super) fn memory(utility: &Utility) -> (u64, u64) {
    let bytes = utility.proc.read_file("/proc/meminfo").unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    (field("MemTotal:"), field("MemFree:"))
}

pub(crate) async fn free(utility: Utility) -> i32 {
    let unit = utility.args.first().map_or("-k", String::as_str);
    if !matches!(unit, "-m" | "-k" | "-g" | "-h") {
        return utility.error(format!("not simulated: {unit}")).await;
    }
    let show = |kilobytes: u64| match unit {
        "-h" if kilobytes == 0 => "0B".to_owned(),
        "-h" => listing::human(kilobytes * 1024),
        "-m" => (kilobytes / 1024).to_string(),
        "-g" => (kilobytes / 1_048_576).to_string(),
        _ => kilobytes.to_string(),
    };
    let (total, unused) = memory(&utility);
    let used = total.saturating_sub(unused);
    let (free, zero) = (show(unused), show(0));
    let text = format!(
        "              total        used        free      shared  buff/cache   available\n\
         Mem:     {:>10}  {:>10}  {free:>10}  {zero:>10}  {zero:>10}  {free:>10}\n\
         Swap:    {zero:>10}  {zero:>10}  {zero:>10}\n",
        show(total),
        show(used),
    );
    utility.print(text).await;
    0
}

pub(crate) const STAT: Spec = Spec {
    flags: "c:L",
    long: &[("format", 'c'), ("dereference", 'L'), ("printf", '\0'), ("file-system", '\0')],
    lacking: "ft",
    needs: Some("missing operand"),
    usage: "stat [OPTIONS] FILE...",
    ..Spec::NONE
};

pub(crate) async fn stat(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    for path in &parsed.operands {
        let inode =
            if parsed.has('L') { utility.proc.stat(path) } else { utility.proc.lstat(path) };
        let inode = match inode {
            Ok(inode) => inode,
            Err(errno) => {
                let message = if utility.gnu {
                    format!("cannot stat '{path}': {errno}")
                } else {
                    format!("can't stat '{path}': {errno}")
                };
                status = utility.error(message).await;
                continue;
            }
        };
        let attributes = inode.attributes;
        let user = accounts::user_name(&utility.proc, attributes.uid);
        let group = accounts::group_name(&utility.proc, attributes.gid);
        let kind = match &inode.kind {
            Kind::Directory => "directory",
            Kind::Symlink(_) => "symbolic link",
            Kind::File(bytes) if bytes.is_empty() => "regular empty file",
            Kind::File(_) => "regular file",
            _ => "character special file",
        };
        let date = attributes.modified;
        let c = date.civil();
        let when = format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:09} +0000",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.nanos
        );
        let mode = attributes.mode;
        let permissions = listing::permissions(&inode);
        if let Some(format) = parsed.value('c') {
            let mut text = String::new();
            let mut chars = format.chars();
            while let Some(char) = chars.next() {
                if char != '%' {
                    text.push(char);
                    continue;
                }
                match chars.next() {
                    Some('n') => text.push_str(path),
                    Some('s') => text.push_str(&inode.size().to_string()),
                    Some('a') => text.push_str(&format!("{mode:o}")),
                    Some('A') => text.push_str(&permissions),
                    Some('u') => text.push_str(&attributes.uid.to_string()),
                    Some('U') => text.push_str(&user),
                    Some('g') => text.push_str(&attributes.gid.to_string()),
                    Some('G') => text.push_str(&group),
                    Some('F') => text.push_str(kind),
                    Some('y') => text.push_str(&when),
                    Some('Y') => text.push_str(&date.unix_secs().to_string()),
                    Some('%') => text.push('%'),
                    other => {
                        let letter = other.map(String::from).unwrap_or_default();
                        return utility.error(format!("not simulated: %{letter}")).await;
                    }
                }
            }
            utility.print(format!("{text}\n")).await;
            continue;
        }
        let blocks =
            if matches!(inode.kind, Kind::File(_)) { inode.size().div_ceil(4096) * 8 } else { 8 };
        let name = match &inode.kind {
            Kind::Symlink(target) => format!("{path} -> {target}"),
            _ => path.clone(),
        };
        let text = format!(
            "  File: {name}\n  Size: {:<10}\tBlocks: {blocks:<10} IO Block: 4096   {kind}\n\
             Access: ({mode:04o}/{permissions})  Uid: ({:>5}/{user:>8})   Gid: ({:>5}/{group:>8})\n\
             Access: {when}\nModify: {when}\nChange: {when}\n",
            inode.size(),
            attributes.uid,
            attributes.gid
        );
        utility.print(text).await;
    }
    status
}
