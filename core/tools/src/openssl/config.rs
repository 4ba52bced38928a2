//! Configuration files: sections of `key = value`.

/// Sections by name, in order; lines before the first are in `default`.
#[derive(Debug, Default)]
pub(super) struct Config(Vec<(String, Vec<(String, String)>)>);

impl Config {
    pub(super) fn parse(text: &str) -> Self {
        let mut config = Self(vec![("default".to_owned(), Vec::new())]);
        let joined = text.replace("\\\n", " ");
        for line in joined.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                config.0.push((name.trim().to_owned(), Vec::new()));
            } else if let (Some((key, value)), Some((_, lines))) =
                (line.split_once('='), config.0.last_mut())
            {
                let value = value.trim().trim_matches('"');
                lines.push((key.trim().to_owned(), value.to_owned()));
            }
        }
        config
    }

    pub(super) fn section(&self, name: &str) -> Vec<(String, String)> {
        let found = self.0.iter().filter(|(known, _)| known == name);
        found.flat_map(|(_, lines)| lines.iter().cloned()).collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    pub(super) fn value(&self, section: &str, key: &str) -> Option<String> {
        self.section(section).into_iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}
