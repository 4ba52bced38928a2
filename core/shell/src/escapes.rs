//! Backslash escapes, as `$'...'`, `echo -e` and `printf` read them, and quoting for output.

/// One escape after its backslash: the character it stands for and how many characters it used;
/// nothing if it is not an escape. `octal_zero` is how `echo` and `%b` write octal (`\0nnn`).
pub(crate) fn escape(rest: &[char], octal_zero: bool) -> Option<(Option<char>, usize)> {
    let first = *rest.first()?;
    let simple = match first {
        'a' => '\x07',
        'b' => '\x08',
        'e' | 'E' => '\x1b',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        'x' => return digits(&rest[1..], 16, 2).map(|(char, used)| (Some(char), used + 1)),
        'u' => return digits(&rest[1..], 16, 4).map(|(char, used)| (Some(char), used + 1)),
        'U' => return digits(&rest[1..], 16, 8).map(|(char, used)| (Some(char), used + 1)),
        '0' if octal_zero => {
            return Some(match digits(&rest[1..], 8, 3) {
                Some((char, used)) => (Some(char), used + 1),
                None => (Some('\0'), 1),
            });
        }
        '0'..='7' => return digits(rest, 8, 3).map(|(char, used)| (Some(char), used)),
        'c' => return Some((None, 1)),
        _ => return None,
    };
    Some((Some(simple), 1))
}

fn digits(rest: &[char], radix: u32, limit: usize) -> Option<(char, usize)> {
    let used = rest.iter().take(limit).take_while(|char| char.is_digit(radix)).count();
    let text: String = rest[..used].iter().collect();
    let number = u32::from_str_radix(&text, radix).ok()?;
    Some((char::from_u32(number).unwrap_or('\u{fffd}'), used))
}

/// The text of `$'...'`.
pub(crate) fn ansi_c(raw: &str) -> String {
    let chars: Vec<char> = raw.chars().collect();
    let mut text = String::new();
    let mut index = 0;
    while index < chars.len() {
        if chars[index] != '\\' {
            text.push(chars[index]);
            index += 1;
            continue;
        }
        let rest = &chars[index + 1..];
        match rest.first() {
            Some(char @ ('\'' | '"' | '?')) => {
                text.push(*char);
                index += 2;
            }
            _ => match escape(rest, false) {
                Some((Some(char), used)) => {
                    text.push(char);
                    index += 1 + used;
                }
                _ => {
                    text.push('\\');
                    index += 1;
                }
            },
        }
    }
    text
}

/// Text with the escapes of `echo -e` replaced; true if `\c` ended it.
pub(crate) fn echo(raw: &str) -> (String, bool) {
    let chars: Vec<char> = raw.chars().collect();
    let mut text = String::new();
    let mut index = 0;
    while index < chars.len() {
        if chars[index] == '\\' {
            match escape(&chars[index + 1..], true) {
                Some((Some(char), used)) => {
                    text.push(char);
                    index += 1 + used;
                    continue;
                }
                Some((None, _)) => return (text, true),
                None => {}
            }
        }
        text.push(chars[index]);
        index += 1;
    }
    (text, false)
}

/// Text quoted so that a shell reads it back, as `set`, `alias` and `export -p` print it.
pub(crate) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Text quoted only where it must be (`declare`, `set` of bash, `printf %q`).
pub(crate) fn quoted_if_needed(text: &str) -> String {
    let plain = |char: char| char.is_alphanumeric() || "_-./:=@%+,^".contains(char);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { single_quoted(text) }
}

/// A file name as GNU `ls` shows it on a terminal: in quotes only if a shell would misread it.
pub(crate) fn listing_quoted(name: &str) -> String {
    let plain = |char: char| char.is_alphanumeric() || "_-./:@%+,^~#={}[]".contains(char);
    match () {
        () if name.chars().all(plain) => name.to_owned(),
        () if name.contains('\'') && !name.contains(['"', '$', '`', '\\']) => format!("\"{name}\""),
        () => single_quoted(name),
    }
}
