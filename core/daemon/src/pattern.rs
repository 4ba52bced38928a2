//! The patterns of `docker ps --filter name=`: a regular expression that may match anywhere.
//!
//! Go's whole syntax is not needed to tell containers apart: anchors, `.`, `*`, `+`, `?`, classes,
//! groups and alternatives are understood; anything else stands for itself.

/// True if the pattern matches somewhere in the text. Docker also tries the name with its slash.
pub(crate) fn found_in(pattern: &str, name: &str) -> bool {
    let slashed: Vec<char> = format!("/{name}").chars().collect();
    let plain: Vec<char> = name.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let mut budget = STEP_COUNT_MAX;
    [plain, slashed].iter().any(|text| {
        alternatives(&pattern).iter().any(|branch| {
            (0..=text.len()).any(|start| matches(branch, text, start, &mut budget, &mut |_| true))
        })
    })
}

/// A pattern that needs more than this counts as no match.
const STEP_COUNT_MAX: u32 = 100_000;

/// The parts between `|` outside groups and classes.
fn alternatives(pattern: &[char]) -> Vec<&[char]> {
    let (mut parts, mut depth, mut from, mut index) = (Vec::new(), 0_u32, 0, 0);
    while index < pattern.len() {
        match pattern[index] {
            '\\' => index += 1,
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                parts.push(&pattern[from..index]);
                from = index + 1;
            }
            _ => {}
        }
        index += 1;
    }
    parts.push(&pattern[from.min(pattern.len())..]);
    parts
}

/// The length of the first item of a pattern: a character, an escape, a class or a group.
fn item_length(pattern: &[char]) -> usize {
    match pattern.first() {
        Some('\\') => 2.min(pattern.len()),
        Some('[') => {
            let close = pattern.iter().skip(2).position(|char| *char == ']');
            close.map_or(1, |index| index + 3)
        }
        Some('(') => {
            let mut depth = 0;
            for (index, char) in pattern.iter().enumerate() {
                match char {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    return index + 1;
                }
            }
            1
        }
        _ => 1,
    }
}

type Next<'a> = &'a mut dyn FnMut(usize) -> bool;

fn matches(pattern: &[char], text: &[char], at: usize, budget: &mut u32, next: Next<'_>) -> bool {
    *budget = budget.saturating_sub(1);
    if *budget == 0 {
        return false;
    }
    let Some(first) = pattern.first() else { return next(at) };
    let length = item_length(pattern);
    let (item, rest) = pattern.split_at(length);
    let (least, most, rest) = match rest.first() {
        Some('*') => (0, usize::MAX, &rest[1..]),
        Some('+') => (1, usize::MAX, &rest[1..]),
        Some('?') => (0, 1, &rest[1..]),
        _ => (1, 1, rest),
    };
    match first {
        '^' => return at == 0 && matches(rest, text, at, budget, next),
        '$' if length == 1 => return at == text.len() && matches(rest, text, at, budget, next),
        _ => {}
    }
    repeat(item, rest, text, at, (least, most), budget, next)
}

fn repeat(
    item: &[char],
    rest: &[char],
    text: &[char],
    at: usize,
    (least, most): (usize, usize),
    budget: &mut u32,
    next: Next<'_>,
) -> bool {
    *budget = budget.saturating_sub(1);
    if *budget == 0 {
        return false;
    }
    if most > 0 {
        for end in ends(item, text, at, budget) {
            if end > at || least > 0 {
                let left = (least.saturating_sub(1), most.saturating_sub(1));
                if repeat(item, rest, text, end, left, budget, next) {
                    return true;
                }
            }
        }
    }
    least == 0 && matches(rest, text, at, budget, next)
}

/// Where one occurrence of an item that begins at `at` may end.
fn ends(item: &[char], text: &[char], at: usize, budget: &mut u32) -> Vec<usize> {
    if item.len() > 1 && item[0] == '(' {
        let inner = &item[1..item.len() - 1];
        let mut found = Vec::new();
        for branch in alternatives(inner) {
            matches(branch, text, at, budget, &mut |end| {
                found.push(end);
                false
            });
        }
        return found;
    }
    let Some(char) = text.get(at) else { return Vec::new() };
    let fits = match item {
        ['.'] => true,
        ['\\', 'd'] => char.is_ascii_digit(),
        ['\\', 'w'] => char.is_ascii_alphanumeric() || *char == '_',
        ['\\', escaped] => char == escaped,
        ['[', class @ .., ']'] => in_class(class, *char),
        [single] => char == single,
        _ => false,
    };
    if fits { vec![at + 1] } else { Vec::new() }
}

fn in_class(class: &[char], char: char) -> bool {
    let (negated, class) = match class {
        ['^', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut index = 0;
    let mut found = false;
    while index < class.len() {
        if let [from, '-', to, ..] = class[index..] {
            found |= from <= char && char <= to;
            index += 3;
        } else {
            found |= class[index] == char;
            index += 1;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::found_in;

    #[test]
    fn a_filter_matches_anywhere_in_the_name() {
        for (pattern, name, expected) in [
            ("redis", "my-redis-x.1.abc", true),
            ("^redis", "my-redis-x", false),
            ("^/redis", "redis.1", true),
            ("^redis.1$", "redis.1", true),
            ("redis$", "redis.1", false),
            ("web|db", "my-db", true),
            ("s.*t", "sec-test", true),
            ("[0-9]+", "task.12", true),
            ("[^a-z]$", "abc", false),
            ("(ab)+c", "xababc", true),
            ("a(b|c)?d", "ad", true),
            ("", "anything", true),
            ("*", "star", false),
            ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(found_in(pattern, name), expected, "{pattern} in {name}");
        }
    }
}
