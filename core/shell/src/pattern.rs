//! Shell patterns: `*`, `?` and `[...]`, with quoted characters standing for themselves.

/// A character of an expanded word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ch {
    pub(crate) char: char,
    /// Came from quotes: no pattern, no separator.
    pub(crate) quoted: bool,
}

/// One expanded word.
pub(crate) type Field = Vec<Ch>;

/// A field's text.
pub(crate) fn text(field: &[Ch]) -> String {
    field.iter().map(|ch| ch.char).collect()
}

/// Unquoted text as a field.
pub(crate) fn unquoted(text: &str) -> Field {
    text.chars().map(|char| Ch { char, quoted: false }).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Char(char),
    Any,
    Star,
    Set { negated: bool, ranges: Vec<(char, char)>, classes: Vec<String> },
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Piece>);

/// True when a field holds an unquoted pattern character.
pub(crate) fn is_pattern(field: &[Ch]) -> bool {
    field.iter().any(|ch| !ch.quoted && matches!(ch.char, '*' | '?' | '['))
}

impl Pattern {
    /// Compiles a field.
    pub(crate) fn new(field: &[Ch]) -> Self {
        let mut pieces = Vec::new();
        let mut index = 0;
        while index < field.len() {
            let Ch { char, quoted } = field[index];
            index += 1;
            let piece = match char {
                '*' if !quoted => Piece::Star,
                '?' if !quoted => Piece::Any,
                '\\' if !quoted && index < field.len() => {
                    index += 1;
                    Piece::Char(field[index - 1].char)
                }
                '[' if !quoted => match set(&field[index..]) {
                    Some((piece, used)) => {
                        index += used;
                        piece
                    }
                    None => Piece::Char('['),
                },
                char => Piece::Char(char),
            };
            if piece != Piece::Star || pieces.last() != Some(&Piece::Star) {
                pieces.push(piece);
            }
        }
        Self(pieces)
    }

    /// True when all of `text` matches. Linear in the product of the lengths: only the last star is
    /// ever tried again.
    pub(crate) fn matches(&self, text: &[char]) -> bool {
        let pieces = &self.0;
        let (mut at, mut piece) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            if pieces.get(piece) == Some(&Piece::Star) {
                retry = Some((piece + 1, at));
                piece += 1;
            } else if pieces.get(piece).is_some_and(|piece| piece.takes(text[at])) {
                at += 1;
                piece += 1;
            } else if let Some((after, from)) = retry {
                retry = Some((after, from + 1));
                at = from + 1;
                piece = after;
            } else {
                return false;
            }
        }
        pieces[piece..].iter().all(|piece| *piece == Piece::Star)
    }

    /// True when the pattern begins with a literal dot.
    pub(crate) fn starts_with_dot(&self) -> bool {
        self.0.first() == Some(&Piece::Char('.'))
    }
}

impl Piece {
    fn takes(&self, char: char) -> bool {
        match self {
            Self::Char(own) => *own == char,
            Self::Any => true,
            Self::Star => false,
            Self::Set { negated, ranges, classes } => {
                let found = ranges.iter().any(|(from, to)| (*from..=*to).contains(&char))
                    || classes.iter().any(|class| in_class(class, char));
                found != *negated
            }
        }
    }
}

/// True when `char` is in a class such as `alpha`.
pub(crate) fn in_class(class: &str, char: char) -> bool {
    match class {
        "alpha" => char.is_alphabetic(),
        "digit" => char.is_ascii_digit(),
        "alnum" => char.is_alphanumeric(),
        "upper" => char.is_uppercase(),
        "lower" => char.is_lowercase(),
        "space" => char.is_whitespace(),
        "blank" => matches!(char, ' ' | '\t'),
        "punct" => char.is_ascii_punctuation(),
        "xdigit" => char.is_ascii_hexdigit(),
        "cntrl" => char.is_control(),
        "print" => !char.is_control(),
        "graph" => !char.is_control() && char != ' ',
        _ => false,
    }
}

/// Reads a bracket expression after its `[`.
fn set(rest: &[Ch]) -> Option<(Piece, usize)> {
    let mut index = 0;
    let negated = rest.first().is_some_and(|ch| !ch.quoted && matches!(ch.char, '!' | '^'));
    index += usize::from(negated);
    let (mut ranges, mut classes) = (Vec::new(), Vec::new());
    let first = index;
    loop {
        let ch = rest.get(index)?;
        if ch.char == ']' && !ch.quoted && index > first {
            return Some((Piece::Set { negated, ranges, classes }, index + 1));
        }
        if ch.char == '/' {
            return None;
        }
        if ch.char == '[' && rest.get(index + 1).is_some_and(|ch| ch.char == ':') {
            let name: String =
                rest[index + 2..].iter().map(|ch| ch.char).take_while(|c| *c != ':').collect();
            let end = index + 2 + name.chars().count();
            if rest.get(end + 1).is_some_and(|ch| ch.char == ']') {
                classes.push(name);
                index = end + 2;
                continue;
            }
        }
        let is_range = rest.get(index + 1).is_some_and(|ch| ch.char == '-' && !ch.quoted)
            && rest.get(index + 2).is_some_and(|ch| ch.char != ']' || ch.quoted);
        if is_range {
            ranges.push((ch.char, rest[index + 2].char));
            index += 3;
        } else {
            ranges.push((ch.char, ch.char));
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: bool) {
        let chars: Vec<char> = text.chars().collect();
        assert_eq!(Pattern::new(&unquoted(pattern)).matches(&chars), expected, "{pattern} {text}");
    }

    #[test]
    fn patterns_match_whole_texts() {
        check("*", "", true);
        check("*.txt", "a.txt", true);
        check("*.txt", "a.txt.gz", false);
        check("a?c*", "abc", true);
        check("[a-c]*[!0-9]", "b1x", true);
        check("[a-c]*[!0-9]", "b11", false);
        check("[[:digit:]]", "7", true);
        check("[]]", "]", true);
        check("[", "[", true);
        check("a*b*c*d", "aXbXcXbXd", true);
        check("\\*", "*", true);
        check("\\*", "x", false);
        check(&"*a".repeat(50), &"a".repeat(49), false);
    }
}
