//! The words of an `awk` program.

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(String),
    Text(String),
    Regex(String),
    /// A variable or function; true if a bracket follows at once.
    Name(String, bool),
    /// A reserved word, an operator or a bracket.
    Sign(&'static str),
    Newline,
    End,
}

/// Longest first.
const SIGNS: [&str; 44] = [
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=",
    "!~", ">>", "**", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!",
    "<", ">", "|", "?", ":", "~", "$", "=", "\\", "&", "@",
];

const WORDS: [&str; 17] = [
    "BEGIN", "END", "if", "else", "while", "for", "do", "in", "print", "printf", "next", "exit",
    "break", "continue", "delete", "getline", "function",
];

/// Takes a program apart; the error is what is wrong and in which line.
pub(super) fn tokens(source: &str) -> Result<Vec<(Token, u32)>, (String, u32)> {
    let chars: Vec<char> = source.chars().collect();
    let (mut found, mut at, mut line): (Vec<(Token, u32)>, usize, u32) = (Vec::new(), 0, 1);
    while let Some(&char) = chars.get(at) {
        match char {
            '\n' => {
                found.push((Token::Newline, line));
                line += 1;
                at += 1;
            }
            ' ' | '\t' | '\r' => at += 1,
            '\\' if chars.get(at + 1) == Some(&'\n') => {
                line += 1;
                at += 2;
            }
            '#' => at += chars[at..].iter().take_while(|char| **char != '\n').count(),
            '"' => {
                let (text, used) = quoted(&chars[at + 1..]).ok_or(("\"".to_owned(), line))?;
                found.push((Token::Text(text), line));
                at += used + 1;
            }
            '/' if !ends_operand(found.last().map(|(token, _)| token)) => {
                let (regex, used) = regex(&chars[at + 1..]).ok_or(("/".to_owned(), line))?;
                found.push((Token::Regex(regex), line));
                at += used + 1;
            }
            '.' | '0'..='9'
                if char != '.' || chars.get(at + 1).is_some_and(char::is_ascii_digit) =>
            {
                let text: String = chars[at..].iter().collect();
                let used = json::Decimal::prefix(&text).1.max(1);
                found.push((Token::Number(text.chars().take(used).collect()), line));
                at += used;
            }
            char if char.is_ascii_alphabetic() || char == '_' => {
                let is_part = |char: &&char| char.is_ascii_alphanumeric() || **char == '_';
                let name: String = chars[at..].iter().take_while(is_part).collect();
                at += name.len();
                let name = if name == "func" { "function".to_owned() } else { name };
                let token = match WORDS.iter().find(|word| **word == name) {
                    Some(word) => Token::Sign(word),
                    None => Token::Name(name, chars.get(at) == Some(&'(')),
                };
                found.push((token, line));
            }
            char => {
                let rest: String = chars[at..].iter().take(3).collect();
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or((char.to_string(), line))?;
                at += sign.len();
                found.push((Token::Sign(sign), line));
            }
        }
    }
    found.push((Token::End, line));
    Ok(found)
}

/// Behind these, a slash divides.
fn ends_operand(token: Option<&Token>) -> bool {
    matches!(
        token,
        Some(Token::Number(_) | Token::Text(_) | Token::Name(..))
            | Some(Token::Sign(")" | "]" | "$" | "++" | "--"))
    )
}

fn quoted(chars: &[char]) -> Option<(String, usize)> {
    let (mut text, mut at) = (String::new(), 0);
    loop {
        match chars.get(at)? {
            '"' => return Some((text, at + 1)),
            '\\' => {
                let rest = &chars[at + 1..];
                match (rest.first()?, crate::escapes::escape(rest, false)) {
                    ('"' | '/', _) => {
                        text.push(rest[0]);
                        at += 2;
                    }
                    ('\n', _) => at += 2,
                    (_, Some((Some(char), used))) => {
                        text.push(char);
                        at += 1 + used;
                    }
                    (other, _) => {
                        // Unknown ones stay, so that "\." is a pattern for a dot.
                        text.extend(['\\', *other]);
                        at += 2;
                    }
                }
            }
            char => {
                text.push(*char);
                at += 1;
            }
        }
    }
}

fn regex(chars: &[char]) -> Option<(String, usize)> {
    let (mut text, mut at, mut in_set) = (String::new(), 0, false);
    loop {
        match chars.get(at)? {
            '/' if !in_set => return Some((text, at + 1)),
            '\n' => return None,
            '\\' => {
                let next = *chars.get(at + 1)?;
                if next != '/' {
                    text.push('\\');
                }
                text.push(next);
                at += 2;
            }
            char => {
                in_set = match char {
                    '[' => true,
                    ']' => false,
                    _ => in_set,
                };
                text.push(*char);
                at += 1;
            }
        }
    }
}
