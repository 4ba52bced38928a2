//! The words of a Dockerfile's line: blanks, quotes, escapes and variables (buildkit:
//! `frontend/dockerfile/shell`).

/// What a variable is; none for one that is not set.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How a line is read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// `\`, or the backquote of `# escape`.
    pub(crate) escape: char,
    /// The variables.
    pub(crate) lookup: Lookup<'a>,
}

/// Splits at blanks outside of quotes; quotes and escapes stay in the words.
pub(crate) fn split(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, quote) {
            (char, None | Some('"')) if char == escape => {
                word.push(char);
                word.extend(chars.next());
            }
            ('"' | '\'', None) => {
                quote = Some(char);
                word.push(char);
            }
            (char, None) if char.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (char, _) => {
                if quote == Some(char) {
                    quote = None;
                }
                word.push(char);
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

impl Reader<'_> {
    /// A text without its quotes and with its variables replaced.
    ///
    /// # Errors
    /// A quote or a brace that is not closed; `${x:?message}` of a variable that is not set.
    pub(crate) fn expand(&self, text: &str) -> Result<String, String> {
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        self.until(&chars, &mut at, None)
    }

    /// All words of a text, expanded.
    ///
    /// # Errors
    /// As [`Reader::expand`].
    pub(crate) fn words(&self, text: &str) -> Result<Vec<String>, String> {
        split(text, self.escape).iter().map(|word| self.expand(word)).collect()
    }

    /// `A=1 B="two words"`, or the old form `A one value`.
    ///
    /// # Errors
    /// As [`Reader::expand`]; `ENV must have two arguments` and its like.
    pub(crate) fn pairs(&self, name: &str, text: &str) -> Result<Vec<(String, String)>, String> {
        let words = split(text, self.escape);
        let Some(first) = words.first() else {
            return Err(format!("{name} requires at least one argument"));
        };
        if !first.contains('=') {
            let value = text.trim_start().strip_prefix(first.as_str()).unwrap_or_default();
            if value.trim().is_empty() {
                return Err(format!("{name} must have two arguments"));
            }
            return Ok(vec![(self.expand(first)?, self.expand(value.trim())?)]);
        }
        let pair = |word: &String| {
            let Some((key, value)) = word.split_once('=') else {
                return Err(format!(
                    "Syntax error - can't find = in \"{word}\". Must be of the form: name=value"
                ));
            };
            Ok((self.expand(key)?, self.expand(value)?))
        };
        words.iter().map(pair).collect()
    }

    /// Reads up to `end`, which is passed over, or to the end of the text.
    fn until(&self, chars: &[char], at: &mut usize, end: Option<char>) -> Result<String, String> {
        let mut text = String::new();
        while let Some(char) = chars.get(*at).copied() {
            *at += 1;
            match char {
                char if Some(char) == end => return Ok(text),
                '\'' if end != Some('"') => loop {
                    match chars.get(*at) {
                        None => {
                            return Err("unexpected end of statement while looking for matching \
                                        single-quote"
                                .to_owned());
                        }
                        Some('\'') => {
                            *at += 1;
                            break;
                        }
                        Some(char) => text.push(*char),
                    }
                    *at += 1;
                },
                '"' => text += &self.until(chars, at, Some('"'))?,
                '$' => text += &self.variable(chars, at)?,
                char if char == self.escape => {
                    if let Some(next) = chars.get(*at).copied() {
                        *at += 1;
                        let is_special = matches!(next, '"' | '$') || next == self.escape;
                        if end == Some('"') && !is_special {
                            text.push(char);
                        }
                        text.push(next);
                    }
                }
                char => text.push(char),
            }
        }
        match end {
            None => Ok(text),
            Some('"') => {
                Err("unexpected end of statement while looking for matching double-quote"
                    .to_owned())
            }
            Some(_) => Err("syntax error: missing '}'".to_owned()),
        }
    }

    fn variable(&self, chars: &[char], at: &mut usize) -> Result<String, String> {
        let name = |at: &mut usize| {
            let start = *at;
            let is_name = |char: &char| char.is_ascii_alphanumeric() || *char == '_';
            while chars.get(*at).is_some_and(is_name) {
                *at += 1;
            }
            chars[start..*at].iter().collect::<String>()
        };
        if chars.get(*at) != Some(&'{') {
            let name = name(at);
            return Ok(if name.is_empty() {
                "$".to_owned()
            } else {
                (self.lookup)(&name).unwrap_or_default()
            });
        }
        *at += 1;
        let name = name(at);
        let value = (self.lookup)(&name);
        let colon = chars.get(*at) == Some(&':');
        *at += usize::from(colon);
        let operator = chars.get(*at).copied();
        *at += 1;
        let is_set = value.as_ref().is_some_and(|value| !colon || !value.is_empty());
        match operator {
            Some('}') if !colon => Ok(value.unwrap_or_default()),
            Some(operator @ ('-' | '+' | '?')) => {
                let word = self.until(chars, at, Some('}'))?;
                match (operator, is_set) {
                    ('-', false) | ('+', true) => Ok(word),
                    ('+', false) => Ok(String::new()),
                    ('?', false) => {
                        let word =
                            if word.is_empty() { "is not allowed to be unset" } else { &word };
                        Err(format!("{name}: {word}"))
                    }
                    _ => Ok(value.unwrap_or_default()),
                }
            }
            None => Err("syntax error: missing '}'".to_owned()),
            Some(_) => Err(format!("unsupported modifier in substitution of {name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_the_builder_reads_them() {
        let lookup = |name: &str| (name == "A").then(|| "one".to_owned());
        let reader = Reader { escape: '\\', lookup: &lookup };
        for (text, expected) in [
            ("x$A", "xone"),
            ("${A}x", "onex"),
            ("${B:-two}", "two"),
            ("${B-$A}", "one"),
            ("${A:+yes}${B:+no}", "yes"),
            ("\\$A '$A' \"$A\"", "$A $A one"),
            ("\"a\\b\\\"\"", "a\\b\""),
            ("$", "$"),
            ("$B", ""),
        ] {
            assert_eq!(reader.expand(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["'", "\"", "${A", "${B:?}", "${A~x}", "${"] {
            assert!(reader.expand(text).is_err(), "{text}");
        }
        assert_eq!(
            reader.pairs("ENV", "A=1 B=\"two words\" C=x\\ y").unwrap(),
            [("A", "1"), ("B", "two words"), ("C", "x y")]
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        assert_eq!(reader.pairs("ENV", "C old  form").unwrap(), [("C".into(), "old  form".into())]);
        assert_eq!(reader.pairs("ENV", "C").unwrap_err(), "ENV must have two arguments");
    }
}
