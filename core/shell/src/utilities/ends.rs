//! The ends of files: `head` and `tail`.

use os::{Errno, Fd};
use sim::Duration;

use super::{Arguments, Spec, Utility};

/// How much `head` and `tail` show.
#[derive(Clone, Copy)]
struct Amount {
    count: usize,
    bytes: bool,
    /// `head -n -3`: all but the last; `tail -n +3`: from there on.
    other_side: bool,
}

/// `-5` is `-n 5`.
fn modern(mut args: Vec<String>) -> Vec<String> {
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

pub(crate) const HEAD: Spec = Spec {
    flags: "n:c:qv",
    long: &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q'), ("silent", 'q'), ("verbose", 'v')],
    lacking: "z",
    usage: "head [OPTIONS] [FILE]...",
    old: Some(modern),
    ..Spec::NONE
};

pub(crate) async fn head(utility: Utility, parsed: Arguments) -> i32 {
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

pub(crate) const TAIL: Spec = Spec {
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
    old: Some(modern),
    ..Spec::NONE
};

pub(crate) async fn tail(utility: Utility, parsed: Arguments) -> i32 {
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
