//! `tar` (ustar) and `gzip`. What is compressed here is wrapped and not made smaller: `gzip` writes stored
//! blocks (RFC 1951, section 3.2.4), which any other `gunzip` reads, and reads no others.

use os::Errno;
use os::fs::{Attributes, Inode, Kind};

use super::{Arguments, Spec, Utility, base_name, listing};

/// Bytes of a header, and of what a file is filled up to.
const BLOCK: usize = 512;
/// The most bytes of a stored block.
const STORED_MAX: usize = 65_535;

fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    let byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), step);
    !bytes.iter().fold(!0, byte)
}

/// `bytes` as a gzip file (RFC 1952).
fn wrap(bytes: &[u8]) -> Vec<u8> {
    let mut wrapped = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let mut chunks = bytes.chunks(STORED_MAX).peekable();
    if chunks.peek().is_none() {
        wrapped.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(chunk) = chunks.next() {
        wrapped.push(u8::from(chunks.peek().is_none()));
        // A chunk is no longer than that.
        let size = chunk.len() as u16;
        wrapped.extend(size.to_le_bytes());
        wrapped.extend((!size).to_le_bytes());
        wrapped.extend(chunk);
    }
    wrapped.extend(crc32(bytes).to_le_bytes());
    wrapped.extend((bytes.len() as u32).to_le_bytes());
    wrapped
}

/// What is in a gzip file.
fn unwrap(wrapped: &[u8]) -> Result<Vec<u8>, &'static str> {
    let [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, rest @ ..] = wrapped else {
        return Err("not in gzip format");
    };
    let mut rest = rest;
    if flags & 8 != 0 {
        // The name of the file, up to a zero.
        let end = rest.iter().position(|byte| *byte == 0).ok_or("unexpected end of file")?;
        rest = &rest[end + 1..];
    }
    let mut bytes = Vec::new();
    loop {
        let [kind, low, high, _, _, after @ ..] = rest else {
            return Err("unexpected end of file");
        };
        if kind & 0b110 != 0 {
            return Err("not simulated: data that somebody else has compressed");
        }
        let size = usize::from(u16::from_le_bytes([*low, *high]));
        let (chunk, after) = after.split_at_checked(size).ok_or("unexpected end of file")?;
        bytes.extend(chunk);
        rest = after;
        if kind & 1 == 1 {
            return match rest.first_chunk::<4>() {
                Some(sum) if u32::from_le_bytes(*sum) == crc32(&bytes) => Ok(bytes),
                _ => Err("invalid compressed data--crc error"),
            };
        }
    }
}

pub(crate) const GZIP: Spec = Spec {
    flags: "cdfkqvt123456789n",
    long: &[("stdout", 'c'), ("decompress", 'd'), ("force", 'f'), ("keep", 'k')],
    usage: "gzip [-cdfkt] [FILE]...",
    ..Spec::NONE
};

/// `gzip`, `gunzip` and `zcat`.
pub(crate) async fn gzip(utility: Utility, parsed: Arguments) -> i32 {
    let unpacks = utility.name != "gzip" || parsed.has('d') || parsed.has('t');
    let mut status = 0;
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else {
            status = 1;
            continue;
        };
        utility.work(bytes.len()).await;
        let made = if unpacks { unwrap(&bytes) } else { Ok(wrap(&bytes)) };
        let made = match made {
            Ok(made) => made,
            Err(text) => {
                status = utility.error(format!("{path}: {text}")).await;
                continue;
            }
        };
        if parsed.has('t') {
            continue;
        }
        if path == "-" || parsed.has('c') || utility.name == "zcat" {
            utility.print(&made).await;
            continue;
        }
        let target = if unpacks {
            match path.strip_suffix(".gz").map(str::to_owned) {
                Some(target) => target,
                None => match path.strip_suffix(".tgz") {
                    Some(stem) => format!("{stem}.tar"),
                    None => {
                        status = utility.error(format!("{path}: unknown suffix -- ignored")).await;
                        continue;
                    }
                },
            }
        } else {
            format!("{path}.gz")
        };
        if let Err(errno) = utility.proc.write_file(&target, &made) {
            status = utility.error(format!("{target}: {errno}")).await;
        } else if !parsed.has('k') {
            let _ = utility.proc.remove_file(&path);
        }
    }
    status
}

/// A header; octal numbers end with a zero byte.
fn header(path: &str, inode: &Inode, size: usize, kind: u8, target: &str) -> Vec<u8> {
    let mut block = vec![0_u8; BLOCK];
    let mut put = |at: usize, room: usize, text: &str| {
        let bytes = text.as_bytes();
        let size = bytes.len().min(room);
        block[at..at + size].copy_from_slice(&bytes[..size]);
    };
    // A name that is too long is divided at a slash.
    let (prefix, name) = match path.len() > 100 {
        true => path[..path.len() - 1].rsplit_once('/').unwrap_or(("", path)),
        false => ("", path),
    };
    let attributes = &inode.attributes;
    put(0, 100, name);
    put(100, 8, &format!("{:07o}", attributes.mode));
    put(108, 8, &format!("{:07o}", attributes.uid));
    put(116, 8, &format!("{:07o}", attributes.gid));
    put(124, 12, &format!("{size:011o}"));
    put(136, 12, &format!("{:011o}", attributes.modified.unix_secs()));
    put(148, 8, "        ");
    put(157, 100, target);
    put(257, 8, "ustar\u{0}00");
    // Other accounts' names are left out: numbers do as well.
    for (at, id) in [(265, attributes.uid), (297, attributes.gid)] {
        put(at, 32, if id == 0 { "root" } else { "" });
    }
    put(345, 155, prefix);
    block[156] = kind;
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\u{0}").as_bytes());
    block
}

/// One entry of an archive.
struct Entry {
    path: String,
    mode: u32,
    kind: u8,
    target: String,
    bytes: Vec<u8>,
    /// `root/root`, or numbers if the archive has no names.
    owner: String,
    modified: sim::Time,
}

impl Entry {
    /// As `tar tv` shows it.
    fn long(&self) -> String {
        let kind = match self.kind {
            b'5' => Kind::Directory,
            b'2' => Kind::Symlink(self.target.clone()),
            _ => Kind::File(Vec::new()),
        };
        let attributes = Attributes { mode: self.mode, ..Attributes::root(0, self.modified) };
        let permissions = listing::permissions(&Inode { attributes, kind });
        let width = 19_usize.saturating_sub(self.owner.len());
        let c = self.modified.civil();
        let arrow = if self.kind == b'2' { format!(" -> {}", self.target) } else { String::new() };
        format!(
            "{permissions} {}{:>width$} {:04}-{:02}-{:02} {:02}:{:02} {}{arrow}\n",
            self.owner,
            format!(" {}", self.bytes.len()),
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            self.path
        )
    }
}

fn entries(archive: &[u8]) -> Result<Vec<Entry>, &'static str> {
    let (mut rest, mut found) = (archive, Vec::new());
    while let Some((block, after)) = rest.split_at_checked(BLOCK) {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(found);
        }
        let text = |at: usize, room: usize| {
            let field = &block[at..at + room];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(room);
            String::from_utf8_lossy(&field[..end]).trim().to_owned()
        };
        let number = |at: usize, room: usize| u32::from_str_radix(&text(at, room), 8).ok();
        let (Some(size), Some(mode)) = (number(124, 12), number(100, 8)) else {
            return Err("This does not look like a tar archive");
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let filled = size.div_ceil(BLOCK).saturating_mul(BLOCK);
        let bytes = after.get(..size).ok_or("Unexpected EOF in archive")?.to_vec();
        rest = after.get(filled..).unwrap_or_default();
        // Extended headers say what no file needs here.
        if matches!(block[156], b'x' | b'g') {
            continue;
        }
        let prefix = text(345, 155);
        let name = text(0, 100);
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let name_or = |name: String, at: usize| match name.as_str() {
            "" => number(at, 8).unwrap_or(0).to_string(),
            _ => name,
        };
        let owner = format!("{}/{}", name_or(text(265, 32), 108), name_or(text(297, 32), 116));
        let seconds = u64::from(number(136, 12).unwrap_or(0));
        let modified = sim::Time::from_unix_nanos(seconds * 1_000_000_000);
        let (kind, target) = (block[156], text(157, 100));
        found.push(Entry { path, mode, kind, target, bytes, owner, modified });
    }
    if archive.len() < BLOCK { Err("This does not look like a tar archive") } else { Ok(found) }
}

/// A file, or a folder and all that is in it.
fn pack(
    utility: &Utility,
    place: &str,
    path: &str,
    archive: &mut Vec<u8>,
    told: &mut String,
) -> Result<(), Errno> {
    let full = format!("{place}{path}");
    let inode = utility.proc.lstat(&full)?;
    let stored = path.trim_start_matches('/');
    match &inode.kind {
        Kind::Directory => {
            let folder = format!("{}/", stored.trim_end_matches('/'));
            archive.extend(header(&folder, &inode, 0, b'5', ""));
            *told += &format!("{folder}\n");
            for (name, _) in utility.proc.list(&full)? {
                let inner = format!("{}/{name}", path.trim_end_matches('/'));
                pack(utility, place, &inner, archive, told)?;
            }
        }
        Kind::Symlink(target) => {
            archive.extend(header(stored, &inode, 0, b'2', target));
            *told += &format!("{stored}\n");
        }
        Kind::File(_) => {
            let bytes = utility.proc.read_file(&full)?;
            archive.extend(header(stored, &inode, bytes.len(), b'0', ""));
            archive.extend(&bytes);
            archive.resize(archive.len().div_ceil(BLOCK) * BLOCK, 0);
            *told += &format!("{stored}\n");
        }
        _ => {}
    }
    Ok(())
}

fn extract(utility: &Utility, place: &str, entry: &Entry) -> Result<(), Errno> {
    let proc = &utility.proc;
    let path = format!("{place}{}", entry.path.trim_start_matches('/').trim_end_matches('/'));
    let mut at = 0;
    // Folders on the way.
    while let Some(next) = path[at..].find('/') {
        at += next + 1;
        if at > 1 && !proc.exists(&path[..at - 1]) {
            proc.make_directory(&path[..at - 1], 0o755)?;
        }
    }
    match entry.kind {
        b'5' if proc.exists(&path) => {}
        b'5' => proc.make_directory(&path, entry.mode)?,
        b'2' => proc.make_symlink(&entry.target, &path)?,
        _ => {
            proc.write_file(&path, &entry.bytes)?;
            let _ = proc.change_attributes(&path, Some(entry.mode), None, None);
        }
    }
    Ok(())
}

/// `tar -c`.
async fn create(utility: &Utility, parsed: &Arguments, place: &str, file: &str) -> i32 {
    if parsed.operands.is_empty() {
        return utility.error("Cowardly refusing to create an empty archive").await;
    }
    let (mut archive, mut told, mut status) = (Vec::new(), String::new(), 0);
    for path in &parsed.operands {
        if path.starts_with('/') {
            utility.error("Removing leading `/' from member names").await;
        }
        if let Err(errno) = pack(utility, place, path, &mut archive, &mut told) {
            utility.error(format!("{path}: Cannot stat: {errno}")).await;
            status = 2;
        }
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    utility.work(archive.len()).await;
    let made = if parsed.has('z') { wrap(&archive) } else { archive };
    if file == "-" {
        utility.print(&made).await;
    } else if let Err(errno) = utility.proc.write_file(file, &made) {
        utility.error(format!("{file}: Cannot open: {errno}")).await;
        return 2;
    }
    if parsed.has('v') {
        if file == "-" {
            utility.proc.eprint(told).await
        } else {
            utility.print(told).await
        };
    }
    status
}

pub(crate) const TAR: Spec = Spec {
    flags: "cxtzjJvpmf:C:hO",
    long: &[
        ("create", 'c'),
        ("extract", 'x'),
        ("get", 'x'),
        ("list", 't'),
        ("gzip", 'z'),
        ("verbose", 'v'),
        ("file", 'f'),
        ("directory", 'C'),
    ],
    usage: "tar -c|-x|-t [-zv] [-f ARCHIVE] [-C FOLDER] [FILE]...",
    old: Some(|mut args| {
        // The first word may do without its dash: `tar xzf`.
        if let Some(first) = args.first_mut().filter(|first| !first.starts_with('-')) {
            first.insert(0, '-');
        }
        args
    }),
    ..Spec::NONE
};

pub(crate) async fn tar(utility: Utility, parsed: Arguments) -> i32 {
    if parsed.has('j') || parsed.has('J') {
        return utility.error("not simulated: bzip2 and xz").await;
    }
    let place = parsed.value('C').map(|folder| format!("{}/", folder.trim_end_matches('/')));
    let place = place.unwrap_or_default();
    let file = parsed.value('f').unwrap_or("-").to_owned();
    if parsed.has('c') {
        return create(&utility, &parsed, &place, &file).await;
    }
    if !parsed.has('x') && !parsed.has('t') {
        return utility
            .misuse("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options")
            .await;
    }
    let bytes = match utility.read(&file).await {
        Ok(bytes) => bytes,
        Err(errno) => {
            utility.error(format!("{file}: Cannot open: {errno}")).await;
            return 2;
        }
    };
    let is_packed = bytes.starts_with(&[0x1f, 0x8b]);
    let archive = if is_packed { unwrap(&bytes) } else { Ok(bytes) };
    let found = match archive.and_then(|archive| entries(&archive)) {
        Ok(found) => found,
        Err(text) => {
            utility.error(text).await;
            return 2;
        }
    };
    let mut status = 0;
    for entry in found {
        let path = entry.path.trim_end_matches('/');
        let is_wanted = parsed.operands.is_empty()
            || parsed.operands.iter().any(|own| {
                let own = own.trim_end_matches('/');
                path == own || path.starts_with(&format!("{own}/")) || base_name(own) == path
            });
        if !is_wanted {
            continue;
        }
        if parsed.has('t') || parsed.has('v') {
            let is_long = parsed.has('t') && parsed.has('v');
            let line = if is_long { entry.long() } else { format!("{}\n", entry.path) };
            utility.print(line).await;
        }
        if parsed.has('x')
            && let Err(errno) = extract(&utility, &place, &entry)
        {
            utility.error(format!("{path}: Cannot open: {errno}")).await;
            status = 2;
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_can_be_unwrapped_and_garbage_is_refused() {
        for size in [0, 1, 70_000] {
            let bytes = vec![7; size];
            let mut wrapped = wrap(&bytes);
            assert_eq!(unwrap(&wrapped).as_deref(), Ok(&bytes[..]));
            let end = wrapped.len() - 5;
            wrapped[end] ^= 1;
            assert!(unwrap(&wrapped).is_err());
            assert!(unwrap(&wrapped[..end]).is_err());
        }
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(unwrap(b"hello"), Err("not in gzip format"));
        assert!(entries(&[b'x'; 600]).is_err());
        assert!(entries(&[]).is_err());
    }
}
