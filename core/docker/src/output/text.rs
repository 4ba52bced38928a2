//! Small texts that many tables share: short identifiers, cut texts, image names, natural order.

use std::cmp::Ordering;

/// The first 12 characters of an identifier, without `sha256:`.
pub(crate) fn short_id(id: &str) -> String {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.chars().take(12).collect()
}

/// A text of at most `length` characters; a longer one ends in `ellipsis`.
pub(crate) fn cut(text: &str, length: usize, ellipsis: &str) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let kept = length.saturating_sub(ellipsis.chars().count());
    text.chars().take(kept).chain(ellipsis.chars()).collect()
}

/// An image's name without its digest if it has a tag, and without `docker.io/library/`.
pub(crate) fn without_digest(image: &str) -> String {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let last = name.rsplit('/').next().unwrap_or(name);
    if digest.is_empty() || last.contains(':') { name.to_owned() } else { image.to_owned() }
}

/// The first letter in upper case.
pub(crate) fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Numbers within names compare as numbers: `a2` before `a10`.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        match (a.chars().next(), b.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (left, right) = (number(a), number(b));
                let (x, y) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                let order = order.then_with(|| left.len().cmp(&right.len()));
                if order != Ordering::Equal {
                    return order;
                }
                a = &a[left.len()..];
                b = &b[right.len()..];
            }
            (Some(x), Some(y)) if x != y => return x.cmp(&y),
            (Some(x), Some(y)) => {
                a = &a[x.len_utf8()..];
                b = &b[y.len_utf8()..];
            }
        }
    }
}

fn number(text: &str) -> &str {
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["a10", "b", "a2", "a", "a1b", "a01b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "a1b", "a01b", "a2", "a10", "b"]);
    }

    #[test]
    fn texts_are_cut_by_characters() {
        assert_eq!(cut("docker-entrypoint.sh redis-server", 20, "…"), "docker-entrypoint.s…");
        assert_eq!(cut("docker-entrypoint.sh redis-server", 20, "..."), "docker-entrypoint...");
        assert_eq!(cut("ping", 20, "…"), "ping");
        assert_eq!(without_digest("redis:alpine@sha256:1234"), "redis:alpine");
        assert_eq!(without_digest("redis@sha256:1234"), "redis@sha256:1234");
        assert_eq!(short_id("sha256:0123456789abcdef"), "0123456789ab");
    }
}
