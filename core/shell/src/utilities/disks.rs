//! Filesystems: `df`, `du`, `findmnt`, `lsblk`, `mount`.

use os::fs::Kind;

use super::{Arguments, Spec, Utility, listing};

/// Bytes on every simulated disk and in every tmpfs.
const SIZES: [u64; 2] = [20 << 30, 64 << 20];

/// What a mount's kind is called, and where it comes from.
fn filesystem(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "overlay" => ("overlay", "overlay"),
        "tmpfs" => ("tmpfs", "tmpfs"),
        _ => ("ext4", "/dev/sda1"),
    }
}

pub(crate) async fn mount(utility: Utility) -> i32 {
    if utility.args.iter().any(|arg| !arg.starts_with('-')) {
        return utility.error("not simulated: mounting").await;
    }
    let mut text = String::new();
    for (kind, at, read_only) in utility.proc.mounts() {
        let (kind, source) = filesystem(&kind);
        let mode = if read_only { "ro" } else { "rw" };
        text.push_str(&format!("{source} on {at} type {kind} ({mode},relatime)\n"));
    }
    utility.print(text).await;
    0
}

pub(crate) async fn umount(utility: Utility) -> i32 {
    utility.error("not simulated").await
}

/// The mount that holds a path.
fn mount_of(utility: &Utility, path: &str) -> Option<String> {
    let path = utility.proc.canonical(path).ok().filter(|path| utility.proc.exists(path))?;
    let holds = |at: &String| {
        let rest = path.strip_prefix(at.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = utility.proc.mounts().into_iter().map(|(_, at, _)| at);
    mounts.filter(holds).max_by_key(String::len)
}

pub(crate) const FINDMNT: Spec = Spec {
    flags: "nlT:t:",
    long: &[("noheadings", 'n'), ("list", 'l'), ("target", 'T'), ("types", 't')],
    lacking: "abcCdDefFiJkmMoOpPrRsSuUvw",
    usage: "findmnt [options] [<mountpoint>]",
    ..Spec::NONE
};

pub(crate) async fn findmnt(utility: Utility, parsed: Arguments) -> i32 {
    let only = parsed.value('T').or(parsed.operands.first().map(String::as_str));
    let only = only.map(|path| mount_of(&utility, path).unwrap_or_default());
    let header = ["TARGET", "SOURCE", "FSTYPE", "OPTIONS"].map(str::to_owned).to_vec();
    let mut rows = if parsed.has('n') { Vec::new() } else { vec![header] };
    let first = rows.len();
    for (kind, at, read_only) in utility.proc.mounts() {
        let (kind, source) = filesystem(&kind);
        if only.as_ref().is_some_and(|only| *only != at)
            || parsed.value('t').is_some_and(|wanted| wanted != kind)
        {
            continue;
        }
        let mode = if read_only { "ro,relatime" } else { "rw,relatime" };
        rows.push(vec![at, source.to_owned(), kind.to_owned(), mode.to_owned()]);
    }
    if rows.len() == first {
        return 1;
    }
    if only.is_none() && !parsed.has('l') {
        let last = rows.len() - 1;
        for (number, row) in rows.iter_mut().enumerate().skip(first + 1) {
            let branch = if number == last { "\u{2514}\u{2500}" } else { "\u{251c}\u{2500}" };
            row[0].insert_str(0, branch);
        }
    }
    utility.print(table(&rows, 3, &[])).await;
    0
}

/// Every simulated host has one disk with one partition.
pub(crate) async fn lsblk(utility: Utility) -> i32 {
    if let Some(option) = utility.args.first() {
        return utility.error(format!("not simulated: {option}")).await;
    }
    let size = listing::human(SIZES[0]);
    let text = format!(
        "NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT\nsda      8:0    0 {size:>5}  0 disk \n\u{2514}\u{2500}sda1   8:1    0 \
         {size:>5}  0 part /\n"
    );
    utility.print(text).await;
    0
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

pub(crate) const DF: Spec = Spec {
    flags: "hkTaPm",
    long: &[("human-readable", 'h'), ("print-type", 'T'), ("all", 'a')],
    lacking: "HilxBt",
    usage: "df [-Pkmh] [FILESYSTEM]...",
    ..Spec::NONE
};

pub(crate) async fn df(utility: Utility, parsed: Arguments) -> i32 {
    let mut only = Vec::new();
    let mut status = 0;
    for path in &parsed.operands {
        match mount_of(&utility, path) {
            Some(at) => only.push(at),
            None => status = utility.error(format!("{path}: {}", os::Errno::NotFound)).await,
        }
    }
    if only.is_empty() && !parsed.operands.is_empty() {
        return status;
    }
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
        if !parsed.operands.is_empty() && !only.contains(&at) {
            continue;
        }
        let (kind, source) = filesystem(&kind);
        let size = SIZES[usize::from(kind == "tmpfs")];
        let is_full = kind != "tmpfs" && utility.proc.is_disk_full();
        let used = if is_full { size } else { used_below(&utility, &at).await.min(size) };
        let show = |bytes: u64| match () {
            () if parsed.has('h') => listing::human(bytes),
            () if parsed.has('m') => bytes.div_ceil(1 << 20).to_string(),
            () => bytes.div_ceil(1024).to_string(),
        };
        let percent = format!("{}%", (used * 100).div_ceil(size));
        rows.push(vec![
            source.to_owned(),
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
    status
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

pub(crate) const DU: Spec = Spec {
    flags: "shakc",
    long: &[("summarize", 's'), ("human-readable", 'h'), ("all", 'a'), ("total", 'c')],
    lacking: "bBdDHLlmPSxX0",
    usage: "du [-aHLdclsxhmk] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn du(utility: Utility, parsed: Arguments) -> i32 {
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
