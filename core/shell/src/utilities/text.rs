//! Whole files: `cat`, `tac`, `head`, `tail`, `wc`, `tee`, `nl`, `rev`.

use os::{Errno, Fd};
use sim::Duration;

use super::{Arguments, Spec, Utility, lines_of};

pub(crate) async fn cat(utility: Utility) -> i32 {
    let spec = Spec {
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
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
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

pub(crate) async fn tac(utility: Utility) -> i32 {
    let spec = Spec { lacking: "brs", usage: "tac [FILE]...", ..Spec::default() };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
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

/// How much `head` and `tail` show.
#[derive(Clone, Copy)]
struct Amount {
    count: usize,
    bytes: bool,
    /// `head -n -3`: all but the last; `tail -n +3`: from there on.
    other_side: bool,
}

/// `-5` is `-n 5`.
fn modern(args: &[String]) -> Vec<String> {
    let mut args = args.to_vec();
    if let Some(first) = args.first_mut() {
        let old = first.strip_prefix('-').filter(|digits| {
            !digits.is_empty() && digits.chars().all(|char| char.is_ascii_digit())
        });
        if let Some(digits) = old {
            *first = format!("-n{digits}");
        }
    }
    args
}

async fn amount(utility: &Utility, parsed: &Arguments, sign: char) -> Result<Amount, i32> {
    let last = parsed.options.iter().rev().find(|(letter, _)| matches!(letter, 'n' | 'c'));
    let Some((letter, text)) = last else {
        return Ok(Amount { count: 10, bytes: false, other_side: false });
    };
    let other_side = text.starts_with(sign);
    let digits = text.trim_start_matches(['+', '-']);
    let (digits, factor) = match digits.chars().last() {
        Some('k' | 'K') => (&digits[..digits.len() - 1], 1024),
        Some('b') => (&digits[..digits.len() - 1], 512),
        Some('m' | 'M') => (&digits[..digits.len() - 1], 1024 * 1024),
        _ => (digits, 1),
    };
    match digits.parse::<usize>() {
        Ok(count) => {
            Ok(Amount { count: count.saturating_mul(factor), bytes: *letter == 'c', other_side })
        }
        Err(_) => {
            let what = if *letter == 'c' { "bytes" } else { "lines" };
            let message = if utility.gnu {
                format!("invalid number of {what}: \u{2018}{text}\u{2019}")
            } else {
                format!("invalid number '{text}'")
            };
            Err(utility.error(message).await)
        }
    }
}

pub(crate) async fn head(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "n:c:qv",
        long: &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q'), ("silent", 'q'), ("verbose", 'v')],
        lacking: "z",
        usage: "head [OPTIONS] [FILE]...",
        ..Spec::default()
    };
    let utility = Utility { args: modern(&utility.args), ..utility };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let amount = match amount(&utility, &parsed, '-').await {
        Ok(amount) => amount,
        Err(code) => return code,
    };
    let paths = Utility::inputs(&parsed.operands);
    let titles = (paths.len() > 1 || parsed.has('v')) && !parsed.has('q');
    let (mut status, mut is_first) = (0, true);
    for path in &paths {
        match read_head(&utility, path, amount).await {
            Ok(bytes) => {
                if titles {
                    title(&utility, path, &mut is_first).await;
                }
                utility.print(bytes).await;
            }
            Err(errno) => status = cannot_read(&utility, path, errno).await,
        }
    }
    status
}

async fn title(utility: &Utility, path: &str, is_first: &mut bool) {
    let gap = if std::mem::take(is_first) { "" } else { "\n" };
    let name = if path == "-" { "standard input" } else { path };
    utility.print(format!("{gap}==> {name} <==\n")).await;
}

async fn cannot_read(utility: &Utility, path: &str, errno: Errno) -> i32 {
    let message = match (utility.gnu, errno) {
        (true, Errno::IsDirectory) => format!("error reading '{path}': {errno}"),
        (true, errno) => format!("cannot open '{path}' for reading: {errno}"),
        (false, errno) => {
            utility.cannot_open(path, errno).replace("can't open '", "").replace("':", ":")
        }
    };
    utility.error(message).await
}

/// Reads no more than is wanted, so that a writer is ended early.
async fn read_head(utility: &Utility, path: &str, amount: Amount) -> Result<Vec<u8>, Errno> {
    let fd = if path == "-" { Fd::STDIN } else { utility.proc.open_fd(path)? };
    let mut all = Vec::new();
    let mut result = Ok(());
    loop {
        let lines = all.iter().filter(|byte| **byte == b'\n').count();
        let enough = if amount.bytes { all.len() >= amount.count } else { lines >= amount.count };
        if enough && !amount.other_side {
            break;
        }
        match utility.proc.read(fd, 8_192).await {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => {
                utility.work(bytes.len()).await;
                all.extend(bytes);
            }
            Err(errno) => {
                result = Err(errno);
                break;
            }
        }
    }
    if path != "-" {
        utility.proc.close(fd);
    }
    result?;
    if amount.bytes {
        let size =
            if amount.other_side { all.len().saturating_sub(amount.count) } else { amount.count };
        all.truncate(size);
        return Ok(all);
    }
    let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
    let keep =
        if amount.other_side { lines.len().saturating_sub(amount.count) } else { amount.count };
    Ok(lines[..keep.min(lines.len())].concat())
}

pub(crate) async fn tail(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "n:c:fFqvs:",
        long: &[
            ("lines", 'n'),
            ("bytes", 'c'),
            ("follow", 'f'),
            ("quiet", 'q'),
            ("silent", 'q'),
            ("verbose", 'v'),
            ("sleep-interval", 's'),
            ("pid", '\0'),
            ("retry", '\0'),
        ],
        lacking: "z",
        usage: "tail [OPTIONS] [FILE]...",
        ..Spec::default()
    };
    let utility = Utility { args: modern(&utility.args), ..utility };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let amount = match amount(&utility, &parsed, '+').await {
        Ok(amount) => amount,
        Err(code) => return code,
    };
    let paths = Utility::inputs(&parsed.operands);
    let titles = (paths.len() > 1 || parsed.has('v')) && !parsed.has('q');
    let (mut status, mut is_first) = (0, true);
    let mut followed = Vec::new();
    for path in &paths {
        match utility.read(path).await {
            Ok(bytes) => {
                if titles {
                    title(&utility, path, &mut is_first).await;
                }
                utility.print(last_part(&bytes, amount)).await;
                followed.push((path.clone(), bytes.len()));
            }
            Err(errno) => status = cannot_read(&utility, path, errno).await,
        }
    }
    let follows = parsed.has('f') || parsed.has('F');
    followed.retain(|(path, _)| path != "-");
    while follows && !followed.is_empty() {
        if utility.proc.sleep(Duration::from_secs(1)).await.is_err() {
            return 1;
        }
        for (path, size) in &mut followed {
            let Ok(bytes) = utility.proc.read_file(path) else { continue };
            if bytes.len() < *size {
                utility.error(format!("{path}: file truncated")).await;
                *size = 0;
            }
            if bytes.len() > *size {
                if titles {
                    title(&utility, path, &mut is_first).await;
                }
                utility.print(&bytes[*size..]).await;
                *size = bytes.len();
            }
        }
    }
    status
}

fn last_part(bytes: &[u8], amount: Amount) -> Vec<u8> {
    let from = |size: usize| {
        if amount.other_side {
            amount.count.saturating_sub(1).min(size)
        } else {
            size.saturating_sub(amount.count)
        }
    };
    if amount.bytes {
        return bytes[from(bytes.len())..].to_vec();
    }
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    lines[from(lines.len())..].concat()
}

pub(crate) async fn wc(utility: Utility) -> i32 {
    let spec = Spec {
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
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
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

pub(crate) async fn tee(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "ai",
        long: &[("append", 'a'), ("ignore-interrupts", 'i')],
        lacking: "p",
        usage: "tee [-ai] [FILE]...",
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
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

pub(crate) async fn nl(utility: Utility) -> i32 {
    let spec = Spec {
        flags: "b:w:s:v:",
        long: &[("body-numbering", 'b'), ("number-width", 'w'), ("number-separator", 's')],
        lacking: "dfhilnp",
        usage: "nl [OPTIONS] [FILE]...",
        ..Spec::default()
    };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
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

pub(crate) async fn rev(utility: Utility) -> i32 {
    let spec = Spec { usage: "rev [FILE]...", ..Spec::default() };
    let parsed = match utility.parse(&spec).await {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
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
