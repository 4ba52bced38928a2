//! The words of a statement.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A name or a keyword, as it was written.
    Name(String),
    /// One in backquotes or double quotes: never a keyword.
    Quoted(String),
    Number(i64),
    Text(String),
    Sign(String),
}

/// Words and where each begins.
pub(super) fn words(text: &str) -> Vec<(Word, usize)> {
    let mut found = Vec::new();
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut at = 0;
    while let Some(&(start, char)) = chars.get(at) {
        at += 1;
        let word = match char {
            char if char.is_whitespace() => continue,
            '-' if chars.get(at).is_some_and(|(_, next)| *next == '-') => {
                while chars.get(at).is_some_and(|(_, next)| *next != '\n') {
                    at += 1;
                }
                continue;
            }
            quote @ ('\'' | '"' | '`') => {
                let mut inside = String::new();
                while let Some(&(_, char)) = chars.get(at) {
                    at += 1;
                    let next = chars.get(at).map(|(_, next)| *next);
                    match char {
                        '\\' if quote != '`' => {
                            inside.extend(next);
                            at += 1;
                        }
                        char if char == quote && next == Some(quote) => {
                            inside.push(quote);
                            at += 1;
                        }
                        char if char == quote => break,
                        char => inside.push(char),
                    }
                }
                if quote == '\'' { Word::Text(inside) } else { Word::Quoted(inside) }
            }
            char if char.is_ascii_digit() => {
                let mut digits = String::from(char);
                while let Some((_, next)) = chars.get(at).filter(|(_, next)| next.is_ascii_digit())
                {
                    digits.push(*next);
                    at += 1;
                }
                Word::Number(digits.parse().unwrap_or(i64::MAX))
            }
            char if char.is_alphanumeric() || matches!(char, '_' | '@' | '\\') => {
                let mut name = String::from(char);
                let goes_on =
                    |next: char| next.is_alphanumeric() || matches!(next, '_' | '.' | '@' | '$');
                while let Some((_, next)) = chars.get(at).filter(|(_, next)| goes_on(*next)) {
                    name.push(*next);
                    at += 1;
                }
                Word::Name(name)
            }
            char => {
                let mut sign = String::from(char);
                let next = chars.get(at).map(|(_, next)| *next);
                if matches!((char, next), ('<', Some('=' | '>')) | ('>' | '!', Some('='))) {
                    sign.extend(next);
                    at += 1;
                }
                Word::Sign(sign)
            }
        };
        found.push((word, start));
    }
    found
}
