//! `.dockerignore` (moby: `pkg/fileutils`).

use os::fs::glob;

/// The patterns of a `.dockerignore`, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignore {
    patterns: Vec<(String, bool)>,
}

impl Ignore {
    pub(super) fn parse(text: &str) -> Self {
        let mut patterns = Vec::new();
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (line, excludes) = match line.strip_prefix('!') {
                Some(line) => (line.trim(), false),
                None => (line, true),
            };
            let clean = os::fs::normalize("/", line);
            patterns.push((clean.trim_start_matches('/').to_owned(), excludes));
        }
        Self { patterns }
    }

    /// True if a path, without a slash in front, is left out: the last pattern that fits it or a
    /// folder above it decides.
    pub(super) fn excludes(&self, path: &str) -> bool {
        let mut excluded = false;
        for (pattern, excludes) in &self.patterns {
            let ends = path.match_indices('/').map(|(index, _)| index);
            let mut above = ends.chain([path.len()]).map(|end| &path[..end]);
            if above.any(|folder| glob::matches(pattern, folder)) {
                excluded = *excludes;
            }
        }
        excluded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_decides() {
        let ignore = Ignore::parse("# a remark\n*.log\n/secret\n!keep.log\n**/*.tmp\n");
        for (path, expected) in [
            ("a.log", true),
            ("keep.log", false),
            ("sub/a.log", false),
            ("secret/deep/file", true),
            ("sub/x.tmp", true),
            ("app.py", false),
        ] {
            assert_eq!(ignore.excludes(path), expected, "{path}");
        }
    }
}
