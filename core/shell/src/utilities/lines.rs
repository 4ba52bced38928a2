//! `sort` and `uniq`.

use std::cmp::Ordering;

use super::{Arguments, Spec, Utility, lines_of};

pub(crate) const SORT: Spec = Spec {
    flags: "nrufbk:t:o:shcdV",
    long: &[
        ("numeric-sort", 'n'),
        ("reverse", 'r'),
        ("unique", 'u'),
        ("ignore-case", 'f'),
        ("ignore-leading-blanks", 'b'),
        ("key", 'k'),
        ("field-separator", 't'),
        ("output", 'o'),
        ("stable", 's'),
        ("human-numeric-sort", 'h'),
        ("check", 'c'),
        ("dictionary-order", 'd'),
        ("version-sort", 'V'),
        ("general-numeric-sort", '\0'),
        ("month-sort", '\0'),
        ("random-sort", '\0'),
        ("zero-terminated", '\0'),
        ("parallel", '\0'),
    ],
    lacking: "CgGiMmRSTz",
    usage: "sort [-nrugMcszbdfimSTokt] [-o FILE] [-k start[.offset][opts][,end[.offset][opts]] [-t CHAR] [FILE]...",
    failure: 2,
    ..Spec::NONE
};

/// What a line is compared by.
#[derive(Clone, Debug)]
struct Key {
    from: usize,
    from_char: usize,
    to: Option<usize>,
    flags: String,
}

fn number_at_start(text: &str) -> (i128, usize) {
    let trimmed = text.trim_start();
    let skipped = text.len() - trimmed.len();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed),
    };
    let size = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
    let whole: i128 = digits[..size.min(30)].parse().unwrap_or(0);
    // Six decimals are compared; no floats in decisions.
    let fraction = digits[size..].strip_prefix('.').unwrap_or("");
    let fraction: String = fraction.chars().take_while(char::is_ascii_digit).take(6).collect();
    let fraction: i128 = format!("{fraction:0<6}").parse().unwrap_or(0);
    let value = whole * 1_000_000 + fraction;
    (if negative { -value } else { value }, skipped + size)
}

fn human(text: &str) -> i128 {
    let (number, size) = number_at_start(text);
    let unit =
        text[size..].trim_start_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let power = match unit.chars().next() {
        Some('K' | 'k') => 1,
        Some('M') => 2,
        Some('G') => 3,
        Some('T') => 4,
        _ => 0,
    };
    number * 1024_i128.pow(power)
}

fn versions(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while let (Some(a), Some(b)) = (left.first(), right.first()) {
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
            let (a_size, b_size) = (digits(left), digits(right));
            let number =
                |text: &[u8]| String::from_utf8_lossy(text).trim_start_matches('0').to_owned();
            let (a, b) = (number(&left[..a_size]), number(&right[..b_size]));
            let order = a.len().cmp(&b.len()).then_with(|| a.cmp(&b));
            if order != Ordering::Equal {
                return order;
            }
            left = &left[a_size..];
            right = &right[b_size..];
        } else if a != b {
            return a.cmp(b);
        } else {
            left = &left[1..];
            right = &right[1..];
        }
    }
    left.len().cmp(&right.len())
}

fn compare(left: &str, right: &str, flags: &str) -> Ordering {
    if flags.contains('n') {
        return number_at_start(left).0.cmp(&number_at_start(right).0);
    }
    if flags.contains('h') {
        return human(left).cmp(&human(right));
    }
    let prepare = |text: &str| {
        let text = if flags.contains('b') { text.trim_start() } else { text };
        let text: String = if flags.contains('d') {
            text.chars().filter(|char| char.is_alphanumeric() || char.is_whitespace()).collect()
        } else {
            text.to_owned()
        };
        if flags.contains('f') { text.to_uppercase() } else { text }
    };
    let (left, right) = (prepare(left), prepare(right));
    if flags.contains('V') { versions(&left, &right) } else { left.cmp(&right) }
}

fn part<'a>(line: &'a str, key: &Key, separator: Option<char>) -> &'a str {
    // Where fields start and end; without a separator, leading blanks belong to the field.
    let mut bounds = Vec::new();
    match separator {
        Some(separator) => {
            let mut start = 0;
            for (index, _) in line.match_indices(separator) {
                bounds.push((start, index));
                start = index + separator.len_utf8();
            }
            bounds.push((start, line.len()));
        }
        None => {
            let mut start = 0;
            let mut in_word = false;
            for (index, char) in line.char_indices() {
                if char.is_whitespace() && in_word {
                    bounds.push((start, index));
                    start = index;
                    in_word = false;
                } else if !char.is_whitespace() {
                    in_word = true;
                }
            }
            bounds.push((start, line.len()));
        }
    }
    let Some((start, _)) = bounds.get(key.from.saturating_sub(1)) else { return "" };
    let end = key.to.and_then(|to| bounds.get(to.saturating_sub(1))).map_or(line.len(), |b| b.1);
    let offset = line[*start..].char_indices().nth(key.from_char).map_or(0, |(index, _)| index);
    line.get(start + offset..end.max(start + offset)).unwrap_or("")
}

fn read_key(text: &str) -> Option<Key> {
    let (first, last) = match text.split_once(',') {
        Some((first, last)) => (first, Some(last)),
        None => (text, None),
    };
    let split = |text: &str| {
        let at = text.find(|char: char| char.is_ascii_alphabetic()).unwrap_or(text.len());
        (text[..at].to_owned(), text[at..].to_owned())
    };
    let (place, mut flags) = split(first);
    let (from, from_char) = match place.split_once('.') {
        Some((field, char)) => (field.parse().ok()?, char.parse::<usize>().ok()?.checked_sub(1)?),
        None => (place.parse().ok()?, 0),
    };
    let mut to = None;
    if let Some(last) = last {
        let (place, more) = split(last);
        flags.push_str(&more);
        to = Some(place.split('.').next()?.parse().ok()?);
    }
    (from > 0).then_some(Key { from, from_char, to, flags })
}

fn order(left: &str, right: &str, keys: &[Key], parsed: &Arguments, flags: &str) -> Ordering {
    let separator = parsed.value('t').and_then(|text| text.chars().next());
    let reverse = parsed.has('r');
    for key in keys {
        let own = if key.flags.is_empty() { flags } else { &key.flags };
        let result = compare(part(left, key, separator), part(right, key, separator), own);
        let turned = key.flags.contains('r') || key.flags.is_empty() && reverse;
        if result != Ordering::Equal {
            return if turned { result.reverse() } else { result };
        }
    }
    let result = if keys.is_empty() { compare(left, right, flags) } else { Ordering::Equal };
    if reverse { result.reverse() } else { result }
}

pub(crate) async fn sort(utility: Utility, parsed: Arguments) -> i32 {
    let flags: String = "nhbfdV".chars().filter(|flag| parsed.has(*flag)).collect();
    let mut keys = Vec::new();
    for (_, text) in parsed.options.iter().filter(|(letter, _)| *letter == 'k') {
        match read_key(text) {
            Some(key) => keys.push(key),
            None => {
                let message = if utility.gnu {
                    format!("-: invalid field specification \u{2018}{text}\u{2019}")
                } else {
                    "bad field specification".to_owned()
                };
                utility.error(message).await;
                return 2;
            }
        }
    }
    let mut lines = Vec::new();
    for path in Utility::inputs(&parsed.operands) {
        match utility.read(&path).await {
            Ok(bytes) => {
                let read = lines_of(&bytes);
                lines.extend(read.into_iter().map(|line| line.trim_end_matches('\n').to_owned()));
            }
            Err(errno) => {
                let message = if utility.gnu {
                    format!("cannot read: {path}: {errno}")
                } else {
                    format!("{path}: {errno}")
                };
                utility.error(message).await;
                return 2;
            }
        }
    }
    utility.work(lines.len() * 50).await;
    let by_keys = |a: &String, b: &String| order(a, b, &keys, &parsed, &flags);
    if parsed.has('c') {
        let wrong = lines.windows(2).position(|pair| by_keys(&pair[0], &pair[1]).is_gt());
        return match wrong {
            Some(index) => {
                let path = parsed.operands.first().map_or("-", String::as_str);
                let line = &lines[index + 1];
                utility.error(format!("{path}:{}: disorder: {line}", index + 2)).await
            }
            None => 0,
        };
    }
    lines.sort_by(|a, b| {
        let result = by_keys(a, b);
        if result != Ordering::Equal || parsed.has('s') || parsed.has('u') {
            return result;
        }
        // The last resort: the whole line, byte by byte.
        if parsed.has('r') { b.cmp(a) } else { a.cmp(b) }
    });
    if parsed.has('u') {
        lines.dedup_by(|a, b| by_keys(a, b).is_eq());
    }
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    match parsed.value('o') {
        Some(path) => match utility.proc.write_file(path, text.as_bytes()) {
            Ok(()) => 0,
            Err(errno) => {
                utility.error(format!("open failed: {path}: {errno}")).await;
                2
            }
        },
        None => {
            utility.print(text).await;
            0
        }
    }
}

pub(crate) const UNIQ: Spec = Spec {
    flags: "cduif:s:w:",
    long: &[
        ("count", 'c'),
        ("repeated", 'd'),
        ("unique", 'u'),
        ("ignore-case", 'i'),
        ("skip-fields", 'f'),
        ("skip-chars", 's'),
        ("check-chars", 'w'),
        ("group", '\0'),
    ],
    lacking: "Dz",
    usage: "uniq [-cdu][-f,s,w N] [INPUT [OUTPUT]]",
    ..Spec::NONE
};

pub(crate) async fn uniq(utility: Utility, parsed: Arguments) -> i32 {
    let input = parsed.operands.first().map_or("-", String::as_str);
    let Some(bytes) = utility.read_or_tell(input).await else { return 1 };
    let number = |letter| parsed.value(letter).and_then(|text| text.parse::<usize>().ok());
    let key = |line: &str| {
        let mut rest = line;
        for _ in 0..number('f').unwrap_or(0) {
            rest = rest.trim_start();
            rest = &rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..];
        }
        let limit = number('w').unwrap_or(usize::MAX);
        let key: String = rest.chars().skip(number('s').unwrap_or(0)).take(limit).collect();
        if parsed.has('i') { key.to_lowercase() } else { key }
    };
    let mut groups: Vec<(usize, String)> = Vec::new();
    for line in lines_of(&bytes) {
        let line = line.trim_end_matches('\n').to_owned();
        match groups.last_mut() {
            Some((count, first)) if key(first) == key(&line) => *count += 1,
            _ => groups.push((1, line)),
        }
    }
    let mut text = String::new();
    for (count, line) in groups {
        let shown = match (parsed.has('d'), parsed.has('u')) {
            (true, false) => count > 1,
            (false, true) => count == 1,
            (true, true) => false,
            (false, false) => true,
        };
        if shown {
            if parsed.has('c') {
                text.push_str(&format!("{count:>7} "));
            }
            text.push_str(&line);
            text.push('\n');
        }
    }
    match parsed.operands.get(1) {
        Some(path) => match utility.proc.write_file(path, text.as_bytes()) {
            Ok(()) => 0,
            Err(errno) => utility.error(format!("{path}: {errno}")).await,
        },
        None => {
            utility.print(text).await;
            0
        }
    }
}
