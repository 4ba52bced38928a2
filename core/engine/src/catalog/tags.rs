//! Tags: which version of a family `5`, `5.0-alpine`, `3.11-slim-bullseye` or `latest` is.

/// A release's name says nothing here: every family has one Debian and one Alpine to stand on.
const RELEASES: [&str; 12] = [
    "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "xenial", "bionic", "focal",
    "jammy", "noble", "linux",
];

/// What a tag names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The complete version.
    pub(crate) version: String,
    /// `""`, `"slim"`, `"alpine"` ...: the words behind the version, joined by `-`.
    pub(crate) flavour: String,
}

/// Splits a tag into what may be a version and the flavour, without the names of releases.
fn split(tag: &str) -> (&str, String) {
    let is_number =
        |word: &str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let (version, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let (version, rest) =
        if is_number(version) || matches!(version, "latest" | "mainline" | "stable" | "lts") {
            (version, rest)
        } else {
            ("latest", tag)
        };
    let words = rest.split('-').filter(|word| !word.is_empty() && !RELEASES.contains(word));
    // `alpine3.18`, `jdk11`: the number of a part says nothing either.
    let trimmed = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
    let flavour: Vec<&str> = trimmed.filter(|word| !word.is_empty()).collect();
    (version, flavour.join("-"))
}

/// The version that a tag asks for.
///
/// `versions` has the last patch of each series, the one behind `latest` first: `6.2.6 5.0.14`.
/// All patches below it were released too, and with a star behind it all that is below it of the same first
/// number. `3.11.2/9` is 3.11.2 where only `3.11` is asked for, and patches up to 9.
pub(crate) fn find(versions: &str, tag: &str) -> Option<Tag> {
    let (asked, flavour) = split(tag);
    let tag = |version: &str| Some(Tag { version: version.to_owned(), flavour: flavour.clone() });
    let shown = |series: &str| series.split(['/', '*']).next().unwrap_or_default().to_owned();
    let first = versions.split(' ').next()?;
    if matches!(asked, "latest" | "mainline" | "stable" | "lts") {
        return tag(&shown(first));
    }
    let asked = asked.trim_start_matches('v');
    let numbers = parts(asked)?;
    // A series that `latest` is of comes before a higher one.
    let mut best: Option<(bool, Vec<u32>, String)> = None;
    for (place, series) in versions.split(' ').enumerate() {
        let version = shown(series);
        let known = parts(&version)?;
        if numbers.len() > known.len() {
            continue;
        }
        let is_below = numbers.len() > 1 && numbers[0] == known[0] && numbers < known;
        if series.ends_with('*') && is_below && !known.starts_with(&numbers) {
            let zeros = ".0".repeat(known.len() - numbers.len());
            return tag(&format!("{asked}{zeros}"));
        }
        if numbers.len() == known.len() {
            let last = known.len() - 1;
            let limit = series
                .trim_end_matches('*')
                .split_once('/')
                .map_or(Some(known[last]), |(_, limit)| limit.parse().ok());
            if numbers[..last] == known[..last] && Some(numbers[last]) <= limit {
                return tag(asked);
            }
        } else if known.starts_with(&numbers) {
            let candidate = (place == 0, known, version);
            if best.as_ref().is_none_or(|best| *best < candidate) {
                best = Some(candidate);
            }
        }
    }
    best.and_then(|(_, _, version)| tag(&version))
}

fn parts(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(versions: &str, tag: &str, expected: Option<(&str, &str)>) {
        let found = find(versions, tag);
        let found = found.as_ref().map(|tag| (tag.version.as_str(), tag.flavour.as_str()));
        assert_eq!(found, expected, "{tag} of {versions}");
    }

    #[test]
    fn a_tag_names_a_version_and_a_flavour() {
        let redis = "6.2.6 3.0.7 5.0.14 7.0.15 7.4.1";
        check(redis, "latest", Some(("6.2.6", "")));
        check(redis, "alpine", Some(("6.2.6", "alpine")));
        check(redis, "7", Some(("7.4.1", "")));
        check(redis, "6-alpine3.18", Some(("6.2.6", "alpine")));
        check(redis, "3.0.6", Some(("3.0.6", "")));
        check(redis, "5.0.3-alpine", Some(("5.0.3", "alpine")));
        check(redis, "5.0.99", None);
        check(redis, "9", None);
        check(redis, "nosuch", Some(("6.2.6", "nosuch")));
        check("3.11.2/9 2.7.18", "3.11.7-slim-bullseye", Some(("3.11.7", "slim")));
        check("3.11.2/9 3.12.6 2.7.18", "3", Some(("3.11.2", "")));
        check("18.4.1 12.22.12*", "12.4-alpine", Some(("12.4.0", "alpine")));
        check("18.4.1 12.22.12*", "12.4.2", Some(("12.4.2", "")));
        check("18.4.1 12.22.12*", "12.23", None);
        check("2.10.7", "v2.10", Some(("2.10.7", "")));
        check("13.10 9.6.24", "9.6", Some(("9.6.24", "")));
    }
}
