//! The kinds of holes and what each may stand for.

use serde::{Deserialize, Serialize};

/// What a hole stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A swarm id: 25 small letters and digits.
    Id,
    /// The first 12 of them.
    Id12,
    /// A container id: 64 hexadecimal digits.
    Hex64,
    /// The first 12 of them.
    Hex12,
    /// `sha256:` and 64 hexadecimal digits.
    Digest,
    /// A span as docker prints it: `11 seconds`, `About a minute`, `less than a second`.
    Age,
    /// An instant: RFC 3339, or `Mar 21 18:40` as `ls -l` prints it.
    Time,
    /// A join token.
    Token,
    /// The name of one of the cluster's hosts.
    Node,
    /// Decimal digits.
    Number,
    /// An IPv4 address.
    Ip,
    /// One or more characters that are no blanks.
    Word,
    /// One or more characters.
    Any,
}

const KINDS: [(&str, Kind); 13] = [
    ("id", Kind::Id),
    ("id12", Kind::Id12),
    ("hex64", Kind::Hex64),
    ("hex12", Kind::Hex12),
    ("digest", Kind::Digest),
    ("age", Kind::Age),
    ("time", Kind::Time),
    ("token", Kind::Token),
    ("node", Kind::Node),
    ("number", Kind::Number),
    ("ip", Kind::Ip),
    ("word", Kind::Word),
    ("any", Kind::Any),
];

impl Kind {
    /// The kind that `<name>` means.
    pub fn by_name(name: &str) -> Option<Self> {
        KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// All names, for messages.
    pub fn names() -> String {
        KINDS.map(|(name, _)| format!("<{name}>")).join(" ")
    }

    /// True if its values differ in length.
    pub(super) const fn width_varies(self) -> bool {
        !matches!(
            self,
            Self::Id | Self::Id12 | Self::Hex64 | Self::Hex12 | Self::Digest | Self::Token
        )
    }

    /// True where the length of what it stands for is a guess.
    pub const fn is_loose(self) -> bool {
        matches!(self, Self::Word | Self::Any)
    }

    /// True if one name can stand for values of both kinds.
    #[cfg(feature = "author")]
    pub(crate) fn can_agree(self, other: Self) -> bool {
        let family = |kind: Self| match kind {
            Self::Id12 => Self::Id,
            Self::Hex12 => Self::Hex64,
            kind => kind,
        };
        self.is_loose() || other.is_loose() || family(self) == family(other)
    }

    /// The lengths in bytes of the beginnings of `text` that it can stand for; the likelier first.
    pub(super) fn lengths(self, text: &str, nodes: &[String]) -> Vec<usize> {
        match self {
            Self::Id => fixed(text, 25, is_base36),
            Self::Id12 => fixed(text, 12, is_base36),
            Self::Hex64 => fixed(text, 64, is_hex),
            Self::Hex12 => fixed(text, 12, is_hex),
            Self::Digest => text
                .strip_prefix("sha256:")
                .map(|rest| fixed(rest, 64, is_hex).iter().map(|length| length + 7).collect())
                .unwrap_or_default(),
            Self::Age => age(text).into_iter().collect(),
            Self::Time => instant(text).into_iter().collect(),
            Self::Token => token(text).into_iter().collect(),
            Self::Node => {
                let mut lengths: Vec<usize> = nodes
                    .iter()
                    .filter(|node| text.starts_with(node.as_str()) && !node.is_empty())
                    .map(String::len)
                    .collect();
                lengths.sort_unstable_by(|a, b| b.cmp(a));
                lengths
            }
            Self::Number => {
                let length = run(text, |c| c.is_ascii_digit());
                if length == 0 { Vec::new() } else { vec![length] }
            }
            Self::Ip => ip(text).into_iter().collect(),
            Self::Word => {
                let longest = run(text, |c| !c.is_whitespace());
                ends(&text[..longest]).rev().collect()
            }
            Self::Any => ends(text).collect(),
        }
    }

    /// True if two values of these kinds are the same thing, one of them possibly cut to 12.
    pub(super) fn agree(self, value: &str, bound: &str) -> bool {
        value == bound
            || (matches!(self, Self::Id | Self::Id12 | Self::Hex64 | Self::Hex12)
                && (is_short_of(value, bound) || is_short_of(bound, value)))
    }
}

fn is_short_of(short: &str, long: &str) -> bool {
    short.len() == 12 && matches!(long.len(), 25 | 64) && long.starts_with(short)
}

const fn is_base36(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

const fn is_hex(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='f')
}

/// Length of the longest beginning whose characters all pass.
fn run(text: &str, pass: impl Fn(char) -> bool) -> usize {
    text.find(|c| !pass(c)).unwrap_or(text.len())
}

/// The ends of every character, first to last.
fn ends(text: &str) -> impl DoubleEndedIterator<Item = usize> {
    text.char_indices().map(|(at, c)| at + c.len_utf8())
}

/// Exactly `count` characters of a kind, not followed by another one.
fn fixed(text: &str, count: usize, pass: impl Fn(char) -> bool) -> Vec<usize> {
    if run(text, pass) == count { vec![count] } else { Vec::new() }
}

/// go-units' `HumanDuration`, also with a small first letter as `service ps` has it.
fn age(text: &str) -> Option<usize> {
    const FIXED: [&str; 3] = ["ess than a second", "bout a minute", "bout an hour"];
    for (phrase, first) in FIXED.iter().zip([['L', 'l'], ['A', 'a'], ['A', 'a']]) {
        if text.starts_with(first) && text[1..].starts_with(phrase) {
            return Some(phrase.len() + 1);
        }
    }
    let digits = run(text, |c| c.is_ascii_digit());
    let unit = text[digits..].strip_prefix(' ')?;
    let letters = run(unit, |c| c.is_ascii_lowercase());
    let known = ["second", "minute", "hour", "day", "week", "month", "year"]
        .iter()
        .any(|name| unit[..letters].trim_end_matches('s') == *name);
    (digits > 0 && known).then_some(digits + 1 + letters)
}

/// `2017-03-21T18:41:08.790769302Z` or `Mar 21 18:40`.
fn instant(text: &str) -> Option<usize> {
    if let Some(length) = shape(text, "0000-00-00T00:00:00") {
        let mut end = length;
        if text[end..].starts_with('.') {
            end += 1 + run(&text[end + 1..], |c| c.is_ascii_digit());
        }
        return text[end..].starts_with('Z').then_some(end + 1);
    }
    const MONTHS: &str = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
    let month = text.get(..3)?;
    if !MONTHS.split(' ').any(|known| known == month) {
        return None;
    }
    ["  0 00:00", " 00 00:00"]
        .iter()
        .find_map(|rest| shape(&text[3..], rest))
        .map(|length| length + 3)
}

/// The length of `shape`, where `0` stands for a digit, if `text` begins so.
fn shape(text: &str, shape: &str) -> Option<usize> {
    let fits = text.len() >= shape.len()
        && shape.bytes().zip(text.bytes()).all(|(expected, byte)| {
            if expected == b'0' { byte.is_ascii_digit() } else { byte == expected }
        });
    fits.then_some(shape.len())
}

/// `SWMTKN-1-`, 50 and 25 small letters and digits.
fn token(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("SWMTKN-1-")?;
    let first = run(rest, is_base36);
    let second = run(rest[first..].strip_prefix('-')?, is_base36);
    (first == 50 && second == 25).then_some(9 + 50 + 1 + 25)
}

fn ip(text: &str) -> Option<usize> {
    let length = run(text, |c| c.is_ascii_digit() || c == '.');
    let parts: Vec<&str> = text[..length].split('.').collect();
    (parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok())).then_some(length)
}
