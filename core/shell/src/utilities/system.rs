//! The host: `clear`, `df`, `du`, `free`, `mount`, `stat`, `true`, `false`, `man`, pagers.

use os::fs::Kind;

use super::{Spec, Utility, listing};
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
    super::text::cat(Utility { args: args.collect(), ..utility }).await
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

/// What a filesystem's kind is called, by its mount.
fn filesystem(kind: &str, at: &str) -> (&'static str, String) {
    match kind {
        "overlay" => ("overlay", "overlay".to_owned()),
        "tmpfs" => ("tmpfs", "tmpfs".to_owned()),
        _ if at == "/" => ("ext4", "/dev/sda1".to_owned()),
        _ => ("ext4", "/dev/sda1".to_owned()),
    }
}

pub(crate) async fn mount(utility: Utility) -> i32 {
    if utility.args.iter().any(|arg| !arg.starts_with('-')) {
        return utility.error("not simulated: mounting").await;
    }
    let mut text = String::new();
    for (kind, at, read_only) in utility.proc.mounts() {
        let (kind, source) = filesystem(&kind, &at);
        let mode = if read_only { "ro" } else { "rw" };
        text.push_str(&format!("{source} on {at} type {kind} ({mode},relatime)\n"));
    }
    utility.print(text).await;
    0
}

pub(crate) async fn umount(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

/// Bytes in all files below a folder.
async fn used_below(utility: &Utility, path: &str) -> u64 {
    let mut left = vec![path.to_owned()];
    let mut total = 0;
    while let Some(path) = left.pop() {
        let Ok(inode) = utility.proc.lstat(&path) else { continue };
        match inode.kind {
            Kind::Directory => {
                total += 4096;
                let base = path.trim_end_matches('/');
                let entries = utility.proc.list(&path).unwrap_or_default();
                left.extend(entries.into_iter().map(|(name, _)| format!("{base}/{name}")));
                utility.work(1).await;
            }
            Kind::File(_) => total += inode.size().div_ceil(4096) * 4096,
            _ => {}
        }
    }
    total
}

pub(crate) async fn df(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "hkTaPm",
        long: &[("human-readable", 'h'), ("print-type", 'T'), ("all", 'a')],
        lacking: "HilxBt",
        usage: "df [-Pkmh] [FILESYSTEM]...",
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    // Every simulated disk has 20 GB and every tmpfs 64 MB.
    let mut rows = vec![vec![
        "Filesystem".to_owned(),
        "Type".to_owned(),
        if parsed.has('h') { "Size" } else { "1K-blocks" }.to_owned(),
        "Used".to_owned(),
        if parsed.has('h') && utility.gnu { "Avail" } else { "Available" }.to_owned(),
        "Use%".to_owned(),
        "Mounted on".to_owned(),
    ]];
    for (kind, at, _) in utility.proc.mounts() {
        let (kind, source) = filesystem(&kind, &at);
        let size: u64 = if kind == "tmpfs" { 64 << 20 } else { 20 << 30 };
        let used = used_below(&utility, &at).await.min(size);
        let show = |bytes: u64| match () {
            () if parsed.has('h') => listing::human(bytes),
            () if parsed.has('m') => bytes.div_ceil(1 << 20).to_string(),
            () => bytes.div_ceil(1024).to_string(),
        };
        let percent = format!("{}%", (used * 100).div_ceil(size));
        rows.push(vec![
            source,
            kind.to_owned(),
            show(size),
            show(used),
            show(size - used),
            percent,
            at,
        ]);
    }
    if !parsed.has('T') {
        for row in &mut rows {
            row.remove(1);
        }
    }
    let left = if parsed.has('T') { 2 } else { 1 };
    let mut least = if utility.gnu { vec![14, 5, 5, 5, 4, 0] } else { vec![20, 9, 9, 9, 4, 0] };
    if parsed.has('T') {
        least.insert(1, 4);
    }
    utility.print(table(&rows, left, &least)).await;
    0
}

/// Columns: the first `left` and the last to the left, the rest to the right.
fn table(rows: &[Vec<String>], left: usize, least: &[usize]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count)
        .map(|column| {
            let own = rows.iter().map(|row| row[column].chars().count()).max();
            own.unwrap_or(0).max(least.get(column).copied().unwrap_or(0))
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let width = widths[column];
                match column {
                    column if column + 1 == count => cell.clone(),
                    column if column < left => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                }
            })
            .collect();
        text.push_str(&cells.join(" "));
        text.push('\n');
    }
    text
}

pub(crate) async fn du(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "shakc",
        long: &[("summarize", 's'), ("human-readable", 'h'), ("all", 'a'), ("total", 'c')],
        lacking: "bBdDHLlmPSxX0",
        usage: "du [-aHLdclsxhmk] [FILE]...",
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let operands =
        if parsed.operands.is_empty() { vec![".".to_owned()] } else { parsed.operands.clone() };
    let show = |bytes: u64| {
        if parsed.has('h') { listing::human(bytes) } else { bytes.div_ceil(1024).to_string() }
    };
    let (mut status, mut total) = (0, 0);
    for path in &operands {
        if let Err(errno) = utility.proc.lstat(path) {
            let message = if utility.gnu {
                format!("cannot access '{path}': {errno}")
            } else {
                format!("{path}: {errno}")
            };
            status = utility.error(message).await;
            continue;
        }
        // Folders are shown after what is in them.
        let mut left = vec![path.clone()];
        let mut shown = Vec::new();
        while let Some(path) = left.pop() {
            let is_folder = utility.proc.lstat(&path).is_ok_and(|inode| inode.is_directory());
            if !parsed.has('s') && is_folder {
                let base = path.trim_end_matches('/').to_owned();
                let entries = utility.proc.list(&path).unwrap_or_default();
                let below = entries
                    .into_iter()
                    .filter(|(_, inode)| inode.is_directory() || parsed.has('a'));
                left.extend(below.map(|(name, _)| format!("{base}/{name}")));
            }
            shown.push(path);
        }
        for below in shown.into_iter().rev() {
            let used = used_below(&utility, &below).await;
            if below == *path {
                total += used;
            }
            utility.print(format!("{}\t{below}\n", show(used))).await;
        }
    }
    if parsed.has('c') {
        utility.print(format!("{}\ttotal\n", show(total))).await;
    }
    status
}

pub(crate) async fn free(utility: Utility) -> i32 {
    let megabytes = utility.args.iter().any(|arg| arg == "-m");
    if let Some(other) = utility.args.iter().find(|arg| !matches!(arg.as_str(), "-m" | "-k")) {
        return utility.error(format!("not simulated: {other}")).await;
    }
    let unit = |kilobytes: u64| if megabytes { kilobytes / 1024 } else { kilobytes };
    // A simulated host has 4 GiB, as its daemon says, and its programs take none of it.
    let (total, used) = (unit(4_194_304), unit(312_400));
    let text = format!(
        "              total        used        free      shared  buff/cache   available\n\
         Mem:     {total:>10}  {used:>10}  {free:>10}  {zero:>10}  {zero:>10}  {free:>10}\n\
         Swap:    {zero:>10}  {zero:>10}  {zero:>10}\n",
        free = total - used,
        zero = 0,
    );
    utility.print(text).await;
    0
}

pub(crate) async fn stat(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "c:L",
        long: &[("format", 'c'), ("dereference", 'L'), ("printf", '\0'), ("file-system", '\0')],
        lacking: "ft",
        usage: "stat [OPTIONS] FILE...",
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    if parsed.operands.is_empty() {
        return utility.missing_operand(&spec).await;
    }
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
