//! The first line of a fenced block: ```` ```sh @node1 #id limit=30s ````.

use super::Problems;

/// What a fence says about its block.
#[derive(Clone, Debug, Default)]
pub(super) struct Info {
    pub(super) word: String,
    /// The line of the fence.
    pub(super) line: u32,
    pub(super) node: Option<Argument>,
    pub(super) id: Option<Argument>,
    /// `key=value`.
    pub(super) pairs: Vec<(String, Argument)>,
    /// Single words.
    pub(super) flags: Vec<Argument>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Argument {
    pub(super) text: String,
    pub(super) column: u32,
}

/// The words that begin a block which the format knows.
pub(super) const WORDS: [&str; 13] = [
    "sh",
    "out",
    "until",
    "check",
    "expect-leak",
    "fault",
    "hint",
    "note",
    "quiz",
    "ask",
    "solution",
    "accept",
    "reject",
];

impl Info {
    /// Reads a fence's line; `column` is where the text after the fence begins.
    pub(super) fn read(text: &str, line: u32, column: u32) -> Self {
        let mut info = Self { line, ..Self::default() };
        let mut at = column;
        for (index, word) in text.split(' ').enumerate() {
            let argument = |text: &str| Argument { text: text.to_owned(), column: at };
            if word.is_empty() {
            } else if info.word.is_empty() && index == leading_blanks(text) {
                info.word = word.to_owned();
            } else if let Some(node) = word.strip_prefix('@') {
                info.node = Some(argument(node));
            } else if let Some(id) = word.strip_prefix('#') {
                info.id = Some(argument(id));
            } else if let Some((key, value)) = word.split_once('=') {
                info.pairs.push((key.to_owned(), argument(value)));
            } else {
                info.flags.push(argument(word));
            }
            at += u32::try_from(word.chars().count() + 1).unwrap_or(u32::MAX);
        }
        info
    }

    /// True if only a block of the format would have such arguments: `chekc #id` is a slip of the pen.
    pub(super) fn looks_like_ours(&self) -> bool {
        self.node.is_some() || self.id.is_some()
    }

    /// Complains about everything that this block does not take.
    pub(super) fn allow(
        &self,
        node: bool,
        id: bool,
        keys: &[&str],
        flags: &[&str],
        problems: &mut Problems,
    ) {
        let mut takes: Vec<String> = Vec::new();
        takes.extend(node.then(|| "@NODE".to_owned()));
        takes.extend(id.then(|| "#ID".to_owned()));
        takes.extend(keys.iter().map(|key| format!("{key}=...")));
        takes.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let takes = if takes.is_empty() { "nothing more".to_owned() } else { takes.join(" ") };
        let mut wrong = |column: u32, text: &str| {
            let message = format!("`{text}` is not for `{}`: expected {takes}", self.word);
            problems.add(self.line, column, message);
        };
        if let (false, Some(argument)) = (node, &self.node) {
            wrong(argument.column, &format!("@{}", argument.text));
        }
        if let (false, Some(argument)) = (id, &self.id) {
            wrong(argument.column, &format!("#{}", argument.text));
        }
        for (key, argument) in &self.pairs {
            if !keys.contains(&key.as_str()) {
                wrong(argument.column, &format!("{key}={}", argument.text));
            }
        }
        for flag in &self.flags {
            if !flags.contains(&flag.text.as_str()) {
                wrong(flag.column, &flag.text);
            }
        }
        if let Some(id) = self.id.as_ref().filter(|id| !crate::bindings::is_name(&id.text)) {
            let message = format!(
                "`{}` is no name: expected a letter, then letters, digits, `-`, `_`",
                id.text
            );
            problems.add(self.line, id.column, message);
        }
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|argument| argument.text == flag)
    }

    pub(super) fn pair(&self, key: &str) -> Option<&Argument> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, argument)| argument)
    }

    /// A span of time by key, in milliseconds.
    pub(super) fn span(&self, key: &str, problems: &mut Problems) -> Option<u64> {
        let argument = self.pair(key)?;
        let span = span_ms(&argument.text);
        if span.is_none() {
            let message = format!("expected a span such as `{key}=2s` or `{key}=500ms`");
            problems.add(self.line, argument.column, message);
        }
        span
    }

    pub(super) fn id_text(&self) -> String {
        self.id.as_ref().map(|id| id.text.clone()).unwrap_or_default()
    }
}

fn leading_blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// `500ms`, `2s`, `3m`, `1h`: whole numbers, at most a week.
pub(super) fn span_ms(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let factor = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(factor).filter(|span| *span <= 7 * 24 * 3_600_000)
}
