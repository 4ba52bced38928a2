//! How a text may be written down: the spellings that the audit knows.

use seal::base64;

/// A way to write bytes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Byte for byte.
    Plain,
    /// Without the blanks and newlines at its ends.
    Trimmed,
    /// Its first [`CORE_SIZE_MAX`] bytes and then something else.
    Beginning,
    /// Base64, on its own or inside of longer Base64 data.
    Base64,
    /// The same with `-` and `_`.
    Base64Url,
    /// Hexadecimal digits, in upper or lower case, or in pairs with blanks between them.
    Hex,
    /// As in a URL: `%20`.
    Url,
    /// As in a JSON text: `\n`, `\"`, `\u0026`.
    Json,
    /// As in a shell's quotation marks.
    Shell,
    /// Two bytes per character, either end first.
    Utf16,
    /// Sealed, and the key that opens it lies beside it.
    Sealed,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Plain,
        Self::Trimmed,
        Self::Beginning,
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::Url,
        Self::Json,
        Self::Shell,
        Self::Utf16,
        Self::Sealed,
    ];

    /// Its name in labs and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Trimmed => "trimmed",
            Self::Beginning => "beginning",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
            Self::Url => "url",
            Self::Json => "json",
            Self::Shell => "shell",
            Self::Utf16 => "utf16",
            Self::Sealed => "sealed",
        }
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Plain => "in the clear",
            Self::Trimmed => "in the clear, without its last newline",
            Self::Beginning => "its beginning in the clear",
            Self::Base64 => "in Base64",
            Self::Base64Url => "in Base64 for URLs",
            Self::Hex => "in hexadecimal",
            Self::Url => "escaped for a URL",
            Self::Json => "escaped for JSON",
            Self::Shell => "quoted for a shell",
            Self::Utf16 => "in UTF-16",
            Self::Sealed => "sealed, with the key beside it",
        }
    }
}

/// So much of a long text is looked for; what follows is compared where that was found.
pub const CORE_SIZE_MAX: usize = 512;

/// Fewer bytes than this, without blanks at the ends, are in too many places by chance.
pub const CORE_SIZE_MIN: usize = 5;

/// Fewer characters of an encoded text than this would be found by chance.
const ENCODED_SIZE_MIN: usize = 7;

/// What is looked for of a text: without the blanks at its ends, and not more than the first
/// [`CORE_SIZE_MAX`] bytes.
pub(super) fn core(text: &[u8]) -> &[u8] {
    let trimmed = text.trim_ascii();
    &trimmed[..trimmed.len().min(CORE_SIZE_MAX)]
}

/// Every spelling of a text's core but those that are the same as another.
pub(super) fn spellings(core: &[u8]) -> Vec<(Form, Vec<u8>)> {
    let mut all: Vec<(Form, Vec<u8>)> = vec![(Form::Plain, core.to_vec())];
    for skipped in 0..3 {
        let inner = base64_inside(core, skipped);
        let for_urls: Vec<u8> = inner
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            })
            .collect();
        all.push((Form::Base64, inner));
        all.push((Form::Base64Url, for_urls));
    }
    let pairs = |upper: bool| core.iter().map(move |byte| hex(*byte, upper));
    all.push((Form::Hex, pairs(false).flatten().collect()));
    all.push((Form::Hex, pairs(true).flatten().collect()));
    all.push((Form::Hex, pairs(false).collect::<Vec<_>>().join(&b' ')));
    for upper in [false, true] {
        for plus in [false, true] {
            all.push((Form::Url, url(core, upper, plus)));
        }
    }
    all.push((Form::Json, json(core, false)));
    all.push((Form::Json, json(core, true)));
    all.push((
        Form::Shell,
        escape(core, |byte| match byte {
            b'\'' => Some(b"'\\''"),
            _ => None,
        }),
    ));
    all.push((
        Form::Shell,
        escape(core, |byte| match byte {
            b'"' => Some(b"\\\""),
            b'$' => Some(b"\\$"),
            b'`' => Some(b"\\`"),
            b'\\' => Some(b"\\\\"),
            _ => None,
        }),
    ));
    if let Ok(text) = std::str::from_utf8(core) {
        let units = || text.encode_utf16();
        all.push((Form::Utf16, units().flat_map(u16::to_le_bytes).collect()));
        all.push((Form::Utf16, units().flat_map(u16::to_be_bytes).collect()));
    }
    let mut kept: Vec<(Form, Vec<u8>)> = Vec::new();
    for (form, bytes) in all {
        let long_enough = form == Form::Plain || bytes.len() >= ENCODED_SIZE_MIN;
        if long_enough && kept.iter().all(|(_, known)| *known != bytes) {
            kept.push((form, bytes));
        }
    }
    kept
}

/// The Base64 characters that follow from `bytes` alone when `skipped` others are in front, whatever
/// those and what comes behind are.
fn base64_inside(bytes: &[u8], skipped: usize) -> Vec<u8> {
    let padded = [&[0; 2][..skipped], bytes].concat();
    let text = base64::encode_unpadded(&padded).into_bytes();
    // Six bits a character: those with a bit of the bytes in front, and the last one if it has
    // bits of what comes behind.
    let first = (skipped * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    text.get(first..last).unwrap_or_default().to_vec()
}

fn hex(byte: u8, upper: bool) -> [u8; 2] {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}

fn url(bytes: &[u8], upper: bool, plus: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in bytes {
        match byte {
            b' ' if plus => text.push(b'+'),
            b'-' | b'.' | b'_' | b'~' => text.push(*byte),
            byte if byte.is_ascii_alphanumeric() => text.push(*byte),
            byte => {
                text.push(b'%');
                text.extend(hex(*byte, upper));
            }
        }
    }
    text
}

/// `careful` as Go's encoder does it, which also escapes what HTML minds.
fn json(bytes: &[u8], careful: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in bytes {
        match byte {
            b'"' => text.extend(b"\\\""),
            b'\\' => text.extend(b"\\\\"),
            b'\n' => text.extend(b"\\n"),
            b'\r' => text.extend(b"\\r"),
            b'\t' => text.extend(b"\\t"),
            b'<' | b'>' | b'&' if !careful => text.push(*byte),
            0..=0x1f | b'<' | b'>' | b'&' => {
                text.extend(b"\\u00");
                text.extend(hex(*byte, false));
            }
            byte => text.push(*byte),
        }
    }
    text
}

fn escape(bytes: &[u8], special: impl Fn(u8) -> Option<&'static [u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in bytes {
        match special(*byte) {
            Some(instead) => text.extend(instead),
            None => text.push(*byte),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(haystack: &[u8], needle: &[u8]) -> bool {
        haystack.windows(needle.len()).any(|window| window == needle)
    }

    #[track_caller]
    fn check(text: &[u8], form: Form, written: &[u8]) {
        let found = spellings(core(text))
            .into_iter()
            .any(|(known, bytes)| known == form && contains(written, &bytes));
        assert!(found, "{form:?} of {:?}", String::from_utf8_lossy(text));
    }

    #[test]
    fn base64_is_known_wherever_it_begins() {
        let text = b"correct horse?>";
        for front in 0..7 {
            for behind in 0..4 {
                let all = [&b"0123456"[..front], text, &b"abcd"[..behind]].concat();
                let written = base64::encode(&all);
                check(text, Form::Base64, written.as_bytes());
                let for_urls = written.replace('+', "-").replace('/', "_");
                if for_urls != written {
                    let base64 =
                        contains(for_urls.as_bytes(), b"-") || contains(for_urls.as_bytes(), b"_");
                    assert!(base64);
                }
            }
        }
        check(b"\xfb\xff\xfe\xfb\xff\xfe", Form::Base64Url, b"-__--__-");
        check(b"hunter2\n", Form::Base64, base64::encode(b"user:hunter2\n").as_bytes());
    }

    #[test]
    fn the_other_spellings() {
        check(b"hunter2\n", Form::Hex, b"..68756e74657232..");
        check(b"jklmno", Form::Hex, b"6A6B6C6D6E6F");
        check(b"hunter2", Form::Hex, b"68 75 6e 74 65 72 32");
        check(b"two words", Form::Url, b"?q=two%20words");
        check(b"two words", Form::Url, b"?q=two+words");
        check(b"a/b?c=d", Form::Url, b"a%2fb%3Fc%3Dd".to_ascii_lowercase().as_slice());
        check(b"say \"hi\"\nthere", Form::Json, br#""say \"hi\"\nthere""#);
        check(b"fish&chips", Form::Json, br#""fish\u0026chips""#);
        check(b"it's me", Form::Shell, br"'it'\''s me'");
        check(b"5$ each", Form::Shell, br#""5\$ each""#);
        check(b"hunter2", Form::Utf16, b"h\0u\0n\0t\0e\0r\x002\0");
    }

    #[test]
    fn a_text_is_looked_for_once() {
        let all = spellings(b"hunter2");
        let mut bytes: Vec<_> = all.iter().map(|(_, bytes)| bytes).collect();
        bytes.sort();
        bytes.dedup();
        assert_eq!(bytes.len(), all.len());
        assert_eq!(core(b" hunter2 \n"), b"hunter2");
        assert_eq!(core(&[b'x'; 600]).len(), CORE_SIZE_MAX);
    }
}
