//! Random and large data: `openssl rand`, `uuidgen`, `pwgen`, `dd`, `truncate`, `shred`, `shuf`.

use os::Fd;

use super::{Arguments, Spec, Utility, binary, digest};

/// The commands of `openssl` that [`openssl`] runs.
pub const OPENSSL_COMMANDS: &[&str] =
    &["rand", "base64", "enc", "dgst", "md5", "sha1", "sha256", "sha512"];

/// `openssl`'s commands that make random data, checksums and base64.
pub async fn openssl(proc: os::Proc) -> i32 {
    let utility = Utility::of(proc, "openssl", true);
    let Some((command, args)) = utility.args.split_first() else { return 1 };
    match command.as_str() {
        "rand" => rand(&utility, args).await,
        "base64" | "enc" => base64(&utility, command, args).await,
        _ => dgst(&utility, command, args).await,
    }
}

async fn rand(utility: &Utility, args: &[String]) -> i32 {
    let (mut form, mut output, mut size) = ("", None, None);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "-base64" | "-hex" => form = arg,
            "-out" => output = rest.next().cloned(),
            number => match number.parse::<usize>() {
                Ok(number) if number <= 1 << 20 => size = Some(number),
                _ => {
                    let text =
                        format!("Usage: rand [options] num\nrand: unknown option {number}\n");
                    utility.proc.eprint(text).await;
                    return 1;
                }
            },
        }
    }
    let Some(size) = size else {
        utility.proc.eprint("Usage: rand [options] num\n").await;
        return 1;
    };
    let bytes = utility.proc.random(size);
    let shown = match form {
        "-hex" => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{digits}\n").into_bytes()
        }
        "-base64" => wrapped(&bytes),
        _ => bytes,
    };
    write(utility, output, &shown).await
}

/// Base64 as openssl prints it: lines of 64.
fn wrapped(bytes: &[u8]) -> Vec<u8> {
    let text = binary::encode(bytes);
    let lines = text.as_bytes().chunks(64).map(|line| [line, b"\n"].concat());
    lines.collect::<Vec<_>>().concat()
}

async fn write(utility: &Utility, output: Option<String>, bytes: &[u8]) -> i32 {
    let Some(path) = output else {
        utility.print(bytes).await;
        return 0;
    };
    match utility.proc.write_file(&path, bytes) {
        Ok(()) => 0,
        Err(errno) => utility.error(format!("{path}: {errno}")).await,
    }
}

async fn base64(utility: &Utility, command: &str, args: &[String]) -> i32 {
    let (mut decodes, mut one_line, mut is_base64) = (false, false, command == "base64");
    let (mut input, mut output) = ("-".to_owned(), None);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "-d" => decodes = true,
            "-e" => {}
            "-A" => one_line = true,
            "-base64" | "-a" => is_base64 = true,
            "-in" => input = rest.next().cloned().unwrap_or_default(),
            "-out" => output = rest.next().cloned(),
            other => return utility.error(format!("not simulated: {command} {other}")).await,
        }
    }
    if !is_base64 {
        return utility.error(format!("not simulated: {command} without -base64")).await;
    }
    let bytes = match utility.read(&input).await {
        Ok(bytes) => bytes,
        Err(errno) => return utility.error(format!("{input}: {errno}")).await,
    };
    let shown = match (decodes, one_line) {
        (true, _) => binary::decode(&bytes, false).0,
        (false, true) => binary::encode(&bytes).into_bytes(),
        (false, false) => wrapped(&bytes),
    };
    write(utility, output, &shown).await
}

async fn dgst(utility: &Utility, command: &str, args: &[String]) -> i32 {
    let named = args.iter().find_map(|arg| {
        let name = arg.strip_prefix('-')?;
        digest::digest(name, b"").map(|_| name.to_owned())
    });
    let algorithm =
        named.unwrap_or_else(|| if command == "dgst" { "sha256" } else { command }.to_owned());
    let mut status = 0;
    let paths: Vec<String> = args.iter().filter(|arg| !arg.starts_with('-')).cloned().collect();
    for path in Utility::inputs(&paths) {
        match utility.read(&path).await {
            Ok(bytes) => {
                let sum = digest::digest(&algorithm, &bytes).unwrap_or_default();
                let name = if path == "-" { "stdin" } else { path.as_str() };
                let label = algorithm.to_uppercase();
                let shown = if path == "-" {
                    format!("({name})= {sum}\n")
                } else {
                    format!("{label}({name})= {sum}\n")
                };
                utility.print(shown).await;
            }
            Err(errno) => status = utility.error(format!("{path}: {errno}")).await,
        }
    }
    status
}

/// A random UUID, version 4.
pub(crate) async fn uuidgen(utility: Utility) -> i32 {
    let mut bytes = utility.proc.random(16);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    utility.print(format!("{}\n", parts.join("-"))).await;
    0
}

/// Passwords of so many characters, so many of them.
pub(crate) async fn pwgen(utility: Utility) -> i32 {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let mut numbers =
        utility.args.iter().filter(|arg| !arg.starts_with('-')).map(|arg| arg.parse());
    let (Ok(size), Ok(count)) =
        (numbers.next().unwrap_or(Ok(8_usize)), numbers.next().unwrap_or(Ok(1_usize)))
    else {
        return utility.error("a length and a number are whole numbers").await;
    };
    for _ in 0..count.min(1_000) {
        let bytes = utility.proc.random(size.min(1_000));
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        let word: String = bytes.iter().map(letter).collect();
        utility.print(format!("{word}\n")).await;
    }
    0
}

/// A size such as `10`, `1K`, `4M`, `1kB`.
fn size_of(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|char: char| !char.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "" | "c" => 1,
        "b" => 512,
        "K" | "k" | "KiB" => 1 << 10,
        "kB" | "KB" => 1_000,
        "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

/// No file that a student makes is larger.
const SIZE_MAX: usize = 64 << 20;

pub(crate) async fn dd(utility: Utility) -> i32 {
    let (mut input, mut output, mut block, mut count, mut quiet) = (None, None, 512, None, false);
    for arg in &utility.args {
        let Some((name, value)) = arg.split_once('=') else {
            return utility.error(format!("unrecognized operand \u{2018}{arg}\u{2019}")).await;
        };
        let size = size_of(value);
        match (name, size) {
            ("if", _) => input = Some(value.to_owned()),
            ("of", _) => output = Some(value.to_owned()),
            ("bs", Some(size)) if size > 0 => block = size,
            ("count", Some(size)) => count = Some(size),
            ("status", _) => quiet = value == "none",
            ("bs" | "count", _) => {
                return utility.error(format!("invalid number: \u{2018}{value}\u{2019}")).await;
            }
            ("conv" | "iflag" | "oflag" | "ibs" | "obs" | "skip" | "seek", _) => {
                return utility.error(format!("not simulated: {name}=")).await;
            }
            _ => return utility.error(format!("unrecognized operand \u{2018}{arg}\u{2019}")).await,
        }
    }
    let fd = match &input {
        None => Fd::STDIN,
        Some(path) => match utility.proc.open_fd(path) {
            Ok(fd) => fd,
            Err(errno) => {
                return utility
                    .error(format!("failed to open \u{2018}{path}\u{2019}: {errno}"))
                    .await;
            }
        },
    };
    let started = utility.proc.now();
    let limit = count.and_then(|count| count.checked_mul(block)).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while bytes.len() < limit {
        let wanted = (limit - bytes.len()).min(65_536);
        match utility.proc.read(fd, wanted).await {
            Ok(more) if more.is_empty() => break,
            Ok(more) => bytes.extend(more),
            Err(errno) => return utility.error(format!("error reading: {errno}")).await,
        }
        if bytes.len() > SIZE_MAX {
            return utility.error("not simulated: more than 64 MB").await;
        }
    }
    match &output {
        None => utility.print(&bytes).await,
        Some(path) => {
            if let Err(errno) = utility.proc.write_file(path, &bytes) {
                return utility
                    .error(format!("failed to open \u{2018}{path}\u{2019}: {errno}"))
                    .await;
            }
        }
    }
    if !quiet {
        let records = format!("{}+{}", bytes.len() / block, usize::from(bytes.len() % block > 0));
        let size = bytes.len();
        let micros = utility.proc.now().since(started).as_nanos() / 1_000;
        let text = format!(
            "{records} records in\n{records} records out\n{size} bytes copied, {}.{:06} s\n",
            micros / 1_000_000,
            micros % 1_000_000
        );
        utility.proc.eprint(text).await;
    }
    0
}

pub(crate) const TRUNCATE: Spec = Spec {
    flags: "s:c",
    long: &[("size", 's'), ("no-create", 'c')],
    lacking: "or",
    usage: "truncate [-c] -s SIZE FILE...",
    ..Spec::NONE
};

pub(crate) async fn truncate(utility: Utility, parsed: Arguments) -> i32 {
    let Some(text) = parsed.value('s') else {
        return utility
            .misuse("you must specify either \u{2018}--size\u{2019} or \u{2018}--reference\u{2019}")
            .await;
    };
    let Some(size) = size_of(text).filter(|size| *size <= SIZE_MAX) else {
        return utility.error(format!("Invalid number: \u{2018}{text}\u{2019}")).await;
    };
    if parsed.operands.is_empty() {
        return utility.misuse("missing file operand").await;
    }
    let mut status = 0;
    for path in &parsed.operands {
        let mut bytes = utility.proc.read_file(path).unwrap_or_default();
        bytes.resize(size, 0);
        if let Err(errno) = utility.proc.write_file(path, &bytes) {
            let message = format!("cannot open \u{2018}{path}\u{2019} for writing: {errno}");
            status = utility.error(message).await;
        }
    }
    status
}

pub(crate) const SHRED: Spec = Spec {
    flags: "uzvfn:",
    long: &[("remove", 'u'), ("zero", 'z'), ("verbose", 'v'), ("force", 'f'), ("iterations", 'n')],
    lacking: "sx",
    needs: Some("missing file operand"),
    usage: "shred [-fuz] [-n N] FILE...",
    ..Spec::NONE
};

/// Overwrites files, and removes them with `-u`. The simulated disk keeps nothing of what was there.
pub(crate) async fn shred(utility: Utility, parsed: Arguments) -> i32 {
    let passes = parsed.value('n').and_then(|text| text.parse().ok()).unwrap_or(3).min(100);
    let mut status = 0;
    for path in &parsed.operands {
        let size = match utility.proc.read_file(path) {
            Ok(bytes) => bytes.len(),
            Err(errno) => {
                status =
                    utility.error(format!("{path}: failed to open for writing: {errno}")).await;
                continue;
            }
        };
        let all = passes + usize::from(parsed.has('z'));
        for pass in 1..=all {
            let zeros = pass > passes;
            let bytes = if zeros { vec![0; size] } else { utility.proc.random(size) };
            if let Err(errno) = utility.proc.write_file(path, &bytes) {
                return utility.error(format!("{path}: failed to open for writing: {errno}")).await;
            }
            if parsed.has('v') {
                let what = if zeros { "000000" } else { "random" };
                utility.error(format!("{path}: pass {pass}/{all} ({what})...")).await;
            }
        }
        if parsed.has('u')
            && let Err(errno) = utility.proc.remove_file(path)
        {
            status = utility.error(format!("{path}: failed to remove: {errno}")).await;
        }
    }
    status
}

pub(crate) const SHUF: Spec = Spec {
    flags: "en:i:",
    long: &[("echo", 'e'), ("head-count", 'n'), ("input-range", 'i'), ("random-source", '\0')],
    lacking: "orz",
    usage: "shuf [-e|-i L-H] [-n NUM] [FILE|ARG...]",
    ..Spec::NONE
};

/// `shuf`: lines, words or numbers in random order.
pub(crate) async fn shuf(utility: Utility, parsed: Arguments) -> i32 {
    let mut lines: Vec<String> = if let Some(range) = parsed.value('i') {
        let bounds = range.split_once('-').map(|(low, high)| (low.parse(), high.parse::<u32>()));
        match bounds {
            Some((Ok(low), Ok(high))) if low <= high && high - low < 1 << 20 => {
                (low..=high).map(|number| number.to_string()).collect()
            }
            _ => {
                return utility
                    .error(format!("invalid input range: \u{2018}{range}\u{2019}"))
                    .await;
            }
        }
    } else if parsed.has('e') {
        parsed.operands.clone()
    } else {
        let path = parsed.operands.first().map_or("-", String::as_str);
        let Some(bytes) = utility.read_or_tell(path).await else { return 1 };
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    };
    let count = match parsed.value('n').map(str::parse::<usize>) {
        Some(Ok(count)) => count.min(lines.len()),
        Some(Err(_)) => return utility.error("invalid line count").await,
        None => lines.len(),
    };
    for place in 0..count {
        let bytes = utility.proc.random(4);
        let number =
            bytes.iter().fold(0_usize, |sum, byte| (sum << 8 | usize::from(*byte)) & 0xff_ffff);
        let other = place + number % (lines.len() - place);
        lines.swap(place, other);
    }
    lines.truncate(count);
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    utility.work(text.len()).await;
    utility.print(text).await;
    0
}
