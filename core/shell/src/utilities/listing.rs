//! `ls`, with the columns of GNU and of BusyBox.

use os::Errno;
use os::fs::{Inode, Kind};

use super::{Arguments, Spec, Utility};
use crate::accounts;
use crate::escapes::listing_quoted;

pub(crate) const LS: Spec = Spec {
    flags: "1AaCdFghHiklLnoprRsStux",
    long: &[
        ("all", 'a'),
        ("almost-all", 'A'),
        ("directory", 'd'),
        ("human-readable", 'h'),
        ("inode", 'i'),
        ("recursive", 'R'),
        ("reverse", 'r'),
        ("size", 's'),
        ("classify", 'F'),
        ("numeric-uid-gid", 'n'),
        ("color", '0'),
        ("full-time", 'E'),
        ("no-group", 'o'),
        ("dereference", 'L'),
        ("group-directories-first", '\0'),
        ("sort", '\0'),
        ("time", '\0'),
        ("time-style", '\0'),
        ("block-size", '\0'),
        ("hide", '\0'),
        ("ignore", '\0'),
        ("format", '\0'),
        ("quote-name", '\0'),
        ("literal", '\0'),
    ],
    lacking: "bBcDfGImNqQTUvwXZ",
    usage: "ls [-1AaCdFghHiklLnoprRsStux] [FILE]...",
    gnu_failure: 2,
    ..Spec::NONE
};

/// A name with its inode.
#[derive(Clone)]
struct Entry {
    name: String,
    inode: Inode,
    /// Where it is, to tell its number.
    path: String,
}

pub(crate) async fn ls(utility: Utility, mut parsed: Arguments) -> i32 {
    // `-g`, `-o` and `-n` are long listings.
    if ['g', 'o', 'n', 'E'].into_iter().any(|letter| parsed.has(letter)) {
        parsed.options.push(('l', String::new()));
    }
    let operands =
        if parsed.operands.is_empty() { vec![".".to_owned()] } else { parsed.operands.clone() };
    let many = operands.len() > 1 || parsed.has('R');
    let (mut files, mut folders, mut status) = (Vec::new(), Vec::new(), 0);
    for path in &operands {
        let followed = utility.proc.stat(path);
        let own = utility.proc.lstat(path);
        let shows_link =
            parsed.has('l') && !path.ends_with('/') && !parsed.has('L') && !parsed.has('H');
        let found = match (&own, &followed) {
            (Ok(inode), Ok(_)) if shows_link => Ok(inode.clone()),
            (_, Ok(inode)) => Ok(inode.clone()),
            (Ok(inode), Err(_)) => Ok(inode.clone()),
            (Err(errno), _) => Err(*errno),
        };
        match found {
            Ok(inode) if inode.is_directory() && !parsed.has('d') => folders.push(path.clone()),
            Ok(inode) => files.push(Entry { name: path.clone(), inode, path: path.clone() }),
            Err(errno) => {
                cannot_access(&utility, path, errno).await;
                status = utility.failure();
            }
        }
    }
    sort(&mut files, &parsed);
    let mut text = show(&utility, &files, &parsed);
    let mut is_first = files.is_empty();
    folders.sort();
    if parsed.has('r') {
        folders.reverse();
    }
    folders.reverse();
    while let Some(folder) = folders.pop() {
        let entries = match read(&utility, &folder, &parsed) {
            Ok(entries) => entries,
            Err(errno) => {
                utility.print(std::mem::take(&mut text)).await;
                let message = if utility.gnu {
                    format!("cannot open directory '{folder}': {errno}")
                } else {
                    format!("can't open '{folder}': {errno}")
                };
                utility.error(message).await;
                status = utility.failure();
                continue;
            }
        };
        if many {
            if !std::mem::take(&mut is_first) {
                text.push('\n');
            }
            text.push_str(&format!("{folder}:\n"));
        }
        if parsed.has('l') || parsed.has('s') {
            let blocks: u64 = entries.iter().map(|entry| kilobytes(&entry.inode)).sum();
            let total = if parsed.has('h') { human(blocks * 1024) } else { blocks.to_string() };
            text.push_str(&format!("total {total}\n"));
        }
        text.push_str(&show(&utility, &entries, &parsed));
        if parsed.has('R') {
            let below: Vec<String> = entries
                .iter()
                .filter(|entry| {
                    entry.inode.is_directory() && entry.name != "." && entry.name != ".."
                })
                .map(|entry| entry.path.clone())
                .collect();
            folders.extend(below.into_iter().rev());
        }
        utility.work(text.len()).await;
    }
    utility.print(text).await;
    status
}

async fn cannot_access(utility: &Utility, path: &str, errno: Errno) {
    let message = if utility.gnu {
        format!("cannot access '{path}': {errno}")
    } else {
        format!("{path}: {errno}")
    };
    utility.error(message).await;
}

fn read(utility: &Utility, folder: &str, parsed: &Arguments) -> Result<Vec<Entry>, Errno> {
    let base = if folder == "/" { "" } else { folder.trim_end_matches('/') };
    let mut entries: Vec<Entry> = utility
        .proc
        .list(folder)?
        .into_iter()
        .map(|(name, inode)| {
            let path = format!("{base}/{name}");
            let followed = parsed.has('L').then(|| utility.proc.stat(&path).ok()).flatten();
            Entry { inode: followed.unwrap_or(inode), name, path }
        })
        .collect();
    if !parsed.has('a') && !parsed.has('A') {
        entries.retain(|entry| !entry.name.starts_with('.'));
    }
    sort(&mut entries, parsed);
    if parsed.has('a') {
        let mut own = Vec::new();
        for name in [".", ".."] {
            let path = format!("{folder}/{name}");
            let inode = utility.proc.stat(&path)?;
            own.push(Entry { name: name.to_owned(), inode, path });
        }
        if parsed.has('r') {
            own.reverse();
            entries.extend(own);
        } else {
            own.extend(entries);
            entries = own;
        }
    }
    Ok(entries)
}

fn sort(entries: &mut [Entry], parsed: &Arguments) {
    // Byte order, as in the C locale of a container.
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    if parsed.has('S') {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.inode.size()));
    } else if parsed.has('t') {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.inode.attributes.modified));
    }
    if parsed.has('r') {
        entries.reverse();
    }
}

/// The disk space of an inode in kilobytes, in blocks of 4096 bytes.
fn kilobytes(inode: &Inode) -> u64 {
    match inode.kind {
        Kind::File(_) => inode.size().div_ceil(4096) * 4,
        Kind::Directory => 4,
        _ => 0,
    }
}

/// A size as `-h` shows it, rounded up.
pub(crate) fn human(size: u64) -> String {
    if size < 1024 {
        return size.to_string();
    }
    let (mut unit, mut power) = (0, 1024_u64);
    while size.div_ceil(power) >= 1024 && unit < 4 {
        unit += 1;
        power *= 1024;
    }
    let letter = ["K", "M", "G", "T", "P"][unit];
    let tenths = (size * 10).div_ceil(power);
    if tenths < 100 {
        format!("{}.{}{letter}", tenths / 10, tenths % 10)
    } else {
        format!("{}{letter}", size.div_ceil(power))
    }
}

/// The first ten characters of a long line.
pub(crate) fn permissions(inode: &Inode) -> String {
    let mode = inode.attributes.mode;
    let mut text = String::from(inode.type_letter());
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

fn show(utility: &Utility, entries: &[Entry], parsed: &Arguments) -> String {
    if parsed.has('l') {
        return show_long(utility, entries, parsed);
    }
    let names: Vec<String> = entries
        .iter()
        .map(|entry| {
            let inode = if parsed.has('i') {
                format!("{} ", inode_number(utility, &entry.path))
            } else {
                String::new()
            };
            let size = if parsed.has('s') {
                format!("{} ", kilobytes(&entry.inode))
            } else {
                String::new()
            };
            format!("{inode}{size}{}", decorated(utility, entry, parsed))
        })
        .collect();
    let in_columns =
        !parsed.has('1') && (parsed.has('C') || utility.proc.is_terminal(os::Fd::STDOUT));
    if in_columns {
        columns(&names, usize::from(utility.proc.columns()), utility.gnu)
    } else {
        names.iter().map(|name| format!("{name}\n")).collect()
    }
}

/// A number that stays the same for a path: there are no real inode numbers.
fn inode_number(utility: &Utility, path: &str) -> u64 {
    let path = utility.proc.canonical(path).unwrap_or_default();
    // FNV-1a, cut to what real numbers look like.
    let hash = path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash % 900_000 + 100_000
}

fn decorated(utility: &Utility, entry: &Entry, parsed: &Arguments) -> String {
    let quotes = utility.gnu && utility.proc.is_terminal(os::Fd::STDOUT);
    let mut name = if quotes { listing_quoted(&entry.name) } else { entry.name.clone() };
    match entry.inode.kind {
        Kind::Directory if parsed.has('p') || parsed.has('F') => name.push('/'),
        Kind::Symlink(_) if parsed.has('F') && !parsed.has('l') => name.push('@'),
        Kind::File(_) if parsed.has('F') && entry.inode.attributes.mode & 0o111 != 0 => {
            name.push('*');
        }
        _ => {}
    }
    name
}

/// Names in as many columns as fit, filled downwards.
fn columns(names: &[String], width: usize, gnu: bool) -> String {
    let widths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    let longest = widths.iter().copied().max().unwrap_or(0) + 2;
    let most = if gnu { names.len() } else { (width / longest).max(1) };
    for count in (1..=most.max(1)).rev() {
        let rows = names.len().div_ceil(count);
        let column_widths: Vec<usize> = if gnu {
            (0..names.len().div_ceil(rows.max(1)))
                .map(|column| {
                    let own = &widths[column * rows..((column + 1) * rows).min(names.len())];
                    own.iter().copied().max().unwrap_or(0) + 2
                })
                .collect()
        } else {
            vec![longest; count]
        };
        let total: usize = column_widths.iter().sum();
        if count > 1 && total.saturating_sub(2) >= width {
            continue;
        }
        let mut text = String::new();
        for row in 0..rows {
            let mut line = String::new();
            for (column, column_width) in column_widths.iter().enumerate() {
                let Some(name) = names.get(column * rows + row) else { continue };
                let is_last = names.get((column + 1) * rows + row).is_none();
                line.push_str(name);
                if !is_last {
                    let missing = column_width - widths[column * rows + row];
                    line.extend(std::iter::repeat_n(' ', missing));
                }
            }
            text.push_str(&line);
            text.push('\n');
        }
        return text;
    }
    String::new()
}

fn date_of(utility: &Utility, inode: &Inode, full: bool) -> String {
    let date = inode.attributes.modified;
    let c = date.civil();
    if full {
        return format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:09} +0000",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.nanos
        );
    }
    // Six months ago (half a Gregorian year) or in the future: the year instead of the time.
    let age = utility.proc.wall().since(date).as_secs();
    if age > 31_556_952 / 2 || date > utility.proc.wall() {
        format!("{} {:>2}  {}", c.month_name(), c.day, c.year)
    } else {
        format!("{} {:>2} {:02}:{:02}", c.month_name(), c.day, c.hour, c.minute)
    }
}

fn show_long(utility: &Utility, entries: &[Entry], parsed: &Arguments) -> String {
    let numeric = parsed.has('n');
    let mut rows: Vec<(&Entry, [String; 5])> = Vec::new();
    for entry in entries {
        let attributes = entry.inode.attributes;
        let owner = if numeric {
            attributes.uid.to_string()
        } else {
            accounts::user_name(&utility.proc, attributes.uid)
        };
        let group = if numeric {
            attributes.gid.to_string()
        } else {
            accounts::group_name(&utility.proc, attributes.gid)
        };
        let links = if entry.inode.is_directory() {
            let below = utility.proc.list(&entry.path).unwrap_or_default();
            2 + below.iter().filter(|(_, inode)| inode.is_directory()).count()
        } else {
            1
        };
        let size = match entry.inode.kind {
            Kind::NullDevice => "1, 3".to_owned(),
            Kind::ZeroDevice => "1, 5".to_owned(),
            Kind::RandomDevice => "1, 9".to_owned(),
            Kind::TerminalDevice => "5, 0".to_owned(),
            _ if parsed.has('h') => human(entry.inode.size()),
            _ => entry.inode.size().to_string(),
        };
        let mut name = decorated(utility, entry, parsed);
        if let Kind::Symlink(target) = &entry.inode.kind {
            name.push_str(&format!(" -> {target}"));
        }
        rows.push((entry, [links.to_string(), owner, group, size, name]));
    }
    let width =
        |column: usize| rows.iter().map(|(_, row)| row[column].chars().count()).max().unwrap_or(0);
    let (links_width, owner_width, group_width, size_width) =
        (width(0), width(1), width(2), width(3));
    let mut text = String::new();
    for (entry, [links, owner, group, size, name]) in &rows {
        if parsed.has('i') {
            text.push_str(&format!("{} ", inode_number(utility, &entry.path)));
        }
        if parsed.has('s') {
            text.push_str(&format!("{:>4} ", kilobytes(&entry.inode)));
        }
        let date = date_of(utility, &entry.inode, parsed.has('E'));
        let mode = permissions(&entry.inode);
        if utility.gnu {
            text.push_str(&format!("{mode} {links:>links_width$} "));
            if !parsed.has('g') {
                text.push_str(&format!("{owner:<owner_width$} "));
            }
            if !parsed.has('o') {
                text.push_str(&format!("{group:<group_width$} "));
            }
            text.push_str(&format!("{size:>size_width$} {date} {name}\n"));
        } else {
            // BusyBox: fixed widths, whatever the directory holds.
            text.push_str(&format!(
                "{mode} {links:>4} {owner:<8} {group:<8} {size:>9} {date} {name}\n"
            ));
        }
    }
    text
}
