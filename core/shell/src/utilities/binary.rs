//! Bytes made visible: `base64`, `od -c`, `hexdump`, `xxd`.

use os::Fd;

use super::{Arguments, Spec, Utility};

/// So much is encoded at once: a multiple of three.
const CHUNK: usize = 12_288;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            if index <= chunk.len() {
                let six = bits >> (18 - 6 * index) & 63;
                text.push(char::from(ALPHABET[six as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// The bytes, and whether all of the text was base64.
pub(super) fn decode(text: &[u8], ignore: bool) -> (Vec<u8>, bool) {
    let (mut bytes, mut bits, mut count, mut padding) = (Vec::new(), 0_u32, 0, 0);
    for byte in text {
        if byte.is_ascii_whitespace() {
            continue;
        }
        if *byte == b'=' {
            padding += 1;
            continue;
        }
        let Some(six) = ALPHABET.iter().position(|own| own == byte) else {
            if ignore {
                continue;
            }
            return (bytes, false);
        };
        bits = bits << 6 | u32::try_from(six).unwrap_or(0);
        count += 1;
        if count % 4 == 0 {
            bytes.extend(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    let left = count % 4;
    if left > 1 {
        let full = (bits << (6 * (4 - left))).to_be_bytes();
        bytes.extend(&full[1..left]);
    }
    let fits = left == 0 && padding == 0 || left > 1 && padding == 4 - left;
    (bytes, fits)
}

pub(crate) const BASE64: Spec = Spec {
    flags: "dDiw:",
    long: &[("decode", 'd'), ("ignore-garbage", 'i'), ("wrap", 'w')],
    usage: "base64 [-d] [FILE]",
    ..Spec::NONE
};

pub(crate) async fn base64(utility: Utility, parsed: Arguments) -> i32 {
    let path = parsed.operands.first().map_or("-", String::as_str);
    if parsed.has('d') || parsed.has('D') {
        let Some(bytes) = utility.read_or_tell(path).await else { return 1 };
        utility.work(bytes.len()).await;
        let (decoded, fits) = decode(&bytes, parsed.has('i'));
        utility.print(decoded).await;
        if !fits {
            let message = if utility.gnu { "invalid input" } else { "truncated input" };
            return utility.error(message).await;
        }
        return 0;
    }
    let Ok(wrap) = parsed.value('w').unwrap_or("76").parse::<usize>() else {
        let text = parsed.value('w').unwrap_or_default();
        return utility.error(format!("invalid wrap size: \u{2018}{text}\u{2019}")).await;
    };
    encode_all(&utility, path, wrap).await
}

/// Encodes as it reads: the input may have no end.
async fn encode_all(utility: &Utility, path: &str, wrap: usize) -> i32 {
    let fd = match path {
        "-" => Ok(Fd::STDIN),
        path => utility.proc.open_fd(path),
    };
    let fd = match fd {
        Ok(fd) => fd,
        Err(errno) => return utility.error(utility.cannot_open(path, errno)).await,
    };
    let (mut rest, mut column, mut is_last) = (Vec::new(), 0, false);
    while !is_last {
        // Whole groups of three, so that what is printed needs no filling up before the end.
        while rest.len() < CHUNK && !is_last {
            match utility.proc.read(fd, CHUNK).await {
                Ok(more) if more.is_empty() => is_last = true,
                Ok(more) => rest.extend(more),
                Err(errno) => return utility.error(format!("{path}: {errno}")).await,
            }
        }
        let size = if is_last { rest.len() } else { rest.len() / 3 * 3 };
        utility.work(size).await;
        let text = encode(&rest.drain(..size).collect::<Vec<u8>>());
        let mut shown = String::new();
        for char in text.chars() {
            if wrap > 0 && column == wrap {
                shown.push('\n');
                column = 0;
            }
            shown.push(char);
            column += 1;
        }
        if is_last && wrap > 0 && column > 0 {
            shown.push('\n');
        }
        // Nobody reads any more: SIGPIPE.
        if utility.proc.write(Fd::STDOUT, shown.as_bytes()).await.is_err() {
            return 141;
        }
    }
    0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All input as one, with its limits (`-n`, `-N`, `-l` and `-s`) applied; the offset it starts at.
async fn input(
    utility: &Utility,
    parsed: &Arguments,
    length: char,
    skip: char,
) -> Result<(Vec<u8>, usize), i32> {
    let mut all = Vec::new();
    for path in Utility::inputs(&parsed.operands) {
        match utility.read_or_tell(&path).await {
            Some(bytes) => all.extend(bytes),
            None => return Err(1),
        }
    }
    utility.work(all.len()).await;
    let number = |letter: char| {
        parsed.value(letter).and_then(|text| match text.strip_prefix("0x") {
            Some(hex) => usize::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        })
    };
    let offset = number(skip).unwrap_or(0).min(all.len());
    let mut bytes = all.split_off(offset);
    bytes.truncate(number(length).unwrap_or(usize::MAX));
    Ok((bytes, offset))
}

/// A line for each 16 bytes; lines that repeat the one before are shown as one `*`.
fn dump(bytes: &[u8], offset: usize, line: impl Fn(usize, &[u8]) -> String) -> String {
    let mut text = String::new();
    let (mut last, mut starred): (Option<&[u8]>, bool) = (None, false);
    for (index, chunk) in bytes.chunks(16).enumerate() {
        if last == Some(chunk) && chunk.len() == 16 {
            if !starred {
                text.push_str("*\n");
            }
            starred = true;
            continue;
        }
        starred = false;
        last = Some(chunk);
        text.push_str(&line(offset + index * 16, chunk));
    }
    text
}

fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' })
        .collect()
}

pub(crate) const OD: Spec = Spec {
    flags: "cbxoA:t:N:j:v",
    long: &[("address-radix", 'A'), ("format", 't'), ("read-bytes", 'N'), ("skip-bytes", 'j')],
    lacking: "adfilsSw",
    usage: "od [-abcdfhilovxs] [-t TYPE] [-A RADIX] [-N SIZE] [-j SKIP] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn od(utility: Utility, parsed: Arguments) -> i32 {
    let kind = match parsed.value('t') {
        Some(kind @ ("c" | "x1" | "o1" | "x2" | "o2" | "u1" | "d1")) => kind.to_owned(),
        Some(kind) => return utility.error(format!("not simulated: -t {kind}")).await,
        None if parsed.has('c') => "c".to_owned(),
        None if parsed.has('b') => "o1".to_owned(),
        None if parsed.has('x') => "x2".to_owned(),
        None => "o2".to_owned(),
    };
    let (bytes, offset) = match input(&utility, &parsed, 'N', 'j').await {
        Ok(input) => input,
        Err(code) => return code,
    };
    let radix = parsed.value('A').unwrap_or("o");
    let address = |at: usize| match radix {
        "x" => format!("{at:06x}"),
        "d" => format!("{at:07}"),
        "n" => String::new(),
        _ => format!("{at:07o}"),
    };
    let line = |at: usize, chunk: &[u8]| {
        let mut text = address(at);
        let step = if kind.ends_with('2') { 2 } else { 1 };
        for piece in chunk.chunks(step) {
            let word = u16::from(piece[0]) | u16::from(piece.get(1).copied().unwrap_or(0)) << 8;
            text.push_str(&match (kind.as_str(), piece[0]) {
                ("c", 0) => "  \\0".to_owned(),
                ("c", 7) => "  \\a".to_owned(),
                ("c", 8) => "  \\b".to_owned(),
                ("c", b'\t') => "  \\t".to_owned(),
                ("c", b'\n') => "  \\n".to_owned(),
                ("c", 11) => "  \\v".to_owned(),
                ("c", 12) => "  \\f".to_owned(),
                ("c", b'\r') => "  \\r".to_owned(),
                ("c", byte @ 32..127) => format!("   {}", char::from(byte)),
                ("c" | "o1", byte) => format!(" {byte:03o}"),
                ("x1", byte) => format!(" {byte:02x}"),
                ("u1", byte) => format!(" {byte:>3}"),
                ("d1", byte) => format!(" {:>4}", byte.cast_signed()),
                ("x2", _) => format!(" {word:04x}"),
                _ => format!(" {word:06o}"),
            });
        }
        text + "\n"
    };
    let mut text = dump(&bytes, offset, line);
    if radix != "n" {
        text.push_str(&format!("{}\n", address(offset + bytes.len())));
    }
    utility.print(text).await;
    0
}

pub(crate) const HEXDUMP: Spec = Spec {
    flags: "Cvn:s:x",
    long: &[("canonical", 'C'), ("length", 'n'), ("skip", 's')],
    lacking: "bcdoef",
    usage: "hexdump [-bcCdefnosvx] [FILE]...",
    ..Spec::NONE
};

pub(crate) async fn hexdump(utility: Utility, parsed: Arguments) -> i32 {
    let (bytes, offset) = match input(&utility, &parsed, 'n', 's').await {
        Ok(input) => input,
        Err(code) => return code,
    };
    let canonical = parsed.has('C');
    let line = |at: usize, chunk: &[u8]| {
        if !canonical {
            let words = chunk.chunks(2).map(|piece| {
                u16::from(piece[0]) | u16::from(piece.get(1).copied().unwrap_or(0)) << 8
            });
            let words: String = words.map(|word| format!(" {word:04x}")).collect();
            return format!("{at:07x}{words:<40}\n");
        }
        let mut cells = String::new();
        for index in 0..16 {
            if index == 8 {
                cells.push(' ');
            }
            cells.push_str(
                &chunk.get(index).map_or("   ".to_owned(), |byte| format!("{byte:02x} ")),
            );
        }
        format!("{at:08x}  {cells} |{}|\n", printable(chunk))
    };
    let mut text = dump(&bytes, offset, line);
    if !bytes.is_empty() {
        let end = offset + bytes.len();
        text.push_str(&if canonical { format!("{end:08x}\n") } else { format!("{end:07x}\n") });
    }
    utility.print(text).await;
    0
}

pub(crate) const XXD: Spec = Spec {
    flags: "pl:s:u",
    long: &[],
    lacking: "abcCeEgidoRrt",
    usage: "xxd [options] [infile [outfile]]",
    ..Spec::NONE
};

pub(crate) async fn xxd(utility: Utility, parsed: Arguments) -> i32 {
    let (bytes, offset) = match input(&utility, &parsed, 'l', 's').await {
        Ok(input) => input,
        Err(code) => return code,
    };
    let mut text = String::new();
    if parsed.has('p') {
        for chunk in bytes.chunks(30) {
            text.push_str(&format!("{}\n", hex(chunk)));
        }
    } else {
        for (index, chunk) in bytes.chunks(16).enumerate() {
            let words: String = chunk.chunks(2).map(|piece| hex(piece) + " ").collect();
            let at = offset + index * 16;
            text.push_str(&format!("{at:08x}: {words:<40} {}\n", printable(chunk)));
        }
    }
    utility.print(if parsed.has('u') { text.to_uppercase() } else { text }).await;
    0
}
