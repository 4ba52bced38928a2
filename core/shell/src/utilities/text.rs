//! Whole files: `cat`, `tac`, `wc`, `tee`, `nl`, `rev`.

use os::{Errno, Fd};

use super::{Arguments, Spec, Utility, lines_of};

pub(crate) const CAT: Spec = Spec {
    flags: "AbeEnstTuv",
    long: &[
        ("number", 'n'),
        ("show-all", 'A'),
        ("show-ends", 'E'),
        ("show-tabs", 'T'),
        ("number-nonblank", 'b'),
        ("squeeze-blank", 's'),
        ("show-nonprinting", 'v'),
    ],
    usage: "cat [-nbvteA] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn cat(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    let mut printer = Printer::new(&parsed);
    for path in Utility::inputs(&parsed.operands) {
        let fd = if path == "-" { Ok(Fd::STDIN) } else { utility.proc.open_fd(&path) };
        let fd = match fd {
            Ok(fd) => fd,
            Err(errno) => {
                status = utility.error(utility.cannot_open(&path, errno)).await;
                continue;
            }
        };
        loop {
            match utility.proc.read(fd, 65_536).await {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => {
                    let size = bytes.len();
                    let shown = printer.show(bytes);
                    utility.print(shown).await;
                    utility.work(size).await;
                }
                Err(errno) => {
                    status = utility.error(utility.cannot_open(&path, errno)).await;
                    break;
                }
            }
        }
        if fd != Fd::STDIN {
            utility.proc.close(fd);
        }
    }
    status
}

/// What `cat` does to the bytes that it copies.
struct Printer {
    number: bool,
    number_filled: bool,
    ends: bool,
    tabs: bool,
    visible: bool,
    squeeze: bool,
    line: u64,
    at_start: bool,
    empty_count: u32,
}

impl Printer {
    fn new(parsed: &Arguments) -> Self {
        let any = |letters: &str| letters.chars().any(|letter| parsed.has(letter));
        Self {
            number: any("n") && !any("b"),
            number_filled: any("b"),
            ends: any("AeE"),
            tabs: any("AtT"),
            visible: any("AetvV"),
            squeeze: any("s"),
            line: 0,
            at_start: true,
            empty_count: 0,
        }
    }

    fn show(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let plain = !(self.number
            || self.number_filled
            || self.ends
            || self.tabs
            || self.visible
            || self.squeeze);
        if plain {
            return bytes;
        }
        let mut shown = Vec::new();
        for byte in bytes {
            if self.at_start {
                let is_empty = byte == b'\n';
                self.empty_count = if is_empty { self.empty_count + 1 } else { 0 };
                if self.squeeze && self.empty_count > 1 {
                    continue;
                }
                if self.number || self.number_filled && !is_empty {
                    self.line += 1;
                    shown.extend(format!("{:>6}\t", self.line).into_bytes());
                }
                self.at_start = false;
            }
            match byte {
                b'\n' => {
                    if self.ends {
                        shown.push(b'$');
                    }
                    shown.push(b'\n');
                    self.at_start = true;
                }
                b'\t' if self.tabs => shown.extend(b"^I"),
                b'\t' => shown.push(b'\t'),
                byte if self.visible => {
                    let mut byte = byte;
                    if byte >= 128 {
                        shown.extend(b"M-");
                        byte -= 128;
                    }
                    match byte {
                        0..32 => shown.extend([b'^', byte + 64]),
                        127 => shown.extend(b"^?"),
                        byte => shown.push(byte),
                    }
                }
                byte => shown.push(byte),
            }
        }
        shown
    }
}

pub(crate) const TAC: Spec = Spec { lacking: "brs", usage: "tac [FILE]...", ..Spec::NONE };

pub(crate) async fn tac(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else {
            status = 1;
            continue;
        };
        let mut lines = lines_of(&bytes);
        lines.reverse();
        utility.print(lines.concat()).await;
    }
    status
}

pub(crate) const WC: Spec = Spec {
    flags: "lwcmL",
    long: &[
        ("lines", 'l'),
        ("words", 'w'),
        ("bytes", 'c'),
        ("chars", 'm'),
        ("max-line-length", 'L'),
        ("files0-from", '\0'),
    ],
    usage: "wc [-cmlwL] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn wc(utility: Utility, parsed: Arguments) -> i32 {
    let chosen: Vec<char> = "lwmcL".chars().filter(|letter| parsed.has(*letter)).collect();
    let chosen = if chosen.is_empty() { vec!['l', 'w', 'c'] } else { chosen };
    let paths = Utility::inputs(&parsed.operands);
    let mut rows: Vec<(Vec<usize>, String)> = Vec::new();
    let mut status = 0;
    for path in &paths {
        match utility.read(path).await {
            Ok(bytes) => {
                utility.work(bytes.len()).await;
                let name = if path == "-" && parsed.operands.is_empty() { "" } else { path };
                rows.push((counts(&bytes, &chosen), name.to_owned()));
            }
            Err(errno) => {
                status = utility.error(utility.cannot_open(path, errno)).await;
                if errno == Errno::IsDirectory && utility.gnu {
                    rows.push((vec![0; chosen.len()], path.clone()));
                }
            }
        }
    }
    if paths.len() > 1 {
        let totals = (0..chosen.len()).map(|column| rows.iter().map(|row| row.0[column]).sum());
        rows.push((totals.collect(), "total".to_owned()));
    }
    let width = match () {
        () if !utility.gnu && chosen.len() > 1 => 9,
        () if chosen.len() == 1 && paths.len() == 1 => 1,
        () => {
            // GNU takes what is no file to need seven columns.
            let size = |path: &String| match path.as_str() {
                "-" => utility.proc.stat_fd(Fd::STDIN).map_or(9_999_999, |inode| inode.size()),
                path => utility.proc.stat(path).map_or(0, |inode| inode.size()),
            };
            paths.iter().map(size).sum::<u64>().to_string().len()
        }
    };
    let mut text = String::new();
    for (numbers, name) in rows {
        let numbers: Vec<String> =
            numbers.iter().map(|number| format!("{number:>width$}")).collect();
        text.push_str(&numbers.join(" "));
        if !name.is_empty() {
            text.push_str(&format!(" {name}"));
        }
        text.push('\n');
    }
    utility.print(text).await;
    status
}

fn counts(bytes: &[u8], chosen: &[char]) -> Vec<usize> {
    let text = String::from_utf8_lossy(bytes);
    let one = |letter: &char| match letter {
        'l' => bytes.iter().filter(|byte| **byte == b'\n').count(),
        'w' => text.split_whitespace().count(),
        'm' => text.chars().count(),
        'c' => bytes.len(),
        _ => text.lines().map(|line| line.chars().count()).max().unwrap_or(0),
    };
    chosen.iter().map(one).collect()
}

pub(crate) const TEE: Spec = Spec {
    flags: "ai",
    long: &[("append", 'a'), ("ignore-interrupts", 'i')],
    lacking: "p",
    usage: "tee [-ai] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn tee(utility: Utility, parsed: Arguments) -> i32 {
    let (mut fds, mut status) = (Vec::new(), 0);
    for path in &parsed.operands {
        match utility.proc.open_write(path, parsed.has('a')) {
            Ok(handle) => fds.push(utility.proc.add_handle(handle)),
            Err(errno) => status = utility.error(format!("{path}: {errno}")).await,
        }
    }
    loop {
        match utility.proc.read(Fd::STDIN, 65_536).await {
            Ok(bytes) if bytes.is_empty() => return status,
            Ok(bytes) => {
                utility.print(&bytes).await;
                for fd in &fds {
                    if let Err(errno) = utility.proc.write(*fd, &bytes).await {
                        status = utility.error(format!("write error: {errno}")).await;
                    }
                }
                utility.work(bytes.len()).await;
            }
            Err(errno) => return utility.error(format!("read error: {errno}")).await,
        }
    }
}

pub(crate) const NL: Spec = Spec {
    flags: "b:w:s:v:",
    long: &[("body-numbering", 'b'), ("number-width", 'w'), ("number-separator", 's')],
    lacking: "dfhilnp",
    usage: "nl [OPTIONS] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn nl(utility: Utility, parsed: Arguments) -> i32 {
    let all = parsed.value('b') == Some("a");
    let width: usize = parsed.value('w').and_then(|text| text.parse().ok()).unwrap_or(6).min(100);
    let separator = parsed.value('s').unwrap_or("\t");
    let mut number: u64 = parsed.value('v').and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut status = 0;
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else {
            status = 1;
            continue;
        };
        let mut text = String::new();
        for line in lines_of(&bytes) {
            if all || !line.trim_end_matches('\n').is_empty() {
                text.push_str(&format!("{number:>width$}{separator}{line}"));
                number += 1;
            } else {
                text.push_str(&format!("{:width$} {line}", ""));
            }
        }
        utility.print(text).await;
    }
    status
}

pub(crate) const REV: Spec = Spec { usage: "rev [FILE]...", ..Spec::NONE };

pub(crate) async fn rev(utility: Utility, parsed: Arguments) -> i32 {
    let mut status = 0;
    for path in Utility::inputs(&parsed.operands) {
        let Some(bytes) = utility.read_or_tell(&path).await else {
            status = 1;
            continue;
        };
        let turn = |line: String| {
            let body: String = line.trim_end_matches('\n').chars().rev().collect();
            if line.ends_with('\n') { body + "\n" } else { body }
        };
        utility.print(lines_of(&bytes).into_iter().map(turn).collect::<String>()).await;
    }
    status
}
