//! Tar archives (POSIX ustar, with GNU's long names when reading): what `docker cp -`, `save`, `export`
//! and `ADD` carry files in.

use os::fs::{Attributes, Inode, Kind, Tree};
use sim::{Duration, Time};

const BLOCK: usize = 512;
/// Longest name in a header.
const NAME_SIZE: usize = 100;

/// True if the bytes begin as an archive does.
fn is_archive(bytes: &[u8]) -> bool {
    bytes.len() >= 2 * BLOCK && bytes.get(257..262) == Some(b"ustar")
}

/// The files of an archive, below `/`; nothing for bytes that are none.
pub fn read(bytes: &[u8]) -> Option<Tree> {
    if !is_archive(bytes) {
        return None;
    }
    let mut tree = Tree::default();
    let mut rest = bytes;
    let mut long_name: Option<String> = None;
    let mut exact: Option<Time> = None;
    while let Some((header, after)) = rest.split_at_checked(BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let size = usize::try_from(number(&header[124..136])?).ok()?;
        let content = after.get(..size)?;
        let padded = size.checked_next_multiple_of(BLOCK)?;
        rest = after.get(padded..).unwrap_or_default();
        let kind = header[156];
        if kind == b'x' {
            exact = extended_date(&text(content));
            continue;
        }
        if kind == b'L' {
            long_name = Some(text(content));
            continue;
        }
        let prefix = text(&header[345..500]);
        let short = text(&header[..NAME_SIZE]);
        let name = long_name
            .take()
            .unwrap_or_else(|| if prefix.is_empty() { short } else { format!("{prefix}/{short}") });
        let path = os::fs::normalize("/", &name);
        let seconds = number(&header[136..148])?;
        let attributes = Attributes {
            mode: u32::try_from(number(&header[100..108])?).ok()? & 0o7777,
            uid: u32::try_from(number(&header[108..116])?).ok()?,
            gid: u32::try_from(number(&header[116..124])?).ok()?,
            modified: exact.take().unwrap_or(
                Time::EPOCH + Duration::from_nanos(seconds.saturating_mul(1_000_000_000)),
            ),
        };
        let kind = match kind {
            b'0' | 0 => Kind::File(content.to_vec()),
            b'5' => Kind::Directory,
            b'2' => Kind::Symlink(text(&header[157..257])),
            // Devices, hard links and extensions.
            _ => continue,
        };
        if path == "/" && kind != Kind::Directory {
            continue;
        }
        add_folders(&mut tree, &path, attributes.modified);
        tree.insert(path, Inode { attributes, kind });
    }
    Some(tree)
}

/// A tree's root and the folders above a path.
fn add_folders(tree: &mut Tree, path: &str, at: Time) {
    let ends = path.match_indices('/').map(|(index, _)| index.max(1));
    for folder in ends.map(|end| &path[..end]) {
        if tree.get(folder).is_none() && folder != path {
            let attributes = Attributes::root(0o755, at);
            tree.insert(folder, Inode { attributes, kind: Kind::Directory });
        }
    }
    if tree.get("/").is_none() {
        tree.insert("/", Inode { attributes: Attributes::root(0o755, at), kind: Kind::Directory });
    }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// `mtime=1500000000.25` among an extended header's records.
fn extended_date(records: &str) -> Option<Time> {
    let record = records.lines().find_map(|line| line.split_once(' ')?.1.strip_prefix("mtime="))?;
    let (seconds, fraction) = record.split_once('.').unwrap_or((record, ""));
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanos = seconds.parse::<u64>().ok()?.checked_mul(1_000_000_000)?;
    Some(Time::from_unix_nanos(nanos.checked_add(digits.parse().ok()?)?))
}

fn number(field: &[u8]) -> Option<u64> {
    let text = text(field);
    let text = text.trim();
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// An archive of everything below a tree's root, the root itself under `name` if it is not empty. A
/// root that is a file is that file.
pub fn write(tree: &Tree, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, inode) in tree.iter() {
        let inner = path.trim_start_matches('/');
        let full = match (name, inner) {
            ("", inner) => inner.to_owned(),
            (name, "") => name.to_owned(),
            (name, inner) => format!("{name}/{inner}"),
        };
        if !full.is_empty() {
            add(&mut bytes, &full, inode);
        }
    }
    bytes.extend_from_slice(&[0; 2 * BLOCK]);
    bytes
}

fn add(bytes: &mut Vec<u8>, name: &str, inode: &Inode) {
    let (letter, content, link): (u8, &[u8], &str) = match &inode.kind {
        Kind::File(content) => (b'0', content, ""),
        Kind::Directory => (b'5', &[], ""),
        Kind::Symlink(target) => (b'2', &[], target),
        _ => return,
    };
    let name = if letter == b'5' { format!("{name}/") } else { name.to_owned() };
    if name.len() > NAME_SIZE {
        let long = [name.as_bytes(), &[0]].concat();
        let attributes = Attributes::root(0, Time::EPOCH);
        entry(bytes, "././@LongLink", attributes, b'L', &long, "");
    }
    let nanos = inode.attributes.modified.unix_nanos() % 1_000_000_000;
    if nanos != 0 {
        let body = format!(" mtime={}.{nanos:09}\n", inode.attributes.modified.unix_secs());
        // The length counts itself.
        let digits = if body.len() + 2 < 100 { 2 } else { 3 };
        let record = format!("{}{body}", body.len() + digits);
        entry(bytes, "PaxHeaders/x", inode.attributes, b'x', record.as_bytes(), "");
    }
    entry(bytes, &name, inode.attributes, letter, content, link);
}

fn entry(
    bytes: &mut Vec<u8>,
    name: &str,
    attributes: Attributes,
    letter: u8,
    content: &[u8],
    link: &str,
) {
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, field: &[u8], size: usize| {
        let field = &field[..field.len().min(size)];
        header[at..at + field.len()].copy_from_slice(field);
    };
    put(0, name.as_bytes(), NAME_SIZE);
    put(100, format!("{:07o}", attributes.mode & 0o7777).as_bytes(), 7);
    put(108, format!("{:07o}", attributes.uid).as_bytes(), 7);
    put(116, format!("{:07o}", attributes.gid).as_bytes(), 7);
    put(124, format!("{:011o}", content.len() as u64).as_bytes(), 11);
    put(136, format!("{:011o}", attributes.modified.unix_secs()).as_bytes(), 11);
    put(148, b"        ", 8);
    put(156, &[letter], 1);
    put(157, link.as_bytes(), NAME_SIZE);
    put(257, b"ustar\x0000", 8);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let at = Time::EPOCH + Duration::from_secs(1_500_000_000) + Duration::from_nanos(25);
        let mut tree = Tree::default();
        tree.add_directory("/", 0o755, at);
        tree.add_file("/a/b.txt", "hello\n", 0o640, at);
        tree.add_symlink("/a/link", "b.txt", at);
        tree.add_file(&format!("/{}", "long/".repeat(30) + "name"), "x", 0o600, at);
        let bytes = write(&tree, "");
        assert_eq!(bytes.len() % BLOCK, 0);
        let found = read(&bytes).unwrap();
        let paths = |tree: &Tree| tree.iter().map(|(p, i)| (p.to_owned(), i.clone())).collect();
        let (found, tree): (Vec<_>, Vec<_>) = (paths(&found), paths(&tree));
        assert_eq!(found, tree);
    }

    #[test]
    fn garbage_is_no_archive() {
        for bytes in [&b""[..], b"hello", &[0; 2048], &[b'u'; 2048]] {
            assert!(read(bytes).is_none());
        }
        let mut tree = Tree::default();
        tree.add_file("/a", vec![7; 700], 0o644, Time::EPOCH);
        let bytes = write(&tree, "");
        for end in 0..bytes.len() {
            // Whatever is cut off, reading ends.
            let _ = read(&bytes[..end]);
        }
    }
}
