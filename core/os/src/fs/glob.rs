//! Patterns of file names as Go's `filepath.Match` reads them, and `**` as `.dockerignore` adds it.

/// True if `path` matches `pattern`: `*` and `?` stay within one part of a path, `[a-z]` and `[^a]`
/// are sets, `\` takes the next character as it is, and a part that is `**` is any number of parts.
pub fn matches(pattern: &str, path: &str) -> bool {
    let split = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    parts_match(&split(pattern), &split(path))
}

/// True if a pattern says more than a name.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn parts_match(pattern: &[String], path: &[String]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            parts_match(rest, path)
                || path.split_first().is_some_and(|(_, below)| parts_match(pattern, below))
        }
        (Some((first, rest)), Some((name, below))) => {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            part_matches(&chars(first), &chars(name)) && parts_match(rest, below)
        }
        _ => false,
    }
}

fn part_matches(pattern: &[char], name: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return name.is_empty() };
    match first {
        '*' => (0..=name.len()).any(|skipped| part_matches(rest, &name[skipped..])),
        '?' => !name.is_empty() && part_matches(rest, &name[1..]),
        '[' => {
            let Some(end) = rest.iter().skip(1).position(|char| *char == ']') else { return false };
            let (set, after) = (&rest[..=end], &rest[end + 2..]);
            let (set, negated) = match set.split_first() {
                Some(('^' | '!', set)) => (set, true),
                _ => (set, false),
            };
            let Some((char, below)) = name.split_first() else { return false };
            in_set(set, *char) != negated && part_matches(after, below)
        }
        '\\' if !rest.is_empty() => {
            name.first() == rest.first() && part_matches(&rest[1..], &name[1..])
        }
        char => name.first() == Some(char) && part_matches(rest, &name[1..]),
    }
}

fn in_set(set: &[char], char: char) -> bool {
    let mut index = 0;
    while let Some(from) = set.get(index) {
        match (set.get(index + 1), set.get(index + 2)) {
            (Some('-'), Some(to)) => {
                if (*from..=*to).contains(&char) {
                    return true;
                }
                index += 3;
            }
            _ => {
                if *from == char {
                    return true;
                }
                index += 1;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_gos() {
        for (pattern, path, expected) in [
            ("*.py", "app.py", true),
            ("*.py", "src/app.py", false),
            ("**/*.py", "src/deep/app.py", true),
            ("**/*.py", "app.py", true),
            ("src/**", "src/deep/app.py", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[", "[", false),
            ("[]", "x", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
