//! Whether a text names an image: `[domain/]path[:tag][@digest]` (distribution: `reference`,
//! `ParseNormalizedNamed`).

/// It does.
pub(super) fn is_reference(text: &str) -> bool {
    // 64 hexadecimal digits are an identifier, not a name.
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return false;
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let last_part = rest.rsplit('/').next().unwrap_or_default();
    let (name, tag) = match last_part.split_once(':') {
        Some((_, tag)) => (rest.strip_suffix(&format!(":{tag}")).unwrap_or(rest), Some(tag)),
        None => (rest, None),
    };
    let path = match name.split_once('/') {
        Some((domain, path)) if is_domain(domain) => path,
        _ => name,
    };
    path.split('/').all(is_component)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest)
        && name.len() <= 255
}

fn is_domain(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let looks_like_one = text.contains(['.', ':'])
        || text == "localhost"
        || text.bytes().any(|byte| byte.is_ascii_uppercase());
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    looks_like_one && host.split('.').all(label) && is_number(port)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lower case letters and digits, separated by `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text
            .split(alphanumeric)
            .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|b| b == b'-'))
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && 32 <= hex.len() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for good in [
            "redis",
            "redis:3.0.6",
            "library/redis",
            "registry.local:5000/team/app:1.0",
            "localhost/app",
            "a__b/c-d.e",
            "busybox:latest@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            assert!(is_reference(good), "{good}");
        }
        for bad in
            ["", "Redis", "redis:", "a//b", "-a", "a/-b", "redis:tag:tag", "a b", "a@sha256:1"]
        {
            assert!(!is_reference(bad), "{bad}");
        }
    }
}
